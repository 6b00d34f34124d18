/* SPDX-License-Identifier: MIT */
/*
 * status_test.c -- what fails without being misuse answers with a status and a sentence
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"

/* ---- what is expected ---- */

static void expect_error(const ouro_error *error, ouro_status status, const char *message)
{
    assert_string_equal(error->message, message);
    assert_int_equal(error->status, status);
}

/* The heap's last error; the heap is whole. */
static void expect_heap_error(ouro_heap *heap, ouro_status status, const char *message)
{
    expect_error(ouro_heap_error(heap), status, message);
    test_heap_verify(heap);
}

/* As above, where the message holds numbers that a test can't know: '*' stands for them. */
static void expect_heap_error_like(ouro_heap *heap, ouro_status status, const char *pattern)
{
    const ouro_error *error = ouro_heap_error(heap);
    if (!apart_matches(error->message, pattern))
        fail_msg("\"%s\" is not like \"%s\"", error->message, pattern);
    assert_int_equal(error->status, status);
    test_heap_verify(heap);
}

/* ---- types ---- */

typedef struct pair {
    void *left, *right;
} pair;

/* One field as it should not be. */
#define FIELDS(...)                                                                                \
    (const ouro_field[])                                                                           \
    {                                                                                              \
        __VA_ARGS__, OURO_END                                                                      \
    }
#define PAIR(...)                                                                                  \
    {                                                                                              \
        .name = "pair", .size = sizeof(pair), __VA_ARGS__                                          \
    }

static void bad_types_are_described(void **state)
{
    (void)state;
    struct {
        ouro_type type;
        const char *message;
    } cases[] = {
        {{.size = 8}, "a type has no name"},
        {{.name = "empty"}, "type empty: the size is 0"},
        {PAIR(.alignment = 4), "type pair: alignment 4 is not 8 or 16"},
        {PAIR(.alignment = 32), "type pair: alignment 32 is not 8 or 16"},
        {PAIR(.item_size = 8, .length_offset = 16),
         "type pair: the length lies at 16, outside the struct of 16"},
        {PAIR(.item_size = 8, .length_offset = 4),
         "type pair: the length lies at 4, outside the struct of 16"},
        {PAIR(.fields = FIELDS({"left", 0, (ouro_field_kind)9, NULL})),
         "type pair: field left has kind 9, which is none"},
        {PAIR(.fields = FIELDS({"left", 4, OURO_FIELD_REF, NULL})),
         "type pair: field left lies at 4, which is not a multiple of 8"},
        {PAIR(.fields = FIELDS({"left", 16, OURO_FIELD_REF, NULL})),
         "type pair: field left ends at 24, beyond the size 16"},
        {PAIR(.fields = FIELDS({"left", 0, OURO_FIELD_VECTOR, NULL})),
         "type pair: field left ends at 24, beyond the size 16"},
        {PAIR(.fields = FIELDS({NULL, 24, OURO_FIELD_WEAK, NULL})),
         "type pair: field (unnamed) ends at 32, beyond the size 16"},
        {PAIR(.item_size = 4, .fields = FIELDS({"left", 16, OURO_FIELD_ITEMS, NULL})),
         "type pair: items left are references, so item_size must be 8, not 4"},
        {PAIR(.item_size = 8, .fields = FIELDS({"left", 8, OURO_FIELD_ITEMS, NULL})),
         "type pair: items left lie at 8, not behind the struct of 16"},
        {PAIR(.fields =
                  FIELDS({"left", 0, OURO_FIELD_REF, NULL}, {"too", 0, OURO_FIELD_REF, NULL})),
         "type pair: fields left and too overlap"},
        {PAIR(.item_size = 8, .fields = FIELDS({"left", 16, OURO_FIELD_ITEMS, NULL},
                                               {"right", 8, OURO_FIELD_REF, NULL})),
         "type pair: items left must be the last field"},
    };
    ouro_heap *heap = test_heap_quiet();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ouro_error error;
        assert_int_equal(ouro_type_ready(&cases[i].type, &error), OURO_BAD_TYPE);
        expect_error(&error, OURO_BAD_TYPE, cases[i].message);
        assert_int_equal(ouro_type_ready(&cases[i].type, NULL), OURO_BAD_TYPE);
        assert_null(ouro_object_new(heap, &cases[i].type));
        expect_heap_error(heap, OURO_BAD_TYPE, cases[i].message);
        assert_false(ouro_type_is_tracked(&cases[i].type));
    }
    test_heap_close_empty(heap);
}

