/* SPDX-License-Identifier: MIT */
/*
 * ouro_shapes.h -- workload `shapes`: the longest pause that an awkward shape can cause
 *
 *     ring         ten million nodes in one ring
 *     tree         a tree of as many, below a root that refers to itself
 *     vector       one vector of ten million references
 *     hub          one object that ten million others refer to
 *     weak         a ring of ten million nodes at each of which a weak reference looks
 *     finalizers   a ring of a million nodes with a last word each
 *     pages        no shape, and no heap: memory from the system is written to for the first time, a
 *                  page a sample.  What the machine itself causes
 *     nothing      a sample is one reading of the clock, for two seconds: how long and how often the machine
 *                  stops a program that does nothing
 *
 * Each is dropped, and is garbage that only the collector can find.  Then the
 * program goes on: it makes nodes that live, one at a time, until the garbage has been
 * found and for a while longer.  A sample is the drop, or the making of one node.
 * Only ouro runs this: others promise no bound.
 */
#ifndef BENCH_OURO_SHAPES_H
#define BENCH_OURO_SHAPES_H

#include <sys/mman.h>

#include "../support/clock.h"
#include "../support/pauses.h"
#include "ouro_nodes.h"

enum {
    SHAPES_OBJECTS = 10000000,
    SHAPES_FINALIZERS = 1000000,
    SHAPES_PAGES = 100000,
    SHAPES_NOTHING_MS = 2000,
    SHAPES_LONG_NS = 200000,   /* twice what a step may take */
    SHAPES_CHECK_EVERY = 4096, /* nodes made between two questions whether it was found */
};

/* What is there before the drop. */
typedef struct dropped_shape {
    void *garbage;             /* owned */
    size_t objects;            /* that become garbage by dropping it */
    void *kept;                /* owned, or NULL: lives on */
    bool (*check)(void *kept); /* after all was found; NULL: nothing to check */
} dropped_shape;

/* ---- the shapes -------------------------------------------------------------------- */

static dropped_shape shape_ring(long count)
{
    return (dropped_shape){.garbage = ring_build((int)count), .objects = (size_t)count};
}

static dropped_shape shape_tree(long count)
{
    long levels = 1;
    while ((2L << levels) - 1 <= count) levels++;
    node *root = node_new(tree_build(levels), NULL);
    ouro_set(root, b, root);
    return (dropped_shape){.garbage = root, .objects = ((size_t)1 << levels)};
}

typedef struct selfish_vector {
    struct selfish_vector *self;
    ouro_vector nodes;
} selfish_vector;

static ouro_type selfish_vector_type;
static const ouro_field selfish_vector_fields[] = {
    OURO_REF(selfish_vector, self, &selfish_vector_type),
    OURO_VECTOR(selfish_vector, nodes, &node_type),
    OURO_END,
};
static ouro_type selfish_vector_type = OURO_TYPE(selfish_vector, .fields = selfish_vector_fields);

static dropped_shape shape_vector(long count)
{
    selfish_vector *v = ouro_new(heap, selfish_vector);
    ouro_set(v, self, v);
    for (long i = 0; i < count; i++) {
        node *n = ouro_new(heap, node);
        BENCH_VERIFY(ouro_vector_append(v, &v->nodes, n) == OURO_OK);
        ouro_decref(n);
    }
    return (dropped_shape){.garbage = v, .objects = (size_t)count + 1};
}

/* A ring in which each node refers to the hub, and the hub to the first. */
static dropped_shape shape_hub(long count)
{
    node *hub = ouro_new(heap, node), *first = NULL, *last = NULL;
    for (long i = 0; i < count; i++) {
        node *n = node_new(first, NULL);
        ouro_set(n, b, hub);
        if (last == NULL) last = n;
        first = n;
    }
    ouro_set(last, a, first);
    ouro_put(hub, a, first);
    return (dropped_shape){.garbage = hub, .objects = (size_t)count + 1};
}

typedef struct watchers {
    ouro_vector all;
} watchers;
static const ouro_field watchers_fields[] = {
    OURO_VECTOR(watchers, all, &ouro_weakref_type),
    OURO_END,
};
static ouro_type watchers_type = OURO_TYPE(watchers, .fields = watchers_fields);

/* All weak references say that their nodes are gone. */
static bool shape_weak_check(void *kept)
{
    const ouro_vector *all = &((watchers *)kept)->all;
    for (size_t i = 0; i < all->length; i++)
        if (ouro_weakref_get(all->items[i]) != NULL) return false;
    return true;
}

static dropped_shape shape_weak(long count)
{
    node *first = ring_build((int)count), *n = first;
    watchers *w = ouro_new(heap, watchers);
    do {
        ouro_weakref *watcher = ouro_weakref_new(n);
        BENCH_VERIFY(ouro_vector_append(w, &w->all, watcher) == OURO_OK);
        ouro_decref(watcher);
        n = n->a;
    } while (n != first);
    return (dropped_shape){first, (size_t)count, w, shape_weak_check};
}

typedef struct speaker {
    struct speaker *next;
} speaker;

static size_t speakers_expected, speakers_heard;

static void speaker_finalize(void *object)
{
    (void)object;
    speakers_heard++;
}

