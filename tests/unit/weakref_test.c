/* SPDX-License-Identifier: MIT */
/*
 * weakref_test.c -- who looks without holding, and the table of targets
 */
#include <stdlib.h>

#include <ouro/weak_map.h>

#include "support/cell.h"
#include "support/heap.h"

/* ---- weak references without callback ---- */

static void test_there_is_one_without_callback(void **state)
{
    atom *target = atom_new(*state, 1);
    ouro_weakref *first = ouro_weakref_new(target), *second = ouro_weakref_new(target);
    assert_ptr_equal(first, second);
    assert_int_equal(ouro_refcount(first), 2);
    assert_int_equal(ouro_weakref_count(target), 1);
    ouro_decref(first);
    ouro_decref(second);
    assert_int_equal(ouro_weakref_count(target), 0);
    ouro_decref(target);
}

static void test_get_answers_while_the_target_lives(void **state)
{
    atom *target = atom_new(*state, 1);
    ouro_weakref *weak = ouro_weakref_new(target);
    atom *got = ouro_weakref_get(weak);
    assert_ptr_equal(got, target);
    assert_int_equal(ouro_refcount(target), 2);
    ouro_decref(got);
    ouro_decref(target);
    assert_null(ouro_weakref_get(weak));
    ouro_decref(weak);
}

static void test_get_answers_null_after_a_collection(void **state)
{
    cell *target = cell_new(*state);
    ouro_set(target, left, target);
    ouro_weakref *weak = ouro_weakref_new(target);
    ouro_decref(target);
    assert_int_equal(ouro_collect(*state, 0), 1);
    assert_null(ouro_weakref_get(weak));
    ouro_decref(weak);
}

/* ---- callbacks ---- */

static const ouro_weakref *called[8];
static size_t call_count;
static void remember(ouro_weakref *self, void *argument)
{
    assert_null(ouro_weakref_get(self));
    if (argument != NULL) ((atom *)argument)->number++;
    called[call_count++] = self;
}

static void test_callbacks_run_newest_first(void **state)
{
    atom *target = atom_new(*state, 1);
    ouro_weakref *weak[4];
    call_count = 0;
    for (size_t i = 0; i < COUNT_OF(weak); i++)
        weak[i] = ouro_weakref_new_callback(target, remember, NULL);
    assert_int_equal(ouro_weakref_count(target), COUNT_OF(weak));
    ouro_decref(target);
    assert_int_equal(call_count, COUNT_OF(weak));
    for (size_t i = 0; i < COUNT_OF(weak); i++) {
        assert_ptr_equal(called[i], weak[COUNT_OF(weak) - 1 - i]);
        ouro_decref(weak[COUNT_OF(weak) - 1 - i]);
    }
}

static void test_callback_has_its_argument_once(void **state)
{
    atom *target = atom_new(*state, 1), *argument = atom_new(*state, 0);
    ouro_weakref *weak = ouro_weakref_new_callback(target, remember, argument);
    call_count = 0;
    assert_int_equal(ouro_refcount(argument), 2);
    ouro_decref(target);
    assert_int_equal(argument->number, 1);
    assert_int_equal(ouro_refcount(argument), 1);
    ouro_decref(weak);
    ouro_decref(argument);
}

static void test_a_dead_weak_reference_does_not_call(void **state)
{
    atom *target = atom_new(*state, 1);
    ouro_weakref *weak = ouro_weakref_new_callback(target, remember, NULL);
    call_count = 0;
    ouro_decref(weak);
    assert_int_equal(ouro_weakref_count(target), 0);
    ouro_decref(target);
    assert_int_equal(call_count, 0);
}

static void test_callback_must_be_given(void **state)
{
    atom *target = atom_new(*state, 1);
    assert_null(ouro_weakref_new_callback(target, NULL, NULL));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_ARGUMENT);
    ouro_decref(target);
}

/* The shared one leads the list, whenever it was made; any of the others may leave. */
static void test_list_keeps_its_order_when_some_leave(void **state)
{
    atom *target = atom_new(*state, 1);
    ouro_weakref *weak[5];
    call_count = 0;
    for (size_t i = 0; i < COUNT_OF(weak); i++)
        weak[i] =
            i == 2 ? ouro_weakref_new(target) : ouro_weakref_new_callback(target, remember, NULL);
    ouro_decref(weak[1]);
    ouro_decref(weak[4]);
    test_heap_verify(*state);
    assert_int_equal(ouro_weakref_count(target), 3);
    ouro_decref(target);
    assert_int_equal(call_count, 2);
    assert_ptr_equal(called[0], weak[3]);
    assert_ptr_equal(called[1], weak[0]);
    ouro_decref(weak[0]);
    ouro_decref(weak[2]);
    ouro_decref(weak[3]);
}

