/* SPDX-License-Identifier: MIT */
/*
 * type_test.c -- tables of types: what is wrong in them, and what follows from them
 */
#include <string.h>

#include "support/heap.h"

typedef struct pair {
    void *first, *second;
} pair;

#define FIELD(name, offset, kind, type)                                                            \
    {                                                                                              \
        name, (uint32_t)(offset), OURO_FIELD_##kind, type                                          \
    }

/* ---- what is wrong ---- */

static void assert_bad(ouro_type *type, const char *word)
{
    ouro_error error = {0};
    assert_int_equal(ouro_type_ready(type, &error), OURO_BAD_TYPE);
    assert_int_equal(error.status, OURO_BAD_TYPE);
    if (strstr(error.message, word) == NULL) fail_msg("no \"%s\" in: %s", word, error.message);
    assert_int_equal(ouro_type_ready(type, NULL), OURO_BAD_TYPE);
    assert_int_equal(type->ready_word, 0);
}

static void test_ready_numbers_a_type_once(void **state)
{
    static ouro_type type = OURO_TYPE(pair);
    (void)state;
    assert_int_equal(ouro_type_ready(&type, NULL), OURO_OK);
    uint64_t word = type.ready_word;
    assert_true(word != 0);
    assert_int_equal(ouro_type_ready(&type, NULL), OURO_OK);
    assert_int_equal(type.ready_word, word);
}

static void test_bad_structs(void **state)
{
    (void)state;
    assert_bad(&(ouro_type){.size = 8}, "name");
    assert_bad(&(ouro_type){.name = "empty"}, "size");
    assert_bad(&(ouro_type){.name = "odd", .size = 8, .alignment = 32}, "alignment");
    assert_bad(&(ouro_type){.name = "row", .size = 8, .item_size = 1, .length_offset = 8},
               "length");
    assert_bad(&(ouro_type){.name = "row", .size = 16, .item_size = 1, .length_offset = 4},
               "length");
}

static void test_bad_fields(void **state)
{
    (void)state;
    static const struct {
        ouro_field field;
        const char *word;
    } cases[] = {
        {FIELD("left", 16, REF, NULL), "beyond"},
        {FIELD("left", 4, REF, NULL), "multiple of 8"},
        {FIELD("left", 8, VECTOR, NULL), "beyond"},
        {FIELD("left", 16, ITEMS, NULL), "item_size"},
        {{"left", 0, (ouro_field_kind)99, NULL}, "kind"},
    };
    const ouro_field early[] = {FIELD("all", 8, ITEMS, NULL), OURO_END};
    const ouro_field later[] = {FIELD("all", 16, ITEMS, NULL), FIELD("one", 8, REF, NULL),
                                OURO_END};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const ouro_field fields[] = {cases[i].field, OURO_END};
        assert_bad(&(ouro_type){.name = "pair", .size = 16, .fields = fields}, cases[i].word);
    }
    ouro_type row = {.name = "row", .size = 16, .item_size = 8, .fields = early};
    assert_bad(&row, "not behind the struct");
    row.fields = later;
    assert_bad(&row, "must be the last field");
}

static void test_fields_that_overlap(void **state)
{
    (void)state;
    const ouro_field twice[] = {FIELD("left", 8, REF, NULL), FIELD("right", 8, REF, NULL),
                                OURO_END};
    const ouro_field inside[] = {FIELD("all", 0, VECTOR, NULL), FIELD("one", 16, REF, NULL),
                                 OURO_END};
    assert_bad(&(ouro_type){.name = "pair", .size = 16, .fields = twice}, "left and right overlap");
    assert_bad(&(ouro_type){.name = "pair", .size = 24, .fields = inside}, "all and one overlap");
}

static void test_an_object_of_a_bad_type_is_not_made(void **state)
{
    ouro_type bad = {.name = "odd", .size = 8, .alignment = 32};
    assert_null(ouro_object_new(*state, &bad));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_TYPE);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "odd"));
}

/* ---- ouro_type_check ---- */

