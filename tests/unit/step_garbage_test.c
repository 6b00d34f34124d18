/* SPDX-License-Identifier: MIT */
/*
 * step_garbage_test.c -- garbage of every kind, found in steps
 */
#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"
#include "support/plain.h"

/* References that only its hook knows, beside a vector that the table knows. */
typedef struct hidden {
    ouro_vector items;
    void *first, *second;
} hidden;

static int hidden_traverse(void *object, ouro_visit visit, void *argument)
{
    hidden *self = object;
    int result = self->first != NULL ? visit(self->first, argument) : 0;
    if (result == 0 && self->second != NULL) result = visit(self->second, argument);
    return result;
}

static const ouro_field hidden_fields[] = {OURO_VECTOR(hidden, items, NULL), OURO_END};
static ouro_type hidden_type =
    OURO_TYPE(hidden, .fields = hidden_fields, .traverse = hidden_traverse);

/* Each adds garbage-to-be to `all`, which alone holds it, and returns how many objects it is. */
typedef size_t (*kind)(ouro_heap *heap, list *all);

static size_t a_ring(ouro_heap *heap, list *all)
{
    ouro_auto cell *ring = cell_ring(heap, 500);
    list_append(all, ring);
    return 500;
}

/* A hub and many nodes that refer to each other. */
static size_t hub_of(ouro_heap *heap, list *all, size_t spokes)
{
    ouro_auto list *hub = list_new(heap);
    for (size_t i = 0; i < spokes; i++) {
        ouro_auto node *spoke = node_new(heap);
        ouro_set(spoke, left, hub);
        list_append(hub, spoke);
    }
    list_append(all, hub);
    return spokes + 1;
}

static size_t a_hub_of_300(ouro_heap *heap, list *all)
{
    return hub_of(heap, all, 300);
}

static size_t a_hub_of_70000(ouro_heap *heap, list *all)
{
    return hub_of(heap, all, 70000);
}

static size_t row_of(ouro_heap *heap, list *all, size_t length)
{
    ouro_auto row *made = row_new(heap, length);
    for (size_t i = 0; i < length; i++) ouro_set(made, items[i], made);
    list_append(all, made);
    return 1;
}

static size_t items(ouro_heap *heap, list *all)
{
    return row_of(heap, all, 1000);
}

static size_t a_large_object(ouro_heap *heap, list *all)
{
    return row_of(heap, all, 20000);
}

static size_t large_objects_that_refer_to_each_other(ouro_heap *heap, list *all)
{
    ouro_auto row *first = row_new(heap, 9000), *second = row_new(heap, 10000);
    ouro_set(first, items[8999], second);
    ouro_set(second, items[0], first);
    list_append(all, first);
    return 2;
}

static size_t traverse_hooks(ouro_heap *heap, list *all)
{
    ouro_auto hidden *first = ouro_new(heap, hidden), *second = ouro_new(heap, hidden);
    ouro_set(first, first, second);
    ouro_set(second, second, first);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ouro_vector_append(first, &first->items, second), OURO_OK);
    list_append(all, first);
    return 2;
}

/* The ring holds its own weak references: the callback stays silent. */
static size_t weak_references_inside(ouro_heap *heap, list *all)
{
    ouro_auto cell *ring = cell_ring(heap, 3);
    ouro_put(ring, right, ouro_weakref_new(ring->left));
    cell *next = ring->left;
    ouro_put(next, right, ouro_weakref_new_callback(ring, garbage_case_hear, next));
    list_append(all, ring);
    return 4; /* a weak reference without callback is untracked, and dies by count */
}

static size_t rings_with_last_words(ouro_heap *heap, list *all)
{
    for (int i = 0; i < 20; i++) {
        ouro_auto cell *ring = cell_ring(heap, 3);
        ring->last_word = garbage_case_speak;
        list_append(all, ring);
    }
    return 60;
}

