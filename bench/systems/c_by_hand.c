/* SPDX-License-Identifier: MIT */
/*
 * c_by_hand.c -- systems c-glibc, c-mimalloc, c-jemalloc, c-tcmalloc, c-plain:
 *                C that frees by hand what it allocated
 *
 * The author of such a program knows the shape of each structure and frees it
 * without a count and without looking for anything.  Only `refs` counts: a
 * plain int, taken up and down with a test for zero.
 */
#include "../support/program.h"
#include "allocators.h"

static inline void bench_poll(void)
{
}

static inline void bench_settle(void)
{
}

/* ---- alloc ----------------------------------------------------------------- */

enum { OBJECT };
typedef char block_source; /* the allocator is global */

ALLOCATOR_INLINE block_source block_source_get(void)
{
    return 0;
}

ALLOCATOR_INLINE void *block_new(block_source source, int family, size_t size)
{
    (void)source, (void)family;
    return allocate(size);
}

ALLOCATOR_INLINE void block_free(block_source source, int family, void *block, size_t size)
{
    (void)source, (void)family;
    release(block, size);
}

/* A count and a tag, as an object's first two words. */
ALLOCATOR_INLINE void block_write(int family, void *block, uint64_t tag)
{
    (void)family;
    ((uint64_t *)block)[0] = 1;
    ((uint64_t *)block)[1] = tag;
}

ALLOCATOR_INLINE uint64_t block_tag(int family, void *block)
{
    (void)family;
    return ((uint64_t *)block)[1];
}

#include "../workloads/alloc.h"

ALLOC_DEFINE_ALL(OBJECT)
static const alloc_loops alloc_table[] = {ALLOC_TABLE("", OBJECT){0}};

static int run_alloc(const bench_job *job)
{
#if defined(ALLOCATOR_PLAIN)
    return alloc_run(alloc_table, job, 0);
#else
    return alloc_run(alloc_table, job, 1);
#endif
}

/* ---- refs -------------------------------------------------------------------- */

/* 24 bytes, as an object of two references with a count in front. */
typedef struct counted {
    int count;
    void *references[2];
} counted;

typedef counted *local_ref, *shared_ref;

enum { COUNTED_AT_ONCE = 1000000 };

/* Counted objects lie side by side, so that the plain counter is the floor for memory too. */
static counted *counted_new(void)
{
    static counted *next, *end;
    if (next == end) {
        next = malloc(COUNTED_AT_ONCE * sizeof *next);
        BENCH_VERIFY(next != NULL);
        end = next + COUNTED_AT_ONCE;
    }
    next->count = 1;
    return next++;
}

static __attribute__((noinline)) void counted_die(counted *object)
{
    BENCH_ESCAPE(object);
}

static counted *local_new(void)
{
    return counted_new();
}

ALLOCATOR_INLINE void local_take(counted *object)
{
    object->count++;
}

ALLOCATOR_INLINE void local_release(counted *object)
{
    if (--object->count == 0) counted_die(object);
}

static int local_count(counted *object)
{
    return object->count;
}

static counted *shared_new(void)
{
    return counted_new();
}

ALLOCATOR_INLINE void shared_take(counted *object)
{
    __atomic_fetch_add(&object->count, 1, __ATOMIC_RELAXED);
}

ALLOCATOR_INLINE void shared_release(counted *object)
{
    if (__atomic_fetch_sub(&object->count, 1, __ATOMIC_ACQ_REL) == 1) counted_die(object);
}

static int shared_count(counted *object)
{
    return object->count;
}

#include "../workloads/refs.h"

REFS_DEFINE(local)
REFS_DEFINE(shared)

#include "../workloads/instructions.h"

INSTRUCTIONS_DEFINE(OBJECT)

static int run_refs(const bench_job *job)
{
    int local = refs_run_kind(job, "local", local_refs);
    int shared = refs_run_kind(job, "shared", shared_refs);
    return local < shared ? local : shared;
}

/* ---- nodes of two references ------------------------------------------------------ */

#define BENCH_BUILDER static __attribute__((unused))
#include "../support/plain_nodes.h"

static void node_drop(node *n)
{
    if (n->a) {
        node_drop(n->a);
        node_drop(n->b);
    }
    release(n, sizeof *n);
}

static void tree_drop(node **t)
{
    node_drop(*t);
    *t = NULL;
}

static int list_drop(node **l)
{
    for (node *n = *l; n;) {
        node *next = n->a;
        release(n, sizeof *n);
        n = next;
    }
    *l = NULL;
    return 0;
}

static void ring_drop(node **r)
{
    node *first = *r, *n = first;
    do {
        node *next = n->a;
        release(n, sizeof *n);
        n = next;
    } while (n != first);
    *r = NULL;
}

#include "../workloads/list.h"
#include "../workloads/rings.h"
#include "../workloads/tree.h"
#include "../workloads/trees.h"

#if !defined(ALLOCATOR_PLAIN) /* whose lists have no large blocks */
#include "c_by_hand_large.h"
#endif

/* ---- memory -------------------------------------------------------------------- */

static void *node_new_alone(void)
{
    return node_new(NULL, NULL);
}

static void node_release(void *n)
{
    release(n, sizeof(node));
}

static void *object_64_new(void)
{
    void *block = allocate(64);
    return memset(block, 0, 64);
}

static void object_64_release(void *block)
{
    release(block, 64);
}

static int memory_trim(void)
{
    allocator_trim();
    return 1;
}

#include "../workloads/memory.h"

int main(int argc, char **argv)
{
    static const bench_workload workloads[] = {
        {"alloc", run_alloc},
        {"refs", run_refs},
        {"trees", trees_run},
        {"tree", tree_run},
        {"list", list_run},
        {"rings", rings_run},
#if !defined(ALLOCATOR_PLAIN)
        {"live-rings", live_rings_run},
        {"shannon", shannon_run},
        {"fast-cycles", fast_cycles_run},
        {"table", table_run},
        {"bulk", bulk_run},
        {"bytes", bytes_run},
        {"queue", queue_run},
        {"shutdown", shutdown_run},
        {"real", real_run},
#endif
        {"memory", memory_run},
        {"instructions", instructions_run},
        {NULL, NULL},
    };
    return bench_main(argc, argv, workloads, allocator_version());
}
