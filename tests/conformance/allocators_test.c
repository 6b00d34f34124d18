/* SPDX-License-Identifier: MIT */
/*
 * allocators_test.c -- where memory comes from: what PEP 445 asks, as far as it makes sense here
 *
 * CPython's domains are its raw, mem and object allocators.  Here a heap has raw memory
 * and objects, each with pools and figures of its own, and one source of arenas for all.
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/refusal.h"
#include "support/source.h"

static ouro_heap_stats stats_of(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats;
}

/* Raw memory and objects are counted apart. */
static void test_domains(void **state)
{
    ouro_heap_stats before = stats_of(*state), after;
    void *raw = ouro_mem_alloc(*state, 100);
    assert_non_null(raw);
    after = stats_of(*state);
    assert_int_equal(after.raw_blocks - before.raw_blocks, 1);
    assert_int_equal(after.raw_bytes - before.raw_bytes, TEST_IS_GUARDED ? 128 : 104);
    assert_int_equal(after.objects, before.objects);
    cell *object = cell_new(*state);
    before = after;
    after = stats_of(*state);
    assert_int_equal(after.objects - before.objects, 1);
    assert_int_equal(after.object_bytes - before.object_bytes, ouro_sizeof(object));
    assert_int_equal(after.raw_blocks, before.raw_blocks);
    ouro_decref(object);
    ouro_mem_free(*state, raw);
}

static size_t pools_of(ouro_heap *heap, ouro_class_kind kind)
{
    static ouro_class_stats classes[600];
    size_t pools = 0, count = ouro_get_class_stats(heap, classes, COUNT_OF(classes));
    for (size_t i = 0; i < count && i < COUNT_OF(classes); i++)
        if (classes[i].kind == kind) pools += classes[i].pools;
    return pools;
}

/* Raw memory, objects without cycles and those that the collector knows share no pool. */
static void test_domains_share_no_pool(void **state)
{
    assert_int_equal(pools_of(*state, OURO_CLASS_RAW), 0);
    void *raw = ouro_mem_alloc(*state, 32);
    assert_int_equal(pools_of(*state, OURO_CLASS_RAW), 1);
    assert_int_equal(pools_of(*state, OURO_CLASS_ACYCLIC), 0);
    atom *acyclic = atom_new(*state, 1);
    assert_int_equal(pools_of(*state, OURO_CLASS_ACYCLIC), 1);
    assert_int_equal(pools_of(*state, OURO_CLASS_TRACKED), 0);
    cell *tracked = cell_new(*state);
    assert_int_equal(pools_of(*state, OURO_CLASS_TRACKED), 1);
    ouro_decref(tracked);
    ouro_decref(acyclic);
    ouro_mem_free(*state, raw);
}

/* PyObject_SetArenaAllocator: the program's source gives what all domains need, and gets it back. */
static void test_set_arena_allocator(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collector_off = true, .source = source_counting(&source)});
    size_t regions = source.regions;
    assert_true(regions > 0);
    void *raw = ouro_mem_alloc(heap, 32);
    assert_true(source.regions > regions);
    regions = source.regions;
    cell *object = cell_new(heap);
    assert_true(source.regions > regions);
    ouro_decref(object);
    ouro_mem_free(heap, raw);
    test_heap_close_empty(heap);
    assert_int_equal(source.regions, 0);
    assert_int_equal(source.bytes, 0);
}

/* _testcapi.set_nomemory: a hook says no, and both domains answer NULL with the heap's error. */
static void test_set_nomemory(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    refusal_of_everything(&refusal);
    assert_null(ouro_mem_alloc(heap, 32));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    assert_null(ouro_new(heap, cell));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    refusal_ends(&refusal);
    ouro_decref(cell_new(heap));
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_domains),
        HEAP_TEST(test_domains_share_no_pool),
        cmocka_unit_test(test_set_arena_allocator),
        cmocka_unit_test(test_set_nomemory),
    };
    return cmocka_run_group_tests_name("allocators", tests, NULL, NULL);
}
