/* SPDX-License-Identifier: MIT */
/*
 * meter.h -- somebody hears of births and deaths of blocks             [floor 1]
 *
 * While a heap is metered, a class list is cut so that it ends before the next birth that is to be heard of, and
 * inlined code, which takes what is on the lists, never comes to that birth:
 *
 *     births to go   |<---------------- left ---------------->|x
 *     class list     |<- taken ->|<- on it ->|<- room ------->|
 *                    |<------- supply ------>|
 *
 * A death heard of is one whose block has a number, which the listener gave it at birth.  Where each birth is
 * heard of, `left` is always 0: lists stay empty and have no room, and blocks go from pools to the program and back
 * one by one.
 *
 *   [meter.cut]     taken + on the list + the shelf's room <= left, for each bin
 *   [meter.number]  a block that is not live has the number 0, or that of who died there and OURO__DEAD_NUMBER
 *   [meter.hot]     the guess which simple object dies next is off: nothing gets into a hot place
 *   [meter.fresh]   the class list of a bin is empty and without room between a birth that was heard of
 *                   and the next event of the bin: then it is settled
 *   [meter.rhythm]  where few births are heard of, the ordinary way is gone when it would be without a meter
 *   [meter.kept]    shelves of raw bins have no room while a block with a number is alive, as nothing else
 *                   would tell its death
 *
 * Below: pool.h.  Above: tracing, which listens.
 */
#ifndef OURO_MEMORY_METER_H
#define OURO_MEMORY_METER_H

#include "memory/pool.h"

#define OURO__DEAD_NUMBER ((uint32_t)1 << 31)

/* More blocks than a pool has: frees feed what births take. */
enum { OURO__METER_QUICK = 8192 };

struct ouro__metered {
    uint64_t left;   /* births that nobody hears of, before one is heard of */
    uint64_t supply; /* blocks put on the class list since `left` was true */
    int32_t
        mark; /* the shelf's room when `supply` was true: what is gone of it was put there, too */
    int32_t room;  /* that the shelf would have, if none of its frees had to be heard of */
    uint32_t kept; /* live blocks with a number */
    bool is_cut;   /* more would be on the class list, if none had to be heard of */
    void *fresh;   /* heard of last, and not settled yet */
};

/* Who allocates: the return address of the call into the library, and the frame pointer that its caller had then, or
 * NULL. */
struct ouro__caller {
    const void *pc;
    const void *frame;
};

struct ouro__meter {
    /* A block was born: numbers it, and returns how many of its bin follow that are not to be heard of. */
    uint64_t (*born)(struct ouro__meter *meter, void *entry, size_t bin, size_t bytes);
    /* `count` blocks that had a number are dead, of so many bytes each. */
    void (*died)(struct ouro__meter *meter, uint32_t number, size_t bytes, uint32_t count);
    /* A block with a number lives, and its bin's class list is about to be used again. */
    void (*settle)(struct ouro__meter *meter, void *entry);
    /* A pool that has no block in use gives its numbers back. */
    void (*forget)(struct ouro__meter *meter, struct ouro__pool *pool);
    struct ouro__caller caller; /* of the allocation at hand */
    bool exact;                 /* each birth is heard of */
    unsigned ticks;             /* births since the clock was looked at */
    unsigned quick;             /* visits here since the last one that went the ordinary way */
    struct ouro__metered bins[OURO__BINS];
};

/* From now on, or no more.  Each bin has its `left` already. */
void ouro__meter_start(struct ouro__pools *pools, struct ouro__meter *meter);
void ouro__meter_stop(struct ouro__pools *pools);

/* What the pools do where the ordinary way ends: refill, give_full. */
void *ouro__meter_take(struct ouro__pools *pools, size_t bin);
void ouro__meter_give(struct ouro__pools *pools, void *entry, size_t bin);

/*
 * Where few births are heard of: one of the blocks that the class list would have had, had it not been cut, with more
 * of them on the list; it is born yet.  NULL: the ordinary way.  [meter.rhythm]
 */
void *ouro__meter_rest(struct ouro__pools *pools, size_t bin, struct ouro__caller caller);

/* A large block is born. */
void ouro__meter_large(struct ouro__pools *pools, void *entry, size_t bin, size_t bytes);

/* A block of a pool died; so did `count` linked ones, of which the program or the collector has let go. */
void ouro__meter_died(struct ouro__pools *pools, struct ouro__pool *pool, const void *entry);
void ouro__meter_died_list(struct ouro__pools *pools, struct ouro__pool *pool, const void *first,
                           uint32_t count);
