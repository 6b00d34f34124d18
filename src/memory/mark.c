/* SPDX-License-Identifier: MIT */
/*
 * mark.c -- lists of marked pools, and gray objects without a stack that can
 *           overflow                                                  [floor 1]
 *
 * Gray objects wait on a small stack, for locality; what does not fit is a bit
 * in its pool's bitmap, and the pool waits on a list threaded through the pool headers.
 * So following references needs no memory, whatever the shape of the graph.
 *
 *   [mark.gray]  a pool with gray bits is on the gray list
 */
#include "memory/mark.h"

#include <string.h>

void ouro__young_enlist(struct ouro__marks *marks, struct ouro__pool *pool)
{
    pool->young = true;
    pool->young_previous = NULL;
    pool->young_next = marks->young;
    if (marks->young != NULL) marks->young->young_previous = pool;
    marks->young = pool;
}

void ouro__young_unlist(struct ouro__marks *marks, struct ouro__pool *pool)
{
    pool->young = false;
    if (pool->young_next != NULL) pool->young_next->young_previous = pool->young_previous;
    if (pool->young_previous != NULL)
        pool->young_previous->young_next = pool->young_next;
    else
        marks->young = pool->young_next;
}

void ouro__gray_add(struct ouro__marks *marks, void *entry)
{
    if (LIKELY(marks->gray_count < OURO_GRAY_STACK)) {
        marks->gray_stack[marks->gray_count++] = entry;
        return;
    }
    ouro__mark_set(entry, OURO__GRAY_BITS);
    struct ouro__pool *pool = ouro__pool_of(entry);
    if (pool->gray) return;
    pool->gray = true; /* [mark.gray] */
    pool->gray_next = marks->gray;
    marks->gray = pool;
}

/* Moves gray bits of a pool to the stack; false when some stayed behind. */
static bool unload(struct ouro__marks *marks, struct ouro__pool *pool)
{
    ouro__bits *bits = ouro__pool_marks(pool, OURO__GRAY_BITS);
    char *start = ouro__pool_start(pool);
    size_t words = ouro__pool_mark_words(pool);
    for (size_t i = 0; i < words; i++) {
        while (bits[i] != 0) {
            if (marks->gray_count == OURO_GRAY_STACK) return false;
            size_t bit = (size_t)__builtin_ctzl(bits[i]);
            bits[i] &= bits[i] - 1;
            marks->gray_stack[marks->gray_count++] = start + (i * 64 + bit) * 8;
        }
    }
    return true;
}

void ouro__gray_forget(struct ouro__marks *marks)
{
    marks->gray_count = 0;
    for (; marks->gray != NULL; marks->gray = marks->gray->gray_next) {
        marks->gray->gray = false;
        memset(ouro__pool_marks(marks->gray, OURO__GRAY_BITS), 0,
               ouro__pool_mark_words(marks->gray) * 8);
    }
}

void *ouro__gray_next(struct ouro__marks *marks)
{
    while (marks->gray_count == 0) {
        struct ouro__pool *pool = marks->gray;
        if (pool == NULL) return NULL;
        if (!unload(marks, pool)) break;
        marks->gray = pool->gray_next;
        pool->gray = false;
    }
    return marks->gray_stack[--marks->gray_count];
}

void ouro__mark_dead(struct ouro__marks *marks, void *entry)
{
    if (!ouro__is_marked(entry, OURO__SET_BITS)) return;
    *ouro__count_of(entry) = 0;
    ouro__mark_clear(entry, OURO__SET_BITS);
    ouro__mark_clear(entry, OURO__GRAY_BITS);
    for (uint32_t i = 0; i < marks->gray_count; i++) {
        if (marks->gray_stack[i] == entry)
            marks->gray_stack[i] = marks->gray_stack[--marks->gray_count];
    }
}
