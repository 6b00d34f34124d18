/* SPDX-License-Identifier: MIT */
/*
 * debug_test.c -- what the debug flags write to stderr
 */
#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"

enum { SECONDS = 20 };

/* Two rings that are lost and collected under some flags; the heap is closed. */
static void collect_under(void *argument)
{
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true, .name = "told"});
    ouro_set_debug(heap, *(unsigned *)argument);
    ouro_decref(cell_ring(heap, 2));
    assert_int_equal(ouro_collect(heap, 2), 2);
    cell *held = cell_new(heap); /* by the program, to the end */
    held->number = 1;
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

static struct apart under(unsigned flags)
{
    struct apart apart;
    apart_run(collect_under, &flags, SECONDS, &apart);
    assert_int_equal(apart.exit_status, 0);
    return apart;
}

static void assert_says(const struct apart *apart, const char *pattern)
{
    if (!apart_matches(apart->text, pattern)) fail_msg("no \"%s\" in \"%s\"", pattern, apart->text);
}

static void assert_is_silent_on(const struct apart *apart, const char *pattern)
{
    if (apart_matches(apart->text, pattern)) fail_msg("\"%s\" in \"%s\"", pattern, apart->text);
}

static void test_without_flags_nothing_is_written(void **state)
{
    (void)state;
    struct apart apart = under(0);
    assert_string_equal(apart.text, "");
}

static void test_stats_tell_of_each_collection(void **state)
{
    (void)state;
    struct apart apart = under(OURO_DEBUG_STATS);
    assert_says(&apart,
                "ouro: collecting generation 2 of heap \"told\": 2 young objects, * live bytes");
    assert_says(&apart, "ouro: done, 2 of 2 unreachable, 0 uncollectable, *s elapsed");
    assert_says(&apart,
                "ouro: heap \"told\" closed with 1 objects held from outside, one of type cell");
    assert_is_silent_on(&apart, "collectable <");
}

static void test_collectable_names_what_is_found(void **state)
{
    (void)state;
    struct apart apart = under(OURO_DEBUG_COLLECTABLE);
    assert_says(&apart, "ouro: collectable <cell *>*ouro: collectable <cell *>");
    assert_is_silent_on(&apart, "uncollectable");
    assert_is_silent_on(&apart, "collecting");
}

static void test_what_is_saved_is_kept_in_silence(void **state)
{
    (void)state;
    struct apart apart = under(OURO_DEBUG_SAVEALL);
    assert_string_equal(apart.text, "");
    apart = under(OURO_DEBUG_SAVEALL | OURO_DEBUG_UNCOLLECTABLE);
    assert_says(&apart, "ouro: uncollectable <cell *>*ouro: uncollectable <cell *>");
    assert_is_silent_on(&apart, " collectable");
}

static void forget_the_flags(void *argument)
{
    (void)argument;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true, .name = "told"});
    ouro_set_debug(heap, OURO_DEBUG_SAVEALL);
    ouro_decref(cell_ring(heap, 2));
    assert_int_equal(ouro_collect(heap, 2), 2);
    ouro_set_debug(heap, 0);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

static void test_closing_tells_of_garbage_that_is_left(void **state)
{
    (void)state;
    struct apart apart;
    apart_run(forget_the_flags, NULL, SECONDS, &apart);
    assert_int_equal(apart.exit_status, 0);
    assert_says(&apart, "ouro: heap \"told\" closed with 2 uncollectable objects in garbage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_flags_nothing_is_written),
        cmocka_unit_test(test_stats_tell_of_each_collection),
        cmocka_unit_test(test_collectable_names_what_is_found),
        cmocka_unit_test(test_what_is_saved_is_kept_in_silence),
        cmocka_unit_test(test_closing_tells_of_garbage_that_is_left),
    };
    return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
