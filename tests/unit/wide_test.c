/* SPDX-License-Identifier: MIT */
/*
 * wide_test.c -- references that the mask of a type does not show
 *
 * The mask has a bit for each of an object's first 64 words; what lies beyond, and what only a hook
 * knows of an object with items, is visited and dropped by other code.
 */
#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"

typedef struct wide {
    void *near;
    void *unused[70];
    void *far, *farther;
} wide;
static const ouro_field wide_fields[] = {
    OURO_REF(wide, near, NULL),
    OURO_REF(wide, far, NULL),
    OURO_REF(wide, farther, NULL),
    OURO_END,
};
static ouro_type wide_type = OURO_TYPE(wide, .fields = wide_fields);

/* References that lie far, and no other. */
typedef struct distant {
    void *unused[70];
    void *far, *farther;
} distant;
static const ouro_field distant_fields[] = {
    OURO_REF(distant, far, NULL),
    OURO_REF(distant, farther, NULL),
    OURO_END,
};
static ouro_type distant_type = OURO_TYPE(distant, .fields = distant_fields);

/* What the next call of a hook drops. */
static void *to_drop;

/* One reference that only the hook knows, in front of its items. */
typedef struct guarded {
    void *hidden;
    size_t length;
    void *items[];
} guarded;
static int guarded_traverse(void *object, ouro_visit visit, void *argument)
{
    guarded *self = object;
    ouro_xdecref(ouro_move(to_drop));
    return self->hidden != NULL ? visit(self->hidden, argument) : 0;
}
static const ouro_field guarded_fields[] = {OURO_ITEMS(guarded, items, NULL), OURO_END};
static ouro_type guarded_type =
    OURO_TYPE(guarded, .fields = guarded_fields, .item_size = sizeof(void *),
              .length_offset = offsetof(guarded, length), .traverse = guarded_traverse);

static void test_a_new_wide_object_is_zero(void **state)
{
    for (int i = 0; i < 3; i++) {
        wide *made = ouro_new(*state, wide);
        assert_non_null(made);
        assert_null(made->near);
        assert_null(made->far);
        for (size_t at = 0; at < COUNT_OF(made->unused); at++) {
            assert_null(made->unused[at]);
            made->unused[at] = made; /* no field: never looked at */
        }
        ouro_decref(made);
    }
}

static void test_a_death_drops_what_lies_far(void **state)
{
    wide *made = ouro_new(*state, wide);
    cell *target = cell_new(*state), *ring = cell_ring(*state, 2);
    ouro_set(made, near, target);
    ouro_set(made, far, target);
    ouro_put(made, farther, cell_new(*state)); /* the last reference of another */
    ouro_set(made, near, ring);
    assert_int_equal(ouro_refcount(target), 2);
    ouro_decref(made);
    assert_int_equal(ouro_refcount(target), 1);
    assert_int_equal(ouro_refcount(ring), 2);
    assert_int_equal(test_heap_objects(*state), 3);
    ouro_decref(target);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 0), 2);
}

/* A chain through the far references: no death of one inside of another's. */
static void test_a_chain_of_far_references_ends(void **state)
{
    enum { LENGTH = 100000 };
    wide *first = NULL;
    for (size_t i = 0; i < LENGTH; i++) {
        wide *made = ouro_new(*state, wide);
        assert_non_null(made);
        if (i % 2 == 0)
            ouro_put(made, far, first);
        else
            ouro_put(made, farther, first);
        first = made;
    }
    ouro_decref(first);
    assert_int_equal(test_heap_objects(*state), 0);
}

static void test_a_cycle_through_far_references_is_found(void **state)
{
    for (int generation = 0; generation < 3; generation++) {
        wide *first = ouro_new(*state, wide), *second = ouro_new(*state, wide);
        cell *living = cell_new(*state);
        ouro_set(first, far, second);
        ouro_set(second, farther, first);
        ouro_set(second, near, living);
        ouro_decref(second);
        assert_int_equal(ouro_collect(*state, generation), 0);
        ouro_decref(first);
        assert_int_equal(ouro_collect(*state, 2), 2);
        assert_int_equal(ouro_refcount(living), 1);
        ouro_decref(living);
    }
}

