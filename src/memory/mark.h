/* SPDX-License-Identifier: MIT */
/*
 * mark.h -- what lies beside the pools for the collector               [floor 1]
 *
 * Bitmaps and arrays in each arena, all indexed by the address of an entry.
 * Two entries are at least 16 bytes apart, so each 16 bytes hold at most one and
 * the index needs no division by the block's size.  What a cycle walks again and
 * again has a bit for each 8 bytes, so that the way back from bit to entry needs none either; the young
 * bits, which stay committed, have one for 16.
 *
 *   young   a block on a class list, or whose object was made since the last young pass
 *   set     an object of the set that a running cycle looks at       (one bitmap for each lane)
 *   gray    an object proven live whose references are not followed yet             (likewise)
 *   count   SUSPECT of a lane, and the references counted so far from other suspects of it
 *   tally   the low byte of the references from everywhere, when the whole heap is counted; each
 *           256 are carried into the count.  A quarter of the counts' size, so that more of it
 *           stays in the cache
 *
 *   [young.bit]     every tracked block that is handed out and holds no old object has its bit;
 *                   so have those on the free list of a pool that is not `unmarked`
 *   [young.listed]  a pool with young objects, or with blocks on the class lists, is on the
 *                   young list
 *   [mark.zero]     between cycles every set bit, gray bit, count and tally is zero
 *   [mark.scratch]  `scratch_pools` counts the pools that have `scratch`; a large object's has not
 *   [mark.one]      an object is the suspect of one lane at most
 *   [mark.dead]     a block that dies during a cycle loses its set bits and its count at once
 *   [mark.half]     while a cycle has followed a part of a vector or of a weak map, their calls keep
 *                   its place in step with the items that move
 *
 * Below: arena.h.  Above: life (marks a death), collector (everything else).
 */
#ifndef OURO_MEMORY_MARK_H
#define OURO_MEMORY_MARK_H

#include "memory/arena.h"

/* A count of a million references must not saturate: 30 bits, twice what a
 * trapped reference count can hold. */
#define OURO__SUSPECT(lane) ((uint32_t)1 << (31 - (lane)))
#define OURO__SUSPECTS (OURO__SUSPECT(OURO__PASS) | OURO__SUSPECT(OURO__WHOLE))
#define OURO__COUNT_MASK (~OURO__SUSPECTS)

typedef uint32_t __attribute__((may_alias)) ouro__count;
typedef uint64_t __attribute__((may_alias)) ouro__bits;

/*
 * An object of which a cycle has followed a part of the references: a long vector is cut, and the
 * program may run in between.
 */
struct ouro__half {
    void *owner;        /* NULL: none */
    const void *vector; /* in which the cut is; NULL: in items, which do not move */
    size_t done;        /* items that were followed, from the first on */
    unsigned field;
    void *next; /* an ephemeron: the next of the owner's, where its references are done */
};

/* The marks of one running cycle. */
struct ouro__lane {
    size_t suspects;              /* in the set and not proven live */
    struct ouro__pool *gray_from; /* where to look for a pool with gray bits next */
    size_t gray_pools;
    struct ouro__half half;
    uint32_t gray_count;
    void *gray_stack[OURO_GRAY_STACK];
};

/* The lists of pools that carry marks; one per heap. */
struct ouro__marks {
    struct ouro__pool *young; /* pools with young blocks */
    size_t young_handed;      /* tracked blocks handed out since the last young pass */
    size_t scratch_pools;     /* pools whose counts were touched and not purged */
    uint8_t active;           /* a bit for each lane whose cycle runs: deaths clear marks */
    uint32_t judged;          /* SUSPECT of each lane that traps suspects or has trapped them */
    uint32_t condemned;       /* SUSPECT of each lane whose suspects nothing may reach again */
    uint8_t last_words; /* a bit for each lane that calls back, then revives: its set is garbage */
    uint8_t reviving;   /* a bit for each lane that brings back what finalizers can reach */
    uint8_t speaking;   /* a bit for each lane one of whose finalizers or callbacks runs just now */

