/* SPDX-License-Identifier: MIT */
/*
 * scratch.c -- working memory of an algorithm on graphs                [floor 1]
 *
 * Large graphs are visited in an order that no cache foresees, and most of what a visit costs is finding the page:
 * huge pages are asked for.  Below: base/os.h.  Used by the other files of this room.
 */
#include "graph/scratch.h"

#include "base/check.h"
#include "base/os.h"

enum { LINE = 64, PAGE = 4096 };
#define HUGE_PAGE ((size_t)2 << 20)

static size_t round_up(size_t size, size_t unit)
{
    return (size + unit - 1) & ~(unit - 1);
}

bool ouro__scratch_open(struct ouro__scratch *scratch, size_t size, size_t arrays)
{
    *scratch = (struct ouro__scratch){0};
    size_t page = size < HUGE_PAGE ? PAGE : HUGE_PAGE;
    size = round_up(size + arrays * LINE + 1, page);
    scratch->start = ouro__os_map(size, page);
    if (scratch->start == NULL) return false;
    scratch->size = size;
    if (page == HUGE_PAGE) ouro__os_prefer_huge(scratch->start, size);
    return true;
}

void *ouro__scratch_array(struct ouro__scratch *scratch, size_t count, size_t entry)
{
    char *array = scratch->start + scratch->used;
    scratch->used += round_up(count * entry, LINE);
    OURO_CHECK(scratch->used <= scratch->size);
    return array;
}

void ouro__scratch_ease(const void *array, size_t count, size_t entry)
{
    if (count * entry >= 8 * HUGE_PAGE) ouro__os_make_huge(array, count * entry);
}

void ouro__scratch_close(struct ouro__scratch *scratch)
{
    if (scratch->start != NULL) ouro__os_unmap(scratch->start, scratch->size);
    scratch->start = NULL;
}
