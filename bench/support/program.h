/* SPDX-License-Identifier: MIT */
/*
 * program.h -- what every benchmark program has in common: its command line,
 *              its output and its checks
 *
 *     PROGRAM WORKLOAD [CASE] [SCALE]
 *
 * prints one line `case metric value` for each figure, and `# text` for people.  CASE is `all` or the
 * name of a case; SCALE is the share of the full work to do (1 is all of it).
 * `PROGRAM version` prints the version of the system under test.  A workload
 * or case that a system does not have ends the program with status 3.
 *
 * A system names two moments for the workloads (both are often empty):
 *
 *     bench_poll()     between two pieces of work: a runtime that collects only
 *                      at such moments does it here
 *     bench_settle()   after a drop: a tracing collector, which frees nothing
 *                      when something is dropped, does its work here
 */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BENCH_FAILED = 1, BENCH_USAGE = 2, BENCH_UNSUPPORTED = 3 };

typedef struct bench_job {
    const char *case_name; /* "all", or one case */
    double scale;          /* share of the full work */
} bench_job;

typedef struct bench_workload {
    const char *name;
    int (*run)(const bench_job *job); /* 0, or a status to end with */
} bench_workload;

/* Lets the compiler believe that `pointer` and all memory are used elsewhere. */
#define BENCH_ESCAPE(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

/* Every benchmark checks that its work was done; one that was not measures nothing. */
#define BENCH_VERIFY(condition)                                                                    \
    ((condition) ? (void)0 : bench_fail(#condition, __FILE__, __LINE__))

static inline void bench_fail(const char *what, const char *file, int line)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: the work was not done: %s\n", file, line, what);
    exit(BENCH_FAILED);
}

/* The share of `full` that this job asks for, at least `least`. */
static inline long bench_amount(const bench_job *job, long full, long least)
{
    long amount = (long)((double)full * job->scale);
    return amount > least ? amount : least;
}

static inline void bench_report(const char *case_name, const char *metric, double value)
{
    printf("%s %s %.9g\n", case_name, metric, value);
    fflush(stdout);
}

/* A line for people, `# ...`; bench/run shows it below the table. */
#define bench_remark(...) (fputs("# ", stdout), printf(__VA_ARGS__), puts(""), fflush(stdout))

/* Is `case_name` what this job asks for? */
static inline int bench_wants(const bench_job *job, const char *case_name)
{
    return strcmp(job->case_name, "all") == 0 || strcmp(job->case_name, case_name) == 0;
}

/* Runs one workload from a table that ends with an empty entry. */
static inline int bench_run(const bench_workload *table, const char *name, const char *case_name,
                            double scale)
{
    bench_job job = {case_name, scale};
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0) return table->run(&job);
    return BENCH_UNSUPPORTED;
}

static inline int bench_main(int argc, char **argv, const bench_workload *table,
                             const char *version)
{
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: %s WORKLOAD [CASE] [SCALE]\n       %s version\n", argv[0], argv[0]);
        return BENCH_USAGE;
    }
    if (strcmp(argv[1], "version") == 0) {
        puts(version);
        return 0;
    }
    const char *case_name = argc > 2 ? argv[2] : "all";
    double scale = argc > 3 ? atof(argv[3]) : 1.0;
    if (!(scale > 0)) {
        fprintf(stderr, "%s: SCALE must be above 0\n", argv[0]);
        return BENCH_USAGE;
    }
    return bench_run(table, argv[1], case_name, scale);
}

#endif