static void test_a_cycle_through_far_references_is_found_in_steps(void **state)
{
    wide *first = ouro_new(*state, wide), *second = ouro_new(*state, wide);
    cell *living = cell_new(*state);
    ouro_set(first, far, second);
    ouro_set(second, farther, first);
    ouro_set(second, far, living);
    (void)ouro_collect(*state, 2);
    ouro_decref(second);
    ouro_decref(first);
    cycle_begin(*state);
    assert_int_equal(cycle_step_to_the_end(*state, 1), 2);
    assert_int_equal(ouro_refcount(living), 1);
    ouro_decref(living);
}

/* Each waits while the first of its two children dies, and its link lies far, too. */
static void test_a_tree_of_distant_references_ends(void **state)
{
    enum { LENGTH = 20000 };
    distant *root = NULL;
    cell *target = cell_new(*state);
    for (size_t i = 0; i < LENGTH; i++) {
        distant *made = ouro_new(*state, distant);
        assert_non_null(made);
        ouro_put(made, far, root);
        if (i % 3 == 0)
            ouro_set(made, farther, target);
        else
            ouro_put(made, farther, ouro_new(*state, distant));
        root = made;
    }
    assert_int_equal(ouro_refcount(target), 1 + (LENGTH + 2) / 3);
    ouro_decref(root);
    assert_int_equal(ouro_refcount(target), 1);
    assert_int_equal(test_heap_objects(*state), 1);
    ouro_decref(target);
}

static guarded *guarded_new(ouro_heap *heap, size_t length)
{
    guarded *made = ouro_new_var(heap, guarded, length);
    assert_non_null(made);
    return made;
}

static void test_items_and_a_hidden_reference_are_dropped(void **state)
{
    cell *target = cell_new(*state);
    guarded *made = guarded_new(*state, 3);
    made->hidden = ouro_newref(target);
    ouro_set(made, items[0], target);
    ouro_set(made, items[2], target);
    assert_int_equal(ouro_refcount(target), 4);
    ouro_decref(made);
    assert_int_equal(ouro_refcount(target), 1);
    ouro_decref(target);
}

/* Links by hidden references and by items, in turn. */
static void test_a_chain_of_hidden_references_and_items_ends(void **state)
{
    enum { LENGTH = 50000 };
    guarded *first = NULL;
    for (size_t i = 0; i < LENGTH; i++) {
        guarded *made = guarded_new(*state, i % 5 + 1);
        if (i % 2 == 0)
            made->hidden = first;
        else
            ouro_put(made, items[i % 5], first);
        first = made;
    }
    ouro_decref(first);
    assert_int_equal(test_heap_objects(*state), 0);
}

static void test_a_cycle_through_items_and_hidden_references_is_found(void **state)
{
    guarded *first = guarded_new(*state, 2), *second = guarded_new(*state, 1);
    cell *living = cell_new(*state);
    first->hidden = ouro_newref(second);
    ouro_set(second, items[0], first);
    ouro_set(first, items[1], living);
    ouro_decref(second);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(first);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(ouro_refcount(living), 1);
    ouro_decref(living);
}

/* A death that a hook brings about waits until the hook's own object is through. */
static void test_a_death_inside_a_hook_waits(void **state)
{
    guarded *first = guarded_new(*state, 1), *second = guarded_new(*state, 2);
    cell *target = cell_new(*state);
    first->hidden = ouro_newref(target);
    second->hidden = ouro_newref(target);
    ouro_set(second, items[1], target);
    to_drop = second;
    ouro_decref(first);
    assert_null(to_drop);
    assert_int_equal(ouro_refcount(target), 1);
    assert_int_equal(test_heap_objects(*state), 1);
    ouro_decref(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_new_wide_object_is_zero),
        HEAP_TEST(test_a_death_drops_what_lies_far),
        HEAP_TEST(test_a_chain_of_far_references_ends),
        HEAP_TEST(test_a_cycle_through_far_references_is_found),
        HEAP_TEST(test_a_cycle_through_far_references_is_found_in_steps),
        HEAP_TEST(test_a_tree_of_distant_references_ends),
        HEAP_TEST(test_a_death_inside_a_hook_waits),
        HEAP_TEST(test_items_and_a_hidden_reference_are_dropped),
        HEAP_TEST(test_a_chain_of_hidden_references_and_items_ends),
        HEAP_TEST(test_a_cycle_through_items_and_hidden_references_is_found),
    };
    return cmocka_run_group_tests_name("wide", tests, NULL, NULL);
}