/* ---- garbage ---- */

static const void *spoken[8]; /* targets of callbacks, then who was finalized */
static size_t spoken_count;

static void say_argument(ouro_weakref *self, void *argument)
{
    (void)self;
    spoken[spoken_count++] = (const void *)(uintptr_t)((atom *)argument)->number;
}

static void say_self(cell *self)
{
    spoken[spoken_count++] = self;
}

/* One order for callbacks and finalizers, as in CPython, whatever it is. */
static void test_callbacks_of_garbage_come_in_the_order_of_finalizers(void **state)
{
    enum { RING = 4 };
    ouro_weakref *weak[RING];
    spoken_count = 0;
    for (size_t i = 0; i < RING; i++) {
        cell *target = cell_new(*state);
        atom *argument = atom_new(*state, (long)(uintptr_t)target);
        ouro_set(target, left, target);
        target->last_word = say_self;
        weak[i] = ouro_weakref_new_callback(target, say_argument, argument);
        ouro_decref(argument);
        ouro_decref(target);
    }
    assert_int_equal(ouro_collect(*state, 0), RING);
    assert_int_equal(spoken_count, 2 * RING);
    for (size_t i = 0; i < RING; i++) {
        assert_ptr_equal(spoken[i], spoken[RING + i]);
        ouro_decref(weak[i]);
    }
}

/* Each of them, the newest of a target first. */
static void test_several_callbacks_of_garbage_run(void **state)
{
    enum { TARGETS_LOST = 3, EACH = 2 };
    ouro_weakref *weak[TARGETS_LOST * EACH];
    call_count = 0;
    for (size_t i = 0; i < COUNT_OF(weak); i += EACH) {
        ouro_auto cell *target = cell_new(*state);
        ouro_set(target, left, target);
        for (size_t j = 0; j < EACH; j++)
            weak[i + j] = ouro_weakref_new_callback(target, remember, NULL);
    }
    assert_int_equal(ouro_collect(*state, 0), TARGETS_LOST);
    assert_int_equal(call_count, COUNT_OF(weak));
    for (size_t i = 0; i < COUNT_OF(weak); i += EACH) {
        size_t at = 0; /* of the target, whichever it was */
        while (called[at] != weak[i + 1]) assert_in_range(++at, 0, COUNT_OF(weak) - 1);
        assert_ptr_equal(called[at + 1], weak[i]);
    }
    for (size_t i = 0; i < COUNT_OF(weak); i++) ouro_decref(weak[i]);
}

/* As in CPython: a weak reference in garbage that is kept looks at nothing any more. */
static void test_a_saved_weak_reference_has_looked_its_last(void **state)
{
    atom *target = atom_new(*state, 1);
    cell *holder = cell_new(*state);
    ouro_weakref *weak = ouro_weakref_new_callback(target, remember, NULL);
    call_count = 0;
    ouro_set(holder, left, holder);
    ouro_set(holder, right, weak);
    ouro_decref(weak);
    ouro_decref(holder);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_collect(*state, 2), 2);
    ouro_set_debug(*state, 0);
    assert_null(ouro_weakref_get(weak));
    assert_int_equal(ouro_weakref_count(target), 0);
    ouro_decref(target);
    assert_int_equal(call_count, 0);
    ouro_garbage_clear(*state);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* What was looked at and kept in garbage may be the key of a weak map later, and is found there. */
