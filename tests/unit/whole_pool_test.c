/* SPDX-License-Identifier: MIT */
/*
 * whole_pool_test.c -- a pool of which nothing but garbage is in use goes back without a look at its blocks
 *
 * And only such a pool: where a block lives, waits on a class list or is in the set of a whole cycle, its blocks are
 * needed.  What is lost otherwise is found by the audit, and by making as many objects again.
 */
#include "heap/heap.h"
#include "memory/purge.h"

#include "support/cycle.h"
#include "support/heap.h"
#include "support/plain.h"

enum { POOLS = 3, MOST = POOLS * OURO_POOL_SIZE / 24 };

static node *nodes[MOST];
static size_t made;

static struct ouro__pool *pool_of(size_t place)
{
    return ouro__pool_of(nodes[place]);
}

/* Garbage, once let go, that begins in one pool and ends in another, and that nothing of a class list lies between. */
static void fill_pools(ouro_heap *heap)
{
    for (made = 0; made < MOST; made++) {
        nodes[made] = node_new(heap);
        ouro_set(nodes[made], left, nodes[made]);
    }
}

static void let_go(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) ouro_decref(nodes[i]);
}

/* The first and the last place of the pool that the middle one is in: all of its blocks. */
static void find_middle_pool(size_t *out_first, size_t *out_end)
{
    size_t first = MOST / 2, end = MOST / 2;
    while (pool_of(first - 1) == pool_of(MOST / 2)) first--;
    while (pool_of(end) == pool_of(MOST / 2)) end++;
    assert_int_equal(end - first, pool_of(first)->carved);
    *out_first = first;
    *out_end = end;
}

static bool is_untouched(size_t place)
{
    return !ouro__word_is_free(*ouro__word_of(nodes[place]));
}

static void make_again(ouro_heap *heap)
{
    test_heap_verify(heap);
    fill_pools(heap);
    test_heap_verify(heap);
    let_go(0, MOST);
    (void)ouro_collect(heap, 2);
}

/* All but the first so many are garbage, and the pool in the middle is empty before anybody looks at its blocks. */
static void expect_middle_pool_as_it_is(ouro_heap *heap, size_t living)
{
    size_t first, end;
    fill_pools(heap);
    find_middle_pool(&first, &end);
    const struct ouro__pool *pool = pool_of(first);
    let_go(living, MOST);
    assert_int_equal(ouro_collect(heap, 0), MOST - living);
    assert_int_equal(pool->state, OURO__POOL_EMPTY);
    assert_true(is_untouched(first) && is_untouched(end - 1));
    test_heap_verify(heap);
}

static void test_a_pool_of_garbage_goes_back_as_it_is(void **state)
{
    SKIP_WHERE_GUARDED();
    expect_middle_pool_as_it_is(*state, 0);
    make_again(*state);
}

/* Beside others that live in other pools. */
static void test_a_pool_of_garbage_goes_back_beside_living_ones(void **state)
{
    SKIP_WHERE_GUARDED();
    expect_middle_pool_as_it_is(*state, 1);
    let_go(0, 1);
    assert_int_equal(ouro_collect(*state, 2), 1);
    make_again(*state);
}

static void test_who_lives_keeps_a_pool(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_heap *heap = *state;
    size_t first, end;
    fill_pools(heap);
    find_middle_pool(&first, &end);
    const size_t places[] = {first, (first + end) / 2, end - 1};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct ouro__pool *pool = pool_of(places[i]);
        let_go(0, places[i]);
        let_go(places[i] + 1, MOST);
        assert_int_equal(ouro_collect(heap, 0), MOST - 1);
        assert_int_equal(pool->used, 1);
        test_heap_verify(heap);
        assert_ptr_equal(nodes[places[i]]->left, nodes[places[i]]);
        let_go(places[i], places[i] + 1);
        assert_int_equal(ouro_collect(heap, 2), 1);
        fill_pools(heap);
        find_middle_pool(&first, &end);
    }
    let_go(0, MOST);
    assert_int_equal(ouro_collect(heap, 0), MOST);
}

static void say_nothing(cell *self)
{
    (void)self;
}

