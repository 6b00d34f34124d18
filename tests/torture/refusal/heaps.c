/* SPDX-License-Identifier: MIT */
/*
 * heaps.c -- heaps that are made and closed, with their options, while memory is short
 */
#include "refusal/scenario.h"

#include <stdlib.h>

/* Another heap as the trial's, or NULL: the trial knows why. */
static ouro_heap *sibling(struct trial *trial)
{
    return ouro_heap_new(&trial->options, &trial->error);
}

/* What an error of another heap said is the trial's. */
static bool refused_in(struct trial *trial, const ouro_heap *heap)
{
    trial->error = *ouro_heap_error(heap);
    return false;
}

static bool heaps_are_made_and_closed(struct trial *trial)
{
    for (size_t i = 0; i < 3; i++) {
        trial->options.purge_delay_ms = 1 + (unsigned)i;
        trial->options.step_microseconds = 10;
        ouro_heap *heap = sibling(trial);
        if (heap == NULL) return false;
        ouro_auto node *root = tree_new(heap, 2);
        bool granted = (root != NULL && rings_are_lost(heap, 3)) || refused_in(trial, heap);
        ouro_xdecref(ouro_move(root));
        (void)ouro_collect(heap, 2);
        test_heap_close_empty(heap);
        if (!granted) return false;
    }
    return true;
}

static bool many_heaps_live_together(struct trial *trial)
{
    ouro_heap *heaps[5] = {NULL};
    node *held[COUNT_OF(heaps)] = {NULL};
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(heaps); i++) {
        heaps[i] = sibling(trial);
        granted = heaps[i] != NULL;
    }
    for (size_t round = 0; granted && round < 8 * COUNT_OF(heaps); round++) {
        ouro_heap *heap = heaps[round % COUNT_OF(heaps)];
        node *made = ouro_new(heap, node);
        granted = made != NULL || refused_in(trial, heap);
        if (!granted) break;
        ouro_put(made, right, ouro_move(held[round % COUNT_OF(heaps)]));
        held[round % COUNT_OF(heaps)] = made;
    }
    for (size_t i = 0; i < COUNT_OF(heaps); i++) {
        ouro_xdecref(held[i]);
        if (heaps[i] != NULL) test_heap_close_empty(heaps[i]);
    }
    return granted;
}

/* ---- closing a heap whose last words need memory ---- */

static ouro_error word_error; /* why a last word got no memory */

static void leave_something(cell *self)
{
    ouro_heap *heap = ouro_heap_of(self);
    ouro_auto list *left_behind = ouro_new(heap, list);
    if (left_behind == NULL ||
        ouro_vector_append(left_behind, &left_behind->items, self) != OURO_OK)
        word_error = *ouro_heap_error(heap); /* it goes with the heap */
    else
        ouro_set(self, right, left_behind);
}

static bool a_heap_closes_over_last_words(struct trial *trial)
{
    enum { SPEAKERS = 8 };
    ouro_heap *heap = sibling(trial);
    if (heap == NULL) return false;
    size_t speakers = 0;
    word_error.status = OURO_OK;
    bool granted = true;
    while (granted && speakers < SPEAKERS) {
        cell *speaker = ouro_new(heap, cell); /* every second one is held for ever */
        granted = speaker != NULL || refused_in(trial, heap);
        if (!granted) break;
        speaker->last_word = leave_something;
        if (speakers++ % 2 == 0) ouro_put(speaker, left, speaker);
    }
    size_t alive = test_heap_objects(heap);
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(report.alive, alive);
    assert_int_equal(report.raw_blocks, 0);
    assert_true(report.finalized <= speakers && report.finalized >= speakers / 2);
    if (!granted) return false;
    trial->error = word_error;
    return word_error.status == OURO_OK;
}

/* ---- what the environment asks for ---- */

static bool the_environment_is_obeyed(struct trial *trial)
{
    setenv("OURO_BYTE_LIMIT", "1m", 1);
    setenv("OURO_THRESHOLD", "7,2,2", 1);
    setenv("OURO_COLLECTOR", "on", 1);
    setenv("OURO_PURGE_DELAY_MS", "3", 1);
    trial->options.ignore_environment = false;
    ouro_heap *heap = sibling(trial);
    unsetenv("OURO_BYTE_LIMIT");
    unsetenv("OURO_THRESHOLD");
    unsetenv("OURO_COLLECTOR");
    unsetenv("OURO_PURGE_DELAY_MS");
    if (heap == NULL) return false;
    size_t threshold[3];
    ouro_get_threshold(heap, threshold);
    assert_int_equal(threshold[0], 7);
    bool granted = rings_are_lost(heap, 7) || refused_in(trial, heap);
    (void)ouro_collect(heap, 2);
    test_heap_close_empty(heap);
    return granted;
}

static const struct scenario scenarios[] = {
    SCENARIO(heaps_are_made_and_closed),
    SCENARIO(many_heaps_live_together),
    SCENARIO(a_heap_closes_over_last_words),
    SCENARIO(the_environment_is_obeyed),
};
SCENARIO_TABLE(heap, scenarios);
