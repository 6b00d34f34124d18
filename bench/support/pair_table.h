/* SPDX-License-Identifier: MIT */
/*
 * pair_table.h -- a dictionary of numbers keyed by pairs of numbers
 *
 * For the systems that bring no dictionary of their own: open addressing, at
 * least twice as many places as entries, their number a power of two.  Numbers and
 * entries are blocks or objects of the system's own, which makes and enters them.
 */
#ifndef BENCH_PAIR_TABLE_H
#define BENCH_PAIR_TABLE_H

#include <stddef.h>
#include <stdint.h>

typedef struct number {
    long value;
} number;

typedef struct pair_entry {
    number *i, *j, *value;
} pair_entry;

typedef struct dictionary {
    size_t slots;
    pair_entry *entries[];
} dictionary;

typedef dictionary *pair_table;

static inline size_t table_slots(size_t entries)
{
    size_t slots = 8;
    while (slots < 2 * entries) slots *= 2;
    return slots;
}

/* Multiplies well enough: the high bits of the product depend on all of the key. */
static inline size_t table_hash(long i, long j)
{
    uint64_t hash = ((uint64_t)i * 1000003u ^ (uint64_t)j) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32);
}

static inline int table_matches(const pair_entry *e, long i, long j)
{
    return e->i->value == i && e->j->value == j;
}

/* The place of an entry, or the empty one where it would be. */
static inline size_t table_find(const dictionary *t, long i, long j)
{
    size_t last = t->slots - 1, slot = table_hash(i, j) & last;
    while (t->entries[slot] && !table_matches(t->entries[slot], i, j)) slot = (slot + 1) & last;
    return slot;
}

static inline long table_get(const dictionary *t, long i, long j)
{
    const pair_entry *found = t->entries[table_find(t, i, j)];
    return found ? found->value->value : -1;
}

#endif
