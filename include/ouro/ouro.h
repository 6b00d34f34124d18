/* SPDX-License-Identifier: MIT */
/*
 * ouro.h -- Python's memory management for C programs
 *
 * Objects carry a reference count and die the moment nobody holds them.  A
 * collector finds the groups that only hold each other.  Pools make small
 * objects cheap.  A complete program:
 *
 *     #include <ouro/ouro.h>
 *     #include <stdio.h>
 *
 *     typedef struct node { struct node *other; } node;
 *     extern ouro_type node_type;
 *     static const ouro_field node_fields[] = {OURO_REF(node, other, &node_type), OURO_END};
 *     ouro_type node_type = OURO_TYPE(node, .fields = node_fields);
 *
 *     int main(void)
 *     {
 *         ouro_heap *heap = ouro_heap_new(NULL, NULL);
 *         node *a = ouro_new(heap, node), *b = ouro_new(heap, node);
 *         ouro_set(a, other, b);
 *         ouro_set(b, other, a);
 *         ouro_decref(a);
 *         ouro_decref(b);
 *         printf("%zu objects were in a cycle\n", ouro_collect(heap, 2));
 *         ouro_heap_close(heap, NULL, NULL);
 *     }
 *
 * The contract, everywhere below unless an entry says otherwise:
 *
 *   ownership  arguments are borrowed, results are owned: who receives a
 *              result gives it back with ouro_decref.
 *   thread     a heap and its objects are used by one thread at a time.
 *   failure    NULL or a status; ouro_heap_error says what and why.  Nothing
 *              is lost by a failed call and the heap stays usable.  Misuse
 *              (one decref too many, a wrong pointer) goes to the misuse hook
 *              and then aborts.
 *   cost       constant time.
 *   since      0.1.0.
 *
 * Chapters: errors, heaps, types, objects, references, scopes, vectors, weak
 * references, weak maps and sets, collecting, raw memory, inspecting.  What stands in detail.h and guarded.h, and names that
 * begin with ouro__, may change with any version.
 */
#ifndef OURO_OURO_H
#define OURO_OURO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OURO_VERSION_MAJOR 0
#define OURO_VERSION_MINOR 1
#define OURO_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

#define OURO_API __attribute__((visibility("default")))
#define OURO_OWNED __attribute__((warn_unused_result)) /* a dropped result is a leak */
#define OURO_CHECKED __attribute__((warn_unused_result)) /* false is a failure that must not pass unseen */

/* The version of the library that runs, as "0.1.0".  Static text. */
OURO_API const char *ouro_version(void);

/* ---- errors -------------------------------------------------------------- */

#define OURO_STATUSES(X)                                                                      \
    X(OURO_OK, "no error")                                                                    \
    X(OURO_NO_MEMORY, "the system gave no more memory")                                       \
    X(OURO_LIMIT, "the heap's byte limit is reached")                                         \
    X(OURO_TOO_LARGE, "a size or length does not fit in the address space")                   \
    X(OURO_BAD_ARGUMENT, "an argument is outside its range")                                  \
    X(OURO_BAD_TYPE, "a type description contradicts itself")                                 \
    X(OURO_TOO_MANY_TYPES, "no type number is left")                                          \
    X(OURO_BUSY, "a collection is already running")                                           \
    X(OURO_EMPTY, "there is nothing to return")                                               \
    X(OURO_BAD_SETTING, "an environment variable has no usable value")                        \
    X(OURO_CORRUPT, "the heap's structures contradict each other")                            \
    X(OURO_GONE, "the object that a weak reference looked at is gone")                        \
    X(OURO_BAD_FILE, "a file is not what it should be")                                       \
    X(OURO_SYSTEM, "the system refused an operation")                                         \
    X(OURO_INTERRUPTED, "the operation was told to stop")

typedef enum ouro_status {
#define OURO_STATUS_NAME_(name, text) name,
    OURO_STATUSES(OURO_STATUS_NAME_)
#undef OURO_STATUS_NAME_
} ouro_status;

/* The sentence of a status; "unknown status" for a number that is none. */
OURO_API const char *ouro_status_text(ouro_status status);

/* What the last failed call of a heap said. */
typedef struct ouro_error {
    ouro_status status;
    size_t requested;  /* bytes asked for, when memory was refused; else 0 */
    size_t in_use;     /* bytes in use then, native bytes included */
    size_t limit;      /* the byte limit that refused, or 0 */
    char message[192]; /* what, where, and what to do, in one line */
} ouro_error;

/*
 * Called with a sentence that names the object, before the library aborts on
 * misuse.  May longjmp or exit; when it returns, the process aborts.  In the debug build lines about the
 * object and its neighbours follow the sentence.  The debug and the hardened build (OURO_GUARDED) tell more
 * kinds of misuse than the ordinary one: docs/design/guarded.md.
 */
typedef void (*ouro_misuse_hook)(const char *message, const void *object);

/* Sets the process's misuse hook and returns the previous one; NULL restores
 * the default, which prints to stderr.  Thread: any; takes effect at once. */
OURO_API ouro_misuse_hook ouro_set_misuse_hook(ouro_misuse_hook hook);

/* ---- heaps --------------------------------------------------------------- */

typedef struct ouro_heap ouro_heap;

