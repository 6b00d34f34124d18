/* SPDX-License-Identifier: MIT */
/*
 * vector_test.c -- vectors of references
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/refusal.h"

static list *numbers(ouro_heap *heap, long count)
{
    list *made = list_new(heap);
    for (long i = 0; i < count; i++) {
        ouro_auto atom *item = atom_new(heap, i);
        list_append(made, item);
    }
    return made;
}

static void assert_numbers(const list *self, const long *expected, size_t count)
{
    assert_int_equal(self->items.length, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(((const atom *)self->items.items[i])->number, expected[i]);
}

static void test_append_grows_and_keeps_order(void **state)
{
    enum { ITEMS = 20000 };
    list *self = numbers(*state, ITEMS);
    assert_int_equal(self->items.length, ITEMS);
    assert_true(self->items.capacity >= ITEMS);
    assert_true(self->items.capacity < 2 * ITEMS);
    for (long i = 0; i < ITEMS; i++) {
        const atom *item = self->items.items[i];
        assert_int_equal(item->number, i);
        assert_int_equal(ouro_refcount(item), 1);
    }
    ouro_decref(self);
}

static void test_append_of_null(void **state)
{
    list *self = list_new(*state);
    list_append(self, NULL);
    assert_int_equal(self->items.length, 1);
    assert_null(self->items.items[0]);
    assert_null(ouro_vector_pop(self, &self->items));
    assert_int_equal(self->items.length, 0);
    ouro_decref(self);
}

static void test_insert_moves_what_is_behind(void **state)
{
    static const long expected[] = {9, 0, 1, 9, 2, 9};
    list *self = numbers(*state, 3);
    atom *nine = atom_new(*state, 9);
    assert_int_equal(ouro_vector_insert(self, &self->items, 2, nine), OURO_OK);
    assert_int_equal(ouro_vector_insert(self, &self->items, 0, nine), OURO_OK);
    assert_int_equal(ouro_vector_insert(self, &self->items, 5, nine), OURO_OK);
    assert_numbers(self, expected, COUNT_OF(expected));
    assert_int_equal(ouro_refcount(nine), 4);
    ouro_decref(self);
    assert_int_equal(ouro_refcount(nine), 1);
    ouro_decref(nine);
}

static void test_set_replaces(void **state)
{
    static const long expected[] = {0, 9, 2};
    list *self = numbers(*state, 3);
    ouro_auto atom *nine = atom_new(*state, 9);
    size_t before = cell_released;
    assert_int_equal(ouro_vector_set(self, &self->items, 1, nine), OURO_OK);
    assert_int_equal(cell_released, before + 1);
    assert_int_equal(ouro_vector_set(self, &self->items, 1, nine), OURO_OK); /* by itself */
    assert_numbers(self, expected, COUNT_OF(expected));
    ouro_decref(self);
}

static void test_pop_moves_the_last_out(void **state)
{
    list *self = numbers(*state, 2);
    for (long i = 1; i >= 0; i--) {
        ouro_auto atom *last = ouro_vector_pop(self, &self->items);
        assert_int_equal(last->number, i);
        assert_int_equal(ouro_refcount(last), 1);
    }
    assert_null(ouro_vector_pop(self, &self->items));
    assert_int_equal(ouro_heap_error(*state)->status, OURO_EMPTY);
    ouro_decref(self);
}

static void test_remove_closes_the_gap(void **state)
{
    static const long expected[] = {1, 2, 4};
    static const size_t positions[] = {0, 2, 3};
    list *self = numbers(*state, 6);
    for (size_t i = 0; i < COUNT_OF(positions); i++) {
        size_t before = cell_released;
        assert_int_equal(ouro_vector_remove(self, &self->items, positions[i]), OURO_OK);
        assert_int_equal(cell_released, before + 1);
    }
    assert_numbers(self, expected, COUNT_OF(expected));
    ouro_decref(self);
}

