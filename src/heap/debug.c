/* SPDX-License-Identifier: MIT */
/*
 * debug.c -- what a heap prints on request                             [floor 6]
 *
 * The lines are CPython's, as far as they fit; docs/settings.md describes them for programs that
 * read them.  What the collector prints of single objects is in collector/sever.c.
 */
#include "heap/heap.h"

#include <stdio.h>

/* ---- OURO_DEBUG_STATS: a collection ---- */

struct population {
    size_t generation[3];
    size_t frozen;
};

static void count_object(void *entry, void *context)
{
    struct population *population = context;
    uint64_t word = *ouro__word_of(entry);
    if (ouro__word_is_dying(word)) return;
    if ((word & OURO__FROZEN) != 0)
        population->frozen++;
    else
        population->generation[ouro__generation_of(entry)]++;
}

static void count_pool(struct ouro__pool *pool, void *context)
{
    ouro__walk_live(pool, count_object, context);
}

void ouro__debug_start(const ouro_heap *heap, const ouro_collection *info)
{
    if ((heap->pass.debug & OURO_DEBUG_STATS) == 0) return;
    struct population population = {0};
    ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, count_pool, &population);
    fprintf(stderr,
            "ouro: collecting generation %d of heap \"%s\"%s\n"
            "ouro: objects in each generation: %zu %zu %zu; frozen: %zu; bytes: %zu\n",
            info->generation, heap->name, info->nearby ? " near touched objects" : "",
            population.generation[0], population.generation[1], population.generation[2],
            population.frozen, ouro__heap_bytes(heap));
}

void ouro__debug_stop(const ouro_heap *heap, const ouro_collection *info)
{
    if ((heap->pass.debug & OURO_DEBUG_STATS) == 0) return;
    fprintf(stderr,
            "ouro: done, %zu unreachable, %zu uncollectable, %.4fs elapsed, %zu candidates\n",
            info->collected + info->uncollectable, info->uncollectable,
            (double)info->nanoseconds / 1e9, info->candidates);
}

/* ---- the end of a heap ---- */

static void print_saved(void *entry, void *context)
{
    (void)context;
    if ((*ouro__word_of(entry) & OURO__SAVED) != 0)
        ouro__print_object(stderr, "uncollectable", entry);
}

static void print_saved_of_pool(struct ouro__pool *pool, void *context)
{
    ouro__walk_live(pool, print_saved, context);
}

/* As CPython at shutdown: silent under SAVEALL, which has printed what it kept already. */
static void print_garbage(const ouro_heap *heap, size_t uncollectable)
{
    bool lists = (heap->pass.debug & OURO_DEBUG_UNCOLLECTABLE) != 0;
    if (uncollectable == 0 || (heap->pass.debug & OURO_DEBUG_SAVEALL) != 0) return;
    fprintf(stderr, "ouro: heap \"%s\" closed with %zu uncollectable objects%s\n", heap->name,
            uncollectable, lists ? ":" : "; OURO_DEBUG_UNCOLLECTABLE lists them");
    if (lists)
        ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, print_saved_of_pool, NULL);
}

void ouro__debug_closed(const ouro_heap *heap, const ouro_close_report *report)
{
    if (report->held_from_outside > 0 && (heap->pass.debug & OURO_DEBUG_STATS) != 0)
        fprintf(stderr,
                "ouro: heap \"%s\" closed with %zu objects held from outside, one of type %s\n",
                heap->name, report->held_from_outside, report->held_type_name);
    print_garbage(heap, report->uncollectable);
}
