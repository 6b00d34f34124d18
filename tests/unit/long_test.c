/* SPDX-License-Identifier: MIT */
/*
 * long_test.c -- passes leave objects with very many references to whole cycles
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"

#include <ouro/weak_map.h>

enum { YOUNG = 50 };

/* So many objects that a pass has come about. */
static void bring_about_a_pass(ouro_heap *heap)
{
    ouro_generation_stats before[3], after[3];
    ouro_get_stats(heap, before);
    ouro_auto list *many = list_new(heap);
    do {
        list_append_cell(many, 0);
        ouro_get_stats(heap, after);
        assert_true(many->items.length < 100000);
    } while (after[0].collections == before[0].collections);
}

/* A list that holds itself, and `target` so often; with a weak reference.  Nobody else holds it. */
static ouro_weakref *lose_list(ouro_heap *heap, cell *target, size_t length)
{
    bool enabled = ouro_collector_is_enabled(heap);
    ouro_collector_disable(heap); /* young until it is lost, however large it becomes */
    list *self = list_new(heap);
    list_append(self, self);
    for (size_t i = 1; i < length; i++) list_append(self, target);
    ouro_weakref *seen = ouro_weakref_new(self);
    ouro_decref(self);
    if (enabled) ouro_collector_enable(heap);
    return seen;
}

static bool is_there(ouro_weakref *seen)
{
    ouro_auto list *self = ouro_weakref_get(seen);
    return self != NULL;
}

static void try_length(size_t length, bool spared)
{
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {YOUNG, 0, 0}});
    cell *target = cell_new(heap);
    (void)ouro_collect(heap, 2);
    ouro_weakref *seen = lose_list(heap, target, length);
    bring_about_a_pass(heap);
    test_heap_verify(heap);
    assert_int_equal(is_there(seen), spared);
    assert_int_equal(ouro_refcount(target), 1 + (spared ? (int)length - 1 : 0));
    bring_about_a_pass(heap); /* it has grown old; nothing of the first pass is left on it */
    test_heap_verify(heap);
    assert_int_equal(is_there(seen), spared);
    assert_int_equal(ouro_collect(heap, 2), spared);
    assert_false(is_there(seen));
    assert_int_equal(ouro_refcount(target), 1);
    ouro_decref(seen);
    ouro_decref(target);
    test_heap_close_empty(heap);
}

static void test_a_pass_spares_a_very_long_vector(void **state)
{
    (void)state;
    try_length(OURO_PASS_LENGTH + 1, true);
}

static void test_a_pass_looks_at_a_long_vector(void **state)
{
    (void)state;
    try_length(OURO_PASS_LENGTH, false);
    try_length(1000, false);
}

/* A ring that is garbage and holds a long vector: that dies by count, and lets go of what it holds. */
static void hold_in_ring(bool ring_first)
{
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {YOUNG, 0, 0}});
    cell *target = cell_new(heap);
    (void)ouro_collect(heap, 2); /* nothing young needs care but the vector */
    ouro_collector_disable(heap);
    list *vector = ring_first ? NULL : list_new(heap);
    node *ring = node_new(heap); /* without hooks, so that nothing of it needs care */
    ouro_set(ring, left, ring);
    if (vector == NULL) vector = list_new(heap);
    for (size_t i = 0; i <= OURO_PASS_LENGTH; i++) list_append(vector, target);
    ouro_put(ring, right, vector);
    ouro_decref(ring);
    ouro_collector_enable(heap);
    heap->pass.bounded = true; /* as one that nobody asked for */
    assert_int_equal(ouro_collect(heap, 0), 1);
    heap->pass.bounded = false;
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2);
    assert_int_equal(ouro_refcount(target), 1);
    ouro_decref(target);
    test_heap_close_empty(heap);
}

static void test_a_spared_vector_dies_with_the_garbage_that_holds_it(void **state)
{
    (void)state;
    for (int ring_first = 0; ring_first < 2; ring_first++) hold_in_ring(ring_first != 0);
}

/* Nobody is kept waiting who asked. */
static void test_a_pass_that_is_asked_for_looks_at_all(void **state)
{
    cell *target = cell_new(*state);
    ouro_weakref *seen = lose_list(*state, target, OURO_PASS_LENGTH + 1);
    assert_int_equal(ouro_collect(*state, 0), 1);
    assert_false(is_there(seen));
    assert_int_equal(ouro_refcount(target), 1);
    ouro_decref(seen);
    ouro_decref(target);
}

