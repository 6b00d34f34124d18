/* SPDX-License-Identifier: MIT */
/*
 * debug_lines_test.c -- what a heap prints under its debug flags that CPython has no line for, or no test
 */
#include "heap/heap.h"

#include "support/apart.h"
#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"

#include <string.h>

static struct apart ended;

static void assert_prints(void (*body)(void *argument), const char *pattern)
{
    apart_run(body, NULL, 60, &ended);
    assert_int_equal(ended.exit_status, 0);
    if (!apart_matches(ended.text, pattern))
        fail_msg("\"%s\" instead of \"%s\"", ended.text, pattern);
}

static void collect_beside_frozen(void *unused)
{
    (void)unused;
    ouro_heap *heap = test_heap_quiet();
    cell *frozen = cell_ring(heap, 3);
    ouro_freeze(heap);
    cell *young = cell_ring(heap, 2);
    ouro_set_debug(heap, OURO_DEBUG_STATS);
    (void)ouro_collect(heap, 0);
    ouro_set_debug(heap, 0);
    ouro_unfreeze(heap);
    ouro_decref(frozen);
    ouro_decref(young);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

static void test_the_frozen_are_counted_apart(void **state)
{
    (void)state;
    assert_prints(collect_beside_frozen,
                  "ouro: objects in each generation: 2 0 0; frozen: 3; bytes: *");
}

static void close_what_is_held(void *debug)
{
    (void)debug;
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collector_off = true, .debug = OURO_DEBUG_STATS, .name = "night"});
    (void)list_new(heap);
    (void)list_new(heap);
    (void)ouro_heap_close(heap, NULL, NULL);
}

static void test_what_is_held_at_the_end_is_told(void **state)
{
    (void)state;
    assert_prints(
        close_what_is_held,
        "ouro: heap \"night\" closed with 2 objects held from outside, one of type list\n");
}

static void collect_beside_the_living(void *unused)
{
    (void)unused;
    ouro_heap *heap = test_heap_quiet();
    ouro_set_debug(heap, OURO_DEBUG_COLLECTABLE);
    for (int generation = 0; generation <= 2; generation++) {
        list *living = list_new(heap); /* which the collection looks at, too */
        cell_lose(heap, NULL);
        assert_int_equal(ouro_collect(heap, generation), 1);
        ouro_decref(living);
    }
    test_heap_close_empty(heap);
}

static void test_what_lives_is_not_told(void **state)
{
    (void)state;
    assert_prints(collect_beside_the_living, "ouro: collectable <cell 0x*>\n");
    assert_null(strstr(ended.text, "list"));
}

static void stop_while_garbage_is_told(void *unused)
{
    (void)unused;
    ouro_heap *heap = test_heap_quiet();
    ouro_set_debug(heap, OURO_DEBUG_COLLECTABLE);
    cell_lose(heap, NULL);
    ouro__heap_pools(heap)->marks.touched_any = true;
    assert_true(cycle_reach(heap, "tell"));
    assert_false(ouro__collector_abandon(&heap->whole));
    assert_string_equal(cycle_phase(heap), "tell");
    assert_int_equal(cycle_step_to_the_end(heap, 1), 1);
    test_heap_close_empty(heap);
}

/* Who is told is condemned: the cycle is not abandoned any more. */
static void test_what_is_told_goes(void **state)
{
    (void)state;
    assert_prints(stop_while_garbage_is_told, "ouro: collectable <cell 0x*>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_frozen_are_counted_apart),
        cmocka_unit_test(test_what_is_held_at_the_end_is_told),
        cmocka_unit_test(test_what_lives_is_not_told),
        cmocka_unit_test(test_what_is_told_goes),
    };
    return cmocka_run_group_tests_name("debug lines", tests, NULL, NULL);
}
