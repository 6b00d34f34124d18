/* SPDX-License-Identifier: MIT */
/*
 * live_rings.h -- workload `live-rings`: two million rings of ten doubly linked
 *                 nodes, beside five million living nodes in a random graph
 *
 *     empty      the rings alone, each dropped at once: what to compare with
 *     main       the same beside the living graph
 *     old        a window of 100,000 rings is kept: a new ring takes the place of
 *                the oldest, so that all garbage has grown old
 *     into       the first node's `b` of each ring refers into the living graph
 *     rebuild    as main, while 1% of the living graph becomes garbage and is
 *                made anew
 *
 * One sample of the pauses is one ring made and dropped, or one change of the
 * graph.  `extra_bytes` is the peak above the graph and its window.
 *
 * To become garbage, nodes of the graph are made a pair that refer to each other;
 * whoever else referred to the two is pointed elsewhere, and new nodes take
 * their places in the array.  Who refers to whom is kept in tables of the bench.
 * One percent is no reason for a full collection to most collectors, so that half-way
 * through one is made due, by what the program says of its native memory, where that can be said.
 *
 * The system defines, before it includes this file, what rings.h and full.h ask
 * for, and
 *
 *     bench_explain              what a long pause was (see pauses.h), or NULL
 *     ring_into(r, g, i)         reference `b` of the ring's first node is node i of the graph
 *     graph_relink(g, i, which, j)   reference `a` (0) or `b` (1) of node i is node j now
 *     graph_replace(g, i, j, k)  a new node with references to nodes j and k takes place i
 *     bench_full_due()           a full collection is due from now on, but does not run here
 *
 * of which ring_into only for LIVE_RINGS_INTO, the last three for LIVE_RINGS_REBUILD.
 * LIVE_RINGS_FULL() is, where there is such a figure, the number of full collections begun.
 */
#ifndef BENCH_LIVE_RINGS_H
#define BENCH_LIVE_RINGS_H

#include "../support/growth.h"
#include "../support/links.h"
#include "../support/pauses.h"
#include "full.h"
#include "rings.h"

enum {
    LIVE_RINGS_NODES = 5000000,
    LIVE_RINGS_RINGS = 2000000,
    LIVE_RINGS_WINDOW = 100000,
    LIVE_RINGS_REBUILT_ONE_IN = 100,
};

/* Where the kept rings are; static, so that a collector that looks for roots finds it. */
static ring live_rings_window[LIVE_RINGS_WINDOW];

typedef struct live_rings {
    const char *case_name;
    long rings;
    uint32_t nodes; /* in the graph; 0: there is none */
    uint32_t window;
    graph living;
    links record; /* who refers to whom in the graph */
    growth memory;
    pauses times;
    long full_before; /* full collections before the work */
} live_rings;

static live_rings live_rings_now;

#ifndef LIVE_RINGS_FULL
#define LIVE_RINGS_FULL() (-1L) /* not known */
#endif

/* Everything that is not a ring of this moment, and the readings to compare with. */
static inline void live_rings_begin(live_rings *l, int is_indexed)
{
    if (l->nodes > 0) {
        links_open(&l->record, l->nodes);
        if (is_indexed) links_index(&l->record);
        l->living = graph_new(l->nodes);
        for (uint32_t i = 0; i < l->nodes; i++)
            graph_link(l->living, i, links_target(&l->record, i, 0),
                       links_target(&l->record, i, 1));
    }
    for (uint32_t i = 0; i < l->window; i++) live_rings_window[i] = ring_build(RING_NODES);
    l->full_before = LIVE_RINGS_FULL();
    growth_begin(&l->memory, l->case_name, l->rings);
    pauses_open(&l->times, bench_explain);
}

static inline void live_rings_look(live_rings *l, long done)
{
    if (growth_look(&l->memory, done)) pauses_begin(&l->times);
}

static inline void live_rings_report(live_rings *l, uint64_t spent)
{
    bench_report(l->case_name, "ns_per_object", (double)spent / ((double)l->rings * RING_NODES));
    bench_report(l->case_name, "seconds", (double)spent / 1e9);
    growth_report(&l->memory);
    pauses_report(&l->times, l->case_name);
    if (l->full_before >= 0)
        bench_report(l->case_name, "full_collections",
                     (double)(LIVE_RINGS_FULL() - l->full_before));
}

/* The graph is what it should be, and the window holds whole rings. */
static inline void live_rings_verify(live_rings *l)
{
    for (uint32_t i = 0; i < l->nodes; i++)
        BENCH_VERIFY(graph_linked(l->living, i, links_target(&l->record, i, 0),
                                  links_target(&l->record, i, 1)));
    for (uint32_t i = 0; i < l->window; i++)
        BENCH_VERIFY(ring_count(live_rings_window[i]) == RING_NODES);
    BENCH_VERIFY(l->times.count >= (uint64_t)l->rings);
}

/* `main` and `empty`. */
static inline void live_rings_at_once(live_rings *l)
{
    for (long i = 0; i < l->rings; i++) {
        ring r = ring_build(RING_NODES);
        BENCH_ESCAPE(&r);
        ring_drop(&r);
        bench_poll();
        pauses_end(&l->times);
        live_rings_look(l, i);
    }
}

