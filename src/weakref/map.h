/* SPDX-License-Identifier: MIT */
/*
 * map.h -- a weak map: ephemerons by key, in the order of insertion    [floor 3]
 *
 * What a weak map, a weak set and a map of weak values are inside.
 *
 *     table   [ . | e2 | . | . | e0 | . | e3 | . ]     open addressing, at most half used
 *     order   [ e0 | - | e2 | e3 ]                     by insertion; what left is a hole
 *
 * A cycle that follows a map, and whoever goes through it, does so by `order`: there nothing moves but
 * when room is made, so entries may leave at any time.
 *
 *   [map.order]   order[e->index] is e, for each e of the map, and serials rise along it
 *   [map.length]  `length` ephemerons are in `order`, and the same in the table
 *   [map.room]    `order` has half as many places as the table, so a search in the table ends
 *
 * Below: ephemeron.h, where the targets lead to the same ephemerons.
 */
#ifndef OURO_WEAKREF_MAP_H
#define OURO_WEAKREF_MAP_H

#include "weakref/ephemeron.h"

struct ouro__map {
    void *link; /* NULL; in death it is where the map waits for a value [death.link] */
    struct ouro__ephemeron **table;
    struct ouro__ephemeron **order; /* behind the table, in the same block */
    size_t capacity;                /* of the table: a power of two, or 0 */
    size_t used;                    /* places of `order`, holes among them */
    size_t length;
    uint64_t serials;  /* ephemerons that were ever added */
    uint64_t closings; /* how often holes were closed, which moves ephemerons */
};

/* One of a map of weak values, whose key is a number. */
struct ouro__numbered {
    struct ouro__ephemeron base;
    uint64_t number;
};

/* The values, for who wants all at once.  It tells the three types from others, too. */
int ouro__map_traverse(void *object, ouro_visit visit, void *argument);

/* Whether an object is a weak map, a weak set or a map of weak values. */
ALWAYS_INLINE bool ouro__is_map(const void *object)
{
    return ouro__type_of(object)->traverse == ouro__map_traverse;
}

/* Whether ephemerons answer: nobody can ask for a target that is dying, or is garbage that nobody may meet. */
bool ouro__ephemeron_answers(const struct ouro__ephemeron *ephemeron);

/* The ephemeron of a key, or NULL. */
ALWAYS_INLINE struct ouro__ephemeron *ouro__map_find(const struct ouro__map *map, const void *key)
{
    if ((*ouro__word_of(key) & (OURO__KEYED | OURO__LOST)) != OURO__KEYED) return NULL;
    if (UNLIKELY(map->capacity == 0)) return NULL;
    size_t slot = ouro__hash_of(key);
    for (;; slot++) {
        struct ouro__ephemeron *ephemeron = map->table[slot & (map->capacity - 1)];
        if (ephemeron == NULL || ephemeron->target == key) return ephemeron;
    }
}

/* The one of a number, in a map of weak values. */
struct ouro__ephemeron *ouro__map_find_number(const struct ouro__map *map, uint64_t number);

/* Room for one more; false when memory is refused. */
bool ouro__map_reserve(struct ouro__map *map);

/* Adds one whose target or number the map does not have.  Room must be reserved. */
void ouro__map_add(struct ouro__map *map, struct ouro__ephemeron *ephemeron);

/* Takes one out; for ouro__ephemeron_leave and _detach, which take it off its target too. */
void ouro__map_remove(struct ouro__map *map, struct ouro__ephemeron *ephemeron);

/* The next ephemeron that answers, or NULL at the end. */
struct ouro__ephemeron *ouro__map_next(const struct ouro__map *map, ouro_weak_cursor *cursor);

/* Gives the table of an empty map back. */
void ouro__map_trim(struct ouro__map *map);

/* The first contradiction in a map as a sentence, or NULL. */
const char *ouro__map_audit(const struct ouro__map *map);

/* The same of a heap's table of targets, where so many objects say that they are in it, and so many
 * ephemerons are in maps. */
const char *ouro__ephemerons_audit(const struct ouro__weakrefs *weakrefs, size_t keyed,
                                   size_t in_maps);

#endif
