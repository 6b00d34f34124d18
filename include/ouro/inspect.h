/* SPDX-License-Identifier: MIT */
/*
 * inspect.h -- what memory does: who holds what, by which name
 *
 * The chapter "inspecting" of ouro.h, continued; a part of ouro.h, which says what holds everywhere.
 *
 *   references   the references of an object by field name, and those to it; what is known of an object; named roots
 *   census       how many objects of which type and size there are; what grew between two moments
 *   why          what keeps an object alive: the shortest path from what the program holds
 *   retained     how much would go with an object
 *   cycles       which cycles the last collections have found
 *
 * Everything here may be called at any moment: between the steps of a collection, in finalizers and callbacks.
 * Objects that are dying, and garbage that a collection has found, are not shown.  A function that is called
 * back must not create, drop or collect.
 */
#ifndef OURO_INSPECT_H
#define OURO_INSPECT_H

#include <ouro/ouro.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- references --------------------------------------------------------- */

typedef enum ouro_reference_kind {
    OURO_REFERENCE_FIELD, /* owner->name */
    OURO_REFERENCE_ITEM,  /* owner->name[index], of a vector or of a variable-sized object */
    OURO_REFERENCE_HOOK,  /* the index-th that the traverse hook of owner's type reports; no name */
    OURO_REFERENCE_EPHEMERON, /* owner is a key, for which the weak map `through` holds the target */
    OURO_REFERENCE_WEAK, /* of a weak reference to what it looks at, of a weak map to a key, of a weak set or a
                               * map of weak values to an object; holds nothing */
    OURO_REFERENCE_BORROWED, /* owner->name, of kind OURO_BORROWED, to a living object; holds nothing */
} ouro_reference_kind;

/* Whether a reference of this kind keeps its target alive; then the target's count has it. */
static inline bool ouro_reference_holds(ouro_reference_kind kind)
{
    return kind < OURO_REFERENCE_WEAK;
}

typedef struct ouro_reference {
    void *owner;
    void *target;     /* never NULL */
    const char *name; /* of the field; "" where there is none; lives as long as the type */
    size_t index;     /* of an item, from 0; of a map of weak values, the key */
    ouro_reference_kind kind;
    void *through; /* the weak map of an ephemeron; else NULL */
} ouro_reference;

/* Non-zero stops the walk.  The reference is the library's, for the time of the call. */
typedef int (*ouro_visit_reference)(const ouro_reference *reference, void *argument);

/*
 * The references of an object: fields in the order of its type's table, then those of the traverse hook, then
 * the values that weak maps hold for it as their key.  A field of kind OURO_WEAK holds a weak reference, an object like
 * others, which looks at its target.
 * Each reference that a count has is shown once, over all objects: that of an ephemeron with the key, where
 * ouro_get_referents shows it with the map.
 */
OURO_API void ouro_each_reference(void *object, ouro_visit_reference visit, void *argument);

/*
 * The references to one of `count` objects of one heap, of all kinds, in one walk over the heap: who holds
 * them, by which field.  For more than a few it asks the system for a sorted copy of `targets`; refused, it is
 * slower.
 */
OURO_API void ouro_each_reference_to(void *const targets[], size_t count,
                                     ouro_visit_reference visit, void *argument);

/* What is known of an object. */
typedef struct ouro_object_info {
    ouro_type *type;
    size_t block_bytes; /* of its block, word included: ouro_sizeof */
    size_t
        buffer_bytes; /* of the buffers of its vectors; of a weak map's or set's table and entries */
    size_t length;    /* items of a variable-sized object */
    int32_t count;    /* references; INT32_MAX for an immortal object */
    int generation;   /* 0 to 2; -1: it has none, since it is not tracked or is frozen */
    bool tracked;
    bool immortal;
    bool finalized; /* its finalizer has run */
    bool frozen;
    bool has_weak_references;
    bool saved; /* kept in `garbage`, by one reference of the heap's own */
} ouro_object_info;
OURO_API void ouro_get_object_info(const void *object, ouro_object_info *out_info);

