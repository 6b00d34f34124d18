/* SPDX-License-Identifier: MIT */
/*
 * instructions.h -- workload `instructions`: loops for counting instructions
 *
 *     new-decref      a block of 24 bytes taken and given back
 *     incref-decref   a reference taken and given back
 *     nothing         the loop alone, to subtract
 *
 * Prints no figure but how often it went round: bench/instructions runs it twice with
 * different counts below valgrind and takes the difference.
 *
 * The system defines what alloc.h and refs.h (`local`) ask for, and then stamps
 * INSTRUCTIONS_DEFINE with its family of blocks.
 */
#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include "../support/program.h"

enum { INSTRUCTIONS_ROUNDS = 100000, INSTRUCTIONS_SIZE = 24 };

#define INSTRUCTIONS_DEFINE(F)                                                                     \
    static __attribute__((noinline)) void instructions_new(long count)                             \
    {                                                                                              \
        block_source source = block_source_get();                                                  \
        void *kept = block_new(source, F, INSTRUCTIONS_SIZE);                                      \
        for (long i = 0; i < count; i++) {                                                         \
            void *block = block_new(source, F, INSTRUCTIONS_SIZE);                                 \
            BENCH_ESCAPE(block);                                                                   \
            block_free(source, F, block, INSTRUCTIONS_SIZE);                                       \
        }                                                                                          \
        block_free(source, F, kept, INSTRUCTIONS_SIZE);                                            \
    }                                                                                              \
                                                                                                   \
    static __attribute__((noinline)) void instructions_incref(long count)                          \
    {                                                                                              \
        local_ref object = local_new();                                                            \
        for (long i = 0; i < count; i++) {                                                         \
            local_take(object);                                                                    \
            BENCH_ESCAPE(object);                                                                  \
            local_release(object);                                                                 \
        }                                                                                          \
        BENCH_VERIFY(local_count(object) == 1);                                                    \
        local_release(object);                                                                     \
    }                                                                                              \
                                                                                                   \
    static __attribute__((noinline)) void instructions_nothing(long count)                         \
    {                                                                                              \
        void *object = &count;                                                                     \
        for (long i = 0; i < count; i++)                                                           \
            BENCH_ESCAPE(object);                                                                  \
    }                                                                                              \
                                                                                                   \
    static int instructions_run(const bench_job *job)                                              \
    {                                                                                              \
        long count = bench_amount(job, INSTRUCTIONS_ROUNDS, 1);                                    \
        if (strcmp(job->case_name, "new-decref") == 0)                                             \
            instructions_new(count);                                                               \
        else if (strcmp(job->case_name, "incref-decref") == 0)                                     \
            instructions_incref(count);                                                            \
        else if (strcmp(job->case_name, "nothing") == 0)                                           \
            instructions_nothing(count);                                                           \
        else                                                                                       \
            return BENCH_UNSUPPORTED;                                                              \
        bench_report(job->case_name, "rounds", (double)count);                                     \
        return 0;                                                                                  \
    }

#endif
