/* SPDX-License-Identifier: MIT */
/*
 * pool.h -- blocks of one size, for one thread                         [floor 1]
 *
 * From an allocation's side: the class list of its bin (front.list), then the
 * current pool, an available one, a fresh one, a new arena.  Each step is rarer than the
 * one before.  From a free's side: the class list while it has room, then the block's pool, and a pool that is
 * empty waits a while and goes back to the system.
 *
 *   [pool.count]    used + |free| + blocks in holes == carved <= capacity
 *   [pool.handover] a pool hands its whole free list to the class list and counts all of it
 *                   as used: no allocation touches a counter
 *   [pool.word]     the object word of a block that is not live is zero, from the moment it is cut on
 *   [pool.home]     a block returns to the pool that it was cut from
 *   [list.hot]      the hot block of a bin is free, of that bin, and on no list; tracked bins have none
 *   [list.class]    a class list holds free blocks of its bin only
 *   [list.bounded]  a class list holds at most what one hand-over gave, plus its limit and a batch
 *
 * When memory runs out these calls return NULL with `refusal` set; only the heap may
 * answer that by collecting.
 * Below: arena.h, mark.h.  Above: raw.h, life, heap.
 */
#ifndef OURO_MEMORY_POOL_H
#define OURO_MEMORY_POOL_H

#include "memory/guard.h"
#include "memory/mark.h"

#include <string.h>

struct ouro__refusal {
    ouro_status status;
    size_t requested;
};

struct ouro__realm_arenas {
    struct ouro__arena *arenas; /* with pools */
    struct ouro__arena *large;  /* of one block */
    struct ouro__pool *empty;   /* newest first: still resident, waiting */
    struct ouro__pool *empty_last;
    size_t empty_pages;
};

/* A round over the pools of a heap that has shrunk: see hollow.h. */
struct ouro__hollow {
    bool is_due;        /* a round, */
    bool part_is_due;   /* and a part of one if so */
    size_t arena, page; /* where it goes on */
    size_t rest;        /* bytes that were free when the last one ended, or fewer since */
};

struct ouro__pools {
    struct ouro__front front; /* first: inlined code knows the beginning of a heap */
    uint32_t guess_patience;  /* how many others may die before the guess changes */
    struct ouro__pool *current[OURO__BINS];
    struct ouro__pool *available[OURO__BINS];
    uint32_t pools_of[OURO__BINS];
    unsigned populate_most; /* pages of memory at once; 0: none yet */

    struct ouro__realm_arenas realms[OURO__REALMS];
    struct ouro__marks marks;

    size_t live_bytes;   /* handed out: live, or on the class lists; late by less than an eighth */
    size_t handed_bytes; /* handed out since the heap was made */
    size_t committed_bytes; /* carved blocks and large ones */
    size_t accounted_bytes; /* native bytes that the program declared */
    size_t byte_limit;      /* for committed and accounted; 0: none */
    uint64_t tick;          /* milliseconds, when empty pools were last looked at */
    uint64_t idle_tick;     /* and idle class lists, */
    uint64_t passed_tick;   /* and when a list of objects was last empty */
    uint32_t purge_delay;
    unsigned purge_allowance;  /* pages that may be purged by now */
    bool has_worked;           /* this allocation has waited for a part of a collection, */
    bool purge_waits;          /* the next one waits for a purge [purge.turn] */
    struct ouro__arena *dying; /* large blocks that died, on their way back */
    struct ouro__hollow hollow;
    unsigned pinned; /* walks that run user code: arenas stay mapped */
    bool one_at_a_time;
    struct ouro__meter *meter;                  /* hears of births and deaths; NULL: nobody */
    const struct ouro_trace_position *position; /* where the program says that it is */
    bool (*refuse)(void *context, size_t bytes);
    void *refuse_context;
    ouro_arena_source source;
    struct ouro__refusal refusal;
    struct ouro__guard guard; /* last, and idle in the ordinary build */
};

/* The owner of every arena is the struct that begins with these pools. */
ALWAYS_INLINE struct ouro__pools *ouro__pools_of(const void *entry)
{
    return (struct ouro__pools *)ouro__arena_of(entry)->owner;
}

/* Makes a block that is being cut a free one, all but its link. */
ALWAYS_INLINE void ouro__block_cut(const struct ouro__pool *pool, void *entry, enum ouro__kind kind)
{
    if (kind != OURO__RAW) ouro__word_clear(entry); /* [pool.word] */
    if (!OURO_GUARDED) return;
    ouro__guard_fill(entry, (pool->block_size - ouro__kind_prefix(kind)) / sizeof(ouro__word));
}

