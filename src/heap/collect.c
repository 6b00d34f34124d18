/* SPDX-License-Identifier: MIT */
/*
 * collect.c -- when to collect, and the gc module's face               [floor 6]
 *
 *     young   after threshold[0] young objects; while that frees next to nothing, only one
 *             batch in 2, 4, ... 32 is looked at and the others grow old
 *     middle  after threshold[1] young passes
 *     full    when the heap has grown by its share [heap.goal]
 */
#include "heap/heap.h"

#include "base/os.h"

#include <stdio.h>

static size_t heap_bytes(const ouro_heap *heap)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    return pools->live_bytes + pools->accounted_bytes;
}

static bool full_is_due(const ouro_heap *heap)
{
    return heap->threshold[2] > 0 && heap_bytes(heap) >= heap->goal;
}

bool ouro__heap_is_due(const ouro_heap *heap)
{
    return heap->threshold[0] > 0 &&
           (ouro__heap_pools(heap)->marks.young_handed >= heap->threshold[0] || full_is_due(heap));
}

/* ---- pacing ---- */

static void set_goal(ouro_heap *heap, size_t candidates, size_t found)
{
    size_t live = heap_bytes(heap);
    heap->last_full_found = found > candidates >> OURO_FRUITLESS_SHIFT;
    size_t share = heap->last_full_found ? live / 2 : live;
    heap->goal = live + (share > OURO_FULL_MIN_GROWTH ? share : OURO_FULL_MIN_GROWTH);
}

static void set_sampling(ouro_heap *heap, size_t candidates, size_t found)
{
    bool fruitless = found <= candidates >> OURO_FRUITLESS_SHIFT;
    if (!fruitless)
        heap->sample_interval = 1;
    else if (heap->sample_interval < OURO_SAMPLE_MAX)
        heap->sample_interval *= 2;
    heap->sample_left = heap->sample_interval;
}

static void count_pass(ouro_heap *heap, int generation)
{
    for (int i = 1; i <= generation; i++) heap->passes[i] = 0;
    if (generation < 2) heap->passes[generation + 1]++;
}

/* ---- one collection ---- */

static void tell(ouro_heap *heap, const ouro_collection *info)
{
    for (size_t i = 0; i < heap->callback_count; i++)
        heap->callbacks[i].call(heap, info, heap->callbacks[i].argument);
}

static void print_start(const ouro_heap *heap, int generation)
{
    size_t count[3];
    ouro_get_count(heap, count);
    fprintf(stderr,
            "ouro: collecting generation %d of heap \"%s\": %zu young objects, %zu live bytes\n",
            generation, heap->name, count[0], heap_bytes(heap));
}

static void print_stop(const ouro_collection *info)
{
    fprintf(stderr, "ouro: done, %zu of %zu unreachable, %zu uncollectable, %.4fs elapsed\n",
            info->collected + info->uncollectable, info->candidates, info->uncollectable,
            (double)info->nanoseconds / 1e9);
}

static void add_stats(ouro_heap *heap, const ouro_collection *info)
{
    ouro_generation_stats *stats = &heap->stats[info->generation];
    stats->collections++;
    stats->candidates += info->candidates;
    stats->collected += info->collected;
    stats->uncollectable += info->uncollectable;
    stats->nanoseconds += info->nanoseconds;
}

size_t ouro__heap_collect(ouro_heap *heap, int generation)
{
    struct ouro__collector *collector = &heap->collector;
    bool prints = (collector->debug & OURO_DEBUG_STATS) != 0;
    ouro_collection info = {.generation = generation};
    ouro__finalizer_check_left(&heap->life.finalizers);
    heap->collecting = true;
    if (prints) print_start(heap, generation);
    tell(heap, &info);
    uint64_t start = ouro__os_nanoseconds();
    ouro__collector_begin(collector, generation);
    while (ouro__collector_step(collector)) {
    }
    info.nanoseconds = ouro__os_nanoseconds() - start;
    info.stop = true;
    info.candidates = collector->candidates;
    info.collected = collector->collected;
    info.uncollectable = collector->saved;
    count_pass(heap, generation);
    if (generation == 2)
        set_goal(heap, info.candidates, info.collected + info.uncollectable);
    else
        set_sampling(heap, info.candidates, info.collected + info.uncollectable);
    add_stats(heap, &info);
    if (prints) print_stop(&info);
    tell(heap, &info);
    heap->collecting = false;
    return info.collected + info.uncollectable;
}