static void a_type_has_a_limited_number_of_fields(void **state)
{
    (void)state;
    enum { FIELD_COUNT = UINT16_MAX };
    ouro_field *fields = calloc(FIELD_COUNT + 1, sizeof *fields);
    assert_non_null(fields);
    for (uint32_t i = 0; i < FIELD_COUNT; i++)
        fields[i] = (ouro_field){"one", i * 8, OURO_FIELD_REF, NULL};
    ouro_type type = {.name = "wide", .size = FIELD_COUNT * 8, .fields = fields};
    ouro_error error;
    assert_int_equal(ouro_type_ready(&type, &error), OURO_BAD_TYPE);
    expect_error(&error, OURO_BAD_TYPE, "type wide: more than 65534 fields");
    free(fields);
}

/* The word of a guarded build has less room for them. */
enum { TEST_TYPES = TEST_IS_GUARDED ? 4095 : 65535 };

/* Uses all numbers up; so it has a process of its own. */
static void take_all_type_numbers(void *argument)
{
    (void)argument;
    enum { MANY = TEST_TYPES + 1 };
    ouro_type *types = calloc(MANY, sizeof *types);
    ouro_error error = {0};
    size_t i = 0;
    for (; i < MANY; i++) {
        types[i] = (ouro_type){.name = "number", .size = 8};
        if (ouro_type_ready(&types[i], &error) != OURO_OK) break;
    }
    fprintf(stderr, "status %d: %s\n", (int)error.status, error.message);
    ouro_heap *heap = test_heap_quiet();
    void *first = ouro_object_new(heap, &types[0]);
    if (ouro_object_new(heap, &types[i]) == NULL && ouro_object_new(heap, &types[i - 1]) != NULL &&
        first != NULL)
        fprintf(stderr, "%s\n", ouro_heap_error(heap)->message);
}

static void type_numbers_run_out(void **state)
{
    (void)state;
    struct apart apart;
    apart_run(take_all_type_numbers, NULL, 60, &apart);
    char expected[200];
    snprintf(expected, sizeof expected,
             "status %d: type number is one more than the %d that a process can have\n"
             "type number is one more than the %d that a process can have\n",
             OURO_TOO_MANY_TYPES, TEST_TYPES, TEST_TYPES);
    assert_string_equal(apart.text, expected);
    assert_int_equal(apart.exit_status, 0);
}

static const ouro_field left_only[] = {OURO_REF(pair, left, NULL), OURO_END};

static int sees_nothing(void *object, ouro_visit visit, void *argument)
{
    (void)object;
    (void)visit;
    (void)argument;
    return 0;
}

static int sees_left_again(void *object, ouro_visit visit, void *argument)
{
    pair *self = object;
    return self->left != NULL ? visit(self->left, argument) : 0;
}

static void the_self_check_counts_fields(void **state)
{
    (void)state;
    ouro_error error;
    ouro_type forgetful = PAIR(.fields = left_only);
    assert_int_equal(ouro_type_check(&forgetful, 2, &error), OURO_BAD_TYPE);
    expect_error(&error, OURO_BAD_TYPE,
                 "type pair: a reference field is left out of the table (1, expected 2)");
    assert_int_equal(ouro_type_check(&forgetful, 2, NULL), OURO_BAD_TYPE);
    ouro_type generous =
        PAIR(.fields = FIELDS(OURO_REF(pair, left, NULL), OURO_REF(pair, right, NULL)));
    assert_int_equal(ouro_type_check(&generous, 1, &error), OURO_BAD_TYPE);
    expect_error(&error, OURO_BAD_TYPE,
                 "type pair: the table names more reference fields than the struct has "
                 "(2, expected 1)");
    assert_int_equal(ouro_type_check(&generous, 2, &error), OURO_OK);
}