    struct ouro__arena *counting; /* where the count of the whole heap stands: it stays mapped */
    struct ouro__lane lanes[OURO__LANES];

    /* Old objects whose count changed since they were looked at last, as far as there is room. */
    uint32_t stamp; /* of the last scan that counts ephemerons */
    uint32_t touched_count;
    bool touched_any; /* one at least since the last whole cycle began, or grew old unseen */
    void *touched[OURO_TOUCHED_MAX];
};

ALWAYS_INLINE ouro__count *ouro__count_of(const void *entry)
{
    char *arena = (char *)ouro__arena_of(entry);
    return (ouro__count *)(void *)(arena + ((ouro__arena_offset(entry) >> 2) & ~(size_t)3));
}

/* The same for who goes through a pool: from the count that belongs to its start, and an offset from there. */
ALWAYS_INLINE ouro__count *ouro__count_at(ouro__count *counts, size_t offset)
{
    return counts + offset / 16;
}

ALWAYS_INLINE uint8_t *ouro__tally_of(const void *entry)
{
    return (uint8_t *)ouro__arena_of(entry) + OURO__TALLIES + (ouro__arena_offset(entry) >> 4);
}

ALWAYS_INLINE bool ouro__is_suspect(const void *entry, int lane)
{
    return (*ouro__count_of(entry) & OURO__SUSPECT(lane)) != 0;
}

/* Garbage that nothing may reach any more: its weak references answer nothing. */
ALWAYS_INLINE bool ouro__is_condemned(const struct ouro__marks *marks, const void *entry)
{
    return marks->condemned != 0 && (*ouro__count_of(entry) & marks->condemned) != 0;
}

/* ---- young bits: one for 16 bytes ---- */

ALWAYS_INLINE ouro__bits *ouro__young_word(const void *entry)
{
    char *arena = (char *)ouro__arena_of(entry);
    return (ouro__bits *)(void *)(arena + OURO__YOUNG_BITS + (ouro__arena_offset(entry) >> 10) * 8);
}

ALWAYS_INLINE uint64_t ouro__young_bit(const void *entry)
{
    return (uint64_t)1 << (((uintptr_t)entry >> 4) & 63);
}

ALWAYS_INLINE bool ouro__is_young(const void *entry)
{
    return (*ouro__young_word(entry) & ouro__young_bit(entry)) != 0;
}

ALWAYS_INLINE void ouro__young_set(void *entry)
{
    *ouro__young_word(entry) |= ouro__young_bit(entry);
}

/* Where the bits of an entry's word end. */
ALWAYS_INLINE char *ouro__young_word_end(char *entry)
{
    return entry + (1024 - ((uintptr_t)entry & 1023));
}

/* The bits of blocks in a row that share a word, from `entry` on up to `stop`, which is no further than the word's end.  Blocks
 * are multiples of 8, so the pattern of one or two of them is repeated: doubled until the word is full. */
ALWAYS_INLINE uint64_t ouro__young_row(const char *entry, const char *stop, size_t size)
{
    uint64_t bits = ouro__young_bit(entry);
    size_t place = (uintptr_t)entry & 1023, period = size / 16;
    if (size % 16 != 0) {
        if (place + size < 1024) bits |= ouro__young_bit(entry + size);
        period = size / 8;
    }
    for (; period < 64; period *= 2) bits |= bits << period;
    if (((uintptr_t)stop & 1023) != 0) bits &= ouro__young_bit(stop) - 1;
    return bits;
}

ALWAYS_INLINE void ouro__young_clear(void *entry)
{
    *ouro__young_word(entry) &= ~ouro__young_bit(entry);
}

/* The young bits of a pool, and how many words they are. */
ALWAYS_INLINE ouro__bits *ouro__pool_young(const struct ouro__pool *pool)
{
    return ouro__young_word(ouro__pool_start(pool));
}

ALWAYS_INLINE size_t ouro__pool_young_words(const struct ouro__pool *pool)
{
    return (size_t)pool->pages * (OURO_POOL_SIZE / 1024);
}

