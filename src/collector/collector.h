/* SPDX-License-Identifier: MIT */
/*
 * collector.h -- finds the garbage that counting cannot                [floor 5]
 *
 * One state machine, of which a heap has two, each with its own lane of marks.  A *pass* looks at
 * a few objects (the young, those near a touched one) from start to end.  A *whole cycle* looks at
 * all, in steps between which the program runs and passes are made.  Any set may be proposed; only the
 * verifier decides.
 *
 *     young sets      near touched objects      the whole heap
 *     PROPOSE         explored beforehand       COUNT, DECIDE, NARROW: what may be garbage
 *        |                    |                     |
 *        +----------+---------+---------------------+
 *                   v
 *     SCAN     references between suspects are counted
 *     CHECK    a suspect with a reference from elsewhere is live, and all it reaches
 *              what is left is garbage, condemned at once
 *     MUFFLE, CALL       weak references with callbacks are cleared, then the callbacks run
 *     REVIVE, DARKEN     what finalizers can reach is whole again; callbacks that waited for that run
 *     FINALIZE           finalizers run; AGAIN: then all is suspect and is scanned and checked once more
 *     CLEAR    the other weak references are cleared
 *     SEVER    references from garbage to living objects are dropped
 *     FINISH   garbage blocks go back, survivors grow older
 *     FORGET   the marks' memory goes back
 *
 *   [set.words]      a pass has its objects of a pool in the words from set_from to set_to of the set bits
 *   [set.listed]     the pools of a set are linked; a pool in a set keeps its blocks
 *   [scan.trapped]   every suspect is trapped before the first reference is counted: its
 *                    count is constant from then on, or it is touched and no suspect
 *   [check.sound]    count(x) == counted(x) for all suspects: nobody outside holds any
 *   [condemn.dark]   no weak reference leads to condemned objects, but while finalizers
 *                    run to those that they can reach
 *   [ephemeron.once]  a scan counts the value of an ephemeron once, if its map or its target is a suspect
 *   [ephemeron.later] whichever of map and target is proven live last leads to the value
 *   [cycle.nomemory] a cycle allocates nothing
 *   [quiet.old]      an object that is trapped and no suspect is tracked and old, and has not been
 *                    touched since it was looked at
 *
 * Below: life and everything under it.  Above: heap, which says when and how much.
 */
#ifndef OURO_COLLECTOR_COLLECTOR_H
#define OURO_COLLECTOR_COLLECTOR_H

#include "events/log.h"
#include "life/life.h"

#include <limits.h>

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
    OURO__TELL,
    OURO__LEAVE,
    OURO__MUFFLE,
    OURO__CALL,
    OURO__REVIVE,
    OURO__REVIVE_FLOOD,
    OURO__DARKEN,
    OURO__FINALIZE,
    OURO__AGAIN,
    OURO__CLEAR,
    OURO__SAVE,
    OURO__SEVER,
    OURO__FINISH,
    OURO__FORGET,
    OURO__PHASES,
};

/* A step that may take as long as it needs. */
#define OURO__UNBOUNDED LONG_MAX

/* A reference that leaves the suspects. */
struct ouro__leak {
    void *from, *to;
};