/* Before last words are spoken who lives leaves the set. */
static void test_who_has_left_the_set_keeps_a_pool(void **state)
{
    ouro_heap *heap = *state;
    fill_pools(heap);
    cell_lose(heap, say_nothing);
    let_go(0, MOST / 2);
    let_go(MOST / 2 + 1, MOST);
    assert_int_equal(ouro_collect(heap, 0), MOST);
    test_heap_verify(heap);
    assert_int_equal(pool_of(MOST / 2)->used, 1);
    assert_ptr_equal(nodes[MOST / 2]->left, nodes[MOST / 2]);
    let_go(MOST / 2, MOST / 2 + 1);
    assert_int_equal(ouro_collect(heap, 2), 1);
    make_again(heap);
}

/* A block that died before waits on the class list, and is handed out from there. */
static void test_a_cached_block_keeps_a_pool(void **state)
{
    ouro_heap *heap = *state;
    size_t first, end;
    fill_pools(heap);
    find_middle_pool(&first, &end);
    ouro_set(nodes[first], left, NULL);
    let_go(0, MOST);
    assert_int_equal(ouro_collect(heap, 0), MOST - 1);
    make_again(heap);
}

/* The whole cycle's marks go block by block. */
static void test_the_whole_cycle_keeps_a_pool(void **state)
{
    ouro_heap *heap = *state;
    static const char *const phases[] = {"count", "decide", "narrow", "scan", "check"};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        list *all = cycle_rings(heap, 500);
        fill_pools(heap);
        cycle_touch(all->items.items[0]);
        cycle_begin(heap);
        (void)cycle_reach(heap, phases[i]);
        let_go(0, MOST);
        (void)ouro_collect(heap, 0);
        test_heap_verify(heap);
        (void)cycle_step_to_the_end(heap, 1000);
        (void)ouro_collect(heap, 2);
        assert_int_equal(test_heap_objects(heap), 1 + 2 * 500);
        cycle_rings_end(all);
        make_again(heap);
    }
}

/* The pool that is cut at the moment keeps what is cut. */
static void test_the_current_pool_stays(void **state)
{
    ouro_heap *heap = *state;
    node *one = node_new(heap);
    const size_t bin = ouro__pool_of(one)->bin;
    struct ouro__pool *current = ouro__heap_pools(heap)->current[bin];
    ouro_decref(one);
    ouro__pools_flush(ouro__heap_pools(heap)); /* nothing waits on the class list */
    for (made = 0; made < MOST; made++) {
        nodes[made] = node_new(heap);
        ouro_set(nodes[made], left, nodes[made]);
        current = ouro__heap_pools(heap)->current[bin];
        if (made > 0 && ouro__heap_pools(heap)->front.shelf[bin].list == NULL &&
            current == pool_of(made) && current->carved < current->capacity)
            break; /* all that is cut is in use */
    }
    const uint32_t carved = current->carved;
    let_go(0, ++made);
    assert_int_equal(ouro_collect(heap, 0), made);
    assert_int_equal(current->state, OURO__POOL_CURRENT);
    assert_int_equal(current->carved, carved);
    test_heap_verify(heap);
    make_again(heap);
}

/* A large block in which the whole cycle stands stays until that has passed it, and is no object meanwhile. */
static void test_a_large_block_that_stays_has_no_word(void **state)
{
    ouro_heap *heap = *state;
    struct ouro__pools *pools = ouro__heap_pools(heap);
    row *large = row_new(heap, 50000);
    ouro_set(large, items[0], large);
    struct ouro__arena *arena = ouro__arena_of(large);
    assert_true(arena->large);
    pools->marks.counting = arena;
    ouro_decref(large);
    assert_int_equal(ouro_collect(heap, 0), 1);
    assert_true(ouro__word_is_free(*ouro__word_of(large)));
    test_heap_verify(heap);
    pools->marks.counting = NULL;
    ouro__purge_arena_if_unused(pools, arena);
    assert_null(pools->realms[OURO__REALM_TRACKED].large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_pool_of_garbage_goes_back_as_it_is),
        HEAP_TEST(test_a_pool_of_garbage_goes_back_beside_living_ones),
        HEAP_TEST(test_who_lives_keeps_a_pool),
        HEAP_TEST(test_who_has_left_the_set_keeps_a_pool),
        HEAP_TEST(test_a_cached_block_keeps_a_pool),
        HEAP_TEST(test_the_whole_cycle_keeps_a_pool),
        HEAP_TEST(test_the_current_pool_stays),
        HEAP_TEST(test_a_large_block_that_stays_has_no_word),
    };
    return cmocka_run_group_tests_name("whole pool", tests, NULL, NULL);
}
