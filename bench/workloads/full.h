/* SPDX-License-Identifier: MIT */
/*
 * full.h -- workload `full`: one explicit full collection over five million
 *           living nodes in a random graph
 *
 * All nodes are held by one array object, which the program holds.  Three
 * collections, of which the middle one counts.  The graph is checked against the same
 * random numbers afterwards.  full_walk.h shows what the memory alone would take.
 *
 * The system defines, before it includes this file:
 *
 *     graph                       a variable that holds the array object
 *     graph_new(count)            an array of that many nodes without references
 *     graph_link(g, i, j, k)      node i refers to nodes j and k
 *     graph_linked(g, i, j, k)    does it?
 *     graph_collect()             a full collection; how many objects it freed (0: not known)
 */
#ifndef BENCH_FULL_H
#define BENCH_FULL_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"
#include "../support/random.h"

enum { FULL_NODES = 5000000, FULL_COLLECTIONS = 3 };

static inline double full_middle(double a, double b, double c)
{
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

static inline graph full_graph(uint32_t count)
{
    graph g = graph_new(count);
    random_state state = RANDOM_SEED;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = random_below(&state, count);
        graph_link(g, i, j, random_below(&state, count));
    }
    return g;
}

static inline void full_verify(graph g, uint32_t count)
{
    random_state state = RANDOM_SEED;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = random_below(&state, count);
        BENCH_VERIFY(graph_linked(g, i, j, random_below(&state, count)));
    }
}

static inline int full_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    uint32_t count = (uint32_t)bench_amount(job, FULL_NODES, 1000);
    graph g = full_graph(count);
    double seconds[FULL_COLLECTIONS];
    for (int i = 0; i < FULL_COLLECTIONS; i++) {
        uint64_t start = cpu_ns();
        BENCH_VERIFY(graph_collect() == 0);
        seconds[i] = (double)(cpu_ns() - start) / 1e9;
    }
    full_verify(g, count);
    bench_report("main", "seconds", full_middle(seconds[0], seconds[1], seconds[2]));
    bench_report("main", "peak_bytes", peak_bytes());
    return 0;
}

#endif
