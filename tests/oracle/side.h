/* SPDX-License-Identifier: MIT */
/*
 * side.h -- ouro's side of the oracle: a program of operations, run on a heap
 *
 * The driver (oracle.py) gives one random program to this library and to CPython's own objects,
 * and compares the two logs.  What an operation means is said once, in program.py; the two
 * interpreters, operations.c and cpython_side.py, read alike on purpose.
 *
 *     program --> operations.c --> ouro.h        objects.c: what happens on its own is logged
 *                      |              |                     (finalizers, callbacks, deaths)
 *                      +--> log <-----+          report.c:  what can be asked is logged
 *
 * A log is a row of events, each a kind and a number: of an object, a result, a count.  Everything
 * is in the order in which it happened, where CPython defines an order.  What a collector does
 * when it takes garbage apart has none: what dies then by its count, outside of any
 * finalizer and callback, goes into a bag that is logged sorted when the collection is over, and
 * what its finalizers and callbacks would do is done then.
 */
#ifndef OURO_TEST_ORACLE_SIDE_H
#define OURO_TEST_ORACLE_SIDE_H

#include <ouro/ouro.h>

enum {
    SLOTS = 4,
    ROOTS = 10,
    SELF = 10,         /* the base of a path: what a finalizer or callback is about */
    ALIVE_MAX = 60,    /* nodes, silent ones as long as the program runs */
    BIRTHS_MAX = 600,  /* nodes in one program */
    WATCHERS_MAX = 96, /* weak references with a callback in one program */
    VECTOR_MAX = 12,
    DEPTH_MAX = 12, /* finalizers and callbacks within one another that still do something */
    NOTHING = 0xFFFF,
};

enum kind { KIND_FINALIZER = 1, KIND_VECTOR = 2, KIND_SILENT = 4, KINDS = 5 };

/* One operation: a code and its operands, as program.py lays them out. */
struct operation {
    int32_t code;
    int32_t operands[5];
};

struct program {
    const struct operation *operations;
    size_t length;
    const struct operation *script_operations; /* of all scripts, one after the other */
    const int32_t *script_starts;              /* one more than there are scripts */
    int32_t scripts;
};

#define EVENT_KINDS(X)                                                                        \
    X(RESULT) X(FINALIZE) X(CALLBACK) X(TARGET) X(END) X(DIED) X(COLLECT) X(COLLECTED)        \
    X(DEFERRED) X(GENERATION) X(COUNT) X(LOOKED_AT) X(FINALIZED) X(REFERENTS) X(GARBAGE)      \
    X(FROZEN) X(BUSY) X(BAGGED)
enum event_kind {
#define EVENT_NAME(name) EVENT_##name,
    EVENT_KINDS(EVENT_NAME)
#undef EVENT_NAME
};

/* A node dies with its herald, which says so: an object without references that only it holds. */
struct herald {
    int32_t serial;
};

struct node {
    struct herald *herald; /* first, so that it goes before the others; NULL for a silent node */
    void *slots[SLOTS];
    int32_t serial, script;
    enum kind kind;
};

struct vector_node {
    struct node node;
    ouro_vector items;
};

/* A weak reference is known by its address; that of a dead one may be used again. */
struct watcher {
    ouro_weakref *weakref;
    int32_t serial, target, script;
};

struct deferred {
    bool is_callback;
    int32_t serial, script;
    void *object; /* owned: the node, or a weak reference to the weak reference */
};

struct side {
    ouro_heap *heap;
    const struct program *program;
    void *roots[ROOTS];
    void *self; /* borrowed; of the finalizer or callback that runs */
    int depth;  /* finalizers and callbacks that run, since the collection began */
    bool collecting, scripts_off;
    int32_t births, dead, watchers;
    void *nodes[BIRTHS_MAX]; /* by serial; NULL when it is dead */
    struct watcher watching[WATCHERS_MAX];
    ouro_weakref *plain[BIRTHS_MAX]; /* without a callback, by target */
    int32_t bag[2 * BIRTHS_MAX];
    size_t bag_length;
    struct deferred deferred[BIRTHS_MAX];
    size_t deferred_length;
    int32_t *log;
    size_t log_length, log_capacity;
};

extern struct side side;

/* objects.c */
struct node *node_new(enum kind kind, int32_t script);
/* NULL for what is none. */
struct node *as_node(void *object);
bool is_weakref(void *object);
ouro_vector *vector_of(struct node *node); /* or NULL */
ouro_weakref *watcher_new(struct node *target, void *argument, int32_t script);
ouro_weakref *plain_new(struct node *target);
int32_t name_of(void *object); /* a number for the log */
void collect(int generation);
void clear_garbage(void);
void say(enum event_kind kind, int32_t number);

/* operations.c */
void run(const struct operation *operations, size_t length);
void run_script(int32_t script, void *self);

/* report.c */
void report(void);

#endif
