/* SPDX-License-Identifier: MIT */
/*
 * gray_test.c -- gray objects in thousands of pools: looking for them is cut like other work, and so is forgetting them
 */
#include "heap/heap.h"

#include "support/cycle.h"
#include "support/heap.h"
#include "support/plain.h"

/* Rows of which few share a pool. */
enum { ROWS = 600, LENGTH = 1000 };

static struct ouro__marks *marks_of(ouro_heap *heap)
{
    return &ouro__heap_pools(heap)->marks;
}

static list *many_pools(ouro_heap *heap)
{
    list *all = list_new(heap);
    for (size_t i = 0; i < ROWS; i++) {
        row *made = row_new(heap, LENGTH);
        ouro_set(made, items[0], all);
        list_append(all, made);
        ouro_decref(made);
    }
    (void)ouro_collect(heap, 2);
    return all;
}

/* The pools of a set, each with one of so many rows.  Returns the first. */
static struct ouro__pool *link_pools(const list *all, size_t *out_pools)
{
    struct ouro__pool *first = NULL;
    *out_pools = 0;
    for (size_t i = 0; i < all->items.length; i++) {
        struct ouro__pool *pool = ouro__pool_of(all->items.items[i]);
        if (pool == first) continue;
        pool->set_next[OURO__WHOLE] = first;
        first = pool;
        ++*out_pools;
    }
    return first;
}

static void test_a_search_for_a_gray_object_ends_with_its_units(void **state)
{
    enum { UNITS = 8 };
    ouro_heap *heap = *state;
    struct ouro__marks *marks = marks_of(heap);
    struct ouro__lane *lane = &marks->lanes[OURO__WHOLE];
    list *all = many_pools(heap);
    size_t pools;
    struct ouro__pool *first = link_pools(all, &pools);
    void *last = all->items.items[0]; /* in the last pool of the list */
    assert_true(pools > 4 * UNITS);
    lane->gray_from = NULL;
    ouro__gray_spill(marks, OURO__WHOLE, last);
    size_t searches = 0;
    long units = UNITS;
    for (void *entry; (entry = ouro__gray_next(marks, OURO__WHOLE, first, &units)) != last;) {
        assert_null(entry);
        assert_int_equal(units, 0);
        assert_true(ouro__gray_is_left(marks, OURO__WHOLE));
        units = UNITS;
        searches++;
    }
    assert_int_equal(searches, (pools - 1) / UNITS);
    assert_int_equal(units, UNITS - (long)((pools - 1) % UNITS));
    assert_false(ouro__gray_is_left(marks, OURO__WHOLE));
    assert_null(ouro__gray_next(marks, OURO__WHOLE, first, &units));
    lane->gray_from = NULL;
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}

/* All rows are proven live by the list, and are gray when nothing is left to prove. */
static void test_what_is_not_followed_is_forgotten_pool_by_pool(void **state)
{
    ouro_heap *heap = *state;
    const struct ouro__lane *lane = &marks_of(heap)->lanes[OURO__WHOLE];
    list *all = many_pools(heap);
    for (size_t i = 0; i < OURO_GRAY_STACK; i++) { /* which fill the stack */
        node *made = node_new(heap);
        ouro_set(made, left, all);
        list_append(all, made);
        ouro_decref(made);
    }
    (void)ouro_collect(heap, 2);
    cycle_touch((cell *)all->items.items[ROWS]);
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "finish"));
    assert_true(lane->gray_pools > 10);
    assert_int_equal(lane->gray_count, 0);
    while (lane->gray_pools > 0) {
        size_t before = lane->gray_pools;
        (void)cycle_step(heap, 1);
        assert_true(lane->gray_pools + 1 >= before);
        assert_string_equal(cycle_phase(heap), "finish");
    }
    (void)cycle_step_to_the_end(heap, 0);
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}

static void say_nothing(cell *self)
{
    (void)self;
}

/* What was gray before the finalizers ran proves nothing afterwards. */
static void test_all_is_examined_again_after_the_finalizers(void **state)
{
    enum { CELLS = 3, NODES = 2 };
    ouro_heap *heap = *state;
    cell *cells = cell_ring(heap, CELLS);
    node *nodes = node_new(heap);
    cells->last_word = say_nothing;
    nodes->left = node_new(heap);
    ouro_set((node *)nodes->left, left, nodes);
    (void)ouro_collect(heap, 2);
    void *const members[] = {cells, nodes};
    ouro_decref(cells);
    ouro_decref(nodes);
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "suspect again"));
    /* it has begun with a pool, and not with the other */
    const bool second = ouro__pool_of(cells) == heap->whole.cursor;
    ouro__gray_spill(marks_of(heap), OURO__WHOLE, members[second]);
    assert_int_equal(cycle_step_to_the_end(heap, 1), CELLS + NODES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_search_for_a_gray_object_ends_with_its_units),
        HEAP_TEST(test_what_is_not_followed_is_forgotten_pool_by_pool),
        HEAP_TEST(test_all_is_examined_again_after_the_finalizers),
    };
    return cmocka_run_group_tests_name("gray", tests, NULL, NULL);
}
