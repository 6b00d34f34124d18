/* SPDX-License-Identifier: MIT */
/*
 * collect.c -- one collection, and the gc module's face               [floor 6]
 *
 * A pass is told to the program, run and counted at once.  A whole cycle is told when it begins and
 * when it ends; between its steps the program runs.
 */
#include "heap/heap.h"

#include "base/os.h"
#include "base/probe.h"

#include <string.h>

static void count_pass(ouro_heap *heap, int generation)
{
    for (int i = 1; i <= generation; i++) heap->passes[i] = 0;
    if (generation < 2) heap->passes[generation + 1]++;
}

/* ---- one collection ---- */

static void add_stats(ouro_heap *heap, const ouro_collection *info)
{
    ouro_generation_stats *stats = &heap->stats[info->generation];
    stats->collections++;
    stats->candidates += info->candidates;
    stats->collected += info->collected;
    stats->uncollectable += info->uncollectable;
    stats->nanoseconds += info->nanoseconds;
}

static void open_collection(ouro_heap *heap, const ouro_collection *info)
{
    OURO_PROBE2(gc__start, info->generation, heap);
    ouro__heap_tell(heap, info);
    ouro__debug_start(heap, info);
}

static size_t close_collection(ouro_heap *heap, const struct ouro__collector *collector,
                               ouro_collection *info)
{
    info->stop = true;
    info->candidates = collector->candidates;
    info->collected = collector->collected;
    info->uncollectable = collector->saved;
    size_t found = info->collected + info->uncollectable;
    OURO_PROBE2(gc__done, found, heap);
    heap->garbage += collector->saved;
    if (!info->nearby) count_pass(heap, info->generation);
    if (info->generation == 2)
        ouro__pace_whole_done(heap, info->candidates, found);
    else if (!info->nearby)
        ouro__pace_passed(heap, info);
    add_stats(heap, info);
    ouro__heap_tell(heap, info);
    ouro__debug_stop(heap, info);
    return found;
}

/* ---- passes ---- */

static size_t run_pass(ouro_heap *heap, ouro_collection *info, uint64_t start)
{
    while (ouro__collector_step(&heap->pass, OURO__UNBOUNDED)) {
    }
    uint64_t now = ouro__os_nanoseconds();
    info->nanoseconds = now - start;
    ouro__log_phase_end(&heap->log, now);
    size_t found = close_collection(heap, &heap->pass, info);
    ouro__events_passed(heap, info, start);
    return found;
}

static size_t collect_young(ouro_heap *heap, int generation)
{
    ouro_collection info = {.generation = generation};
    open_collection(heap, &info);
    uint64_t start = ouro__os_nanoseconds();
    ouro__collector_begin(&heap->pass, generation);
    return run_pass(heap, &info, start);
}

size_t ouro__heap_collect_nearby(ouro_heap *heap, long units, uint64_t nanoseconds)
{
    ouro_collection info = {.generation = 1, .nearby = true};
    heap->collecting = true;
    uint64_t start = ouro__os_nanoseconds();
    size_t found = 0;
    if (ouro__log_is_on(&heap->log)) ouro__log_phase(&heap->log, "explore", 1);
    if (ouro__nearby_propose(&heap->nearby, &heap->pass, units, nanoseconds) > 0) {
        open_collection(heap, &info);
        found = run_pass(heap, &info, start);
    }
    heap->log.phase = NULL; /* where nothing was proposed, it is not told */
    heap->collecting = false;
    return found;
}

/* ---- whole cycles ---- */

/* A cycle that has begun with roots goes on with those that are left. */
static void tell_roots(ouro_heap *heap)
{
    heap->whole.roots = (void *const *const *)(void *)heap->roots;
    heap->whole.root_count = heap->root_count;
}

void ouro__heap_whole_begin(ouro_heap *heap)
{
    heap->collecting = true;
    heap->running = (ouro_generation_stats){0};
    heap->whole_began = ouro__os_nanoseconds();
    heap->pace.begun_bytes = ouro__heap_bytes(heap);
    heap->pace.step_part = OURO_STEP_PART_LEAST;
    open_collection(heap, &(ouro_collection){.generation = 2});
    tell_roots(heap);
    heap->whole.direct = heap->pace.mostly_garbage;
    heap->whole.by_roots = heap->root_count > 0 && !heap->whole.direct;
    heap->whole.expected = heap->pace.candidates;
    ouro__collector_begin(&heap->whole, 2);
    heap->collecting = false;
}

bool ouro__heap_whole_step(ouro_heap *heap, long units)
{
    heap->collecting = true;
    uint64_t start = ouro__os_nanoseconds();
    bool more = ouro__collector_step(&heap->whole, units);
    uint64_t spent = ouro__os_nanoseconds() - start;
    heap->running.nanoseconds += spent;
    if (!more) {
        ouro_collection info = {.generation = 2, .nanoseconds = heap->running.nanoseconds};
        ouro__log_phase_end(&heap->log, start + spent);
        heap->running.collected = close_collection(heap, &heap->whole, &info);
    }
    heap->collecting = false;
    return more;
}

