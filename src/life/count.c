/* SPDX-License-Identifier: MIT */
/*
 * count.c -- the far side of the sign test                             [floor 4]
 *
 * What incref and decref do when a count is not plainly positive: dying,
 * trapped, immortal, or the last one.
 */
#include "life/life.h"

/*
 * An object under suspicion is proven alive by being touched: it leaves the trap,
 * and the collector follows its references.
 */
void ouro__touch(void *object)
{
    if (!ouro__word_is_trapped(*ouro__word_of(object))) return;
    struct ouro__marks *marks = &ouro__pools_of(object)->marks;
    if (UNLIKELY(marks->condemned && ouro__is_suspect(object)))
        ouro__misuse(object,
                     "object %p of type %s is used after it was found unreachable: a traverse hook "
                     "reports a reference that its object does not own, or a count was too low",
                     object, ouro__type_of(object)->name);
    ouro__word_untrap(object);
    if (ouro__is_suspect(object)) ouro__mark_live(marks, object);
}

static _Noreturn void dead_reference(const void *object, uint64_t word, const char *operation)
{
    if (word == 0)
        ouro__misuse(object, "%s of %p, which is no living object: it was freed already", operation, object);
    ouro__misuse(object, "%s of object %p of type %s, which is dying: one decref too many, or a reference "
                 "kept that was not owned", operation, object, ouro__types[ouro__word_type(word)]->name);
}

void ouro__incref_rare(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (ouro__word_is_dying(word)) dead_reference(object, word, "incref");
    if (ouro__word_is_immortal(word)) {
        ouro__word_set_count(object, OURO__IMMORTAL);
        return;
    }
    ouro__touch(object);
    *ouro__word_of(object) += 1;
}

static NOINLINE void decref_uncommon(void *object, uint64_t word)
{
    if (ouro__word_is_dying(word)) dead_reference(object, word, "decref");
    if (ouro__word_is_immortal(word)) {
        ouro__word_set_count(object, OURO__IMMORTAL);
        return;
    }
    ouro__touch(object);
    ouro_decref(object);
}

/*
 * A simple death of another type than most: rotating the word brings the number to the
 * bottom and the flags above, so that one comparison tells [word.simple].  Once in a while
 * the type becomes the guess.
 */
static __attribute__((noinline)) void decref_unguessed(struct ouro__pools *pools, void *object, uint64_t word)
{
    uint64_t turned = word - 1;
    turned = turned << (64 - OURO__TYPE_SHIFT) | turned >> OURO__TYPE_SHIFT;
    if (turned < (uint64_t)1 << (64 - OURO__TYPE_SHIFT)) {
        size_t bin = ouro__type_bins[turned];
        if (pools->guess_patience-- == 0) {
            pools->guess_patience = OURO_GUESS_PATIENCE;
            pools->guess_word = word;
            pools->guess_bin = (uint32_t)bin;
        }
        *ouro__word_of(object) = 0;
        ouro__pools_give(pools, object, bin);
    } else if ((uint32_t)word == 1) {
        ouro__die((struct ouro__life *)(void *)pools, object);
    } else {
        decref_uncommon(object, word);
    }
}

/*
 * Why a guess: an object that is made and dropped at once meets the next one in its
 * class list.  If the list's address waited for the type in the word, each round would cost a
 * chain of three loads; a guessed word is compared beside it and waits for nothing.
 */
void ouro__decref_rare(void *object, uint64_t word)
{
    struct ouro__pools *pools = ouro__pools_of(object);
    if (UNLIKELY(word != pools->guess_word)) {
        decref_unguessed(pools, object, word);
        return;
    }
    *ouro__word_of(object) = 0;
    ouro__pools_give(pools, object, pools->guess_bin);
}

void *ouro_weakref_get(ouro_weakref *weakref)
{
    void *object = weakref->target;
    if (object == NULL) return NULL;
    uint64_t word = *ouro__word_of(object);
    if (ouro__word_is_dying(word)) return NULL;
    if (ouro__word_is_trapped(word) && ouro__pools_of(object)->marks.condemned && ouro__is_suspect(object))
        return NULL;
    ouro_incref(object);
    return object;
}

void ouro_immortalize(void *object)
{
    if (ouro__word_is_dying(*ouro__word_of(object)))
        dead_reference(object, *ouro__word_of(object), "immortalize");
    ouro__touch(object);
    ouro__word_set_count(object, OURO__IMMORTAL);
}
