/* SPDX-License-Identifier: MIT */
/*
 * batches_test.c -- what is larger than a batch of young objects: passes take two batches together, and
 *                   look twice
 */
#include "heap/heap.h"

#include "support/bead.h"
#include "support/cycle.h"
#include "support/plain.h"

enum { BATCH = 100 };

enum { PATIENT = 1000000 }; /* microseconds that no pass takes, however slow the machine is */

/* A heap in which passes are due after so many objects. */
static ouro_heap *small_batches(unsigned step_microseconds)
{
    return test_heap_new(
        &(ouro_heap_options){.threshold = {BATCH, 10, 10}, .step_microseconds = step_microseconds});
}

static void test_chains_longer_than_a_batch_are_found_by_passes(void **state)
{
    (void)state;
    enum { LIVE = 5 * BATCH, CHAIN = BATCH + BATCH / 4, WARM = 20, CHAINS = 400 };
    ouro_heap *heap = small_batches(PATIENT);
    bead *head = bead_chain(heap, LIVE);
    int wide = 0;
    for (int i = 0; i < WARM + CHAINS; i++) {
        bead *chain = bead_chain(heap, CHAIN);
        ouro_set(chain, other, head);
        ouro_decref(chain);
        if (i < WARM) continue;
        wide += heap->pace.wide;
        assert_true(test_heap_tracked(heap, -1) < LIVE + WARM * CHAIN + 8 * BATCH);
    }
    assert_true(wide > CHAINS / 4 * 3); /* now and then one batch is tried */
    assert_int_equal(cycle_stats(heap).collections, 0);
    ouro_decref(head);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

/* One batch is tried again some six times meanwhile, and what is half built then is not forgotten. */
static void test_a_trial_leaves_no_chain_behind(void **state)
{
    (void)state;
    SKIP_WHERE_FENCED(); /* batches are due by their bytes there */
    enum { LIVE = 10000, CHAIN = 5001, CHAINS = 1000 };
    enum { MOST = LIVE + (OURO_WIDE_BATCHES + 1) * OURO_THRESHOLD_0 + 4 * CHAIN };
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.step_microseconds = PATIENT});
    bead *head = bead_chain(heap, LIVE);
    int trials = 0;
    bool wide = false;
    for (int i = 0; i < CHAINS; i++) {
        bead *chain = bead_chain(heap, CHAIN);
        ouro_set(chain, other, head);
        ouro_decref(chain);
        trials += wide && !heap->pace.wide;
        wide = heap->pace.wide;
        if (i % 16 == 0) assert_true(test_heap_tracked(heap, -1) < MOST);
    }
    assert_true(trials > 3);
    assert_int_equal(cycle_stats(heap).collections, 0);
    ouro_decref(head);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

