/* SPDX-License-Identifier: MIT */
/*
 * finder.c -- which object has an address
 */
#include "finder.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 16 };

static size_t blocks_of(size_t count)
{
    return (count + OURO__FINDER_BLOCK - 1) / OURO__FINDER_BLOCK;
}

/* What stands behind the last entry of a level is above all addresses. */
static void pad(uint64_t *level, size_t count)
{
    memset(level + count, 0xFF, OURO__FINDER_BLOCK * sizeof *level);
}

static void add_level(struct ouro__finder *finder, uint64_t *memory)
{
    const uint64_t *below = finder->level[finder->levels - 1];
    size_t count = blocks_of(finder->count[finder->levels - 1]);
    for (size_t i = 0; i < count; i++) memory[i] = below[i * OURO__FINDER_BLOCK];
    pad(memory, count);
    finder->level[finder->levels] = memory;
    finder->count[finder->levels++] = count;
}

bool ouro__finder_begin(struct ouro__finder *finder, uint64_t *addresses, size_t count)
{
    *finder = (struct ouro__finder){.level = {addresses}, .count = {count}, .levels = 1};
    size_t needed = 0;
    for (size_t left = count; left > OURO__FINDER_BLOCK; left = blocks_of(left))
        needed += blocks_of(left) + OURO__FINDER_BLOCK;
    pad(addresses, count);
    if (needed == 0) return true;
    finder->memory = malloc(needed * sizeof *finder->memory);
    if (finder->memory == NULL) return false;
    uint64_t *next = finder->memory;
    while (finder->count[finder->levels - 1] > OURO__FINDER_BLOCK) {
        add_level(finder, next);
        next += finder->count[finder->levels - 1] + OURO__FINDER_BLOCK;
    }
    return true;
}

void ouro__finder_end(struct ouro__finder *finder)
{
    free(finder->memory);
    finder->memory = NULL;
}

/* The last of sixteen entries that is not above an address; the first, when all are. */
static inline size_t place_in_block(const uint64_t *block, uint64_t address)
{
    size_t place = (size_t)(block[8] <= address) * 8; /* no branches: they would be guesses */
    place += (size_t)(block[place + 4] <= address) * 4;
    place += (size_t)(block[place + 2] <= address) * 2;
    return place + (block[place + 1] <= address);
}

static void find_batch(const struct ouro__finder *finder, const uint64_t *addresses, size_t count,
                       uint32_t *out_numbers)
{
    size_t block[BATCH] = {0};
    for (unsigned level = finder->levels; level-- > 0;) {
        const uint64_t *entries = finder->level[level];
        size_t last = finder->count[level] - 1;
        for (size_t i = 0; i < count; i++) {
            size_t start = block[i] * OURO__FINDER_BLOCK;
            size_t place = start + place_in_block(entries + start, addresses[i]);
            block[i] = place < last ? place : last; /* of the padding none is meant */
            if (level > 0) {
                const uint64_t *next = finder->level[level - 1] + block[i] * OURO__FINDER_BLOCK;
                __builtin_prefetch(next);
                __builtin_prefetch(next + OURO__FINDER_BLOCK / 2);
            }
        }
    }
    for (size_t i = 0; i < count; i++)
        out_numbers[i] =
            finder->level[0][block[i]] == addresses[i] ? (uint32_t)block[i] : UINT32_MAX;
}

void ouro__find_all(const struct ouro__finder *finder, const uint64_t *addresses, size_t count,
                    uint32_t *out_numbers)
{
    if (finder->count[0] == 0) {
        memset(out_numbers, 0xFF, count * sizeof *out_numbers);
        return;
    }
    for (size_t i = 0; i < count; i += BATCH)
        find_batch(finder, addresses + i, count - i < BATCH ? count - i : BATCH, out_numbers + i);
}
