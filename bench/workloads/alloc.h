/* SPDX-License-Identifier: MIT */
/*
 * alloc.h -- workload `alloc`: blocks of one fixed size
 *
 *     pair-N      a block taken and given back at once
 *     stack-N     64 blocks taken, then given back last first
 *     order-N     many fresh blocks (fresh-N), given back in the same, in
 *                 reverse and in random order (same-N, reverse-N, random-N)
 *     churn-N     a block at random out of a million living ones is replaced
 *     handoff-N   taken on one thread, given back on another (wall time)
 *
 * A program writes two words into every block: a count, then a tag.  The tags
 * are read back outside of the timed part: a lost or overlapping block shows.
 *
 * The system defines, before it includes this file:
 *
 *     block_source           what blocks are taken from; held in a local variable
 *     block_source_get()     that of this thread
 *     block_new(source, family, size), block_free(source, family, block, size)
 *     block_write(family, block, tag), block_tag(family, block)
 *
 * `family` and `size` are constants wherever these four are called; they must
 * be always inlined, so that a system which can profit from constants does.
 * Then it stamps the loops with ALLOC_DEFINE, and lists them with ALLOC_TABLE.
 */
#ifndef BENCH_ALLOC_H
#define BENCH_ALLOC_H

#include <pthread.h>
#include <sched.h>

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/program.h"
#include "../support/random.h"

#define ALLOC_INLINE static inline __attribute__((always_inline))
#define ALLOC_LOOP static __attribute__((noinline))

enum {
    ALLOC_KEPT = 37,            /* blocks that live throughout: no real pool is ever quite empty */
    ALLOC_DEPTH = 64,           /* of the stack */
    ALLOC_CHURN_LIVE = 1000000, /* blocks alive while churning */
    ALLOC_HANDOFF_SLOTS = 1 << 14,
    ALLOC_HANDOFF_BATCH = 64, /* blocks between two updates of a shared position */
};

typedef struct alloc_loops {
    const char *prefix; /* of the case names */
    size_t size;
    void (*keep)(void);
    void (*pair)(long count);
    void (*stack)(long count);
    void (*fill)(void **blocks, long count);
    void (*drop)(void **blocks, long count);
    void (*drop_reverse)(void **blocks, long count);
    void (*drop_by)(void **blocks, const uint32_t *order, long count);
    void (*churn)(void **blocks, long live, long count);
    double (*tags)(void **blocks, long count);
    void *(*produce)(void *count);
    void *(*consume)(void *count);
} alloc_loops;

/* ---- the loops ---------------------------------------------------------- */

ALLOC_INLINE void *alloc_take(block_source source, int family, size_t size, uint64_t tag)
{
    void *block = block_new(source, family, size);
    block_write(family, block, tag);
    return block;
}

ALLOC_INLINE void alloc_keep(int family, size_t size)
{
    static void *kept[ALLOC_KEPT];
    block_source source = block_source_get();
    for (int i = 0; i < ALLOC_KEPT; i++) kept[i] = alloc_take(source, family, size, (uint64_t)i);
    BENCH_ESCAPE(kept);
}

ALLOC_INLINE void alloc_pair(int family, size_t size, long count)
{
    block_source source = block_source_get();
    for (long i = 0; i < count; i++) {
        void *block = alloc_take(source, family, size, (uint64_t)i);
        BENCH_ESCAPE(block);
        block_free(source, family, block, size);
    }
}

ALLOC_INLINE void alloc_stack(int family, size_t size, long count)
{
    block_source source = block_source_get();
    void *blocks[ALLOC_DEPTH];
    for (long done = 0; done < count; done += ALLOC_DEPTH) {
        for (int i = 0; i < ALLOC_DEPTH; i++) {
            blocks[i] = alloc_take(source, family, size, (uint64_t)i);
            BENCH_ESCAPE(blocks[i]);
        }
        for (int i = ALLOC_DEPTH - 1; i >= 0; i--) block_free(source, family, blocks[i], size);
    }
}

