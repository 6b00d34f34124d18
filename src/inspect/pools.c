/* SPDX-License-Identifier: MIT */
/*
 * pools.c -- each pool, and how full it is                             [floor 7]
 */
#include "inspect/inspect.h"
#include "memory/quarantine.h"
#include "memory/walk.h"

struct visiting {
    int (*visit)(const ouro_pool_info *pool, void *argument);
    void *argument;
    const struct ouro__pools *pools;
    bool stopped;
};

/* Blocks that wait in the quarantine of a guarded build count as cached. */
static size_t quarantined_of(const struct ouro__pools *pools, const struct ouro__pool *pool)
{
    const struct ouro__guard *guard = &pools->guard;
    size_t blocks = 0;
    for (unsigned i = 0; i < guard->run_count; i++) { /* [quarantine.used] */
        const struct ouro__run *run = ouro__quarantine_run(guard, i);
        if (ouro__pool_of(run->first) == pool) blocks += run->count;
    }
    return blocks;
}

size_t ouro__pool_cached(const struct ouro__pool *pool)
{
    const struct ouro__pools *pools = ouro__pools_of(pool);
    const struct ouro__shelf *shelf = &pools->front.shelf[pool->bin];
    size_t cached = shelf->hot != NULL && ouro__pool_of(shelf->hot) == pool;
    for (void *entry = shelf->list; entry != NULL; entry = ouro__link(entry))
        cached += ouro__pool_of(entry) == pool;
    return cached + quarantined_of(pools, pool);
}

static void show(struct visiting *visiting, const ouro_pool_info *info)
{
    if (!visiting->stopped) visiting->stopped = visiting->visit(info, visiting->argument) != 0;
}

static void show_large(struct ouro__pool *pool, struct visiting *visiting)
{
    size_t bytes = ouro__arena_of(pool)->size - OURO__POOLS_START;
    show(visiting,
         &(ouro_pool_info){.address = ouro__pool_start(pool),
                           .bytes = bytes,
                           .kind = (ouro_class_kind)ouro__kind_realm(ouro__bin_kind(pool->bin)),
                           .block_size = bytes,
                           .capacity = 1,
                           .live = pool->used != 0,
                           .free = pool->used == 0});
}

static void show_pool(struct ouro__pool *pool, void *context)
{
    struct visiting *visiting = context;
    if (visiting->stopped) return;
    if (ouro__arena_of(pool)->large) {
        show_large(pool, visiting);
        return;
    }
    size_t cached = ouro__pool_cached(pool);
    uint32_t carved = pool->carved - pool->hole_blocks;
    show(visiting,
         &(ouro_pool_info){.address = ouro__pool_start(pool),
                           .bytes = (size_t)pool->pages << OURO_POOL_SHIFT,
                           .kind = (ouro_class_kind)ouro__kind_realm(ouro__bin_kind(pool->bin)),
                           .block_size = pool->block_size,
                           .capacity = pool->capacity,
                           .live = pool->used - cached,
                           .cached = cached,
                           .free = carved - pool->used});
}

static void show_empty(struct visiting *visiting, int realm)
{
    for (struct ouro__pool *pool = visiting->pools->realms[realm].empty; pool != NULL;
         pool = pool->next)
        show(visiting, &(ouro_pool_info){.address = ouro__pool_start(pool),
                                         .bytes = (size_t)pool->pages << OURO_POOL_SHIFT,
                                         .kind = (ouro_class_kind)realm});
}

void ouro_each_pool(const ouro_heap *heap, int (*visit)(const ouro_pool_info *pool, void *argument),
                    void *argument)
{
    struct visiting visiting = {visit, argument, ouro__heap_pools(heap), false};
    for (int realm = 0; realm < OURO__REALMS; realm++) {
        ouro__walk_pools(visiting.pools, (enum ouro__realm)realm, show_pool, &visiting);
        show_empty(&visiting, realm);
    }
}
