/* SPDX-License-Identifier: MIT */
/*
 * heap_test.c -- a heap and its snapshot say the same
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot/samples.h"
#include "snapshot/sound.h"
#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"
#include "support/test.h"

static ouro_snapshot *snapshot_with(ouro_heap *heap, const ouro_snapshot_options *options)
{
    sample_bytes bytes = {0};
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_error error;
    if (ouro_snapshot_write(heap, &sink, options, &error) != OURO_OK) fail_msg("%s", error.message);
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, &error);
    if (snapshot == NULL) fail_msg("%s", error.message);
    const char *complaint = sound_complaint(snapshot);
    if (complaint != NULL) fail_msg("%s", complaint);
    free(bytes.bytes);
    return snapshot;
}

static ouro_snapshot *snapshot_of(ouro_heap *heap)
{
    return snapshot_with(heap, NULL);
}

static uint32_t find(const ouro_snapshot *snapshot, const void *object)
{
    uint32_t number = ouro_snapshot_find(snapshot, (uint64_t)(uintptr_t)object);
    assert_int_not_equal(number, OURO_GRAPH_NONE);
    return number;
}

/* How many edges of this kind, name and index lead from one object to another, held ones or loose ones. */
static unsigned edges_between(const ouro_snapshot *s, const void *owner, const void *target,
                              ouro_edge_kind kind, const char *name, uint32_t index)
{
    uint32_t from = find(s, owner), to = find(s, target);
    unsigned count = 0;
    for (uint32_t e = s->graph.first[from]; e < s->graph.first[from + 1]; e++) {
        const ouro_snapshot_label *label = &s->labels[s->labels_of[e]];
        count += s->graph.target[e] == to && label->kind == kind && s->indexes[e] == index &&
                 strcmp(s->strings[label->name], name) == 0;
    }
    for (uint32_t e = 0; e < s->loose_count; e++) {
        const ouro_snapshot_label *label = &s->labels[s->loose_labels[e]];
        count += s->loose_owners[e] == from && s->loose_targets[e] == to && label->kind == kind &&
                 s->loose_indexes[e] == index && strcmp(s->strings[label->name], name) == 0;
    }
    return count;
}

static const ouro_snapshot_root *root_of(const ouro_snapshot *snapshot, const void *object)
{
    uint32_t number = find(snapshot, object);
    for (uint32_t i = 0; i < snapshot->root_count; i++)
        if (snapshot->roots[i].object == number) return &snapshot->roots[i];
    return NULL;
}

/* ---- objects, references, roots ---- */

static void test_references(void **state)
{
    ouro_heap *heap = *state;
    ouro_auto cell *held = cell_new(heap);
    ouro_auto list *items = list_new(heap);
    ouro_auto ouro_weakref *weak = ouro_weakref_new(held);
    ouro_auto atom *eternal = atom_new(heap, 1);
    ouro_set(held, left, items);
    cell *first = list_append_cell(items, 1), *second = list_append_cell(items, 2);
    ouro_set(second, right, first);
    ouro_root(heap, &items);
    ouro_snapshot *snapshot = snapshot_of(heap);
    assert_int_equal(snapshot->object_count, test_heap_objects(heap));
    assert_int_equal(edges_between(snapshot, held, items, OURO_EDGE_FIELD, "left", 0), 1);
    assert_int_equal(edges_between(snapshot, items, first, OURO_EDGE_ITEM, "items", 0), 1);
    assert_int_equal(edges_between(snapshot, items, second, OURO_EDGE_ITEM, "items", 1), 1);
    assert_int_equal(edges_between(snapshot, second, first, OURO_EDGE_FIELD, "right", 0), 1);
    assert_int_equal(edges_between(snapshot, weak, held, OURO_EDGE_WEAK, "target", 0), 1);
    assert_int_equal(snapshot->dropped_edges, 0);
    uint32_t number = find(snapshot, held);
    assert_int_equal(snapshot->counts[number], 1);
    assert_true((snapshot->flags[number] & OURO_OBJECT_HAS_WEAK_REFERENCES) != 0);
    assert_string_equal(snapshot->strings[snapshot->types[snapshot->object_types[number]].name],
                        "cell");
    assert_int_equal(snapshot->types[snapshot->object_types[number]].flags,
                     OURO_TYPE_IS_TRACKED | OURO_TYPE_HAS_FINALIZER);
    assert_int_equal(snapshot->sizes[number], ouro_sizeof(held));
    /* With the vector's buffer. */
    assert_true(snapshot->sizes[find(snapshot, items)] >= ouro_sizeof(items) + 2 * sizeof(void *));
    assert_int_equal(snapshot->flags[find(snapshot, eternal)] & OURO_OBJECT_GENERATION, 3);
    assert_int_equal(root_of(snapshot, items)->kind, OURO_ROOT_NAMED);
    assert_string_equal(snapshot->strings[root_of(snapshot, items)->name], "items");
    assert_int_equal(root_of(snapshot, held)->kind, OURO_ROOT_OUTSIDE);
    assert_int_equal(root_of(snapshot, held)->references, 1);
    assert_null(root_of(snapshot, first));
    ouro_snapshot_close(snapshot);
    ouro_unroot(heap, &items);
}

/* The value is held by the key, through the map: an edge that the key's count has no part in, and the value's has. */
static void test_weak_map(void **state)
{
    ouro_heap *heap = *state;
    ouro_auto ouro_weak_map *map = ouro_weak_map_new(heap);
    ouro_auto cell *key = cell_new(heap);
    cell *value = cell_new(heap);
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
    ouro_decref(value);
    ouro_snapshot *snapshot = snapshot_of(heap);
    assert_int_equal(
        edges_between(snapshot, key, value, OURO_EDGE_EPHEMERON, ouro_type_of(map)->name, 0), 1);
    assert_int_equal(edges_between(snapshot, map, key, OURO_EDGE_WEAK, "key", 0), 1);
    assert_null(root_of(snapshot, value));
    assert_int_equal(root_of(snapshot, key)->references, 1);
    ouro_snapshot_close(snapshot);
}

