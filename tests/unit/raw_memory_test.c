/* SPDX-License-Identifier: MIT */
/*
 * raw_memory_test.c -- bytes without a count
 */
#include <string.h>

#include "heap/heap.h"
#include "memory/raw.h"

#include "support/heap.h"
#include "support/refusal.h"

enum { SIZE_MOST = 70000, MIB = 1 << 20 };

/* The sizes around each class and between. */
static size_t next_size(size_t size)
{
    return size < 600 ? size + 1 : size + size / 64 + 1;
}

static bool is_aligned(const void *memory, size_t alignment)
{
    return (uintptr_t)memory % alignment == 0;
}

static void fill(void *memory, size_t size, unsigned seed)
{
    unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(i * 31 + seed);
}

static void assert_filled(const void *memory, size_t size, unsigned seed)
{
    const unsigned char *bytes = memory;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != (unsigned char)(i * 31 + seed))
            fail_msg("byte %zu of %zu has changed", i, size);
}

static size_t raw_blocks(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.raw_blocks;
}

static void test_every_size_is_usable_and_aligned(void **state)
{
    for (size_t size = 0; size <= SIZE_MOST; size = next_size(size)) {
        void *memory = ouro_mem_alloc(*state, size);
        assert_non_null(memory);
        assert_true(is_aligned(memory, size > 0 && size % 16 == 0 ? 16 : 8));
        assert_true(ouro_mem_usable_size(memory) >= (size > 0 ? size : 1));
        memset(memory, 0xA5, ouro_mem_usable_size(memory));
        ouro_mem_free(*state, memory);
    }
}

static void test_neighbours_do_not_overlap(void **state)
{
    for (size_t size = 1; size <= SIZE_MOST; size += size / 3 + 1) {
        void *blocks[32];
        for (unsigned i = 0; i < COUNT_OF(blocks); i++) {
            blocks[i] = ouro_mem_alloc(*state, size);
            fill(blocks[i], size, i);
        }
        for (unsigned i = 0; i < COUNT_OF(blocks); i++) {
            assert_filled(blocks[i], size, i);
            ouro_mem_free(*state, blocks[i]);
        }
    }
}

static void test_sized_free_and_free_are_alike(void **state)
{
    for (size_t size = 0; size <= SIZE_MOST; size = next_size(size)) {
        ouro_mem_free_sized(*state, ouro_mem_alloc(*state, size), size);
        ouro_mem_free(*state, ouro_mem_alloc(*state, size));
    }
    assert_int_equal(raw_blocks(*state), 0);
}

static void test_free_of_null_is_nothing(void **state)
{
    ouro_mem_free(*state, NULL);
    ouro_mem_free_sized(*state, NULL, 0);
    ouro_mem_free_sized(*state, NULL, 100);
    ouro_mem_free_sized(*state, NULL, SIZE_MOST);
    assert_int_equal(ouro_mem_usable_size(NULL), 0);
}

static void test_aligned_up_to_a_page(void **state)
{
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        for (size_t size = 0; size <= SIZE_MOST; size += size / 2 + 1) {
            void *memory = ouro_mem_alloc_aligned(*state, size, alignment);
            assert_non_null(memory);
            assert_true(is_aligned(memory, alignment));
            assert_true(ouro_mem_usable_size(memory) >= size);
            memset(memory, 0x5A, ouro_mem_usable_size(memory));
            ouro_mem_free(*state, memory);
        }
    }
    assert_int_equal(raw_blocks(*state), 0);
}

static void test_other_alignments_are_refused(void **state)
{
    static const size_t alignments[] = {0, 3, 24, 8192};
    for (size_t i = 0; i < COUNT_OF(alignments); i++) {
        assert_null(ouro_mem_alloc_aligned(*state, 100, alignments[i]));
        assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_ARGUMENT);
    }
}

static void test_realloc_keeps_what_fits(void **state)
{
    static const size_t sizes[] = {1, 8, 9, 64, 500, 512, 513, 5000, 65536, 65537, 300000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t j = 0; j < COUNT_OF(sizes); j++) {
            void *memory = ouro_mem_alloc(*state, sizes[i]);
            fill(memory, sizes[i], 7);
            memory = ouro_mem_realloc(*state, memory, sizes[j]);
            assert_non_null(memory);
            assert_true(ouro_mem_usable_size(memory) >= sizes[j]);
            assert_filled(memory, sizes[i] < sizes[j] ? sizes[i] : sizes[j], 7);
            ouro_mem_free_sized(*state, memory, sizes[j]);
        }
    }
}

static void test_realloc_of_an_aligned_block_keeps_what_fits(void **state)
{
    for (size_t size = 10; size <= 100000; size *= 10) {
        void *memory = ouro_mem_alloc_aligned(*state, size, 1024);
        fill(memory, size, 3);
        memory = ouro_mem_realloc(*state, memory, 2 * size);
        assert_non_null(memory);
        assert_filled(memory, size, 3);
        ouro_mem_free(*state, memory);
    }
}

static void test_realloc_of_null_allocates(void **state)
{
    void *memory = ouro_mem_realloc(*state, NULL, 40);
    assert_non_null(memory);
    memory = ouro_mem_realloc(*state, memory, 0);
    assert_non_null(memory);
    assert_int_equal(raw_blocks(*state), 1);
    ouro_mem_free(*state, memory);
}

static void test_realloc_that_fails_leaves_the_block(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    void *memory = ouro_mem_alloc(heap, 100);
    fill(memory, 100, 1);
    refusal_of_everything(&refusal);
    assert_null(ouro_mem_realloc(heap, memory, 200));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    assert_filled(memory, 100, 1);
    refusal_ends(&refusal);
    ouro_mem_free(heap, memory);
    test_heap_close_empty(heap);
}

