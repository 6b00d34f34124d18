/* SPDX-License-Identifier: MIT */
/*
 * purge.c -- memory that nobody needs goes back, late enough not to thrash
 *                                                                     [floor 1]
 * Empty pools that lie side by side are purged by one call.  An arena whose
 * pages are all clean goes back too; the last of a realm only when all is to go.
 */
#include "memory/purge.h"

#include "base/os.h"
#include "memory/hole.h"
#include "memory/hollow.h"
#include "memory/meter.h"
#include "memory/walk.h"

static struct ouro__realm_arenas *realm_of(struct ouro__pools *pools, const struct ouro__pool *pool)
{
    return &pools->realms[ouro__kind_realm(ouro__bin_kind(pool->bin))];
}

static void empty_remove(struct ouro__realm_arenas *realm, struct ouro__pool *pool)
{
    if (pool->next != NULL)
        pool->next->previous = pool->previous;
    else
        realm->empty_last = pool->previous;
    if (pool->previous != NULL)
        pool->previous->next = pool->next;
    else
        realm->empty = pool->next;
    realm->empty_pages -= pool->pages;
}

void ouro__empty_add(struct ouro__pools *pools, struct ouro__pool *pool)
{
    struct ouro__realm_arenas *realm = realm_of(pools, pool);
    OURO_ASSERT(pool->used == 0);
    if (pool->young) ouro__young_unlist(&pools->marks, pool);
    if (UNLIKELY(pool->numbers != NULL)) pools->meter->forget(pools->meter, pool);
    pools->committed_bytes -= (size_t)(pool->carved - pool->hole_blocks) * pool->block_size;
    pool->carved = 0;
    pool->free = NULL;
    pool->state = OURO__POOL_EMPTY;
    pool->empty_since = (uint32_t)pools->tick;
    pool->previous = NULL;
    pool->next = realm->empty;
    if (realm->empty != NULL)
        realm->empty->previous = pool;
    else
        realm->empty_last = pool;
    realm->empty = pool;
    realm->empty_pages += pool->pages;
}

struct ouro__pool *ouro__empty_take(struct ouro__pools *pools, enum ouro__realm realm,
                                    unsigned pages)
{
    enum { tries = 8 }; /* pools of the other width are few: a longer search is not worth it */
    struct ouro__pool *pool = pools->realms[realm].empty;
    if (pools->pinned > 0) return NULL; /* a walk may be in it */
    for (int i = 0; pool != NULL && i < tries; i++, pool = pool->next) {
        if (pool->pages != pages) continue;
        empty_remove(&pools->realms[realm], pool);
        return pool;
    }
    return NULL;
}

/* Takes empty pools next to `pool` off the list too, upwards, up to `most` pages. */
static unsigned gather_run(struct ouro__realm_arenas *realm, struct ouro__pool *pool, unsigned most)
{
    struct ouro__arena *arena = ouro__arena_of(pool);
    size_t page = ouro__pool_page(pool);
    unsigned pages = pool->pages;
    empty_remove(realm, pool);
    while (pages < most && page + pages < arena->page_limit) {
        struct ouro__pool *next = ouro__arena_pool(arena, page + pages);
        if (next->state != OURO__POOL_EMPTY || next->back != 0) break;
        empty_remove(realm, next);
        pages += next->pages;
    }
    return pages;
}

static void forget_pools(struct ouro__pool *pool, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++) {
        pool[i].state = OURO__POOL_UNUSED;
        pool[i].back = 0;
        pool[i].pages = 0;
    }
}

/* A walk may stand in it. */
static bool stays_mapped(const struct ouro__pools *pools, const struct ouro__arena *arena)
{
    return pools->pinned > 0 || pools->marks.counting == arena;
}

static void arena_give(struct ouro__pools *pools, struct ouro__arena *arena)
{
    struct ouro__realm_arenas *realm = &pools->realms[arena->realm];
    if (arena->pages_used > 0 || stays_mapped(pools, arena)) return;
    if (arena->next != NULL) arena->next->previous = arena->previous;
    if (arena->previous != NULL)
        arena->previous->next = arena->next;
    else
        realm->arenas = arena->next;
    ouro__touched_forget(&pools->marks, arena);
    for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++)
        pools->marks.scratch_pools -= ouro__arena_pool(arena, page)->scratch;
    ouro__arena_free(&pools->source, arena);
}

