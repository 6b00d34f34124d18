/* SPDX-License-Identifier: MIT */
/*
 * samples.c -- snapshots of which the tests of `ouro report` know everything
 *
 *     report_samples FOLDER
 *
 *     early, middle, late    one program that leaks: 100, 200, 400 entries below "log"
 *     large                  a list, a wide vector, rings, garbage; more of each than a page holds
 *     empty                  nothing
 */
#include <ouro/snapshot.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CACHE = 1000,
    LIST = 5000,
    WIDE = 6000,
    RINGS = 50,
    RING = 4,
    POOLS = 21000,
    EVENTS = 9000,
    SAMPLES = 4000,
    SITES = 500,
    KINDS = 3100
};
#define HOSTILE "</script><img src=x onerror=broken()><!--<script>\xe2\x80\xa8\"\\"

typedef struct maker {
    ouro_snapshot_writer *writer;
    uint32_t next, entries, text_type;
} maker;

static bool write_file(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size;
}

static uint32_t named_type(const maker *made, const char *name, uint64_t size)
{
    ouro_snapshot_type type = {.name = ouro_snapshot_string(made->writer, name),
                               .flags = OURO_TYPE_IS_TRACKED,
                               .size = size};
    return ouro_snapshot_type_of(made->writer, NULL, &type);
}

static void add(const maker *made, uint64_t address, uint64_t size, uint32_t type, const char *text)
{
    ouro_snapshot_object object = {.address = address,
                                   .size = size,
                                   .type = type,
                                   .count = 1,
                                   .text = ouro_snapshot_string(made->writer, text)};
    ouro_snapshot_add_object(made->writer, &object);
}

static uint32_t label(const maker *made, ouro_edge_kind kind, const char *name)
{
    return ouro_snapshot_label_of(made->writer, kind, ouro_snapshot_string(made->writer, name));
}

static void root(const maker *made, uint64_t address, const char *name)
{
    ouro_snapshot_add_root(made->writer, address, OURO_ROOT_NAMED,
                           ouro_snapshot_string(made->writer, name), 1);
}

/* A log that holds `entries` entries, each with a text of 100 bytes. */
static void leak(maker *made, uint32_t entries)
{
    uint32_t log = named_type(made, "Log", 64), entry = named_type(made, "Entry", 32);
    uint32_t word = named_type(made, "Text", 100);
    uint32_t items = label(made, OURO_EDGE_ITEM, "entries"),
             of = label(made, OURO_EDGE_FIELD, "text");
    add(made, 0x1000, 64, log, "requests");
    for (uint32_t i = 0; i < entries; i++)
        ouro_snapshot_add_edge(made->writer, 0x100000 + (uint64_t)i * 256, items, i);
    for (uint32_t i = 0; i < entries; i++) {
        uint64_t address = 0x100000 + (uint64_t)i * 256;
        add(made, address, 32, entry, "");
        ouro_snapshot_add_edge(made->writer, address + 64, of, 0);
        add(made, address + 64, 100, word, "");
    }
    root(made, 0x1000, "log");
}

/* A list of which each node holds all that follow, and a vector beside it. */
static void list_and_vector(maker *made)
{
    uint32_t node = named_type(made, "Node", 48), leaf = named_type(made, HOSTILE, 16);
    uint32_t cache = named_type(made, "Cache", 64);
    uint32_t follows = label(made, OURO_EDGE_FIELD, "next"),
             items = label(made, OURO_EDGE_ITEM, "items");
    for (uint32_t i = 0; i < LIST; i++) {
        uint64_t address = 0x10000000 + (uint64_t)i * 64;
        add(made, address, 48, node, "");
        if (i + 1 < LIST) ouro_snapshot_add_edge(made->writer, address + 64, follows, 0);
    }
    add(made, 0x20000000, 64, cache, "of leaves");
    for (uint32_t i = 0; i < WIDE; i++)
        ouro_snapshot_add_edge(made->writer, 0x20001000 + (uint64_t)i * 64, items, i);
    for (uint32_t i = 0; i < WIDE; i++) add(made, 0x20001000 + (uint64_t)i * 64, 16, leaf, "");
    root(made, 0x10000000, "list");
    root(made, 0x20000000, HOSTILE);
}

/* Rings that nothing holds, whose first object also refers to itself. */
static void rings(maker *made)
{
    uint32_t types[2] = {named_type(made, "Parent", 40), named_type(made, "Child", 24)};
    uint32_t labels[2] = {label(made, OURO_EDGE_FIELD, "child"),
                          label(made, OURO_EDGE_KEY, "parent")};
    uint32_t itself = label(made, OURO_EDGE_INTERNAL, "");
    for (uint32_t r = 0; r < RINGS; r++) {
        uint64_t base = 0x30000000 + (uint64_t)r * 4096;
        for (uint32_t i = 0; i < RING; i++) {
            add(made, base + (uint64_t)i * 64, i % 2 == 0 ? 40 : 24, types[i % 2], "");
            ouro_snapshot_add_edge(made->writer, base + (uint64_t)((i + 1) % RING) * 64,
                                   labels[i % 2], 0);
            if (i == 0 && r == 0) ouro_snapshot_add_edge(made->writer, base, itself, 0);
        }
    }
}

