/* SPDX-License-Identifier: MIT */
/*
 * refs.h -- workload `refs`: references taken and released, 100 million times
 *           (20 million where most of them miss the cache)
 *
 * One reference moves over the objects of an array, in order or at random:
 * each step takes a new reference and releases the one before it, so every
 * object keeps its place's reference and none dies.
 *
 *     local-seq, local-random        a million objects
 *     local-seq-1k, local-random-1k  a thousand, which stay in the nearest cache
 *     shared-...                     the same over objects that threads may share
 *
 * The system defines, before it includes this file, for each kind of count
 * that it has (`local`, `shared`):
 *
 *     local_ref, local_new(), local_take(object), local_release(object),
 *     local_count(object)
 *
 * and then stamps REFS_DEFINE(local).
 */
#ifndef BENCH_REFS_H
#define BENCH_REFS_H

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"
#include "../support/random.h"

/* Runs one case: `steps` steps over `count` objects. */
#define REFS_DEFINE(kind)                                                                          \
    static __attribute__((noinline)) void kind##_walk(kind##_ref *objects, const uint32_t *order,  \
                                                      long count, long rounds)                     \
    {                                                                                              \
        kind##_ref held = objects[0];                                                              \
        kind##_take(held);                                                                         \
        for (long round = 0; round < rounds; round++) {                                            \
            for (long i = 0; i < count; i++) {                                                     \
                kind##_ref next = objects[order[i]];                                               \
                kind##_take(next);                                                                 \
                BENCH_ESCAPE(next);                                                                \
                kind##_release(held);                                                              \
                held = next;                                                                       \
            }                                                                                      \
        }                                                                                          \
        kind##_release(held);                                                                      \
    }                                                                                              \
                                                                                                   \
    static double kind##_refs(long count, const uint32_t *order, long steps)                       \
    {                                                                                              \
        kind##_ref *objects = (kind##_ref *)bench_array((size_t)count, sizeof *objects);           \
        for (long i = 0; i < count; i++)                                                           \
            objects[i] = kind##_new();                                                             \
        kind##_walk(objects, order, count, 1);                                                     \
        uint64_t start = cpu_ns();                                                                 \
        kind##_walk(objects, order, count, steps / count);                                         \
        double spent = (double)(cpu_ns() - start);                                                 \
        for (long i = 0; i < count; i++) {                                                         \
            BENCH_VERIFY(kind##_count(objects[i]) == 1);                                           \
            kind##_release(objects[i]);                                                            \
        }                                                                                          \
        bench_array_free(objects, (size_t)count, sizeof *objects);                                 \
        return spent / (double)(steps / count * count);                                            \
    }

/* `refs` is what REFS_DEFINE made for `kind`. */
static inline int refs_run_kind(const bench_job *job, const char *kind,
                                double (*refs)(long count, const uint32_t *order, long steps))
{
    static const struct {
        const char *order, *size;
        long count, steps;
    } cases[] = {
        {"seq", "", 1000000, 100000000},
        {"random", "", 1000000, 20000000},
        {"seq", "-1k", 1000, 100000000},
        {"random", "-1k", 1000, 100000000},
    };
    int status = BENCH_UNSUPPORTED;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s-%s%s", kind, cases[i].order, cases[i].size);
        if (!bench_wants(job, name)) continue;
        size_t count = (size_t)cases[i].count;
        int random = strcmp(cases[i].order, "random") == 0;
        uint32_t *order = random ? order_at_random(count) : order_in_sequence(count);
        long steps = bench_amount(job, cases[i].steps, cases[i].count);
        bench_report(name, "ns_per_op", refs(cases[i].count, order, steps));
        bench_array_free(order, count, sizeof *order);
        status = 0;
    }
    return status;
}

#endif
