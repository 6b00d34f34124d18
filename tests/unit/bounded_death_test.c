/* SPDX-License-Identifier: MIT */
/*
 * bounded_death_test.c -- one decref ends so many objects at most, the rest ends later
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/parts.h"
#include "support/refusal.h"
#include "support/setting.h"

#include <stdlib.h>
#include <string.h>

enum { BOUND = 1000, MANY = 50000, POOL = OURO_POOL_SIZE / 24 };

static const structure structures[] = {part_chain, part_tree, part_vector, part_mixture};

static ouro_heap *heap_with_bound(size_t bound)
{
    return test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = bound});
}

static size_t waiting_deaths(ouro_heap *heap)
{
    return heap->life.paused_count;
}

/* Drops a structure of so many parts; nothing of it may be waiting before. */
static void drop_new(ouro_heap *heap, structure make, size_t size)
{
    void *made = make(heap, size);
    part_record.length = 0;
    ouro_decref(made);
}

static size_t many(void)
{
    size_t scaled = test_scaled(MANY);
    return scaled > 8 * (BOUND + POOL) ? scaled : 8 * (BOUND + POOL);
}

/* ---- how much is over at once ---- */

static void test_a_decref_ends_so_many_at_most(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(structures); i++) {
        ouro_heap *heap = heap_with_bound(BOUND);
        drop_new(heap, structures[i], many());
        assert_in_range(part_record.length, BOUND / 2, 2 * (BOUND + POOL));
        assert_int_equal(waiting_deaths(heap), 1);
        test_heap_verify(heap);
        assert_int_equal(ouro_collect(heap, 0), 0);
        assert_int_equal(part_record.length, 2 * many());
        test_heap_close_empty(heap);
    }
}

static void test_a_decref_of_plain_objects_ends_so_many_at_most(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(BOUND);
    void *chain = node_chain(heap, many());
    ouro_decref(chain);
    assert_in_range(test_heap_objects(heap), many() - BOUND - POOL, many() - BOUND / 2);
    test_heap_verify(heap);
    (void)ouro_collect(heap, 0);
    test_heap_close_empty(heap);
}

/* Who has nothing left to let go of but one is freed before that one is looked at: a list is gone through once. */
static void test_nobody_waits_for_the_rest_of_a_list(void **state)
{
    (void)state;
    SKIP_WHERE_GUARDED(); /* there deaths go another way */
    ouro_heap *heap = heap_with_bound(BOUND);
    ouro_decref(node_chain(heap, many()));
    assert_int_equal(waiting_deaths(heap), 1);
    assert_int_equal(heap->life.paused[0].stack, 0);
    (void)ouro_collect(heap, 0);
    test_heap_close_empty(heap);
}

static void test_without_a_bound_all_is_over_at_once(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(0);
    for (size_t i = 0; i < COUNT_OF(structures); i++) {
        drop_new(heap, structures[i], many());
        assert_int_equal(part_record.length, 2 * many());
    }
    test_heap_close_empty(heap);
}

static void test_what_is_small_is_over_at_once(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(BOUND);
    for (size_t i = 0; i < COUNT_OF(structures); i++) {
        drop_new(heap, structures[i], BOUND / 3);
        assert_int_equal(part_record.length, 2 * (BOUND / 3));
    }
    test_heap_close_empty(heap);
}

/* ---- where the rest ends ---- */

static void test_the_rest_ends_in_allocations(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(BOUND);
    drop_new(heap, part_chain, many());
    void *held[64] = {NULL};
    size_t before = part_record.length;
    for (size_t i = 0; part_record.length < 2 * many(); i++) {
        assert_true(i < many() / 8); /* many times fewer than what dies */
        ouro_xdecref(held[i % COUNT_OF(held)]);
        held[i % COUNT_OF(held)] = ouro_mem_alloc(heap, 600) != NULL ? node_chain(heap, 1) : NULL;
        assert_true(part_record.length >= before);
        before = part_record.length;
    }
    for (size_t i = 0; i < COUNT_OF(held); i++) ouro_xdecref(held[i]);
    assert_int_equal(waiting_deaths(heap), 0);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

static void test_the_rest_ends_in_steps(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(BOUND);
    drop_new(heap, part_tree, many());
    size_t steps = 0;
    for (; waiting_deaths(heap) > 0; steps++) {
        size_t before = part_record.length;
        (void)ouro_step(heap, (ouro_budget){.units = 500});
        assert_in_range(part_record.length - before, 1, 2 * (500 + POOL));
        if (steps % 16 == 0) test_heap_verify(heap);
    }
    assert_true(steps > 10);
    assert_int_equal(part_record.length, 2 * many());
    test_heap_close_empty(heap);
}

static void test_the_rest_ends_when_the_heap_closes(void **state)
{
    (void)state;
    for (int skips = 0; skips < 2; skips++) {
        ouro_heap *heap = heap_with_bound(BOUND);
        ouro_close_options options = {.skip_finalizers = skips};
        ouro_close_report report;
        drop_new(heap, part_mixture, many());
        size_t before = part_record.length;
        assert_int_equal(ouro_heap_close(heap, &options, &report), OURO_OK);
        if (!skips) assert_int_equal(part_record.length, 2 * many());
        assert_in_range(part_record.length - before, many() - before, 2 * many() - before);
        assert_int_equal(report.alive, 0);
        assert_int_equal(report.held_from_outside, 0);
        assert_int_equal(report.raw_blocks, 0);
    }
}

/* A ring that holds what dies by count when the ring is collected. */
static void lose_ring_with_tail(ouro_heap *heap, size_t length)
{
    cell *ring = cell_new(heap);
    ouro_set(ring, left, ring);
    ouro_put(ring, right, straight_chain(heap, length));
    straight_released = 0;
    ouro_decref(ring);
}

static void test_closing_ends_what_its_own_collection_drops(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(BOUND);
    ouro_close_report report;
    lose_ring_with_tail(heap, many());
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(straight_released, many());
    assert_int_equal(report.held_from_outside, 0);
    assert_int_equal(report.outside_references, 0);
}

static void test_a_reached_limit_ends_all_that_waits(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.death_bound = BOUND, .threshold = {SIZE_MAX, 0, 0}});
    drop_new(heap, part_chain, many()); /* room to remember deaths is there */
    (void)ouro_collect(heap, 0);
    lose_ring_with_tail(heap, many());
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    ouro_set_byte_limit(heap, progress.bytes + 1024);
    assert_int_equal(ouro_account(heap, (ptrdiff_t)(progress.bytes / 2)), OURO_OK);
    assert_int_equal(straight_released, many());
    assert_int_equal(ouro_account(heap, -(ptrdiff_t)(progress.bytes / 2)), OURO_OK);
    test_heap_close_empty(heap);
}

