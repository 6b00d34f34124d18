/* SPDX-License-Identifier: MIT */
/*
 * hollow.h -- pools that few blocks keep give their empty pages back, some at a time   [floor 1]
 *
 * A heap that has shrunk may have blocks everywhere.  When most of what is cut from pools is free, all pools are
 * looked at once, a few in each millisecond, and those with few blocks a page get holes (hole.h).
 *
 *   [hollow.rest]  after such a round there is none before as much again has become free, or a quarter more
 *
 * Below: hole.h.  Beside: purge.h, which keeps the time.
 */
#ifndef OURO_MEMORY_HOLLOW_H
#define OURO_MEMORY_HOLLOW_H

#include "memory/pool.h"

/* Begins a round, if it is worth one.  Asked now and then. */
void ouro__hollow_consider(struct ouro__pools *pools);

/* Whether a round goes on in this millisecond. */
bool ouro__hollow_is_due(const struct ouro__pools *pools);

/* Goes on with a round, but while a collection is under way.  Cost: OURO_HOLLOW_POOLS walks over the blocks of a pool at
 * most, 35 microseconds each. */
void ouro__hollow_some(struct ouro__pools *pools);

#endif
