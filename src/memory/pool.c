/* SPDX-License-Identifier: MIT */
/*
 * pool.c -- where blocks come from and go to                           [floor 1]
 *
 *        class list  <--- hand-over ---  current pool  <---  available, empty, fresh
 *             |                               ^
 *             +---- overflow, in batches -----+---> full pools wake at an eighth free
 *
 * A pool's states and what moves it:
 *
 *     UNUSED -> CURRENT -> FULL -> AVAILABLE -> CURRENT
 *                  |                  |
 *                  +---> EMPTY <------+     EMPTY -> UNUSED by purging
 *
 * Below: arena.h, mark.h.  Beside: populate.h, purge.h.
 */
#include "memory/pool.h"

#include "base/probe.h"
#include "memory/hole.h"
#include "memory/meter.h"
#include "memory/populate.h"
#include "memory/purge.h"
#include "memory/quarantine.h"

#include <string.h>

void ouro__pools_init(struct ouro__pools *pools, const ouro_arena_source *source)
{
    if (OURO_IS_DEBUG_BUILD) ouro__watch_begin();
    pools->source = *source;
    pools->front.guess_word = UINT64_MAX; /* no object has such a word */
}

bool ouro__pools_refuses(struct ouro__pools *pools, size_t more)
{
    pools->refusal.requested = more;
    if (pools->refuse != NULL && pools->refuse(pools->refuse_context, more)) {
        pools->refusal.status = OURO_NO_MEMORY;
        return true;
    }
    if (pools->byte_limit == 0 || more == 0) return false;
    size_t in_use = pools->committed_bytes + pools->accounted_bytes;
    if (in_use <= pools->byte_limit && more <= pools->byte_limit - in_use) return false;
    pools->refusal.status = OURO_LIMIT;
    return true;
}

/* ---- the lists of states ---- */

static void available_add(struct ouro__pools *pools, struct ouro__pool *pool)
{
    struct ouro__pool **head = &pools->available[pool->bin];
    pool->state = OURO__POOL_AVAILABLE;
    pool->previous = NULL;
    pool->next = *head;
    if (*head != NULL) (*head)->previous = pool;
    *head = pool;
}

static void available_remove(struct ouro__pools *pools, struct ouro__pool *pool)
{
    if (pool->next != NULL) pool->next->previous = pool->previous;
    if (pool->previous != NULL)
        pool->previous->next = pool->next;
    else
        pools->available[pool->bin] = pool->next;
}

/* Brings the heap's live bytes up to date with a pool. */
static void tell_used(struct ouro__pools *pools, struct ouro__pool *pool)
{
    pools->live_bytes += ((size_t)pool->used - pool->told) * pool->block_size;
    pool->told = pool->used;
}

/* The use at which a pool is looked at again: an eighth further down. */
static uint32_t next_wake(const struct ouro__pool *pool)
{
    uint32_t share = pool->capacity / 8 > 0 ? pool->capacity / 8 : 1;
    return pool->used > share ? pool->used - share : 0;
}

static void make_full(struct ouro__pool *pool)
{
    pool->state = OURO__POOL_FULL;
    pool->wake = next_wake(pool); /* all its blocks are used */
}

void ouro__pool_settle(struct ouro__pools *pools, struct ouro__pool *pool)
{
    if (pool->used > pool->wake) return;
    tell_used(pools, pool);
    if (pool->state == OURO__POOL_FULL) available_add(pools, pool);
    pool->wake = next_wake(pool);
    if (pool->used > 0 || pool->state != OURO__POOL_AVAILABLE || pool->sets != 0) return;
    available_remove(pools, pool);
    pools->pools_of[pool->bin]--;
    ouro__empty_add(pools, pool);
}

