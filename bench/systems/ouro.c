/* SPDX-License-Identifier: MIT */
/*
 * ouro.c -- system ouro: this library, with its defaults
 *
 * Nodes are of a type that can be part of cycles, in every workload: the
 * collector is on and looks at them, also where none is garbage.  Objects of
 * `alloc` have no references; their sizes include the object word.
 */
#include "ouro_heap.h"
#include "ouro_nodes.h"
#include "ouro_packages.h"
#include "ouro_payload.h"
#include "ouro_shapes.h"
#include "ouro_table.h"

/* ---- types ----------------------------------------------------------------- */

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

/* ---- nodes ------------------------------------------------------------------- */

#include "../workloads/list.h"
#include "../workloads/rings.h"
#include "../workloads/tree.h"
#include "../workloads/trees.h"

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

#include "../workloads/full.h"
#include "../workloads/full_walk.h"

static int run_full(const bench_job *job)
{
    heap_open();
    return strcmp(job->case_name, "walk") == 0 ? full_walk_run(job) : full_run(job);
}

/* ---- live-rings, chains, payloads, many -------------------------------------------- */

#define LIVE_RINGS_FULL() heap_collection.full
#define LIVE_RINGS_INTO
#define LIVE_RINGS_REBUILD
#define BULK_OFF
#define SHUTDOWN
#define TABLE_OFF
#include "../workloads/chains.h"
#include "../workloads/live_rings.h"
#include "../workloads/many.h"
#include "../workloads/payload.h"
#include "../workloads/real.h"
#include "../workloads/table.h"

/* What lives at the end is the graph, its array and the window; the rest was found. */
static int run_live_rings(const bench_job *job)
{
    heap_open();
    int status = live_rings_run(job);
    if (status != 0) return status;
    ouro_collect(heap, 2);
    const live_rings *l = &live_rings_now;
    BENCH_VERIFY(heap_objects() == l->nodes + (l->nodes > 0) + RING_NODES * (size_t)l->window);
    return 0;
}

static int run_shannon(const bench_job *job)
{
    return run_to_nothing(shannon_run, job);
}

static int run_fast_cycles(const bench_job *job)
{
    return run_to_nothing(fast_cycles_run, job);
}

static int run_bytes(const bench_job *job)
{
    return run_to_nothing(bytes_run, job);
}

static int run_queue(const bench_job *job)
{
    return run_to_nothing(queue_run, job);
}

static int run_real(const bench_job *job)
{
    return run_to_nothing(real_run, job);
}

static int run_bulk(const bench_job *job)
{
    heap_open();
    return bulk_run(job);
}

static int run_shutdown(const bench_job *job)
{
    heap_open();
    return shutdown_run(job);
}

static int run_table(const bench_job *job)
{
    heap_open();
    return table_run(job);
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
        {"alloc", run_alloc},
        {"refs", run_refs},
        {"trees", run_trees},
        {"tree", run_tree},
        {"list", run_list},
        {"rings", run_rings},
        {"live-rings", run_live_rings},
        {"full", run_full},
        {"shapes", shapes_run},
        {"shannon", run_shannon},
        {"fast-cycles", run_fast_cycles},
        {"table", run_table},
        {"bulk", run_bulk},
        {"bytes", run_bytes},
        {"queue", run_queue},
        {"shutdown", run_shutdown},
        {"real", run_real},
        {"instructions", run_instructions},
        {"memory", run_memory},
        {NULL, NULL},
    };
    return bench_main(argc, argv, workloads, ouro_version());
}
