/* SPDX-License-Identifier: MIT */
/*
 * ouro_nodes.h -- nodes of two references, and what is made of them, in ouro
 */
#ifndef BENCH_OURO_NODES_H
#define BENCH_OURO_NODES_H

#include "ouro_heap.h"

typedef struct node {
    struct node *a, *b;
} node;

static ouro_type node_type;
static const ouro_field node_fields[] = {
    OURO_REF(node, a, &node_type),
    OURO_REF(node, b, &node_type),
    OURO_END,
};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

/* Owns what it is given. */
static inline node *node_new(node *a, node *b)
{
    node *n = ouro_new(heap, node);
    ouro_put(n, a, a);
    ouro_put(n, b, b);
    return n;
}

#define BENCH_BUILDER static
#include "../support/nodes.h"

static void node_drop(node **slot)
{
    ouro_decref(*slot);
    *slot = NULL;
}

static void tree_drop(node **t)
{
    node_drop(t);
}

static int list_drop(node **l)
{
    node_drop(l);
    return 0;
}

static node *ring_build(int count)
{
    node *first = ouro_new(heap, node), *last = first;
    for (int i = 1; i < count; i++) {
        node *n = ouro_new(heap, node);
        ouro_set(n, b, last);
        ouro_put(last, a, n);
        last = n;
    }
    ouro_set(last, a, first);
    ouro_set(first, b, last);
    return first;
}

static void ring_drop(node **r)
{
    node_drop(r);
}

/* ---- a graph that one vector holds ------------------------------------------------ */

typedef struct holder {
    ouro_vector nodes;
} holder;

static const ouro_field holder_fields[] = {OURO_VECTOR(holder, nodes, &node_type), OURO_END};
static ouro_type holder_type = OURO_TYPE(holder, .fields = holder_fields);

typedef holder *graph;

static holder *graph_new(size_t count)
{
    holder *g = ouro_new(heap, holder);
    for (size_t i = 0; i < count; i++) {
        node *n = ouro_new(heap, node);
        BENCH_VERIFY(ouro_vector_append(g, &g->nodes, n) == OURO_OK);
        ouro_decref(n);
    }
    return g;
}

static inline node *graph_node(holder *g, size_t i)
{
    return g->nodes.items[i];
}

static void graph_link(holder *g, size_t i, size_t j, size_t k)
{
    node *n = graph_node(g, i);
    ouro_set(n, a, graph_node(g, j));
    ouro_set(n, b, graph_node(g, k));
}

static int graph_linked(holder *g, size_t i, size_t j, size_t k)
{
    node *n = graph_node(g, i);
    return n->a == graph_node(g, j) && n->b == graph_node(g, k);
}

static void graph_relink(holder *g, size_t i, unsigned which, size_t j)
{
    node *n = graph_node(g, i);
    if (which == 0)
        ouro_set(n, a, graph_node(g, j));
    else
        ouro_set(n, b, graph_node(g, j));
}

static void graph_replace(holder *g, size_t i, size_t j, size_t k)
{
    node *n = ouro_new(heap, node);
    ouro_set(n, a, graph_node(g, j));
    ouro_set(n, b, graph_node(g, k));
    BENCH_VERIFY(ouro_vector_set(g, &g->nodes, i, n) == OURO_OK);
    ouro_decref(n);
}

static inline void ring_into(node *r, holder *g, size_t i)
{
    ouro_set(r, b, graph_node(g, i));
}

static size_t graph_collect(void)
{
    return ouro_collect(heap, 2);
}

/* The heap is closed with everything in it; only the graph is held from outside. */
static void graph_close(holder **g, size_t count)
{
    ouro_close_report report;
    ouro_status status = ouro_heap_close(heap, NULL, &report);
    BENCH_VERIFY(status == OURO_OK && report.alive == count + 1 && report.held_from_outside == 1);
    *g = NULL;
    heap = NULL;
}

/* For full_walk.h: the word stands in front of the object. */
#define FULL_NODE_BYTES (sizeof(node) + sizeof(uint64_t))

static inline uint64_t full_word(const void *n)
{
    return ((const uint64_t *)n)[-1];
}

static inline const void *full_target(const void *n, int which)
{
    return which == 0 ? ((const node *)n)->a : ((const node *)n)->b;
}

/* ---- chains ------------------------------------------------------------------------ */

typedef struct chain_link {
    struct chain_link *next, *previous, *surprise;
} chain_link;

static ouro_type chain_link_type;
static const ouro_field chain_link_fields[] = {
    OURO_REF(chain_link, next, &chain_link_type),
    OURO_REF(chain_link, previous, &chain_link_type),
    OURO_REF(chain_link, surprise, &chain_link_type),
    OURO_END,
};
static ouro_type chain_link_type = OURO_TYPE(chain_link, .fields = chain_link_fields);

typedef chain_link *chain;

static chain_link *chain_build(long count)
{
    chain_link *head = NULL;
    for (long i = 0; i < count; i++) {
        chain_link *made = ouro_new(heap, chain_link);
        if (head) ouro_set(head, previous, made);
        ouro_put(made, next, head);
        head = made;
    }
    return head;
}

static void chain_surprise(chain_link *c, chain_link *other)
{
    ouro_set(c, surprise, other);
}

static long chain_count(const chain_link *c)
{
    long count = 0;
    for (; c; c = c->next) count++;
    return count;
}

static void chain_drop(chain_link **c)
{
    ouro_decref(*c);
    *c = NULL;
}

#endif
