/* SPDX-License-Identifier: MIT */
/*
 * name_table.c -- finds things by their name
 */
#include "name_table.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 256 };

/* FNV-1a, then mixed so that the low bits depend on all. */
static uint64_t hash_of(span name, span qualifier)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.length; i++)
        hash = (hash ^ (unsigned char)name.bytes[i]) * UINT64_C(0x100000001b3);
    hash = (hash ^ ':') * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < qualifier.length; i++)
        hash = (hash ^ (unsigned char)qualifier.bytes[i]) * UINT64_C(0x100000001b3);
    return hash ^ (hash >> 32);
}

/* The entry of that name, or the empty place where it would go. */
static name_entry *place_of(const name_table *table, span name, span qualifier, uint64_t hash)
{
    size_t mask = table->capacity - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        name_entry *entry = &table->entries[i];
        if (entry->name.bytes == NULL || (entry->hash == hash && span_equal(entry->name, name) &&
                                          span_equal(entry->qualifier, qualifier)))
            return entry;
    }
}

void *name_table_find(const name_table *table, span name, span qualifier)
{
    if (table->capacity == 0) return NULL;
    return place_of(table, name, qualifier, hash_of(name, qualifier))->value;
}

static bool grow(name_table *table)
{
    name_table larger = {.capacity = table->capacity == 0 ? CAPACITY_MIN : table->capacity * 2,
                         .length = table->length};
    larger.entries = calloc(larger.capacity, sizeof(name_entry));
    if (larger.entries == NULL) return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const name_entry *entry = &table->entries[i];
        if (entry->name.bytes != NULL)
            *place_of(&larger, entry->name, entry->qualifier, entry->hash) = *entry;
    }
    free(table->entries);
    *table = larger;
    return true;
}

bool name_table_add(name_table *table, span name, span qualifier, void *value)
{
    if (table->length >= table->capacity / 2 && !grow(table)) return false;
    uint64_t hash = hash_of(name, qualifier);
    *place_of(table, name, qualifier, hash) = (name_entry){name, qualifier, hash, value};
    table->length++;
    return true;
}

void name_table_free(name_table *table)
{
    free(table->entries);
    *table = (name_table){0};
}
