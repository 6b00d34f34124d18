/* SPDX-License-Identifier: MIT */
/*
 * purge_test.c -- what nobody needs goes back to the system
 */
#include <time.h>

#include "heap/heap.h"
#include "memory/purge.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/setting.h"

enum { MIB = 1 << 20 };

static size_t resident(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.resident_bytes;
}

/* Of the processor's time: what a machine gives to others is not held against the heap, whose own clock goes on
 * meanwhile.  No more time passes here than there, so a bound is as strict as on a machine with nothing else to do. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A chain of about 100 MB of cells, of a gigabyte in a longer run. */
static cell *make_chain(ouro_heap *heap)
{
    size_t count =
        test_amount((size_t)100 * MIB, (size_t)1024 * MIB, (size_t)1024 * MIB) / (sizeof(cell) + 8);
    cell *chain = NULL;
    for (size_t i = 0; i < count; i++) {
        cell *made = cell_new(heap);
        ouro_put(made, left, chain);
        chain = made;
    }
    return chain;
}

/* Makes and drops pairs, as a program that has gone on to something else. */
static void go_on(ouro_heap *heap, double how_long)
{
    for (double end = seconds() + how_long; seconds() < end;) {
        for (int i = 0; i < 1000; i++) {
            atom *first = atom_new(heap, i), *second = atom_new(heap, i);
            ouro_decref(first);
            ouro_decref(second);
        }
    }
}

/* A twentieth, or what a heap keeps that is in use: a few pools. */
static size_t little_of(size_t most)
{
    const size_t few = 4 * OURO_POOL_SIZE;
    return most / 20 > few ? most / 20 : few;
}

/* Fails unless the heap, in use, keeps no more than `bytes` after a while. */
static void assert_goes_back(ouro_heap *heap, size_t bytes, double within)
{
    double end = seconds() + within;
    while (resident(heap) > bytes && seconds() < end) go_on(heap, 0.02);
    assert_in_range(resident(heap), 0, bytes);
}

static void test_dead_objects_go_back_within_a_second(void **state)
{
    cell *chain = make_chain(*state);
    size_t most = resident(*state);
    ouro_decref(chain);
    assert_goes_back(*state, little_of(most), 1.0);
}

static void test_garbage_goes_back_within_a_second(void **state)
{
    cell *chain = make_chain(*state), *last = chain;
    size_t most = resident(*state);
    while (last->left != NULL) last = last->left;
    ouro_put(last, left, chain); /* closes the ring and gives the program's reference up */
    assert_true(ouro_collect(*state, 2) > 0);
    assert_goes_back(*state, little_of(most), 1.0);
}

static void test_trim_gives_back_at_once(void **state)
{
    cell *chain = make_chain(*state);
    size_t most = resident(*state);
    ouro_decref(chain);
    size_t before = resident(*state);
    size_t given = ouro_trim(*state);
    assert_true(given > 0);
    assert_true(resident(*state) <= before);
    assert_in_range(resident(*state), 0, little_of(most));
    assert_int_equal(ouro_trim(*state), 0);
}

static void test_a_delay_is_kept(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.purge_delay_ms = 3600 * 1000, .collector_off = true});
    cell *chain = make_chain(heap);
    size_t most = resident(heap);
    ouro_decref(chain);
    go_on(heap, 0.3);
    assert_true(resident(heap) > most / 2);
    test_heap_close_empty(heap);
}

/* ---- class lists that nobody uses ---- */

static size_t cached_of_kind(ouro_heap *heap, ouro_class_kind kind)
{
    ouro_class_stats classes[300];
    size_t count = ouro_get_class_stats(heap, classes, COUNT_OF(classes)), cached = 0;
    for (size_t i = 0; i < count; i++)
        if (classes[i].kind == kind) cached += classes[i].cached;
    return cached;
}

/* Frees of large blocks leave the fast path each time and touch no class list. */
static void use_large_blocks(ouro_heap *heap, double how_long)
{
    for (double end = seconds() + how_long; seconds() < end;)
        ouro_mem_free(heap, ouro_mem_alloc(heap, 100000));
}

static void test_idle_class_lists_are_emptied(void **state)
{
    SKIP_WHERE_GUARDED();
    for (int i = 0; i < 100; i++) {
        cell *made = cell_new(*state);
        ouro_decref(made);
        ouro_mem_free(*state, ouro_mem_alloc(*state, 8 * (size_t)i));
    }
    assert_true(cached_of_kind(*state, OURO_CLASS_TRACKED) > 0);
    assert_true(cached_of_kind(*state, OURO_CLASS_RAW) > 0);
    for (double end = seconds() + 1.0;
         seconds() < end && cached_of_kind(*state, OURO_CLASS_RAW) > 0;)
        use_large_blocks(*state, 0.02);
    use_large_blocks(*state, 0.02);
    assert_int_equal(cached_of_kind(*state, OURO_CLASS_RAW), 0);
    assert_int_equal(cached_of_kind(*state, OURO_CLASS_TRACKED), 0);
}

