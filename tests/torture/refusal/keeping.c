/* SPDX-License-Identifier: MIT */
/*
 * keeping.c -- frozen objects, garbage that is kept, callbacks, switches
 */
#include "refusal/scenario.h"

static bool objects_are_frozen(struct trial *trial)
{
    ouro_heap *heap = trial->heap;
    for (size_t round = 0; round < 3; round++) {
        ouro_auto node *kept = tree_new(heap, 2);
        if (kept == NULL || !rings_are_lost(heap, 3)) return false;
        ouro_freeze(heap);
        assert_int_equal(ouro_freeze_count(heap),
                         test_heap_tracked(heap, -1) + ouro_freeze_count(heap));
        ouro_auto node *born_later = chain_new(heap, 5);
        if (born_later == NULL) {
            ouro_unfreeze(heap);
            return false;
        }
        ouro_set(born_later, left, kept);
        ouro_unfreeze(heap);
        assert_int_equal(ouro_freeze_count(heap), 0);
    }
    return true;
}

static bool garbage_is_kept(struct trial *trial)
{
    ouro_heap *heap = trial->heap;
    assert_int_equal(ouro_get_debug(heap), OURO_DEBUG_SAVEALL);
    bool granted = rings_are_lost(heap, 5);
    (void)ouro_collect(heap, 2);
    size_t kept = ouro_garbage_count(heap);
    assert_int_equal(kept, test_heap_objects(heap));
    granted = granted && rings_are_lost(heap, 4);
    ouro_set_debug(heap, 0);
    ouro_garbage_clear(heap);
    (void)ouro_collect(heap, 2);
    ouro_set_debug(heap, OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_garbage_count(heap), 0);
    return granted;
}

/* ---- a callback of collections that needs memory ---- */

struct diary {
    list *entries;
    bool refused;
};

static void write_entry(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    struct diary *diary = argument;
    ouro_auto atom *entry = ouro_new(heap, atom);
    if (entry != NULL) entry->number = info->generation;
    if (entry == NULL ||
        ouro_vector_append(diary->entries, &diary->entries->items, entry) != OURO_OK)
        diary->refused = true;
}

static bool callbacks_of_collections_allocate(struct trial *trial)
{
    ouro_auto list *entries = ouro_new(trial->heap, list);
    if (entries == NULL) return false;
    struct diary diary = {entries, false};
    if (ouro_add_callback(trial->heap, write_entry, &diary) != OURO_OK) return false;
    bool granted = true;
    for (int i = 0; granted && i < 9; i++) {
        granted = ring_is_lost(trial->heap, 2);
        (void)ouro_collect(trial->heap, i % 3);
    }
    assert_int_equal(ouro_remove_callback(trial->heap, write_entry, &diary), OURO_OK);
    return granted && !diary.refused;
}

/* Switches are thrown between allocations, and stay as they were put. */
static bool switches_are_thrown(struct trial *trial)
{
    ouro_heap *heap = trial->heap;
    bool was_enabled = ouro_collector_is_enabled(heap);
    size_t before[3], now[3];
    ouro_get_threshold(heap, before);
    bool granted = true;
    for (size_t i = 0; granted && i < 12; i++) {
        const size_t threshold[3] = {1 + i, 2, i % 2};
        ouro_set_threshold(heap, threshold);
        if (i % 3 == 0) ouro_collector_disable(heap);
        if (i % 3 == 1) ouro_collector_enable(heap);
        bool enabled = ouro_collector_is_enabled(heap);
        granted = ring_is_lost(heap, 3);
        ouro_get_threshold(heap, now);
        assert_memory_equal(now, threshold, sizeof now);
        assert_true(ouro_collector_is_enabled(heap) == enabled);
    }
    ouro_set_threshold(heap, before);
    was_enabled ? ouro_collector_enable(heap) : ouro_collector_disable(heap);
    return granted;
}

static const struct scenario scenarios[] = {
    SCENARIO(objects_are_frozen),
    SCENARIO_IN(garbage_is_kept, .debug = OURO_DEBUG_SAVEALL),
    SCENARIO(callbacks_of_collections_allocate),
    SCENARIO(switches_are_thrown),
};
SCENARIO_TABLE(keeping, scenarios);
