/* SPDX-License-Identifier: MIT */
/*
 * heap.h -- everything of one heap, behind the front door              [floor 6]
 *
 * The rooms below are handed their own part; here alone they meet.  Here alone
 * memory that ran out is answered by collecting, and here alone it is decided when to collect.
 *
 *   [heap.first]    the rooms' structs begin each other: one address serves inlined code,
 *                   pools, weak references, life and heap
 *   [heap.refused]  a refused request is tried again after trimming and after a full
 *                   collection; then it fails with the heap's error set and nothing changed
 *   [heap.goal]     allocation pays for a whole cycle so that it is over before live and accounted bytes
 *                   pass the goal, as far as steps may be long enough
 */
#ifndef OURO_HEAP_HEAP_H
#define OURO_HEAP_HEAP_H

#include "collector/collector.h"
#include "collector/nearby.h"
#include "events/pauses.h"
#include "heap/viewers.h"
#include "memory/walk.h"
#include "tracing/trace.h"

struct ouro__heap_callback {
    ouro_collector_callback call;
    void *argument;
};

/* When and how much to collect: see pace.c. */
struct ouro__pace {
    size_t live;        /* bytes that were in use after the last whole cycle */
    size_t start;       /* a whole cycle begins when the heap's bytes pass this, */
    size_t goal;        /* and is over before they pass this [heap.goal] */
    size_t paid_bytes;  /* the heap's bytes when it last paid */
    size_t paid_handed; /* and the bytes handed out since it was made, */
    uint64_t paid_tick; /* and the milliseconds */
    size_t begun_bytes; /* the heap's bytes when the last whole cycle began */
    size_t debt;        /* units that allocation owes to the cycle */
    size_t middle_aged; /* objects that survived one pass, at most */
    size_t young_candidates, young_found; /* of young passes since the last of generation 1 */
    bool large;           /* garbage is larger than a batch: passes look twice at who is new, */
    bool wide;            /* and take batches together, but when one is tried again */
    unsigned wide_passes; /* of generation 1 since it is */
    size_t pass_bytes;    /* the heap's bytes at the last young pass, */
    size_t pass_handed;   /* and the bytes handed out since it was made */
    size_t middle_bytes;  /* and at the last of generation 1 */
    size_t candidates;    /* that lived after the last whole cycle, and all that were made since */
    unsigned fruitless;   /* whole cycles in a row that found next to nothing; at first a guess */
    bool is_guess;
    bool mostly_garbage;      /* was what the last whole cycle looked at */
    unsigned sample_interval; /* of so many batches of young objects one is looked at */
    unsigned sample_left;
    bool narrow;              /* a look at two together takes long and finds nothing: one will do */
    unsigned batches_waiting; /* to grow old without a look */
    unsigned batch_shift;     /* so often a batch is halved beside a whole cycle: */
    unsigned brief_passes;    /* brief ones since the last that took longer than a step */
    unsigned
        nearby_interval; /* of so many young batches, after one touched objects are looked at */
    unsigned nearby_left;
    unsigned turn; /* what is done next, if it is due */
    uint32_t dice;
    uint64_t step_nanoseconds; /* the option */
    size_t step_part;          /* units of a step between two looks at the clock */
    size_t steps;
    size_t nearby_passes, nearby_found;
    uint64_t wipe_tick; /* when marks that are not used go back next */
    size_t wipe_next;   /* the arena whose turn it is, */
    size_t wipe_offset; /* and how far it is done */
    uint64_t longest_step;
    const char *longest_phase;
};

