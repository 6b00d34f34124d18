/* SPDX-License-Identifier: MIT */
/*
 * hollow_test.c -- a heap that has shrunk gives back what few blocks kept, by and by, and a program that lives on a
 *                  class list passes by the heap now and then
 */
#include "heap/heap.h"
#include "memory/hollow.h"

#include "support/cycle.h"
#include "support/heap.h"
#include "support/plain.h"
#include "support/setting.h"

#include <time.h>

enum { MANY = 600000, SURVIVES_ONE_IN = 400, FEW = 100 };

static node *nodes[MANY];

static size_t count(void)
{
    size_t scaled = test_scaled(MANY);
    return scaled > MANY / 2 ? scaled : MANY / 2; /* fewer are not worth a round */
}

/* Makes many, and ends all but few of them. */
static void shrink(ouro_heap *heap)
{
    for (size_t i = 0; i < count(); i++) nodes[i] = node_new(heap);
    for (size_t i = 0; i < count(); i++)
        if (i % SURVIVES_ONE_IN != 0) ouro_decref(nodes[i]);
}

static void end_survivors(void)
{
    for (size_t i = 0; i < count(); i += SURVIVES_ONE_IN) ouro_decref(nodes[i]);
}

static uint64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

typedef struct number {
    long value, unit;
} number;

static ouro_type number_type = OURO_TYPE(number);

/* Few objects, made and dropped, which a class list serves: until the heap is so, or for ten seconds. */
static bool use_until(ouro_heap *heap, bool (*is_so)(ouro_heap *heap))
{
    static number *few[FEW];
    for (uint64_t end = milliseconds() + 10000; milliseconds() < end;) {
        for (int turn = 0; turn < 100; turn++) {
            for (int i = 0; i < FEW; i++) few[i] = ouro_new(heap, number);
            for (int i = 0; i < FEW; i++) ouro_decref(few[i]);
        }
        if (is_so(heap)) return true;
    }
    return false;
}

static size_t holes(ouro_heap *heap)
{
    size_t found = 0;
    struct ouro__arena *arena = ouro__heap_pools(heap)->realms[OURO__REALM_TRACKED].arenas;
    for (; arena != NULL; arena = arena->next)
        for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++)
            found += ouro__arena_pool(arena, page)->hole_blocks;
    return found;
}

static bool is_hollow(ouro_heap *heap)
{
    const struct ouro__hollow *hollow = &ouro__heap_pools(heap)->hollow;
    return !hollow->is_due && hollow->rest > 0;
}

static void test_pages_that_nobody_needs_go_back_by_and_by(void **state)
{
    (void)state;
    SKIP_WHERE_GUARDED(); /* what died waits in the quarantine */
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .purge_delay_ms = 5});
    shrink(heap);
    assert_int_equal(holes(heap), 0);
    assert_true(use_until(heap, is_hollow));
    assert_true(holes(heap) > count() / 2);
    test_heap_verify(heap);
    assert_false(ouro__heap_pools(heap)->hollow.is_due);
    size_t rest = ouro__heap_pools(heap)->hollow.rest;
    ouro__hollow_consider(ouro__heap_pools(heap));
    assert_false(ouro__heap_pools(heap)->hollow.is_due); /* [hollow.rest] */
    assert_int_equal(ouro__heap_pools(heap)->hollow.rest, rest);
    for (size_t i = 0; i < count(); i++)
        if (i % SURVIVES_ONE_IN != 0) nodes[i] = node_new(heap); /* they are cut again */
    test_heap_verify(heap);
    for (size_t i = 0; i < count(); i++) ouro_decref(nodes[i]);
    test_heap_close_empty(heap);
}

/* Pools of a cycle's set keep their pages, so that a round would pass by them all. */
static void test_a_round_waits_for_the_end_of_a_cycle(void **state)
{
    (void)state;
    SKIP_WHERE_GUARDED();
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true});
    struct ouro__pools *pools = ouro__heap_pools(heap);
    shrink(heap);
    ouro__hollow_consider(pools);
    pools->marks.active = 1u << OURO__WHOLE;
    ouro__hollow_some(pools);
    assert_true(pools->hollow.is_due);
    assert_int_equal(pools->hollow.page, 0);
    assert_int_equal(holes(heap), 0);
    pools->marks.active = 0;
    ouro__hollow_some(pools);
    const size_t some = holes(heap);
    assert_true(some > 0);
    ouro__hollow_some(pools); /* once in a millisecond */
    assert_int_equal(holes(heap), some);
    end_survivors();
    test_heap_close_empty(heap);
}

static size_t handed;

static bool has_handed_out(ouro_heap *heap)
{
    return ouro__heap_pools(heap)->handed_bytes > handed;
}

static void test_who_lives_on_a_class_list_passes_by_the_heap(void **state)
{
    SKIP_WHERE_GUARDED();                  /* there are no class lists */
    enum { TIMES = 10, IDLE_AFTER = 100 }; /* a list that nobody uses goes back then, too */
    uint64_t shortest = UINT64_MAX;
    for (int i = 0; i < TIMES; i++) {
        uint64_t start = milliseconds();
        handed = ouro__heap_pools(*state)->handed_bytes;
        assert_true(use_until(*state, has_handed_out));
        uint64_t passed = milliseconds() - start;
        if (i > 0 && passed < shortest) shortest = passed; /* the first fills the list */
    }
    assert_in_range(shortest, 1, IDLE_AFTER / 2);
}

static bool is_idle(ouro_heap *heap)
{
    return cycle_is_idle(heap);
}

static void test_a_cycle_over_what_is_gone_is_given_up(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(NULL);
    node *ring = node_new(heap);
    ouro_set(ring, left, ring);
    for (size_t i = 0; i < count(); i++) nodes[i] = node_new(heap);
    (void)ouro_collect(heap, 2);
    ouro_decref(ring); /* garbage, which was touched */
    cycle_begin(heap);
    (void)cycle_step(heap, 5000);
    assert_false(cycle_is_idle(heap));
    size_t before = cycle_stats(heap).collections;
    for (size_t i = 0; i < count(); i++)
        if (i % SURVIVES_ONE_IN != 0) ouro_decref(nodes[i]);
    assert_true(use_until(heap, is_idle));
    assert_int_equal(cycle_stats(heap).collections, before + 1);
    assert_true(heap->whole.given_up);
    test_heap_verify(heap);
    (void)cycle_step(
        heap, 0); /* what it would have found is found by the next one, or near what was touched */
    assert_int_equal(test_heap_objects(heap), (count() - 1) / SURVIVES_ONE_IN + 1);
    end_survivors();
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages_that_nobody_needs_go_back_by_and_by),
        cmocka_unit_test(test_a_round_waits_for_the_end_of_a_cycle),
        HEAP_TEST(test_who_lives_on_a_class_list_passes_by_the_heap),
        cmocka_unit_test(test_a_cycle_over_what_is_gone_is_given_up),
    };
    return cmocka_run_group_tests_name("hollow", tests, NULL, NULL);
}
