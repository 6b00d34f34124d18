/* SPDX-License-Identifier: MIT */
/*
 * trace_sampling_test.c -- a sample of births: what it says of all, and that it changes nothing else
 */
#include "heap/heap.h"

#include "support/heap.h"
#include "support/refusal.h"

#include <ouro/trace.h>

/* ---- what it says ---- */

static ouro_trace_totals totals_of(ouro_heap *heap)
{
    ouro_trace_totals totals;
    ouro_trace_get_totals(heap, &totals);
    return totals;
}

/* With 5 standard deviations to either side, of a sum of independent draws. */
static void assert_estimate(double estimate, double truth, double size, double interval)
{
    const double chance = ouro__chance_rise(size / interval);
    const double variance = truth * size * (1 - chance) / chance;
    const double off = estimate - truth;
    if (off * off > 25 * variance)
        fail_msg("%.0f is estimated where %.0f is right, blocks of %.0f", estimate, truth, size);
}

static void test_estimates_have_no_bias(void **state)
{
    static const size_t sizes[] = {16, 40, 200, 1000, 9000, 70000};
    const double interval = 4096;
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        ouro_heap *heap = test_heap_new(NULL);
        ouro_trace_stop(heap);
        const ouro_trace_options options = {.sample_bytes = (size_t)interval, .seed = seed};
        assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
        for (size_t n = 0; n < COUNT_OF(sizes); n++) {
            enum { BLOCKS = 2000 };
            static void *blocks[BLOCKS];
            double block = 0;
            const size_t before = totals_of(heap).current;
            for (size_t i = 0; i < BLOCKS; i++) {
                blocks[i] = ouro_mem_alloc(heap, sizes[n]);
                void *passing = ouro_mem_alloc(heap, sizes[n]); /* the list is used both ways */
                ouro_mem_free_sized(heap, passing, sizes[n]);
            }
            ouro_heap_stats stats;
            ouro_get_heap_stats(heap, &stats);
            block = (double)stats.raw_bytes / BLOCKS;
            assert_estimate((double)(totals_of(heap).current - before), block * BLOCKS, block,
                            interval);
            for (size_t i = 0; i < BLOCKS; i += 2) ouro_mem_free(heap, blocks[i]);
            assert_estimate((double)(totals_of(heap).current - before), block * BLOCKS / 2, block,
                            interval);
            for (size_t i = 1; i < BLOCKS; i += 2) ouro_mem_free_sized(heap, blocks[i], sizes[n]);
            assert_int_equal(totals_of(heap).current, before);
        }
        ouro_heap_close(heap, NULL, NULL);
    }
}

static void test_logarithm_and_exponential(void **state)
{
    (void)state;
    const double ln10 = 2.302585092994045684, half = 0.393469340287366577;
    assert_true(ouro__chance_log(1) == 0);
    assert_true(ouro__chance_log(1e-5) + 5 * ln10 < 1e-13);
    assert_true(ouro__chance_log(1e-5) + 5 * ln10 > -1e-13);
    assert_true(ouro__chance_rise(0.5) - half < 1e-15);
    assert_true(ouro__chance_rise(0.5) - half > -1e-15);
    assert_true(ouro__chance_rise(1e-9) < 1e-9);
    assert_true(ouro__chance_rise(1e-9) > 0.999999999e-9);
    assert_true(ouro__chance_rise(100) == 1);
}

/* ---- what it leaves alone ---- */

/* Of a size of which no number of whole lists is a young batch. */
typedef struct lone {
    struct lone *self;
    size_t number;
} lone;
static ouro_type lone_type;
static const ouro_field lone_fields[] = {OURO_REF(lone, self, &lone_type), OURO_END};
static ouro_type lone_type = OURO_TYPE(lone, .fields = lone_fields);

/* At which births collections began. */
struct rhythm {
    size_t born, begun[1000], count;
};

static void hear_begin(ouro_heap *heap, const ouro_collection *info, void *context)
{
    struct rhythm *rhythm = context;
    (void)heap;
    if (!info->stop && rhythm->count < COUNT_OF(rhythm->begun))
        rhythm->begun[rhythm->count++] = rhythm->born;
}

static void beat(struct rhythm *rhythm, const ouro_heap_options *kind, size_t interval)
{
    ouro_heap *heap = test_heap_new(kind);
    if (ouro_trace_is_on(heap)) ouro_trace_stop(heap);
    if (interval > 0) {
        const ouro_trace_options options = {.sample_bytes = interval, .seed = interval};
        assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
    }
    assert_int_equal(ouro_add_callback(heap, hear_begin, rhythm), OURO_OK);
    for (; rhythm->born < 100000; rhythm->born++) {
        lone *alone = ouro_new(heap, lone);
        assert_non_null(alone);
        ouro_set(alone, self, alone);
        ouro_decref(alone);
    }
    ouro_remove_callback(heap, hear_begin, rhythm);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

/* A sample changes what is written down, and not when collections come: where lists are cut for it, nothing is due. */
static void test_samples_keep_the_rhythm(void **state)
{
    static const size_t intervals[] = {4096, 65536, 1 << 20};
    static struct rhythm plain, sampled;
    (void)state;
    SKIP_WHERE_GUARDED();
    plain = (struct rhythm){0};
    beat(&plain, NULL, 0);
    assert_true(plain.count > 10);
    for (size_t n = 0; n < COUNT_OF(intervals); n++) {
        sampled = (struct rhythm){0};
        beat(&sampled, NULL, intervals[n]);
        assert_int_equal(sampled.count, plain.count);
        assert_memory_equal(sampled.begun, plain.begun, sizeof plain.begun);
    }
}

/* Nor where no list is kept that could be cut, since each birth is to go the ordinary way. */
static void test_samples_keep_the_rhythm_of_single_births(void **state)
{
    struct refusal refusal = {.at = REFUSAL_NEVER};
    const ouro_heap_options kinds[] = {
        {.one_at_a_time = true},
        {.one_at_a_time = true, .refuse = refusal_decides, .refuse_context = &refusal},
    };
    static struct rhythm plain, sampled;
    (void)state;
    SKIP_WHERE_GUARDED();
    for (size_t n = 0; n < COUNT_OF(kinds); n++) {
        plain = sampled = (struct rhythm){0};
        beat(&plain, &kinds[n], 0);
        size_t asked = refusal.seen;
        beat(&sampled, &kinds[n], 1);
        assert_true(plain.count > 10);
        assert_int_equal(sampled.count, plain.count);
        assert_memory_equal(sampled.begun, plain.begun, sizeof plain.begun);
        assert_true(refusal.seen - asked >= asked); /* the tables ask, too */
        refusal.seen = 0;
    }
}

/* Where each list is cut, collections come nevertheless. */
static void test_samples_of_all_let_collections_come(void **state)
{
    static struct rhythm sampled;
    (void)state;
    sampled = (struct rhythm){0};
    beat(&sampled, NULL, 1);
    assert_true(sampled.count > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_estimates_have_no_bias),
        cmocka_unit_test(test_logarithm_and_exponential),
        cmocka_unit_test(test_samples_keep_the_rhythm),
        cmocka_unit_test(test_samples_keep_the_rhythm_of_single_births),
        cmocka_unit_test(test_samples_of_all_let_collections_come),
    };
    return cmocka_run_group_tests_name("trace sampling", tests, NULL, NULL);
}
