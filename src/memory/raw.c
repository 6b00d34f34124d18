/* SPDX-License-Identifier: MIT */
/*
 * raw.c -- bytes without a count                                       [floor 1]
 */
#include "memory/raw.h"

#include "base/os.h"
#include "memory/meter.h"
#include "memory/quarantine.h"
#include "memory/raw_guarded.h"

#include <string.h>

void *ouro__raw_take(struct ouro__pools *pools, size_t size)
{
    if (UNLIKELY(size > OURO_BLOCK_MAX)) return ouro__pools_take_large(pools, OURO__RAW, size);
    size_t bin = ouro__bin_for(OURO__RAW, size);
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    void *entry = shelf->list;
    if (UNLIKELY(entry == NULL)) return ouro__pools_refill(pools, bin);
    shelf->list = ouro__link(entry);
    return entry;
}

void *ouro__raw_alloc(struct ouro__pools *pools, size_t size)
{
    if (size == 0) size = 1;
    if (OURO_GUARDED) return ouro__raw_guarded_alloc(pools, size, 16);
    return ouro__raw_take(pools, size);
}

/* Over-allocates and hands out an aligned address inside the block. */
void *ouro__raw_alloc_aligned(struct ouro__pools *pools, size_t size, size_t alignment)
{
    size_t room;
    if (size == 0) size = 1;
    if (__builtin_add_overflow(size, alignment, &room)) {
        pools->refusal = (struct ouro__refusal){OURO_TOO_LARGE, size};
        return NULL;
    }
    if (OURO_GUARDED) return ouro__raw_guarded_alloc(pools, size, alignment > 16 ? alignment : 16);
    if (alignment <= 8) return ouro__raw_alloc(pools, size);
    if (alignment == 16) return ouro__raw_alloc(pools, (size + 15) & ~(size_t)15);
    char *block = ouro__raw_alloc(pools, room);
    if (block == NULL) return NULL;
    return block + (-(uintptr_t)block & (alignment - 1));
}

/* [raw.aligned] */
void *ouro__raw_block_of(const void *memory)
{
    struct ouro__pool *pool = ouro__pool_of(memory);
    if (pool->capacity == 1) return pool->first;
    uint64_t offset = (uint64_t)((const char *)memory - pool->first);
    return pool->first + offset / pool->block_size * pool->block_size;
}

size_t ouro__raw_usable_size(const void *memory)
{
    if (OURO_GUARDED) return ouro__raw_guarded_size(memory);
    const char *block = ouro__raw_block_of(memory);
    return ouro__entry_block_size(block) - (size_t)((const char *)memory - block);
}

void ouro__raw_free(struct ouro__pools *pools, void *memory)
{
    if (memory == NULL) return;
    if (OURO_GUARDED) {
        ouro__raw_guarded_check(pools, memory, "free");
        ouro__state_clear(memory); /* [guard.live] */
        ouro__watch_died(memory);
        if (ouro__arena_of(memory)->large)
            ouro__pools_give_large(pools, ouro__raw_block_of(memory));
        else
            ouro__guard_retire(pools, ouro__raw_block_of(memory));
        return;
    }
    if (ouro__arena_of(memory)->large)
        ouro__pools_give_large(pools, ouro__raw_block_of(memory));
    else
        ouro__give(&pools->front, ouro__raw_block_of(memory),
                   &pools->front.shelf[ouro__pool_of(memory)->bin]);
}

/* A large block grows where it lies if the addresses behind it are free. */
static bool grow_in_place(struct ouro__pools *pools, void *memory, size_t size)
{
    struct ouro__arena *arena = ouro__arena_of(memory);
    size_t needed;
    if (!arena->large || pools->source.obtain != ouro__system_source.obtain) return false;
    if (__builtin_add_overflow(size, OURO__POOLS_START + 4095, &needed)) return false;
    needed &= ~(size_t)4095;
    if (needed <= arena->size || ouro__pools_refuses(pools, needed - arena->size)) return false;
    if (!ouro__os_grow(arena, arena->size, needed)) return false;
    pools->committed_bytes += needed - arena->size;
    pools->live_bytes += needed - arena->size;
    arena->size = needed;
    return true;
}

/* In place only where a sized free of the new size finds the same class. */
static bool stays(const void *memory, size_t size, size_t usable)
{
    if (ouro__arena_of(memory)->large)
        return size <= usable && size > usable / 2 && size > OURO_BLOCK_MAX;
    return size <= OURO_BLOCK_MAX && ouro__bin_for(OURO__RAW, size) == ouro__pool_of(memory)->bin &&
           size <= usable;
}

static void *asked_again(struct ouro__pools *pools, void *memory, size_t usable)
{
    char *block = ouro__raw_block_of(memory);
    if (UNLIKELY(pools->meter != NULL))
        ouro__meter_moved(pools, block, usable + (size_t)((char *)memory - block));
    return memory;
}

void *ouro__raw_realloc(struct ouro__pools *pools, void *memory, size_t size)
{
    if (memory == NULL) return ouro__raw_alloc(pools, size);
    if (OURO_GUARDED) ouro__raw_guarded_check(pools, memory, "realloc");
    size_t usable = ouro__raw_usable_size(memory);
    if (!OURO_GUARDED && stays(memory, size, usable)) return asked_again(pools, memory, usable);
    if (!OURO_GUARDED && size > usable && memory == ouro__raw_block_of(memory) &&
        grow_in_place(pools, memory, size))
        return asked_again(pools, memory, usable);
    void *moved = ouro__raw_alloc(pools, size);
    if (moved == NULL) return NULL;
    memcpy(moved, memory, size < usable ? size : usable);
    ouro__raw_free(pools, memory);
    return moved;
}