/* Where arenas come from, as PEP 445 has it.  `obtain` returns `size` bytes of
 * zeroed memory at a multiple of `alignment`, or NULL; `give_back` takes exactly
 * such a region.  `purge`, when given, lets the pages of a range go: they read
 * as zero afterwards; without it, memory returns only by whole arenas.
 * Regions are mostly untouched: 32 MiB of addresses of which a few pages are used. */
typedef struct ouro_arena_source {
    void *context;
    void *(*obtain)(void *context, size_t size, size_t alignment);
    void (*give_back)(void *context, void *region, size_t size);
    void (*purge)(void *context, void *start, size_t size);
} ouro_arena_source;

typedef enum ouro_collect_at {
    OURO_COLLECT_AT_ALLOCATION, /* an allocation may collect first: finalizers may run in it */
    OURO_COLLECT_AT_SAFEPOINT,  /* only ouro_safepoint, ouro_step and ouro_collect do */
} ouro_collect_at;

/*
 * How a heap is to behave.  Zero everywhere means the defaults, so that
 * `ouro_heap_options options = {0}` or NULL is a good start.  The environment
 * overrides what a program leaves at zero: OURO_BYTE_LIMIT, OURO_THRESHOLD
 * ("4096,10,10"), OURO_COLLECTOR ("on" or "off"), OURO_PURGE_DELAY_MS,
 * OURO_DEBUG ("stats,collectable,uncollectable,saveall,leak").  Sizes take k, m or g.  It also switches on what has no
 * option: OURO_TRACE, OURO_LOG and OURO_PUBLISH; docs/settings.md has them all.
 */
typedef struct ouro_heap_options {
    size_t byte_limit; /* bytes of pools, large blocks and accounted bytes; 0: none */
    ouro_collect_at collect_at;
    bool collector_off;         /* start with automatic collection disabled */
    size_t threshold[3];        /* all 0: 4096, 10, 10; see ouro_set_threshold */
    unsigned debug;             /* OURO_DEBUG_ flags */
    unsigned purge_delay_ms;    /* how long an empty pool waits; 0: 100 */
    unsigned step_microseconds; /* how long a step of the collector may take; 0: 100 */
    /* How many objects and items of vectors one ouro_decref may end at once, some hundreds more at most; what is left of a larger structure ends
     * piece by piece in later allocations, ouro_step, ouro_collect and ouro_heap_close, in the same
     * order.  About 10 to 20 nanoseconds each.  0: any number, and all is over when decref returns. */
    size_t death_bound;
    ouro_arena_source source; /* `obtain` NULL: the system's mmap */
    const char *name;         /* for messages and statistics; copied; NULL: "heap" */
    bool ignore_environment;  /* no override from the environment */

    /* Testing: every block is handed out singly, so that each allocation
     * passes the slow path, where `refuse` may say no (memory pressure) and
     * where `collect_always` runs a collection of that generation + 1. */
    bool one_at_a_time;
    bool (*refuse)(void *context, size_t bytes);
    void *refuse_context;
    unsigned collect_always; /* 0: never; 1, 2, 3: generation 0, 1, 2 at every allocation */
} ouro_heap_options;

/*
 * Makes a heap.  Result: owned; ends with ouro_heap_close.  NULL when memory is
 * refused or an option or environment variable makes no sense, and then
 * *out_error (unless NULL) says which.
 * Cost: a few pages of memory; the first object of a kind commits a few more.
 */
OURO_API OURO_OWNED ouro_heap *ouro_heap_new(const ouro_heap_options *options,
                                             ouro_error *out_error);

typedef struct ouro_close_options {
    bool skip_finalizers; /* free everything without a last word; `release` hooks still run */
} ouro_close_options;

/* What ouro_heap_close found. */
typedef struct ouro_close_report {
    size_t alive;              /* objects alive when close began, immortal ones not counted */
    size_t collected;          /* of these, found in garbage cycles */
    size_t held_from_outside;  /* objects with references that no object of the heap accounts for */
    size_t outside_references; /* how many such references */
    size_t finalized;          /* finalizers that ran during the close */
    size_t uncollectable;      /* objects in `garbage`, kept by OURO_DEBUG_SAVEALL */
    size_t raw_blocks;         /* raw memory blocks never freed (vectors' own not counted) */
    const char *held_type_name; /* of one object held from outside, or NULL */
} ouro_close_report;

/*
 * Ends a heap: collects, runs the finalizers of what is left (unless told not
 * to), then every `release` hook, and gives all memory back at once.  No
 * pointer into the heap may be used afterwards.  Frees without recursion.
 * When `garbage` is not empty it says so on stderr, and lists it under OURO_DEBUG_UNCOLLECTABLE; silent under
 * OURO_DEBUG_SAVEALL.  OURO_DEBUG_STATS prints what was held.
 * Failure: OURO_BUSY inside a collection or a finalizer; nothing is closed then.
 */
OURO_API ouro_status ouro_heap_close(ouro_heap *heap, const ouro_close_options *options,
                                     ouro_close_report *out_report);

/* The heap's last error; never NULL; valid until the next failing call. */
OURO_API const ouro_error *ouro_heap_error(const ouro_heap *heap);

/* The heap of an object.  Borrowed. */
OURO_API ouro_heap *ouro_heap_of(const void *object);

OURO_API const char *ouro_heap_name(const ouro_heap *heap);

/* Makes the calling thread the owner of a heap, which was the one that made it: in the debug and the hardened
 * build use by any other thread is misuse.  In the ordinary build it does nothing.  Thread: any, while none uses
 * the heap. */
