/* SPDX-License-Identifier: MIT */
/*
 * gc_finalizers_test.c -- CPython's test_gc, by name: finalizers in a collection, and resurrection
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

/* What finalizers and callbacks of the running test have done. */
static struct {
    ouro_heap *heap;
    unsigned calls;
    cell *saved[2];
    size_t saved_count;
    ouro_weakref *weakref;
    size_t answers; /* weak references that answered */
    size_t nested;
    ouro_status nested_status;
} seen;

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    int result = test_setup_heap(state);
    seen.heap = *state;
    return result;
}

#define GC_TEST(function) cmocka_unit_test_setup_teardown(function, setup, test_teardown_heap)

static void save_self(cell *self)
{
    seen.calls++;
    seen.saved[seen.saved_count++] = ouro_newref(self);
}

static void drop_saved(void)
{
    while (seen.saved_count > 0) ouro_decref(seen.saved[--seen.saved_count]);
}

/* ---- finalizers in the middle ---- */

/* The weak reference that a finalizer of trash makes must not show a function that is
 * being taken apart to a finalizer that runs later. */
static void look_late(cell *self)
{
    (void)self;
    seen.calls++;
    void *function = ouro_weakref_get(seen.weakref);
    seen.answers += function != NULL;
    ouro_xdecref(function);
}

static void make_weakref_and_let_go(cell *self)
{
    seen.weakref = ouro_weakref_new(self->left);
    ouro_decref(seen.saved[0]); /* the late one is held by `self` alone */
}

static void test_function_tp_clear_leaves_consistent_state(void **state)
{
    cell *late = cell_new(*state), *cyclic = cell_new(*state), *function = cell_new(*state);
    late->last_word = look_late;
    cyclic->last_word = make_weakref_and_let_go;
    ouro_set(cyclic, left, function);
    ouro_set(cyclic, right, late);
    seen.saved[0] = late;
    ouro_put(function, left, cyclic);
    ouro_decref(function);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
    ouro_decref(seen.weakref);
}

static size_t collections_of(ouro_heap *heap)
{
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    return stats[0].collections + stats[1].collections + stats[2].collections;
}

static void allocate_in_last_word(cell *self)
{
    ouro_heap *heap = ouro_heap_of(self);
    size_t before = collections_of(heap);
    seen.calls++;
    for (int i = 0; i < 20; i++) ouro_decref(cell_new(heap));
    seen.nested += collections_of(heap) - before;
}

/* A finalizer's allocations collect while its object is dying, and do not inside a collection. */
static void test_del(void **state)
{
    (void)state;
    for (unsigned generation = 0; generation < 3; generation++) {
        ouro_heap *heap = test_heap_new(
            &(ouro_heap_options){.one_at_a_time = true, .collect_always = generation + 1});
        seen.calls = 0;
        seen.nested = 0;
        cell *a = cell_new(heap);
        a->last_word = allocate_in_last_word;
        ouro_decref(a);
        assert_int_equal(seen.calls, 1);
        assert_true(seen.nested >= 20);
        seen.nested = 0;
        cell_lose(heap, allocate_in_last_word);
        (void)ouro_collect(heap, 2);
        assert_int_equal(seen.calls, 2);
        assert_int_equal(seen.nested, 0);
        test_heap_close_empty(heap);
    }
}

static void collect_in_last_word(cell *self)
{
    (void)self;
    seen.calls++;
    seen.nested += ouro_collect(seen.heap, 2);
    seen.nested_status = ouro_heap_error(seen.heap)->status;
}

/* A collection entered again from a finalizer does nothing and says so. */
static void test_del_newclass(void **state)
{
    cell_lose(*state, collect_in_last_word);
    cell_lose(*state, NULL);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.nested, 0);
    assert_int_equal(seen.nested_status, OURO_BUSY);
}

static unsigned ouch_count;

static void ouch(cell *self)
{
    (void)self;
    if (++ouch_count % 17 == 0) (void)ouro_collect(seen.heap, 2);
}

/* Deep structures die while finalizers collect. */
static void test_trashcan(void **state)
{
    enum { DEPTH = 150, ROUNDS = 2 };
    ouch_count = 0;
    ouro_collector_enable(*state);
    for (int round = 0; round < ROUNDS; round++) {
        cell *top = NULL;
        for (int i = 0; i < DEPTH; i++) {
            cell *next = cell_new(*state), *sore = cell_new(*state);
            sore->last_word = ouch;
            ouro_put(next, left, top);
            ouro_put(next, right, sore);
            top = next;
        }
        ouro_decref(top);
    }
    assert_int_equal(ouch_count, DEPTH * ROUNDS);
}

