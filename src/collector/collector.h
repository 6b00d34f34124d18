/* SPDX-License-Identifier: MIT */
/*
 * collector.h -- finds the garbage that counting cannot                [floor 5]
 *
 * One state machine.  A cycle looks at a set of objects: the young, the young and
 * middle-aged, or all.  Any set may be proposed; only the verifier decides.
 *
 *     young sets                      the whole heap
 *     PROPOSE                         COUNT, DECIDE, NARROW: what may be garbage
 *        |                               |
 *        +-------------+-----------------+
 *                      v
 *     SCAN     references between suspects are counted
 *     CHECK    a suspect with a reference from elsewhere is live, and all it reaches
 *     CONDEMN  what is left is garbage: weak references, callbacks, finalizers; then
 *              those that finalizers could reach are scanned and checked once more
 *     SEVER    references from garbage to living objects are dropped
 *     FINISH   garbage blocks go back, survivors grow older
 *
 * A step works on one pool or one gray object; between any two steps the program could run.
 *
 *   [set.listed]     the pools of a set are linked; a pool in a set keeps its blocks
 *   [scan.trapped]   every suspect is trapped before the first reference is counted: its
 *                    count is constant from then on, or it is touched and no suspect
 *   [check.sound]    count(x) == counted(x) for all suspects: nobody outside holds any
 *   [condemn.dark]   no weak reference leads to condemned objects, but while finalizers
 *                    run to those that they can reach
 *   [cycle.nomemory] a cycle allocates nothing
 *
 * Below: life and everything under it.  Above: heap.c, which says when.
 */
#ifndef OURO_COLLECTOR_COLLECTOR_H
#define OURO_COLLECTOR_COLLECTOR_H

#include "life/life.h"

enum ouro__phase {
    OURO__IDLE,
    OURO__PROPOSE,
    OURO__COUNT,
    OURO__DECIDE,
    OURO__DECIDE_FLOOD,
    OURO__NARROW,
    OURO__SCAN,
    OURO__CHECK,
    OURO__CHECK_FLOOD,
    OURO__CONDEMN,
    OURO__SEVER,
    OURO__FINISH,
};

struct ouro__collector {
    struct ouro__life *life;
    enum ouro__phase phase;
    int generation;
    unsigned debug;            /* OURO_DEBUG_ flags */
    struct ouro__pool *set;    /* [set.listed] */
    struct ouro__pool *cursor; /* the next pool of the phase */
    size_t candidates;
    size_t suspects;     /* candidates that are not proven live yet */
    size_t outward;      /* references that leave the suspects */
    bool rescued;        /* a suspect was proven live after the scan */
    bool has_last_words; /* a suspect may have a finalizer or weak references */
    bool has_hooks;      /* a suspect has more to release than its references */
    bool finalized;      /* finalizers have run in this cycle */
    uint64_t traffic;    /* of the tracked class lists when the cycle began */
    bool births;         /* user code of the cycle made or freed tracked objects */
    size_t collected;
    size_t saved;
    size_t garbage; /* objects kept by SAVEALL, of all cycles */
};

ALWAYS_INLINE struct ouro__pools *ouro__collector_pools(struct ouro__collector *collector)
{
    return ouro__life_pools(collector->life);
}

ALWAYS_INLINE struct ouro__marks *ouro__collector_marks(struct ouro__collector *collector)
{
    return &ouro__collector_pools(collector)->marks;
}

/* Begins a cycle over a generation and those below.  Idle before. */
void ouro__collector_begin(struct ouro__collector *collector, int generation);

/* One bounded step; false when the cycle is over.  May run user code. */
bool ouro__collector_step(struct ouro__collector *collector);

/* Lets everything young grow old without looking at it.
 * Cost: the bitmaps of the young pools. */
void ouro__collector_skip_young(struct ouro__collector *collector);

/* ---- between the files of this room ---- */

/* set.c: which objects a cycle looks at */
void ouro__set_gather(struct ouro__collector *collector);
void ouro__set_propose(struct ouro__collector *collector, struct ouro__pool *pool);
void ouro__set_narrow(struct ouro__collector *collector, struct ouro__pool *pool);
void ouro__set_age(const struct ouro__collector *collector, struct ouro__pool *pool, void *entry);
void ouro__set_finish(struct ouro__collector *collector, struct ouro__pool *pool);
void ouro__set_forget(struct ouro__collector *collector);

/* whole.c: the proposer of the whole heap */
void ouro__whole_count(struct ouro__collector *collector, struct ouro__pool *pool);
void ouro__whole_decide(struct ouro__collector *collector, struct ouro__pool *pool);
bool ouro__whole_flood(struct ouro__collector *collector);

/* verify.c: the only judge */
void ouro__verify_scan(struct ouro__collector *collector, struct ouro__pool *pool);
void ouro__verify_check(struct ouro__collector *collector, struct ouro__pool *pool);
bool ouro__verify_flood(struct ouro__collector *collector);
_Noreturn void ouro__verify_count_too_low(const void *object, uint32_t count, uint32_t counted);

/* condemn.c: last words; true when the suspects must be verified again */
bool ouro__condemn(struct ouro__collector *collector);

/* sever.c */
void ouro__sever(struct ouro__collector *collector, struct ouro__pool *pool);
void ouro__save_garbage(struct ouro__collector *collector);

/* Calls `action` for each object in the set of a pool, suspects only or not. */
#define OURO__EACH_IN_SET(entry, pool)                                                        \
    for (size_t word_ = 0, words_ = ouro__pool_mark_words(pool); word_ < words_; word_++)     \
        for (uint64_t bits_ = ouro__pool_marks((pool), OURO__SET_BITS)[word_]; bits_ != 0;    \
             bits_ &= bits_ - 1)                                                              \
            for (void *entry = ouro__pool_start(pool) + word_ * 512 +                         \
                               8 * (size_t)__builtin_ctzl(bits_);                             \
                 entry != NULL; entry = NULL)

#define OURO__EACH_SUSPECT(entry, pool)                                                       \
    OURO__EACH_IN_SET(entry, pool)                                                            \
    if (LIKELY(ouro__is_suspect(entry)))

/* Only tracked arenas have counts. */
ALWAYS_INLINE bool ouro__is_tracked_entry(const void *entry)
{
    return ouro__arena_of(entry)->realm == OURO__REALM_TRACKED;
}

#endif
