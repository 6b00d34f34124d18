/* SPDX-License-Identifier: MIT */
/*
 * weak_map.h -- maps and sets that do not keep what they look at
 *
 * Python's weakref.WeakKeyDictionary, WeakSet and WeakValueDictionary, with the same words, by identity:
 *
 *     ouro_weak_map        key -> value     looks at the key and holds the value, as long as both the key and
 *                                           the map are alive (an ephemeron)
 *     ouro_weak_set        object           looks at the object
 *     ouro_weak_value_map  number -> object looks at the object
 *
 * An entry goes when what it looks at goes: by count in that very decref, in a garbage cycle with the
 * collection that finds it.  The order is that of CPython where a count ends a key: the key's finalizer, which
 * still finds the entry; then the entry leaves and the callbacks of the key's weak references run; then
 * the value is dropped; then what the key itself holds.  A collection keeps the same order: finalizers first (a
 * key that one brings back keeps its entries), values last.  CPython's dictionaries lose the entries of a
 * garbage key before its finalizer runs.
 *
 * A value may refer to its own key, or to the keys of others, or to the map: that keeps nobody alive, and the
 * collector finds it, in steps.  (In CPython such a value of a WeakKeyDictionary is never collected.)
 *
 * Maps and sets are objects: made with one reference, held and dropped like any other, kept in fields.  All
 * arguments are borrowed and belong to the same heap, results are owned.  Deaths of keys need no memory.
 * While memory is refused a map stays as it was.  A part of ouro.h, which says what holds everywhere.
 */
#ifndef OURO_WEAK_MAP_H
#define OURO_WEAK_MAP_H

#include <ouro/ouro.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ouro_weak_map ouro_weak_map;
typedef struct ouro_weak_set ouro_weak_set;
typedef struct ouro_weak_value_map ouro_weak_value_map;

/* For fields: OURO_REF(T, F, &ouro_weak_map_type).  A weak map is tracked; the others hold nothing. */
extern OURO_API ouro_type ouro_weak_map_type;
extern OURO_API ouro_type ouro_weak_set_type;
extern OURO_API ouro_type ouro_weak_value_map_type;

/*
 * Where a walk through a map or set is: `ouro_weak_cursor cursor = {0}` is at the beginning.  Entries come in the
 * order in which they were added.  Anything may happen between two calls: an entry that goes is not met
 * any more, one that is added may be, none is met twice.  The cursor may be given up at any time.
 */
typedef struct ouro_weak_cursor {
    size_t place;
    uint64_t serial;
    uint64_t closings;
} ouro_weak_cursor;

/* ---- weak keys ---- */

/* An empty map.  Result: owned; NULL when memory is refused. */
OURO_API OURO_OWNED ouro_weak_map *ouro_weak_map_new(ouro_heap *heap);

/*
 * Stores a value, or NULL, under a key: takes a reference to the value, drops the one that was there.
 * Failure: OURO_NO_MEMORY, OURO_LIMIT, OURO_TOO_LARGE, with the map as it was; OURO_BAD_TYPE for a key whose type
 * is never looked at by the collector: give the type `weak_key`; OURO_BAD_ARGUMENT for
 * a key or value of another heap, or a key that is dying.
 * Cost: constant but for growing, which moves all entries of the map, or of all maps of the heap.
 */
OURO_API ouro_status ouro_weak_map_set(ouro_weak_map *map, void *key, void *value);

/* The value of a key.  Result: owned; NULL when there is none, or it is NULL. */
OURO_API OURO_OWNED void *ouro_weak_map_get(const ouro_weak_map *map, const void *key);

OURO_API bool ouro_weak_map_contains(const ouro_weak_map *map, const void *key);

/* Takes an entry out and moves its value to the caller.  Result: owned; NULL as for get. */
OURO_API OURO_OWNED void *ouro_weak_map_pop(ouro_weak_map *map, void *key);

/* Drops an entry; false when there is none. */
OURO_API bool ouro_weak_map_delete(ouro_weak_map *map, void *key);

/* How many entries there are, those of garbage among them that a collection has not taken out yet. */
OURO_API size_t ouro_weak_map_length(const ouro_weak_map *map);

/* Drops all entries, the newest first, and gives their memory back.  Cost: in proportion to them. */
OURO_API void ouro_weak_map_clear(ouro_weak_map *map);

/* The next entry: key and value, owned, into *out_key and *out_value; either may be NULL for what is not wanted.
 * False at the end, with both as they were.  Cost: constant on average; where entries have
 * moved since the last call, a binary search. */
OURO_API bool ouro_weak_map_next(const ouro_weak_map *map, ouro_weak_cursor *cursor, void **out_key,
                                 void **out_value);

/* ---- sets ---- */

OURO_API OURO_OWNED ouro_weak_set *ouro_weak_set_new(ouro_heap *heap);

/* Adds an object of any type, if it is not there.  Failure and cost: as ouro_weak_map_set, but no type is
 * refused. */
OURO_API ouro_status ouro_weak_set_add(ouro_weak_set *set, void *object);

/* Takes an object out; false when it is not there. */
OURO_API bool ouro_weak_set_discard(ouro_weak_set *set, void *object);

OURO_API bool ouro_weak_set_contains(const ouro_weak_set *set, const void *object);
OURO_API size_t ouro_weak_set_length(const ouro_weak_set *set); /* as ouro_weak_map_length */
OURO_API void ouro_weak_set_clear(ouro_weak_set *set);

/* The next object, owned, or NULL at the end. */
OURO_API OURO_OWNED void *ouro_weak_set_next(const ouro_weak_set *set, ouro_weak_cursor *cursor);

/* Calls `visit` for each object, held meanwhile, until one call returns other than zero; returns that, or 0.
 * `visit` may do anything, also to the set. */
OURO_API int ouro_weak_set_each(ouro_weak_set *set, ouro_visit visit, void *argument);

/* ---- weak values ----
 *
 * Keys are numbers of the program (an id, a handle, a hash), which is what a table of things that
 * exist is asked for.  What belongs to an object by identity is a weak field of that object (OURO_WEAK).
 */

OURO_API OURO_OWNED ouro_weak_value_map *ouro_weak_value_map_new(ouro_heap *heap);

/* Looks at an object of any type under a number, in place of the one that was there.  Failure and cost: as
 * ouro_weak_set_add. */
OURO_API ouro_status ouro_weak_value_map_set(ouro_weak_value_map *map, uint64_t key, void *value);

/* The object.  Result: owned, or NULL when there is none any more. */
OURO_API OURO_OWNED void *ouro_weak_value_map_get(const ouro_weak_value_map *map, uint64_t key);

OURO_API bool ouro_weak_value_map_contains(const ouro_weak_value_map *map, uint64_t key);
OURO_API bool ouro_weak_value_map_delete(ouro_weak_value_map *map, uint64_t key);
OURO_API size_t ouro_weak_value_map_length(const ouro_weak_value_map *map); /* as above */
OURO_API void ouro_weak_value_map_clear(ouro_weak_value_map *map);

/* The next entry; as ouro_weak_map_next. */
OURO_API bool ouro_weak_value_map_next(const ouro_weak_value_map *map, ouro_weak_cursor *cursor,
                                       uint64_t *out_key, void **out_value);

#ifdef __cplusplus
}
#endif

#endif