OURO_API void ouro_heap_adopt(ouro_heap *heap);

/*
 * Gives memory that holds nothing back to the system at once: empties the class
 * lists and purges every empty pool, and every page without a living block.  A whole cycle that is under way keeps the
 * memory of what it looks at; in a heap that has shrunk by half since it began, it is given up, and callbacks
 * hear that it stops.  Returns the bytes given back.
 * Cost: in proportion to what is free.
 */
OURO_API size_t ouro_trim(ouro_heap *heap);

/* Declares native bytes that live and die with objects (a buffer of a
 * foreign library): they count towards the limit and the collector's pace.
 * Negative when they go.  OURO_BAD_ARGUMENT if the sum would be below zero;
 * OURO_LIMIT if it would pass the byte limit even after a collection; OURO_TOO_LARGE if it would be more
 * than an address space. */
OURO_API ouro_status ouro_account(ouro_heap *heap, ptrdiff_t bytes);

/* Changes the byte limit; 0 removes it.  A limit below what is in use refuses
 * only what is asked for from now on. */
OURO_API void ouro_set_byte_limit(ouro_heap *heap, size_t byte_limit);

/* ---- types --------------------------------------------------------------- */

typedef struct ouro_type ouro_type;

typedef enum ouro_field_kind {
    OURO_FIELD_END,
    OURO_FIELD_REF,      /* T *field: an owned reference or NULL */
    OURO_FIELD_WEAK,     /* ouro_weakref *field: see ouro_weak_set */
    OURO_FIELD_VECTOR,   /* ouro_vector field: owned references, growing */
    OURO_FIELD_ITEMS,    /* T *field[]: owned references behind a variable-sized object */
    OURO_FIELD_BORROWED, /* T *field: a pointer that holds nothing: see ouro_verify */
} ouro_field_kind;

/* One field of a type: its name serves errors, snapshots and paths. */
typedef struct ouro_field {
    const char *name;
    uint32_t offset;
    ouro_field_kind kind;
    const ouro_type *type; /* what it refers to; NULL: anything */
} ouro_field;

/* T is the struct; F a field; TYPE the ouro_type it refers to, or NULL. */
#define OURO_REF(T, F, TYPE) {#F, (uint32_t)offsetof(T, F), OURO_FIELD_REF, TYPE}
#define OURO_WEAK(T, F, TYPE) {#F, (uint32_t)offsetof(T, F), OURO_FIELD_WEAK, TYPE}
#define OURO_VECTOR(T, F, TYPE) {#F, (uint32_t)offsetof(T, F), OURO_FIELD_VECTOR, TYPE}
#define OURO_ITEMS(T, F, TYPE) {#F, (uint32_t)offsetof(T, F), OURO_FIELD_ITEMS, TYPE}
#define OURO_BORROWED(T, F, TYPE) {#F, (uint32_t)offsetof(T, F), OURO_FIELD_BORROWED, TYPE}
#define OURO_END {NULL, 0, OURO_FIELD_END, NULL}

/* Called for each reference by a traverse hook; non-zero stops the walk. */
typedef int (*ouro_visit)(void *referent, void *argument);

/*
 * A type: one table, from which the library knows how to visit, clear, measure
 * and name.  It lives at least as long as every heap that has objects of it and
 * does not change after its first use.  The same type serves every heap.
 *
 * A type that cannot reach a cycle through the fields that the table names is
 * acyclic by inference and the collector never looks at its objects.
 */
struct ouro_type {
    const char *name;
    size_t size;              /* sizeof the struct, without items */
    const ouro_field *fields; /* ended by OURO_END; NULL: no references */
    size_t alignment;         /* 0 or 8; or 16 */
    size_t item_size;         /* variable-sized: bytes of one item behind the struct */
    size_t length_offset;     /* variable-sized: where the struct has its size_t length */
    bool acyclic;             /* a promise: no cycle passes through these objects */
    bool weak_key;            /* they may be keys of weak maps (weak_map.h), so they are tracked */

    /* Once per object, before it dies, by count or by collection; the object is
     * whole and may be given to somebody (resurrection, as PEP 442 has it).
     * It must not longjmp out, nor may any callback: the heap is in the middle of a death or a collection.
     * That is misuse, told when the heap is next entered from where the jump led: by an allocation
     * that leaves the inlined path, a collection, a step, an audit, a close, or, where a death was
     * left, by the next one of more than a simple object. */
    void (*finalize)(void *object);

    /* When it is certain that the object is gone: gives native resources back.
     * Must not look at, take or drop references to other objects. */
    void (*release)(void *object);

    /* For references that no table can describe (tagged values, unions): calls
     * `visit` with each owned reference exactly once and returns the first
     * non-zero result.  Never with NULL.  It serves the collector and death:
     * what it misses leaks, what it reports too much is misuse.  May stand
     * beside fields; it then reports only what they don't. */
    int (*traverse)(void *object, ouro_visit visit, void *argument);

    void *user; /* for the program; the library does not look at it */

    /* Filled at first use; not for programs. */
    uint64_t ready_word;
    uint32_t ready_shelf;
    uint32_t quick_shelf; /* of guarded builds */
};

