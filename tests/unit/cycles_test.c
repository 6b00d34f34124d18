/* SPDX-License-Identifier: MIT */
/*
 * cycles_test.c -- the log of cycles that collections have found
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/hidden.h"

#include <string.h>

struct listing {
    char text[512];
    size_t shown, stop_after;
    ouro_cycle first;
};

static int list_cycle(const ouro_cycle *cycle, void *argument)
{
    struct listing *listing = argument;
    char line[128];
    size_t length = strlen(listing->text);
    assert_true(ouro_cycle_text(cycle, line, sizeof line) < sizeof line);
    (void)snprintf(listing->text + length, sizeof listing->text - length, "%zu: %s, %zu objects\n",
                   cycle->found, line, cycle->objects);
    if (listing->shown == 0) listing->first = *cycle;
    return ++listing->shown == listing->stop_after;
}

static struct listing expect_cycles(ouro_heap *heap, const char *text)
{
    struct listing listing = {.text = ""};
    ouro_each_cycle(heap, list_cycle, &listing);
    assert_string_equal(listing.text, text);
    return listing;
}

static void keep(ouro_heap *heap, size_t capacity)
{
    assert_int_equal(ouro_set_cycle_log(heap, capacity), OURO_OK);
}

static void lose_rings(ouro_heap *heap, size_t count, size_t length)
{
    for (size_t i = 0; i < count; i++) ouro_decref(cell_ring(heap, length));
}

/* A cell and a list that refer to each other, and so many atoms. */
static void lose_family(ouro_heap *heap, size_t atoms)
{
    cell *parent = cell_new(heap);
    list *children = list_new(heap);
    ouro_put(parent, right, children);
    for (size_t i = 0; i < atoms; i++) {
        ouro_auto atom *made = atom_new(heap, 1);
        list_append(children, made);
    }
    list_append(children, parent);
    ouro_decref(parent);
}

static void test_rings_of_any_length_are_one_form(void **state)
{
    keep(*state, 8);
    lose_rings(*state, 3, 2);
    lose_rings(*state, 2, 10);
    lose_rings(*state, 1, 1);
    assert_int_equal(ouro_collect(*state, 0), 27);
    struct listing listing = expect_cycles(*state, "6: cell.left -> cell, 27 objects\n");
    assert_int_equal(listing.first.length, 1);
    assert_ptr_equal(listing.first.links[0].type, &cell_type);
    assert_string_equal(listing.first.links[0].name, "left");
    assert_int_equal(listing.first.links[0].kind, OURO_REFERENCE_FIELD);
    cell *measure = cell_new(*state);
    assert_int_equal(listing.first.bytes, 27 * ouro_sizeof(measure));
    ouro_decref(measure);
}

static void test_a_form_begins_at_its_least_link(void **state)
{
    keep(*state, 8);
    lose_family(*state, 3);
    assert_int_equal(ouro_collect(*state, 0), 2);
    lose_family(*state, 0);
    assert_int_equal(ouro_collect(*state, 2), 2);
    expect_cycles(*state, "2: cell.right -> list.items[] -> cell, 4 objects\n");
}

static void test_forms_share_the_garbage_by_their_sizes(void **state)
{
    keep(*state, 8);
    lose_family(*state, 0);
    lose_rings(*state, 1, 20);
    hidden *self = ouro_new(*state, hidden);
    assert_non_null(self);
    self->next = ouro_newref(self);
    ouro_decref(self);
    assert_int_equal(ouro_collect(*state, 0), 23);
    expect_cycles(*state, "1: cell.left -> cell, 20 objects\n"
                          "1: cell.right -> list.items[] -> cell, 2 objects\n"
                          "1: hidden.traverse[] -> hidden, 1 objects\n");
}

static void test_the_shortest_round_is_told(void **state)
{
    keep(*state, 8);
    cell *ring = cell_ring(*state, 12);
    cell *inner = ((cell *)ring->left)->left;
    ouro_set((cell *)inner->left, right, inner); /* a round of two within that of twelve */
    ouro_decref(ring);
    assert_int_equal(ouro_collect(*state, 0), 12);
    expect_cycles(*state, "1: cell.left -> cell.right -> cell, 12 objects\n");
}

static void test_many_are_estimated_from_a_few(void **state)
{
    keep(*state, 8);
    lose_rings(*state, 1000, 4);
    assert_int_equal(ouro_collect(*state, 0), 4000);
    expect_cycles(*state, "1000: cell.left -> cell, 4000 objects\n");
    lose_rings(*state, 1, 500);
    assert_int_equal(ouro_collect(*state, 0), 500);
    struct listing listing = {.stop_after = 1};
    ouro_each_cycle(*state, list_cycle, &listing);
    assert_int_equal(listing.shown, 1);
    expect_cycles(*state, "1000: cell.left -> cell, 4000 objects\n"
                          "1: a round longer than was looked, 500 objects\n");
}

static void test_what_hangs_on_a_cycle_goes_with_it(void **state)
{
    keep(*state, 8);
    list *children = list_new(*state);
    for (int i = 0; i < 30; i++)
        (void)list_append_cell(children, i); /* before the cycle, in address */
    cell *parent = list_append_cell(children, 30);
    ouro_set(parent, left, children);
    ouro_decref(children);
    assert_int_equal(ouro_collect(*state, 0), 32);
    expect_cycles(*state, "1: cell.left -> list.items[] -> cell, 32 objects\n");
}

