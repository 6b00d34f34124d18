/* SPDX-License-Identifier: MIT */
/*
 * quarantine.c -- what died waits, and is looked at before it lives again
 *                                                                     [floor 1]
 * The quarantine is a ring of runs: blocks of one pool that died in a row, linked.  A run leaves it as it is, since
 * what died a mebibyte ago is in no near cache any more.
 */
#include "memory/quarantine.h"

#include "base/os.h"
#include "memory/hole.h"
#include "memory/meter.h"

static size_t room_of(const struct ouro__pool *pool)
{
    return pool->block_size - ouro__kind_prefix(ouro__bin_kind(pool->bin));
}

/* Eight bytes of what free blocks are filled with. */
static const uint64_t fill_word = UINT64_C(0x0101010101010101) * OURO__FILL_FREE;

/* ---- what was born where ---- */

/* Places by a hash of the address, of which the last birth has each: 17 bits of a type's number above an address.
 * [arena.below47] */
enum { BIRTHS_SHIFT = 17, NUMBER_SHIFT = 47, BIRTHS_SIZE = sizeof(uint64_t) << BIRTHS_SHIFT };

static uint64_t *birth_of(const struct ouro__guard *guard, const void *entry)
{
    uint32_t hash = (uint32_t)((uintptr_t)entry >> 3) * UINT32_C(0x9E3779B1);
    return &guard->births[hash >> (32 - BIRTHS_SHIFT)];
}

void ouro__guard_note_birth(struct ouro__pools *pools, const void *entry, uint32_t number)
{
    struct ouro__guard *guard = &pools->guard;
    if (UNLIKELY(guard->births == NULL)) guard->births = ouro__os_map_apart(BIRTHS_SIZE);
    if (guard->births == NULL) return;
    *birth_of(guard, entry) = (uint64_t)number << NUMBER_SHIFT | (uintptr_t)entry;
}

uint32_t ouro__guard_last_birth(const struct ouro__pools *pools, const void *entry)
{
    if (pools->guard.births == NULL) return 0;
    uint64_t birth = *birth_of(&pools->guard, entry);
    uint64_t address = birth & (((uint64_t)1 << NUMBER_SHIFT) - 1);
    return address == (uintptr_t)entry ? (uint32_t)(birth >> NUMBER_SHIFT) : 0;
}

/* ---- what is wrong ---- */

/* The block of a damaged place is named by its first address, which is the object's. */
static _Noreturn void written_after_free(const struct ouro__pool *pool, const void *entry)
{
    ouro__misuse(entry, "the free block of %u bytes at %p was written to after it was freed",
                 pool->block_size, entry);
}

void ouro__guard_link_broken(const void *entry)
{
    written_after_free(ouro__pool_of(entry), entry);
}

static _Noreturn void trampled_behind(const struct ouro__pool *pool, const void *entry)
{
    ouro__misuse(
        entry,
        "the bytes behind the block of %u bytes of %p were written to: it overflowed, or the "
        "block behind it at %p was written to in front of its beginning",
        pool->block_size, entry, (const void *)((const char *)entry + pool->block_size));
}

NOINLINE void ouro__guard_check_free(const struct ouro__pool *pool, const void *entry)
{
    const ouro__word *words = entry;
    bool has_word = ouro__bin_kind(pool->bin) != OURO__RAW;
    ouro__watch_open(entry, room_of(pool));
    if (has_word && *ouro__word_of(entry) != ouro__canary(entry))
        ouro__misuse(
            entry,
            "the word in front of the free block of %u bytes at %p was written to: the block "
            "before it overflowed, or this one was written to after it was freed",
            pool->block_size, entry);
    (void)ouro__link(entry);
    for (size_t i = 2; i < room_of(pool) / 8; i++)
        if (words[i] != fill_word) written_after_free(pool, entry);
    ouro__watch_close(entry, room_of(pool));
}

/* ---- neighbours ---- */

