/* SPDX-License-Identifier: MIT */
/*
 * whole_test.c -- what a collection spares itself, and what it leaves behind
 *
 * That garbage is found and what lives is spared is tested elsewhere; here is what would only cost time
 * or memory if it went wrong.
 */
#include "heap/heap.h"
#include "memory/walk.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/parts.h"
#include "support/random.h"
#include "support/source.h"

/* ---- what lives is proven at once ---- */

enum { HELD = 5000 };

/* So many cells that refer to themselves and are held one by one. */
static cell *held[HELD];

static void hold_many(ouro_heap *heap)
{
    for (size_t i = 0; i < HELD; i++) {
        held[i] = cell_new(heap);
        ouro_set(held[i], left, held[i]);
    }
    (void)ouro_collect(heap, 2);
    cycle_touch(held[0]);
}

static void let_go(ouro_heap *heap)
{
    for (size_t i = 0; i < HELD; i++) ouro_decref(ouro_move(held[i]));
    assert_int_equal(ouro_collect(heap, 2), HELD);
}

static void test_what_is_held_is_no_suspect(void **state)
{
    ouro_heap *heap = *state;
    hold_many(heap);
    cycle_begin(heap);
    assert_int_equal(cycle_step_to_the_end(heap, 1000), 0);
    assert_int_equal(heap->whole.scanned, 0);
    assert_int_equal(ouro_collect(heap, 2), 0);
    assert_int_equal(heap->whole.scanned, 0);
    for (size_t i = 0; i < HELD; i++) /* and notes the next touch  [quiet.old] */
        assert_true(ouro__word_is_trapped(*ouro__word_of(held[i])));
    let_go(heap);
}

static void test_what_roots_reach_is_no_suspect(void **state)
{
    ouro_heap *heap = *state;
    list *all = cycle_rings(heap, HELD);
    assert_int_equal(ouro_root(heap, &all), OURO_OK);
    cycle_begin(heap);
    assert_int_equal(cycle_step_to_the_end(heap, 1000), 0);
    assert_int_equal(heap->whole.scanned, 0);
    assert_int_equal(ouro_unroot(heap, &all), OURO_OK);
    cycle_rings_end(all);
}

/* A root leads into a heap that has a cycle under way itself, and is nothing to this one. */
static void test_a_root_in_another_heap_is_passed_by(void **state)
{
    ouro_heap *heap = *state, *other = test_heap_quiet();
    void *atoms_are_not_followed = atom_new(heap, 1);
    list *foreign = cycle_rings(other, 100), *all = cycle_rings(heap, 100);
    assert_int_equal(ouro_root(heap, &foreign), OURO_OK);
    assert_int_equal(ouro_root(heap, &atoms_are_not_followed), OURO_OK);
    static const char *const phases[] = {"count", "decide", "decide: follow", "scan", "forget"};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        cycle_touch(foreign->items.items[0]);
        cycle_begin(other);
        (void)cycle_reach(other, phases[i]); /* not all are met */
        cell *garbage = cell_ring(heap, 3);
        (void)ouro_collect(heap, 1);
        (void)ouro_collect(heap, 1); /* old, and lost while it is */
        ouro_decref(garbage);
        cycle_begin(heap);
        assert_int_equal(cycle_step_to_the_end(heap, 1), 3);
        assert_int_equal(cycle_step_to_the_end(other, 1), 0);
        test_heap_verify(other);
    }
    assert_int_equal(ouro_unroot(heap, &foreign), OURO_OK);
    assert_int_equal(ouro_unroot(heap, &atoms_are_not_followed), OURO_OK);
    ouro_decref(atoms_are_not_followed);
    cycle_rings_end(all);
    cycle_rings_end(foreign);
    test_heap_close_empty(other);
}

/* Who was not proven live, and cannot be trapped any more when all others are, lives, and so does what it reaches. */
static void test_who_becomes_immortal_before_it_is_trapped_is_no_suspect(void **state)
{
    enum { LENGTH = 10 };
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    cell *ring = cell_ring(heap, LENGTH), *last = ring;
    for (cell *one = ring->left; one != ring; one = one->left)
        if (one > last) last = one; /* the walk goes up */
    (void)ouro_collect(heap, 2);
    ouro_decref(ring);
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "narrow"));
    ouro_immortalize(last);
    assert_true(cycle_reach(heap, "scan"));
    assert_false(ouro__is_marked(last, ouro__set_bits(OURO__WHOLE))); /* it has left the set */
    assert_int_equal(cycle_step_to_the_end(heap, 1), 0);
    assert_int_equal(heap->whole.scanned, LENGTH - 1);
    assert_int_equal(test_heap_objects(heap), LENGTH);
    test_heap_verify(heap);
    ouro_heap_close(heap, NULL, NULL);
}

