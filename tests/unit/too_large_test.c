/* SPDX-License-Identifier: MIT */
/*
 * too_large_test.c -- what would be larger than its numbers can count is refused, and changes nothing
 *
 * Machines that run tests have no room for such heaps: the test writes into the structs how large they are.
 */
#include <string.h>
#include <sys/mman.h>

#include <ouro/events.h>
#include <ouro/inspect.h>

#include "heap/heap.h"
#include "weakref/map.h"

#include "support/cell.h"
#include "support/heap.h"

static void expect_too_large(ouro_heap *heap, const char *what)
{
    const ouro_error *error = ouro_heap_error(heap);
    assert_int_equal(error->status, OURO_TOO_LARGE);
    if (what != NULL && strstr(error->message, what) == NULL) fail_msg("%s", error->message);
}

/* A map of 4 milliards of entries, whose table is of zeros that the system makes when they are read. */
static void test_a_map_has_a_largest_size(void **state)
{
    const size_t capacity = (size_t)1 << 33, bytes = capacity * sizeof(void *);
    void *zeros = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (zeros == MAP_FAILED) skip(); /* addresses are limited */
    ouro_heap *heap = *state;
    ouro_auto ouro_weak_map *map = ouro_weak_map_new(heap);
    ouro_auto cell *known = cell_new(heap), *key = cell_new(heap);
    assert_int_equal(ouro_weak_map_set(map, known, NULL), OURO_OK);
    struct ouro__map *inside = (struct ouro__map *)(void *)map, as_it_was = *inside;
    inside->table = zeros;
    inside->capacity = capacity;
    inside->used = inside->length = capacity / 2;
    assert_int_equal(ouro_weak_map_set(map, key, NULL), OURO_TOO_LARGE);
    assert_int_equal(inside->capacity, capacity);
    assert_int_equal(inside->length, capacity / 2);
    *inside = as_it_was;
    munmap(zeros, bytes);
    expect_too_large(heap, NULL);
    assert_int_equal(ouro_weak_map_set(map, key, NULL), OURO_OK);
    assert_int_equal(ouro_weak_map_length(map), 2);
}

static bool refuse(void *context, size_t bytes)
{
    (void)context;
    return bytes > (size_t)1 << 30;
}

/* The same without a table, which nobody looks at: the room is refused before memory is asked for, and no other room
 * is. */
static void test_a_map_has_no_room_beyond_its_largest_size(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true, .refuse = refuse});
    ouro_weak_map *map = ouro_weak_map_new(heap);
    struct ouro__map *inside = (struct ouro__map *)(void *)map, as_it_was = *inside;
    for (unsigned bits = 30; bits < 34; bits++) {
        inside->capacity = (size_t)1 << bits;
        inside->used = inside->length = inside->capacity / 2;
        assert_false(ouro__map_reserve(inside));
        assert_null(inside->table);
        assert_int_equal(inside->capacity, (size_t)1 << bits);
        assert_int_equal(ouro__heap_pools(heap)->refusal.status,
                         bits < 32 ? OURO_NO_MEMORY : OURO_TOO_LARGE);
    }
    *inside = as_it_was;
    ouro_decref(map);
    test_heap_close_empty(heap);
}

/* Nodes and edges are counted by 32 bits. */
static void test_a_graph_has_a_largest_size(void **state)
{
    ouro_heap *heap = *state;
    ouro_auto cell *object = cell_new(heap);
    size_t roots = heap->root_count;
    heap->root_count = UINT32_MAX;
    assert_null(ouro_why_alive(object, 0));
    heap->root_count = roots;
    expect_too_large(heap, "more than a graph can");
    const ouro_path *path = ouro_why_alive(object, 0);
    assert_non_null(path);
    ouro_path_free(path);
}

static void test_a_log_has_a_largest_size(void **state)
{
    static const size_t capacities[] = {SIZE_MAX, SIZE_MAX / 100, PTRDIFF_MAX / 100};
    for (size_t i = 0; i < COUNT_OF(capacities); i++)
        assert_int_equal(ouro_set_event_log(*state, capacities[i]), OURO_NO_MEMORY);
    assert_int_equal(ouro_set_event_log(*state, 10), OURO_OK);
    assert_int_equal(ouro_set_event_log(*state, 0), OURO_OK);
}

/* All bytes together, too. */
static void test_an_account_has_a_largest_sum(void **state)
{
    ouro_heap *heap = *state;
    const ptrdiff_t most = PTRDIFF_MAX / 2;
    assert_int_equal(ouro_account(heap, PTRDIFF_MAX), OURO_TOO_LARGE);
    expect_too_large(heap, "native bytes beside 0 are more than there can be");
    const ptrdiff_t rest = most - (ptrdiff_t)ouro__heap_pools(heap)->committed_bytes;
    assert_int_equal(ouro_account(heap, rest), OURO_OK);
    assert_int_equal(ouro_account(heap, 0), OURO_OK);
    assert_int_equal(ouro_account(heap, 1), OURO_TOO_LARGE);
    assert_int_equal(ouro_account(heap, -rest), OURO_OK);
    assert_int_equal(ouro_account(heap, 1), OURO_OK);
    assert_int_equal(ouro_account(heap, -1), OURO_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_map_has_a_largest_size),
        cmocka_unit_test(test_a_map_has_no_room_beyond_its_largest_size),
        HEAP_TEST(test_a_graph_has_a_largest_size),
        HEAP_TEST(test_an_account_has_a_largest_sum),
        HEAP_TEST(test_a_log_has_a_largest_size),
    };
    return cmocka_run_group_tests_name("too large", tests, NULL, NULL);
}
