/* SPDX-License-Identifier: MIT */
/*
 * condemn.c -- last words of garbage                                   [floor 5]
 *
 * CPython's order: all weak references with callbacks are cleared, then those callbacks
 * run whose own weak reference is not garbage; then finalizers, once each; then the
 * garbage is examined again, and what became reachable survives; then the other weak
 * references are cleared.  Here the condemned are dark from the first moment, but what a finalizer can
 * reach is whole and seen until the finalizers are done.
 */
#include "collector/collector.h"

/* The callbacks of weak references to garbage join one list; those of weak references that are garbage
 * themselves stay silent. */
static void run_callbacks(struct ouro__collector *collector)
{
    ouro_weakref *due = NULL;
    ouro_weakref **last_link = &due;
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next) {
        OURO__EACH_SUSPECT (entry, pool) {
            *last_link = ouro__callbacks_hold(
                ouro__weakrefs_clear_callbacks(&collector->life->weakrefs, entry));
            while (*last_link != NULL) last_link = &(*last_link)->next;
        }
    }
    if (due == NULL) return;
    ouro__callbacks_run(collector->life, due);
}

static void clear_weakrefs(struct ouro__collector *collector)
{
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next)
        OURO__EACH_SUSPECT (entry, pool)
            (void)ouro__weakrefs_clear(&collector->life->weakrefs, entry);
}

/* ---- finalizers ---- */

static void revive(struct ouro__collector *collector, void *entry)
{
    ouro__word_untrap(entry);
    ouro__mark_live(ouro__collector_marks(collector), entry);
}

static void revive_reference(void *referent, void *context)
{
    if (ouro__is_suspect(referent)) revive(context, referent);
}

/* Takes what has a finalizer, and all that those can reach, out of the dark. */
static bool revive_finalizable(struct ouro__collector *collector)
{
    bool any = false;
    void *entry_gray;
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next) {
        OURO__EACH_SUSPECT (entry, pool) {
            if (!ouro__finalizer_is_due(entry)) continue;
            revive(collector, entry);
            any = true;
        }
    }
    while ((entry_gray = ouro__gray_next(ouro__collector_marks(collector))) != NULL)
        ouro__visit(entry_gray, revive_reference, collector);
    return any;
}

/* What was proven live leaves the set, so that the set is the garbage. */
static void drop_live(struct ouro__collector *collector)
{
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next) {
        OURO__EACH_IN_SET (entry, pool) {
            if (ouro__is_suspect(entry)) continue;
            *ouro__count_of(entry) = 0;
            ouro__mark_clear(entry, OURO__SET_BITS);
            ouro__set_age(collector, pool, entry);
        }
    }
}

/*
 * Finalizers may do anything: objects of the set may die by count meanwhile, and
 * then leave it [mark.dead]; so the bits are read afresh each time.
 */
static void run_finalizers(struct ouro__collector *collector)
{
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next) {
        OURO__EACH_IN_SET (entry, pool) {
            if (!ouro__is_marked(entry, OURO__SET_BITS) || ouro__is_suspect(entry) ||
                !ouro__finalizer_is_due(entry))
                continue;
            ouro_incref(entry);
            ouro__finalizer_run(&collector->life->finalizers, entry);
            ouro_decref(entry);
        }
    }
}

/* The whole set is suspect again, with counts that begin at zero. */
static void suspect_again(struct ouro__collector *collector)
{
    collector->suspects = 0;
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next) {
        OURO__EACH_IN_SET (entry, pool) {
            *ouro__count_of(entry) = ouro__word_trap(entry) ? OURO__SUSPECT : 0;
            collector->suspects += ouro__is_suspect(entry);
        }
    }
}

/*
 * Returns true when finalizers ran: then everything is suspect again and the
 * verifier must look at it once more, after which this is called again.
 */
bool ouro__condemn(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    if (!collector->has_last_words) return false;
    marks->condemned = true; /* [condemn.dark] */
    if (!collector->finalized) {
        collector->finalized = true;
        drop_live(collector);
        marks->last_words = true;
        run_callbacks(collector);
        bool again = revive_finalizable(collector);
        if (again) run_finalizers(collector);
        marks->last_words = false;
        if (again) {
            suspect_again(collector);
            return true;
        }
    }
    clear_weakrefs(collector);
    return false;
}
