/* SPDX-License-Identifier: MIT */
/*
 * purge_test.c -- what nobody needs goes back to the system
 */
#include <time.h>

#include "support/cell.h"
#include "support/heap.h"
#include "support/setting.h"

enum { MIB = 1 << 20 };

static size_t resident(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.resident_bytes;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A chain of about 200 MB of cells, at the scale of this run. */
static cell *make_chain(ouro_heap *heap)
{
    size_t count = test_scaled((size_t)200 * MIB) / (sizeof(cell) + 8);
    cell *chain = NULL;
    for (size_t i = 0; i < count; i++) {
        cell *made = cell_new(heap);
        ouro_put(made, left, chain);
        chain = made;
    }
    return chain;
}

/* Makes and drops pairs, as a program that has gone on to something else. */
static void go_on(ouro_heap *heap, double how_long)
{
    for (double end = seconds() + how_long; seconds() < end;) {
        for (int i = 0; i < 1000; i++) {
            atom *first = atom_new(heap, i), *second = atom_new(heap, i);
            ouro_decref(first);
            ouro_decref(second);
        }
    }
}

/* Fails unless the heap, in use, keeps no more than `bytes` after a while. */
static void assert_goes_back(ouro_heap *heap, size_t bytes, double within)
{
    double end = seconds() + within;
    while (resident(heap) > bytes && seconds() < end) go_on(heap, 0.02);
    assert_in_range(resident(heap), 0, bytes);
}

static void test_dead_objects_go_back_within_a_second(void **state)
{
    cell *chain = make_chain(*state);
    size_t most = resident(*state);
    ouro_decref(chain);
    assert_goes_back(*state, most / 20, 1.0);
}

static void test_garbage_goes_back_within_a_second(void **state)
{
    cell *chain = make_chain(*state), *last = chain;
    size_t most = resident(*state);
    while (last->left != NULL) last = last->left;
    ouro_put(last, left, chain); /* closes the ring and gives the program's reference up */
    assert_true(ouro_collect(*state, 2) > 0);
    assert_goes_back(*state, most / 20, 1.0);
}

static void test_trim_gives_back_at_once(void **state)
{
    cell *chain = make_chain(*state);
    size_t most = resident(*state);
    ouro_decref(chain);
    size_t before = resident(*state);
    size_t given = ouro_trim(*state);
    assert_true(given > 0);
    assert_true(resident(*state) <= before);
    assert_in_range(resident(*state), 0, most / 20);
    assert_int_equal(ouro_trim(*state), 0);
}

static void test_a_delay_is_kept(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.purge_delay_ms = 3600 * 1000, .collector_off = true});
    cell *chain = make_chain(heap);
    size_t most = resident(heap);
    ouro_decref(chain);
    go_on(heap, 0.3);
    assert_true(resident(heap) > most / 2);
    test_heap_close_empty(heap);
}

/* ---- class lists that nobody uses ---- */

static size_t cached_of_kind(ouro_heap *heap, ouro_class_kind kind)
{
    ouro_class_stats classes[300];
    size_t count = ouro_get_class_stats(heap, classes, COUNT_OF(classes)), cached = 0;
    for (size_t i = 0; i < count; i++)
        if (classes[i].kind == kind) cached += classes[i].cached;
    return cached;
}

/* Frees of large blocks leave the fast path each time and touch no class list. */
static void use_large_blocks(ouro_heap *heap, double how_long)
{
    for (double end = seconds() + how_long; seconds() < end;)
        ouro_mem_free(heap, ouro_mem_alloc(heap, 100000));
}

static void test_idle_class_lists_are_emptied(void **state)
{
    SKIP_WHERE_GUARDED();
    for (int i = 0; i < 100; i++) {
        cell *made = cell_new(*state);
        ouro_decref(made);
        ouro_mem_free(*state, ouro_mem_alloc(*state, 8 * (size_t)i));
    }
    assert_true(cached_of_kind(*state, OURO_CLASS_TRACKED) > 0);
    assert_true(cached_of_kind(*state, OURO_CLASS_RAW) > 0);
    for (double end = seconds() + 1.0;
         seconds() < end && cached_of_kind(*state, OURO_CLASS_RAW) > 0;)
        use_large_blocks(*state, 0.02);
    use_large_blocks(*state, 0.02);
    assert_int_equal(cached_of_kind(*state, OURO_CLASS_RAW), 0);
    assert_int_equal(cached_of_kind(*state, OURO_CLASS_TRACKED), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_dead_objects_go_back_within_a_second),
        HEAP_TEST(test_garbage_goes_back_within_a_second),
        HEAP_TEST(test_trim_gives_back_at_once),
        cmocka_unit_test(test_a_delay_is_kept),
        HEAP_TEST(test_idle_class_lists_are_emptied),
    };
    return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
