/* SPDX-License-Identifier: MIT */
/*
 * round_trip_test.c -- what was written is read
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot/samples.h"
#include "support/test.h"

/* The small sample as the reader gives it. */
static ouro_snapshot *read_sample(const char *kind, uint32_t count)
{
    sample_bytes bytes;
    sample_make(kind, count, &bytes);
    ouro_error error;
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, &error);
    if (snapshot == NULL) fail_msg("%s", error.message);
    assert_int_equal(snapshot->file_bytes, bytes.size);
    free(bytes.bytes);
    return snapshot;
}

static const char *string(const ouro_snapshot *snapshot, uint32_t number)
{
    assert_true(number < snapshot->string_count);
    return snapshot->strings[number];
}

/* Edge n of an object: its kind, name, index and target. */
static void check_edge(const ouro_snapshot *snapshot, uint32_t owner, uint32_t n,
                       ouro_edge_kind kind, const char *name, uint32_t index, uint32_t target)
{
    uint32_t edge = snapshot->graph.first[owner] + n;
    assert_true(edge < snapshot->graph.first[owner + 1]);
    const ouro_snapshot_label *label = &snapshot->labels[snapshot->labels_of[edge]];
    assert_int_equal(label->kind, kind);
    assert_string_equal(string(snapshot, label->name), name);
    assert_int_equal(snapshot->indexes[edge], index);
    assert_int_equal(snapshot->graph.target[edge], target);
}

static void test_small_objects(void **state)
{
    (void)state;
    ouro_snapshot *snapshot = read_sample("small", 0);
    assert_int_equal(snapshot->object_count, SAMPLE_SMALL_OBJECTS);
    assert_int_equal(snapshot->graph.nodes, SAMPLE_SMALL_OBJECTS);
    for (uint32_t i = 0; i < SAMPLE_SMALL_OBJECTS; i++) {
        assert_int_equal(snapshot->addresses[i], sample_address(i));
        assert_int_equal(ouro_snapshot_find(snapshot, sample_address(i)), i);
    }
    assert_int_equal(ouro_snapshot_find(snapshot, 1), OURO_GRAPH_NONE);
    assert_int_equal(ouro_snapshot_find(snapshot, UINT64_MAX), OURO_GRAPH_NONE);
    assert_string_equal(string(snapshot, snapshot->texts[0]), "the program");
    assert_string_equal(string(snapshot, snapshot->types[snapshot->object_types[9]].name),
                        "buffer \xC3\xA4");
    assert_int_equal(snapshot->sizes[9], 1 << 20);
    assert_int_equal(snapshot->counts[10], UINT32_MAX);
    assert_int_equal(snapshot->flags[6], 1 | OURO_OBJECT_COUNT_IS_EXACT | OURO_OBJECT_IS_FINALIZED);
    assert_int_equal(snapshot->object_sites[4], 2);
    assert_int_equal(snapshot->types[0].flags, OURO_TYPE_IS_TRACKED | OURO_TYPE_HAS_FINALIZER);
    assert_int_equal(snapshot->types[0].size, 48);
    ouro_snapshot_close(snapshot);
}

static void test_small_edges(void **state)
{
    (void)state;
    ouro_snapshot *snapshot = read_sample("small", 0);
    assert_int_equal(snapshot->graph.first[0], 0);
    assert_int_equal(snapshot->graph.first[SAMPLE_SMALL_OBJECTS], 11);
    check_edge(snapshot, 0, 0, OURO_EDGE_FIELD, "config", 0, 1);
    check_edge(snapshot, 0, 3, OURO_EDGE_ITEM, "items", 2, 6);
    check_edge(snapshot, 1, 0, OURO_EDGE_KEYS, "", 0, 2);
    check_edge(snapshot, 1, 1, OURO_EDGE_KEY, "debug", 0, 3);
    check_edge(snapshot, 4, 1, OURO_EDGE_EPHEMERON, "map", 0, 11);
    check_edge(snapshot, 8, 0, OURO_EDGE_INTERNAL, "buffer", 0, 9);
    assert_int_equal(snapshot->loose_count, 2);
    assert_int_equal(snapshot->loose_owners[0], 0);
    assert_int_equal(snapshot->loose_targets[0], 7);
    assert_int_equal(snapshot->labels[snapshot->loose_labels[0]].kind, OURO_EDGE_WEAK);
    assert_int_equal(snapshot->loose_owners[1], 8);
    assert_int_equal(snapshot->labels[snapshot->loose_labels[1]].kind, OURO_EDGE_BORROWED);
    assert_int_equal(snapshot->dropped_edges, 1);
    assert_int_equal(snapshot->dropped_roots, 1);
    ouro_snapshot_close(snapshot);
}

