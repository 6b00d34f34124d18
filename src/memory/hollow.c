/* SPDX-License-Identifier: MIT */
/*
 * hollow.c -- pools that few blocks keep give their empty pages back   [floor 1]
 *
 * The place of a round is a number of an arena and a page in it: arenas come and go meanwhile, and then a pool is
 * looked at twice, or not at all.
 */
#include "memory/hollow.h"

#include "memory/hole.h"

/* Bytes that were cut from pools and are free. */
static size_t free_bytes(const struct ouro__pools *pools)
{
    return pools->committed_bytes > pools->live_bytes ? pools->committed_bytes - pools->live_bytes
                                                      : 0;
}

void ouro__hollow_consider(struct ouro__pools *pools)
{
    struct ouro__hollow *hollow = &pools->hollow;
    size_t free = free_bytes(pools);
    size_t more = hollow->rest / 4 > OURO_HOLLOW_MIN ? hollow->rest / 4 : OURO_HOLLOW_MIN;
    if (pools->source.purge == NULL) return;
    if (free < hollow->rest) hollow->rest = free;
    if (free <= pools->committed_bytes / 2 || free <= hollow->rest + more)
        return; /* [hollow.rest] */
    hollow->is_due = true;
}

/* The n-th arena whose pools may have holes, of all realms. */
static struct ouro__arena *nth_arena(struct ouro__pools *pools, size_t number)
{
    for (int realm = 0; realm < OURO__REALMS; realm++)
        for (struct ouro__arena *arena = pools->realms[realm].arenas; arena != NULL;
             arena = arena->next)
            if (number-- == 0) return arena;
    return NULL;
}

/* So few blocks that some pages are likely to have none: where there are two a page, one page in eight. */
static bool is_sparse(const struct ouro__pool *pool)
{
    size_t pages = (size_t)pool->carved * pool->block_size / OURO_CARVE_SIZE;
    return pool->state == OURO__POOL_AVAILABLE && pool->back == 0 && pool->used <= 2 * pages;
}

bool ouro__hollow_is_due(const struct ouro__pools *pools)
{
    const struct ouro__hollow *hollow = &pools->hollow;
    return hollow->is_due && hollow->part_is_due && pools->marks.active == 0; /* [set.listed] */
}

void ouro__hollow_some(struct ouro__pools *pools)
{
    struct ouro__hollow *hollow = &pools->hollow;
    if (LIKELY(!ouro__hollow_is_due(pools))) return;
    hollow->part_is_due = false;
    struct ouro__arena *arena = nth_arena(pools, hollow->arena);
    if (arena == NULL) {
        *hollow = (struct ouro__hollow){.rest = free_bytes(pools)};
        return;
    }
    size_t page = hollow->page > OURO_ARENA_FIRST_PAGE ? hollow->page : OURO_ARENA_FIRST_PAGE;
    for (unsigned looked = 0; page < arena->page_limit && looked < OURO_HOLLOW_POOLS; page++) {
        struct ouro__pool *pool = ouro__arena_pool(arena, page);
        if (!is_sparse(pool)) continue;
        (void)ouro__hole_make(pools, pool);
        looked++;
    }
    hollow->page = page < arena->page_limit ? page : 0;
    hollow->arena += page >= arena->page_limit;
}
