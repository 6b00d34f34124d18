/* SPDX-License-Identifier: MIT */
/*
 * gc_debug_test.c -- CPython's test_gc, by name: debug flags, `garbage`, the end of a heap
 */
#include <stdio.h>
#include <string.h>

#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/sought.h"

/* What finalizers and callbacks of the running test have done. */
static struct {
    ouro_heap *heap;
    unsigned calls;
} seen;

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    int result = test_setup_heap(state);
    seen.heap = *state;
    return result;
}

#define GC_TEST(function) cmocka_unit_test_setup_teardown(function, setup, test_teardown_heap)

static void say_nothing(cell *self)
{
    (void)self;
    seen.calls++;
}

/* SAVEALL keeps trash in `garbage`. */
static void test_saveall(void **state)
{
    list *l = list_new(*state);
    list_append(l, l);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    ouro_decref(l);
    (void)ouro_collect(*state, 2);
    ouro_set_debug(*state, 0);
    assert_int_equal(ouro_garbage_count(*state), 1);
    struct sought sought = {l, false};
    ouro_garbage_each(*state, seek, &sought);
    assert_true(sought.found);
    assert_true(ouro_is_object(*state, l));
    ouro_garbage_clear(*state);
    assert_int_equal(ouro_garbage_count(*state), 0);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

/* test_global_del_SystemExit and the module_at_shutdown tests: closing a heap
 * finalizes the cycles in it. */
static void test_cycle_at_shutdown(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    cell_released = 0;
    cell_lose(heap, say_nothing);
    cell *held = cell_new(heap);
    held->last_word = say_nothing;
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(cell_released, 2);
    assert_int_equal(report.alive, 2);
    assert_int_equal(report.collected, 1);
    assert_int_equal(report.finalized, 2);
    assert_int_equal(report.held_from_outside, 1);
    assert_int_equal(report.outside_references, 1);
    assert_string_equal(report.held_type_name, "cell");
}

/* ---- what is printed ---- */

/* Runs what prints in a process of its own, on a heap that it closes or leaves; what went to stderr. */
static const char *printed_by(void (*body)(void *flags), unsigned flags)
{
    static struct apart apart;
    apart_run(body, &flags, 20, &apart);
    assert_int_equal(apart.exit_status, 0);
    return apart.text;
}

static void assert_printed(const char *text, const char *pattern)
{
    if (!apart_matches(text, pattern)) fail_msg("no \"%s\" in: %s", pattern, text);
}

static void assert_not_printed(const char *text, const char *pattern)
{
    if (apart_matches(text, pattern)) fail_msg("\"%s\" in: %s", pattern, text);
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;
    for (; *text != 0; text++) lines += *text == '\n';
    return lines;
}

static void close_with_garbage(void *flags)
{
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collector_off = true, .debug = OURO_DEBUG_SAVEALL, .name = "night"});
    list *first = list_new(heap);
    cell *second = cell_new(heap);
    list_append(first, first);
    list_append(first, second);
    ouro_decref(second);
    ouro_decref(first);
    assert_int_equal(ouro_collect(heap, 2), 2);
    ouro_set_debug(heap, *(unsigned *)flags);
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(report.uncollectable, 2);
    assert_int_equal(report.held_from_outside, 0);
}

static void test_garbage_at_shutdown(void **state)
{
    (void)state;
    const char *text = printed_by(close_with_garbage, 0);
    assert_string_equal(text, "ouro: heap \"night\" closed with 2 uncollectable objects; "
                              "OURO_DEBUG_UNCOLLECTABLE lists them\n");
    text = printed_by(close_with_garbage, OURO_DEBUG_UNCOLLECTABLE);
    assert_printed(text, "ouro: heap \"night\" closed with 2 uncollectable objects:\n");
    assert_printed(text, "ouro: uncollectable <list 0x*>\n");
    assert_printed(text, "ouro: uncollectable <cell 0x*>\n");
    assert_int_equal(lines_of(text), 3);
    assert_string_equal(printed_by(close_with_garbage, OURO_DEBUG_SAVEALL), "");
}

static void collect_under(void *flags)
{
    ouro_heap *heap = test_heap_quiet();
    cell_lose(heap, NULL);
    list *kept = list_new(heap);
    ouro_freeze(heap);
    ouro_unfreeze(heap);
    cell_lose(heap, NULL);
    ouro_set_debug(heap, *(unsigned *)flags);
    (void)ouro_collect(heap, 0);
    (void)ouro_collect(heap, 2);
    ouro_set_debug(heap, 0);
    ouro_decref(kept);
    ouro_garbage_clear(heap);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

static void test_gc_debug_stats(void **state)
{
    (void)state;
    const char *text = printed_by(collect_under, OURO_DEBUG_STATS);
    assert_printed(text,
                   "ouro: collecting generation 0 of heap \"heap\"\n"
                   "ouro: objects in each generation: 1 0 2; frozen: 0; bytes: *\n"
                   "ouro: done, 1 unreachable, 0 uncollectable, 0.*s elapsed, 1 candidates\n"
                   "ouro: collecting generation 2 of heap \"heap\"\n"
                   "ouro: objects in each generation: 0 0 2; frozen: 0; bytes: *\n"
                   "ouro: done, 1 unreachable, 0 uncollectable, 0.*s elapsed, 2 candidates\n");
    assert_int_equal(lines_of(text), 6);
    assert_string_equal(printed_by(collect_under, 0), "");
}

static void print_phase(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)argument;
    fputs(info->stop ? "stop\n" : "start\n", stderr);
}

