/* SPDX-License-Identifier: MIT */
/*
 * heap_test.c -- a heap's options, its limit, its end
 */
#include <stdlib.h>
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"
#include "support/source.h"

enum { KIB = 1 << 10, MIB = 1 << 20 };

/* ---- options ---- */

static void assert_no_heap(const ouro_heap_options *options, ouro_status status, const char *word)
{
    ouro_error error = {0};
    assert_null(ouro_heap_new(options, &error));
    assert_int_equal(error.status, status);
    if (strstr(error.message, word) == NULL) fail_msg("no \"%s\" in: %s", word, error.message);
    assert_null(ouro_heap_new(options, NULL));
}

static void test_defaults(void **state)
{
    size_t threshold[3];
    ouro_heap *heap = test_heap_new(NULL);
    (void)state;
    assert_string_equal(ouro_heap_name(heap), "heap");
    assert_true(ouro_collector_is_enabled(heap));
    assert_int_equal(ouro_get_debug(heap), 0);
    ouro_get_threshold(heap, threshold);
    assert_int_equal(threshold[0], 4096);
    assert_int_equal(threshold[1], 10);
    assert_int_equal(threshold[2], 10);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_OK);
    test_heap_close_empty(heap);
}

static void test_options_are_taken(void **state)
{
    size_t threshold[3];
    char name[] = "my heap";
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .name = name,
        .collector_off = true,
        .threshold = {7, 8, 9},
        .debug = OURO_DEBUG_SAVEALL,
    });
    name[0] = 'X';
    assert_string_equal(ouro_heap_name(heap), "my heap");
    assert_false(ouro_collector_is_enabled(heap));
    assert_int_equal(ouro_get_debug(heap), OURO_DEBUG_SAVEALL);
    ouro_get_threshold(heap, threshold);
    assert_int_equal(threshold[0], 7);
    assert_int_equal(threshold[2], 9);
    test_heap_close_empty(heap);
}

static void test_options_without_sense_are_refused(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_arena_source half = source_counting(&source);
    half.give_back = NULL;
    assert_no_heap(&(ouro_heap_options){.collect_at = (ouro_collect_at)5}, OURO_BAD_ARGUMENT,
                   "collect_at");
    assert_no_heap(&(ouro_heap_options){.collect_always = 4}, OURO_BAD_ARGUMENT, "collect_always");
    assert_no_heap(&(ouro_heap_options){.source = half}, OURO_BAD_ARGUMENT, "source");
}

/* ---- the environment ---- */

static const struct setting {
    const char *variable, *good, *bad[3];
} settings[] = {
    {"OURO_BYTE_LIMIT", "64m", {"many", "12x", "-1"}},
    {"OURO_THRESHOLD", "100,5,6", {"100", "1,2,3,4", "1,,3"}},
    {"OURO_COLLECTOR", "off", {"no", "", "OFF"}},
    {"OURO_PURGE_DELAY_MS", "500", {"soon", "5s", "99999999999"}},
    {"OURO_DEBUG", "stats,leak", {"all", "stats leak", "7"}},
};

static void test_environment_sets_what_is_left_open(void **state)
{
    size_t threshold[3];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        setenv(settings[i].variable, settings[i].good, 1);
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    assert_non_null(heap);
    assert_false(ouro_collector_is_enabled(heap));
    assert_int_equal(ouro_get_debug(heap), OURO_DEBUG_STATS | OURO_DEBUG_LEAK);
    ouro_get_threshold(heap, threshold);
    assert_int_equal(threshold[0], 100);
    assert_int_equal(threshold[1], 5);
    assert_int_equal(threshold[2], 6);
    assert_null(ouro_mem_alloc(heap, 65 * MIB));
    assert_int_equal(ouro_heap_error(heap)->limit, 64 * MIB);
    ouro_set_debug(heap, 0);
    test_heap_close_empty(heap);
    for (size_t i = 0; i < COUNT_OF(settings); i++) unsetenv(settings[i].variable);
}

