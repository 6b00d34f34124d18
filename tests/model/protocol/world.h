/* SPDX-License-Identifier: MIT */
/*
 * world.h -- a world of a few objects in which the protocol is tried
 *
 * Nothing here is the library: objects are numbers, a set of objects is a bit
 * mask, and who is reachable is computed afresh whenever somebody wants to know.
 *
 *     locals [ a | - | c ]   ---> object: count, slots [ . | . | . ], finalizer
 *     weak references        - -> object
 *     held   (finalizers that run hold their object)
 *     ephemerons   map, key (looked at) and value (held), all objects: a weak map's entry
 *
 *     whole  the cycle over all objects, in steps; the program runs between them
 *     small  a verification of a few objects, in one go
 *
 *     world.c      births, counts, deaths, weak references, the truth
 *     mutator.c    what a program can do
 *     ephemeron.c  the values that maps have for keys
 *     verify.c     the verifier: shared by both, and the small one in one go
 *     whole.c      the cycle over all objects
 *     schedule.c   random schedules, and the shortest that still fails
 */
#ifndef OURO_TEST_PROTOCOL_WORLD_H
#define OURO_TEST_PROTOCOL_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { OBJECTS = 7, SLOTS = 3, LOCALS = 3, WEAKREFS = 2, EPHEMERONS = 3, NOTHING = -1 };

/* Where the verifier looks: its slots, then the ephemerons of which an object is map or key. */
enum { PLACES = SLOTS + EPHEMERONS };

/* ---- the rules ----
 *
 * Each can be broken, to see that the truth finds out.  The third column says
 * how: UNSOUND, INCOMPLETE, or NEVER (the protocol stays right without the rule).
 */
#define RULES(X)                                                                                  \
    X(TRAP, "no-trap", UNSOUND, "suspects are not trapped, so no touch is seen")                  \
    X(TAKE, "no-take", UNSOUND, "a reference moved out of a slot does not touch")                 \
    X(SWAP, "no-swap", UNSOUND, "two slots that change places do not touch")                      \
    X(MOVE, "no-move", UNSOUND, "items move inside a half-scanned vector unseen")                 \
    X(REFLOOD, "no-reflood", UNSOUND, "items move inside a half-followed vector unseen")          \
    X(FIRST, "no-first", UNSOUND, "a reference is counted before its target is trapped")          \
    X(UPGRADE, "no-upgrade", UNSOUND, "a weak reference answers without a touch")                 \
    X(SNAPSHOT, "snapshot", UNSOUND, "counts before and after are compared, without traps")       \
    X(FINAL, "final", UNSOUND, "the same, all compared at once at the end")                       \
    X(FLOOD, "no-flood", UNSOUND, "what a live object reaches is not found live")                 \
    X(VERDICT, "late", UNSOUND, "the verdict falls a step after the last look")                   \
    X(RECHECK, "no-recheck", UNSOUND, "after finalizers nothing is verified again")               \
    X(DARK, "no-dark", UNSOUND, "weak references to the condemned still answer")                  \
    X(REVIVED, "dark-again", UNSOUND, "what finalizers could reach is dark while it is verified") \
    X(FORGET, "no-forget", UNSOUND, "a block that is used again keeps the marks of the dead")     \
    X(SEVER, "no-sever", UNSOUND, "garbage of a small set lets go without a touch")               \
    X(COUNTS, "one-count", UNSOUND, "a small set counts references to suspects of the whole")     \
    X(GRAY, "one-gray", UNSOUND, "a small set uses up the gray objects of the whole")             \
    X(TRAPS, "overlap", UNSOUND, "a small set takes suspects of a whole scan")                    \
    X(DARKNESS, "one-dark", UNSOUND, "while a small set is dark, so are suspects of the whole")   \
    X(EXCESS, "no-excess", INCOMPLETE, "a tally above the count is taken for a sign of life")     \
    X(ONCE, "twice", UNSOUND, "an ephemeron is counted by its map and by its key")                \
    X(EARLIER, "one-side", UNSOUND, "a live key does not lead to its values, if its map is live")  \
    X(WITHOUT, "no-value", UNSOUND, "what finalizers reach does not lead to values")              \
    X(WAIT, "no-wait", UNSOUND, "a dark value is dropped as any other")                           \
    X(LOST, "no-lost", UNSOUND, "a walk through a map meets keys that are condemned")             \
    X(LATER, "strong", INCOMPLETE, "a live map leads to values without the key")                  \
    X(KEYS, "no-key", INCOMPLETE, "an ephemeron is counted by its map alone")                     \
    X(OWNER, "touch-items", NEVER, "items that move are touched, and nothing is done again")      \
    X(SPECULATE, "no-speculation", NEVER, "all objects are suspects from the beginning")