struct ouro_heap {
    struct ouro__life life;       /* [heap.first] */
    struct ouro__collector pass;  /* over a few objects, in one go */
    struct ouro__collector whole; /* over all, in steps */
    struct ouro__pace pace;
    bool enabled;
    bool collecting; /* a pass or a step runs */
    ouro_collect_at collect_at;
    unsigned collect_always;
    unsigned step_microseconds;
    size_t threshold[3];
    size_t passes[3]; /* [1]: young passes since a middle one; [2]: middle since a full one */
    ouro_generation_stats stats[3];
    ouro_generation_stats running; /* of the whole cycle that is under way */
    size_t garbage;                /* objects kept by SAVEALL */
    struct ouro__log log;
    struct ouro__viewers *viewers; /* NULL: nobody watches */
    void *cycle_log;               /* of inspect/cycles.c, in a mapping of its own, or NULL */
    size_t cycle_log_size;
    ouro_pauses pauses;
    uint64_t whole_began;    /* when the last whole cycle did */
    void **roots;            /* addresses of the program's variables: see ouro_root */
    const char **root_names; /* of each, or NULL: borrowed */
    size_t root_count, root_capacity;
    struct ouro__heap_callback *callbacks;
    size_t callback_count, callback_capacity;
    ouro_error error;
    char name[32];
    size_t size;                /* of the mapping of this struct */
    struct ouro__nearby nearby; /* last: most of it is never touched */
};
_Static_assert(offsetof(struct ouro_heap, life.weakrefs.pools.front) == 0, "[heap.first]");

ALWAYS_INLINE struct ouro__pools *ouro__heap_pools(const ouro_heap *heap)
{
    return (struct ouro__pools *)(uintptr_t)&heap->life.weakrefs.pools;
}

/* Gives all memory of a heap back, its own too, whatever is in it: nobody is told, and no finalizer runs. */
void ouro__heap_destroy(ouro_heap *heap);

