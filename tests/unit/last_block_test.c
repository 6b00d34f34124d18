/* SPDX-License-Identifier: MIT */
/*
 * last_block_test.c -- where no memory is to be had, the last free block is found; sizes too large for
 * a number are refused
 */
#include "heap/heap.h"

#include "base/os.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"
#include "support/source.h"

/* ---- one small arena, and no more ---- */

static size_t regions;

static size_t whole_pages(size_t bytes)
{
    return (bytes + OURO_CARVE_SIZE - 1) & ~(size_t)(OURO_CARVE_SIZE - 1);
}

static void *give_one(void *context, size_t size, size_t alignment)
{
    (void)context;
    bool heap = alignment <= OURO_CARVE_SIZE;
    if (!heap && (size > SOURCE_SMALL_BYTES || regions > 0)) return NULL;
    regions += !heap;
    return ouro__os_map(whole_pages(size), whole_pages(alignment));
}

static void take(void *context, void *region, size_t size)
{
    (void)context;
    ouro__os_unmap(region, whole_pages(size));
}

static void test_the_last_free_blocks_are_found(void **state)
{
    (void)state;
    enum { MOST = 100000, EACH = 199 };
    static cell *cells[MOST];
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = {.obtain = give_one, .give_back = take},
    });
    size_t count = 0, freed = 0;
    while (count < MOST && (cells[count] = ouro_new(heap, cell)) != NULL) count++;
    assert_in_range(count, 1000, MOST - 1);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    for (size_t i = 0; i < count; i += EACH, freed++) ouro_decref(ouro_move(cells[i]));
    ouro__pools_flush(ouro__heap_pools(heap)); /* a few in each pool: too few to wake it */
    for (size_t i = 0; i < count; i += EACH, freed--) {
        cells[i] = ouro_new(heap, cell);
        assert_non_null(cells[i]);
    }
    assert_int_equal(freed, 0);
    test_heap_verify(heap);
    assert_null(ouro_new(heap, cell));
    for (size_t i = 0; i < count; i++) ouro_decref(ouro_move(cells[i]));
    test_heap_close_empty(heap);
}

/* ---- sizes ---- */

static void test_sizes_beyond_any_number_are_refused(void **state)
{
    ouro_heap *heap = *state;
    const size_t lengths[] = {SIZE_MAX,
                              SIZE_MAX / 8 + 1,
                              SIZE_MAX / 8,
                              (SIZE_MAX - 15) / 8 - 1,
                              (SIZE_MAX - 23) / 8,
                              (SIZE_MAX - 15) / 8,
                              (size_t)PTRDIFF_MAX / 8};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        assert_null(ouro_new_var(heap, row, lengths[i]));
        assert_int_equal(ouro_heap_error(heap)->status, OURO_TOO_LARGE);
    }
    assert_null(ouro_mem_alloc_aligned(heap, SIZE_MAX - 8, 64));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_TOO_LARGE);
    assert_null(ouro_mem_alloc_aligned(heap, SIZE_MAX, 8));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_TOO_LARGE);
    test_heap_verify(heap);
}

static bool has_a_mapping_of_its_own(ouro_heap *heap, size_t block_size)
{
    row *made = row_new(heap, (block_size - sizeof(ouro__word) - sizeof(row)) / sizeof(void *));
    bool large = ouro__arena_of(made)->large;
    ouro_decref(made);
    return large;
}

static void test_the_largest_block_of_a_pool(void **state)
{
    SKIP_WHERE_FENCED();
    assert_false(has_a_mapping_of_its_own(*state, OURO_BLOCK_MAX));
    assert_true(has_a_mapping_of_its_own(*state, OURO_BLOCK_MAX + 8));
}

/* ---- addresses ---- */

static void test_an_address_inside_an_object_is_none(void **state)
{
    cell *living = cell_new(*state);
    assert_true(ouro_is_object(*state, living));
    for (size_t at = 1; at < sizeof *living + 8; at++)
        assert_false(ouro_is_object(*state, (char *)living + at));
    const char *beyond = ouro__pool_of(living)->first +
                         (size_t)ouro__pool_of(living)->carved * ouro__pool_of(living)->block_size;
    assert_false(ouro_is_object(*state, beyond)); /* not cut yet */
    ouro_decref(living);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_free_blocks_are_found),
        HEAP_TEST(test_sizes_beyond_any_number_are_refused),
        HEAP_TEST(test_the_largest_block_of_a_pool),
        HEAP_TEST(test_an_address_inside_an_object_is_none),
    };
    return cmocka_run_group_tests_name("last block", tests, NULL, NULL);
}
