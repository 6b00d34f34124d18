/* SPDX-License-Identifier: MIT */
/*
 * guarded.c -- incref and decref of a guarded build                    [floor 4]
 *
 * What the header inlines where objects lie in the thread's own arena, and of all others: behind a look at the pointer,
 * at the registry, the state bit, the canary in the word, the thread.
 */
#include "life/life.h"

/* [guard.live] [guard.canary] [guard.thread] */
ALWAYS_INLINE void check(const void *object, const char *operation)
{
    if (ouro__guarded_is_sound(object)) return;
    if (UNLIKELY(!ouro__guard_is_sound(object) ||
                 ouro__pools_of(object)->front.thread != ouro__guard_thread()))
        ouro__guard_check(object, operation);
    if (UNLIKELY(ouro__own_arena == OURO__NO_ARENA)) ouro__guard_settle(object);
}

void ouro__guarded_incref(void *object)
{
    check(object, "incref");
    uint64_t word = *ouro__word_of(object);
    if (LIKELY(ouro__word_signed(word) > 0))
        *ouro__word_of(object) = word + OURO__ONE;
    else
        ouro__incref_rare(object);
}

void ouro__guarded_decref(void *object)
{
    check(object, "decref");
    uint64_t word = *ouro__word_of(object);
    if (LIKELY(ouro__word_signed(word) > 1))
        *ouro__word_of(object) = word - OURO__ONE;
    else
        ouro__decref_rare(object);
}

void ouro__guarded_moved(void *object)
{
    check(object, "move");
    if (UNLIKELY(ouro__word_signed(*ouro__word_of(object)) < 0)) ouro__touch(object);
}