enum rule {
#define RULE_NAME_(name, word, verdict, text) RULE_##name,
    RULES(RULE_NAME_)
#undef RULE_NAME_
        RULE_COUNT
};

#define FAULTS(X)                                                                   \
    X(NONE, "no fault")                                                             \
    X(CONDEMNED, "an object that the program can reach is condemned")               \
    X(DIED, "an object that the program can reach dies")                            \
    X(TOUCHED, "a condemned object is touched")                                     \
    X(DEAD, "a dead object is used")                                                \
    X(COUNT, "a count is not the number of references")                             \
    X(SURVIVED, "what was garbage when the cycle began is there at its end")        \
    X(SILENT, "a weak reference to an object that the program can reach is silent") \
    X(MARKS, "marks are left after a cycle")

enum fault {
#define FAULT_NAME_(name, text) FAULT_##name,
    FAULTS(FAULT_NAME_)
#undef FAULT_NAME_
};

/* A set of objects: bit n is object n. */
typedef uint16_t set;

static inline set only(int object)
{
    return (set)(1u << object);
}

static inline bool has(set set_, int object)
{
    return ((unsigned)set_ >> object & 1u) != 0;
}

#define EACH(object, set_)                       \
    for (int object = 0; object < OBJECTS; object++) \
        if (has((set_), object))

struct object {
    int count;
    int slots[SLOTS];
    uint8_t finalizer; /* 0: none; else what it does */
    bool finalized;
};

struct weakref {
    int target;
    uint8_t callback; /* 0: none; else what it does */
};

/* The value is alive as long as map and key are. */
struct ephemeron {
    int map, key; /* NOTHING: it is free */
    int value;
};

/* What the verifier knows of a set of objects. */
struct verification {
    set members;
    set suspects; /* members that are not proven live */
    set gray;     /* proven live, references not followed yet */
    set dark;     /* suspects that no weak reference leads to any more */
    bool condemned;
    bool speaking;        /* from a verdict on until all is suspect again, or freed */
    int counted[OBJECTS]; /* references found so far from other suspects */
    int snapshot[OBJECTS];
    bool stamps[EPHEMERONS]; /* counted in this scan */
    int postponed[OBJECTS];  /* references to dark values that wait to be dropped */
};

enum phase { IDLE, COUNT, DECIDE, SCAN, CHECK, FINALIZE, SEVER, RECLAIM, PHASES };

extern const char *const phase_names[PHASES];

/* The cycle over all objects. */
struct whole {
    enum phase phase;
    int cursor;       /* the next object of the phase */
    int slot;         /* its next slot: above 0 in SCAN, it is half scanned */
    int flooding;     /* the gray object that is being followed, or NOTHING */
    int flooded_slot; /* its next slot */
    bool last_words;  /* finalizers have run in this cycle */
    bool looked;      /* without [protocol.verdict]: the step before saw nothing gray */
    int tally[OBJECTS];
    set obliged; /* garbage that this cycle must free */
    set known;   /* what the program could reach at any time since: a map and a key need not meet */
    struct verification verification;
};

struct totals {
    uint64_t schedules, operations, steps, cycles, small;
    uint64_t condemned, freed_small, rescued, finalizers, deaths;
    uint64_t small_in[PHASES]; /* small sets that had garbage, by phase of the whole */
};

struct world {
    struct object objects[OBJECTS];
    set used;    /* blocks that hold an object, be it a dying one */
    set alive;   /* objects that are not dying */
    set trapped; /* a bit of the object's word */
    set young;
    int locals[LOCALS];
    int held[OBJECTS]; /* by the finalizers that run, the innermost last */
    int held_count;
    struct weakref weakrefs[WEAKREFS];
    struct ephemeron ephemerons[EPHEMERONS];
    struct whole whole;
    struct verification small;
    int letting_go;  /* of what was garbage and is verified again: not the program touches it */
    uint32_t broken; /* a bit for each rule that does not hold in this world */
    enum fault fault;
    FILE *trace; /* where each event is told, or NULL */
    struct totals *totals;
};

/* One step of a schedule; operands are numbers that fit whatever world they meet. */
struct action {
    uint8_t code;
    uint8_t from, other; /* ways to an object */
    uint8_t a, b;
};

static inline bool keeps(const struct world *world, enum rule rule)
{
    return (world->broken >> rule & 1u) == 0;
}

/* ---- world.c ---- */