struct ouro__collector {
    struct ouro__life *life;
    int lane; /* OURO__PASS or OURO__WHOLE */
    enum ouro__phase phase;
    int generation;
    unsigned debug;        /* OURO_DEBUG_ flags */
    struct ouro__log *log; /* where phases are written down, or NULL */
    /* Hears of garbage that is final while it is whole: the suspects of the set; or NULL.  It must leave all as it
     * is, and is over soon. */
    void (*found)(const struct ouro__collector *collector, void *context);
    void *found_context;
    void *const *const *roots; /* of the whole heap, named by the program: see ouro_root */
    size_t root_count;
    bool by_roots;               /* the cycle follows roots instead of counting references */
    bool direct;                 /* all are suspects: the last cycle found that most were */
    struct ouro__pool *set;      /* [set.listed] */
    struct ouro__pool *proposed; /* PROPOSE: the set as it will be */
    struct ouro__pool *cursor;   /* where the phase stands: a pool of the set, */
    size_t at;                   /* and a block or a bit in it */
    uintptr_t near;              /* the page of the object whose references a pass looks at */
    size_t page;                 /* COUNT: the next page of the arena */
    long units;                  /* of work left in this step: objects and references */
    long forfeited;              /* units that this step was not to work off */
    size_t work_done;            /* units since the cycle began, with the forfeited ones */
    size_t effort;               /* units really worked off since the heap was made */
    size_t expected;             /* candidates that the heap expects, for work_left */
    size_t candidates;
    size_t unproven; /* candidates that the whole heap's count could not prove live */
    size_t scanned;  /* suspects when SCAN began */
    size_t outward;  /* references that leave the suspects: see [sever.outward] */
    bool bounded;    /* a pass that shall be short: set by whoever begins it */
    bool twice;      /* a pass that looks again at what it has seen for the first time: likewise */
    bool exact;      /* a whole cycle between whose steps nothing ran */
    bool alone;      /* no cycle of the other lane was under way when it began */
    bool rescued;    /* in a whole cycle: a suspect was proven live after the scan */
    bool revived;    /* a suspect was brought back for finalizers */
    bool has_last_words; /* a suspect may have a finalizer or weak references */
    bool has_hooks;      /* a suspect has more to release than its references */
    bool finalized;      /* last words were spoken in this cycle */
    uint64_t traffic;    /* of the tracked class lists when the cycle began */
    bool births;         /* user code of the cycle made or freed tracked objects */
    bool left_young;     /* a young object was not proposed, and stays young */
    bool given_up;       /* it ends without having looked: nobody grows older */
    bool nearby;         /* a pass over what lies near touched objects, of whatever age */
    bool forgot;         /* the marks' memory was given back */
    uint32_t stamp;      /* of ephemerons whose value this scan has counted  [ephemeron.once] */
    ouro_weakref *due;   /* weak references whose callbacks are to be called, */
    ouro_weakref *last;  /* and the last of them */
    size_t middle_aged;  /* that the pass has found alive and will look at again */
    size_t collected;
    size_t saved;
    void *referrer;     /* SCAN of a pass: the suspect whose references are counted */
    size_t leaks_known; /* of a pass: references that its last SCAN has seen leave the suspects, */
    struct ouro__leak leaks[OURO_LEAKS_MAX]; /* as many as there is room for */
};

ALWAYS_INLINE struct ouro__pools *ouro__collector_pools(const struct ouro__collector *collector)
{
    return ouro__life_pools(collector->life);
}

ALWAYS_INLINE struct ouro__marks *ouro__collector_marks(const struct ouro__collector *collector)
{
    return &ouro__collector_pools(collector)->marks;
}

ALWAYS_INLINE struct ouro__half *ouro__half_of(const struct ouro__collector *collector)
{
    return &ouro__collector_marks(collector)->lanes[collector->lane].half;
}

ALWAYS_INLINE size_t ouro__suspects(const struct ouro__collector *collector)
{
    return ouro__collector_marks(collector)->lanes[collector->lane].suspects;
}

/* Begins a pass over generation 0 or 0 and 1, or a whole cycle for 2.  Idle before. */
void ouro__collector_begin(struct ouro__collector *collector, int generation);

/* Begins a pass over objects that `propose` was called for between the two. */
void ouro__pass_open(struct ouro__collector *pass);
void ouro__pass_propose(struct ouro__collector *pass, void *entry);
void ouro__pass_close(struct ouro__collector *pass);

/*
 * A step of about so many units, an object or a reference each; false when the cycle is over.
 * May run user code: at most one finalizer or callback of garbage, and those of what dies with it.
 */
bool ouro__collector_step(struct ouro__collector *collector, long units);

