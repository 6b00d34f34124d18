/* SPDX-License-Identifier: MIT */
/*
 * mark.c -- lists of marked pools, gray objects without a stack that can
 *           overflow, touched objects                                 [floor 1]
 *
 * Gray objects wait on a small stack, for locality; what does not fit is a bit
 * in its pool's bitmap, and the pool says so.  A pool with gray bits is in the set of the cycle, so
 * going round the set finds it.  Following references needs no memory, whatever the shape of the
 * graph.
 *
 *   [mark.gray]  a pool with gray bits of a lane says so, and `gray_pools` of them do
 */
#include "memory/mark.h"

#include "memory/guard.h"

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

/* ---- gray objects ---- */

NOINLINE void ouro__gray_spill(struct ouro__marks *marks, int lane, void *entry)
{
    struct ouro__pool *pool = ouro__pool_of(entry);
    ouro__mark_set(entry, ouro__gray_bits(lane));
    if ((pool->grays >> lane & 1) != 0) return;
    pool->grays |= (uint8_t)(1u << lane); /* [mark.gray] */
    marks->lanes[lane].gray_pools++;
}

/* Moves gray bits of a pool to the stack; false when some stayed behind. */
static bool unload(struct ouro__lane *gray, int lane, struct ouro__pool *pool)
{
    ouro__bits *bits = ouro__pool_marks(pool, ouro__gray_bits(lane));
    char *start = ouro__pool_start(pool);
    size_t words = ouro__pool_mark_words(pool);
    for (size_t i = 0; i < words; i++) {
        while (bits[i] != 0) {
            if (gray->gray_count == OURO_GRAY_STACK) return false;
            size_t bit = (size_t)__builtin_ctzl(bits[i]);
            bits[i] &= bits[i] - 1;
            gray->gray_stack[gray->gray_count++] = start + (i * 64 + bit) * 8;
        }
    }
    pool->grays &= (uint8_t) ~(1u << lane);
    gray->gray_pools--;
    return true;
}

void ouro__gray_forget_pool(struct ouro__marks *marks, int lane, struct ouro__pool *pool)
{
    if (!ouro__pool_is_gray(pool, lane)) return;
    memset(ouro__pool_marks(pool, ouro__gray_bits(lane)), 0, ouro__pool_mark_words(pool) * 8);
    pool->grays &= (uint8_t) ~(1u << lane);
    marks->lanes[lane].gray_pools--;
}

void *ouro__gray_next(struct ouro__marks *marks, int lane, struct ouro__pool *set, long *units)
{
    struct ouro__lane *gray = &marks->lanes[lane];
    while (gray->gray_count == 0) {
        if (gray->gray_pools == 0) return NULL;
        struct ouro__pool *pool = gray->gray_from != NULL ? gray->gray_from : set;
        for (; !ouro__pool_is_gray(pool, lane) && *units > 0; --*units)
            pool = pool->set_next[lane] != NULL ? pool->set_next[lane] : set;
        gray->gray_from = pool;
        if (!ouro__pool_is_gray(pool, lane)) return NULL;
        (void)unload(gray, lane, pool);
    }
    return gray->gray_stack[--gray->gray_count];
}

/*
 * Gray objects that die are not looked for: what is on the stack or in the bitmap stays
 * the address of a block, since the pools of a set keep their blocks [set.listed].
 */
void ouro__mark_dead(struct ouro__marks *marks, struct ouro__pool *pool, void *entry)
{
    struct ouro__half *half = &marks->lanes[OURO__WHOLE].half;
    if (half->owner == entry) half->owner = NULL; /* [mark.half] */
    for (int lane = 0; lane < OURO__LANES; lane++) {
        if ((pool->sets >> lane & 1) == 0) continue;
        if (!ouro__is_marked(entry, ouro__set_bits(lane))) continue;
        ouro__mark_clear(entry, ouro__set_bits(lane));
        bool judged = (marks->judged & OURO__SUSPECT(lane)) != 0;
        if (!judged || ouro__is_suspect(entry, lane)) marks->lanes[lane].suspects--;
    }
    *ouro__count_of(entry) = 0;
}

/* The set bits of linked blocks: neighbours share a word, which is written once for a run of them. */
static void clear_list(struct ouro__lane *lane, size_t bitmap, void *entry, uint32_t count)
{
    ouro__bits *word = ouro__mark_word(entry, bitmap);
    uint64_t dead = 0, cleared = 0;
    for (; count > 0; count--, entry = ouro__link(entry)) {
        ouro__bits *next = ouro__mark_word(entry, bitmap);
        if (next != word) {
            *word &= ~dead;
            word = next;
            dead = 0;
        }
        dead |= *word & ouro__mark_bit(entry);
        cleared += (*word & ouro__mark_bit(entry)) != 0;
    }
    *word &= ~dead;
    lane->suspects -= cleared;
}

void ouro__mark_dead_list(struct ouro__marks *marks, struct ouro__pool *pool, void *first,
                          uint32_t count)
{
    bool whole_counts = pool->sets == 1u << OURO__WHOLE &&
                        (marks->judged & OURO__SUSPECT(OURO__WHOLE)) == 0 &&
                        marks->lanes[OURO__WHOLE].half.owner == NULL;
    if (whole_counts) {
        clear_list(&marks->lanes[OURO__WHOLE], ouro__set_bits(OURO__WHOLE), first, count);
        return;
    }
    for (void *entry = first; count > 0; count--, entry = ouro__link(entry))
        ouro__mark_dead(marks, pool, entry);
}

/* ---- touched objects ---- */

void ouro__touched_add(struct ouro__marks *marks, void *entry)
{
    marks->touched_any = true;
    if (marks->touched_count < OURO_TOUCHED_MAX) marks->touched[marks->touched_count++] = entry;
}

void ouro__touched_forget(struct ouro__marks *marks, const struct ouro__arena *arena)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < marks->touched_count; i++)
        if (ouro__arena_of(marks->touched[i]) != arena) marks->touched[kept++] = marks->touched[i];
    marks->touched_count = kept;
}
