/* SPDX-License-Identifier: MIT */
/*
 * guard.h -- what a guarded build knows of blocks that a program cannot forge
 *                                                                     [floor 1]
 * The hardened and the debug build are guarded (OURO_GUARDED); in the ordinary one everything here
 * is a constant and leaves no instruction.
 *
 *     registry (one byte for each 32 MiB of addresses)  ->  arena  ->  state bits (one for 8 bytes)
 *
 *     live object     | canary, count, flags, type | the program's bytes        | tail: fence bytes |
 *     live raw block  | size | seal | the program's bytes                        | tail: fence bytes |
 *     free block      | canary, zero               | link | its mirror | filled to the end           |
 *
 *   [guard.live]      the state bit of an address is set iff the program was given just that address
 *                     and has not given it back
 *   [guard.registry]  an address belongs to an arena iff the registry says so: no pointer is followed
 *                     before it was asked
 *   [guard.canary]    the first byte of the word in front of each carved block of objects, and of the
 *                     place of a word behind the last one, is the canary of that address
 *   [guard.free]      a free block holds nothing but its canary, its link, the link's mirror, and fill
 *   [guard.thread]    a heap and what it holds are used by the thread that owns the heap
 *   [guard.own]       the own arena of a thread is one of objects, of a heap which that thread owns and
 *                     none of whose traverse hooks runs
 *
 * Below: check.h, tune.h.  Above: pool.h, quarantine.h, raw.h, life.
 */
#ifndef OURO_MEMORY_GUARD_H
#define OURO_MEMORY_GUARD_H

#include "memory/arena.h"
#include "memory/watch.h"

#include <string.h>

#define OURO__CANARY_BITS 8
#define OURO__CANARY_MASK (((uint64_t)1 << OURO__CANARY_BITS) - 1)

/* What free blocks and fresh raw memory are filled with, and what stands around blocks.  In the debug build
 * these are the bytes that CPython's debug hooks use (Objects/obmalloc.c, 3.11). */
#define OURO__FILL_FREE (OURO_IS_DEBUG_BUILD ? 0xDDu : 0x00u)
#define OURO__FILL_FRESH 0xCDu
#define OURO__FENCE_DEBUG 0xFDu

/* The least that lies behind an object, and behind and before raw memory. */
#define OURO__FENCE_OBJECT (OURO_IS_DEBUG_BUILD ? 8u : 0u)
#define OURO__FENCE_RAW 8u
#define OURO__RAW_HEADER 16u

/* In a free block: a link and its mirror, behind the place of a word. */
#define OURO__FREE_MIN (OURO_GUARDED ? 24u : 16u)

/* Behind the pools of an arena and behind a large block, and in front of both: no access. */
#define OURO__GUARD_PAGE (OURO_GUARDED ? (size_t)4096 : 0)

/* Kept at 8 MiB of an arena, where nothing else is: see arena.h. */
#define OURO__STATE_BITS ((size_t)8 << 20)
#define OURO__STATE_SIZE (OURO_ARENA_SIZE / 64)

/* What a 32 MiB stretch of addresses is. */
enum ouro__region {
    OURO__REGION_FOREIGN,
    OURO__REGION_RAW,
    OURO__REGION_OBJECTS,
    OURO__REGION_REST, /* of a large block, beyond its first 32 MiB */
};

#define OURO__REGIONS ((size_t)1 << (47 - OURO_ARENA_SHIFT))
extern uint8_t ouro__registry[OURO__REGIONS]; /* in guarded builds */
#if !OURO_GUARDED
extern __thread uintptr_t ouro__own_arena; /* nowhere: nobody asks */
#define OURO__NO_ARENA 0
#define ouro__guarded_is_sound(object) (true)
#define OURO__QUICK_WORDS 0
#endif

/* Blocks of one pool that died in a row, linked. */
struct ouro__run {
    void *first, *last;
    uint32_t count;
};

/* One of a guarded build's heaps. */
struct ouro__guard {
    struct ouro__run *runs; /* the quarantine, a ring; NULL: not mapped yet */
    unsigned run_room;      /* of the mapping, in use by the ring: a power of two */
    unsigned oldest, run_count;
    size_t quarantined;       /* bytes */
    struct ouro__arena *dead; /* large blocks without memory, oldest first */
    struct ouro__arena *dead_newest;
    unsigned dead_count;
    uint64_t *births; /* of the debug build: see ouro__guard_note_birth; NULL: not mapped yet */
};

/* The thread that runs. */
ALWAYS_INLINE const void *ouro__guard_thread(void)
{
    return __builtin_thread_pointer();
}

ALWAYS_INLINE enum ouro__region ouro__region_of(const void *address)
{
    uintptr_t number = (uintptr_t)address >> OURO_ARENA_SHIFT;
    if (UNLIKELY(number >= OURO__REGIONS)) return OURO__REGION_FOREIGN;
    return (enum ouro__region)__atomic_load_n(&ouro__registry[number], __ATOMIC_RELAXED);
}

/* ---- the own arena of a thread ---- */

/* Makes the arena of an object that this thread may use its own one; large blocks have none.  [guard.own] */
void ouro__guard_settle(const void *object);

/* The thread that runs has none. */
ALWAYS_INLINE void ouro__guard_unsettle(void)
{
    __atomic_store_n(&ouro__own_arena, OURO__NO_ARENA, __ATOMIC_RELAXED);
}

/* No thread has an own arena any more, or none that is this one. */
void ouro__guard_unsettle_all(void);
void ouro__guard_unsettle_arena(const struct ouro__arena *arena);

/* ---- state bits ---- */

ALWAYS_INLINE uint64_t *ouro__state_word(const void *address)
{
    char *arena = (char *)ouro__arena_of(address);
    return (uint64_t *)(void *)(arena + OURO__STATE_BITS + (ouro__arena_offset(address) >> 9) * 8);
}