static void test_what_was_saved_may_be_a_key(void **state)
{
    cell *target = cell_new(*state);
    ouro_set(target, left, target);
    ouro_auto ouro_weakref *weak = ouro_weakref_new(target);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    ouro_decref(target);
    assert_int_equal(ouro_collect(*state, 2), 1);
    ouro_set_debug(*state, 0);
    assert_int_equal(ouro_garbage_count(*state), 1); /* which holds it */
    assert_null(ouro_weakref_get(weak));
    ouro_weak_map *map = ouro_weak_map_new(*state);
    assert_int_equal(ouro_weak_map_set(map, target, NULL), OURO_OK);
    assert_true(ouro_weak_map_contains(map, target));
    ouro_decref(map);
    ouro_garbage_clear(*state);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

/* ---- weak fields ---- */

typedef struct child {
    ouro_weakref *parent;
} child;
static const ouro_field child_fields[] = {OURO_WEAK(child, parent, NULL), OURO_END};
static ouro_type child_type = OURO_TYPE(child, .fields = child_fields);

static void test_weak_field_looks_without_holding(void **state)
{
    atom *parent = atom_new(*state, 1), *other = atom_new(*state, 2);
    child *self = ouro_new(*state, child);
    assert_null(ouro_weak_get(self, parent));
    assert_int_equal(ouro_weak_set(self, parent, parent), OURO_OK);
    assert_int_equal(ouro_refcount(parent), 1);
    atom *got = ouro_weak_get(self, parent);
    assert_ptr_equal(got, parent);
    ouro_decref(got);
    assert_int_equal(ouro_weak_set(self, parent, other), OURO_OK);
    assert_int_equal(ouro_weakref_count(parent), 0);
    ouro_decref(other);
    assert_null(ouro_weak_get(self, parent));
    assert_int_equal(ouro_weak_set(self, parent, NULL), OURO_OK);
    assert_null(self->parent);
    ouro_decref(parent);
    ouro_decref(self);
}

static void test_weak_fields_share_one_weak_reference(void **state)
{
    atom *parent = atom_new(*state, 1);
    child *first = ouro_new(*state, child), *second = ouro_new(*state, child);
    assert_int_equal(ouro_weak_set(first, parent, parent), OURO_OK);
    assert_int_equal(ouro_weak_set(second, parent, parent), OURO_OK);
    assert_ptr_equal(first->parent, second->parent);
    assert_int_equal(ouro_weakref_count(parent), 1);
    ouro_decref(first);
    assert_int_equal(ouro_weakref_count(parent), 1);
    ouro_decref(second);
    assert_int_equal(ouro_weakref_count(parent), 0);
    ouro_decref(parent);
}

/* ---- the table ---- */

enum { TARGETS = 10000 };

static void test_table_of_many_targets_that_leave_in_any_order(void **state)
{
    atom **targets = calloc(TARGETS, sizeof *targets);
    ouro_weakref **weak = calloc(TARGETS, sizeof *weak);
    for (long i = 0; i < TARGETS; i++) {
        targets[i] = atom_new(*state, i);
        weak[i] = ouro_weakref_new(targets[i]);
    }
    test_heap_verify(*state); /* [weak.table] */
    for (size_t i = 0; i < TARGETS; i++) {
        size_t which = i * 3001 % TARGETS;
        atom *got = ouro_weakref_get(weak[which]);
        assert_int_equal(got->number, which);
        ouro_decref(got);
        ouro_decref(targets[which]);
        assert_null(ouro_weakref_get(weak[which]));
        if (i % 1000 == 0) test_heap_verify(*state);
    }
    for (size_t i = 0; i < TARGETS; i++) ouro_decref(weak[i]);
    free(targets);
    free(weak);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_there_is_one_without_callback),
        HEAP_TEST(test_get_answers_while_the_target_lives),
        HEAP_TEST(test_get_answers_null_after_a_collection),
        HEAP_TEST(test_callbacks_run_newest_first),
        HEAP_TEST(test_callback_has_its_argument_once),
        HEAP_TEST(test_a_dead_weak_reference_does_not_call),
        HEAP_TEST(test_callback_must_be_given),
        HEAP_TEST(test_list_keeps_its_order_when_some_leave),
        HEAP_TEST(test_callbacks_of_garbage_come_in_the_order_of_finalizers),
        HEAP_TEST(test_several_callbacks_of_garbage_run),
        HEAP_TEST(test_a_saved_weak_reference_has_looked_its_last),
        HEAP_TEST(test_what_was_saved_may_be_a_key),
        HEAP_TEST(test_weak_field_looks_without_holding),
        HEAP_TEST(test_weak_fields_share_one_weak_reference),
        HEAP_TEST(test_table_of_many_targets_that_leave_in_any_order),
    };
    return cmocka_run_group_tests_name("weakref", tests, NULL, NULL);
}
