/* SPDX-License-Identifier: MIT */
/*
 * roots_test.c -- whole cycles that begin at variables which the program names
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/refusal.h"

#include <string.h>

static bool is_idle(ouro_heap *heap)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    return strcmp(progress.phase, "idle") == 0;
}

static size_t step_to_the_end(ouro_heap *heap)
{
    size_t found = 0;
    do {
        found += ouro_step(heap, (ouro_budget){.units = 1});
        test_heap_verify(heap);
    } while (!is_idle(heap));
    return found;
}

static void root(ouro_heap *heap, void *variable)
{
    assert_int_equal(ouro_root(heap, variable), OURO_OK);
}

static void unroot(ouro_heap *heap, void *variable)
{
    assert_int_equal(ouro_unroot(heap, variable), OURO_OK);
}

/* A ring of cells with numbers that one owned reference holds. */
static cell *ring_new(ouro_heap *heap, long length)
{
    cell *first = cell_new(heap), *last = first;
    for (long i = 1; i < length; i++) {
        cell *made = cell_new(heap);
        made->number = i;
        ouro_put(last, left, made);
        last = made;
    }
    ouro_set(last, left, first);
    return first;
}

static void assert_ring_is_whole(const cell *first, long length)
{
    const cell *at = first;
    for (long i = 0; i < length; i++, at = at->left) {
        assert_int_equal(at->number, i);
        assert_int_equal(ouro_refcount(at), 1 + (at == first));
    }
    assert_ptr_equal(at, first);
}

static void touch(cell *old)
{
    ouro_incref(old);
    ouro_decref(old);
}

/* ---- naming ---- */

static void test_a_variable_that_is_no_root_is_refused(void **state)
{
    void *variable = NULL;
    assert_int_equal(ouro_unroot(*state, &variable), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_ARGUMENT);
    root(*state, &variable);
    unroot(*state, &variable);
    assert_int_equal(ouro_unroot(*state, &variable), OURO_BAD_ARGUMENT);
}

static void test_a_root_that_is_named_twice_is_unnamed_twice(void **state)
{
    void *variable = NULL;
    root(*state, &variable);
    root(*state, &variable);
    unroot(*state, &variable);
    unroot(*state, &variable);
    assert_int_equal(ouro_unroot(*state, &variable), OURO_BAD_ARGUMENT);
}

static void test_roots_may_be_many(void **state)
{
    static cell *held[500];
    for (size_t i = 0; i < COUNT_OF(held); i++) {
        held[i] = ring_new(*state, 2);
        root(*state, &held[i]);
    }
    assert_int_equal(ouro_collect(*state, 2), 0);
    for (size_t i = 0; i < COUNT_OF(held); i += 2) ouro_decref(ouro_move(held[i]));
    assert_int_equal(ouro_collect(*state, 2), COUNT_OF(held));
    for (size_t i = 0; i < COUNT_OF(held); i++) {
        unroot(*state, &held[i]);
        ouro_xdecref(ouro_move(held[i]));
    }
    assert_int_equal(ouro_collect(*state, 2), COUNT_OF(held));
}

static void test_a_refused_table_of_roots_changes_nothing(void **state)
{
    (void)state;
    static void *variables[100];
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    size_t named = 0;
    refusal_of_everything(&refusal);
    assert_int_equal(ouro_root(heap, &variables[0]), OURO_NO_MEMORY);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    refusal_ends(&refusal);
    root(heap, &variables[named++]);
    refusal_of_everything(&refusal);
    while (ouro_root(heap, &variables[named]) == OURO_OK) named++;
    refusal_ends(&refusal);
    assert_int_equal(ouro_unroot(heap, &variables[named]), OURO_BAD_ARGUMENT);
    while (named > 0) unroot(heap, &variables[--named]);
    test_heap_close_empty(heap);
}

static void test_a_heap_with_roots_closes_empty(void **state)
{
    (void)state;
    static void *variable;
    ouro_heap *heap = test_heap_quiet();
    root(heap, &variable);
    test_heap_close_empty(heap); /* the table is no raw block of the program */
}

/* ---- collecting ---- */

enum { LENGTH = 5 };

/* A root, a variable that is none, garbage, and something that lives by a root alone. */
static void collect_with(ouro_heap *heap, bool names_all, bool names_dead, bool steps)
{
    cell *named = ring_new(heap, LENGTH), *unnamed = ring_new(heap, LENGTH), *dead = NULL;
    cell *garbage = ring_new(heap, LENGTH);
    (void)ouro_collect(heap, 2);
    root(heap, &named);
    if (names_all) root(heap, &unnamed);
    if (names_dead) root(heap, &dead);
    for (int turn = 0; turn < 3; turn++) {
        touch(named);
        size_t found = steps ? step_to_the_end(heap) : ouro_collect(heap, 2);
        assert_int_equal(found, turn == 1 ? LENGTH : 0);
        assert_ring_is_whole(named, LENGTH);
        assert_ring_is_whole(unnamed, LENGTH);
        test_heap_verify(heap);
        if (turn == 0) ouro_decref(garbage);
    }
    unroot(heap, &named);
    if (names_all) unroot(heap, &unnamed);
    if (names_dead) unroot(heap, &dead);
    ouro_decref(named);
    ouro_decref(unnamed);
    assert_int_equal(ouro_collect(heap, 2), 2 * LENGTH);
}

