/* SPDX-License-Identifier: MIT */
/*
 * sequence.h -- random lists of operations, and the shortest that still fails
 */
#ifndef OURO_TEST_SEQUENCE_H
#define OURO_TEST_SEQUENCE_H

#include "support/world.h"

struct sequence {
    struct operation *operations;
    size_t length;
    bool tidy; /* the program lets go of everything before it closes its heap */
};

/* The random program of a seed.  Free `operations` after use. */
struct sequence sequence_make(uint64_t seed, size_t length);

/* Runs a program in a world of its own; ends the process when it fails. */
void sequence_run(const struct sequence *sequence, const struct world_setup *setup, FILE *trace);

/* How a program failed: the first line it wrote, without numbers, or nothing
 * when it didn't fail. */
struct sequence_failure {
    char text[160];
};

/* Tries a program in a child. */
struct sequence_failure sequence_try(const struct sequence *sequence,
                                     const struct world_setup *setup);

/* Leaves operations out for as long as the rest still fails in the same way. */
void sequence_shrink(struct sequence *sequence, const struct world_setup *setup);

/* Runs a failing program in a child that prints each step to stderr. */
void sequence_show(const struct sequence *sequence, const struct world_setup *setup);

#endif
