/* SPDX-License-Identifier: MIT */
/*
 * collector_test.c -- when collections happen, and what they tell
 */
#include "heap/heap.h"

#include <ouro/weak_map.h>

#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"
#include "support/refusal.h"

/* ---- generations ---- */

static void assert_generations(ouro_heap *heap, size_t young, size_t middle, size_t old)
{
    assert_int_equal(test_heap_tracked(heap, 0), young);
    assert_int_equal(test_heap_tracked(heap, 1), middle);
    assert_int_equal(test_heap_tracked(heap, 2), old);
    assert_int_equal(test_heap_tracked(heap, -1), young + middle + old);
}

static void test_survivors_grow_older(void **state)
{
    cell *made = cell_new(*state);
    assert_generations(*state, 1, 0, 0);
    (void)ouro_collect(*state, 0);
    assert_generations(*state, 0, 1, 0);
    (void)ouro_collect(*state, 0);
    assert_generations(*state, 0, 1, 0);
    (void)ouro_collect(*state, 1);
    assert_generations(*state, 0, 0, 1);
    (void)ouro_collect(*state, 2);
    assert_generations(*state, 0, 0, 1);
    ouro_decref(made);
}

static void test_generations_live_side_by_side(void **state)
{
    cell *old = cell_new(*state);
    (void)ouro_collect(*state, 1);
    cell *middle = cell_new(*state);
    (void)ouro_collect(*state, 0);
    cell *young = cell_new(*state);
    assert_generations(*state, 1, 1, 1);
    ouro_decref(old);
    ouro_decref(young);
    assert_generations(*state, 0, 1, 0);
    ouro_decref(middle);
}

static void test_a_pass_leaves_older_garbage(void **state)
{
    for (int age = 0; age <= 2; age++) {
        cell *made = cell_new(*state);
        ouro_set(made, left, made);
        if (age > 0) (void)ouro_collect(*state, age - 1);
        ouro_decref(made);
        for (int generation = 0; generation < age; generation++)
            assert_int_equal(ouro_collect(*state, generation), 0);
        assert_int_equal(ouro_collect(*state, age), 1);
    }
}

static void test_generations_that_are_none_are_refused(void **state)
{
    assert_int_equal(ouro_collect(*state, 3), 0);
    assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_collect(*state, -1), 0);
    assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_ARGUMENT);
}

/* ---- thresholds and counts ---- */

static size_t collections(ouro_heap *heap, int generation)
{
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    return stats[generation].collections;
}

static void lose_many(ouro_heap *heap, size_t count)
{
    for (size_t i = 0; i < count; i++) cell_lose(heap, NULL);
}

static ouro_heap *heap_with_threshold(size_t young, size_t middle, size_t full)
{
    return test_heap_new(&(ouro_heap_options){.threshold = {young, middle, full}});
}

