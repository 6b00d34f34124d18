/* SPDX-License-Identifier: MIT */
/*
 * inspect.h -- what the files of this room share                       [floor 7]
 */
#ifndef OURO_INSPECT_INSPECT_H
#define OURO_INSPECT_INSPECT_H

#include "heap/heap.h"

/* Dying, or garbage that is condemned already or speaks its last words: nobody is to meet it. */
bool ouro__is_hidden(const void *object);

/* Every object that is not hidden, acyclic ones first, each kind by arena and address. */
void ouro__each_shown(const ouro_heap *heap, void (*visit)(void *object, void *context),
                      void *context);

/* Each reference that some count has, as ouro_each_reference tells them, without names. */
void ouro__each_held(void *object, void (*visit)(void *target, void *context), void *context);

/* As ouro_each_reference, of garbage that is whole still: what weak maps hold for it is shown, too. */
void ouro__each_reference_of_garbage(void *object, ouro_visit_reference visit, void *argument);

/* Blocks of a pool that are on its class list or, in guarded builds, in the quarantine: no program has them.
 * Cost: the length of both. */
size_t ouro__pool_cached(const struct ouro__pool *pool);

/* Some objects, to be recognized among all. */
struct ouro__targets {
    void *const *list;
    size_t count;
    void **sorted; /* the same in memory of its own, or NULL */
    size_t size;   /* of that */
};
void ouro__targets_open(struct ouro__targets *targets, void *const *list, size_t count);
void ouro__targets_close(const struct ouro__targets *targets);
bool ouro__targets_have(const struct ouro__targets *targets, const void *object);

/* The size of a mapping that holds so many bytes. */
ALWAYS_INLINE size_t ouro__whole_pages(size_t bytes)
{
    return (bytes + 4095) & ~(size_t)4095;
}

#endif
