/* SPDX-License-Identifier: MIT */
/*
 * ouro_heap.h -- the heap of system ouro's programs, and what it says of itself
 *
 * Default options, collector on.
 */
#ifndef BENCH_OURO_HEAP_H
#define BENCH_OURO_HEAP_H

#include <ouro/ouro.h>

#include "../support/clock.h"
#include "../support/pauses.h"
#include "../support/program.h"

static ouro_heap *heap;

/* Deaths and collections happen where they happen; there is nothing to wait for. */
static inline void bench_poll(void)
{
}

static inline void bench_settle(void)
{
}

/* ---- what a long pause was --------------------------------------------------- */

/* The pass that ended last, and whether a whole cycle is under way. */
static struct {
    bool whole;
    bool nearby;
    int generation;
    long full;        /* whole cycles begun so far */
    uint64_t stopped; /* when; by the wall clock */
    size_t candidates, collected;
} heap_collection;

static void heap_collection_callback(ouro_heap *which, const ouro_collection *info, void *unused)
{
    (void)which, (void)unused;
    if (info->generation == 2) heap_collection.whole = !info->stop;
    if (!info->stop) {
        heap_collection.full += info->generation == 2;
        return;
    }
    heap_collection.nearby = info->nearby;
    heap_collection.generation = info->generation;
    heap_collection.stopped = wall_ns();
    heap_collection.candidates = info->candidates;
    heap_collection.collected = info->collected;
}

static void heap_explain_pass(pauses_reason *out_reason)
{
    const bool whole = heap_collection.generation == 2, middle = heap_collection.generation == 1;
    out_reason->cause = whole                    ? "full"
                        : heap_collection.nearby ? "nearby"
                        : middle                 ? "middle"
                                                 : "young";
    const char *where = whole                    ? "the whole heap"
                        : heap_collection.nearby ? "what is near touched objects"
                        : middle                 ? "the middle-aged"
                                                 : "the young";
    snprintf(out_reason->text, sizeof out_reason->text,
             "in a pass over %s (%zu looked at, %zu found)", where, heap_collection.candidates,
             heap_collection.collected);
}

/* What the heap was at in something that began then and has ended just now. */
static void bench_explain(uint64_t begun, pauses_reason *out_reason)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    if (heap_collection.stopped >= begun) {
        heap_explain_pass(out_reason);
    } else if (heap_collection.whole) {
        out_reason->cause = progress.phase;
        snprintf(out_reason->text, sizeof out_reason->text,
                 "while the whole cycle was in phase \"%s\"", progress.phase);
    } else {
        out_reason->cause = "none";
        snprintf(out_reason->text, sizeof out_reason->text, "no collection");
    }
}

/* ---- the heap ------------------------------------------------------------------- */

static void heap_open(void)
{
    heap = ouro_heap_new(NULL, NULL);
    BENCH_VERIFY(heap != NULL);
    BENCH_VERIFY(ouro_add_callback(heap, heap_collection_callback, NULL) == OURO_OK);
}

static size_t heap_objects(void)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.objects;
}

/* Runs a workload that must leave nothing alive. */
static int run_to_nothing(int (*run)(const bench_job *), const bench_job *job)
{
    heap_open();
    int status = run(job);
    ouro_collect(heap, 2);
    BENCH_VERIFY(heap_objects() == 0);
    return status;
}

/* As a program that takes native memory: as much as the heap has, and more. */
static void bench_full_due(void)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    BENCH_VERIFY(ouro_account(heap, (ptrdiff_t)(stats.committed_bytes + (64 << 20))) == OURO_OK);
}

static inline void bench_collector_off(void)
{
    ouro_collector_disable(heap);
}

static inline void bench_threshold(size_t young, size_t passes)
{
    size_t threshold[3];
    ouro_get_threshold(heap, threshold);
    threshold[0] = young;
    threshold[1] = passes;
    ouro_set_threshold(heap, threshold);
}

#endif
