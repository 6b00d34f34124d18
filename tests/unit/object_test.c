/* SPDX-License-Identifier: MIT */
/*
 * object_test.c -- objects of all sizes, from birth to death
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

#include "object/word.h"

/* ---- types of this test ---- */

typedef struct text {
    size_t length;
    char bytes[];
} text;
static ouro_type text_type = {.name = "text", .size = sizeof(text), .item_size = 1};

typedef struct row {
    size_t length;
    void *items[];
} row;
static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
static ouro_type row_type = {
    .name = "row",
    .size = sizeof(row),
    .fields = row_fields,
    .item_size = sizeof(void *),
};

typedef struct quad {
    void *other;
    char bytes[40];
} quad;
static const ouro_field quad_fields[] = {OURO_REF(quad, other, NULL), OURO_END};
static ouro_type quad_type = OURO_TYPE(quad, .fields = quad_fields, .alignment = 16);

typedef struct slab {
    void *other;
    char bytes[100000];
} slab;
static const ouro_field slab_fields[] = {OURO_REF(slab, other, NULL), OURO_END};
static ouro_type slab_type = OURO_TYPE(slab, .fields = slab_fields);

/* ---- birth ---- */

static void test_new_objects_are_zero_on_used_blocks(void **state)
{
    for (int i = 0; i < 100; i++) {
        quad *made = ouro_new(*state, quad);
        assert_null(made->other);
        for (size_t j = 0; j < sizeof made->bytes; j++) assert_int_equal(made->bytes[j], 0);
        memset(made->bytes, 0xFF, sizeof made->bytes);
        ouro_decref(made);
    }
}

/* Each number of words is cleared in its own way, which the compiler knows. */
#define CLEARED(words)                                                                             \
    typedef struct cleared_##words {                                                               \
        uint64_t all[words];                                                                       \
    } cleared_##words;                                                                             \
    static ouro_type cleared_##words##_type = OURO_TYPE(cleared_##words);                          \
    static void clear_##words(ouro_heap *heap)                                                     \
    {                                                                                              \
        for (int i = 0; i < 3; i++) {                                                              \
            cleared_##words *made = ouro_new(heap, cleared_##words);                               \
            for (size_t j = 0; j < (words); j++) assert_int_equal(made->all[j], 0);                \
            memset(made->all, 0xFF, sizeof made->all);                                             \
            ouro_decref(made);                                                                     \
        }                                                                                          \
    }
CLEARED(1)
CLEARED(2)
CLEARED(3)
CLEARED(7)
CLEARED(12)
CLEARED(15)
CLEARED(16)
CLEARED(17)
CLEARED(64)

static void test_new_objects_of_each_size_are_zero(void **state)
{
    static void (*const all[])(ouro_heap * heap) = {clear_1,  clear_2,  clear_3,  clear_7, clear_12,
                                                    clear_15, clear_16, clear_17, clear_64};
    for (size_t i = 0; i < COUNT_OF(all); i++) all[i](*state);
}

static void test_new_object_has_one_reference_and_its_type(void **state)
{
    atom *made = ouro_new(*state, atom);
    assert_int_equal(ouro_refcount(made), 1);
    assert_ptr_equal(ouro_type_of(made), &atom_type);
    assert_ptr_equal(ouro_heap_of(made), *state);
    assert_true(ouro_is_object(*state, made));
    ouro_decref(made);
    assert_false(ouro_is_object(*state, made));
}

static void test_object_is_made_by_a_type_known_at_run_time(void **state)
{
    atom *made = ouro_object_new(*state, &atom_type);
    assert_ptr_equal(ouro_type_of(made), &atom_type);
    ouro_decref(made);
}

static void test_sizeof_counts_the_word(void **state)
{
    atom *small = ouro_new(*state, atom);
    assert_in_range(ouro_sizeof(small), sizeof(atom) + 8, sizeof(atom) + 8 + TEST_FENCE);
    slab *large = ouro_new(*state, slab);
    assert_in_range(ouro_sizeof(large), sizeof(slab) + 8, sizeof(slab) + 8 + 8192);
    ouro_decref(small);
    ouro_decref(large);
}

static void test_alignment_of_16(void **state)
{
    quad *made[100];
    for (size_t i = 0; i < COUNT_OF(made); i++) {
        made[i] = ouro_new(*state, quad);
        assert_int_equal((uintptr_t)made[i] % 16, 0);
    }
    for (size_t i = 0; i < COUNT_OF(made); i++) ouro_decref(made[i]);
}

