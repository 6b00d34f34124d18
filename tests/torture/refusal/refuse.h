/* SPDX-License-Identifier: MIT */
/*
 * refuse.h -- ways to refuse memory to a scenario, at one point after another
 *
 * Each way runs the scenario again and again, in a heap of its own, until nothing was refused: that
 * is a sweep.  After each run the heap is audited, emptied by collections while memory is still refused,
 * audited again, and must run the same scenario when memory is back.
 */
#ifndef OURO_TEST_REFUSE_H
#define OURO_TEST_REFUSE_H

#include "refusal/scenario.h"

struct refusal_way {
    const char *name;
    void (*sweep)(const struct scenario *scenario);
};
extern const struct refusal_way refusal_ways[];
extern const size_t refusal_way_count;

/* Runs in which memory might be refused so far, and how many of them ended with a failed call. */
struct refusal_tally {
    size_t points, failures;
};
extern struct refusal_tally refusal_tally;

#endif
