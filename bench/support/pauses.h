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
 * A sample is the thread's own time on a processor.  It is read from the wall clock, which costs no
 * system call; how much of that time the thread did not run, since it waited for a processor or
 * the hypervisor had taken that away, is looked up when a sample is long, and from time to time besides,
 * so that many short waits are not taken off one long sample.  Nothing is allocated while measuring.
 *
 * Buckets are logarithmic: 64 for each doubling, so a percentile is at most 1.6%
 * too high.  The longest sample is kept as it is, and the longest of each cause: what a machine stops, no one
 * is told of, but it does not stop the same thing in each run (see harness/pauses.py).
 */
#ifndef BENCH_PAUSES_H
#define BENCH_PAUSES_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "program.h"

enum {
    PAUSES_STEPS = 64,        /* buckets for each doubling */
    PAUSES_STEPS_SHIFT = 6,   /* log2 of it */
    PAUSES_DOUBLINGS = 38,    /* up to more than an hour */
    PAUSES_LONG_NS = 100000,  /* a sample worth a system call */
    PAUSES_LOOK_EVERY = 1024, /* samples between two looks at the time that it ran */
    PAUSES_CAUSES = 32        /* most that a system tells apart */
};

/* What went on in a sample: a word or some, to tell causes apart, and for people. */
typedef struct pauses_reason {
    const char *cause; /* static */
    char text[96];
} pauses_reason;

/* Says what the system did since `begun`. */
typedef void (*pauses_explain)(uint64_t begun, pauses_reason *out_reason);

typedef struct pauses_cause {
    const char *name;
    uint64_t longest;
} pauses_cause;

typedef struct pauses {
    uint64_t begun; /* of the sample that is running */
    uint64_t count;
    uint64_t longest;
    uint64_t looked;          /* when it was looked up how long the thread had run, */
    uint64_t ran;             /* and how long that was */
    pauses_explain explain;   /* NULL where a system cannot tell */
    pauses_reason longest_is; /* what was going on in the longest sample, if that is known */
    pauses_cause causes[PAUSES_CAUSES]; /* of samples above PAUSES_LONG_NS; those that came up */
    uint32_t buckets[PAUSES_STEPS * PAUSES_DOUBLINGS];
} pauses;

static inline void pauses_begin(pauses *p)
{
    p->ran = thread_ns();
    p->looked = p->begun = wall_ns();
}

/* `p` may be large: static, not on the stack. */
static inline void pauses_open(pauses *p, pauses_explain explain)
{
    memset(p, 0, sizeof *p);
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

/* The part of a long sample, which ended `now`, that this thread did run. */
static __attribute__((noinline, unused)) uint64_t pauses_running(const pauses *p, uint64_t now)
{
    uint64_t passed = now - p->looked, ran = thread_ns() - p->ran, sample = now - p->begun;
    uint64_t waited = ran < passed ? passed - ran : 0;
    return waited < sample ? sample - waited : 0;
}

static void pauses_note_cause(pauses *p, const char *name, uint64_t ns)
{
    pauses_cause *cause = p->causes;
    while (cause->name != NULL && strcmp(cause->name, name) != 0) cause++;
    BENCH_VERIFY(cause < p->causes + PAUSES_CAUSES - 1); /* the last one ends the list */
    cause->name = name;
    if (ns > cause->longest) cause->longest = ns;
}

/* A long sample that ended `now`: how long the thread ran in it. */
static __attribute__((noinline, unused)) uint64_t pauses_long(pauses *p, uint64_t now)
{
    pauses_reason reason = {NULL, ""};
    uint64_t ns = pauses_running(p, now);
    if (p->explain != NULL && ns > PAUSES_LONG_NS) p->explain(p->begun, &reason);
    if (reason.cause != NULL) pauses_note_cause(p, reason.cause, ns);
    if (ns > p->longest) p->longest_is = reason;
    return ns;
}

static inline void pauses_end(pauses *p)
{
    uint64_t now = wall_ns(), ns = now - p->begun;
    int looks = ns > PAUSES_LONG_NS || (p->count + 1) % PAUSES_LOOK_EVERY == 0;
    if (__builtin_expect(ns > PAUSES_LONG_NS, 0)) ns = pauses_long(p, now);
    if (__builtin_expect(ns > p->longest, 0)) p->longest = ns;
    p->buckets[pauses_bucket(ns)]++;
    p->count++;
    if (__builtin_expect(looks, 0))
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

/* Samples that took longer than so many nanoseconds, give or take a bucket. */
static inline uint64_t pauses_above(const pauses *p, uint64_t ns)
{
    uint64_t above = 0;
    for (unsigned bucket = pauses_bucket(ns) + 1; bucket < PAUSES_STEPS * PAUSES_DOUBLINGS;
         bucket++)
        above += p->buckets[bucket];
    return above;
}

static inline void pauses_report_share(const pauses *p, const char *case_name, const char *metric,
                                       double share)
{
    bench_report(case_name, metric, (double)pauses_percentile(p, share) / 1000);
}

/* Metric pause_max_us:CAUSE, where a cause of some words has them joined. */
static inline void pauses_report_cause(const pauses_cause *cause, const char *case_name)
{
    char metric[64];
    snprintf(metric, sizeof metric, "pause_max_us:%s", cause->name);
    for (char *space = metric; (space = strchr(space, ' ')) != NULL;) *space = '-';
    bench_report(case_name, metric, (double)cause->longest / 1000);
}

/* The longest, and what all but one in a hundred thousand did not exceed. */
static inline void pauses_report_tail(const pauses *p, const char *case_name)
{
    BENCH_VERIFY(p->count > 0);
    pauses_report_share(p, case_name, "pause_p99999_us", 0.99999);
    bench_report(case_name, "pause_max_us", (double)p->longest / 1000);
    for (const pauses_cause *cause = p->causes; cause->name != NULL; cause++)
        pauses_report_cause(cause, case_name);
    if (p->longest_is.cause != NULL)
        bench_remark("%s: the longest pause, %.0f us, was %s", case_name, (double)p->longest / 1000,
                     p->longest_is.text);
}

static inline void pauses_report(const pauses *p, const char *case_name)
{
    pauses_report_share(p, case_name, "pause_p50_us", 0.5);
    pauses_report_share(p, case_name, "pause_p99_us", 0.99);
    pauses_report_share(p, case_name, "pause_p999_us", 0.999);
    pauses_report_share(p, case_name, "pause_p9999_us", 0.9999);
    pauses_report_tail(p, case_name);
}

#endif
