/* SPDX-License-Identifier: MIT */
/*
 * format.c -- the columns of each kind of chunk
 */
#include "format.h"

const struct ouro__row_format ouro__row_formats[OURO__KINDS] = {
    [OURO__STRINGS] = {"strings", 1, {4}},
    [OURO__NOTES] = {"notes", 2, {4, 4}},
    [OURO__TYPES] = {"types", 3, {4, 4, 8}},
    [OURO__LABELS] = {"labels", 2, {4, 4}},
    [OURO__OBJECTS] = {"objects", 8, {8, 8, 4, 4, 4, 4, 1, 4}},
    [OURO__EDGES] = {"edges", 3, {8, 4, 4}},
    [OURO__ROOTS] = {"roots", 4, {8, 4, 4, 4}},
    [OURO__POOLS] = {"pools", 8, {8, 8, 4, 4, 4, 4, 4, 4}},
    [OURO__SITES] = {"sites", 6, {4, 8, 8, 8, 8, 8}},
    [OURO__FRAMES] = {"frames", 6, {8, 8, 4, 4, 4, 4}},
    [OURO__EVENTS] = {"events", 8, {4, 4, 4, 8, 8, 8, 8, 8}},
    [OURO__SAMPLES] = {"samples", 4, {8, 8, 8, 8}},
    [OURO__CYCLES] = {"cycles", 5, {4, 4, 8, 8, 8}},
    [OURO__LINKS] = {"links", 3, {4, 4, 4}},
    [OURO__END] = {"sums", 1, {8}},
};

uint32_t ouro__row_bytes(enum ouro__kind kind)
{
    uint32_t bytes = 0;
    for (unsigned i = 0; i < ouro__row_formats[kind].columns; i++)
        bytes += ouro__row_formats[kind].width[i];
    return bytes;
}
