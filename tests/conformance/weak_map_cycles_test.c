/* SPDX-License-Identifier: MIT */
/*
 * weak_map_cycles_test.c -- CPython's tests of weak maps and sets whose members are in cycles, by name
 */
#include "support/heap.h"
#include "support/weak_kind.h"

/* Cells that hold themselves, in the map, and that nobody else holds. */
static void add_cycles(const struct weak_kind *kind, void *map, long count)
{
    for (long i = 0; i < count; i++) {
        cell *thing = cell_new(ouro_heap_of(map));
        thing->number = i;
        ouro_set(thing, left, thing);
        kind->add(map, thing);
        ouro_decref(thing);
    }
}

/* ---- the length, with cycles ---- */

static void check_len_cycles(const struct weak_kind *kind, ouro_heap *heap)
{
    enum { CYCLES = 20 };
    void *map = kind->make(heap);
    add_cycles(kind, map, CYCLES);
    ouro_weak_cursor cursor = {0};
    weak_kind_meet_one(kind, map, &cursor);
    assert_int_equal(kind->length(map), CYCLES);
    assert_int_equal(ouro_collect(heap, 2), CYCLES);
    assert_int_equal(kind->length(map), 0); /* a cursor keeps nobody alive */
    assert_null(kind->next(map, &cursor));
    ouro_decref(map);
}

static void test_weak_keyed_len_cycles(void **state)
{
    check_len_cycles(&weak_keyed, *state);
}

static void test_weak_valued_len_cycles(void **state)
{
    check_len_cycles(&weak_valued, *state);
}

static void test_len_cycles(void **state)
{
    check_len_cycles(&weak_set, *state);
}

/* Collections that nobody asked for, at any moment: each allocation may bring one about. */
static void check_len_race(const struct weak_kind *kind)
{
    enum { CYCLES = 20 };
    size_t collected_meanwhile = 0;
    for (size_t threshold = 1; threshold < 100; threshold++) {
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){
            .threshold = {threshold, threshold, threshold}, .one_at_a_time = true});
        void *map = kind->make(heap);
        add_cycles(kind, map, CYCLES);
        ouro_weak_cursor cursor = {0};
        (void)weak_kind_count_rest(kind, map, &cursor);
        size_t first = kind->length(map);
        ouro_decref(cell_new(heap)); /* may collect */
        size_t second = kind->length(map);
        assert_true(first <= CYCLES);
        assert_true(second <= first);
        if (second < CYCLES) collected_meanwhile++;
        cursor = (ouro_weak_cursor){0};
        assert_int_equal(weak_kind_count_rest(kind, map, &cursor), second);
        test_heap_verify(heap);
        ouro_decref(map);
        (void)ouro_collect(heap, 2);
        test_heap_close_empty(heap);
    }
    assert_true(collected_meanwhile > 0);
}

static void test_weak_keyed_len_race(void **state)
{
    (void)state;
    check_len_race(&weak_keyed);
}

static void test_weak_valued_len_race(void **state)
{
    (void)state;
    check_len_race(&weak_valued);
}

static void test_len_race(void **state)
{
    (void)state;
    check_len_race(&weak_set);
}

/* ---- sets alone ---- */

/* A nest of cycles: each member holds the set, itself, and a set of its own in which it is. */
static void test_gc(void **state)
{
    enum { MEMBERS = 1000 };
    ouro_weak_set *things = ouro_weak_set_new(*state);
    for (int i = 0; i < MEMBERS; i++) {
        list *member = list_new(*state);
        ouro_weak_set *own = ouro_weak_set_new(*state);
        assert_int_equal(ouro_weak_set_add(own, member), OURO_OK);
        assert_int_equal(ouro_weak_set_add(things, member), OURO_OK);
        list_append(member, things);
        list_append(member, member);
        list_append(member, own);
        ouro_decref(own);
        ouro_decref(member);
    }
    assert_int_equal(ouro_refcount(things), 1 + MEMBERS);
    ouro_weak_cursor cursor = {0};
    list *kept = ouro_weak_set_next(things, &cursor);
    assert_int_equal(ouro_collect(*state, 2), MEMBERS - 1);
    assert_int_equal(ouro_refcount(things), 2);
    assert_int_equal(ouro_weak_set_length(things), 1);
    ouro_decref(things);
    ouro_decref(kept);
    assert_int_equal(ouro_collect(*state, 2), 1); /* sets hold nobody and go by their count */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_weak_keyed_len_cycles),
        HEAP_TEST(test_weak_valued_len_cycles),
        HEAP_TEST(test_len_cycles),
        cmocka_unit_test(test_weak_keyed_len_race),
        cmocka_unit_test(test_weak_valued_len_race),
        cmocka_unit_test(test_len_race),
        HEAP_TEST(test_gc),
    };
    return cmocka_run_group_tests_name("weak maps and cycles, CPython's", tests, NULL, NULL);
}
