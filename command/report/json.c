/* SPDX-License-Identifier: MIT */
/*
 * json.c -- JSON written as it comes, safe inside an HTML page
 */
#include "report/json.h"

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

/* Bytes of the well-formed character of UTF-8 at `text`; 0 where none stands.  The NUL at the end of a string is
 * no continuation, so nothing behind it is read. */
static size_t character_at(const unsigned char *text)
{
    unsigned char first = text[0];
    if (first < 0x80) return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if (first == 0xe0 && text[1] < 0xa0) return 0; /* longer than it need be */
    if (first == 0xf0 && text[1] < 0x90) return 0;
    if (first == 0xed && text[1] > 0x9f) return 0; /* half of a pair of UTF-16 */
    if (first == 0xf4 && text[1] > 0x8f) return 0; /* beyond Unicode */
    return length;
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
        size_t length = character_at(next);
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
