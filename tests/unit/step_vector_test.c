/* SPDX-License-Identifier: MIT */
/*
 * step_vector_test.c -- vectors that change while a step has seen half of them
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"

#include <string.h>

enum { ITEMS = 60 };

/* A vector with items that it alone holds, and what must be in it. */
struct cut {
    list *owner;
    long mirror[2 * ITEMS];
    size_t length;
    long next; /* number */
    void *nowhere;
};

static void cut_new(struct cut *cut, ouro_heap *heap)
{
    *cut = (struct cut){.owner = list_new(heap)};
    for (; cut->length < ITEMS; cut->length++) {
        cut->mirror[cut->length] = cut->next;
        list_append_cell(cut->owner, cut->next++);
    }
    (void)ouro_collect(heap, 2);
}

static void assert_items_are_whole(const struct cut *cut)
{
    const ouro_vector *vector = &cut->owner->items;
    assert_int_equal(vector->length, cut->length);
    for (size_t i = 0; i < vector->length; i++) {
        const cell *item = vector->items[i];
        assert_true(ouro_is_object(ouro_heap_of(cut->owner), item));
        assert_int_equal(item->number, cut->mirror[i]);
        assert_int_equal(ouro_refcount(item), 1);
    }
}

static void shift_mirror(struct cut *cut, size_t position, int by)
{
    size_t from = position + (by < 0);
    memmove(cut->mirror + (by < 0 ? position : position + 1), cut->mirror + from,
            (cut->length - from) * sizeof cut->mirror[0]);
    cut->length += (size_t)by;
}

static void insert_at(struct cut *cut, size_t position)
{
    ouro_auto cell *item = cell_new(ouro_heap_of(cut->owner));
    item->number = cut->next;
    shift_mirror(cut, position, 1);
    cut->mirror[position] = cut->next++;
    assert_int_equal(ouro_vector_insert(cut->owner, &cut->owner->items, position, item), OURO_OK);
}

static void remove_at(struct cut *cut, size_t position)
{
    if (position >= cut->length) return;
    shift_mirror(cut, position, -1);
    assert_int_equal(ouro_vector_remove(cut->owner, &cut->owner->items, position), OURO_OK);
}

/* The last item goes to where the position is. */
static void pop_to(struct cut *cut, size_t position)
{
    ouro_auto cell *item = ouro_vector_pop(cut->owner, &cut->owner->items);
    cut->length--;
    if (position > cut->length) position = cut->length;
    shift_mirror(cut, position, 1);
    cut->mirror[position] = item->number;
    assert_int_equal(ouro_vector_insert(cut->owner, &cut->owner->items, position, item), OURO_OK);
}

/* The item changes places with the last one. */
static void swap_with_last(struct cut *cut, size_t position)
{
    size_t last = cut->length - 1;
    if (position > last) return;
    ouro_swap(cut->owner, items.items[position], cut->owner, items.items[last]);
    long number = cut->mirror[position];
    cut->mirror[position] = cut->mirror[last];
    cut->mirror[last] = number;
}

/* The items before the position come behind those after it, by way of another vector. */
static void rotate(struct cut *cut, size_t position)
{
    ouro_auto list *aside = list_new(ouro_heap_of(cut->owner));
    while (cut->length > position) {
        ouro_auto cell *item = ouro_vector_pop(cut->owner, &cut->owner->items);
        list_append(aside, item);
        cut->length--;
    }
    while (aside->items.length > 0) {
        ouro_auto cell *item = ouro_vector_pop(aside, &aside->items);
        assert_int_equal(ouro_vector_insert(cut->owner, &cut->owner->items, 0, item), OURO_OK);
        shift_mirror(cut, 0, 1);
        cut->mirror[0] = item->number;
    }
}

static void clear_and_fill(struct cut *cut, size_t position)
{
    ouro_vector_clear(cut->owner, &cut->owner->items);
    for (cut->length = 0; cut->length <= position; cut->length++) {
        cut->mirror[cut->length] = cut->next;
        list_append_cell(cut->owner, cut->next++);
    }
}

static void give_more_room(struct cut *cut, size_t position)
{
    (void)position;
    assert_int_equal(
        ouro_vector_reserve(cut->owner, &cut->owner->items, 2 * cut->owner->items.capacity),
        OURO_OK);
}