/*
 * OURO_TYPE(T), or OURO_TYPE(T, .fields = ..., .finalize = ...): for an `ouro_type T_type`.
 *
 * A type of one file is declared `static ouro_type T_type;` before its fields and defined by the same words, in C.  C++
 * declares a variable without defining it by `extern` alone; what is of one file stands in a namespace without a name.
 * Members are named as in C++20, in their order; GCC and Clang take that in C++17 as well, and warn when
 * they are to be pedantic.  GCC's -Wextra misses those that are not named (-Wmissing-field-initializers), but where this
 * header is a system's, as CMake has it.
 */
#define OURO_TYPE(...) OURO__TYPE(__VA_ARGS__, )
#define OURO__TYPE(T, ...) {.name = #T, .size = sizeof(T), __VA_ARGS__}

/*
 * Checks a type and gives it its number, which the first ouro_new would do
 * too: call it to see errors early.  Thread: any.  Failure: OURO_BAD_TYPE,
 * OURO_TOO_MANY_TYPES; the sentence goes to *out_error unless NULL.
 */
OURO_API ouro_status ouro_type_ready(ouro_type *type, ouro_error *out_error);

/*
 * The self-check for a test of one's own types: makes an object of the type in
 * a heap of its own, stores a marker object in each field that the table
 * names, and tells what contradicts: fields that overlap, lie outside or unaligned, a
 * wrong size, and (given `reference_fields`, how many fields of the struct hold
 * references, a vector being one) a field left out.
 * 0 for reference_fields: not known.  Failure: OURO_BAD_TYPE with a sentence.
 */
OURO_API ouro_status ouro_type_check(ouro_type *type, size_t reference_fields,
                                     ouro_error *out_error);

/* Whether objects of this type are ever looked at by the collector. */
OURO_API bool ouro_type_is_tracked(ouro_type *type);

OURO_API ouro_type *ouro_type_of(const void *object); /* borrowed */

/* ---- objects -------------------------------------------------------------- */

#include <ouro/detail.h>

/*
 * ouro_new(heap, T): a new T, zeroed, of the type `T_type`.  Result: owned, one
 * reference; NULL when memory is refused even after a collection.
 * Cost: about ten instructions; from time to time a pool or a collection.
 */
#define ouro_new(heap, T) ((T *)ouro__new((heap), &T##_type, sizeof(T)))

/* The same for a type known at run time. */
OURO_API OURO_OWNED void *ouro_object_new(ouro_heap *heap, ouro_type *type);

/* A variable-sized object with `length` zeroed items; its length field is set. */
OURO_API OURO_OWNED void *ouro_object_new_var(ouro_heap *heap, ouro_type *type, size_t length);
#define ouro_new_var(heap, T, length) ((T *)ouro_object_new_var((heap), &T##_type, (length)))

/* One more reference to an object that is not NULL. */
static inline void ouro_incref(void *object)
{
    (void)ouro__newref(object);
}

/* One reference less to an object that is not NULL; the last one ends it: its
 * finalizer and weak callbacks run inside this call. */
static inline void ouro_decref(void *object)
{
    ouro__drop(object);
}

/* The same where NULL means nothing to do (Python's Py_XINCREF, Py_XDECREF). */
static inline void ouro_xincref(void *object)
{
    ouro__xincref(object);
}
static inline void ouro_xdecref(void *object)
{
    if (object != NULL) ouro_decref(object);
}

/* ouro_newref(object): the object, with one more reference (Py_NewRef). */
#define ouro_newref(object) OURO__SAME_TYPE(object, ouro__newref(object))

/* The count; INT32_MAX for an immortal object. */
OURO_API int32_t ouro_refcount(const void *object);

/* Makes an object live as long as its heap, uncounted (PEP 683).  What it
 * refers to lives too.  Its finalizer never runs; `release` does, at close. */
OURO_API void ouro_immortalize(void *object);
OURO_API bool ouro_is_immortal(const void *object);

/* Bytes of the object's block, its word included (sys.getsizeof). */
OURO_API size_t ouro_sizeof(const void *object);

/* ---- references: fields of objects ------------------------------------------
 *
 * `owner` is a pointer to the object, `field` the name of a reference field in
 * it (or an element, as in `items[i]`).  `value` may be NULL.
 */

/* Stores a borrowed value: takes a reference to it, drops the old one. */
#define ouro_set(owner, field, value)                                                         \
    (OURO__CHECK_ASSIGN((owner)->field, value),                                               \
     ouro__set((owner), &(owner)->field, (value)))

/* Stores an owned value, which is owned by the field from then on. */
#define ouro_put(owner, field, value)                                                         \
    (OURO__CHECK_ASSIGN((owner)->field, value),                                               \
     ouro__put_owned((owner), &(owner)->field, (value)))

/* Drops what the field holds; the field is NULL before that object may die. */
#define ouro_clear(owner, field) ouro__put((owner), &(owner)->field, NULL)

/* Moves the reference out: the field becomes NULL, the result is owned. */
#define ouro_take(owner, field)                                                               \
    OURO__SAME_TYPE((owner)->field, ouro__take((owner), &(owner)->field))

/* Exchanges two fields; no count changes. */
#define ouro_swap(owner_a, field_a, owner_b, field_b)                                         \
    ouro__swap((owner_a), &(owner_a)->field_a, (owner_b), &(owner_b)->field_b)

/* ---- scopes ----------------------------------------------------------------- */

/* `ouro_auto node *n = ouro_new(heap, node);` gives the reference back when the
 * variable goes out of scope, on every path.  NULL is skipped. */
#define ouro_auto __attribute__((cleanup(ouro__auto_release)))

