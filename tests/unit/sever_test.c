/* SPDX-License-Identifier: MIT */
/*
 * sever_test.c -- references from garbage to what lives are dropped, and no others
 */
#include "heap/heap.h"
#include "support/bead.h"
#include "support/cell.h"

#include <ouro/weak_map.h>

/* What is neither young nor looked at by the passes below. */
static bead *old_node(ouro_heap *heap)
{
    bead *old = bead_new(heap);
    (void)ouro_collect(heap, 2);
    return old;
}

static void refer(bead *ring, size_t count, bead *to)
{
    for (; count > 0; count--, ring = ring->next) ouro_set(ring, other, to);
}

static void test_garbage_lets_go_of_what_the_pass_does_not_look_at(void **state)
{
    bead *old = old_node(*state), *ring = bead_ring(*state, 10);
    for (bead *n = ring; n->other == NULL; n = n->next) ouro_set(n, other, old);
    assert_int_equal(ouro_refcount(old), 11);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 0), 10);
    assert_int_equal(ouro_refcount(old), 1);
    ouro_decref(old);
}

static void test_garbage_lets_go_of_what_the_pass_finds_alive(void **state)
{
    bead *live = bead_ring(*state, 4), *ring = bead_ring(*state, 10);
    ouro_set(ring, other, live->next);
    ouro_set(ring->next, other, live->next);
    ouro_decref(ring);
    assert_int_equal(ouro_refcount(live->next), 4);
    assert_int_equal(ouro_collect(*state, 0), 10);
    assert_int_equal(ouro_refcount(live->next), 2);
    ouro_decref(live);
    assert_int_equal(ouro_collect(*state, 2), 4);
}

/* As many references lead from the garbage to those that the pass finds alive as from those to others. */
static void test_references_of_the_living_are_not_those_of_the_garbage(void **state)
{
    bead *old = old_node(*state);
    for (int first = 0; first < 2; first++) {
        bead *live = first ? bead_ring(*state, 4) : NULL, *ring = bead_ring(*state, 10);
        if (live == NULL) live = bead_ring(*state, 4);
        refer(live, 2, old);
        refer(ring, 2, live->next);
        ouro_decref(ring);
        assert_int_equal(ouro_collect(*state, 0), 10);
        assert_int_equal(ouro_refcount(old), 3);
        assert_int_equal(ouro_refcount(live->next), 2);
        ouro_decref(live);
        assert_int_equal(ouro_collect(*state, 2), 4);
        assert_int_equal(ouro_refcount(old), 1);
    }
    ouro_decref(old);
}

static void test_what_lives_keeps_what_it_holds(void **state)
{
    bead *old = old_node(*state), *live = bead_ring(*state, 4), *ring = bead_ring(*state, 10);
    ouro_set(live, other, old);
    ouro_set(live->next, other, live);
    ouro_set(ring, other, old);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 0), 10);
    assert_int_equal(ouro_refcount(old), 2);
    assert_int_equal(ouro_refcount(live), 4);
    ouro_decref(live);
    assert_int_equal(ouro_collect(*state, 2), 4);
    assert_int_equal(ouro_refcount(old), 1);
    ouro_decref(old);
}

/* As many as a pass remembers, fewer, and more; beside the living that hold as many, and are met first or last. */
static void test_garbage_lets_go_of_any_number_and_the_living_of_none(void **state)
{
    static const size_t counts[] = {1, OURO_LEAKS_MAX - 1, OURO_LEAKS_MAX, OURO_LEAKS_MAX + 1,
                                    3 * OURO_LEAKS_MAX};
    bead *old = old_node(*state);
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        for (size_t kept = 0; kept < 3; kept++) {
            size_t count = counts[i], held = kept > 0 ? count : 0;
            bead *first = bead_ring(*state, count), *last = bead_ring(*state, count);
            refer(first, count, old);
            refer(last, count, old);
            if (kept != 1) ouro_decref(first);
            if (kept != 2) ouro_decref(last);
            assert_int_equal(ouro_collect(*state, 0), 2 * count - held);
            assert_int_equal(ouro_refcount(old), 1 + held);
            test_heap_verify(*state);
            if (kept > 0) ouro_decref(kept == 1 ? first : last);
            assert_int_equal(ouro_collect(*state, 2), held);
            assert_int_equal(ouro_refcount(old), 1);
        }
    ouro_decref(old);
}