/* ---- memory ---- */

static row *large_garbage(ouro_heap *heap)
{
    row *large = row_new(heap, 50000);
    ouro_set(large, items[49999], large);
    return large;
}

/* Its mapping goes back, whichever collection finds it. */
static void test_a_large_object_that_was_garbage_goes_back(void **state)
{
    (void)state;
    for (int generation = 0; generation < 3; generation++) {
        struct source source = {0};
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){
            .collector_off = true,
            .source = source_counting(&source),
        });
        (void)ouro_trim(heap);
        size_t regions = source.regions;
        ouro_decref(large_garbage(heap));
        assert_int_equal(source.regions, regions + 1);
        assert_int_equal(ouro_collect(heap, generation), 1);
        (void)ouro_trim(heap);
        assert_int_equal(source.regions, regions);
        row *large = large_garbage(heap); /* again, in steps */
        (void)ouro_collect(heap, 2);
        ouro_decref(large);
        cycle_begin(heap);
        assert_int_equal(cycle_step_to_the_end(heap, 1000), 1);
        (void)ouro_trim(heap);
        assert_int_equal(source.regions, regions);
        test_heap_close_empty(heap);
    }
}

/* Objects that die together go to their pools in batches; pools that are empty then go back. */
static void test_the_memory_of_a_large_death_goes_back(void **state)
{
    enum { LENGTH = 200000 };
    void *chain = node_chain(*state, LENGTH);
    size_t committed = ouro__heap_pools(*state)->committed_bytes;
    assert_true(committed > LENGTH * sizeof(node));
    ouro_decref(chain);
    assert_true(ouro_trim(*state) > committed / 10 * 9);
    assert_true(ouro__heap_pools(*state)->committed_bytes < committed / 10);
}

/* Also in the middle of a whole cycle, whose set has the pools: it is given up, unless it has garbage in hand. */
static void test_trim_in_a_cycle_whose_heap_has_shrunk(void **state)
{
    static const char *const phases[] = {"count", "decide", "decide: follow", "scan", "check"};
    enum { LENGTH = 250000 };
    ouro_heap *heap = *state;
    size_t met = 0;
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        cell *garbage = cell_ring(heap, 3);
        void *chain = node_chain(heap, LENGTH);
        list *kept = cycle_rings(heap, 100);
        ouro_decref(garbage); /* it is what the cycle scans */
        cycle_begin(heap);
        met += cycle_reach(heap, phases[i]);
        size_t committed = ouro__heap_pools(heap)->committed_bytes;
        assert_true(committed > LENGTH * sizeof(node));
        ouro_decref(chain);
        assert_true(ouro_trim(heap) > committed / 10 * 9);
        assert_true(cycle_is_idle(heap));
        assert_true(ouro__heap_pools(heap)->committed_bytes < committed / 10);
        test_heap_verify(heap);
        assert_int_equal(ouro_collect(heap, 2), 3);
        cycle_rings_end(kept);
    }
    assert_true(met > 3);
}

/* Nothing was looked at yet, and nobody grows old by that. */
static void test_trim_before_the_first_step_of_a_cycle(void **state)
{
    enum { LENGTH = 250000 };
    ouro_heap *heap = *state;
    void *chain = node_chain(heap, LENGTH);
    (void)ouro_collect(heap, 2);
    cell *young = cell_ring(heap, 5);
    ouro__heap_whole_begin(heap);
    ouro_decref(chain);
    (void)ouro_trim(heap);
    assert_true(cycle_is_idle(heap));
    test_heap_verify(heap);
    ouro_decref(young);
    assert_int_equal(ouro_collect(heap, 0), 5);
}

/* What a cycle has condemned already it frees itself. */
static void test_trim_leaves_a_cycle_with_garbage_alone(void **state)
{
    enum { LENGTH = 250000 };
    ouro_heap *heap = *state;
    void *chain = node_chain(heap, LENGTH);
    list *all = cycle_rings(heap, 100);
    cell *garbage = cell_ring(heap, 3);
    (void)ouro_collect(heap, 2);
    ouro_decref(garbage);
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "finish"));
    ouro_decref(chain);
    (void)ouro_trim(heap);
    assert_false(cycle_is_idle(heap));
    assert_int_equal(cycle_step_to_the_end(heap, 1000), 3);
    cycle_rings_end(all);
}