ALWAYS_INLINE uint64_t ouro__state_bit(const void *address)
{
    return (uint64_t)1 << (((uintptr_t)address >> 3) & 63);
}

/* Whether the program owns a block of that kind of memory that begins at just this address. */
ALWAYS_INLINE bool ouro__guard_has(const void *address, enum ouro__region region)
{
    return ouro__region_of(address) == region && ((uintptr_t)address & 7) == 0 &&
           (*ouro__state_word(address) & ouro__state_bit(address)) != 0;
}

ALWAYS_INLINE void ouro__state_set(const void *address)
{
    *ouro__state_word(address) |= ouro__state_bit(address);
}

ALWAYS_INLINE void ouro__state_clear(const void *address)
{
    *ouro__state_word(address) &= ~ouro__state_bit(address);
}

/* ---- the canary in front of a block, and the word that it shares ---- */

/* As in <ouro/guarded.h>. */
ALWAYS_INLINE uint64_t ouro__canary(const void *entry)
{
    return ((uint32_t)(uintptr_t)entry * UINT32_C(0x9E3779B1) >> 25) | 0x80;
}

/* What stands behind a block from its end on. */
ALWAYS_INLINE unsigned char ouro__fence_byte(const void *entry)
{
    return OURO_IS_DEBUG_BUILD ? OURO__FENCE_DEBUG : (unsigned char)ouro__canary(entry);
}

ALWAYS_INLINE bool ouro__canary_stands(const void *entry)
{
    return (*ouro__word_of(entry) & 0xFF) == ouro__canary(entry);
}

/* The word of a block that is not live.  [pool.word] */
ALWAYS_INLINE void ouro__word_clear(void *entry)
{
    *ouro__word_of(entry) = OURO_GUARDED ? ouro__canary(entry) : 0;
}

ALWAYS_INLINE bool ouro__word_is_free(uint64_t word)
{
    return OURO_GUARDED ? word >> OURO__CANARY_BITS == 0 : word == 0;
}

/* ---- the links of free blocks ---- */

/* The block that a free one leads to was written over. */
_Noreturn void ouro__guard_link_broken(const void *entry);

/* A link that does not agree with its mirror is not followed.  [guard.free] */
ALWAYS_INLINE void *ouro__link(const void *entry)
{
    const ouro__slot *words = (const ouro__slot *)entry;
    ouro__watch_open(entry, 2 * sizeof(ouro__slot));
    if (OURO_GUARDED && UNLIKELY((uintptr_t)words[1] != ~(uintptr_t)words[0]))
        ouro__guard_link_broken(entry);
    void *next = words[0];
    ouro__watch_close(entry, 2 * sizeof(ouro__slot));
    return next;
}

ALWAYS_INLINE void ouro__link_set(void *entry, void *next)
{
    ouro__slot *words = (ouro__slot *)entry;
    ouro__watch_open(entry, 2 * sizeof(ouro__slot));
    words[0] = next;
    if (OURO_GUARDED) words[1] = (void *)~(uintptr_t)next;
    ouro__watch_close(entry, 2 * sizeof(ouro__slot));
}

/* What is behind the word of a block becomes that of a free one, but for its link.  Stores of words, since most blocks
 * are shorter than a call of memset is worth.  [guard.free] */
ALWAYS_INLINE void ouro__guard_fill(void *entry, size_t words)
{
    ouro__word *place = entry;
    ouro__watch_open(entry, words * sizeof(ouro__word));
    if (UNLIKELY(words > 32))
        memset(place + 2, OURO__FILL_FREE, (words - 2) * sizeof(ouro__word));
    else
        for (size_t i = 2; i < words; i++)
            place[i] = UINT64_C(0x0101010101010101) * OURO__FILL_FREE;
    ouro__watch_close(entry, words * sizeof(ouro__word));
}

/* ---- checks ---- */

/* Where an address lies; nothing in a block is read. */
struct ouro__place {
    const struct ouro__pool *pool; /* NULL: in no pool that is in use */
    const char *entry;             /* of the block around it; NULL: never cut, or between blocks */
    bool is_entry;
};
struct ouro__place ouro__guard_find(const void *address);

/* Tells what is wrong with a pointer that is used as an object's.  Never returns. */
_Noreturn void ouro__guard_refuse(const void *object, const char *operation);

/* An object that lives, in a heap of this thread, whose word nobody trampled. */
ALWAYS_INLINE bool ouro__guard_is_sound(const void *object)
{
    if (UNLIKELY(!ouro__guard_has(object, OURO__REGION_OBJECTS))) return false;
    return ouro__canary_stands(object);
}

/* Ends the program unless a reference that an object holds leads where objects are. */
ALWAYS_INLINE void ouro__guard_region(const void *referent)
{
    if (UNLIKELY(ouro__region_of(referent) != OURO__REGION_OBJECTS))
        ouro__guard_refuse(referent, "visit");
}

/* Ends the program unless a reference that an object holds is to an object. */
ALWAYS_INLINE void ouro__guard_reference(const void *referent)
{
    if (UNLIKELY(!ouro__guard_has(referent, OURO__REGION_OBJECTS)))
        ouro__guard_refuse(referent, "visit");
}

/* Ends the program unless the pointer is an object's.  `operation` is what is done with it. */
void ouro__guard_check(const void *object, const char *operation);

/* The same for raw memory of the heap that begins with `pools`. */
struct ouro__pools;
void ouro__guard_check_raw(const struct ouro__pools *pools, const void *memory,
                           const char *operation);

/* Misuse unless this thread owns the heap. */
void ouro__guard_check_thread(const struct ouro__pools *pools, const void *object,
                              const char *operation);

#endif
