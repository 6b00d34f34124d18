/* SPDX-License-Identifier: MIT */
/*
 * events_test.c -- the log of collections and the samples of memory
 */
#include <ouro/events.h>

#include "base/os.h"
#include "events/log.h"
#include "events/pauses.h"
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/setting.h"

#include <string.h>

enum { ROOM = 4096 };

/* A copy of a log. */
typedef struct record {
    ouro_event events[ROOM];
    size_t count;
} record;
static record seen;

static int keep(const ouro_event *event, void *argument)
{
    (void)argument;
    assert_true(seen.count < ROOM);
    seen.events[seen.count++] = *event;
    return 0;
}

static size_t look(ouro_heap *heap)
{
    seen.count = 0;
    return ouro_each_event(heap, keep, NULL);
}

static size_t count_kind(ouro_event_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < seen.count; i++) count += seen.events[i].kind == kind;
    return count;
}

static const ouro_event *last_of(ouro_event_kind kind)
{
    for (size_t i = seen.count; i > 0; i--)
        if (seen.events[i - 1].kind == kind) return &seen.events[i - 1];
    fail_msg("no event of kind %d", (int)kind);
    return NULL;
}

static bool lies_within(const ouro_event *inner, const ouro_event *outer)
{
    return inner->start >= outer->start &&
           inner->start + inner->nanoseconds <= outer->start + outer->nanoseconds;
}

/* Each phase lies in the pause that follows it, and after the one before. */
static void check_nesting(void)
{
    uint64_t end = 0;
    for (size_t i = 0; i < seen.count; i++) {
        const ouro_event *event = &seen.events[i];
        if (event->kind == OURO_EVENT_CYCLE) continue;
        if (event->kind != OURO_EVENT_PHASE) {
            end = event->start + event->nanoseconds;
            continue;
        }
        assert_true(event->start >= end);
        end = event->start + event->nanoseconds;
        size_t j = i;
        while (seen.events[j].kind == OURO_EVENT_PHASE) j++;
        assert_true(j < seen.count);
        assert_true(lies_within(event, &seen.events[j]));
    }
}

/* ---- the tests ---- */

static void test_nothing_is_kept_unasked(void **state)
{
    ouro_decref(cell_ring(*state, 2));
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(look(*state), 0);
    assert_int_equal(seen.count, 0);
    assert_int_equal(ouro_add_sample(*state), OURO_EMPTY);
}

static void test_a_pass_is_told_with_its_phases(void **state)
{
    assert_int_equal(ouro_set_event_log(*state, 100), OURO_OK);
    ouro_decref(cell_ring(*state, 3));
    assert_int_equal(ouro_collect(*state, 0), 3);
    (void)look(*state);
    const ouro_event *pass = last_of(OURO_EVENT_PASS);
    assert_string_equal(pass->name, "young");
    assert_int_equal(pass->generation, 0);
    assert_int_equal(pass->candidates, 3);
    assert_int_equal(pass->collected, 3);
    assert_int_equal(pass->uncollectable, 0);
    ouro_generation_stats stats[3];
    ouro_get_stats(*state, stats);
    assert_int_equal(pass->nanoseconds, stats[0].nanoseconds);
    assert_string_equal(seen.events[0].name, "propose");
    assert_string_equal(seen.events[1].name, "scan");
    assert_int_equal(count_kind(OURO_EVENT_PASS), 1);
    assert_int_equal(count_kind(OURO_EVENT_CYCLE) + count_kind(OURO_EVENT_STEP), 0);
    size_t units = 0;
    for (size_t i = 0; i + 1 < seen.count; i++) units += seen.events[i].units;
    assert_int_equal(pass->units, units);
    assert_true(units >= 3);
    check_nesting();
}

