/* SPDX-License-Identifier: MIT */
/*
 * arena.h -- 32 MiB of addresses, and what lies where in them          [floor 1]
 *
 *     0        20 KiB    64 KiB       320 KiB     832 KiB     1.3 MiB        2.3 MiB  2.5 MiB      8 MiB        10 MiB  32 MiB
 *     | header | pool    | young bits | set bits  | gray bits | both again   |        | counts     | tallies    | pools |
 *     |        | headers | 1 per 16 B | 1 per 8 B | 1 per 8 B | for lane 1   |        | 4 B per 16 | 1 B per 16 |       |
 *
 * Everything beside a pool is found from an address by arithmetic alone: no
 * load stands between an object and its mark.  Untouched ranges cost addresses only.
 *
 *   [arena.mask]    an arena starts at a multiple of its size, so any address in it finds it
 *   [arena.realm]   raw blocks, acyclic objects and tracked objects never share an arena
 *   [arena.end]     beyond `page_end` nothing was used, nor what lies beside the pools for it
 *   [arena.below47] every address is below 2^47: a dead object's link leaves 16 bits free
 *
 * Below: os.h.  Above: pool.c, mark.h.
 */
#ifndef OURO_MEMORY_ARENA_H
#define OURO_MEMORY_ARENA_H

#include "memory/classes.h"

#include <stdbool.h>

enum ouro__pool_state {
    OURO__POOL_UNUSED,    /* never used, or purged */
    OURO__POOL_EMPTY,     /* no block in use; its pages may still be resident */
    OURO__POOL_CURRENT,   /* the next blocks of its bin come from here */
    OURO__POOL_AVAILABLE, /* has free or uncarved blocks */
    OURO__POOL_FULL,      /* handed out; wakes when an eighth is free */
};

/*
 * Two cycles of the collector may be under way at once: a pass that looks at a few objects from
 * start to end, between two steps of a cycle that looks at the whole heap.  Each has its own lane
 * of marks, so that neither takes the other's for its own.
 */
enum ouro__lane_number { OURO__PASS, OURO__WHOLE, OURO__LANES };

/* What is known of a pool; these lie together in the arena's dense table. */
struct ouro__pool {
    _Alignas(128) void *free; /* entries that came back, linked by their first word */
    uint32_t used;            /* blocks handed out: live or on the class list */
    uint32_t told;            /* the part of `used` that the heap's live bytes contain */
    uint32_t wake;            /* when `used` falls to this, the pool changes state */
    uint32_t carved;
    uint32_t capacity;
    uint32_t block_size;
    uint16_t bin;
    uint8_t state;
    uint8_t pages; /* 1 or OURO_WIDE_PAGES; 0 behind the first of a wide pool */
    uint8_t back;  /* pages back to the first page of a wide pool */
    bool unmarked; /* blocks on `free` may lack their young bits */
    char *first;   /* first entry */
    struct ouro__pool *next, *previous; /* the list of its state */
    struct ouro__pool *young_next, *young_previous;
    struct ouro__pool *set_next[OURO__LANES]; /* pools of a running cycle's set */
    union {
        uint32_t empty_since; /* milliseconds, of an empty one */
        uint32_t proposed;    /* objects of a pass's set, of one that is in it  [set.listed] */
    };
    uint32_t reciprocal;  /* 2^32 / block_size rounded up: division of an offset by it */
    uint16_t holes;       /* pages of memory whose blocks were given back and may be cut again */
    uint16_t hole_blocks; /* carved blocks in them */
    uint16_t set_from, set_to; /* the words of its set bits in which a pass has objects */
    bool young;                /* on the list of pools with young blocks */
    uint8_t sets;              /* one bit for each lane: in the set of its running cycle */
    uint8_t grays;             /* one bit for each lane: has gray bits */
    bool scratch : 1;          /* its counts were touched and not purged yet */
    bool carried : 1;          /* its counts may hold what its tallies had no room for */
    uint8_t populated;         /* pages of memory at its beginning that need not be populated */
    uint32_t
        *numbers; /* of its live blocks behind how many those are; NULL: none  [meter.number] */
};
_Static_assert(OURO_ARENA_SHIFT == OURO__ARENA_SHIFT, "inlined code finds an arena");
_Static_assert(sizeof(struct ouro__pool) == 128, "two cache lines, and the table stays dense");

