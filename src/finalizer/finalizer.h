/* SPDX-License-Identifier: MIT */
/*
 * finalizer.h -- who has a last word                                   [floor 3]
 *
 * A finalizer runs once per object, with the object whole and held by one
 * reference.  Whoever called it looks at the count afterwards: an object that somebody took is alive.
 *
 *   [finalizer.once]   FINALIZED is set before the finalizer runs
 *   [finalizer.frame]  while one runs, `frame` is an address below which its stack lies; if we
 *                      are entered again above that, it was left by longjmp
 */
#ifndef OURO_FINALIZER_FINALIZER_H
#define OURO_FINALIZER_FINALIZER_H

#include "object/type.h"

#include <pthread.h>

struct ouro__finalizers {
    const void *frame; /* of the innermost that runs; NULL: none does */
    pthread_t thread;  /* that it runs on */
    const ouro_type *type;
    size_t run;
    bool silent; /* the heap is closed without last words: none runs, and no weak callback */
};

ALWAYS_INLINE bool ouro__finalizer_is_due(const void *object)
{
    return (ouro__shape_of(object)->flags & OURO__SHAPE_FINALIZE) != 0 &&
           (*ouro__word_of(object) & OURO__FINALIZED) == 0;
}

/* Runs the finalizer of an object that the caller holds, unless there shall be silence.  User code. */
void ouro__finalizer_run(struct ouro__finalizers *finalizers, void *object);

/* Misuse if a finalizer was left by longjmp: `frame` is that of a function of ours which the program has
 * called. */
void ouro__finalizer_check_left(const struct ouro__finalizers *finalizers, const void *frame);

#endif