static void test_roots_that_are_all_there_are(void **state)
{
    collect_with(*state, true, false, false);
    collect_with(*state, true, false, true);
}

static void test_roots_that_are_not_all(void **state)
{
    collect_with(*state, false, false, false);
    collect_with(*state, false, false, true);
}

static void test_roots_that_lead_nowhere(void **state)
{
    collect_with(*state, true, true, false);
    collect_with(*state, false, true, true);
}

/* Atoms are in no set; a root may hold one. */
static void test_a_root_may_hold_what_is_not_tracked(void **state)
{
    atom *number = atom_new(*state, 7);
    cell *ring = ring_new(*state, LENGTH);
    root(*state, &number);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 2), LENGTH);
    assert_int_equal(number->number, 7);
    unroot(*state, &number);
    ouro_decref(number);
}

static void test_frozen_and_immortal_objects_hold_what_no_root_names(void **state)
{
    cell *nothing = NULL;
    cell *frozen = cell_new(*state);
    ouro_freeze(*state);
    ouro_put(frozen, left, ring_new(*state, LENGTH));
    root(*state, &nothing);
    assert_int_equal(ouro_collect(*state, 2), 0);
    touch(frozen);
    assert_ring_is_whole(frozen->left, LENGTH);
    ouro_clear(frozen, left);
    assert_int_equal(ouro_collect(*state, 2), LENGTH);
    ouro_decref(frozen);
    unroot(*state, &nothing);
}

/* ---- between steps ---- */

/* After so many steps a root is added, another goes, and a third changes its value. */
static bool change_roots(ouro_heap *heap, size_t steps)
{
    cell *first = ring_new(heap, LENGTH), *second = ring_new(heap, LENGTH);
    cell *third = ring_new(heap, LENGTH), *garbage = ring_new(heap, LENGTH);
    (void)ouro_collect(heap, 2);
    root(heap, &first);
    root(heap, &third);
    ouro_decref(garbage);
    bool over = false;
    for (size_t i = 0; i <= steps && !over; i++) {
        (void)ouro_step(heap, (ouro_budget){.units = 1});
        over = is_idle(heap);
    }
    root(heap, &second);
    unroot(heap, &first);
    cell *before = third;
    third = ring_new(heap, LENGTH);
    test_heap_verify(heap);
    size_t found = over ? LENGTH : step_to_the_end(heap);
    assert_int_equal(found, LENGTH);
    assert_ring_is_whole(first, LENGTH);
    assert_ring_is_whole(second, LENGTH);
    assert_ring_is_whole(third, LENGTH);
    assert_ring_is_whole(before, LENGTH);
    unroot(heap, &third);
    unroot(heap, &second);
    ouro_decref(first);
    ouro_decref(second);
    ouro_decref(third);
    ouro_decref(before);
    assert_int_equal(ouro_collect(heap, 2), 4 * LENGTH);
    return over;
}

static void test_roots_change_between_steps(void **state)
{
    for (size_t steps = 0; !change_roots(*state, steps); steps++) {
    }
}

/* What a cycle by roots has looked at and left alive is remembered when it is touched again. */
static void test_what_roots_reach_is_found_when_it_is_lost_later(void **state)
{
    list *all = list_new(*state);
    cell *ring = ring_new(*state, LENGTH);
    list_append(all, ring);
    (void)ouro_collect(*state, 2);
    root(*state, &all);
    touch(ring);
    assert_int_equal(ouro_step(*state, (ouro_budget){0}), 0);
    ouro_decref(ring);
    ouro_vector_clear(all, &all->items);
    assert_int_equal(ouro_step(*state, (ouro_budget){0}), LENGTH);
    unroot(*state, &all);
    ouro_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_variable_that_is_no_root_is_refused),
        HEAP_TEST(test_a_root_that_is_named_twice_is_unnamed_twice),
        HEAP_TEST(test_roots_may_be_many),
        cmocka_unit_test(test_a_refused_table_of_roots_changes_nothing),
        cmocka_unit_test(test_a_heap_with_roots_closes_empty),
        HEAP_TEST(test_roots_that_are_all_there_are),
        HEAP_TEST(test_roots_that_are_not_all),
        HEAP_TEST(test_roots_that_lead_nowhere),
        HEAP_TEST(test_a_root_may_hold_what_is_not_tracked),
        HEAP_TEST(test_frozen_and_immortal_objects_hold_what_no_root_names),
        HEAP_TEST(test_roots_change_between_steps),
        HEAP_TEST(test_what_roots_reach_is_found_when_it_is_lost_later),
    };
    return cmocka_run_group_tests_name("roots", tests, NULL, NULL);
}
