/* SPDX-License-Identifier: MIT */
/*
 * long_test.c -- passes leave objects with very many references to whole cycles
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"

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
static void test_a_spared_vector_dies_with_the_garbage_that_holds_it(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {YOUNG, 0, 0}});
    cell *target = cell_new(heap);
    ouro_collector_disable(heap);
    node *ring = node_new(heap); /* without hooks, so that nothing of it needs care */
    ouro_set(ring, left, ring);
    list *vector = list_new(heap);
    for (size_t i = 0; i <= OURO_PASS_LENGTH; i++) list_append(vector, target);
    ouro_put(ring, right, vector);
    ouro_decref(ring);
    ouro_collector_enable(heap);
    bring_about_a_pass(heap);
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2);
    assert_int_equal(ouro_refcount(target), 1);
    ouro_decref(target);
    test_heap_close_empty(heap);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pass_spares_a_very_long_vector),
        cmocka_unit_test(test_a_pass_looks_at_a_long_vector),
        cmocka_unit_test(test_a_spared_vector_dies_with_the_garbage_that_holds_it),
        HEAP_TEST(test_a_pass_that_is_asked_for_looks_at_all),
    };
    return cmocka_run_group_tests_name("long", tests, NULL, NULL);
}
