/* SPDX-License-Identifier: MIT */
/*
 * boehm.c -- systems boehm and boehm-incremental: the conservative collector of
 *            Boehm, Demers and Weiser
 *
 * Dropping is forgetting; where a workload times a drop, a full collection
 * follows.  With BOEHM_INCREMENTAL it collects in steps, and learns of stores from
 * the system's protection of pages.
 */
#include <gc/gc.h>

#include "../support/program.h"

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

static inline void *allocate(size_t size)
{
    return GC_MALLOC(size);
}

static inline void *allocate_zeroed(size_t size)
{
    return GC_MALLOC(size);
}

/* Not inlined, so that what they leave on the stack is overwritten by later calls. */
#define BENCH_BUILDER static __attribute__((noinline))
#include "../support/plain_nodes.h"
#include "../support/plain_table.h"

static inline void *allocate_bytes(size_t size)
{
    return GC_MALLOC_ATOMIC(size);
}

static inline void give_back(void *block, size_t size)
{
    (void)block, (void)size;
}

#include "../support/plain_packages.h"

static void packages_drop(package_list **p)
{
    *p = NULL;
    bench_settle();
}

static void tree_drop(node **t)
{
    *t = NULL;
}

static int list_drop(node **l)
{
    *l = NULL;
    return 0;
}

static void ring_drop(node **r)
{
    *r = NULL;
}

#include "../workloads/list.h"
#include "../workloads/rings.h"
#include "../workloads/tree.h"
#include "../workloads/trees.h"

/* ---- full, live-rings -------------------------------------------------------------- */

static size_t graph_collect(void)
{
    GC_gcollect();
    return 0;
}

static void graph_relink(node **g, size_t i, unsigned which, size_t j)
{
    if (which == 0)
        g[i]->a = g[j];
    else
        g[i]->b = g[j];
}

static void graph_replace(node **g, size_t i, size_t j, size_t k)
{
    g[i] = node_new(g[j], g[k]);
}

#define bench_full_due() ((void)0)
#define LIVE_RINGS_INTO
#define LIVE_RINGS_REBUILD
#define bench_explain NULL
#include "../workloads/full.h"
#include "../workloads/live_rings.h"

/* ---- chains, payloads, many ---------------------------------------------------------- */

static void chain_drop(chain_link **c)
{
    *c = NULL;
}

static inline void bench_threshold(size_t young, size_t passes)
{
    (void)young, (void)passes;
}

/* What is foreign to others is this collector's own, and told to hold no references. */
typedef struct island_block {
    struct island_block *self;
    void *payload;
} island_block;
typedef island_block *island;

static island_block *island_new(size_t bytes)
{
    island_block *i = allocate(sizeof *i);
    *i = (island_block){i, GC_MALLOC_ATOMIC(bytes)};
    return i;
}

static void *island_payload(island_block *i)
{
    return i->payload;
}

static void island_drop(island_block **i, size_t bytes)
{
    (void)bytes;
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
    *c = NULL;
}

static void bench_collector_off(void)
{
    GC_disable();
}

#define BULK_OFF
#define TABLE_OFF
#include "../workloads/chains.h"
#include "../workloads/many.h"
#include "../workloads/payload.h"
#include "../workloads/real.h"
#include "../workloads/table.h"

int main(int argc, char **argv)
{
    static const bench_workload workloads[] = {
        {"trees", trees_run},
        {"tree", tree_run},
        {"list", list_run},
        {"rings", rings_run},
        {"live-rings", live_rings_run},
        {"full", full_run},
        {"shannon", shannon_run},
        {"fast-cycles", fast_cycles_run},
        {"table", table_run},
        {"bulk", bulk_run},
        {"bytes", bytes_run},
        {"queue", queue_run},
        {"real", real_run},
        {NULL, NULL},
    };
    char version[32];
    unsigned number = GC_get_version();
    snprintf(version, sizeof version, "%u.%u.%u", number >> 16, number >> 8 & 255, number & 255);
    GC_INIT();
#ifdef BOEHM_INCREMENTAL
    GC_enable_incremental();
    BENCH_VERIFY(GC_is_incremental_mode());
#endif
    return bench_main(argc, argv, workloads, version);
}
