/* SPDX-License-Identifier: MIT */
/*
 * step_pace_test.c -- when a whole cycle begins, how much a step does, who pays
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/setting.h"

#include <string.h>

/* ---- when a cycle begins, and how much a step does ---- */

static void test_a_step_begins_a_cycle_only_if_an_old_object_was_touched(void **state)
{
    cell *old = cell_ring(*state, 2);
    (void)ouro_collect(*state, 2);
    size_t before = cycle_stats(*state).collections;
    assert_int_equal(cycle_step(*state, 0), 0);
    cell *young = cell_ring(*state, 2);
    cycle_touch(young);
    assert_int_equal(cycle_step(*state, 0), 0);
    assert_int_equal(cycle_stats(*state).collections, before);
    cycle_touch(old);
    assert_int_equal(cycle_step(*state, 0), 0);
    assert_int_equal(cycle_stats(*state).collections, before + 1);
    assert_int_equal(cycle_step(*state, 0), 0);
    assert_int_equal(cycle_stats(*state).collections, before + 1);
    ouro_decref(old);
    ouro_decref(young); /* old as well since the cycle */
    assert_int_equal(cycle_step(*state, 0), 4);
}

/* Nothing is remembered of what is frozen. */
static void test_a_step_begins_a_cycle_after_unfreezing(void **state)
{
    cell *ring = cell_ring(*state, 2);
    ouro_freeze(*state);
    ouro_decref(ring);
    assert_int_equal(cycle_step(*state, 0), 0);
    ouro_unfreeze(*state);
    assert_int_equal(cycle_step(*state, 0), 2);
}

enum { MANY = 30000 };

static void test_a_step_does_about_so_many_units(void **state)
{
    enum { UNITS = 500, SLACK = 500 };
    ouro_heap *heap = *state;
    list *all = cycle_rings(heap, test_scaled(MANY));
    cycle_begin(heap);
    while (!cycle_is_idle(heap)) {
        size_t before = heap->whole.work_done;
        (void)cycle_step(heap, UNITS);
        size_t done = heap->whole.work_done - before;
        bool wipes = strcmp(cycle_phase(heap), "forget") == 0; /* by the part of an arena */
        assert_true(done >= UNITS || cycle_is_idle(heap));
        if (done > UNITS + (wipes ? OURO_WIPE_UNITS : SLACK) && !cycle_is_idle(heap))
            fail_msg("%zu units instead of %d, up to %s", done, UNITS, cycle_phase(heap));
    }
    cycle_rings_end(all);
}

static void test_a_step_takes_about_so_many_microseconds(void **state)
{
    list *all = cycle_rings(*state, test_scaled(MANY));
    size_t steps = 0;
    do {
        (void)ouro_step(*state, (ouro_budget){.microseconds = 20});
        steps++;
    } while (!cycle_is_idle(*state));
    assert_true(steps > 3); /* a hundred or so where nobody else is at work */
    cycle_rings_end(all);
}

/* The first work of a cycle meets memory that nobody has used yet, and any may. */
static void test_a_step_looks_at_the_clock_more_often_where_work_takes_long(void **state)
{
    ouro_heap *heap = *state;
    list *all = cycle_rings(heap, test_scaled(MANY));
    cycle_begin(heap);
    assert_int_equal(heap->pace.step_part,
                     2 * OURO_STEP_PART_LEAST); /* the first took next to nothing */
    (void)cycle_step(heap, 4 * OURO_STEP_PART_MOST);
    assert_int_equal(heap->pace.step_part, OURO_STEP_PART_MOST);
    for (int i = 0; i < 6; i++) (void)ouro_step(heap, (ouro_budget){.microseconds = 1});
    assert_int_equal(heap->pace.step_part, OURO_STEP_PART_LEAST);
    assert_false(cycle_is_idle(heap));
    (void)cycle_step(heap, 0);
    assert_int_equal(heap->pace.step_part, OURO_STEP_PART_MOST);
    cycle_touch(all->items.items[0]);
    cycle_begin(heap);
    assert_int_equal(heap->pace.step_part, 2 * OURO_STEP_PART_LEAST);
    cycle_rings_end(all);
}

