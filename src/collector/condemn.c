/* SPDX-License-Identifier: MIT */
/*
 * condemn.c -- last words of garbage                                   [floor 5]
 *
 * CPython's order: all weak references with callbacks are cleared, then those callbacks
 * run whose own weak reference is not garbage; then finalizers, once each; then the
 * garbage is examined again, and what became reachable survives; then the other weak
 * references are cleared.  Here the condemned are dark from the first moment, but what a finalizer can
 * reach is whole and seen until the finalizers are done.
 *
 * All of it goes in steps.  Nothing that is condemned can be reached, so the program may run between them;
 * what is revived is alive until it is suspected again.
 */
#include "collector/collector.h"

/* A look into the table of weak references, at places that are not in the cache. */
enum { WEAK_UNITS = 64 };

/* Blocks from the place that is fetched to the one that is looked at, and as many from that to its list. */
enum { AHEAD = 6 };

/* The block so many behind, if it is cut. */
static void *later(const struct ouro__pool *pool, void *entry, size_t blocks)
{
    char *block = (char *)entry + blocks * pool->block_size;
    return block < pool->first + (size_t)pool->carved * pool->block_size ? block : NULL;
}

/* The places of the table that a walk over the set is about to look at lie anywhere: each would be a wait. */
static void fetch_weak(const struct ouro__collector *collector, void *entry)
{
    const struct ouro__weakrefs *weakrefs = &collector->life->weakrefs;
    const void *next = later(collector->cursor, entry, AHEAD);
    const void *next_but_one = later(collector->cursor, entry, 2 * AHEAD);
    if (next != NULL) ouro__weakrefs_fetch_list(weakrefs, next);
    if (next_but_one != NULL) ouro__weakrefs_fetch_place(weakrefs, next_but_one);
}

/* The program's own time is long enough for a step: the rest of its units is not worked off. */
static void end_step(struct ouro__collector *collector)
{
    collector->forfeited += collector->units;
    collector->units = 0;
}

/* Code of the program runs for garbage, which inspection hides meanwhile; between steps it does not, since
 * what came back is the program's by then. */
static void speak(struct ouro__collector *collector, bool speaks)
{
    uint8_t lane = (uint8_t)(1u << collector->lane);
    struct ouro__marks *marks = ouro__collector_marks(collector);
    marks->speaking = speaks ? marks->speaking | lane : marks->speaking & (uint8_t)~lane;
}

/* ---- LEAVE: what was proven live leaves the set, so that the set is the garbage ---- */

static void leave(struct ouro__collector *collector, void *entry)
{
    collector->units--;
    if (ouro__is_suspect(entry, collector->lane)) return;
    *ouro__count_of(entry) = 0;
    ouro__mark_clear(entry, ouro__set_bits(collector->lane));
    ouro__set_age(collector, collector->cursor, entry);
}

void ouro__condemn_leave(struct ouro__collector *collector)
{
    ouro__set_walk(collector, leave);
}

/* ---- MUFFLE, CALL: weak references with callbacks ---- */

static void append_due(struct ouro__collector *collector, ouro_weakref *held)
{
    if (held == NULL) return;
    if (collector->due == NULL)
        collector->due = held;
    else
        collector->last->next = held;
    while (held->next != NULL) held = held->next;
    collector->last = held;
}

/* The callbacks of weak references to garbage join one list, in the order of the walk; those of weak
 * references that are garbage themselves stay silent. */
static void muffle(struct ouro__collector *collector, void *entry)
{
    collector->units--;
    if (LIKELY((*ouro__word_of(entry) & OURO__WEAKLY) == 0)) return;
    collector->units -= WEAK_UNITS;
    fetch_weak(collector, entry);
    append_due(collector,
               ouro__callbacks_hold(
                   ouro__weakrefs_clear_callbacks(&collector->life->weakrefs, entry), false));
}

void ouro__condemn_muffle(struct ouro__collector *collector)
{
    ouro__set_walk(collector, muffle);
}

bool ouro__condemn_call(struct ouro__collector *collector)
{
    ouro_weakref *due = collector->due;
    if (due == NULL) return false;
    collector->due = due->next;
    due->next = NULL;
    end_step(collector);
    speak(collector, true);
    ouro__callbacks_run(collector->life, due);
    speak(collector, false);
    return true;
}

/* ---- REVIVE: what has a finalizer, and all that those can reach, leaves the dark ---- */

static void revive(struct ouro__collector *collector, void *entry)
{
    ouro__word_untrap(entry);
    ouro__mark_live(ouro__collector_marks(collector), collector->lane, entry);
    collector->revived = true;
}