void world_begin(struct world *world, uint32_t broken, struct totals *totals, FILE *trace);
void tell(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fail_with(struct world *world, enum fault fault);

/* The truth: what the program can reach. */
set reachable(const struct world *world);
set reachable_from(const struct world *world, set reached);

/* No cycle owes the end of this object, which was used, nor of what it reaches. */
void release_reached(struct world *world, int object);

/* Compares the world with the truth, after each action. */
void world_audit(struct world *world);

int object_new(struct world *world, uint8_t finalizer); /* NOTHING when the world is full */
void touch(struct world *world, int object);
void incref(struct world *world, int object);
void decref(struct world *world, int object);
void decref_untouched(struct world *world, int object);
void block_give(struct world *world, int object);
void finalizer_run(struct world *world, int object);
bool finalizer_is_due(const struct world *world, int object);

/* What a weak reference answers, as a new reference, or NOTHING. */
int weakref_get(struct world *world, struct weakref *weakref);
void weakrefs_clear(struct world *world, set targets);
/* Clears those with callbacks, then calls them. */
void weakrefs_clear_callbacks(struct world *world, set targets);

/* ---- mutator.c ---- */

enum code {
    NEW,
    LOAD,
    OWN,
    STORE,
    DROP,
    TAKE,
    PUT,
    EXCHANGE,
    ROTATE,
    INSERT,
    REMOVE,
    CLEAR,
    WATCH,
    UPGRADE,
    BIND,
    FETCH,
    UNBIND,
    MEET,
    MUTATIONS, /* so many codes are the program's */
    STEP = MUTATIONS,
    YOUNG,
    NEARBY,
    CODES
};

void mutate(struct world *world, const struct action *action);

/* ---- ephemeron.c ---- */

/* The ephemeron of a map and a key, or NULL; with NOTHING for both, a free one. */
struct ephemeron *ephemeron_find(struct world *world, int map, int key);
/* Stores an owned value. */
void ephemeron_bind(struct world *world, struct ephemeron *ephemeron, int map, int key, int value);
/* Those of a map, or of a key: they leave, and then their values are dropped. */
void ephemerons_end(struct world *world, int map, int key);
/* Whoever is alive lets go of the values: that touches them, and no cycle owes their end any more. */
void ephemerons_spare(struct world *world, int map, int key);
/* What waited is dropped. */
void ephemerons_postponed(struct world *world, struct verification *verification);
/* What map and key reach together. */
set ephemeron_values(const struct world *world, set reached);
int ephemerons_to(const struct world *world, int value);
/* The value at one of the places behind the slots, if an object is map or key there; or NOTHING. */
int ephemeron_at(const struct world *world, int object, int place);
/* Whether it is counted now, from whichever side, and never again in this scan. */
bool ephemeron_counts(const struct world *world, struct verification *verification, int object,
                      int place);
/* Whether one side, which is live, leads to the value. */
bool ephemeron_leads(const struct world *world, const struct verification *verification, int object,
                     int place);
bool is_dark(const struct world *world, int object);
/* What a finalizer or a callback does. */
void mutate_by_plan(struct world *world, uint8_t plan);

/* ---- verify.c ---- */

void rescue(struct world *world, struct verification *verification, int object);
void scan_slot(struct world *world, struct verification *verification, int object, int slot);
/* What a live object leads to by a slot, or by an ephemeron; or NOTHING. */
int followed(const struct world *world, const struct verification *verification, int object,
             int slot);
bool is_refuted(const struct world *world, const struct verification *verification, int object);
/* Callbacks; then whoever a finalizer can reach comes out of the dark.  True if any has one. */
bool condemn(struct world *world, struct verification *verification);
void suspect_again(struct verification *verification);
void pass_sentence(struct world *world, struct verification *verification);
void sever(struct world *world, struct verification *verification, int object);
void reclaim(struct world *world, struct verification *verification, int object);

/* The whole verifier over any set, in one go. */
void verify_small(struct world *world, set proposed);

/* ---- whole.c ---- */

/* The action says, when a cycle begins, which objects it looks at. */
void whole_step(struct world *world, const struct action *action);
/* Items of a vector, from a slot on, are about to change their places. */
void whole_items_move(struct world *world, int owner, int from);

/* ---- schedule.c ---- */

struct schedule {
    struct action actions[256];
    size_t length;
};

void schedule_make(struct schedule *schedule, uint64_t seed);
/* The fault it leads to, in a world of its own. */
enum fault schedule_run(const struct schedule *schedule, uint32_t broken, struct totals *totals,
                        FILE *trace);
/* Leaves actions out while the rest leads to the same fault. */
void schedule_shrink(struct schedule *schedule, uint32_t broken);

#endif
