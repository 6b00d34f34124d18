/* SPDX-License-Identifier: MIT */
/*
 * inspect.h -- what memory does: who holds what, by which name
 *
 * The chapter "inspecting" of ouro.h, continued; a part of ouro.h, which says what holds everywhere.
 *
 *   references   the references of an object by field name; what is known of an object; named roots
 *
 * Everything here may be called at any moment: between the steps of a collection, in finalizers and callbacks.
 * Objects that are dying, and garbage that a collection has found, are not shown.  A function that is called
 * back must not create, drop or collect.  Since 0.2.0.
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

#ifdef __cplusplus
}
#endif

#endif
