/* SPDX-License-Identifier: MIT */
/*
 * c_by_hand_large.h -- large graphs, chains, payloads and tables, freed by hand as
 *                      their shape says
 */
#ifndef BENCH_C_BY_HAND_LARGE_H
#define BENCH_C_BY_HAND_LARGE_H

/* A first node whose `b` leads elsewhere is still found: each ring is walked along `a`. */
#define LIVE_RINGS_INTO
#define bench_explain NULL

static void graph_close(node ***g, size_t count)
{
    for (size_t i = 0; i < count; i++) release((*g)[i], sizeof(node));
    release(*g, count * sizeof(node *));
    *g = NULL;
}

/* There is no collector, so there is none to be asked. */
static size_t graph_collect(void)
{
    return 0;
}

static void chain_drop(chain_link **c)
{
    for (chain_link *link = *c; link;) {
        chain_link *next = link->next;
        release(link, sizeof *link);
        link = next;
    }
    *c = NULL;
}

static inline void bench_threshold(size_t young, size_t passes)
{
    (void)young, (void)passes;
}

typedef struct island_block {
    struct island_block *self;
    void *payload;
} island_block;
typedef island_block *island;

static island_block *island_new(size_t bytes)
{
    island_block *i = allocate(sizeof *i);
    *i = (island_block){i, allocate(bytes)};
    return i;
}

static void *island_payload(island_block *i)
{
    return i->payload;
}

static void island_drop(island_block **i, size_t bytes)
{
    release((*i)->payload, bytes);
    release(*i, sizeof **i);
    *i = NULL;
}

enum { QUEUE_BYTES = 10000 };

typedef struct cell_block {
    struct cell_block *self;
    char payload[QUEUE_BYTES];
} cell_block;
typedef cell_block *cell;

static cell_block *cell_new(void)
{
    cell_block *c = allocate(sizeof *c);
    c->self = c;
    return c;
}

static void *cell_payload(cell_block *c)
{
    return c->payload;
}

static void cell_drop(cell_block **c)
{
    release(*c, sizeof **c);
    *c = NULL;
}

static inline void *allocate_zeroed(size_t size)
{
    void *block = allocate(size);
    return memset(block, 0, size);
}

static inline void *allocate_bytes(size_t size)
{
    return allocate(size);
}

static inline void give_back(void *block, size_t size)
{
    release(block, size);
}

#include "../support/plain_packages.h"
#include "../support/plain_table.h"

static void packages_drop(package_list **p)
{
    packages_give_back(*p);
    give_back(*p, sizeof **p + (*p)->count * sizeof(package *));
    *p = NULL;
}

#define SHUTDOWN
#include "../workloads/chains.h"
#include "../workloads/live_rings.h"
#include "../workloads/many.h"
#include "../workloads/payload.h"
#include "../workloads/real.h"
#include "../workloads/table.h"

#endif