/* Of more than the stack holds the rest waits in the pools of the set: of this cycle's, and not of one before. */
static void test_who_waits_to_be_followed_is_in_the_set(void **state)
{
    ouro_heap *heap = *state;
    const struct ouro__lane *lane = &ouro__heap_pools(heap)->marks.lanes[OURO__WHOLE];
    list *all = cycle_rings(heap, HELD);
    (void)ouro_collect(heap, 2);
    assert_non_null(lane->gray_from);
    cycle_touch(all->items.items[0]);
    cycle_begin(heap);
    assert_null(lane->gray_from);
    (void)cycle_step_to_the_end(heap, 0);
    cycle_rings_end(all);
}

static bool has_scratch(ouro_heap *heap)
{
    return ouro__heap_pools(heap)->marks.scratch_pools > 0;
}

/* The memory of the marks that the pages of an arena may have had: set bits, a count and a tally for each 16 bytes. */
static size_t marks_bytes(const struct ouro__arena *arena)
{
    size_t pages = arena->page_end - OURO_ARENA_FIRST_PAGE;
    return OURO__LANES * OURO__LANE_BITS + pages * (OURO_POOL_SIZE / 4 + OURO_POOL_SIZE / 16);
}

/* All of an arena's marks go back; in how many parts. */
static size_t wipe(ouro_heap *heap, size_t number)
{
    size_t parts = 0, offset = 0;
    do {
        offset = ouro__collector_wipe(&heap->pass, number, offset);
        parts++;
    } while (offset != 0);
    return parts;
}

/* What passes have used of the marks' memory goes back in parts. */
static void test_the_memory_of_marks_goes_back(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_counting(&source),
    });
    list *all = cycle_rings(heap, HELD);
    for (int i = 0; i < HELD; i++) list_append_cell(all, i);
    (void)ouro_collect(heap, 0);
    assert_true(has_scratch(heap));
    size_t purged = source.purged_bytes;
    assert_true(wipe(heap, 0) > 1);
    assert_false(has_scratch(heap));
    const struct ouro__arena *arena = ouro__heap_pools(heap)->realms[OURO__REALM_TRACKED].arenas;
    assert_int_equal(source.purged_bytes - purged, marks_bytes(arena));
    assert_int_equal(ouro__collector_wipe(&heap->pass, 0, 0), 0);
    assert_int_equal(ouro__collector_wipe(&heap->pass, 99, 0), 0); /* no such arena */
    test_heap_verify(heap);
    cycle_rings_end(all);
    test_heap_close_empty(heap);
}

static size_t scratch_pools_of(struct ouro__arena *arena)
{
    size_t count = 0;
    for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_end; page++)
        count += ouro__arena_pool(arena, page)->scratch;
    return count;
}

/* One arena's, and no other's. */
static void test_the_memory_of_marks_goes_back_by_arenas(void **state)
{
    (void)state;
    enum { ARENAS = 3 };
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_of_small_arenas(&source),
    });
    struct ouro__pools *pools = ouro__heap_pools(heap);
    list *all = cycle_rings(heap, HELD);
    while (ouro__pools_arenas(pools) < ARENAS) list_append_cell(all, 0);
    (void)ouro_collect(heap, 0);
    for (size_t number = 0; number < ARENAS; number++) {
        size_t at = 0;
        (void)wipe(heap, number);
        struct ouro__arena *arena = pools->realms[OURO__REALM_TRACKED].arenas;
        for (; arena != NULL; arena = arena->next, at++)
            assert_int_equal(scratch_pools_of(arena) > 0, at > number);
        assert_true(at >= ARENAS);
    }
    test_heap_verify(heap);
    cycle_rings_end(all);
    test_heap_close_empty(heap);
}

/* A pass over the young alone uses no marks of pools in which all are middle-aged. */
static void test_a_young_pass_leaves_other_pools_alone(void **state)
{
    (void)state;
    enum { MANY = 20000, FEW = 4 };
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true});
    const struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    cell *ring = cell_ring(heap, MANY);
    (void)ouro_collect(heap, 0);
    assert_true(marks->scratch_pools > 2 * FEW);
    (void)wipe(heap, 0);
    assert_int_equal(marks->scratch_pools, 0);
    ouro_auto list *young = list_new(heap);
    (void)ouro_collect(heap, 0);
    assert_in_range(marks->scratch_pools, 1, FEW);
    ouro_decref(ring);
    ouro_decref(ouro_move(young));
    assert_int_equal(ouro_collect(heap, 2), MANY);
    test_heap_close_empty(heap);
}

