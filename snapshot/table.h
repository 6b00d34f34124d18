/* SPDX-License-Identifier: MIT */
/*
 * table.h -- numbers found by a hash
 *
 *     slots   | hash, number | 0, 0 | hash, number | ...      a power of two, at most three quarters full
 *
 * The table knows hashes and numbers alone; what a number stands for, and whether that is what was looked
 * for, its user knows.
 */
#ifndef OURO_SNAPSHOT_TABLE_H
#define OURO_SNAPSHOT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ouro__slot {
    uint32_t hash;
    uint32_t number; /* and one more: 0 is an empty slot */
};

struct ouro__table {
    struct ouro__slot *slots;
    size_t size; /* of slots; 0 before the first */
    size_t used;
};

/* Where a search is. */
struct ouro__search {
    uint32_t hash;
    size_t steps;
};

/* The next number that was added with the hash; false when there is none.  `search` begins as {hash, 0}. */
bool ouro__table_next(const struct ouro__table *table, struct ouro__search *search,
                      uint32_t *out_number);

/* False, and nothing changed, when memory is refused. */
bool ouro__table_add(struct ouro__table *table, uint32_t hash, uint32_t number);

void ouro__table_free(struct ouro__table *table);

uint32_t ouro__hash_bytes(const void *bytes, size_t size);

static inline uint32_t ouro__hash_word(uint64_t word)
{
    return (uint32_t)((word ^ (word >> 29)) * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

#endif
