/* SPDX-License-Identifier: MIT */
/*
 * type.h -- what the library knows of a type, compiled once            [floor 2]
 *
 * A type gets a number at its first use.  Under that number lie its shape (where references
 * are, in the form that walks fastest) and its table.  Numbers are the process's; they are given
 * under a lock and read without.
 *
 *   [type.number]   number 0 is never given, so that a live word is never zero
 *   [type.shape]    a shape does not change once its number is public
 *   [type.acyclic]  a type is tracked iff its references may lead to a type that can reach
 *                   itself; a field of unknown type may lead anywhere
 */
#ifndef OURO_OBJECT_TYPE_H
#define OURO_OBJECT_TYPE_H

#include "base/tune.h"
#include "object/word.h"

enum ouro__shape_flag {
    OURO__SHAPE_GENERAL = 1, /* has references that the mask does not show */
    OURO__SHAPE_FINALIZE = 2,
    OURO__SHAPE_RELEASE = 4,
    OURO__SHAPE_TRACKED = 8,
    OURO__SHAPE_LARGE = 16, /* blocks may be large: the bin does not tell */
    OURO__SHAPE_TRAVERSE = 32,
    OURO__SHAPE_PLAIN = 64, /* single references only, no hook, a bin of narrow pools */
    OURO__SHAPE_FENCED =
        128, /* of a guarded build: objects may not fill their blocks [fence.exact] */
};

struct ouro__shape {
    uint64_t mask; /* bit i: word i of the object is a reference */
    uint16_t bin;  /* 0: depends on the length */
    uint8_t flags;
    uint8_t kind; /* enum ouro__kind, known to floor 1 */
};

extern struct ouro__shape ouro__shapes[OURO_TYPES_MAX];
extern ouro_type *ouro__types[OURO_TYPES_MAX];
/* The bins alone, dense: all that a simple death needs. */
extern uint16_t ouro__type_bins[OURO_TYPES_MAX];

ALWAYS_INLINE const struct ouro__shape *ouro__shape_of(const void *object)
{
    return &ouro__shapes[ouro__word_type(*ouro__word_of(object))];
}

ALWAYS_INLINE ouro_type *ouro__type_of(const void *object)
{
    return ouro__types[ouro__word_type(*ouro__word_of(object))];
}

/* Bytes behind the object that a type with a traverse hook needs in death. */
ALWAYS_INLINE size_t ouro__type_extra(const ouro_type *type)
{
    return type->traverse != NULL ? sizeof(void *) : 0;
}

/* Bytes of a block for `length` items, word included; false when they do not fit. */
bool ouro__type_block_size(const ouro_type *type, size_t length, size_t *out_size);

/* The items of a variable-sized object. */
ALWAYS_INLINE size_t ouro__type_length(const ouro_type *type, const void *object)
{
    if (type->item_size == 0) return 0;
    return *(const size_t *)(const void *)((const char *)object + type->length_offset);
}

/* The link of a dead object whose type has a traverse hook: the last word of its block's use. */
ALWAYS_INLINE void **ouro__type_extra_of(const ouro_type *type, void *object)
{
    size_t size = (type->size + 7) & ~(size_t)7;
    if (type->item_size != 0)
        size = (type->size + type->item_size * ouro__type_length(type, object) + 7) & ~(size_t)7;
    return (void **)(void *)((char *)object + size);
}

/* See ouro_type_ready. */
ouro_status ouro__type_prepare(ouro_type *type, ouro_error *out_error);

#endif