ALLOC_INLINE void alloc_fill(int family, size_t size, void **blocks, long count)
{
    block_source source = block_source_get();
    for (long i = 0; i < count; i++) blocks[i] = alloc_take(source, family, size, (uint64_t)i);
}

ALLOC_INLINE void alloc_drop(int family, size_t size, void **blocks, long count)
{
    block_source source = block_source_get();
    for (long i = 0; i < count; i++) block_free(source, family, blocks[i], size);
}

ALLOC_INLINE void alloc_drop_reverse(int family, size_t size, void **blocks, long count)
{
    block_source source = block_source_get();
    for (long i = count - 1; i >= 0; i--) block_free(source, family, blocks[i], size);
}

ALLOC_INLINE void alloc_drop_by(int family, size_t size, void **blocks, const uint32_t *order,
                                long count)
{
    block_source source = block_source_get();
    for (long i = 0; i < count; i++) block_free(source, family, blocks[order[i]], size);
}

ALLOC_INLINE void alloc_churn(int family, size_t size, void **blocks, long live, long count)
{
    block_source source = block_source_get();
    random_state state = RANDOM_SEED;
    for (long i = 0; i < count; i++) {
        uint32_t at = random_below(&state, (uint32_t)live);
        block_free(source, family, blocks[at], size);
        blocks[at] = alloc_take(source, family, size, at);
    }
}

/* The sum of all tags: count * (count - 1) / 2 when every block kept its own. */
ALLOC_INLINE double alloc_tags(int family, void **blocks, long count)
{
    double sum = 0;
    for (long i = 0; i < count; i++) sum += (double)block_tag(family, blocks[i]);
    return sum;
}

/* ---- two threads: a ring with one producer and one consumer --------------- */

static void *alloc_ring[ALLOC_HANDOFF_SLOTS];
static uint64_t alloc_ring_put __attribute__((aligned(128)));
static uint64_t alloc_ring_got __attribute__((aligned(128)));

/* Waits until `*position` differs from `known`, and returns it. */
static inline uint64_t alloc_await(const uint64_t *position, uint64_t known)
{
    uint64_t now;
    while ((now = __atomic_load_n(position, __ATOMIC_ACQUIRE)) == known) sched_yield();
    return now;
}

static inline void alloc_publish(uint64_t *position, uint64_t value, uint64_t last)
{
    if (value % ALLOC_HANDOFF_BATCH == 0 || value == last)
        __atomic_store_n(position, value, __ATOMIC_RELEASE);
}

ALLOC_INLINE void alloc_produce(int family, size_t size, uint64_t count)
{
    block_source source = block_source_get();
    uint64_t got = 0;
    for (uint64_t put = 0; put < count;) {
        if (put - got == ALLOC_HANDOFF_SLOTS) got = alloc_await(&alloc_ring_got, got);
        alloc_ring[put % ALLOC_HANDOFF_SLOTS] = alloc_take(source, family, size, put);
        alloc_publish(&alloc_ring_put, ++put, count);
    }
}

ALLOC_INLINE void alloc_consume(int family, size_t size, uint64_t count)
{
    block_source source = block_source_get();
    uint64_t put = 0, lost = 0;
    for (uint64_t got = 0; got < count;) {
        if (got == put) put = alloc_await(&alloc_ring_put, put);
        void *block = alloc_ring[got % ALLOC_HANDOFF_SLOTS];
        lost += block_tag(family, block) != got;
        block_free(source, family, block, size);
        alloc_publish(&alloc_ring_got, ++got, count);
    }
    BENCH_VERIFY(lost == 0);
}

/* ---- stamping them: one function for each family, size and loop ------------ */