static void the_self_check_looks_at_an_object(void **state)
{
    (void)state;
    ouro_error error;
    ouro_type twice = PAIR(.fields = left_only, .traverse = sees_left_again);
    assert_int_equal(ouro_type_check(&twice, 0, &error), OURO_BAD_TYPE);
    expect_error(&error, OURO_BAD_TYPE,
                 "type pair: visiting an object shows other references than its fields hold "
                 "(2, expected 1)");
    ouro_type fine = PAIR(.fields = left_only, .traverse = sees_nothing);
    assert_int_equal(ouro_type_check(&fine, 0, &error), OURO_OK);
}

/* ---- options ---- */

static void *obtain_nothing(void *context, size_t size, size_t alignment)
{
    (void)context;
    (void)size;
    (void)alignment;
    return NULL;
}

static void give_back_nothing(void *context, void *region, size_t size)
{
    (void)context;
    (void)region;
    (void)size;
}

static void bad_options_are_described(void **state)
{
    (void)state;
    const struct {
        ouro_heap_options options;
        const char *message;
    } cases[] = {
        {{.collect_at = (ouro_collect_at)2},
         "option collect_at is neither "
         "OURO_COLLECT_AT_ALLOCATION nor "
         "OURO_COLLECT_AT_SAFEPOINT"},
        {{.collect_always = 4}, "option collect_always is none of 0, 1, 2, 3"},
        {{.source.obtain = obtain_nothing},
         "option source needs both obtain and give_back, or neither"},
        {{.source.give_back = give_back_nothing},
         "option source needs both obtain and give_back, or neither"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ouro_error error;
        assert_null(ouro_heap_new(&cases[i].options, &error));
        expect_error(&error, OURO_BAD_ARGUMENT, cases[i].message);
        assert_null(ouro_heap_new(&cases[i].options, NULL));
    }
}

static void a_heap_without_memory_is_none(void **state)
{
    (void)state;
    const ouro_heap_options options = {.source = {NULL, obtain_nothing, give_back_nothing, NULL}};
    ouro_error error;
    assert_null(ouro_heap_new(&options, &error));
    assert_int_equal(error.status, OURO_NO_MEMORY);
    char expected[200];
    snprintf(expected, sizeof expected, "a heap's own %zu bytes refused by the source of arenas",
             error.requested);
    assert_string_equal(error.message, expected);
    assert_null(ouro_heap_new(&options, NULL));
}

/* ---- the environment ---- */

static const char *const variables[] = {"OURO_BYTE_LIMIT", "OURO_THRESHOLD", "OURO_COLLECTOR",
                                        "OURO_PURGE_DELAY_MS", "OURO_DEBUG"};

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(variables); i++) unsetenv(variables[i]);
    return 0;
}

struct setting {
    const char *variable, *value, *wanted;
};

#define BYTES "a number of bytes, with k, m or g behind"
#define NUMBERS "three numbers with commas between"
#define SWITCH "\"on\" or \"off\""
#define MILLISECONDS "a number of milliseconds"
#define FLAGS "some of stats, collectable, uncollectable, saveall, leak"

