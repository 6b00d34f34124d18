/* SPDX-License-Identifier: MIT */
/*
 * trace_tables_test.c -- the tables of a traced heap grow, and refuse to
 */
#include <ouro/trace.h>

#include "heap/heap.h"
#include "tracing/trace.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/refusal.h"
#include "support/traced.h"

enum { PLACES = 3000, DEPTH = 3 };

/* Raw memory born at a line that no other is born at. */
static void *born_at_line(ouro_heap *heap, uint32_t line)
{
    const ouro_trace_position outer = {NULL, "m.py", "main", line % 5},
                              middle = {&outer, "m.py", "step", line % 7},
                              here = {&middle, "a.py", "f", line};
    const ouro_trace_position *before = ouro_trace_frame(heap, &here);
    void *made = ouro_mem_alloc(heap, 8 + line % 100);
    (void)ouro_trace_frame(heap, before);
    return made;
}

static ouro_trace_totals totals_of(ouro_heap *heap)
{
    ouro_trace_totals totals;
    ouro_trace_get_totals(heap, &totals);
    return totals;
}

static void start(ouro_heap *heap)
{
    ouro_trace_stop(heap);
    const ouro_trace_options options = {.frames = DEPTH};
    assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
}

/* Numbers stay what they are while the tables are exchanged for larger ones. */
static void test_sites_keep_their_numbers(void **state)
{
    static void *blocks[PLACES];
    static uint32_t sites[PLACES];
    ouro_heap *heap = *state;
    start(heap);
    size_t small = totals_of(heap).table_bytes;
    for (uint32_t i = 0; i < PLACES; i++) {
        blocks[i] = born_at_line(heap, i + 1);
        sites[i] = ouro_trace_site_of(blocks[i]);
    }
    assert_int_equal(totals_of(heap).sites, PLACES);
    assert_true(totals_of(heap).table_bytes > small);
    for (uint32_t i = 0; i < PLACES; i++) {
        ouro_trace_place places[DEPTH];
        assert_int_equal(ouro_trace_site_of(blocks[i]), sites[i]);
        assert_int_equal(ouro_trace_of(blocks[i], places, DEPTH), DEPTH);
        assert_int_equal(places[0].line, i + 1);
        assert_int_equal(places[2].line, (i + 1) % 5);
        ouro_mem_free(heap,
                      born_at_line(heap, i + 1)); /* a place that is known gets no other number */
    }
    assert_int_equal(totals_of(heap).sites, PLACES);
    traced_is_complete(heap);
    for (uint32_t i = 0; i < PLACES; i++) ouro_mem_free(heap, blocks[i]);
    traced_audit(heap);
    assert_int_equal(totals_of(heap).current, 0);
    ouro_trace_stop(heap);
}

/* One request is refused, each in turn: the program gets its memory all the same. */
static void test_one_refusal_anywhere_is_counted(void **state)
{
    (void)state;
    enum { FEW = 200 };
    void *blocks[FEW];
    size_t refused = 1, points = 0, lost = 0;
    for (; refused > 0; points++) {
        struct refusal refusal = {.at = REFUSAL_NEVER};
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){
            .refuse = refusal_decides, .refuse_context = &refusal, .collector_off = true});
        ouro_trace_stop(heap);
        refusal.at = refusal.seen + points;
        const ouro_trace_options options = {.frames = DEPTH};
        bool started = ouro_trace_start(heap, &options, NULL) == OURO_OK;
        assert_int_equal(started, points > 0);
        for (uint32_t i = 0; i < FEW; i++) assert_non_null(blocks[i] = born_at_line(heap, i));
        refused = refusal.refused;
        ouro_trace_totals totals = totals_of(heap);
        assert_int_equal(totals.lost + totals.objects, started ? FEW : 0);
        lost += totals.lost;
        if (started) traced_audit(heap);
        for (uint32_t i = 0; i < FEW; i++) ouro_mem_free(heap, blocks[i]);
        ouro_trace_stop(heap);
        test_heap_close_empty(heap);
    }
    assert_true(points > 5);
    assert_true(lost > 0);
}

static bool refuses_tables; /* all that is as large as a chunk of tables */

static bool refuse_large(void *context, size_t bytes)
{
    *(size_t *)context += refuses_tables && bytes > 100000;
    return refuses_tables && bytes > 100000;
}