static void test_one_batch_is_tried_again(void **state)
{
    (void)state;
    ouro_heap *heap = small_batches(PATIENT);
    heap->pace.wide = true;
    for (unsigned i = 0; i < OURO_WIDE_PASSES * 10 * 2 * BATCH && heap->pace.wide; i++)
        ouro_decref(bead_ring(heap, 2));
    assert_false(heap->pace.wide);
    for (int i = 0; i < 10 * BATCH; i++) {
        ouro_decref(bead_ring(heap, 2));
        assert_false(heap->pace.wide); /* one is enough for these */
    }
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

/* What was built in peace has left one batch in 32 to be looked at.  The first garbage after it fits in one. */
static void test_batches_stay_short_where_one_suffices(void **state)
{
    (void)state;
    enum { LIVE = 200 * BATCH, RINGS = 100 * BATCH };
    ouro_heap *heap = small_batches(PATIENT);
    bead *head = bead_chain(heap, LIVE);
    assert_int_equal(heap->pace.sample_interval, OURO_SAMPLE_MAX);
    for (int i = 0; i < RINGS; i++) {
        ouro_decref(bead_ring(heap, 2));
        assert_false(heap->pace.wide);
    }
    assert_int_equal(heap->pace.sample_interval, 1);
    ouro_decref(head);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

static void note_most(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    size_t *most = argument;
    (void)heap;
    if (info->stop && info->generation < 2 && info->candidates > *most) *most = info->candidates;
}

/* The most that passes look at, after some, while nothing dies. */
static size_t most_of_the_living(ouro_heap *heap)
{
    enum { LIVE = 200 * BATCH };
    size_t most = 0;
    bead *warm = bead_chain(heap, LIVE);
    assert_int_equal(ouro_add_callback(heap, note_most, &most), OURO_OK);
    bead *head = bead_chain(heap, LIVE);
    assert_int_equal(ouro_remove_callback(heap, note_most, &most), OURO_OK);
    ouro_decref(warm);
    ouro_decref(head);
    return most;
}

static void test_a_look_in_vain_that_takes_long_is_at_one_batch(void **state)
{
    (void)state;
    ouro_heap *patient = small_batches(PATIENT), *hasty = small_batches(1);
    size_t two = most_of_the_living(patient), one = most_of_the_living(hasty);
    assert_in_range(one, BATCH / 2, BATCH + BATCH / 2);
    assert_in_range(two, 2 * BATCH, 3 * BATCH);
    assert_false(patient->pace.narrow);
    assert_true(hasty->pace.narrow);
    (void)ouro_collect(patient, 2);
    test_heap_close_empty(patient);
    (void)ouro_collect(hasty, 2);
    assert_false(hasty->pace.narrow); /* chains linked both ways are garbage that was found */
    for (int i = 0; i < 3; i++) (void)most_of_the_living(hasty);
    assert_true(hasty->pace.narrow);
    for (int i = 0; i < 100 * BATCH && hasty->pace.narrow; i++) ouro_decref(bead_ring(hasty, 2));
    assert_false(hasty->pace.narrow);
    (void)ouro_collect(hasty, 2);
    test_heap_close_empty(hasty);
}

static bool narrow_after(ouro_heap *heap, size_t candidates, size_t found, uint64_t nanoseconds)
{
    const ouro_collection pass = {.stop = true,
                                  .generation = 1,
                                  .candidates = candidates,
                                  .collected = found,
                                  .nanoseconds = nanoseconds};
    ouro__pace_passed(heap, &pass);
    return heap->pace.narrow;
}

/* Two batches are expected to take as long for each object. */
static void test_beside_a_whole_cycle_a_long_look_is_foreseen(void **state)
{
    ouro_heap *heap = *state;
    const size_t batch = heap->threshold[0];
    const uint64_t long_time = heap->pace.step_nanoseconds * 3 / 2;
    assert_false(narrow_after(heap, batch, 0, long_time + 1)); /* all batches are looked at */
    assert_true(narrow_after(heap, 2 * batch, 0, long_time + 1));
    assert_false(narrow_after(heap, batch, batch, long_time));
    ouro__heap_whole_begin(heap);
    assert_false(narrow_after(heap, batch, 0, long_time / 2));
    assert_false(narrow_after(heap, batch / 2 - 1, 0, long_time));
    assert_false(narrow_after(heap, batch / 2, batch / 2, long_time));
    assert_true(narrow_after(heap, batch / 2, 0, long_time / 4 + 1));
    assert_true(narrow_after(heap, batch, 0, 0));
    assert_false(narrow_after(heap, batch, batch, 0));
    assert_true(narrow_after(heap, 2 * batch, 0, long_time + 1));
    (void)ouro_collect(heap, 2);
}

/* Rows are handed out a pool at a time, which has room for fewer than this. */
enum { ROW = 30, REFILL = 256, WHOLE = 4 * OURO_BATCH_LEAST };

static void begin_whole(ouro_heap *heap)
{
    if (cycle_is_idle(heap)) ouro__heap_whole_begin(heap);
}

/* Makes so many, each of which is lost at once. */
static void lose_rows(ouro_heap *heap, size_t count, bool beside_whole)
{
    for (; count > 0; count--) {
        if (beside_whole) begin_whole(heap);
        heap->pace.live = (size_t)1 << 30; /* no batch is due by its bytes */
        ouro_auto row *lost = row_new(heap, ROW);
        ouro_set(lost, items[0], lost);
    }
}

static size_t passes_of(ouro_heap *heap)
{
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    return stats[0].collections + stats[1].collections;
}

/* How many are made from one pass to the next. */
static size_t batch_of(ouro_heap *heap, unsigned shift, bool beside_whole)
{
    size_t made = 0;
    (void)ouro_collect(heap, 1);
    heap->pace.sample_interval = heap->pace.sample_left = 1; /* it may have found nothing */
    heap->pace.batch_shift = shift;
    for (size_t before = passes_of(heap); passes_of(heap) == before; made++)
        lose_rows(heap, 1, beside_whole);
    return made;
}

static void assert_batch(ouro_heap *heap, unsigned shift, bool beside_whole, size_t length)
{
    assert_in_range(batch_of(heap, shift, beside_whole), length - REFILL, length + REFILL);
}

static void test_batches_are_shorter_beside_a_whole_cycle(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.threshold = {WHOLE, 1000000, 10}, .step_microseconds = PATIENT});
    assert_batch(heap, 0, true, WHOLE);
    assert_batch(heap, 1, true, WHOLE / 2);
    assert_batch(heap, OURO_BATCH_SHIFT_MOST, true, OURO_BATCH_LEAST);
    (void)ouro_collect(heap, 2);
    assert_batch(heap, OURO_BATCH_SHIFT_MOST, false, WHOLE);
    ouro_set_threshold(heap, (const size_t[3]){OURO_BATCH_LEAST, 1000000, 10});
    assert_batch(heap, OURO_BATCH_SHIFT_MOST, true, OURO_BATCH_LEAST);
    ouro_set_threshold(heap, (const size_t[3]){OURO_BATCH_LEAST / 2, 1000000, 10});
    assert_true(batch_of(heap, OURO_BATCH_SHIFT_MOST, true) <= OURO_BATCH_LEAST);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

static void test_a_long_pass_halves_the_batch_beside_a_whole_cycle(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {WHOLE, 1000000, 10}});
    heap->pace.step_nanoseconds = 1;
    (void)batch_of(heap, 0, false);
    assert_int_equal(heap->pace.batch_shift, 0);
    (void)batch_of(heap, 0, true);
    assert_int_equal(heap->pace.batch_shift, 1);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

