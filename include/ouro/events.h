/* SPDX-License-Identifier: MIT */
/*
 * events.h -- what the collector did, and when
 *
 * A log of collections: each pass, each whole cycle, each step of one and each phase within, with how long
 * it took; and how much memory there was at these moments.  It is kept when asked for:
 *
 *     ouro_set_event_log(heap, 10000);                 the last ten thousand are kept
 *     ...
 *     ouro_each_event(heap, print_event, NULL);
 *
 * The log lies outside the heap: it is in no statistics, and a heap's limit does not count it.  Contract as in
 * ouro.h.
 */
#ifndef OURO_EVENTS_H
#define OURO_EVENTS_H

#include <ouro/ouro.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ouro_event_kind {
    OURO_EVENT_PASS, /* a young or nearby pass, from start to end: a pause */
    OURO_EVENT_CYCLE, /* a whole cycle, from its first step to its last; the program runs in between */
    OURO_EVENT_STEP,  /* one step of a whole cycle: a pause */
    OURO_EVENT_PHASE, /* a phase within a step or pass */
} ouro_event_kind;

/* Times are nanoseconds.  Within a pause its phases follow each other; steps lie within their cycle, and so
 * may passes.  Finalizers run within phases; callbacks of the collector outside of them and of passes. */
typedef struct ouro_event {
    ouro_event_kind kind;
    int generation;       /* 0 to 2; of a nearby pass 1 */
    const char *name;     /* static text: "young", "nearby", "whole", "step", or of the phase */
    uint64_t start;       /* since the heap was made */
    uint64_t nanoseconds; /* how long */
    size_t candidates;    /* objects judged; this and the next two of passes and cycles alone */
    size_t collected;
    size_t uncollectable;
    size_t
        units; /* of work, as in ouro_budget; of a cycle those of its steps since the log is kept */
} ouro_event;

/* Memory at a moment. */
typedef struct ouro_memory_sample {
    uint64_t time; /* nanoseconds since the heap was made */
    size_t objects;
    size_t live_bytes; /* of objects and raw memory, in their blocks */
    size_t committed_bytes;
} ouro_memory_sample;

/*
 * Keeps the last `capacity` events and a quarter as many samples; 0: none, which costs one test per pass and step.
 * What was kept before is dropped.  Samples are taken at the ends of pauses, but only as often as counting
 * takes about a sixty-fourth of the time.  Failure: OURO_NO_MEMORY; then there is no log.
 * Cost: 72 bytes for each event, 8 for its samples; about 50 ns for each pause and phase.
 */
OURO_API ouro_status ouro_set_event_log(ouro_heap *heap, size_t capacity);

/*
 * Visits what is kept, in the order in which it ended: phases before their pause, steps before their cycle.  A
 * visitor that returns non-zero ends the walk.  It must not set the log, nor collect.
 * Result: how many older events, or samples, were dropped since the log is kept.
 */
OURO_API size_t ouro_each_event(const ouro_heap *heap,
                                int (*visit)(const ouro_event *event, void *argument),
                                void *argument);
OURO_API size_t ouro_each_sample(const ouro_heap *heap,
                                 int (*visit)(const ouro_memory_sample *sample, void *argument),
                                 void *argument);

/* Adds a sample of this moment to the log, at a moment that the program finds worth it.  OURO_EMPTY: no log is
 * kept.  Cost: a walk over all pools. */
OURO_API ouro_status ouro_add_sample(ouro_heap *heap);

/*
 * Appends the log to a file as well, from now on, at the end of each pause; a log of 1024 events is begun if none is
 * kept.  NULL: no longer.  Several heaps and processes may append to the same file.  `ouro trace` makes of
 * it what Perfetto opens; docs/design/events.md has its lines.  The environment says the same by OURO_LOG.  A
 * file that cannot be written on (a full disk) is told on stderr, once, and given up.
 * Failure: OURO_SYSTEM, when the file cannot be opened; OURO_NO_MEMORY.  Cost: a system call at each pause.
 */
OURO_API ouro_status ouro_set_log_file(ouro_heap *heap, const char *path);

/*
 * How long passes and steps have held the program up since the heap was made; counted always.  counts[i] are the
 * pauses of at most ouro_pause_bound(i) nanoseconds and of more than the bound before; the last are those beyond
 * all bounds.
 */
enum { OURO_PAUSE_BOUNDS = 43 };
typedef struct ouro_pauses {
    uint64_t counts[OURO_PAUSE_BOUNDS + 1];
    uint64_t nanoseconds; /* of all together */
    uint64_t longest;
} ouro_pauses;
OURO_API void ouro_get_pauses(const ouro_heap *heap, ouro_pauses *out_pauses);

/* Six bounds in each power of ten from a microsecond on; UINT64_MAX beyond the last, ten seconds. */
OURO_API uint64_t ouro_pause_bound(size_t number);

/* A pause such that about that share (0 to 1) took no longer: exact to the bounds around it.  0 where none
 * was. */
OURO_API uint64_t ouro_pause_quantile(const ouro_pauses *pauses, double share);

/*
 * Writes what is known of heaps in numbers, as OpenMetrics 1.0 text (application/openmetrics-text;
 * version=1.0.0; charset=utf-8), for Prometheus and its kin: objects, bytes, pools, size classes, collections,
 * pauses as a histogram, limits and debts.  Each line carries the label `heap`: the heap's name, with "#2" and so on
 * behind it for others of the same name.  May be called at any moment of a collection cycle.
 * Failure: OURO_SYSTEM when not all could be written, and errno says why; OURO_NO_MEMORY; told by the first heap's error.
 * Cost: a walk over all pools of each.
 */
OURO_API ouro_status ouro_write_metrics(ouro_heap *const heaps[], size_t count, FILE *file);

/*
 * Publishes what the heap knows of itself in a small file, for `ouro top` and other viewers (published.h has its
 * layout); only the program's user may read it.  It is written anew at collections and where allocations leave the
 * inlined path, at most each 10 milliseconds and for at most a sixty-fourth of the time, and goes away when the heap
 * closes.  A viewer may ask for a census by type, which is counted piece by piece.  `path` should end in ".ouro", by
 * which `ouro top` finds it.  NULL: no longer.  A child made by fork does not publish.
 * The environment says the same for all heaps of a program by OURO_PUBLISH, the name of a folder.
 * A file that a program has left behind is replaced, and so is that of another heap of this process.
 * Failure: OURO_SYSTEM, when the file cannot be made, is there and no published heap, or is that of another process
 * that lives; OURO_NO_MEMORY.
 */
OURO_API ouro_status ouro_publish(ouro_heap *heap, const char *path);

#ifdef __cplusplus
}
#endif

#endif