static void test_arenas_take_their_marks_along(void **state)
{
    cell *chain = make_chain(*state);
    (void)ouro_collect(*state, 0);
    const struct ouro__pools *pools = ouro__heap_pools(*state);
    assert_true(pools->marks.scratch_pools > 0);
    ouro_decref(chain);
    (void)ouro_trim(*state);
    assert_null(pools->realms[OURO__REALM_TRACKED].arenas);
    assert_int_equal(pools->marks.scratch_pools, 0);
}

/* ---- in turn with the collector ---- */

/* Something that waits to be purged: a large block that died, of more than goes back at once. */
static void make_purge_due(ouro_heap *heap)
{
    ouro_mem_free(heap, ouro_mem_alloc(heap, 8 * OURO_PURGE_LARGE_PART));
    assert_non_null(ouro__heap_pools(heap)->dying);
}

static size_t size_of_dying(ouro_heap *heap)
{
    const struct ouro__arena *dying = ouro__heap_pools(heap)->dying;
    return dying != NULL ? dying->size : 0;
}

/* Who has waited for a part of a collection does not wait for a purge, too: the next one does, and for nothing else.  Where
 * nothing is to be purged the collector gives way to nobody. */
static void test_a_purge_and_the_collector_take_turns(void **state)
{
    enum { ROUNDS = 8 };
    (void)state;
    SKIP_WHERE_GUARDED(); /* a large block waits in the quarantine */
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .threshold = {1, 10, 10},
        .collect_at = OURO_COLLECT_AT_SAFEPOINT,
        .purge_delay_ms = 3600 * 1000,
    });
    struct ouro__pools *pools = ouro__heap_pools(heap);
    cell *living = cell_new(heap); /* and some on the class list */
    make_purge_due(heap);
    size_t passes = 0, purges = 0;
    for (size_t i = 0; i < 2 * ROUNDS; i++) {
        const size_t size = size_of_dying(heap);
        pools->purge_allowance = size > 0 ? OURO_PURGE_BATCH : 0;
        pools->marks.young_handed = OURO_SAMPLE_MAX; /* some batches at once */
        (void)ouro__pace_pay(heap, OURO__PAY_ONE);
        const bool passed = pools->marks.young_handed == 0;
        ouro__purge_tick(pools);
        const bool purged = size_of_dying(heap) < size;
        assert_true(passed != purged);
        passes += passed;
        purges += purged;
        if (i == ROUNDS - 1) (void)ouro_trim(heap);
    }
    assert_int_equal(purges, ROUNDS / 2);
    assert_int_equal(passes, 2 * ROUNDS - ROUNDS / 2);
    ouro_decref(living);
    test_heap_close_empty(heap);
}

/* Whether the purge would have the next allocation for itself, in the millisecond in which it was asked before. */
static bool waits(struct ouro__pools *pools, unsigned allowance)
{
    uint64_t tick;
    do {
        tick = pools->tick;
        pools->purge_allowance = allowance;
        pools->has_worked = true;
        ouro__purge_tick(pools);
    } while (pools->tick != tick);
    return pools->purge_waits;
}

static void test_a_purge_waits_for_what_is_due(void **state)
{
    enum { DELAY = 3600 * 1000 };
    (void)state;
    SKIP_WHERE_GUARDED();
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .purge_delay_ms = DELAY});
    struct ouro__pools *pools = ouro__heap_pools(heap);
    ouro__purge_tick(pools);
    pools->idle_tick = pools->tick; /* also where the system has not been up for the delay */
    assert_false(waits(pools, 1));
    make_purge_due(heap);
    assert_false(waits(pools, 0));
    assert_true(waits(pools, 1));
    (void)ouro_trim(heap);
    assert_false(waits(pools, 1));
    ouro_decref(make_chain(heap));
    ouro__pools_flush(pools);
    struct ouro__pool *oldest = pools->realms[OURO__REALM_TRACKED].empty_last;
    assert_non_null(oldest);
    assert_false(waits(pools, 1));
    oldest->empty_since -= DELAY;
    assert_true(waits(pools, 1));
    (void)ouro_trim(heap);
    pools->idle_tick -= DELAY; /* for a look at class lists that nobody uses */
    assert_true(waits(pools, 0));
    pools->idle_tick += DELAY;
    assert_false(waits(pools, 0));
    pools->hollow.is_due = pools->hollow.part_is_due = true;
    assert_true(waits(pools, 0));
    test_heap_close_empty(heap);
}

/* ---- a source that cannot purge ---- */

