/* SPDX-License-Identifier: MIT */
/*
 * pairs.h -- numbers for pairs of numbers
 *
 * Each pair is given the next number from 0 on when it is first asked for, and the same again later: names that are
 * made of two things, nodes of a tree by parent and label.
 */
#ifndef OURO_EXPORT_PAIRS_H
#define OURO_EXPORT_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct pair {
    uint64_t first, second;
} pair;

typedef struct pairs {
    pair *rows; /* by number */
    uint32_t count, capacity;
    uint32_t *slots; /* number + 1, or 0; a power of two of them */
    uint32_t slot_count;
    bool refused; /* there was no memory at some time: numbers since then mean nothing */
} pairs;

/* All zero is an empty set. */
uint32_t pairs_number(pairs *set, uint64_t first, uint64_t second);
void pairs_free(pairs *set);

#endif
