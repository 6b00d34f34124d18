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

/* Whether the objects of a ready type fill their blocks. */
ALWAYS_INLINE bool ouro__fence_is_empty(const ouro_type *type)
{
    return ouro__shapes[ouro__word_type(type->ready_word)].exact != 0;
}

/* Of an object that was just made, whose length is set. */
void ouro__fence_set(void *object);

/* Ends the program unless the word, the fence and the word of the next block are whole. */
void ouro__fence_check_all(const void *object);

/* The same, of an object that may have no fence.  Its references are not gone yet. */
ALWAYS_INLINE void ouro__fence_check(const void *object)
{
    uint64_t word = *ouro__word_of(object);
    const struct ouro__pool *pool = ouro__pool_of(object);
    if (UNLIKELY(!ouro__guard_is_sound(object) || ouro__shapes[ouro__word_type(word)].exact == 0 ||
                 !ouro__canary_stands((const char *)object + pool->block_size)))
        ouro__fence_check_all(object);
}

#endif