static void test_program_is_stronger_than_the_environment(void **state)
{
    size_t threshold[3];
    (void)state;
    setenv("OURO_THRESHOLD", "100,5,6", 1);
    setenv("OURO_BYTE_LIMIT", "1k", 1);
    ouro_heap *heap =
        ouro_heap_new(&(ouro_heap_options){.threshold = {1, 2, 3}, .byte_limit = 8 * MIB}, NULL);
    ouro_get_threshold(heap, threshold);
    assert_int_equal(threshold[0], 1);
    void *memory = ouro_mem_alloc(heap, MIB);
    assert_non_null(memory);
    ouro_mem_free(heap, memory);
    test_heap_close_empty(heap);
    heap = ouro_heap_new(&(ouro_heap_options){.ignore_environment = true}, NULL);
    ouro_get_threshold(heap, threshold);
    assert_int_equal(threshold[0], 4096);
    test_heap_close_empty(heap);
    unsetenv("OURO_THRESHOLD");
    unsetenv("OURO_BYTE_LIMIT");
}

static void test_settings_without_sense_refuse_the_heap(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        for (size_t j = 0; j < COUNT_OF(settings[i].bad); j++) {
            setenv(settings[i].variable, settings[i].bad[j], 1);
            assert_no_heap(NULL, OURO_BAD_SETTING, settings[i].variable);
            ouro_heap *heap = ouro_heap_new(&(ouro_heap_options){.ignore_environment = true}, NULL);
            assert_non_null(heap);
            test_heap_close_empty(heap);
        }
        unsetenv(settings[i].variable);
    }
}

/* ---- the byte limit ---- */

static void assert_limit_error(ouro_heap *heap, size_t requested, size_t limit)
{
    const ouro_error *error = ouro_heap_error(heap);
    assert_int_equal(error->status, OURO_LIMIT);
    assert_true(error->requested >= requested);
    assert_int_equal(error->limit, limit);
    assert_true(error->in_use <= limit);
    assert_true(error->in_use + error->requested > limit);
    assert_non_null(strstr(error->message, "limited"));
    assert_non_null(strstr(error->message, "limit"));
}

static void test_limit_refuses_and_the_heap_goes_on(void **state)
{
    enum { LIMIT = MIB };
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.byte_limit = LIMIT, .name = "limited"});
    list *all = list_new(heap);
    cell *made;
    while ((made = ouro_new(heap, cell)) != NULL) {
        ouro_status status = ouro_vector_append(all, &all->items, made);
        ouro_decref(made);
        if (status != OURO_OK) break;
    }
    assert_limit_error(heap, sizeof(cell), LIMIT);
    assert_true(all->items.length * sizeof(cell) > LIMIT / 4);
    test_heap_verify(heap);
    ouro_vector_clear(all, &all->items);
    for (int i = 0; i < 1000; i++) list_append(all, atom_new(heap, i));
    for (size_t i = 0; i < all->items.length; i++) ouro_decref(all->items.items[i]);
    ouro_decref(all);
    test_heap_close_empty(heap);
}

static void test_limit_collects_before_it_refuses(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.byte_limit = MIB, .threshold = {0, 0, 1}});
    size_t before = cell_released;
    for (int i = 0; i < 50000; i++) cell_lose(heap, NULL);
    assert_true(cell_released > before);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

static void test_limit_counts_large_blocks(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.byte_limit = MIB, .name = "limited"});
    void *memory = ouro_mem_alloc(heap, 700 * KIB);
    assert_non_null(memory);
    assert_null(ouro_mem_alloc(heap, 700 * KIB));
    assert_limit_error(heap, 700 * KIB, MIB);
    ouro_set_byte_limit(heap, 2 * MIB);
    void *more = ouro_mem_alloc(heap, 700 * KIB);
    assert_non_null(more);
    ouro_set_byte_limit(heap, MIB); /* below what is in use */
    ouro_mem_free(heap, more);
    ouro_set_byte_limit(heap, 0);
    more = ouro_mem_alloc(heap, 5 * MIB);
    assert_non_null(more);
    ouro_mem_free(heap, more);
    ouro_mem_free(heap, memory);
    test_heap_close_empty(heap);
}