/* What ouro__pool_push_list does, of blocks whose deaths were heard of. */
static void push_blocks(struct ouro__pools *pools, struct ouro__pool *pool, void *first, void *last,
                        uint32_t count)
{
    ouro__link_set(last, pool->free);
    pool->free = first;
    OURO_ASSERT(pool->used >= count); /* [pool.count] */
    pool->used -= count;
    if (UNLIKELY(pool->used <= pool->wake)) ouro__pool_settle(pools, pool);
}

void ouro__pool_push_list(struct ouro__pools *pools, struct ouro__pool *pool, void *first,
                          void *last, uint32_t count)
{
    if (UNLIKELY(pools->meter != NULL)) ouro__meter_died_list(pools, pool, first, count);
    push_blocks(pools, pool, first, last, count);
}

void ouro__pool_push(struct ouro__pools *pools, void *entry)
{
    struct ouro__pool *pool = ouro__pool_of(entry);
    pool->unmarked = true; /* [young.bit] */
    push_blocks(pools, pool, entry, entry, 1);
}

/* ---- fresh pools ---- */

static struct ouro__pool *format(struct ouro__pool *pool, size_t bin, unsigned pages)
{
    enum ouro__kind kind = ouro__bin_kind(bin);
    size_t offset = ouro__kind_offset(kind);
    size_t size = ouro__bin_size(bin);
    size_t room = ((size_t)pages << OURO_POOL_SHIFT) - (offset - ouro__kind_prefix(kind));
    if (OURO_GUARDED) room -= sizeof(ouro__word); /* [guard.canary] behind the last block */
    /* other words lie where blocks of another size were closed */
    ouro__watch_open(ouro__pool_start(pool), (size_t)pages << OURO_POOL_SHIFT);
    pool->free = NULL;
    pool->used = pool->told = pool->carved = pool->wake = 0;
    pool->unmarked = false;
    pool->holes = pool->hole_blocks = 0;
    pool->block_size = (uint32_t)size;
    pool->capacity = (uint32_t)(room / size);
    pool->reciprocal = pool->capacity > 1 ? (uint32_t)((((uint64_t)1 << 32) + size - 1) / size) : 0;
    pool->bin = (uint16_t)bin;
    pool->pages = (uint8_t)pages;
    pool->populated = (uint8_t)ouro__memory_pages(pages);
    pool->first = ouro__pool_start(pool) + offset;
    pool->back = 0;
    ouro__pool_clear_middle(pool);
    for (unsigned i = 1; i < pages; i++) {
        pool[i].pages = 0;
        pool[i].back = (uint8_t)i;
    }
    if (kind >= OURO__TRACKED) memset(ouro__pool_young(pool), 0, ouro__pool_young_words(pool) * 8);
    return pool;
}

static struct ouro__pool *take_clean(struct ouro__pools *pools, size_t bin, unsigned pages)
{
    enum ouro__realm realm = ouro__kind_realm(ouro__bin_kind(bin));
    struct ouro__realm_arenas *place = &pools->realms[realm];
    struct ouro__arena *arena = place->arenas;
    size_t page = 0;
    for (; arena != NULL; arena = arena->next) {
        page = ouro__arena_take_pages(arena, pages);
        if (page != 0) break;
    }
    if (arena == NULL) {
        arena = ouro__arena_new(&pools->source, pools, realm);
        if (arena == NULL) return NULL;
        arena->next = place->arenas;
        if (arena->next != NULL) arena->next->previous = arena;
        place->arenas = arena;
        page = ouro__arena_take_pages(arena, pages);
    }
    struct ouro__pool *pool = format(ouro__arena_pool(arena, page), bin, pages);
    ouro__populate_later(pools, pool);
    return pool;
}

/* A pool for the bin: one that waits empty, or clean pages. */
static struct ouro__pool *take_pool(struct ouro__pools *pools, size_t bin)
{
    unsigned pages = ouro__bin_is_narrow(bin) ? 1 : OURO_WIDE_PAGES;
    struct ouro__pool *pool = ouro__empty_take(pools, ouro__kind_realm(ouro__bin_kind(bin)), pages);
    if (pool != NULL)
        format(pool, bin, pages);
    else
        pool = take_clean(pools, bin, pages);
    if (pool == NULL) return NULL;
    pool->state = OURO__POOL_CURRENT;
    pools->pools_of[bin]++;
    return pool;
}

