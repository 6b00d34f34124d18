/* SPDX-License-Identifier: MIT */
/*
 * json.c -- JSON written as it comes, safe inside an HTML page
 */
#include "report/json.h"

#include "utf8.h"

#include <inttypes.h>
#include <string.h>

static void begin_value(json *out)
{
    if (out->comma) putc(',', out->file);
    out->comma = true;
}

void json_open(json *out, char bracket)
{
    begin_value(out);
    putc(bracket, out->file);
    out->comma = false;
}

void json_close(json *out, char bracket)
{
    putc(bracket, out->file);
    out->comma = true;
}

void json_key(json *out, const char *key)
{
    json_text(out, key, 0);
    putc(':', out->file);
    out->comma = false;
}

void json_number(json *out, uint64_t value)
{
    begin_value(out);
    fprintf(out->file, "%" PRIu64, value);
}

void json_signed(json *out, int64_t value)
{
    begin_value(out);
    fprintf(out->file, "%" PRId64, value);
}

void json_null(json *out)
{
    begin_value(out);
    fputs("null", out->file);
}

void json_address(json *out, uint64_t address)
{
    begin_value(out);
    fprintf(out->file, "\"%" PRIx64 "\"", address);
}

static void write_character(FILE *file, const unsigned char *text, size_t length)
{
    if (length == 0)
        fputs("\xef\xbf\xbd", file);
    else if (length > 1)
        fwrite(text, 1, length, file);
    else if (*text == '"' || *text == '\\')
        fprintf(file, "\\%c", *text);
    else if (*text < ' ' || *text == '<' || *text == 0x7f)
        fprintf(file, "\\u%04x", *text);
    else
        putc(*text, file);
}

void json_text(json *out, const char *text, size_t limit)
{
    begin_value(out);
    putc('"', out->file);
    const unsigned char *next = (const unsigned char *)text;
    size_t written = 0;
    while (*next != '\0') {
        size_t length = utf8_size((const char *)next);
        written += length != 0 ? length : 1;
        if (limit != 0 && written > limit) {
            fputs("...", out->file);
            break;
        }
        write_character(out->file, next, length);
        next += length != 0 ? length : 1;
    }
    putc('"', out->file);
}

void json_put(json *out, const char *key, uint64_t value)
{
    json_key(out, key);
    json_number(out, value);
}

void json_put_text(json *out, const char *key, const char *text)
{
    json_key(out, key);
    json_text(out, text, 0);
}
