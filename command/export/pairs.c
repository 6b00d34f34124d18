/* SPDX-License-Identifier: MIT */
/*
 * pairs.c -- numbers for pairs of numbers: a table with open addressing
 */
#include "pairs.h"

#include <stdlib.h>
#include <string.h>

static uint32_t slot_of(const pairs *set, uint64_t first, uint64_t second)
{
    uint64_t hash = (first + second * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xD6E8FEB86659FD93);
    uint32_t slot = (uint32_t)(hash >> 32) & (set->slot_count - 1);
    while (set->slots[slot] != 0) {
        const pair *row = &set->rows[set->slots[slot] - 1];
        if (row->first == first && row->second == second) break;
        slot = (slot + 1) & (set->slot_count - 1);
    }
    return slot;
}

/* Twice the room, half of the slots in use at most. */
static bool grow(pairs *set)
{
    uint32_t capacity = set->capacity > 0 ? set->capacity * 2 : 64;
    if (capacity > UINT32_MAX / 4) return false;
    pair *rows = realloc(set->rows, capacity * sizeof *rows);
    if (rows == NULL) return false;
    set->rows = rows;
    uint32_t *slots = calloc((size_t)capacity * 2, sizeof *slots);
    if (slots == NULL) return false;
    free(set->slots);
    set->slots = slots;
    set->slot_count = capacity * 2;
    set->capacity = capacity;
    for (uint32_t i = 0; i < set->count; i++)
        slots[slot_of(set, rows[i].first, rows[i].second)] = i + 1;
    return true;
}

uint32_t pairs_number(pairs *set, uint64_t first, uint64_t second)
{
    if (set->count == set->capacity && !set->refused && !grow(set)) set->refused = true;
    if (set->refused) return 0;
    uint32_t slot = slot_of(set, first, second);
    if (set->slots[slot] == 0) {
        set->rows[set->count] = (pair){first, second};
        set->slots[slot] = ++set->count;
    }
    return set->slots[slot] - 1;
}

void pairs_free(pairs *set)
{
    free(set->rows);
    free(set->slots);
    memset(set, 0, sizeof *set);
}
