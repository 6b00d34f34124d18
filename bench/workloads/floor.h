/* SPDX-License-Identifier: MIT */
/*
 * floor.h -- workload `floor`: what one heap with one object costs a process
 *
 * Resident bytes after making them less those before, code that was touched
 * for the first time included.
 *
 * The system defines, before it includes this file:
 *
 *     floor_object()      starts the system, where it has a start, and makes one object
 */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include "../support/memory.h"
#include "../support/program.h"

static inline int floor_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    resident_bytes(); /* so that reading the figure costs nothing the second time */
    double before = resident_bytes();
    void *object = floor_object();
    double after = resident_bytes();
    BENCH_VERIFY(object != NULL);
    bench_report("main", "live_bytes", after - before);
    return 0;
}

#endif