static ouro_type speaker_type;
static const ouro_field speaker_fields[] = {OURO_REF(speaker, next, &speaker_type), OURO_END};
static ouro_type speaker_type =
    OURO_TYPE(speaker, .fields = speaker_fields, .finalize = speaker_finalize);

static bool shape_finalizers_check(void *kept)
{
    (void)kept;
    return speakers_heard == speakers_expected;
}

static dropped_shape shape_finalizers(long count)
{
    speaker *first = ouro_new(heap, speaker), *last = first;
    for (long i = 1; i < count; i++) {
        speaker *s = ouro_new(heap, speaker);
        ouro_put(last, next, s);
        last = s;
    }
    ouro_set(last, next, first);
    speakers_heard = 0;
    speakers_expected = (size_t)count;
    return (dropped_shape){first, (size_t)count, NULL, shape_finalizers_check};
}

/* ---- dropping one, and going on ------------------------------------------------------ */

/* Whether at least half of the garbage is gone, by the bytes in use: a weak reference that was asked for it
 * would keep it alive, since reading one is a touch. */
static bool shapes_is_gone(size_t before, size_t objects, size_t made)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    return progress.bytes + objects * 12 < before + made * 24;
}

/* Makes nodes, which live, until the garbage is gone and a quarter as long again.  That
 * it is found is due when the heap has doubled; three times that is a failure. */
static node *shapes_go_on(pauses *p, size_t objects)
{
    node *living = NULL;
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    size_t most = 6 * objects + SHAPES_OBJECTS, end = most;
    for (size_t made = 0; made < end; made++) {
        living = node_new(living, NULL);
        pauses_end(p);
        if (made % SHAPES_CHECK_EVERY != 0 || end < most) continue;
        if (shapes_is_gone(progress.bytes, objects, made)) end = made + made / 4 + 1;
        pauses_begin(p);
    }
    BENCH_VERIFY(end < most);
    return living;
}

/* Nothing but what is meant to live does. */
static void shapes_verify(const dropped_shape *s, node *living)
{
    BENCH_VERIFY(s->check == NULL || s->check(s->kept));
    ouro_decref(living);
    ouro_xdecref(s->kept);
    ouro_collect(heap, 2);
    BENCH_VERIFY(heap_objects() == 0);
}

static void shapes_report(const pauses *p, const char *name, uint64_t spent)
{
    pauses_report_tail(p, name);
    bench_report(name, "long_pauses_per_s",
                 (double)pauses_above(p, SHAPES_LONG_NS) / ((double)spent / 1e9));
}

static void shapes_measure(const char *name, dropped_shape (*make)(long count), long count)
{
    static pauses p;
    heap_open();
    dropped_shape s = make(count);
    BENCH_VERIFY(heap_objects() >= s.objects);
    uint64_t start = cpu_ns();
    pauses_open(&p, bench_explain);
    ouro_decref(s.garbage);
    pauses_end(&p);
    node *living = shapes_go_on(&p, s.objects);
    uint64_t spent = cpu_ns() - start;
    bench_report(name, "seconds", (double)spent / 1e9);
    shapes_report(&p, name, spent);
    shapes_verify(&s, living);
    ouro_heap_close(heap, NULL, NULL);
}

/* About as much memory as a shape and its marks take. */
static void shapes_write_pages(long count)
{
    static pauses p;
    enum { page = 4096 };
    size_t size = (size_t)count * page;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    BENCH_VERIFY(memory != MAP_FAILED);
    madvise(memory, size, MADV_NOHUGEPAGE);
    uint64_t start = cpu_ns();
    pauses_open(&p, NULL);
    for (size_t i = 0; i < size; i += page) {
        memory[i] = 1;
        pauses_end(&p);
    }
    shapes_report(&p, "pages", cpu_ns() - start);
    munmap(memory, size);
}

static void shapes_do_nothing(long milliseconds)
{
    static pauses p;
    uint64_t start = cpu_ns(), end = start + (uint64_t)milliseconds * 1000000;
    pauses_open(&p, NULL);
    while (cpu_ns() < end) {
        for (int i = 0; i < SHAPES_CHECK_EVERY; i++) pauses_end(&p);
        pauses_begin(&p);
    }
    shapes_report(&p, "nothing", cpu_ns() - start);
}

static int shapes_run(const bench_job *job)
{
    static const struct {
        const char *name;
        dropped_shape (*make)(long count);
        long count;
    } cases[] = {
        {"ring", shape_ring, SHAPES_OBJECTS},
        {"tree", shape_tree, SHAPES_OBJECTS},
        {"vector", shape_vector, SHAPES_OBJECTS},
        {"hub", shape_hub, SHAPES_OBJECTS},
        {"weak", shape_weak, SHAPES_OBJECTS},
        {"finalizers", shape_finalizers, SHAPES_FINALIZERS},
    };
    int status = BENCH_UNSUPPORTED;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!bench_wants(job, cases[i].name)) continue;
        shapes_measure(cases[i].name, cases[i].make, bench_amount(job, cases[i].count, 10000));
        status = 0;
    }
    if (bench_wants(job, "pages")) {
        shapes_write_pages(bench_amount(job, SHAPES_PAGES, 1000));
        status = 0;
    }
    if (bench_wants(job, "nothing")) {
        shapes_do_nothing(bench_amount(job, SHAPES_NOTHING_MS, 10));
        status = 0;
    }
    return status;
}

#endif
