/* SPDX-License-Identifier: MIT */
/*
 * set.c -- which objects a cycle looks at, and what becomes of them    [floor 5]
 *
 * A set is a list of pools and a bitmap in each.  Age is kept by pool and bit: a
 * young object has its young bit, a middle-aged one a flag in its word (it was just
 * touched by the pass that it survived), an old one neither.
 */
#include "collector/collector.h"

#include "base/os.h"
#include "memory/purge.h"

#include <string.h>

/* ---- gathering pools ---- */

static void add_pool(struct ouro__collector *collector, struct ouro__pool *pool)
{
    if (pool->in_set) return;
    pool->in_set = true;
    pool->set_next = collector->set;
    collector->set = pool;
    if (!pool->scratch) {
        pool->scratch = true;
        ouro__collector_marks(collector)->scratch_pools++;
    }
}

static void add_arena(struct ouro__collector *collector, struct ouro__arena *arena)
{
    for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++) {
        struct ouro__pool *pool = ouro__arena_pool(arena, page);
        if (pool->state < OURO__POOL_CURRENT || pool->back != 0) continue;
        if (collector->generation == 2 || pool->middle) add_pool(collector, pool);
    }
}

/* The tallies of a large heap are visited at random: one huge page for an arena's saves
 * a miss each time.  They go back with the end of the cycle. */
static void want_huge_tallies(struct ouro__pools *pools)
{
    if (pools->source.obtain != ouro__system_source.obtain) return;
    for (struct ouro__arena *arena = pools->realms[OURO__REALM_TRACKED].arenas; arena != NULL;
         arena = arena->next)
        ouro__os_want_huge((char *)arena + OURO__TALLIES, OURO__POOLS_START - OURO__TALLIES);
}

void ouro__set_gather(struct ouro__collector *collector)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    struct ouro__realm_arenas *tracked = &pools->realms[OURO__REALM_TRACKED];
    collector->set = NULL;
    if (collector->generation == 2 && tracked->arenas != NULL && tracked->arenas->next != NULL)
        want_huge_tallies(pools);
    if (collector->generation > 0) {
        for (struct ouro__arena *arena = tracked->arenas; arena != NULL; arena = arena->next)
            add_arena(collector, arena);
        for (struct ouro__arena *arena = tracked->large; arena != NULL; arena = arena->next)
            add_arena(collector, arena);
    }
    for (struct ouro__pool *pool = pools->marks.young; pool != NULL; pool = pool->young_next)
        add_pool(collector, pool);
}

/* ---- proposing young objects ---- */

/* A live object in nobody's death, whose references can be counted on. */
ALWAYS_INLINE bool is_candidate(uint64_t word)
{
    return (int32_t)word > 0 && (word & OURO__FROZEN) == 0;
}

ALWAYS_INLINE void propose(struct ouro__collector *collector, void *entry)
{
    if (UNLIKELY(!ouro__word_trap(entry))) {
        ouro__young_clear(entry);
        return;
    }
    *ouro__count_of(entry) = OURO__SUSPECT; /* [scan.trapped] */
    ouro__mark_set(entry, OURO__SET_BITS);
    collector->candidates++;
}

static void propose_middle(struct ouro__collector *collector, struct ouro__pool *pool)
{
    char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        uint64_t word = *ouro__word_of(entry);
        if ((word & OURO__MIDDLE) != 0 && is_candidate(word)) propose(collector, entry);
    }
}

void ouro__set_propose(struct ouro__collector *collector, struct ouro__pool *pool)
{
    size_t before = collector->candidates;
    if (collector->generation > 0 && pool->middle) propose_middle(collector, pool);
    const ouro__bits *young = ouro__pool_young(pool);
    for (size_t i = 0, words = ouro__pool_young_words(pool); i < words; i++) {
        for (uint64_t bits = young[i]; bits != 0; bits &= bits - 1) {
            void *entry = ouro__pool_young_entry(pool, i, (unsigned)__builtin_ctzl(bits));
            uint64_t word = *ouro__word_of(entry);
            if (LIKELY(is_candidate(word)))
                propose(collector, entry);
            else if (word != 0) /* dying, frozen or immortal: its death lists the pool again */
                ouro__young_clear(entry);
        }
    }
    collector->suspects += collector->candidates - before;
}

/* ---- survivors ---- */

