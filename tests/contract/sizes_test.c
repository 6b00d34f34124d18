/* SPDX-License-Identifier: MIT */
/*
 * sizes_test.c -- every size and count that a program can give, around every place where it might wrap
 *
 * A size is served whole, or refused with nothing changed: never served with less.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

typedef struct row {
    size_t length;
    void *items[];
} row;
static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
static ouro_type row_type = OURO_TYPE(row, .fields = row_fields, .item_size = sizeof(void *),
                                      .length_offset = offsetof(row, length));

/* ---- numbers ---- */

/* Nobody has so many bytes of addresses. */
static const size_t too_large = (size_t)1 << 48;

/* Around each power of two from `least` on, divided by what sizes are multiplied with. */
static void each_large_number(size_t least, void (*visit)(ouro_heap *heap, size_t number),
                              ouro_heap *heap)
{
    static const size_t divisors[] = {1, 8, 16, 24, 40};
    for (unsigned bit = 16; bit <= 64; bit++) {
        for (size_t i = 0; i < COUNT_OF(divisors); i++) {
            for (size_t below = 0; below <= 40; below++) {
                size_t power = bit < 64 ? (size_t)1 << bit : 0;
                size_t number = (power - below + 8) / divisors[i];
                if (bit == 64) number = (SIZE_MAX - below) / divisors[i];
                if (number >= least) visit(heap, number);
            }
        }
    }
}

/* What was refused says so; then nothing is left of it. */
static void expect_refused(const ouro_heap *heap)
{
    ouro_status status = ouro_heap_error(heap)->status;
    assert_true(status == OURO_TOO_LARGE || status == OURO_NO_MEMORY);
}

/* ---- objects ---- */

static void make_row(ouro_heap *heap, size_t length)
{
    assert_null(ouro_new_var(heap, row, length));
    expect_refused(heap);
}

static void huge_objects_are_refused(void **state)
{
    each_large_number(too_large / 8, make_row, *state);
    test_heap_verify(*state);
}

static void make_struct(ouro_heap *heap, size_t size)
{
    static ouro_type type; /* its number is given once; what is asked for is read each time */
    type.name = "huge";
    type.size = size;
    assert_null(ouro_object_new(heap, &type));
    expect_refused(heap);
}

static void huge_structs_are_refused(void **state)
{
    each_large_number(too_large, make_struct, *state);
    test_heap_verify(*state);
}

static void make_items(ouro_heap *heap, size_t item_size)
{
    static ouro_type type;
    type = (ouro_type){.name = "wide",
                       .size = 16,
                       .item_size = item_size,
                       .length_offset = 8,
                       .ready_word = type.ready_word,
                       .ready_shelf = type.ready_shelf};
    assert_null(ouro_object_new_var(heap, &type, 1));
    expect_refused(heap);
    assert_null(ouro_object_new_var(heap, &type, item_size));
    expect_refused(heap);
    void *empty = ouro_object_new_var(heap, &type, 0);
    assert_non_null(empty);
    ouro_decref(empty);
}

static void huge_items_are_refused(void **state)
{
    each_large_number(too_large, make_items, *state);
    test_heap_verify(*state);
}

/* ---- vectors ---- */

static list *vector_owner;

static void reserve(ouro_heap *heap, size_t capacity)
{
    ouro_vector before = vector_owner->items;
    ouro_status status = ouro_vector_reserve(vector_owner, &vector_owner->items, capacity);
    assert_int_not_equal(status, OURO_OK);
    assert_int_equal(status, ouro_heap_error(heap)->status);
    expect_refused(heap);
    assert_memory_equal(&before, &vector_owner->items, sizeof before);
}

static void misplace(ouro_heap *heap, size_t position)
{
    (void)heap;
    ouro_vector before = vector_owner->items;
    ouro_vector *items = &vector_owner->items;
    assert_int_equal(ouro_vector_insert(vector_owner, items, position, NULL), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_vector_set(vector_owner, items, position, NULL), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_vector_remove(vector_owner, items, position), OURO_BAD_ARGUMENT);
    assert_memory_equal(&before, items, sizeof before);
}

static void huge_vectors_are_refused(void **state)
{
    vector_owner = list_new(*state);
    list_append(vector_owner, NULL);
    each_large_number(too_large / 8, reserve, *state);
    each_large_number(65536, misplace, *state);
    ouro_decref(vector_owner);
}

/* ---- raw memory ---- */

static unsigned char *kept; /* eight bytes that refused calls leave alone */