static void end(ouro_heap *heap)
{
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

static void test_first_threshold_makes_young_passes(void **state)
{
    ouro_heap *heap = heap_with_threshold(500, 0, 0);
    (void)state;
    lose_many(heap, 10000);
    assert_true(collections(heap, 0) >= 5);
    assert_int_equal(collections(heap, 1), 0);
    assert_int_equal(collections(heap, 2), 0);
    assert_true(test_heap_objects(heap) < 2000);
    end(heap);
}

static void test_second_threshold_makes_middle_passes(void **state)
{
    ouro_heap *heap = heap_with_threshold(200, 3, 0);
    (void)state;
    lose_many(heap, 20000);
    assert_in_range(collections(heap, 0), 3 * (collections(heap, 1) - 1),
                    4 * (collections(heap, 1) + 1));
    assert_true(collections(heap, 1) > 3);
    assert_int_equal(collections(heap, 2), 0);
    end(heap);
}

static void test_growth_makes_full_collections(void **state)
{
    ouro_heap *heap = heap_with_threshold(SIZE_MAX, 0, 1);
    (void)state;
    assert_int_equal(ouro_account(heap, (ptrdiff_t)64 << 20), OURO_OK);
    lose_many(heap, 2000);
    assert_true(collections(heap, 2) > 0);
    assert_int_equal(collections(heap, 0), 0);
    assert_int_equal(ouro_account(heap, -((ptrdiff_t)64 << 20)), OURO_OK);
    end(heap);
}

static void test_threshold_zero_collects_nothing(void **state)
{
    ouro_heap *heap = heap_with_threshold(0, 1, 1);
    (void)state;
    lose_many(heap, 10000);
    for (int generation = 0; generation <= 2; generation++)
        assert_int_equal(collections(heap, generation), 0);
    assert_int_equal(ouro_safepoint(heap), 0);
    end(heap);
}

static void test_threshold_can_be_changed(void **state)
{
    size_t threshold[3];
    ouro_set_threshold(*state, (const size_t[3]){1, 2, 3});
    ouro_get_threshold(*state, threshold);
    for (size_t i = 0; i < 3; i++) assert_int_equal(threshold[i], i + 1);
}

static void test_count_tells_the_young_and_the_passes(void **state)
{
    size_t count[3];
    cell *made[10];
    for (size_t i = 0; i < COUNT_OF(made); i++) made[i] = cell_new(*state);
    ouro_get_count(*state, count);
    assert_int_equal(count[0], COUNT_OF(made));
    (void)ouro_collect(*state, 0);
    (void)ouro_collect(*state, 0);
    ouro_get_count(*state, count);
    assert_int_equal(count[0], 0);
    assert_int_equal(count[1], 2);
    (void)ouro_collect(*state, 1);
    ouro_get_count(*state, count);
    assert_int_equal(count[1], 0);
    assert_int_equal(count[2], 1);
    (void)ouro_collect(*state, 2);
    ouro_get_count(*state, count);
    assert_int_equal(count[2], 0);
    for (size_t i = 0; i < COUNT_OF(made); i++) ouro_decref(made[i]);
}

static void test_stats_add_up(void **state)
{
    ouro_generation_stats stats[3];
    cell *kept = cell_new(*state);
    for (int i = 0; i < 3; i++) {
        lose_many(*state, 10);
        assert_int_equal(ouro_collect(*state, i), 10);
    }
    ouro_get_stats(*state, stats);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stats[i].collections, 1);
        assert_int_equal(stats[i].candidates, 11);
        assert_int_equal(stats[i].collected, 10);
        assert_int_equal(stats[i].uncollectable, 0);
    }
    ouro_decref(kept);
}

/* ---- by itself, or not ---- */

static void test_disabled_collects_only_on_demand(void **state)
{
    ouro_heap *heap = heap_with_threshold(100, 0, 0);
    (void)state;
    assert_true(ouro_collector_is_enabled(heap));
    ouro_collector_disable(heap);
    assert_false(ouro_collector_is_enabled(heap));
    lose_many(heap, 5000);
    assert_int_equal(collections(heap, 0), 0);
    assert_int_equal(ouro_safepoint(heap), 0);
    assert_int_equal(ouro_collect(heap, 0), 5000);
    ouro_collector_enable(heap);
    lose_many(heap, 5000);
    assert_true(collections(heap, 0) > 1);
    end(heap);
}

static void test_safepoint_heap_collects_at_safepoints_only(void **state)
{
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collect_at = OURO_COLLECT_AT_SAFEPOINT, .threshold = {100, 0, 0}});
    (void)state;
    assert_int_equal(ouro_safepoint(heap), 0); /* nothing is due */
    lose_many(heap, 5000);
    assert_int_equal(collections(heap, 0), 0);
    assert_int_equal(ouro_safepoint(heap), 5000);
    assert_int_equal(ouro_safepoint(heap), 0);
    assert_int_equal(collections(heap, 0), 1);
    test_heap_close_empty(heap);
}

static void test_fruitless_passes_become_rare(void **state)
{
    enum { KEPT = 100000, THRESHOLD = 500 };
    ouro_heap *heap = heap_with_threshold(THRESHOLD, 0, 0);
    (void)state;
    list *all = list_new(heap);
    for (int i = 0; i < KEPT; i++) {
        ouro_auto cell *made = cell_new(heap);
        list_append(all, made);
    }
    assert_in_range(collections(heap, 0), 1, KEPT / THRESHOLD / 8);
    ouro_decref(all);
    end(heap);
}

