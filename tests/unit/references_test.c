/* SPDX-License-Identifier: MIT */
/*
 * references_test.c -- fields, automatic variables and scopes
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/refusal.h"

/* ---- fields ---- */

static void test_set_takes_a_reference_and_drops_the_old_one(void **state)
{
    cell *owner = cell_new(*state);
    atom *first = atom_new(*state, 1), *second = atom_new(*state, 2);
    ouro_set(owner, left, first);
    assert_int_equal(ouro_refcount(first), 2);
    ouro_set(owner, left, second);
    assert_int_equal(ouro_refcount(first), 1);
    assert_int_equal(ouro_refcount(second), 2);
    ouro_set(owner, left, NULL);
    assert_null(owner->left);
    assert_int_equal(ouro_refcount(second), 1);
    ouro_decref(first);
    ouro_decref(second);
    ouro_decref(owner);
}

static void test_set_of_what_is_there_keeps_it(void **state)
{
    cell *owner = cell_new(*state);
    ouro_put(owner, left, atom_new(*state, 5));
    size_t before = cell_released;
    ouro_set(owner, left, owner->left);
    assert_int_equal(cell_released, before);
    assert_int_equal(ouro_refcount(owner->left), 1);
    assert_int_equal(((atom *)owner->left)->number, 5);
    ouro_decref(owner);
}

static void test_put_passes_ownership(void **state)
{
    cell *owner = cell_new(*state);
    size_t before = cell_released;
    ouro_put(owner, left, atom_new(*state, 1));
    assert_int_equal(ouro_refcount(owner->left), 1);
    ouro_put(owner, left, atom_new(*state, 2));
    assert_int_equal(cell_released, before + 1);
    ouro_decref(owner);
    assert_int_equal(cell_released, before + 3);
}

static cell *clearing;
static void sees_an_empty_field(cell *self)
{
    (void)self;
    assert_null(clearing->left);
}

static void test_clear_empties_the_field_before_the_death(void **state)
{
    clearing = cell_new(*state);
    cell *inner = cell_new(*state);
    inner->last_word = sees_an_empty_field;
    ouro_put(clearing, left, inner);
    size_t before = cell_released;
    ouro_clear(clearing, left);
    assert_int_equal(cell_released, before + 1);
    ouro_clear(clearing, left); /* of nothing */
    ouro_decref(clearing);
}

static void test_take_moves_the_reference_out(void **state)
{
    cell *owner = cell_new(*state);
    ouro_put(owner, right, atom_new(*state, 3));
    atom *taken = ouro_take(owner, right);
    assert_null(owner->right);
    assert_int_equal(ouro_refcount(taken), 1);
    assert_null(ouro_take(owner, right));
    ouro_decref(owner);
    ouro_decref(taken);
}

static void test_swap_exchanges_without_counting(void **state)
{
    cell *a = cell_new(*state), *b = cell_new(*state);
    atom *one = atom_new(*state, 1);
    ouro_set(a, left, one);
    ouro_swap(a, left, b, right);
    assert_null(a->left);
    assert_ptr_equal(b->right, one);
    assert_int_equal(ouro_refcount(one), 2);
    ouro_swap(b, right, b, right); /* with itself */
    assert_ptr_equal(b->right, one);
    ouro_decref(a);
    ouro_decref(b);
    assert_int_equal(ouro_refcount(one), 1);
    ouro_decref(one);
}

static void test_newref_and_the_calls_that_take_null(void **state)
{
    atom *made = atom_new(*state, 1);
    atom *again = ouro_newref(made);
    assert_ptr_equal(again, made);
    assert_int_equal(ouro_refcount(made), 2);
    ouro_xincref(made);
    ouro_xincref(NULL);
    ouro_xdecref(NULL);
    assert_int_equal(ouro_refcount(made), 3);
    ouro_xdecref(made);
    ouro_decref(again);
    ouro_decref(made);
}

/* ---- automatic variables ---- */

