/* SPDX-License-Identifier: MIT */
/*
 * trace_statistics_test.c -- what stands together in a statistic, and in which order
 *
 * Positions are said by the test; native frames are those of its own functions and of main, which a program without
 * symbols may not name.
 */
#include <string.h>

#include <ouro/trace.h>

#include "support/cell.h"
#include "support/heap.h"

static int begin(void **state)
{
    (void)test_setup_heap(state);
    ouro_trace_stop(*state);
    return ouro_trace_start(*state, &(ouro_trace_options){.frames = 8}, NULL) != OURO_OK;
}

static int end(void **state)
{
    (void)ouro_trace_frame(*state, NULL);
    return test_teardown_heap(state);
}

/* Raw memory of so many bytes, or an atom where they are 0, born at a position. */
static void *born_at(ouro_heap *heap, const ouro_trace_position *position, size_t bytes)
{
    const ouro_trace_position *before = ouro_trace_frame(heap, position);
    void *made = bytes > 0 ? ouro_mem_alloc(heap, bytes) : ouro_new(heap, atom);
    (void)ouro_trace_frame(heap, before);
    assert_non_null(made);
    return made;
}

static ouro_trace_snapshot *taken(ouro_heap *heap)
{
    ouro_trace_snapshot *snapshot = ouro_trace_take(heap, NULL);
    assert_non_null(snapshot);
    return snapshot;
}

static size_t count_rows(ouro_trace_snapshot *snapshot, unsigned by,
                         const ouro_trace_statistic **out_rows)
{
    size_t count = 0;
    assert_int_equal(ouro_trace_statistics(snapshot, (ouro_trace_by)by, out_rows, &count, NULL),
                     OURO_OK);
    return count;
}

/* ---- order ---- */

/* As large and as many, they stand in the order of their places; and at one place, objects before raw memory. */
static void test_equal_rows_stand_by_place(void **state)
{
    const ouro_trace_position outer = {NULL, "m.py", "main", 1}, other = {NULL, "m.py", "main", 2};
    const ouro_trace_position places[] = {
        {&outer, "b.py", "f", 1},
        {&outer, "a.py", "f", 9},
        {&outer, "a.py", "f", 7},
        {&other, "a.py", "f", 7},
    };
    void *blocks[COUNT_OF(places)];
    for (size_t i = 0; i < COUNT_OF(places); i++) blocks[i] = born_at(*state, &places[i], 8);
    void *object = born_at(*state, &places[2], 0);
    ouro_trace_snapshot *snapshot = taken(*state);
    const ouro_trace_statistic *rows;
    assert_int_equal(count_rows(snapshot, OURO_TRACE_BY_SITE, &rows), 5);
    size_t raw = 0;
    uint32_t lines[4], callers[4];
    for (size_t i = 0; i < 5; i++) {
        if (rows[i].kind == OURO_TRACE_OBJECTS) continue;
        lines[raw] = rows[i].frames[0].line;
        callers[raw++] = rows[i].frames[1].line;
    }
    assert_int_equal(raw, 4);
    assert_int_equal(lines[0], 7);
    assert_int_equal(callers[0], 1);
    assert_int_equal(lines[1], 7);
    assert_int_equal(callers[1], 2);
    assert_int_equal(lines[2], 9);
    assert_int_equal(lines[3], 1); /* of b.py */
    ouro_trace_snapshot_free(snapshot);
    ouro_decref(object);
    for (size_t i = 0; i < COUNT_OF(places); i++) ouro_mem_free(*state, blocks[i]);
}

