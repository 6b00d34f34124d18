/* SPDX-License-Identifier: MIT */
/*
 * gc_callbacks_test.c -- CPython's test_gc, by name: callbacks of the collector
 */
#include "support/cell.h"
#include "support/heap.h"

static struct {
    const void *arguments[8];
    ouro_collection infos[8];
    size_t count;
    ouro_heap *heap;
} visits;

static void note_visit(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    assert_ptr_equal(heap, visits.heap);
    assert_true(visits.count < COUNT_OF(visits.infos));
    visits.arguments[visits.count] = argument;
    visits.infos[visits.count++] = *info;
}

static void test_collect(void **state)
{
    int first, second;
    visits.count = 0;
    visits.heap = *state;
    assert_int_equal(ouro_add_callback(*state, note_visit, &first), OURO_OK);
    assert_int_equal(ouro_add_callback(*state, note_visit, &second), OURO_OK);
    cell_lose(*state, NULL);
    (void)ouro_collect(*state, 2);
    assert_int_equal(visits.count, 4);
    for (size_t i = 0; i < visits.count; i++) {
        assert_ptr_equal(visits.arguments[i], i % 2 == 0 ? &first : &second);
        assert_int_equal(visits.infos[i].stop, i >= 2);
        assert_int_equal(visits.infos[i].generation, 2);
        if (!visits.infos[i].stop) continue;
        assert_int_equal(visits.infos[i].collected, 1);
        assert_int_equal(visits.infos[i].uncollectable, 0);
        assert_int_equal(visits.infos[i].candidates, 1);
        assert_true(visits.infos[i].nanoseconds > 0);
    }
    assert_int_equal(ouro_remove_callback(*state, note_visit, &first), OURO_OK);
    assert_int_equal(ouro_remove_callback(*state, note_visit, &first), OURO_BAD_ARGUMENT);
    (void)ouro_collect(*state, 2);
    assert_int_equal(visits.count, 6);
}

static void test_collect_generation(void **state)
{
    for (int generation = 0; generation < 3; generation++) {
        visits.count = 0;
        visits.heap = *state;
        assert_int_equal(ouro_add_callback(*state, note_visit, NULL), OURO_OK);
        (void)ouro_collect(*state, generation);
        assert_int_equal(ouro_remove_callback(*state, note_visit, NULL), OURO_OK);
        assert_int_equal(visits.count, 2);
        for (size_t i = 0; i < 2; i++) assert_int_equal(visits.infos[i].generation, generation);
    }
}

static void clear_garbage(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)argument;
    if (info->stop) ouro_garbage_clear(heap);
}

/* What a collection saves is counted as uncollectable; a callback may clean up. */
static void test_collect_garbage(void **state)
{
    visits.count = 0;
    visits.heap = *state;
    assert_int_equal(ouro_add_callback(*state, note_visit, NULL), OURO_OK);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    cell_lose(*state, NULL);
    cell_lose(*state, NULL);
    (void)ouro_collect(*state, 2);
    assert_int_equal(visits.infos[1].uncollectable, 2);
    assert_int_equal(visits.infos[1].collected, 0);
    assert_int_equal(ouro_garbage_count(*state), 2);
    assert_int_equal(ouro_add_callback(*state, clear_garbage, NULL), OURO_OK);
    (void)ouro_collect(*state, 2);
    assert_int_equal(ouro_garbage_count(*state), 0);
    ouro_set_debug(*state, 0);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_collect),
        HEAP_TEST(test_collect_generation),
        HEAP_TEST(test_collect_garbage),
    };
    return cmocka_run_group_tests_name("test_gc: callbacks", tests, NULL, NULL);
}