static const struct setting bad_settings[] = {
    {"OURO_BYTE_LIMIT", "", BYTES},
    {"OURO_BYTE_LIMIT", "much", BYTES},
    {"OURO_BYTE_LIMIT", "-1", BYTES},
    {"OURO_BYTE_LIMIT", " -1", BYTES},
    {"OURO_BYTE_LIMIT", "10x", BYTES},
    {"OURO_BYTE_LIMIT", "10kk", BYTES},
    {"OURO_BYTE_LIMIT", "99999999999g", BYTES},
    {"OURO_BYTE_LIMIT", "99999999999999999999999", BYTES},
    {"OURO_THRESHOLD", "10", NUMBERS},
    {"OURO_THRESHOLD", "10,10", NUMBERS},
    {"OURO_THRESHOLD", "10,10,10,10", NUMBERS},
    {"OURO_THRESHOLD", "10;10;10", NUMBERS},
    {"OURO_THRESHOLD", "10,-1,10", NUMBERS},
    {"OURO_COLLECTOR", "maybe", SWITCH},
    {"OURO_COLLECTOR", "", SWITCH},
    {"OURO_PURGE_DELAY_MS", "soon", MILLISECONDS},
    {"OURO_PURGE_DELAY_MS", "5 ms", MILLISECONDS},
    {"OURO_PURGE_DELAY_MS", "4294967296", MILLISECONDS},
    {"OURO_DEBUG", "everything", FLAGS},
    {"OURO_DEBUG", "stats,", FLAGS},
    {"OURO_DEBUG", "stats,,leak", FLAGS},
    {"OURO_DEBUG", ",", FLAGS},
    {"OURO_DEBUG", "stat,leak", FLAGS},
    {"OURO_DEBUG", "statx", FLAGS},
};

static void bad_environment_values_are_described(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_settings); i++) {
        const struct setting *setting = &bad_settings[i];
        setenv(setting->variable, setting->value, 1);
        ouro_error error = {0};
        ouro_heap *heap = ouro_heap_new(NULL, &error);
        if (heap != NULL)
            fail_msg("%s=\"%s\" was taken for good", setting->variable, setting->value);
        char expected[200];
        snprintf(expected, sizeof expected,
                 "environment variable %s has the value \"%s\": give %s, or unset it",
                 setting->variable, setting->value, setting->wanted);
        expect_error(&error, OURO_BAD_SETTING, expected);
        assert_null(ouro_heap_new(NULL, NULL));
        heap = ouro_heap_new(&(ouro_heap_options){.ignore_environment = true}, &error);
        assert_non_null(heap);
        test_heap_close_empty(heap);
        unsetenv(setting->variable);
    }
}

static void a_long_value_is_cut(void **state)
{
    (void)state;
    char value[300];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = 0;
    setenv("OURO_DEBUG", value, 1);
    ouro_error error;
    assert_null(ouro_heap_new(NULL, &error));
    expect_error(&error, OURO_BAD_SETTING,
                 "environment variable OURO_DEBUG has the value "
                 "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\": "
                 "give " FLAGS ", or unset it");
}

static void good_environment_values_are_obeyed(void **state)
{
    (void)state;
    setenv("OURO_THRESHOLD", "7,0,9", 1);
    setenv("OURO_COLLECTOR", "off", 1);
    setenv("OURO_DEBUG", "collectable,saveall", 1);
    setenv("OURO_BYTE_LIMIT", "1M", 1);
    setenv("OURO_PURGE_DELAY_MS", "5", 1);
    ouro_error error = {0};
    ouro_heap *heap = ouro_heap_new(NULL, &error);
    if (heap == NULL) fail_msg("%s", error.message);
    size_t threshold[3];
    ouro_get_threshold(heap, threshold);
    assert_int_equal(threshold[0], 7);
    assert_int_equal(threshold[1], 0);
    assert_int_equal(threshold[2], 9);
    assert_false(ouro_collector_is_enabled(heap));
    assert_int_equal(ouro_get_debug(heap), OURO_DEBUG_COLLECTABLE | OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_account(heap, 1 << 20), OURO_OK);
    assert_int_equal(ouro_account(heap, 1), OURO_LIMIT);
    assert_int_equal(ouro_account(heap, -(1 << 20)), OURO_OK);
    test_heap_close_empty(heap);
}

static void a_program_overrules_the_environment(void **state)
{
    (void)state;
    setenv("OURO_THRESHOLD", "nonsense", 1);
    setenv("OURO_BYTE_LIMIT", "nonsense", 1);
    const ouro_heap_options options = {.threshold = {5, 6, 7}, .byte_limit = 1 << 20};
    ouro_heap *heap = ouro_heap_new(&options, NULL);
    assert_non_null(heap);
    test_heap_close_empty(heap);
}

/* ---- arguments ---- */

