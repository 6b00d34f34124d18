/* SPDX-License-Identifier: MIT */
/*
 * no_memory_test.c -- collecting and releasing need no memory
 *
 * A heap is filled with trees, rings, rows, hooks, weak references and last words.  Then everything is
 * refused: blocks by the heap's hook, bytes by a limit of one, regions by the source of arenas.  What
 * ends objects then must come to its end, and must not even have asked.
 */
#include <string.h>

#include "memory/arena.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/plain.h"
#include "support/refusal.h"

/* ---- what a heap is filled with ---- */

static size_t words_spoken, callbacks_heard;

static void speak(cell *self)
{
    ouro_swap(self, left, self, right);
    words_spoken++;
}

static void hear(ouro_weakref *self, void *argument)
{
    assert_null(ouro_weakref_get(self));
    ouro_clear((cell *)argument, right);
    callbacks_heard++;
}

/* Gives a new object to a list. */
static void give(list *owner, void *object)
{
    assert_non_null(object);
    list_append(owner, object);
    ouro_decref(object);
}

static cell *chain(ouro_heap *heap, size_t length)
{
    cell *first = NULL;
    for (size_t i = 0; i < length; i++) {
        cell *made = cell_new(heap);
        made->left = first;
        first = made;
    }
    return first;
}

static void *hidden_ring(ouro_heap *heap, size_t length)
{
    hidden *first = ouro_new(heap, hidden), *last = first;
    for (size_t i = 1; i < length; i++) {
        hidden *made = ouro_new(heap, hidden);
        last->next = made;
        last = made;
    }
    last->next = ouro_newref(first);
    return first;
}

enum { SIZE = 400, LARGE = 20000 };

/* All of it leads to all of it, and the caller holds one reference. */
static list *mixed_graph(ouro_heap *heap)
{
    list *all = list_new(heap);
    list *references = list_new(heap);
    give(all, references);
    for (size_t i = 0; i < SIZE; i++) {
        cell *knot = cell_new(heap);
        row *bundle = ouro_new_var(heap, row, i % 40 + 3);
        ouro_set(knot, left, bundle);
        ouro_set(knot, right, all);
        if (i % 3 == 0) knot->last_word = speak;
        ouro_set(bundle, items[0], knot);
        ouro_put(bundle, items[1], chain(heap, i % 9 + 1));
        ouro_set(bundle, items[2], all->items.items[i % all->items.length]);
        give(references, ouro_weakref_new(knot));
        give(references, ouro_weakref_new_callback(bundle, hear, knot));
        give(all, hidden_ring(heap, i % 5 + 1));
        give(all, bundle);
        give(all, knot);
    }
    row *large = ouro_new_var(heap, row, LARGE);
    for (size_t i = 0; i < LARGE; i++) ouro_set(large, items[i], all->items.items[i % SIZE]);
    give(all, large);
    return all;
}

/* ---- a heap to which everything can be refused ---- */

struct poor {
    struct refusal blocks, regions;
};

static void *obtain(void *context, size_t size, size_t alignment)
{
    if (refusal_decides(context, size)) return NULL;
    return ouro__system_source.obtain(NULL, size, alignment);
}

static ouro_heap *poor_heap(struct poor *poor, const ouro_heap_options *options)
{
    *poor = (struct poor){{.at = REFUSAL_NEVER}, {.at = REFUSAL_NEVER}};
    ouro_heap_options own = *options;
    own.one_at_a_time = true;
    own.refuse = refusal_decides;
    own.refuse_context = &poor->blocks;
    own.source = ouro__system_source;
    own.source.context = &poor->regions;
    own.source.obtain = obtain;
    words_spoken = callbacks_heard = 0;
    return test_heap_new(&own);
}

static void refuse_everything(ouro_heap *heap, struct poor *poor)
{
    refusal_of_everything(&poor->blocks);
    refusal_of_everything(&poor->regions);
    ouro_set_byte_limit(heap, 1);
}

/* ---- endings ---- */

static void collect_each_generation(ouro_heap *heap, list *graph)
{
    ouro_decref(graph);
    size_t found = 0;
    for (int i = 0; i < 6; i++) found += ouro_collect(heap, i % 3);
    assert_true(found > SIZE);
}

static void step_to_the_end(ouro_heap *heap, list *graph)
{
    ouro_progress progress;
    ouro_freeze(heap); /* what comes back is old, and touched */
    ouro_unfreeze(heap);
    ouro_decref(graph);
    do {
        (void)ouro_step(heap, (ouro_budget){.units = 100});
        ouro_get_progress(heap, &progress);
    } while (progress.work_left > 0);
    (void)ouro_collect(heap, 2); /* what last words moved */
}

static void take_apart_by_hand(ouro_heap *heap, list *graph)
{
    list *references = graph->items.items[0];
    assert_int_equal(ouro_vector_remove(references, &references->items, 1), OURO_OK);
    ouro_vector_clear(references, &references->items);
    while (graph->items.length > SIZE) ouro_xdecref(ouro_vector_pop(graph, &graph->items));
    for (size_t i = 0; i < graph->items.length; i++)
        assert_int_equal(ouro_vector_set(graph, &graph->items, i, NULL), OURO_OK);
    ouro_decref(graph);
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2);
}

static void run_safepoints(ouro_heap *heap, list *graph)
{
    (void)ouro_collect(heap, 2); /* it grows old */
    for (size_t i = graph->items.length; i > 1; i--) {
        ouro_xdecref(ouro_vector_pop(graph, &graph->items));
        (void)ouro_safepoint(heap);
    }
    ouro_decref(graph);
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2);
}

