/* SPDX-License-Identifier: MIT */
/*
 * whole.c -- the proposer that looks at everything                     [floor 5]
 *
 *     COUNT   every object x:  for y in references(x): tally[y]++
 *     DECIDE  count(x) > tally[x]: live, and all it reaches; what is left is suspect
 *
 * No count is written.  The set bit of an object means here that it is not
 * proven live yet.  All but the walk in address order are visits at random, so what is visited is kept
 * small: a byte for a tally, a bit for the proof.
 *
 * The program runs between steps, so tallies may be wrong in any way: this only proposes.  Where a
 * program names its roots, nothing is tallied, and what they do not reach is suspect; nor where most
 * objects were garbage in the last cycle: then all are suspect at once.
 */
#include "collector/collector.h"

#include "object/fence.h"

#include <string.h>

/* Blocks between two looks at what is left of the step. */
enum { STRIDE = 16 };

static bool is_candidate(uint64_t word)
{
    return !ouro__word_is_dying(word) && (word & OURO__FROZEN) == 0 &&
           !ouro__word_is_immortal(word);
}

/* Where a program names its roots, or all are suspect at once, nothing is tallied. */
static bool takes_tallies(const struct ouro__collector *collector)
{
    return !collector->by_roots && !collector->direct;
}

/* ---- COUNT ---- */

/* Tells a wrong count where tallies are exact; elsewhere the program may have dropped references. */
static __attribute__((noinline)) void carry(const struct ouro__collector *collector, void *object)
{
    uint32_t count = ouro__word_count(*ouro__word_of(object));
    uint32_t counted = *ouro__count_of(object) += 256;
    ouro__pool_of(object)->carried = true;
    if (collector->exact && count < (counted & OURO__COUNT_MASK))
        ouro__verify_count_too_low(object, count, counted & OURO__COUNT_MASK);
}

ALWAYS_INLINE void tally_reference(void *referent, void *context)
{
    if (OURO_GUARDED) ouro__guard_region(referent);
    if (UNLIKELY(!ouro__is_tracked_entry(referent))) return;
    if (UNLIKELY(++*ouro__tally_of(referent) == 0)) carry(context, referent);
}

/* Each once, by its map, whoever is a candidate. */
static void tally_ephemeron(struct ouro__collector *collector, struct ouro__ephemeron *ephemeron)
{
    if (ephemeron->value != NULL) tally_reference(ephemeron->value, collector);
}

/* The next pool from the cursor on joins the set; false when there is none. */
static bool next_pool(struct ouro__collector *collector)
{
    struct ouro__pools *pools = ouro__collector_pools(collector);
    struct ouro__arena *arena = pools->marks.counting;
    while (arena != NULL) {
        for (; collector->page < arena->page_limit; collector->page++) {
            struct ouro__pool *pool = ouro__arena_pool(arena, collector->page);
            collector->units--;
            if (pool->used == 0) continue;
            OURO_ASSERT(pool->state >= OURO__POOL_CURRENT && pool->back == 0);
            collector->page++;
            ouro__set_add(collector, pool);
            collector->cursor = pool;
            collector->at = 0;
            return true;
        }
        collector->page = OURO_ARENA_FIRST_PAGE;
        arena = ouro__set_next_arena(pools, arena);
    }
    return false;
}

/* The tallies that the common fields of some blocks lead to.  A free block shows none, whatever it
 * holds, as its word names no type.  Inline, since a compiler takes a function that does nothing but fetch for one
 * that does nothing (GCC 12), and leaves the call out. */
ALWAYS_INLINE void fetch_tallies(char *entry, size_t count, size_t block_size)
{
    for (; count > 0; count--, entry += block_size) {
        ouro__slot *words = (ouro__slot *)(void *)entry;
        for (uint64_t mask = ouro__shape_of(entry)->mask; mask != 0; mask &= mask - 1) {
            const void *referent = words[ouro__lowest_bit(mask)];
            if (referent != NULL) __builtin_prefetch(ouro__tally_of(referent), 1);
        }
    }
}

/* A map that is frozen or immortal holds values for keys that may be garbage. */
static bool holds_for_others(const void *entry, uint64_t word)
{
    return !ouro__word_is_dying(word) && ouro__is_map(entry); /* a free block has no type */
}