void ouro__meter_harvested(struct ouro__pools *pools, struct ouro__pool *pool, const void *first,
                           uint32_t count);

/* The same where the block itself goes unheard, if not each birth is heard of. */
ALWAYS_INLINE void ouro__meter_ended(struct ouro__pools *pools, const void *entry)
{
    if (UNLIKELY(pools->meter != NULL) && !pools->meter->exact)
        ouro__meter_died(pools, ouro__pool_of(entry), entry);
}

/* `count` blocks have left the class list of a bin for their pools. */
void ouro__meter_flushed(struct ouro__pools *pools, size_t bin, uint64_t count);

/* A raw block, which had so many bytes, is asked for again where it lies: by another caller, with another size. */
void ouro__meter_moved(struct ouro__pools *pools, void *entry, size_t bytes);

ALWAYS_INLINE uint32_t ouro__meter_bit_words(const struct ouro__pool *pool)
{
    return (pool->capacity + 31) / 32;
}

/* Behind a pool's numbers, not kept where each birth is heard of: which blocks may live that have one, and which numbers
 * are not 0. */
ALWAYS_INLINE uint32_t *ouro__meter_bits(const struct ouro__pool *pool)
{
    return pool->numbers + 1 + pool->capacity;
}

ALWAYS_INLINE uint32_t *ouro__meter_given_bits(const struct ouro__pool *pool)
{
    return ouro__meter_bits(pool) + ouro__meter_bit_words(pool);
}

/* Of the numbers of a pool, how many there are of them, and the bits. */
ALWAYS_INLINE size_t ouro__meter_numbers_size(const struct ouro__meter *meter,
                                              const struct ouro__pool *pool)
{
    const size_t bits = meter->exact ? 0 : 2 * (size_t)ouro__meter_bit_words(pool);
    return (1 + (size_t)pool->capacity + bits) * sizeof(uint32_t);
}

/* All is zero again where not each birth is heard of: at the price of what is not, and of a bit for each block. */
void ouro__meter_wipe(struct ouro__pool *pool);

/* The number of a block, OURO__DEAD_NUMBER included; the pool has numbers. */
ALWAYS_INLINE uint32_t *ouro__meter_number_of(const struct ouro__pool *pool, const void *address)
{
    return &pool->numbers[1 + ouro__pool_index(pool, address)];
}

/* Whether a number is a live block's. */
ALWAYS_INLINE bool ouro__number_is_live(uint32_t number)
{
    return number - 1 < OURO__DEAD_NUMBER - 1;
}

/* Gives a block that is born its number.  The pool has room for numbers. */
ALWAYS_INLINE void ouro__meter_number(struct ouro__meter *meter, struct ouro__pool *pool,
                                      const void *entry, uint32_t number)
{
    const size_t index = ouro__pool_index(pool, entry);
    pool->numbers[1 + index] = number;
    pool->numbers[0]++;
    if (UNLIKELY(!meter->exact)) {
        ouro__meter_bits(pool)[index / 32] |= (uint32_t)1 << index % 32;
        ouro__meter_given_bits(pool)[index / 32] |= (uint32_t)1 << index % 32;
    }
    meter->bins[pool->bin].kept++;
}

ALWAYS_INLINE size_t ouro__meter_bytes(const struct ouro__pool *pool)
{
    if (LIKELY(pool->block_size > 0)) return pool->block_size;
    return ouro__arena_of(pool)->size - OURO__POOLS_START;
}

/*
 * Where each birth is heard of: a block of the current pool, if it has free ones and nothing else is due; it
 * is born yet.  NULL: the ordinary way, which is gone about as often as it would be untraced.
 */
ALWAYS_INLINE void *ouro__meter_quick(struct ouro__pools *pools, size_t bin)
{
    struct ouro__pool *pool = pools->current[bin];
    if (UNLIKELY(pool == NULL || pools->refuse != NULL)) return NULL;
    void *entry = pool->free;
    if (UNLIKELY(entry == NULL || ++pools->meter->quick > OURO__METER_QUICK)) return NULL;
    pool->free = ouro__link(entry);
    pool->used++;
    pools->handed_bytes += pool->block_size;
    if (bin >= (size_t)OURO__TRACKED << OURO__BIN_SHIFT) {
        pools->marks.young_handed++;
        ouro__young_set(entry);                                              /* [young.bit] */
        if (UNLIKELY(!pool->young)) ouro__young_enlist(&pools->marks, pool); /* [young.listed] */
    }
    return entry;
}

#endif
