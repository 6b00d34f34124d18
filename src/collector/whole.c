/* SPDX-License-Identifier: MIT */
/*
 * whole.c -- the proposer that looks at everything                     [floor 5]
 *
 *     COUNT   every object x:  for y in references(x): tally[y]++
 *     DECIDE  count(x) != tally[x]: live, and all it reaches; what is left is suspect
 *
 * No header is written.  The set bit of an object means here that it is not
 * proven live yet.  All but the walk in address order are visits at random, so what is visited is kept
 * small: a byte for a tally, a bit for the proof.
 */
#include "collector/collector.h"

static __attribute__((noinline)) void carry(void *object)
{
    uint32_t count = ouro__word_count(*ouro__word_of(object));
    uint32_t counted = *ouro__count_of(object) += 256;
    if (count < counted) ouro__verify_count_too_low(object, count, counted);
}

static void tally_reference(void *referent, void *context)
{
    (void)context;
    if (UNLIKELY(!ouro__is_tracked_entry(referent))) return;
    if (UNLIKELY(++*ouro__tally_of(referent) == 0)) carry(referent);
}

static bool is_candidate(uint64_t word)
{
    return !ouro__word_is_dying(word) && (word & OURO__FROZEN) == 0 &&
           !ouro__word_is_immortal(word);
}

void ouro__whole_count(struct ouro__collector *collector, struct ouro__pool *pool)
{
    char *entry = pool->first;
    size_t found = 0;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        if (!is_candidate(*ouro__word_of(entry))) continue;
        ouro__mark_set(entry, OURO__SET_BITS);
        ouro__visit(entry, tally_reference, NULL);
        found++;
    }
    collector->candidates += found;
    collector->suspects += found;
}

ALWAYS_INLINE void prove_live(struct ouro__collector *collector, void *entry)
{
    ouro__mark_clear(entry, OURO__SET_BITS);
    ouro__gray_add(ouro__collector_marks(collector), entry);
    collector->suspects--;
}

/* The references that were counted; the marks are zero for the next cycle [mark.zero].
 * An object with fewer than 256 references has nothing in its count. */
static uint32_t take_tally(void *entry, uint32_t count)
{
    uint8_t *tally = ouro__tally_of(entry);
    uint32_t counted = *tally;
    *tally = 0;
    if (LIKELY(count < 256)) return counted;
    counted += *ouro__count_of(entry);
    *ouro__count_of(entry) = 0;
    return counted;
}

/* Frozen and immortal objects have tallies too, and a count that says nothing. */
void ouro__whole_decide(struct ouro__collector *collector, struct ouro__pool *pool)
{
    char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        uint64_t word = *ouro__word_of(entry);
        if (word == 0) continue;
        bool counts = is_candidate(word);
        uint32_t count = ouro__word_count(word);
        uint32_t counted = take_tally(entry, counts ? count : UINT32_MAX);
        if (!counts || counted == count) continue;
        if (UNLIKELY(counted > count)) ouro__verify_count_too_low(entry, count, counted);
        prove_live(collector, entry);
    }
}

static void prove_reference(void *referent, void *context)
{
    if (ouro__is_marked(referent, OURO__SET_BITS)) prove_live(context, referent);
}

bool ouro__whole_flood(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    if (collector->suspects == 0) ouro__gray_forget(marks);
    void *entry = ouro__gray_next(marks);
    if (entry == NULL) return false;
    ouro__visit(entry, prove_reference, collector);
    return true;
}