/* Those of a collection without steps stay in a small heap, for the next, and go from a large one. */
static void test_the_marks_of_a_small_heap_stay(void **state)
{
    (void)state;
    enum { MANY = 100000 };
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_counting(&source),
    });
    cell *few = cell_ring(heap, 10);
    (void)ouro_collect(heap, 2);
    assert_true(has_scratch(heap));
    assert_int_equal(source.purges, 0);
    test_heap_verify(heap); /* they are zero  [mark.zero] */
    cell *many = cell_ring(heap, MANY);
    (void)ouro_collect(heap, 2);
    assert_false(has_scratch(heap));
    assert_true(source.purges > 0);
    ouro_decref(few);
    ouro_decref(many);
    assert_int_equal(ouro_collect(heap, 2), 10 + MANY);
    test_heap_close_empty(heap);
}

static void count_pool(struct ouro__pool *pool, void *context)
{
    *(size_t *)context += pool->used > 0;
}

static size_t pools_of(ouro_heap *heap)
{
    size_t count = 0;
    ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, count_pool, &count);
    return count;
}

/* So many pools are a small heap, and one more is none.  What was carried is taken back from each. */
static void test_a_small_heap_has_so_many_pools(void **state)
{
    (void)state;
    struct source source = {0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_counting(&source),
    });
    cell *often = cell_new(heap);
    list *all = list_new(heap);
    for (int i = 0; i < 1000; i++) list_append(all, often); /* more than a tally holds */
    while (pools_of(heap) < OURO_SCRATCH_SMALL) list_append_cell(all, 0);
    (void)ouro_collect(heap, 2);
    assert_int_equal(ouro__heap_pools(heap)->marks.scratch_pools, OURO_SCRATCH_SMALL);
    assert_false(ouro__pool_of(often)->carried);
    while (pools_of(heap) == OURO_SCRATCH_SMALL) list_append_cell(all, 0);
    (void)ouro_collect(heap, 2);
    assert_int_equal(ouro__heap_pools(heap)->marks.scratch_pools, 0);
    ouro_decref(often);
    ouro_decref(all);
    test_heap_close_empty(heap);
}

/* What is left of a pass over so many cells where passes find little, before the purge delay is over and after. */
static void wipe_after_a_pass(size_t count, bool stays)
{
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true});
    struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    cell *ring = cell_ring(heap, count);
    (void)ouro_collect(heap, 0);
    size_t before = marks->scratch_pools;
    assert_true(before > OURO_SCRATCH_KEPT);
    heap->pace.sample_interval = heap->pace.nearby_interval = 2;
    heap->pace.wipe_tick = UINT32_MAX;
    for (int i = 0; i < 200; i++) (void)ouro__pace_pay(heap, OURO__PAY_ALL);
    assert_int_equal(marks->scratch_pools, stays ? before : 0);
    heap->pace.wipe_tick = 0;
    for (int i = 0; i < 200; i++) (void)ouro__pace_pay(heap, OURO__PAY_ALL);
    assert_int_equal(marks->scratch_pools, 0);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(heap, 2), count);
    test_heap_close_empty(heap);
}

/* Where passes find little none will need their marks soon: they go at once, but for those of a small heap. */
static void test_the_marks_of_passes_stay_for_a_while_in_a_small_heap(void **state)
{
    (void)state;
    size_t most = OURO_SCRATCH_HEAP / (sizeof(cell) + sizeof(uint64_t));
    wipe_after_a_pass(most / 2, true);
    wipe_after_a_pass(most + most / 2, false);
}

/* ---- near touched objects ---- */

static size_t nearby_collected;

static void listen(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)argument;
    if (info->stop && info->nearby) nearby_collected += info->collected;
}

/* What leads to no cycle dies with who held it, and is no part of what a pass finds. */
static void test_a_nearby_pass_finds_tracked_objects_only(void **state)
{
    ouro_heap *heap = *state;
    enum { LENGTH = 20 };
    cell *ring = cell_ring(heap, LENGTH);
    cell *at = ring;
    for (int i = 0; i < LENGTH; i++, at = at->left) ouro_put(at, right, atom_new(heap, i));
    (void)ouro_collect(heap, 2);
    nearby_collected = 0;
    assert_int_equal(ouro_add_callback(heap, listen, NULL), OURO_OK);
    ouro_decref(ring); /* a touch: nothing else leads here */
    assert_int_equal(ouro__heap_collect_nearby(heap, 10000, UINT64_MAX), LENGTH);
    assert_int_equal(nearby_collected, LENGTH);
    assert_int_equal(test_heap_objects(heap), 0);
    assert_int_equal(ouro_remove_callback(heap, listen, NULL), OURO_OK);
}

