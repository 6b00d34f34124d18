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
 *
 * A suspect of the other lane is no suspect here: each lane counts references between its own, and
 * the other's objects are the outside.  [mark.one]
 */
#include "collector/collector.h"

#include "object/fence.h"

/*
 * A pass looks at few pools, and its objects may refer to any other: whether the referent's pool is in the set
 * is asked first, so that counts that nobody wrote are not read, which would cost a page each.
 */
ALWAYS_INLINE bool may_be_suspect(const struct ouro__collector *collector, const void *referent)
{
    if (LIKELY((uintptr_t)referent >> OURO_POOL_SHIFT == collector->near)) return true;
    return (ouro__pool_of(referent)->sets & 1u << OURO__PASS) != 0;
}

/* The counts of an acyclic object exist too, and are zero: no suspect. */
ALWAYS_INLINE bool scan_reference(void *referent, int lane)
{
    ouro__count *count = ouro__count_of(referent);
    if (LIKELY((*count & OURO__SUSPECT(lane)) != 0)) {
        *count += 1;
        return true;
    }
    if (OURO_GUARDED) ouro__guard_reference(referent); /* that a suspect is there was seen */
    return false;
}

ALWAYS_INLINE void scan_in_pass(void *referent, void *context)
{
    struct ouro__collector *pass = context;
    if (OURO_GUARDED && UNLIKELY((uintptr_t)referent >> OURO_POOL_SHIFT != pass->near))
        ouro__guard_reference(referent);
    if (LIKELY(may_be_suspect(pass, referent)) && scan_reference(referent, OURO__PASS)) return;
    pass->outward++;
    if (pass->leaks_known < OURO_LEAKS_MAX)
        pass->leaks[pass->leaks_known++] = (struct ouro__leak){pass->referrer, referent};
}

ALWAYS_INLINE void scan_in_whole(void *referent, void *context)
{
    if (OURO_GUARDED) ouro__guard_region(referent);
    if (!scan_reference(referent, OURO__WHOLE)) ((struct ouro__collector *)context)->outward++;
}

ALWAYS_INLINE bool is_suspect(const struct ouro__collector *collector, const void *entry)
{
    if (collector->lane == OURO__PASS && !may_be_suspect(collector, entry)) return false;
    return ouro__is_suspect(entry, collector->lane);
}

/* Map or target is a suspect.  While the value is one too, no other cycle's scan leaves its stamp here.
 * [ephemeron.once] */
static void scan_ephemeron(struct ouro__collector *collector, struct ouro__ephemeron *ephemeron)
{
    if (ephemeron->value == NULL || !is_suspect(collector, ephemeron->value)) return;
    if (ephemeron->stamp == collector->stamp) return; /* from the other side */
    ephemeron->stamp = collector->stamp;
    *ouro__count_of(ephemeron->value) += 1;
}

/* How many references and ephemerons one visit would go through. */
static size_t visit_length(const struct ouro__collector *pass, void *entry)
{
    size_t length = 0;
    if ((*ouro__word_of(entry) & OURO__KEYED) != 0)
        length = ouro__ephemerons_length(pass, entry, OURO_PASS_LENGTH + 1);
    if ((ouro__shape_of(entry)->flags & OURO__SHAPE_GENERAL) == 0) return length;
    if (ouro__is_map(entry)) return length + ((const struct ouro__map *)entry)->used;
    return length + ouro__visit_length(entry);
}

bool ouro__pass_spares(const struct ouro__collector *pass, void *entry)
{
    return pass->bounded && visit_length(pass, entry) > OURO_PASS_LENGTH;
}

/* It is no suspect then, and what it refers to has a reference that is not counted.  Those to it that were lead out
 * now.  [sever.outward] */
