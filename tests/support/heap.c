/* SPDX-License-Identifier: MIT */
/*
 * heap.c -- heaps for tests
 */
#include "support/heap.h"

#include <stdlib.h>
#include <string.h>

ouro_heap *test_heap_new(const ouro_heap_options *options)
{
    ouro_heap_options own = options != NULL ? *options : (ouro_heap_options){0};
    own.ignore_environment = getenv("OURO_TRACE") == NULL; /* which may be set for all tests */
    ouro_error error = {0};
    ouro_heap *heap = ouro_heap_new(&own, &error);
    if (heap == NULL) fail_msg("no heap: %s", error.message);
    return heap;
}

ouro_heap *test_heap_quiet(void)
{
    return test_heap_new(&(ouro_heap_options){.collector_off = true});
}

void test_heap_verify(ouro_heap *heap)
{
    ouro_error error = {0};
    if (ouro_verify(heap, &error) != OURO_OK) fail_msg("the audit says: %s", error.message);
}

void test_heap_close_empty(ouro_heap *heap)
{
    test_heap_verify(heap);
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    if (report.held_from_outside > 0)
        fail_msg("a %s is still held from outside", report.held_type_name);
    assert_int_equal(report.alive, 0);
    assert_int_equal(report.outside_references, 0);
    assert_int_equal(report.raw_blocks, 0);
}

static void dirty(ouro_heap *heap, size_t size)
{
    void *memory[4];
    for (size_t i = 0; i < COUNT_OF(memory); i++) {
        memory[i] = ouro_mem_alloc(heap, size);
        assert_non_null(memory[i]);
        memset(memory[i], 0xee, size);
    }
    for (size_t i = 0; i < COUNT_OF(memory); i++) ouro_mem_free(heap, memory[i]);
}

void test_heap_dirty(ouro_heap *heap)
{
    for (size_t size = 32; size < 65536; size *= 2) {
        dirty(heap, size);
        dirty(heap, size + size / 2);
    }
}

static int count_one(void *object, void *argument)
{
    (void)object;
    *(size_t *)argument += 1;
    return 0;
}

size_t test_heap_objects(ouro_heap *heap)
{
    size_t count = 0;
    ouro_each_object(heap, count_one, &count);
    return count;
}

size_t test_heap_tracked(ouro_heap *heap, int generation)
{
    size_t count = 0;
    assert_int_equal(ouro_get_objects(heap, generation, count_one, &count), OURO_OK);
    return count;
}

int test_setup_heap(void **state)
{
    *state = test_heap_quiet();
    return 0;
}

int test_teardown_heap(void **state)
{
    test_heap_close_empty(*state);
    return 0;
}