static void test_check_finds_a_field_left_out(void **state)
{
    static const ouro_field one[] = {OURO_REF(pair, first, NULL), OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = one);
    ouro_error error = {0};
    (void)state;
    assert_int_equal(ouro_type_check(&type, 0, &error), OURO_OK);
    assert_int_equal(ouro_type_check(&type, 1, &error), OURO_OK);
    assert_int_equal(ouro_type_check(&type, 2, &error), OURO_BAD_TYPE);
    assert_non_null(strstr(error.message, "left out"));
}

static void test_check_finds_a_field_too_many(void **state)
{
    static const ouro_field two[] = {OURO_REF(pair, first, NULL), OURO_REF(pair, second, NULL),
                                     OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = two);
    ouro_error error = {0};
    (void)state;
    assert_int_equal(ouro_type_check(&type, 2, &error), OURO_OK);
    assert_int_equal(ouro_type_check(&type, 1, &error), OURO_BAD_TYPE);
}

static void test_check_finds_what_ready_finds(void **state)
{
    static const ouro_field overlap[] = {FIELD("a", 0, REF, NULL), FIELD("b", 0, REF, NULL),
                                         OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = overlap);
    ouro_error error = {0};
    (void)state;
    assert_int_equal(ouro_type_check(&type, 2, &error), OURO_BAD_TYPE);
    assert_non_null(strstr(error.message, "overlap"));
}

static int visits_the_first_twice(void *object, ouro_visit visit, void *argument)
{
    pair *self = object;
    int stopped = self->first != NULL ? visit(self->first, argument) : 0;
    return stopped != 0 || self->first == NULL ? stopped : visit(self->first, argument);
}

static void test_check_finds_a_traverse_that_repeats_a_field(void **state)
{
    static const ouro_field one[] = {OURO_REF(pair, first, NULL), OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = one, .traverse = visits_the_first_twice);
    (void)state;
    assert_int_equal(ouro_type_check(&type, 0, NULL), OURO_BAD_TYPE);
}

static void *elsewhere;

static int visits_somebody_else(void *object, ouro_visit visit, void *argument)
{
    (void)object;
    return elsewhere != NULL ? visit(elsewhere, argument) : 0;
}

static void test_check_finds_a_traverse_that_leads_elsewhere(void **state)
{
    static ouro_type stranger_type = OURO_TYPE(pair);
    static ouro_type type = OURO_TYPE(pair, .traverse = visits_somebody_else);
    ouro_error error = {0};
    assert_int_equal(ouro_type_check(&type, 0, NULL), OURO_OK);
    elsewhere = ouro_object_new(*state, &stranger_type);
    assert_int_equal(ouro_type_check(&type, 0, &error), OURO_BAD_TYPE);
    assert_non_null(strstr(error.message, "shows other references than its fields hold"));
    ouro_decref(elsewhere);
    elsewhere = NULL;
}

/* Takes back the reference that its object has just lost in death. */
static int keeps_the_first(void *object, ouro_visit visit, void *argument)
{
    pair *self = object;
    (void)visit;
    (void)argument;
    if (self->first != NULL && ouro_refcount(self->first) == 1) ouro_incref(self->first);
    return 0;
}

static bool finalized;

static void finalize(void *object)
{
    (void)object;
    finalized = true;
}

static void test_check_finds_a_death_that_keeps_a_reference(void **state)
{
    static const ouro_field one[] = {OURO_REF(pair, first, NULL), OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = one, .traverse = keeps_the_first);
    ouro_error error = {0};
    (void)state;
    assert_int_equal(ouro_type_check(&type, 0, &error), OURO_BAD_TYPE);
    assert_non_null(strstr(error.message, "leaves references behind (1, expected 0)"));
}

/* The object that it makes is not the program's. */
static void test_check_calls_no_finalizer(void **state)
{
    static const ouro_field one[] = {OURO_REF(pair, first, NULL), OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = one, .finalize = finalize);
    (void)state;
    assert_int_equal(ouro_type_check(&type, 0, NULL), OURO_OK);
    assert_false(finalized);
}

