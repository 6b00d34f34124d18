/* SPDX-License-Identifier: MIT */
/*
 * usage.c -- how much memory there is, and what it is used for         [floor 1]
 */
#include "memory/usage.h"

#include "memory/quarantine.h"
#include "memory/walk.h"

#include <string.h>

static ouro_class_kind kind_of_bin(size_t bin)
{
    return (ouro_class_kind)ouro__kind_realm(ouro__bin_kind(bin));
}

static size_t list_length(const struct ouro__pools *pools, size_t bin)
{
    size_t length = pools->front.shelf[bin].hot != NULL;
    for (void *entry = pools->front.shelf[bin].list; entry != NULL; entry = ouro__link(entry))
        length++;
    return length;
}

static void count_large(struct ouro__pool *pool, ouro_heap_stats *stats)
{
    size_t bytes = ouro__arena_of(pool)->size - OURO__POOLS_START;
    if (pool->used == 0) return;
    stats->large_blocks++;
    stats->committed_bytes += bytes;
    if (ouro__bin_kind(pool->bin) == OURO__RAW) {
        stats->raw_blocks++;
        stats->raw_bytes += bytes;
    } else {
        stats->objects++;
        stats->object_bytes += bytes;
    }
}

static void count_pool(struct ouro__pool *pool, void *context)
{
    struct ouro__usage *usage = context;
    if (ouro__arena_of(pool)->large) {
        count_large(pool, &usage->total);
        return;
    }
    ouro_class_stats *class = &usage->bins[pool->bin];
    class->pools++;
    class->live += pool->used; /* what the class list holds is taken off later */
    uint32_t carved = pool->carved - pool->hole_blocks;
    class->free += carved - pool->used;
    class->carved += carved;
    class->capacity += pool->capacity;
    ouro_heap_stats *stats = &usage->total;
    size_t pool_bytes = (size_t)pool->pages << OURO_POOL_SHIFT;
    stats->pools++;
    stats->committed_bytes += (size_t)carved * pool->block_size;
    stats->free_blocks += carved - pool->used;
    stats->free_bytes += (size_t)(carved - pool->used) * pool->block_size;
    stats->uncarved_bytes += (size_t)(pool->capacity - carved) * pool->block_size;
    stats->rounding_bytes += pool_bytes - (size_t)pool->capacity * pool->block_size;
}

static void finish_bin(const struct ouro__pools *pools, struct ouro__usage *usage, size_t bin)
{
    ouro_class_stats *class = &usage->bins[bin];
    ouro_heap_stats *stats = &usage->total;
    class->kind = kind_of_bin(bin);
    class->block_size = ouro__bin_size(bin);
    class->cached += list_length(pools, bin);
    class->live -= class->cached;
    stats->cached_blocks += class->cached;
    stats->cached_bytes += class->cached * class->block_size;
    if (class->kind == OURO_CLASS_RAW) {
        stats->raw_blocks += class->live;
        stats->raw_bytes += class->live * class->block_size;
    } else {
        stats->objects += class->live;
        stats->object_bytes += class->live * class->block_size;
    }
}

static void count_arenas(const struct ouro__arena *arena, ouro_heap_stats *stats)
{
    for (; arena != NULL; arena = arena->next) {
        stats->arenas += !arena->large;
        stats->reserved_bytes += arena->size;
        stats->header_bytes += sizeof *arena + arena->pages_used * sizeof(struct ouro__pool);
    }
}

static void count_realm(const struct ouro__realm_arenas *realm, ouro_heap_stats *stats)
{
    count_arenas(realm->arenas, stats);
    count_arenas(realm->large, stats);
    for (const struct ouro__pool *pool = realm->empty; pool != NULL; pool = pool->next)
        stats->empty_pools++;
}

void ouro__usage_count(const struct ouro__pools *pools, struct ouro__usage *out_usage)
{
    memset(out_usage, 0, sizeof *out_usage);
    for (int realm = 0; realm < OURO__REALMS; realm++) {
        ouro__walk_pools(pools, (enum ouro__realm)realm, count_pool, out_usage);
        count_realm(&pools->realms[realm], &out_usage->total);
    }
    out_usage->total.accounted_bytes = pools->accounted_bytes;
    const struct ouro__guard *guard = &pools->guard;
    for (unsigned i = 0; i < guard->run_count; i++) { /* [quarantine.used] */
        const struct ouro__run *run = ouro__quarantine_run(guard, i);
        out_usage->bins[ouro__pool_of(run->first)->bin].cached += run->count;
    }
    for (size_t bin = 1; bin < OURO__BINS; bin++)
        if (out_usage->bins[bin].pools > 0) finish_bin(pools, out_usage, bin);
}
