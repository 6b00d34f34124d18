/* SPDX-License-Identifier: MIT */
/*
 * tally.c -- numbers for triples, and a count for each
 */
#include "report/tally.h"

#include <stdlib.h>

enum { TALLY_FIRST_SLOTS = 64 };

static uint64_t hash_of(const uint32_t key[3])
{
    /* The finalizer of MurmurHash3, over the parts in turn: neighbours spread over the table. */
    uint64_t hash = 0;
    for (int i = 0; i < 3; i++) {
        hash = (hash ^ key[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 33;
    }
    return hash;
}

/* The slot of a triple, or the empty one where it belongs. */
static uint32_t *slot_of(const tally *counted, const uint32_t key[3])
{
    size_t mask = counted->slot_count - 1;
    for (size_t at = (size_t)hash_of(key) & mask;; at = (at + 1) & mask) {
        uint32_t *slot = &counted->slots[at];
        if (*slot == 0) return slot;
        const uint32_t *there = counted->entries[*slot - 1].key;
        if (there[0] == key[0] && there[1] == key[1] && there[2] == key[2]) return slot;
    }
}

/* Makes room for one more, with at least half of the slots empty.  False: no memory; nothing changed. */
static bool grow(tally *counted)
{
    if (counted->length < counted->capacity) return true;
    size_t slot_count = counted->slot_count == 0 ? TALLY_FIRST_SLOTS : 2 * counted->slot_count;
    size_t capacity = slot_count / 2;
    uint32_t *slots = calloc(slot_count, sizeof(uint32_t));
    if (slots == NULL) return false;
    tally_entry *entries = realloc(counted->entries, capacity * sizeof(tally_entry));
    if (entries == NULL) {
        free(slots);
        return false;
    }
    free(counted->slots);
    counted->entries = entries;
    counted->capacity = capacity;
    counted->slots = slots;
    counted->slot_count = slot_count;
    for (size_t i = 0; i < counted->length; i++)
        *slot_of(counted, entries[i].key) = (uint32_t)i + 1;
    return true;
}

uint32_t tally_add(tally *counted, uint32_t a, uint32_t b, uint32_t c)
{
    if (counted->length >= TALLY_NONE - 1 || !grow(counted)) return TALLY_NONE;
    uint32_t key[3] = {a, b, c};
    uint32_t *slot = slot_of(counted, key);
    if (*slot == 0) {
        counted->entries[counted->length] = (tally_entry){.key = {a, b, c}};
        *slot = (uint32_t)++counted->length;
    }
    counted->entries[*slot - 1].count++;
    return *slot - 1;
}

void tally_free(tally *counted)
{
    free(counted->entries);
    free(counted->slots);
    *counted = (tally){0};
}
