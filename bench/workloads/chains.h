/* SPDX-License-Identifier: MIT */
/*
 * chains.h -- workloads `shannon` and `fast-cycles`: chains of nodes linked both
 *             ways, which refer to a chain that lives
 *
 *     shannon       a chain of 10,000 nodes lives; chains of 5,000 nodes whose
 *                   first one refers to it are made and dropped, 20 million nodes in all.
 *                   A collector that is paced by what it has seen lets such garbage grow.
 *     fast-cycles   a chain of 1,000 nodes lives; 20,000 chains of 21 nodes refer to
 *                   it, each kept until twenty are, with thresholds of 200 and 10
 *
 * What lives is the long chain and as many short ones as are kept at a time.
 *
 * The system defines, before it includes this file:
 *
 *     chain                    a variable that holds a chain
 *     chain_build(count)       nodes with references to the next, the one before and a surprise
 *     chain_surprise(c, other) the first node's surprise is the first node of the other chain
 *     chain_count(c)           its nodes, by visiting them
 *     chain_drop(&c)           drops it
 *     bench_threshold(young, passes)   sets the thresholds of generations, where there are some
 */
#ifndef BENCH_CHAINS_H
#define BENCH_CHAINS_H

#include "../support/clock.h"
#include "../support/growth.h"
#include "../support/program.h"

enum {
    SHANNON_LIVE = 10000,
    SHANNON_CHAIN = 5001,
    SHANNON_NODES = 20000000,
    FAST_CYCLES_LIVE = 1001,
    FAST_CYCLES_CHAIN = 21,
    FAST_CYCLES_CHAINS = 20000,
    CHAINS_KEPT_MAX = 20
};

typedef struct chains {
    chain head;                  /* lives */
    chain kept[CHAINS_KEPT_MAX]; /* until there are `keep` of them */
    int keep;
    long length; /* of the chains that come and go */
} chains;

/* Static, so that a collector that looks for roots finds it. */
static chains chains_now;

static inline chain chains_one(const chains *c)
{
    chain made = chain_build(c->length);
    chain_surprise(made, c->head);
    return made;
}

static inline void chains_clear(chains *c, int kept)
{
    for (int i = 0; i < kept; i++) chain_drop(&c->kept[i]);
}

/* Makes `amount` chains.  Nothing is kept at the beginning, nor at the end. */
static inline void chains_work(chains *c, long amount, growth *g)
{
    int kept = 0;
    for (long i = 0; i < amount; i++) {
        c->kept[kept++] = chains_one(c);
        BENCH_ESCAPE(c);
        if (kept == c->keep) {
            chains_clear(c, kept);
            kept = 0;
        }
        bench_poll();
        growth_look(g, i);
    }
    chains_clear(c, kept);
}

static inline void chains_measure(long live, int keep, long length, long amount)
{
    static growth g;
    chains *c = &chains_now;
    c->keep = keep;
    c->length = length;
    c->head = chain_build(live);
    for (int i = 0; i < keep; i++) {
        c->kept[i] = chains_one(c);
        BENCH_VERIFY(chain_count(c->kept[i]) == length);
    }
    growth_begin(&g, "main", amount);
    chains_clear(c, keep);

    uint64_t start = cpu_ns();
    chains_work(c, amount, &g);
    double spent = (double)(cpu_ns() - start);
    bench_report("main", "ns_per_object", spent / ((double)amount * (double)length));
    growth_report(&g);
    BENCH_VERIFY(chain_count(c->head) == live);
    chain_drop(&c->head);
}

static inline int shannon_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    long nodes = bench_amount(job, SHANNON_NODES, 100000);
    chains_measure(SHANNON_LIVE, 1, SHANNON_CHAIN, nodes / SHANNON_CHAIN);
    return 0;
}

static inline int fast_cycles_run(const bench_job *job)
{
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    bench_threshold(200, 10);
    chains_measure(FAST_CYCLES_LIVE, CHAINS_KEPT_MAX, FAST_CYCLES_CHAIN,
                   bench_amount(job, FAST_CYCLES_CHAINS, 1000));
    return 0;
}

#endif