/* Objects that the program's named roots hold now: see ouro_root.  `name` is "" for one without a name. */
typedef int (*ouro_visit_root)(void *object, const char *name, void *argument);
OURO_API void ouro_each_root(ouro_heap *heap, ouro_visit_root visit, void *argument);

/* ---- census --------------------------------------------------------------- */

/* Objects of one type, or of one size. */
typedef struct ouro_census_line {
    ouro_type *type;     /* NULL in a line of a size class */
    size_t block_size;   /* 0 in a line of a type */
    size_t objects;      /* not hidden */
    size_t bytes;        /* of their blocks */
    size_t buffer_bytes; /* of buffers of their own: see ouro_object_info */
} ouro_census_line;

typedef struct ouro_census {
    const ouro_census_line *types; /* by bytes and buffers, the most first */
    size_t type_count;
    const ouro_census_line *classes; /* likewise */
    size_t class_count;
    ouro_census_line total; /* neither type nor size */
} ouro_census;

/* Counts the objects of a heap.  Result: owned, ends with ouro_census_free, may outlive the heap but not the types; NULL with OURO_NO_MEMORY
 * when the system refuses the memory, which is none of the heap's.  Cost: a walk over the heap. */
OURO_API OURO_OWNED const ouro_census *ouro_census_take(ouro_heap *heap);
OURO_API void ouro_census_free(const ouro_census *census); /* NULL is nothing to do */

/* What a type has more than it had. */
typedef struct ouro_growth {
    ouro_type *type;
    ptrdiff_t objects; /* more; may be negative where bytes grew */
    ptrdiff_t bytes;   /* more, of blocks and buffers */
    size_t objects_now;
    size_t bytes_now;
} ouro_growth;

/* Compares two censuses of a program: the types whose objects are more, or take more bytes, what grew most in bytes
 * first (objgraph.show_growth).  Fills at most `capacity` entries and returns how many types grew. */
OURO_API size_t ouro_census_growth(const ouro_census *before, const ouro_census *after,
                                   ouro_growth *out_growth, size_t capacity);

/* The same for people: a table of the largest `lines` types. */
OURO_API void ouro_census_print(const ouro_census *census, size_t lines, FILE *file);
OURO_API void ouro_census_print_growth(const ouro_census *before, const ouro_census *after,
                                       size_t lines, FILE *file);

/* ---- why ------------------------------------------------------------------
 *
 * The heap knows who refers to whom.  What an object's count has beyond that is held by the program: by variables,
 * by other libraries.
 */

typedef enum ouro_holder {
    OURO_HELD_BY_NOBODY,  /* garbage that a collection will find, if it is not frozen */
    OURO_HELD_BY_ROOT,    /* a variable that was named: see ouro_root */
    OURO_HELD_BY_PROGRAM, /* by references that no object of the heap accounts for */
    OURO_HELD_BY_HEAP,    /* kept in `garbage` by OURO_DEBUG_SAVEALL */
    OURO_HELD_IMMORTAL,   /* lives as long as its heap */
} ouro_holder;

/* How the program keeps an object alive. */
typedef struct ouro_path {
    ouro_holder holder;
    const char *root_name; /* of OURO_HELD_BY_ROOT, "" without a name; else NULL */
    size_t references;     /* of OURO_HELD_BY_PROGRAM: how many */
    void *
        first; /* what the program holds: the object itself where there are no steps; NULL for nobody */
    const ouro_reference
        *steps; /* from `first` to the object, each one's target the next one's owner */
    size_t length;
} ouro_path;

