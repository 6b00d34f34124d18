/* SPDX-License-Identifier: MIT */
/*
 * tracemalloc_test.c -- what CPython's Lib/test/test_tracemalloc.py (3.11) asks of its allocation tracing
 *
 * Positions of an interpreter stand for the frames of Python: ouro_trace_frame.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ouro/trace.h>

#include "support/cell.h"
#include "support/heap.h"

enum { RAW_BYTES = 1000 };

static int begin(void **state)
{
    (void)test_setup_heap(state);
    ouro_trace_stop(*state);
    return ouro_trace_start(*state, &(ouro_trace_options){.frames = 10}, NULL) != OURO_OK;
}

static int end(void **state)
{
    (void)ouro_trace_frame(*state, NULL);
    return test_teardown_heap(state);
}

/* Raw memory asked for at a line of a file. */
static void *allocate(ouro_heap *heap, const char *file, const char *function, uint32_t line,
                      size_t bytes)
{
    const ouro_trace_position outer = {NULL, "main.py", "main", 1};
    const ouro_trace_position here = {&outer, file, function, line};
    const ouro_trace_position *before = ouro_trace_frame(heap, &here);
    void *memory = ouro_mem_alloc(heap, bytes);
    (void)ouro_trace_frame(heap, before);
    assert_non_null(memory);
    return memory;
}

static ouro_trace_totals totals_of(ouro_heap *heap)
{
    ouro_trace_totals totals;
    ouro_trace_get_totals(heap, &totals);
    return totals;
}

/* ---- TestTracemallocEnabled ---- */

static void test_get_tracemalloc_memory(void **state)
{
    ouro_trace_clear(*state);
    const size_t few = totals_of(*state).table_bytes;
    void *memory = allocate(*state, "a.py", "f", 1, 100);
    assert_true(few > 0);
    assert_true(totals_of(*state).table_bytes > few);
    ouro_mem_free(*state, memory);
}

static void test_get_object_traceback(void **state)
{
    ouro_trace_place frames[3];
    ouro_trace_clear(*state);
    void *memory = allocate(*state, "a.py", "f", 7, 123);
    assert_int_equal(ouro_trace_of(memory, frames, 3), 2);
    assert_string_equal(frames[0].file, "a.py");
    assert_int_equal(frames[0].line, 7);
    assert_string_equal(frames[1].file, "main.py");
    ouro_mem_free(*state, memory);
}

/* Memory that was given back and asked for again is of the one who asked last. */
static void test_new_reference(void **state)
{
    ouro_trace_place frame;
    void *first = allocate(*state, "a.py", "f", 1, 48);
    ouro_mem_free(*state, first);
    void *second = allocate(*state, "b.py", "f", 2, 48);
    for (int i = 0; second != first && i < 100000; i++) { /* guarded builds have a quarantine */
        ouro_mem_free(*state, second);
        second = allocate(*state, "b.py", "f", 2, 48);
    }
    assert_ptr_equal(first, second);
    assert_int_equal(ouro_trace_of(second, &frame, 1), 2);
    assert_string_equal(frame.file, "b.py");
    ouro_mem_free(*state, second);
}

static void test_set_traceback_limit(void **state)
{
    static const unsigned limits[] = {1, 2};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        ouro_trace_stop(*state);
        const ouro_trace_options options = {.frames = limits[i]};
        assert_int_equal(ouro_trace_start(*state, &options, NULL), OURO_OK);
        void *memory = allocate(*state, "a.py", "f", 1, 100);
        ouro_trace_place frames[2];
        assert_int_equal(ouro_trace_of(memory, frames, 2), limits[i]);
        ouro_mem_free(*state, memory);
    }
    ouro_trace_stop(*state);
    const ouro_trace_options many = {.frames = OURO_TRACE_FRAMES_MAX + 1};
    assert_int_equal(ouro_trace_start(*state, &many, NULL), OURO_BAD_ARGUMENT);
}

