/* SPDX-License-Identifier: MIT */
/*
 * hidden_test.c -- who is half dead is met by nobody  [death.hidden]
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"

static size_t nodes, cells;

static int count(void *object, void *argument)
{
    (void)argument;
    nodes += ouro_type_of(object) == &node_type;
    cells += ouro_type_of(object) == &cell_type;
    return 0;
}

/* A last word that looks around, and collects. */
static void look_around(cell *self)
{
    nodes = cells = 0;
    ouro_each_object(ouro_heap_of(self), count, NULL);
    (void)ouro_collect(ouro_heap_of(self), 2);
    test_heap_verify(ouro_heap_of(self));
}

/* A chain of objects without hooks that ends in one with a last word; each also holds a ring. */
static void lose_chain(ouro_heap *heap, size_t length, bool ring)
{
    cell *last = cell_new(heap);
    last->last_word = look_around;
    void *first = last;
    for (size_t i = 0; i < length; i++) {
        node *made = node_new(heap);
        ouro_put(made, left, first);
        if (ring) ouro_put(made, right, cell_ring(heap, 2));
        first = made;
    }
    ouro_decref(first);
}

static void test_a_chain_that_is_dying_is_not_met(void **state)
{
    node *living = node_new(*state);
    for (size_t length = 1; length < 5; length++) {
        nodes = 99;
        lose_chain(*state, length, false);
        assert_int_equal(nodes, 1);
        assert_int_equal(cells, 1); /* who speaks */
        nodes = 99;
        lose_chain(*state, length, true); /* whose parts wait */
        assert_int_equal(nodes, 1);
        (void)ouro_collect(*state, 2);
        assert_int_equal(test_heap_objects(*state), 1);
    }
    ouro_decref(living);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_chain_that_is_dying_is_not_met),
    };
    return cmocka_run_group_tests_name("hidden", tests, NULL, NULL);
}
