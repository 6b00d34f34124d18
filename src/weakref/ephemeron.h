/* SPDX-License-Identifier: MIT */
/*
 * ephemeron.h -- what a weak map knows of one key                      [floor 3]
 *
 * An ephemeron looks at a target without holding it and, in a weak map, holds the value that belongs to
 * it: the value is alive as long as target and map are.  It is no object, but a raw block that both
 * lead to:
 *
 *     target | word: KEYED | --hash--> ephemeron <-> ephemeron <-> ...      one list for each target,
 *                                          |             |                  the newest first
 *                                         map           map                 one in each map
 *
 *   [ephemeron.keyed]  a word has KEYED iff its object is in the table
 *   [ephemeron.table]  at most half of the table is used, so a search ends
 *   [ephemeron.both]   an ephemeron is in its map and in its target's list, or, on its way out, in neither
 *
 * Taking one out never needs memory.
 */
#ifndef OURO_WEAKREF_EPHEMERON_H
#define OURO_WEAKREF_EPHEMERON_H

#include "weakref/weakref.h"

struct ouro__map;

struct ouro__ephemeron {
    void *target;
    void *value;                             /* owned, or NULL */
    struct ouro__map *map;                   /* borrowed: a map outlives its ephemerons */
    struct ouro__ephemeron *next, *previous; /* of the same target */
    uint64_t serial;                         /* in the order of insertion into the map */
    uint32_t index;                          /* in the map's order */
    uint32_t stamp;                          /* of the scan that has counted the value */
};

/* Room for one more target; false when memory is refused. */
bool ouro__ephemerons_reserve(struct ouro__weakrefs *weakrefs);

/* The list of a target, or NULL. */
struct ouro__ephemeron *ouro__ephemerons_of(const struct ouro__weakrefs *weakrefs,
                                            const void *target);

/* Makes it look at `target`.  Room must be reserved. */
void ouro__ephemeron_link(struct ouro__weakrefs *weakrefs, struct ouro__ephemeron *ephemeron,
                          void *target);

/* Takes it out of its map and off its target.  The value is the caller's from then on, and the block. */
void ouro__ephemeron_leave(struct ouro__weakrefs *weakrefs, struct ouro__ephemeron *ephemeron);

/* The same for all of a target's at once; they are returned newest first, linked by `next`.
 * Cost: in proportion to the maps that the target is in. */
struct ouro__ephemeron *ouro__ephemerons_detach(struct ouro__weakrefs *weakrefs, void *target);

#endif
