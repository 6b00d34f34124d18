/* SPDX-License-Identifier: MIT */
/*
 * weakref_test.c -- the core of CPython's test_weakref, by name: one object and who looks at it
 */
#include "support/cell.h"
#include "support/watched.h"

static void test_basic_ref(void **state)
{
    cell *o = cell_new(*state);
    ouro_weakref *ref = ouro_weakref_new(o);
    cell *o2 = ouro_weakref_get(ref);
    assert_ptr_equal(o2, o);
    assert_int_equal(ouro_refcount(o), 2);
    ouro_decref(o2);
    ouro_decref(o);
    assert_answers(ref, NULL);
    ouro_decref(ref);
}

static void test_basic_callback(void **state)
{
    cell *o = cell_new(*state);
    ouro_weakref *ref = ouro_weakref_new_callback(o, note_call, NULL);
    ouro_decref(o);
    assert_int_equal(seen.calls, 1);
    assert_ptr_equal(seen.called[0], ref);
    assert_answers(ref, NULL);
    ouro_decref(ref);
    assert_int_equal(seen.calls, 1);
}

/* An object that is never tracked may be looked at, too. */
static void test_cfunction(void **state)
{
    atom *o = atom_new(*state, 1);
    ouro_weakref *ref = ouro_weakref_new_callback(o, note_call, NULL);
    assert_answers(ref, o);
    ouro_decref(o);
    assert_int_equal(seen.calls, 1);
    assert_answers(ref, NULL);
    ouro_decref(ref);
}

static void test_callback_not_called_when_the_reference_dies_first(void **state)
{
    cell *o = cell_new(*state);
    ouro_decref(ouro_weakref_new_callback(o, note_call, NULL));
    ouro_decref(o);
    assert_int_equal(seen.calls, 0);
}

/* The newest is called first. */
static void test_multiple_callbacks(void **state)
{
    cell *o = cell_new(*state);
    ouro_weakref *ref1 = ouro_weakref_new_callback(o, note_call, NULL);
    ouro_weakref *ref2 = ouro_weakref_new_callback(o, note_call, NULL);
    assert_ptr_not_equal(ref1, ref2);
    ouro_decref(o);
    assert_answers(ref1, NULL);
    assert_answers(ref2, NULL);
    assert_int_equal(seen.calls, 2);
    assert_ptr_equal(seen.called[0], ref2);
    assert_ptr_equal(seen.called[1], ref1);
    ouro_decref(ref1);
    ouro_decref(ref2);
}

static void ask_other(ouro_weakref *self, void *argument)
{
    note_call(self, argument);
    void *object = ouro_weakref_get(seen.weakref);
    seen.answers += object != NULL;
    ouro_xdecref(object);
}

/* All are cleared before any callback runs. */
static void test_multiple_selfref_callbacks(void **state)
{
    cell *c = cell_new(*state);
    seen.weakref = ouro_weakref_new_callback(c, ask_other, NULL);
    ouro_weakref *ref1 = ouro_weakref_new_callback(c, ask_other, NULL);
    ouro_decref(c);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.answers, 0);
    ouro_decref(ref1);
    ouro_decref(seen.weakref);
}

static void test_ref_reuse(void **state)
{
    cell *o = cell_new(*state);
    ouro_weakref *ref1 = ouro_weakref_new(o);
    ouro_weakref *between = ouro_weakref_new_callback(o, note_call, NULL);
    ouro_weakref *ref2 = ouro_weakref_new(o);
    assert_ptr_equal(ref1, ref2);
    assert_int_equal(ouro_refcount(ref1), 2);
    assert_int_equal(ouro_weakref_count(o), 2);
    ouro_decref(between);
    assert_int_equal(ouro_weakref_count(o), 1);
    ouro_decref(ref1);
    ouro_decref(ref2);
    assert_int_equal(ouro_weakref_count(o), 0);
    ouro_decref(o);
    assert_int_equal(seen.calls, 0);
}

static void test_getweakrefcount(void **state)
{
    cell *o = cell_new(*state);
    assert_int_equal(ouro_weakref_count(o), 0);
    ouro_weakref *refs[] = {
        ouro_weakref_new(o),
        ouro_weakref_new_callback(o, note_call, NULL),
        ouro_weakref_new_callback(o, note_call, NULL),
    };
    for (size_t i = 0; i < COUNT_OF(refs); i++) {
        assert_int_equal(ouro_weakref_count(o), COUNT_OF(refs) - i);
        ouro_decref(refs[i]);
    }
    assert_int_equal(ouro_weakref_count(o), 0);
    ouro_decref(o);
}

struct list_of_weakrefs {
    void *weakrefs[4];
    size_t count;
};

static int list_weakref(void *weakref, void *argument)
{
    struct list_of_weakrefs *found = argument;
    assert_true(found->count < COUNT_OF(found->weakrefs));
    found->weakrefs[found->count++] = weakref;
    return found->count == COUNT_OF(found->weakrefs);
}

