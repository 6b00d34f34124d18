/* SPDX-License-Identifier: MIT */
/*
 * clock.h -- how long something took
 *
 * Work on one thread is measured in processor time, so that a busy machine
 * disturbs a figure less.  Work on two threads needs the wall clock.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Nanoseconds that this process has spent on processors, all threads together. */
static inline uint64_t cpu_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Nanoseconds that this thread has spent on processors; what a hypervisor says it took is no part of them. */
static inline uint64_t thread_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Nanoseconds on the wall. */
static inline uint64_t wall_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

#endif
