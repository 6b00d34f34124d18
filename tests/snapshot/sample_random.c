/* SPDX-License-Identifier: MIT */
/*
 * sample_random.c -- as many objects as wanted
 *
 * Objects of a few types and sizes, in ascending order, 16 to 128 bytes apart.  Object n holds object n + 1 or a
 * near one, and up to three more of which one in eight is anywhere; one in a thousand is held from outside, among
 * them the first.
 */
#include "snapshot/samples.h"

#include <stdlib.h>

enum { TYPES = 8, SITES = 16, TEXTS = 50 };

struct making {
    ouro_snapshot_writer *writer;
    uint64_t state;
    uint64_t *addresses;
    uint32_t *counts;
    uint32_t types[TYPES], labels[4], sites[SITES], texts[TEXTS];
    uint32_t objects;
};

static uint64_t next(struct making *making)
{
    uint64_t x = making->state; /* xorshift64, G. Marsaglia 2003 */
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    making->state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

static void add_names(struct making *making)
{
    static const char *const names[TYPES] = {"node", "list", "dict", "str",
                                             "int",  "file", "user", "page"};
    static const char *const fields[4] = {"next", "owner", "items", "cache"};
    ouro_snapshot_writer *writer = making->writer;
    char text[32];
    for (uint32_t i = 0; i < TYPES; i++)
        making->types[i] = ouro_snapshot_type_of(
            writer, NULL,
            &(ouro_snapshot_type){ouro_snapshot_string(writer, names[i]), i < 5, 16 * (i + 1)});
    for (uint32_t i = 0; i < 4; i++)
        making->labels[i] =
            ouro_snapshot_label_of(writer, i == 2 ? OURO_EDGE_ITEM : OURO_EDGE_FIELD,
                                   ouro_snapshot_string(writer, fields[i]));
    for (uint32_t i = 0; i < SITES; i++) {
        snprintf(text, sizeof text, "make_%u", i);
        ouro_snapshot_frame frame = {0x400000 + i * 64,
                                     i * 64,
                                     0,
                                     ouro_snapshot_string(writer, text),
                                     ouro_snapshot_string(writer, "random.c"),
                                     i + 1};
        making->sites[i] = ouro_snapshot_add_site(
            writer, &(ouro_snapshot_site){0, 1, 100, 100 * i, 200, 200 * i, 150 * i}, &frame);
    }
    for (uint32_t i = 0; i < TEXTS; i++) {
        snprintf(text, sizeof text, "text %u", i);
        making->texts[i] = ouro_snapshot_string(writer, text);
    }
}

/* One of the others: mostly a near one. */
static uint32_t some_target(struct making *making, uint32_t object)
{
    uint64_t random = next(making);
    uint32_t other = (random & 7) == 0 ? (uint32_t)((random >> 3) % making->objects)
                                       : object + (uint32_t)((random >> 3) % 64);
    return other % making->objects;
}

static unsigned extra_edges(struct making *making)
{
    return (unsigned)(next(making) & 3);
}

/* The edges of all objects come out twice the same: once to count references, once to write them. */
static void each_edge(struct making *making, uint32_t object,
                      void (*edge)(struct making *making, uint32_t target, unsigned n))
{
    if (object + 1 < making->objects) edge(making, object + 1, 0);
    unsigned more = extra_edges(making);
    for (unsigned n = 0; n < more; n++) edge(making, some_target(making, object), n + 1);
}

static void count_edge(struct making *making, uint32_t target, unsigned n)
{
    (void)n;
    making->counts[target]++;
}

static void write_edge(struct making *making, uint32_t target, unsigned n)
{
    ouro_snapshot_add_edge(making->writer, making->addresses[target], making->labels[n], n);
}

static void write_object(struct making *making, uint32_t i)
{
    uint64_t random = (i * UINT64_C(0x9E3779B97F4A7C15)) >> 32;
    uint32_t outside = i % 1000 == 0;
    uint32_t type = random % 16 < 9 ? 0 : (uint32_t)(random % TYPES);
    ouro_snapshot_add_object(
        making->writer,
        &(ouro_snapshot_object){.address = making->addresses[i],
                                .size = 16 + 8 * (random % 14),
                                .type = making->types[type],
                                .count = making->counts[i] + outside,
                                .text = random % 20 == 0 ? making->texts[random % TEXTS] : 0,
                                .site = making->sites[random % SITES],
                                .flags = (uint8_t)(random % 3) | OURO_OBJECT_COUNT_IS_EXACT});
}

void sample_random(ouro_snapshot_writer *writer, uint32_t objects)
{
    enum { SEED = 88172645 };
    struct making making = {.writer = writer, .state = SEED, .objects = objects};
    making.addresses = malloc((objects + 1) * sizeof *making.addresses);
    making.counts = calloc(objects + 1, sizeof *making.counts);
    if (making.addresses == NULL || making.counts == NULL) {
        fputs("sample_random: no memory\n", stderr);
        exit(1);
    }
    ouro_snapshot_note(writer, "source", "random sample");
    add_names(&making);
    uint64_t address = UINT64_C(0x7f0000000000);
    for (uint32_t i = 0; i < objects; i++) {
        making.addresses[i] = address;
        address += 16 * (1 + (uint64_t)(i * 2654435761u >> 29));
        each_edge(&making, i, count_edge);
    }
    making.state = SEED;
    for (uint32_t i = 0; i < objects; i++) {
        write_object(&making, i);
        each_edge(&making, i, write_edge);
    }
    free(making.addresses);
    free(making.counts);
}