struct ouro__arena {
    void *owner; /* the heap; first, so that one load finds it */
    enum ouro__realm realm;
    bool large;        /* one block with a mapping of its own */
    uint32_t *numbers; /* of the objects, while somebody looks at all of them: inspect/number.h */
    size_t size;       /* of the mapping */
    struct ouro__arena *next, *previous;
    uint64_t free_pages[8];   /* clean pages */
    uint64_t middle_pages[8]; /* first pages of pools that may hold objects that survived one young
                               * pass */
    uint32_t pages_used;      /* pages not clean */
    uint32_t page_limit;      /* pages beyond do not exist: a small mapping */
    uint32_t page_end;        /* pages from here on were never used: [arena.end] */
};
_Static_assert(sizeof(struct ouro__arena) <= OURO_ARENA_FIRST_PAGE * sizeof(struct ouro__pool),
               "the header fits in front of the pool headers");

#define OURO__YOUNG_BITS ((size_t)64 << 10)
#define OURO__SET_BITS ((size_t)320 << 10)  /* of lane 0 */
#define OURO__GRAY_BITS ((size_t)832 << 10) /* of lane 0 */
#define OURO__LANE_BITS ((size_t)1 << 20)   /* from one lane's to the next one's */
#define OURO__TALLIES ((size_t)8 << 20)
#define OURO__POOLS_START ((size_t)OURO_ARENA_FIRST_PAGE << OURO_POOL_SHIFT)

ALWAYS_INLINE struct ouro__arena *ouro__arena_of(const void *address)
{
    return (struct ouro__arena *)((uintptr_t)address & ~(uintptr_t)(OURO_ARENA_SIZE - 1));
}

ALWAYS_INLINE size_t ouro__arena_offset(const void *address)
{
    return (uintptr_t)address & (OURO_ARENA_SIZE - 1);
}

ALWAYS_INLINE struct ouro__pool *ouro__arena_pool(struct ouro__arena *arena, size_t page)
{
    return (struct ouro__pool *)(void *)arena + page;
}

/* The pool that an entry was cut from. */
ALWAYS_INLINE struct ouro__pool *ouro__pool_of(const void *entry)
{
    struct ouro__arena *arena = ouro__arena_of(entry);
    struct ouro__pool *pool = ouro__arena_pool(arena, ouro__arena_offset(entry) >> OURO_POOL_SHIFT);
    return pool - pool->back;
}

ALWAYS_INLINE size_t ouro__pool_page(const struct ouro__pool *pool)
{
    return ((uintptr_t)pool & (OURO_ARENA_SIZE - 1)) / sizeof(struct ouro__pool);
}

/* Which of the blocks of its pool an address lies in. */
ALWAYS_INLINE size_t ouro__pool_index(const struct ouro__pool *pool, const void *address)
{
    uint64_t offset = (uint64_t)((const char *)address - pool->first);
    return (size_t)(offset * pool->reciprocal >> 32); /* of one block: 0 */
}

ALWAYS_INLINE char *ouro__pool_start(const struct ouro__pool *pool)
{
    return (char *)ouro__arena_of(pool) + (ouro__pool_page(pool) << OURO_POOL_SHIFT);
}

ALWAYS_INLINE uint64_t *ouro__middle_word(const struct ouro__pool *pool)
{
    return &ouro__arena_of(pool)->middle_pages[ouro__pool_page(pool) / 64];
}

ALWAYS_INLINE uint64_t ouro__middle_bit(const struct ouro__pool *pool)
{
    return (uint64_t)1 << ouro__pool_page(pool) % 64;
}

ALWAYS_INLINE bool ouro__pool_is_middle(const struct ouro__pool *pool)
{
    return (*ouro__middle_word(pool) & ouro__middle_bit(pool)) != 0;
}

ALWAYS_INLINE void ouro__pool_set_middle(const struct ouro__pool *pool)
{
    *ouro__middle_word(pool) |= ouro__middle_bit(pool);
}

ALWAYS_INLINE void ouro__pool_clear_middle(const struct ouro__pool *pool)
{
    *ouro__middle_word(pool) &= ~ouro__middle_bit(pool);
}

/* mmap, munmap and madvise. */
extern const ouro_arena_source ouro__system_source;

/* A new arena with all its pages clean, or NULL. */
struct ouro__arena *ouro__arena_new(const ouro_arena_source *source, void *owner,
                                    enum ouro__realm realm);

/* An arena of one block whose entry lies at first page + offset; or NULL. */
struct ouro__arena *ouro__arena_new_large(const ouro_arena_source *source, void *owner,
                                          enum ouro__kind kind, size_t block_size);

void ouro__arena_free(const ouro_arena_source *source, struct ouro__arena *arena);

/* `pages` clean pages in a row, marked used; 0 when there are none. */
size_t ouro__arena_take_pages(struct ouro__arena *arena, unsigned pages);

/* Gives pages back clean: the caller has purged them. */
void ouro__arena_return_pages(struct ouro__arena *arena, size_t page, unsigned pages);

#endif
