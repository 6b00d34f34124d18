/* SPDX-License-Identifier: MIT */
/*
 * weak_map_test.c -- CPython's MappingTestCase of test_weakref, and its test_weakset, by name
 */
#include "support/heap.h"
#include "support/weak_kind.h"

enum { COUNT = 10 };

/* ---- helpers ---- */

/* A list that alone holds cells with the numbers from 0 on, each of them in the map. */
static list *fill(const struct weak_kind *kind, void *map, long count)
{
    list *things = list_new(ouro_heap_of(map));
    for (long i = 0; i < count; i++) kind->add(map, list_append_cell(things, i));
    return things;
}

static cell *item(list *things, size_t index)
{
    return things->items.items[index];
}

/* The last one of a list dies. */
static void drop_last(list *things)
{
    assert_int_equal(ouro_vector_remove(things, &things->items, things->items.length - 1), OURO_OK);
}

/* ---- entries vanish ---- */

static void check_vanishing(const struct weak_kind *kind, ouro_heap *heap)
{
    void *map = kind->make(heap);
    list *things = fill(kind, map, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(ouro_refcount(item(things, i)), 1);
        assert_true(kind->contains(map, item(things, i)));
    }
    assert_int_equal(kind->length(map), COUNT);
    assert_int_equal(ouro_vector_remove(things, &things->items, 0), OURO_OK);
    assert_int_equal(kind->length(map), COUNT - 1);
    for (size_t i = 0; i < COUNT - 1; i++) assert_true(kind->contains(map, item(things, i)));
    cell *stranger = cell_new(heap);
    stranger->number = COUNT;
    assert_false(kind->contains(map, stranger));
    ouro_decref(stranger);
    ouro_decref(things);
    assert_int_equal(kind->length(map), 0);
    cell *short_lived = cell_new(heap);
    kind->add(map, short_lived);
    ouro_decref(short_lived);
    assert_int_equal(kind->length(map), 0);
    ouro_decref(map);
}

static void test_weak_keys(void **state)
{
    check_vanishing(&weak_keyed, *state);
}

static void test_weak_values(void **state)
{
    check_vanishing(&weak_valued, *state);
}

static void test_len(void **state)
{
    check_vanishing(&weak_set, *state);
}

/* ---- going through ---- */

static void check_iters(const struct weak_kind *kind, ouro_heap *heap)
{
    void *map = kind->make(heap);
    list *things = fill(kind, map, COUNT);
    ouro_weak_cursor cursor = {0};
    for (size_t i = 0; i < COUNT; i++) {
        cell *met = kind->next(map, &cursor);
        assert_ptr_equal(met, item(things, i));
        ouro_decref(met);
    }
    assert_null(kind->next(map, &cursor));
    ouro_decref(things);
    ouro_decref(map);
}

static void test_weak_keyed_iters(void **state)
{
    check_iters(&weak_keyed, *state);
}

static void test_weak_valued_iters(void **state)
{
    check_iters(&weak_valued, *state);
}

/* One dies while the cursor stands behind the first. */
static void check_destroy(const struct weak_kind *kind, ouro_heap *heap)
{
    for (int at = 0; at < COUNT; at++) {
        void *map = kind->make(heap);
        list *things = fill(kind, map, COUNT);
        ouro_weak_cursor cursor = {0};
        weak_kind_meet_one(kind, map, &cursor);
        assert_int_equal(ouro_vector_remove(things, &things->items, (size_t)at), OURO_OK);
        assert_int_equal(kind->length(map), COUNT - 1);
        assert_int_equal(weak_kind_count_rest(kind, map, &cursor), at == 0 ? COUNT - 1 : COUNT - 2);
        ouro_decref(things);
        ouro_decref(map);
    }
}

/* What a program does to a map meanwhile. */
static void check_destroy_and_mutate(const struct weak_kind *kind, ouro_heap *heap)
{
    void *map = kind->make(heap);
    list *things = fill(kind, map, 50);
    cell *again = cell_new(heap); /* what is put in place of one that died */
    again->number = 49;
    ouro_weak_cursor cursor = {0};
    weak_kind_meet_one(kind, map, &cursor);
    drop_last(things);
    assert_false(kind->contains(map, again));
    assert_false(kind->take(map, again));
    kind->add(map, again);
    assert_true(kind->contains(map, again));
    assert_int_equal(kind->length(map), 50);
    drop_last(things);
    assert_true(kind->take(map, item(things, 0))); /* the one that was met */
    assert_int_equal(kind->length(map), 48);
    assert_int_equal(weak_kind_count_rest(kind, map, &cursor), 48);
    cursor = (ouro_weak_cursor){0};
    weak_kind_meet_one(kind, map, &cursor);
    drop_last(things);
    kind->clear(map);
    assert_int_equal(kind->length(map), 0);
    assert_null(kind->next(map, &cursor));
    assert_false(kind->contains(map, again));
    test_heap_verify(heap);
    ouro_decref(again);
    ouro_decref(things);
    ouro_decref(map);
}

static void test_weak_keys_destroy_while_iterating(void **state)
{
    check_destroy(&weak_keyed, *state);
    check_destroy_and_mutate(&weak_keyed, *state);
}

static void test_weak_values_destroy_while_iterating(void **state)
{
    check_destroy(&weak_valued, *state);
    check_destroy_and_mutate(&weak_valued, *state);
}

static void test_weak_destroy_while_iterating(void **state)
{
    check_destroy(&weak_set, *state);
}

static void test_weak_destroy_and_mutate_while_iterating(void **state)
{
    check_destroy_and_mutate(&weak_set, *state);
}

/* ---- taking out ---- */

