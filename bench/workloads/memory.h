/* SPDX-License-Identifier: MIT */
/*
 * memory.h -- workload `memory`: what a process keeps of objects that have died
 *
 *     sparse           ten million nodes of two references; 99% of them, picked
 *                      at random, die in random order; resident bytes after a
 *                      second of further use
 *     sparse-trimmed   and after the system was asked to give memory back
 *     died             a gigabyte of objects of 64 bytes dies; resident bytes
 *                      after a second of further use
 *     died-trimmed     and after the system was asked
 *
 * "Further use" makes and drops a thousand objects, over and over.
 *
 * The system defines, before it includes this file:
 *
 *     node_new_alone()          a node of two empty references
 *     node_release(node)        gives it back
 *     object_64_new(), object_64_release(object)   a block of 64 bytes in all
 *     memory_trim()             gives back what can be; 0 if there is no such call
 */
#ifndef BENCH_MEMORY_WORKLOAD_H
#define BENCH_MEMORY_WORKLOAD_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"
#include "../support/random.h"

enum { MEMORY_USED = 1000, MEMORY_SURVIVES_ONE_IN = 100 };

/* A second of further use. */
static inline void memory_use(void *(*make)(void), void (*release)(void *))
{
    static void *held[MEMORY_USED];
    for (uint64_t end = wall_ns() + 1000000000u; wall_ns() < end;) {
        for (int i = 0; i < MEMORY_USED; i++) held[i] = make();
        for (int i = 0; i < MEMORY_USED; i++) release(held[i]);
    }
}

static inline void memory_report_kept(const char *case_name, double before, double peak)
{
    double kept = resident_bytes() - before;
    bench_report(case_name, "bytes_kept", kept);
    bench_report(case_name, "share_kept", kept / peak);
}

/*
 * Makes `count` objects; all die but one in `survives_one_in` (0: none lives),
 * in random order.
 */
static inline void memory_run_case(const char *name, const char *name_trimmed, long count,
                                   uint32_t survives_one_in, void *(*make)(void),
                                   void (*release)(void *))
{
    void **objects = (void **)bench_array((size_t)count, sizeof *objects);
    uint32_t *order = order_at_random((size_t)count);
    double before = resident_bytes();
    for (long i = 0; i < count; i++) objects[i] = make();
    double peak = resident_bytes() - before;
    bench_report(name, "peak_bytes", peak);

    long died = 0;
    for (long i = 0; i < count; i++) {
        if (survives_one_in && (uint32_t)i % survives_one_in == 0) continue;
        release(objects[order[i]]);
        died++;
    }
    BENCH_VERIFY(died >= count - count / MEMORY_SURVIVES_ONE_IN - 1);
    memory_use(make, release);
    memory_report_kept(name, before, peak);
    if (memory_trim()) memory_report_kept(name_trimmed, before, peak);
    bench_array_free(order, (size_t)count, sizeof *order);
    bench_array_free(objects, (size_t)count, sizeof *objects);
}

static inline int memory_run(const bench_job *job)
{
    int status = BENCH_UNSUPPORTED;
    if (bench_wants(job, "sparse")) {
        memory_run_case("sparse", "sparse-trimmed", bench_amount(job, 10000000, 1000),
                        MEMORY_SURVIVES_ONE_IN, node_new_alone, node_release);
        status = 0;
    }
    if (bench_wants(job, "died")) {
        memory_run_case("died", "died-trimmed", bench_amount(job, 1 << 24, 1000), 0, object_64_new,
                        object_64_release);
        status = 0;
    }
    return status;
}

#endif
