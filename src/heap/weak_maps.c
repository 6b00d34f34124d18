/* SPDX-License-Identifier: MIT */
/*
 * weak_maps.c -- weak maps, weak sets and maps of weak values          [floor 6]
 *
 * Making room may collect, and finalizers may then change the very map that grows: so the room is made
 * first, and the map is asked again afterwards.
 */
#include "heap/heap.h"

static struct ouro__map *inside(const void *object)
{
    return (struct ouro__map *)(uintptr_t)object;
}

static struct ouro__weakrefs *weakrefs_of(const struct ouro__map *map)
{
    return &ouro__life_of(map)->weakrefs;
}

/* ---- room ---- */

struct room {
    struct ouro__map *map;
    size_t size;
};

/* A block for one more ephemeron of the map, and places for it. */
static void *try_room(ouro_heap *heap, void *context)
{
    const struct room *room = context;
    if (!ouro__map_reserve(room->map) || !ouro__ephemerons_reserve(&heap->life.weakrefs))
        return NULL;
    return ouro__raw_alloc(ouro__heap_pools(heap), room->size);
}

static struct ouro__ephemeron *make_room(struct ouro__map *map, size_t size,
                                         struct ouro__caller caller)
{
    ouro_heap *heap = ouro_heap_of(map);
    struct room room = {map, size};
    struct ouro__ephemeron *made = ouro__heap_insist(heap, caller, try_room, &room);
    if (made == NULL)
        ouro__heap_fail_refused(heap, ouro__type_of(map)->name,
                                ouro__heap_pools(heap)->refusal.requested);
    return made;
}

/* ---- arguments ---- */

static NOINLINE ouro_status bad_argument(struct ouro__map *map, const void *object,
                                         const char *what)
{
    ouro__heap_fail(ouro_heap_of(map), OURO_BAD_ARGUMENT, 0, "a %s was given object %p, which %s",
                    ouro__type_of(map)->name, object, what);
    return OURO_BAD_ARGUMENT;
}

static ouro_status check_target(struct ouro__map *map, const void *target)
{
    if (UNLIKELY(ouro_heap_of(target) != ouro_heap_of(map)))
        return bad_argument(map, target, "belongs to another heap");
    if (UNLIKELY(ouro__word_is_dying(*ouro__word_of(target))))
        return bad_argument(map, target, "is dying");
    return OURO_OK;
}

/* A value may refer to its key, so the collector must be able to look at the key. */
static ouro_status check_key(struct ouro__map *map, const void *key)
{
    if (LIKELY((ouro__shape_of(key)->flags & OURO__SHAPE_TRACKED) != 0))
        return check_target(map, key);
    ouro__heap_fail(ouro_heap_of(map), OURO_BAD_TYPE, 0,
                    "objects of type %s are no keys of weak maps, as the collector never looks at "
                    "them: give the type weak_key",
                    ouro__type_of(key)->name);
    return OURO_BAD_TYPE;
}

/* ---- what all have in common ---- */

/* Was garbage and was kept (SAVEALL), and is held again: what it lost is lost. */
static NOINLINE void forget_lost(struct ouro__map *map, void *target)
{
    struct ouro__ephemeron *one = ouro__ephemerons_detach(weakrefs_of(map), target);
    while (one != NULL) {
        struct ouro__ephemeron *next = one->next;
        ouro__ephemeron_drop(ouro__life_of(map), one);
        one = next;
    }
}

static void link_new(struct ouro__map *map, struct ouro__ephemeron *made, void *target, void *value)
{
    made->value = value;
    ouro__ephemeron_link(weakrefs_of(map), made, target);
    ouro__map_add(map, made);
}

