/* SPDX-License-Identifier: MIT */
/*
 * nearby_test.c -- old garbage is found near touched objects, without a look at the whole heap
 */
#include "base/tune.h"

#include "support/cell.h"
#include "support/heap.h"

enum { YOUNG = 100 };

/* A heap that collects by itself once something is old, and has a whole cycle only far away.  How fast the
 * machine is does not end a search. */
static int setup(void **state)
{
    *state = test_heap_new(&(ouro_heap_options){
        .threshold = {YOUNG, 10, 1}, .collector_off = true, .step_microseconds = 1000000});
    return 0;
}

static int teardown(void **state)
{
    (void)ouro_collect(*state, 2);
    test_heap_close_empty(*state);
    return 0;
}

static ouro_progress progress_of(ouro_heap *heap)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    return progress;
}

static size_t full_collections(ouro_heap *heap)
{
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    return stats[2].collections;
}

/* So many cells are born and lost, which makes young passes due and never fruitless. */
static void allocate(ouro_heap *heap, size_t count)
{
    for (size_t i = 0; i < count; i++) cell_lose(heap, NULL);
}

/* What was made so far is old, and no pass has looked at it: fruitless ones would make the next ones short. */
static void make_old(ouro_heap *heap)
{
    (void)ouro_collect(heap, 2);
    ouro_collector_enable(heap);
}

/* Allocates until so many objects are found near touched ones; fails if that needs a full collection. */
static void find_nearby(ouro_heap *heap, size_t count)
{
    size_t full = full_collections(heap), before = progress_of(heap).nearby_found;
    for (int i = 0; i < 200 && progress_of(heap).nearby_found < before + count; i++)
        allocate(heap, YOUNG);
    assert_int_equal(progress_of(heap).nearby_found, before + count);
    assert_int_equal(full_collections(heap), full);
    test_heap_verify(heap);
}

static void test_an_old_ring_that_is_dropped_is_found(void **state)
{
    static const size_t lengths[] = {1, 2, 10, OURO_NEARBY_MAX / 2};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        ouro_collector_disable(
            *state); /* a ring that grows old in parts is touched while it is made */
        cell *ring = cell_ring(*state, lengths[i]);
        make_old(*state);
        size_t before = cell_released;
        ouro_decref(ring);
        assert_int_equal(progress_of(*state).touched, 1);
        find_nearby(*state, lengths[i]);
        assert_true(cell_released >= before + lengths[i]);
    }
}

/* A vector of children that know their parent. */
static void test_an_old_structure_with_parent_pointers_is_found(void **state)
{
    enum { CHILDREN = OURO_NEARBY_MAX / 2 };
    list *parent = list_new(*state);
    for (size_t i = 0; i < CHILDREN; i++) {
        ouro_auto cell *child = cell_new(*state);
        ouro_set(child, right, parent);
        list_append(parent, child);
    }
    make_old(*state);
    ouro_decref(parent);
    find_nearby(*state, CHILDREN + 1);
}

/* A vector with a cell for each place, which live. */
static list *living_graph(ouro_heap *heap, size_t size)
{
    list *all = list_new(heap);
    for (size_t i = 0; i < size; i++) {
        ouro_auto cell *made = cell_new(heap);
        list_append(all, made);
        if (i > 0) ouro_set(made, left, all->items.items[i / 2]);
        if (i > 0) ouro_set(made, right, all->items.items[i - 1]);
    }
    return all;
}

/* What lives is met late here: a search that meets it early gives up, and leaves the structure to the whole
 * cycle. */
static void test_an_old_structure_that_points_into_a_living_graph_is_found(void **state)
{
    enum { SIZE = 20000, LENGTH = 100 };
    list *all = living_graph(*state, SIZE);
    cell *ring = cell_ring(*state, LENGTH), *at = ring;
    for (size_t i = 0; i < LENGTH; i++, at = at->left)
        if (i + 3 >= LENGTH) ouro_set(at, right, all->items.items[SIZE - 1 - i]);
    make_old(*state);
    ouro_decref(ring);
    find_nearby(*state, LENGTH);
    for (size_t i = 0; i < SIZE / 2; i++)
        assert_int_equal(ouro_refcount(all->items.items[SIZE - 1 - i]), i == 0 ? 1 : 2);
    ouro_decref(all);
}

