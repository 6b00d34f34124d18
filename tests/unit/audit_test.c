/* SPDX-License-Identifier: MIT */
/*
 * audit_test.c -- ouro_verify names what does not hold
 *
 * Each test breaks one thing in a heap that is whole, reads the sentence, and mends it again.
 */
#include "heap/heap.h"

#include "support/apart.h"
#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"

#include <string.h>
#include <sys/resource.h>

/* The audit's sentence matches; '*' stands for anything. */
static void assert_corrupt(ouro_heap *heap, const char *pattern)
{
    ouro_error error;
    assert_int_equal(ouro_verify(heap, &error), OURO_CORRUPT);
    assert_int_equal(error.status, OURO_CORRUPT);
    if (!apart_matches(error.message, pattern) || error.message[0] != pattern[0])
        fail_msg("\"%s\" instead of \"%s\"", error.message, pattern);
    assert_int_equal(ouro_verify(heap, NULL), OURO_CORRUPT);
}

static struct ouro__marks *marks_of(ouro_heap *heap)
{
    return &ouro__heap_pools(heap)->marks;
}

/* A dead cell in its pool's free list, and one that lives in the same pool. */
static cell *cell_beside_a_free_block(ouro_heap *heap)
{
    cell *living = cell_new(heap), *dead = cell_new(heap);
    ouro_decref(dead);
    ouro__pools_flush(ouro__heap_pools(heap));
    assert_non_null(ouro__pool_of(living)->free);
    return living;
}

/* ---- pools ---- */

static void test_a_free_list_that_leads_elsewhere(void **state)
{
    cell *living = cell_beside_a_free_block(*state);
    struct ouro__pool *pool = ouro__pool_of(living);
    void *first = pool->free;
    list *stranger = list_new(*state);
    pool->free = (void *)stranger;
    assert_corrupt(*state, "[pool.home] the free list of the pool of * leads elsewhere*");
    pool->free = first;
    void *second = ouro__link(first);
    ouro__link_set(first, first); /* in circles */
    assert_corrupt(*state, "[pool.home] the free list of the pool of * leads elsewhere*");
    ouro__link_set(first, second);
    ouro_decref(stranger);
    ouro_decref(living);
}

static void test_a_free_block_that_was_written_to(void **state)
{
    cell *living = cell_beside_a_free_block(*state);
    void *dead = ouro__pool_of(living)->free;
    *ouro__word_of(dead) = *ouro__word_of(living);
    assert_corrupt(*state, "[pool.word] a free block of * has a word: written after free?");
    ouro__word_clear(dead);
    ouro_decref(living);
}

static void test_a_pool_that_counts_wrongly(void **state)
{
    cell *living = cell_new(*state);
    struct ouro__pool *pool = ouro__pool_of(living);
    pool->used++;
    assert_corrupt(*state, "[pool.count] the pool of * used, * free and * of * carved blocks");
    pool->used--;
    uint32_t capacity = pool->capacity;
    pool->capacity = (__typeof__(pool->capacity))(pool->carved - 1);
    assert_corrupt(*state, "[pool.count] the pool of * used, * free and * of * carved blocks");
    pool->capacity = (__typeof__(pool->capacity))capacity;
    ouro_decref(living);
}

static struct ouro__shelf *shelf_of(ouro_heap *heap, const void *object)
{
    return &ouro__heap_pools(heap)->front.shelf[ouro__pool_of(object)->bin];
}

static void test_a_class_list_with_a_block_of_another_class(void **state)
{
    cell *living = cell_new(*state);
    list *other = list_new(*state);
    struct ouro__shelf *shelf = shelf_of(*state, living);
    void *was = shelf->list;
    shelf->list = (void *)other;
    assert_corrupt(*state, "[list.class] the class list of * holds * of another class");
    shelf->list = was;
    ouro_decref(other);
    ouro_decref(living);
}

static void test_a_cached_block_that_was_written_to(void **state)
{
    cell *living = cell_new(*state), *dead = cell_new(*state);
    ouro_decref(dead);
    void *cached = shelf_of(*state, living)->list;
    assert_non_null(cached);
    *ouro__word_of(cached) = *ouro__word_of(living);
    assert_corrupt(*state, "[pool.word] a cached block of * has a word: written after free?");
    ouro__word_clear(cached);
    ouro_decref(living);
}

