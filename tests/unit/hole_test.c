/* SPDX-License-Identifier: MIT */
/*
 * hole_test.c -- parts of pools that go back, and come again
 */
#include "heap/heap.h"

#include "memory/hole.h"

#include "support/cell.h"
#include "support/heap.h"

enum { CELLS = 20000, KEPT = 1500 };

static void fill(ouro_heap *heap, cell **cells)
{
    for (size_t i = 0; i < CELLS; i++)
        if (cells[i] == NULL) cells[i] = cell_new(heap);
}

/* All but one of each KEPT, so that no pool is empty and nearly every part of it is. */
static void thin_out(cell **cells)
{
    for (size_t i = 0; i < CELLS; i++)
        if (i % KEPT != 0) ouro_decref(ouro_move(cells[i]));
}

static size_t pools_with_holes(cell **cells)
{
    size_t count = 0;
    for (size_t i = 0; i < CELLS; i += KEPT) count += ouro__pool_of(cells[i])->holes != 0;
    return count;
}

static void test_what_was_given_back_is_handed_out_again(void **state)
{
    static cell *cells[CELLS];
    ouro_heap *heap = *state;
    fill(heap, cells);
    for (int round = 0; round < 3; round++) {
        thin_out(cells);
        size_t committed = ouro__heap_pools(heap)->committed_bytes;
        assert_true(ouro_trim(heap) > 0);
        test_heap_verify(heap);
        assert_true(pools_with_holes(cells) > CELLS / KEPT / 2);
        assert_true(ouro__heap_pools(heap)->committed_bytes < committed / 4);
        fill(heap, cells);
        test_heap_verify(heap);
        assert_int_equal(pools_with_holes(cells), 0);
        for (size_t i = 0; i < CELLS; i++) {
            assert_null(cells[i]->left);
            assert_null(cells[i]->right);
            assert_int_equal(ouro_refcount(cells[i]), 1);
        }
        assert_int_equal(ouro_collect(heap, 2), 0);
        assert_int_equal(test_heap_objects(heap), CELLS);
    }
    for (size_t i = 0; i < CELLS; i++) ouro_decref(ouro_move(cells[i]));
}

/* The same for blocks without a word. */
static void test_raw_memory_is_handed_out_again(void **state)
{
    static char *blocks[CELLS];
    ouro_heap *heap = *state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < CELLS; i++) {
            if (blocks[i] != NULL) continue;
            blocks[i] = ouro_mem_alloc(heap, 40);
            assert_non_null(blocks[i]);
            blocks[i][0] = blocks[i][39] = (char)i;
        }
        for (size_t i = 0; i < CELLS; i++) {
            assert_int_equal(blocks[i][0], (char)i);
            assert_int_equal(blocks[i][39], (char)i);
            if (i % KEPT != 0) ouro_mem_free(heap, ouro_move(blocks[i]));
        }
        assert_true(ouro_trim(heap) > 0);
        test_heap_verify(heap);
    }
    for (size_t i = 0; i < CELLS; i += KEPT) ouro_mem_free(heap, ouro_move(blocks[i]));
}

/* The place of the next block's word. */
static const char *end_of(const cell *one)
{
    const struct ouro__pool *pool = ouro__pool_of(one);
    return (const char *)one - ouro__kind_prefix(ouro__bin_kind(pool->bin)) + pool->block_size;
}

/* What is behind the last block in front of a hole is nothing that it could have written to. */
static void test_the_last_block_before_a_hole_dies(void **state)
{
    static cell *cells[CELLS];
    ouro_heap *heap = *state;
    fill(heap, cells);
    const struct ouro__pool *last = NULL; /* one of each pool lives, before all others are dead */
    for (size_t i = 0; i < CELLS; i++) {
        if ((uintptr_t)end_of(cells[i]) % OURO_CARVE_SIZE == 0 && ouro__pool_of(cells[i]) != last)
            last = ouro__pool_of(cells[i]);
        else
            ouro_decref(ouro_move(cells[i]));
    }
    assert_true(ouro_trim(heap) > 0);
    test_heap_verify(heap);
    size_t before_holes = 0;
    for (size_t i = 0; i < CELLS; i++)
        before_holes +=
            cells[i] != NULL && ouro__hole_has(ouro__pool_of(cells[i]), end_of(cells[i]));
    assert_true(before_holes > 10);
    for (size_t i = 0; i < CELLS; i++) ouro_xdecref(ouro_move(cells[i]));
    test_heap_verify(heap);
    assert_int_equal(test_heap_objects(heap), 0);
}

/* Parts of a large block that died go back one after the other, or all at once when asked. */
static void test_a_large_block_goes_back_when_asked(void **state)
{
    enum { SIZE = 8 << 20 };
    void *large = ouro_mem_alloc(*state, SIZE);
    assert_non_null(large);
    ouro_mem_free(*state, large);
    size_t given_back = ouro_trim(*state);
    if (!OURO_GUARDED) assert_true(given_back >= SIZE); /* there its pages go when it dies */
    assert_int_equal(ouro_trim(*state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_what_was_given_back_is_handed_out_again),
        HEAP_TEST(test_the_last_block_before_a_hole_dies),
        HEAP_TEST(test_a_large_block_goes_back_when_asked),
        HEAP_TEST(test_raw_memory_is_handed_out_again),
    };
    return cmocka_run_group_tests_name("hole", tests, NULL, NULL);
}
