/* SPDX-License-Identifier: MIT */
/*
 * visit.h -- the references of an object                               [floor 2]
 *
 * The common shape, single references in the first 64 words, is walked inline,
 * with the visitor inlined too; vectors, items and traverse hooks are behind a call.
 */
#ifndef OURO_OBJECT_VISIT_H
#define OURO_OBJECT_VISIT_H

#include "base/bits.h"
#include "memory/mark.h"
#include "object/type.h"

/* Each reference that the mask does not show.  Not inline. */
void ouro__visit_general(void *object, void (*visit)(void *referent, void *context), void *context);

/* Those that its type's traverse hook reports, if it has one. */
void ouro__visit_hook(void *object, void (*visit)(void *referent, void *context), void *context);

/*
 * Each reference of an object, as long as `units` last, one a reference; the rest is left
 * to another call with the same `half`, whose owner is NULL at first.  True, and the owner NULL again, when
 * nothing is left.
 * What a traverse hook reports is not cut.
 */
bool ouro__visit_cut(void *object, struct ouro__half *half, long *units,
                     void (*visit)(void *referent, void *context), void *context);

/* How many places for references the vectors and items of an object have. */
size_t ouro__visit_length(void *object);

/* The references that a mask shows. */
ALWAYS_INLINE void ouro__visit_mask(void *object, uint64_t mask,
                                    void (*visit)(void *referent, void *context), void *context)
{
    ouro__slot *words = (ouro__slot *)object;
    for (; mask != 0; mask &= mask - 1) {
        void *referent = words[ouro__lowest_bit(mask)];
        if (referent != NULL) visit(referent, context);
    }
}

/* Each reference that is not NULL, once. */
ALWAYS_INLINE void ouro__visit(void *object, void (*visit)(void *referent, void *context),
                               void *context)
{
    const struct ouro__shape *shape = ouro__shape_of(object);
    ouro__visit_mask(object, shape->mask, visit, context);
    if (UNLIKELY((shape->flags & OURO__SHAPE_GENERAL) != 0))
        ouro__visit_general(object, visit, context);
}

#endif