/* Beads that refer to the next one alone, and to another. */
static void hang_on(bead *first, size_t length, bead *other)
{
    for (; length > 0; length--, first = first->next) {
        ouro_put(first, next, bead_new(ouro_heap_of(first)));
        ouro_set(first->next, other, other);
    }
}

/* The work of a pass over a ring of which so many refer to another. */
static size_t effort_of(bead *old, size_t count)
{
    enum { LENGTH = 5000 };
    ouro_heap *heap = ouro_heap_of(old);
    bead *ring = bead_ring(heap, LENGTH);
    refer(ring, count, old);
    ouro_decref(ring);
    size_t before = heap->pass.effort;
    assert_int_equal(ouro_collect(heap, 0), LENGTH);
    assert_int_equal(ouro_refcount(old), 1);
    return heap->pass.effort - before;
}

/* As long as they are few nobody looks for them; else all are gone through, a pool at a time. */
static void test_few_references_are_not_looked_for(void **state)
{
    SKIP_WHERE_GUARDED(); /* where blocks do not come back at once */
    bead *old = old_node(*state);
    (void)effort_of(old, 0);
    size_t none = effort_of(old, 0);
    assert_int_equal(effort_of(old, 1), none);
    assert_int_equal(effort_of(old, 2), none);
    assert_int_equal(effort_of(old, OURO_LEAKS_MAX), none);
    assert_true(effort_of(old, OURO_LEAKS_MAX + 1) >= none + OURO_WALK_UNITS);
    ouro_decref(old);
}

static void renew(ouro_weakref *self, void *argument)
{
    (void)self;
    bead *first = argument;
    ouro_set(first, next, NULL); /* all that hang on it die, and others take their blocks */
    hang_on(first, 3, first);
}

/* Callbacks run between the scan and this: some who lived, and referred to the same, are others by then. */
static void test_garbage_lets_go_after_callbacks(void **state)
{
    enum { LENGTH = 10 };
    for (int before = 0; before < 2; before++) {
        bead *old = old_node(*state), *first = bead_new(*state), *ring;
        if (before) hang_on(first, 3, old);
        ring = bead_ring(*state, LENGTH);
        if (!before) hang_on(first, 3, old);
        refer(ring, LENGTH, old);
        ouro_weakref *heard = ouro_weakref_new_callback(ring, renew, first);
        ouro_decref(ring);
        assert_int_equal(ouro_collect(*state, 0), LENGTH);
        assert_int_equal(ouro_refcount(old), 1);
        assert_ptr_equal(first->next->next->other, first);
        test_heap_verify(*state);
        ouro_decref(heard);
        ouro_decref(old);
        ouro_decref(first);
        (void)ouro_collect(*state, 2);
    }
}

/* Among many pools of garbage the one that holds something may be any. */
static void test_one_reference_out_of_many_pools_is_found(void **state)
{
    enum { LENGTH = 10000, PARTS = 7 };
    bead *old = old_node(*state);
    for (int part = 0; part < PARTS; part++) {
        bead *ring = bead_ring(*state, LENGTH), *holder = ring;
        for (int i = 0; i < part * (LENGTH - 1) / (PARTS - 1); i++) holder = holder->next;
        ouro_set(holder, other, old);
        ouro_decref(ring);
        assert_int_equal(ouro_collect(*state, 0), LENGTH);
        assert_int_equal(ouro_refcount(old), 1);
    }
    ouro_decref(old);
}

/* An end that others depend on comes with the reference that was the last. */
static void test_what_only_garbage_held_dies_with_it(void **state)
{
    bead *chain = bead_new(*state), *ring = bead_ring(*state, 3);
    ouro_put(chain, other, bead_new(*state));
    (void)ouro_collect(*state, 2);
    bead *young = bead_ring(*state, 5);
    ouro_put(young, other, chain);
    ouro_decref(young);
    assert_int_equal(ouro_collect(*state, 0), 5);
    assert_int_equal(test_heap_objects(*state), 3);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 2), 3);
}

