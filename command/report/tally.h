/* SPDX-License-Identifier: MIT */
/*
 * tally.h -- numbers for triples, and a count for each
 *
 * A hash table: each new triple of numbers gets the next number from 0 on.  Groups of the tree (parent, type)
 * and fields between types (from, to, label) are told apart by it.
 */
#ifndef OURO_REPORT_TALLY_H
#define OURO_REPORT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tally_entry {
    uint32_t key[3];
    uint64_t count;
} tally_entry;

typedef struct tally {
    tally_entry *entries; /* by number */
    size_t length, capacity;
    uint32_t *slots; /* number + 1, or 0 */
    size_t slot_count;
} tally;

#define TALLY_NONE UINT32_MAX

/* The number of a triple; its count becomes one more.  TALLY_NONE: no memory.  Cost: O(1). */
uint32_t tally_add(tally *counted, uint32_t a, uint32_t b, uint32_t c);
void tally_free(tally *counted);

#endif