/* ---- callbacks ---- */

static ouro_collection heard[4];
static size_t heard_count;
static void hear(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    if (argument != NULL) ++*(size_t *)argument;
    if (heard_count < COUNT_OF(heard)) heard[heard_count] = *info;
    heard_count++;
}

static void test_callbacks_hear_start_and_stop(void **state)
{
    heard_count = 0;
    assert_int_equal(ouro_add_callback(*state, hear, NULL), OURO_OK);
    lose_many(*state, 5);
    assert_int_equal(ouro_collect(*state, 1), 5);
    assert_int_equal(heard_count, 2);
    assert_false(heard[0].stop);
    assert_int_equal(heard[0].generation, 1);
    assert_int_equal(heard[0].collected, 0);
    assert_true(heard[1].stop);
    assert_int_equal(heard[1].generation, 1);
    assert_int_equal(heard[1].candidates, 5);
    assert_int_equal(heard[1].collected, 5);
    assert_int_equal(ouro_remove_callback(*state, hear, NULL), OURO_OK);
    (void)ouro_collect(*state, 1);
    assert_int_equal(heard_count, 2);
}

static void test_there_may_be_many_callbacks(void **state)
{
    size_t counts[100] = {0};
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        assert_int_equal(ouro_add_callback(*state, hear, &counts[i]), OURO_OK);
    assert_int_equal(ouro_remove_callback(*state, hear, &counts[3]), OURO_OK);
    (void)ouro_collect(*state, 0);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        assert_int_equal(counts[i], i == 3 ? 0 : 2);
        if (i != 3) assert_int_equal(ouro_remove_callback(*state, hear, &counts[i]), OURO_OK);
    }
    (void)ouro_collect(*state, 0);
    assert_int_equal(counts[0], 2);
}

static size_t newcomers[50];

static void add_newcomers(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    for (size_t i = 0; !info->stop && i < COUNT_OF(newcomers); i++)
        assert_int_equal(ouro_add_callback(heap, hear, &newcomers[i]), OURO_OK);
    if (!info->stop) assert_int_equal(ouro_remove_callback(heap, add_newcomers, argument), OURO_OK);
}

/* As in CPython, whose list of callbacks is walked by index. */
static void test_callbacks_change_inside_a_callback(void **state)
{
    assert_int_equal(ouro_add_callback(*state, add_newcomers, NULL), OURO_OK);
    (void)ouro_collect(*state, 0);
    assert_int_equal(newcomers[0], 1); /* took the place of the one at hand */
    for (size_t i = 1; i < COUNT_OF(newcomers); i++) assert_int_equal(newcomers[i], 2);
}

static void test_callbacks_are_refused_without_memory(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    size_t count = 0;
    refusal_of_everything(&refusal);
    assert_int_equal(ouro_add_callback(heap, hear, &count), OURO_NO_MEMORY);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    (void)ouro_collect(heap, 0);
    assert_int_equal(count, 0);
    refusal_ends(&refusal);
    assert_int_equal(ouro_add_callback(heap, hear, &count), OURO_OK);
    (void)ouro_collect(heap, 0);
    assert_int_equal(count, 2);
    test_heap_close_empty(heap);
}

/* ---- inside a collection ---- */

static size_t nested;
static void assert_busy(ouro_heap *heap)
{
    assert_int_equal(ouro_collect(heap, 2), 0);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    assert_int_equal(ouro_safepoint(heap), 0);
    nested++;
}

static void collect_in_finalizer(cell *self)
{
    assert_busy(ouro_heap_of(self));
}

static void collect_in_callback(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)info;
    (void)argument;
    assert_busy(heap);
}

static void test_a_nested_collection_is_refused(void **state)
{
    nested = 0;
    assert_int_equal(ouro_add_callback(*state, collect_in_callback, NULL), OURO_OK);
    cell_lose(*state, collect_in_finalizer);
    assert_int_equal(ouro_collect(*state, 2), 1);
    assert_int_equal(nested, 3);
    assert_int_equal(ouro_remove_callback(*state, collect_in_callback, NULL), OURO_OK);
}