static void check_delitem(const struct weak_kind *kind, ouro_heap *heap)
{
    void *map = kind->make(heap);
    list *things = fill(kind, map, 2);
    assert_true(kind->take(map, item(things, 0)));
    assert_int_equal(kind->length(map), 1);
    assert_false(kind->contains(map, item(things, 0)));
    assert_false(kind->take(map, item(things, 0)));
    ouro_weak_cursor cursor = {0};
    cell *left = kind->next(map, &cursor);
    assert_ptr_equal(left, item(things, 1));
    ouro_decref(left);
    ouro_decref(things);
    ouro_decref(map);
}

static void test_weak_keyed_delitem(void **state)
{
    check_delitem(&weak_keyed, *state);
}

static void test_weak_valued_delitem(void **state)
{
    check_delitem(&weak_valued, *state);
}

static void test_discard(void **state)
{
    check_delitem(&weak_set, *state);
}

/* Neither a key that is not there, nor what cannot be one. */
static void test_weak_keyed_bad_delitem(void **state)
{
    ouro_weak_map *map = ouro_weak_map_new(*state);
    cell *absent = cell_new(*state);
    atom *none = atom_new(*state, 13);
    assert_false(ouro_weak_map_delete(map, absent));
    assert_null(ouro_weak_map_get(map, absent));
    assert_false(ouro_weak_map_delete(map, none));
    assert_null(ouro_weak_map_get(map, none));
    assert_int_equal(ouro_weak_map_set(map, none, none), OURO_BAD_TYPE);
    assert_int_equal(ouro_weak_map_length(map), 0);
    ouro_decref(none);
    ouro_decref(absent);
    ouro_decref(map);
}

/* Any two, one after the other: the next one from the beginning is taken out. */
static void check_popitem(const struct weak_kind *kind, ouro_heap *heap)
{
    void *map = kind->make(heap);
    list *things = fill(kind, map, 2);
    for (size_t i = 0; i < 2; i++) {
        ouro_weak_cursor cursor = {0};
        cell *popped = kind->next(map, &cursor);
        assert_ptr_equal(popped, item(things, i));
        assert_true(kind->take(map, popped));
        assert_int_equal(kind->length(map), 1 - i);
        ouro_decref(popped);
    }
    ouro_decref(things);
    ouro_decref(map);
}

static void test_weak_keyed_dict_popitem(void **state)
{
    check_popitem(&weak_keyed, *state);
}

static void test_weak_valued_dict_popitem(void **state)
{
    check_popitem(&weak_valued, *state);
}

static void test_pop(void **state)
{
    check_popitem(&weak_set, *state);
}

static list *dropped_from;
static void drop_a_key(cell *self)
{
    (void)self;
    if (dropped_from->items.length > 0) drop_last(dropped_from);
}

/* The end of each value that is deleted ends another key: two deletions empty a map of four. */
static void test_weak_keyed_cascading_deletes(void **state)
{
    ouro_weak_map *map = ouro_weak_map_new(*state);
    list *keys = dropped_from = list_new(*state);
    for (long i = 0; i < 4; i++) {
        cell *value = cell_new(*state);
        assert_int_equal(ouro_weak_map_set(map, list_append_cell(keys, i), value), OURO_OK);
        if (i < 2) value->last_word = drop_a_key;
        ouro_decref(value);
    }
    size_t count = 0;
    for (; count < keys->items.length; count++)
        assert_true(ouro_weak_map_delete(map, item(keys, count)));
    assert_int_equal(count, 2);
    assert_int_equal(ouro_weak_map_length(map), 0);
    ouro_decref(keys);
    ouro_decref(map);
}

/* ---- sets alone ---- */

static void test_add(void **state)
{
    ouro_weak_set *things = ouro_weak_set_new(*state);
    cell *one = cell_new(*state);
    for (int i = 0; i < 2; i++) { /* the second time it is there */
        assert_int_equal(ouro_weak_set_add(things, one), OURO_OK);
        assert_true(ouro_weak_set_contains(things, one));
        assert_int_equal(ouro_weak_set_length(things), 1);
    }
    cell *short_lived = cell_new(*state);
    assert_int_equal(ouro_weak_set_add(things, short_lived), OURO_OK);
    ouro_decref(short_lived);
    assert_int_equal(ouro_weak_set_length(things), 1);
    ouro_weak_set_clear(things);
    assert_int_equal(ouro_weak_set_length(things), 0);
    assert_false(ouro_weak_set_contains(things, one));
    ouro_decref(one);
    ouro_decref(things);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_weak_keys),
        HEAP_TEST(test_weak_values),
        HEAP_TEST(test_len),
        HEAP_TEST(test_weak_keyed_iters),
        HEAP_TEST(test_weak_valued_iters),
        HEAP_TEST(test_weak_keys_destroy_while_iterating),
        HEAP_TEST(test_weak_values_destroy_while_iterating),
        HEAP_TEST(test_weak_destroy_while_iterating),
        HEAP_TEST(test_weak_destroy_and_mutate_while_iterating),
        HEAP_TEST(test_weak_keyed_delitem),
        HEAP_TEST(test_weak_valued_delitem),
        HEAP_TEST(test_discard),
        HEAP_TEST(test_weak_keyed_bad_delitem),
        HEAP_TEST(test_weak_keyed_dict_popitem),
        HEAP_TEST(test_weak_valued_dict_popitem),
        HEAP_TEST(test_pop),
        HEAP_TEST(test_weak_keyed_cascading_deletes),
        HEAP_TEST(test_add),
    };
    return cmocka_run_group_tests_name("weak maps, CPython's", tests, NULL, NULL);
}
