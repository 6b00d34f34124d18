/* SPDX-License-Identifier: MIT */
/*
 * weakref.h -- who looks at an object without holding it               [floor 3]
 *
 * A weak reference is an object with a target.  The weak references of one target
 * form a list; a hash table leads from a target's address to its list, and a
 * flag in the target's word says whether to look.  The list's order is the order in which
 * callbacks are due:
 *
 *     table[hash(target)] -> shared (no callback) -> newest callback -> ... -> oldest
 *
 *   [weak.flag]    a word has WEAKLY iff its object is in the table
 *   [weak.shared]  a target has at most one weak reference without callback, at the head
 *   [weak.table]   at most half of the table is used, so a search ends
 *   [weak.postponed]  a weak reference whose target died while it was condemned itself is called if it
 *                  comes back to life
 *
 * Clearing never needs memory; only making a weak reference does.
 */
#ifndef OURO_WEAKREF_WEAKREF_H
#define OURO_WEAKREF_WEAKREF_H

#include "memory/raw.h"
#include "object/type.h"

struct ouro_weakref {
    void *target; /* NULL: gone, or on its way */
    ouro_weakref *next, *previous;
    uint64_t hash; /* where HASHED  [weak.hash] */
};

struct ouro__weakref_callback {
    ouro_weakref base;
    ouro_weak_callback callback;
    void *argument; /* owned */
};

/* The table from targets to their ephemerons: ephemeron.h. */
struct ouro__ephemerons {
    struct ouro__ephemeron **table;
    size_t capacity; /* a power of two, or 0 */
    size_t targets;
};

struct ouro__weakrefs {
    struct ouro__pools pools; /* first: the owner of the heap's arenas */
    ouro_weakref **table;
    size_t capacity; /* a power of two, or 0 */
    size_t targets;
    struct ouro__ephemerons ephemerons;
};

/* Of an address or a number: 32 bits, any of which serve as a place in a table. */
ALWAYS_INLINE size_t ouro__hash(uint64_t value)
{
    return (size_t)(value * UINT64_C(0x9E3779B97F4A7C15) >> 32);
}

ALWAYS_INLINE size_t ouro__hash_of(const void *entry)
{
    return ouro__hash((uintptr_t)entry >> 3);
}

/* Room for one more target; false when memory is refused. */
bool ouro__weakrefs_reserve(struct ouro__weakrefs *weakrefs);

/* The list of a target, or NULL. */
ouro_weakref *ouro__weakrefs_of(const struct ouro__weakrefs *weakrefs, const void *target);

/* Fetches the place in the table where a search for a target begins; and later who stands there. */
void ouro__weakrefs_fetch_place(const struct ouro__weakrefs *weakrefs, const void *target);
void ouro__weakrefs_fetch_list(const struct ouro__weakrefs *weakrefs, const void *target);

/* The one without callback, borrowed, or NULL. */
ouro_weakref *ouro__weakrefs_shared(const struct ouro__weakrefs *weakrefs, const void *target);

/* Makes a new weak reference look at `target`: its fields are zero.  Room must be reserved. */
void ouro__weakrefs_link(struct ouro__weakrefs *weakrefs, ouro_weakref *weakref, void *target);

/* The weak reference looks at nothing any more: it dies before its target, or is kept in garbage. */
void ouro__weakrefs_unlink(ouro_weakref *weakref);

/* Takes all weak references off a target, so that they answer nothing; returns those with a
 * callback, newest first, linked by `next`. */
ouro_weakref *ouro__weakrefs_clear(struct ouro__weakrefs *weakrefs, void *target);

/* The same for those with a callback only: the shared one keeps looking. */
ouro_weakref *ouro__weakrefs_clear_callbacks(struct ouro__weakrefs *weakrefs, void *target);

ALWAYS_INLINE bool ouro__weakref_has_callback(const ouro_weakref *weakref)
{
    return ouro__type_of(weakref) == &ouro_weakref_callback_type;
}

/* Its target is gone while it was garbage itself: whether it is called depends on whether it comes
 * back.  It is in no list, so `previous` is free to say so.  [weak.postponed] */
ALWAYS_INLINE void ouro__weakref_postpone(ouro_weakref *weakref)
{
    weakref->previous = weakref;
}

/* Whether it was postponed; it is not any more. */
ALWAYS_INLINE bool ouro__weakref_unpostpone(ouro_weakref *weakref)
{
    bool postponed = weakref->previous == weakref;
    if (postponed) weakref->previous = NULL;
    return postponed;
}

#endif
