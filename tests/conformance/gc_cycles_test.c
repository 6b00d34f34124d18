/* SPDX-License-Identifier: MIT */
/*
 * gc_cycles_test.c -- CPython's test_gc, by name: what is collected
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

static void test_list(void **state)
{
    list *l = list_new(*state);
    list_append(l, l);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(l);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

static void test_dict(void **state)
{
    cell *d = cell_new(*state);
    ouro_set(d, right, d);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(d);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

typedef struct tuple {
    size_t length;
    void *items[];
} tuple;
static const ouro_field tuple_fields[] = {OURO_ITEMS(tuple, items, NULL), OURO_END};
static ouro_type tuple_type = OURO_TYPE(tuple, .fields = tuple_fields, .item_size = sizeof(void *),
                                        .length_offset = offsetof(tuple, length));

static void test_tuple(void **state)
{
    list *l = list_new(*state);
    tuple *t = ouro_new_var(*state, tuple, 1);
    assert_non_null(t);
    ouro_set(t, items[0], l);
    list_append(l, t);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(t);
    ouro_decref(l);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* A class is an object, and so is its instance; each holds the other. */
static void test_class(void **state)
{
    cell *class = cell_new(*state), *instance = cell_new(*state);
    ouro_set(instance, left, class);
    ouro_put(class, right, instance);
    ouro_set(class, left, class);
    ouro_decref(class);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

static void test_instance(void **state)
{
    cell *a = cell_new(*state);
    ouro_set(a, left, a);
    ouro_decref(a);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

/* An instance holds a bound method, and that holds the instance. */
static void test_method(void **state)
{
    cell *a = cell_new(*state), *method = cell_new(*state);
    ouro_set(method, left, a);
    ouro_put(a, left, method);
    ouro_decref(a);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* A function holds its namespace, and that holds the function. */
static void test_function(void **state)
{
    list *namespace = list_new(*state);
    cell *function = cell_new(*state);
    ouro_set(function, left, namespace);
    list_append(namespace, function);
    ouro_decref(function);
    ouro_decref(namespace);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* The heap stays bounded while cycles are made fast. */
static void test_fast_cycle_creation(void **state)
{
    ouro_collector_enable(*state);
    size_t most = 0;
    for (int i = 0; i < 300000; i++) {
        cell *a = cell_new(*state), *b = cell_new(*state);
        ouro_set(a, left, b);
        ouro_put(b, left, a);
        ouro_decref(b);
        if (i % 10000 != 0) continue;
        size_t objects = test_heap_objects(*state);
        most = objects > most ? objects : most;
    }
    assert_true(most < 50000);
    (void)ouro_collect(*state, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_list),     HEAP_TEST(test_dict),
        HEAP_TEST(test_tuple),    HEAP_TEST(test_class),
        HEAP_TEST(test_instance), HEAP_TEST(test_method),
        HEAP_TEST(test_function), HEAP_TEST(test_fast_cycle_creation),
    };
    return cmocka_run_group_tests_name("test_gc: cycles", tests, NULL, NULL);
}
