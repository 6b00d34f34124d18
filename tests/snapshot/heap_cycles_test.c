/* SPDX-License-Identifier: MIT */
/*
 * heap_cycles_test.c -- the cycles that a heap's log has, in its snapshot
 */
#include <stdlib.h>

#include "snapshot/samples.h"
#include "support/cell.h"
#include "support/heap.h"

static ouro_snapshot *take(ouro_heap *heap)
{
    sample_bytes bytes = {0};
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_error error;
    if (ouro_snapshot_write(heap, &sink, NULL, &error) != OURO_OK) fail_msg("%s", error.message);
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, &error);
    if (snapshot == NULL) fail_msg("%s", error.message);
    free(bytes.bytes);
    return snapshot;
}

static void expect_link(const ouro_snapshot *snapshot, uint32_t number, const char *type,
                        ouro_edge_kind kind, const char *name)
{
    const ouro_snapshot_link *link = &snapshot->links[number];
    const ouro_snapshot_label *label = &snapshot->labels[link->label];
    assert_string_equal(snapshot->strings[snapshot->types[link->type].name], type);
    assert_int_equal(label->kind, kind);
    assert_string_equal(snapshot->strings[label->name], name);
}

static void lose_family(ouro_heap *heap)
{
    cell *parent = cell_new(heap);
    list *children = list_new(heap);
    ouro_put(parent, right, children);
    list_append(children, parent);
    ouro_decref(parent);
}

static void test_forms_are_saved(void **state)
{
    ouro_heap *heap = *state;
    assert_int_equal(ouro_set_cycle_log(heap, 8), OURO_OK);
    ouro_decref(cell_ring(heap, 30));
    for (int i = 0; i < 3; i++) lose_family(heap);
    ouro_auto ouro_weak_map *map = ouro_weak_map_new(heap);
    cell *key = cell_new(heap);
    assert_int_equal(ouro_weak_map_set(map, key, key), OURO_OK);
    ouro_decref(key);
    assert_int_equal(ouro_collect(heap, 2), 37);
    ouro_snapshot *snapshot = take(heap);
    assert_int_equal(snapshot->cycle_count, 3);
    assert_int_equal(snapshot->link_count, 4);
    const ouro_snapshot_cycle *cycles = snapshot->cycles;
    expect_link(snapshot, cycles[0].first_link, "cell", OURO_EDGE_FIELD, "left");
    assert_int_equal(cycles[0].found, 1);
    assert_int_equal(cycles[0].objects, 30);
    assert_int_equal(cycles[1].length, 2);
    assert_int_equal(cycles[1].found, 3);
    assert_int_equal(cycles[1].objects, 6);
    expect_link(snapshot, cycles[1].first_link, "cell", OURO_EDGE_FIELD, "right");
    expect_link(snapshot, cycles[1].first_link + 1, "list", OURO_EDGE_ITEM, "items");
    expect_link(snapshot, cycles[2].first_link, "cell", OURO_EDGE_EPHEMERON, "weak map");
    assert_true(cycles[0].bytes > cycles[1].bytes && cycles[1].bytes > cycles[2].bytes);
    ouro_snapshot_close(snapshot);
}

static void test_no_log_no_rows(void **state)
{
    ouro_decref(cell_ring(*state, 3));
    assert_int_equal(ouro_collect(*state, 2), 3);
    ouro_snapshot *snapshot = take(*state);
    assert_int_equal(snapshot->cycle_count, 0);
    ouro_snapshot_close(snapshot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_forms_are_saved),
        HEAP_TEST(test_no_log_no_rows),
    };
    return cmocka_run_group_tests_name("heap_cycles", tests, NULL, NULL);
}
