/* SPDX-License-Identifier: MIT */
/*
 * source_test.c -- what sources of arenas may do, and must not
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"
#include "support/plain.h"
#include "support/source.h"

#include <stdlib.h>
#include <string.h>

/* ---- a region that cannot be used ---- */

static size_t given, taken_back;

static void *give_unaligned(void *context, size_t size, size_t alignment)
{
    (void)context;
    static char region[64];
    if (alignment <= 4096) { /* the heap itself */
        void *heap = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
        return heap != NULL ? memset(heap, 0, size) : NULL;
    }
    given++;
    return region + 1; /* not even looked at */
}

static void take_unaligned(void *context, void *region, size_t size)
{
    (void)context;
    if (((uintptr_t)region & 1) != 0)
        taken_back++;
    else
        free(region);
    (void)size;
}

static void test_an_unaligned_region_goes_back(void **state)
{
    (void)state;
    ouro_heap_options options = {
        .source = {.obtain = give_unaligned, .give_back = take_unaligned},
        .ignore_environment = true,
    };
    ouro_heap *heap = test_heap_new(&options);
    assert_null(ouro_new(heap, cell));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    assert_true(given > 0);
    assert_int_equal(taken_back, given);
    test_heap_close_empty(heap);
}

/* ---- memory that cannot be given back ---- */

/* Counts are written over instead, in arenas that a cycle in steps has left its tallies in. */
static void test_marks_are_wiped_where_no_page_goes_back(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_keeping(&source),
    });
    list *all = cycle_rings(heap, 20000);
    for (int round = 0; round < 3; round++) {
        struct garbage_case scene = garbage_case_new(heap);
        garbage_case_lose(&scene);
        cycle_begin(heap);
        for (int i = 0; !cycle_is_idle(heap); i++) {
            (void)cycle_step(heap, 2000);
            list_append_cell(all, i); /* counts change in between */
        }
        test_heap_verify(heap);
        garbage_case_end(&scene);
    }
    cycle_touch(all->items.items[1]);
    (void)cycle_step(heap, 0);
    test_heap_verify(heap);
    assert_int_equal(ouro_collect(heap, 2), 0);
    cycle_rings_end(all);
    test_heap_close_empty(heap);
    assert_int_equal(source.regions, 0);
}

/* A cycle that is given up in the middle leaves tallies everywhere, up to the ends of pools. */
static void test_marks_of_a_cycle_that_was_given_up_are_wiped(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_keeping(&source),
    });
    list *all = cycle_rings(heap, 10000), *often = list_new(heap);
    for (size_t i = 0; i < 10000; i += 500) /* more references than a tally holds */
        for (int j = 0; j < 300; j++) list_append(often, all->items.items[i]);
    static const char *const phases[] = {"count", "decide", "decide: follow", "narrow"};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        cycle_touch(all->items.items[i]);
        cycle_begin(heap);
        assert_true(cycle_reach(heap, phases[i]));
        if (i == 0) (void)cycle_step(heap, 40000); /* most of it */
        ouro__heap_whole_stop(heap);
        assert_true(cycle_is_idle(heap));
        test_heap_verify(heap);
    }
    ouro_decref(often);
    cycle_rings_end(all);
    test_heap_close_empty(heap);
}

/* Nor is the count of what nobody looks at left behind. */
static void test_counts_of_frozen_objects_are_forgotten(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_keeping(&source),
    });
    cell *frozen = cell_new(heap), *immortal = cell_new(heap);
    ouro_freeze(heap);
    ouro_immortalize(immortal);
    list *holder = list_new(heap);
    for (int i = 0; i < 300; i++) { /* more than a tally holds */
        list_append(holder, frozen);
        list_append(holder, immortal);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ouro_collect(heap, 2), 0);
        test_heap_verify(heap);
    }
    ouro_unfreeze(heap);
    ouro_decref(holder);
    ouro_decref(frozen);
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(report.alive, 0);
}

/* In the upper half of an arena, the marks end where the first pools begin: nothing of these is written over. */
static void test_no_more_than_marks_is_wiped(void **state)
{
    (void)state;
    enum { ROWS = 1500, LENGTH = 1000 };
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_keeping(&source),
    });
    cell *first = cell_new(heap);
    list *all = list_new(heap);
    for (int i = 0; i < ROWS; i++) {
        row *made = row_new(heap, LENGTH);
        ouro_incref(first);
        made->items[LENGTH - 1] = first;
        list_append(all, made);
        ouro_decref(made);
    }
    assert_true(ouro__arena_offset(all->items.items[ROWS - 1]) > OURO_ARENA_SIZE / 2);
    assert_int_equal(ouro_collect(heap, 2), 0);
    cycle_touch(first); /* which is old now */
    cycle_begin(heap);
    while (!cycle_is_idle(heap)) (void)cycle_step(heap, 100000);
    test_heap_verify(heap);
    for (int i = 0; i < ROWS; i++)
        assert_ptr_equal(((row *)all->items.items[i])->items[LENGTH - 1], first);
    ouro_decref(all);
    ouro_decref(first);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_unaligned_region_goes_back),
        cmocka_unit_test(test_marks_are_wiped_where_no_page_goes_back),
        cmocka_unit_test(test_marks_of_a_cycle_that_was_given_up_are_wiped),
        cmocka_unit_test(test_counts_of_frozen_objects_are_forgotten),
        cmocka_unit_test(test_no_more_than_marks_is_wiped),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