static void test_a_refused_table_loses_the_trace_alone(void **state)
{
    (void)state;
    size_t refused = 0;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .refuse = refuse_large, .refuse_context = &refused, .collector_off = true});
    start(heap);
    refuses_tables = true;
    static void *blocks[PLACES];
    for (uint32_t i = 0; i < PLACES; i++) {
        blocks[i] = born_at_line(heap, i + 1);
        assert_non_null(blocks[i]);
    }
    refuses_tables = false;
    assert_true(refused > 0);
    ouro_trace_totals totals = totals_of(heap);
    assert_true(totals.lost > 0);
    assert_int_equal(totals.lost + totals.objects, PLACES);
    traced_audit(heap);
    uint32_t unknown = 0;
    for (uint32_t i = 0; i < PLACES; i++) {
        ouro_trace_place place;
        unknown += ouro_trace_of(blocks[i], &place, 1) == 0;
    }
    assert_int_equal(unknown, totals.lost);
    void *known = born_at_line(heap, PLACES + 1); /* memory is back, and so are the tables */
    assert_int_not_equal(ouro_trace_site_of(known), 0);
    ouro_mem_free(heap, known);
    for (uint32_t i = 0; i < PLACES; i++) ouro_mem_free(heap, blocks[i]);
    ouro_trace_stop(heap);
    test_heap_close_empty(heap);
}

/* ---- places of one hash ---- */

/* As sites.c mixes: of any chain of two a second one can be computed that has the same hash. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

/* What must be mixed in behind `other` for the hash that `first` and then `second` have. */
static uint64_t colliding(uint64_t hash, uint64_t first, uint64_t second, uint64_t other)
{
    return mix(hash, first) ^ second ^ mix(hash, other);
}

static void test_places_of_one_hash_are_told_apart(void **state)
{
    ouro_heap *heap = *state;
    start(heap);
    struct ouro__sites *sites = &ouro__trace_of(ouro__heap_pools(heap))->sites;
    const uint64_t begin = mix(2, OURO_TRACE_OBJECTS);
    const struct ouro__frame frames[2][2] = {
        {{.pc = 111}, {.pc = 222}},
        {{.pc = 333}, {.pc = colliding(begin, 111, 222, 333)}},
    };
    const uint32_t first = ouro__sites_find(sites, OURO_TRACE_OBJECTS, frames[0], 2);
    const uint32_t second = ouro__sites_find(sites, OURO_TRACE_OBJECTS, frames[1], 2);
    assert_int_equal(sites->site[first].hash, sites->site[second].hash);
    assert_int_not_equal(first, second);
    assert_int_equal(ouro__sites_find(sites, OURO_TRACE_OBJECTS, frames[0], 2), first);
    assert_int_equal(ouro__sites_find(sites, OURO_TRACE_OBJECTS, frames[1], 2), second);

    const uint64_t said = mix(mix(1, OURO_TRACE_RAW), 0); /* a position has no pc */
    struct ouro__frame here = {.file = (const char *)8, .function = (const char *)16, .line = 5};
    struct ouro__frame there = {.file = (const char *)24, .line = 5};
    there.function = (const char *)(uintptr_t)colliding(said, 8, 16, 24);
    const uint32_t third = ouro__sites_find(sites, OURO_TRACE_RAW, &here, 1);
    const uint32_t fourth = ouro__sites_find(sites, OURO_TRACE_RAW, &there, 1);
    assert_int_equal(sites->site[third].hash, sites->site[fourth].hash);
    assert_int_not_equal(third, fourth);
    ouro_trace_stop(heap);
}

/* What is asked of a heap that is not traced, or of numbers that are no site's. */
static void test_questions_without_an_answer(void **state)
{
    ouro_heap *heap = *state;
    ouro_trace_stop(heap);
    ouro_trace_site site;
    ouro_trace_place place;
    void *memory = ouro_mem_alloc(heap, 10);
    assert_false(ouro_trace_get_site(heap, 1, &site));
    assert_int_equal(ouro_trace_get_frames(heap, 1, &place, 1), 0);
    assert_int_equal(ouro_trace_of(memory, &place, 1), 0);
    assert_int_equal(ouro_trace_site_of(memory), 0);
    ouro_trace_clear(heap);
    start(heap);
    assert_int_equal(ouro_trace_of(memory, &place, 1), 0); /* it was born before */
    assert_false(ouro_trace_get_site(heap, 0, &site));
    assert_false(ouro_trace_get_site(heap, 1, &site));
    assert_int_equal(ouro_trace_get_frames(heap, 7, &place, 1), 0);
    ouro_mem_free(heap, memory);
    ouro_trace_stop(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_sites_keep_their_numbers),
        cmocka_unit_test(test_one_refusal_anywhere_is_counted),
        cmocka_unit_test(test_a_refused_table_loses_the_trace_alone),
        HEAP_TEST(test_places_of_one_hash_are_told_apart),
        HEAP_TEST(test_questions_without_an_answer),
    };
    return cmocka_run_group_tests_name("trace tables", tests, NULL, NULL);
}