static NOINLINE void spare(struct ouro__collector *collector, void *entry)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    ouro__count *count = ouro__count_of(entry);
    ouro__word_untrap(entry);
    *count &= OURO__COUNT_MASK;
    collector->outward += *count;
    marks->lanes[OURO__PASS].suspects--;
    marks->touched_any = true;
}

/* What an object has that needs care when it is garbage. */
static NOINLINE void note_cares(struct ouro__collector *collector, unsigned flags, uint64_t word)
{
    enum { hooks = OURO__SHAPE_RELEASE | OURO__SHAPE_GENERAL };
    if ((flags & OURO__SHAPE_FINALIZE) != 0 || (word & OURO__WEAKLY) != 0)
        collector->has_last_words = true;
    if ((flags & hooks) != 0 || (word & OURO__KEYED) != 0) collector->has_hooks = true;
}

static NOINLINE void scan_careful_in_pass(struct ouro__collector *pass, void *entry)
{
    uint64_t word = *ouro__word_of(entry);
    unsigned flags = ouro__shape_of(entry)->flags;
    if (OURO_GUARDED) ouro__fence_check(entry);
    if (ouro__pass_spares(pass, entry)) {
        spare(pass, entry);
    } else {
        note_cares(pass, flags, word);
        ouro__set_follow(pass, entry, scan_in_pass, scan_ephemeron);
    }
}

/* The less common way is a call, so that the loop around keeps what it needs in registers. */
static __attribute__((noinline)) void scan_elsewhere(void *referent, struct ouro__collector *pass)
{
    scan_in_pass(referent, pass);
}

ALWAYS_INLINE void scan_around(void *referent, void *context)
{
    const struct ouro__around *around = context;
    ouro__count *count = ouro__count_around(around, referent);
    if (LIKELY(count != NULL))
        *count += 1;
    else
        scan_elsewhere(referent, around->pass);
}

ALWAYS_INLINE void scan_suspect_in_pass(void *entry, size_t offset, void *context)
{
    const struct ouro__around *around = context;
    __builtin_prefetch(ouro__count_at(around->counts, offset), 1); /* its neighbours refer to it */
    if (OURO_GUARDED) ouro__fence_check_word(entry);
    uint64_t word = *ouro__word_of(entry);
    const struct ouro__shape *shape = &ouro__shapes[ouro__word_type(word)];
    around->pass->referrer = entry;
    if (LIKELY(ouro__is_careless(word)))
        ouro__visit_mask(entry, shape->mask, scan_around, context);
    else
        scan_careful_in_pass(around->pass, entry);
}

/* After finalizers: some of the set may have died, or be in use. */
static void scan_again_in_pass(void *entry, size_t offset, void *context)
{
    const struct ouro__around *around = context;
    if ((*ouro__count_at(around->counts, offset) & OURO__SUSPECT(OURO__PASS)) != 0)
        scan_suspect_in_pass(entry, offset, context);
}

static void scan_pool_in_pass(struct ouro__collector *pass)
{
    struct ouro__around around = ouro__around(pass, ouro__pool_start(pass->cursor));
    pass->near = around.start >> OURO_POOL_SHIFT;
    if (LIKELY(!pass->finalized)) /* no program has run: all of the set are suspects */
        ouro__pass_walk(pass, scan_suspect_in_pass, &around);
    else
        ouro__pass_walk(pass, scan_again_in_pass, &around);
}

static void scan_one_in_whole(struct ouro__collector *collector, void *entry)
{
    if (UNLIKELY(!ouro__is_suspect(entry, OURO__WHOLE))) return;
    if (OURO_GUARDED) ouro__fence_check_word(entry);
    uint64_t word = *ouro__word_of(entry);
    const struct ouro__shape *shape = &ouro__shapes[ouro__word_type(word)];
    collector->units -= 2;
    if (LIKELY(ouro__is_careless(word))) {
        ouro__visit_mask(entry, shape->mask, scan_in_whole, collector);
    } else {
        if (OURO_GUARDED) ouro__fence_check(entry);
        note_cares(collector, shape->flags, word);
        ouro__set_follow(collector, entry, scan_in_whole, scan_ephemeron);
    }
}

