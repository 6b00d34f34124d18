/* SPDX-License-Identifier: MIT */
/*
 * arena_pool_test.c -- what lies where in an arena, and blocks that come and go
 */
#include <stdlib.h>

#include "support/heap.h"

#include "heap/heap.h"

enum { BLOCKS = 4000 };

/* One block of each tracked bin.  The collector never sees it: its word stays zero. */
static void each_tracked_pool(ouro_heap *heap, void (*check)(struct ouro__pool *pool))
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    for (int kind = OURO__TRACKED; kind < OURO__KINDS; kind++) {
        for (size_t size = OURO__FREE_MIN; size <= OURO_BLOCK_MAX;
             size = ouro__class_size(ouro__class_of(size) + 1)) {
            size_t bin = ouro__bin_for((enum ouro__kind)kind, size);
            void *entry = ouro__pools_refill(pools, bin);
            assert_non_null(entry);
            assert_int_equal(ouro__pool_of(entry)->bin, bin);
            check(ouro__pool_of(entry));
            if (OURO_GUARDED)
                ouro__pool_push(pools, entry);
            else
                ouro__give(&pools->front, entry, &pools->front.shelf[bin]);
            if (ouro__class_of(size) + 1 == OURO__CLASSES) break;
        }
    }
}

static void young_bits_lead_back(struct ouro__pool *pool)
{
    size_t words = ouro__pool_young_words(pool);
    const ouro__bits *first = ouro__pool_young(pool);
    for (uint32_t i = 0; i < pool->capacity; i++) {
        char *entry = pool->first + (size_t)i * pool->block_size;
        size_t word = (size_t)(ouro__young_word(entry) - first);
        assert_true(word < words);
        unsigned bit = (unsigned)__builtin_ctzl(ouro__young_bit(entry));
        assert_ptr_equal(ouro__pool_young_entry(pool, word, bit), entry);
    }
}

static void test_young_bits_lead_back_to_their_entries(void **state)
{
    each_tracked_pool(*state, young_bits_lead_back);
}

static void addresses_find_their_pool(struct ouro__pool *pool)
{
    char *start = ouro__pool_start(pool), *end = start + ((size_t)pool->pages << OURO_POOL_SHIFT);
    assert_true(pool->first >= start);
    assert_true(pool->first + (size_t)pool->capacity * pool->block_size <= end + 8);
    for (char *address = start; address < end; address += 512)
        assert_ptr_equal(ouro__pool_of(address), pool);
    assert_ptr_equal(ouro__pool_of(end - 1), pool);
}

static void test_every_address_of_a_pool_finds_it(void **state)
{
    each_tracked_pool(*state, addresses_find_their_pool);
}

static void has_pages_for_its_width(struct ouro__pool *pool)
{
    bool wide = pool->block_size > OURO_WIDE_BLOCK;
    assert_int_equal(pool->pages, wide ? OURO_WIDE_PAGES : 1);
    size_t bytes = (size_t)pool->pages << OURO_POOL_SHIFT;
    assert_true(bytes - (size_t)pool->capacity * pool->block_size <= bytes / 8);
}

static void test_wide_blocks_have_wide_pools(void **state)
{
    each_tracked_pool(*state, has_pages_for_its_width);
}

static void test_arena_is_found_by_a_mask(void **state)
{
    struct ouro__pools *pools = ouro__heap_pools(*state);
    void *block = ouro_mem_alloc(*state, 100);
    struct ouro__arena *arena = ouro__arena_of(block);
    assert_int_equal((uintptr_t)arena % OURO_ARENA_SIZE, 0); /* [arena.mask] */
    assert_ptr_equal(arena->owner, pools);
    assert_int_equal(arena->realm, OURO__REALM_RAW);
    assert_true((uintptr_t)arena + arena->size < (uintptr_t)1 << 47); /* [arena.below47] */
    ouro_mem_free(*state, block);
}

/* ---- patterns of allocation ---- */

static size_t forwards(size_t i)
{
    return i;
}

static size_t backwards(size_t i)
{
    return BLOCKS - 1 - i;
}

static size_t scattered(size_t i)
{
    return i * 1009 % BLOCKS;
}

/* Frees all blocks in an order; the pools' counts are right on the way and at the end. */
static void free_in_order(ouro_heap *heap, size_t size, size_t (*order)(size_t i))
{
    void **blocks = calloc(BLOCKS, sizeof *blocks);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = ouro_mem_alloc(heap, size);
        assert_non_null(blocks[i]);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        ouro_mem_free(heap, blocks[order(i)]);
        if (i % (BLOCKS / 8) == 0) test_heap_verify(heap); /* [pool.count] */
    }
    test_heap_verify(heap);
    free(blocks);
}

static void test_counts_hold_in_any_order_of_frees(void **state)
{
    static const size_t sizes[] = {8, 24, 100, 520, 4096, 9000};
    size_t (*const orders[])(size_t) = {forwards, backwards, scattered};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        for (size_t j = 0; j < COUNT_OF(orders); j++) free_in_order(*state, sizes[i], orders[j]);
}

/* Of each eight blocks one stays: pools are full, then nearly empty, then full again. */
static void test_counts_hold_when_pools_fill_again(void **state)
{
    static void *blocks[BLOCKS];
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < BLOCKS; i++)
            if (blocks[i] == NULL) blocks[i] = ouro_mem_alloc(*state, 200);
        test_heap_verify(*state);
        for (size_t i = 0; i < BLOCKS; i++) {
            if (i % 8 == (size_t)round) continue;
            ouro_mem_free(*state, blocks[i]);
            blocks[i] = NULL;
        }
        test_heap_verify(*state);
    }
    for (size_t i = 0; i < BLOCKS; i++) ouro_mem_free(*state, blocks[i]);
}

/* The pool that a block was cut from has it back when everything is flushed. */
static void test_blocks_return_home(void **state)
{
    static void *blocks[BLOCKS];
    struct ouro__pools *pools = ouro__heap_pools(*state);
    for (size_t i = 0; i < BLOCKS; i++) blocks[i] = ouro_mem_alloc(*state, 64);
    struct ouro__pool *pool = ouro__pool_of(blocks[BLOCKS / 2]);
    assert_true(pool->used > 0);
    for (size_t i = 0; i < BLOCKS; i++) ouro_mem_free(*state, blocks[scattered(i)]);
    ouro__pools_flush(pools);
    assert_int_equal(pool->used, 0); /* [pool.home] */
    assert_int_equal(pool->state, OURO__POOL_EMPTY);
}

static void test_trim_makes_pages_clean(void **state)
{
    void *kept = ouro_mem_alloc(*state, 640), *block = ouro_mem_alloc(*state, 64);
    struct ouro__arena *arena = ouro__arena_of(block);
    uint32_t before = arena->pages_used;
    ouro_mem_free(*state, block);
    assert_true(ouro_trim(*state) > 0);
    assert_int_equal(arena->pages_used, before - 1);
    ouro_mem_free(*state, kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_young_bits_lead_back_to_their_entries),
        HEAP_TEST(test_every_address_of_a_pool_finds_it),
        HEAP_TEST(test_wide_blocks_have_wide_pools),
        HEAP_TEST(test_arena_is_found_by_a_mask),
        HEAP_TEST(test_counts_hold_in_any_order_of_frees),
        HEAP_TEST(test_counts_hold_when_pools_fill_again),
        HEAP_TEST(test_blocks_return_home),
        HEAP_TEST(test_trim_makes_pages_clean),
    };
    return cmocka_run_group_tests_name("arena and pool", tests, NULL, NULL);
}
