/* SPDX-License-Identifier: MIT */
/*
 * heap_pools.c -- the pools of a heap, and how full they are
 */
#include "saving.h"

static uint32_t bounded(size_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static int save_pool(const ouro_pool_info *pool, void *argument)
{
    struct ouro__saving *saving = argument;
    ouro_snapshot_add_pool(saving->writer,
                           &(ouro_snapshot_pool){.address = (uint64_t)(uintptr_t)pool->address,
                                                 .kind = (uint32_t)pool->kind,
                                                 .block_size = bounded(pool->block_size),
                                                 .capacity = bounded(pool->capacity),
                                                 .live = bounded(pool->live),
                                                 .cached = bounded(pool->cached),
                                                 .free = bounded(pool->free),
                                                 .bytes = pool->bytes});
    return 0;
}

void ouro__save_pools(struct ouro__saving *saving)
{
    ouro_each_pool(saving->heap, save_pool, saving);
}
