/* SPDX-License-Identifier: MIT */
/*
 * quarantine.h -- a guarded build's blocks on their way out and in     [floor 1]
 *
 *     live --retire--> quarantine (first in, first out, 1 MiB) --> its pool --hand out--> live
 *           neighbours             link                               link   fill
 *           are checked            is checked                    and  are checked
 *
 *   [quarantine.order]  what died first leaves first, when more than the quarantine's bytes have died
 *                       since
 *   [quarantine.used]   a block in the quarantine is in use to its pool
 *
 * Nothing here is called in the ordinary build.
 */
#ifndef OURO_MEMORY_QUARANTINE_H
#define OURO_MEMORY_QUARANTINE_H

#include "memory/pool.h"

/* Makes a free block, or one with a mapping of its own, the program's: it holds `fill` from `entry` to its end.
 * Misuse if somebody wrote to it since it was free. */
void ouro__guard_hand_out(void *entry, unsigned char fill);

/* Takes a block back: fills it and, unless it has a mapping of its own, puts it into the quarantine.  Misuse if
 * the word of the block, or the one behind it, was trampled. */
void ouro__guard_retire(struct ouro__pools *pools, void *entry);

/* What is behind a block: nothing of ours, or the place of another one's word.  Whether it is whole. */
bool ouro__guard_next_stands(const struct ouro__pool *pool, const void *entry);

/* Ends the program if the block behind `entry` was trampled. */
void ouro__guard_check_next(const struct ouro__pool *pool, const void *entry);

/* A block of a pool that is not live: ends the program unless it holds nothing.  [guard.free] */
void ouro__guard_check_free(const struct ouro__pool *pool, const void *entry);

/* Run number `place` of the ring, from the oldest on. */
ALWAYS_INLINE struct ouro__run *ouro__quarantine_run(const struct ouro__guard *guard,
                                                     unsigned place)
{
    return &guard->runs[(guard->oldest + place) % guard->run_room];
}

/* Blocks of a pool that are filled and linked, but for the link of the last, and that have their young bits. */
void ouro__quarantine_add(struct ouro__pools *pools, struct ouro__pool *pool, void *first,
                          void *last, uint32_t count);

/* Writes down the number of the type of an object that is born, as what dies is emptied.  The debug build alone. */
void ouro__guard_note_birth(struct ouro__pools *pools, const void *entry, uint32_t number);

/* That of the last object that was born at an entry; 0: not known any more. */
uint32_t ouro__guard_last_birth(const struct ouro__pools *pools, const void *entry);

/* Empties the quarantine into the pools. */
void ouro__quarantine_drain(struct ouro__pools *pools);

/* A large block that died: keeps its addresses out of use for a while, where the system's own mappings
 * are used; else false. */
bool ouro__quarantine_large(struct ouro__pools *pools, struct ouro__arena *arena);

/* What the quarantine itself takes, when the heap ends. */
void ouro__quarantine_destroy(struct ouro__pools *pools);

/* Gives the addresses of large blocks that died back. */
void ouro__quarantine_release_large(struct ouro__pools *pools);

#endif
