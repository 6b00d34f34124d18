/* SPDX-License-Identifier: MIT */
/*
 * number.h -- a number beside each object, while a look lasts          [floor 7]
 *
 *     | where those of each page's pool begin | of the first pool's blocks | of the next one's | .. | the next arena ..
 *
 * Memory of its own, 4 bytes for each block, so that whoever looks at all objects finds what it noted of one by
 * its place in its pool, and no structure of the heap changes.  Zero at first.  One look at a time: nobody calls the
 * program meanwhile, but its traverse hooks, which must not look.
 */
#ifndef OURO_INSPECT_NUMBER_H
#define OURO_INSPECT_NUMBER_H

#include "heap/heap.h"

struct ouro__numbers {
    uint32_t *start; /* NULL: of a heap without objects */
    size_t size;     /* bytes */
};

/* 0, or as many bytes as the system refused; then nothing is mapped. */
size_t ouro__numbers_map(struct ouro__numbers *numbers, const ouro_heap *heap);
void ouro__numbers_unmap(struct ouro__numbers *numbers, const ouro_heap *heap);

/* Of an object that lived when the numbers were mapped. */
ALWAYS_INLINE uint32_t *ouro__number_of(const void *object)
{
    const struct ouro__pool *pool = ouro__pool_of(object);
    uint32_t *numbers = ouro__arena_of(object)->numbers;
    return numbers + numbers[ouro__pool_page(pool)] + ouro__pool_index(pool, object);
}

/* Every arena in which objects lie, those of one large object included. */
void ouro__each_object_arena(const ouro_heap *heap,
                             void (*visit)(struct ouro__arena *arena, void *context),
                             void *context);

#endif