/* ---- refilling a class list ---- */

/* Cuts `count` more blocks, linked in order; returns the first. */
static void *carve(struct ouro__pools *pools, struct ouro__pool *pool, uint32_t count)
{
    const size_t size = pool->block_size;
    char *first = pool->first + pool->carved * size, *end = first + count * size;
    enum ouro__kind kind = ouro__bin_kind(pool->bin);
    ouro__populate(pools, pool, end);
    for (char *entry = first; entry < end;) {
        char *stop = ouro__young_word_end(entry);
        if (stop > end) stop = end;
        if (kind >= OURO__TRACKED) *ouro__young_word(entry) |= ouro__young_row(entry, stop, size);
        for (; entry < stop; entry += size) {
            ouro__block_cut(pool, entry, kind);
            ouro__link_set(entry, entry + size);
        }
    }
    ouro__link_set(end - size, NULL);
    if (OURO_GUARDED && kind != OURO__RAW) ouro__word_clear(end); /* [guard.canary] */
    pool->carved += count;
    pools->committed_bytes += (size_t)count * pool->block_size;
    return first;
}

static uint32_t carve_count(const struct ouro__pools *pools, const struct ouro__pool *pool)
{
    uint32_t left = pool->capacity - pool->carved;
    uint32_t count = pools->one_at_a_time ? 1 : OURO_CARVE_SIZE / pool->block_size;
    if (count == 0) count = 1;
    return count < left ? count : left;
}

static int32_t list_limit(size_t bin)
{
    size_t limit = OURO_LIST_BYTES / ouro__bin_size(bin);
    if (limit < OURO_LIST_MIN) limit = OURO_LIST_MIN;
    return (int32_t)(limit < OURO_LIST_MAX ? limit : OURO_LIST_MAX);
}

/* [pool.handover]: the entries from `first` on are used from now on. */
static void *hand_over(struct ouro__pools *pools, struct ouro__pool *pool, void *first,
                       uint32_t count)
{
    size_t bin = pool->bin;
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    pool->used += count;
    tell_used(pools, pool);
    pools->handed_bytes += (size_t)count * pool->block_size;
    if (bin >= (size_t)OURO__TRACKED << OURO__BIN_SHIFT) {
        pools->marks.young_handed += count;
        if (!pool->young) ouro__young_enlist(&pools->marks, pool); /* [young.listed] */
    }
    shelf->list = ouro__link(first);
    shelf->room = pools->one_at_a_time ? 0 : list_limit(bin) - (int32_t)count;
    shelf->batches = 0;
    OURO_PROBE2(alloc__refill, pool->block_size, count);
    return first;
}

/* Sets the young bits of linked blocks of one pool.  Neighbours share a word of bits, and a word is written
 * when all of a run are known: each write of the same would wait for the one before. */
static void mark_list(void *entry, uint32_t count)
{
    ouro__bits *word = ouro__young_word(entry);
    uint64_t bits = 0;
    for (; count > 0; count--, entry = ouro__link(entry)) {
        ouro__bits *next = ouro__young_word(entry);
        if (next != word) {
            *word |= bits;
            word = next;
            bits = 0;
        }
        bits |= ouro__young_bit(entry);
    }
    *word |= bits;
}

/* [young.bit] for a free list that is about to be handed out. */
static void mark_free(struct ouro__pool *pool)
{
    if (pool->unmarked && ouro__bin_kind(pool->bin) >= OURO__TRACKED)
        mark_list(pool->free, pool->carved - pool->used - pool->hole_blocks);
    pool->unmarked = false;
}

