/* SPDX-License-Identifier: MIT */
/*
 * finalizer.h -- who has a last word                                   [floor 3]
 *
 * A finalizer runs once per object, with the object whole and held by one
 * reference.  Whoever called it looks at the count afterwards: an object that somebody took is alive.
 * Code of the program that runs inside a death or a collection, a finalizer or a callback, has to
 * return: here is remembered that it runs.
 *
 *   [finalizer.once]   FINALIZED is set before the finalizer runs
 *   [finalizer.frame]  while such code runs, `frame` is an address below which its stack lies; if we
 *                      are entered again above that, it was left by longjmp
 */
#ifndef OURO_FINALIZER_FINALIZER_H
#define OURO_FINALIZER_FINALIZER_H

#include "object/type.h"

#include <pthread.h>

/* Code of the program that we have called. */
struct ouro__hook {
    const void *frame;         /* NULL: none runs */
    pthread_t thread;          /* that it runs on */
    const char *kind, *plural; /* "finalizer", "finalizers" */
    const ouro_type *type;     /* whose it is, or NULL */
};

struct ouro__finalizers {
    struct ouro__hook hook; /* the innermost that runs */
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

/* The frame is that of the caller, so what this stands before is inline where nothing else is: in a build for coverage. */
#define IN_THE_FRAME_OF_THE_CALLER static inline __attribute__((__always_inline__))

/* Around a call of the program's code, in the function that makes it; begin returns what end puts back. */
IN_THE_FRAME_OF_THE_CALLER struct ouro__hook ouro__hook_begin(struct ouro__finalizers *finalizers,
                                                              const char *kind, const char *plural,
                                                              const ouro_type *type)
{
    struct ouro__hook outer = finalizers->hook;
    finalizers->hook =
        (struct ouro__hook){__builtin_frame_address(0), pthread_self(), kind, plural, type};
    return outer;
}

ALWAYS_INLINE void ouro__hook_end(struct ouro__finalizers *finalizers, struct ouro__hook outer)
{
    finalizers->hook = outer;
}

/* Misuse if such code was left by longjmp: `frame` is that of a function of ours which the program has
 * called. */
void ouro__hook_check_frame(const struct ouro__finalizers *finalizers, const void *frame);

/* The same in a function that the program has called. */
IN_THE_FRAME_OF_THE_CALLER void ouro__hook_check(const struct ouro__finalizers *finalizers)
{
    if (UNLIKELY(finalizers->hook.frame != NULL))
        ouro__hook_check_frame(finalizers, __builtin_frame_address(0));
}

#endif