static void check_root(const ouro_snapshot *snapshot, uint32_t n, uint32_t object,
                       ouro_root_kind kind, const char *name, uint32_t references)
{
    assert_int_equal(snapshot->roots[n].object, object);
    assert_int_equal(snapshot->roots[n].kind, kind);
    assert_string_equal(string(snapshot, snapshot->roots[n].name), name);
    assert_int_equal(snapshot->roots[n].references, references);
}

static void test_small_roots(void **state)
{
    (void)state;
    ouro_snapshot *snapshot = read_sample("small", 0);
    assert_int_equal(snapshot->root_count, 4);
    check_root(snapshot, 0, 0, OURO_ROOT_NAMED, "app", 1);
    check_root(snapshot, 1, 8, OURO_ROOT_FRAME, "big", 1);
    check_root(snapshot, 2, 7, OURO_ROOT_OUTSIDE, "", 2);
    check_root(snapshot, 3, 10, OURO_ROOT_IMMORTAL, "", 0);
    ouro_snapshot_close(snapshot);
}

static void test_small_history(void **state)
{
    (void)state;
    ouro_snapshot *snapshot = read_sample("small", 0);
    assert_string_equal(ouro_snapshot_note_of(snapshot, "source"), "sample");
    assert_null(ouro_snapshot_note_of(snapshot, "nothing"));
    assert_int_equal(snapshot->pool_count, 2);
    assert_int_equal(snapshot->pools[0].address, 0x7f0000000000);
    assert_int_equal(snapshot->pools[0].cached, 3);
    assert_int_equal(snapshot->pools[0].free, 5);
    assert_int_equal(snapshot->pools[1].block_size, 0);
    assert_int_equal(snapshot->site_count, 3);
    assert_int_equal(snapshot->sites[0].frame_count, 0);
    assert_int_equal(snapshot->sites[2].first_frame, 1);
    assert_int_equal(snapshot->sites[2].frame_count, 3);
    assert_int_equal(snapshot->sites[2].peak_bytes, 640);
    assert_int_equal(snapshot->frame_count, 4);
    assert_string_equal(string(snapshot, snapshot->frames[1].function), "node_new");
    assert_int_equal(snapshot->frames[2].line, 42);
    assert_int_equal(snapshot->event_count, 4);
    assert_int_equal(snapshot->events[2].kind, OURO_EVENT_CYCLE);
    assert_int_equal(snapshot->events[2].uncollectable, 1);
    assert_int_equal(snapshot->sample_count, 5);
    assert_int_equal(snapshot->samples[4].live_bytes, 450000);
    assert_int_equal(snapshot->cycle_count, 2);
    assert_int_equal(snapshot->cycles[1].first_link, 1);
    assert_int_equal(snapshot->cycles[1].found, 7);
    assert_int_equal(snapshot->link_count, 3);
    assert_int_equal(snapshot->links[2].index, 2);
    ouro_snapshot_close(snapshot);
}

static void test_many_chunks(void **state)
{
    (void)state;
    enum { OBJECTS = 100000 };
    ouro_snapshot *snapshot = read_sample("random", OBJECTS);
    assert_int_equal(snapshot->object_count, OBJECTS);
    assert_true(snapshot->graph.first[OBJECTS] > OBJECTS);
    assert_int_equal(snapshot->dropped_edges, 0);
    for (uint32_t i = 0; i + 1 < OBJECTS; i++) {
        assert_true(snapshot->addresses[i] < snapshot->addresses[i + 1]);
        assert_int_equal(snapshot->graph.target[snapshot->graph.first[i]], i + 1);
    }
    assert_int_equal(snapshot->root_count, OBJECTS / 1000); /* counts agree with edges elsewhere */
    ouro_snapshot_close(snapshot);
}

static void test_nothing(void **state)
{
    (void)state;
    ouro_snapshot *snapshot = read_sample("random", 0);
    assert_int_equal(snapshot->object_count, 0);
    assert_int_equal(snapshot->graph.first[0], 0);
    assert_int_equal(ouro_snapshot_find(snapshot, 1), OURO_GRAPH_NONE);
    ouro_snapshot_close(snapshot);
    ouro_snapshot_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_objects), cmocka_unit_test(test_small_edges),
        cmocka_unit_test(test_small_roots),   cmocka_unit_test(test_small_history),
        cmocka_unit_test(test_many_chunks),   cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