/* Words behind the word of a pool's blocks, if it is not one of a large block. */
ALWAYS_INLINE size_t ouro__guard_fill_words(const struct ouro__pool *pool)
{
    if (pool->block_size == 0) return 0;
    return (pool->block_size - ouro__kind_prefix(ouro__bin_kind(pool->bin))) / sizeof(ouro__word);
}

/* Makes zeroed pools usable. */
void ouro__pools_init(struct ouro__pools *pools, const ouro_arena_source *source);

/* Gives every arena back at once. */
void ouro__pools_destroy(struct ouro__pools *pools);

/*
 * Takes an entry when the class list is empty, and leaves the rest of a carving
 * or of a pool's free list there.  NULL: see `refusal`; nothing has changed.
 * Cost: one page of carving, or O(1); O(pools of the realm) when memory is refused.
 */
void *ouro__pools_refill(struct ouro__pools *pools, size_t bin);

/* What refills are made of: at most *count blocks, the entry that is returned among them, and how many they are.
 * The rest of them is the class list. */
void *ouro__pools_hand_over(struct ouro__pools *pools, size_t bin, uint32_t *count);

/* How many frees a full class list has room for, after a batch of it has gone to its pools if need be, by which
 * `*supply` falls.  The shelf itself has none. */
int32_t ouro__pools_make_room(struct ouro__pools *pools, size_t bin, uint64_t *supply);

/* The same for a block of more than OURO_BLOCK_MAX bytes, prefix included. */
void *ouro__pools_take_large(struct ouro__pools *pools, enum ouro__kind kind, size_t block_size);

void ouro__pools_give_large(struct ouro__pools *pools, void *entry);

/* Between the two no arena goes away, so that a walk over blocks may run user code. */
void ouro__pools_pin(struct ouro__pools *pools);
void ouro__pools_unpin(struct ouro__pools *pools);

/* Gives a block back past the class list; its death was heard of, if it is to be. */
void ouro__pool_push(struct ouro__pools *pools, void *entry);

/* The same for `count` blocks of one pool, linked from `first` to `last`, that have their young bits or
 * whose pool is `unmarked`. */
void ouro__pool_push_list(struct ouro__pools *pools, struct ouro__pool *pool, void *first,
                          void *last, uint32_t count);

/* Puts such blocks on the class list, which has room for them. */
void ouro__pools_give_list(struct ouro__pools *pools, struct ouro__pool *pool, void *first,
                           void *last, uint32_t count);

/* A pool whose `used` fell outside ouro__pool_push: moves it to the list of its state. */
void ouro__pool_settle(struct ouro__pools *pools, struct ouro__pool *pool);

/* Whether `more` bytes would pass the limit; sets `refusal`. */
bool ouro__pools_refuses(struct ouro__pools *pools, size_t more);

/* How many arenas of pools there are for tracked objects. */
size_t ouro__pools_arenas(const struct ouro__pools *pools);

/* Empties the class lists into their pools. */
void ouro__pools_flush(struct ouro__pools *pools);

/* Empties the class lists that nobody used since the last call. */
void ouro__pools_flush_idle(struct ouro__pools *pools);

/* Empties the class lists and purges empty pools at once; returns the bytes given back. */
size_t ouro__pools_trim(struct ouro__pools *pools);

/* A number that changes when a tracked block is taken from or given to a class list. */
uint64_t ouro__pools_tracked_traffic(const struct ouro__pools *pools);

/* [young.listed] for the pools that tracked class lists hold blocks of. */
void ouro__pools_enlist_cached(struct ouro__pools *pools);

/* The block size of an entry, prefix included. */
ALWAYS_INLINE size_t ouro__entry_block_size(const void *entry)
{
    struct ouro__arena *arena = ouro__arena_of(entry);
    if (UNLIKELY(arena->large)) return arena->size - OURO__POOLS_START;
    return ouro__pool_of(entry)->block_size;
}

/* ouro__give for a block of any kind, which may be a tracked one. */
ALWAYS_INLINE void ouro__pools_give_any(struct ouro__pools *pools, void *entry, size_t bin)
{
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    if (LIKELY(shelf->room > 0) && bin >= (size_t)OURO__TRACKED << OURO__BIN_SHIFT)
        ouro__young_mark(&pools->marks, entry); /* [young.bit] */
    ouro__give(&pools->front, entry, shelf);
}

#endif
