/* SPDX-License-Identifier: MIT */
/*
 * usage.h -- how much memory there is, and what it is used for         [floor 1]
 *
 * No counter is kept for this: pools know what they handed out, class lists are
 * walked, and the difference is alive.
 */
#ifndef OURO_MEMORY_USAGE_H
#define OURO_MEMORY_USAGE_H

#include "memory/pool.h"

struct ouro__usage {
    ouro_class_stats bins[OURO__BINS]; /* those without pools are zero */
    ouro_heap_stats total; /* but for what only the system knows; the heap's struct is not in it */
};

/* Cost: a walk over all pools, and over the class lists. */
void ouro__usage_count(const struct ouro__pools *pools, struct ouro__usage *out_usage);

#endif
