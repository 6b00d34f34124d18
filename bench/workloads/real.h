/* SPDX-License-Identifier: MIT */
/*
 * real.h -- workload `real`: the package index of this Debian system as a graph of
 *           objects, with its real dependency cycles
 *
 *     load     an object for each package, with texts for its name and version and
 *              references to what it depends on; nanoseconds for each package
 *     query    for each package, how many it needs in the end: a walk over
 *              references; nanoseconds for each reference followed
 *     drop     the one reference to all of them is dropped, and they are collected
 *
 * Again and again, as a program does that reads its index anew.  The answers are
 * compared with those from plain tables.
 *
 * The system defines, before it includes this file:
 *
 *     packages                     a variable that holds all packages
 *     packages_new(count)          room for that many
 *     packages_set(p, i, name, version)   makes number i, with copies of the texts
 *     packages_refer(p, i, j)      number i depends on number j
 *     packages_edges(p, i), packages_edge(p, i, e)    its references, as numbers
 *     packages_name(p, i)          the bytes of its name
 *     packages_drop(&p)            drops and collects them
 */
#ifndef BENCH_REAL_H
#define BENCH_REAL_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/package_index.h"

enum { REAL_ROUNDS = 300 };

/* What the walks need, so that they allocate nothing. */
typedef struct real_walk {
    uint32_t *seen_for; /* the last package whose needs included this one, plus 1 */
    uint32_t *waiting;
    uint64_t followed; /* references */
} real_walk;

static packages real_packages;

static inline void real_load(const package_index *index)
{
    real_packages = packages_new(index->count);
    for (size_t i = 0; i < index->count; i++)
        packages_set(real_packages, i, index->packages[i].name, index->packages[i].version);
    for (size_t i = 0; i < index->count; i++)
        for (size_t e = 0; e < index->packages[i].refers_count; e++)
            packages_refer(real_packages, i, index->packages[i].refers[e]);
}

/* How many packages `root` needs, itself included; EDGES and EDGE say where a reference leads. */
#define REAL_DEFINE_NEEDS(NAME, WHERE, EDGES, EDGE)                                                \
    static inline uint64_t NAME(real_walk *walk, WHERE, uint32_t root)                             \
    {                                                                                              \
        size_t count = 0, next = 0;                                                                \
        walk->waiting[count++] = root;                                                             \
        walk->seen_for[root] = root + 1;                                                           \
        for (; next < count; next++) {                                                             \
            uint32_t i = walk->waiting[next];                                                      \
            size_t edges = EDGES;                                                                  \
            for (size_t e = 0; e < edges; e++) {                                                   \
                uint32_t to = (uint32_t)(EDGE);                                                    \
                if (walk->seen_for[to] == root + 1) continue;                                      \
                walk->seen_for[to] = root + 1;                                                     \
                walk->waiting[count++] = to;                                                       \
            }                                                                                      \
            walk->followed += edges;                                                               \
        }                                                                                          \
        return count;                                                                              \
    }

REAL_DEFINE_NEEDS(real_needs_of_index, const package_index *index, index->packages[i].refers_count,
                  index->packages[i].refers[e])
REAL_DEFINE_NEEDS(real_needs_of_packages, packages p, packages_edges(p, i), packages_edge(p, i, e))

/* The sum of all answers. */
static inline uint64_t real_query(real_walk *walk, size_t count)
{
    uint64_t needed = 0;
    memset(walk->seen_for, 0, count * sizeof *walk->seen_for);
    for (size_t i = 0; i < count; i++)
        needed += real_needs_of_packages(walk, real_packages, (uint32_t)i);
    return needed;
}

static inline uint64_t real_expected(real_walk *walk, const package_index *index)
{
    uint64_t needed = 0;
    for (size_t i = 0; i < index->count; i++)
        needed += real_needs_of_index(walk, index, (uint32_t)i);
    return needed;
}

static inline void real_verify_names(const package_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        BENCH_VERIFY(strcmp(packages_name(real_packages, i), index->packages[i].name) == 0);
}

static inline int real_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    package_index index = package_index_read();
    real_walk walk = {(uint32_t *)bench_array(index.count, sizeof(uint32_t)),
                      (uint32_t *)bench_array(index.count, sizeof(uint32_t)), 0};
    uint64_t expected = real_expected(&walk, &index);
    long rounds = bench_amount(job, REAL_ROUNDS, 3);
    double load = 0, query = 0, drop = 0;
    walk.followed = 0;
    for (long round = 0; round < rounds; round++) {
        uint64_t start = cpu_ns();
        real_load(&index);
        uint64_t loaded = cpu_ns();
        BENCH_VERIFY(real_query(&walk, index.count) == expected);
        uint64_t queried = cpu_ns();
        if (round == 0) real_verify_names(&index);
        uint64_t verified = cpu_ns();
        packages_drop(&real_packages);
        drop += (double)(cpu_ns() - verified);
        query += (double)(queried - loaded);
        load += (double)(loaded - start);
    }
    double all = (double)rounds * (double)index.count;
    bench_report("load", "ns_per_object", load / all);
    bench_report("query", "ns_per_op", query / (double)walk.followed);
    bench_report("drop", "ns_per_object", drop / all);
    bench_report("main", "seconds", (load + query + drop) / 1e9);
    bench_report("main", "peak_bytes", peak_bytes());
    bench_remark("%zu packages with %zu references, %ld times", index.count, index.edges, rounds);
    return 0;
}

#endif