/* The entry in the 16 bytes that bit `bit` of word `word` of a pool's young bits stands for.
 * It lies at most 15 before their last byte, so that the rounded reciprocal is exact. */
ALWAYS_INLINE void *ouro__pool_young_entry(const struct ouro__pool *pool, size_t word, unsigned bit)
{
    uint64_t ahead = (uintptr_t)pool->first & (OURO_POOL_SIZE - 1);
    uint64_t offset = (word * 64 + bit) * 16 + 15 - ahead;
    uint64_t index = (offset * pool->reciprocal) >> 32;
    return pool->first + index * pool->block_size;
}

/* ---- set and gray bits: one for 8 bytes ---- */

ALWAYS_INLINE size_t ouro__set_bits(int lane)
{
    return OURO__SET_BITS + (size_t)lane * OURO__LANE_BITS;
}

ALWAYS_INLINE size_t ouro__gray_bits(int lane)
{
    return OURO__GRAY_BITS + (size_t)lane * OURO__LANE_BITS;
}

ALWAYS_INLINE ouro__bits *ouro__mark_word(const void *entry, size_t bitmap)
{
    char *arena = (char *)ouro__arena_of(entry);
    return (ouro__bits *)(void *)(arena + bitmap + (ouro__arena_offset(entry) >> 9) * 8);
}

ALWAYS_INLINE uint64_t ouro__mark_bit(const void *entry)
{
    return (uint64_t)1 << (((uintptr_t)entry >> 3) & 63);
}

ALWAYS_INLINE bool ouro__is_marked(const void *entry, size_t bitmap)
{
    return (*ouro__mark_word(entry, bitmap) & ouro__mark_bit(entry)) != 0;
}

ALWAYS_INLINE void ouro__mark_set(void *entry, size_t bitmap)
{
    *ouro__mark_word(entry, bitmap) |= ouro__mark_bit(entry);
}

ALWAYS_INLINE void ouro__mark_clear(void *entry, size_t bitmap)
{
    *ouro__mark_word(entry, bitmap) &= ~ouro__mark_bit(entry);
}

ALWAYS_INLINE ouro__bits *ouro__pool_marks(const struct ouro__pool *pool, size_t bitmap)
{
    return ouro__mark_word(ouro__pool_start(pool), bitmap);
}

ALWAYS_INLINE size_t ouro__pool_mark_words(const struct ouro__pool *pool)
{
    return (size_t)pool->pages * (OURO_POOL_SIZE / 512);
}

/*
 * Garbage that nobody may meet: condemned, or brought back while what it refers to may be condemned
 * still.  Between the steps of a revival the program must not get in.  [condemn.dark]
 */
ALWAYS_INLINE bool ouro__is_dark(const struct ouro__marks *marks, const void *entry)
{
    if (LIKELY(marks->condemned == 0)) return false;
    if (ouro__is_condemned(marks, entry)) return true;
    for (int lane = 0; lane < OURO__LANES; lane++)
        if ((marks->reviving >> lane & 1) != 0 && ouro__is_marked(entry, ouro__set_bits(lane)))
            return true;
    return false;
}

/* Garbage whose last words are spoken just now: it may come back, but has not yet. */
ALWAYS_INLINE bool ouro__is_speaking(const struct ouro__marks *marks, const void *entry)
{
    for (int lane = 0; lane < OURO__LANES; lane++)
        if ((marks->speaking >> lane & 1) != 0 && ouro__is_marked(entry, ouro__set_bits(lane)))
            return true;
    return false;
}

/* The same of the garbage of one lane. */
ALWAYS_INLINE bool ouro__is_dark_in(const struct ouro__marks *marks, const void *entry, int lane)
{
    if ((*ouro__count_of(entry) & marks->condemned & OURO__SUSPECT(lane)) != 0) return true;
    return (marks->reviving >> lane & 1) != 0 && ouro__is_marked(entry, ouro__set_bits(lane));
}