static void generations_are_0_1_2(void **state)
{
    assert_int_equal(ouro_collect(*state, 3), 0);
    expect_heap_error(*state, OURO_BAD_ARGUMENT, "generation 3 is none of 0, 1, 2");
    assert_int_equal(ouro_collect(*state, -1), 0);
    expect_heap_error(*state, OURO_BAD_ARGUMENT, "generation -1 is none of 0, 1, 2");
}

static int count_one(void *object, void *argument)
{
    (void)object;
    *(size_t *)argument += 1;
    return 0;
}

static void generations_of_objects_are_checked(void **state)
{
    size_t count = 0;
    assert_int_equal(ouro_get_objects(*state, 3, count_one, &count), OURO_BAD_ARGUMENT);
    expect_heap_error(*state, OURO_BAD_ARGUMENT, "generation 3 is none of -1, 0, 1, 2");
    assert_int_equal(ouro_get_objects(*state, -2, count_one, &count), OURO_BAD_ARGUMENT);
    expect_heap_error(*state, OURO_BAD_ARGUMENT, "generation -2 is none of -1, 0, 1, 2");
    assert_int_equal(count, 0);
}

static void alignments_are_powers_of_two(void **state)
{
    static const size_t bad[] = {0, 3, 24, 4097, 8192, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_null(ouro_mem_alloc_aligned(*state, 100, bad[i]));
        char expected[100];
        snprintf(expected, sizeof expected, "alignment %zu is no power of two up to 4096", bad[i]);
        expect_heap_error(*state, OURO_BAD_ARGUMENT, expected);
    }
}

static void items_need_a_type_with_items(void **state)
{
    assert_null(ouro_object_new_var(*state, &atom_type, 1));
    expect_heap_error(*state, OURO_BAD_ARGUMENT,
                      "type atom has no items: give it an item_size and a length_offset, or ask "
                      "for length 0");
    void *without = ouro_object_new_var(*state, &atom_type, 0);
    assert_non_null(without);
    ouro_decref(without);
}

static void a_callback_is_needed(void **state)
{
    cell *target = cell_new(*state);
    assert_null(ouro_weakref_new_callback(target, NULL, NULL));
    expect_heap_error(*state, OURO_BAD_ARGUMENT,
                      "a weak reference with a callback needs one: ouro_weakref_new makes one "
                      "without");
    assert_int_equal(ouro_weakref_count(target), 0);
    ouro_decref(target);
}

static void hear_nothing(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)info;
    (void)argument;
}

static void a_callback_is_removed_once(void **state)
{
    int argument, other;
    assert_int_equal(ouro_add_callback(*state, hear_nothing, &argument), OURO_OK);
    assert_int_equal(ouro_remove_callback(*state, hear_nothing, &other), OURO_BAD_ARGUMENT);
    expect_heap_error(*state, OURO_BAD_ARGUMENT, "the callback was not added to heap \"heap\"");
    assert_int_equal(ouro_remove_callback(*state, hear_nothing, &argument), OURO_OK);
    assert_int_equal(ouro_remove_callback(*state, hear_nothing, &argument), OURO_BAD_ARGUMENT);
}

static void a_weak_reference_says_that_its_object_is_gone(void **state)
{
    uint64_t hash = 7;
    atom *target = atom_new(*state, 0);
    ouro_weakref *weakref = ouro_weakref_new(target);
    ouro_decref(target);
    assert_null(ouro_weakref_require(weakref));
    expect_heap_error_like(*state, OURO_GONE, "use of weak reference 0x*, whose object is gone");
    assert_int_equal(ouro_weakref_hash(weakref, NULL, &hash), OURO_GONE);
    expect_heap_error_like(*state, OURO_GONE, "hash of weak reference 0x*, whose object is gone");
    assert_int_equal(hash, 7);
    ouro_decref(weakref);
}

/* ---- vectors ---- */

static void expect_misplaced(ouro_heap *heap, ouro_status status, size_t position)
{
    char expected[100];
    snprintf(expected, sizeof expected, "position %zu is outside a vector of 2", position);
    assert_int_equal(status, OURO_BAD_ARGUMENT);
    expect_heap_error(heap, OURO_BAD_ARGUMENT, expected);
}