/* Ends a cycle as if it had not begun, unless it has condemned something that is not freed yet: then false. */
bool ouro__collector_abandon(struct ouro__collector *collector);

/* The same in steps, which are yet to be made, if nobody was made a suspect so far; else it goes on. */
void ouro__collector_give_up(struct ouro__collector *collector);

/* Gives back a part of what the marks of the n-th arena take, if no cycle is under way: from `offset` on,
 * 0 at first.  Returns the next offset, or 0 when nothing of the arena is left. */
size_t ouro__collector_wipe(struct ouro__collector *collector, size_t number, size_t offset);

/* Units that a running cycle has still to do, by what is known now. */
size_t ouro__collector_work_left(const struct ouro__collector *collector);

const char *ouro__phase_name(enum ouro__phase phase);

/* Lets everything young grow old without looking at what it refers to.
 * Cost: the words of the young objects. */
void ouro__collector_skip_young(struct ouro__collector *collector);

/* ---- between the files of this room ---- */

void ouro__collector_enter(struct ouro__collector *collector, enum ouro__phase phase);

/* A pool joins the set. */
void ouro__set_add(struct ouro__collector *collector, struct ouro__pool *pool);

/* set.c: which objects a cycle looks at, and what becomes of them */
void ouro__set_gather(struct ouro__collector *collector);
void ouro__set_propose(struct ouro__collector *collector);
void ouro__set_narrow(struct ouro__collector *collector);
void ouro__set_age(struct ouro__collector *collector, struct ouro__pool *pool, void *entry);
void ouro__set_finish(struct ouro__collector *collector);
bool ouro__set_forget(struct ouro__collector *collector);
struct ouro__arena *ouro__set_next_arena(struct ouro__pools *pools, struct ouro__arena *arena);
void ouro__set_abandon(struct ouro__collector *collector);

/* whole.c: the proposer of the whole heap */
/* The next arena of the heap after `arena`, which stays mapped until then. */
bool ouro__whole_count(struct ouro__collector *collector);
void ouro__whole_decide(struct ouro__collector *collector);
void ouro__whole_roots(struct ouro__collector *collector);
bool ouro__whole_flood(struct ouro__collector *collector);

/* verify.c: the only judge */
/* A pass has no steps, so one that nobody asked for does not look at an object with very many references. */
bool ouro__pass_spares(const struct ouro__collector *pass, void *entry);
void ouro__verify_scan(struct ouro__collector *collector);
void ouro__verify_check(struct ouro__collector *collector);
bool ouro__verify_flood(struct ouro__collector *collector);
_Noreturn void ouro__verify_count_too_low(const void *object, uint32_t count, uint32_t counted);

/* condemn.c: last words */
void ouro__condemn_leave(struct ouro__collector *collector);
void ouro__condemn_muffle(struct ouro__collector *collector);
bool ouro__condemn_call(struct ouro__collector *collector);
void ouro__condemn_revive(struct ouro__collector *collector);
bool ouro__condemn_revive_flood(struct ouro__collector *collector);
void ouro__condemn_clear(struct ouro__collector *collector);
void ouro__condemn_darken(struct ouro__collector *collector);
void ouro__condemn_finalize(struct ouro__collector *collector);
void ouro__condemn_again(struct ouro__collector *collector);

/* Whether references may lead from what is garbage to what is not, or it has more to release.  [sever.outward] */
bool ouro__collector_must_sever(const struct ouro__collector *collector);

/* sever.c: garbage lets go of the living */
void ouro__sever(struct ouro__collector *collector);
void ouro__tell(struct ouro__collector *collector);
void ouro__save(struct ouro__collector *collector);

/* 0: young; 1: survived a pass; 2: older. */
ALWAYS_INLINE int ouro__generation_of(const void *entry)
{
    if (ouro__is_young(entry)) return 0;
    return (*ouro__word_of(entry) & OURO__MIDDLE) != 0 ? 1 : 2;
}