/* Some blocks in a row, up to the first that is cut; how many. */
static size_t count_blocks(struct ouro__collector *collector, char *entry, size_t count,
                           size_t block_size)
{
    bool tallies = takes_tallies(collector);
    size_t found = 0, i = 0;
    if (LIKELY(tallies)) fetch_tallies(entry, count, block_size);
    for (; i < count; i++, entry += block_size) {
        uint64_t word = *ouro__word_of(entry);
        if (!is_candidate(word)) {
            if (OURO_GUARDED && !ouro__word_is_free(word) && !ouro__canary_stands(entry))
                ouro__fence_check_all(entry);
            if (UNLIKELY(tallies && holds_for_others(entry, word))) {
                ouro__set_visit_map(collector, entry, tally_ephemeron);
                if (ouro__half_of(collector)->owner != NULL) count = i + 1;
            }
            continue;
        }
        if (OURO_GUARDED) ouro__fence_check(entry);
        ouro__mark_set(entry, ouro__set_bits(OURO__WHOLE));
        found++;
        if (UNLIKELY(!tallies)) continue;
        const struct ouro__shape *shape = &ouro__shapes[ouro__word_type(word)];
        if (LIKELY((shape->flags & OURO__SHAPE_GENERAL) == 0)) {
            ouro__visit_mask(entry, shape->mask, tally_reference, collector);
        } else {
            ouro__set_visit(collector, entry, tally_reference, tally_ephemeron);
            if (ouro__half_of(collector)->owner != NULL) count = i + 1; /* it is cut */
        }
    }
    collector->candidates += found;
    ouro__collector_marks(collector)->lanes[OURO__WHOLE].suspects += found;
    return i;
}

/* The pool under the cursor, as far as the step allows. */
static void count_pool(struct ouro__collector *collector)
{
    struct ouro__pool *pool = collector->cursor;
    while (collector->at < pool->carved) {
        size_t left = pool->carved - collector->at;
        char *entry = pool->first + collector->at * pool->block_size;
        collector->at +=
            count_blocks(collector, entry, left < STRIDE ? left : STRIDE, pool->block_size);
        collector->units -= 2 * STRIDE;
        if (collector->units <= 0) return;
    }
    collector->cursor = NULL;
}

bool ouro__whole_count(struct ouro__collector *collector)
{
    if (ouro__cut_resume(collector, tally_reference, tally_ephemeron, false)) return true;
    if (collector->cursor == NULL && !next_pool(collector)) return false;
    count_pool(collector);
    return true;
}

/* ---- DECIDE ---- */

ALWAYS_INLINE void prove_live(struct ouro__collector *collector, void *entry)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    ouro__mark_clear(entry, ouro__set_bits(OURO__WHOLE));
    ouro__gray_add(marks, OURO__WHOLE, entry);
    marks->lanes[OURO__WHOLE].suspects--;
}

/* The references that were counted.  The memory of counts is left alone where there are none: most pools have none,
 * and it would be fresh. */
static uint32_t take_tally(const struct ouro__pool *pool, void *entry)
{
    uint32_t counted = *ouro__tally_of(entry);
    if (LIKELY(!pool->carried)) return counted;
    counted += *ouro__count_of(entry) & OURO__COUNT_MASK;
    *ouro__count_of(entry) = 0;
    return counted;
}

/* An old object that lives is quiet from now on.  [quiet.old] */
static void hush(const struct ouro__pool *pool, void *entry, uint64_t word)
{
    if ((word & OURO__MIDDLE) != 0) return;
    if (pool->young && ouro__is_young(entry)) return;
    (void)ouro__word_trap(entry);
}

/* Frozen and immortal objects have tallies too, and a count that says nothing. */
static void decide_block(struct ouro__collector *collector, struct ouro__pool *pool, char *entry)
{
    uint64_t word = *ouro__word_of(entry);
    if (ouro__word_is_free(word)) return;
    bool counts = is_candidate(word);
    if (UNLIKELY(!takes_tallies(collector))) {
        if (counts && ouro__word_signed(word) > 0) hush(pool, entry, word);
        return;
    }
    uint32_t count = ouro__word_count(word);
    uint32_t counted = take_tally(pool, entry);
    if (!counts) return;
    if (UNLIKELY(ouro__word_signed(word) > 0)) hush(pool, entry, word);
    if (LIKELY(counted == count) || !ouro__is_marked(entry, ouro__set_bits(OURO__WHOLE))) return;
    if (UNLIKELY(counted > count)) { /* references have gone since they were counted */
        if (collector->exact) ouro__verify_count_too_low(entry, count, counted);
        return;
    }
    prove_live(collector, entry);
}