size_t ouro__heap_collect_due(ouro_heap *heap)
{
    if (full_is_due(heap)) return ouro__heap_collect(heap, 2);
    if (heap->sample_left > 1) {
        heap->sample_left--;
        ouro__collector_skip_young(&heap->collector);
        return 0;
    }
    bool middle = heap->threshold[1] > 0 && heap->passes[1] >= heap->threshold[1];
    return ouro__heap_collect(heap, middle ? 1 : 0);
}

static bool is_busy(ouro_heap *heap)
{
    ouro__finalizer_check_left(&heap->life.finalizers);
    if (!heap->collecting) return false;
    ouro__heap_fail(heap, OURO_BUSY, 0,
                    "a collection of heap \"%s\" is running: this one does nothing", heap->name);
    return true;
}

size_t ouro_collect(ouro_heap *heap, int generation)
{
    if (generation < 0 || generation > 2) {
        ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0, "generation %d is none of 0, 1, 2", generation);
        return 0;
    }
    return is_busy(heap) ? 0 : ouro__heap_collect(heap, generation);
}

size_t ouro_safepoint(ouro_heap *heap)
{
    if (!heap->enabled || heap->collecting || !ouro__heap_is_due(heap)) return 0;
    return ouro__heap_collect_due(heap);
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
    heap->sample_interval = heap->sample_left = 1;
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
            count += *ouro__word_of(
                         ouro__pool_young_entry(pool, i, (unsigned)__builtin_ctzl(bits))) != 0;
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
    heap->collector.debug = flags;
}

unsigned ouro_get_debug(const ouro_heap *heap)
{
    return heap->collector.debug;
}

ouro_status ouro_add_callback(ouro_heap *heap, ouro_collector_callback callback, void *argument)
{
    if (heap->callback_count == OURO__CALLBACKS_MAX) {
        ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0,
                        "heap \"%s\" has its %d callbacks: remove one first", heap->name,
                        OURO__CALLBACKS_MAX);
        return OURO_BAD_ARGUMENT;
    }
    heap->callbacks[heap->callback_count++] = (struct ouro__heap_callback){callback, argument};
    return OURO_OK;
}

ouro_status ouro_remove_callback(ouro_heap *heap, ouro_collector_callback callback, void *argument)
{
    for (size_t i = 0; i < heap->callback_count; i++) {
        if (heap->callbacks[i].call != callback || heap->callbacks[i].argument != argument)
            continue;
        heap->callback_count--;
        for (; i < heap->callback_count; i++) heap->callbacks[i] = heap->callbacks[i + 1];
        return OURO_OK;
    }
    ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0, "the callback was not added to heap \"%s\"",
                    heap->name);
    return OURO_BAD_ARGUMENT;
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
    *ouro__word_of(entry) = (*ouro__word_of(entry) & ~OURO__MIDDLE) | OURO__FROZEN;
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
    if (!is_busy(heap)) each_tracked(heap, freeze_one, NULL);
}

void ouro_unfreeze(ouro_heap *heap)
{
    if (!is_busy(heap)) each_tracked(heap, unfreeze_one, NULL);
}

size_t ouro_freeze_count(const ouro_heap *heap)
{
    size_t count = 0;
    each_tracked((ouro_heap *)(uintptr_t)heap, count_frozen, &count);
    return count;
}

size_t ouro_garbage_count(const ouro_heap *heap)
{
    return heap->collector.garbage;
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
    heap->collector.garbage--;
    ouro_decref(entry);
}

void ouro_garbage_clear(ouro_heap *heap)
{
    ouro__pools_pin(ouro__heap_pools(heap));
    each_tracked(heap, release_saved, heap);
    ouro__pools_unpin(ouro__heap_pools(heap));
}
