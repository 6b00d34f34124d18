/* SPDX-License-Identifier: MIT */
/*
 * many.h -- workloads `bulk` and `shutdown`: many living objects in one array
 *
 *     bulk      15 million nodes are made into one array: what a collector costs
 *               while a heap does nothing but grow.  `main` as the system comes, `off` with its
 *               collector switched off.
 *     shutdown  10 million living nodes, each linked to its neighbours, and then
 *               everything is given back at once
 *
 * The system defines, before it includes this file, graph, graph_new, graph_link
 * and graph_linked (see full.h), and
 *
 *     bench_collector_off()   for BULK_OFF: the collector does nothing from now on
 *     graph_close(&g, count)  for SHUTDOWN: gives back everything that there is
 */
#ifndef BENCH_MANY_H
#define BENCH_MANY_H

#include "../support/clock.h"
#include "../support/growth.h"
#include "../support/program.h"

enum { BULK_NODES = 15000000, SHUTDOWN_NODES = 10000000 };

/* Static, so that a collector that looks for roots finds it. */
static graph many_graph;

static inline void bulk_measure(const char *case_name, long count)
{
    double before = resident_bytes();
    uint64_t start = cpu_ns();
    many_graph = graph_new((size_t)count);
    double spent = (double)(cpu_ns() - start);
    bench_report(case_name, "seconds", spent / 1e9);
    bench_report(case_name, "live_bytes", resident_bytes() - before);
    BENCH_ESCAPE(&many_graph);
    graph_link(many_graph, 0, 1, (size_t)count - 1);
    BENCH_VERIFY(graph_linked(many_graph, 0, 1, (size_t)count - 1));
}

static inline int bulk_run(const bench_job *job)
{
    long count = bench_amount(job, BULK_NODES, 10000);
#ifdef BULK_OFF
    if (strcmp(job->case_name, "off") == 0) {
        bench_collector_off();
        bulk_measure("off", count);
        return 0;
    }
#endif
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    bulk_measure("main", count);
    return 0;
}

#ifdef SHUTDOWN
static inline int shutdown_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    size_t count = (size_t)bench_amount(job, SHUTDOWN_NODES, 10000);
    many_graph = graph_new(count);
    for (size_t i = 0; i < count; i++)
        graph_link(many_graph, i, (i + 1) % count, (i + count - 1) % count);
    BENCH_VERIFY(graph_linked(many_graph, 0, 1, count - 1));
    uint64_t start = cpu_ns();
    graph_close(&many_graph, count);
    double spent = (double)(cpu_ns() - start);
    bench_report("main", "ns_per_object", spent / (double)count);
    bench_report("main", "seconds", spent / 1e9);
    return 0;
}
#endif

#endif