/* ouro_move(variable): its value; the variable is NULL.  To return an ouro_auto. */
#define ouro_move(variable) OURO__SAME_TYPE(variable, ouro__move(&(variable)))

/* The explicit form: a scope owns what is added to it. */
typedef struct ouro_scope {
    ouro_heap *heap;
    size_t length;
    size_t capacity;
    void **items;
    void *first[8];
} ouro_scope;

/* Opens a scope in memory of the caller. */
OURO_API void ouro_scope_open(ouro_scope *scope, ouro_heap *heap);
/* Adds an owned reference and returns it, borrowed.  NULL passes through.  When
 * the scope cannot grow, drops the reference and returns NULL with an error. */
OURO_API void *ouro_scope_add(ouro_scope *scope, void *object);
/* Drops everything added, newest first.  The scope may be opened again. */
OURO_API void ouro_scope_close(ouro_scope *scope);

/* ---- vectors of references ---------------------------------------------------
 *
 * An ouro_vector is a field of kind OURO_VECTOR in an object; all zero is an
 * empty one.  Read `length` and `items` freely; change them by these calls.
 * Each takes the owner, which must hold the vector.
 * Failure of the growing calls: OURO_NO_MEMORY, OURO_LIMIT, OURO_TOO_LARGE, with
 * the vector as it was.  A position outside is OURO_BAD_ARGUMENT.
 */
typedef struct ouro_vector {
    void **items;
    size_t length;
    size_t capacity;
} ouro_vector;

/* Takes a reference to `value`, which may be NULL.  Amortized constant time. */
OURO_API ouro_status ouro_vector_append(void *owner, ouro_vector *vector, void *value);
/* Before the item at `position`; at the end where that is the length.  Cost: the items behind it move. */
OURO_API ouro_status ouro_vector_insert(void *owner, ouro_vector *vector, size_t position,
                                        void *value);
/* Room for so many items altogether; the length stays. */
OURO_API ouro_status ouro_vector_reserve(void *owner, ouro_vector *vector, size_t capacity);
/* Replaces one item: takes a reference to `value`, drops the old one. */
OURO_API ouro_status ouro_vector_set(void *owner, ouro_vector *vector, size_t position,
                                     void *value);
/* Moves the last item out.  Owned; NULL (with OURO_EMPTY) when there is none. */
OURO_API OURO_OWNED void *ouro_vector_pop(void *owner, ouro_vector *vector);
/* Drops one item and closes the gap. */
OURO_API ouro_status ouro_vector_remove(void *owner, ouro_vector *vector, size_t position);
/* Drops all items, last first, and gives the buffer back. */
OURO_API void ouro_vector_clear(void *owner, ouro_vector *vector);

/* ---- weak references ----------------------------------------------------------
 *
 * A weak reference is an object that looks at another without holding it.  When
 * that one dies, or is found in a garbage cycle, all its weak references
 * answer NULL first; then callbacks run, newest first, for the weak references that are
 * still alive themselves.  As CPython's weakref.ref.
 */
typedef struct ouro_weakref ouro_weakref;
typedef void (*ouro_weak_callback)(ouro_weakref *self, void *argument);

extern OURO_API ouro_type ouro_weakref_type;          /* without callback: shared, acyclic */
extern OURO_API ouro_type ouro_weakref_callback_type; /* with callback and argument */

/* The weak reference without callback of an object: the same one each time, as
 * long as somebody holds it.  Result: owned, or NULL. */
OURO_API OURO_OWNED ouro_weakref *ouro_weakref_new(void *target);

/* A new weak reference that calls `callback` once, after `target` is gone, unless it
 * dies earlier itself.  It takes a reference to `argument`, an object or NULL. */
OURO_API OURO_OWNED ouro_weakref *ouro_weakref_new_callback(void *target,
                                                            ouro_weak_callback callback,
                                                            void *argument);

/* The object, owned, or NULL when it is gone. */
OURO_API OURO_OWNED void *ouro_weakref_get(ouro_weakref *weakref);

/* The same where a program takes for granted that the object lives, as by a weakref.proxy: when it is gone the
 * heap's error is OURO_GONE (ReferenceError). */
OURO_API OURO_OWNED void *ouro_weakref_require(ouro_weakref *weakref);

/* How many weak references look at an object (weakref.getweakrefcount).  Cost: their number. */
OURO_API size_t ouro_weakref_count(const void *target);

/* `visit` sees each of them, borrowed: the one without callback first, then newest first
 * (weakref.getweakrefs).  It must not create, drop or collect. */
OURO_API void ouro_weakref_each(const void *target, ouro_visit visit, void *argument);

/* As == of weakref.ref: while both objects live, whether `equal` says that they are equal (NULL: whether
 * they are the same object); once one is gone, whether `a` and `b` are the same weak reference. */
OURO_API bool ouro_weakref_equal(ouro_weakref *a, ouro_weakref *b,
                                 bool (*equal)(const void *a, const void *b));

/* As hash() of weakref.ref: what `hash` says of the object (NULL: a hash of its address).  Taken once and
 * remembered, so that a table finds the weak reference when the object is gone.  Failure: OURO_GONE when it was not
 * taken before that; *out_hash stands. */
OURO_API ouro_status ouro_weakref_hash(ouro_weakref *weakref, uint64_t (*hash)(const void *object),
                                       uint64_t *out_hash);

/* Weak fields: a field `ouro_weakref *field` of kind OURO_WEAK.  Storing takes or makes the
 * shared weak reference; reading gives an owned object or NULL. */