/* Adds an entry by identity, or stores the value in the one that is there. */
static ouro_status put(struct ouro__map *map, void *target, void *value, struct ouro__caller caller)
{
    if (UNLIKELY((*ouro__word_of(target) & OURO__LOST) != 0)) forget_lost(map, target);
    struct ouro__ephemeron *made = NULL, *found = ouro__map_find(map, target);
    if (found == NULL) {
        made = make_room(map, sizeof *made, caller);
        if (made == NULL) return ouro_heap_error(ouro_heap_of(map))->status;
        found = ouro__map_find(map, target);
    }
    ouro_xincref(value);
    if (LIKELY(found == NULL)) {
        link_new(map, made, target, value);
        return OURO_OK;
    }
    ouro__raw_free(ouro__heap_pools(ouro_heap_of(map)), made);
    ouro__put(map, &found->value, value);
    return OURO_OK;
}

/* Out of the map; the value is dropped. */
static bool leave(struct ouro__map *map, struct ouro__ephemeron *ephemeron)
{
    if (ephemeron == NULL) return false;
    ouro__ephemeron_leave(weakrefs_of(map), ephemeron);
    ouro__ephemeron_drop(ouro__life_of(map), ephemeron);
    return true;
}

/* All leave first, as what dies below may look at the map. */
static void clear(struct ouro__map *map)
{
    struct ouro__life *life = ouro__life_of(map);
    struct ouro__ephemeron *first = NULL, **link = &first;
    while (map->used > 0) {
        struct ouro__ephemeron *last = map->order[map->used - 1];
        ouro__ephemeron_leave(&life->weakrefs, last);
        last->next = NULL;
        *link = last;
        link = &last->next;
    }
    ouro__map_trim(map);
    while (first != NULL) {
        struct ouro__ephemeron *next = first->next;
        ouro__ephemeron_drop(life, first);
        first = next;
    }
}

/* ---- weak keys ---- */

ouro_weak_map *ouro_weak_map_new(ouro_heap *heap)
{
    return ouro__heap_new_object(heap, OURO__CALLER(), &ouro_weak_map_type, 0);
}

ouro_status ouro_weak_map_set(ouro_weak_map *map, void *key, void *value)
{
    ouro_status status = check_key(inside(map), key);
    if (status != OURO_OK) return status;
    if (value != NULL && UNLIKELY(ouro_heap_of(value) != ouro_heap_of(map)))
        return bad_argument(inside(map), value, "belongs to another heap");
    return put(inside(map), key, value, OURO__CALLER_ALONE());
}

void *ouro_weak_map_get(const ouro_weak_map *map, const void *key)
{
    const struct ouro__ephemeron *found = ouro__map_find(inside(map), key);
    if (found == NULL || found->value == NULL) return NULL;
    return ouro__newref(found->value);
}

bool ouro_weak_map_contains(const ouro_weak_map *map, const void *key)
{
    return ouro__map_find(inside(map), key) != NULL;
}

void *ouro_weak_map_pop(ouro_weak_map *map, void *key)
{
    struct ouro__ephemeron *found = ouro__map_find(inside(map), key);
    if (found == NULL) return NULL;
    void *value = ouro__take(map, &found->value);
    (void)leave(inside(map), found);
    return value;
}

bool ouro_weak_map_delete(ouro_weak_map *map, void *key)
{
    return leave(inside(map), ouro__map_find(inside(map), key));
}

size_t ouro_weak_map_length(const ouro_weak_map *map)
{
    return inside(map)->length;
}

void ouro_weak_map_clear(ouro_weak_map *map)
{
    clear(inside(map));
}

bool ouro_weak_map_next(const ouro_weak_map *map, ouro_weak_cursor *cursor, void **out_key,
                        void **out_value)
{
    const struct ouro__ephemeron *next = ouro__map_next(inside(map), cursor);
    if (next == NULL) return false;
    if (out_key != NULL) *out_key = ouro__newref(next->target);
    if (out_value != NULL) *out_value = next->value != NULL ? ouro__newref(next->value) : NULL;
    return true;
}

/* ---- sets ---- */

ouro_weak_set *ouro_weak_set_new(ouro_heap *heap)
{
    return ouro__heap_new_object(heap, OURO__CALLER(), &ouro_weak_set_type, 0);
}