static void test_a_hot_block_of_another_class(void **state)
{
    cell *living = cell_new(*state);
    struct ouro__shelf *shelf = shelf_of(*state, living);
    void *was = shelf->hot;
    shelf->hot = living;
    assert_corrupt(*state, "[list.hot] the hot block of * is no free block of its class");
    shelf->hot = was;
    ouro_decref(living);
}

/* ---- young bits ---- */

static void test_a_free_block_without_a_young_bit(void **state)
{
    cell *living = cell_beside_a_free_block(*state);
    struct ouro__pool *pool = ouro__pool_of(living);
    void *dead = pool->free;
    bool unmarked = pool->unmarked, young = ouro__is_young(dead);
    pool->unmarked = false;
    ouro__young_clear(dead);
    assert_corrupt(*state, "[young.bit] the free block at * has no young bit");
    if (young) ouro__young_set(dead);
    pool->unmarked = unmarked;
    ouro_decref(living);
}

static void test_a_cached_block_without_a_young_bit(void **state)
{
    cell *living = cell_new(*state), *dead = cell_new(*state);
    ouro_decref(dead);
    struct ouro__pool *pool = ouro__pool_of(living);
    bool unmarked = pool->unmarked;
    void *cached = shelf_of(*state, living)->list;
    pool->unmarked = true; /* or the pool is objected to before */
    ouro__young_clear(cached);
    assert_corrupt(*state, "[young.bit] the cached block * has no young bit");
    ouro__young_set(cached);
    pool->unmarked = unmarked;
    ouro_decref(living);
}

static void test_a_young_object_in_a_pool_that_is_not_listed(void **state)
{
    cell *living = cell_new(*state);
    struct ouro__pool *pool = ouro__pool_of(living);
    assert_true(pool->young);
    pool->young = false;
    assert_corrupt(*state, "[young.listed] the pool of the young object * is not listed");
    ouro__young_clear(living);
    *ouro__word_of(living) |= OURO__AGED;
    assert_corrupt(*state, "[young.listed] the pool of the cached block * is not listed");
    *ouro__word_of(living) &= ~OURO__AGED;
    assert_corrupt(*state,
                   "[word.aged] the object * is not aged and its block lacks its young bit");
    ouro__young_set(living);
    pool->young = true;
    ouro_decref(living);
}

/* ---- marks ---- */

static void test_marks_outside_a_collection(void **state)
{
    cell *living = cell_new(*state);
    assert_int_equal(marks_of(*state)->active, 0);
    for (int lane = 0; lane < OURO__LANES; lane++) {
        size_t bitmaps[] = {ouro__set_bits(lane), ouro__gray_bits(lane)};
        for (size_t i = 0; i < COUNT_OF(bitmaps); i++) {
            ouro__mark_set(living, bitmaps[i]);
            assert_corrupt(*state, "[mark.zero] the block at * has marks outside a collection");
            ouro__mark_clear(living, bitmaps[i]);
        }
    }
    *ouro__count_of(living) = 1;
    assert_corrupt(*state, "[mark.zero] the block at * has marks outside a collection");
    *ouro__count_of(living) = 0;
    *ouro__tally_of(living) = 1;
    assert_corrupt(*state, "[mark.zero] the block at * has marks outside a collection");
    *ouro__tally_of(living) = 0;
    ouro_decref(living);
}

static void test_a_pool_in_a_set_outside_a_collection(void **state)
{
    cell *living = cell_new(*state);
    ouro__pool_of(living)->sets = 1u << OURO__WHOLE;
    assert_corrupt(*state, "[set.listed] the pool at * is in a set outside a collection");
    ouro__pool_of(living)->sets = 0;
    ouro_decref(living);
}

static void test_a_pool_whose_counts_are_forgotten(void **state)
{
    cell *living = cell_new(*state);
    (void)ouro_collect(*state, 0);
    assert_true(ouro__pool_of(living)->scratch);
    marks_of(*state)->scratch_pools = 0;
    assert_corrupt(*state, "[mark.scratch] 1 pools have counts in memory, where 0 are known");
    marks_of(*state)->scratch_pools = 1;
    ouro_decref(living);
}