static void allocate_raw(ouro_heap *heap, size_t size)
{
    assert_null(ouro_mem_alloc(heap, size));
    expect_refused(heap);
    assert_null(ouro_mem_alloc_zeroed(heap, 1, size));
    expect_refused(heap);
    assert_null(ouro_mem_alloc_zeroed(heap, size, 1));
    expect_refused(heap);
    assert_null(ouro_mem_alloc_zeroed(heap, size, size));
    expect_refused(heap);
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
        assert_null(ouro_mem_alloc_aligned(heap, size, alignment));
        expect_refused(heap);
    }
    assert_null(ouro_mem_realloc(heap, NULL, size));
    expect_refused(heap);
    assert_null(ouro_mem_realloc(heap, kept, size));
    expect_refused(heap);
    assert_memory_equal(kept, "all safe", 8);
}

static void huge_raw_memory_is_refused(void **state)
{
    static const size_t sizes[] = {8, 500, 70000}; /* of a small, a coarse and a large block */
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        kept = ouro_mem_alloc(*state, sizes[i]);
        memcpy(kept, "all safe", 8);
        each_large_number(too_large, allocate_raw, *state);
        ouro_mem_free(*state, kept);
    }
}

/* Products that wrap to something small. */
static void products_that_wrap_are_refused(void **state)
{
    for (unsigned bit = 1; bit < 64; bit++) {
        for (size_t more = 0; more < 3; more++) {
            size_t count = ((size_t)1 << bit) + more;
            size_t size = SIZE_MAX / count + 1;
            if (size < 2) continue;
            assert_null(ouro_mem_alloc_zeroed(*state, count, size));
            assert_int_equal(ouro_heap_error(*state)->status, OURO_TOO_LARGE);
        }
    }
}

static void unaligned(ouro_heap *heap, size_t alignment)
{
    if (alignment <= 4096 && (alignment & (alignment - 1)) == 0) return;
    assert_null(ouro_mem_alloc_aligned(heap, 8, alignment));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BAD_ARGUMENT);
}

static void huge_alignments_are_refused(void **state)
{
    each_large_number(4097, unaligned, *state);
}

/* ---- what is served is served whole ---- */

/* Every byte is the caller's own. */
static void fill_and_free(ouro_heap *heap, size_t size)
{
    for (size_t alignment = 8; alignment <= 4096; alignment *= 8) {
        unsigned char *memory = ouro_mem_alloc_aligned(heap, size, alignment);
        unsigned char *beside = ouro_mem_alloc(heap, size);
        assert_true(memory != NULL && beside != NULL);
        size_t usable = ouro_mem_usable_size(memory);
        assert_true(usable >= size && ouro_mem_usable_size(beside) >= size);
        memset(memory, 0xA5, usable);
        memset(beside, 0x5A, ouro_mem_usable_size(beside));
        for (size_t i = 0; i < usable; i += 1 + usable / 256) assert_int_equal(memory[i], 0xA5);
        assert_int_equal(memory[usable - 1], 0xA5);
        ouro_mem_free(heap, memory);
        ouro_mem_free_sized(heap, beside, size);
    }
}

static void sizes_around_every_limit_are_served(void **state)
{
    static const size_t limits[] = {0,    8,    16,    504,   512,   520,    1024,   4096,
                                    8192, 9216, 32768, 65528, 65536, 131072, 1 << 20};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        size_t first = limits[i] > 9 ? limits[i] - 9 : 0;
        for (size_t size = first; size <= limits[i] + 9; size++) fill_and_free(*state, size);
    }
    test_heap_verify(*state);
}

static void lengths_around_every_limit_are_served(void **state)
{
    static const size_t limits[] = {0, 62, 63, 1022, 1023, 4095, 8189, 8190, 8191, 524288};
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (size_t length = limits[i] > 3 ? limits[i] - 3 : 0; length <= limits[i] + 3; length++) {
            row *made = ouro_new_var(*state, row, length);
            row *beside = ouro_new_var(*state, row, length);
            assert_true(made != NULL && beside != NULL);
            assert_true(ouro_sizeof(made) >= sizeof(row) + 8 * length + 8);
            for (size_t k = 0; k < length; k++) assert_null(made->items[k]);
            for (size_t k = 0; k < length; k++) ouro_set(made, items[k], beside);
            assert_int_equal(beside->length, length);
            assert_int_equal(ouro_refcount(beside), length + 1);
            ouro_decref(made);
            ouro_decref(beside);
        }
    }
    test_heap_verify(*state);
}

/* ---- types ---- */

static void places_outside_are_refused(void **state)
{
    (void)state;
    ouro_error error;
    for (size_t below = 0; below < 64; below++) {
        ouro_type length = {.name = "outside", .size = 16, .item_size = 8};
        length.length_offset = SIZE_MAX - below;
        assert_int_equal(ouro_type_ready(&length, &error), OURO_BAD_TYPE);
        length.length_offset = 9 + below;
        assert_int_equal(ouro_type_ready(&length, &error), OURO_BAD_TYPE);
        const ouro_field fields[] = {
            {"outside", UINT32_MAX - (uint32_t)below, OURO_FIELD_REF, NULL}, OURO_END};
        ouro_type field = {.name = "outside", .size = 16, .fields = fields};
        assert_int_equal(ouro_type_ready(&field, &error), OURO_BAD_TYPE);
        ouro_type alignment = {.name = "outside", .size = 16, .alignment = SIZE_MAX - below};
        assert_int_equal(ouro_type_ready(&alignment, &error), OURO_BAD_TYPE);
    }
    assert_int_equal(ouro_type_check(&list_type, SIZE_MAX, &error), OURO_BAD_TYPE);
}

