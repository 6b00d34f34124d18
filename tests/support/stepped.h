/* SPDX-License-Identifier: MIT */
/*
 * stepped.h -- a heap and its mirror, with the collector in steps between everything
 *
 * A small program of random operations, between any two of which the whole cycle may go a step, so
 * that each of its phases meets each operation, in finalizers and callbacks too.  After each, all that
 * can be reached must be whole, and what has gone must have been unreachable: stepped_check.c.
 */
#ifndef OURO_TEST_STEPPED_H
#define OURO_TEST_STEPPED_H

#include "support/mirror.h"
#include "support/sequence.h"

/* name, weight in a random program, weight in a finalizer or callback */
#define STEPPED_OPERATIONS(X)                                                                      \
    X(NEW, 24, 3)                                                                                  \
    X(OWN, 8, 6)                                                                                   \
    X(DROP, 28, 4)                                                                                 \
    X(SET, 28, 8)                                                                                  \
    X(SET_NULL, 8, 4)                                                                              \
    X(PUT, 22, 2)                                                                                  \
    X(TAKE, 20, 4)                                                                                 \
    X(SWAP, 14, 4)                                                                                 \
    X(APPEND, 8, 2)                                                                                \
    X(INSERT, 5, 1)                                                                                \
    X(REPLACE, 3, 1)                                                                               \
    X(POP, 3, 1)                                                                                   \
    X(PULL, 3, 1)                                                                                  \
    X(REMOVE, 4, 1)                                                                                \
    X(EMPTY, 2, 1)                                                                                 \
    X(WEAK, 4, 2)                                                                                  \
    X(WEAK_CALLBACK, 5, 2)                                                                         \
    X(WEAK_GET, 8, 6)                                                                              \
    X(WEAK_FIELD_SET, 3, 1)                                                                        \
    X(WEAK_FIELD_GET, 4, 1)                                                                        \
    X(MAP_SET, 10, 3)                                                                              \
    X(MAP_GET, 5, 3)                                                                               \
    X(MAP_POP, 2, 1)                                                                               \
    X(MAP_DELETE, 2, 1)                                                                            \
    X(MAP_CLEAR, 1, 1)                                                                             \
    X(MAP_WALK, 2, 1)                                                                              \
    X(STEP, 0, 6)                                                                                  \
    X(COLLECT, 2, 3)                                                                               \
    X(COLLECT_ALL, 1, 0)                                                                           \
    X(SAFEPOINT, 2, 1)                                                                             \
    X(FREEZE, 0, 0)                                                                                \
    X(UNFREEZE, 2, 0)                                                                              \
    X(TRIM, 1, 1)                                                                                  \
    X(ACCOUNT, 1, 0)                                                                               \
    X(ROOT, 3, 1)                                                                                  \
    X(IMMORTALIZE, 0, 0)                                                                           \
    X(INSPECT, 0, 1)

enum stepped_code {
#define STEPPED_CODE_(name, weight, inside) STEPPED_##name,
    STEPPED_OPERATIONS(STEPPED_CODE_)
#undef STEPPED_CODE_
        STEPPED_CODES,
};

enum { STEPPED_HELD = 32, STEPPED_ROOTS = 4, STEPPED_PHASES = 32, STEPPED_BYTES = 64 << 20 };

/* How a stepped world is made. */
struct stepped_setup {
    ouro_heap_options options;
    unsigned held;         /* how much the program holds at most */
    unsigned alive;        /* when it stops to make more */
    unsigned verify_every; /* operations between two runs of ouro_verify */
    bool acting;           /* finalizers and callbacks act, too */
    bool vectors;          /* half of all objects have one */
    bool maps;             /* many objects are weak maps */
    bool names_roots;
    bool logs_cycles;
    bool skips_finalizers; /* when it closes its heap */
};

/* The setup and the program of a seed. */
struct stepped_setup stepped_setup_of(uint64_t seed);
struct sequence stepped_sequence(uint64_t seed, size_t length);

/* A stepped world as a place for sequences. */
struct sequence_stage stepped_stage(const struct stepped_setup *setup);

/* What the worlds of this process have been through, for the record. */
struct stepped_tally {
    size_t operations, steps, inner, births, finalized, callbacks, resurrected;
    size_t passes, nearby, cycles, collected, verified;
    size_t met[STEPPED_PHASES][STEPPED_CODES]; /* operations while the whole cycle was in a phase */
};
extern struct stepped_tally stepped_tally;

/* ---- between the files of this world ---- */

struct stepped {
    const struct stepped_setup *setup;
    ouro_heap *heap;
    FILE *trace;
    model_id held[STEPPED_HELD]; /* one reference each */
    size_t held_count;
    void *roots[STEPPED_ROOTS]; /* variables that hold a reference each, named to the heap */
    model_id root_ids[STEPPED_ROOTS];
    size_t accounted;
    size_t operations;
    unsigned depth; /* hooks we are in */
    model_id self;  /* the innermost finalizer's object, or MODEL_NONE */
    bool silent;    /* finalizers and callbacks do nothing just now */
    bool closing;
    struct mirror mirror;
};
extern struct stepped stepped;

/* A line for the reader of a failure. */
void stepped_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline struct mirror_node *stepped_node(model_id id)
{
    return mirror_node(&stepped.mirror, id);
}

/* The number of a node for people, 0 for none. */
uint32_t stepped_serial(model_id id);

/* Does one operation, at whatever depth. */
void stepped_do(const struct operation *operation);

/* Borrowed: something that the program can reach; of those that `accepts`; or MODEL_NONE.  No count changes. */
model_id stepped_walk(uint16_t number);
model_id stepped_walk_to(uint16_t number, bool (*accepts)(model_id id));

/* A reference that the program has got. */
void stepped_keep(model_id id);

/* Operations on weak maps: stepped_maps.c. */
void stepped_map_set(const struct operation *operation);
void stepped_map_get(const struct operation *operation);
void stepped_map_pop(const struct operation *operation);
void stepped_map_delete(const struct operation *operation);
void stepped_map_clear(const struct operation *operation);
void stepped_map_walk(const struct operation *operation);

/* Looks at all there is: stepped_inspect.c. */
void stepped_inspect(const struct operation *operation);

/* The code of an operation inside a hook. */
uint8_t stepped_choose_inside(struct random *random);

/* A new object of the library's has its node, and its address no other. */
model_id stepped_born(enum kind kind, void *object, unsigned slot_count);

/* Between operations: everything is compared with everything. */
void stepped_check(void);
/* Between any two changes of the mirror: weak references that were cleared. */
void stepped_check_weak(void);
/* Nothing unreachable is left. */
void stepped_check_clean(void);
/* The audit of the library itself. */
void stepped_verify(void);

/* What the library calls. */
void stepped_finalizing(model_id id, void *object);
void stepped_released(model_id id, void *object);
void stepped_called(ouro_weakref *self, void *argument);
void stepped_collection(ouro_heap *heap, const ouro_collection *info, void *argument);

/* A sentence may be passed from now on: what is lost may have its finalizer, even when another's
 * finalizer has brought it back by then. */
void stepped_note_lost(int lane);

/* Reachable again, whatever it was: it need not go. */
void stepped_pardon(void);

/* A live map lets go of a value: that touches it, and the cycle leaves it, and all that it refers to, to the next. */
void stepped_spare(model_id id);

#endif