static void test_a_whole_cycle_is_told_with_its_steps(void **state)
{
    ouro_heap *heap = *state;
    list *all = cycle_rings(heap, test_scaled(2000));
    assert_int_equal(ouro_set_event_log(heap, ROOM), OURO_OK);
    size_t effort = heap->whole.effort;
    cycle_begin(heap);
    size_t steps = 1;
    while (!cycle_is_idle(*state)) {
        (void)cycle_step(*state, 500);
        steps++;
    }
    (void)look(*state);
    const ouro_event *cycle = last_of(OURO_EVENT_CYCLE);
    assert_int_equal(count_kind(OURO_EVENT_CYCLE), 1);
    assert_ptr_equal(cycle, &seen.events[seen.count - 1]);
    assert_string_equal(cycle->name, "whole");
    assert_int_equal(count_kind(OURO_EVENT_STEP), steps);
    size_t units = 0, of_phases = 0;
    for (size_t i = 0; i < seen.count; i++) {
        assert_true(lies_within(&seen.events[i], cycle));
        if (seen.events[i].kind == OURO_EVENT_STEP) units += seen.events[i].units;
        if (seen.events[i].kind == OURO_EVENT_PHASE) of_phases += seen.events[i].units;
    }
    assert_int_equal(cycle->units, units);
    assert_int_equal(of_phases, units);
    assert_int_equal(heap->whole.effort - effort, units);
    assert_true(cycle->candidates > 0);
    check_nesting();
    cycle_rings_end(all);
}

static void test_a_full_collection_is_one_step(void **state)
{
    assert_int_equal(ouro_set_event_log(*state, 100), OURO_OK);
    ouro_decref(cell_ring(*state, 5));
    assert_int_equal(ouro_collect(*state, 2), 5);
    (void)look(*state);
    assert_int_equal(count_kind(OURO_EVENT_STEP), 1);
    const ouro_event *cycle = last_of(OURO_EVENT_CYCLE);
    assert_int_equal(cycle->collected, 5);
    assert_true(lies_within(last_of(OURO_EVENT_STEP), cycle));
    check_nesting();
}

static void test_the_oldest_are_dropped(void **state)
{
    assert_int_equal(ouro_set_event_log(*state, 10), OURO_OK);
    for (int i = 0; i < 20; i++) (void)ouro_collect(*state, 0);
    size_t dropped = look(*state);
    assert_int_equal(seen.count, 10);
    assert_true(dropped >= 20);
    for (size_t i = 1; i < seen.count; i++)
        assert_true(seen.events[i].start + seen.events[i].nanoseconds >=
                    seen.events[i - 1].start + seen.events[i - 1].nanoseconds);
    assert_ptr_equal(last_of(OURO_EVENT_PASS), &seen.events[seen.count - 1]);
    assert_int_equal(ouro_set_event_log(*state, 10), OURO_OK);
    assert_int_equal(look(*state), 0);
    assert_int_equal(seen.count, 0);
}

/* A finalizer may do what it likes with the log that it is itself written in. */
static ouro_heap *of_finalizer;
static size_t wanted_capacity;
static void set_log(void *object)
{
    (void)object;
    assert_int_equal(ouro_set_event_log(of_finalizer, wanted_capacity), OURO_OK);
}
typedef struct teller {
    struct teller *self;
} teller;
static ouro_type teller_type;
static const ouro_field teller_fields[] = {OURO_REF(teller, self, &teller_type), OURO_END};
static ouro_type teller_type = OURO_TYPE(teller, .fields = teller_fields, .finalize = set_log);

static void test_the_log_may_be_set_in_the_middle(void **state)
{
    static const size_t capacities[][2] = {{50, 0}, {0, 50}, {50, 80}};
    of_finalizer = *state;
    for (size_t i = 0; i < COUNT_OF(capacities); i++) {
        for (int generation = 0; generation < 3; generation++) {
            assert_int_equal(ouro_set_event_log(*state, capacities[i][0]), OURO_OK);
            wanted_capacity = capacities[i][1];
            teller *garbage = ouro_new(*state, teller);
            ouro_set(garbage, self, garbage);
            ouro_decref(garbage);
            assert_int_equal(ouro_collect(*state, generation), 1);
            (void)look(*state);
            assert_int_equal(seen.count > 0, wanted_capacity > 0);
            (void)ouro_collect(*state, generation);
            (void)look(*state);
            assert_int_equal(seen.count > 0, wanted_capacity > 0);
        }
    }
}

