/* SPDX-License-Identifier: MIT */
/*
 * sample_small.c -- a dozen objects by hand
 *
 *     "app" (named root) -> 0 app --config--> 1 map --["debug"]--> 3 text
 *                              |                +--key-----------> 2 text
 *                              +--items[0..2]--> 4, 5, 6 nodes;  4.next -> 5, 5.next -> 6, 6.next -> 4
 *                              +--cache -> 7 cache, weakly; 7 is held from outside (count 2, no edge that holds)
 *     8 big   held by frame "main", alone holds 9 buffer (internal "buffer")
 *     10 none immortal; 11 meta: value of a weak map for key 4, borrowed by 8
 */
#include "snapshot/samples.h"

enum { APP, MAP, KEY, VALUE, NODE_A, NODE_B, NODE_C, CACHE, BIG, BUFFER, NONE, META };

struct numbers {
    uint32_t app, map, text, node, buffer; /* types */
    uint32_t start, make_node;             /* sites */
};

static void add_types(ouro_snapshot_writer *writer, struct numbers *numbers)
{
    uint32_t flags = OURO_TYPE_IS_TRACKED | OURO_TYPE_HAS_FINALIZER;
    numbers->app = ouro_snapshot_type_of(
        writer, "app", &(ouro_snapshot_type){ouro_snapshot_string(writer, "app"), flags, 48});
    numbers->map = ouro_snapshot_type_of(
        writer, "map",
        &(ouro_snapshot_type){ouro_snapshot_string(writer, "map"),
                              OURO_TYPE_IS_TRACKED | OURO_TYPE_IS_VARIABLE, 64});
    numbers->text = ouro_snapshot_type_of(
        writer, NULL,
        &(ouro_snapshot_type){ouro_snapshot_string(writer, "text"), OURO_TYPE_IS_VARIABLE, 24});
    numbers->node = ouro_snapshot_type_of(
        writer, NULL,
        &(ouro_snapshot_type){ouro_snapshot_string(writer, "node"), OURO_TYPE_IS_TRACKED, 32});
    numbers->buffer = ouro_snapshot_type_of(
        writer, NULL,
        &(ouro_snapshot_type){ouro_snapshot_string(writer, "buffer \xC3\xA4"), 0, 1 << 20});
}

static void add_sites(ouro_snapshot_writer *writer, struct numbers *numbers)
{
    uint32_t module = ouro_snapshot_string(writer, "/usr/bin/program");
    uint32_t file = ouro_snapshot_string(writer, "program.c");
    ouro_snapshot_frame frames[] = {
        {0x401000, 0x1000, module, ouro_snapshot_string(writer, "node_new"), file, 17},
        {0x401200, 0x1200, module, ouro_snapshot_string(writer, "main"), file, 42},
        {0, 0, 0, ouro_snapshot_string(writer, "script"), ouro_snapshot_string(writer, "script.ou"),
         3},
    };
    numbers->start = ouro_snapshot_add_site(
        writer, &(ouro_snapshot_site){0, 1, 8, 1200, 9, 1400, 1300}, frames + 1);
    numbers->make_node =
        ouro_snapshot_add_site(writer, &(ouro_snapshot_site){0, 3, 3, 96, 100, 3200, 640}, frames);
}

static void add_object(ouro_snapshot_writer *writer, unsigned n, uint32_t type, uint64_t size,
                       uint32_t count, uint8_t flags, const char *text, uint32_t site)
{
    ouro_snapshot_add_object(writer,
                             &(ouro_snapshot_object){.address = sample_address(n),
                                                     .size = size,
                                                     .type = type,
                                                     .count = count,
                                                     .text = ouro_snapshot_string(writer, text),
                                                     .site = site,
                                                     .flags = flags});
}

static void add_edge(ouro_snapshot_writer *writer, unsigned target, ouro_edge_kind kind,
                     const char *name, uint32_t index)
{
    uint32_t label = ouro_snapshot_label_of(writer, kind, ouro_snapshot_string(writer, name));
    ouro_snapshot_add_edge(writer, sample_address(target), label, index);
}

static void add_app(ouro_snapshot_writer *writer, const struct numbers *numbers)
{
    enum { EXACT = OURO_OBJECT_COUNT_IS_EXACT };
    add_object(writer, APP, numbers->app, 48, 1, 2 | EXACT, "the program", numbers->start);
    add_edge(writer, MAP, OURO_EDGE_FIELD, "config", 0);
    for (uint32_t i = 0; i < 3; i++) add_edge(writer, NODE_A + i, OURO_EDGE_ITEM, "items", i);
    add_edge(writer, CACHE, OURO_EDGE_WEAK, "cache", 0);
    ouro_snapshot_add_edge(writer, 0x10, 0, 0); /* to nothing: dropped */
    add_object(writer, MAP, numbers->map, 200, 1, 2 | EXACT, "", numbers->start);
    add_edge(writer, KEY, OURO_EDGE_KEYS, "", 0);
    add_edge(writer, VALUE, OURO_EDGE_KEY, "debug", 0);
    add_object(writer, KEY, numbers->text, 30, 1, 3 | EXACT, "debug", 0);
    add_object(writer, VALUE, numbers->text, 28, 1, 3 | EXACT, "yes", 0);
}

