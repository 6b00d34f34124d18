/* SPDX-License-Identifier: MIT */
/*
 * sink.c -- output in large pieces, with quick numbers
 */
#include "sink.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

void sink_open(sink *out, FILE *file)
{
    out->file = file;
    out->used = 0;
    out->error = 0;
    out->written = 0;
}

static void write_out(sink *out, const void *bytes, size_t size)
{
    if (out->error != 0 || size == 0) return;
    errno = 0;
    if (fwrite(bytes, 1, size, out->file) != size) out->error = errno != 0 ? errno : EIO;
    out->written += size;
}

static void flush(sink *out)
{
    write_out(out, out->bytes, out->used);
    out->used = 0;
}

bool sink_finish(sink *out)
{
    flush(out);
    errno = 0;
    if (out->error == 0 && fflush(out->file) != 0) out->error = errno != 0 ? errno : EIO;
    return out->error == 0;
}

void sink_bytes(sink *out, const void *bytes, size_t size)
{
    if (size > SINK_SIZE - out->used) flush(out);
    if (size > SINK_SIZE) {
        write_out(out, bytes, size);
        return;
    }
    memcpy(out->bytes + out->used, bytes, size);
    out->used += size;
}

void sink_text(sink *out, const char *text)
{
    sink_bytes(out, text, strlen(text));
}

void sink_number(sink *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    sink_bytes(out, digits + at, sizeof digits - at);
}

void sink_print(sink *out, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    sink_bytes(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void sink_json_part(sink *out, const char *text)
{
    const char *from = text;
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f) continue;
        sink_bytes(out, from, (size_t)(text - from));
        from = text + 1;
        if (byte == '"' || byte == '\\')
            sink_print(out, "\\%c", byte);
        else
            sink_print(out, "\\u%04x", byte);
    }
    sink_bytes(out, from, (size_t)(text - from));
}

void sink_json(sink *out, const char *text)
{
    sink_bytes(out, "\"", 1);
    sink_json_part(out, text);
    sink_bytes(out, "\"", 1);
}
