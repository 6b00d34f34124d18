/* SPDX-License-Identifier: MIT */
/*
 * text.c -- text that grows
 */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and a NUL behind what is there. */
static bool text_reserve(text *built, size_t more)
{
    if (built->refused) return false;
    if (built->capacity - built->length > more) return true;
    size_t capacity = (built->length + more + 1) * 2;
    char *bytes = realloc(built->bytes, capacity);
    if (bytes == NULL) {
        built->refused = true;
        return false;
    }
    built->bytes = bytes;
    built->capacity = capacity;
    return true;
}

static void add_bytes(text *built, const char *bytes, size_t length)
{
    if (!text_reserve(built, length)) return;
    memcpy(built->bytes + built->length, bytes, length);
    built->length += length;
    built->bytes[built->length] = '\0';
}

void text_add(text *built, const char *words)
{
    add_bytes(built, words, strlen(words));
}

void text_print(text *built, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !text_reserve(built, (size_t)length)) return;
    va_start(arguments, format);
    vsnprintf(built->bytes + built->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    built->length += (size_t)length;
}

/* Control characters of the second set (U+0080 to U+009F) are two bytes in UTF-8, and terminals obey some. */
static bool is_control(const unsigned char *at)
{
    return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0 && at[1] >= 0x80);
}

static void add_escaped(text *built, const unsigned char *at)
{
    switch (at[0]) {
    case '\n': text_add(built, "\\n"); break;
    case '\t': text_add(built, "\\t"); break;
    case '\r': text_add(built, "\\r"); break;
    case '"': text_add(built, "\\\""); break;
    case '\\': text_add(built, "\\\\"); break;
    case 0xc2: text_print(built, "\\x%02x\\x%02x", (unsigned)at[0], (unsigned)at[1]); break;
    default: text_print(built, "\\x%02x", (unsigned)at[0]); break;
    }
}

void text_add_safely(text *built, const char *words, size_t limit)
{
    const unsigned char *at = (const unsigned char *)words;
    for (size_t characters = 0; *at != '\0'; characters++) {
        if (limit > 0 && characters == limit) {
            text_add(built, "...");
            return;
        }
        size_t size = 1;
        while ((at[size] & 0xc0) == 0x80) size++; /* the strings of a snapshot are UTF-8 */
        if (is_control(at) || *at == '"' || *at == '\\')
            add_escaped(built, at);
        else
            add_bytes(built, (const char *)at, size);
        at += size;
    }
}

const char *text_of(const text *built)
{
    return built->bytes == NULL ? "" : built->bytes;
}

void text_clear(text *built)
{
    built->length = 0;
    built->refused = false;
    if (built->bytes != NULL) built->bytes[0] = '\0';
}

void text_free(text *built)
{
    free(built->bytes);
    *built = (text){0};
}
