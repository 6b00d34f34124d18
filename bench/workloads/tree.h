/* SPDX-License-Identifier: MIT */
/*
 * tree.h -- workload `tree`: one complete tree of 20 levels, built and dropped
 *
 * A first tree, in fresh memory, gives the bytes of a node; it is dropped, and
 * the trees after it (of 18 levels when shortened) give the times.
 *
 * The system defines `tree`, tree_build, tree_count and tree_drop, as trees.h
 * says.
 */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"

enum { TREE_LEVELS = 20, TREE_LEVELS_SHORTENED = 18, TREE_ROUNDS = 5 };

static inline long tree_nodes(long levels)
{
    return (1L << levels) - 1;
}

static inline int tree_run(const bench_job *job)
{
    if (!bench_wants(job, "build") && !bench_wants(job, "drop")) return BENCH_UNSUPPORTED;
    double before = resident_bytes();
    tree t = tree_build(TREE_LEVELS);
    double held = resident_bytes() - before;
    BENCH_VERIFY(tree_count(t) == tree_nodes(TREE_LEVELS));
    tree_drop(&t);
    bench_settle();
    bench_report("build", "bytes_per_object", held / (double)tree_nodes(TREE_LEVELS));

    long levels = job->scale < 1 ? TREE_LEVELS_SHORTENED : TREE_LEVELS, nodes = tree_nodes(levels);
    double build = 0, drop = 0;
    for (int i = 0; i < TREE_ROUNDS; i++) {
        bench_poll();
        uint64_t start = cpu_ns();
        t = tree_build(levels);
        uint64_t built = cpu_ns();
        BENCH_VERIFY(tree_count(t) == nodes);
        uint64_t counted = cpu_ns();
        tree_drop(&t);
        bench_settle();
        drop += (double)(cpu_ns() - counted);
        build += (double)(built - start);
    }
    bench_report("build", "ns_per_object", build / (double)(TREE_ROUNDS * nodes));
    bench_report("drop", "ns_per_object", drop / (double)(TREE_ROUNDS * nodes));
    return 0;
}

#endif