static void trim_in_between(ouro_heap *heap, list *graph)
{
    while (graph->items.length > SIZE) ouro_xdecref(ouro_vector_pop(graph, &graph->items));
    assert_true(ouro_trim(heap) > 0 || graph->items.length > 0);
    test_heap_verify(heap);
    ouro_decref(graph);
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2);
    assert_true(ouro_trim(heap) > 0);
}

static int count_one(void *object, void *argument)
{
    (void)object;
    *(size_t *)argument += 1;
    return 0;
}

/* Garbage is kept first, looked at, and let go of afterwards. */
static void keep_and_let_go(ouro_heap *heap, list *graph)
{
    ouro_set_debug(heap, OURO_DEBUG_SAVEALL);
    ouro_decref(graph);
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2);
    size_t kept = 0;
    ouro_garbage_each(heap, count_one, &kept);
    assert_true(kept > SIZE);
    assert_int_equal(kept, ouro_garbage_count(heap));
    ouro_set_debug(heap, 0);
    ouro_garbage_clear(heap);
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2);
}

static void look_at_everything(ouro_heap *heap, list *graph)
{
    size_t seen = 0;
    ouro_heap_stats stats;
    ouro_class_stats classes[8];
    char drawing[64];
    ouro_get_referrers(graph, count_one, &seen);
    ouro_get_referents(graph, count_one, &seen);
    assert_int_equal(ouro_get_objects(heap, -1, count_one, &seen), OURO_OK);
    ouro_get_heap_stats(heap, &stats);
    (void)ouro_get_class_stats(heap, classes, COUNT_OF(classes));
    (void)ouro_draw_pools(heap, OURO_CLASS_TRACKED, 0, drawing, sizeof drawing);
    collect_each_generation(heap, graph);
}

static const struct ending {
    const char *name;
    void (*end)(ouro_heap *heap, list *graph);
    ouro_heap_options options;
} endings[] = {
    {"collect_each_generation", collect_each_generation, {.collector_off = true}},
    {"step_to_the_end", step_to_the_end, {.collector_off = true}},
    {"take_apart_by_hand", take_apart_by_hand, {.collector_off = true}},
    {"run_safepoints",
     run_safepoints,
     {.collect_at = OURO_COLLECT_AT_SAFEPOINT, .threshold = {8, 4, 4}}},
    {"trim_in_between", trim_in_between, {.collector_off = true}},
    {"keep_and_let_go", keep_and_let_go, {.collector_off = true}},
    {"look_at_everything", look_at_everything, {.collector_off = true}},
};

static void ends_without_memory(void **state)
{
    const struct ending *ending = *state;
    struct poor poor;
    ouro_heap *heap = poor_heap(&poor, &ending->options);
    list *graph = mixed_graph(heap);
    ouro_auto cell *bystander = cell_new(heap);
    refuse_everything(heap, &poor);
    assert_null(ouro_new(heap, list)); /* it is meant */
    size_t asked = poor.blocks.seen + poor.regions.seen;
    ending->end(heap, graph);
    test_heap_verify(heap);
    assert_int_equal(poor.blocks.seen + poor.regions.seen, asked);
    assert_int_equal(test_heap_objects(heap), 1);
    assert_int_equal(words_spoken, (SIZE + 2) / 3);
    ouro_decref(ouro_move(bystander));
    test_heap_close_empty(heap);
}

/* ---- closing ---- */

static void closing_needs_no_memory(void **state)
{
    (void)state;
    struct poor poor;
    ouro_heap *heap = poor_heap(&poor, &(ouro_heap_options){.collector_off = true});
    list *held = mixed_graph(heap);
    ouro_decref(mixed_graph(heap));
    size_t alive = test_heap_objects(heap);
    refuse_everything(heap, &poor);
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(report.alive, alive);
    assert_int_equal(report.held_from_outside, 1);
    assert_string_equal(report.held_type_name, "list");
    assert_int_equal(words_spoken, 2 * ((SIZE + 2) / 3));
    assert_int_equal(report.raw_blocks, 0);
    assert_int_equal(poor.blocks.refused + poor.regions.refused, 0);
    (void)held;
}

/* ---- deaths that stop: they ask for room to remember where, and end when they get none ---- */

static void bounded_deaths_end_without_memory(void **state)
{
    (void)state;
    struct poor poor;
    ouro_heap *heap =
        poor_heap(&poor, &(ouro_heap_options){.collector_off = true, .death_bound = 10});
    row *rows[4];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        rows[i] = ouro_new_var(heap, row, 300);
        for (size_t k = 0; k < 300; k++) rows[i]->items[k] = chain(heap, k % 7 + 1);
    }
    refuse_everything(heap, &poor);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t before = test_heap_objects(heap);
        ouro_decref(rows[i]);
        assert_true(test_heap_objects(heap) + 300 < before); /* all of it, past the bound */
    }
    assert_true(poor.blocks.refused + poor.regions.refused > 0);
    assert_int_equal(test_heap_objects(heap), 0);
    test_heap_close_empty(heap);
}

int main(void)
{
    struct CMUnitTest tests[COUNT_OF(endings) + 2] = {
        cmocka_unit_test(closing_needs_no_memory),
        cmocka_unit_test(bounded_deaths_end_without_memory),
    };
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        tests[i + 2] = (struct CMUnitTest){
            .name = endings[i].name,
            .test_func = ends_without_memory,
            .initial_state = (void *)(uintptr_t)&endings[i],
        };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