static void test_account_counts_towards_the_limit(void **state)
{
    ouro_heap_stats stats;
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.byte_limit = MIB, .name = "limited"});
    assert_int_equal(ouro_account(heap, 600 * KIB), OURO_OK);
    assert_int_equal(ouro_account(heap, 600 * KIB), OURO_LIMIT);
    assert_limit_error(heap, 600 * KIB, MIB);
    ouro_get_heap_stats(heap, &stats);
    assert_int_equal(stats.accounted_bytes, 600 * KIB);
    assert_int_equal(ouro_account(heap, -600 * KIB - 1), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_account(heap, -600 * KIB), OURO_OK);
    assert_int_equal(ouro_account(heap, -1), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_account(heap, PTRDIFF_MIN), OURO_BAD_ARGUMENT);
    test_heap_close_empty(heap);
}

/* ---- many heaps ---- */

static void test_heaps_know_their_own(void **state)
{
    enum { HEAPS = 50 };
    ouro_heap *heaps[HEAPS];
    atom *atoms[HEAPS];
    (void)state;
    for (long i = 0; i < HEAPS; i++) {
        heaps[i] = test_heap_quiet();
        atoms[i] = atom_new(heaps[i], i);
        cell_lose(heaps[i], NULL);
    }
    for (size_t i = 0; i < HEAPS; i++) {
        assert_ptr_equal(ouro_heap_of(atoms[i]), heaps[i]);
        assert_false(ouro_is_object(heaps[(i + 1) % HEAPS], atoms[i]));
        assert_int_equal(test_heap_objects(heaps[i]), 2);
    }
    for (size_t i = 0; i < HEAPS; i++) {
        ouro_decref(atoms[i]);
        assert_int_equal(ouro_collect(heaps[i], 2), 1);
        test_heap_close_empty(heaps[i]);
    }
}

/* ---- the end ---- */

static void test_close_tells_what_was_held(void **state)
{
    ouro_close_report report;
    ouro_heap *heap = test_heap_quiet();
    (void)state;
    size_t before = cell_released;
    cell *held = cell_new(heap); /* by the program, twice */
    ouro_incref(held);
    ouro_put(held, left, atom_new(heap, 1)); /* by a cell only */
    cell_lose(heap, NULL);
    assert_non_null(ouro_mem_alloc(heap, 10));
    assert_non_null(ouro_mem_alloc(heap, 100000));
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(report.alive, 3);
    assert_int_equal(report.collected, 1);
    assert_int_equal(report.held_from_outside, 1);
    assert_int_equal(report.outside_references, 2);
    assert_string_equal(report.held_type_name, "cell");
    assert_int_equal(report.raw_blocks, 2);
    assert_int_equal(cell_released, before + 3);
}

static size_t last_words;
static void count_last_word(cell *self)
{
    (void)self;
    last_words++;
}

static void test_close_runs_finalizers_unless_told_not_to(void **state)
{
    (void)state;
    for (int skips = 0; skips <= 1; skips++) {
        ouro_close_report report;
        ouro_heap *heap = test_heap_quiet();
        size_t released = cell_released;
        last_words = 0;
        for (int i = 0; i < 10; i++) cell_lose(heap, count_last_word);
        for (int i = 0; i < 10; i++) cell_new(heap)->last_word = count_last_word;
        ouro_close_options options = {.skip_finalizers = skips != 0};
        assert_int_equal(ouro_heap_close(heap, &options, &report), OURO_OK);
        assert_int_equal(last_words, skips ? 0 : 20);
        assert_int_equal(report.finalized, last_words);
        assert_int_equal(cell_released, released + 20);
    }
}

static void close_inside(cell *self)
{
    ouro_heap *heap = ouro_heap_of(self);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_BUSY);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    last_words++;
}

static void test_close_inside_a_finalizer_is_refused(void **state)
{
    last_words = 0;
    cell *made = cell_new(*state);
    made->last_word = close_inside;
    ouro_decref(made);
    cell_lose(*state, close_inside);
    (void)ouro_collect(*state, 2);
    assert_int_equal(last_words, 2);
}

static size_t refused_closes;

static void close_in_callback(ouro_weakref *self, void *argument)
{
    ouro_heap *heap = ouro_heap_of(self);
    (void)argument;
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_BUSY);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    refused_closes++;
}