/* ---- variable sizes ---- */

static void test_variable_sizes_are_zero_and_know_their_length(void **state)
{
    for (size_t length = 0; length < 200000; length = length * 3 / 2 + 1) {
        text *made = ouro_new_var(*state, text, length);
        assert_non_null(made);
        assert_int_equal(made->length, length);
        assert_true(ouro_sizeof(made) >= 8 + sizeof(text) + length);
        for (size_t i = 0; i < length; i++) assert_int_equal(made->bytes[i], 0);
        memset(made->bytes, 0xFF, length);
        ouro_decref(made);
    }
}

static void test_items_are_dropped_with_their_object(void **state)
{
    static const size_t lengths[] = {0, 1, 100, 5000, 20000};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        atom *shared = atom_new(*state, 0);
        row *made = ouro_new_var(*state, row, lengths[i]);
        for (size_t j = 0; j < lengths[i]; j++) ouro_set(made, items[j], shared);
        assert_int_equal(ouro_refcount(shared), 1 + (int32_t)lengths[i]);
        ouro_decref(made);
        assert_int_equal(ouro_refcount(shared), 1);
        ouro_decref(shared);
    }
}

static void test_lengths_that_overflow_are_refused(void **state)
{
    assert_null(ouro_new_var(*state, row, SIZE_MAX / 4));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_TOO_LARGE);
    assert_null(ouro_new_var(*state, row, SIZE_MAX));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_TOO_LARGE);
}

static void test_a_length_needs_items(void **state)
{
    assert_null(ouro_new_var(*state, atom, 1));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_ARGUMENT);
}

/* ---- large objects ---- */

static size_t large_blocks(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    return stats.large_blocks;
}

static void test_large_objects_die_by_count(void **state)
{
    slab *tracked = ouro_new(*state, slab);
    text *acyclic = ouro_new_var(*state, text, 100000);
    assert_true(ouro_is_tracked(tracked));
    assert_false(ouro_is_tracked(acyclic));
    ouro_set(tracked, other, acyclic);
    ouro_decref(acyclic);
    assert_int_equal(large_blocks(*state), 2);
    ouro_decref(tracked);
    assert_int_equal(large_blocks(*state), 0);
}

/* A cycle of large objects with a small one in between. */
static void lose_large_cycle(ouro_heap *heap)
{
    slab *first = ouro_new(heap, slab), *second = ouro_new(heap, slab);
    cell *between = cell_new(heap);
    ouro_set(first, other, between);
    ouro_set(between, left, second);
    ouro_set(second, other, first);
    ouro_decref(first);
    ouro_decref(second);
    ouro_decref(between);
}

static void test_large_cycles_are_collected(void **state)
{
    for (int generation = 0; generation <= 2; generation++) {
        lose_large_cycle(*state);
        assert_int_equal(ouro_collect(*state, generation), 3);
        assert_int_equal(large_blocks(*state), 0);
    }
}

static void test_large_objects_survive_a_collection(void **state)
{
    slab *made = ouro_new(*state, slab);
    memset(made->bytes, 0x77, sizeof made->bytes);
    for (int generation = 0; generation <= 2; generation++) {
        assert_int_equal(ouro_collect(*state, generation), 0);
        assert_true(ouro_is_object(*state, made));
        test_heap_verify(*state);
    }
    assert_int_equal(made->bytes[sizeof made->bytes - 1], 0x77);
    ouro_decref(made);
}

/* ---- every size, in numbers ---- */

/* Tracked objects of a size and alignment that each hold themselves: enough to fill a pool. */
static void lose_many(ouro_heap *heap, ouro_type *type, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        slab *made = ouro_object_new(heap, type); /* its first field is the same */
        assert_non_null(made);
        ouro_set(made, other, made);
        ouro_decref(made);
    }
}

static void test_cycles_of_every_size_are_found_young(void **state)
{
    enum { KINDS = 2, SIZES = 70, OBJECTS = 70 };
    static ouro_type types[KINDS][SIZES];
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t size = 24;
        for (size_t i = 0; i < SIZES && size < 65536; i++, size += size / 8 & ~(size_t)7) {
            types[kind][i] = slab_type;
            types[kind][i].size = size - 8;
            types[kind][i].alignment = kind == 0 ? 8 : 16;
            types[kind][i].ready_word = 0;
            types[kind][i].ready_shelf = 0;
            types[kind][i].quick_shelf = 0;
            lose_many(*state, &types[kind][i], OBJECTS);
            assert_int_equal(ouro_collect(*state, 0), OBJECTS);
            test_heap_verify(*state);
            if (size < 64) size += 8;
        }
    }
}