static void test_positions_outside_are_refused(void **state)
{
    list *self = numbers(*state, 2);
    ouro_auto atom *item = atom_new(*state, 7);
    assert_int_equal(ouro_vector_insert(self, &self->items, 3, item), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_vector_set(self, &self->items, 2, item), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_vector_remove(self, &self->items, 2), OURO_BAD_ARGUMENT);
    assert_int_equal(self->items.length, 2);
    assert_int_equal(ouro_refcount(item), 1);
    ouro_decref(self);
}

static void test_reserve_makes_room_once(void **state)
{
    list *self = list_new(*state);
    assert_int_equal(ouro_vector_reserve(self, &self->items, 1000), OURO_OK);
    void **items = self->items.items;
    assert_true(self->items.capacity >= 1000);
    for (int i = 0; i < 1000; i++) list_append(self, NULL);
    assert_ptr_equal(self->items.items, items);
    assert_int_equal(ouro_vector_reserve(self, &self->items, 10), OURO_OK);
    assert_int_equal(self->items.length, 1000);
    assert_int_equal(ouro_vector_reserve(self, &self->items, SIZE_MAX / 2), OURO_TOO_LARGE);
    assert_ptr_equal(self->items.items, items);
    ouro_decref(self);
}

static long seen_last;
static void falls(cell *self)
{
    assert_true(self->number < seen_last);
    seen_last = self->number;
}

static void test_clear_drops_the_last_first(void **state)
{
    list *self = list_new(*state);
    for (long i = 0; i < 50; i++) {
        ouro_auto cell *item = cell_new(*state);
        item->number = i;
        item->last_word = falls;
        list_append(self, item);
    }
    seen_last = 50;
    ouro_vector_clear(self, &self->items);
    assert_int_equal(seen_last, 0);
    assert_null(self->items.items);
    assert_int_equal(self->items.length, 0);
    assert_int_equal(self->items.capacity, 0);
    ouro_vector_clear(self, &self->items);
    ouro_decref(self);
}

static void test_vectors_in_cycles_are_collected_with_their_buffers(void **state)
{
    ouro_heap_stats stats;
    list *self = numbers(*state, 100);
    list_append(self, self);
    ouro_decref(self);
    assert_int_equal(ouro_collect(*state, 2), 1);
    ouro_get_heap_stats(*state, &stats);
    assert_int_equal(stats.objects, 0);
    assert_int_equal(stats.raw_blocks, 0);
}

static void test_a_vector_that_cannot_grow_is_as_it_was(void **state)
{
    static const long expected[] = {0, 1, 2};
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    list *self = numbers(heap, 3);
    atom *item = atom_new(heap, 9);
    refusal_of_everything(&refusal);
    while (self->items.length < self->items.capacity) list_append(self, NULL);
    assert_int_equal(ouro_vector_append(self, &self->items, item), OURO_NO_MEMORY);
    assert_int_equal(ouro_vector_insert(self, &self->items, 0, item), OURO_NO_MEMORY);
    assert_int_equal(ouro_refcount(item), 1);
    while (self->items.length > 3) assert_null(ouro_vector_pop(self, &self->items));
    assert_numbers(self, expected, COUNT_OF(expected));
    refusal_ends(&refusal);
    ouro_decref(item);
    ouro_decref(self);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_append_grows_and_keeps_order),
        HEAP_TEST(test_append_of_null),
        HEAP_TEST(test_insert_moves_what_is_behind),
        HEAP_TEST(test_set_replaces),
        HEAP_TEST(test_pop_moves_the_last_out),
        HEAP_TEST(test_remove_closes_the_gap),
        HEAP_TEST(test_positions_outside_are_refused),
        HEAP_TEST(test_reserve_makes_room_once),
        HEAP_TEST(test_clear_drops_the_last_first),
        HEAP_TEST(test_vectors_in_cycles_are_collected_with_their_buffers),
        cmocka_unit_test(test_a_vector_that_cannot_grow_is_as_it_was),
    };
    return cmocka_run_group_tests_name("vector", tests, NULL, NULL);
}