/* As after so many passes over a hundred young objects. */
static unsigned shift_after(ouro_heap *heap, unsigned passes, size_t found, uint64_t nanoseconds)
{
    const ouro_collection pass = {
        .stop = true, .candidates = 100, .collected = found, .nanoseconds = nanoseconds};
    begin_whole(heap);
    for (; passes > 0; passes--) ouro__pace_passed(heap, &pass);
    return heap->pace.batch_shift;
}

static void test_what_a_batch_is_halved_for(void **state)
{
    enum { FOUND = 88 + 1 }; /* more than seven eighths */
    ouro_heap *heap = *state;
    const uint64_t step = heap->pace.step_nanoseconds, brief = step / 2 - 1;
    assert_int_equal(shift_after(heap, OURO_BATCH_PATIENCE, FOUND, brief), 0);
    assert_int_equal(shift_after(heap, 1, FOUND, step), 0);
    assert_int_equal(shift_after(heap, 1, FOUND, step + 1), 1);
    assert_int_equal(shift_after(heap, OURO_BATCH_PATIENCE - 1, FOUND, brief), 1);
    assert_int_equal(shift_after(heap, 1, FOUND, step / 2), 1);
    assert_int_equal(shift_after(heap, 1, FOUND, step + 1), 2); /* it has taken long again */
    assert_int_equal(shift_after(heap, OURO_BATCH_PATIENCE - 1, FOUND, brief), 2);
    assert_int_equal(shift_after(heap, 1, FOUND, brief), 1);
    assert_int_equal(shift_after(heap, OURO_BATCH_PATIENCE - 1, FOUND, brief), 1);
    assert_int_equal(shift_after(heap, 1, FOUND, brief), 0);
    assert_int_equal(shift_after(heap, 10, FOUND, step + 1), OURO_BATCH_SHIFT_MOST);
    assert_int_equal(shift_after(heap, 1, FOUND - 1, brief), 0);
    assert_int_equal(shift_after(heap, 1, FOUND - 1, step + 1), 0);
    (void)ouro_collect(heap, 2);
}

static void test_batches_that_are_left_out_or_taken_together_are_whole(void **state)
{
    (void)state;
    enum { LEFT = 7 };
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.threshold = {WHOLE, 10, 10}, .step_microseconds = PATIENT});
    heap->pace.batch_shift = OURO_BATCH_SHIFT_MOST;
    heap->pace.sample_interval = OURO_SAMPLE_MAX;
    heap->pace.sample_left = LEFT;
    lose_rows(heap, 2 * WHOLE - REFILL, true);
    assert_int_equal(heap->pace.sample_left, LEFT);
    lose_rows(heap, 3 * REFILL, true);
    assert_int_equal(heap->pace.sample_left, LEFT - 1);
    (void)ouro_collect(heap, 1);
    heap->pace.batch_shift = OURO_BATCH_SHIFT_MOST;
    heap->pace.sample_interval = heap->pace.sample_left = 1;
    heap->pace.wide = true;
    size_t before = passes_of(heap);
    lose_rows(heap, OURO_WIDE_BATCHES * WHOLE - REFILL, true);
    assert_int_equal(passes_of(heap), before);
    lose_rows(heap, 3 * REFILL, true);
    assert_int_equal(passes_of(heap), before + 1);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