static void revive_if_due(struct ouro__collector *collector, void *entry)
{
    collector->units--;
    if (ouro__is_suspect(entry, collector->lane) && ouro__finalizer_is_due(entry))
        revive(collector, entry);
}

void ouro__condemn_revive(struct ouro__collector *collector)
{
    ouro__set_walk(collector, revive_if_due);
}

static void revive_reference(void *referent, void *context)
{
    struct ouro__collector *collector = context;
    if (ouro__is_suspect(referent, collector->lane)) revive(collector, referent);
}

/* A finalizer that reaches both gets at the value.  [ephemeron.later] */
static void revive_ephemeron(struct ouro__collector *collector, struct ouro__ephemeron *ephemeron)
{
    if (ephemeron->value != NULL && !ouro__is_suspect(ephemeron->target, collector->lane) &&
        !ouro__is_suspect(ephemeron->map, collector->lane))
        revive_reference(ephemeron->value, collector);
}

bool ouro__condemn_revive_flood(struct ouro__collector *collector)
{
    if (ouro__cut_resume(collector, revive_reference, revive_ephemeron, true)) return true;
    struct ouro__marks *marks = ouro__collector_marks(collector);
    void *entry = ouro__gray_next(marks, collector->lane, collector->set, &collector->units);
    if (entry == NULL) return ouro__gray_is_left(marks, collector->lane);
    if (!ouro__word_is_dying(*ouro__word_of(entry)))
        ouro__set_follow(collector, entry, revive_reference, revive_ephemeron);
    return true;
}

/* ---- DARKEN, CLEAR: weak references without callbacks, ephemerons ---- */

static void clear(struct ouro__collector *collector, void *entry)
{
    uint64_t word = *ouro__word_of(entry);
    collector->units--;
    if ((word & (OURO__WEAKLY | OURO__KEYED)) == 0) return;
    collector->units -= WEAK_UNITS;
    fetch_weak(collector, entry);
    if (!ouro__is_suspect(entry, collector->lane)) return;
    if ((word & OURO__KEYED) != 0) *ouro__word_of(entry) |= OURO__LOST; /* [ephemeron.lost] */
    (void)ouro__weakrefs_clear(&collector->life->weakrefs, entry);
}

void ouro__condemn_clear(struct ouro__collector *collector)
{
    ouro__set_walk(collector, clear);
}

/* A weak reference that finalizers can reach is called even though its target died while all was dark. */
static void darken(struct ouro__collector *collector, void *entry)
{
    clear(collector, entry);
    if (ouro__type_of(entry) != &ouro_weakref_callback_type ||
        ouro__is_suspect(entry, collector->lane))
        return;
    ouro_weakref *weakref = entry;
    if (!ouro__weakref_unpostpone(weakref)) return; /* [weak.postponed] */
    ouro_incref(weakref);
    weakref->next = NULL;
    append_due(collector, weakref);
}

void ouro__condemn_darken(struct ouro__collector *collector)
{
    ouro__set_walk(collector, darken);
}

/* ---- FINALIZE ---- */

/*
 * Finalizers may do anything: objects of the set may die by count meanwhile, and
 * then leave it [mark.dead].
 */
static void finalize(struct ouro__collector *collector, void *entry)
{
    collector->units--;
    if (!ouro__is_marked(entry, ouro__set_bits(collector->lane)) ||
        ouro__is_suspect(entry, collector->lane) || !ouro__finalizer_is_due(entry))
        return;
    ouro_incref(entry);
    speak(collector, true);
    ouro__finalizer_run(&collector->life->finalizers, entry);
    speak(collector, false);
    ouro_decref(entry);
    end_step(collector);
}

void ouro__condemn_finalize(struct ouro__collector *collector)
{
    ouro__set_walk(collector, finalize);
}

/* ---- AGAIN: the whole set is suspect, with counts that begin at zero ---- */

static void suspect_again(struct ouro__collector *collector, void *entry)
{
    struct ouro__lane *lane = &ouro__collector_marks(collector)->lanes[collector->lane];
    collector->units--;
    bool was = ouro__is_suspect(entry, collector->lane);
    bool is = ouro__word_trap(entry);
    *ouro__count_of(entry) = is ? OURO__SUSPECT(collector->lane) : 0;
    lane->suspects += (size_t)is - (size_t)was;
}

void ouro__condemn_again(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    collector->finalized = true;
    if (collector->at == 0) ouro__gray_forget_pool(marks, collector->lane, collector->cursor);
    ouro__set_walk(collector, suspect_again);
}
