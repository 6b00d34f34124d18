/* SPDX-License-Identifier: MIT */
/*
 * populate.h -- memory of a fresh pool comes before it is cut, a part at a time   [floor 1]
 *
 *     | cut: blocks | populated, not cut yet | comes by the next system calls, or by page faults |
 *
 *   [populate.part]  memory is populated from the beginning on, in parts as large as the system gives quickly, since
 *                    whoever allocates waits for them: at most one part more than is cut
 *
 * Below: pool.h, os.h.  Beside: pool.c, which cuts.
 */
#ifndef OURO_MEMORY_POPULATE_H
#define OURO_MEMORY_POPULATE_H

#include "memory/pool.h"

#define OURO__MEMORY_PAGE_SHIFT 12

/* Pages of memory of a pool of that many pages. */
ALWAYS_INLINE unsigned ouro__memory_pages(unsigned pages)
{
    return pages << (OURO_POOL_SHIFT - OURO__MEMORY_PAGE_SHIFT);
}

/* A formatted pool whose memory nobody has written to yet. */
void ouro__populate_later(struct ouro__pools *pools, struct ouro__pool *pool);

/* One system call, or none. */
void ouro__populate_part(struct ouro__pools *pools, struct ouro__pool *pool, const char *end);

/* The pool is about to be cut up to `end`. */
ALWAYS_INLINE void ouro__populate(struct ouro__pools *pools, struct ouro__pool *pool,
                                  const char *end)
{
    if (UNLIKELY(pool->populated < ouro__memory_pages(pool->pages)))
        ouro__populate_part(pools, pool, end);
}

/* How many pages the next part has, at most, when `pages` of them took so long. */
unsigned ouro__populate_next(unsigned pages, uint64_t nanoseconds);

#endif
