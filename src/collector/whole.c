/* SPDX-License-Identifier: MIT */
/*
 * whole.c -- the proposer that looks at everything                     [floor 5]
 *
 *     COUNT   every object x:  for y in references(x): counted[y]++
 *     DECIDE  count(x) != counted[x]: live, and all it reaches; what is left is suspect
 *
 * No header is written.  It may be wrong in any way: it only proposes.
 */
#include "collector/collector.h"

static void count_reference(void *referent, void *context)
{
    (void)context;
    if (LIKELY(ouro__is_tracked_entry(referent))) *ouro__count_of(referent) += 1;
}

static bool is_candidate(uint64_t word)
{
    return !ouro__word_is_dying(word) && (word & OURO__FROZEN) == 0 && !ouro__word_is_immortal(word);
}

void ouro__whole_count(struct ouro__collector *collector, struct ouro__pool *pool)
{
    char *entry = pool->first;
    size_t found = 0;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        if (!is_candidate(*ouro__word_of(entry))) continue;
        ouro__mark_set(entry, OURO__SET_BITS);
        *ouro__count_of(entry) |= OURO__SUSPECT;
        ouro__visit(entry, count_reference, NULL);
        found++;
    }
    collector->candidates += found;
}

/* Frozen and immortal objects were counted as targets too: they forget it. */
void ouro__whole_decide(struct ouro__collector *collector, struct ouro__pool *pool)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        ouro__count *count = ouro__count_of(entry);
        if ((*count & OURO__SUSPECT) == 0) {
            *count = 0;
            continue;
        }
        if (ouro__word_count(*ouro__word_of(entry)) != (*count & OURO__COUNT_MASK))
            ouro__mark_live(marks, entry);
    }
}

static void mark_reference(void *referent, void *context)
{
    if (ouro__is_suspect(referent)) ouro__mark_live(context, referent);
}

bool ouro__whole_flood(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    void *entry = ouro__mark_next_gray(marks);
    if (entry == NULL) return false;
    ouro__visit(entry, mark_reference, marks);
    return true;
}
