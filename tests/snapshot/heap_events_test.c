/* SPDX-License-Identifier: MIT */
/*
 * heap_events_test.c -- a heap's log of collections and its samples, in its snapshot
 */
#include <ouro/events.h>

#include <stdlib.h>

#include "snapshot/samples.h"
#include "support/cell.h"
#include "support/heap.h"

static int count_event(const ouro_event *event, void *argument)
{
    (void)event;
    ++*(uint32_t *)argument;
    return 0;
}

static void test_events_are_saved_as_they_began(void **state)
{
    ouro_heap *heap = *state;
    assert_int_equal(ouro_set_event_log(heap, 100), OURO_OK);
    ouro_decref(cell_ring(heap, 3));
    for (int generation = 0; generation < 3; generation++) (void)ouro_collect(heap, generation);
    assert_int_equal(ouro_add_sample(heap), OURO_OK);
    uint32_t events = 0;
    assert_int_equal(ouro_each_event(heap, count_event, &events), 0);

    sample_bytes bytes = {0};
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_error error;
    if (ouro_snapshot_write(heap, &sink, NULL, &error) != OURO_OK) fail_msg("%s", error.message);
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, &error);
    if (snapshot == NULL) fail_msg("%s", error.message);
    free(bytes.bytes);

    assert_int_equal(snapshot->event_count, events);
    assert_true(snapshot->sample_count >= 1);
    const ouro_snapshot_event *first = &snapshot->events[0];
    assert_int_equal(first->kind, OURO_EVENT_PASS);
    assert_string_equal(snapshot->strings[first->name], "young");
    assert_int_equal(first->collected, 3);
    for (uint32_t i = 1; i < snapshot->event_count; i++) {
        const ouro_snapshot_event *event = &snapshot->events[i], *before = event - 1;
        assert_true(event->start >= before->start);
    }
    ouro_snapshot_close(snapshot);
    assert_int_equal(ouro_set_event_log(heap, 0), OURO_OK);
}

/* Whatever order they come in: what has others within is first. */
static void test_events_that_began_together(void **state)
{
    static const ouro_event_kind given[] = {OURO_EVENT_PHASE, OURO_EVENT_PASS, OURO_EVENT_CYCLE};
    (void)state;
    sample_bytes bytes = {0};
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(&sink, NULL);
    assert_non_null(writer);
    for (int i = 0; i < 3; i++)
        ouro_snapshot_add_event(
            writer, &(ouro_snapshot_event){.kind = given[i], .start = 5, .nanoseconds = 7});
    assert_int_equal(ouro_snapshot_writer_finish(writer, NULL), OURO_OK);
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, NULL);
    assert_non_null(snapshot);
    free(bytes.bytes);
    for (uint32_t i = 0; i < 3; i++) assert_int_equal(snapshot->events[i].kind, given[2 - i]);
    ouro_snapshot_close(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_events_are_saved_as_they_began),
        cmocka_unit_test(test_events_that_began_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