#define ALLOC_DEFINE(F, N)                                                                         \
    ALLOC_LOOP void keep_##F##_##N(void) { alloc_keep(F, N); }                                     \
    ALLOC_LOOP void pair_##F##_##N(long n) { alloc_pair(F, N, n); }                                \
    ALLOC_LOOP void stack_##F##_##N(long n) { alloc_stack(F, N, n); }                              \
    ALLOC_LOOP void fill_##F##_##N(void **b, long n) { alloc_fill(F, N, b, n); }                   \
    ALLOC_LOOP void drop_##F##_##N(void **b, long n) { alloc_drop(F, N, b, n); }                   \
    ALLOC_LOOP void reverse_##F##_##N(void **b, long n) { alloc_drop_reverse(F, N, b, n); }        \
    ALLOC_LOOP void by_##F##_##N(void **b, const uint32_t *o, long n)                              \
    {                                                                                              \
        alloc_drop_by(F, N, b, o, n);                                                              \
    }                                                                                              \
    ALLOC_LOOP void churn_##F##_##N(void **b, long l, long n) { alloc_churn(F, N, b, l, n); }      \
    ALLOC_LOOP double tags_##F##_##N(void **b, long n) { return alloc_tags(F, b, n); }             \
    ALLOC_LOOP void *produce_##F##_##N(void *n)                                                    \
    {                                                                                              \
        alloc_produce(F, N, *(uint64_t *)n);                                                       \
        return NULL;                                                                               \
    }                                                                                              \
    ALLOC_LOOP void *consume_##F##_##N(void *n)                                                    \
    {                                                                                              \
        alloc_consume(F, N, *(uint64_t *)n);                                                       \
        return NULL;                                                                               \
    }

