/* SPDX-License-Identifier: MIT */
/*
 * ouro.c -- system ouro: this library, with its defaults
 *
 * Nodes are of a type that can be part of cycles, in every workload: the
 * collector is on and looks at them, also where none is garbage.  Objects of
 * `alloc` have no references; their sizes include the object word.
 */
#include <ouro/ouro.h>

#include "../support/program.h"

static ouro_heap *heap;

static void heap_open(void)
{
    heap = ouro_heap_new(NULL, NULL);
    BENCH_VERIFY(heap != NULL);
}

static inline void bench_poll(void)
{
}

static inline void bench_settle(void)
{
}

/* ---- types ----------------------------------------------------------------- */

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

typedef struct holder {
    ouro_vector nodes;
} holder;

static const ouro_field holder_fields[] = {OURO_VECTOR(holder, nodes, &node_type), OURO_END};
static ouro_type holder_type = OURO_TYPE(holder, .fields = holder_fields);

/* An object whose block has BYTES bytes. */
#define OBJECT_OF(BYTES)                                                                           \
    typedef struct object_##BYTES {                                                                \
        uint64_t payload[(BYTES) / 8 - 1];                                                         \
    } object_##BYTES;                                                                              \
    static ouro_type object_##BYTES##_type = OURO_TYPE(object_##BYTES);

OBJECT_OF(16)
OBJECT_OF(24)
OBJECT_OF(32)
OBJECT_OF(48)
OBJECT_OF(64)
OBJECT_OF(128)
OBJECT_OF(512)

/* ---- alloc ----------------------------------------------------------------- */

enum { OBJECT, RAW };
typedef ouro_heap *block_source;

#define BENCH_INLINE static inline __attribute__((always_inline))

BENCH_INLINE block_source block_source_get(void)
{
    return heap;
}

BENCH_INLINE void *object_new(ouro_heap *source, size_t size)
{
    switch (size) {
    case 16: return ouro_new(source, object_16);
    case 24: return ouro_new(source, object_24);
    case 32: return ouro_new(source, object_32);
    case 48: return ouro_new(source, object_48);
    case 64: return ouro_new(source, object_64);
    case 128: return ouro_new(source, object_128);
    default: return ouro_new(source, object_512);
    }
}

BENCH_INLINE void *block_new(block_source source, int family, size_t size)
{
    return family == RAW ? ouro_mem_alloc(source, size) : object_new(source, size);
}

BENCH_INLINE void block_free(block_source source, int family, void *block, size_t size)
{
    if (family == RAW)
        ouro_mem_free_sized(source, block, size);
    else
        ouro_decref(block);
}

/* The library has written an object's count, so only the tag is left to write. */
BENCH_INLINE void block_write(int family, void *block, uint64_t tag)
{
    uint64_t *words = block;
    if (family == RAW) {
        words[0] = 1;
        words[1] = tag;
    } else {
        words[0] = tag;
    }
}

BENCH_INLINE uint64_t block_tag(int family, void *block)
{
    return ((uint64_t *)block)[family == RAW ? 1 : 0];
}

#include "../workloads/alloc.h"

ALLOC_DEFINE_ALL(OBJECT)
ALLOC_DEFINE_ALL(RAW)
static const alloc_loops alloc_table[] = {
    ALLOC_TABLE("", OBJECT) ALLOC_TABLE("raw-", RAW){0},
};

static int run_alloc(const bench_job *job)
{
    heap_open();
    return alloc_run(alloc_table, job, 0);
}

/* ---- refs -------------------------------------------------------------------- */

typedef node *local_ref;

static node *local_new(void)
{
    return ouro_new(heap, node);
}

BENCH_INLINE void local_take(node *n)
{
    ouro_incref(n);
}

BENCH_INLINE void local_release(node *n)
{
    ouro_decref(n);
}

static int local_count(node *n)
{
    return ouro_refcount(n);
}

#include "../workloads/refs.h"

REFS_DEFINE(local)

static int run_refs(const bench_job *job)
{
    heap_open();
    return refs_run_kind(job, "local", local_refs);
}

#include "../workloads/instructions.h"

INSTRUCTIONS_DEFINE(OBJECT)

static int run_instructions(const bench_job *job)
{
    heap_open();
    return instructions_run(job);
}

/* ---- nodes: trees, tree, list, rings ------------------------------------------- */

typedef node *tree, *list, *ring;

/* Owns what it is given. */
static inline node *node_new(node *a, node *b)
{
    node *n = ouro_new(heap, node);
    ouro_put(n, a, a);
    ouro_put(n, b, b);
    return n;
}

static void node_drop(node **slot)
{
    ouro_decref(*slot);
    *slot = NULL;
}

static node *tree_build(long levels)
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
    node_drop(t);
}

static node *list_build(long count)
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
    node_drop(r);
}

#include "../workloads/list.h"
#include "../workloads/rings.h"
#include "../workloads/tree.h"
#include "../workloads/trees.h"

/* Runs a workload that must leave nothing alive. */
static int run_to_nothing(int (*run)(const bench_job *), const bench_job *job)
{
    ouro_heap_stats stats;
    heap_open();
    int status = run(job);
    ouro_collect(heap, 2);
    ouro_get_heap_stats(heap, &stats);
    BENCH_VERIFY(stats.objects == 0);
    return status;
}

static int run_trees(const bench_job *job)
{
    return run_to_nothing(trees_run, job);
}

static int run_tree(const bench_job *job)
{
    return run_to_nothing(tree_run, job);
}

static int run_list(const bench_job *job)
{
    return run_to_nothing(list_run, job);
}

static int run_rings(const bench_job *job)
{
    return run_to_nothing(rings_run, job);
}

/* ---- full -------------------------------------------------------------------- */

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

static void graph_link(holder *g, size_t i, size_t j, size_t k)
{
    node *n = g->nodes.items[i];
    ouro_set(n, a, g->nodes.items[j]);
    ouro_set(n, b, g->nodes.items[k]);
}

static int graph_linked(holder *g, size_t i, size_t j, size_t k)
{
    node *n = g->nodes.items[i];
    return n->a == g->nodes.items[j] && n->b == g->nodes.items[k];
}

static size_t graph_collect(void)
{
    return ouro_collect(heap, 2);
}

#include "../workloads/full.h"

static int run_full(const bench_job *job)
{
    heap_open();
    return full_run(job);
}

/* ---- memory ---------------------------------------------------------------------- */

static void *node_new_alone(void)
{
    return ouro_new(heap, node);
}

static void node_release(void *n)
{
    ouro_decref(n);
}

static void *object_64_new(void)
{
    return ouro_new(heap, object_64);
}

static void object_64_release(void *object)
{
    ouro_decref(object);
}

static int memory_trim(void)
{
    ouro_trim(heap);
    return 1;
}

#include "../workloads/memory.h"

static int run_memory(const bench_job *job)
{
    heap_open();
    return memory_run(job);
}

int main(int argc, char **argv)
{
    static const bench_workload workloads[] = {
        {"alloc", run_alloc},   {"refs", run_refs},
        {"trees", run_trees},   {"tree", run_tree},
        {"list", run_list},     {"rings", run_rings},
        {"full", run_full},     {"instructions", run_instructions},
        {"memory", run_memory}, {NULL, NULL},
    };
    return bench_main(argc, argv, workloads, ouro_version());
}