static void positions_are_inside(void **state)
{
    list *owner = list_new(*state);
    ouro_vector *items = &owner->items;
    atom *item = atom_new(*state, 1);
    list_append(owner, item);
    list_append(owner, item);
    static const size_t outside[] = {2, 3, 100, SIZE_MAX};
    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        size_t position = outside[i];
        expect_misplaced(*state, ouro_vector_set(owner, items, position, item), position);
        expect_misplaced(*state, ouro_vector_remove(owner, items, position), position);
        if (position > 2)
            expect_misplaced(*state, ouro_vector_insert(owner, items, position, item), position);
    }
    assert_int_equal(items->length, 2);
    assert_int_equal(ouro_refcount(item), 3);
    ouro_decref(item);
    ouro_decref(owner);
}

static void nothing_comes_from_an_empty_vector(void **state)
{
    list *owner = list_new(*state);
    assert_null(ouro_vector_pop(owner, &owner->items));
    expect_heap_error(*state, OURO_EMPTY, "pop from an empty vector");
    list_append(owner, NULL);
    assert_null(ouro_vector_pop(owner, &owner->items));
    assert_null(ouro_vector_pop(owner, &owner->items));
    ouro_decref(owner);
}

/* ---- sizes ---- */

typedef struct row {
    size_t length;
    void *items[];
} row;
static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
static ouro_type row_type = OURO_TYPE(row, .fields = row_fields, .item_size = sizeof(void *),
                                      .length_offset = offsetof(row, length));

static const size_t huge_lengths[] = {SIZE_MAX, SIZE_MAX / 8, SIZE_MAX / 8 - 4, SIZE_MAX / 16};

static void objects_have_a_largest_length(void **state)
{
    for (size_t i = 0; i < COUNT_OF(huge_lengths); i++) {
        assert_null(ouro_new_var(*state, row, huge_lengths[i]));
        char expected[150];
        snprintf(expected, sizeof expected,
                 "an object of type row with %zu items is larger than the address space",
                 huge_lengths[i]);
        expect_heap_error(*state, OURO_TOO_LARGE, expected);
    }
}

static void vectors_have_a_largest_capacity(void **state)
{
    list *owner = list_new(*state);
    list_append(owner, NULL);
    for (size_t i = 0; i < COUNT_OF(huge_lengths); i++) {
        assert_int_equal(ouro_vector_reserve(owner, &owner->items, huge_lengths[i]),
                         OURO_TOO_LARGE);
        char expected[150];
        snprintf(expected, sizeof expected,
                 "a vector of %zu references is larger than the address space", huge_lengths[i]);
        expect_heap_error(*state, OURO_TOO_LARGE, expected);
        assert_int_equal(owner->items.length, 1);
    }
    ouro_decref(owner);
}

static void raw_memory_has_a_largest_size(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX / 2, SIZE_MAX / 4 + 1};
    char *kept = ouro_mem_alloc(*state, 8);
    strcpy(kept, "kept");
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char expected[150];
        snprintf(expected, sizeof expected, "%zu bytes of raw memory are more than there can be",
                 sizes[i]);
        assert_null(ouro_mem_alloc(*state, sizes[i]));
        expect_heap_error(*state, OURO_TOO_LARGE, expected);
        assert_null(ouro_mem_alloc_zeroed(*state, 1, sizes[i]));
        expect_heap_error(*state, OURO_TOO_LARGE, expected);
        assert_null(ouro_mem_alloc_aligned(*state, sizes[i], 4096));
        expect_heap_error(*state, OURO_TOO_LARGE, expected);
        assert_null(ouro_mem_realloc(*state, kept, sizes[i]));
        expect_heap_error(*state, OURO_TOO_LARGE, expected);
        assert_string_equal(kept, "kept");
    }
    ouro_mem_free(*state, kept);
}