/* A finalizer ends the step that it runs in; the units that this leaves undone are not counted. */
static void test_what_a_finalizer_cuts_off_is_no_work(void **state)
{
    of_finalizer = *state;
    wanted_capacity = 200;
    for (int generation = 0; generation < 3; generation += 2) {
        assert_int_equal(ouro_set_event_log(*state, 200), OURO_OK);
        teller *garbage = ouro_new(*state, teller);
        ouro_set(garbage, self, garbage);
        ouro_decref(garbage);
        assert_int_equal(ouro_collect(*state, generation), 1);
        (void)look(*state);
        for (size_t i = 0; i < seen.count; i++) assert_true(seen.events[i].units < 1000000);
    }
}

static void test_a_log_beyond_all_memory_is_refused(void **state)
{
    assert_int_equal(ouro_set_event_log(*state, SIZE_MAX), OURO_NO_MEMORY);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "a log of"));
    assert_int_equal(ouro_set_event_log(*state, SIZE_MAX / 100), OURO_NO_MEMORY);
    (void)ouro_collect(*state, 2);
    assert_int_equal(look(*state), 0);
    assert_int_equal(seen.count, 0);
}

static ouro_memory_sample last_sample;
static size_t samples;
static int keep_sample(const ouro_memory_sample *sample, void *argument)
{
    (void)argument;
    assert_true(samples == 0 || sample->time >= last_sample.time);
    last_sample = *sample;
    samples++;
    return 0;
}

static void test_samples_say_what_statistics_say(void **state)
{
    ouro_heap_stats stats;
    assert_int_equal(ouro_set_event_log(*state, 100), OURO_OK);
    cell *ring = cell_ring(*state, 1000);
    void *raw = ouro_mem_alloc(*state, 1u << 20);
    assert_int_equal(ouro_add_sample(*state), OURO_OK);
    samples = 0;
    assert_int_equal(ouro_each_sample(*state, keep_sample, NULL), 0);
    assert_int_equal(samples, 1);
    ouro_get_heap_stats(*state, &stats);
    uint64_t age = ouro__os_nanoseconds() - ((ouro_heap *)*state)->log.born;
    assert_true(last_sample.time > 0 && last_sample.time <= age);
    assert_int_equal(last_sample.objects, 1000);
    assert_int_equal(last_sample.objects, stats.objects);
    assert_int_equal(last_sample.live_bytes, stats.object_bytes + stats.raw_bytes);
    assert_int_equal(last_sample.committed_bytes, stats.committed_bytes);
    ouro_mem_free(*state, raw);
    ouro_decref(ring);
    (void)ouro_collect(*state, 2);
    for (int i = 0; i < 200; i++) assert_int_equal(ouro_add_sample(*state), OURO_OK);
    samples = 0;
    assert_true(ouro_each_sample(*state, keep_sample, NULL) >= 175);
    assert_int_equal(samples, 26);
    assert_int_equal(last_sample.objects, 0);
}

static void test_samples_come_with_pauses(void **state)
{
    assert_int_equal(ouro_set_event_log(*state, 100), OURO_OK);
    (void)ouro_collect(*state, 0);
    samples = 0;
    (void)ouro_each_sample(*state, keep_sample, NULL);
    assert_int_equal(samples, 1);
    struct ouro__log *log = &((ouro_heap *)*state)->log;
    assert_true(log->sample_due > log->born + last_sample.time);
    log->sample_due = UINT64_MAX; /* not due */
    (void)ouro_collect(*state, 0);
    samples = 0;
    (void)ouro_each_sample(*state, keep_sample, NULL);
    assert_int_equal(samples, 1);
}

