/* SPDX-License-Identifier: MIT */
/*
 * life.h -- birth, counting and death of one object                    [floor 4]
 *
 *   [life.prompt]   the decref that reaches zero ends the object before it returns
 *   [life.order]    finalizer; if still dead, all weak references, then their callbacks; then the
 *                   references: single ones by address, vectors from the last item, depth first
 *   [life.nostack]  a death uses the same small stack whatever hangs on the object
 *   [life.nomemory] a death allocates nothing
 *   [life.whole]    while user code runs inside a death, whoever dies is followed by nobody and holds
 *                   references still: a whole cycle that has counted them does not go on
 *
 * Below: weakref, finalizer, object, memory.  Above: collector, heap.
 */
#ifndef OURO_LIFE_LIFE_H
#define OURO_LIFE_LIFE_H

#include "finalizer/finalizer.h"
#include "object/visit.h"
#include "weakref/weakref.h"

struct ouro__life {
    struct ouro__weakrefs weakrefs; /* first: the owner of the heap's arenas */
    struct ouro__finalizers finalizers;
    /* Objects with traverse hooks that died inside another one's hook. */
    void *deferred_first, *deferred_last;
    unsigned inside_traverse;
    unsigned inside_death; /* finalizers and callbacks that run because a count fell to zero */
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

/* Gives back what a dead object has besides references: native resources by its
 * `release`, the buffers of its vectors.  Not its block. */
void ouro__life_release(struct ouro__life *life, void *object, const struct ouro__shape *shape);

/* Gives the block of a dead object back. */
void ouro__life_free(struct ouro__life *life, void *object, const struct ouro__shape *shape);

/* Holds the weak references of a list that ouro__weakrefs_clear returned, so that
 * callbacks may run; those that are dying or condemned themselves stay silent and leave it. */
ouro_weakref *ouro__callbacks_hold(ouro_weakref *list);

/* Calls the callbacks of such a list, in its order, and lets go of it.  User code. */
void ouro__callbacks_run(struct ouro__life *life, ouro_weakref *list);

#endif
