/* SPDX-License-Identifier: MIT */
/*
 * full_walk.h -- workload `full`, case `walk`: the memory's own limit
 *
 * The same graph, walked once as a counting collector must at the least: for
 * every node in address order its word is read, and a byte of a side table is
 * counted up for each of its two targets.  Nothing is decided and nothing found, so
 * what a collection takes beyond this is the collector's.
 *
 * The walk goes over runs of nodes that lie side by side, as a collector goes over
 * a pool, and needs no list of them.
 *
 * The system defines, before it includes this file, what full.h asks for, and
 *
 *     graph_node(g, i)       the address of node i
 *     FULL_NODE_BYTES        the bytes from one node to the next in a run
 *     full_word(node)        the word in front of it
 *     full_target(node, which)   the address that reference 0 or 1 holds
 */
#ifndef BENCH_FULL_WALK_H
#define BENCH_FULL_WALK_H

#include "full.h"

typedef struct full_run_of_nodes {
    const char *first;
    size_t count;
} full_run_of_nodes;

typedef struct full_map {
    const char *lowest; /* address of the first node */
    full_run_of_nodes *runs;
    size_t runs_count;
    uint8_t *counts; /* one for each place where a node can be */
    size_t places;
} full_map;

static inline size_t full_place(const full_map *map, const void *n)
{
    return (size_t)((const char *)n - map->lowest) / FULL_NODE_BYTES;
}

/* Returns a sum of the words, so that they have to be read. */
static __attribute__((noinline)) uint64_t full_walk_once(const full_map *map)
{
    uint64_t words = 0;
    for (size_t run = 0; run < map->runs_count; run++) {
        const char *n = map->runs[run].first;
        for (size_t left = map->runs[run].count; left > 0; left--, n += FULL_NODE_BYTES) {
            words += full_word(n);
            map->counts[full_place(map, full_target(n, 0))]++;
            map->counts[full_place(map, full_target(n, 1))]++;
        }
    }
    return words;
}

static inline int full_compare(const void *a, const void *b)
{
    const char *left = *(const char *const *)a, *right = *(const char *const *)b;
    return (left > right) - (left < right);
}

/* The addresses of all nodes in rising order.  A bench_array. */
static inline const char **full_addresses(graph g, uint32_t count)
{
    const char **addresses = (const char **)bench_array(count, sizeof *addresses);
    for (uint32_t i = 0; i < count; i++) addresses[i] = (const char *)graph_node(g, i);
    qsort(addresses, count, sizeof *addresses, full_compare);
    return addresses;
}

static inline full_map full_map_of(graph g, uint32_t count)
{
    const char **addresses = full_addresses(g, count);
    full_map map = {addresses[0], NULL, 0, NULL, 0};
    map.runs = (full_run_of_nodes *)bench_array(count, sizeof *map.runs);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || addresses[i] != addresses[i - 1] + FULL_NODE_BYTES)
            map.runs[map.runs_count++] = (full_run_of_nodes){addresses[i], 0};
        map.runs[map.runs_count - 1].count++;
    }
    map.places = full_place(&map, addresses[count - 1]) + 1;
    map.counts = (uint8_t *)bench_array(map.places, 1);
    bench_array_free(addresses, count, sizeof *addresses);
    return map;
}

static inline int full_walk_run(const bench_job *job)
{
    if (!bench_wants(job, "walk")) return BENCH_UNSUPPORTED;
    uint32_t count = (uint32_t)bench_amount(job, FULL_NODES, 1000);
    graph g = full_graph(count);
    full_map map = full_map_of(g, count);
    double seconds[FULL_COLLECTIONS];
    for (int i = 0; i < FULL_COLLECTIONS; i++) {
        memset(map.counts, 0, map.places);
        uint64_t start = cpu_ns();
        BENCH_VERIFY(full_walk_once(&map) != 0);
        seconds[i] = (double)(cpu_ns() - start) / 1e9;
    }
    uint64_t targets = 0;
    for (size_t place = 0; place < map.places; place++) targets += map.counts[place];
    BENCH_VERIFY(targets == 2 * (uint64_t)count);
    bench_report("walk", "seconds", full_middle(seconds[0], seconds[1], seconds[2]));
    return 0;
}

#endif