/* ---- keys of weak maps ---- */

static ouro_weak_map *emptied;

static void empty(cell *self)
{
    (void)self;
    ouro_weak_map_clear(emptied);
}

/* The value that garbage was the key of ends with it, and takes the key's other entries out of their maps. */
static void test_an_end_takes_out_other_entries_of_the_same_key(void **state)
{
    enum { OTHERS = 3 };
    for (int generation = 0; generation <= 2; generation++) {
        emptied = ouro_weak_map_new(*state);
        ouro_weak_map *map = ouro_weak_map_new(*state), *others[OTHERS];
        cell *value = cell_new(*state);
        value->last_word = empty;
        (void)ouro_collect(*state, 2); /* so that no pass looks at the value */
        cell *key = cell_ring(*state, 2);
        for (int i = 0; i < OTHERS; i++) {
            others[i] = ouro_weak_map_new(*state);
            assert_int_equal(ouro_weak_map_set(others[i], key, NULL), OURO_OK);
        }
        assert_int_equal(ouro_weak_map_set(emptied, key, key), OURO_OK);
        assert_int_equal(ouro_weak_map_set(map, key, value),
                         OURO_OK); /* the newest is the first to go */
        ouro_decref(value);
        ouro_decref(key);
        size_t released = cell_released;
        assert_int_equal(ouro_collect(*state, generation), generation < 2 ? 2 : 3);
        assert_int_equal(cell_released, released + 3);
        assert_int_equal(ouro_weak_map_length(map), 0);
        test_heap_verify(*state);
        for (int i = 0; i < OTHERS; i++) {
            assert_int_equal(ouro_weak_map_length(others[i]), 0);
            ouro_decref(others[i]);
        }
        ouro_decref(map);
        ouro_decref(emptied);
    }
}

static ouro_weak_map *visited;
static size_t met;

static int meet(void *referent, void *argument)
{
    assert_ptr_equal(referent, argument);
    met++;
    return 0;
}

static void visit_the_map(ouro_weakref *self, void *argument)
{
    (void)self;
    ouro_get_referents(visited, meet, argument);
}

/* While garbage is called to account, a map refers to the values of its other keys, whichever come first. */
static void test_a_map_refers_to_values_of_the_living(void **state)
{
    for (int first = 0; first < 2; first++) {
        visited = ouro_weak_map_new(*state);
        cell *key = cell_new(*state), *value = cell_new(*state), *lost = cell_ring(*state, 2);
        for (int i = 0; i < 2; i++)
            assert_int_equal(ouro_weak_map_set(visited, i == first ? key : lost, value), OURO_OK);
        ouro_weakref *weak = ouro_weakref_new_callback(lost, visit_the_map, value);
        met = 0;
        ouro_decref(lost);
        assert_int_equal(ouro_collect(*state, 2), 2);
        assert_int_equal(met, 1);
        ouro_decref(weak);
        ouro_decref(value);
        ouro_decref(key);
        ouro_decref(visited);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_garbage_lets_go_of_what_the_pass_does_not_look_at),
        HEAP_TEST(test_garbage_lets_go_of_what_the_pass_finds_alive),
        HEAP_TEST(test_references_of_the_living_are_not_those_of_the_garbage),
        HEAP_TEST(test_what_lives_keeps_what_it_holds),
        HEAP_TEST(test_garbage_lets_go_of_any_number_and_the_living_of_none),
        HEAP_TEST(test_few_references_are_not_looked_for),
        HEAP_TEST(test_garbage_lets_go_after_callbacks),
        HEAP_TEST(test_one_reference_out_of_many_pools_is_found),
        HEAP_TEST(test_what_only_garbage_held_dies_with_it),
        HEAP_TEST(test_an_end_takes_out_other_entries_of_the_same_key),
        HEAP_TEST(test_a_map_refers_to_values_of_the_living),
    };
    return cmocka_run_group_tests_name("sever", tests, NULL, NULL);
}