/* The first `count` of a longer free list. */
static void *hand_over_part(struct ouro__pools *pools, struct ouro__pool *pool, uint32_t count)
{
    void *first = pool->free, *last = first;
    for (uint32_t i = 1; i < count; i++) last = ouro__link(last);
    pool->free = ouro__link(last);
    ouro__link_set(last, NULL);
    if (pool->unmarked && ouro__bin_kind(pool->bin) >= OURO__TRACKED)
        mark_list(first, count); /* [young.bit] */
    return hand_over(pools, pool, first, count);
}

static void *hand_over_free(struct ouro__pools *pools, struct ouro__pool *pool, uint32_t *count)
{
    const uint32_t all = pool->carved - pool->used - pool->hole_blocks;
    if (UNLIKELY(*count < all)) return hand_over_part(pools, pool, *count);
    *count = all;
    mark_free(pool);
    void *first = pool->free;
    pool->free = NULL;
    return hand_over(pools, pool, first, all);
}

/* When no memory is to be had, full pools that have slept over a few free blocks are
 * good enough. */
static struct ouro__pool *wake_any(struct ouro__pools *pools, size_t bin)
{
    enum ouro__realm realm = ouro__kind_realm(ouro__bin_kind(bin));
    for (struct ouro__arena *arena = pools->realms[realm].arenas; arena != NULL;
         arena = arena->next) {
        for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++) {
            struct ouro__pool *pool = ouro__arena_pool(arena, page);
            if (pool->state == OURO__POOL_FULL && pool->bin == bin && pool->back == 0 &&
                pool->free != NULL)
                return pool;
        }
    }
    return NULL;
}

/* Makes a pool of the bin with free or uncarved blocks current. */
static struct ouro__pool *next_pool(struct ouro__pools *pools, size_t bin)
{
    struct ouro__pool *pool = pools->available[bin];
    if (pool != NULL) {
        available_remove(pools, pool);
    } else {
        pool = take_pool(pools, bin);
        if (pool == NULL) pool = wake_any(pools, bin);
        if (pool == NULL) return NULL;
    }
    pool->state = OURO__POOL_CURRENT;
    pool->wake = 0;
    pools->current[bin] = pool;
    return pool;
}

void *ouro__pools_hand_over(struct ouro__pools *pools, size_t bin, uint32_t *count)
{
    for (struct ouro__pool *pool = pools->current[bin];;) {
        if (pool != NULL) {
            if (pool->free == NULL && pool->holes != 0) {
                if (ouro__pools_refuses(pools, ouro__hole_bytes(pool))) return NULL;
                ouro__hole_fill(pools, pool);
            }
            bool carves = pool->free == NULL;
            uint32_t cut = carves ? carve_count(pools, pool) : 0;
            if (!carves || cut > 0) {
                if (ouro__pools_refuses(pools, (size_t)cut * pool->block_size)) return NULL;
                if (carves) pool->free = carve(pools, pool, cut);
                return hand_over_free(pools, pool, count);
            }
            make_full(pool);
            pools->current[bin] = NULL;
        }
        pools->refusal = (struct ouro__refusal){OURO_NO_MEMORY, OURO_POOL_SIZE};
        pool = next_pool(pools, bin);
        if (pool == NULL) return NULL;
    }
}

void *ouro__pools_refill(struct ouro__pools *pools, size_t bin)
{
    if (UNLIKELY(pools->meter != NULL)) return ouro__meter_take(pools, bin);
    uint32_t count = pools->one_at_a_time ? 1 : UINT32_MAX;
    ouro__purge_tick(pools);
    if (ouro__bin_kind(bin) != OURO__RAW) pools->passed_tick = pools->tick;
    return ouro__pools_hand_over(pools, bin, &count);
}

/* ---- giving blocks back ---- */

static int32_t list_length(const struct ouro__pools *pools, size_t bin, int32_t most)
{
    int32_t length = 0;
    for (void *entry = pools->front.shelf[bin].list; entry != NULL && length < most; length++)
        entry = ouro__link(entry);
    return length;
}