static void never_die(cell *self)
{
    ouro_immortalize(self);
}

/* An object that its finalizer makes immortal is no suspect in the second look: whom it holds lives on. */
static void test_what_an_immortal_object_holds_is_not_found(void **state)
{
    for (int generation = 0; generation < 3; generation += 2) {
        cell *immortal = cell_new(*state), *other = cell_new(*state);
        ouro_set(immortal, left, other);
        ouro_set(other, left, immortal);
        immortal->last_word = never_die;
        size_t released = cell_released;
        ouro_decref(immortal);
        ouro_decref(other);
        assert_int_equal(ouro_collect(*state, generation), 0);
        assert_int_equal(cell_released, released);
        test_heap_verify(*state);
        *ouro__word_of(immortal) = (*ouro__word_of(immortal) & ~OURO__COUNT_BITS) + 2 * OURO__ONE;
        ouro_decref(immortal); /* held by the other again */
        assert_int_equal(ouro_collect(*state, 2), 2);
    }
}

static void let_go_of_left(cell *self)
{
    ouro_clear(self, left);
}

/* What a finalizer of garbage lets die leaves the collection that has it in its set, one by one or many at once. */
static void test_who_dies_in_a_finalizer_leaves_the_set(void **state)
{
    enum { NEARBY = 3, UNITS = 10000 };
    for (size_t length = 1; length < 100; length += 33) {
        for (int way = 0; way <= NEARBY; way++) {
            cell *garbage = cell_new(*state);
            garbage->last_word = let_go_of_left;
            ouro_set(garbage, right, garbage);
            for (size_t i = 0; i < length; i++) {
                node *made = node_new(*state);
                ouro_put(made, left, ouro_take(garbage, left));
                ouro_put(garbage, left, made);
            }
            if (way == NEARBY) (void)ouro_collect(*state, 2);
            ouro_decref(garbage);
            assert_int_equal(way == NEARBY ? ouro__heap_collect_nearby(*state, UNITS, UINT64_MAX)
                                           : ouro_collect(*state, way),
                             1);
            test_heap_verify(*state);
            assert_int_equal(test_heap_objects(*state), 0);
        }
    }
}

/* ---- freezing ---- */

static void test_frozen_objects_are_out_of_sight(void **state)
{
    lose_many(*state, 3);
    cell *held = cell_new(*state);
    ouro_freeze(*state);
    assert_int_equal(ouro_freeze_count(*state), 4);
    assert_int_equal(ouro_collect(*state, 2), 0);
    test_heap_verify(*state);
    ouro_decref(held); /* dies by count all the same */
    assert_int_equal(ouro_freeze_count(*state), 3);
    ouro_unfreeze(*state);
    assert_int_equal(ouro_freeze_count(*state), 0);
    assert_generations(*state, 0, 0, 3);
    assert_int_equal(ouro_collect(*state, 1), 0);
    assert_int_equal(ouro_collect(*state, 2), 3);
}

static void test_frozen_objects_hold_others(void **state)
{
    cell *frozen = cell_new(*state);
    ouro_freeze(*state);
    cell *young = cell_new(*state);
    ouro_set(frozen, left, young);
    ouro_set(young, left, young);
    ouro_decref(young);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_clear(frozen, left);
    assert_int_equal(ouro_collect(*state, 2), 1);
    ouro_decref(frozen);
}

/* ---- SAVEALL ---- */

static int count_visit(void *object, void *argument)
{
    assert_ptr_equal(ouro_type_of(object), &cell_type);
    return ++*(size_t *)argument == 2;
}