/* ---- the order ---- */

static void record_all(structure make, size_t bound, struct part_record *out_record)
{
    ouro_heap *heap = heap_with_bound(bound);
    void *made = make(heap, many());
    part_record = (struct part_record){calloc(2 * many() + 2, sizeof(long)), 0};
    ouro_decref(made);
    while (waiting_deaths(heap) > 0) (void)ouro_step(heap, (ouro_budget){.units = 777});
    *out_record = part_record;
    part_record = (struct part_record){NULL, 0};
    test_heap_close_empty(heap);
}

static void test_the_order_is_the_same_as_without_a_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(structures); i++) {
        struct part_record at_once, in_pieces;
        record_all(structures[i], 0, &at_once);
        record_all(structures[i], BOUND, &in_pieces);
        assert_int_equal(at_once.length, 2 * many());
        assert_int_equal(in_pieces.length, at_once.length);
        assert_memory_equal(at_once.numbers, in_pieces.numbers,
                            at_once.length * sizeof at_once.numbers[0]);
        free(at_once.numbers);
        free(in_pieces.numbers);
    }
}

static size_t callbacks_heard;

static void hear(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_null(ouro_weakref_get(self));
    callbacks_heard++;
}

static bool first_spoke;

static void first_word(cell *self)
{
    (void)self;
    first_spoke = true;
}

static void test_last_words_of_the_first_object_are_prompt(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(1);
    drop_new(heap, part_chain, many()); /* another one waits already */
    cell *first = cell_new(heap);
    ouro_put(first, left, part_chain(heap, many()));
    first->last_word = first_word;
    ouro_auto ouro_weakref *weakref = ouro_weakref_new_callback(first, hear, NULL);
    callbacks_heard = 0;
    first_spoke = false;
    ouro_decref(first);
    assert_true(first_spoke);
    assert_int_equal(callbacks_heard, 1);
    assert_null(ouro_weakref_get(weakref));
    assert_true(waiting_deaths(heap) > 0);
    (void)ouro_collect(heap, 0);
    ouro_decref(ouro_move(weakref));
    test_heap_close_empty(heap);
}

/* ---- what waits ---- */

static int assert_alive(void *object, void *argument)
{
    assert_true(ouro_refcount(object) > 0);
    *(size_t *)argument += 1;
    return 0;
}

static void test_what_waits_is_hidden(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(BOUND);
    cell *kept = cell_new(heap);
    part *owner = part_vector(heap, many());
    ouro_put(owner, left, part_tree(heap, many()));
    ouro_decref(owner);
    while (waiting_deaths(heap) > 0) {
        size_t met = 0, tracked = 0;
        ouro_heap_stats stats;
        ouro_each_object(heap, assert_alive, &met);
        assert_int_equal(ouro_get_objects(heap, -1, assert_alive, &tracked), OURO_OK);
        ouro_get_heap_stats(heap, &stats);
        assert_int_equal(met, tracked);
        assert_in_range(stats.objects, met, met + waiting_deaths(heap) * 64); /* by blocks */
        assert_false(ouro_is_object(heap, owner));
        test_heap_verify(heap);
        (void)ouro_step(heap, (ouro_budget){.units = 20000});
    }
    assert_int_equal(test_heap_objects(heap), 1);
    ouro_decref(kept);
    test_heap_close_empty(heap);
}