/* A pass as allocation makes it. */
static size_t pass(ouro_heap *heap, int generation, bool twice)
{
    heap->pass.bounded = true;
    heap->pass.twice = twice;
    size_t found = ouro__heap_collect(heap, generation);
    heap->pass.bounded = heap->pass.twice = false;
    return found;
}

static void test_who_is_new_to_a_pass_gets_another(void **state)
{
    ouro_heap *heap = *state;
    bead *first = bead_ring(heap, 3);
    (void)pass(heap, 0, false);
    assert_int_equal(test_heap_tracked(heap, 1), 3);
    bead *second = bead_ring(heap, 5);
    (void)pass(heap, 1, true);
    assert_int_equal(test_heap_tracked(heap, 1), 5);
    assert_int_equal(test_heap_tracked(heap, 2), 3);
    test_heap_verify(heap);
    ouro_decref(second);
    assert_int_equal(pass(heap, 1, true), 5);
    bead *third = bead_ring(heap, 2);
    (void)pass(heap, 1, false);
    assert_int_equal(test_heap_tracked(heap, 2), 5);
    ouro_decref(first);
    ouro_decref(third);
    assert_int_equal(ouro_collect(heap, 2), 5);
}

/* The old one was not touched when the other lost its holder, nor was the other, as it was not old yet. */
static void test_a_ring_that_grew_old_in_parts_is_found(void **state)
{
    ouro_heap *heap = *state;
    bead *old = bead_new(heap);
    (void)pass(heap, 0, false);
    bead *held = bead_new(heap);
    ouro_set(held, next, old);
    ouro_put(old, next, held);
    bead *hand = ouro_newref(held);
    ouro_decref(old);
    (void)pass(heap, 1, true);
    assert_int_equal(test_heap_tracked(heap, 2), 1);
    assert_int_equal(test_heap_tracked(heap, 1), 1);
    ouro_decref(hand);
    assert_int_equal(pass(heap, 1, true), 0);
    assert_int_equal(cycle_step(heap, 0), 2);
}

enum { PAYLOAD = 10000 };

typedef struct crate {
    struct crate *self;
    char payload[PAYLOAD];
} crate;

static ouro_type crate_type;
static const ouro_field crate_fields[] = {OURO_REF(crate, self, &crate_type), OURO_END};
static ouro_type crate_type = OURO_TYPE(crate, .fields = crate_fields);

/* In a heap that does not grow they grow old all the same, so that it is noticed when they are dropped. */
static void test_few_large_objects_are_found_when_they_are_dropped(void **state)
{
    (void)state;
    enum { WINDOW = 1000, ALL = 10 * WINDOW, GARBAGE = WINDOW / 2 };
    static crate *window[WINDOW];
    ouro_heap *heap = test_heap_new(NULL);
    for (int i = 0; i < ALL; i++) {
        crate **slot = &window[i % WINDOW];
        crate *made = ouro_new(heap, crate);
        assert_non_null(made);
        ouro_set(made, self, made);
        ouro_xdecref(*slot);
        *slot = made;
        assert_true(ouro__heap_bytes(heap) / PAYLOAD < WINDOW + GARBAGE);
    }
    for (int i = 0; i < WINDOW; i++) ouro_decref(window[i]);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains_longer_than_a_batch_are_found_by_passes),
        cmocka_unit_test(test_a_trial_leaves_no_chain_behind),
        cmocka_unit_test(test_one_batch_is_tried_again),
        cmocka_unit_test(test_batches_stay_short_where_one_suffices),
        cmocka_unit_test(test_a_look_in_vain_that_takes_long_is_at_one_batch),
        HEAP_TEST(test_beside_a_whole_cycle_a_long_look_is_foreseen),
        cmocka_unit_test(test_batches_are_shorter_beside_a_whole_cycle),
        cmocka_unit_test(test_a_long_pass_halves_the_batch_beside_a_whole_cycle),
        cmocka_unit_test(test_batches_that_are_left_out_or_taken_together_are_whole),
        cmocka_unit_test(test_few_large_objects_are_found_when_they_are_dropped),
        HEAP_TEST(test_what_a_batch_is_halved_for),
        HEAP_TEST(test_who_is_new_to_a_pass_gets_another),
        HEAP_TEST(test_a_ring_that_grew_old_in_parts_is_found),
    };
    return cmocka_run_group_tests_name("batches", tests, NULL, NULL);
}