/* Sets the heap's error; the format says what, where and what to do. */
void ouro__heap_fail(ouro_heap *heap, ouro_status status, size_t requested, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Fills an error of the caller's, if he wants one; returns the status. */
ouro_status ouro__error_fill(ouro_error *out_error, ouro_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fills an error from what the pools refused. */
void ouro__heap_fail_refused(ouro_heap *heap, const char *what, size_t requested);

/* Who called the function that this stands in; a function of the public interface that allocates. */
#define OURO__CALLER()                                                                        \
    ((struct ouro__caller){__builtin_return_address(0),                                       \
                           *(const void *const *)__builtin_frame_address(0)})

/* The same where the function seldom allocates, and shall need no frame of its own. */
#define OURO__CALLER_ALONE() ((struct ouro__caller){__builtin_return_address(0), NULL})

/* An object of a type, ready or not.  See ouro_object_new_var. */
void *ouro__heap_new_object(ouro_heap *heap, struct ouro__caller caller, ouro_type *type,
                            size_t length);

/* Raw memory.  See ouro_mem_alloc. */
void *ouro__heap_new_raw(ouro_heap *heap, struct ouro__caller caller, size_t size);

/* Runs `attempt`, for the caller, until it answers, with the remedies of [heap.refused] in between. */
void *ouro__heap_insist(ouro_heap *heap, struct ouro__caller caller,
                        void *(*attempt)(ouro_heap *heap, void *context), void *context);

/* Live and accounted bytes. */
ALWAYS_INLINE size_t ouro__heap_bytes(const ouro_heap *heap)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    return pools->live_bytes + pools->accounted_bytes;
}

/* ---- pace.c: when, and how much ---- */

/* [pace.turn] */
enum ouro__payment { OURO__PAY_ONE, OURO__PAY_ALL };

/* One of the passes that are due or a step that allocation owes to the whole cycle, or all of them once;
 * objects that were found. */
size_t ouro__pace_pay(ouro_heap *heap, enum ouro__payment payment);

/* A step that takes about so long, of a cycle that is begun if need be; objects that were found. */
size_t ouro__pace_step(ouro_heap *heap, uint64_t nanoseconds, size_t units);

/* After a pass and after a whole cycle. */
void ouro__pace_passed(ouro_heap *heap, const ouro_collection *pass);
void ouro__pace_whole_done(ouro_heap *heap, size_t candidates, size_t found);

/* Whether most of what a whole cycle was to look at is gone since the last one began: the marks and the set of one
 * that is under way keep memory that nobody needs. */
bool ouro__pace_has_shrunk(const ouro_heap *heap);

/* Before any is due. */
void ouro__pace_init(ouro_heap *heap);

/* ---- collect.c: one collection ---- */

/* A collection now, to its end; not inside another.  Of a whole cycle that is under way the rest comes
 * first. */
size_t ouro__heap_collect(ouro_heap *heap, int generation);

/* A pass over what lies near touched objects, which are searched for as long as both last. */
size_t ouro__heap_collect_nearby(ouro_heap *heap, long units, uint64_t nanoseconds);

/* A whole cycle: begin, go on for so many units or to its end, objects found. */
void ouro__heap_whole_begin(ouro_heap *heap);
bool ouro__heap_whole_step(ouro_heap *heap, long units);

/* The heap's error says that a collection runs. */
void ouro__heap_tell_busy(ouro_heap *heap);

/* Whether a collection runs just now; then the heap's error says so.  In a function that the program has
 * called. */
ALWAYS_INLINE bool ouro__heap_is_busy(ouro_heap *heap)
{
    ouro__hook_check(&heap->life.finalizers);
    if (heap->collecting) ouro__heap_tell_busy(heap);
    return heap->collecting;
}

/* No whole cycle is under way afterwards: it is abandoned, or brought to its end. */
void ouro__heap_whole_stop(ouro_heap *heap);

/* The whole cycle that is under way is abandoned, unless it has garbage in hand already.  Runs no finalizer. */
void ouro__heap_whole_give_up(ouro_heap *heap);

/* ---- callbacks.c, debug.c: who hears of it ---- */

void ouro__heap_tell(ouro_heap *heap, const ouro_collection *info);

/* What the debug flags ask for: at the start and the stop of a collection, and at close. */
void ouro__debug_start(const ouro_heap *heap, const ouro_collection *info);
void ouro__debug_stop(const ouro_heap *heap, const ouro_collection *info);
void ouro__debug_closed(const ouro_heap *heap, const ouro_close_report *report);

/* What is known of a damaged object or block, in lines, behind a sentence of the debug build: dump.c. */
void ouro__dump(const void *object, char *text, size_t size);

/* ---- events.c: what is written down ---- */

/* When a heap begins and ends. */
void ouro__events_begin(ouro_heap *heap);
void ouro__events_end(ouro_heap *heap);

/* A pass has ended, which began then; after its callbacks. */
void ouro__events_passed(ouro_heap *heap, const ouro_collection *info, uint64_t start);

/* A step begins, and has ended. */
struct ouro__step {
    uint64_t start;
    size_t effort; /* of the whole cycle's collector until then */
};
struct ouro__step ouro__events_step(const ouro_heap *heap);
void ouro__events_stepped(ouro_heap *heap, struct ouro__step step, uint64_t now);

/* ---- viewers.c: who watches from outside; heap->viewers is NULL where nobody does ---- */

/* What the environment asks for, when a heap begins; the error is the heap's. */
ouro_status ouro__viewers_begin(ouro_heap *heap);
void ouro__viewers_end(ouro_heap *heap);

/* The program passes by, or a pause has ended: may publish, and writes the log.  Somebody watches. */
void ouro__viewers_pass(ouro_heap *heap);
void ouro__viewers_pause(ouro_heap *heap);

/* The log is about to be set anew. */
void ouro__viewers_log_ends(ouro_heap *heap);

/* Reads OURO_ variables into what the program left open. */
ouro_status ouro__options_from_environment(ouro_heap_options *options, ouro_error *out_error);

/* Whether the environment wants the heap traced, and how. */
ouro_status ouro__options_trace(ouro_trace_options *out_options, bool *out_wanted,
                                ouro_error *out_error);

#endif