/* The shared one, then the newest first, without those that are gone. */
static void test_getweakrefs(void **state)
{
    struct list_of_weakrefs found = {.count = 0};
    cell *o = cell_new(*state);
    ouro_weakref_each(o, list_weakref, &found);
    assert_int_equal(found.count, 0);
    ouro_weakref *ref1 = ouro_weakref_new_callback(o, note_call, NULL);
    ouro_weakref *ref2 = ouro_weakref_new_callback(o, note_call, NULL);
    ouro_weakref *ref3 = ouro_weakref_new(o);
    ouro_weakref_each(o, list_weakref, &found);
    assert_int_equal(found.count, 3);
    assert_ptr_equal(found.weakrefs[0], ref3);
    assert_ptr_equal(found.weakrefs[1], ref2);
    assert_ptr_equal(found.weakrefs[2], ref1);
    ouro_decref(ref2);
    found.count = 0;
    ouro_weakref_each(o, list_weakref, &found);
    assert_int_equal(found.count, 2);
    assert_ptr_equal(found.weakrefs[1], ref1);
    found.count = COUNT_OF(found.weakrefs) - 1; /* the visitor stops at the first */
    ouro_weakref_each(o, list_weakref, &found);
    assert_int_equal(found.count, COUNT_OF(found.weakrefs));
    ouro_decref(o);
    ouro_decref(ref1);
    ouro_decref(ref3);
}

/* Whichever of two dies first, the other is still there and is called. */
static void test_getweakrefs_after_a_death(void **state)
{
    for (size_t dying = 0; dying < 2; dying++) {
        seen.calls = 0;
        cell *o = cell_new(*state);
        ouro_weakref *refs[] = {ouro_weakref_new_callback(o, note_call, NULL),
                                ouro_weakref_new_callback(o, note_call, NULL)};
        ouro_decref(refs[dying]);
        assert_int_equal(ouro_weakref_count(o), 1);
        assert_answers(refs[1 - dying], o);
        ouro_decref(o);
        assert_int_equal(seen.calls, 1);
        assert_ptr_equal(seen.called[0], refs[1 - dying]);
        ouro_decref(refs[1 - dying]);
    }
}

/* A pending error survives a callback. */
static void test_callbacks_protected(void **state)
{
    cell *o = cell_new(*state);
    list *l = list_new(*state);
    ouro_weakref *ref = ouro_weakref_new_callback(o, note_call, NULL);
    assert_int_equal(ouro_vector_remove(l, &l->items, 7), OURO_BAD_ARGUMENT);
    ouro_decref(o);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(ouro_heap_error(*state)->status, OURO_BAD_ARGUMENT);
    ouro_decref(ref);
    ouro_decref(l);
}

static void save_argument(ouro_weakref *self, void *argument)
{
    note_call(self, argument);
    if (argument != NULL) seen.saved = ouro_newref(argument);
}

/* The argument is held until the callback has run. */
static void test_callback_argument_is_held(void **state)
{
    cell *o = cell_new(*state), *argument = cell_new(*state);
    ouro_weakref *ref = ouro_weakref_new_callback(o, save_argument, argument);
    assert_int_equal(ouro_refcount(argument), 2);
    ouro_decref(o);
    assert_ptr_equal(seen.saved, argument);
    assert_int_equal(ouro_refcount(argument), 2);
    ouro_decref(seen.saved);
    ouro_decref(argument);
    ouro_decref(ref);
}

/* The argument is the target itself, and only the weak reference holds it. */
static void test_callback_argument_is_the_target(void **state)
{
    cell *o = cell_new(*state);
    ouro_weakref *ref = ouro_weakref_new_callback(o, note_call, o);
    ouro_decref(o);
    assert_answers(ref, o);
    ouro_decref(ref);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(test_heap_objects(*state), 0);
}

static void drop_own_weakref(ouro_weakref *self, void *argument)
{
    note_call(self, argument);
    ouro_decref(seen.weakref);
}

/* A callback drops the last reference to its own weak reference. */
static void test_callback_drops_itself(void **state)
{
    cell *o = cell_new(*state);
    seen.weakref = ouro_weakref_new_callback(o, drop_own_weakref, NULL);
    ouro_decref(o);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* In a long chain that dies, each callback asks for the next one: nobody shows
 * an object whose count is zero. */
static void ask_argument(ouro_weakref *self, void *argument)
{
    (void)self;
    seen.calls++;
    void *object = ouro_weakref_get(argument);
    seen.answers += object != NULL;
    ouro_xdecref(object);
}

static void test_trashcan_16602(void **state)
{
    enum { LENGTH = 100 };
    list *watchers = list_new(*state);
    cell *root = cell_new(*state), *last = root;
    for (int i = 0; i < LENGTH; i++) {
        cell *next = cell_new(*state);
        ouro_weakref *to_next = ouro_weakref_new(next);
        ouro_weakref *watcher = ouro_weakref_new_callback(last, ask_argument, to_next);
        list_append(watchers, watcher);
        ouro_decref(watcher);
        ouro_decref(to_next);
        ouro_put(last, left, next);
        last = next;
    }
    ouro_decref(root);
    assert_int_equal(seen.calls, LENGTH);
    assert_int_equal(seen.answers, LENGTH); /* each next one is still held by the dying */
    ouro_decref(watchers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WEAKREF_TEST(test_basic_ref),
        WEAKREF_TEST(test_basic_callback),
        WEAKREF_TEST(test_cfunction),
        WEAKREF_TEST(test_callback_not_called_when_the_reference_dies_first),
        WEAKREF_TEST(test_multiple_callbacks),
        WEAKREF_TEST(test_multiple_selfref_callbacks),
        WEAKREF_TEST(test_ref_reuse),
        WEAKREF_TEST(test_getweakrefcount),
        WEAKREF_TEST(test_getweakrefs),
        WEAKREF_TEST(test_getweakrefs_after_a_death),
        WEAKREF_TEST(test_callbacks_protected),
        WEAKREF_TEST(test_callback_argument_is_held),
        WEAKREF_TEST(test_callback_argument_is_the_target),
        WEAKREF_TEST(test_callback_drops_itself),
        WEAKREF_TEST(test_trashcan_16602),
    };
    return cmocka_run_group_tests_name("test_weakref", tests, NULL, NULL);
}
