/* SPDX-License-Identifier: MIT */
/*
 * pools_test.c -- each pool of a heap as a visitor sees it
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"

enum { LARGE = 50000, MANY = 20000, ROOM = 64 };

static struct {
    ouro_pool_info pools[ROOM];
    size_t count, stop_at;
} seen;

static int keep(const ouro_pool_info *pool, void *argument)
{
    assert_ptr_equal(argument, &seen);
    assert_true(seen.count < ROOM);
    seen.pools[seen.count++] = *pool;
    return seen.count == seen.stop_at;
}

static void look(const ouro_heap *heap, size_t stop_at)
{
    seen.count = 0;
    seen.stop_at = stop_at;
    ouro_each_pool(heap, keep, &seen);
}

static const ouro_pool_info *pool_of(const void *object)
{
    for (size_t i = 0; i < seen.count; i++) {
        const char *start = seen.pools[i].address;
        if ((const char *)object >= start && (const char *)object < start + seen.pools[i].bytes)
            return &seen.pools[i];
    }
    return NULL;
}

static void test_a_large_object_is_alone_in_its_pool(void **state)
{
    row *large = row_new(*state, LARGE);
    look(*state, 0);
    const ouro_pool_info *pool = pool_of(large);
    assert_non_null(pool);
    assert_int_equal(pool->kind, OURO_CLASS_TRACKED);
    assert_int_equal(pool->capacity, 1);
    assert_int_equal(pool->live, 1);
    assert_int_equal(pool->free + pool->cached, 0);
    assert_true(pool->block_size >= sizeof(row) + LARGE * sizeof(void *));
    assert_int_equal(pool->bytes, pool->block_size);
    ouro_decref(large);
    look(*state, 0);
    assert_true(pool_of(large) == NULL || pool_of(large)->live == 0);
}

/* What is left of many objects waits a while before it goes back to the system. */
static void test_empty_pools_wait(void **state)
{
    list *all = list_new(*state);
    for (int i = 0; i < MANY; i++) (void)list_append_cell(all, i);
    look(*state, 0);
    size_t pools = seen.count;
    assert_int_equal(pool_of(all->items.items[MANY / 2])->block_size,
                     ouro_sizeof(all->items.items[MANY / 2]));
    ouro_decref(all);
    look(*state, 0);
    size_t empty = 0;
    for (size_t i = 0; i < seen.count; i++) {
        if (seen.pools[i].block_size > 0) continue;
        empty++;
        assert_int_equal(seen.pools[i].live + seen.pools[i].free + seen.pools[i].cached, 0);
        assert_int_equal(seen.pools[i].capacity, 0);
        assert_true(seen.pools[i].bytes >= 65536);
    }
    assert_true(TEST_IS_GUARDED || (empty > 3 && seen.count <= pools));
    (void)ouro_trim(*state);
    look(*state, 0);
    for (size_t i = 0; i < seen.count; i++) assert_true(seen.pools[i].block_size > 0);
}

static void test_a_visitor_may_stop(void **state)
{
    cell *one = cell_new(*state);
    row *large = row_new(*state, LARGE);
    atom *other = atom_new(*state, 1);
    look(*state, 0);
    size_t all = seen.count;
    assert_true(all >= 3);
    for (size_t stop_at = 1; stop_at <= all; stop_at++) {
        look(*state, stop_at);
        assert_int_equal(seen.count, stop_at);
    }
    ouro_decref(other);
    ouro_decref(large);
    ouro_decref(one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_large_object_is_alone_in_its_pool),
        HEAP_TEST(test_empty_pools_wait),
        HEAP_TEST(test_a_visitor_may_stop),
    };
    return cmocka_run_group_tests_name("pools", tests, NULL, NULL);
}