static size_t spoken;

static void speak(cell *self)
{
    (void)self;
    spoken++;
}

/* Finalizers are work, too: one after the other, between whose steps the program runs. */
static void test_a_step_runs_a_few_finalizers(void **state)
{
    enum { LENGTH = 200 };
    cell *ring = cell_ring(*state, LENGTH), *at = ring;
    for (int i = 0; i < LENGTH; i++, at = at->left) at->last_word = speak;
    (void)ouro_collect(*state, 2);
    ouro_decref(ring);
    cycle_begin(*state);
    size_t found = 0, steps = 0;
    spoken = 0;
    while (!cycle_is_idle(*state)) {
        size_t before = spoken;
        found += cycle_step(*state, 1);
        assert_in_range(spoken - before, 0, 1); /* the program has its own time */
        steps += spoken > before;
    }
    assert_int_equal(found, LENGTH);
    assert_int_equal(spoken, LENGTH);
    assert_true(steps > 3);
}

static void test_a_step_without_bound_is_a_whole_cycle(void **state)
{
    list *all = cycle_rings(*state, 1000);
    ouro_vector_clear(all, &all->items);
    assert_int_equal(ouro_step(*state, (ouro_budget){0}), 2000);
    assert_true(cycle_is_idle(*state));
    cycle_rings_end(all);
}

static void test_progress_tells_how_far_the_cycle_is(void **state)
{
    list *all = cycle_rings(*state, test_scaled(MANY));
    ouro_progress progress, last;
    ouro_get_progress(*state, &last);
    assert_string_equal(last.phase, "idle");
    assert_int_equal(last.work_left, 0);
    assert_int_equal(last.touched, 1);
    assert_true(last.bytes > 0);
    assert_true(last.bytes < last.start_bytes && last.start_bytes < last.goal_bytes);
    do {
        (void)cycle_step(*state, 1000);
        ouro_get_progress(*state, &progress);
        assert_int_equal(progress.steps, last.steps + 1);
        assert_true(progress.longest_step_nanoseconds >= last.longest_step_nanoseconds);
        assert_true(progress.work_left > 0 || cycle_is_idle(*state));
        last = progress;
    } while (!cycle_is_idle(*state));
    assert_int_equal(progress.work_left, 0);
    assert_int_equal(progress.debt, 0);
    assert_true(progress.longest_step_nanoseconds > 0);
    assert_non_null(progress.longest_step_phase);
    cycle_rings_end(all);
}

/* Before the first cycle the heap may grow as if cycles were rare, until a pass finds one; then what passes leave behind
 * is looked for soon. */
static void test_a_pass_that_finds_garbage_brings_the_first_cycle_forward(void **state)
{
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {100, 10, 1}});
    (void)state;
    ouro_progress progress;
    list *living = list_new(heap);
    for (int i = 0; i < 1000; i++) (void)list_append_cell(living, i);
    assert_int_equal(heap->pace.fruitless, OURO_WHOLE_PATIENCE);
    for (int i = 0; i < 1000; i++) ouro_decref(cell_ring(heap, 2));
    assert_int_equal(heap->pace.fruitless, 0);
    ouro_get_progress(heap, &progress);
    assert_true(progress.goal_bytes <= OURO_WHOLE_MIN_GROWTH + progress.bytes);
    assert_int_equal(cycle_stats(heap).collections, 0);
    ouro_decref(living);
    (void)ouro_collect(heap, 2);
    for (int i = 0; i < 1000; i++)
        ouro_decref(cell_ring(heap, 2)); /* a cycle knows better than passes */
    heap->pace.fruitless = OURO_WHOLE_PATIENCE;
    for (int i = 0; i < 1000; i++) ouro_decref(cell_ring(heap, 2));
    assert_int_equal(heap->pace.fruitless, OURO_WHOLE_PATIENCE);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

/* Native bytes beyond the start make allocation owe work, and pay it: in steps that no clock cuts short, since a
 * machine with other work would cut them anywhere. */