static void test_several_deaths_wait_at_once(void **state)
{
    enum { DEATHS = 50 };
    (void)state;
    ouro_heap *heap = heap_with_bound(10);
    void *made[DEATHS];
    for (size_t i = 0; i < DEATHS; i++) made[i] = structures[i % COUNT_OF(structures)](heap, 3000);
    for (size_t i = 0; i < DEATHS; i++) {
        ouro_decref(made[i]);
        assert_int_equal(waiting_deaths(heap), i + 1);
    }
    test_heap_verify(heap);
    while (waiting_deaths(heap) > 0) {
        (void)ouro_step(heap, (ouro_budget){.units = 10000});
        test_heap_verify(heap);
    }
    test_heap_close_empty(heap);
}

/* A finalizer that drops another large structure. */
static void *to_be_dropped;

static void drop_another(cell *self)
{
    (void)self;
    ouro_xdecref(ouro_move(to_be_dropped));
}

static void test_a_death_in_a_finalizer_waits_as_well(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_bound(BOUND);
    cell *first = cell_new(heap);
    first->last_word = drop_another;
    ouro_put(first, left, part_chain(heap, many()));
    to_be_dropped = part_vector(heap, many());
    part_record.length = 0;
    ouro_decref(first);
    assert_in_range(part_record.length, BOUND / 2, 4 * (BOUND + POOL));
    test_heap_verify(heap);
    (void)ouro_collect(heap, 0);
    assert_int_equal(part_record.length, 4 * many());
    test_heap_close_empty(heap);
}

static void test_without_memory_to_remember_all_ends_at_once(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true,
                                                         .death_bound = BOUND,
                                                         .one_at_a_time = true,
                                                         .refuse = refusal_decides,
                                                         .refuse_context = &refusal});
    for (size_t i = 0; i < COUNT_OF(structures); i++) {
        void *made = structures[i](heap, 9000);
        part_record.length = 0;
        refusal_of_everything(&refusal);
        ouro_decref(made);
        assert_int_equal(part_record.length, 2 * 9000);
        refusal_ends(&refusal);
    }
    assert_true(refusal.refused >= COUNT_OF(structures));
    test_heap_close_empty(heap);
}

/* ---- beside a whole cycle ---- */

/* A structure dies in pieces after so many steps of a cycle that looks at it. */
static bool drop_in_cycle(structure make, bool suspected, size_t steps)
{
    enum { SIZE = 600 };
    ouro_heap *heap = heap_with_bound(50);
    void *nowhere = NULL;
    if (suspected) assert_int_equal(ouro_root(heap, &nowhere), OURO_OK);
    void *made = make(heap, SIZE);
    cell *ring = cell_new(heap);
    ouro_set(ring, left, ring);
    (void)ouro_collect(heap, 2);
    ouro_decref(ring);
    part_record.length = 0;
    for (size_t i = 0; i < steps; i++) (void)ouro_step(heap, (ouro_budget){.units = 97});
    bool over = steps > 0 && cycle_is_idle(heap);
    ouro_decref(made);
    size_t found = 0;
    do {
        found += ouro_step(heap, (ouro_budget){.units = 31});
        test_heap_verify(heap);
        if (steps % 7 == 0) assert_int_equal(ouro_collect(heap, 0), 0);
    } while (!cycle_is_idle(heap) || waiting_deaths(heap) > 0 || found + over == 0);
    assert_int_equal(part_record.length, 2 * SIZE);
    assert_int_equal(found + over, 1);
    test_heap_close_empty(heap);
    return over;
}

static void test_deaths_in_pieces_beside_a_whole_cycle(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(structures); i++)
        for (int suspected = 0; suspected < 2; suspected++)
            for (size_t steps = 0; !drop_in_cycle(structures[i], suspected, steps); steps++) {
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_decref_ends_so_many_at_most),
        cmocka_unit_test(test_a_decref_of_plain_objects_ends_so_many_at_most),
        cmocka_unit_test(test_nobody_waits_for_the_rest_of_a_list),
        cmocka_unit_test(test_without_a_bound_all_is_over_at_once),
        cmocka_unit_test(test_what_is_small_is_over_at_once),
        cmocka_unit_test(test_the_rest_ends_in_allocations),
        cmocka_unit_test(test_the_rest_ends_in_steps),
        cmocka_unit_test(test_the_rest_ends_when_the_heap_closes),
        cmocka_unit_test(test_closing_ends_what_its_own_collection_drops),
        cmocka_unit_test(test_a_reached_limit_ends_all_that_waits),
        cmocka_unit_test(test_the_order_is_the_same_as_without_a_bound),
        cmocka_unit_test(test_last_words_of_the_first_object_are_prompt),
        cmocka_unit_test(test_what_waits_is_hidden),
        cmocka_unit_test(test_several_deaths_wait_at_once),
        cmocka_unit_test(test_a_death_in_a_finalizer_waits_as_well),
        cmocka_unit_test(test_without_memory_to_remember_all_ends_at_once),
        cmocka_unit_test(test_deaths_in_pieces_beside_a_whole_cycle),
    };
    return cmocka_run_group_tests_name("bounded death", tests, NULL, NULL);
}
