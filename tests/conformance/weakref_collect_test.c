/* SPDX-License-Identifier: MIT */
/*
 * weakref_collect_test.c -- the core of CPython's test_weakref, by name: callbacks, finalizers and collections
 */
#include "support/cell.h"
#include "support/watched.h"

static void collect_in_callback(ouro_weakref *self, void *argument)
{
    note_call(self, argument);
    (void)ouro_collect(seen.heap, 2);
}

/* A callback collects while the object, or the one that holds it, is dying. */
static void test_sf_bug_840829(void **state)
{
    cell *c = cell_new(*state);
    ouro_weakref *ref = ouro_weakref_new_callback(c, collect_in_callback, NULL);
    ouro_decref(c);
    ouro_decref(ref);

    cell *c1 = cell_new(*state), *c2 = cell_new(*state), *inner = cell_new(*state);
    ref = ouro_weakref_new_callback(inner, collect_in_callback, NULL);
    ouro_put(c1, left, inner);
    ouro_put(c2, left, c1);
    ouro_decref(c2);
    assert_int_equal(seen.calls, 2);
    ouro_decref(ref);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* A weak reference whose argument leads back to who holds it: all trash. */
static void test_callback_in_cycle(void **state)
{
    cell *i = cell_new(*state), *j = cell_new(*state);
    ouro_set(j, left, j);
    ouro_set(i, left, j);
    ouro_put(i, right, ouro_weakref_new_callback(j, note_call, i));
    ouro_decref(i);
    ouro_decref(j);
    assert_int_equal(ouro_collect(*state, 2), 3);
    assert_int_equal(seen.calls, 0);
}

/* From c2 one gets to c1, but not back. */
static void test_callback_reachable_one_way(void **state)
{
    cell *c1 = cell_new(*state), *c2 = cell_new(*state), *wr = cell_new(*state);
    ouro_set(c2, left, wr);
    ouro_set(wr, left, c1);
    ouro_set(wr, right, c2);
    ouro_put(c2, right, ouro_weakref_new_callback(c1, note_call, c2));
    ouro_decref(wr);
    ouro_decref(c1);
    ouro_decref(c2);
    assert_int_equal(ouro_collect(*state, 2), 4);
    assert_int_equal(seen.calls, 0);
}

static void test_callback_different_classes(void **state)
{
    list *c1 = list_new(*state);
    cell *c2 = cell_new(*state);
    ouro_set(c2, left, c1);
    ouro_put(c2, right, ouro_weakref_new_callback(c1, note_call, c2));
    ouro_decref(c1);
    ouro_decref(c2);
    assert_int_equal(ouro_collect(*state, 2), 3);
    assert_int_equal(seen.calls, 0);
}

static void save_argument(ouro_weakref *self, void *argument)
{
    note_call(self, argument);
    if (argument != NULL) seen.saved = ouro_newref(argument);
}

/* A callback that is trash itself never runs; one from outside does. */
static void test_callback_in_cycle_resurrection(void **state)
{
    cell *c1 = cell_new(*state), *c2 = cell_new(*state);
    ouro_weakref *outside = ouro_weakref_new_callback(c1, note_call, NULL);
    ouro_set(c1, left, c2);
    ouro_set(c2, left, c1);
    ouro_put(c1, right, ouro_weakref_new_callback(c2, save_argument, c1));
    ouro_put(c2, right, ouro_weakref_new_callback(c1, save_argument, c2));
    ouro_decref(c1);
    ouro_decref(c2);
    assert_int_equal(seen.calls, 0);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    assert_ptr_equal(seen.called[0], outside);
    assert_null(seen.saved);
    assert_answers(outside, NULL);
    ouro_decref(outside);
    assert_int_equal(ouro_collect(*state, 2), 0);
    assert_int_equal(seen.calls, 1);
}

/* test_trash_weakref_clear, with a target that the collector never looks at. */
static void test_trash_weakref_of_untracked_target(void **state)
{
    for (int weakref_first = 0; weakref_first < 2; weakref_first++) {
        cell *a = cell_new(*state);
        atom *target = atom_new(*state, 1);
        ouro_weakref *weakref = ouro_weakref_new_callback(target, note_call, NULL);
        cell *holder = cell_new(*state);
        ouro_set(a, left, a);
        ouro_put(a, right, holder);
        ouro_put(holder, left, weakref_first ? (void *)weakref : (void *)target);
        ouro_put(holder, right, weakref_first ? (void *)target : (void *)weakref);
        ouro_decref(a);
        assert_int_equal(ouro_collect(*state, 2), 3);
        assert_int_equal(seen.calls, 0);
        assert_int_equal(test_heap_objects(*state), 0);
    }
}

/* Callbacks on what callbacks are about: only the one from outside runs. */
static void test_callbacks_on_callback(void **state)
{
    cell *c = cell_new(*state), *d = cell_new(*state), *callback = cell_new(*state);
    ouro_set(callback, left, c); /* a bound method */
    ouro_set(c, left, d);
    ouro_set(d, left, c);
    ouro_put(c, right, ouro_weakref_new_callback(d, note_call, callback));
    ouro_put(d, right, ouro_weakref_new_callback(callback, note_call, d));
    ouro_weakref *external = ouro_weakref_new_callback(callback, note_call, NULL);
    assert_answers(external, callback);
    ouro_decref(callback);
    ouro_decref(c);
    ouro_decref(d);
    assert_int_equal(seen.calls, 0);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    assert_ptr_equal(seen.called[0], external);
    assert_answers(external, NULL);
    ouro_decref(external);
    assert_int_equal(test_heap_objects(*state), 0);
}

static ouro_weakref *make_weakref(void *target, bool with_callback)
{
    return with_callback ? ouro_weakref_new_callback(target, note_call, NULL)
                         : ouro_weakref_new(target);
}

/* Making a weak reference collects trash that looks at the same object. */
static void check_gc_during_creation(unsigned generation, bool trash_calls, bool calls)
{
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.one_at_a_time = true, .collect_always = generation + 1});
    cell *referenced = cell_new(heap);
    ouro_weakref *held = make_weakref(referenced, trash_calls);
    cell *a = cell_new(heap);
    ouro_set(a, left, a);
    ouro_put(a, right, held);
    ouro_decref(a);
    assert_int_equal(test_heap_objects(heap), 3);
    ouro_weakref *made = make_weakref(referenced, calls);
    bool is_shared = !trash_calls && !calls; /* then nothing is made, and nothing collected */
    if (is_shared) assert_ptr_equal(made, held);
    assert_int_equal(test_heap_objects(heap), is_shared ? 3 : 2);
    assert_int_equal(ouro_weakref_count(referenced), 1);
    void *answer = ouro_weakref_get(made);
    assert_ptr_equal(answer, referenced);
    ouro_decref(answer);
    ouro_decref(made);
    (void)ouro_collect(heap, 2);
    ouro_decref(referenced);
    assert_int_equal(seen.calls, 0);
    test_heap_close_empty(heap);
}