/* The tallies of a pool are zero again.  [mark.zero] */
static void forget_tallies(struct ouro__pool *pool)
{
    memset(ouro__tally_of(ouro__pool_start(pool)), 0, (size_t)pool->pages * OURO_POOL_SIZE / 16);
    pool->carried = false;
}

static void leave_pool(struct ouro__collector *collector, struct ouro__pool *pool)
{
    if (takes_tallies(collector)) forget_tallies(pool);
    collector->cursor = pool->set_next[OURO__WHOLE];
    collector->at = 0;
}

void ouro__whole_decide(struct ouro__collector *collector)
{
    struct ouro__pool *pool = collector->cursor;
    while (collector->at < pool->carved) {
        size_t end = collector->at + STRIDE < pool->carved ? collector->at + STRIDE : pool->carved;
        char *entry = pool->first + collector->at * pool->block_size;
        for (; collector->at < end; collector->at++, entry += pool->block_size)
            decide_block(collector, pool, entry);
        collector->units -= STRIDE;
        if (collector->units <= 0 && collector->at < pool->carved) return;
    }
    leave_pool(collector, pool);
}

/* ---- following what lives ---- */

ALWAYS_INLINE void prove_reference(void *referent, void *context)
{
    if (ouro__is_marked(referent, ouro__set_bits(OURO__WHOLE))) prove_live(context, referent);
}

/* [ephemeron.later], where who is not in the set, or was proven live, has no set bit. */
static void prove_ephemeron(struct ouro__collector *collector, struct ouro__ephemeron *ephemeron)
{
    const size_t set_bits = ouro__set_bits(OURO__WHOLE);
    if (ephemeron->value == NULL || ouro__is_marked(ephemeron->target, set_bits) ||
        ouro__is_marked(ephemeron->map, set_bits))
        return;
    prove_reference(ephemeron->value, collector);
}

/* A root may hold an object of another heap. */
static bool is_ours(const struct ouro__collector *collector, const void *entry)
{
    return ouro__pools_of(entry) == ouro__collector_pools(collector) &&
           ouro__is_tracked_entry(entry);
}

void ouro__whole_roots(struct ouro__collector *collector)
{
    for (size_t i = 0; collector->by_roots && i < collector->root_count; i++)
        if (*collector->roots[i] != NULL && is_ours(collector, *collector->roots[i]))
            prove_reference(*collector->roots[i], collector);
}

/*
 * Gray objects lie anywhere, and each is a miss: some are fetched ahead while those before them
 * are followed.
 */
struct ahead {
    void *entries[OURO_FLOOD_AHEAD];
    unsigned first, count;
};

/* The gray object that was fetched longest ago; others take its place as long as there are any. */
static void *next_gray(struct ouro__collector *collector, struct ahead *ahead)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    while (ahead->count < OURO_FLOOD_AHEAD) {
        void *entry = ouro__gray_next(marks, OURO__WHOLE, collector->set, &collector->units);
        if (entry == NULL) break;
        __builtin_prefetch(ouro__word_of(entry));
        ahead->entries[(ahead->first + ahead->count++) % OURO_FLOOD_AHEAD] = entry;
    }
    if (ahead->count == 0) return NULL;
    void *entry = ahead->entries[ahead->first++ % OURO_FLOOD_AHEAD];
    ahead->count--;
    return entry;
}

/* What was fetched in vain stays gray. */
static void put_back(struct ouro__collector *collector, struct ahead *ahead)
{
    for (; ahead->count > 0; ahead->count--)
        ouro__gray_add(ouro__collector_marks(collector), OURO__WHOLE,
                       ahead->entries[ahead->first++ % OURO_FLOOD_AHEAD]);
}

bool ouro__whole_flood(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    struct ahead ahead = {.count = 0};
    if (ouro__suspects(collector) == 0) {
        ouro__gray_forget_stack(marks, OURO__WHOLE);
        ouro__half_of(collector)->owner = NULL;
        return false;
    }
    if (ouro__cut_resume(collector, prove_reference, prove_ephemeron, true)) return true;
    while (collector->units > 0 && ouro__suspects(collector) > 0) {
        void *entry = next_gray(collector, &ahead);
        if (entry == NULL) return ouro__gray_is_left(marks, OURO__WHOLE);
        if (ouro__word_is_dying(*ouro__word_of(entry))) continue; /* since it was added */
        ouro__set_follow(collector, entry, prove_reference, prove_ephemeron);
        if (ouro__half_of(collector)->owner != NULL) break;
    }
    put_back(collector, &ahead);
    return true;
}
