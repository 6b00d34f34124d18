/* SPDX-License-Identifier: MIT */
/*
 * prompt_test.c -- what a program drops in its own code dies there and then  [life.prompt]
 *
 * Also where that code is called in the middle of a traverse hook, which others that have one wait for.
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/hidden.h"

static size_t dropped, died_at_once;

/* Somebody with a traverse hook, who holds an atom alone. */
static hidden *hidden_new(ouro_heap *heap, void *next)
{
    hidden *made = ouro_new(heap, hidden);
    assert_non_null(made);
    made->next = next;
    return made;
}

static void drop_one(ouro_heap *heap)
{
    size_t before = cell_released;
    ouro_decref(hidden_new(heap, atom_new(heap, 1)));
    dropped++;
    died_at_once += cell_released - before;
}

static void last_word(cell *self)
{
    drop_one(ouro_heap_of(self));
}

static void call(ouro_weakref *self, void *argument)
{
    (void)argument;
    drop_one(ouro_heap_of(self));
}

static void assert_prompt(ouro_heap *heap, size_t count)
{
    assert_int_equal(dropped, count);
    assert_int_equal(died_at_once, count);
    assert_int_equal(test_heap_objects(heap), 0);
    test_heap_verify(heap);
    dropped = died_at_once = 0;
}

static void test_in_a_finalizer_inside_a_traverse_hook(void **state)
{
    cell *speaker = cell_new(*state);
    speaker->last_word = last_word;
    ouro_decref(hidden_new(*state, speaker));
    assert_prompt(*state, 1);
    cell *second = cell_new(*state);
    second->last_word = last_word;
    speaker = cell_new(*state);
    speaker->last_word = last_word;
    ouro_put(speaker, left, hidden_new(*state, second)); /* waits for the outer hook */
    ouro_decref(hidden_new(*state, speaker));
    assert_prompt(*state, 2);
}

static void test_in_a_callback_inside_a_traverse_hook(void **state)
{
    cell *target = cell_new(*state);
    ouro_weakref *first = ouro_weakref_new_callback(target, call, NULL);
    ouro_weakref *second = ouro_weakref_new_callback(target, call, NULL);
    ouro_decref(hidden_new(*state, target));
    ouro_decref(first);
    ouro_decref(second);
    assert_prompt(*state, 2);
}

/* Nothing but a few bytes, which leave some of its block. */
typedef struct few {
    char bytes[20];
} few;

static ouro_type few_type = OURO_TYPE(few);

static size_t released_meanwhile;

static void drop_few(cell *self)
{
    size_t before = cell_released;
    few *made = ouro_new(ouro_heap_of(self), few);
    assert_non_null(made);
    ouro_decref(made);
    released_meanwhile += cell_released - before;
}

/* An object without references that dies in the program's code ends alone: who waits for the hook goes on waiting. */
static void test_a_simple_death_takes_nobody_along_who_waits(void **state)
{
    cell *outer = cell_new(*state), *speaker = cell_new(*state);
    speaker->last_word = drop_few;
    ouro_put(outer, left, hidden_new(*state, atom_new(*state, 1))); /* waits for the hook */
    ouro_put(outer, right, speaker);
    released_meanwhile = 0;
    ouro_decref(hidden_new(*state, outer));
    assert_int_equal(released_meanwhile, 0);
    assert_prompt(*state, 0);
}

/* Nobody recurses: each waits for the hook of the one before, and the last dies as all others. */
static void test_a_chain_of_hooks_goes_one_after_the_other(void **state)
{
    void *first = atom_new(*state, 1);
    size_t before = cell_released;
    for (int i = 0; i < 100000; i++) first = hidden_new(*state, first);
    ouro_decref(first);
    assert_int_equal(cell_released, before + 1);
    assert_prompt(*state, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_in_a_finalizer_inside_a_traverse_hook),
        HEAP_TEST(test_in_a_callback_inside_a_traverse_hook),
        HEAP_TEST(test_a_simple_death_takes_nobody_along_who_waits),
        HEAP_TEST(test_a_chain_of_hooks_goes_one_after_the_other),
    };
    return cmocka_run_group_tests_name("prompt", tests, NULL, NULL);
}