static void test_allocation_pays_for_the_cycle(void **state)
{
    enum { second = 1000000 };
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.threshold = {SIZE_MAX, 0, 1}, .step_microseconds = second});
    (void)state;
    list *all = cycle_rings(heap, test_scaled(MANY));
    ouro_progress progress;
    size_t parts = 0, before = cycle_stats(heap).collections;
    ptrdiff_t accounted = 0;
    while (cycle_stats(heap).collections == before) {
        ouro_get_progress(heap, &progress);
        assert_true(progress.bytes <= progress.goal_bytes + (64 << 10)); /* [heap.goal] */
        assert_int_equal(ouro_account(heap, 16 << 10), OURO_OK);
        accounted += 16 << 10;
        parts += !cycle_is_idle(heap);
    }
    assert_true(parts > 3);
    assert_int_equal(ouro_account(heap, -accounted), OURO_OK);
    cycle_rings_end(all);
    test_heap_close_empty(heap);
}

/* ---- one thing at a time ---- */

struct deeds {
    size_t passes, nearby, steps;
};

/* What one payment does where a pass, a look near touched objects and a step are due. */
static struct deeds pay(ouro_heap *heap, list *all, enum ouro__payment payment)
{
    struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    struct ouro__pace *pace = &heap->pace;
    while (marks->young_handed < OURO_WIDE_BATCHES * heap->threshold[0])
        (void)list_append_cell(all, 0);
    cycle_touch(all->items.items[0]);
    assert_true(marks->touched_count > 0);
    pace->nearby_left = 0;
    pace->debt = 2 * OURO_STEP_MIN_UNITS;
    struct deeds before = {0, pace->nearby_passes, pace->steps};
    (void)ouro__pace_pay(heap, payment);
    assert_false(cycle_is_idle(heap));
    return (struct deeds){marks->young_handed == 0, pace->nearby_passes - before.nearby,
                          pace->steps - before.steps};
}

/* An allocation does one of them, so that its pause is no sum, and the next ones do the others.  At a safepoint, which
 * may come seldom, all are done. */
static void test_an_allocation_does_one_thing_at_a_time(void **state)
{
    enum { second = 1000000, THINGS = 3, ROUNDS = 4 };
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {64, 10, 1},
                                                         .collect_at = OURO_COLLECT_AT_SAFEPOINT,
                                                         .step_microseconds = second});
    (void)state;
    list *all = cycle_rings(heap, MANY);
    cycle_begin(heap);
    struct deeds sum = {0};
    for (size_t i = 0; i < ROUNDS * THINGS; i++) {
        struct deeds one = pay(heap, all, OURO__PAY_ONE);
        assert_true(one.passes + one.nearby + one.steps <= 1);
        sum.passes += one.passes;
        sum.nearby += one.nearby;
        sum.steps += one.steps;
    }
    assert_in_range(sum.passes, ROUNDS - 1, ROUNDS);
    assert_in_range(sum.nearby, ROUNDS - 1, ROUNDS);
    assert_in_range(sum.steps, ROUNDS - 1, ROUNDS);
    struct deeds every = pay(heap, all, OURO__PAY_ALL);
    assert_int_equal(every.passes + every.nearby + every.steps, THINGS);
    cycle_rings_end(all);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_step_begins_a_cycle_only_if_an_old_object_was_touched),
        HEAP_TEST(test_a_step_begins_a_cycle_after_unfreezing),
        HEAP_TEST(test_a_step_does_about_so_many_units),
        HEAP_TEST(test_a_step_takes_about_so_many_microseconds),
        HEAP_TEST(test_a_step_looks_at_the_clock_more_often_where_work_takes_long),
        HEAP_TEST(test_a_step_runs_a_few_finalizers),
        HEAP_TEST(test_a_step_without_bound_is_a_whole_cycle),
        HEAP_TEST(test_progress_tells_how_far_the_cycle_is),
        cmocka_unit_test(test_a_pass_that_finds_garbage_brings_the_first_cycle_forward),
        cmocka_unit_test(test_allocation_pays_for_the_cycle),
        cmocka_unit_test(test_an_allocation_does_one_thing_at_a_time),
    };
    return cmocka_run_group_tests_name("step pace", tests, NULL, NULL);
}
