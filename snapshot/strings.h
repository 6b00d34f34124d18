/* SPDX-License-Identifier: MIT */
/*
 * strings.h -- the writer's strings: each text once, with a number
 *
 *     text    |hello|name|value| ...        the bytes of all, one after the other
 *     ends    | 0 | 5 | 9 | 14 | ...        where string n ends; string 0 is ""
 */
#ifndef OURO_SNAPSHOT_STRINGS_H
#define OURO_SNAPSHOT_STRINGS_H

#include "table.h"

struct ouro__strings {
    char *text;
    size_t text_capacity;
    uint64_t *ends;
    uint32_t count, capacity;
    struct ouro__table table;
};

bool ouro__strings_begin(struct ouro__strings *strings);
void ouro__strings_free(struct ouro__strings *strings);

/* The number of a text, which is mended and cut where it has to be.  False when memory is refused. */
bool ouro__strings_number(struct ouro__strings *strings, const char *text, size_t length,
                          uint32_t *out_number);

static inline uint64_t ouro__string_start(const struct ouro__strings *strings, uint32_t number)
{
    return number == 0 ? 0 : strings->ends[number - 1];
}

static inline size_t ouro__string_length(const struct ouro__strings *strings, uint32_t number)
{
    return (size_t)(strings->ends[number] - ouro__string_start(strings, number));
}

#endif
