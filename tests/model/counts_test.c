/* SPDX-License-Identifier: MIT */
/*
 * counts_test.c -- as many references as do not fit in a byte, or in two
 *
 * The collector counts references in side data of its own, in small units that
 * carry.  Here a hub is referred to n times from a ring that it is part of, for
 * n around each power where something carries; with one reference more from
 * outside, or none.
 */
#include "support/cell.h"
#include "support/heap.h"

static const size_t numbers[] = {
    1,   2,    254,  255,   256,   257,   258,   510,   511,    512,    513,
    767, 1023, 1024, 65534, 65535, 65536, 65537, 65792, 131071, 131072, 200000,
};

/* A list of `count` references to a hub, and the hub's reference to the list. */
static cell *make_ring(ouro_heap *heap, size_t count)
{
    cell *hub = cell_new(heap);
    list *spokes = list_new(heap);
    ouro_put(hub, left, spokes);
    for (size_t i = 0; i < count; i++) list_append(spokes, hub);
    assert_int_equal(ouro_refcount(hub), count + 1);
    return hub;
}

/* Makes a ring of the age at which this generation looks at it. */
static cell *make_ring_of_age(ouro_heap *heap, size_t count, int generation)
{
    cell *hub = make_ring(heap, count);
    if (generation > 0) (void)ouro_collect(heap, generation - 1);
    return hub;
}

static void check(ouro_heap *heap, size_t count, int generation)
{
    cell *hub = make_ring_of_age(heap, count, generation);
    assert_int_equal(ouro_collect(heap, generation), 0); /* held by us */
    test_heap_verify(heap);
    assert_int_equal(ouro_refcount(hub), count + 1);
    ouro_decref(hub);
    assert_int_equal(ouro_collect(heap, 2), 2);

    ouro_decref(make_ring_of_age(heap, count, generation)); /* held by nobody */
    assert_int_equal(ouro_collect(heap, generation), 2);
    assert_int_equal(test_heap_objects(heap), 0);
}

static void test_hub_of_young_ring(void **state)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) check(*state, numbers[i], 0);
}

static void test_hub_of_middle_aged_ring(void **state)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) check(*state, numbers[i], 1);
}

static void test_hub_of_old_ring(void **state)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) check(*state, numbers[i], 2);
}

/* A frozen hub that many refer to: its count says nothing, and what the side data counted
 * must not be there the next time. */
static void test_frozen_hub(void **state)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        cell *hub = cell_new(*state);
        ouro_freeze(*state);
        list *spokes = list_new(*state);
        ouro_set(hub, left, spokes);
        for (size_t j = 0; j < numbers[i]; j++) list_append(spokes, hub);
        ouro_decref(spokes);
        ouro_decref(hub);
        assert_int_equal(ouro_collect(*state, 2), 0);
        ouro_unfreeze(*state);
        assert_int_equal(ouro_collect(*state, 2), 2);
    }
}

/* An immortal hub; each round is a heap, since it ends with it. */
static void test_immortal_hub(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        ouro_heap *heap = test_heap_quiet();
        cell *hub = cell_new(heap);
        ouro_immortalize(hub);
        list *spokes = list_new(heap);
        for (size_t j = 0; j < numbers[i]; j++) list_append(spokes, hub);
        list_append(spokes, spokes);
        ouro_decref(spokes);
        assert_int_equal(ouro_collect(heap, 2), 1);
        assert_int_equal(ouro_collect(heap, 2), 0);
        assert_true(ouro_is_immortal(hub));
        test_heap_verify(heap);
        assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_hub_of_young_ring),   HEAP_TEST(test_hub_of_middle_aged_ring),
        HEAP_TEST(test_hub_of_old_ring),     HEAP_TEST(test_frozen_hub),
        cmocka_unit_test(test_immortal_hub),
    };
    return cmocka_run_group_tests_name("counts", tests, NULL, NULL);
}