static void (*const changes[])(struct cut *cut, size_t position) = {
    insert_at, remove_at, pop_to, swap_with_last, rotate, clear_and_fill, give_more_room,
};

/* How many items were followed where the cycle stands in the vector, or 0. */
static size_t place_of_cut(const ouro_heap *heap, const list *owner)
{
    const struct ouro__half *half = &ouro__heap_pools(heap)->marks.lanes[OURO__WHOLE].half;
    return half->owner == owner ? half->done : 0;
}

/* Steps to a phase in which the vector is cut; false when that is never. */
static bool reach_cut(ouro_heap *heap, const list *owner, const char *phase)
{
    if (!cycle_reach(heap, phase)) return false;
    for (; strcmp(cycle_phase(heap), phase) == 0; (void)cycle_step(heap, 7))
        if (place_of_cut(heap, owner) > ITEMS / 3) return true;
    return false;
}

/* Changes a vector that is cut in the phase, at a distance from the cut.  False when it never is. */
static bool change_cut(ouro_heap *heap, const char *phase, size_t change, int distance)
{
    struct cut cut;
    cut_new(&cut, heap);
    assert_int_equal(ouro_root(heap, &cut.nowhere), OURO_OK);
    if (strncmp(phase, "decide", 6) == 0 || strcmp(phase, "count") == 0)
        assert_int_equal(ouro_unroot(heap, &cut.nowhere), OURO_OK);
    cycle_touch(cut.owner->items.items[0]);
    cycle_begin(heap);
    bool is_cut = reach_cut(heap, cut.owner, phase);
    size_t done = place_of_cut(heap, cut.owner);
    changes[change](&cut, (size_t)((long)done + distance));
    (void)cycle_step(heap, 3);
    changes[change](&cut, 0);
    test_heap_verify(heap);
    (void)cycle_step_to_the_end(heap, 5);
    assert_items_are_whole(&cut);
    (void)ouro_unroot(heap, &cut.nowhere);
    ouro_decref(cut.owner);
    assert_int_equal(test_heap_objects(heap), 0);
    return is_cut;
}

static void change_cut_everywhere(ouro_heap *heap, const char *phase)
{
    for (size_t change = 0; change < COUNT_OF(changes); change++)
        for (int distance = -2; distance <= 2; distance++)
            if (!change_cut(heap, phase, change, distance))
                fail_msg("the vector is not cut in %s", phase);
}

static void test_a_vector_changes_while_its_references_are_counted(void **state)
{
    change_cut_everywhere(*state, "count");
}

static void test_a_vector_changes_while_it_is_proven_live(void **state)
{
    change_cut_everywhere(*state, "decide: follow");
}

static void test_a_vector_changes_while_it_is_scanned(void **state)
{
    change_cut_everywhere(*state, "scan");
}

static void test_a_vector_changes_while_it_is_rescued(void **state)
{
    change_cut_everywhere(*state, "check: follow");
}

/* The owner of a vector that is cut dies by count. */
static void test_the_owner_of_a_cut_vector_dies(void **state)
{
    static const char *const phases[] = {"count", "decide: follow", "scan", "check: follow"};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        struct cut cut;
        cut_new(&cut, *state);
        if (i >= 2) assert_int_equal(ouro_root(*state, &cut.nowhere), OURO_OK);
        cycle_touch(cut.owner->items.items[0]);
        cycle_begin(*state);
        assert_true(reach_cut(*state, cut.owner, phases[i]));
        ouro_decref(cut.owner);
        list *next = list_new(*state); /* in the same place */
        for (long j = 0; j < ITEMS; j++) list_append_cell(next, j);
        (void)cycle_step_to_the_end(*state, 3);
        assert_int_equal(test_heap_objects(*state), ITEMS + 1);
        ouro_decref(next);
        (void)ouro_unroot(*state, &cut.nowhere);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_vector_changes_while_its_references_are_counted),
        HEAP_TEST(test_a_vector_changes_while_it_is_proven_live),
        HEAP_TEST(test_a_vector_changes_while_it_is_scanned),
        HEAP_TEST(test_a_vector_changes_while_it_is_rescued),
        HEAP_TEST(test_the_owner_of_a_cut_vector_dies),
    };
    return cmocka_run_group_tests_name("step vector", tests, NULL, NULL);
}
