/* SPDX-License-Identifier: MIT */
/*
 * pages.c -- large blocks, and memory that goes back and is used again
 */
#include "refusal/scenario.h"

static bool large_objects(struct trial *trial)
{
    ouro_auto row *outer = ouro_new_var(trial->heap, row, 9000);
    if (outer == NULL) return false;
    for (size_t i = 0; i < 4; i++) {
        row *inner = ouro_new_var(trial->heap, row, 10000 + 1000 * i);
        if (inner == NULL) return false;
        ouro_set(inner, items[i], outer);
        ouro_put(outer, items[8999 - i], inner);
    }
    return true;
}

static bool trimmed_memory_is_used_again(struct trial *trial)
{
    for (size_t i = 0; i < 4; i++) {
        ouro_auto node *first = chain_new(trial->heap, 24);
        if (first == NULL) return false;
        ouro_decref(ouro_move(first));
        (void)ouro_trim(trial->heap);
        test_heap_verify(trial->heap);
    }
    return true;
}

/* Pages of pools that others keep go back, and are cut again. */
static bool holes_are_filled(struct trial *trial)
{
    enum { ROWS = 40 };
    row *rows[ROWS] = {NULL};
    bool granted = true;
    for (size_t round = 0; granted && round < 3; round++) {
        for (size_t i = 0; granted && i < ROWS; i++) {
            if (rows[i] == NULL) rows[i] = ouro_new_var(trial->heap, row, 200);
            granted = rows[i] != NULL;
        }
        for (size_t i = 0; i < ROWS; i++)
            if (i % 10 != round) ouro_xdecref(ouro_move(rows[i]));
        (void)ouro_trim(trial->heap);
        test_heap_verify(trial->heap);
    }
    for (size_t i = 0; i < ROWS; i++) ouro_xdecref(rows[i]);
    return granted;
}

/* Pools of one class become pools of another. */
static bool empty_pools_change_their_class(struct trial *trial)
{
    for (size_t length = 1; length < 600; length = length * 3 / 2 + 1) {
        row *rows[12] = {NULL};
        bool granted = true;
        for (size_t i = 0; granted && i < COUNT_OF(rows); i++) {
            rows[i] = ouro_new_var(trial->heap, row, length);
            granted = rows[i] != NULL;
        }
        for (size_t i = 0; i < COUNT_OF(rows); i++) ouro_xdecref(rows[i]);
        if (!granted) return false;
    }
    return true;
}

static const struct scenario scenarios[] = {
    SCENARIO(large_objects),
    SCENARIO(trimmed_memory_is_used_again),
    SCENARIO(holes_are_filled),
    SCENARIO(empty_pools_change_their_class),
};
SCENARIO_TABLE(page, scenarios);
