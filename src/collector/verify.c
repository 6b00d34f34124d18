/* SPDX-License-Identifier: MIT */
/*
 * verify.c -- the only judge of what is garbage                        [floor 5]
 *
 *     SCAN   each suspect x: for y in references(x), suspect: counted[y]++
 *     CHECK  each suspect x: count(x) != counted[x] -> live; follow what is live
 *
 * Why it is sound: a trapped, untouched object's count is constant, and no
 * counted reference to it can vanish unseen.  A reference made unseen only makes
 * `counted` too small, which errs towards life.  [check.sound]
 */
#include "collector/collector.h"

/* The counts of an acyclic object exist too, and are zero: no suspect. */
static void scan_reference(void *referent, void *context)
{
    struct ouro__collector *collector = context;
    ouro__count *count = ouro__count_of(referent);
    if (LIKELY((*count & OURO__SUSPECT) != 0))
        *count += 1;
    else
        collector->outward++;
}

void ouro__verify_scan(struct ouro__collector *collector, struct ouro__pool *pool)
{
    enum { hooks = OURO__SHAPE_RELEASE | OURO__SHAPE_GENERAL };
    unsigned flags = 0;
    uint64_t words = 0;
    OURO__EACH_SUSPECT (entry, pool) {
        words |= *ouro__word_of(entry);
        flags |= ouro__shape_of(entry)->flags;
        ouro__visit(entry, scan_reference, collector);
    }
    if ((flags & OURO__SHAPE_FINALIZE) != 0 || (words & OURO__WEAKLY) != 0)
        collector->has_last_words = true;
    if ((flags & hooks) != 0) collector->has_hooks = true;
}

void ouro__verify_count_too_low(const void *object, uint32_t count, uint32_t counted)
{
    ouro__misuse(
        object,
        "object %p of type %s has a count of %u, but other objects hold %u references to it: one "
        "decref too many, or a traverse hook that reports a reference twice",
        object, ouro__type_of(object)->name, count, counted);
}

static void rescue(struct ouro__collector *collector, void *entry)
{
    ouro__word_untrap(entry);
    ouro__mark_live(ouro__collector_marks(collector), entry);
    collector->suspects--;
    collector->rescued = true;
}

void ouro__verify_check(struct ouro__collector *collector, struct ouro__pool *pool)
{
    OURO__EACH_SUSPECT (entry, pool) {
        uint32_t count = (uint32_t)(*ouro__word_of(entry) & OURO__TRAPPED_COUNT);
        uint32_t counted = *ouro__count_of(entry) & OURO__COUNT_MASK;
        if (LIKELY(count == counted)) continue;
        if (UNLIKELY(count < counted)) ouro__verify_count_too_low(entry, count, counted);
        rescue(collector, entry);
    }
}

static void rescue_reference(void *referent, void *context)
{
    if (ouro__is_suspect(referent)) rescue(context, referent);
}

bool ouro__verify_flood(struct ouro__collector *collector)
{
    void *entry = ouro__gray_next(ouro__collector_marks(collector));
    if (entry == NULL) return false;
    ouro__visit(entry, rescue_reference, collector);
    return true;
}