static void test_a_pool_beyond_the_pages_that_were_used(void **state)
{
    cell *living = cell_new(*state);
    struct ouro__arena *arena = ouro__arena_of(living);
    uint32_t end = arena->page_end;
    arena->page_end = (uint32_t)ouro__pool_page(ouro__pool_of(living));
    assert_corrupt(*state, "[arena.end] the pool at * is beyond the pages that were used");
    arena->page_end = end;
    ouro_decref(living);
}

static void test_a_lane_that_is_active_outside_of_cycles(void **state)
{
    for (int lane = 0; lane < OURO__LANES; lane++) {
        marks_of(*state)->active = (uint8_t)(1u << lane);
        assert_corrupt(*state, "[mark.zero] lanes * are active, cycles run in lanes 0");
        marks_of(*state)->active = 0;
    }
}

static void test_suspects_in_no_set_or_not_trapped(void **state)
{
    struct garbage_case scene = garbage_case_new(*state);
    cell *suspect = scene.garbage;
    garbage_case_lose(&scene);
    cycle_begin(*state);
    assert_true(cycle_reach(*state, "check"));
    assert_true(ouro__is_suspect(suspect, OURO__WHOLE));
    ouro__mark_clear(suspect, ouro__set_bits(OURO__WHOLE));
    assert_corrupt(*state, "[set.listed] the suspect * is in no set");
    ouro__mark_set(suspect, ouro__set_bits(OURO__WHOLE));
    ouro__word_untrap(suspect);
    assert_corrupt(*state, "[scan.trapped] the suspect * is not trapped");
    assert_true(ouro__word_trap(suspect));
    (void)cycle_step_to_the_end(*state, 1);
    garbage_case_end(&scene);
}

static void test_a_quiet_object_that_is_not_old(void **state)
{
    cell *living = cell_new(*state);
    assert_true(ouro__word_trap(living));
    assert_corrupt(*state, "[quiet.old] the object * is quiet and not old");
    ouro__word_untrap(living);
    ouro_decref(living);
}

/* ---- objects ---- */

static void test_a_reference_to_what_is_no_object(void **state)
{
    cell *holder = cell_new(*state), *dead = cell_new(*state);
    void *nowhere[2] = {NULL, NULL};
    holder->left = &nowhere[1];
    assert_corrupt(*state, "object * of type cell refers to *, which is no living object of the *");
    ouro_decref(dead);
    holder->left = dead;
    assert_corrupt(*state, "object * of type cell refers to *, which is no living object of the *");
    holder->left = NULL;
    ouro_decref(holder);
}

static void test_an_object_without_a_type(void **state)
{
    cell *living = cell_new(*state);
    ouro__word word = *ouro__word_of(living);
    *ouro__word_of(living) = word & (((uint64_t)1 << OURO__TYPE_SHIFT) - 1);
    assert_corrupt(*state, "the word of object * names no type: overwritten from below?");
    *ouro__word_of(living) = word | ~(uint64_t)0 << OURO__TYPE_SHIFT; /* a number not given out */
    assert_corrupt(*state, "the word of object * names no type: overwritten from below?");
    *ouro__word_of(living) = word;
    ouro_decref(living);
}

