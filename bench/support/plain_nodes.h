/* SPDX-License-Identifier: MIT */
/*
 * plain_nodes.h -- structures of nodes that are not counted: C by hand, Boehm
 *
 * A reference is a pointer and storing one is an assignment.  The system
 * defines, before it includes this file:
 *
 *     allocate(size)                memory; zeroed or not
 *     bench_poll(), BENCH_BUILDER   as nodes.h says
 */
#ifndef BENCH_PLAIN_NODES_H
#define BENCH_PLAIN_NODES_H

#include <stddef.h>

typedef struct node {
    struct node *a, *b;
} node;

static inline node *node_new(node *a, node *b)
{
    node *n = (node *)allocate(sizeof *n);
    n->a = a;
    n->b = b;
    return n;
}

#include "nodes.h"

BENCH_BUILDER node *ring_build(int count)
{
    node *first = node_new(NULL, NULL), *last = first;
    for (int i = 1; i < count; i++) {
        node *n = node_new(NULL, last);
        last->a = n;
        last = n;
    }
    last->a = first;
    first->b = last;
    return first;
}

/* ---- a graph that one array holds ------------------------------------------------ */

typedef node **graph;

BENCH_BUILDER node **graph_new(size_t count)
{
    node **g = (node **)allocate(count * sizeof *g);
    for (size_t i = 0; i < count; i++) g[i] = node_new(NULL, NULL);
    return g;
}

static inline void graph_link(node **g, size_t i, size_t j, size_t k)
{
    g[i]->a = g[j];
    g[i]->b = g[k];
}

static inline int graph_linked(node **g, size_t i, size_t j, size_t k)
{
    return g[i]->a == g[j] && g[i]->b == g[k];
}

static inline void ring_into(node *r, node **g, size_t i)
{
    r->b = g[i];
}

/* ---- chains: linked both ways, and the first one may refer to another chain ------------ */

typedef struct chain_link {
    struct chain_link *next, *previous, *surprise;
} chain_link;

typedef chain_link *chain;

BENCH_BUILDER chain_link *chain_build(long count)
{
    chain_link *head = NULL;
    for (long i = 0; i < count; i++) {
        chain_link *made = (chain_link *)allocate(sizeof *made);
        *made = (chain_link){head, NULL, NULL};
        if (head) head->previous = made;
        head = made;
    }
    return head;
}

static inline void chain_surprise(chain_link *c, chain_link *other)
{
    c->surprise = other;
}

static inline long chain_count(const chain_link *c)
{
    long count = 0;
    for (; c; c = c->next) count++;
    return count;
}

#endif