static void add_nodes(ouro_snapshot_writer *writer, const struct numbers *numbers)
{
    enum { EXACT = OURO_OBJECT_COUNT_IS_EXACT, WEAKLY = OURO_OBJECT_HAS_WEAK_REFERENCES };
    add_object(writer, NODE_A, numbers->node, 32, 2, 0 | EXACT | WEAKLY, "first",
               numbers->make_node);
    add_edge(writer, NODE_B, OURO_EDGE_FIELD, "next", 0);
    add_edge(writer, META, OURO_EDGE_EPHEMERON, "map", 0);
    add_object(writer, NODE_B, numbers->node, 32, 2, 1 | EXACT, "", numbers->make_node);
    add_edge(writer, NODE_C, OURO_EDGE_FIELD, "next", 0);
    add_object(writer, NODE_C, numbers->node, 32, 2, 1 | EXACT | OURO_OBJECT_IS_FINALIZED, "",
               numbers->make_node);
    add_edge(writer, NODE_A, OURO_EDGE_FIELD, "next", 0);
    add_object(writer, CACHE, numbers->map, 600, 2, 2 | EXACT | WEAKLY | OURO_OBJECT_IS_FROZEN, "",
               0);
}

static void add_others(ouro_snapshot_writer *writer, const struct numbers *numbers)
{
    enum { EXACT = OURO_OBJECT_COUNT_IS_EXACT };
    add_object(writer, BIG, numbers->app, 48, 1, 0 | EXACT, "big", 0);
    add_edge(writer, BUFFER, OURO_EDGE_INTERNAL, "buffer", 0);
    add_edge(writer, META, OURO_EDGE_BORROWED, "meta", 0);
    add_object(writer, BUFFER, numbers->buffer, 1 << 20, 1, 3 | EXACT, "", 0);
    add_object(writer, NONE, numbers->text, 24, UINT32_MAX, 3 | OURO_OBJECT_IS_IMMORTAL, "none", 0);
    add_object(writer, META, numbers->node, 32, 1, 1 | EXACT, "", 0);
}

static void add_roots(ouro_snapshot_writer *writer)
{
    ouro_snapshot_add_root(writer, sample_address(APP), OURO_ROOT_NAMED,
                           ouro_snapshot_string(writer, "app"), 1);
    ouro_snapshot_add_root(writer, sample_address(BIG), OURO_ROOT_FRAME,
                           ouro_snapshot_string(writer, "big"), 1);
    ouro_snapshot_add_root(writer, 0x20, OURO_ROOT_NAMED, 0, 1); /* of nothing: dropped */
}

static void add_history(ouro_snapshot_writer *writer, const struct numbers *numbers)
{
    uint32_t young = ouro_snapshot_string(writer, "young"),
             whole = ouro_snapshot_string(writer, "whole");
    uint32_t scan = ouro_snapshot_string(writer, "scan");
    const ouro_snapshot_event events[] = {
        {OURO_EVENT_PASS, 0, young, 1000000, 300000, 4096, 120, 0},
        {OURO_EVENT_PHASE, 0, scan, 1000000, 100000, 0, 0, 0},
        {OURO_EVENT_CYCLE, 2, whole, 5000000, 9000000, 20000, 60, 1},
        {OURO_EVENT_STEP, 2, scan, 5000000, 100000, 2000, 0, 0},
    };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        ouro_snapshot_add_event(writer, &events[i]);
    for (uint64_t i = 1; i <= 5; i++)
        ouro_snapshot_add_sample(writer,
                                 &(ouro_snapshot_sample){3000000 * i, 400 * i, 90000 * i, 1 << 20});
    ouro_snapshot_link links[] = {
        {numbers->node,
         ouro_snapshot_label_of(writer, OURO_EDGE_FIELD, ouro_snapshot_string(writer, "next")), 0},
        {numbers->map,
         ouro_snapshot_label_of(writer, OURO_EDGE_ITEM, ouro_snapshot_string(writer, "items")), 2},
    };
    ouro_snapshot_add_cycle(writer, &(ouro_snapshot_cycle){0, 1, numbers->make_node, 40, 120, 3840},
                            links);
    ouro_snapshot_add_cycle(writer, &(ouro_snapshot_cycle){0, 2, 0, 7, 14, 900}, links);
}

void sample_small(ouro_snapshot_writer *writer)
{
    struct numbers numbers;
    ouro_snapshot_note(writer, "source", "sample");
    ouro_snapshot_note(writer, "program", "/usr/bin/program");
    add_types(writer, &numbers);
    add_sites(writer, &numbers);
    add_app(writer, &numbers);
    add_nodes(writer, &numbers);
    add_others(writer, &numbers);
    add_roots(writer);
    add_history(writer, &numbers);
    ouro_snapshot_add_pool(
        writer, &(ouro_snapshot_pool){0x7f0000010000, OURO_CLASS_RAW, 0, 0, 0, 0, 0, 65536});
    ouro_snapshot_add_pool(writer, &(ouro_snapshot_pool){0x7f0000000000, OURO_CLASS_TRACKED, 64,
                                                         1023, 12, 3, 5, 65536});
}