static void test_a_count_that_is_too_low(void **state)
{
    cell *ring = cell_ring(*state, 2);
    cell *second = ring->left;
    ouro_set(ring, right, second);
    ouro__word_set_count(second, OURO__ONE);
    assert_corrupt(*state, "object * of type cell has a count of 1, but other objects hold 2 *");
    ouro__word_set_count(second, 2 * OURO__ONE);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* ---- weak references ---- */

static void ignore(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
}

static void test_a_weak_reference_that_its_target_does_not_know(void **state)
{
    cell *target = cell_new(*state);
    ouro_weakref *weak = ouro_weakref_new(target);
    *ouro__word_of(target) &= ~OURO__WEAKLY;
    assert_corrupt(*state, "[weak.flag] a weak reference looks at *, which does not know of it");
    *ouro__word_of(target) |= OURO__WEAKLY;
    ouro_decref(weak);
    ouro_decref(target);
}

static void test_a_broken_list_of_weak_references(void **state)
{
    cell *target = cell_new(*state), *other = cell_new(*state);
    ouro_weakref *loud = ouro_weakref_new_callback(target, ignore, NULL);
    ouro_weakref *louder = ouro_weakref_new_callback(target, ignore, NULL);
    ouro_weakref *first = loud->previous == NULL ? loud : louder, *last = first->next;
    last->previous = NULL;
    assert_corrupt(*state, "the list of weak references to * is broken");
    last->previous = first;
    last->target = other;
    assert_corrupt(*state, "the list of weak references to * is broken");
    last->target = target;
    ouro__word word = *ouro__word_of(last);
    ouro_weakref *quiet = ouro_weakref_new(target);
    *ouro__word_of(last) = *ouro__word_of(quiet); /* two of a kind that is shared */
    assert_corrupt(*state, "[weak.shared] object * has two weak references without callback");
    *ouro__word_of(last) = word;
    ouro_decref(quiet);
    ouro_decref(loud);
    ouro_decref(louder);
    ouro_decref(other);
    ouro_decref(target);
}

static void test_a_table_of_weak_references_that_counts_wrongly(void **state)
{
    cell *target = cell_new(*state), *other = cell_new(*state);
    ouro_weakref *weak = ouro_weakref_new(target);
    struct ouro__weakrefs *weakrefs = &((ouro_heap *)*state)->life.weakrefs;
    weakrefs->targets++;
    assert_corrupt(*state, "[weak.table] 1 targets in the table, 2 counted, 1 objects say so");
    weakrefs->targets--;
    *ouro__word_of(other) |= OURO__WEAKLY;
    assert_corrupt(*state, "[weak.table] 1 targets in the table, 1 counted, 2 objects say so");
    *ouro__word_of(other) &= ~OURO__WEAKLY;
    struct ouro__weakrefs was = *weakrefs;
    ouro_weakref *full[1] = {weak};
    weakrefs->table = full;
    weakrefs->capacity = 1;
    assert_corrupt(*state, "[weak.table] 1 targets in the table, 1 counted, 1 objects say so");
    weakrefs->table = was.table;
    weakrefs->capacity = was.capacity;
    ouro_decref(weak);
    ouro_decref(other);
    ouro_decref(target);
}

/* ---- without memory ---- */

static void test_an_audit_that_gets_no_memory(void **state)
{
    cell *living = cell_new(*state);
    struct rlimit was, none;
    assert_int_equal(getrlimit(RLIMIT_AS, &was), 0);
    none = (struct rlimit){1, was.rlim_max};
    ouro_error error;
    assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
    ouro_status status = ouro_verify(*state, &error);
    assert_int_equal(setrlimit(RLIMIT_AS, &was), 0);
    assert_int_equal(status, OURO_NO_MEMORY);
    assert_int_equal(error.status, OURO_NO_MEMORY);
    assert_true(error.requested > 0);
    assert_true(apart_matches(error.message, "the audit of heap * needs * the system gave none"));
    ouro_decref(living);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_free_list_that_leads_elsewhere),
        HEAP_TEST(test_a_free_block_that_was_written_to),
        HEAP_TEST(test_a_pool_that_counts_wrongly),
        HEAP_TEST(test_a_class_list_with_a_block_of_another_class),
        HEAP_TEST(test_a_cached_block_that_was_written_to),
        HEAP_TEST(test_a_hot_block_of_another_class),
        HEAP_TEST(test_a_free_block_without_a_young_bit),
        HEAP_TEST(test_a_cached_block_without_a_young_bit),
        HEAP_TEST(test_a_young_object_in_a_pool_that_is_not_listed),
        HEAP_TEST(test_marks_outside_a_collection),
        HEAP_TEST(test_a_pool_in_a_set_outside_a_collection),
        HEAP_TEST(test_a_pool_whose_counts_are_forgotten),
        HEAP_TEST(test_a_pool_beyond_the_pages_that_were_used),
        HEAP_TEST(test_a_lane_that_is_active_outside_of_cycles),
        HEAP_TEST(test_suspects_in_no_set_or_not_trapped),
        HEAP_TEST(test_a_quiet_object_that_is_not_old),
        HEAP_TEST(test_a_reference_to_what_is_no_object),
        HEAP_TEST(test_an_object_without_a_type),
        HEAP_TEST(test_a_count_that_is_too_low),
        HEAP_TEST(test_a_weak_reference_that_its_target_does_not_know),
        HEAP_TEST(test_a_broken_list_of_weak_references),
        HEAP_TEST(test_a_table_of_weak_references_that_counts_wrongly),
        HEAP_TEST(test_an_audit_that_gets_no_memory),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
