/* SPDX-License-Identifier: MIT */
/*
 * trial.h -- one fault of a program, and whether it was told
 *
 * A trial runs in a heap of its own.  What is told, by the misuse hook or by a fault of the processor, jumps back
 * here; the heap is then taken apart without a look at what is in it.
 */
#ifndef OURO_TEST_TRIAL_H
#define OURO_TEST_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include <ouro/ouro.h>

/* A small heap with some objects and raw memory in it, which trials commit their faults on. */
struct ground {
    ouro_heap *heap;
    uint64_t random;
};

/* A number below `limit`, another one each time. */
uint64_t trial_random(struct ground *ground, uint64_t limit);

/* What was heard last, and of which address; "fault" when the processor told it; "" when nothing was. */
struct heard {
    char message[1024];
    const void *object;
};

/* Commits a fault, and then whatever makes it felt.  True when something was told. */
bool trial_run(void (*commit)(struct ground *ground), uint64_t seed, struct heard *out_heard);

/* Inside a trial: runs in a thread of its own, to whose end it waits; what it is told there counts. */
void trial_in_thread(struct ground *ground, void (*run)(void *argument), void *argument);

/* Whether a text is what a pattern says, in which '*' stands for any text. */
bool trial_matches(const char *text, const char *pattern);

#endif
