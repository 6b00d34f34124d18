/* SPDX-License-Identifier: MIT */
/*
 * step_end_test.c -- how a whole cycle that is under way ends otherwise
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"

/* The scene's garbage, and a cycle in the phase; false when the phase is never seen. */
static bool bring_to_phase(ouro_heap *heap, struct garbage_case *scene, const char *phase)
{
    *scene = garbage_case_new(heap);
    garbage_case_lose(scene);
    cycle_begin(heap);
    return cycle_reach(heap, phase);
}

static void test_collecting_ends_a_cycle_in_any_phase(void **state)
{
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        struct garbage_case scene;
        size_t before = cycle_stats(*state).collections;
        if (bring_to_phase(*state, &scene, cycle_phases[i]))
            assert_int_equal(ouro_collect(*state, 2), GARBAGE_CASE_OBJECTS);
        test_heap_verify(*state);
        assert_true(cycle_is_idle(*state));
        assert_true(cycle_stats(*state).collections > before + 1);
        garbage_case_end(&scene);
    }
}

static void test_freezing_ends_a_cycle_in_any_phase(void **state)
{
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        struct garbage_case scene;
        (void)bring_to_phase(*state, &scene, cycle_phases[i]);
        ouro_freeze(*state);
        test_heap_verify(*state);
        assert_true(cycle_is_idle(*state));
        ouro_unfreeze(*state);
        (void)cycle_step(*state, 0); /* what was abandoned is known to be there */
        test_heap_verify(*state);
        garbage_case_end(&scene);
    }
}

static void close_in_phase(const char *phase, bool skips)
{
    ouro_heap *heap = test_heap_quiet();
    struct garbage_case scene;
    ouro_close_report report;
    ouro_close_options options = {.skip_finalizers = skips};
    cell_released = 0;
    (void)bring_to_phase(heap, &scene, phase);
    size_t said = garbage_case_words, heard = garbage_case_calls;
    assert_int_equal(ouro_heap_close(heap, &options, &report), OURO_OK);
    assert_int_equal(cell_released, GARBAGE_CASE_OBJECTS + 1);
    assert_int_equal(report.raw_blocks, 0);
    assert_int_equal(garbage_case_words, skips ? said : 1);
    assert_int_equal(garbage_case_calls, skips ? heard : 1);
}

static void test_closing_ends_a_cycle_in_any_phase(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        close_in_phase(cycle_phases[i], false);
        close_in_phase(cycle_phases[i], true);
    }
}

static void test_a_reached_limit_ends_a_cycle_in_any_phase(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {SIZE_MAX, 0, 0}});
        struct garbage_case scene;
        if (bring_to_phase(heap, &scene, cycle_phases[i])) {
            ouro_progress progress;
            ouro_get_progress(heap, &progress);
            ouro_set_byte_limit(heap, progress.bytes + (1 << 20));
            assert_int_equal(ouro_account(heap, 16 << 20), OURO_LIMIT);
            assert_true(cycle_is_idle(heap));
            test_heap_verify(heap);
        }
        garbage_case_end(&scene);
        test_heap_close_empty(heap);
    }
}

/* Who finds a cycle needless gives it up, in steps, as long as nobody is a suspect; after that it goes on. */
static void test_a_cycle_without_suspects_is_given_up(void **state)
{
    static const char *const early[] = {"count", "decide", "decide: follow"};
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        struct garbage_case scene;
        if (!bring_to_phase(*state, &scene, cycle_phases[i])) {
            garbage_case_end(&scene);
            continue;
        }
        ouro__collector_give_up(&(*(ouro_heap **)state)->whole);
        bool gives_up = i < COUNT_OF(early);
        if (gives_up) assert_string_equal(cycle_phases[i], early[i]);
        assert_string_equal(cycle_phase(*state), gives_up ? "finish" : cycle_phases[i]);
        size_t found = cycle_step_to_the_end(*state, 1);
        assert_int_equal(found, gives_up ? 0 : GARBAGE_CASE_OBJECTS);
        if (gives_up) assert_int_equal(ouro_collect(*state, 2), GARBAGE_CASE_OBJECTS);
        garbage_case_end(&scene);
    }
}

static size_t left_to_do[2], asked;

static void ask_for_progress(cell *self)
{
    ouro_progress progress;
    ouro_get_progress(ouro_heap_of(self), &progress);
    left_to_do[asked++] = progress.work_left;
}

/* Only steps work off what a cycle has to do: in one without, each finalizer is told the same. */
static void test_a_cycle_at_once_has_as_much_left_throughout(void **state)
{
    asked = 0;
    cell_lose(*state, ask_for_progress);
    cell_lose(*state, ask_for_progress);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(asked, 2);
    assert_true(left_to_do[0] > 0);
    assert_int_equal(left_to_do[1], left_to_do[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_collecting_ends_a_cycle_in_any_phase),
        HEAP_TEST(test_freezing_ends_a_cycle_in_any_phase),
        cmocka_unit_test(test_closing_ends_a_cycle_in_any_phase),
        cmocka_unit_test(test_a_reached_limit_ends_a_cycle_in_any_phase),
        HEAP_TEST(test_a_cycle_without_suspects_is_given_up),
        HEAP_TEST(test_a_cycle_at_once_has_as_much_left_throughout),
    };
    return cmocka_run_group_tests_name("step end", tests, NULL, NULL);
}