static void test_get_traces(void **state)
{
    ouro_trace_clear(*state);
    void *one = allocate(*state, "a.py", "f", 1, RAW_BYTES);
    void *two = allocate(*state, "a.py", "f", 1, RAW_BYTES);
    ouro_trace_site site;
    assert_true(ouro_trace_get_site(*state, ouro_trace_site_of(one), &site));
    assert_int_equal(ouro_trace_site_of(one), ouro_trace_site_of(two));
    assert_int_equal(site.live_objects, 2);
    assert_int_equal(site.live_bytes, totals_of(*state).current);
    ouro_mem_free(*state, one);
    ouro_mem_free(*state, two);
    assert_true(ouro_trace_get_site(*state, 1, &site));
    assert_int_equal(site.live_objects, 0);
    assert_int_equal(site.objects, 2);
}

static void test_get_traced_memory(void **state)
{
    ouro_trace_clear(*state);
    void *memory = allocate(*state, "a.py", "f", 1, RAW_BYTES);
    ouro_trace_totals with = totals_of(*state);
    assert_true(with.current >= RAW_BYTES);
    assert_int_equal(with.peak, with.current);
    ouro_mem_free(*state, memory);
    ouro_trace_totals without = totals_of(*state);
    assert_int_equal(without.current, 0);
    assert_int_equal(without.peak, with.peak);
    ouro_trace_clear(*state);
    assert_int_equal(totals_of(*state).peak, 0);
    ouro_trace_stop(*state);
    assert_int_equal(totals_of(*state).current, 0);
}

static void test_reset_peak(void **state)
{
    ouro_trace_clear(*state);
    void *large = allocate(*state, "a.py", "f", 1, 100000);
    ouro_mem_free(*state, large);
    const size_t peak = totals_of(*state).peak;
    ouro_trace_reset_peak(*state);
    void *small = allocate(*state, "a.py", "f", 1, RAW_BYTES);
    assert_true(totals_of(*state).peak < peak);
    assert_int_equal(totals_of(*state).peak, totals_of(*state).current);
    ouro_mem_free(*state, small);
    ouro_trace_stop(*state);
    ouro_trace_reset_peak(*state); /* nothing is traced, and nothing happens */
}

static void test_clear_traces(void **state)
{
    void *memory = allocate(*state, "a.py", "f", 1, 123);
    assert_int_not_equal(ouro_trace_site_of(memory), 0);
    ouro_trace_clear(*state);
    assert_true(ouro_trace_is_on(*state));
    assert_int_equal(ouro_trace_site_of(memory), 0);
    ouro_mem_free(*state, memory);
}

static void test_is_tracing(void **state)
{
    assert_true(ouro_trace_is_on(*state));
    ouro_trace_stop(*state);
    assert_false(ouro_trace_is_on(*state));
    assert_int_equal(ouro_trace_start(*state, NULL, NULL), OURO_OK);
    assert_true(ouro_trace_is_on(*state));
}

static void test_snapshot(void **state)
{
    void *memory = allocate(*state, "a.py", "f", 1, 123);
    ouro_trace_snapshot *snapshot = ouro_trace_take(*state, NULL);
    ouro_trace_stop(*state); /* the snapshot does not depend on it */
    ouro_trace_site site;
    const ouro_trace_place *frames;
    assert_true(ouro_trace_snapshot_site(snapshot, 0, &site, &frames));
    assert_string_equal(frames[0].file, "a.py");
    assert_string_equal(frames[1].function, "main");
    assert_false(
        ouro_trace_snapshot_site(snapshot, ouro_trace_snapshot_sites(snapshot), &site, &frames));
    ouro_trace_snapshot_free(snapshot);
    ouro_error error;
    assert_null(ouro_trace_take(*state, &error));
    assert_int_equal(error.status, OURO_EMPTY);
    ouro_mem_free(*state, memory);
}

/* In the child: what was traced is known, and what is allocated is traced. */
static bool is_traced_on(ouro_heap *heap, const void *memory)
{
    ouro_trace_place place;
    void *more = allocate(heap, "b.py", "g", 2, 456);
    bool remembers = ouro_trace_of(memory, &place, 1) > 0 && strcmp(place.file, "a.py") == 0;
    bool goes_on = ouro_trace_of(more, &place, 1) > 0 && strcmp(place.file, "b.py") == 0;
    return ouro_trace_is_on(heap) && remembers && goes_on;
}

