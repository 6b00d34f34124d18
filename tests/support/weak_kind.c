/* SPDX-License-Identifier: MIT */
#include "support/weak_kind.h"

static void *keyed_make(ouro_heap *heap)
{
    void *map = ouro_weak_map_new(heap);
    assert_non_null(map);
    return map;
}

/* Under the cell an atom with its number. */
static void keyed_add(void *map, cell *thing)
{
    atom *value = atom_new(ouro_heap_of(map), thing->number);
    assert_int_equal(ouro_weak_map_set(map, thing, value), OURO_OK);
    ouro_decref(value);
}

static bool keyed_contains(void *map, cell *thing)
{
    atom *value = ouro_weak_map_get(map, thing);
    assert_int_equal(ouro_weak_map_contains(map, thing), value != NULL);
    if (value == NULL) return false;
    assert_int_equal(value->number, thing->number);
    ouro_decref(value);
    return true;
}

static bool keyed_take(void *map, cell *thing)
{
    atom *value = ouro_weak_map_pop(map, thing);
    if (value == NULL) return false;
    assert_int_equal(value->number, thing->number);
    ouro_decref(value);
    return true;
}

static size_t keyed_length(void *map)
{
    return ouro_weak_map_length(map);
}

static void keyed_clear(void *map)
{
    ouro_weak_map_clear(map);
}

static cell *keyed_next(void *map, ouro_weak_cursor *cursor)
{
    void *key = NULL, *value = NULL;
    if (!ouro_weak_map_next(map, cursor, &key, &value)) return NULL;
    assert_int_equal(((atom *)value)->number, ((cell *)key)->number);
    ouro_decref(value);
    return key;
}

static void *valued_make(ouro_heap *heap)
{
    void *map = ouro_weak_value_map_new(heap);
    assert_non_null(map);
    return map;
}

static void valued_add(void *map, cell *thing)
{
    assert_int_equal(ouro_weak_value_map_set(map, (uint64_t)thing->number, thing), OURO_OK);
}

static bool valued_contains(void *map, cell *thing)
{
    cell *found = ouro_weak_value_map_get(map, (uint64_t)thing->number);
    assert_int_equal(ouro_weak_value_map_contains(map, (uint64_t)thing->number), found != NULL);
    if (found == NULL) return false;
    assert_ptr_equal(found, thing);
    ouro_decref(found);
    return true;
}

static bool valued_take(void *map, cell *thing)
{
    return ouro_weak_value_map_delete(map, (uint64_t)thing->number);
}

static size_t valued_length(void *map)
{
    return ouro_weak_value_map_length(map);
}

static void valued_clear(void *map)
{
    ouro_weak_value_map_clear(map);
}

static cell *valued_next(void *map, ouro_weak_cursor *cursor)
{
    uint64_t key = 0;
    void *value = NULL;
    if (!ouro_weak_value_map_next(map, cursor, &key, &value)) return NULL;
    assert_int_equal(key, ((cell *)value)->number);
    return value;
}

static void *set_make(ouro_heap *heap)
{
    void *map = ouro_weak_set_new(heap);
    assert_non_null(map);
    return map;
}

static void set_add(void *set, cell *thing)
{
    assert_int_equal(ouro_weak_set_add(set, thing), OURO_OK);
}

static bool set_contains(void *set, cell *thing)
{
    return ouro_weak_set_contains(set, thing);
}

static bool set_take(void *set, cell *thing)
{
    return ouro_weak_set_discard(set, thing);
}

static size_t set_length(void *set)
{
    return ouro_weak_set_length(set);
}

static void set_clear(void *set)
{
    ouro_weak_set_clear(set);
}

static cell *set_next(void *set, ouro_weak_cursor *cursor)
{
    return ouro_weak_set_next(set, cursor);
}

const struct weak_kind weak_keyed = {keyed_make,   keyed_add,   keyed_contains, keyed_take,
                                     keyed_length, keyed_clear, keyed_next};
const struct weak_kind weak_valued = {valued_make,   valued_add,   valued_contains, valued_take,
                                      valued_length, valued_clear, valued_next};
const struct weak_kind weak_set = {set_make,   set_add,   set_contains, set_take,
                                   set_length, set_clear, set_next};

size_t weak_kind_count_rest(const struct weak_kind *kind, void *map, ouro_weak_cursor *cursor)
{
    size_t count = 0;
    for (cell *met; (met = kind->next(map, cursor)) != NULL; count++) ouro_decref(met);
    return count;
}

void weak_kind_meet_one(const struct weak_kind *kind, void *map, ouro_weak_cursor *cursor)
{
    cell *met = kind->next(map, cursor);
    assert_non_null(met);
    ouro_decref(met);
}
