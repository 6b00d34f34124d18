/* SPDX-License-Identifier: MIT */
/*
 * life.h -- birth, counting and death of one object                    [floor 4]
 *
 *   [life.prompt]   the decref that reaches zero ends the object before it returns
 *   [life.order]    finalizer; if still dead, all weak references, then their callbacks; then the values of
 *                   weak maps of which it was the key; then the
 *                   references: single ones by address, vectors from the last item, depth first
 *   [life.nostack]  a death uses the same small stack whatever hangs on the object
 *   [life.nomemory] a death allocates nothing; where its work is bounded, one that stops in the middle
 *                   asks for memory to remember where, and goes on when it gets none
 *   [life.paused]   the object at which a death stopped and those who wait for it have a count of zero
 *                   and are hidden
 *   [life.whole]    whoever is in the middle of a death holds references still and is followed by nobody:
 *                   a whole cycle that may have counted them does not go on meanwhile
 *
 * Below: weakref, finalizer, object, memory.  Above: collector, heap.
 */
#ifndef OURO_LIFE_LIFE_H
#define OURO_LIFE_LIFE_H

#include "finalizer/finalizer.h"
#include "object/visit.h"
#include "weakref/map.h"

/* A death that stopped: the object at hand, how far it is, and who waits for it. */
struct ouro__paused {
    void *object;
    unsigned cursor;
    uintptr_t stack;
};

struct ouro__life {
    struct ouro__weakrefs weakrefs; /* first: the owner of the heap's arenas */
    struct ouro__finalizers finalizers;
    /* Objects with traverse hooks that died inside another one's hook. */
    void *deferred_first, *deferred_last;
    unsigned inside_traverse;
    unsigned dying;   /* deaths inside one another */
    long death_bound; /* objects and references that one death may take at once; 0: any number */
    long death_left;  /* of the death at hand */
    uint32_t death_cached; /* blocks of it that went to class lists */
    struct ouro__paused *paused;
    size_t paused_count, paused_capacity;
    /* What ephemerons held whose targets have died.  [life.values] */
    struct ouro__ephemeron *values;
    unsigned
        values_level; /* of deaths inside one another, at which what dies puts its own there; 0: none */
    struct ouro__ephemeron *postponed[OURO__LANES]; /* their values are dark  [life.dark] */
};

ALWAYS_INLINE struct ouro__pools *ouro__life_pools(struct ouro__life *life)
{
    return &life->weakrefs.pools;
}

ALWAYS_INLINE struct ouro__life *ouro__life_of(const void *object)
{
    return (struct ouro__life *)ouro__arena_of(object)->owner;
}

/* A zeroed object of a ready type with one reference, or NULL: see the pools' refusal.
 * `block_size` is that of ouro__type_block_size. */
void *ouro__birth(struct ouro__life *life, const ouro_type *type, size_t block_size);

/* Ends an object whose last reference is gone: its count is one (being dropped) or zero. */
void ouro__die(struct ouro__life *life, void *object);

/* Takes a trapped object out of the trap if it has one reference left, which goes; see ouro__touch. */
bool ouro__untrap_last(void *object);

/* What a weak reference looks at, borrowed; NULL when it is gone, or garbage that nothing may reach. */
ALWAYS_INLINE void *ouro__weakref_target(const ouro_weakref *weakref)
{
    void *object = weakref->target;
    if (object == NULL || ouro__word_is_dying(*ouro__word_of(object))) return NULL;
    return UNLIKELY(ouro__is_dark(&ouro__pools_of(object)->marks, object)) ? NULL : object;
}

/* Whether a death runs or has stopped.  [life.whole] */
ALWAYS_INLINE bool ouro__life_is_dying(const struct ouro__life *life)
{
    return life->dying > 0 || life->paused_count > 0;
}

/* Goes on with deaths that stopped, for so many objects and references; false when none is left. */
bool ouro__life_resume(struct ouro__life *life, long units);

/* Gives back what a dead object has besides references: native resources by its
 * `release`, the buffers of its vectors.  Not its block. */
void ouro__life_release(struct ouro__life *life, void *object, const struct ouro__shape *shape);

/* Gives the block of a dead object back. */
void ouro__life_free(struct ouro__life *life, void *object, const struct ouro__shape *shape);

/* Holds the weak references of a list that ouro__weakrefs_clear returned, so that
 * callbacks may run; those that are dying or condemned themselves leave it.  With `postpones` the
 * condemned are called yet if they come back to life, else they stay silent.  [weak.postponed] */
ouro_weakref *ouro__callbacks_hold(ouro_weakref *list, bool postpones);

/* Lets go of the value of an ephemeron that has left, and gives it back.  User code. */
void ouro__ephemeron_drop(struct ouro__life *life, struct ouro__ephemeron *ephemeron);

/* Whether its value cannot be dropped by a plain decref.  [life.dark] */
bool ouro__ephemeron_is_dark(const struct ouro__life *life,
                             const struct ouro__ephemeron *ephemeron);

/* The same for the ephemerons of a target that dies, in a death. */
void ouro__ephemerons_drop(struct ouro__life *life, struct ouro__ephemeron *list);

/* Lets go of one value that is, or was, dark in the cycle of a lane, when finalizers have run or will not;
 * false when none is left. */
bool ouro__ephemerons_postponed(struct ouro__life *life, int lane);

/* Calls the callbacks of such a list, in its order, and lets go of it.  User code. */
void ouro__callbacks_run(struct ouro__life *life, ouro_weakref *list);

#endif