/*
 * A shortest path to the object from anything that the program holds.  `own` is how many of the object's references
 * are the asker's own and no answer: 1 for whoever asks with an owned reference at hand, 0 for a borrowed one.
 * A value of a weak map counts as held by its key.  While a collection is in the middle of garbage, what that
 * refers to counts as held by the program.
 * Result: owned, ends with ouro_path_free, objects borrowed.  NULL with OURO_NO_MEMORY when the system
 * refuses the memory, which is none of the heap's.
 * Cost: three walks over the heap, about 20 bytes an object and 4 a reference.
 */
OURO_API OURO_OWNED const ouro_path *ouro_why_alive(void *object, size_t own);
OURO_API void ouro_path_free(const ouro_path *path); /* NULL is nothing to do */

/* The path in one line, as `root registry: table.slots[3] -> session.user -> user`.  Writes at most size - 1
 * characters and a NUL; returns the length of the whole, as snprintf does. */
OURO_API size_t ouro_path_text(const ouro_path *path, char *out_text, size_t size);

/* ---- retained ------------------------------------------------------------- */

/* An object, and what would go with it if all references to it were dropped. */
typedef struct ouro_retained {
    void *object;    /* borrowed */
    size_t objects;  /* itself and what it alone keeps alive; 0 for garbage */
    size_t bytes;    /* of their blocks and buffers */
    void *dominator; /* the object next to it without which nothing would reach it, or NULL */
} ouro_retained;

/* Of one object.  Failure: OURO_NO_MEMORY when the system refuses the memory, which is none of the heap's.
 * Cost: walks over the heap and about 60 bytes an object and 8 a reference. */
OURO_API ouro_status ouro_get_retained(void *object, ouro_retained *out_retained);

/* Of those that retain most, by bytes: fills at most `capacity` entries and says in *out_count how many.
 * Failure and cost: likewise. */
OURO_API ouro_status ouro_get_most_retained(ouro_heap *heap, ouro_retained *out_retained,
                                            size_t capacity, size_t *out_count);

/* ---- cycles ---------------------------------------------------------------
 *
 * Whoever knows which cycles his program makes can make them no more, or cut them himself.  A log, kept when it is
 * asked for, remembers them by form: which types refer to each other in turn, by which fields.
 */

/* An object of this type refers to the next of the round by this reference. */
typedef struct ouro_cycle_link {
    ouro_type *type;
    const char *name; /* as in ouro_reference */
    ouro_reference_kind kind;
} ouro_cycle_link;

/*
 * Garbage cycles of one form.  A round whose links repeat has them once: rings of nodes are of one form, however long.
 * Of each collection a few objects are looked at, the first 64 of its garbage at most, so that a pause stays a
 * pause; from these is concluded to the others.  Numbers are exact while a collection finds no more than that, and estimates
 * beyond.
 */
typedef struct ouro_cycle {
    const ouro_cycle_link *links; /* the last refers to the first */
    size_t length;                /* 0: garbage whose rounds are longer than what was looked at */
    size_t found;                 /* about how many such cycles */
    size_t objects;               /* that went with them, */
    size_t bytes;                 /* and how large they were */
    uint32_t site;                /* where one of them was born: see trace.h; 0: not known */
} ouro_cycle;

/*
 * Keeps the last `capacity` forms, those that were found longest ago give way; 0: none, which costs nothing but a test
 * per collection that finds garbage.  What was kept before is dropped.
 * Failure: OURO_NO_MEMORY; then nothing is kept.  The memory is none of the heap's, 1.6 KiB a form.
 * Cost when kept: some tens of microseconds for each collection that finds garbage.
 */
OURO_API ouro_status ouro_set_cycle_log(ouro_heap *heap, size_t capacity);

/* The forms that are kept, those with most bytes first.  Non-zero stops the walk. */
typedef int (*ouro_visit_cycle)(const ouro_cycle *cycle, void *argument);
OURO_API void ouro_each_cycle(const ouro_heap *heap, ouro_visit_cycle visit, void *argument);

/* A form in one line, as `parent.children[] -> child.parent -> parent`.  As ouro_path_text. */
OURO_API size_t ouro_cycle_text(const ouro_cycle *cycle, char *out_text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