static void test_pauses_are_counted(void **state)
{
    ouro_pauses pauses;
    ouro_get_pauses(*state, &pauses);
    assert_int_equal(pauses.longest, 0);
    assert_int_equal(ouro_pause_quantile(&pauses, 0.5), 0);
    assert_int_equal(ouro_set_event_log(*state, ROOM), OURO_OK);
    for (int i = 0; i < 5; i++) (void)ouro_collect(*state, i % 3);
    (void)look(*state);
    uint64_t counted = 0, nanoseconds = 0, longest = 0;
    for (size_t i = 0; i < seen.count; i++) {
        const ouro_event *event = &seen.events[i];
        if (event->kind != OURO_EVENT_PASS && event->kind != OURO_EVENT_STEP) continue;
        nanoseconds += event->nanoseconds;
        if (event->nanoseconds > longest) longest = event->nanoseconds;
    }
    ouro_get_pauses(*state, &pauses);
    for (size_t i = 0; i <= OURO_PAUSE_BOUNDS; i++) counted += pauses.counts[i];
    assert_int_equal(counted, 5);
    assert_int_equal(pauses.nanoseconds, nanoseconds);
    assert_int_equal(pauses.longest, longest);
    assert_int_equal(ouro_pause_quantile(&pauses, 1), longest);
}

/* Bounds ascend, and each pause is counted between the two around it. */
static void test_pauses_lie_between_their_bounds(void **state)
{
    (void)state;
    assert_int_equal(ouro_pause_bound(OURO_PAUSE_BOUNDS), UINT64_MAX);
    uint64_t before = 0;
    for (size_t i = 0; i < OURO_PAUSE_BOUNDS; i++) {
        uint64_t bound = ouro_pause_bound(i);
        assert_true(bound > before);
        ouro_pauses pauses = {{0}, 0, 0};
        ouro__pauses_add(&pauses, before + 1);
        ouro__pauses_add(&pauses, bound);
        ouro__pauses_add(&pauses, bound + 1);
        assert_int_equal(pauses.counts[i], 2);
        assert_int_equal(pauses.counts[i + 1], 1);
        uint64_t half = ouro_pause_quantile(&pauses, 0.5);
        assert_true(half > before && half <= bound);
        before = bound;
    }
}

/* As a file may have them that was published by somebody else. */
static void test_pauses_that_lie_have_bounds(void **state)
{
    (void)state;
    ouro_pauses pauses = {{0}, 0, UINT64_MAX};
    pauses.counts[OURO_PAUSE_BOUNDS] = 1;
    assert_true(ouro_pause_quantile(&pauses, 1) == UINT64_MAX);
    pauses.counts[0] = pauses.counts[1] = UINT64_MAX; /* their sum is one less */
    for (int share = 0; share <= 4; share++) {
        pauses.longest = ouro_pause_bound(3);
        assert_true(ouro_pause_quantile(&pauses, share / 4.0) <= pauses.longest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_nothing_is_kept_unasked),
        HEAP_TEST(test_a_pass_is_told_with_its_phases),
        HEAP_TEST(test_a_whole_cycle_is_told_with_its_steps),
        HEAP_TEST(test_a_full_collection_is_one_step),
        HEAP_TEST(test_the_oldest_are_dropped),
        HEAP_TEST(test_the_log_may_be_set_in_the_middle),
        HEAP_TEST(test_a_log_beyond_all_memory_is_refused),
        HEAP_TEST(test_samples_say_what_statistics_say),
        HEAP_TEST(test_samples_come_with_pauses),
        HEAP_TEST(test_pauses_are_counted),
        HEAP_TEST(test_pauses_lie_between_their_bounds),
        HEAP_TEST(test_pauses_that_lie_have_bounds),
        HEAP_TEST(test_what_a_finalizer_cuts_off_is_no_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