/* As time passes the last of a realm stays: the next object would need one. */
static void arena_settle(struct ouro__pools *pools, struct ouro__arena *arena)
{
    if (pools->realms[arena->realm].arenas != arena || arena->next != NULL)
        arena_give(pools, arena);
}

void ouro__purge_arena_if_unused(struct ouro__pools *pools, struct ouro__arena *arena)
{
    struct ouro__pool *first = ouro__arena_pool(arena, OURO_ARENA_FIRST_PAGE);
    if (!arena->large)
        arena_settle(pools, arena);
    else if (first->used == 0)
        ouro__pools_give_large(pools, first->first);
}

/* Purges a run that begins with `pool`; returns its bytes. */
static size_t purge_run(struct ouro__pools *pools, struct ouro__pool *pool, unsigned most)
{
    struct ouro__arena *arena = ouro__arena_of(pool);
    size_t page = ouro__pool_page(pool);
    unsigned pages = gather_run(realm_of(pools, pool), pool, most);
    size_t bytes = (size_t)pages << OURO_POOL_SHIFT;
    pools->source.purge(pools->source.context, ouro__pool_start(pool), bytes);
    forget_pools(pool, pages);
    ouro__arena_return_pages(arena, page, pages);
    arena_settle(pools, arena);
    return bytes;
}

static bool pool_is_due(const struct ouro__pools *pools, const struct ouro__pool *empty)
{
    return (uint32_t)pools->tick - empty->empty_since >= pools->purge_delay; /* [purge.delay] */
}

/* Purges what is due of a realm, up to `most` pages; returns how many. */
static unsigned purge_due(struct ouro__pools *pools, struct ouro__realm_arenas *realm,
                          unsigned most)
{
    unsigned purged = 0;
    while (realm->empty_last != NULL && purged < most) {
        struct ouro__pool *oldest = realm->empty_last;
        if (!pool_is_due(pools, oldest)) break;
        purged += (unsigned)(purge_run(pools, oldest, most - purged) >> OURO_POOL_SHIFT);
    }
    return purged;
}

/* ---- large blocks that died ---- */

void ouro__purge_large(struct ouro__pools *pools, struct ouro__arena *arena)
{
    bool cuts = pools->source.obtain == ouro__system_source.obtain;
    ouro__watch_open(arena, arena->size); /* [watch.back] */
    if (!cuts || arena->size - OURO__POOLS_START <= OURO_PURGE_LARGE_PART) {
        ouro__arena_free(&pools->source, arena);
        return;
    }
    arena->next = pools->dying;
    pools->dying = arena;
}

/* Cuts a part off the end of a large block that died; returns its pages. */
static unsigned cut_large(struct ouro__pools *pools)
{
    struct ouro__arena *arena = pools->dying;
    if (arena == NULL) return 0;
    if (arena->size - OURO__POOLS_START <= OURO_PURGE_LARGE_PART) {
        pools->dying = arena->next;
        ouro__arena_free(&pools->source, arena);
    } else {
        arena->size -= OURO_PURGE_LARGE_PART;
        ouro__os_unmap((char *)arena + arena->size, OURO_PURGE_LARGE_PART);
    }
    return OURO_PURGE_LARGE_PART >> OURO_POOL_SHIFT;
}

static size_t purge_dying(struct ouro__pools *pools)
{
    size_t bytes = 0;
    for (struct ouro__arena *arena; (arena = pools->dying) != NULL;) {
        pools->dying = arena->next;
        bytes += arena->size - OURO__POOLS_START;
        ouro__arena_free(&pools->source, arena);
    }
    return bytes;
}

/* ---- when ---- */

/* A part of what may go by now: giving all of it back at once would be felt. */
static void purge_part(struct ouro__pools *pools)
{
    unsigned most =
        pools->purge_allowance < OURO_PURGE_PART ? pools->purge_allowance : OURO_PURGE_PART;
    unsigned purged = cut_large(pools);
    for (int realm = 0; realm < OURO__REALMS && purged < most && pools->source.purge != NULL;
         realm++)
        purged += purge_due(pools, &pools->realms[realm], most - purged);
    pools->purge_allowance -=
        purged > 0 && purged < pools->purge_allowance ? purged : pools->purge_allowance;
}