#define ALLOC_ENTRY(PREFIX, F, N)                                                                  \
    {PREFIX,           N,               keep_##F##_##N, pair_##F##_##N,  stack_##F##_##N,          \
     fill_##F##_##N,   drop_##F##_##N,  reverse_##F##_##N, by_##F##_##N, churn_##F##_##N,          \
     tags_##F##_##N,   produce_##F##_##N, consume_##F##_##N},

/* Every size, for one family: the functions, and their entries in a table. */
#define ALLOC_DEFINE_ALL(F)                                                                        \
    ALLOC_DEFINE(F, 16) ALLOC_DEFINE(F, 24) ALLOC_DEFINE(F, 32) ALLOC_DEFINE(F, 48)                \
    ALLOC_DEFINE(F, 64) ALLOC_DEFINE(F, 128) ALLOC_DEFINE(F, 512)

#define ALLOC_TABLE(PREFIX, F)                                                                     \
    ALLOC_ENTRY(PREFIX, F, 16) ALLOC_ENTRY(PREFIX, F, 24) ALLOC_ENTRY(PREFIX, F, 32)               \
    ALLOC_ENTRY(PREFIX, F, 48) ALLOC_ENTRY(PREFIX, F, 64) ALLOC_ENTRY(PREFIX, F, 128)              \
    ALLOC_ENTRY(PREFIX, F, 512)

/* ---- the cases ----------------------------------------------------------- */

typedef struct alloc_case_name {
    char text[32];
} alloc_case_name;

/* "raw-" "pair" 32 -> "raw-pair-32" */
static inline alloc_case_name alloc_name(const alloc_loops *loops, const char *shape)
{
    alloc_case_name name;
    snprintf(name.text, sizeof name.text, "%s%s-%zu", loops->prefix, shape, loops->size);
    return name;
}

static inline void alloc_report(const alloc_loops *loops, const char *shape, const char *metric,
                                double value)
{
    bench_report(alloc_name(loops, shape).text, metric, value);
}

static inline void alloc_run_pair(const alloc_loops *loops, const bench_job *job)
{
    long count = bench_amount(job, 20000000, 1000);
    loops->keep();
    loops->pair(count / 20);
    uint64_t start = cpu_ns();
    loops->pair(count);
    alloc_report(loops, "pair", "ns_per_object", (double)(cpu_ns() - start) / (double)count);
}

static inline void alloc_run_stack(const alloc_loops *loops, const bench_job *job)
{
    long count = bench_amount(job, 20000000, 1000) / ALLOC_DEPTH * ALLOC_DEPTH;
    loops->keep();
    loops->stack(count / 20);
    uint64_t start = cpu_ns();
    loops->stack(count);
    alloc_report(loops, "stack", "ns_per_object", (double)(cpu_ns() - start) / (double)count);
}

/* Fills, checks, and returns the time that filling took. */
static inline double alloc_timed_fill(const alloc_loops *loops, void **blocks, long count)
{
    uint64_t start = cpu_ns();
    loops->fill(blocks, count);
    double spent = (double)(cpu_ns() - start);
    BENCH_VERIFY(loops->tags(blocks, count) == (double)count * (double)(count - 1) / 2);
    return spent;
}

/* Ten million, and fewer of larger blocks: about 256 MiB of them. */
static inline long alloc_order_count(size_t size)
{
    return size <= 32 ? 10000000 : size <= 128 ? 2000000 : 500000;
}

static inline void alloc_run_order(const alloc_loops *loops, const bench_job *job)
{
    long count = bench_amount(job, alloc_order_count(loops->size), 1000);
    void **blocks = (void **)bench_array((size_t)count, sizeof *blocks);
    uint32_t *order = order_at_random((size_t)count);
    loops->keep();

    double before = resident_bytes();
    double spent = alloc_timed_fill(loops, blocks, count);
    alloc_report(loops, "fresh", "ns_per_object", spent / (double)count);
    alloc_report(loops, "fresh", "bytes_per_object", (resident_bytes() - before) / (double)count);

    uint64_t start = cpu_ns();
    loops->drop(blocks, count);
    alloc_report(loops, "same", "ns_per_object", (double)(cpu_ns() - start) / (double)count);

    alloc_timed_fill(loops, blocks, count);
    start = cpu_ns();
    loops->drop_reverse(blocks, count);
    alloc_report(loops, "reverse", "ns_per_object", (double)(cpu_ns() - start) / (double)count);

    alloc_timed_fill(loops, blocks, count);
    start = cpu_ns();
    loops->drop_by(blocks, order, count);
    alloc_report(loops, "random", "ns_per_object", (double)(cpu_ns() - start) / (double)count);
}

static inline void alloc_run_churn(const alloc_loops *loops, const bench_job *job)
{
    long live = ALLOC_CHURN_LIVE;
    long count = bench_amount(job, loops->size <= 64 ? 3000000 : 1000000, 1000);
    void **blocks = (void **)bench_array((size_t)live, sizeof *blocks);
    alloc_timed_fill(loops, blocks, live);
    loops->churn(blocks, live, count / 2); /* until the order of free blocks is random */
    uint64_t start = cpu_ns();
    loops->churn(blocks, live, count);
    alloc_report(loops, "churn", "ns_per_object", (double)(cpu_ns() - start) / (double)count);
    BENCH_VERIFY(loops->tags(blocks, live) == (double)live * (double)(live - 1) / 2);
}

static inline void alloc_run_handoff(const alloc_loops *loops, const bench_job *job)
{
    uint64_t count = (uint64_t)bench_amount(job, 5000000, 1000);
    pthread_t producer, consumer;
    alloc_ring_put = alloc_ring_got = 0;
    uint64_t start = wall_ns();
    BENCH_VERIFY(pthread_create(&producer, NULL, loops->produce, &count) == 0);
    BENCH_VERIFY(pthread_create(&consumer, NULL, loops->consume, &count) == 0);
    pthread_join(producer, NULL);
    pthread_join(consumer, NULL);
    alloc_report(loops, "handoff", "ns_per_object", (double)(wall_ns() - start) / (double)count);
}

/*
 * Runs the cases of `table`, which ends with an empty entry, that `job` asks
 * for.  Blocks may pass between threads only where `threads` says so.
 */
static inline int alloc_run(const alloc_loops *table, const bench_job *job, int threads)
{
    static const struct {
        const char *shape;
        void (*run)(const alloc_loops *loops, const bench_job *job);
    } shapes[] = {
        {"pair", alloc_run_pair},   {"stack", alloc_run_stack},     {"order", alloc_run_order},
        {"churn", alloc_run_churn}, {"handoff", alloc_run_handoff},
    };
    int status = BENCH_UNSUPPORTED;
    for (; table->prefix; table++) {
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            if (!bench_wants(job, alloc_name(table, shapes[i].shape).text)) continue;
            if (shapes[i].run == alloc_run_handoff && !threads) continue;
            shapes[i].run(table, job);
            status = 0;
        }
    }
    return status;
}

#endif