ALWAYS_INLINE bool next_stands(const struct ouro__pool *pool, const void *entry)
{
    const char *next = (const char *)entry + pool->block_size;
    if (UNLIKELY(pool->holes != 0) && ouro__hole_has(pool, next - sizeof(ouro__word)) &&
        *ouro__word_of(next) == 0)
        return true; /* that page was given back */
    return ouro__canary_stands(next);
}

bool ouro__guard_next_stands(const struct ouro__pool *pool, const void *entry)
{
    return pool->block_size == 0 || next_stands(pool, entry);
}

void ouro__guard_check_next(const struct ouro__pool *pool, const void *entry)
{
    if (!ouro__guard_next_stands(pool, entry)) trampled_behind(pool, entry);
}

/* ---- in and out ---- */

void ouro__guard_hand_out(void *entry, unsigned char fill)
{
    const struct ouro__pool *pool = ouro__pool_of(entry);
    ouro__word *words = entry;
    if (UNLIKELY(pool->block_size == 0)) return; /* a mapping of its own is fresh */
    if (ouro__bin_kind(pool->bin) != OURO__RAW &&
        UNLIKELY(*ouro__word_of(entry) != ouro__canary(entry)))
        ouro__guard_check_free(pool, entry);
    if (OURO_IS_DEBUG_BUILD) {
        ouro__guard_check_free(pool, entry);
        ouro__watch_open(entry, room_of(pool));
        memset(entry, fill, room_of(pool));
        return;
    }
    words[0] = words[1] = 0; /* whoever took the block off its list looked at the link */
    for (size_t i = 2; i < room_of(pool) / 8; i++)
        if (UNLIKELY(words[i] != fill_word)) written_after_free(pool, entry);
}

static size_t runs_size(void)
{
    return (OURO_QUARANTINE_RUNS * sizeof(struct ouro__run) + 4095) & ~(size_t)4095;
}

/* The oldest run goes to its pool as it is: only its last block is touched. */
static void leave(struct ouro__pools *pools)
{
    struct ouro__guard *guard = &pools->guard;
    struct ouro__run *run = &guard->runs[guard->oldest];
    struct ouro__pool *pool = ouro__pool_of(run->first);
    guard->oldest = (guard->oldest + 1) % guard->run_room;
    guard->run_count--;
    guard->quarantined -= (size_t)run->count * pool->block_size;
    ouro__link_set(run->last, pool->free);
    pool->free = run->first;
    OURO_ASSERT(pool->used >= run->count); /* [pool.count] */
    pool->used -= run->count;
    if (UNLIKELY(pool->used <= pool->wake)) ouro__pool_settle(pools, pool);
}

/* A full ring grows into memory that was not touched yet, or lets its oldest go.  What lay in front of the oldest comes
 * behind all others. */
static void make_room(struct ouro__pools *pools)
{
    struct ouro__guard *guard = &pools->guard;
    if (guard->run_room == OURO_QUARANTINE_RUNS) {
        leave(pools);
        return;
    }
    memcpy(guard->runs + guard->run_room, guard->runs, guard->oldest * sizeof *guard->runs);
    guard->run_room *= 2;
}

static bool begin_ring(struct ouro__guard *guard)
{
    guard->runs = ouro__os_map_apart(runs_size());
    guard->run_room = OURO_QUARANTINE_RUNS_FIRST;
    return guard->runs != NULL;
}

