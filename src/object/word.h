/* SPDX-License-Identifier: MIT */
/*
 * word.h -- the one word in front of an object                         [floor 2]
 *
 *     63        44 43        32 31                    0
 *     |   type    |   flags    |   reference count     |
 *
 *     count > 0            local: plain add and subtract
 *     count == 0           dying, or a free block when the whole word is zero
 *     bits 31..30 == 10    reserved for shared objects; a count that overflows lands here
 *     bits 31..29 == 110   trapped: 29 bits of count
 *     bits 31..29 == 111   immortal
 *
 *   [word.live]    the word of a live block is never zero
 *   [word.sign]    whatever is not a plain count is on the far side of one sign test
 *   [word.aged]    a live tracked object is AGED or its block has its young bit
 *   [word.simple]  no flag set and count one: a death that only gives a block back
 */
#ifndef OURO_OBJECT_WORD_H
#define OURO_OBJECT_WORD_H

#include "memory/guard.h"

#include <ouro/ouro.h>

/* In the debug and the hardened build the lowest byte of the word is a canary, which an object's
 * neighbour below tramples first [guard.canary]; then come the count, the flags and fewer types. */
#define OURO__COUNT_SHIFT (OURO_GUARDED ? OURO__CANARY_BITS : 0)
#define OURO__ONE ((uint64_t)1 << OURO__COUNT_SHIFT) /* a count of one */

#define OURO__COUNT_BITS ((uint64_t)UINT32_MAX << OURO__COUNT_SHIFT)
#define OURO__TRAPPED ((uint64_t)0xC0000000u << OURO__COUNT_SHIFT)
#define OURO__TRAPPED_MASK ((uint64_t)0xE0000000u << OURO__COUNT_SHIFT)
#define OURO__TRAPPED_COUNT 0x1FFFFFFFu /* of ouro__word_low */
#define OURO__IMMORTAL ((uint64_t)0xE0000000u << OURO__COUNT_SHIFT)

#define OURO__FLAG(n) ((uint64_t)1 << (32 + OURO__COUNT_SHIFT + (n)))
#define OURO__MIDDLE OURO__FLAG(0)    /* survived one young pass */
#define OURO__WEAKLY OURO__FLAG(1)    /* weak references look at it */
#define OURO__FINALIZED OURO__FLAG(2) /* its finalizer has run */
#define OURO__FROZEN OURO__FLAG(3)    /* out of the collector's sight */
#define OURO__SAVED OURO__FLAG(4)     /* kept in `garbage` */
#define OURO__SPECIAL OURO__FLAG(5)   /* of its type: death has more to do than give a block back */
#define OURO__PLAIN OURO__FLAG(7)     /* of its type: single references only, no hook, no fence */
#define OURO__ENDED OURO__FLAG(6)     /* dying: the finalizer and the weak references are behind it */
#define OURO__AGED OURO__FLAG(8)      /* survived one at least: its block has no young bit */
#define OURO__KEYED OURO__FLAG(9)     /* ephemerons of weak maps and sets look at it */
#define OURO__LOST OURO__FLAG(10)     /* was garbage: its ephemerons answer nothing any more */
#define OURO__HASHED OURO__FLAG(11)   /* a weak reference whose hash was taken */
#define OURO__HEARD OURO__FLAG(11)    /* no weak reference, and its death is to be heard of  [trace.heard] */

#define OURO__TYPE_SHIFT (OURO_GUARDED ? 52 : 44)
_Static_assert(OURO__FLAG(11) < (uint64_t)1 << OURO__TYPE_SHIFT, "the flags end below the type");

/* The count, in whatever form, as it stands. */
ALWAYS_INLINE uint32_t ouro__word_low(uint64_t word)
{
    return (uint32_t)(word >> OURO__COUNT_SHIFT);
}

/* The same, for the sign test. */
ALWAYS_INLINE int32_t ouro__word_signed(uint64_t word)
{
    return (int32_t)ouro__word_low(word);
}

ALWAYS_INLINE uint32_t ouro__word_type(uint64_t word)
{
    return (uint32_t)(word >> OURO__TYPE_SHIFT);
}

ALWAYS_INLINE bool ouro__word_is_trapped(uint64_t word)
{
    return (word & OURO__TRAPPED_MASK) == OURO__TRAPPED;
}

ALWAYS_INLINE bool ouro__word_is_immortal(uint64_t word)
{
    /* an overflow is immortal from the moment it happens */
    return ouro__word_signed(word) < 0 && !ouro__word_is_trapped(word);
}

ALWAYS_INLINE bool ouro__word_is_dying(uint64_t word)
{
    return ouro__word_low(word) == 0;
}

/* [word.simple] */
ALWAYS_INLINE bool ouro__word_is_simple(uint64_t word)
{
    return word << (64 - OURO__TYPE_SHIFT) == OURO__ONE << (64 - OURO__TYPE_SHIFT);
}

/* References, whatever form the count has; INT32_MAX for an immortal object. */
ALWAYS_INLINE uint32_t ouro__word_count(uint64_t word)
{
    if (LIKELY(ouro__word_signed(word) >= 0)) return ouro__word_low(word);
    return ouro__word_is_trapped(word) ? ouro__word_low(word) & OURO__TRAPPED_COUNT : INT32_MAX;
}

ALWAYS_INLINE void ouro__word_set_count(void *object, uint64_t count)
{
    ouro__word *word = ouro__word_of(object);
    *word = (*word & ~OURO__COUNT_BITS) | count;
}

/* A count too large for a trap is no member of a garbage cycle that anybody
 * will see; it stays plain and the object counts as live. */
ALWAYS_INLINE bool ouro__word_trap(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (UNLIKELY(ouro__word_signed(word) <= 0)) return ouro__word_is_trapped(word);
    if (UNLIKELY(ouro__word_low(word) > OURO__TRAPPED_COUNT)) return false;
    *ouro__word_of(object) = word | OURO__TRAPPED;
    return true;
}

ALWAYS_INLINE void ouro__word_untrap(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (ouro__word_is_trapped(word)) *ouro__word_of(object) = word & ~OURO__TRAPPED;
}

#endif
