/* SPDX-License-Identifier: MIT */
/*
 * populate.c -- one system call instead of some page faults              [floor 1]
 */
#include "memory/populate.h"

#include "base/os.h"

void ouro__populate_later(struct ouro__pools *pools, struct ouro__pool *pool)
{
    if (pools->pools_of[pool->bin] > OURO_POPULATE_AFTER &&
        pools->source.purge == ouro__system_source.purge)
        pool->populated = 0;
}

unsigned ouro__populate_next(unsigned pages, uint64_t nanoseconds)
{
    enum { LONG = OURO_POPULATE_MICROSECONDS * 1000 };
    if (nanoseconds > LONG) return pages > 1 ? pages / 2 : 1;
    const unsigned more = nanoseconds < LONG / 4 ? 2 * pages : pages;
    return more < OURO_POPULATE_MOST ? more : OURO_POPULATE_MOST;
}

void ouro__populate_part(struct ouro__pools *pools, struct ouro__pool *pool, const char *end)
{
    const unsigned left = ouro__memory_pages(pool->pages) - pool->populated;
    const unsigned most = pools->populate_most > 0 ? pools->populate_most : 1;
    const unsigned pages = most < left ? most : left;
    char *start = ouro__pool_start(pool) + ((size_t)pool->populated << OURO__MEMORY_PAGE_SHIFT);
    if (end <= start) return;
    const uint64_t before = ouro__os_nanoseconds();
    ouro__os_populate(start, (size_t)pages << OURO__MEMORY_PAGE_SHIFT);
    const uint64_t took = ouro__os_nanoseconds() - before;
    pools->populate_most = ouro__populate_next(pages, took);
    const size_t cut = (size_t)(end - ouro__pool_start(pool)) >> OURO__MEMORY_PAGE_SHIFT;
    const size_t populated = pool->populated + pages;
    pool->populated = (uint8_t)(populated > cut ? populated : cut); /* the rest by page faults */
}