/* Whether a pass that nobody asked for finds none of the garbage there is; a whole collection then finds it all. */
static bool spares(ouro_heap *heap, size_t garbage)
{
    heap->pass.bounded = true;
    size_t found = ouro_collect(heap, 0);
    heap->pass.bounded = false;
    test_heap_verify(heap);
    assert_true(found == 0 || found == garbage);
    assert_int_equal(ouro_collect(heap, 2), garbage - found);
    return found == 0;
}

/* A list that holds itself so often, or for none a node that does, the key of so many maps, which live on. */
static bool spares_key(ouro_heap *heap, size_t length, size_t maps)
{
    list *all = list_new(heap);
    void *self = length > 0 ? (void *)list_new(heap) : (void *)node_new(heap);
    for (size_t i = 0; i < length; i++) list_append(self, self);
    if (length == 0) ouro_set((node *)self, left, self);
    for (size_t i = 0; i < maps; i++) {
        ouro_auto ouro_weak_map *map = ouro_weak_map_new(heap);
        assert_int_equal(ouro_weak_map_set(map, self, NULL), OURO_OK);
        list_append(all, map);
    }
    ouro_decref(self);
    bool is_spared = spares(heap, 1);
    ouro_decref(all);
    return is_spared;
}

static void test_a_pass_spares_a_key_of_very_many_maps(void **state)
{
    assert_false(spares_key(*state, 1, OURO_PASS_LENGTH - 1));
    assert_true(spares_key(*state, 1, OURO_PASS_LENGTH));
    assert_false(spares_key(*state, OURO_PASS_LENGTH - 1, 1));
    assert_true(spares_key(*state, OURO_PASS_LENGTH, 1));
    assert_false(spares_key(*state, 0, OURO_PASS_LENGTH));
    assert_true(spares_key(*state, 0, OURO_PASS_LENGTH + 1));
}

/* A map of so many keys, which live on, that one of its values holds; it may be a key itself. */
static bool spares_map(ouro_heap *heap, size_t length, bool keyed)
{
    ouro_weak_map *self = ouro_weak_map_new(heap), *other = ouro_weak_map_new(heap);
    list *keys = list_new(heap);
    for (size_t i = 0; i < length; i++) {
        ouro_auto node *key = node_new(heap), *value = i == 0 ? node_new(heap) : NULL;
        if (value != NULL) ouro_set(value, left, self);
        assert_int_equal(ouro_weak_map_set(self, key, value), OURO_OK);
        list_append(keys, key);
    }
    if (keyed) assert_int_equal(ouro_weak_map_set(other, self, NULL), OURO_OK);
    ouro_decref(self);
    bool is_spared = spares(heap, 2);
    ouro_decref(keys);
    ouro_decref(other);
    return is_spared;
}

static void test_a_pass_spares_a_very_long_map(void **state)
{
    assert_false(spares_map(*state, OURO_PASS_LENGTH, false));
    assert_true(spares_map(*state, OURO_PASS_LENGTH + 1, false));
    assert_false(spares_map(*state, OURO_PASS_LENGTH - 1, true));
    assert_true(spares_map(*state, OURO_PASS_LENGTH, true));
}

/* An old list that holds itself and so many cells, dropped: how many a search near it looks at. */
static size_t searched(ouro_heap *heap, size_t length)
{
    list *self = list_new(heap);
    list_append(self, self);
    for (size_t i = 1; i < length; i++) list_append_cell(self, 0);
    (void)ouro_collect(heap, 2);
    ouro_decref(self);
    heap->pass.bounded = true;
    (void)ouro__heap_collect_nearby(heap, OURO_NEARBY_UNITS, UINT64_MAX);
    heap->pass.bounded = false;
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2);
    return heap->nearby.looked_at;
}

/* The pass would spare it, and whatever else was found for that. */
static void test_a_search_does_not_follow_a_very_long_vector(void **state)
{
    assert_int_equal(searched(*state, 100), 100);
    assert_int_equal(searched(*state, OURO_PASS_LENGTH), OURO_NEARBY_MAX);
    assert_int_equal(searched(*state, OURO_PASS_LENGTH + 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pass_spares_a_very_long_vector),
        cmocka_unit_test(test_a_pass_looks_at_a_long_vector),
        cmocka_unit_test(test_a_spared_vector_dies_with_the_garbage_that_holds_it),
        HEAP_TEST(test_a_pass_that_is_asked_for_looks_at_all),
        HEAP_TEST(test_a_pass_spares_a_key_of_very_many_maps),
        HEAP_TEST(test_a_pass_spares_a_very_long_map),
        HEAP_TEST(test_a_search_does_not_follow_a_very_long_vector),
    };
    return cmocka_run_group_tests_name("long", tests, NULL, NULL);
}