void ouro__verify_scan(struct ouro__collector *collector)
{
    if (collector->lane == OURO__PASS)
        scan_pool_in_pass(collector);
    else if (!ouro__cut_resume(collector, scan_in_whole, scan_ephemeron, true))
        ouro__set_walk(collector, scan_one_in_whole);
}

void ouro__verify_count_too_low(const void *object, uint32_t count, uint32_t counted)
{
    ouro__misuse(
        object,
        "object %p of type %s has a count of %u, but other objects hold %u references to it: one "
        "decref too many, or a traverse hook that reports a reference twice",
        object, ouro__type_of(object)->name, count, counted);
}

/* Between the steps of a whole cycle the program may drop it again: it is quiet from now on.  [quiet.old] */
static void rescue_in_whole(struct ouro__collector *collector, void *entry)
{
    ouro__set_age(collector, ouro__pool_of(entry), entry);
    ouro__mark_live(ouro__collector_marks(collector), OURO__WHOLE, entry);
    collector->rescued = true;
}

/* It is no suspect any more, and will be followed.  Returns how many references to it were counted. */
ALWAYS_INLINE size_t rescue(struct ouro__marks *marks, void *entry, ouro__count *count)
{
    size_t counted = *count & OURO__COUNT_MASK;
    *count = (ouro__count)counted;
    *ouro__word_of(entry) &= ~OURO__TRAPPED; /* which it was: [scan.trapped] */
    ouro__gray_add(marks, OURO__PASS, entry);
    return counted;
}

/* References to it from what is garbage lead out now; its own are taken off when it is followed.  [sever.outward] */
ALWAYS_INLINE void rescue_in_pass(struct ouro__collector *pass, void *entry, ouro__count *count)
{
    struct ouro__marks *marks = ouro__collector_marks(pass);
    pass->outward += rescue(marks, entry, count);
    marks->lanes[OURO__PASS].suspects--;
}

/* Whether a suspect of this count lives: somebody else holds it. */
ALWAYS_INLINE bool is_held(const void *entry, ouro__count suspect)
{
    uint32_t count = ouro__word_low(*ouro__word_of(entry)) & OURO__TRAPPED_COUNT;
    uint32_t counted = suspect & OURO__COUNT_MASK;
    if (UNLIKELY(count < counted)) ouro__verify_count_too_low(entry, count, counted);
    return count != counted;
}

ALWAYS_INLINE void check_in_pass(void *entry, size_t offset, void *context)
{
    const struct ouro__around *around = context;
    ouro__count *count = ouro__count_at(around->counts, offset);
    if (LIKELY((*count & OURO__SUSPECT(OURO__PASS)) != 0) && UNLIKELY(is_held(entry, *count)))
        rescue_in_pass(around->pass, entry, count);
}

static void check_in_whole(struct ouro__collector *collector, void *entry)
{
    ouro__count count = *ouro__count_of(entry);
    collector->units--;
    if ((count & OURO__SUSPECT(OURO__WHOLE)) != 0 && is_held(entry, count))
        rescue_in_whole(collector, entry);
}

void ouro__verify_check(struct ouro__collector *collector)
{
    if (collector->lane == OURO__WHOLE) {
        ouro__set_walk(collector, check_in_whole);
        return;
    }
    struct ouro__around around = ouro__around(collector, ouro__pool_start(collector->cursor));
    ouro__pass_walk(collector, check_in_pass, &around);
}

ALWAYS_INLINE void rescue_reference_in_whole(void *referent, void *context)
{
    if (ouro__is_suspect(referent, OURO__WHOLE)) rescue_in_whole(context, referent);
}