static size_t finish_whole(ouro_heap *heap)
{
    struct ouro__step step = ouro__events_step(heap);
    while (ouro__heap_whole_step(heap, OURO__UNBOUNDED)) {
    }
    ouro__events_stepped(heap, step, ouro__os_nanoseconds());
    return heap->running.collected;
}

void ouro__heap_whole_stop(ouro_heap *heap)
{
    if (heap->whole.phase == OURO__IDLE) return;
    (void)ouro__collector_abandon(&heap->whole);
    (void)finish_whole(heap);
}

void ouro__heap_whole_give_up(ouro_heap *heap)
{
    if (heap->whole.phase != OURO__IDLE && ouro__collector_abandon(&heap->whole))
        (void)finish_whole(heap);
}

size_t ouro__heap_collect(ouro_heap *heap, int generation)
{
    (void)ouro__life_resume(&heap->life, LONG_MAX);
    if (generation == 2) {
        if (ouro__life_is_dying(&heap->life)) ouro__heap_whole_stop(heap); /* [life.whole] */
        size_t found = heap->whole.phase != OURO__IDLE ? finish_whole(heap) : 0;
        ouro__heap_whole_begin(heap);
        return found + finish_whole(heap);
    }
    heap->collecting = true;
    size_t found = collect_young(heap, generation);
    heap->collecting = false;
    return found;
}

void ouro__heap_tell_busy(ouro_heap *heap)
{
    ouro__heap_fail(heap, OURO_BUSY, 0,
                    "a collection of heap \"%s\" is running: this one does nothing", heap->name);
}

size_t ouro_collect(ouro_heap *heap, int generation)
{
    if (generation < 0 || generation > 2) {
        ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0, "generation %d is none of 0, 1, 2", generation);
        return 0;
    }
    return ouro__heap_is_busy(heap) ? 0 : ouro__heap_collect(heap, generation);
}

size_t ouro_safepoint(ouro_heap *heap)
{
    ouro__hook_check(&heap->life.finalizers);
    if (UNLIKELY(heap->viewers != NULL)) ouro__viewers_pass(heap);
    if (heap->collecting) return 0;
    (void)ouro__life_resume(&heap->life, OURO_DEATH_PAYMENT);
    return heap->enabled ? ouro__pace_pay(heap, OURO__PAY_ALL) : 0;
}

/* ---- roots ---- */

/* Room for one more root: a finalizer may have made it between two attempts.  The names lie behind the
 * addresses, in the same block. */
static void *grow_roots(ouro_heap *heap, void *context)
{
    size_t *bytes = context, had = heap->root_capacity;
    if (heap->root_count < had) return heap;
    size_t capacity = had > 0 ? 2 * had : 8;
    *bytes = 2 * capacity * sizeof(void *);
    void **roots = ouro__raw_realloc(ouro__heap_pools(heap), heap->roots, *bytes);
    if (roots == NULL) return NULL;
    memcpy(roots + capacity, roots + had, had * sizeof *roots);
    heap->roots = roots;
    heap->root_names = (const char **)(void *)(roots + capacity);
    heap->root_capacity = capacity;
    tell_roots(heap);
    return heap;
}

ouro_status(ouro_root)(ouro_heap *heap, void *variable)
{
    return ouro_root_as(heap, variable, NULL);
}

ouro_status ouro_root_as(ouro_heap *heap, void *variable, const char *name)
{
    size_t bytes;
    if (ouro__heap_insist(heap, OURO__CALLER_ALONE(), grow_roots, &bytes) == NULL) {
        ouro__heap_fail_refused(heap, "the table of roots", bytes);
        return heap->error.status;
    }
    heap->root_names[heap->root_count] = name;
    heap->roots[heap->root_count++] = variable;
    tell_roots(heap);
    return OURO_OK;
}

ouro_status ouro_unroot(ouro_heap *heap, void *variable)
{
    for (size_t i = heap->root_count; i > 0; i--) {
        if (heap->roots[i - 1] != variable) continue;
        heap->roots[i - 1] = heap->roots[--heap->root_count];
        heap->root_names[i - 1] = heap->root_names[heap->root_count];
        tell_roots(heap);
        return OURO_OK;
    }
    ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0, "the variable at %p is no root of heap \"%s\"",
                    variable, heap->name);
    return OURO_BAD_ARGUMENT;
}

/* ---- settings ---- */

void ouro_collector_enable(ouro_heap *heap)
{
    heap->enabled = true;
}

void ouro_collector_disable(ouro_heap *heap)
{
    heap->enabled = false;
}

bool ouro_collector_is_enabled(const ouro_heap *heap)
{
    return heap->enabled;
}