static const struct {
    kind make;
    size_t units;
} kinds[] = {
    {a_ring, 7},         {a_hub_of_300, 3},           {a_hub_of_70000, 4000},
    {items, 5},          {a_large_object, 300},       {large_objects_that_refer_to_each_other, 200},
    {traverse_hooks, 1}, {weak_references_inside, 1}, {rings_with_last_words, 1},
};

static void collect_kind(ouro_heap *heap, size_t i, list *others)
{
    list *all = list_new(heap);
    ouro_auto cell *living = cell_new(heap);
    size_t made = kinds[i].make(heap, all);
    if (others != NULL) list_append(all, others);
    (void)ouro_collect(heap, 2);
    garbage_case_calls = 0;
    ouro_decref(all);
    cycle_begin(heap);
    assert_int_equal(cycle_step_to_the_end(heap, kinds[i].units), made);
    assert_int_equal(test_heap_objects(heap), others == NULL ? 1 : 2 + others->items.length);
    assert_int_equal(garbage_case_calls, 0);
}

static void test_garbage_of_every_kind_is_gone_when_the_cycle_ends(void **state)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) collect_kind(*state, i, NULL);
}

static void test_garbage_of_every_kind_lets_go_of_the_living(void **state)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        list *others = list_new(*state);
        for (long j = 0; j < 100; j++) list_append_cell(others, j);
        collect_kind(*state, i, others);
        assert_int_equal(ouro_refcount(others), 1);
        ouro_decref(others);
    }
}

/* ---- finalizers that resurrect ---- */

static cell *saved; /* owned */

static void save(cell *self)
{
    saved = ouro_newref(self);
}

static void test_a_finalizer_saves_its_ring(void **state)
{
    ouro_heap *heap = *state;
    list *all = list_new(heap);
    ouro_auto cell *ring = cell_ring(heap, 4);
    ouro_auto ouro_weakref *quiet = ouro_weakref_new(ring);
    ring->last_word = save;
    list_append(all, ring);
    (void)a_ring(heap, all);
    (void)ouro_collect(heap, 2);
    ouro_decref(ouro_move(ring));
    ouro_decref(all);
    cycle_begin(heap);
    assert_int_equal(cycle_step_to_the_end(heap, 1), 500); /* all but what was saved */
    ouro_auto cell *seen = ouro_weakref_get(quiet);
    assert_ptr_equal(seen, saved);
    assert_int_equal(test_heap_objects(heap), 5);
    assert_true(ouro_is_finalized(saved));
    ouro_decref(ouro_move(seen));
    ouro_decref(ouro_move(saved));
    assert_int_equal(cycle_step(heap, 0), 4);
    assert_null(ouro_weakref_get(quiet));
}

/* What was saved and dropped again while the cycle is under way is found by it or by the next. */
static bool save_for_a_while(ouro_heap *heap, size_t steps)
{
    cell *ring = cell_ring(heap, 4);
    ring->last_word = save;
    (void)ouro_collect(heap, 2);
    ouro_decref(ring);
    cycle_begin(heap);
    while (saved == NULL) (void)cycle_step(heap, 1);
    for (size_t i = 0; i < steps && !cycle_is_idle(heap); i++) (void)cycle_step(heap, 1);
    bool over = cycle_is_idle(heap);
    ouro_decref(ouro_move(saved));
    size_t found = cycle_step_to_the_end(heap, 1);
    found += cycle_step(heap, 0);
    assert_int_equal(found, 4);
    return over;
}

static void test_what_was_saved_for_a_while_is_found(void **state)
{
    for (size_t steps = 0; !save_for_a_while(*state, steps); steps++) {
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_garbage_of_every_kind_is_gone_when_the_cycle_ends),
        HEAP_TEST(test_garbage_of_every_kind_lets_go_of_the_living),
        HEAP_TEST(test_a_finalizer_saves_its_ring),
        HEAP_TEST(test_what_was_saved_for_a_while_is_found),
    };
    return cmocka_run_group_tests_name("step garbage", tests, NULL, NULL);
}