static void leaves_on_two_paths(ouro_heap *heap, bool early)
{
    ouro_auto atom *first = atom_new(heap, 1);
    ouro_auto atom *nothing = NULL;
    if (early) return;
    ouro_auto atom *second = atom_new(heap, 2);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(nothing);
}

static void test_auto_gives_back_on_every_path(void **state)
{
    size_t before = cell_released;
    leaves_on_two_paths(*state, true);
    assert_int_equal(cell_released, before + 1);
    leaves_on_two_paths(*state, false);
    assert_int_equal(cell_released, before + 3);
}

static atom *returns_an_auto(ouro_heap *heap)
{
    ouro_auto atom *made = atom_new(heap, 8);
    return ouro_move(made);
}

static void test_move_passes_an_auto_on(void **state)
{
    atom *made = returns_an_auto(*state);
    assert_int_equal(made->number, 8);
    assert_int_equal(ouro_refcount(made), 1);
    ouro_decref(made);
}

/* ---- scopes ---- */

static long order[100];
static size_t ordered;
static void writes_its_number(cell *self)
{
    order[ordered++] = self->number;
}

static cell *numbered(ouro_heap *heap, long number)
{
    cell *made = cell_new(heap);
    made->number = number;
    made->last_word = writes_its_number;
    return made;
}

static void test_scope_grows_and_drops_the_newest_first(void **state)
{
    ouro_scope scope;
    ouro_scope_open(&scope, *state);
    ordered = 0;
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        cell *made = numbered(*state, (long)i);
        assert_ptr_equal(ouro_scope_add(&scope, made), made);
        assert_int_equal(ouro_refcount(made), 1);
    }
    ouro_scope_close(&scope);
    assert_int_equal(ordered, COUNT_OF(order));
    for (size_t i = 0; i < ordered; i++) assert_int_equal(order[i], COUNT_OF(order) - 1 - i);
}

static void test_scope_passes_null_through(void **state)
{
    ouro_scope scope;
    ouro_scope_open(&scope, *state);
    assert_null(ouro_scope_add(&scope, NULL));
    assert_int_equal(scope.length, 0);
    ouro_scope_close(&scope);
}

static void test_scope_may_be_opened_again(void **state)
{
    ouro_scope scope;
    ouro_scope_open(&scope, *state);
    for (int round = 0; round < 3; round++) {
        size_t before = cell_released;
        for (int i = 0; i < 20; i++) (void)ouro_scope_add(&scope, atom_new(*state, i));
        ouro_scope_close(&scope);
        assert_int_equal(cell_released, before + 20);
    }
}

static void test_scope_that_cannot_grow_drops_the_object(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    ouro_scope scope;
    ouro_scope_open(&scope, heap);
    for (size_t i = 0; i < COUNT_OF(scope.first); i++)
        (void)ouro_scope_add(&scope, atom_new(heap, 0));
    atom *one_more = atom_new(heap, 1);
    size_t before = cell_released;
    refusal_of_everything(&refusal);
    assert_null(ouro_scope_add(&scope, one_more));
    assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
    assert_int_equal(cell_released, before + 1);
    assert_int_equal(scope.length, COUNT_OF(scope.first));
    refusal_ends(&refusal);
    ouro_scope_close(&scope);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_set_takes_a_reference_and_drops_the_old_one),
        HEAP_TEST(test_set_of_what_is_there_keeps_it),
        HEAP_TEST(test_put_passes_ownership),
        HEAP_TEST(test_clear_empties_the_field_before_the_death),
        HEAP_TEST(test_take_moves_the_reference_out),
        HEAP_TEST(test_swap_exchanges_without_counting),
        HEAP_TEST(test_newref_and_the_calls_that_take_null),
        HEAP_TEST(test_auto_gives_back_on_every_path),
        HEAP_TEST(test_move_passes_an_auto_on),
        HEAP_TEST(test_scope_grows_and_drops_the_newest_first),
        HEAP_TEST(test_scope_passes_null_through),
        HEAP_TEST(test_scope_may_be_opened_again),
        cmocka_unit_test(test_scope_that_cannot_grow_drops_the_object),
    };
    return cmocka_run_group_tests_name("references", tests, NULL, NULL);
}
