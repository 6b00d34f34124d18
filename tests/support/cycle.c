/* SPDX-License-Identifier: MIT */
/*
 * cycle.c -- whole cycles that a test drives in steps
 */
#include "support/cycle.h"

#include <string.h>

#include "support/heap.h"

const char *cycle_phase(ouro_heap *heap)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    return progress.phase;
}

bool cycle_is_idle(ouro_heap *heap)
{
    return strcmp(cycle_phase(heap), "idle") == 0;
}

size_t cycle_step(ouro_heap *heap, size_t units)
{
    return ouro_step(heap, (ouro_budget){.units = units});
}

size_t cycle_step_to_the_end(ouro_heap *heap, size_t units)
{
    size_t found = 0;
    while (!cycle_is_idle(heap)) {
        found += cycle_step(heap, units);
        test_heap_verify(heap);
    }
    return found;
}

void cycle_touch(cell *old)
{
    ouro_incref(old);
    ouro_decref(old);
}

void cycle_begin(ouro_heap *heap)
{
    assert_true(cycle_is_idle(heap));
    assert_int_equal(cycle_step(heap, 1), 0);
    assert_false(cycle_is_idle(heap));
}

bool cycle_reach(ouro_heap *heap, const char *phase)
{
    while (strcmp(cycle_phase(heap), phase) != 0) {
        (void)cycle_step(heap, 1);
        if (cycle_is_idle(heap)) return false;
    }
    return true;
}

ouro_generation_stats cycle_stats(ouro_heap *heap)
{
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    return stats[2];
}

list *cycle_rings(ouro_heap *heap, size_t count)
{
    list *all = list_new(heap);
    for (size_t i = 0; i < count; i++) {
        ouro_auto cell *ring = cell_ring(heap, 2);
        list_append(all, ring);
    }
    (void)ouro_collect(heap, 2);
    cycle_touch(all->items.items[0]);
    return all;
}

void cycle_rings_end(list *all)
{
    ouro_heap *heap = ouro_heap_of(all);
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}