static void test_gc_during_ref_creation(void **state)
{
    (void)state;
    for (unsigned generation = 0; generation < 3; generation++)
        for (unsigned kinds = 0; kinds < 4; kinds++)
            check_gc_during_creation(generation, (kinds & 1) != 0, (kinds & 2) != 0);
}

static void make_weakref_to_self(cell *self)
{
    seen.weakref = ouro_weakref_new(self);
}

static void test_ref_created_during_del(void **state)
{
    cell *w = cell_new(*state);
    w->last_word = make_weakref_to_self;
    ouro_decref(w);
    assert_non_null(seen.weakref);
    assert_answers(seen.weakref, NULL);
    ouro_decref(seen.weakref);

    cell_lose(*state, make_weakref_to_self);
    (void)ouro_collect(*state, 2);
    assert_answers(seen.weakref, NULL);
    ouro_decref(seen.weakref);
}

/* A finalizer of trash sees callback-less weak references answer; those with
 * callbacks are dead by then. */
static ouro_weakref *plain, *calling;

static void ask_both(cell *self)
{
    (void)self;
    void *object = ouro_weakref_get(plain);
    seen.answers += object != NULL;
    ouro_xdecref(object);
    assert_answers(calling, NULL);
}

static void test_clearing_weakrefs_in_gc(void **state)
{
    cell *a = cell_new(*state), *b = cell_new(*state);
    b->last_word = ask_both;
    ouro_set(a, left, b);
    ouro_set(b, left, a);
    plain = ouro_weakref_new(a);
    calling = ouro_weakref_new_callback(a, note_call, NULL);
    ouro_decref(a);
    ouro_decref(b);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(seen.answers, 1);
    assert_int_equal(seen.calls, 1);
    assert_answers(plain, NULL);
    ouro_decref(plain);
    ouro_decref(calling);
}

static void collect_at_once(cell *self)
{
    (void)self;
    (void)ouro_collect(seen.heap, 2);
}

static void test_callback_gcs(void **state)
{
    cell *x = cell_new(*state);
    x->last_word = collect_at_once;
    ouro_weakref *ref = ouro_weakref_new_callback(x, collect_in_callback, NULL);
    ouro_decref(x);
    assert_int_equal(seen.calls, 1);
    ouro_decref(ref);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WEAKREF_TEST(test_sf_bug_840829),
        WEAKREF_TEST(test_callback_in_cycle),
        WEAKREF_TEST(test_callback_reachable_one_way),
        WEAKREF_TEST(test_callback_different_classes),
        WEAKREF_TEST(test_callback_in_cycle_resurrection),
        WEAKREF_TEST(test_trash_weakref_of_untracked_target),
        WEAKREF_TEST(test_callbacks_on_callback),
        WEAKREF_TEST(test_gc_during_ref_creation),
        WEAKREF_TEST(test_ref_created_during_del),
        WEAKREF_TEST(test_clearing_weakrefs_in_gc),
        WEAKREF_TEST(test_callback_gcs),
    };
    return cmocka_run_group_tests_name("test_weakref: collections", tests, NULL, NULL);
}
