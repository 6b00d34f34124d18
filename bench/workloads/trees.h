/* SPDX-License-Identifier: MIT */
/*
 * trees.h -- workload `trees`: the benchmarks game's binary-trees
 *
 * One tree that lives throughout, and many that are built, counted and dropped,
 * from shallow to deep.  Depth 16 at full scale; a quarter of the work, or less,
 * is two levels less.
 *
 * The system defines, before it includes this file:
 *
 *     tree                  a variable that holds a tree
 *     tree_build(levels)    a complete tree: 2^levels - 1 nodes, each with two references
 *     tree_count(t)         its nodes, by visiting them
 *     tree_drop(&t)         drops it
 */
#ifndef BENCH_TREES_H
#define BENCH_TREES_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"

static inline long trees_depth(double scale)
{
    long depth = 16;
    for (; scale <= 0.25 && depth > 6; scale *= 4) depth -= 2;
    return depth;
}

/* The nodes of all the trees that are counted; what trees_work must return. */
static inline long trees_expected(long depth)
{
    long nodes = (2L << (depth + 1)) - 1 + (1L << (depth + 1)) - 1;
    for (long d = 4; d <= depth; d += 2) nodes += (1L << (depth - d + 4)) * ((1L << (d + 1)) - 1);
    return nodes;
}

static inline long trees_work(long depth)
{
    tree stretch = tree_build(depth + 2);
    long nodes = tree_count(stretch);
    tree_drop(&stretch);

    tree lasting = tree_build(depth + 1);
    for (long d = 4; d <= depth; d += 2) {
        for (long i = 0; i < 1L << (depth - d + 4); i++) {
            tree brief = tree_build(d + 1);
            nodes += tree_count(brief);
            tree_drop(&brief);
            bench_poll();
        }
    }
    nodes += tree_count(lasting);
    tree_drop(&lasting);
    return nodes;
}

static inline int trees_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    long depth = trees_depth(job->scale);
    uint64_t start = cpu_ns();
    long nodes = trees_work(depth);
    double spent = (double)(cpu_ns() - start);
    BENCH_VERIFY(nodes == trees_expected(depth));
    bench_report("main", "ns_per_object", spent / (double)nodes);
    bench_report("main", "peak_bytes", peak_bytes());
    return 0;
}

#endif
