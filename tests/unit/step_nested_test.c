/* SPDX-License-Identifier: MIT */
/*
 * step_nested_test.c -- a step inside a collection or a death; what a stepped cycle tells
 */
#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"

/* ---- inside a collection ---- */

static size_t refusals;

static void assert_step_is_refused(ouro_heap *heap)
{
    assert_int_equal(cycle_step(heap, 0), 0);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    assert_int_equal(ouro_collect(heap, 0), 0);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    assert_int_equal(ouro_verify(heap, NULL), OURO_BUSY);
    refusals++;
}

static void step_in_finalizer(cell *self)
{
    assert_step_is_refused(ouro_heap_of(self));
}

static void step_in_weak_callback(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_step_is_refused(ouro_heap_of(self));
}

static void step_in_callback(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)info;
    (void)argument;
    assert_step_is_refused(heap);
}

static void test_a_step_inside_a_step_is_refused(void **state)
{
    refusals = 0;
    cell *ring = cell_ring(*state, 3);
    ring->last_word = step_in_finalizer;
    ouro_auto ouro_weakref *weakref =
        ouro_weakref_new_callback(ring->left, step_in_weak_callback, NULL);
    (void)ouro_collect(*state, 2);
    assert_int_equal(ouro_add_callback(*state, step_in_callback, NULL), OURO_OK);
    ouro_decref(ring);
    assert_int_equal(cycle_step(*state, 0), 3);
    assert_int_equal(refusals, 4);
    assert_int_equal(ouro_remove_callback(*state, step_in_callback, NULL), OURO_OK);
}

/* Whoever dies holds references still that the cycle may have counted, and nobody follows the dying. */
static void step_in_plain_death(cell *self)
{
    ouro_progress before, after;
    ouro_get_progress(ouro_heap_of(self), &before);
    assert_int_equal(cycle_step(ouro_heap_of(self), 50), 0);
    ouro_get_progress(ouro_heap_of(self), &after);
    assert_string_equal(before.phase, after.phase);
    assert_int_equal(before.work_left, after.work_left);
    refusals++;
}

static void test_no_step_is_made_inside_a_death(void **state)
{
    list *all = cycle_rings(*state, 100);
    for (refusals = 0; refusals < 200;) {
        cell *made = cell_new(*state);
        made->last_word = step_in_plain_death;
        (void)cycle_step(*state, 1);
        ouro_decref(made);
        test_heap_verify(*state);
    }
    cycle_rings_end(all);
}

/* ---- what a stepped cycle tells ---- */

static ouro_collection told[4];
static size_t told_count;

static void listen(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)argument;
    if (told_count < COUNT_OF(told)) told[told_count] = *info;
    told_count++;
}

static void test_a_stepped_cycle_is_told_once(void **state)
{
    struct garbage_case scene = garbage_case_new(*state);
    ouro_generation_stats before = cycle_stats(*state);
    told_count = 0;
    assert_int_equal(ouro_add_callback(*state, listen, NULL), OURO_OK);
    garbage_case_lose(&scene);
    cycle_begin(*state);
    assert_int_equal(told_count, 1);
    assert_false(told[0].stop);
    assert_int_equal(told[0].generation, 2);
    assert_int_equal(cycle_stats(*state).collections, before.collections);
    while (!cycle_is_idle(*state)) {
        assert_int_equal(told_count, 1);
        (void)cycle_step(*state, 1);
    }
    assert_int_equal(told_count, 2);
    assert_true(told[1].stop);
    assert_false(told[1].nearby);
    assert_int_equal(told[1].generation, 2);
    assert_int_equal(told[1].candidates, GARBAGE_CASE_OBJECTS + 2);
    assert_int_equal(told[1].collected, GARBAGE_CASE_OBJECTS);
    assert_true(told[1].nanoseconds > 0);
    ouro_generation_stats after = cycle_stats(*state);
    assert_int_equal(after.collections, before.collections + 1);
    assert_int_equal(after.candidates, before.candidates + told[1].candidates);
    assert_int_equal(after.collected, before.collected + told[1].collected);
    assert_int_equal(ouro_remove_callback(*state, listen, NULL), OURO_OK);
    garbage_case_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_step_inside_a_step_is_refused),
        HEAP_TEST(test_no_step_is_made_inside_a_death),
        HEAP_TEST(test_a_stepped_cycle_is_told_once),
    };
    return cmocka_run_group_tests_name("step nested", tests, NULL, NULL);
}