static void test_close_inside_a_weak_callback_is_refused(void **state)
{
    atom *target = atom_new(*state, 1);
    ouro_auto ouro_weakref *weakref = ouro_weakref_new_callback(target, close_in_callback, NULL);
    refused_closes = 0;
    ouro_decref(target);
    assert_int_equal(refused_closes, 1);
}

/* ---- arenas from elsewhere ---- */

static void use_heap(ouro_heap *heap)
{
    enum { ATOMS = 100000 };
    atom **atoms = calloc(ATOMS, sizeof *atoms);
    for (long i = 0; i < ATOMS; i++) atoms[i] = atom_new(heap, i);
    void *large = ouro_mem_alloc(heap, 3 * MIB);
    assert_non_null(large);
    for (int i = 0; i < 1000; i++) cell_lose(heap, NULL);
    assert_int_equal(ouro_collect(heap, 2), 1000);
    ouro_mem_free(heap, large);
    for (size_t i = 0; i < ATOMS; i++) ouro_decref(atoms[i]);
    free(atoms);
}

static void test_source_gets_everything_back(void **state)
{
    struct source source = {0};
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .source = source_counting(&source),
        .collector_off = true,
        .purge_delay_ms = 600000}); /* nothing goes by itself, however slow we are */
    use_heap(heap);
    assert_true(source.regions > 0);
    size_t purged = source.purged_bytes;
    size_t trimmed = ouro_trim(heap);
    assert_true(trimmed >= MIB);
    assert_true(source.purged_bytes - purged >= trimmed);
    test_heap_close_empty(heap);
    assert_int_equal(source.regions, 0);
    assert_int_equal(source.bytes, 0);
}

static void test_source_without_purge_gets_whole_arenas(void **state)
{
    struct source source = {0};
    (void)state;
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.source = source_keeping(&source), .collector_off = true});
    for (int round = 0; round < 3; round++) {
        use_heap(heap);
        assert_true(ouro_trim(heap) > 0);
        assert_int_equal(source.regions, 1); /* the heap itself */
        test_heap_verify(heap);
    }
    test_heap_close_empty(heap);
    assert_int_equal(source.regions, 0);
    assert_int_equal(source.purges, 0);
}

static void *obtain_nothing(void *context, size_t size, size_t alignment)
{
    (void)context;
    (void)size;
    (void)alignment;
    return NULL;
}

static void give_nothing_back(void *context, void *region, size_t size)
{
    (void)context;
    (void)region;
    (void)size;
}

static void test_source_that_has_nothing(void **state)
{
    (void)state;
    ouro_heap_options options = {.source = {NULL, obtain_nothing, give_nothing_back, NULL}};
    assert_no_heap(&options, OURO_NO_MEMORY, "refused");
}

int main(void)
{
    for (size_t i = 0; i < COUNT_OF(settings); i++) unsetenv(settings[i].variable);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_options_are_taken),
        cmocka_unit_test(test_options_without_sense_are_refused),
        cmocka_unit_test(test_environment_sets_what_is_left_open),
        cmocka_unit_test(test_program_is_stronger_than_the_environment),
        cmocka_unit_test(test_settings_without_sense_refuse_the_heap),
        cmocka_unit_test(test_limit_refuses_and_the_heap_goes_on),
        cmocka_unit_test(test_limit_collects_before_it_refuses),
        cmocka_unit_test(test_limit_counts_large_blocks),
        cmocka_unit_test(test_account_counts_towards_the_limit),
        cmocka_unit_test(test_heaps_know_their_own),
        cmocka_unit_test(test_close_tells_what_was_held),
        cmocka_unit_test(test_close_runs_finalizers_unless_told_not_to),
        HEAP_TEST(test_close_inside_a_finalizer_is_refused),
        HEAP_TEST(test_close_inside_a_weak_callback_is_refused),
        cmocka_unit_test(test_source_gets_everything_back),
        cmocka_unit_test(test_source_without_purge_gets_whole_arenas),
        cmocka_unit_test(test_source_that_has_nothing),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
