/* SPDX-License-Identifier: MIT */
/*
 * ephemeron.c -- what ephemerons held is let go                        [floor 4]
 *
 * When a target dies, its ephemerons leave their maps at once; then the callbacks of its weak references
 * run; then the values are dropped, the newest first; then its own references.  A value may be the last
 * holder of another target, and so on in a chain of any length: what dies inside, at the level of the loop
 * below, puts its values in front of those that the loop has still to drop, so that nothing nests.
 *
 *   [life.values]  values of targets that have died wait in one list for each loop, newest death first
 *   [life.dark]    the value of an ephemeron that leaves is not touched while it is dark
 */
#include "life/life.h"

/*
 * A dark value is garbage that nobody may meet.  Its count may not fall: it might end the value before its
 * finalizer has run, or while it is brought back and what it reaches is not.  The reference waits
 * until the cycle is there.
 */
static NOINLINE void postpone(struct ouro__life *life, struct ouro__ephemeron *ephemeron)
{
    const struct ouro__marks *marks = &ouro__life_pools(life)->marks;
    bool whole = ouro__is_dark_in(marks, ephemeron->value, OURO__WHOLE);
    struct ouro__ephemeron **list = &life->postponed[whole ? OURO__WHOLE : OURO__PASS];
    ephemeron->next = *list;
    *list = ephemeron;
}

bool ouro__ephemeron_is_dark(const struct ouro__life *life, const struct ouro__ephemeron *ephemeron)
{
    const struct ouro__marks *marks = &life->weakrefs.pools.marks;
    return UNLIKELY(marks->condemned != 0) && ephemeron->value != NULL &&
           ouro__is_dark(marks, ephemeron->value);
}

void ouro__ephemeron_drop(struct ouro__life *life, struct ouro__ephemeron *ephemeron)
{
    void *value = ephemeron->value;
    if (UNLIKELY(ouro__ephemeron_is_dark(life, ephemeron))) {
        postpone(life, ephemeron);
        return;
    }
    ouro__raw_free(ouro__life_pools(life), ephemeron);
    if (value != NULL) ouro_decref(value);
}

/* What is still condemned is freed without a look at its count. */
bool ouro__ephemerons_postponed(struct ouro__life *life, int lane)
{
    struct ouro__ephemeron *ephemeron = life->postponed[lane];
    if (LIKELY(ephemeron == NULL)) return false;
    life->postponed[lane] = ephemeron->next;
    void *value = ephemeron->value;
    ouro__raw_free(ouro__life_pools(life), ephemeron);
    if (ouro__is_condemned(&ouro__life_pools(life)->marks, value))
        *ouro__word_of(value) -=
            OURO__ONE; /* it is trapped, and nobody meets it: none is touched */
    else
        ouro_decref(value);
    return true;
}

void ouro__ephemerons_drop(struct ouro__life *life, struct ouro__ephemeron *list)
{
    struct ouro__ephemeron *outer = life->values;
    unsigned outer_level = life->values_level;
    if (outer_level ==
        life->dying) { /* within the loop below: it goes on with these [life.values] */
        struct ouro__ephemeron *last = list;
        while (last->next != NULL) last = last->next;
        last->next = life->values;
        life->values = list;
        return;
    }
    life->values = list;
    life->values_level = life->dying + 1; /* deaths by the decref below are at that level */
    while (life->values != NULL) {
        struct ouro__ephemeron *ephemeron = life->values;
        life->values = ephemeron->next;
        ouro__ephemeron_drop(life, ephemeron);
    }
    life->values = outer;
    life->values_level = outer_level;
}