static void test_immortal_and_saved(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .debug = OURO_DEBUG_SAVEALL});
    cell *eternal = cell_new(heap);
    ouro_immortalize(eternal);
    cell_lose(heap, NULL);
    assert_int_equal(ouro_collect(heap, 2), 1);
    ouro_snapshot *snapshot = snapshot_of(heap);
    assert_int_equal(root_of(snapshot, eternal)->kind, OURO_ROOT_IMMORTAL);
    assert_int_equal(snapshot->root_count, 2);
    assert_int_equal(snapshot->roots[0].kind, OURO_ROOT_NAMED);
    assert_string_equal(snapshot->strings[snapshot->roots[0].name], "garbage");
    ouro_snapshot_close(snapshot);
    ouro_heap_close(heap, NULL, NULL);
}

/* ---- what the program says of objects ---- */

static const char *words_of(void *object, void *argument)
{
    static char words[32]; /* one place for all: each is copied before the next is asked for */
    ++*(size_t *)argument;
    if (ouro_type_of(object) != &cell_type) return NULL;
    snprintf(words, sizeof words, "cell %ld", ((const cell *)object)->number);
    return words;
}

static const char *text_in(const ouro_snapshot *snapshot, const void *object)
{
    return snapshot->strings[snapshot->texts[find(snapshot, object)]];
}

static void test_texts(void **state)
{
    ouro_heap *heap = *state;
    ouro_auto list *items = list_new(heap);
    cell *first = list_append_cell(items, 1), *second = list_append_cell(items, 2);
    size_t asked = 0;
    const ouro_snapshot_options options = {.text = words_of, .argument = &asked};
    ouro_snapshot *snapshot = snapshot_with(heap, &options);
    assert_int_equal(asked, 3);
    assert_string_equal(text_in(snapshot, first), "cell 1");
    assert_string_equal(text_in(snapshot, second), "cell 2");
    assert_string_equal(text_in(snapshot, items), "");
    ouro_snapshot_close(snapshot);
}

/* ---- pools and notes ---- */

static void test_pools(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(20000);
    assert_non_null(heap);
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    ouro_snapshot *snapshot = snapshot_of(heap);
    uint64_t live = 0, cached = 0, free_blocks = 0, waiting = 0;
    for (uint32_t i = 0; i < snapshot->pool_count; i++) {
        live += snapshot->pools[i].live;
        cached += snapshot->pools[i].cached;
        free_blocks += snapshot->pools[i].free;
        waiting += snapshot->pools[i].block_size == 0;
        assert_true(snapshot->pools[i].live + snapshot->pools[i].cached + snapshot->pools[i].free <=
                    snapshot->pools[i].capacity);
    }
    assert_int_equal(live, stats.objects + stats.raw_blocks);
    assert_int_equal(cached, stats.cached_blocks);
    assert_int_equal(free_blocks, stats.free_blocks);
    assert_int_equal(waiting, stats.empty_pools);
    assert_int_equal(snapshot->pool_count, stats.pools + stats.empty_pools + stats.large_blocks);
    assert_string_equal(ouro_snapshot_note_of(snapshot, "heap"), "sample");
    assert_non_null(ouro_snapshot_note_of(snapshot, "program"));
    assert_non_null(ouro_snapshot_note_of(snapshot, "time"));
    assert_int_equal(strtoull(ouro_snapshot_note_of(snapshot, "raw_bytes"), NULL, 10),
                     stats.raw_bytes);
    ouro_snapshot_close(snapshot);
    ouro_heap_close(heap, NULL, NULL);
}

/* ---- at any moment of a collection ---- */

static void check_moment(ouro_heap *heap)
{
    ouro_snapshot *snapshot = snapshot_of(heap);
    assert_int_equal(snapshot->object_count, test_heap_objects(heap));
    ouro_snapshot_close(snapshot);
    test_heap_verify(heap);
}

static void test_between_steps(void **state)
{
    ouro_heap *heap = *state;
    struct garbage_case scene = garbage_case_new(heap);
    garbage_case_lose(&scene);
    size_t moments = 0;
    cycle_begin(heap);
    while (!cycle_is_idle(heap)) {
        check_moment(heap);
        moments++;
        (void)cycle_step(heap, 1);
    }
    assert_true(moments >= CYCLE_PHASES);
    check_moment(heap);
    garbage_case_end(&scene);
}

static ouro_heap *heap_of_words;
static size_t snapshots_in_words;

static void speak(cell *self)
{
    (void)self;
    ouro_snapshot_close(snapshot_of(heap_of_words));
    snapshots_in_words++;
}

/* Finalizers are no hook of the walk: they run where the heap is whole. */
static void test_in_a_finalizer(void **state)
{
    heap_of_words = *state;
    cell_lose(heap_of_words, speak);
    assert_int_equal(ouro_collect(heap_of_words, 2), 1);
    cell *alone = cell_new(heap_of_words);
    alone->last_word = speak;
    ouro_decref(alone);
    assert_int_equal(snapshots_in_words, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_references),
        HEAP_TEST(test_weak_map),
        cmocka_unit_test(test_immortal_and_saved),
        HEAP_TEST(test_texts),
        cmocka_unit_test(test_pools),
        HEAP_TEST(test_between_steps),
        HEAP_TEST(test_in_a_finalizer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
