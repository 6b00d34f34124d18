/* SPDX-License-Identifier: MIT */
/*
 * collections.c -- passes, steps and whole cycles, with births between them
 */
#include "refusal/scenario.h"

static bool rings_are_collected(struct trial *trial)
{
    if (!rings_are_lost(trial->heap, 6)) return false;
    size_t living = test_heap_objects(trial->heap);
    assert_int_equal(ouro_collect(trial->heap, 2), living);
    return true;
}

/* One step after the other until a cycle is over, and a birth between two; false when one was refused. */
static bool step_and_build(ouro_heap *heap, size_t units)
{
    ouro_auto node *first = NULL;
    ouro_progress progress;
    do {
        (void)ouro_step(heap, (ouro_budget){.units = units});
        node *made = ouro_new(heap, node);
        if (made == NULL) return false;
        ouro_put(made, left, ouro_move(first));
        first = made;
        ouro_get_progress(heap, &progress);
    } while (progress.work_left > 0);
    return true;
}

static bool rings_are_collected_in_steps(struct trial *trial)
{
    if (!rings_are_lost(trial->heap, 6)) return false;
    make_old(trial->heap);
    size_t living = test_heap_objects(trial->heap);
    if (!step_and_build(trial->heap, 40)) return false;
    assert_true(living == 0 || test_heap_objects(trial->heap) < living);
    return true;
}

/* A refusal may come with a cycle in any phase; then it is finished, or goes on. */
static bool a_cycle_is_met_in_the_middle(struct trial *trial)
{
    ouro_heap *heap = trial->heap;
    ouro_auto node *kept = tree_new(heap, 3);
    if (kept == NULL || !rings_are_lost(heap, 5)) return false;
    make_old(heap);
    for (size_t i = 0; i < 24; i++) {
        (void)ouro_step(heap, (ouro_budget){.units = 7});
        ouro_auto row *made = ouro_new_var(heap, row, 3 + i);
        if (made == NULL) return false;
        ouro_set(made, items[0], kept->left);
        ouro_set(made, items[1], made);
        (void)ouro_collect(heap, i % 8 == 7 ? 1 : 0); /* a pass between two steps */
    }
    return true;
}

/* Each generation in turn, over what was born in between. */
static bool generations_are_collected(struct trial *trial)
{
    ouro_auto list *kept = ouro_new(trial->heap, list);
    if (kept == NULL) return false;
    for (int i = 0; i < 12; i++) {
        ouro_auto node *survivor = ouro_new(trial->heap, node);
        if (survivor == NULL || !ring_is_lost(trial->heap, 3)) return false;
        ouro_set(survivor, left, survivor);
        if (ouro_vector_append(kept, &kept->items, survivor) != OURO_OK) return false;
        size_t found = ouro_collect(trial->heap, i % 3);
        assert_int_equal(found, 3); /* nobody else collects: see the table */
    }
    return true;
}

/* So low a threshold that passes run by themselves, where the way allows it. */
static bool young_passes_run(struct trial *trial)
{
    ouro_auto node *kept = NULL;
    for (size_t i = 0; i < 25; i++) {
        node *made = ouro_new(trial->heap, node);
        if (made == NULL) return false;
        ouro_put(made, right, ouro_move(kept));
        kept = made;
        if (!ring_is_lost(trial->heap, 1 + i % 3)) return false;
        (void)ouro_safepoint(trial->heap);
    }
    return true;
}

/* Old rings that lose their last outside reference one by one. */
static bool old_rings_are_found_nearby(struct trial *trial)
{
    ouro_auto list *holders = ouro_new(trial->heap, list);
    if (holders == NULL) return false;
    for (size_t i = 0; i < 10; i++) {
        ouro_auto node *first = ouro_new(trial->heap, node);
        ouro_auto node *second = ouro_new(trial->heap, node);
        if (first == NULL || second == NULL) return false;
        ouro_set(first, right, second);
        ouro_set(second, right, first);
        if (ouro_vector_append(holders, &holders->items, first) != OURO_OK) return false;
    }
    (void)ouro_collect(trial->heap, 2);
    while (holders->items.length > 0) {
        ouro_xdecref(ouro_vector_pop(holders, &holders->items));
        ouro_auto node *made = ouro_new(trial->heap, node);
        if (made == NULL) return false;
        (void)ouro_safepoint(trial->heap);
    }
    return true;
}

/* The table of roots grows, and a cycle that has begun with some sees others. */
static bool a_cycle_begins_with_roots(struct trial *trial)
{
    node *variables[20] = {NULL};
    size_t named = 0;
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(variables); i++) {
        variables[i] = ouro_new(trial->heap, node);
        granted = variables[i] != NULL && ring_is_lost(trial->heap, 2) &&
                  ouro_root(trial->heap, &variables[i]) == OURO_OK;
        named += granted;
        if (i % 5 == 4) make_old(trial->heap);
        (void)ouro_step(trial->heap, (ouro_budget){.units = 20});
    }
    for (size_t i = 0; i < named; i++)
        assert_int_equal(ouro_unroot(trial->heap, &variables[i]), OURO_OK);
    for (size_t i = 0; i < COUNT_OF(variables); i++) ouro_xdecref(variables[i]);
    return granted;
}

static const struct scenario scenarios[] = {
    SCENARIO(rings_are_collected),
    SCENARIO(rings_are_collected_in_steps),
    SCENARIO(a_cycle_is_met_in_the_middle),
    SCENARIO_IN(generations_are_collected, .collect_at = OURO_COLLECT_AT_SAFEPOINT),
    SCENARIO_IN(young_passes_run, .threshold = {5, 3, 3}),
    SCENARIO_IN(old_rings_are_found_nearby, .threshold = {3, 10, 10},
                .collect_at = OURO_COLLECT_AT_SAFEPOINT),
    SCENARIO(a_cycle_begins_with_roots),
};
SCENARIO_TABLE(collection, scenarios);
