/* SPDX-License-Identifier: MIT */
/*
 * finalizer.c -- last words, once                                      [floor 3]
 */
#include "finalizer/finalizer.h"

NOINLINE void ouro__finalizer_run(struct ouro__finalizers *finalizers, void *object)
{
    ouro_type *type = ouro__type_of(object);
    if (finalizers->silent) return;
    *ouro__word_of(object) |= OURO__FINALIZED; /* [finalizer.once] */
    struct ouro__hook outer =
        ouro__hook_begin(finalizers, "finalizer", "finalizers", type); /* [finalizer.frame] */
    type->finalize(object);
    ouro__hook_end(finalizers, outer);
    finalizers->run++;
}

/* Stacks grow down: a caller of the hook has a higher frame than it. */
NOINLINE void ouro__hook_check_frame(const struct ouro__finalizers *finalizers, const void *frame)
{
    const struct ouro__hook *hook = &finalizers->hook;
    if (hook->frame == NULL || !pthread_equal(hook->thread, pthread_self())) return;
    if ((uintptr_t)frame < (uintptr_t)hook->frame) return;
    ouro__misuse(
        NULL,
        "a %s%s%s was left by longjmp: the heap is in the middle of a death or a collection; "
        "return from %s instead",
        hook->kind, hook->type != NULL ? " of type " : "",
        hook->type != NULL ? hook->type->name : "", hook->plural);
}