static void collect_with_callback(void *flags)
{
    ouro_heap *heap = test_heap_quiet();
    ouro_set_debug(heap, *(unsigned *)flags);
    assert_int_equal(ouro_add_callback(heap, print_phase, NULL), OURO_OK);
    (void)ouro_collect(heap, 1);
}

/* As CPython: a callback hears of start and stop before the lines are printed. */
static void test_gc_debug_stats_after_callbacks(void **state)
{
    (void)state;
    const char *text = printed_by(collect_with_callback, OURO_DEBUG_STATS);
    assert_printed(text, "start\nouro: collecting generation 1 of heap \"heap\"\nouro: objects *\n"
                         "stop\nouro: done, *\n");
    assert_int_equal(lines_of(text), 5);
}

/* Each flag alone, and what it prints. */
static void test_debug_collectable(void **state)
{
    (void)state;
    const char *text = printed_by(collect_under, OURO_DEBUG_COLLECTABLE);
    assert_printed(text, "ouro: collectable <cell 0x*>\nouro: collectable <cell 0x*>\n");
    assert_int_equal(lines_of(text), 2);
}

static void test_debug_uncollectable(void **state)
{
    (void)state;
    assert_string_equal(printed_by(collect_under, OURO_DEBUG_UNCOLLECTABLE), "");
    const char *text = printed_by(collect_under, OURO_DEBUG_UNCOLLECTABLE | OURO_DEBUG_SAVEALL);
    assert_printed(text, "ouro: uncollectable <cell 0x*>\nouro: uncollectable <cell 0x*>\n");
    assert_int_equal(lines_of(text), 2);
    assert_string_equal(printed_by(collect_under, OURO_DEBUG_SAVEALL), "");
}

static void test_debug_leak(void **state)
{
    (void)state;
    const char *text = printed_by(collect_under, OURO_DEBUG_LEAK);
    assert_printed(text, "ouro: collectable <cell 0x*>\nouro: uncollectable <cell 0x*>\n"
                         "ouro: collectable <cell 0x*>\nouro: uncollectable <cell 0x*>\n");
    assert_int_equal(lines_of(text), 4);
}

static void test_get_debug(void **state)
{
    assert_int_equal(ouro_get_debug(*state), 0);
    ouro_set_debug(*state, OURO_DEBUG_STATS | OURO_DEBUG_LEAK);
    assert_int_equal(ouro_get_debug(*state), OURO_DEBUG_STATS | OURO_DEBUG_COLLECTABLE |
                                                 OURO_DEBUG_UNCOLLECTABLE | OURO_DEBUG_SAVEALL);
    ouro_set_debug(*state, 0);
    assert_int_equal(ouro_get_debug(*state), 0);
}

static void print_and_come_back(cell *self)
{
    fputs("finalizer\n", stderr);
    ouro_incref(self);
}

static void lose_who_comes_back(void *flags)
{
    ouro_heap *heap = test_heap_quiet();
    ouro_set_debug(heap, *(unsigned *)flags);
    cell_lose(heap, print_and_come_back);
    assert_int_equal(ouro_collect(heap, 2), 0);
}

/* As CPython: told when it is found, though a finalizer then brings it back. */
static void test_debug_collectable_comes_before_finalizers(void **state)
{
    (void)state;
    const char *text = printed_by(lose_who_comes_back, OURO_DEBUG_COLLECTABLE);
    assert_printed(text, "ouro: collectable <cell 0x*>\nfinalizer\n");
    assert_int_equal(lines_of(text), 2);
    text = printed_by(lose_who_comes_back, OURO_DEBUG_SAVEALL | OURO_DEBUG_UNCOLLECTABLE);
    assert_not_printed(text, "uncollectable");
}

/* ---- a count that is too low ---- */

static void drop_once_too_often(void *argument)
{
    (void)argument;
    ouro_heap *heap = test_heap_quiet();
    list *a = list_new(heap), *b = list_new(heap);
    list_append(b, a);
    list_append(b, a);
    ouro_decref(a);
    ouro_decref(a);
    (void)ouro_collect(heap, 2);
}

/* The count of an object is below the references that live objects hold, and above zero. */
static void test_refcount_errors(void **state)
{
    (void)state;
    apart_aborts(
        drop_once_too_often,
        "ouro: object 0x* of type list has a count of 1, but other objects hold 2 references");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GC_TEST(test_saveall),
        GC_TEST(test_cycle_at_shutdown),
        cmocka_unit_test(test_garbage_at_shutdown),
        cmocka_unit_test(test_gc_debug_stats),
        cmocka_unit_test(test_gc_debug_stats_after_callbacks),
        cmocka_unit_test(test_debug_collectable),
        cmocka_unit_test(test_debug_uncollectable),
        cmocka_unit_test(test_debug_leak),
        GC_TEST(test_get_debug),
        cmocka_unit_test(test_debug_collectable_comes_before_finalizers),
        cmocka_unit_test(test_refcount_errors),
    };
    return cmocka_run_group_tests_name("test_gc: debug", tests, NULL, NULL);
}