/* It was counted from somebody who lives: as outward, or to one who lives too. */
static void rescue_reference_in_pass(void *referent, void *context)
{
    struct ouro__collector *pass = context;
    pass->outward--;
    if (!may_be_suspect(pass, referent)) return;
    ouro__count *count = ouro__count_of(referent);
    if ((*count & OURO__SUSPECT(OURO__PASS)) != 0) rescue_in_pass(pass, referent, count);
}

/* A flood that stays in a page, as most do, adds up here what goes to the pass when nothing is gray any more: no
 * visit waits for what the last has stored. */
struct flood {
    struct ouro__around around;
    struct ouro__marks *marks;
    size_t outward; /* what is added to it, modulo 2^64 */
    size_t rescued;
};

ALWAYS_INLINE void rescue_around(void *referent, void *context)
{
    struct flood *flood = context;
    size_t offset = (uintptr_t)referent - flood->around.start;
    if (UNLIKELY(offset >= OURO_POOL_SIZE)) {
        rescue_reference_in_pass(referent, flood->around.pass);
        return;
    }
    ouro__count *count = ouro__count_at(flood->around.counts, offset);
    flood->outward--;
    if ((*count & OURO__SUSPECT(OURO__PASS)) == 0) return;
    flood->outward += rescue(flood->marks, referent, count);
    flood->rescued++;
}

/* The caller is live; where both are, so is the value.  [ephemeron.later] */
static void rescue_ephemeron(struct ouro__collector *collector, struct ouro__ephemeron *ephemeron)
{
    void *value = ephemeron->value;
    if (value == NULL || is_suspect(collector, ephemeron->target) ||
        is_suspect(collector, ephemeron->map))
        return;
    if (!is_suspect(collector, value)) return;
    if (collector->lane == OURO__WHOLE)
        rescue_in_whole(collector, value);
    else
        rescue_in_pass(collector, value, ouro__count_of(value));
}

static bool flood_in_whole(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    if (ouro__cut_resume(collector, rescue_reference_in_whole, rescue_ephemeron, true)) return true;
    while (collector->units > 0) {
        void *entry = ouro__gray_next(marks, OURO__WHOLE, collector->set, &collector->units);
        if (entry == NULL) return ouro__gray_is_left(marks, OURO__WHOLE);
        collector->rescued = true; /* also what the program has touched */
        if (ouro__word_is_dying(*ouro__word_of(entry))) continue;
        ouro__set_follow(collector, entry, rescue_reference_in_whole, rescue_ephemeron);
        if (ouro__half_of(collector)->owner != NULL) break;
    }
    return true;
}

static void flood_in_pass(struct ouro__collector *pass)
{
    struct ouro__marks *marks = ouro__collector_marks(pass);
    struct ouro__lane *lane = &marks->lanes[OURO__PASS];
    struct flood flood = {.marks = marks};
    for (;;) {
        void *entry = LIKELY(lane->gray_count > 0)
                          ? lane->gray_stack[--lane->gray_count]
                          : ouro__gray_next(marks, OURO__PASS, pass->set, &pass->units);
        if (entry == NULL) break;
        uint64_t word = *ouro__word_of(entry);
        const struct ouro__shape *shape = &ouro__shapes[ouro__word_type(word)];
        OURO_ASSERT(!ouro__word_is_dying(word)); /* since it was found alive nothing has run */
        flood.around = ouro__around(pass, entry);
        pass->near = flood.around.start >> OURO_POOL_SHIFT;
        if (LIKELY(ouro__is_careless(word)))
            ouro__visit_mask(entry, shape->mask, rescue_around, &flood);
        else
            ouro__set_follow(pass, entry, rescue_reference_in_pass, rescue_ephemeron);
    }
    pass->outward += flood.outward;
    lane->suspects -= flood.rescued;
}

bool ouro__verify_flood(struct ouro__collector *collector)
{
    if (collector->lane == OURO__WHOLE) return flood_in_whole(collector);
    flood_in_pass(collector);
    return false;
}