/* Members are kept in a table by their addresses; of so many at random, some meet in it. */
static void test_a_nearby_search_tells_its_members_apart(void **state)
{
    ouro_heap *heap = *state;
    enum { ALL = 30000, LENGTH = 1500 };
    static cell *all[ALL];
    struct random random = {1};
    for (size_t i = 0; i < ALL; i++) all[i] = cell_new(heap);
    for (size_t i = 0; i < LENGTH; i++) { /* LENGTH at random to the front */
        size_t other = i + random_below(&random, (uint32_t)(ALL - i));
        cell *at = all[i];
        all[i] = all[other];
        all[other] = at;
    }
    for (size_t i = 0; i < LENGTH; i++) ouro_set(all[i], left, all[(i + 1) % LENGTH]);
    for (size_t i = 1; i < LENGTH; i++) ouro_decref(ouro_move(all[i]));
    (void)ouro_collect(heap, 2);
    ouro_decref(ouro_move(all[0]));
    assert_int_equal(ouro__heap_collect_nearby(heap, 100000, UINT64_MAX), LENGTH);
    assert_int_equal(test_heap_objects(heap), ALL - LENGTH);
    for (size_t i = LENGTH; i < ALL; i++) ouro_decref(ouro_move(all[i]));
}

/* The middle-aged of the same pool are still met by the next pass over them. */
static void test_a_nearby_pass_leaves_the_middle_aged(void **state)
{
    ouro_heap *heap = *state;
    cell *old = cell_ring(heap, 10);
    (void)ouro_collect(heap, 2);
    cell *middle = cell_ring(heap, 2);
    (void)ouro_collect(heap, 0);
    assert_ptr_equal(ouro__pool_of(old), ouro__pool_of(middle));
    ouro_decref(old);
    assert_int_equal(ouro__heap_collect_nearby(heap, 10000, UINT64_MAX), 10);
    ouro_decref(middle);
    assert_int_equal(ouro_collect(heap, 1), 2);
}

/* Neighbours that are no candidates hold what is, and each is gone through in pieces: nothing is counted twice, or
 * not at all. */
static void test_what_frozen_maps_hold_is_counted_once(void **state)
{
    enum { MAPS = 3, ENTRIES = 20 };
    ouro_weak_map *maps[MAPS];
    for (size_t i = 0; i < MAPS; i++) maps[i] = ouro_weak_map_new(*state);
    ouro_freeze(*state);
    for (size_t units = 1; units < 100; units += units) {
        for (size_t i = 0; i < MAPS * ENTRIES; i++) {
            cell *key = cell_new(*state), *value = cell_new(*state);
            ouro_put(value, left, key);
            assert_int_equal(ouro_weak_map_set(maps[i % MAPS], key, value), OURO_OK);
            ouro_decref(value);
        }
        ouro__heap_pools(*state)->marks.touched_any = true;
        size_t found = cycle_step(*state, units);
        found += cycle_step_to_the_end(*state, units);
        assert_int_equal(found, 2 * MAPS * ENTRIES);
    }
    ouro_unfreeze(*state);
    for (size_t i = 0; i < MAPS; i++) ouro_decref(maps[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_who_waits_to_be_followed_is_in_the_set),
        HEAP_TEST(test_what_is_held_is_no_suspect),
        cmocka_unit_test(test_who_becomes_immortal_before_it_is_trapped_is_no_suspect),
        HEAP_TEST(test_what_roots_reach_is_no_suspect),
        HEAP_TEST(test_a_root_in_another_heap_is_passed_by),
        cmocka_unit_test(test_a_large_object_that_was_garbage_goes_back),
        HEAP_TEST(test_the_memory_of_a_large_death_goes_back),
        HEAP_TEST(test_trim_in_a_cycle_whose_heap_has_shrunk),
        HEAP_TEST(test_trim_before_the_first_step_of_a_cycle),
        HEAP_TEST(test_trim_leaves_a_cycle_with_garbage_alone),
        cmocka_unit_test(test_the_memory_of_marks_goes_back),
        cmocka_unit_test(test_the_memory_of_marks_goes_back_by_arenas),
        cmocka_unit_test(test_a_young_pass_leaves_other_pools_alone),
        cmocka_unit_test(test_the_marks_of_a_small_heap_stay),
        cmocka_unit_test(test_a_small_heap_has_so_many_pools),
        cmocka_unit_test(test_the_marks_of_passes_stay_for_a_while_in_a_small_heap),
        HEAP_TEST(test_what_frozen_maps_hold_is_counted_once),
        HEAP_TEST(test_a_nearby_pass_finds_tracked_objects_only),
        HEAP_TEST(test_a_nearby_search_tells_its_members_apart),
        HEAP_TEST(test_a_nearby_pass_leaves_the_middle_aged),
    };
    return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}