OURO_API ouro_status ouro__weak_set(void *owner, ouro_weakref **slot, void *target);
#define ouro_weak_set(owner, field, target) ouro__weak_set((owner), &(owner)->field, (target))
#define ouro_weak_get(owner, field)                                                           \
    ((owner)->field != NULL ? ouro_weakref_get((owner)->field) : NULL)

/* ---- weak maps and sets ---- */

#include <ouro/weak_map.h>

/* ---- collecting ------------------------------------------------------------------
 *
 * Names and meanings are the gc module's.  Generation 0 is what was made since
 * the last young pass, 1 what survived one, 2 everything.
 */

/* Finds and frees the cyclic garbage of a generation and those below it, and
 * returns how many objects were found unreachable.  Generation 2: what is under way comes to its end
 * first, and then all is looked at from the beginning.  Inside a collection it does
 * nothing, returns 0, and the heap's error says OURO_BUSY; OURO_BAD_ARGUMENT for another number than 0, 1, 2. */
OURO_API size_t ouro_collect(ouro_heap *heap, int generation);

/* Runs what is due: passes, and what allocation owes to the whole cycle.  For heaps that collect at
 * safepoints, and for loops that only drop.  Returns what it found; 0 inside a collection. */
OURO_API size_t ouro_safepoint(ouro_heap *heap);

/* How much a step may do: whichever is used up first; zero means without bound. */
typedef struct ouro_budget {
    unsigned microseconds;
    size_t units; /* about so many objects and items of vectors are looked at, 10 to 50 ns each */
} ouro_budget;

/*
 * For programs with idle time (a game's frame, an event loop): works ahead on the whole cycle, and
 * begins one if an old object was touched since the last.  What is done here, allocations need not
 * pay.  Returns how many objects a cycle that came to its end has found, mostly 0.  Inside a
 * collection it does nothing, and the heap's error says OURO_BUSY; in the finalizer or callback of
 * an object that dies by its count it does nothing either, as that object lets go of others only then.
 * Cost: the budget; beyond it one finalizer or callback of garbage, and the deaths of what only a piece of
 * garbage held (bounded where deaths are).
 */
OURO_API size_t ouro_step(ouro_heap *heap, ouro_budget budget);

/*
 * Names a root: `variable` is the address of a variable of the program that holds an owned reference or
 * NULL.  Where roots are named, the whole cycle begins at them and saves a pass over the heap.
 * They need not be all: what others hold is found alive all the same, at the price of a longer look.
 * Objects of other heaps are passed by.  The variable must stay where it is until ouro_unroot.  For people it has
 * the name that it is called by, or that ouro_root_as gives it: a text that stays as well.
 * Failure: OURO_NO_MEMORY, OURO_LIMIT; OURO_BAD_ARGUMENT for one that was not named.
 */
OURO_API ouro_status ouro_root(ouro_heap *heap, void *variable);
#define ouro_root(heap, variable) ouro_root_as((heap), (variable), #variable)
OURO_API ouro_status ouro_root_as(ouro_heap *heap, void *variable, const char *name);
OURO_API ouro_status ouro_unroot(ouro_heap *heap, void *variable);

OURO_API void ouro_collector_enable(ouro_heap *heap);
OURO_API void ouro_collector_disable(ouro_heap *heap); /* ouro_collect still works */
OURO_API bool ouro_collector_is_enabled(const ouro_heap *heap);

/* A young pass is due after threshold[0] young objects (0: nothing is collected automatically), or when the
 * heap's bytes have grown by a sixteenth and a mebibyte, or when four times that was handed out.  While passes find
 * next to nothing, only one batch in 2, 4, ... 32 is looked at, of twice as many, and the others grow old; where
 * garbage is larger than a batch, three are taken together; and where passes beside a whole cycle take longer than a
 * step and what they look at is garbage, a batch is a half to an eighth, but no less than 512.  A pass of generation 1
 * follows threshold[1] young ones (0: never), or when 3072 objects have survived them.  Passes over what lies near
 * touched old objects follow young ones, and a whole cycle begins when the heap's bytes have grown by their share
 * since the last one and an old object was touched (threshold[2] 0: neither ever). */
OURO_API void ouro_set_threshold(ouro_heap *heap, const size_t threshold[3]);
OURO_API void ouro_get_threshold(const ouro_heap *heap, size_t out_threshold[3]);
/* Young objects alive; young passes since the last of generation 1; those since the last full one.
 * Cost: in proportion to the young objects. */
OURO_API void ouro_get_count(const ouro_heap *heap, size_t out_count[3]);

typedef struct ouro_generation_stats {
    size_t collections;
    size_t candidates; /* objects looked at */
    size_t collected;
    size_t uncollectable; /* saved in garbage instead of freed */
    uint64_t nanoseconds; /* spent, user code in finalizers included */
} ouro_generation_stats;
OURO_API void ouro_get_stats(const ouro_heap *heap, ouro_generation_stats out_stats[3]);

/* How the whole cycle goes that is under way, if any, and how long its steps have been.  Units as in
 * ouro_budget. */