static void break_own_cycle(cell *self)
{
    seen.calls++;
    ouro_clear(self, left);
}

/* Two objects in a cycle; each finalizer that runs breaks it. */
static void boom(ouro_heap *heap, bool both)
{
    cell *a = cell_new(heap), *b = cell_new(heap);
    a->last_word = break_own_cycle;
    b->last_word = both ? break_own_cycle : NULL;
    ouro_set(b, left, a);
    ouro_put(a, left, b);
    ouro_decref(a);
    (void)ouro_collect(heap, 2);
    assert_int_equal(seen.calls, both ? 2 : 1);
    assert_int_equal(ouro_garbage_count(heap), 0);
    assert_int_equal(test_heap_objects(heap), 0);
}

static void test_boom(void **state)
{
    boom(*state, true);
}

static void test_boom2(void **state)
{
    boom(*state, false);
}

static void test_is_finalized(void **state)
{
    atom *plain = atom_new(*state, 3);
    assert_false(ouro_is_finalized(plain));
    ouro_decref(plain);
    cell *lazarus = cell_new(*state);
    lazarus->last_word = save_self;
    assert_false(ouro_is_finalized(lazarus));
    ouro_decref(lazarus);
    assert_int_equal(seen.saved_count, 1);
    assert_true(ouro_is_finalized(seen.saved[0]));
    drop_saved();
    assert_int_equal(seen.calls, 1);
}

/* A finalizer changes the cycle while it is being collected. */
static void test_bug21435(void **state)
{
    cell *a = cell_new(*state), *b = cell_new(*state), *x = cell_new(*state);
    b->last_word = break_own_cycle;
    ouro_put(b, right, x);
    ouro_set(b, left, a);
    ouro_put(a, left, b);
    ouro_decref(a);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* ---- resurrection ---- */

static void test_resurrection_only_happens_once_per_object(void **state)
{
    cell_lose(*state, save_self);
    assert_int_equal(seen.calls, 0);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.saved_count, 1);
    drop_saved();
    assert_int_equal(ouro_collect(*state, 2), 1);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(test_heap_objects(*state), 0);
}

static void test_resurrection_is_transitive(void **state)
{
    cell *laz = cell_new(*state), *cargo = cell_new(*state);
    laz->last_word = save_self;
    ouro_set(cargo, left, cargo);
    ouro_set(cargo, right, laz);
    ouro_set(laz, left, cargo);
    ouro_decref(laz);
    ouro_decref(cargo);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.saved_count, 1);
    assert_ptr_equal(seen.saved[0]->left, cargo);
    assert_ptr_equal(cargo->right, laz);
    assert_int_equal(ouro_refcount(cargo), 2);
    drop_saved();
    assert_int_equal(ouro_collect(*state, 2), 2);
}

static void assert_collects(ouro_heap *heap, size_t expected)
{
    ouro_generation_stats before[3], after[3];
    ouro_get_stats(heap, before);
    assert_int_equal(ouro_collect(heap, 2), expected);
    ouro_get_stats(heap, after);
    assert_int_equal(after[2].collected - before[2].collected, expected);
    assert_int_equal(after[2].uncollectable, before[2].uncollectable);
}

static void test_resurrection_does_not_block_cleanup_of_other_objects(void **state)
{
    enum { OTHERS = 100 };
    for (int i = 0; i < OTHERS; i++) cell_lose(*state, NULL);
    assert_collects(*state, OTHERS);
    cell_lose(*state, save_self);
    assert_collects(*state, 0);
    for (int i = 0; i < OTHERS; i++) cell_lose(*state, NULL);
    cell_lose(*state, save_self);
    assert_collects(*state, OTHERS);
    assert_int_equal(test_heap_objects(*state), 2);
    drop_saved();
    assert_collects(*state, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GC_TEST(test_function_tp_clear_leaves_consistent_state),
        GC_TEST(test_del),
        GC_TEST(test_del_newclass),
        GC_TEST(test_trashcan),
        GC_TEST(test_boom),
        GC_TEST(test_boom2),
        GC_TEST(test_is_finalized),
        GC_TEST(test_bug21435),
        GC_TEST(test_resurrection_only_happens_once_per_object),
        GC_TEST(test_resurrection_is_transitive),
        GC_TEST(test_resurrection_does_not_block_cleanup_of_other_objects),
    };
    return cmocka_run_group_tests_name("test_gc: finalizers", tests, NULL, NULL);
}
