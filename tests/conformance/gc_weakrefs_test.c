/* SPDX-License-Identifier: MIT */
/*
 * gc_weakrefs_test.c -- CPython's test_gc, by name: weak references to trash
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

/* What finalizers and callbacks of the running test have done. */
static struct {
    ouro_heap *heap;
    unsigned calls;
    ouro_weakref *weakrefs[2];
    size_t answers; /* weak references that answered */
} seen;

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    int result = test_setup_heap(state);
    seen.heap = *state;
    return result;
}

#define GC_TEST(function) cmocka_unit_test_setup_teardown(function, setup, test_teardown_heap)

static void ask_all(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    seen.calls++;
    for (size_t i = 0; i < COUNT_OF(seen.weakrefs); i++) {
        void *object = ouro_weakref_get(seen.weakrefs[i]);
        seen.answers += object != NULL;
        ouro_xdecref(object);
    }
}

/* A callback sees all references to trash dead. */
static void test_bug1055820b(void **state)
{
    cell *cells[2];
    for (size_t i = 0; i < 2; i++) {
        cells[i] = cell_new(*state);
        ouro_set(cells[i], left, cells[i]);
        seen.weakrefs[i] = ouro_weakref_new_callback(cells[i], ask_all, NULL);
    }
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 0);
    for (size_t i = 0; i < 2; i++) ouro_decref(cells[i]);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.answers, 0);
    for (size_t i = 0; i < 2; i++) ouro_decref(seen.weakrefs[i]);
}

/* The scene of the next two: an old object that only young trash keeps alive,
 * and other young trash with a weak reference without callback. */
static cell *old_one_held_by_young_trash(ouro_heap *heap)
{
    cell *old = cell_new(heap);
    ouro_set(old, right, old);
    (void)ouro_collect(heap, 1);
    cell *holder = cell_new(heap), *other = cell_new(heap);
    ouro_set(holder, left, old);
    ouro_clear(old, right);
    ouro_set(holder, right, holder);
    ouro_set(other, right, other);
    seen.weakrefs[0] = ouro_weakref_new(other);
    ouro_decref(holder);
    ouro_decref(other);
    return old;
}

static void look_late(cell *self)
{
    (void)self;
    seen.calls++;
    void *object = ouro_weakref_get(seen.weakrefs[0]);
    seen.answers += object != NULL;
    ouro_xdecref(object);
}

static void ask_first(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    look_late(NULL);
}

/* The callback of an old object can't bring young trash back. */
static void test_bug1055820c(void **state)
{
    cell *old = old_one_held_by_young_trash(*state);
    ouro_weakref *watch = ouro_weakref_new_callback(old, ask_first, NULL);
    ouro_decref(old);
    (void)ouro_collect(*state, 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
    ouro_decref(watch);
    ouro_decref(seen.weakrefs[0]);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* Nor can its finalizer. */
static void test_bug1055820d(void **state)
{
    cell *old = old_one_held_by_young_trash(*state);
    old->last_word = look_late;
    ouro_decref(old);
    (void)ouro_collect(*state, 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
    ouro_decref(seen.weakrefs[0]);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* A reference that the collector can't see: the type promises to be acyclic. */
typedef struct opaque {
    void *hidden;
} opaque;
static const ouro_field opaque_fields[] = {OURO_REF(opaque, hidden, NULL), OURO_END};
static ouro_type opaque_type = OURO_TYPE(opaque, .fields = opaque_fields, .acyclic = true);

static void count_call(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    seen.calls++;
}

/*
 *   z <--opaque y <-- a --> weak reference to z with callback
 *
 * All is trash, but z hides behind y.  The weak reference is trash, so it never calls back.
 */
static void collect_hidden_target(ouro_heap *heap)
{
    cell *a = cell_new(heap), *z = cell_new(heap);
    list *ring = list_new(heap);
    opaque *y = ouro_new(heap, opaque);
    ouro_weakref *weakref = ouro_weakref_new_callback(z, count_call, NULL);
    ouro_put(y, hidden, z);
    ouro_put(a, left, y);
    ouro_set(a, right, ring);
    list_append(ring, weakref);
    list_append(ring, ring);
    list_append(ring, a);
    ouro_decref(weakref);
    ouro_decref(ring);
    ouro_decref(a);
    (void)ouro_collect(heap, 2);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(test_heap_objects(heap), 0);
}

/* Whether the pool of weak references or that of `a` is gone through first. */
static void test_trash_weakref_clear(void **state)
{
    ouro_heap *other = test_heap_quiet();
    collect_hidden_target(*state);
    void *target = atom_new(other, 1);
    ouro_decref(ouro_weakref_new_callback(target, count_call, NULL));
    ouro_decref(target);
    collect_hidden_target(other);
    test_heap_close_empty(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GC_TEST(test_bug1055820b),
        GC_TEST(test_bug1055820c),
        GC_TEST(test_bug1055820d),
        GC_TEST(test_trash_weakref_clear),
    };
    return cmocka_run_group_tests_name("test_gc: weak references", tests, NULL, NULL);
}
