/* SPDX-License-Identifier: MIT */
/*
 * pauses.h -- how long single operations took: a histogram, and the longest
 *
 *     pauses_begin(p);
 *     for (...) {
 *         work of one operation
 *         pauses_end(p);           one sample: since the last begin or end
 *     }
 *     pauses_report(p, "main");
 *
 * A sample is wall time, which costs no system call.  What this thread waited
 * for a processor is no part of a pause: it is looked up (in schedstat) when a
 * sample is long, and from time to time besides, so that many short waits are
 * not taken off one long sample.  Nothing is allocated while measuring.
 *
 * Buckets are logarithmic: 64 for each doubling, so a percentile is at most 1.6%
 * too high.  The longest sample is kept as it is.
 */
#ifndef BENCH_PAUSES_H
#define BENCH_PAUSES_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "program.h"

enum {
    PAUSES_STEPS = 64,       /* buckets for each doubling */
    PAUSES_STEPS_SHIFT = 6,  /* log2 of it */
    PAUSES_DOUBLINGS = 38,   /* up to more than an hour */
    PAUSES_LONG_NS = 100000, /* a sample worth a system call */
    PAUSES_LOOK_EVERY = 1024 /* samples between two looks at the waiting time */
};

typedef struct pauses {
    uint64_t begun; /* of the sample that is running */
    uint64_t count;
    uint64_t longest;
    uint64_t waited;     /* for a processor, when it was looked up last */
    int schedstat;       /* the open file, or -1 */
    char longest_is[96]; /* what was going on in the longest sample, if the system knows */
    /* Says what the system did since `begun`; NULL where a system cannot tell. */
    const char *(*explain)(uint64_t begun);
    uint32_t buckets[PAUSES_STEPS * PAUSES_DOUBLINGS];
} pauses;

/* Nanoseconds that this thread was ready to run and did not. */
static inline uint64_t pauses_waited(const pauses *p)
{
    char text[96];
    ssize_t length = p->schedstat < 0 ? -1 : pread(p->schedstat, text, sizeof text - 1, 0);
    if (length <= 0) return 0;
    text[length] = '\0';
    char *behind_running;
    strtoull(text, &behind_running, 10);
    return strtoull(behind_running, NULL, 10);
}

static inline void pauses_begin(pauses *p)
{
    p->waited = pauses_waited(p);
    p->begun = wall_ns();
}

/* `p` may be large: static, not on the stack. */
static inline void pauses_open(pauses *p, const char *(*explain)(uint64_t begun))
{
    memset(p, 0, sizeof *p);
    p->schedstat = open("/proc/thread-self/schedstat", O_RDONLY);
    p->explain = explain;
    pauses_begin(p);
}

/* Below 64 ns each nanosecond has its bucket. */
static inline unsigned pauses_bucket(uint64_t ns)
{
    if (ns < PAUSES_STEPS) return (unsigned)ns;
    unsigned doubling = 63u - (unsigned)__builtin_clzll(ns) - PAUSES_STEPS_SHIFT;
    unsigned bucket = (doubling + 1) * PAUSES_STEPS + (unsigned)((ns >> doubling) - PAUSES_STEPS);
    unsigned last = PAUSES_STEPS * PAUSES_DOUBLINGS - 1;
    return bucket < last ? bucket : last;
}

/* The largest number of nanoseconds that a bucket takes. */
static inline uint64_t pauses_bucket_end(unsigned bucket)
{
    if (bucket < PAUSES_STEPS) return bucket;
    unsigned doubling = bucket / PAUSES_STEPS - 1;
    return ((uint64_t)(bucket % PAUSES_STEPS + PAUSES_STEPS + 1) << doubling) - 1;
}

/* The part of a long sample that this thread did run. */
static __attribute__((noinline, unused)) uint64_t pauses_without_waiting(pauses *p, uint64_t ns)
{
    uint64_t waited = pauses_waited(p), since = waited - p->waited;
    p->waited = waited;
    return since < ns ? ns - since : 0;
}

static __attribute__((noinline, unused)) void pauses_note_longest(pauses *p, uint64_t ns)
{
    p->longest = ns;
    const char *text = p->explain && ns > PAUSES_LONG_NS ? p->explain(p->begun) : "";
    snprintf(p->longest_is, sizeof p->longest_is, "%s", text);
}

static inline void pauses_end(pauses *p)
{
    uint64_t now = wall_ns(), ns = now - p->begun;
    if (__builtin_expect(ns > PAUSES_LONG_NS, 0)) ns = pauses_without_waiting(p, ns);
    if (__builtin_expect(ns > p->longest, 0)) pauses_note_longest(p, ns);
    p->buckets[pauses_bucket(ns)]++;
    p->count++;
    if (__builtin_expect(ns > PAUSES_LONG_NS || p->count % PAUSES_LOOK_EVERY == 0, 0))
        pauses_begin(p);
    else
        p->begun = now;
}

/* The time, in nanoseconds, that a share of all samples did not exceed. */
static inline uint64_t pauses_percentile(const pauses *p, double share)
{
    double wanted = share * (double)p->count, seen = 0;
    for (unsigned bucket = 0; bucket < PAUSES_STEPS * PAUSES_DOUBLINGS; bucket++) {
        seen += p->buckets[bucket];
        if (seen >= wanted && seen > 0) {
            uint64_t end = pauses_bucket_end(bucket);
            return end < p->longest ? end : p->longest;
        }
    }
    return p->longest;
}

static inline void pauses_report_longest(const pauses *p, const char *case_name)
{
    BENCH_VERIFY(p->count > 0);
    bench_report(case_name, "pause_max_us", (double)p->longest / 1000);
    if (p->longest_is[0])
        bench_remark("%s: the longest pause, %.0f us, was %s", case_name, (double)p->longest / 1000,
                     p->longest_is);
}

static inline void pauses_report(const pauses *p, const char *case_name)
{
    static const struct {
        const char *metric;
        double share;
    } percentiles[] = {
        {"pause_p50_us", 0.5},      {"pause_p99_us", 0.99},       {"pause_p999_us", 0.999},
        {"pause_p9999_us", 0.9999}, {"pause_p99999_us", 0.99999},
    };
    for (size_t i = 0; i < sizeof percentiles / sizeof *percentiles; i++)
        bench_report(case_name, percentiles[i].metric,
                     (double)pauses_percentile(p, percentiles[i].share) / 1000);
    pauses_report_longest(p, case_name);
}

#endif