void ouro_set_threshold(ouro_heap *heap, const size_t threshold[3])
{
    for (int i = 0; i < 3; i++) heap->threshold[i] = threshold[i];
    heap->pace.sample_interval = heap->pace.sample_left = 1;
}

void ouro_get_threshold(const ouro_heap *heap, size_t out_threshold[3])
{
    for (int i = 0; i < 3; i++) out_threshold[i] = heap->threshold[i];
}

static size_t count_young(const struct ouro__pool *pool)
{
    size_t count = 0;
    const ouro__bits *young = ouro__pool_young(pool);
    for (size_t i = 0; i < ouro__pool_young_words(pool); i++)
        for (uint64_t bits = young[i]; bits != 0; bits &= bits - 1)
            count += !ouro__word_is_free(
                *ouro__word_of(ouro__pool_young_entry(pool, i, (unsigned)__builtin_ctzl(bits))));
    return count;
}

void ouro_get_count(const ouro_heap *heap, size_t out_count[3])
{
    out_count[0] = 0;
    for (struct ouro__pool *pool = ouro__heap_pools(heap)->marks.young; pool != NULL;
         pool = pool->young_next)
        out_count[0] += count_young(pool);
    out_count[1] = heap->passes[1];
    out_count[2] = heap->passes[2];
}

void ouro_get_stats(const ouro_heap *heap, ouro_generation_stats out_stats[3])
{
    for (int i = 0; i < 3; i++) out_stats[i] = heap->stats[i];
}

void ouro_set_debug(ouro_heap *heap, unsigned flags)
{
    heap->pass.debug = heap->whole.debug = flags;
}

unsigned ouro_get_debug(const ouro_heap *heap)
{
    return heap->pass.debug;
}

/* ---- freezing, and what SAVEALL kept ---- */

struct flag_walk {
    void (*visit)(void *entry, void *context);
    void *context;
};

static void walk_pool(struct ouro__pool *pool, void *context)
{
    const struct flag_walk *walk = context;
    ouro__walk_live(pool, walk->visit, walk->context);
}

static void each_tracked(ouro_heap *heap, void (*visit)(void *entry, void *context), void *context)
{
    struct flag_walk walk = {visit, context};
    ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, walk_pool, &walk);
}

static void freeze_one(void *entry, void *context)
{
    (void)context;
    if (ouro__word_is_dying(*ouro__word_of(entry)) || (*ouro__word_of(entry) & OURO__FROZEN) != 0)
        return;
    *ouro__word_of(entry) = (*ouro__word_of(entry) & ~OURO__MIDDLE) | OURO__FROZEN | OURO__AGED;
    ouro__young_clear(entry);
}

static void unfreeze_one(void *entry, void *context)
{
    (void)context;
    *ouro__word_of(entry) &= ~OURO__FROZEN;
}

static void count_frozen(void *entry, void *context)
{
    *(size_t *)context += (*ouro__word_of(entry) & OURO__FROZEN) != 0;
}

void ouro_freeze(ouro_heap *heap)
{
    if (ouro__heap_is_busy(heap)) return;
    ouro__heap_whole_stop(heap); /* its set would hold frozen objects */
    each_tracked(heap, freeze_one, NULL);
}

void ouro_unfreeze(ouro_heap *heap)
{
    if (ouro__heap_is_busy(heap)) return;
    ouro__heap_pools(heap)->marks.touched_any = true; /* what died meanwhile was out of sight */
    each_tracked(heap, unfreeze_one, NULL);
}

size_t ouro_freeze_count(const ouro_heap *heap)
{
    size_t count = 0;
    each_tracked((ouro_heap *)(uintptr_t)heap, count_frozen, &count);
    return count;
}

size_t ouro_garbage_count(const ouro_heap *heap)
{
    return heap->garbage;
}

struct garbage_visit {
    ouro_visit visit;
    void *argument;
    bool stopped;
};

static void visit_saved(void *entry, void *context)
{
    struct garbage_visit *garbage = context;
    if (garbage->stopped || (*ouro__word_of(entry) & OURO__SAVED) == 0) return;
    garbage->stopped = garbage->visit(entry, garbage->argument) != 0;
}

void ouro_garbage_each(ouro_heap *heap, ouro_visit visit, void *argument)
{
    struct garbage_visit garbage = {visit, argument, false};
    each_tracked(heap, visit_saved, &garbage);
}

/* Dropping one may end others: an object that is held and no longer saved is passed by. */
static void release_saved(void *entry, void *context)
{
    ouro_heap *heap = context;
    if ((*ouro__word_of(entry) & OURO__SAVED) == 0) return;
    *ouro__word_of(entry) &= ~OURO__SAVED;
    heap->garbage--;
    ouro_decref(entry);
}

void ouro_garbage_clear(ouro_heap *heap)
{
    ouro__pools_pin(ouro__heap_pools(heap));
    each_tracked(heap, release_saved, heap);
    ouro__pools_unpin(ouro__heap_pools(heap));
}
