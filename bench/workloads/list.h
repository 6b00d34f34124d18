/* SPDX-License-Identifier: MIT */
/*
 * list.h -- workload `list`: ten million nodes in a chain, whose last reference
 *           is dropped
 *
 * The system defines, before it includes this file:
 *
 *     list                  a variable that holds a list
 *     list_build(count)     nodes of two references, each holding the next
 *     list_count(l)         its nodes, by visiting them
 *     list_drop(&l)         drops it; LIST_DROP_OVERFLOWS as its value if that
 *                           is more than an ordinary stack can bear, else 0
 */
#ifndef BENCH_LIST_H
#define BENCH_LIST_H

#include "../support/clock.h"
#include "../support/program.h"

enum { LIST_DROP_OVERFLOWS = 1 };

static inline int list_run(const bench_job *job)
{
    if (!bench_wants(job, "build") && !bench_wants(job, "drop")) return BENCH_UNSUPPORTED;
    long count = bench_amount(job, 10000000, 1000);
    uint64_t start = cpu_ns();
    list l = list_build(count);
    uint64_t built = cpu_ns();
    bench_report("build", "ns_per_object", (double)(built - start) / (double)count);
    BENCH_VERIFY(list_count(l) == count);

    start = cpu_ns();
    int overflows = list_drop(&l) == LIST_DROP_OVERFLOWS;
    bench_settle();
    double spent = (double)(cpu_ns() - start);
    if (overflows)
        bench_report("drop", "overflows", 1);
    else
        bench_report("drop", "ns_per_object", spent / (double)count);
    return 0;
}

#endif