/* ---- objects that live for ever ---- */

static void test_immortal_objects_are_not_counted(void **state)
{
    ouro_heap *heap = test_heap_quiet();
    size_t before = cell_released;
    (void)state;
    atom *made = atom_new(heap, 1);
    ouro_immortalize(made);
    assert_true(ouro_is_immortal(made));
    assert_int_equal(ouro_refcount(made), INT32_MAX);
    for (int i = 0; i < 100; i++) ouro_decref(made);
    for (int i = 0; i < 1000; i++) ouro_incref(made);
    assert_int_equal(ouro_refcount(made), INT32_MAX);
    assert_true(ouro_is_object(heap, made));
    assert_int_equal(cell_released, before);
    test_heap_close_empty(heap);
    assert_int_equal(cell_released, before + 1);
}

static void test_immortal_holds_what_it_refers_to(void **state)
{
    ouro_heap *heap = test_heap_quiet();
    (void)state;
    cell *holder = cell_new(heap), *held = cell_new(heap);
    ouro_set(holder, left, held);
    ouro_set(held, left, held);
    ouro_decref(held);
    ouro_immortalize(holder);
    ouro_decref(holder);
    assert_int_equal(ouro_collect(heap, 2), 0);
    assert_true(ouro_is_object(heap, held));
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

static void test_a_count_that_overflows_is_immortal(void **state)
{
    ouro_heap *heap = test_heap_quiet();
    (void)state;
    atom *made = atom_new(heap, 1);
    ouro__word_set_count(made, (INT32_MAX - 2) * OURO__ONE);
    assert_int_equal(ouro_refcount(made), INT32_MAX - 2);
    assert_false(ouro_is_immortal(made));
    for (int i = 0; i < 10; i++) ouro_incref(made);
    assert_true(ouro_is_immortal(made));
    for (int i = 0; i < 100; i++) ouro_decref(made);
    assert_true(ouro_is_immortal(made));
    assert_int_equal(ouro_refcount(made), INT32_MAX);
    test_heap_verify(heap);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

/* A count that no trap can hold: the collector takes the object for live. */
static void test_a_count_too_large_for_a_trap_is_live(void **state)
{
    cell *made = cell_new(*state);
    ouro_set(made, left, made);
    ouro__word_set_count(made, (OURO__TRAPPED_COUNT + 5) * OURO__ONE);
    for (int generation = 0; generation <= 2; generation++)
        assert_int_equal(ouro_collect(*state, generation), 0);
    assert_int_equal(ouro_refcount(made), OURO__TRAPPED_COUNT + 5);
    ouro__word_set_count(made, 2 * OURO__ONE);
    ouro_decref(made);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_new_objects_are_zero_on_used_blocks),
        HEAP_TEST(test_new_objects_of_each_size_are_zero),
        HEAP_TEST(test_new_object_has_one_reference_and_its_type),
        HEAP_TEST(test_object_is_made_by_a_type_known_at_run_time),
        HEAP_TEST(test_sizeof_counts_the_word),
        HEAP_TEST(test_alignment_of_16),
        HEAP_TEST(test_variable_sizes_are_zero_and_know_their_length),
        HEAP_TEST(test_items_are_dropped_with_their_object),
        HEAP_TEST(test_lengths_that_overflow_are_refused),
        HEAP_TEST(test_a_length_needs_items),
        HEAP_TEST(test_large_objects_die_by_count),
        HEAP_TEST(test_large_cycles_are_collected),
        HEAP_TEST(test_large_objects_survive_a_collection),
        HEAP_TEST(test_cycles_of_every_size_are_found_young),
        cmocka_unit_test(test_immortal_objects_are_not_counted),
        cmocka_unit_test(test_immortal_holds_what_it_refers_to),
        cmocka_unit_test(test_a_count_that_overflows_is_immortal),
        HEAP_TEST(test_a_count_too_large_for_a_trap_is_live),
    };
    return cmocka_run_group_tests_name("object", tests, NULL, NULL);
}
