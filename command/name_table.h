/* SPDX-License-Identifier: MIT */
/*
 * name_table.h -- finds things by their name, or by a name and a qualifier
 *
 * An open-addressed hash table.  It owns neither what it finds nor the bytes of
 * the names: both must outlive it.
 */
#ifndef OURO_NAME_TABLE_H
#define OURO_NAME_TABLE_H

#include "control.h"

typedef struct name_entry {
    span name; /* bytes NULL: an empty place */
    span qualifier;
    uint64_t hash;
    void *value;
} name_entry;

/* All zero is an empty table. */
typedef struct name_table {
    name_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t length;
} name_table;

/* The value, or NULL.  An empty qualifier is one like any other. */
void *name_table_find(const name_table *table, span name, span qualifier);
/* Adds what is not there yet.  False when there is no memory. */
bool name_table_add(name_table *table, span name, span qualifier, void *value);
void name_table_free(name_table *table);

#endif
