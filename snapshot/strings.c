/* SPDX-License-Identifier: MIT */
/*
 * strings.c -- the writer's strings: each text once, with a number
 */
#include "strings.h"

#include "format.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_TEXT = 4096, FIRST_STRINGS = 256 };

bool ouro__strings_begin(struct ouro__strings *strings)
{
    *strings = (struct ouro__strings){0};
    strings->text = malloc(FIRST_TEXT);
    strings->ends = malloc(FIRST_STRINGS * sizeof *strings->ends);
    if (strings->text == NULL || strings->ends == NULL ||
        !ouro__table_add(&strings->table, ouro__hash_bytes("", 0), 0)) {
        ouro__strings_free(strings);
        return false;
    }
    strings->text_capacity = FIRST_TEXT;
    strings->capacity = FIRST_STRINGS;
    strings->ends[0] = 0;
    strings->count = 1;
    return true;
}

void ouro__strings_free(struct ouro__strings *strings)
{
    free(strings->text);
    free(strings->ends);
    ouro__table_free(&strings->table);
    *strings = (struct ouro__strings){0};
}

static bool make_room(struct ouro__strings *strings, size_t length)
{
    size_t needed = (size_t)strings->ends[strings->count - 1] + length;
    if (needed > strings->text_capacity) {
        size_t capacity = needed + needed / 2;
        char *text = realloc(strings->text, capacity);
        if (text == NULL) return false;
        strings->text = text;
        strings->text_capacity = capacity;
    }
    if (strings->count == strings->capacity) {
        if (strings->capacity >= UINT32_MAX / 2) return false;
        uint64_t *ends = realloc(strings->ends, 2 * (size_t)strings->capacity * sizeof *ends);
        if (ends == NULL) return false;
        strings->ends = ends;
        strings->capacity *= 2;
    }
    return true;
}

static bool number_of_valid(struct ouro__strings *strings, const char *text, size_t length,
                            uint32_t *out_number)
{
    uint32_t hash = ouro__hash_bytes(text, length);
    struct ouro__search search = {hash, 0};
    while (ouro__table_next(&strings->table, &search, out_number))
        if (ouro__string_length(strings, *out_number) == length &&
            memcmp(strings->text + ouro__string_start(strings, *out_number), text, length) == 0)
            return true;
    if (!make_room(strings, length) || !ouro__table_add(&strings->table, hash, strings->count))
        return false;
    uint64_t start = strings->ends[strings->count - 1];
    memcpy(strings->text + start, text, length);
    strings->ends[strings->count] = start + length;
    *out_number = strings->count++;
    return true;
}

bool ouro__strings_number(struct ouro__strings *strings, const char *text, size_t length,
                          uint32_t *out_number)
{
    if (length > OURO__STRING_MAX + 4) length = OURO__STRING_MAX + 4; /* cut to characters below */
    if (ouro__utf8_length(text, length) == length)
        return number_of_valid(strings, text, ouro__utf8_cut(text, length, OURO__STRING_MAX),
                               out_number);
    char *mended = malloc(3 * length);
    if (mended == NULL) return false;
    size_t bytes = ouro__utf8_mend(text, length, mended);
    bool numbered = number_of_valid(strings, mended,
                                    ouro__utf8_cut(mended, bytes, OURO__STRING_MAX), out_number);
    free(mended);
    return numbered;
}