ouro_status ouro_weak_set_add(ouro_weak_set *set, void *object)
{
    ouro_status status = check_target(inside(set), object);
    return status == OURO_OK ? put(inside(set), object, NULL, OURO__CALLER_ALONE()) : status;
}

bool ouro_weak_set_discard(ouro_weak_set *set, void *object)
{
    return leave(inside(set), ouro__map_find(inside(set), object));
}

bool ouro_weak_set_contains(const ouro_weak_set *set, const void *object)
{
    return ouro__map_find(inside(set), object) != NULL;
}

size_t ouro_weak_set_length(const ouro_weak_set *set)
{
    return inside(set)->length;
}

void ouro_weak_set_clear(ouro_weak_set *set)
{
    clear(inside(set));
}

void *ouro_weak_set_next(const ouro_weak_set *set, ouro_weak_cursor *cursor)
{
    const struct ouro__ephemeron *next = ouro__map_next(inside(set), cursor);
    return next != NULL ? ouro__newref(next->target) : NULL;
}

int ouro_weak_set_each(ouro_weak_set *set, ouro_visit visit, void *argument)
{
    ouro_weak_cursor cursor = {0};
    int result = 0;
    void *object;
    ouro_incref(set);
    while (result == 0 && (object = ouro_weak_set_next(set, &cursor)) != NULL) {
        result = visit(object, argument);
        ouro_decref(object);
    }
    ouro_decref(set);
    return result;
}

/* ---- weak values ---- */

ouro_weak_value_map *ouro_weak_value_map_new(ouro_heap *heap)
{
    return ouro__heap_new_object(heap, OURO__CALLER(), &ouro_weak_value_map_type, 0);
}

/* Another object under the same number is another ephemeron, as it is in another list. */
ouro_status ouro_weak_value_map_set(ouro_weak_value_map *map, uint64_t key, void *value)
{
    ouro_status status = check_target(inside(map), value);
    if (status != OURO_OK) return status;
    struct ouro__ephemeron *found = ouro__map_find_number(inside(map), key);
    if (found != NULL && found->target == value) return OURO_OK;
    struct ouro__ephemeron *made =
        make_room(inside(map), sizeof(struct ouro__numbered), OURO__CALLER_ALONE());
    if (made == NULL) return ouro_heap_error(ouro_heap_of(map))->status;
    (void)leave(inside(map), ouro__map_find_number(inside(map), key));
    ((struct ouro__numbered *)made)->number = key;
    link_new(inside(map), made, value, NULL);
    return OURO_OK;
}

void *ouro_weak_value_map_get(const ouro_weak_value_map *map, uint64_t key)
{
    const struct ouro__ephemeron *found = ouro__map_find_number(inside(map), key);
    if (found == NULL || !ouro__ephemeron_answers(found)) return NULL;
    return ouro__newref(found->target);
}

bool ouro_weak_value_map_contains(const ouro_weak_value_map *map, uint64_t key)
{
    const struct ouro__ephemeron *found = ouro__map_find_number(inside(map), key);
    return found != NULL && ouro__ephemeron_answers(found);
}

bool ouro_weak_value_map_delete(ouro_weak_value_map *map, uint64_t key)
{
    return leave(inside(map), ouro__map_find_number(inside(map), key));
}

size_t ouro_weak_value_map_length(const ouro_weak_value_map *map)
{
    return inside(map)->length;
}

void ouro_weak_value_map_clear(ouro_weak_value_map *map)
{
    clear(inside(map));
}

bool ouro_weak_value_map_next(const ouro_weak_value_map *map, ouro_weak_cursor *cursor,
                              uint64_t *out_key, void **out_value)
{
    const struct ouro__ephemeron *next = ouro__map_next(inside(map), cursor);
    if (next == NULL) return false;
    if (out_key != NULL) *out_key = ((const struct ouro__numbered *)next)->number;
    if (out_value != NULL) *out_value = ouro__newref(next->target);
    return true;
}
