/* SPDX-License-Identifier: MIT */
/*
 * gc_generations_test.c -- CPython's test_gc, by name: generations, thresholds, statistics
 */
#include "support/cell.h"
#include "support/heap.h"

static void test_get_count(void **state)
{
    size_t before[3], after[3];
    (void)ouro_collect(*state, 2);
    ouro_get_count(*state, before);
    list *x = list_new(*state);
    ouro_get_count(*state, after);
    assert_int_equal(before[0], 0);
    assert_int_equal(after[0], 1);
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(before[i], 0);
        assert_int_equal(after[i], 0);
    }
    ouro_decref(x);
}

static void assert_collect_counts(ouro_heap *heap, int generation, size_t middle, size_t old)
{
    size_t count[3];
    (void)ouro_collect(heap, generation);
    ouro_get_count(heap, count);
    assert_int_equal(count[1], middle);
    assert_int_equal(count[2], old);
}

static void test_collect_generations(void **state)
{
    (void)ouro_collect(*state, 2);
    list *x = list_new(*state);
    assert_collect_counts(*state, 0, 1, 0);
    assert_collect_counts(*state, 1, 0, 1);
    assert_collect_counts(*state, 2, 0, 0);
    ouro_decref(x);
}

static void test_get_stats(void **state)
{
    ouro_generation_stats before[3], after[3];
    ouro_get_stats(*state, before);
    (void)ouro_collect(*state, 0);
    ouro_get_stats(*state, after);
    assert_int_equal(after[0].collections, before[0].collections + 1);
    assert_int_equal(after[1].collections, before[1].collections);
    assert_int_equal(after[2].collections, before[2].collections);
    (void)ouro_collect(*state, 2);
    ouro_get_stats(*state, after);
    assert_int_equal(after[0].collections, before[0].collections + 1);
    assert_int_equal(after[1].collections, before[1].collections);
    assert_int_equal(after[2].collections, before[2].collections + 1);
}

/* What is found is added to the generation that was collected, and to no other. */
static void test_get_stats_of_what_is_found(void **state)
{
    for (int generation = 0; generation < 3; generation++) {
        ouro_generation_stats before[3], after[3];
        for (int i = 0; i <= generation; i++) cell_lose(*state, NULL);
        ouro_get_stats(*state, before);
        (void)ouro_collect(*state, generation);
        ouro_get_stats(*state, after);
        for (int i = 0; i < 3; i++) {
            size_t found = i == generation ? (size_t)generation + 1 : 0;
            assert_int_equal(after[i].collected - before[i].collected, found);
            assert_int_equal(after[i].candidates - before[i].candidates, found);
            assert_int_equal(after[i].uncollectable, before[i].uncollectable);
        }
    }
}

static void test_get_threshold(void **state)
{
    size_t threshold[3];
    ouro_set_threshold(*state, (const size_t[]){1000, 7, 3});
    ouro_get_threshold(*state, threshold);
    assert_int_equal(threshold[0], 1000);
    assert_int_equal(threshold[1], 7);
    assert_int_equal(threshold[2], 3);
}

static void count_collection(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    if (info->stop) ++*(size_t *)argument;
}

static size_t collections_of_many_cycles(ouro_heap *heap)
{
    size_t collections = 0;
    assert_int_equal(ouro_add_callback(heap, count_collection, &collections), OURO_OK);
    for (int i = 0; i < 10000; i++) cell_lose(heap, NULL);
    assert_int_equal(ouro_remove_callback(heap, count_collection, &collections), OURO_OK);
    return collections;
}

static void test_indirect_calls_with_gc_disabled(void **state)
{
    ouro_set_threshold(*state, (const size_t[]){1, 1, 1});
    ouro_collector_enable(*state);
    ouro_collector_disable(*state);
    assert_false(ouro_collector_is_enabled(*state));
    assert_int_equal(collections_of_many_cycles(*state), 0);
    assert_int_equal(ouro_collect(*state, 2), 10000);
    ouro_collector_enable(*state);
    assert_true(ouro_collector_is_enabled(*state));
    assert_true(collections_of_many_cycles(*state) > 0);
    (void)ouro_collect(*state, 2);
}

static void test_threshold_zero(void **state)
{
    ouro_set_threshold(*state, (const size_t[]){0, 10, 10});
    ouro_collector_enable(*state);
    assert_int_equal(collections_of_many_cycles(*state), 0);
    assert_int_equal(ouro_collect(*state, 2), 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_get_count),      HEAP_TEST(test_collect_generations),
        HEAP_TEST(test_get_stats),      HEAP_TEST(test_get_stats_of_what_is_found),
        HEAP_TEST(test_get_threshold),  HEAP_TEST(test_indirect_calls_with_gc_disabled),
        HEAP_TEST(test_threshold_zero),
    };
    return cmocka_run_group_tests_name("test_gc: generations", tests, NULL, NULL);
}
