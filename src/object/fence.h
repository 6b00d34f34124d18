/* SPDX-License-Identifier: MIT */
/*
 * fence.h -- what lies behind an object in its block                   [floor 2]
 *
 * A size that is no multiple of 8, a size class that is larger than the object, and in the debug build eight
 * bytes more: a guarded build fills them, and looks whether they are as they were.
 *
 *   [fence.exact]  from the end of an object to the end of its block there are fence bytes alone; in
 *                  hardened builds there may be none, and the next block's canary follows
 *
 * An object whose type has a traverse hook ends with the word that its death needs [life.whole].
 */
#ifndef OURO_OBJECT_FENCE_H
#define OURO_OBJECT_FENCE_H

#include "object/type.h"

/* Of an object that was just made, whose length is set. */
void ouro__fence_set(void *object);

/* Ends the program unless the word, the fence and the word of the next block are whole. */
void ouro__fence_check_all(const void *object);

/* Its word alone.  [guard.canary] */
ALWAYS_INLINE void ouro__fence_check_word(const void *object)
{
    if (UNLIKELY(!ouro__canary_stands(object))) ouro__fence_check_all(object);
}

/* All but the next block's word, which is looked at for itself.  The object's references are not gone
 * yet. */
ALWAYS_INLINE void ouro__fence_check(const void *object)
{
    if (UNLIKELY(!ouro__canary_stands(object) ||
                 (ouro__shape_of(object)->flags & OURO__SHAPE_FENCED) != 0))
        ouro__fence_check_all(object);
}

#endif
