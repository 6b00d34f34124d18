/* SPDX-License-Identifier: MIT */
/*
 * sever_test.c -- references from garbage to what lives are dropped, and no others
 */
#include "support/bead.h"

/* What is neither young nor looked at by the passes below. */
static bead *old_node(ouro_heap *heap)
{
    bead *old = bead_new(heap);
    (void)ouro_collect(heap, 2);
    return old;
}

static void test_garbage_lets_go_of_what_the_pass_does_not_look_at(void **state)
{
    bead *old = old_node(*state), *ring = bead_ring(*state, 10);
    for (bead *n = ring; n->other == NULL; n = n->next) ouro_set(n, other, old);
    assert_int_equal(ouro_refcount(old), 11);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 0), 10);
    assert_int_equal(ouro_refcount(old), 1);
    ouro_decref(old);
}

static void test_garbage_lets_go_of_what_the_pass_finds_alive(void **state)
{
    bead *live = bead_ring(*state, 4), *ring = bead_ring(*state, 10);
    ouro_set(ring, other, live->next);
    ouro_set(ring->next, other, live->next);
    ouro_decref(ring);
    assert_int_equal(ouro_refcount(live->next), 4);
    assert_int_equal(ouro_collect(*state, 0), 10);
    assert_int_equal(ouro_refcount(live->next), 2);
    ouro_decref(live);
    assert_int_equal(ouro_collect(*state, 2), 4);
}

static void test_what_lives_keeps_what_it_holds(void **state)
{
    bead *old = old_node(*state), *live = bead_ring(*state, 4), *ring = bead_ring(*state, 10);
    ouro_set(live, other, old);
    ouro_set(live->next, other, live);
    ouro_set(ring, other, old);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 0), 10);
    assert_int_equal(ouro_refcount(old), 2);
    assert_int_equal(ouro_refcount(live), 4);
    ouro_decref(live);
    assert_int_equal(ouro_collect(*state, 2), 4);
    assert_int_equal(ouro_refcount(old), 1);
    ouro_decref(old);
}

/* Among many pools of garbage the one that holds something may be any. */
static void test_one_reference_out_of_many_pools_is_found(void **state)
{
    enum { LENGTH = 10000, PARTS = 7 };
    bead *old = old_node(*state);
    for (int part = 0; part < PARTS; part++) {
        bead *ring = bead_ring(*state, LENGTH), *holder = ring;
        for (int i = 0; i < part * (LENGTH - 1) / (PARTS - 1); i++) holder = holder->next;
        ouro_set(holder, other, old);
        ouro_decref(ring);
        assert_int_equal(ouro_collect(*state, 0), LENGTH);
        assert_int_equal(ouro_refcount(old), 1);
    }
    ouro_decref(old);
}

/* An end that others depend on comes with the reference that was the last. */
static void test_what_only_garbage_held_dies_with_it(void **state)
{
    bead *chain = bead_new(*state), *ring = bead_ring(*state, 3);
    ouro_put(chain, other, bead_new(*state));
    (void)ouro_collect(*state, 2);
    bead *young = bead_ring(*state, 5);
    ouro_put(young, other, chain);
    ouro_decref(young);
    assert_int_equal(ouro_collect(*state, 0), 5);
    assert_int_equal(test_heap_objects(*state), 3);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 2), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_garbage_lets_go_of_what_the_pass_does_not_look_at),
        HEAP_TEST(test_garbage_lets_go_of_what_the_pass_finds_alive),
        HEAP_TEST(test_what_lives_keeps_what_it_holds),
        HEAP_TEST(test_one_reference_out_of_many_pools_is_found),
        HEAP_TEST(test_what_only_garbage_held_dies_with_it),
    };
    return cmocka_run_group_tests_name("sever", tests, NULL, NULL);
}
