/* SPDX-License-Identifier: MIT */
/*
 * garbage_case.h -- garbage that makes a whole cycle go through all of its phases
 *
 * A finalizer, weak references with and without a callback, a vector, and references to what lives.
 */
#ifndef OURO_TEST_GARBAGE_CASE_H
#define OURO_TEST_GARBAGE_CASE_H

#include "support/cell.h"

enum { GARBAGE_CASE_OBJECTS = 8 };

/* An old world, most of which is garbage once `garbage` is dropped. */
struct garbage_case {
    cell *living;
    cell *garbage;
    ouro_weakref *loud, *quiet; /* both look at garbage */
};

/* How often its finalizer and its callback were called since the last one was made. */
extern size_t garbage_case_words, garbage_case_calls;

/* The finalizer and the callback that count. */
void garbage_case_speak(cell *self);
void garbage_case_hear(ouro_weakref *self, void *argument);

struct garbage_case garbage_case_new(ouro_heap *heap);
void garbage_case_lose(struct garbage_case *scene);

/* Fails unless the garbage is gone, with one last word and one call. */
void garbage_case_end(struct garbage_case *scene);

/* The phases of the cycle that finds it, in order. */
enum { CYCLE_PHASES = 22 };
extern const char *const cycle_phases[CYCLE_PHASES];

#endif
