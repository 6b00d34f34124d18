/* SPDX-License-Identifier: MIT */
/*
 * deaths.c -- deaths that stop in the middle, while the program goes on
 */
#include "refusal/scenario.h"

static bool trees_end_piece_by_piece(struct trial *trial)
{
    for (size_t i = 0; i < 3; i++) {
        ouro_auto node *root = tree_new(trial->heap, 4);
        if (root == NULL) return false;
        ouro_decref(ouro_move(root));
        ouro_auto node *next = ouro_new(trial->heap, node); /* pays for some of it */
        if (next == NULL) return false;
    }
    return true;
}

/* Several stopped deaths, of vectors and rows that hold trees and rings. */
static bool many_deaths_wait(struct trial *trial)
{
    for (size_t i = 0; i < 5; i++) {
        ouro_auto list *owner = ouro_new(trial->heap, list);
        if (owner == NULL) return false;
        for (size_t k = 0; k < 12; k++) {
            ouro_auto row *item = ouro_new_var(trial->heap, row, 4);
            if (item == NULL) return false;
            ouro_put(item, items[0], chain_new(trial->heap, 3));
            if (item->items[0] == NULL) return false;
            if (k % 3 == 0) ouro_set(item, items[1], item);
            if (ouro_vector_append(owner, &owner->items, item) != OURO_OK) return false;
        }
    }
    (void)ouro_collect(trial->heap, 0);
    (void)ouro_step(trial->heap, (ouro_budget){.units = 30});
    return true;
}

static void say_nothing(cell *self)
{
    assert_true(ouro_refcount(self) > 0);
}

static bool last_words_are_spoken_in_pieces(struct trial *trial)
{
    ouro_auto cell *chain = NULL;
    for (size_t i = 0; i < 60; i++) {
        cell *made = ouro_new(trial->heap, cell);
        if (made == NULL) return false;
        made->last_word = say_nothing;
        ouro_put(made, left, ouro_move(chain));
        chain = made;
        if (i % 20 == 19) ouro_decref(ouro_move(chain));
    }
    return true;
}

static const struct scenario scenarios[] = {
    SCENARIO_IN(trees_end_piece_by_piece, .death_bound = 3),
    SCENARIO_IN(many_deaths_wait, .death_bound = 5),
    SCENARIO_IN(last_words_are_spoken_in_pieces, .death_bound = 1),
};
SCENARIO_TABLE(death, scenarios);