/* ---- native bytes ---- */

static size_t accounted(const ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.accounted_bytes;
}

static void native_bytes_do_not_wrap(void **state)
{
    ouro_heap *heap = test_heap_new(NULL);
    size_t before = accounted(heap);
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ouro_account(heap, PTRDIFF_MAX), OURO_TOO_LARGE);
        assert_int_equal(ouro_heap_error(heap)->status, OURO_TOO_LARGE);
        assert_int_equal(accounted(heap), before);
    }
    ptrdiff_t half = PTRDIFF_MAX / 4, sum = 0;
    while (ouro_account(heap, half) == OURO_OK) sum += half;
    assert_int_equal(ouro_heap_error(heap)->status, OURO_TOO_LARGE);
    assert_int_equal(accounted(heap), sum);
    for (size_t i = 0; i < 20000; i++) { /* the collector's arithmetic holds with them */
        ouro_auto cell *made = cell_new(heap);
        ouro_set(made, left, made);
    }
    (void)ouro_step(heap, (ouro_budget){.units = SIZE_MAX});
    (void)ouro_step(heap, (ouro_budget){.microseconds = UINT_MAX});
    assert_int_equal(ouro_account(heap, -half), OURO_OK);
    sum -= half;
    ouro_set_byte_limit(heap, SIZE_MAX);
    assert_int_equal(ouro_account(heap, 1), OURO_OK);
    ouro_set_byte_limit(heap, 1);
    assert_int_equal(ouro_account(heap, 1), OURO_LIMIT);
    assert_int_equal(ouro_account(heap, PTRDIFF_MIN), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_account(heap, -sum - 2), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_account(heap, -sum - 1), OURO_OK);
    assert_int_equal(accounted(heap), 0);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
}

/* ---- options ---- */

/* The largest of everything means: never, or without bound. */
static void options_may_be_huge(void **state)
{
    static const size_t huge[] = {SIZE_MAX, SIZE_MAX / 2 + 1, SIZE_MAX / 2, SIZE_MAX - 7};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(huge); i++) {
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){
            .byte_limit = huge[i],
            .threshold = {huge[i], huge[i], huge[i]},
            .death_bound = huge[i],
            .purge_delay_ms = UINT_MAX,
            .step_microseconds = UINT_MAX,
        });
        list *owner = list_new(heap);
        for (size_t k = 0; k < 3000; k++) {
            ouro_auto cell *made = cell_new(heap);
            ouro_set(made, left, owner);
            list_append(owner, made);
        }
        (void)ouro_safepoint(heap);
        ouro_decref(owner);
        assert_int_equal(ouro_collect(heap, 2), 3001);
        test_heap_close_empty(heap);
    }
}

/* ---- places for results ---- */

static void small_places_are_not_passed(void **state)
{
    cell *made = cell_new(*state);
    char text[4] = "abc";
    ouro_class_stats classes[2] = {{.block_size = 7}, {.block_size = 7}};
    assert_true(ouro_draw_pools(*state, OURO_CLASS_TRACKED, 0, NULL, 0) > 0);
    assert_true(ouro_draw_pools(*state, OURO_CLASS_TRACKED, SIZE_MAX, text, 1) == 0);
    assert_string_equal(text, "");
    assert_memory_equal(text + 1, "bc", 3);
    assert_true(ouro_get_class_stats(*state, NULL, 0) > 0);
    assert_true(ouro_get_class_stats(*state, classes, 1) > 0);
    assert_int_equal(classes[1].block_size, 7);
    ouro_decref(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(huge_objects_are_refused),
        HEAP_TEST(huge_structs_are_refused),
        HEAP_TEST(huge_items_are_refused),
        HEAP_TEST(huge_vectors_are_refused),
        HEAP_TEST(huge_raw_memory_is_refused),
        HEAP_TEST(products_that_wrap_are_refused),
        HEAP_TEST(huge_alignments_are_refused),
        HEAP_TEST(sizes_around_every_limit_are_served),
        HEAP_TEST(lengths_around_every_limit_are_served),
        cmocka_unit_test(places_outside_are_refused),
        cmocka_unit_test(native_bytes_do_not_wrap),
        cmocka_unit_test(options_may_be_huge),
        HEAP_TEST(small_places_are_not_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