typedef struct ouro_progress {
    const char *phase;    /* static text: "idle", "count", "scan", ... */
    size_t bytes;         /* live and accounted now */
    size_t start_bytes;   /* when they pass this, a whole cycle begins */
    size_t goal_bytes;    /* before they pass this, it is over, if steps are long enough */
    size_t debt;          /* units that allocation owes */
    size_t work_left;     /* units, by what is known now */
    size_t steps;         /* since the heap was made */
    size_t touched;       /* old objects that wait to be looked at */
    size_t nearby_passes; /* over what lies near touched objects */
    size_t nearby_found;  /* objects of garbage that these found */
    uint64_t longest_step_nanoseconds; /* user code included */
    const char *longest_step_phase;
} ouro_progress;
OURO_API void ouro_get_progress(const ouro_heap *heap, ouro_progress *out_progress);

/* Moves every tracked object out of the collector's sight, as gc.freeze; and back, into the oldest generation.  A whole
 * cycle that is under way ends first.  Inside a collection both do nothing, and the heap's error says OURO_BUSY.
 * Cost: a walk over the tracked objects, of all three. */
OURO_API void ouro_freeze(ouro_heap *heap);
OURO_API void ouro_unfreeze(ouro_heap *heap);
OURO_API size_t ouro_freeze_count(const ouro_heap *heap);

#define OURO_DEBUG_STATS 1u         /* lines on stderr at start and stop: see docs/settings.md */
#define OURO_DEBUG_COLLECTABLE 2u   /* a line per object found, before finalizers */
#define OURO_DEBUG_UNCOLLECTABLE 4u /* a line per object that was kept, and at close */
#define OURO_DEBUG_SAVEALL 32u      /* what is found is kept in `garbage`, not freed */
#define OURO_DEBUG_LEAK 38u         /* the last three together */
OURO_API void ouro_set_debug(ouro_heap *heap, unsigned flags);
OURO_API unsigned ouro_get_debug(const ouro_heap *heap);

/* The objects kept by SAVEALL: `visit` sees each, borrowed. */
OURO_API size_t ouro_garbage_count(const ouro_heap *heap);
OURO_API void ouro_garbage_each(ouro_heap *heap, ouro_visit visit, void *argument);
/* Lets them go; cycles among them are garbage again. */
OURO_API void ouro_garbage_clear(ouro_heap *heap);

/* Called at the start and at the stop of each collection.  Between the start and the stop of a whole cycle
 * (generation 2) the program runs, and passes start and stop. */
typedef struct ouro_collection {
    bool stop; /* false: start */
    int generation;
    bool nearby; /* a pass over what lies near touched objects, told as generation 1 */
    /* Objects judged; 0 where a whole cycle was given up, as the heap had shrunk by half since it began.  This and
     * the rest are known at the stop only. */
    size_t candidates;
    size_t collected;
    size_t uncollectable;
    uint64_t nanoseconds;
} ouro_collection;
typedef void (*ouro_collector_callback)(ouro_heap *heap, const ouro_collection *info,
                                        void *argument);
/* Adds one, behind those that are there, or removes one; also inside a callback.  The same may be added
 * again, and then is called twice.  Failure: OURO_NO_MEMORY, OURO_LIMIT; OURO_BAD_ARGUMENT for one that was not
 * added. */
OURO_API ouro_status ouro_add_callback(ouro_heap *heap, ouro_collector_callback callback,
                                       void *argument);
OURO_API ouro_status ouro_remove_callback(ouro_heap *heap, ouro_collector_callback callback,
                                          void *argument);

/* ---- raw memory -------------------------------------------------------------------
 *
 * Bytes without a count, for an object's own buffers.  Aligned to 8; to 16 when the
 * size is a multiple of 16.  Size 0 is served as size 1.  The heap's
 * limit and error hold as for objects.
 */
static inline OURO_OWNED void *ouro_mem_alloc(ouro_heap *heap, size_t size)
{
    return ouro__mem_alloc(heap, size);
}
OURO_API OURO_OWNED void *ouro_mem_alloc_zeroed(ouro_heap *heap, size_t count, size_t size);
/* `alignment`: a power of two, at most 4096.  Freed as any other. */
OURO_API OURO_OWNED void *ouro_mem_alloc_aligned(ouro_heap *heap, size_t size, size_t alignment);
/* As realloc; on failure NULL and the old block stands.  NULL allocates; size 0 is size 1. */
OURO_API OURO_OWNED void *ouro_mem_realloc(ouro_heap *heap, void *memory, size_t size);
/* NULL is nothing to do. */
OURO_API void ouro_mem_free(ouro_heap *heap, void *memory);
/* Faster where the size asked for is known.  Not for aligned allocations. */
static inline void ouro_mem_free_sized(ouro_heap *heap, void *memory, size_t size)
{
    ouro__mem_free_sized(heap, memory, size);
}
/* Bytes that may be used, at least what was asked for. */
OURO_API size_t ouro_mem_usable_size(const void *memory);

/* ---- inspecting -----------------------------------------------------------------------
 *
 * Reads everything, changes nothing.  `visit` must not create, drop or collect.
 * What goes on in <ouro/inspect.h>, which is included below: references by field names, censuses and growth, why an
 * object is alive, retained sizes, the cycles that were found.
 */

OURO_API bool ouro_is_tracked(const void *object);   /* may the collector look at it */
OURO_API bool ouro_is_finalized(const void *object); /* has its finalizer run */
/* The references that the object holds (gc.get_referents). */
OURO_API void ouro_get_referents(void *object, ouro_visit visit, void *argument);
/* Objects that hold a reference to `target`.  Cost: a walk over the heap. */
OURO_API void ouro_get_referrers(void *target, ouro_visit visit, void *argument);
/* Objects that hold a reference to one of `count` objects of one heap, each once, in one walk. */
OURO_API void ouro_get_referrers_of(void *const targets[], size_t count, ouro_visit visit,
                                    void *argument);
