/* SPDX-License-Identifier: MIT */
/*
 * visit.h -- the references of an object                               [floor 2]
 *
 * The common shape, single references in the first 64 words, is walked inline,
 * with the visitor inlined too; vectors, items and traverse hooks are behind a call.
 */
#ifndef OURO_OBJECT_VISIT_H
#define OURO_OBJECT_VISIT_H

#include "object/type.h"

/* Each reference that the mask does not show.  Not inline. */
void ouro__visit_general(void *object, void (*visit)(void *referent, void *context), void *context);

/* Each reference that is not NULL, once. */
ALWAYS_INLINE void ouro__visit(void *object, void (*visit)(void *referent, void *context),
                               void *context)
{
    const struct ouro__shape *shape = ouro__shape_of(object);
    ouro__slot *words = (ouro__slot *)object;
    for (uint64_t mask = shape->mask; mask != 0; mask &= mask - 1) {
        void *referent = words[__builtin_ctzl(mask)];
        if (referent != NULL) visit(referent, context);
    }
    if (UNLIKELY((shape->flags & OURO__SHAPE_GENERAL) != 0))
        ouro__visit_general(object, visit, context);
}

#endif
