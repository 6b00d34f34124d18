/* SPDX-License-Identifier: MIT */
/*
 * walk.h -- every pool, every block                                    [floor 1]
 *
 * In address order within an arena.  A visitor that may give blocks back pins
 * the pools first (ouro__pools_pin).
 */
#ifndef OURO_MEMORY_WALK_H
#define OURO_MEMORY_WALK_H

#include "memory/pool.h"

/* The pools of a realm that have or had blocks, large ones included. */
void ouro__walk_pools(const struct ouro__pools *pools, enum ouro__realm realm,
                      void (*visit)(struct ouro__pool *pool, void *context), void *context);

/* The pool among whose blocks any address lies, of a realm from `first` on, or NULL.  Nothing is read behind an
 * address whose arena is not found.  Cost: a walk over the arenas. */
struct ouro__pool *ouro__walk_find(const struct ouro__pools *pools, enum ouro__realm first,
                                   const void *address);

/* The entries of living objects of a pool of objects. */
void ouro__walk_live(struct ouro__pool *pool, void (*visit)(void *entry, void *context),
                     void *context);

#endif
