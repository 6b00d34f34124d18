/* SPDX-License-Identifier: MIT */
/*
 * gc_debug_test.c -- CPython's test_gc, by name: debug flags, `garbage`, the end of a heap
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

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

/* Whether a walk over objects met one. */
struct sought {
    const void *object;
    bool found;
};

static int seek(void *object, void *argument)
{
    struct sought *sought = argument;
    if (object == sought->object) sought->found = true;
    return 0;
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        GC_TEST(test_saveall),
        GC_TEST(test_cycle_at_shutdown),
    };
    return cmocka_run_group_tests_name("test_gc: debug", tests, NULL, NULL);
}
