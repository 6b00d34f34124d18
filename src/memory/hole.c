/* SPDX-License-Identifier: MIT */
/*
 * hole.c -- pages without a living block go back                       [floor 1]
 *
 * Only pools of one page of 64 KiB with blocks that fit in 4 KiB have holes.
 */
#include "memory/hole.h"

enum { PARTS = OURO_POOL_SIZE / OURO_CARVE_SIZE };

static size_t part_of(const void *address)
{
    return ((uintptr_t)address & (OURO_POOL_SIZE - 1)) / OURO_CARVE_SIZE;
}

/* The first and the last part that a block overlaps. */
ALWAYS_INLINE void span(const struct ouro__pool *pool, const char *entry, size_t *out_first,
                        size_t *out_last)
{
    const char *start = entry - ouro__kind_prefix(ouro__bin_kind(pool->bin));
    *out_first = part_of(start);
    *out_last = part_of(start + pool->block_size - 1);
}

ALWAYS_INLINE void count_block(const struct ouro__pool *pool, const char *entry,
                               uint32_t blocks[PARTS])
{
    size_t first, last;
    span(pool, entry, &first, &last);
    blocks[first]++;
    if (last != first) blocks[last]++;
}

/* What a free block says of itself: in the hardened build its word, link and mirror, in the debug build all
 * of it, since its fill is no zero. */
static size_t spoken(const struct ouro__pool *pool)
{
    if (OURO_IS_DEBUG_BUILD) return pool->block_size;
    return ouro__kind_prefix(ouro__bin_kind(pool->bin)) + 2 * sizeof(ouro__slot);
}

/* Whether what a free block says of itself lies on both sides of the border behind a part. */
static bool is_crossed(const struct ouro__pool *pool, size_t part)
{
    const char *border = ouro__pool_start(pool) + (part + 1) * OURO_CARVE_SIZE;
    const char *start = pool->first - ouro__kind_prefix(ouro__bin_kind(pool->bin));
    if (border <= start) return false;
    size_t inside = (size_t)(border - start) % pool->block_size;
    return inside > 0 && inside < spoken(pool);
}

/* Takes the parts out that would leave half of what a guarded build's free block says.  [hole.whole] */
static uint16_t keep_whole(const struct ouro__pool *pool, uint16_t parts)
{
    for (uint16_t before = 0; before != parts;) {
        before = parts;
        for (size_t part = 0; part + 1 < PARTS; part++) {
            unsigned both = (parts | pool->holes) >> part & 3;
            if ((both == 1 || both == 2) && is_crossed(pool, part))
                parts &= (uint16_t) ~(both << part);
        }
    }
    return parts;
}

/* The parts that free blocks alone overlap, and that are cut to their end.  [hole.free] */
static uint16_t find_empty_parts(const struct ouro__pool *pool)
{
    uint32_t all[PARTS] = {0}, free[PARTS] = {0};
    const char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        count_block(pool, entry, all);
        __builtin_prefetch(
            entry, 1); /* the list goes to and fro in memory that nobody has used for long */
        if (ouro__hole_has(pool, entry)) count_block(pool, entry, free);
    }
    for (void *one = pool->free; one != NULL; one = ouro__link(one)) count_block(pool, one, free);
    size_t cut = (size_t)(entry - pool->first) / OURO_CARVE_SIZE;
    uint16_t empty = 0;
    for (size_t part = 0; part < cut && part < PARTS; part++)
        if (all[part] == free[part]) empty |= (uint16_t)(1u << part);
    empty &= (uint16_t)~pool->holes;
    return OURO_GUARDED ? keep_whole(pool, empty) : empty;
}

/* Puts an entry behind the last one of the pool's free list, or NULL at its end; returns it. */
static void *append(struct ouro__pool *pool, void *last, void *entry)
{
    if (last == NULL)
        pool->free = entry;
    else
        ouro__link_set(last, entry);
    return entry;
}