static void test_large_blocks_have_mappings_of_their_own(void **state)
{
    ouro_heap_stats stats;
    void *memory = ouro_mem_alloc(*state, 3 * MIB);
    memset(memory, 1, 3 * MIB);
    ouro_get_heap_stats(*state, &stats);
    assert_int_equal(stats.large_blocks, 1);
    assert_true(stats.raw_bytes >= 3 * MIB);
    assert_true(stats.resident_bytes >= 3 * MIB);
    ouro_mem_free(*state, memory);
    ouro_get_heap_stats(*state, &stats);
    assert_int_equal(stats.large_blocks, 0);
    assert_true(stats.resident_bytes < MIB);
}

/* Whether the addresses behind are free is the system's matter: the contents are kept anyway, and
 * what is committed follows. */
static void test_large_blocks_grow(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_heap_stats stats;
    size_t size = 100000;
    unsigned in_place = 0;
    void *memory = ouro_mem_alloc(*state, size);
    fill(memory, size, 9);
    for (int i = 0; i < 20; i++) {
        void *before = memory;
        size += 100000;
        memory = ouro_mem_realloc(*state, memory, size);
        assert_non_null(memory);
        in_place += memory == before;
        assert_filled(memory, 100000, 9);
        memset((char *)memory + size - 1, 1, 1);
        ouro_get_heap_stats(*state, &stats);
        assert_int_equal(stats.large_blocks, 1);
        assert_in_range(stats.committed_bytes, size, size + 8192);
    }
    assert_true(in_place > 0);
    ouro_mem_free(*state, memory);
}

static void test_large_block_stays_while_half_is_used(void **state)
{
    SKIP_WHERE_GUARDED();
    void *memory = ouro_mem_alloc(*state, 4 * MIB);
    assert_ptr_equal(ouro_mem_realloc(*state, memory, 3 * MIB), memory);
    memory = ouro_mem_realloc(*state, memory, MIB);
    assert_true(ouro_mem_usable_size(memory) < 2 * MIB);
    ouro_mem_free(*state, memory);
}

static void test_zeroed_memory_is_zero_on_used_blocks(void **state)
{
    static const unsigned char zeroes[SIZE_MOST];
    for (size_t size = 1; size <= SIZE_MOST; size = next_size(size) * 2) {
        void *memory = ouro_mem_alloc(*state, size);
        memset(memory, 0xFF, size);
        ouro_mem_free(*state, memory);
        memory = ouro_mem_alloc_zeroed(*state, 1, size);
        assert_memory_equal(memory, zeroes, size);
        ouro_mem_free(*state, memory);
    }
}

static void test_sizes_that_overflow_are_refused(void **state)
{
    static const size_t pairs[][2] = {
        {SIZE_MAX, 2}, {(size_t)1 << 32, (size_t)1 << 32}, {3, SIZE_MAX / 2}};
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        assert_null(ouro_mem_alloc_zeroed(*state, pairs[i][0], pairs[i][1]));
        assert_int_equal(ouro_heap_error(*state)->status, OURO_TOO_LARGE);
    }
    volatile size_t most = SIZE_MAX;
    assert_null(ouro_mem_alloc(*state, most));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_TOO_LARGE);
    assert_null(ouro_mem_alloc_aligned(*state, most, 4096));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_TOO_LARGE);
    assert_null(ouro_mem_realloc(*state, NULL, most));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_TOO_LARGE);
}

/* Whatever the front door lets through: a sum that overflows would be a block that is too short. */
static void test_sums_that_overflow_are_refused(void **state)
{
    struct ouro__pools *pools = ouro__heap_pools(*state);
    static const size_t alignments[] = {16, 64, 4096};
    char *large = ouro__raw_alloc(pools, 1 << 20);
    assert_non_null(large);
    large[0] = 1;
    for (size_t less = 0; less < 16; less++) {
        for (size_t i = 0; i < COUNT_OF(alignments); i++) {
            pools->refusal.status = OURO_OK;
            assert_null(ouro__raw_alloc_aligned(pools, SIZE_MAX - less, alignments[i]));
            assert_int_equal(pools->refusal.status, OURO_TOO_LARGE);
        }
        assert_null(ouro__raw_alloc(pools, SIZE_MAX - less));
        assert_null(ouro__raw_realloc(pools, large, SIZE_MAX - less));
        assert_int_equal(large[0], 1);
    }
    ouro__raw_free(pools, large);
    test_heap_verify(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_every_size_is_usable_and_aligned),
        HEAP_TEST(test_neighbours_do_not_overlap),
        HEAP_TEST(test_sized_free_and_free_are_alike),
        HEAP_TEST(test_free_of_null_is_nothing),
        HEAP_TEST(test_aligned_up_to_a_page),
        HEAP_TEST(test_other_alignments_are_refused),
        HEAP_TEST(test_realloc_keeps_what_fits),
        HEAP_TEST(test_realloc_of_an_aligned_block_keeps_what_fits),
        HEAP_TEST(test_realloc_of_null_allocates),
        cmocka_unit_test(test_realloc_that_fails_leaves_the_block),
        HEAP_TEST(test_large_blocks_have_mappings_of_their_own),
        HEAP_TEST(test_large_blocks_grow),
        HEAP_TEST(test_large_block_stays_while_half_is_used),
        HEAP_TEST(test_zeroed_memory_is_zero_on_used_blocks),
        HEAP_TEST(test_sizes_that_overflow_are_refused),
        HEAP_TEST(test_sums_that_overflow_are_refused),
    };
    return cmocka_run_group_tests_name("raw memory", tests, NULL, NULL);
}