static void test_touched_objects_that_live_stay(void **state)
{
    enum { SIZE = 300 };
    list *all = living_graph(*state, SIZE);
    make_old(*state);
    for (int turn = 0; turn < 50; turn++) {
        for (size_t i = 0; i < SIZE; i += 7) {
            ouro_incref(all->items.items[i]);
            ouro_decref(all->items.items[i]);
        }
        allocate(*state, 4 * YOUNG);
    }
    ouro_progress progress = progress_of(*state);
    assert_true(progress.nearby_passes > 0);
    assert_int_equal(progress.nearby_found, 0);
    assert_int_equal(all->items.length, SIZE);
    for (size_t i = 0; i < SIZE; i++) assert_true(ouro_refcount(all->items.items[i]) >= 1);
    test_heap_verify(*state);
    ouro_decref(all);
}

static void test_fruitless_passes_become_rare(void **state)
{
    enum { TURNS = 100, TURN = 20 * YOUNG };
    cell *living = cell_ring(*state, 3);
    list *rings = list_new(*state);
    for (int i = 0; i < TURNS; i++) {
        ouro_auto cell *ring = cell_ring(*state, 3);
        list_append(rings, ring);
    }
    make_old(*state);
    for (int turn = 0; turn < TURNS; turn++) {
        ouro_incref(living);
        ouro_decref(living);
        allocate(*state, TURN);
    }
    size_t rare = progress_of(*state).nearby_passes;
    assert_in_range(rare, 3, TURNS * TURN / YOUNG / 16);
    while (rings->items.length > 0) { /* garbage makes them frequent again */
        ouro_decref(ouro_vector_pop(rings, &rings->items));
        allocate(*state, TURN);
    }
    assert_true(progress_of(*state).nearby_passes > rare + TURNS / 2 + rare / 2);
    ouro_decref(living);
    ouro_decref(rings);
}

/* A ring that is closed by an owned reference that moves into it: no count changes then. */
static void test_a_reference_that_is_moved_in_closes_a_ring(void **state)
{
    cell *first = cell_new(*state), *second = cell_new(*state);
    ouro_set(first, left, second);
    make_old(*state);
    ouro_decref(second); /* of count 1 from now on; quiet again below */
    allocate(*state, 40 * YOUNG);
    assert_int_equal(progress_of(*state).touched, 0);
    ouro_put(second, left, first);
    assert_true(progress_of(*state).touched > 0);
    find_nearby(*state, 2);
}

static void test_a_reference_that_is_swapped_in_closes_a_ring(void **state)
{
    cell *first = cell_new(*state), *second = cell_new(*state), *holder = cell_new(*state);
    ouro_put(first, left, second);
    ouro_put(holder, left, first);
    make_old(*state);
    ouro_swap(holder, left, second, left);
    find_nearby(*state, 2);
    ouro_decref(holder);
}

/* ---- beside a whole cycle ---- */

/* A ring is dropped after so many steps of a whole cycle, and a pass looks near it between steps. */
static bool drop_between_steps(ouro_heap *heap, size_t steps)
{
    cell *ring = cell_ring(heap, 3), *other = cell_new(heap);
    ouro_auto ouro_weakref *weakref = ouro_weakref_new(ring);
    make_old(heap);
    ouro_incref(other);
    ouro_decref(other);
    size_t full = full_collections(heap);
    for (size_t i = 0; i < steps; i++) (void)ouro_step(heap, (ouro_budget){.units = 5});
    bool over = steps > 0 && full_collections(heap) > full;
    ouro_decref(ring);
    for (int i = 0; i < 100 && full_collections(heap) == full + over; i++) {
        allocate(heap, YOUNG);
        (void)ouro_step(heap, (ouro_budget){.units = 5});
        test_heap_verify(heap);
    }
    (void)ouro_step(heap, (ouro_budget){0});
    (void)ouro_step(heap, (ouro_budget){0});
    assert_null(ouro_weakref_get(weakref));
    ouro_decref(other);
    return over;
}

static void test_passes_near_touched_objects_run_between_steps(void **state)
{
    for (size_t steps = 0; !drop_between_steps(*state, steps); steps++) {
    }
}

#define NEARBY_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NEARBY_TEST(test_an_old_ring_that_is_dropped_is_found),
        NEARBY_TEST(test_an_old_structure_with_parent_pointers_is_found),
        NEARBY_TEST(test_an_old_structure_that_points_into_a_living_graph_is_found),
        NEARBY_TEST(test_touched_objects_that_live_stay),
        NEARBY_TEST(test_fruitless_passes_become_rare),
        NEARBY_TEST(test_a_reference_that_is_moved_in_closes_a_ring),
        NEARBY_TEST(test_a_reference_that_is_swapped_in_closes_a_ring),
        NEARBY_TEST(test_passes_near_touched_objects_run_between_steps),
    };
    return cmocka_run_group_tests_name("nearby", tests, NULL, NULL);
}
