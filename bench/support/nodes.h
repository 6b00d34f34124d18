/* SPDX-License-Identifier: MIT */
/*
 * nodes.h -- trees, lists and rings of nodes that have two references
 *
 * What is the same in every system that is called from C.  The system defines,
 * before it includes this file:
 *
 *     node               a struct with the references `a` and `b`
 *     node_new(a, b)     owns what it is given
 *     BENCH_BUILDER      what stands before a function that builds: `static`, and what else a
 *                        system needs there
 */
#ifndef BENCH_NODES_H
#define BENCH_NODES_H

#include "program.h"

typedef node *tree, *list, *ring;

BENCH_BUILDER node *tree_build(long levels)
{
    if (levels <= 1) return node_new(NULL, NULL);
    node *a = tree_build(levels - 1);
    return node_new(a, tree_build(levels - 1));
}

static long tree_count(const node *n)
{
    return n->a ? 1 + tree_count(n->a) + tree_count(n->b) : 1;
}

BENCH_BUILDER node *list_build(long count)
{
    node *head = NULL;
    for (long i = 0; i < count; i++) {
        head = node_new(head, NULL);
        if (i % 1024 == 0) bench_poll();
    }
    return head;
}

static long list_count(const node *n)
{
    long count = 0;
    for (; n; n = n->a) count++;
    return count;
}

static int ring_count(const node *first)
{
    int count = 0;
    const node *n = first;
    do {
        if (n->a->b != n) return -1;
        n = n->a;
        count++;
    } while (n != first);
    return count;
}

#endif
