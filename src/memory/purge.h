/* SPDX-License-Identifier: MIT */
/*
 * purge.h -- empty pools on their way back to the system               [floor 1]
 *
 * An empty pool waits, resident, on its realm's list: the next pool is taken from
 * there, newest first.  What has waited longer than the heap's delay is purged,
 * oldest first, a batch at a time, whenever allocation or freeing comes by.
 *
 *   [purge.delay]  a pool is purged when it or an empty one beside it has waited for the delay, or at
 *                  once when ouro_trim asks or memory was refused
 *   [purge.idle]   a class list that did not move for a delay goes back to its pools
 *   [purge.turn]   an allocation that has waited for a part of a collection does not wait for a purge, too: the next
 *                  one does, and for nothing else
 */
#ifndef OURO_MEMORY_PURGE_H
#define OURO_MEMORY_PURGE_H

#include "memory/pool.h"

void ouro__empty_add(struct ouro__pools *pools, struct ouro__pool *pool);

/* The newest empty pool of so many pages, off the list, or NULL. */
struct ouro__pool *ouro__empty_take(struct ouro__pools *pools, enum ouro__realm realm,
                                    unsigned pages);

/* Gives a large block back that died: a part now and then, from its end, if it is very large. */
void ouro__purge_large(struct ouro__pools *pools, struct ouro__arena *arena);

/* Purges what is due.  Cost: a look at a coarse clock; rarely a system call. */
void ouro__purge_tick(struct ouro__pools *pools);

/* Gives back an arena in which nothing is left, when a cycle that kept it mapped has passed it. */
void ouro__purge_arena_if_unused(struct ouro__pools *pools, struct ouro__arena *arena);

/* Purges every empty pool and every page without a living block, and gives empty arenas back;
 * returns the bytes. */
size_t ouro__purge_all(struct ouro__pools *pools);

#endif
