/* SPDX-License-Identifier: MIT */
/*
 * count.c -- the far side of the sign test                             [floor 4]
 *
 * What incref and decref do when a count is not plainly positive: dying,
 * trapped, immortal, or the last one.
 */
#include "life/life.h"

/* A suspect is touched: it is alive, and the collector follows its references. */
static NOINLINE void touch_suspect(struct ouro__marks *marks, void *object, uint32_t suspect)
{
    if (UNLIKELY((suspect & marks->condemned) != 0))
        ouro__misuse(object,
                     "object %p of type %s is used after it was found unreachable: a traverse hook "
                     "reports a reference that its object does not own, or a count was too low",
                     object, ouro__type_of(object)->name);
    marks->touched_any = true; /* it may be garbage again soon, and nobody would touch it then */
    ouro__mark_live(marks, suspect == OURO__SUSPECT(OURO__PASS) ? OURO__PASS : OURO__WHOLE, object);
}

/* Takes an object out of the trap; true when it was quiet and no suspect. */
static bool untrap(struct ouro__marks *marks, void *object)
{
    ouro__word_untrap(object);
    if (LIKELY(marks->judged == 0)) return true;
    uint32_t suspect = *ouro__count_of(object) & marks->judged;
    if (suspect == 0) return true;
    touch_suspect(marks, object, suspect);
    return false;
}

/*
 * An object under suspicion is proven alive by being touched.  A quiet one is remembered: garbage
 * cycles are made only by touches, so they lie near touched objects.
 */
void ouro__touch(void *object)
{
    if (!ouro__word_is_trapped(*ouro__word_of(object))) return;
    struct ouro__marks *marks = &ouro__pools_of(object)->marks;
    if (untrap(marks, object)) ouro__touched_add(marks, object);
}

/* The last reference of a quiet object goes: it dies, and nothing is to be remembered. */
bool ouro__untrap_last(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (ouro__word_low(word) != ouro__word_low(OURO__TRAPPED | OURO__ONE)) return false;
    (void)untrap(&ouro__pools_of(object)->marks, object);
    return true;
}

static _Noreturn void dead_reference(const void *object, uint64_t word, const char *operation)
{
    if (ouro__word_is_free(word))
        ouro__misuse(object, "%s of %p, which is no living object: it was freed already", operation,
                     object);
    ouro__misuse(object,
                 "%s of object %p of type %s, which is dying: one decref too many, or a reference "
                 "kept that was not owned",
                 operation, object, ouro__types[ouro__word_type(word)]->name);
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
    *ouro__word_of(object) += OURO__ONE;
}

static NOINLINE void decref_uncommon(void *object, uint64_t word)
{
    if (ouro__word_is_dying(word)) dead_reference(object, word, "decref");
    if (ouro__word_is_immortal(word)) {
        ouro__word_set_count(object, OURO__IMMORTAL);
        return;
    }
    if (ouro__untrap_last(object)) {
        ouro__die(ouro__life_of(object), object);
        return;
    }
    ouro__touch(object);
    ouro_decref(object);
}

struct ouro__front *ouro__guess;

/* The death that ouro__drop_last would do if it had guessed this object's type and heap.  Once in
 * a while both become the guess. */
static void die_unguessed(struct ouro__pools *pools, void *object, uint64_t word)
{
    struct ouro__shelf *shelf = &pools->front.shelf[ouro__type_bins[ouro__word_type(word)]];
    if (pools->guess_patience-- == 0) {
        pools->guess_patience = OURO_GUESS_PATIENCE;
        pools->front.guess_word = pools->meter == NULL ? word : UINT64_MAX; /* [meter.hot] */
        pools->front.guess_shelf = shelf;
        __atomic_store_n(&ouro__guess, &pools->front, __ATOMIC_RELAXED);
    }
    ouro__word_clear(object); /* [pool.word] */
    ouro__give(&pools->front, object, shelf);
}

void ouro__decref_rare(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (ouro__word_is_simple(word))
        die_unguessed(ouro__pools_of(object), object, word);
    else if (ouro__word_low(word) == 1)
        ouro__die(ouro__life_of(object), object);
    else
        decref_uncommon(object, word);
}

void *ouro_weakref_get(ouro_weakref *weakref)
{
    void *object = ouro__weakref_target(weakref);
    if (object != NULL) ouro_incref(object);
    return object;
}

void ouro_immortalize(void *object)
{
    if (ouro__word_is_dying(*ouro__word_of(object)))
        dead_reference(object, *ouro__word_of(object), "immortalize");
    ouro__touch(object);
    ouro__word_set_count(object, OURO__IMMORTAL);
}
