/* SPDX-License-Identifier: MIT */
/*
 * boehm.c -- system boehm: the conservative collector of Boehm, Demers and Weiser
 *
 * Dropping is forgetting; where a workload times a drop, a full collection
 * follows.
 */
#include <gc/gc.h>

#include "../support/program.h"

typedef struct node {
    struct node *a, *b;
} node;

typedef node *tree, *list, *ring;

static inline void bench_poll(void)
{
}

/* Overwrites what calls have left on the stack, which the collector would take for references. */
static __attribute__((noinline)) void clear_stack(void)
{
    char old[8192];
    memset(old, 0, sizeof old);
    BENCH_ESCAPE(old);
}

static void bench_settle(void)
{
    clear_stack();
    GC_gcollect();
}

static inline node *node_new(node *a, node *b)
{
    node *n = GC_MALLOC(sizeof *n);
    n->a = a;
    n->b = b;
    return n;
}

static __attribute__((noinline)) node *tree_build(long levels)
{
    if (levels <= 1) return node_new(NULL, NULL);
    node *a = tree_build(levels - 1);
    return node_new(a, tree_build(levels - 1));
}

static long tree_count(const node *n)
{
    return n->a ? 1 + tree_count(n->a) + tree_count(n->b) : 1;
}

static void tree_drop(node **t)
{
    *t = NULL;
}

static __attribute__((noinline)) node *list_build(long count)
{
    node *head = NULL;
    for (long i = 0; i < count; i++) head = node_new(head, NULL);
    return head;
}

static long list_count(const node *n)
{
    long count = 0;
    for (; n; n = n->a) count++;
    return count;
}

static int list_drop(node **l)
{
    *l = NULL;
    return 0;
}

static __attribute__((noinline)) node *ring_build(int count)
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

static void ring_drop(node **r)
{
    *r = NULL;
}

#include "../workloads/list.h"
#include "../workloads/rings.h"
#include "../workloads/tree.h"
#include "../workloads/trees.h"

/* ---- full ---------------------------------------------------------------------- */

typedef node **graph;

static node **graph_new(size_t count)
{
    node **g = GC_MALLOC(count * sizeof *g);
    for (size_t i = 0; i < count; i++) g[i] = node_new(NULL, NULL);
    return g;
}

static void graph_link(node **g, size_t i, size_t j, size_t k)
{
    g[i]->a = g[j];
    g[i]->b = g[k];
}

static int graph_linked(node **g, size_t i, size_t j, size_t k)
{
    return g[i]->a == g[j] && g[i]->b == g[k];
}

static size_t graph_collect(void)
{
    GC_gcollect();
    return 0;
}

#include "../workloads/full.h"

int main(int argc, char **argv)
{
    static const bench_workload workloads[] = {
        {"trees", trees_run}, {"tree", tree_run}, {"list", list_run},
        {"rings", rings_run}, {"full", full_run}, {NULL, NULL},
    };
    char version[32];
    unsigned number = GC_get_version();
    snprintf(version, sizeof version, "%u.%u.%u", number >> 16, number >> 8 & 255, number & 255);
    GC_INIT();
    return bench_main(argc, argv, workloads, version);
}