static void test_a_long_vector_is_not_gone_through(void **state)
{
    keep(*state, 8);
    list *hub = list_new(*state);
    for (int i = 0; i < 100000; i++) list_append(hub, hub);
    ouro_decref(hub);
    assert_int_equal(ouro_collect(*state, 0), 1);
    expect_cycles(*state, "1: list.items[] -> list, 1 objects\n");
}

static void test_values_of_weak_maps_that_hold_their_keys(void **state)
{
    keep(*state, 8);
    ouro_auto ouro_weak_map *map = ouro_weak_map_new(*state);
    cell *key = cell_new(*state), *value = cell_new(*state);
    ouro_set(value, left, key);
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
    ouro_decref(key);
    ouro_decref(value);
    assert_int_equal(ouro_collect(*state, 2), 2);
    expect_cycles(*state, "1: cell as a key -> cell.left -> cell, 2 objects\n");
}

static void test_whole_cycles_and_saveall_are_heard_of(void **state)
{
    ouro_heap *heap = *state;
    keep(heap, 8);
    cell *ring = cell_ring(heap, 6);
    (void)ouro_collect(heap, 2);
    ouro_decref(ring);
    ouro_set_debug(heap, OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_collect(heap, 2), 6);
    expect_cycles(heap, "1: cell.left -> cell, 6 objects\n");
    ouro_set_debug(heap, 0);
    ouro_garbage_clear(heap);
    assert_int_equal(ouro_collect(heap, 2), 6);
    expect_cycles(heap, "2: cell.left -> cell, 12 objects\n");
}

static cell *revived;
static void revive(cell *self)
{
    revived = ouro_newref(self);
}

static void test_what_a_finalizer_brings_back_was_no_garbage(void **state)
{
    ouro_heap *heap = *state;
    keep(heap, 8);
    cell_lose(heap, revive);
    assert_int_equal(ouro_collect(heap, 0), 0);
    expect_cycles(heap, "");
    ouro_decref(revived);
    assert_int_equal(ouro_collect(heap, 2), 1);
    expect_cycles(heap, "1: cell.left -> cell, 1 objects\n");
}

static void test_the_form_found_longest_ago_gives_way(void **state)
{
    keep(*state, 2);
    lose_family(*state, 0);
    (void)ouro_collect(*state, 0);
    lose_rings(*state, 1, 3);
    (void)ouro_collect(*state, 0);
    lose_family(*state, 0);
    (void)ouro_collect(*state, 0);
    ouro_auto hidden *self = ouro_new(*state, hidden);
    assert_non_null(self);
    hidden *other = self->next = ouro_new(*state, hidden);
    other->next = ouro_newref(other);
    self->next = NULL;
    ouro_decref(other);
    (void)ouro_collect(*state, 0);
    expect_cycles(*state, "2: cell.right -> list.items[] -> cell, 4 objects\n"
                          "1: hidden.traverse[] -> hidden, 1 objects\n");
}

static void test_nothing_is_kept_unless_asked_for(void **state)
{
    lose_rings(*state, 1, 2);
    (void)ouro_collect(*state, 0);
    expect_cycles(*state, "");
    keep(*state, 4);
    expect_cycles(*state, "");
    lose_rings(*state, 1, 2);
    (void)ouro_collect(*state, 0);
    expect_cycles(*state, "1: cell.left -> cell, 2 objects\n");
    keep(*state, 4); /* from the beginning */
    expect_cycles(*state, "");
    keep(*state, 0);
    lose_rings(*state, 1, 2);
    (void)ouro_collect(*state, 0);
    expect_cycles(*state, "");
}

static void test_a_log_that_no_system_has_room_for(void **state)
{
    keep(*state, 4);
    assert_int_equal(ouro_set_cycle_log(*state, SIZE_MAX), OURO_NO_MEMORY);
    assert_int_equal(ouro_heap_error(*state)->status, OURO_NO_MEMORY);
    lose_rings(*state, 1, 2);
    assert_int_equal(ouro_collect(*state, 0), 2);
    expect_cycles(*state, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_rings_of_any_length_are_one_form),
        HEAP_TEST(test_a_form_begins_at_its_least_link),
        HEAP_TEST(test_forms_share_the_garbage_by_their_sizes),
        HEAP_TEST(test_the_shortest_round_is_told),
        HEAP_TEST(test_many_are_estimated_from_a_few),
        HEAP_TEST(test_what_hangs_on_a_cycle_goes_with_it),
        HEAP_TEST(test_a_long_vector_is_not_gone_through),
        HEAP_TEST(test_values_of_weak_maps_that_hold_their_keys),
        HEAP_TEST(test_whole_cycles_and_saveall_are_heard_of),
        HEAP_TEST(test_what_a_finalizer_brings_back_was_no_garbage),
        HEAP_TEST(test_the_form_found_longest_ago_gives_way),
        HEAP_TEST(test_nothing_is_kept_unless_asked_for),
        HEAP_TEST(test_a_log_that_no_system_has_room_for),
    };
    return cmocka_run_group_tests_name("cycles", tests, NULL, NULL);
}
