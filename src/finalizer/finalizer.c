/* SPDX-License-Identifier: MIT */
/*
 * finalizer.c -- last words, once                                      [floor 3]
 */
#include "finalizer/finalizer.h"

NOINLINE void ouro__finalizer_run(struct ouro__finalizers *finalizers, void *object)
{
    ouro_type *type = ouro__type_of(object);
    struct ouro__finalizers outer = *finalizers;
    if (finalizers->silent) return;
    *ouro__word_of(object) |= OURO__FINALIZED;      /* [finalizer.once] */
    finalizers->frame = __builtin_frame_address(0); /* [finalizer.frame] */
    finalizers->thread = pthread_self();
    finalizers->type = type;
    type->finalize(object);
    finalizers->frame = outer.frame;
    finalizers->thread = outer.thread;
    finalizers->type = outer.type;
    finalizers->run++;
}

/* Stacks grow down: a caller of the finalizer has a higher frame than it. */
NOINLINE void ouro__finalizer_check_left(const struct ouro__finalizers *finalizers,
                                         const void *frame)
{
    if (finalizers->frame == NULL || !pthread_equal(finalizers->thread, pthread_self())) return;
    if ((uintptr_t)frame < (uintptr_t)finalizers->frame) return;
    ouro__misuse(
        NULL,
        "a finalizer of type %s was left by longjmp: the heap is in the middle of a death; "
        "return from finalizers instead",
        finalizers->type->name);
}
