/* SPDX-License-Identifier: MIT */
/*
 * ouro_table.h -- a dictionary of numbers keyed by pairs of numbers, in ouro
 *
 * Everything is an object: numbers, and entries of three of them.  No type
 * leads back to itself, so that the library knows all of them to be acyclic.
 */
#ifndef BENCH_OURO_TABLE_H
#define BENCH_OURO_TABLE_H

#include "../support/slots.h"
#include "ouro_heap.h"

typedef struct number {
    long value;
} number;
static ouro_type number_type = OURO_TYPE(number);

typedef struct pair_entry {
    number *i, *j, *value;
} pair_entry;
static const ouro_field pair_entry_fields[] = {
    OURO_REF(pair_entry, i, &number_type),
    OURO_REF(pair_entry, j, &number_type),
    OURO_REF(pair_entry, value, &number_type),
    OURO_END,
};
static ouro_type pair_entry_type = OURO_TYPE(pair_entry, .fields = pair_entry_fields);

typedef struct dictionary {
    size_t slots;
    pair_entry *entries[];
} dictionary;
static const ouro_field dictionary_fields[] = {
    OURO_ITEMS(dictionary, entries, &pair_entry_type),
    OURO_END,
};
static ouro_type dictionary_type =
    OURO_TYPE(dictionary, .fields = dictionary_fields, .item_size = sizeof(pair_entry *),
              .length_offset = offsetof(dictionary, slots));

typedef dictionary *pair_table;

static dictionary *table_new(size_t entries)
{
    return ouro_new_var(heap, dictionary, slots_for(entries));
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

static long table_get(const dictionary *t, long i, long j)
{
    const pair_entry *found = t->entries[table_find(t, i, j)];
    return found ? found->value->value : -1;
}

#endif