static void products_do_not_wrap(void **state)
{
    assert_null(ouro_mem_alloc_zeroed(*state, SIZE_MAX / 2, 3));
    char expected[150];
    snprintf(expected, sizeof expected,
             "%zu times 3 bytes of raw memory are more than there can be", SIZE_MAX / 2);
    expect_heap_error(*state, OURO_TOO_LARGE, expected);
}

/* Fits into the arithmetic but not into the machine. */
static void the_system_may_refuse(void **state)
{
    size_t size = (size_t)1 << 60;
    assert_null(ouro_mem_alloc(*state, size));
    expect_heap_error_like(*state, OURO_NO_MEMORY,
                           "raw memory of 1152921504606846976 bytes refused: the system gave no "
                           "more memory; heap \"heap\" uses * bytes");
    assert_int_equal(ouro_heap_error(*state)->requested, size);
    assert_null(ouro_new_var(*state, row, size / 8));
    expect_heap_error_like(*state, OURO_NO_MEMORY, "row of * bytes refused: the system gave no*");
}

/* ---- native bytes and the limit ---- */

static void the_account_is_not_below_zero(void **state)
{
    assert_int_equal(ouro_account(*state, 100), OURO_OK);
    assert_int_equal(ouro_account(*state, -101), OURO_BAD_ARGUMENT);
    expect_heap_error(*state, OURO_BAD_ARGUMENT,
                      "101 bytes are taken off the account, which has 100");
    assert_int_equal(ouro_account(*state, PTRDIFF_MIN), OURO_BAD_ARGUMENT);
    expect_heap_error(*state, OURO_BAD_ARGUMENT,
                      "9223372036854775808 bytes are taken off the account, which has 100");
    assert_int_equal(ouro_account(*state, -100), OURO_OK);
}

static void the_limit_refuses(void **state)
{
    ouro_set_byte_limit(*state, 1 << 20);
    assert_int_equal(ouro_account(*state, 1 << 21), OURO_LIMIT);
    expect_heap_error_like(*state, OURO_LIMIT,
                           "native bytes of 2097152 bytes refused: heap \"heap\" uses * of its "
                           "limit of 1048576 bytes; drop objects or raise the limit");
    const ouro_error *error = ouro_heap_error(*state);
    assert_int_equal(error->limit, 1 << 20);
    assert_int_equal(error->requested, 1 << 21);
    assert_null(ouro_mem_alloc(*state, 1 << 21));
    expect_heap_error_like(*state, OURO_LIMIT, "raw memory of 2097152 bytes refused: *");
    ouro_set_byte_limit(*state, 0);
    assert_int_equal(ouro_account(*state, 1 << 21), OURO_OK);
    assert_int_equal(ouro_account(*state, -(1 << 21)), OURO_OK);
}

/* ---- not now ---- */

static const char closed_inside[] =
    "heap \"heap\" is closed inside a collection or a finalizer: close it later";
static const char nested[] = "a collection of heap \"heap\" is running: this one does nothing";

static size_t busy_count;

static void close_and_be_refused(cell *self)
{
    ouro_heap *heap = ouro_heap_of(self);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_BUSY);
    expect_error(ouro_heap_error(heap), OURO_BUSY, closed_inside);
    busy_count++;
}

static void collect_and_be_refused(cell *self)
{
    ouro_heap *heap = ouro_heap_of(self);
    cell_lose(heap, NULL);
    assert_int_equal(ouro_collect(heap, 2), 0);
    expect_error(ouro_heap_error(heap), OURO_BUSY, nested);
    assert_int_equal(ouro_safepoint(heap), 0);
    ouro_freeze(heap);
    assert_int_equal(ouro_freeze_count(heap), 0);
    busy_count++;
}

static void a_finalizer_does_not_close(void **state)
{
    busy_count = 0;
    cell *self = cell_new(*state);
    self->last_word = close_and_be_refused;
    ouro_decref(self);
    cell_lose(*state, close_and_be_refused);
    assert_int_equal(ouro_collect(*state, 2), 1);
    assert_int_equal(busy_count, 2);
}

