/* SPDX-License-Identifier: MIT */
/*
 * table.c -- numbers found by a hash
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

bool ouro__table_next(const struct ouro__table *table, struct ouro__search *search,
                      uint32_t *out_number)
{
    if (table->size == 0) return false;
    size_t mask = table->size - 1;
    for (;;) {
        const struct ouro__slot *slot = &table->slots[(search->hash + search->steps) & mask];
        if (slot->number == 0) return false;
        search->steps++;
        if (slot->hash == search->hash) {
            *out_number = slot->number - 1;
            return true;
        }
    }
}

static void place(struct ouro__slot *slots, size_t size, struct ouro__slot entry)
{
    size_t at = entry.hash & (size - 1);
    while (slots[at].number != 0) at = (at + 1) & (size - 1);
    slots[at] = entry;
}

static bool grow(struct ouro__table *table)
{
    size_t size = table->size == 0 ? FIRST_SIZE : 2 * table->size;
    struct ouro__slot *slots = calloc(size, sizeof *slots);
    if (slots == NULL) return false;
    for (size_t i = 0; i < table->size; i++)
        if (table->slots[i].number != 0) place(slots, size, table->slots[i]);
    free(table->slots);
    table->slots = slots;
    table->size = size;
    return true;
}

bool ouro__table_add(struct ouro__table *table, uint32_t hash, uint32_t number)
{
    if (4 * (table->used + 1) > 3 * table->size && !grow(table)) return false;
    place(table->slots, table->size, (struct ouro__slot){hash, number + 1});
    table->used++;
    return true;
}

void ouro__table_free(struct ouro__table *table)
{
    free(table->slots);
    *table = (struct ouro__table){0};
}

uint32_t ouro__hash_bytes(const void *bytes, size_t size)
{
    const char *at = bytes;
    uint64_t hash = size;
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    uint64_t rest = 0;
    memcpy(&rest, at, size);
    return ouro__hash_word(hash ^ (rest * UINT64_C(0xC2B2AE3D27D4EB4F)));
}
