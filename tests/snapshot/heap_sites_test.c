/* SPDX-License-Identifier: MIT */
/*
 * heap_sites_test.c -- where the objects of a traced heap were born, in its snapshot
 */
#include <stdlib.h>

#include <ouro/trace.h>

#include "snapshot/samples.h"
#include "support/cell.h"
#include "support/heap.h"

static ouro_snapshot *take(ouro_heap *heap)
{
    sample_bytes bytes = {0};
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_error error;
    if (ouro_snapshot_write(heap, &sink, NULL, &error) != OURO_OK) fail_msg("%s", error.message);
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, &error);
    if (snapshot == NULL) fail_msg("%s", error.message);
    free(bytes.bytes);
    return snapshot;
}

static void trace(ouro_heap *heap)
{
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
}

static void test_sites_and_frames_are_saved(void **state)
{
    ouro_heap *heap = *state;
    const ouro_trace_position here = {NULL, "here.py", "make", 12};
    ouro_trace_stop(heap);
    atom *before = ouro_new(heap, atom);
    trace(heap);
    (void)ouro_trace_frame(heap, &here);
    atom *told = ouro_new(heap, atom);
    (void)ouro_trace_frame(heap, NULL);
    atom *native = ouro_new(heap, atom);
    ouro_snapshot *snapshot = take(heap);
    assert_int_equal(snapshot->site_count, 3);
    assert_int_equal(snapshot->object_sites[ouro_snapshot_find(snapshot, (uintptr_t)before)], 0);
    const uint32_t site = snapshot->object_sites[ouro_snapshot_find(snapshot, (uintptr_t)told)];
    assert_int_equal(site, ouro_trace_site_of(told));
    assert_int_equal(snapshot->sites[site].live_objects, 1);
    assert_int_equal(snapshot->sites[site].live_bytes, ouro_sizeof(told));
    assert_int_equal(snapshot->sites[site].frame_count, 1);
    const ouro_snapshot_frame *frame = &snapshot->frames[snapshot->sites[site].first_frame];
    assert_string_equal(snapshot->strings[frame->file], "here.py");
    assert_string_equal(snapshot->strings[frame->function], "make");
    assert_int_equal(frame->line, 12);
    assert_int_equal(frame->pc, 0);
    const uint32_t other = snapshot->object_sites[ouro_snapshot_find(snapshot, (uintptr_t)native)];
    frame = &snapshot->frames[snapshot->sites[other].first_frame];
    assert_int_not_equal(frame->pc, 0);
    assert_int_equal(snapshot->strings[frame->module][0], '/');
    ouro_snapshot_close(snapshot);
    ouro_decref(before);
    ouro_decref(told);
    ouro_decref(native);
}

/* A cycle found in an earlier trace has no number that a file may not have. */
static void test_cycles_of_an_earlier_trace(void **state)
{
    ouro_heap *heap = *state;
    assert_int_equal(ouro_set_cycle_log(heap, 8), OURO_OK);
    trace(heap);
    for (uint32_t line = 1; line < 20; line++) {
        const ouro_trace_position here = {NULL, "here.py", "make", line};
        (void)ouro_trace_frame(heap, &here);
        ouro_decref(cell_ring(heap, 3));
    }
    (void)ouro_trace_frame(heap, NULL);
    assert_int_equal(ouro_collect(heap, 2), 57);
    ouro_snapshot *snapshot = take(heap);
    assert_int_equal(snapshot->cycle_count, 1);
    assert_in_range(snapshot->cycles[0].site, 1, snapshot->site_count - 1);
    ouro_snapshot_close(snapshot);
    ouro_trace_clear(heap);
    snapshot = take(heap);
    assert_int_equal(snapshot->cycles[0].site, 0);
    ouro_snapshot_close(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_sites_and_frames_are_saved),
        HEAP_TEST(test_cycles_of_an_earlier_trace),
    };
    return cmocka_run_group_tests_name("heap_sites", tests, NULL, NULL);
}
