/* SPDX-License-Identifier: MIT */
/*
 * collector.c -- the state machine                                     [floor 5]
 *
 * A phase walks the pools of the set, one a step, or follows gray objects, one
 * a step; when it has nothing left, `advance` chooses the next.
 */
#include "collector/collector.h"

#include <stdio.h>

void ouro__collector_begin(struct ouro__collector *collector, int generation)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    OURO_ASSERT(collector->phase == OURO__IDLE);
    collector->generation = generation;
    collector->candidates = collector->suspects = collector->outward = 0;
    collector->collected = collector->saved = 0;
    collector->rescued = collector->has_last_words = collector->has_hooks = false;
    collector->finalized = collector->births = false;
    ouro__set_gather(collector);
    marks->active = true;
    marks->young_handed = 0;
    collector->traffic = ouro__pools_tracked_traffic(ouro__collector_pools(collector));
    collector->phase = generation == 2 ? OURO__COUNT : OURO__PROPOSE;
    collector->cursor = collector->set;
}

static void enter(struct ouro__collector *collector, enum ouro__phase phase)
{
    if (phase == OURO__FINISH)
        collector->births =
            collector->traffic != ouro__pools_tracked_traffic(ouro__collector_pools(collector));
    collector->phase = phase;
    collector->cursor = collector->set;
}

static void print_found(struct ouro__collector *collector)
{
    for (struct ouro__pool *pool = collector->set; pool != NULL; pool = pool->set_next)
        OURO__EACH_SUSPECT (entry, pool)
            fprintf(stderr, "ouro: collectable <%s %p>\n", ouro__type_of(entry)->name, entry);
}

/* What is left when last words are spoken. */
static void pass_sentence(struct ouro__collector *collector)
{
    if ((collector->debug & OURO_DEBUG_COLLECTABLE) != 0) print_found(collector);
    if ((collector->debug & OURO_DEBUG_SAVEALL) != 0) ouro__save_garbage(collector);
    ouro__collector_marks(collector)->condemned = collector->suspects > 0;
    /* where all references stay among the condemned there is nothing to sever */
    bool severs = collector->suspects > 0 &&
                  (collector->outward > 0 || collector->rescued || collector->has_hooks);
    enter(collector, severs ? OURO__SEVER : OURO__FINISH);
}

static void condemn(struct ouro__collector *collector)
{
    if (collector->suspects > 0 && ouro__condemn(collector)) {
        collector->outward = 0;
        enter(collector, OURO__SCAN);
        return;
    }
    pass_sentence(collector);
}

static void end_cycle(struct ouro__collector *collector)
{
    struct ouro__marks *marks = ouro__collector_marks(collector);
    marks->active = false;
    marks->condemned = false;
    collector->set = NULL;
    collector->phase = OURO__IDLE;
    ouro__set_forget(collector);
    ouro__pools_enlist_cached(ouro__collector_pools(collector)); /* [young.listed] */
}

static void advance(struct ouro__collector *collector)
{
    switch (collector->phase) {
    case OURO__IDLE: return;
    case OURO__COUNT: enter(collector, OURO__DECIDE); return;
    case OURO__DECIDE: enter(collector, OURO__DECIDE_FLOOD); return;
    case OURO__DECIDE_FLOOD: enter(collector, OURO__NARROW); return;
    case OURO__PROPOSE:
    case OURO__NARROW:
        enter(collector, collector->suspects > 0 ? OURO__SCAN : OURO__FINISH);
        return;
    case OURO__SCAN:
        collector->rescued = false;
        enter(collector, OURO__CHECK);
        return;
    case OURO__CHECK: enter(collector, OURO__CHECK_FLOOD); return;
    case OURO__CHECK_FLOOD: enter(collector, OURO__CONDEMN); return;
    case OURO__CONDEMN: condemn(collector); return;
    case OURO__SEVER: enter(collector, OURO__FINISH); return;
    case OURO__FINISH: end_cycle(collector); return;
    }
}

/* The work of a phase on one pool; NULL where it does not go by pools. */
static void (*const pool_work[])(struct ouro__collector *, struct ouro__pool *) = {
    [OURO__PROPOSE] = ouro__set_propose, [OURO__COUNT] = ouro__whole_count,
    [OURO__DECIDE] = ouro__whole_decide, [OURO__NARROW] = ouro__set_narrow,
    [OURO__SCAN] = ouro__verify_scan,    [OURO__CHECK] = ouro__verify_check,
    [OURO__SEVER] = ouro__sever,         [OURO__FINISH] = ouro__set_finish,
};

bool ouro__collector_step(struct ouro__collector *collector)
{
    enum ouro__phase phase = collector->phase;
    if (pool_work[phase] != NULL && collector->cursor != NULL) {
        struct ouro__pool *pool = collector->cursor;
        collector->cursor = pool->set_next; /* before the pool may go */
        pool_work[phase](collector, pool);
        return true;
    }
    if (phase == OURO__DECIDE_FLOOD && ouro__whole_flood(collector)) return true;
    if (phase == OURO__CHECK_FLOOD && ouro__verify_flood(collector)) return true;
    advance(collector);
    return collector->phase != OURO__IDLE;
}
