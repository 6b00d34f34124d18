/* SPDX-License-Identifier: MIT */
/*
 * raw.c -- raw memory, by all its functions
 */
#include "refusal/scenario.h"

/* `size` bytes that tell where they lie. */
static void fill(unsigned char *memory, size_t from, size_t size)
{
    for (size_t i = from; i < size; i++) memory[i] = (unsigned char)(i * 7 + i / 256);
}

static void expect_filled(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memory[i] != (unsigned char)(i * 7 + i / 256)) fail_msg("byte %zu is spoilt", i);
}

/* Resizes one block to each of the sizes; a refused call leaves it as it was. */
static bool resize(ouro_heap *heap, const size_t *sizes, size_t count)
{
    unsigned char *memory = NULL;
    size_t size = 0;
    bool granted = true;
    for (size_t i = 0; granted && i < count; i++) {
        unsigned char *moved = ouro_mem_realloc(heap, memory, sizes[i]);
        granted = moved != NULL;
        if (!granted) break; /* the old block stands */
        expect_filled(moved, size < sizes[i] ? size : sizes[i]);
        fill(moved, size, sizes[i]);
        memory = moved;
        size = sizes[i];
    }
    if (memory != NULL) expect_filled(memory, size);
    ouro_mem_free(heap, memory);
    return granted;
}

static bool raw_memory_is_resized(struct trial *trial)
{
    static const size_t sizes[] = {5, 24, 100, 511, 513, 4000, 9000, 70000, 200000, 600, 17, 0};
    return resize(trial->heap, sizes, COUNT_OF(sizes));
}

/* Large blocks that may grow where they lie. */
static bool large_memory_is_resized(struct trial *trial)
{
    static const size_t sizes[] = {70000,  71000, 90000, 180000, 181000,
                                   360000, 90000, 65537, 65536};
    return resize(trial->heap, sizes, COUNT_OF(sizes));
}

static bool raw_memory_of_all_kinds(struct trial *trial)
{
    void *blocks[12] = {NULL};
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(blocks); i += 3) {
        granted = (blocks[i] = ouro_mem_alloc(trial->heap, 10 + 300 * i)) != NULL &&
                  (blocks[i + 1] = ouro_mem_alloc_zeroed(trial->heap, 5, 10 + 30 * i)) != NULL &&
                  (blocks[i + 2] =
                       ouro_mem_alloc_aligned(trial->heap, 40, (size_t)16 << i * 8 / 9)) != NULL;
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) ouro_mem_free(trial->heap, blocks[i]);
    return granted;
}

static bool small_memory_is_freed_by_size(struct trial *trial)
{
    static const size_t sizes[] = {0, 1, 8, 9, 16, 100, 511, 512, 513, 4096, 65536, 65537, 100000};
    void *blocks[2 * COUNT_OF(sizes)] = {NULL};
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(blocks); i++) {
        blocks[i] = ouro_mem_alloc(trial->heap, sizes[i / 2]);
        granted = blocks[i] != NULL;
        if (granted) assert_true(ouro_mem_usable_size(blocks[i]) >= sizes[i / 2]);
    }
    for (size_t i = COUNT_OF(blocks); i-- > 0;)
        ouro_mem_free_sized(trial->heap, blocks[i], sizes[i / 2]);
    return granted;
}

static bool aligned_memory(struct trial *trial)
{
    void *blocks[18] = {NULL};
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(blocks); i++) {
        size_t alignment = (size_t)8 << i / 2, size = i % 2 == 0 ? 24 : 5000;
        if (alignment > 4096) break;
        blocks[i] = ouro_mem_alloc_aligned(trial->heap, size, alignment);
        granted = blocks[i] != NULL;
        assert_int_equal((uintptr_t)blocks[i] % alignment, 0);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) ouro_mem_free(trial->heap, blocks[i]);
    return granted;
}

static bool zeroed_memory_is_zero(struct trial *trial)
{
    static const size_t counts[] = {1, 7, 60, 500, 3000, 9000, 40000};
    bool granted = true;
    for (size_t i = 0; granted && i < 2 * COUNT_OF(counts); i++) {
        size_t size = 8 * counts[i / 2];
        unsigned char *memory = ouro_mem_alloc_zeroed(trial->heap, counts[i / 2], 8);
        granted = memory != NULL;
        for (size_t k = 0; granted && k < size; k++) assert_int_equal(memory[k], 0);
        if (granted) fill(memory, 0, size);
        ouro_mem_free(trial->heap, memory);
    }
    return granted;
}

static const struct scenario scenarios[] = {
    SCENARIO(raw_memory_is_resized),   SCENARIO(large_memory_is_resized),
    SCENARIO(raw_memory_of_all_kinds), SCENARIO(small_memory_is_freed_by_size),
    SCENARIO(aligned_memory),          SCENARIO(zeroed_memory_is_zero),
};
SCENARIO_TABLE(raw, scenarios);
