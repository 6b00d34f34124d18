/* SPDX-License-Identifier: MIT */
/*
 * quarantine.c -- what died waits, and is looked at before it lives again
 *                                                                     [floor 1]
 * The quarantine is a list through the dead blocks themselves, so it takes no memory but theirs.
 */
#include "memory/quarantine.h"

#include "base/os.h"
#include "memory/hole.h"

static size_t room_of(const struct ouro__pool *pool)
{
    return pool->block_size - ouro__kind_prefix(ouro__bin_kind(pool->bin));
}

/* Eight bytes of what free blocks are filled with. */
static const uint64_t fill_word = UINT64_C(0x0101010101010101) * OURO__FILL_FREE;

/* Stores and loads of words, since most blocks are shorter than a call of memset is worth. */
ALWAYS_INLINE void fill(void *entry, size_t size)
{
    ouro__word *words = entry;
    if (size > 256) {
        memset(entry, OURO__FILL_FREE, size);
        return;
    }
    for (size_t i = 0; i < size / 8; i++) words[i] = fill_word;
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
    if (has_word && *ouro__word_of(entry) != ouro__canary(entry))
        ouro__misuse(
            entry,
            "the word in front of the free block of %u bytes at %p was written to: the block "
            "before it overflowed, or this one was written to after it was freed",
            pool->block_size, entry);
    (void)ouro__link(entry);
    for (size_t i = 2; i < room_of(pool) / 8; i++)
        if (words[i] != fill_word) written_after_free(pool, entry);
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

void ouro__guard_hand_out(void *entry, unsigned char first)
{
    const struct ouro__pool *pool = ouro__pool_of(entry);
    ouro__word *words = entry;
    if (UNLIKELY(pool->block_size == 0)) return; /* a mapping of its own is fresh */
    if (ouro__bin_kind(pool->bin) != OURO__RAW &&
        UNLIKELY(*ouro__word_of(entry) != ouro__canary(entry)))
        ouro__guard_check_free(pool, entry);
    if (OURO_IS_DEBUG_BUILD) {
        ouro__guard_check_free(pool, entry);
        memset(entry, first, room_of(pool));
        return;
    }
    words[0] = words[1] = 0; /* whoever took the block off its list looked at the link */
    for (size_t i = 2; i < room_of(pool) / 8; i++)
        if (UNLIKELY(words[i] != fill_word)) written_after_free(pool, entry);
}

static void leave(struct ouro__pools *pools)
{
    struct ouro__guard *guard = &pools->guard;
    void *entry = guard->oldest;
    guard->oldest = ouro__link(entry);
    if (guard->oldest == NULL) guard->newest = NULL;
    guard->quarantined -= ouro__pool_of(entry)->block_size;
    ouro__pool_push(pools, entry);
}

ALWAYS_INLINE void enter(struct ouro__pools *pools, const struct ouro__pool *pool, void *entry)
{
    struct ouro__guard *guard = &pools->guard;
    ouro__link_set(entry, NULL);
    if (LIKELY(guard->newest != NULL))
        ouro__link_set(guard->newest, entry);
    else
        guard->oldest = entry;
    guard->newest = entry;
    guard->quarantined += pool->block_size;
    while (guard->quarantined > OURO_QUARANTINE_BYTES) leave(pools); /* [quarantine.order] */
}

void ouro__guard_retire(struct ouro__pools *pools, void *entry)
{
    const struct ouro__pool *pool = ouro__pool_of(entry);
    enum ouro__kind kind = ouro__bin_kind(pool->bin);
    if (kind != OURO__RAW) {
        if (UNLIKELY(!ouro__guard_has(entry, OURO__REGION_OBJECTS) || !ouro__canary_stands(entry)))
            ouro__guard_refuse(entry, "free");
        ouro__word_clear(entry);
        ouro__state_clear(entry);
    }
    if (UNLIKELY(pool->block_size == 0)) return;
    if (kind != OURO__RAW && UNLIKELY(!next_stands(pool, entry))) trampled_behind(pool, entry);
    fill(entry, room_of(pool));
    enter(pools, pool, entry);
}

void ouro__quarantine_drain(struct ouro__pools *pools)
{
    while (pools->guard.oldest != NULL) {
        ouro__guard_check_free(ouro__pool_of(pools->guard.oldest), pools->guard.oldest);
        leave(pools);
    }
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
