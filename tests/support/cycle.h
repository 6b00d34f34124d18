/* SPDX-License-Identifier: MIT */
/*
 * cycle.h -- whole cycles that a test drives in steps
 */
#ifndef OURO_TEST_CYCLE_H
#define OURO_TEST_CYCLE_H

#include "support/cell.h"

/* The name of the phase that a heap's cycle is in. */
const char *cycle_phase(ouro_heap *heap);
bool cycle_is_idle(ouro_heap *heap);

/* So many units more (0: without bound); what was found, when that ended the cycle. */
size_t cycle_step(ouro_heap *heap, size_t units);

/* The rest of a cycle, audited after each step; what it found. */
size_t cycle_step_to_the_end(ouro_heap *heap, size_t units);

/* Touches an old object, so that a step begins a cycle. */
void cycle_touch(cell *old);

/* A cycle that has begun and done next to nothing. */
void cycle_begin(ouro_heap *heap);

/* Steps until a phase is met; false when the cycle ends before. */
bool cycle_reach(ouro_heap *heap, const char *phase);

/* Statistics of the oldest generation. */
ouro_generation_stats cycle_stats(ouro_heap *heap);

/* So many old rings of two cells, one of them touched.  Owned; ends with all that is garbage by then. */
list *cycle_rings(ouro_heap *heap, size_t count);
void cycle_rings_end(list *all);

#endif