static void test_fork(void **state)
{
    void *memory = allocate(*state, "a.py", "f", 1, 123);
    pid_t child = fork();
    if (child == 0) _exit(is_traced_on(*state, memory) ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ouro_mem_free(*state, memory);
}

/* ---- TestSnapshot ---- */

enum { BLOCKS = 6 };

/* The traces of create_snapshots in CPython's test, by file, line and size. */
static void make_blocks(ouro_heap *heap, void *blocks[BLOCKS], bool later)
{
    memset(blocks, 0, BLOCKS * sizeof *blocks);
    blocks[0] = allocate(heap, "a.py", "f", 2, 16);
    blocks[1] = allocate(heap, "a.py", "f", 2, 16);
    blocks[2] = allocate(heap, "a.py", "g", 5, later ? 4096 : 16);
    blocks[3] = later ? allocate(heap, "c.py", "h", 578, 400) : allocate(heap, "b.py", "h", 1, 64);
}

static void free_blocks(ouro_heap *heap, void *blocks[BLOCKS])
{
    for (size_t i = 0; i < BLOCKS; i++) ouro_mem_free(heap, blocks[i]);
}

static void two_snapshots(ouro_heap *heap, ouro_trace_snapshot **out_before,
                          ouro_trace_snapshot **out_after)
{
    void *blocks[BLOCKS];
    ouro_trace_clear(heap);
    make_blocks(heap, blocks, false);
    *out_before = ouro_trace_take(heap, NULL);
    free_blocks(heap, blocks);
    make_blocks(heap, blocks, true);
    *out_after = ouro_trace_take(heap, NULL);
    free_blocks(heap, blocks);
    assert_non_null(*out_before);
    assert_non_null(*out_after);
}

static size_t rows_after(const ouro_trace_snapshot *snapshot, const ouro_trace_filter *filters,
                         size_t count)
{
    const ouro_trace_statistic *rows;
    size_t left = 0;
    ouro_trace_snapshot *filtered = ouro_trace_snapshot_filter(snapshot, filters, count, NULL);
    assert_non_null(filtered);
    assert_int_equal(ouro_trace_statistics(filtered, OURO_TRACE_BY_SITE, &rows, &left, NULL),
                     OURO_OK);
    ouro_trace_snapshot_free(filtered);
    return left;
}

static void test_filter_traces(void **state)
{
    ouro_trace_snapshot *before, *after;
    two_snapshots(*state, &before, &after);
    assert_int_equal(rows_after(before, NULL, 0), 3);
    const ouro_trace_filter not_b = {.exclude = true, .file = "b.py"};
    const ouro_trace_filter a = {.file = "a.*"}, line = {.file = "a.py", .line = 5};
    const ouro_trace_filter both[] = {a, {.exclude = true, .function = "g"}};
    const ouro_trace_filter main = {.file = "main.py"};
    const ouro_trace_filter main_anywhere = {.file = "main.py", .all_frames = true};
    const ouro_trace_filter objects = {.kind_matters = true, .kind = OURO_TRACE_OBJECTS};
    const ouro_trace_filter either[] = {line, {.file = "b.py"}};
    assert_int_equal(rows_after(before, &not_b, 1), 2);
    assert_int_equal(rows_after(before, &a, 1), 2);
    assert_int_equal(rows_after(before, &line, 1), 1);
    assert_int_equal(rows_after(before, both, 2), 1);
    assert_int_equal(rows_after(before, &main, 1), 0);
    assert_int_equal(rows_after(before, &main_anywhere, 1), 3);
    assert_int_equal(rows_after(before, &objects, 1), 0);
    assert_int_equal(rows_after(before, either, 2), 2);
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

static const ouro_trace_statistic *statistics(ouro_trace_snapshot *snapshot, ouro_trace_by by,
                                              size_t expected)
{
    const ouro_trace_statistic *rows;
    size_t count;
    assert_int_equal(ouro_trace_statistics(snapshot, by, &rows, &count, NULL), OURO_OK);
    assert_int_equal(count, expected);
    for (size_t i = 1; i < count; i++) assert_true(rows[i - 1].bytes >= rows[i].bytes);
    return rows;
}

static void test_snapshot_group_by_line(void **state)
{
    ouro_trace_snapshot *before, *after;
    two_snapshots(*state, &before, &after);
    const ouro_trace_statistic *rows = statistics(after, OURO_TRACE_BY_LINE, 3);
    assert_int_equal(rows[0].frames[0].line, 5);
    assert_string_equal(rows[1].frames[0].file, "c.py");
    assert_int_equal(rows[2].objects, 2);
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

static void test_snapshot_group_by_file(void **state)
{
    ouro_trace_snapshot *before, *after;
    two_snapshots(*state, &before, &after);
    const ouro_trace_statistic *rows = statistics(after, OURO_TRACE_BY_FILE, 2);
    assert_string_equal(rows[0].frames[0].file, "a.py");
    assert_int_equal(rows[0].objects, 3);
    (void)statistics(after, OURO_TRACE_BY_FUNCTION, 3);
    (void)statistics(after, OURO_TRACE_BY_KIND, 1);
    assert_int_equal(ouro_trace_statistics(after, (ouro_trace_by)9, &rows, &(size_t){0}, NULL),
                     OURO_BAD_ARGUMENT);
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

static void test_snapshot_group_by_traceback(void **state)
{
    ouro_trace_snapshot *before, *after;
    two_snapshots(*state, &before, &after);
    const ouro_trace_statistic *rows = statistics(after, OURO_TRACE_BY_SITE, 3);
    assert_int_equal(rows[0].frame_count, 2);
    assert_string_equal(rows[0].frames[1].file, "main.py");
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

/* Each frame counts, and main.py, which all have, for all. */
static void test_snapshot_group_by_cumulative(void **state)
{
    ouro_trace_snapshot *before, *after;
    two_snapshots(*state, &before, &after);
    const ouro_trace_by by = (ouro_trace_by)(OURO_TRACE_BY_FILE | OURO_TRACE_CUMULATIVE);
    const ouro_trace_statistic *rows = statistics(after, by, 3);
    assert_string_equal(rows[0].frames[0].file, "main.py");
    assert_int_equal(rows[0].objects, 4);
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

/* snapshot.compare_to: what grew most, what is new, what is gone, what stayed. */
static void test_snapshot_compare_to(void **state)
{
    ouro_trace_snapshot *before, *after;
    const ouro_trace_statistic *rows;
    size_t count;
    two_snapshots(*state, &before, &after);
    assert_int_equal(ouro_trace_compare(after, before, OURO_TRACE_BY_LINE, &rows, &count, NULL),
                     OURO_OK);
    assert_int_equal(count, 4);
    assert_int_equal(rows[0].frames[0].line, 5);
    assert_true(rows[0].bytes_grown > 4000);
    assert_int_equal(rows[0].objects_grown, 0);
    assert_string_equal(rows[1].frames[0].file, "c.py");
    assert_int_equal(rows[1].objects_grown, 1);
    assert_string_equal(rows[2].frames[0].file, "b.py");
    assert_int_equal(rows[2].objects_grown, -1);
    assert_int_equal(rows[2].bytes, 0);
    assert_int_equal(rows[3].bytes_grown, 0);
    assert_int_equal(rows[3].objects, 2);
    ouro_trace_snapshot_free(before);
    ouro_trace_snapshot_free(after);
}

/* ---- TestTraceback: the domains ---- */

static void test_trace_domains(void **state)
{
    ouro_trace_site site;
    atom *object = ouro_new((ouro_heap *)*state, atom);
    void *raw = ouro_mem_alloc(*state, 16);
    assert_true(ouro_trace_get_site(*state, ouro_trace_site_of(object), &site));
    assert_int_equal(site.kind, OURO_TRACE_OBJECTS);
    assert_true(ouro_trace_get_site(*state, ouro_trace_site_of(raw), &site));
    assert_int_equal(site.kind, OURO_TRACE_RAW);
    ouro_decref(object);
    ouro_mem_free(*state, raw);
}

#define TRACED(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRACED(test_get_tracemalloc_memory),
        TRACED(test_get_object_traceback),
        TRACED(test_new_reference),
        TRACED(test_set_traceback_limit),
        TRACED(test_get_traces),
        TRACED(test_get_traced_memory),
        TRACED(test_reset_peak),
        TRACED(test_clear_traces),
        TRACED(test_is_tracing),
        TRACED(test_snapshot),
        TRACED(test_fork),
        TRACED(test_filter_traces),
        TRACED(test_snapshot_group_by_line),
        TRACED(test_snapshot_group_by_file),
        TRACED(test_snapshot_group_by_traceback),
        TRACED(test_snapshot_group_by_cumulative),
        TRACED(test_snapshot_compare_to),
        TRACED(test_trace_domains),
    };
    return cmocka_run_group_tests_name("tracemalloc", tests, NULL, NULL);
}