static void test_saveall_keeps_what_is_found(void **state)
{
    ouro_generation_stats stats[3];
    size_t visited = 0, before = cell_released;
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_get_debug(*state), OURO_DEBUG_SAVEALL);
    lose_many(*state, 3);
    assert_int_equal(ouro_collect(*state, 2), 3);
    assert_int_equal(ouro_garbage_count(*state), 3);
    assert_int_equal(cell_released, before);
    ouro_get_stats(*state, stats);
    assert_int_equal(stats[2].uncollectable, 3);
    assert_int_equal(stats[2].collected, 0);
    ouro_garbage_each(*state, count_visit, &visited);
    assert_int_equal(visited, 2); /* the visit stopped it */
    test_heap_verify(*state);
    ouro_set_debug(*state, 0);
    ouro_garbage_clear(*state);
    assert_int_equal(ouro_garbage_count(*state), 0);
    assert_int_equal(ouro_collect(*state, 2), 3);
    assert_int_equal(cell_released, before + 3);
}

/* As whoever survives one: what is not old yet is not quiet. */
static void test_what_a_young_pass_saves_is_middle_aged(void **state)
{
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    lose_many(*state, 3);
    assert_int_equal(ouro_collect(*state, 0), 3);
    assert_int_equal(test_heap_tracked(*state, 1), 3);
    test_heap_verify(*state);
    ouro_set_debug(*state, 0);
    ouro_garbage_clear(*state);
    assert_int_equal(ouro_collect(*state, 1), 3);
}

static int take_first(void *object, void *argument)
{
    *(void **)argument = ouro_newref(object);
    return 1;
}

/* What is saved has lost who looked at it, and may be looked at again: it may be a key. */
static void test_what_is_saved_may_be_a_key(void **state)
{
    cell *garbage = cell_new(*state);
    ouro_auto ouro_weakref *weak = ouro_weakref_new(garbage);
    ouro_set(garbage, left, garbage);
    ouro_decref(garbage);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_collect(*state, 2), 1);
    ouro_set_debug(*state, 0);
    assert_null(ouro_weakref_get(weak));
    void *saved = NULL;
    ouro_garbage_each(*state, take_first, &saved);
    assert_ptr_equal(saved, garbage);
    ouro_weak_map *map = ouro_weak_map_new(*state);
    assert_int_equal(ouro_weak_map_set(map, saved, NULL), OURO_OK);
    assert_true(ouro_weak_map_contains(map, saved));
    ouro_decref(map);
    ouro_garbage_clear(*state);
    ouro_clear((cell *)saved, left);
    ouro_decref(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_survivors_grow_older),
        HEAP_TEST(test_generations_live_side_by_side),
        HEAP_TEST(test_a_pass_leaves_older_garbage),
        HEAP_TEST(test_generations_that_are_none_are_refused),
        cmocka_unit_test(test_first_threshold_makes_young_passes),
        cmocka_unit_test(test_second_threshold_makes_middle_passes),
        cmocka_unit_test(test_growth_makes_full_collections),
        cmocka_unit_test(test_threshold_zero_collects_nothing),
        HEAP_TEST(test_threshold_can_be_changed),
        HEAP_TEST(test_count_tells_the_young_and_the_passes),
        HEAP_TEST(test_stats_add_up),
        cmocka_unit_test(test_disabled_collects_only_on_demand),
        cmocka_unit_test(test_safepoint_heap_collects_at_safepoints_only),
        cmocka_unit_test(test_fruitless_passes_become_rare),
        HEAP_TEST(test_callbacks_hear_start_and_stop),
        HEAP_TEST(test_there_may_be_many_callbacks),
        HEAP_TEST(test_callbacks_change_inside_a_callback),
        cmocka_unit_test(test_callbacks_are_refused_without_memory),
        HEAP_TEST(test_a_nested_collection_is_refused),
        HEAP_TEST(test_what_an_immortal_object_holds_is_not_found),
        HEAP_TEST(test_who_dies_in_a_finalizer_leaves_the_set),
        HEAP_TEST(test_frozen_objects_are_out_of_sight),
        HEAP_TEST(test_frozen_objects_hold_others),
        HEAP_TEST(test_saveall_keeps_what_is_found),
        HEAP_TEST(test_what_a_young_pass_saves_is_middle_aged),
        HEAP_TEST(test_what_is_saved_may_be_a_key),
    };
    return cmocka_run_group_tests_name("collector", tests, NULL, NULL);
}
