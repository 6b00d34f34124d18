/* SPDX-License-Identifier: MIT */
/*
 * objects.c -- objects of every shape, and types used for the first time
 */
#include "refusal/scenario.h"

#include "support/random.h"

static bool list_grows(struct trial *trial)
{
    ouro_auto node *first = chain_new(trial->heap, 24);
    return first != NULL;
}

static bool tree_is_built(struct trial *trial)
{
    ouro_auto node *root = tree_new(trial->heap, 4);
    return root != NULL;
}

static bool variable_sizes(struct trial *trial)
{
    ouro_auto row *previous = NULL;
    for (size_t length = 0; length < 3000; length = 2 * length + 1) {
        row *made = ouro_new_var(trial->heap, row, length);
        if (made == NULL) return false;
        assert_int_equal(made->length, length);
        if (length > 0)
            ouro_put(made, items[length - 1], ouro_move(previous));
        else
            ouro_xdecref(ouro_move(previous));
        previous = made;
    }
    return true;
}

/* ---- sizes and alignments ---- */

typedef struct vector_of_doubles {
    void *next;
    _Alignas(16) double numbers[2];
} vector_of_doubles;
static const ouro_field vector_of_doubles_fields[] = {OURO_REF(vector_of_doubles, next, NULL),
                                                      OURO_END};
static ouro_type vector_of_doubles_type =
    OURO_TYPE(vector_of_doubles, .fields = vector_of_doubles_fields, .alignment = 16);

static bool aligned_objects(struct trial *trial)
{
    ouro_auto vector_of_doubles *first = NULL;
    for (size_t i = 0; i < 20; i++) {
        vector_of_doubles *made = ouro_new(trial->heap, vector_of_doubles);
        if (made == NULL) return false;
        assert_int_equal((uintptr_t)made % 16, 0);
        ouro_put(made, next, ouro_move(first));
        first = made;
    }
    return true;
}

/* Of the exact classes, the coarse ones, and pools of several pages. */
static bool structs_of_all_sizes(struct trial *trial)
{
    static const size_t sizes[] = {8, 16, 504, 512, 520, 1000, 4096, 8192, 9000, 30000, 65528};
    static ouro_type types[COUNT_OF(sizes)];
    static const ouro_field fields[] = {{"next", 0, OURO_FIELD_REF, NULL}, OURO_END};
    ouro_auto void *first = NULL;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        if (types[i].name == NULL)
            types[i] = (ouro_type){.name = "sized", .size = sizes[i], .fields = fields};
        void **made = ouro_object_new(trial->heap, &types[i]);
        if (made == NULL) return false;
        for (size_t word = 0; word < sizes[i] / 8; word++) assert_null(made[word]);
        *made = ouro_move(first);
        first = made;
    }
    return true;
}

static bool untracked_objects(struct trial *trial)
{
    atom *atoms[30] = {NULL};
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(atoms); i++) {
        atoms[i] = ouro_new(trial->heap, atom);
        granted = atoms[i] != NULL;
        if (i % 3 == 2) ouro_xdecref(ouro_move(atoms[i - 1])); /* one waits to be made again */
    }
    for (size_t i = 0; i < COUNT_OF(atoms); i++) ouro_xdecref(atoms[i]);
    return granted;
}

/* ---- a reference that carries a tag ---- */

typedef struct tagged {
    uintptr_t value; /* a reference with its lowest bit set, or a number without */
} tagged;

static int tagged_traverse(void *object, ouro_visit visit, void *argument)
{
    const tagged *self = object;
    return (self->value & 1) != 0 ? visit((void *)(self->value - 1), argument) : 0;
}
static ouro_type tagged_type = OURO_TYPE(tagged, .traverse = tagged_traverse);

static bool tagged_references(struct trial *trial)
{
    ouro_auto tagged *first = NULL;
    for (size_t i = 0; i < 24; i++) {
        tagged *made = ouro_new(trial->heap, tagged);
        if (made == NULL) return false;
        if (i % 5 == 4) { /* a ring, and what led here goes */
            made->value = (uintptr_t)ouro_newref(made) | 1;
            ouro_xdecref(ouro_move(first));
        } else if (first != NULL) {
            made->value = (uintptr_t)ouro_move(first) | 1;
        }
        first = made;
    }
    return true;
}

/* ---- births and deaths in turn ---- */

static bool objects_come_and_go(struct trial *trial)
{
    void *held[24] = {NULL};
    struct random random = {12345};
    bool granted = true;
    for (size_t i = 0; granted && i < 120; i++) {
        void **place = &held[random_below(&random, COUNT_OF(held))];
        unsigned kind = random_below(&random, 4);
        ouro_xdecref(*place);
        *place = kind == 0   ? (void *)ouro_new(trial->heap, atom)
                 : kind == 1 ? (void *)ouro_new(trial->heap, node)
                 : kind == 2 ? (void *)ouro_new(trial->heap, cell)
                             : (void *)ouro_new_var(trial->heap, row, random_below(&random, 90));
        granted = *place != NULL;
    }
    for (size_t i = 0; i < COUNT_OF(held); i++) ouro_xdecref(held[i]);
    return granted;
}

/* ---- types used for the first time, a few in each run ---- */

static bool types_are_new(struct trial *trial)
{
    enum { TYPES = 32768, IN_A_RUN = 6 };
    static ouro_type types[TYPES];
    static size_t used;
    ouro_auto list *owner = ouro_new(trial->heap, list);
    if (owner == NULL) return false;
    for (size_t i = 0; i < IN_A_RUN; i++) {
        ouro_type *type = &types[used % TYPES];
        if (used < TYPES) *type = (ouro_type){.name = "fresh", .size = 16 + 8 * i};
        used++; /* the longest runs come round: a process has so many types */
        ouro_auto void *first = ouro_object_new(trial->heap, type);
        if (first == NULL) {
            assert_true(type->ready_word != 0); /* that needed no memory */
            return false;
        }
        if (ouro_vector_append(owner, &owner->items, first) != OURO_OK) return false;
    }
    return true;
}

static const struct scenario scenarios[] = {
    SCENARIO(list_grows),        SCENARIO(tree_is_built),        SCENARIO(variable_sizes),
    SCENARIO(aligned_objects),   SCENARIO(structs_of_all_sizes), SCENARIO(untracked_objects),
    SCENARIO(tagged_references), SCENARIO(objects_come_and_go),  SCENARIO(types_are_new),
};
SCENARIO_TABLE(object, scenarios);