struct source {
    size_t regions;
};

static void *obtain(void *context, size_t size, size_t alignment)
{
    struct source *source = context;
    source->regions++;
    return ouro__system_source.obtain(NULL, size, alignment);
}

static void give_back(void *context, void *region, size_t size)
{
    struct source *source = context;
    source->regions--;
    ouro__system_source.give_back(NULL, region, size);
}

static void test_without_purging_memory_returns_by_whole_arenas(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collector_off = true, .source = {&source, obtain, give_back, NULL}});
    ouro_auto atom *kept = atom_new(heap, 1);
    cell *chain = make_chain(heap);
    ouro_mem_free(heap, ouro_mem_alloc(heap, 9000));
    size_t most = source.regions;
    assert_true(most >= 4); /* the heap itself and an arena of each realm */
    ouro_decref(chain);
    assert_true(ouro_trim(heap) > 0);
    assert_int_equal(source.regions, 2); /* that of the atom stays */
    assert_int_equal(ouro_trim(heap), 0);
    ouro_decref(make_chain(heap)); /* what went is asked for again */
    test_heap_verify(heap);
    ouro_decref(ouro_move(kept));
    test_heap_close_empty(heap);
    assert_int_equal(source.regions, 0);
}

/* ---- pages that others keep ---- */

/* What was trimmed off a pool counts against the limit when it is used again. */
static void test_holes_are_cut_again_within_the_limit(void **state)
{
    enum { CELLS = 20000, KEPT_EVERY = 500 };
    cell **cells = ouro_mem_alloc(*state, CELLS * sizeof *cells);
    for (size_t i = 0; i < CELLS; i++) cells[i] = cell_new(*state);
    for (size_t i = 0; i < CELLS; i++)
        if (i % KEPT_EVERY != 0) ouro_decref(cells[i]);
    assert_true(ouro_trim(*state) > 0);
    ouro_heap_stats stats;
    ouro_get_heap_stats(*state, &stats);
    ouro_set_byte_limit(*state, stats.committed_bytes + 9000);
    cell *chain = NULL, *made;
    while ((made = ouro_new(*state, cell)) != NULL) {
        made->left = chain;
        chain = made;
    }
    assert_int_equal(ouro_heap_error(*state)->status, OURO_LIMIT);
    ouro_get_heap_stats(*state, &stats);
    assert_true(stats.committed_bytes <= ouro_heap_error(*state)->limit);
    assert_non_null(chain);
    ouro_decref(chain);
    for (size_t i = 0; i < CELLS; i += KEPT_EVERY) ouro_decref(cells[i]);
    ouro_mem_free(*state, cells);
    ouro_set_byte_limit(*state, 0);
}

/* Arenas leave from the middle of the list, and from its ends. */
static void test_arenas_leave_in_any_order(void **state)
{
    enum { BLOCK = 15000, ARENAS = 4, BLOCKS = ARENAS * (32 * MIB / BLOCK) };
    static char *blocks[BLOCKS];
    ouro_heap *heap = *state;
    ouro_heap_stats stats;
    for (size_t i = 0; i < BLOCKS; i++) assert_non_null(blocks[i] = ouro_mem_alloc(heap, BLOCK));
    ouro_get_heap_stats(heap, &stats);
    size_t arenas = stats.arenas;
    assert_true(arenas >= ARENAS);
    static const size_t order[] = {2, 1, 0,
                                   3}; /* each quarter holds an arena of its own, or nearly */
    for (size_t k = 0; k < COUNT_OF(order); k++) {
        for (size_t i = 0; i < BLOCKS / ARENAS; i++)
            ouro_mem_free(heap, blocks[order[k] * (BLOCKS / ARENAS) + i]);
        (void)ouro_trim(heap);
        test_heap_verify(heap);
    }
    ouro_get_heap_stats(heap, &stats);
    assert_true(stats.arenas < arenas);
    assert_true(stats.arenas <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_dead_objects_go_back_within_a_second),
        HEAP_TEST(test_garbage_goes_back_within_a_second),
        HEAP_TEST(test_trim_gives_back_at_once),
        cmocka_unit_test(test_a_delay_is_kept),
        HEAP_TEST(test_idle_class_lists_are_emptied),
        HEAP_TEST(test_arenas_take_their_marks_along),
        cmocka_unit_test(test_a_purge_and_the_collector_take_turns),
        cmocka_unit_test(test_a_purge_waits_for_what_is_due),
        cmocka_unit_test(test_without_purging_memory_returns_by_whole_arenas),
        HEAP_TEST(test_arenas_leave_in_any_order),
        HEAP_TEST(test_holes_are_cut_again_within_the_limit),
    };
    return cmocka_run_group_tests_name("purge", tests, NULL, NULL);
}