static void note_time(struct ouro__pools *pools)
{
    uint64_t now = ouro__os_milliseconds();
    if (now == pools->tick) return;
    uint64_t more = (now - pools->tick) * OURO_PURGE_RATE + pools->purge_allowance;
    pools->purge_allowance = more < OURO_PURGE_BATCH ? (unsigned)more : OURO_PURGE_BATCH;
    pools->tick = now;
    pools->hollow.part_is_due = true;
}

static bool look_is_due(const struct ouro__pools *pools)
{
    return pools->tick - pools->idle_tick >= pools->purge_delay;
}

/* Whether there is anything to do that takes its time. */
static bool is_due(const struct ouro__pools *pools)
{
    bool purges = pools->dying != NULL;
    for (int realm = 0; realm < OURO__REALMS && pools->source.purge != NULL; realm++) {
        const struct ouro__pool *oldest = pools->realms[realm].empty_last;
        purges |= oldest != NULL && pool_is_due(pools, oldest);
    }
    return (purges && pools->purge_allowance > 0) || look_is_due(pools) ||
           ouro__hollow_is_due(pools);
}

void ouro__purge_tick(struct ouro__pools *pools)
{
    note_time(pools);
    if (pools->has_worked) { /* [purge.turn] */
        pools->has_worked = false;
        pools->purge_waits = is_due(pools);
        return;
    }
    if (look_is_due(pools)) {
        pools->idle_tick = pools->tick;
        ouro__pools_flush_idle(pools); /* [purge.idle] */
        ouro__hollow_consider(pools);
    }
    ouro__hollow_some(pools);
    if (pools->purge_allowance > 0) purge_part(pools);
}

static void hollow_pool(struct ouro__pool *pool, void *context)
{
    *(size_t *)context += ouro__hole_make(ouro__pools_of(pool), pool);
}

/* Pages without a living block go from pools that others keep. */
static size_t hollow_realm(struct ouro__pools *pools, enum ouro__realm realm)
{
    size_t bytes = 0;
    ouro__walk_pools(pools, realm, hollow_pool, &bytes);
    return bytes;
}

static size_t purge_realm(struct ouro__pools *pools, enum ouro__realm realm)
{
    size_t bytes = 0;
    while (pools->realms[realm].empty_last != NULL)
        bytes += purge_run(pools, pools->realms[realm].empty_last, OURO_ARENA_PAGES);
    return bytes + hollow_realm(pools, realm);
}

/* Pages that nothing can purge, where all that are used belong to empty pools: the arena goes as it is.
 * Returns their bytes, or 0. */
static size_t forget_empty_pools(struct ouro__pools *pools, struct ouro__arena *arena)
{
    unsigned pages = 0;
    for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++) {
        const struct ouro__pool *pool = ouro__arena_pool(arena, page);
        if (pool->state == OURO__POOL_EMPTY && pool->back == 0) pages += pool->pages;
    }
    if (pages < arena->pages_used) return 0;
    for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++) {
        struct ouro__pool *pool = ouro__arena_pool(arena, page);
        if (pool->state == OURO__POOL_EMPTY && pool->back == 0)
            empty_remove(&pools->realms[arena->realm], pool);
    }
    arena->pages_used = 0;
    return (size_t)pages << OURO_POOL_SHIFT;
}

/* Also the last of a realm: where addresses are short, another realm may need them. */
static size_t give_arenas(struct ouro__pools *pools, enum ouro__realm realm)
{
    size_t bytes = 0;
    for (struct ouro__arena *arena = pools->realms[realm].arenas, *next; arena != NULL;
         arena = next) {
        next = arena->next;
        if (stays_mapped(pools, arena)) continue;
        if (pools->source.purge == NULL) bytes += forget_empty_pools(pools, arena);
        arena_give(pools, arena);
    }
    return bytes;
}

size_t ouro__purge_all(struct ouro__pools *pools)
{
    size_t bytes = purge_dying(pools);
    for (int realm = 0; realm < OURO__REALMS; realm++) {
        if (pools->source.purge != NULL) bytes += purge_realm(pools, (enum ouro__realm)realm);
        bytes += give_arenas(pools, (enum ouro__realm)realm);
    }
    return bytes;
}