/* What grew by as many bytes stands by what there is, then by how many grew, then by how many there are. */
static void test_equal_growth_stands_by_what_there_is(void **state)
{
    enum { OLD, NEW, SPLIT, PLACES };
    const ouro_trace_position at[PLACES] = {
        {NULL, "old.py", "f", 1}, {NULL, "new.py", "f", 1}, {NULL, "split.py", "f", 1}};
    void *old = born_at(*state, &at[OLD], 64);
    ouro_trace_snapshot *before = taken(*state);
    void *blocks[] = {born_at(*state, &at[OLD], 64), born_at(*state, &at[NEW], 64),
                      born_at(*state, &at[SPLIT], 32), born_at(*state, &at[SPLIT], 32)};
    ouro_trace_snapshot *after = taken(*state);
    const ouro_trace_statistic *rows;
    size_t count;
    assert_int_equal(ouro_trace_compare(after, before, OURO_TRACE_BY_LINE, &rows, &count, NULL),
                     OURO_OK);
    assert_int_equal(count, PLACES);
    uint64_t growth = (uint64_t)rows[0].bytes_grown;
    for (size_t i = 1; i < count; i++) {
        assert_true(rows[i].bytes_grown <= rows[i - 1].bytes_grown);
        if (rows[i].bytes_grown == rows[i - 1].bytes_grown)
            assert_true(rows[i].bytes <= rows[i - 1].bytes);
    }
    assert_true(growth >= 64);
    ouro_mem_free(*state, old);
    for (size_t i = 0; i < COUNT_OF(blocks); i++) ouro_mem_free(*state, blocks[i]);
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

/* Nothing changed but places: the order is that of the objects, then of the places. */
static void test_nothing_grown_stands_by_objects(void **state)
{
    const ouro_trace_position one = {NULL, "one.py", "f", 1}, two = {NULL, "two.py", "f", 1},
                              three = {NULL, "three.py", "f", 1};
    void *blocks[] = {born_at(*state, &one, 16), born_at(*state, &two, 8), born_at(*state, &two, 8),
                      born_at(*state, &three, 16)};
    ouro_trace_snapshot *before = taken(*state), *after = taken(*state);
    const ouro_trace_statistic *rows;
    size_t count;
    assert_int_equal(ouro_trace_compare(after, before, OURO_TRACE_BY_FILE, &rows, &count, NULL),
                     OURO_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) assert_int_equal(rows[i].bytes_grown, 0);
    size_t most = 0;
    for (size_t i = 1; i < count; i++) most += rows[i].bytes > rows[i - 1].bytes;
    assert_int_equal(most, 0);
    for (size_t i = 1; i < count; i++) /* one.py before three.py, which has as much */
        if (rows[i].bytes == rows[i - 1].bytes && rows[i].objects == rows[i - 1].objects)
            assert_true(strcmp(rows[i - 1].frames[0].file, rows[i].frames[0].file) < 0);
    for (size_t i = 0; i < COUNT_OF(blocks); i++) ouro_mem_free(*state, blocks[i]);
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

/* ---- groups ---- */

/* By a function of the library that no compiler inlines. */
static __attribute__((noinline)) void *born_natively(ouro_heap *heap, size_t bytes)
{
    void *made = ouro_mem_realloc(heap, NULL, bytes);
    __asm__ volatile("" : : "r"(made) : "memory"); /* a call, and no jump */
    return made;
}

static __attribute__((noinline)) void *born_elsewhere(ouro_heap *heap, size_t bytes)
{
    void *made = ouro_mem_realloc(heap, NULL, bytes);
    __asm__ volatile("nop" : : "r"(made) : "memory");
    return made;
}

/* Native frames have no file: a line is a pc, a file a module, and a function without a name a place of its own. */
static void test_native_frames_are_told_apart_by_pc_and_module(void **state)
{
    ouro_trace_stop(*state);
    assert_int_equal(ouro_trace_start(*state, NULL, NULL), OURO_OK);
    void *blocks[] = {born_natively(*state, 40), born_elsewhere(*state, 40)};
    const ouro_trace_position said = {NULL, "said.py", "f", 1};
    void *third = born_at(*state, &said, 40);
    ouro_trace_snapshot *snapshot = taken(*state);
    const ouro_trace_statistic *rows;
    assert_int_equal(count_rows(snapshot, OURO_TRACE_BY_LINE, &rows), 3);
    size_t by_function = count_rows(snapshot, OURO_TRACE_BY_FUNCTION, &rows);
    bool is_named =
        false; /* the dynamic symbols may have a name before them, which is of both then */
    for (size_t i = 0; i < by_function; i++)
        is_named |= rows[i].frames[0].file[0] == '\0' && rows[i].frames[0].function[0] != '\0';
    assert_int_equal(by_function, is_named ? 2 : 3);
    assert_int_equal(count_rows(snapshot, OURO_TRACE_BY_FILE, &rows), 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(rows[i].objects, rows[i].frames[0].file[0] != '\0' ? 1 : 2);
    ouro_trace_snapshot_free(snapshot);
    ouro_mem_free(*state, third);
    for (size_t i = 0; i < COUNT_OF(blocks); i++) ouro_mem_free(*state, blocks[i]);
}

/* A function that calls itself counts once, however deep it was. */
static void test_recursion_counts_once(void **state)
{
    const ouro_trace_position outer = {NULL, "m.py", "main", 1},
                              first = {&outer, "r.py", "walk", 5},
                              second = {&first, "r.py", "walk", 5},
                              inner = {&second, "r.py", "leaf", 9};
    void *made = born_at(*state, &inner, 100);
    ouro_trace_snapshot *snapshot = taken(*state);
    const ouro_trace_statistic *rows;
    const unsigned by_function = OURO_TRACE_BY_FUNCTION | OURO_TRACE_CUMULATIVE;
    assert_int_equal(count_rows(snapshot, by_function, &rows), 3);
    for (size_t i = 0; i < 3; i++) assert_int_equal(rows[i].objects, 1);
    assert_int_equal(count_rows(snapshot, OURO_TRACE_BY_FILE | OURO_TRACE_CUMULATIVE, &rows), 2);
    assert_int_equal(count_rows(snapshot, OURO_TRACE_BY_SITE | OURO_TRACE_CUMULATIVE, &rows), 1);
    assert_int_equal(rows[0].frame_count, 4);
    assert_int_equal(count_rows(snapshot, OURO_TRACE_BY_KIND | OURO_TRACE_CUMULATIVE, &rows), 1);
    assert_int_equal(rows[0].frame_count, 0);
    ouro_trace_snapshot_free(snapshot);
    ouro_mem_free(*state, made);
}

/* ---- filters ---- */

static uint32_t left_by(const ouro_trace_snapshot *snapshot, ouro_trace_filter filter)
{
    ouro_trace_snapshot *left = ouro_trace_snapshot_filter(snapshot, &filter, 1, NULL);
    assert_non_null(left);
    uint32_t count = ouro_trace_snapshot_sites(left);
    ouro_trace_snapshot_free(left);
    return count;
}

static void test_each_part_of_a_filter_filters(void **state)
{
    const ouro_trace_position outer = {NULL, "m.py", "main", 1}, here = {&outer, "a.py", "f", 3};
    void *raw = born_at(*state, &here, 10), *object = born_at(*state, &outer, 0);
    ouro_trace_snapshot *all = taken(*state);
    typedef ouro_trace_filter filter;
    assert_int_equal(ouro_trace_snapshot_sites(all), 2);
    assert_int_equal(left_by(all, (filter){0}), 2);
    assert_int_equal(left_by(all, (filter){.kind_matters = true, .kind = OURO_TRACE_RAW}), 1);
    assert_int_equal(
        left_by(all, (filter){.kind_matters = true, .kind = OURO_TRACE_RAW, .line = 1}), 0);
    assert_int_equal(left_by(all, (filter){.function = "f"}), 1);
    assert_int_equal(left_by(all, (filter){.function = "main"}), 1);
    assert_int_equal(left_by(all, (filter){.function = "main", .all_frames = true}), 2);
    assert_int_equal(left_by(all, (filter){.line = 3}), 1);
    assert_int_equal(left_by(all, (filter){.line = 4, .file = "a.py"}), 0);
    assert_int_equal(left_by(all, (filter){.module = ""}), 2); /* those of no module */
    assert_int_equal(left_by(all, (filter){.module = "/*"}), 0);
    assert_int_equal(left_by(all, (filter){.exclude = true, .line = 3}), 1);
    ouro_trace_snapshot_free(all);
    ouro_trace_snapshot_free(NULL);
    ouro_mem_free(*state, raw);
    ouro_decref(object);
}

#define TRACED(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACED(test_equal_rows_stand_by_place),
        TRACED(test_equal_growth_stands_by_what_there_is),
        TRACED(test_nothing_grown_stands_by_objects),
        TRACED(test_native_frames_are_told_apart_by_pc_and_module),
        TRACED(test_recursion_counts_once),
        TRACED(test_each_part_of_a_filter_filters),
    };
    return cmocka_run_group_tests_name("trace statistics", tests, NULL, NULL);
}