/* So many blocks go from a full list to their pools at once. */
static int32_t batch_size(size_t bin)
{
    return list_limit(bin) / OURO_LIST_BATCHES + 1;
}

static void flush_bin(struct ouro__pools *pools, size_t bin)
{
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    void *entry = shelf->list;
    void *hot = shelf->hot;
    uint64_t count = 0;
    for (; entry != NULL; count++) {
        void *next = ouro__link(entry);
        ouro__pool_push(pools, entry);
        entry = next;
    }
    if (UNLIKELY(pools->meter != NULL)) ouro__meter_flushed(pools, bin, count);
    shelf->list = NULL;
    shelf->hot = NULL;
    shelf->room = 0;
    shelf->batches = 0;
    if (hot != NULL) ouro__pool_push(pools, hot); /* [list.hot] */
    struct ouro__pool *current = pools->current[bin];
    if (current == NULL || current->used > 0) return;
    pools->current[bin] = NULL;
    available_add(pools, current);
    current->wake = 0;
    ouro__pool_settle(pools, current);
}

/* A program that lives on the blocks of a list would never pass by the heap, which has things to do now and then: a
 * cycle under way, marks to give back. */
static bool has_passed_by(const struct ouro__pools *pools, size_t bin)
{
    return ouro__bin_kind(bin) == OURO__RAW || pools->tick - pools->passed_tick < OURO_PASS_BY_MS;
}

/*
 * The list's room is used up, but allocations may have taken from it since: its
 * length is measured.  A list more than half full gives batches back for a while
 * before it is measured again.  [list.bounded]
 */
static void measure_list(struct ouro__pools *pools, size_t bin)
{
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    int32_t half = list_limit(bin) / 2;
    ouro__purge_tick(pools);
    if (!has_passed_by(pools, bin))
        flush_bin(pools, bin);
    else if (list_length(pools, bin, half + 1) > half)
        shelf->batches = 16 * OURO_LIST_BATCHES;
    else
        shelf->room = half;
}

/* Gives the first blocks of a list that are of one pool back to it, `most` at most: they are linked
 * already.  Returns the rest of the list; `*out_count` is how many went. */
static void *push_run(struct ouro__pools *pools, void *first, int32_t most, int32_t *out_count)
{
    struct ouro__pool *pool = ouro__pool_of(first);
    void *last = first, *next = ouro__link(first);
    int32_t count = 1;
    for (;
         count < most && (uintptr_t)next >> OURO_POOL_SHIFT == (uintptr_t)first >> OURO_POOL_SHIFT;
         count++) {
        last = next;
        next = ouro__link(next);
    }
    push_blocks(pools, pool, first, last, (uint32_t)count);
    *out_count = count;
    return next;
}

/* The newest blocks of a list go to their pools: they are in the cache still, so that nothing waits
 * but for what pool headers say.  Returns how many. */
static int32_t give_batch(struct ouro__pools *pools, struct ouro__shelf *shelf, int32_t size)
{
    int32_t left = size, count;
    void *entry = shelf->list;
    for (; entry != NULL && left > 0; left -= count) entry = push_run(pools, entry, left, &count);
    shelf->list = entry;
    shelf->room = size;
    shelf->batches--;
    return size - left;
}

int32_t ouro__pools_make_room(struct ouro__pools *pools, size_t bin, uint64_t *supply)
{
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    if (pools->one_at_a_time) return 0;
    if (shelf->batches == 0) measure_list(pools, bin);
    if (shelf->room == 0) *supply -= (uint64_t)give_batch(pools, shelf, batch_size(bin));
    const int32_t room = shelf->room;
    shelf->room = 0;
    return room;
}

