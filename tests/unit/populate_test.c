/* SPDX-License-Identifier: MIT */
/*
 * populate_test.c -- memory of fresh pools comes before it is cut, in parts
 */
#include "heap/heap.h"
#include "memory/populate.h"

#include "base/os.h"

#include "support/cell.h"
#include "support/heap.h"

enum { LONG = OURO_POPULATE_MICROSECONDS * 1000, MOST = OURO_POPULATE_MOST };

static void test_parts_are_as_large_as_comes_quickly(void **state)
{
    (void)state;
    assert_int_equal(ouro__populate_next(1, 0), 2);
    assert_int_equal(ouro__populate_next(MOST / 2, LONG / 4 - 1), MOST);
    assert_int_equal(ouro__populate_next(MOST - 1, 0), MOST); /* where no more were left */
    assert_int_equal(ouro__populate_next(MOST, 0), MOST);
    assert_int_equal(ouro__populate_next(2, LONG / 4), 2);
    assert_int_equal(ouro__populate_next(2, LONG), 2);
    assert_int_equal(ouro__populate_next(2, LONG + 1), 1);
    assert_int_equal(ouro__populate_next(MOST, UINT64_MAX), MOST / 2);
    assert_int_equal(ouro__populate_next(1, UINT64_MAX), 1);
}

static size_t pages_cut(const struct ouro__pool *pool)
{
    size_t bytes =
        (size_t)(pool->first - ouro__pool_start(pool)) + (size_t)pool->carved * pool->block_size;
    return bytes >> OURO__MEMORY_PAGE_SHIFT;
}

enum { PAGE = 1 << OURO__MEMORY_PAGE_SHIFT };

/* Old kernels do not. */
static bool system_populates(void)
{
    char *page = ouro__os_map_apart(PAGE);
    assert_non_null(page);
    ouro__os_populate(page, PAGE);
    const bool does = ouro__os_resident(page, PAGE) == PAGE;
    ouro__os_unmap_apart(page, PAGE);
    return does;
}

static void expect_resident(const struct ouro__pool *pool)
{
    const char *start = (const char *)ouro__pool_start(pool);
    assert_int_equal(ouro__os_resident(start, (size_t)pool->populated * PAGE),
                     (size_t)pool->populated * PAGE);
}

/* The first pools of a class come by page faults, as most heaps are small. */
static void test_many_pools_of_a_class_are_populated_as_they_are_cut(void **state)
{
    ouro_heap *heap = *state;
    struct ouro__pools *pools = ouro__heap_pools(heap);
    const unsigned whole = ouro__memory_pages(1);
    const bool populates = system_populates();
    bool has_begun = false, has_ended = false;
    cell *chain = NULL;
    for (struct ouro__pool *pool = NULL; !has_ended;) {
        cell *made = cell_new(heap);
        ouro_put(made, left, chain);
        chain = made;
        if (ouro__pool_of(made) == pool) {
            assert_in_range(pool->populated, pages_cut(pool), whole);
            assert_true(pool->populated <= pages_cut(pool) + MOST || pool->populated == whole);
            if (populates && pool->populated < whole) expect_resident(pool);
            has_begun |= pool->populated < whole;
            has_ended = has_begun && pool->populated == whole;
            continue;
        }
        pool = ouro__pool_of(made);
        size_t bin = pool->bin;
        if (pools->pools_of[bin] <= OURO_POPULATE_AFTER + 1)
            assert_int_equal(pool->populated, whole);
        if (pools->pools_of[bin] > OURO_POPULATE_AFTER + 1)
            assert_in_range(pool->populated, 1, MOST);
    }
    assert_in_range(pools->populate_most, 1, MOST);
    ouro_decref(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_are_as_large_as_comes_quickly),
        HEAP_TEST(test_many_pools_of_a_class_are_populated_as_they_are_cut),
    };
    return cmocka_run_group_tests_name("populate", tests, NULL, NULL);
}
