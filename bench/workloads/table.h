/* SPDX-License-Identifier: MIT */
/*
 * table.h -- workload `table`: a dictionary of a million numbers whose keys are
 *            pairs of numbers, 1000 by 1000; all of it lives
 *
 * There is no cycle to find: what a collector costs here it costs for nothing.
 * `main` as the system comes, `off` with its collector switched off.
 *
 * The system defines, before it includes this file:
 *
 *     pair_table                 a variable that holds a dictionary
 *     table_new(entries)         room for that many
 *     table_put(t, i, j, value)  makes the objects of key and value, and enters them
 *     table_get(t, i, j)         the value, or -1
 *     bench_collector_off()      for TABLE_OFF
 */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"

enum { TABLE_SIDE = 1000 };

/* Static, so that a collector that looks for roots finds it. */
static pair_table table_now;

static inline void table_measure(const char *case_name, long side)
{
    double before = resident_bytes(), entries = (double)side * (double)side;
    uint64_t start = cpu_ns();
    table_now = table_new((size_t)(side * side));
    for (long i = 0; i < side; i++) {
        for (long j = 0; j < side; j++) table_put(table_now, i, j, i * side + j);
        bench_poll();
    }
    double spent = (double)(cpu_ns() - start);
    bench_report(case_name, "ns_per_object", spent / entries);
    bench_report(case_name, "bytes_per_object", (resident_bytes() - before) / entries);
    for (long i = 0; i < side; i++)
        for (long j = 0; j < side; j++) BENCH_VERIFY(table_get(table_now, i, j) == i * side + j);
    BENCH_VERIFY(table_get(table_now, side, side) == -1);
}

/* A share of the work is a share of the entries, so of the square. */
static inline int table_run(const bench_job *job)
{
    long side = TABLE_SIDE;
    while (side > 100 && (double)(side * side) > job->scale * TABLE_SIDE * TABLE_SIDE) side -= 10;
#ifdef TABLE_OFF
    if (strcmp(job->case_name, "off") == 0) {
        bench_collector_off();
        table_measure("off", side);
        return 0;
    }
#endif
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    table_measure("main", side);
    return 0;
}

#endif