void ouro__pools_give_list(struct ouro__pools *pools, struct ouro__pool *pool, void *first,
                           void *last, uint32_t count)
{
    struct ouro__shelf *shelf = &pools->front.shelf[pool->bin];
    if (UNLIKELY(pools->meter != NULL)) ouro__meter_died_list(pools, pool, first, count);
    ouro__link_set(last, shelf->list);
    shelf->list = first;
    shelf->room -= (int32_t)count;
    if (ouro__bin_kind(pool->bin) < OURO__TRACKED) return;
    if (pool->unmarked) mark_list(first, count);               /* [young.bit] */
    if (!pool->young) ouro__young_enlist(&pools->marks, pool); /* [young.listed] */
}

void ouro__give_full(struct ouro__front *front, void *entry, struct ouro__shelf *shelf)
{
    struct ouro__pools *pools = (struct ouro__pools *)(void *)front;
    size_t bin = (size_t)(shelf - front->shelf);
    shelf->room = 0;
    if (UNLIKELY(pools->meter != NULL)) {
        ouro__meter_give(pools, entry, bin);
        return;
    }
    if (!pools->one_at_a_time) {
        if (shelf->batches == 0) measure_list(pools, bin);
        if (shelf->room > 0) {
            ouro__pools_give_any(pools, entry, bin);
            return;
        }
        (void)give_batch(pools, shelf, batch_size(bin));
    }
    ouro__pool_push(pools, entry);
}

void ouro__pools_flush(struct ouro__pools *pools)
{
    if (OURO_GUARDED) ouro__quarantine_drain(pools);
    for (size_t bin = 0; bin < OURO__BINS; bin++) {
        const struct ouro__shelf *shelf = &pools->front.shelf[bin];
        if (shelf->list != NULL || shelf->hot != NULL || pools->current[bin] != NULL)
            flush_bin(pools, bin);
    }
}

void ouro__pools_flush_idle(struct ouro__pools *pools)
{
    for (size_t bin = 0; bin < OURO__BINS; bin++) {
        struct ouro__shelf *shelf = &pools->front.shelf[bin];
        void *list = shelf->list != NULL ? shelf->list : shelf->hot;
        if (list != NULL && list == shelf->list_at_tick) {
            flush_bin(pools, bin);
            list = NULL;
        }
        shelf->list_at_tick = list;
    }
}

uint64_t ouro__pools_tracked_traffic(const struct ouro__pools *pools)
{
    uint64_t sum = pools->marks.young_handed;
    for (size_t bin = (size_t)OURO__TRACKED << OURO__BIN_SHIFT; bin < OURO__BINS; bin++) {
        const struct ouro__shelf *shelf = &pools->front.shelf[bin];
        sum = (sum ^ (uintptr_t)shelf->list) * 31 + (uint32_t)shelf->room;
    }
    return sum;
}

void ouro__pools_enlist_cached(struct ouro__pools *pools)
{
    for (size_t bin = (size_t)OURO__TRACKED << OURO__BIN_SHIFT; bin < OURO__BINS; bin++) {
        for (void *entry = pools->front.shelf[bin].list; entry != NULL; entry = ouro__link(entry)) {
            struct ouro__pool *pool = ouro__pool_of(entry);
            if (!pool->young) ouro__young_enlist(&pools->marks, pool);
        }
    }
}

/* ---- large blocks ---- */