void ouro__set_age(const struct ouro__collector *collector, struct ouro__pool *pool, void *entry)
{
    ouro__young_clear(entry);
    if (collector->generation == 0) {
        *ouro__word_of(entry) |= OURO__MIDDLE;
        pool->middle = true;
    } else {
        *ouro__word_of(entry) &= ~OURO__MIDDLE;
    }
}

/* The young and middle-aged of a pool that a full collection looked at are old from now on. */
static void age_pool(struct ouro__pool *pool)
{
    if (pool->young) {
        memset(ouro__pool_young(pool), 0, ouro__pool_young_words(pool) * 8);
        pool->unmarked = pool->free != NULL; /* [young.bit] */
    }
    if (!pool->middle) return;
    char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size)
        *ouro__word_of(entry) &= ~OURO__MIDDLE;
    pool->middle = false;
}

/* The whole heap has told suspects from live objects: suspects are trapped, to be counted
 * again; the others have left the set. */
void ouro__set_narrow(struct ouro__collector *collector, struct ouro__pool *pool)
{
    if (collector->suspects > 0) {
        OURO__EACH_IN_SET (entry, pool) {
            if (ouro__word_trap(entry)) {
                *ouro__count_of(entry) = OURO__SUSPECT; /* [scan.trapped] */
            } else {
                ouro__mark_clear(entry, OURO__SET_BITS);
                collector->suspects--;
            }
        }
    }
    age_pool(pool);
}

/* ---- the end of a cycle ---- */

/*
 * Garbage blocks go back, linked by address so that they are handed out in that order;
 * survivors grow older.  [mark.zero]
 */
void ouro__set_finish(struct ouro__collector *collector, struct ouro__pool *pool)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    uint32_t freed = 0;
    void *first = NULL;
    ouro__slot *last_link = &first;
    if (collector->generation > 0) pool->middle = false;
    OURO__EACH_IN_SET (entry, pool) {
        ouro__count *count = ouro__count_of(entry);
        if ((*count & OURO__SUSPECT) != 0) {
            *ouro__word_of(entry) = 0; /* [pool.word] */
            ouro__young_set(entry);    /* [young.bit] */
            *last_link = entry;
            last_link = ouro__link_of(entry);
            freed++;
        } else {
            ouro__set_age(collector, pool, entry);
        }
        *count = 0;
    }
    memset(ouro__pool_marks(pool, OURO__SET_BITS), 0, ouro__pool_mark_words(pool) * 8);
    pool->in_set = false;
    if (pool->young && !collector->births) ouro__young_unlist(&pools->marks, pool);
    collector->collected += freed;
    if (ouro__arena_of(pool)->large) {
        if (freed > 0 || pool->used == 0) ouro__pools_give_large(pools, pool->first);
        return;
    }
    if (freed > 0) {
        *last_link = pool->free;
        pool->free = first;
        pool->used -= freed;
    }
    if (pool->used < pool->wake || freed > 0) pool->wake = pool->used; /* looked at now */
    ouro__pool_settle(pools, pool);
}

/* Gives the counts' memory back, unless it is little and the next pass will need it soon: after
 * a fruitless one that is not so. */
void ouro__set_forget(struct ouro__collector *collector)
{
    size_t keep = collector->collected > 0 ? 4 : 0; /* pools: 64 KiB of counts */
    struct ouro__pools *pools = ouro__collector_pools(collector);
    if (pools->marks.scratch_pools <= keep) return;
    if (pools->source.purge == NULL) return;
    pools->marks.scratch_pools = 0;
    for (struct ouro__arena *arena = pools->realms[OURO__REALM_TRACKED].arenas; arena != NULL;
         arena = arena->next) {
        char *start = (char *)arena;
        pools->source.purge(pools->source.context, start + OURO__SET_BITS,
                            OURO__POOLS_START - OURO__SET_BITS);
        for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++)
            ouro__arena_pool(arena, page)->scratch = false;
    }
}

void ouro__collector_skip_young(struct ouro__collector *collector)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    struct ouro__pool *pool;
    while ((pool = pools->marks.young) != NULL) {
        memset(ouro__pool_young(pool), 0, ouro__pool_young_words(pool) * 8);
        pool->unmarked = pool->free != NULL; /* [young.bit] */
        ouro__young_unlist(&pools->marks, pool);
    }
    pools->marks.young_handed = 0;
    ouro__pools_enlist_cached(pools);
}