/* Tracked objects of one generation, or of all for -1; frozen ones are in none. */
OURO_API ouro_status ouro_get_objects(ouro_heap *heap, int generation, ouro_visit visit,
                                      void *argument);
/* Every living object, tracked or not. */
OURO_API void ouro_each_object(ouro_heap *heap, ouro_visit visit, void *argument);

typedef struct ouro_heap_stats {
    size_t objects;      /* alive */
    size_t object_bytes; /* in their blocks */
    size_t raw_blocks;
    size_t raw_bytes;
    size_t accounted_bytes; /* by ouro_account */
    size_t arenas;
    size_t large_blocks;    /* with a mapping of their own */
    size_t pools;           /* in use */
    size_t empty_pools;     /* waiting to be purged or reused */
    size_t reserved_bytes;  /* addresses */
    size_t committed_bytes; /* of blocks that were cut and not given back, and of large blocks */
    size_t resident_bytes;  /* what the system says (mincore); costs a system call per arena */
    size_t cached_blocks;   /* on the class lists */
    size_t cached_bytes;
    size_t free_blocks; /* in pools */
    size_t free_bytes;
    size_t uncarved_bytes; /* of pools, never cut, or given back page by page */
    size_t rounding_bytes; /* lost at the ends of pools: what an exact class has left over */
    size_t header_bytes;   /* of arenas, of their pools, and of the heap itself, touched or not */
} ouro_heap_stats;
/* Of objects, raw memory, cached, free, uncarved and rounding bytes the first four are what is committed, and all are
 * what pools and large blocks take.
 * Cost: a walk over the pools and the class lists; a system call for each arena. */
OURO_API void ouro_get_heap_stats(const ouro_heap *heap, ouro_heap_stats *out_stats);

typedef enum ouro_class_kind {
    OURO_CLASS_RAW,
    OURO_CLASS_ACYCLIC,
    OURO_CLASS_TRACKED
} ouro_class_kind;
typedef struct ouro_class_stats {
    ouro_class_kind kind;
    size_t block_size;
    size_t pools;
    size_t live, cached, free, carved; /* blocks; live + cached + free == carved */
    size_t capacity;                   /* blocks that its pools could hold */
} ouro_class_stats;
/* Fills at most `capacity` entries and returns how many size classes are in use. */
OURO_API size_t ouro_get_class_stats(const ouro_heap *heap, ouro_class_stats *out_classes,
                                     size_t capacity);

/* One pool of memory.  live + cached + free blocks were cut; the rest of its capacity never was. */
typedef struct ouro_pool_info {
    const void *address;
    size_t bytes;
    ouro_class_kind kind;
    size_t block_size;         /* 0: an empty pool, which waits to be purged or reused */
    size_t capacity;           /* blocks; 1 of a large block with a mapping of its own */
    size_t live, cached, free; /* cached: on the class list */
} ouro_pool_info;
/* Visits every pool, those that wait too; non-zero stops the walk.
 * Cost: a walk over the pools and, for each, over the class list of its size. */
OURO_API void ouro_each_pool(const ouro_heap *heap,
                             int (*visit)(const ouro_pool_info *pool, void *argument),
                             void *argument);

/* A report for people, in the manner of sys._debugmallocstats, with a drawing of
 * how full the pools are. */
OURO_API void ouro_heap_print_stats(const ouro_heap *heap, FILE *file);

/* One character per pool, from the first arena on: ' ' empty, then '.', ':', '+', '#' by quarters,
 * '@' full.  Writes at most size - 1 and a NUL; returns the number of pools in use.  `kind` and
 * `block_size` choose a class; block_size 0 means all. */
OURO_API size_t ouro_draw_pools(const ouro_heap *heap, ouro_class_kind kind, size_t block_size,
                                char *out_text, size_t size);

/*
 * Audits everything: pools, lists, counts against references, weak references, and what types report.
 * OURO_OK, or a status with a sentence in *out_error:
 *
 *   OURO_CORRUPT   structures contradict each other; or a count is too low, and where a type reports a
 *                  reference more often than its objects have it, or its traverse hook changes counts, that
 *                  type is named.  Counts may exceed the references that the heap knows: the program
 *                  holds some.
 *   OURO_BAD_TYPE  the heap is sound, but objects seem to hold a reference that their type does not
 *                  report: a leak.  Told where a word of two objects at least points to a living object, no
 *                  such word of the type to one whose count is explained, and no field or hook
 *                  reports it.  The sentence names the type and the word.  A pointer that is meant to hold
 *                  nothing is named by OURO_BORROWED in the type's fields.
 *   OURO_BUSY      inside a collection
 *   OURO_NO_MEMORY the system gave no memory to count in
 *
 * References in buffers outside the object are not looked for.  Traverse hooks are called several times.
 * Cost: walks over the heap, every word of every object; 4 bytes for each block, from the system.
 */
OURO_API ouro_status ouro_verify(ouro_heap *heap, ouro_error *out_error);

/* Whether `address` is the address of a living object of this heap.  Any pointer may be asked about. */
OURO_API bool ouro_is_object(const ouro_heap *heap, const void *address);

#ifdef __cplusplus
}
#endif

#include <ouro/inspect.h>

#endif
