/* SPDX-License-Identifier: MIT */
/*
 * plain_table.h -- a pair_table of blocks that are not counted: C by hand, Boehm
 *
 * The same blocks as in the systems where everything is an object.  The system
 * defines allocate_zeroed(size) and allocate(size).
 */
#ifndef BENCH_PLAIN_TABLE_H
#define BENCH_PLAIN_TABLE_H

#include "pair_table.h"

static dictionary *table_new(size_t entries)
{
    size_t slots = table_slots(entries);
    dictionary *t = (dictionary *)allocate_zeroed(sizeof *t + slots * sizeof *t->entries);
    t->slots = slots;
    return t;
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

#endif
