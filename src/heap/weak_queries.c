/* SPDX-License-Identifier: MIT */
/*
 * weak_queries.c -- what may be asked of weak references               [floor 6]
 *
 * Who looks at an object; whether two look at the same; a hash.  Weak references that are garbage
 * and condemned are out of reach, so they are not shown.
 *
 *   [weak.hash]  HASHED is set iff `hash` was taken; it does not change any more
 */
#include "heap/heap.h"

/* ---- who looks at an object ---- */

static bool is_shown(const ouro_weakref *weakref)
{
    if (ouro__word_is_dying(*ouro__word_of(weakref))) return false;
    return !ouro__weakref_has_callback(weakref) ||
           !ouro__is_dark(&ouro__pools_of(weakref)->marks, weakref);
}

void ouro_weakref_each(const void *target, ouro_visit visit, void *argument)
{
    ouro_weakref *weakref = ouro__weakrefs_of(&ouro__life_of(target)->weakrefs, target);
    for (; weakref != NULL; weakref = weakref->next)
        if (is_shown(weakref) && visit(weakref, argument) != 0) return;
}

static int count_one(void *weakref, void *argument)
{
    (void)weakref;
    ++*(size_t *)argument;
    return 0;
}

size_t ouro_weakref_count(const void *target)
{
    size_t count = 0;
    ouro_weakref_each(target, count_one, &count);
    return count;
}

/* ---- what it looks at ---- */

static void say_gone(ouro_weakref *weakref, const char *what)
{
    ouro__heap_fail(ouro_heap_of(weakref), OURO_GONE, 0,
                    "%s weak reference %p, whose object is gone", what, (void *)weakref);
}

void *ouro_weakref_require(ouro_weakref *weakref)
{
    void *object = ouro_weakref_get(weakref);
    if (object == NULL) say_gone(weakref, "use of");
    return object;
}

/* The functions of the program may drop what holds the targets: they are held meanwhile. */
bool ouro_weakref_equal(ouro_weakref *a, ouro_weakref *b,
                        bool (*equal)(const void *a, const void *b))
{
    void *first = ouro__weakref_target(a), *second = ouro__weakref_target(b);
    if (first == NULL || second == NULL) return a == b;
    if (equal == NULL) return first == second;
    ouro_incref(first);
    ouro_incref(second);
    bool result = equal(first, second);
    ouro_decref(second);
    ouro_decref(first);
    return result;
}

static uint64_t hash_of_address(const void *object)
{
    return ((uintptr_t)object >> 3) * UINT64_C(0x9E3779B97F4A7C15);
}

ouro_status ouro_weakref_hash(ouro_weakref *weakref, uint64_t (*hash)(const void *object),
                              uint64_t *out_hash)
{
    if ((*ouro__word_of(weakref) & OURO__HASHED) == 0) {
        void *object = ouro__weakref_target(weakref);
        if (object == NULL) {
            say_gone(weakref, "hash of");
            return OURO_GONE;
        }
        uint64_t taken = hash_of_address(object);
        if (hash != NULL) {
            ouro_incref(object);
            taken = hash(object);
            ouro_decref(object);
        }
        weakref->hash = taken;
        *ouro__word_of(weakref) |= OURO__HASHED; /* [weak.hash] */
    }
    *out_hash = weakref->hash;
    return OURO_OK;
}
