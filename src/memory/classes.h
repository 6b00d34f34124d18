/* SPDX-License-Identifier: MIT */
/*
 * classes.h -- sizes and kinds of blocks                               [floor 1]
 *
 * A bin is a kind and a size class.  Up to 512 bytes the classes are exact, in
 * steps of 8; above, eight to each doubling, at most an eighth wasted.
 *
 *     bin = kind << OURO__BIN_SHIFT | class
 *
 * A block of an object begins with its word; the entry, which the program sees,
 * is 8 bytes behind.  A raw block is its own entry.
 *
 *   [bin.zero]  bin 0 (raw, size 0) never holds a block: a type that is not ready
 *               names it and so finds its list empty.
 */
#ifndef OURO_MEMORY_CLASSES_H
#define OURO_MEMORY_CLASSES_H

#include "base/check.h"
#include "base/tune.h"

#include <ouro/ouro.h>

enum ouro__kind {
    OURO__RAW,
    OURO__ACYCLIC,
    OURO__ACYCLIC_16,
    OURO__TRACKED,
    OURO__TRACKED_16,
    OURO__KINDS,
};

/* Kinds of arenas: the collector walks the last only. */
enum ouro__realm { OURO__REALM_RAW, OURO__REALM_ACYCLIC, OURO__REALM_TRACKED, OURO__REALMS };

#define OURO__EXACT_CLASSES (OURO__SMALL_MAX / 8 + 1)
#define OURO__CLASSES (OURO__EXACT_CLASSES + 7 * 8)
_Static_assert(OURO__CLASSES <= 1 << OURO__BIN_SHIFT, "a class fits in a bin");
_Static_assert(OURO__KINDS << OURO__BIN_SHIFT == OURO__BINS, "all kinds have bins");
_Static_assert(OURO_BLOCK_MAX == OURO__SMALL_MAX << 7, "seven doublings above the exact classes");

/* The smallest class that holds `size`, which is at most OURO_BLOCK_MAX. */
ALWAYS_INLINE size_t ouro__class_of(size_t size)
{
    if (size <= OURO__SMALL_MAX) return (size + 7) / 8;
    size_t last = size - 1;
    unsigned doubling = 63u - (unsigned)__builtin_clzl(last); /* 2^doubling <= last */
    return OURO__EXACT_CLASSES + (doubling - 9) * 8 + ((last >> (doubling - 3)) & 7);
}

ALWAYS_INLINE size_t ouro__class_size(size_t class)
{
    if (class < OURO__EXACT_CLASSES) return class * 8;
    size_t step = class - OURO__EXACT_CLASSES;
    return ((size_t)(9 + step % 8)) << (6 + step / 8);
}

ALWAYS_INLINE enum ouro__kind ouro__bin_kind(size_t bin)
{
    return (enum ouro__kind)(bin >> OURO__BIN_SHIFT);
}

ALWAYS_INLINE size_t ouro__bin_size(size_t bin)
{
    return ouro__class_size(bin & ((1u << OURO__BIN_SHIFT) - 1));
}

ALWAYS_INLINE enum ouro__realm ouro__kind_realm(enum ouro__kind kind)
{
    return (enum ouro__realm)((kind + 1u) / 2);
}

/* From the start of a pool to its first entry. */
ALWAYS_INLINE size_t ouro__kind_offset(enum ouro__kind kind)
{
    return kind == OURO__RAW ? 0 : kind == OURO__ACYCLIC || kind == OURO__TRACKED ? 8 : 16;
}

/* Bytes in front of an entry that belong to its block. */
ALWAYS_INLINE size_t ouro__kind_prefix(enum ouro__kind kind)
{
    return kind == OURO__RAW ? 0 : 8;
}

/* Blocks up to OURO_WIDE_BLOCK come from pools of one page. */
ALWAYS_INLINE bool ouro__bin_is_narrow(size_t bin)
{
    enum { widest = OURO__EXACT_CLASSES + 31 };
    _Static_assert(OURO_WIDE_BLOCK == OURO__SMALL_MAX << 4, "four doublings of eight classes");
    return (bin & ((1u << OURO__BIN_SHIFT) - 1)) <= widest;
}

/* The bin for blocks of `size` bytes, prefix included. */
ALWAYS_INLINE size_t ouro__bin_for(enum ouro__kind kind, size_t size)
{
    size_t whole =
        kind == OURO__ACYCLIC_16 || kind == OURO__TRACKED_16 ? (size + 15) & ~(size_t)15 : size;
    return ((size_t)kind << OURO__BIN_SHIFT) | ouro__class_of(whole);
}

#endif