void ouro__quarantine_add(struct ouro__pools *pools, struct ouro__pool *pool, void *first,
                          void *last, uint32_t count)
{
    struct ouro__guard *guard = &pools->guard;
    struct ouro__run run = {first, last, count};
    if (UNLIKELY(pools->meter != NULL)) ouro__meter_died_list(pools, pool, first, count);
    ouro__link_set(last, NULL);
    if (UNLIKELY(guard->runs == NULL) && !begin_ring(guard)) {
        ouro__link_set(last, pool->free); /* the system gave no more memory: no quarantine */
        pool->free = first;
        pool->used -= count;
        ouro__pool_settle(pools, pool);
        return;
    }
    struct ouro__run *newest = ouro__quarantine_run(guard, guard->run_count - 1);
    if (guard->run_count > 0 && ouro__pool_of(newest->first) == pool) {
        ouro__link_set(newest->last, first);
        newest->last = last;
        newest->count += count;
    } else {
        if (guard->run_count == guard->run_room) make_room(pools);
        *ouro__quarantine_run(guard, guard->run_count++) = run;
    }
    guard->quarantined += (size_t)count * pool->block_size;
    while (guard->quarantined > OURO_QUARANTINE_BYTES) leave(pools); /* [quarantine.order] */
}

void ouro__guard_retire(struct ouro__pools *pools, void *entry)
{
    struct ouro__pool *pool = ouro__pool_of(entry);
    enum ouro__kind kind = ouro__bin_kind(pool->bin);
    if (kind != OURO__RAW) {
        if (UNLIKELY(!ouro__guard_has(entry, OURO__REGION_OBJECTS) || !ouro__canary_stands(entry)))
            ouro__guard_refuse(entry, "free");
        ouro__word_clear(entry);
        ouro__state_clear(entry);
        ouro__watch_died(entry);
    }
    if (UNLIKELY(pool->block_size == 0)) return;
    if (kind != OURO__RAW && UNLIKELY(!next_stands(pool, entry))) trampled_behind(pool, entry);
    if (kind >= OURO__TRACKED && !ouro__is_young(entry)) ouro__young_set(entry); /* [young.bit] */
    ouro__guard_fill(entry, ouro__guard_fill_words(pool));
    ouro__quarantine_add(pools, pool, entry, entry, 1);
}

static void check_run(const struct ouro__run *run)
{
    const void *entry = run->first;
    for (uint32_t i = 0; i < run->count; i++, entry = ouro__link(entry))
        ouro__guard_check_free(ouro__pool_of(entry), entry);
}

void ouro__quarantine_drain(struct ouro__pools *pools)
{
    for (; pools->guard.run_count > 0; leave(pools))
        check_run(&pools->guard.runs[pools->guard.oldest]);
}

void ouro__quarantine_destroy(struct ouro__pools *pools)
{
    if (pools->guard.runs != NULL) ouro__os_unmap_apart(pools->guard.runs, runs_size());
    if (pools->guard.births != NULL) ouro__os_unmap_apart(pools->guard.births, BIRTHS_SIZE);
    ouro__quarantine_release_large(pools);
}

/* ---- large blocks ---- */

static void release_oldest(struct ouro__pools *pools)
{
    struct ouro__guard *guard = &pools->guard;
    struct ouro__arena *arena = guard->dead;
    guard->dead = arena->next;
    if (guard->dead == NULL) guard->dead_newest = NULL;
    guard->dead_count--;
    ouro__arena_free(&pools->source, arena);
}

bool ouro__quarantine_large(struct ouro__pools *pools, struct ouro__arena *arena)
{
    struct ouro__guard *guard = &pools->guard;
    if (pools->source.obtain != ouro__system_source.obtain) return false;
    char *start = (char *)arena + OURO__POOLS_START;
    ouro__watch_close(start, arena->size - OURO__POOLS_START);
    ouro__os_purge(start, arena->size - OURO__POOLS_START);
    if (!ouro__os_deny(start, arena->size - OURO__POOLS_START)) return false;
    arena->next = NULL;
    if (guard->dead_newest != NULL)
        guard->dead_newest->next = arena;
    else
        guard->dead = arena;
    guard->dead_newest = arena;
    if (++guard->dead_count > OURO_QUARANTINE_LARGE) release_oldest(pools);
    return true;
}

void ouro__quarantine_release_large(struct ouro__pools *pools)
{
    while (pools->guard.dead != NULL) release_oldest(pools);
}