/* ---- lists of marked pools ---- */

/* [young.listed] */
void ouro__young_enlist(struct ouro__marks *marks, struct ouro__pool *pool);
void ouro__young_unlist(struct ouro__marks *marks, struct ouro__pool *pool);

/* [young.bit] for a block that an object leaves. */
ALWAYS_INLINE void ouro__young_mark(struct ouro__marks *marks, void *entry)
{
    ouro__bits *word = ouro__young_word(entry);
    uint64_t bit = ouro__young_bit(entry);
    if (LIKELY((*word & bit) != 0)) return;
    *word |= bit;
    struct ouro__pool *pool = ouro__pool_of(entry);
    if (!pool->young) ouro__young_enlist(marks, pool);
}

/* ---- gray objects ---- */

/* Where a gray object that finds no room on the stack goes. */
void ouro__gray_spill(struct ouro__marks *marks, int lane, void *entry);

/* Remembers to follow the references of an object that was proven live. */
ALWAYS_INLINE void ouro__gray_add(struct ouro__marks *marks, int lane, void *entry)
{
    struct ouro__lane *gray = &marks->lanes[lane];
    if (LIKELY(gray->gray_count < OURO_GRAY_STACK))
        gray->gray_stack[gray->gray_count++] = entry;
    else
        ouro__gray_spill(marks, lane, entry);
}

/* Takes a proven-live object off the suspects and remembers to follow it. */
ALWAYS_INLINE void ouro__mark_live(struct ouro__marks *marks, int lane, void *entry)
{
    *ouro__count_of(entry) &= OURO__COUNT_MASK;
    marks->lanes[lane].suspects--;
    ouro__gray_add(marks, lane, entry);
}

ALWAYS_INLINE bool ouro__pool_is_gray(const struct ouro__pool *pool, int lane)
{
    return (pool->grays >> lane & 1) != 0;
}

ALWAYS_INLINE bool ouro__gray_is_left(const struct ouro__marks *marks, int lane)
{
    return marks->lanes[lane].gray_count > 0 || marks->lanes[lane].gray_pools > 0;
}

/* Nobody follows what is gray so far: what is on the stack is forgotten, and what is in the bitmaps when the cycle
 * goes by its pool the next time.  [mark.gray] */
ALWAYS_INLINE void ouro__gray_forget_stack(struct ouro__marks *marks, int lane)
{
    marks->lanes[lane].gray_count = 0;
}

void ouro__gray_forget_pool(struct ouro__marks *marks, int lane, struct ouro__pool *pool);

/*
 * The next gray object, or NULL: there is none, or the step's units are used up, one for each pool of the set that was
 * asked.  It may have died since it was added, and another may be in its place: whoever follows it asks for its word
 * first.
 */
void *ouro__gray_next(struct ouro__marks *marks, int lane, struct ouro__pool *set, long *units);

/* [mark.dead], of an object in a pool that is in a set. */
void ouro__mark_dead(struct ouro__marks *marks, struct ouro__pool *pool, void *entry);

/* The same for `count` dead blocks that are linked from `first` on, and not handed out again yet. */
void ouro__mark_dead_list(struct ouro__marks *marks, struct ouro__pool *pool, void *first,
                          uint32_t count);

/* An item comes before others of a vector, or goes from there: [mark.half]. */
ALWAYS_INLINE void ouro__half_shift(struct ouro__marks *marks, const void *vector, size_t position,
                                    int by)
{
    struct ouro__half *half = &marks->lanes[OURO__WHOLE].half; /* a pass is never cut */
    if (LIKELY(half->owner == NULL) || half->vector != vector || position >= half->done) return;
    half->done += (size_t)by;
}

/* ---- touched objects ---- */

/* Remembers an old object whose count has changed.  It may die before it is looked at. */
void ouro__touched_add(struct ouro__marks *marks, void *entry);

/* Forgets those of an arena that goes away. */
void ouro__touched_forget(struct ouro__marks *marks, const struct ouro__arena *arena);

#endif
