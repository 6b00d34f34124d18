/* SPDX-License-Identifier: MIT */
/*
 * heap.h -- everything of one heap, behind the front door              [floor 6]
 *
 * The rooms below are handed their own part; here alone they meet.  Here alone
 * memory that ran out is answered by collecting, and here alone it is decided when to collect.
 *
 *   [heap.first]    the rooms' structs begin each other: one address serves inlined code,
 *                   pools, weak references, life and heap
 *   [heap.refused]  a refused request is tried again after trimming and after a full
 *                   collection; then it fails with the heap's error set and nothing changed
 *   [heap.goal]     a full collection is due when live and accounted bytes pass the goal
 */
#ifndef OURO_HEAP_HEAP_H
#define OURO_HEAP_HEAP_H

#include "collector/collector.h"
#include "memory/walk.h"

#define OURO__CALLBACKS_MAX 8

struct ouro__heap_callback {
    ouro_collector_callback call;
    void *argument;
};

struct ouro_heap {
    struct ouro__life life; /* [heap.first] */
    struct ouro__collector collector;
    bool enabled;
    bool collecting;
    ouro_collect_at collect_at;
    unsigned collect_always;
    size_t threshold[3];
    size_t passes[3];     /* [1]: young passes since a middle one; [2]: middle since a full one */
    size_t goal;          /* [heap.goal] */
    bool last_full_found; /* the goal grows while full collections find nothing */
    unsigned sample_interval; /* of so many batches of young objects one is looked at */
    unsigned sample_left;
    ouro_generation_stats stats[3];
    struct ouro__heap_callback callbacks[OURO__CALLBACKS_MAX];
    size_t callback_count;
    ouro_error error;
    char name[32];
    size_t size; /* of the mapping of this struct */
};
_Static_assert(offsetof(struct ouro_heap, life.weakrefs.pools.front) == 0, "[heap.first]");

ALWAYS_INLINE struct ouro__pools *ouro__heap_pools(const ouro_heap *heap)
{
    return (struct ouro__pools *)(uintptr_t)&heap->life.weakrefs.pools;
}

/* Sets the heap's error; the format says what, where and what to do. */
void ouro__heap_fail(ouro_heap *heap, ouro_status status, size_t requested, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Fills an error from what the pools refused. */
void ouro__heap_fail_refused(ouro_heap *heap, const char *what, size_t requested);

/* An object of a type, ready or not.  See ouro_object_new_var. */
void *ouro__heap_new_object(ouro_heap *heap, ouro_type *type, size_t length);

/* Runs `attempt` until it answers, with the remedies of [heap.refused] in between. */
void *ouro__heap_insist(ouro_heap *heap, void *(*attempt)(ouro_heap *heap, void *context),
                        void *context);

/* Collects if something is due; what it found. */
size_t ouro__heap_collect_due(ouro_heap *heap);
bool ouro__heap_is_due(const ouro_heap *heap);

/* A collection now; not inside another. */
size_t ouro__heap_collect(ouro_heap *heap, int generation);

/* Reads OURO_ variables into what the program left open. */
ouro_status ouro__options_from_environment(ouro_heap_options *options, ouro_error *out_error);

#endif