/* A line with a word, the type and the address of an object, as CPython's debug_cycle prints it. */
void ouro__print_object(FILE *file, const char *what, const void *entry);

/* ephemeron.c: what lies between a map and a key */
typedef void ouro__ephemeron_work(struct ouro__collector *collector,
                                  struct ouro__ephemeron *ephemeron);
/* Calls `work` for the ephemerons of a map, or of a target, as far as the step allows; the rest is left
 * to ouro__cut_resume. */
void ouro__set_visit_map(struct ouro__collector *collector, void *entry,
                         ouro__ephemeron_work *work);
void ouro__set_visit_key(struct ouro__collector *collector, void *entry,
                         ouro__ephemeron_work *work);
/* How many a target has, or `most` where it has more. */
size_t ouro__ephemerons_length(const struct ouro__collector *collector, void *entry, size_t most);

/* The part of a half that is done: all references of a target, but not its ephemerons. */
#define OURO__HALF_KEY UINT_MAX

/* No ephemeron has it yet, but for one that was counted four milliards of scans ago: then that one is not
 * counted, which errs towards life.  [ephemeron.once] */
ALWAYS_INLINE uint32_t ouro__new_stamp(struct ouro__marks *marks)
{
    if (++marks->stamp == 0) marks->stamp = 1; /* 0: never counted */
    return marks->stamp;
}

/* Only tracked arenas have counts. */
ALWAYS_INLINE bool ouro__is_tracked_entry(const void *entry)
{
    return ouro__arena_of(entry)->realm == OURO__REALM_TRACKED;
}

/* Where the set bits of a pool end, for a cycle of the lane. */
ALWAYS_INLINE size_t ouro__set_words(const struct ouro__pool *pool, int lane)
{
    return lane == OURO__PASS ? pool->set_to : ouro__pool_mark_words(pool);
}

/*
 * Calls `work` for the objects of the set in the pool under the cursor, from `at` on, until the step
 * is used up.  The bits are read afresh for each word, and `work` may clear that of its object.
 * A visit that was cut in the middle of an object goes on with it first [mark.half].
 */
ALWAYS_INLINE void ouro__set_walk(struct ouro__collector *collector,
                                  void (*work)(struct ouro__collector *, void *entry))
{
    struct ouro__pool *pool = collector->cursor;
    ouro__bits *map = ouro__pool_marks(pool, ouro__set_bits(collector->lane));
    char *start = ouro__pool_start(pool);
    size_t words = ouro__set_words(pool, collector->lane);
    if (collector->lane == OURO__PASS && collector->at == 0) collector->at = pool->set_from * 64u;
    for (size_t word = collector->at / 64; word < words; word++) {
        uint64_t bits = map[word] & (~(uint64_t)0 << collector->at % 64);
        for (; bits != 0; bits &= bits - 1) {
            size_t bit = ouro__lowest_bit(bits);
            work(collector, start + (word * 64 + bit) * 8);
            if (UNLIKELY(collector->units <= 0)) {
                collector->at = word * 64 + bit + 1;
                return;
            }
        }
        collector->at = (word + 1) * 64;
    }
    collector->units -= OURO_WALK_UNITS; /* there may be thousands of pools without a bit */
    collector->cursor = pool->set_next[collector->lane];
    collector->at = 0;
}

/* The same in a pass, which is not cut: all of the pool.  `work` is told the entry's place in it, too. */
ALWAYS_INLINE void ouro__pass_walk(struct ouro__collector *pass,
                                   void (*work)(void *entry, size_t offset, void *context),
                                   void *context)
{
    struct ouro__pool *pool = pass->cursor;
    const ouro__bits *map = ouro__pool_marks(pool, ouro__set_bits(OURO__PASS));
    char *start = ouro__pool_start(pool);
    for (size_t word = pool->set_from, end = pool->set_to; word < end; word++) {
        for (uint64_t bits = map[word]; bits != 0; bits &= bits - 1) {
            size_t offset = word * 512 + ouro__lowest_bit(bits) * 8;
            work(start + offset, offset, context);
        }
    }
    pass->units -= OURO_WALK_UNITS;
    pass->cursor = pool->set_next[OURO__PASS];
}