static void a_collection_does_not_nest(void **state)
{
    busy_count = 0;
    cell_lose(*state, collect_and_be_refused);
    assert_int_equal(ouro_collect(*state, 2), 1);
    assert_int_equal(busy_count, 1);
    assert_int_equal(ouro_collect(*state, 2), 1); /* what the finalizer lost */
}

static void close_in_callback(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)info;
    (void)argument;
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_BUSY);
    expect_error(ouro_heap_error(heap), OURO_BUSY, closed_inside);
    assert_int_equal(ouro_collect(heap, 0), 0);
    expect_error(ouro_heap_error(heap), OURO_BUSY, nested);
    busy_count++;
}

static void a_collection_does_not_close(void **state)
{
    busy_count = 0;
    assert_int_equal(ouro_add_callback(*state, close_in_callback, NULL), OURO_OK);
    assert_int_equal(ouro_collect(*state, 1), 0);
    assert_int_equal(busy_count, 2);
    assert_int_equal(ouro_remove_callback(*state, close_in_callback, NULL), OURO_OK);
}

/* ---- words ---- */

static void every_status_has_a_sentence(void **state)
{
    (void)state;
#define TEXT(name, text) assert_string_equal(ouro_status_text(name), text);
    OURO_STATUSES(TEXT)
#undef TEXT
    assert_string_equal(ouro_status_text((ouro_status)99), "unknown status");
    assert_string_equal(ouro_status_text((ouro_status)-1), "unknown status");
}

static void a_new_heap_has_no_error(void **state)
{
    expect_error(ouro_heap_error(*state), OURO_OK, "");
}

static void a_success_keeps_the_last_error(void **state)
{
    assert_int_equal(ouro_collect(*state, 7), 0);
    ouro_decref(cell_new(*state));
    assert_int_equal(ouro_collect(*state, 2), 0);
    expect_heap_error(*state, OURO_BAD_ARGUMENT, "generation 7 is none of 0, 1, 2");
}

#define ENVIRONMENT_TEST(function)                                                                 \
    cmocka_unit_test_setup_teardown(function, clear_environment, clear_environment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_types_are_described),
        cmocka_unit_test(a_type_has_a_limited_number_of_fields),
        cmocka_unit_test(type_numbers_run_out),
        cmocka_unit_test(the_self_check_counts_fields),
        cmocka_unit_test(the_self_check_looks_at_an_object),
        cmocka_unit_test(bad_options_are_described),
        cmocka_unit_test(a_heap_without_memory_is_none),
        ENVIRONMENT_TEST(bad_environment_values_are_described),
        ENVIRONMENT_TEST(a_long_value_is_cut),
        ENVIRONMENT_TEST(good_environment_values_are_obeyed),
        ENVIRONMENT_TEST(a_program_overrules_the_environment),
        HEAP_TEST(generations_are_0_1_2),
        HEAP_TEST(generations_of_objects_are_checked),
        HEAP_TEST(alignments_are_powers_of_two),
        HEAP_TEST(items_need_a_type_with_items),
        HEAP_TEST(a_callback_is_needed),
        HEAP_TEST(a_callback_is_removed_once),
        HEAP_TEST(a_weak_reference_says_that_its_object_is_gone),
        HEAP_TEST(positions_are_inside),
        HEAP_TEST(nothing_comes_from_an_empty_vector),
        HEAP_TEST(objects_have_a_largest_length),
        HEAP_TEST(vectors_have_a_largest_capacity),
        HEAP_TEST(raw_memory_has_a_largest_size),
        HEAP_TEST(products_do_not_wrap),
        HEAP_TEST(the_system_may_refuse),
        HEAP_TEST(the_account_is_not_below_zero),
        HEAP_TEST(the_limit_refuses),
        HEAP_TEST(a_finalizer_does_not_close),
        HEAP_TEST(a_collection_does_not_nest),
        HEAP_TEST(a_collection_does_not_close),
        cmocka_unit_test(every_status_has_a_sentence),
        HEAP_TEST(a_new_heap_has_no_error),
        HEAP_TEST(a_success_keeps_the_last_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
