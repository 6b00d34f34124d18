/* SPDX-License-Identifier: MIT */
/*
 * hole.h -- pages of a pool that hold nothing, while others do         [floor 1]
 *
 * When most of a heap dies at random, few pools are empty but many of their pages of 4 KiB
 * are.  Such a page goes back to the system and its blocks leave the free list, as
 * if never cut; they are cut again when the pool has nothing else to give.
 *
 *     |live free free|free free free|free live free|      before
 *     |live free free|    hole      |free live free|      after
 *
 *   [hole.entry]  a block belongs to the page of its entry, where its link lies
 *   [hole.free]   a page becomes a hole only if every block that overlaps it is free
 *   [hole.whole]  in guarded builds the word, link and mirror of a free block, in the debug build all of it,
 *                 become holes together or not at all
 */
#ifndef OURO_MEMORY_HOLE_H
#define OURO_MEMORY_HOLE_H

#include "memory/pool.h"

/* Gives the pages of a pool that hold nothing back; returns their bytes.  The class lists are
 * empty.  Cost: a walk over the pool's free list. */
size_t ouro__hole_make(struct ouro__pools *pools, struct ouro__pool *pool);

/* The bytes of blocks that ouro__hole_fill would cut. */
size_t ouro__hole_bytes(const struct ouro__pool *pool);

/* Cuts the blocks of one hole again, onto the free list. */
void ouro__hole_fill(struct ouro__pools *pools, struct ouro__pool *pool);

/* Whether an entry lies in a hole. */
ALWAYS_INLINE bool ouro__hole_has(const struct ouro__pool *pool, const void *entry)
{
    return (pool->holes >> (((uintptr_t)entry & (OURO_POOL_SIZE - 1)) / OURO_CARVE_SIZE) & 1) != 0;
}

#endif