/* An object that is nothing but the references of its mask: its word says so. */
ALWAYS_INLINE bool ouro__is_careless(uint64_t word)
{
    const uint64_t looked_at = OURO__WEAKLY | OURO__KEYED;
    return (word & (OURO__PLAIN | looked_at)) == OURO__PLAIN;
}

/* The page of pools around the objects that a pass goes through.  Most references stay in it. */
struct ouro__around {
    struct ouro__collector *pass;
    uintptr_t start;
    ouro__count *counts;
};

ALWAYS_INLINE struct ouro__around ouro__around(struct ouro__collector *pass, void *entry)
{
    char *start = (char *)entry - ((uintptr_t)entry & (OURO_POOL_SIZE - 1));
    return (struct ouro__around){pass, (uintptr_t)start, ouro__count_of(start)};
}

/* The count of a referent that is a suspect of the pass in the same page: the common case, without a way through its
 * arena; else NULL. */
ALWAYS_INLINE ouro__count *ouro__count_around(const struct ouro__around *around,
                                              const void *referent)
{
    size_t offset = (uintptr_t)referent - around->start;
    if (UNLIKELY(offset >= OURO_POOL_SIZE)) return NULL;
    ouro__count *count = ouro__count_at(around->counts, offset);
    return LIKELY((*count & OURO__SUSPECT(OURO__PASS)) != 0) ? count : NULL;
}

/*
 * Visits the references of an object of the set: of a common shape at once, of a general one as
 * far as the step allows; then the rest is left to ouro__cut_resume.  The ephemerons of a map are visited by
 * `work`; those that look at the object are not.
 */
ALWAYS_INLINE void ouro__set_visit(struct ouro__collector *collector, void *entry,
                                   void (*visit)(void *referent, void *context),
                                   ouro__ephemeron_work *work)
{
    collector->units -= 2;
    if (LIKELY((ouro__shape_of(entry)->flags & OURO__SHAPE_GENERAL) == 0))
        ouro__visit(entry, visit, collector);
    else if (UNLIKELY(ouro__is_map(entry)))
        ouro__set_visit_map(collector, entry, work);
    else
        (void)ouro__visit_cut(entry, ouro__half_of(collector), &collector->units, visit, collector);
}

/* The same, and then the ephemerons that look at the object. */
ALWAYS_INLINE void ouro__set_follow(struct ouro__collector *collector, void *entry,
                                    void (*visit)(void *referent, void *context),
                                    ouro__ephemeron_work *work)
{
    ouro__set_visit(collector, entry, visit, work);
    if (UNLIKELY((*ouro__word_of(entry) & OURO__KEYED) != 0) &&
        ouro__half_of(collector)->owner == NULL)
        ouro__set_visit_key(collector, entry, work);
}

/* Goes on with an object whose visit was cut; false when there is none.  `follows`: it was cut in
 * ouro__set_follow, and not in ouro__set_visit. */
ALWAYS_INLINE bool ouro__cut_resume(struct ouro__collector *collector,
                                    void (*visit)(void *referent, void *context),
                                    ouro__ephemeron_work *work, bool follows)
{
    struct ouro__half *half = ouro__half_of(collector);
    void *owner = half->owner;
    if (LIKELY(owner == NULL)) return false;
    if (half->field == OURO__HALF_KEY) {
        ouro__set_visit_key(collector, owner, work);
        return true;
    }
    if (ouro__is_map(owner))
        ouro__set_visit_map(collector, owner, work);
    else
        (void)ouro__visit_cut(owner, half, &collector->units, visit, collector);
    if (follows && half->owner == NULL && (*ouro__word_of(owner) & OURO__KEYED) != 0)
        ouro__set_visit_key(collector, owner, work);
    return true;
}

#endif
