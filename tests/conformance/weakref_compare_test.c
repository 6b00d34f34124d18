/* SPDX-License-Identifier: MIT */
/*
 * weakref_compare_test.c -- the core of CPython's test_weakref, by name: equality, hashes, use of the dead
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/refusal.h"

static unsigned calls; /* of functions that a test gives away */

static int setup(void **state)
{
    calls = 0;
    return test_setup_heap(state);
}

#define WEAKREF_TEST(function) cmocka_unit_test_setup_teardown(function, setup, test_teardown_heap)

static void count_call(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    ++calls;
}

static void assert_answers(ouro_weakref *weakref, const void *expected)
{
    void *object = ouro_weakref_get(weakref);
    assert_ptr_equal(object, expected);
    ouro_xdecref(object);
}

/* ---- equality, hashes, and what a proxy does ---- */

static bool equal_numbers(const void *a, const void *b)
{
    return ((const atom *)a)->number == ((const atom *)b)->number;
}

/* While both objects live they are compared; afterwards the weak references are. */
static void test_equality(void **state)
{
    atom *x = atom_new(*state, 1), *y = atom_new(*state, 1), *z = atom_new(*state, 2);
    ouro_weakref *a = ouro_weakref_new(x), *b = ouro_weakref_new(y), *c = ouro_weakref_new(z);
    ouro_weakref *d = ouro_weakref_new_callback(x, count_call, NULL);
    assert_true(ouro_weakref_equal(a, b, equal_numbers));
    assert_false(ouro_weakref_equal(a, c, equal_numbers));
    assert_true(ouro_weakref_equal(a, d, equal_numbers));
    assert_true(ouro_weakref_equal(a, d, NULL));
    assert_false(ouro_weakref_equal(a, b, NULL));
    ouro_decref(y);
    assert_false(ouro_weakref_equal(a, b, equal_numbers));
    assert_false(ouro_weakref_equal(b, a, equal_numbers));
    ouro_decref(x);
    ouro_decref(z);
    assert_true(ouro_weakref_equal(a, a, equal_numbers));
    assert_false(ouro_weakref_equal(a, d, equal_numbers));
    assert_false(ouro_weakref_equal(a, d, NULL));
    ouro_decref(a);
    ouro_decref(b);
    ouro_decref(c);
    ouro_decref(d);
}

static bool drop_both(const void *a, const void *b)
{
    for (size_t i = 0; i < 2; i++)
        ouro_decref(i == 0 ? (void *)(uintptr_t)a : (void *)(uintptr_t)b);
    return equal_numbers(a, b);
}

/* The comparison may drop what holds the objects. */
static void test_equality_holds_what_it_compares(void **state)
{
    atom *x = atom_new(*state, 1), *y = atom_new(*state, 1);
    ouro_weakref *a = ouro_weakref_new(x), *b = ouro_weakref_new(y);
    assert_true(ouro_weakref_equal(a, b, drop_both));
    assert_answers(a, NULL);
    assert_answers(b, NULL);
    ouro_decref(a);
    ouro_decref(b);
}

static uint64_t hash_number(const void *object)
{
    calls++;
    return (uint64_t)((const atom *)object)->number;
}

static uint64_t hash_of(ouro_weakref *weakref, uint64_t (*hash)(const void *object))
{
    uint64_t value = 0;
    assert_int_equal(ouro_weakref_hash(weakref, hash, &value), OURO_OK);
    return value;
}

/* Taken once and remembered; too late once the object is gone. */
static void test_hashing(void **state)
{
    uint64_t value = 1;
    atom *x = atom_new(*state, 42), *y = atom_new(*state, 42), *zero = atom_new(*state, 0);
    ouro_weakref *a = ouro_weakref_new(x), *b = ouro_weakref_new_callback(y, count_call, NULL);
    ouro_weakref *c = ouro_weakref_new(zero);
    assert_int_equal(hash_of(a, hash_number), 42);
    assert_int_equal(hash_of(c, hash_number), 0);
    x->number = 43;
    zero->number = 44;
    assert_int_equal(hash_of(a, hash_number), 42);
    assert_int_equal(hash_of(c, hash_number), 0);
    assert_int_equal(calls, 2);
    ouro_decref(x);
    ouro_decref(y);
    ouro_decref(zero);
    assert_int_equal(hash_of(a, hash_number), 42);
    assert_int_equal(hash_of(a, NULL), 42);
    assert_int_equal(ouro_weakref_hash(b, hash_number, &value), OURO_GONE);
    assert_int_equal(ouro_heap_error(*state)->status, OURO_GONE);
    assert_int_equal(value, 1);
    ouro_decref(a);
    ouro_decref(b);
    ouro_decref(c);
}

/* Without a function: two weak references to one object have one hash. */
static void test_hashing_by_address(void **state)
{
    cell *x = cell_new(*state), *y = cell_new(*state);
    ouro_weakref *a = ouro_weakref_new(x), *b = ouro_weakref_new_callback(x, count_call, NULL);
    ouro_weakref *c = ouro_weakref_new(y);
    assert_true(hash_of(a, NULL) == hash_of(b, NULL));
    assert_true(hash_of(a, NULL) != hash_of(c, NULL));
    ouro_decref(x);
    ouro_decref(y);
    ouro_decref(a);
    ouro_decref(b);
    ouro_decref(c);
}

/* Using a proxy of a dead object is an error; so is requiring a dead object. */
static void test_proxy_ref(void **state)
{
    atom *o = atom_new(*state, 5);
    ouro_weakref *ref = ouro_weakref_new(o);
    atom *used = ouro_weakref_require(ref);
    assert_ptr_equal(used, o);
    assert_int_equal(ouro_refcount(o), 2);
    ouro_decref(used);
    ouro_decref(o);
    assert_null(ouro_weakref_require(ref));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_GONE);
    ouro_decref(ref);
}

/* ---- without memory ---- */

/* Whoever looks at an object is cleared and called though not a byte is to be had. */
static void test_no_memory_when_clearing(void **state)
{
    (void)state;
    for (int cyclic = 0; cyclic < 2; cyclic++) {
        enum { WEAKREFS = 50 };
        struct refusal refusal = {.at = REFUSAL_NEVER};
        ouro_heap *heap = refusal_heap(&refusal);
        cell *o = cell_new(heap);
        ouro_weakref *refs[WEAKREFS];
        for (size_t i = 0; i < WEAKREFS; i++)
            refs[i] = ouro_weakref_new_callback(o, count_call, NULL);
        if (cyclic) ouro_set(o, left, o);
        calls = 0;
        refusal_of_everything(&refusal);
        ouro_decref(o);
        if (cyclic) assert_int_equal(ouro_collect(heap, 2), 1);
        assert_int_equal(calls, WEAKREFS);
        assert_int_equal(refusal.refused, 0);
        refusal_ends(&refusal);
        for (size_t i = 0; i < WEAKREFS; i++) {
            assert_answers(refs[i], NULL);
            ouro_decref(refs[i]);
        }
        test_heap_close_empty(heap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WEAKREF_TEST(test_equality),  WEAKREF_TEST(test_equality_holds_what_it_compares),
        WEAKREF_TEST(test_hashing),   WEAKREF_TEST(test_hashing_by_address),
        WEAKREF_TEST(test_proxy_ref), WEAKREF_TEST(test_no_memory_when_clearing),
    };
    return cmocka_run_group_tests_name("test_weakref: comparison", tests, NULL, NULL);
}
