/* SPDX-License-Identifier: MIT */
/*
 * ouro_table.h -- a dictionary of numbers keyed by pairs of numbers, in ouro
 *
 * Everything is an object: numbers, and entries of three of them.  No type
 * leads back to itself, so that the library knows all of them to be acyclic.
 */
#ifndef BENCH_OURO_TABLE_H
#define BENCH_OURO_TABLE_H

#include "../support/pair_table.h"
#include "ouro_heap.h"

static ouro_type number_type = OURO_TYPE(number);

static const ouro_field pair_entry_fields[] = {
    OURO_REF(pair_entry, i, &number_type),
    OURO_REF(pair_entry, j, &number_type),
    OURO_REF(pair_entry, value, &number_type),
    OURO_END,
};
static ouro_type pair_entry_type = OURO_TYPE(pair_entry, .fields = pair_entry_fields);

static const ouro_field dictionary_fields[] = {
    OURO_ITEMS(dictionary, entries, &pair_entry_type),
    OURO_END,
};
static ouro_type dictionary_type =
    OURO_TYPE(dictionary, .fields = dictionary_fields, .item_size = sizeof(pair_entry *),
              .length_offset = offsetof(dictionary, slots));

static dictionary *table_new(size_t entries)
{
    return ouro_new_var(heap, dictionary, table_slots(entries));
}

static number *number_new(long value)
{
    number *made = ouro_new(heap, number);
    made->value = value;
    return made;
}

static void table_put(dictionary *t, long i, long j, long value)
{
    pair_entry *made = ouro_new(heap, pair_entry);
    ouro_put(made, i, number_new(i));
    ouro_put(made, j, number_new(j));
    ouro_put(made, value, number_new(value));
    size_t slot = table_find(t, i, j);
    ouro_put(t, entries[slot], made);
}

#endif
