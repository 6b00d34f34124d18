/* SPDX-License-Identifier: MIT */
/*
 * rings.h -- workload `rings`: a million rings of ten doubly linked nodes,
 *            each dropped as soon as it is whole
 *
 * By hand each is freed; a counting library with a cycle collector has to find
 * them.  What is still waiting for a collector at the end is not paid for: at
 * most one young generation out of a million rings.
 *
 * The system defines, before it includes this file:
 *
 *     ring                  a variable that holds a ring
 *     ring_build(count)     `count` nodes of two references, to the next and the one before
 *     ring_count(r)         its nodes, by walking round
 *     ring_drop(&r)         drops it
 */
#ifndef BENCH_RINGS_H
#define BENCH_RINGS_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"

enum { RING_NODES = 10 };

static inline int rings_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    ring first = ring_build(RING_NODES);
    BENCH_VERIFY(ring_count(first) == RING_NODES);
    ring_drop(&first);

    long rings = bench_amount(job, 1000000, 1000);
    uint64_t start = cpu_ns();
    for (long i = 0; i < rings; i++) {
        ring r = ring_build(RING_NODES);
        BENCH_ESCAPE(&r);
        ring_drop(&r);
        bench_poll();
    }
    double spent = (double)(cpu_ns() - start);
    bench_report("main", "ns_per_object", spent / ((double)rings * RING_NODES));
    bench_report("main", "peak_bytes", peak_bytes());
    return 0;
}

#endif
