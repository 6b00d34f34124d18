/* SPDX-License-Identifier: MIT */
/*
 * sequence.h -- random lists of operations, and the shortest that still fails
 */
#ifndef OURO_TEST_SEQUENCE_H
#define OURO_TEST_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "support/random.h"

/* What the numbers mean is the stage's matter, and any list of them must mean something. */
struct operation {
    uint8_t code;
    uint8_t flavour;
    uint16_t a, b, c;
};

/* Where operations are done.  `trace`, unless NULL, hears of them; what fails ends the process. */
struct sequence_stage {
    const void *setup;
    void (*open)(const void *setup, FILE *trace);
    void (*act)(const struct operation *operation);
    void (*close)(bool tidy);
};

struct sequence {
    struct operation *operations;
    size_t length;
    bool tidy; /* the program lets go of everything before it closes its heap */
};

/* The random program of a seed, of codes that `choose` gives.  Free `operations` after use. */
struct sequence sequence_make(uint64_t seed, size_t length, uint8_t (*choose)(struct random *));

/* Runs a program on a stage of its own; ends the process when it fails. */
void sequence_run(const struct sequence *sequence, const struct sequence_stage *stage, FILE *trace);

/* How a program failed: the first line it wrote, without numbers, or nothing
 * when it didn't fail. */
struct sequence_failure {
    char text[160];
};

/* Tries a program in a child. */
struct sequence_failure sequence_try(const struct sequence *sequence,
                                     const struct sequence_stage *stage);

/* Leaves operations out for as long as the rest still fails in the same way. */
void sequence_shrink(struct sequence *sequence, const struct sequence_stage *stage);

/* Runs a failing program in a child that prints each step to stderr. */
void sequence_show(const struct sequence *sequence, const struct sequence_stage *stage);

#endif
