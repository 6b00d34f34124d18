/* SPDX-License-Identifier: MIT */
/*
 * number.h -- a number beside each object, while a look lasts          [floor 7]
 *
 * Memory of its own, 4 bytes for each 16 of an arena of objects, so that whoever looks at all objects finds what
 * it noted of one by a mask and an addition, and no structure of the heap changes.  Zero at first.  One look at a
 * time: nobody calls the program meanwhile, but its traverse hooks, which must not look.
 */
#ifndef OURO_INSPECT_NUMBER_H
#define OURO_INSPECT_NUMBER_H

#include "heap/heap.h"

/* 0, or as many bytes as the system refused; then nothing is mapped. */
size_t ouro__numbers_map(const ouro_heap *heap);
void ouro__numbers_unmap(const ouro_heap *heap);

/* Of an object of an arena that had objects when the numbers were mapped. */
ALWAYS_INLINE uint32_t *ouro__number_of(const void *object)
{
    const struct ouro__arena *arena = ouro__arena_of(object);
    return (uint32_t *)arena->numbers + ouro__arena_offset(object) / 16;
}

/* Every arena in which objects lie, those of one large object included. */
void ouro__each_object_arena(const ouro_heap *heap,
                             void (*visit)(struct ouro__arena *arena, void *context),
                             void *context);

#endif