static inline void live_rings_old(live_rings *l)
{
    uint32_t oldest = 0;
    for (long i = 0; i < l->rings; i++) {
        ring r = ring_build(RING_NODES);
        BENCH_ESCAPE(&r);
        ring_drop(&live_rings_window[oldest]);
        live_rings_window[oldest] = r;
        if (++oldest == l->window) oldest = 0;
        bench_poll();
        pauses_end(&l->times);
        live_rings_look(l, i);
    }
}

#ifdef LIVE_RINGS_INTO
static inline void live_rings_into(live_rings *l)
{
    for (long i = 0; i < l->rings; i++) {
        ring r = ring_build(RING_NODES);
        ring_into(r, l->living, (size_t)i % l->nodes);
        BENCH_ESCAPE(&r);
        ring_drop(&r);
        bench_poll();
        pauses_end(&l->times);
        live_rings_look(l, i);
    }
}
#endif

#ifdef LIVE_RINGS_REBUILD
/* A node at random, neither i nor j. */
static inline uint32_t live_rings_other(live_rings *l, random_state *state, uint32_t i, uint32_t j)
{
    uint32_t other;
    do other = random_below(state, l->nodes);
    while (other == i || other == j);
    return other;
}

static inline void live_rings_relink(live_rings *l, uint32_t i, uint32_t which, uint32_t j)
{
    links_point(&l->record, i, which, j);
    pauses_begin(&l->times);
    graph_relink(l->living, i, which, j);
    pauses_end(&l->times);
}

/* Whoever refers to node i, but i itself and j, refers to another node from now on. */
static inline void live_rings_abandon(live_rings *l, random_state *state, uint32_t i, uint32_t j)
{
    uint32_t link = l->record.first[i];
    while (link != LINKS_NONE) {
        uint32_t next = l->record.next[link], from = link / 2;
        if (from != i && from != j)
            live_rings_relink(l, from, link % 2, live_rings_other(l, state, i, j));
        link = next;
    }
}

static inline void live_rings_renew(live_rings *l, random_state *state, uint32_t i, uint32_t j)
{
    uint32_t a = live_rings_other(l, state, i, j), b = live_rings_other(l, state, i, j);
    links_point(&l->record, i, 0, a);
    links_point(&l->record, i, 1, b);
    pauses_begin(&l->times);
    graph_replace(l->living, i, a, b);
    pauses_end(&l->times);
}

/* Nodes i and j become a garbage pair; new ones take their places. */
static inline void live_rings_rebuild_pair(live_rings *l, random_state *state)
{
    uint32_t i = random_below(state, l->nodes), j = live_rings_other(l, state, i, i);
    live_rings_abandon(l, state, i, j);
    live_rings_abandon(l, state, j, i);
    live_rings_relink(l, i, 0, j);
    live_rings_relink(l, j, 0, i);
    live_rings_renew(l, state, i, j);
    live_rings_renew(l, state, j, i);
}

static inline void live_rings_rebuild(live_rings *l)
{
    random_state state = RANDOM_SEED + 1;
    long pairs = l->nodes / LIVE_RINGS_REBUILT_ONE_IN / 2;
    long every = l->rings / (pairs > 0 ? pairs : 1);
    for (long i = 0; i < l->rings; i++) {
        if (i % every == 0) {
            live_rings_rebuild_pair(l, &state);
            pauses_begin(&l->times);
        }
        if (i == l->rings / 2) {
            bench_full_due();
            pauses_begin(&l->times);
        }
        ring r = ring_build(RING_NODES);
        BENCH_ESCAPE(&r);
        ring_drop(&r);
        bench_poll();
        pauses_end(&l->times);
        live_rings_look(l, i);
    }
}
#endif

typedef struct live_rings_case {
    const char *name;
    int has_graph, has_window, is_indexed;
    void (*work)(live_rings *l);
} live_rings_case;

static const live_rings_case live_rings_cases[] = {
    {"empty", 0, 0, 0, live_rings_at_once},   {"main", 1, 0, 0, live_rings_at_once},
    {"old", 1, 1, 0, live_rings_old},
#ifdef LIVE_RINGS_INTO
    {"into", 1, 0, 0, live_rings_into},
#endif
#ifdef LIVE_RINGS_REBUILD
    {"rebuild", 1, 0, 1, live_rings_rebuild},
#endif
};

static inline void live_rings_run_case(const live_rings_case *which, const bench_job *job)
{
    live_rings *l = &live_rings_now;
    l->case_name = which->name;
    l->rings = bench_amount(job, LIVE_RINGS_RINGS, 2000);
    l->nodes = which->has_graph ? (uint32_t)bench_amount(job, LIVE_RINGS_NODES, 5000) : 0;
    l->window = which->has_window ? (uint32_t)bench_amount(job, LIVE_RINGS_WINDOW, 100) : 0;
    live_rings_begin(l, which->is_indexed);
    uint64_t start = cpu_ns();
    which->work(l);
    uint64_t spent = cpu_ns() - start;
    live_rings_report(l, spent);
    live_rings_verify(l);
}

/* One case a process: a living graph is not taken apart for the next one. */
static inline int live_rings_run(const bench_job *job)
{
    for (size_t i = 0; i < sizeof live_rings_cases / sizeof *live_rings_cases; i++) {
        if (strcmp(job->case_name, live_rings_cases[i].name) != 0) continue;
        live_rings_run_case(&live_rings_cases[i], job);
        return 0;
    }
    return BENCH_UNSUPPORTED;
}

#endif