void *ouro__pools_take_large(struct ouro__pools *pools, enum ouro__kind kind, size_t block_size)
{
    ouro__purge_tick(pools);
    if (ouro__pools_refuses(pools, block_size)) return NULL;
    pools->refusal = (struct ouro__refusal){OURO_NO_MEMORY, block_size};
    struct ouro__arena *arena = ouro__arena_new_large(&pools->source, pools, kind, block_size);
    if (arena == NULL) return NULL;
    struct ouro__arena **head = &pools->realms[arena->realm].large;
    arena->next = *head;
    if (*head != NULL) (*head)->previous = arena;
    *head = arena;

    struct ouro__pool *pool = ouro__arena_pool(arena, OURO_ARENA_FIRST_PAGE);
    pool->state = OURO__POOL_FULL;
    pool->bin = (uint16_t)((size_t)kind << OURO__BIN_SHIFT);
    pool->used = pool->told = pool->carved = pool->capacity = 1;
    pool->pages = 1;
    pool->first = (char *)arena + OURO__POOLS_START + ouro__kind_offset(kind);
    size_t bytes = arena->size - OURO__POOLS_START;
    pools->committed_bytes += bytes;
    pools->live_bytes += bytes;
    pools->handed_bytes += bytes;
    if (kind >= OURO__TRACKED) {
        pools->marks.young_handed++;
        ouro__young_mark(&pools->marks, pool->first);
    }
    OURO_PROBE1(alloc__large, bytes);
    if (UNLIKELY(pools->meter != NULL)) ouro__meter_large(pools, pool->first, pool->bin, bytes);
    return pool->first;
}

void ouro__pools_give_large(struct ouro__pools *pools, void *entry)
{
    struct ouro__arena *arena = ouro__arena_of(entry);
    struct ouro__pool *pool = ouro__pool_of(entry);
    if (UNLIKELY(pools->meter != NULL)) ouro__meter_died(pools, pool, entry);
    if (pool->sets != 0 || pools->pinned > 0 || pools->marks.counting == arena) {
        /* the running cycle or the walk's end gives it back */
        pool->used = 0;
        return;
    }
    if (pool->young) ouro__young_unlist(&pools->marks, pool);
    if (UNLIKELY(pool->numbers != NULL)) pools->meter->forget(pools->meter, pool);
    size_t bytes = arena->size - OURO__POOLS_START;
    pools->committed_bytes -= bytes;
    pools->live_bytes -= bytes;
    if (arena->next != NULL) arena->next->previous = arena->previous;
    if (arena->previous != NULL)
        arena->previous->next = arena->next;
    else
        pools->realms[arena->realm].large = arena->next;
    if (arena->realm == OURO__REALM_TRACKED) ouro__touched_forget(&pools->marks, arena);
    if (OURO_GUARDED && ouro__quarantine_large(pools, arena)) return;
    ouro__purge_large(pools, arena);
}

void ouro__pools_pin(struct ouro__pools *pools)
{
    pools->pinned++;
}

void ouro__pools_unpin(struct ouro__pools *pools)
{
    if (--pools->pinned > 0) return;
    for (int realm = 0; realm < OURO__REALMS; realm++) {
        for (struct ouro__arena *arena = pools->realms[realm].large, *next; arena != NULL;
             arena = next) {
            next = arena->next;
            struct ouro__pool *pool = ouro__arena_pool(arena, OURO_ARENA_FIRST_PAGE);
            if (pool->used == 0) ouro__pools_give_large(pools, pool->first);
        }
    }
}

size_t ouro__pools_trim(struct ouro__pools *pools)
{
    ouro__pools_flush(pools);
    if (OURO_GUARDED) ouro__quarantine_release_large(pools);
    return ouro__purge_all(pools);
}

size_t ouro__pools_arenas(const struct ouro__pools *pools)
{
    size_t count = 0;
    for (const struct ouro__arena *arena = pools->realms[OURO__REALM_TRACKED].arenas; arena != NULL;
         arena = arena->next)
        count++;
    return count;
}

static void free_arenas(struct ouro__pools *pools, struct ouro__arena *arena)
{
    while (arena != NULL) {
        struct ouro__arena *next = arena->next;
        ouro__arena_free(&pools->source, arena);
        arena = next;
    }
}

void ouro__pools_destroy(struct ouro__pools *pools)
{
    for (int realm = 0; realm < OURO__REALMS; realm++) {
        free_arenas(pools, pools->realms[realm].arenas);
        free_arenas(pools, pools->realms[realm].large);
    }
    free_arenas(pools, pools->dying);
    if (OURO_GUARDED) ouro__quarantine_destroy(pools);
}