/* Takes the entries of the pool's holes off its free list; returns how many. */
static uint32_t sift_free_list(struct ouro__pool *pool)
{
    uint32_t dropped = 0;
    void *last = NULL, *next;
    for (void *entry = pool->free; entry != NULL; entry = next) {
        next = ouro__link(entry);
        if (ouro__hole_has(pool, entry))
            dropped++;
        else
            last = append(pool, last, entry);
    }
    (void)append(pool, last, NULL);
    return dropped;
}

static size_t purge_parts(struct ouro__pools *pools, struct ouro__pool *pool, uint16_t parts)
{
    size_t bytes = 0;
    for (size_t part = 0; part < PARTS; part++) {
        if ((parts >> part & 1) == 0) continue;
        size_t end = part;
        while (end < PARTS && (parts >> end & 1) != 0) end++;
        size_t size = (end - part) * OURO_CARVE_SIZE;
        pools->source.purge(pools->source.context, ouro__pool_start(pool) + part * OURO_CARVE_SIZE,
                            size);
        bytes += size;
        part = end;
    }
    return bytes;
}

size_t ouro__hole_make(struct ouro__pools *pools, struct ouro__pool *pool)
{
    if (pool->pages != 1 || pool->block_size > OURO_CARVE_SIZE || pool->capacity == 1 ||
        pool->sets != 0)
        return 0;
    if (pool->free == NULL || pool->state == OURO__POOL_FULL) return 0;
    uint16_t parts = find_empty_parts(pool);
    if (parts == 0) return 0;
    pool->holes |= parts;
    uint32_t dropped = sift_free_list(pool);
    pool->hole_blocks = (uint16_t)(pool->hole_blocks + dropped);
    pools->committed_bytes -= (size_t)dropped * pool->block_size;
    return purge_parts(pools, pool, parts);
}

/* The blocks of the lowest hole: from `first` on, so many. */
static uint32_t lowest_hole(const struct ouro__pool *pool, uint32_t *out_first)
{
    size_t part = (size_t)__builtin_ctz(pool->holes);
    const char *start = ouro__pool_start(pool) + part * OURO_CARVE_SIZE;
    const char *end = start + OURO_CARVE_SIZE; /* [hole.entry] */
    size_t size = pool->block_size;
    size_t ahead = start > pool->first ? (size_t)(start - pool->first) : 0;
    size_t first = (ahead + size - 1) / size;
    size_t behind = ((size_t)(end - pool->first) + size - 1) / size;
    if (behind > pool->carved) behind = pool->carved;
    *out_first = (uint32_t)first;
    return behind > first ? (uint32_t)(behind - first) : 0;
}

size_t ouro__hole_bytes(const struct ouro__pool *pool)
{
    uint32_t first;
    return (size_t)lowest_hole(pool, &first) * pool->block_size;
}

void ouro__hole_fill(struct ouro__pools *pools, struct ouro__pool *pool)
{
    uint32_t first;
    uint32_t count = lowest_hole(pool, &first);
    void *last = NULL;
    enum ouro__kind kind = ouro__bin_kind(pool->bin);
    char *entry = pool->first + (size_t)first * pool->block_size;
    for (uint32_t i = 0; i < count; i++, entry += pool->block_size) {
        ouro__block_cut(pool, entry, kind);
        last = append(pool, last, entry);
    }
    if (OURO_GUARDED && kind != OURO__RAW && first + count < pool->carved &&
        ouro__hole_has(pool, entry))
        ouro__word_clear(
            entry); /* its word lay in this hole, it lies in the next  [guard.canary] */
    (void)append(pool, last, NULL);
    pool->unmarked = true; /* [young.bit] */
    pool->holes &= (uint16_t)(pool->holes - 1);
    pool->hole_blocks = (uint16_t)(pool->hole_blocks - count);
    pools->committed_bytes += (size_t)count * pool->block_size;
}