/* ---- what follows: can a cycle pass through? ---- */

static ouro_type leaf_type = OURO_TYPE(pair);

static void test_no_references_no_cycle(void **state)
{
    (void)state;
    assert_false(ouro_type_is_tracked(&leaf_type));
}

static void test_a_chain_of_types_is_acyclic(void **state)
{
    static const ouro_field to_leaf[] = {OURO_REF(pair, first, &leaf_type), OURO_END};
    static ouro_type middle = OURO_TYPE(pair, .fields = to_leaf);
    static const ouro_field to_middle[] = {
        OURO_REF(pair, first, &middle),
        OURO_REF(pair, second, &leaf_type),
        OURO_END,
    };
    static ouro_type top = OURO_TYPE(pair, .fields = to_middle);
    (void)state;
    assert_false(ouro_type_is_tracked(&top));
    assert_false(ouro_type_is_tracked(&middle));
}

static void test_a_field_of_unknown_type_may_be_a_cycle(void **state)
{
    static const ouro_field fields[] = {OURO_REF(pair, first, NULL), OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = fields);
    (void)state;
    assert_true(ouro_type_is_tracked(&type));
}

static ouro_type self_type;
static const ouro_field self_fields[] = {OURO_REF(pair, first, &self_type), OURO_END};
static ouro_type self_type = OURO_TYPE(pair, .fields = self_fields);

static void test_a_type_that_names_itself_is_cyclic(void **state)
{
    (void)state;
    assert_true(ouro_type_is_tracked(&self_type));
}

static ouro_type husband_type, wife_type;
static const ouro_field husband_fields[] = {OURO_REF(pair, first, &wife_type), OURO_END};
static const ouro_field wife_fields[] = {OURO_REF(pair, second, &husband_type), OURO_END};
static ouro_type husband_type = OURO_TYPE(pair, .fields = husband_fields);
static ouro_type wife_type = OURO_TYPE(pair, .fields = wife_fields);

static void test_types_that_name_each_other_are_cyclic(void **state)
{
    (void)state;
    assert_true(ouro_type_is_tracked(&wife_type));
    assert_true(ouro_type_is_tracked(&husband_type));
}

/* It is on no cycle itself, but holds one: its reference must be seen as one from the set. */
static void test_a_type_that_leads_to_a_cycle_is_tracked(void **state)
{
    static const ouro_field fields[] = {OURO_REF(pair, first, &leaf_type),
                                        OURO_REF(pair, second, &self_type), OURO_END};
    static ouro_type type = OURO_TYPE(pair, .fields = fields);
    (void)state;
    assert_true(ouro_type_is_tracked(&type));
}

/* Two ways to one type are no cycle. */
static void test_a_diamond_of_types_is_acyclic(void **state)
{
    static const ouro_field to_leaf[] = {OURO_REF(pair, first, &leaf_type), OURO_END};
    static ouro_type left = OURO_TYPE(pair, .fields = to_leaf),
                     right = OURO_TYPE(pair, .fields = to_leaf);
    static const ouro_field to_both[] = {OURO_REF(pair, first, &left),
                                         OURO_REF(pair, second, &right), OURO_END};
    static ouro_type top = OURO_TYPE(pair, .fields = to_both);
    (void)state;
    assert_false(ouro_type_is_tracked(&top));
}

static ouro_type parent_type, child_type;
typedef struct child {
    ouro_weakref *parent;
} child;
static const ouro_field parent_fields[] = {OURO_REF(pair, first, &child_type), OURO_END};
static const ouro_field child_fields[] = {OURO_WEAK(child, parent, &parent_type), OURO_END};
static ouro_type parent_type = OURO_TYPE(pair, .fields = parent_fields);
static ouro_type child_type = OURO_TYPE(child, .fields = child_fields);

static void test_weak_fields_make_no_cycle(void **state)
{
    (void)state;
    assert_false(ouro_type_is_tracked(&child_type));
    assert_false(ouro_type_is_tracked(&parent_type));
}

