/* SPDX-License-Identifier: MIT */
/*
 * plain_table.h -- a dictionary of numbers keyed by pairs of numbers, of blocks
 *                  that are not counted: C by hand, Boehm
 *
 * The same blocks as in the systems where everything is an object.  The system
 * defines allocate_zeroed(size) and allocate(size).
 */
#ifndef BENCH_PLAIN_TABLE_H
#define BENCH_PLAIN_TABLE_H

#include "slots.h"

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

static dictionary *table_new(size_t entries)
{
    size_t slots = slots_for(entries);
    dictionary *t = (dictionary *)allocate_zeroed(sizeof *t + slots * sizeof(pair_entry *));
    t->slots = slots;
    return t;
}

/* The place of an entry, or the empty one where it would be. */
static size_t table_find(const dictionary *t, long i, long j)
{
    size_t slot = slots_first(i, j, t->slots);
    for (; t->entries[slot]; slot = slots_next(slot, t->slots))
        if (t->entries[slot]->i->value == i && t->entries[slot]->j->value == j) break;
    return slot;
}

static number *number_new(long value)
{
    number *made = (number *)allocate(sizeof *made);
    made->value = value;
    return made;
}

static void table_put(dictionary *t, long i, long j, long value)
{
    pair_entry *made = (pair_entry *)allocate(sizeof *made);
    *made = (pair_entry){number_new(i), number_new(j), number_new(value)};
    t->entries[table_find(t, i, j)] = made;
}

static long table_get(const dictionary *t, long i, long j)
{
    const pair_entry *found = t->entries[table_find(t, i, j)];
    return found ? found->value->value : -1;
}

#endif
