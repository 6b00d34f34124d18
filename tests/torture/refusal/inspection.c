/* SPDX-License-Identifier: MIT */
/*
 * inspection.c -- looking at a heap needs no memory, whatever state it is in
 */
#include "refusal/scenario.h"

#include <stdio.h>
#include <string.h>

static int count_one(void *object, void *argument)
{
    assert_non_null(object);
    *(size_t *)argument += 1;
    return 0;
}

static void expect_sums(const ouro_heap *heap)
{
    enum { CLASSES = 512 };
    static ouro_class_stats classes[CLASSES];
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    size_t count = ouro_get_class_stats(heap, classes, CLASSES), pools = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(classes[i].live + classes[i].cached + classes[i].free, classes[i].carved);
        pools += classes[i].pools;
    }
    assert_int_equal(pools, stats.pools);
}

static bool statistics_are_taken(struct trial *trial)
{
    char drawing[256];
    ouro_auto node *kept = NULL;
    for (size_t i = 0; i < 10; i++) {
        node *made = tree_new(trial->heap, 2);
        if (made == NULL) return false;
        ouro_auto node *leaf = ouro_newref(made->left);
        ouro_put(leaf->left, left, ouro_move(kept));
        kept = made;
        expect_sums(trial->heap);
        (void)ouro_draw_pools(trial->heap, OURO_CLASS_TRACKED, 0, drawing, sizeof drawing);
        size_t count[3];
        ouro_get_count(trial->heap, count);
    }
    return true;
}

static bool referrers_are_listed(struct trial *trial)
{
    ouro_auto node *target = ouro_new(trial->heap, node);
    ouro_auto list *owner = ouro_new(trial->heap, list);
    if (target == NULL || owner == NULL) return false;
    for (size_t i = 0; i < 14; i++) {
        ouro_auto node *referrer = ouro_new(trial->heap, node);
        if (referrer == NULL) return false;
        ouro_set(referrer, left, target);
        if (ouro_vector_append(owner, &owner->items, referrer) != OURO_OK) return false;
        size_t referrers = 0, referents = 0;
        ouro_get_referrers(target, count_one, &referrers);
        ouro_get_referents(owner, count_one, &referents);
        assert_int_equal(referrers, i + 1);
        assert_int_equal(referents, i + 1);
        assert_true(ouro_is_object(trial->heap, referrer));
    }
    return true;
}

static bool objects_are_listed(struct trial *trial)
{
    ouro_auto node *kept = NULL;
    for (int i = 0; i < 9; i++) {
        node *made = chain_new(trial->heap, 3);
        if (made == NULL) return false;
        ouro_put(made, left, ouro_move(kept));
        kept = made;
        (void)ouro_collect(trial->heap, i % 2);
        size_t seen = 0;
        for (int generation = 0; generation < 3; generation++)
            assert_int_equal(ouro_get_objects(trial->heap, generation, count_one, &seen), OURO_OK);
        assert_int_equal(seen, 3 * (i + 1));
    }
    return true;
}

static const struct scenario scenarios[] = {
    SCENARIO(statistics_are_taken),
    SCENARIO(referrers_are_listed),
    SCENARIO(objects_are_listed),
};
SCENARIO_TABLE(inspection, scenarios);