/* More types than the census of a page holds, an object each. */
static void kinds(maker *made)
{
    for (uint32_t i = 0; i < KINDS; i++) {
        char name[32];
        snprintf(name, sizeof(name), "kind%u", i);
        add(made, 0x40000000 + (uint64_t)i * 64, 8, named_type(made, name, 8), "");
        root(made, 0x40000000 + (uint64_t)i * 64, "kinds");
    }
}

static void pools(maker *made)
{
    for (uint32_t i = 0; i < POOLS; i++) {
        ouro_snapshot_pool pool = {.address = 0x50000000 + (uint64_t)i * 65536,
                                   .kind = i % 3,
                                   .block_size = i % 100 == 0 ? 0 : 16 + i % 7 * 8,
                                   .bytes = 65536};
        if (pool.block_size != 0) {
            pool.capacity = 65536 / pool.block_size;
            pool.live = pool.capacity / (1 + i % 4);
            pool.free = pool.capacity - pool.live;
        }
        ouro_snapshot_add_pool(made->writer, &pool);
    }
}

static void history(maker *made)
{
    uint32_t young = ouro_snapshot_string(made->writer, "young");
    uint32_t scan = ouro_snapshot_string(made->writer, "scan");
    uint32_t whole = ouro_snapshot_string(made->writer, "whole");
    for (uint64_t i = 0; i < EVENTS; i++) {
        ouro_snapshot_event event = {.kind = i % 3 == 0   ? OURO_EVENT_PASS
                                             : i % 3 == 1 ? OURO_EVENT_PHASE
                                                          : OURO_EVENT_CYCLE,
                                     .name = i % 3 == 0   ? young
                                             : i % 3 == 1 ? scan
                                                          : whole,
                                     .generation = i % 3 == 2 ? 2 : 0,
                                     .start = i / 3 * 1000000,
                                     .nanoseconds = 1000 + i,
                                     .candidates = i % 3 == 1 ? 0 : 100,
                                     .collected = i % 3 == 1 ? 0 : 10};
        ouro_snapshot_add_event(made->writer, &event);
    }
    for (uint64_t i = 0; i < SAMPLES; i++) {
        ouro_snapshot_sample sample = {.time = i * 750000,
                                       .objects = i,
                                       .live_bytes = i == 1234 ? 99999999 : i * 100,
                                       .committed_bytes = 100000000};
        ouro_snapshot_add_sample(made->writer, &sample);
    }
}

static void sites_and_cycles(maker *made)
{
    uint32_t main_name = ouro_snapshot_string(made->writer, "main");
    uint32_t file = ouro_snapshot_string(made->writer, "/src/main.c");
    for (uint32_t i = 0; i < SITES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "make_%u", i % 20);
        ouro_snapshot_frame frames[2] = {{.function = ouro_snapshot_string(made->writer, name),
                                          .file = file,
                                          .line = i % 20 + 1},
                                         {.function = main_name, .file = file, .line = 99}};
        ouro_snapshot_site site = {.frame_count = 2,
                                   .live_objects = i + 1,
                                   .live_bytes = (i + 1) * 100,
                                   .objects = 1000,
                                   .bytes = 100000,
                                   .peak_bytes = 90000};
        ouro_snapshot_add_site(made->writer, &site, frames);
    }
    ouro_snapshot_link links[2] = {{.type = 0, .label = label(made, OURO_EDGE_FIELD, "left")},
                                   {.type = 1, .label = label(made, OURO_EDGE_FIELD, "right")}};
    ouro_snapshot_cycle cycle = {.length = 2, .site = 1, .found = 7, .objects = 14, .bytes = 560};
    ouro_snapshot_add_cycle(made->writer, &cycle, links);
}

static void fill(maker *made, const char *name)
{
    ouro_snapshot_note(made->writer, "program", HOSTILE);
    if (strcmp(name, "large") == 0) {
        list_and_vector(made);
        rings(made);
        kinds(made);
        pools(made);
        history(made);
        sites_and_cycles(made);
    } else if (strcmp(name, "empty") != 0) {
        /* Later ones have earlier names: the order has to come from the notes. */
        bool early = strcmp(name, "early") == 0, middle = strcmp(name, "middle") == 0;
        ouro_snapshot_note(made->writer, "time",
                           early    ? "2025-01-01T00:00:00Z"
                           : middle ? "2025-01-02T00:00:00Z"
                                    : "2025-01-03T00:00:00Z");
        leak(made, early ? 100 : middle ? 200 : 400);
    }
}

static bool make(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.snapshot", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) return false;
    ouro_snapshot_sink sink = {.context = file, .write = write_file};
    maker made = {.writer = ouro_snapshot_writer_new(&sink, NULL)};
    bool good = made.writer != NULL;
    if (good) {
        fill(&made, name);
        good = ouro_snapshot_writer_finish(made.writer, NULL) == OURO_OK;
    }
    return fclose(file) == 0 && good;
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"early", "middle", "late", "large", "empty"};
    if (argc != 2) {
        fputs("usage: report_samples FOLDER\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!make(argv[1], names[i])) {
            fprintf(stderr, "report_samples: %s was not written\n", names[i]);
            return 1;
        }
    return 0;
}