typedef struct bag {
    ouro_vector items;
} bag;

static void test_vectors_and_items_are_references_too(void **state)
{
    static const ouro_field of_leaves[] = {OURO_VECTOR(bag, items, &leaf_type), OURO_END};
    static const ouro_field of_anything[] = {OURO_VECTOR(bag, items, NULL), OURO_END};
    static ouro_type leaves = OURO_TYPE(bag, .fields = of_leaves),
                     anything = OURO_TYPE(bag, .fields = of_anything);
    (void)state;
    assert_false(ouro_type_is_tracked(&leaves));
    assert_true(ouro_type_is_tracked(&anything));
}

static void test_a_promise_is_believed(void **state)
{
    static const ouro_field fields[] = {OURO_REF(pair, first, NULL), OURO_END};
    static ouro_type promised = OURO_TYPE(pair, .fields = fields, .acyclic = true);
    static const ouro_field to_promised[] = {OURO_REF(pair, first, &promised), OURO_END};
    static ouro_type above = OURO_TYPE(pair, .fields = to_promised);
    (void)state;
    assert_false(ouro_type_is_tracked(&promised));
    assert_false(ouro_type_is_tracked(&above));
}

static void test_a_traverse_hook_may_lead_anywhere(void **state)
{
    static ouro_type type = OURO_TYPE(pair, .traverse = visits_the_first_twice);
    (void)state;
    assert_true(ouro_type_is_tracked(&type));
}

/* A chain as long as a program may have, from the last to the first. */
static void test_a_long_chain_of_types(void **state)
{
    enum { LENGTH = 200 };
    static ouro_type types[LENGTH];
    static ouro_field fields[LENGTH][2];
    (void)state;
    for (size_t i = 0; i < LENGTH; i++) {
        fields[i][0] =
            (ouro_field)FIELD("next", 0, REF, i + 1 < LENGTH ? &types[i + 1] : &leaf_type);
        fields[i][1] = (ouro_field)OURO_END;
        types[i] = (ouro_type)OURO_TYPE(pair, .fields = fields[i]);
    }
    assert_false(ouro_type_is_tracked(&types[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ready_numbers_a_type_once),
        cmocka_unit_test(test_bad_structs),
        cmocka_unit_test(test_bad_fields),
        cmocka_unit_test(test_fields_that_overlap),
        HEAP_TEST(test_an_object_of_a_bad_type_is_not_made),
        cmocka_unit_test(test_check_finds_a_field_left_out),
        cmocka_unit_test(test_check_finds_a_field_too_many),
        cmocka_unit_test(test_check_finds_what_ready_finds),
        cmocka_unit_test(test_check_finds_a_traverse_that_repeats_a_field),
        HEAP_TEST(test_check_finds_a_traverse_that_leads_elsewhere),
        cmocka_unit_test(test_check_finds_a_death_that_keeps_a_reference),
        cmocka_unit_test(test_check_calls_no_finalizer),
        cmocka_unit_test(test_no_references_no_cycle),
        cmocka_unit_test(test_a_chain_of_types_is_acyclic),
        cmocka_unit_test(test_a_field_of_unknown_type_may_be_a_cycle),
        cmocka_unit_test(test_a_type_that_names_itself_is_cyclic),
        cmocka_unit_test(test_types_that_name_each_other_are_cyclic),
        cmocka_unit_test(test_a_type_that_leads_to_a_cycle_is_tracked),
        cmocka_unit_test(test_a_diamond_of_types_is_acyclic),
        cmocka_unit_test(test_weak_fields_make_no_cycle),
        cmocka_unit_test(test_vectors_and_items_are_references_too),
        cmocka_unit_test(test_a_promise_is_believed),
        cmocka_unit_test(test_a_traverse_hook_may_lead_anywhere),
        cmocka_unit_test(test_a_long_chain_of_types),
    };
    return cmocka_run_group_tests_name("type", tests, NULL, NULL);
}
