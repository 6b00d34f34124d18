/* SPDX-License-Identifier: MIT */
/*
 * search_test.c -- how far a search near touched objects goes
 *
 * What it finds is tested elsewhere.  Here is what it looks at, and in which order: too little leaves garbage to
 * whole cycles, and too much makes a pass long, which is not cut.
 */
#include "heap/heap.h"

#include <ouro/weak_map.h>

#include "support/cycle.h"
#include "support/heap.h"
#include "support/parts.h"
#include "support/plain.h"

enum { ALLOWANCE = OURO_NEARBY_ALLOWANCE, PLENTY = 100000, LONGEST = OURO_NEARBY_MAX + 100 };

/* A chain by `left`; whoever is in `held` is held by us besides. */
static node *chain[LONGEST];
static bool held[LONGEST];

/* Old; we hold the first, and whom `holds` names. */
static void chain_new(ouro_heap *heap, size_t length, bool (*holds)(size_t position))
{
    for (size_t i = 0; i < length; i++) chain[i] = node_new(heap);
    for (size_t i = 0; i + 1 < length; i++) ouro_set(chain[i], left, chain[i + 1]);
    for (size_t i = 0; i < length; i++) {
        held[i] = i == 0 || holds(i);
        if (!held[i]) ouro_decref(chain[i]); /* the one before holds it */
    }
    (void)ouro_collect(heap, 2);
}

static void chain_end(size_t length)
{
    for (size_t i = length; i-- > 0;) {
        if (held[i]) ouro_decref(chain[i]);
        chain[i] = NULL;
    }
}

static void touch(node *old)
{
    cycle_touch((cell *)(void *)old);
}

/* What a search of so many units looks at, where all lives: nothing is proposed.  Its table is empty behind it. */
static size_t search(ouro_heap *heap, long units)
{
    ouro_generation_stats before[3], after[3];
    ouro_get_stats(heap, before);
    heap->pass.candidates = 0;
    assert_int_equal(ouro__heap_collect_nearby(heap, units, UINT64_MAX), 0);
    assert_int_equal(heap->pass.candidates, 0);
    ouro_get_stats(heap, after);
    assert_int_equal(after[1].collections, before[1].collections); /* no pass over nobody */
    assert_int_equal(heap->nearby.count + heap->nearby.closed, 0);
    for (size_t i = 0; i < COUNT_OF(heap->nearby.table); i++)
        assert_int_equal(heap->nearby.table[i], 0);
    test_heap_verify(heap);
    return heap->nearby.looked_at;
}

/* What was touched before is forgotten. */
static size_t search_from(ouro_heap *heap, node *begin, long units)
{
    ouro__heap_pools(heap)->marks.touched_count = 0;
    touch(begin);
    return search(heap, units);
}

/* ---- the allowance ---- */

static bool all(size_t position)
{
    return position > 0;
}

static bool none(size_t position)
{
    return position == 0;
}

/* Where nothing is accounted for, the allowance is followed, and one more is met. */
static void test_a_search_in_what_lives_ends_with_its_allowance(void **state)
{
    enum { LENGTH = 10 * ALLOWANCE };
    chain_new(*state, LENGTH, all);
    assert_int_equal(search_from(*state, chain[0], PLENTY), ALLOWANCE + 1);
    assert_int_equal(search_from(*state, chain[LENGTH - ALLOWANCE], PLENTY), ALLOWANCE);
    assert_int_equal(search_from(*state, chain[LENGTH - 1], PLENTY), 1);
    chain_end(LENGTH);
}

static size_t closed_first, closed_then;

/* All are held but the first ones, and some behind the allowance. */
static bool all_but_some(size_t position)
{
    return position > closed_first && (position <= ALLOWANCE || position > ALLOWANCE + closed_then);
}

/* Half of what was followed must be accounted for, each time that the allowance doubles. */
static void test_a_search_goes_on_where_half_is_accounted_for(void **state)
{
    static const struct {
        size_t first, then, looked_at;
    } cases[] = {
        {ALLOWANCE / 2 - 1, 0, ALLOWANCE + 1},
        {ALLOWANCE / 2, 0, 2 * ALLOWANCE + 1},
        {ALLOWANCE / 2, ALLOWANCE / 2 - 1, 2 * ALLOWANCE + 1},
        {ALLOWANCE / 2, ALLOWANCE / 2, 4 * ALLOWANCE + 1},
    };
    enum { LENGTH = 10 * ALLOWANCE };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        closed_first = cases[i].first;
        closed_then = cases[i].then;
        chain_new(*state, LENGTH, all_but_some);
        assert_int_equal(search_from(*state, chain[0], PLENTY), cases[i].looked_at);
        chain_end(LENGTH);
    }
}

/* What another has found is nothing to a search. */
static void test_each_search_has_an_allowance(void **state)
{
    enum { LENGTH = 4 * ALLOWANCE };
    ouro_heap *heap = *state;
    chain_new(heap, LENGTH, none);
    ouro_set(chain[LENGTH / 2 - 1], left, NULL); /* two chains: all of one is accounted for, */
    node *more[LENGTH / 2];
    for (size_t i = 0; i < LENGTH / 2; i++) more[i] = node_new(heap);
    for (size_t i = 0; i + 1 < LENGTH / 2; i++) ouro_set(more[i], left, more[i + 1]);
    (void)ouro_collect(heap, 2);
    ouro__heap_pools(heap)->marks.touched_count = 0;
    touch(more[0]); /* and nothing of the other, which comes later */
    touch(chain[0]);
    assert_int_equal(search(heap, PLENTY), LENGTH / 2 + ALLOWANCE + 1);
    for (size_t i = 0; i < LENGTH / 2; i++) ouro_decref(more[i]);
    held[LENGTH / 2] = false; /* it went with the reference to it */
    chain_end(LENGTH);
}

/* ---- units ---- */

/* One unit for whom is followed, one for each reference, and four for whom it begins at. */
static void test_a_search_ends_with_its_units(void **state)
{
    enum { BEGINNINGS = 100, EACH = 4 + 2 * ALLOWANCE, UNITS = 1000 };
    enum { LENGTH = BEGINNINGS * (ALLOWANCE + 1), DONE = (UNITS + EACH - 1) / EACH };
    ouro_heap *heap = *state;
    struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    chain_new(heap, LENGTH, all);
    marks->touched_count = 0;
    for (size_t i = 0; i < BEGINNINGS; i++) touch(chain[i * (ALLOWANCE + 1)]);
    assert_int_equal(marks->touched_count, BEGINNINGS);
    assert_int_equal(search(heap, UNITS), DONE * (ALLOWANCE + 1) - (DONE * EACH - UNITS) / 2);
    assert_int_equal(marks->touched_count, BEGINNINGS - DONE);
    for (size_t i = 0; i < marks->touched_count; i++) /* the latest were first */
        assert_ptr_equal(marks->touched[i], chain[i * (ALLOWANCE + 1)]);
    node *last = chain[(BEGINNINGS - 1) * (ALLOWANCE + 1)];
    assert_int_equal(search_from(heap, last, 1), 2); /* at least one is followed */
    for (long units = 4 + 2; units < 4 + 2 * ALLOWANCE; units++)
        assert_int_equal(search_from(heap, last, units), 2 + (units - 4 - 2 + 1) / 2);
    chain_end(LENGTH);
}

/* What is accounted for gets four units more for each that was followed, up to a limit. */
static void test_a_search_that_promises_garbage_is_granted_more(void **state)
{
    enum { UNITS = 1000, GRANTED = 4 * (OURO_NEARBY_GRANT / 4 - ALLOWANCE), EACH = 3 };
    ouro_heap *heap = *state;
    chain_new(heap, LONGEST, none);
    for (size_t i = 0; i + 1 < LONGEST; i++) ouro_set(chain[i], right, chain[i + 1]);
    (void)ouro_collect(heap, 2);
    assert_in_range(search_from(heap, chain[0], UNITS), (UNITS + GRANTED - 4) / EACH,
                    (UNITS + GRANTED - 4) / EACH + 3);
    assert_int_equal(search_from(heap, chain[0], PLENTY), OURO_NEARBY_MAX); /* [nearby.bounded] */
    chain_end(LONGEST);
}

/* ---- order ---- */

/* Whether a search looked at an object. */
static bool has_seen(const ouro_heap *heap, const node *object)
{
    for (size_t i = 0; i < heap->nearby.looked_at; i++)
        if (heap->nearby.members[i].entry == object) return true;
    return false;
}

/* Two ways begin at an object: by whoever lacks more than one reference, and by whoever may be accounted for. */
static void test_who_looks_alive_is_put_off(void **state)
{
    enum { LENGTH = 4 * ALLOWANCE };
    chain_new(*state, LENGTH, all);
    node *begin = node_new(*state), *alive = chain[0], *other = chain[LENGTH / 2];
    ouro_set(chain[LENGTH / 2 - 1], left, NULL); /* two chains */
    ouro_set(begin, left, alive);
    ouro_set(begin, right, other);
    node *held_more = ouro_newref(alive); /* two that nobody knows of, and begin's */
    (void)ouro_collect(*state, 2);
    assert_int_equal(search_from(*state, begin, PLENTY), ALLOWANCE + 2);
    assert_true(has_seen(*state, alive) && has_seen(*state, other));
    assert_false(has_seen(*state, chain[1]));
    assert_true(has_seen(*state, chain[LENGTH / 2 + ALLOWANCE - 1]));
    ouro_decref(held_more);
    ouro_decref(begin);
    chain_end(LENGTH);
}

/* Where there is no other way, who was put off is followed, as long as somebody waits to be accounted for. */
static void test_who_was_put_off_comes_later(void **state)
{
    enum { LENGTH = 4 * ALLOWANCE };
    node *more[LENGTH];
    chain_new(*state, LENGTH, all);
    for (size_t i = 0; i < LENGTH; i++) more[i] = ouro_newref(chain[i]);
    (void)ouro_collect(*state, 2);
    assert_int_equal(search_from(*state, chain[0], PLENTY), ALLOWANCE + 1);
    for (size_t i = 0; i < LENGTH; i++) ouro_decref(more[i]);
    chain_end(LENGTH);
}

/* Who was followed meanwhile is passed over among them, and takes nothing of the allowance. */
static void test_who_was_followed_is_not_followed_again(void **state)
{
    enum { LENGTH = 4 * ALLOWANCE, SHORT = 5 };
    node *more[LENGTH];
    chain_new(*state, LENGTH, all);
    ouro_set(chain[SHORT - 1], left, NULL);
    for (size_t i = SHORT; i < LENGTH; i++) more[i] = ouro_newref(chain[i]);
    node *begin = node_new(*state);
    ouro_set(begin, left, chain[0]);
    ouro_set(begin, right, chain[SHORT]);
    (void)ouro_collect(*state, 2);
    assert_int_equal(search_from(*state, begin, PLENTY), ALLOWANCE + 1);
    for (size_t i = SHORT; i < LENGTH; i++) ouro_decref(more[i]);
    ouro_decref(begin);
    chain_end(LENGTH);
}

/* A ring that is accounted for and leads into what lives: nobody is followed there. */
static void test_a_search_that_has_all_leaves_the_rest(void **state)
{
    chain_new(*state, 3 * ALLOWANCE, all);
    node *held_more = ouro_newref(chain[0]);
    node *first = node_new(*state), *second = node_new(*state);
    ouro_set(first, left, second);
    ouro_set(second, left, first);
    ouro_set(second, right, chain[0]);
    (void)ouro_collect(*state, 2);
    ouro__heap_pools(*state)->marks.touched_count = 0;
    ouro_decref(first);
    ouro_decref(second);     /* a touch */
    touch(chain[ALLOWANCE]); /* comes first, and has nobody accounted for */
    assert_int_equal(ouro__heap_collect_nearby(*state, PLENTY, UINT64_MAX), 2);
    assert_int_equal(((ouro_heap *)*state)->nearby.looked_at, 3 + ALLOWANCE + 1);
    ouro_decref(held_more);
    chain_end(3 * ALLOWANCE);
}

/* ---- the clock ---- */

static void lose_rings(ouro_heap *heap, size_t count)
{
    node *rings[OURO_TOUCHED_MAX];
    for (size_t i = 0; i < count; i++) {
        rings[i] = node_new(heap);
        ouro_set(rings[i], left, rings[i]);
    }
    (void)ouro_collect(heap, 2);
    ouro__heap_pools(heap)->marks.touched_count = 0;
    for (size_t i = 0; i < count; i++) ouro_decref(rings[i]); /* a touch */
    assert_int_equal(ouro__heap_pools(heap)->marks.touched_count, count);
}

/* Where the time is over the search is, however many units are left; who was not begun at stays remembered. */
static void test_a_search_ends_when_its_time_is_over(void **state)
{
    enum { RINGS = OURO_TOUCHED_MAX / 2, EACH = 4 + 2, AT_ONCE = OURO_NEARBY_LOOK / EACH + 1 };
    ouro_heap *heap = *state;
    const struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    lose_rings(heap, RINGS);
    size_t found = 0, searches = 0;
    for (; marks->touched_count > 0; searches++) {
        size_t before = marks->touched_count;
        size_t more = ouro__heap_collect_nearby(heap, PLENTY, 0);
        assert_int_equal(more, before < AT_ONCE ? before : AT_ONCE);
        assert_int_equal(before - marks->touched_count, more);
        found += more;
    }
    assert_int_equal(found, RINGS);
    assert_true(searches > 1);
    lose_rings(heap, RINGS); /* and not before: half of so much time is long */
    assert_int_equal(ouro__heap_collect_nearby(heap, PLENTY, (uint64_t)1 << 63), RINGS);
    lose_rings(heap, 1); /* also of one alone */
    assert_int_equal(ouro__heap_collect_nearby(heap, PLENTY, (uint64_t)1 << 63), 1);
    assert_int_equal(heap->pass.generation, 1);
}

/* Also of one that promises garbage and is granted more units: the clock is looked at as often. */
static void test_a_search_that_is_granted_more_ends_in_time(void **state)
{
    enum { LENGTH = 2000 };
    ouro_heap *heap = *state;
    cell *ring = cell_ring(heap, LENGTH);
    (void)ouro_collect(heap, 2);
    ouro__heap_pools(heap)->marks.touched_count = 0;
    ouro_decref(ring); /* a touch */
    assert_int_equal(ouro__heap_collect_nearby(heap, PLENTY, 0), 0);
    assert_int_equal(heap->nearby.looked_at, OURO_NEARBY_LOOK / 2);
    (void)ouro_collect(heap, 2);
}

/* ---- who joins ---- */

/* What never dies, or is nobody's to look at, is met and not looked at. */
static void test_the_frozen_and_the_immortal_do_not_join(void **state)
{
    node *frozen = node_new(*state);
    ouro_freeze(*state);
    node *immortal = node_new(*state), *begin = node_new(*state);
    ouro_immortalize(immortal);
    ouro_set(begin, left, frozen);
    assert_int_equal(search_from(*state, begin, PLENTY), 0); /* young: no touch is noted */
    (void)ouro_collect(*state, 2);
    assert_int_equal(search_from(*state, begin, PLENTY), 1);
    ouro_set(begin, left, immortal);
    assert_int_equal(search_from(*state, begin, PLENTY), 1);
    ouro_unfreeze(*state);
    ouro_set(begin, left, frozen);
    assert_int_equal(search_from(*state, begin, PLENTY), 2);
    ouro_decref(begin);
    ouro_decref(frozen);
    *ouro__word_of(immortal) = (*ouro__word_of(immortal) & ~OURO__COUNT_BITS) + OURO__ONE;
    ouro_decref(immortal);
}

/* Neither do those whom a whole cycle judges, or has judged already: they are its own. */
static void test_suspects_of_a_whole_cycle_do_not_join(void **state)
{
    ouro_heap *heap = *state;
    node *judged = node_new(heap), *holder = node_new(heap);
    ouro_set(holder, left, judged);
    (void)ouro_collect(heap, 2);
    touch(holder);
    heap->pace.mostly_garbage = true; /* all are suspects */
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "check"));
    node *begin = node_new(heap), *other = node_new(heap);
    ouro_set(begin, left, other);
    ouro_set(begin, right, judged); /* a touch: it is proven live */
    (void)ouro_collect(heap, 0);
    (void)ouro_collect(heap, 1); /* what is new is old, and has no count in the cycle */
    assert_int_equal(search_from(heap, begin, PLENTY), 2);
    assert_true(has_seen(heap, other));
    assert_false(has_seen(heap, judged));
    (void)cycle_step_to_the_end(heap, 0);
    assert_int_equal(search_from(heap, begin, PLENTY), 3);
    ouro_decref(begin);
    ouro_decref(other);
    ouro_decref(holder);
    ouro_decref(judged);
}

/* A large object has a pool of its own. */
static void test_a_search_begins_at_a_large_object(void **state)
{
    row *large = row_new(*state, 50000);
    ouro_put(large, items[100], node_new(*state));
    (void)ouro_collect(*state, 2);
    assert_int_equal(search_from(*state, (node *)(void *)large, PLENTY), 2);
    ouro_decref(large);
}

/* Who has died since it was touched is nobody to begin at. */
static void test_a_search_begins_at_nobody_who_has_died(void **state)
{
    node *gone = node_new(*state), *neighbour = node_new(*state);
    (void)ouro_collect(*state, 2);
    ouro__heap_pools(*state)->marks.touched_count = 0;
    touch(gone);
    ouro_decref(gone);
    assert_int_equal(ouro__heap_pools(*state)->marks.touched_count, 1);
    assert_int_equal(search(*state, PLENTY), 0);
    ouro_decref(neighbour);
}

/* Each is four units all the same: as soon as more than so many are used up the clock is looked at, and not before. */
static void test_the_clock_is_looked_at_among_those_who_have_died(void **state)
{
    enum { COUNT = 100, EACH = 4, AT_ONCE = OURO_NEARBY_LOOK / EACH + 1 };
    node *gone[COUNT], *neighbour = node_new(*state);
    for (size_t i = 0; i < COUNT; i++) gone[i] = node_new(*state);
    (void)ouro_collect(*state, 2);
    ouro__heap_pools(*state)->marks.touched_count = 0;
    for (size_t i = 0; i < COUNT; i++) {
        touch(gone[i]);
        ouro_decref(gone[i]);
    }
    assert_int_equal(ouro__heap_collect_nearby(*state, PLENTY, 0), 0);
    assert_int_equal(ouro__heap_pools(*state)->marks.touched_count, COUNT - AT_ONCE);
    ouro_decref(neighbour);
}

/* Nobody's touch is forgotten for whom there is no room. */
static void test_who_finds_no_room_stays_remembered(void **state)
{
    ouro_heap *heap = *state;
    const struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    chain_new(heap, LONGEST, none);
    node *other = node_new(heap);
    (void)ouro_collect(heap, 2);
    ouro__heap_pools(heap)->marks.touched_count = 0;
    touch(other);
    touch(chain[0]);
    assert_int_equal(search(heap, PLENTY), OURO_NEARBY_MAX);
    assert_int_equal(marks->touched_count, 1);
    assert_ptr_equal(marks->touched[0], other);
    ouro_decref(other);
    chain_end(LONGEST);
}

/* ---- what follows ---- */

/* Who was touched and lives is listened to again; not who was met by the way. */
static void test_who_was_touched_is_quiet_again(void **state)
{
    chain_new(*state, 2, all);
    touch(chain[1]);
    assert_int_equal(search_from(*state, chain[0], PLENTY), 2);
    assert_true(ouro__word_is_trapped(*ouro__word_of(chain[0])));
    assert_false(ouro__word_is_trapped(*ouro__word_of(chain[1])));
    chain_end(2);
}

/* Of so many that a search from what lives looks at: how many the first look at the living does not come by.  They
 * are proposed, and rescued. */
static size_t proposed_from(ouro_heap *heap, void *living, size_t looked_at)
{
    (void)ouro_collect(heap, 2);
    ouro__heap_pools(heap)->marks.touched_count = 0;
    touch(living);
    heap->pass.candidates = 0;
    assert_int_equal(ouro__heap_collect_nearby(heap, PLENTY, UINT64_MAX), 0);
    assert_int_equal(heap->nearby.looked_at, looked_at);
    return heap->pass.candidates;
}

/*
 * A row that lives, and is all references but one to a node, which leads to another; the last is to a node that does so,
 * too.  Whom the first look at what lives does not come by is proposed, and rescued: how many.
 */
static size_t proposed_of(ouro_heap *heap, size_t length)
{
    row *living = row_new(heap, length);
    node *near = node_new(heap), *far = node_new(heap);
    ouro_put(near, left, node_new(heap));
    ouro_put(far, left, node_new(heap));
    for (size_t i = 0; i + 1 < length; i++) ouro_set(living, items[i], near);
    ouro_put(living, items[length - 1], far);
    ouro_decref(near);
    size_t proposed = proposed_from(heap, living, 5);
    ouro_decref(living);
    return proposed;
}

/* A unit for each who lives, and for each of its references that are not of the common shape. */
static void test_the_living_are_followed_as_far_as_units_go(void **state)
{
    enum { UNITS = 4 * OURO_NEARBY_MAX };
    assert_int_equal(proposed_of(*state, UNITS / 2), 0);
    assert_int_equal(proposed_of(*state, UNITS - 3), 0);
    assert_int_equal(proposed_of(*state, UNITS - 2), 1);
    assert_int_equal(proposed_of(*state, UNITS - 1), 2);
    assert_int_equal(proposed_of(*state, UNITS), 2);
    assert_int_equal(proposed_of(*state, UNITS + 1), 3);
}

/* ---- what has died since ---- */

/* A search begins at nobody where nodes were touched, so many behind the first of the heap, and rows are now. */
static void search_where_rows_are(ouro_heap *heap, size_t before, size_t items)
{
    enum { LENGTH = 1000, ROWS = 500 };
    static row *rows[ROWS];
    SKIP_WHERE_FENCED();             /* rows are meant to lie across the places of nodes */
    row *hub = row_new(heap, items); /* keeps the arena */
    void *filler = node_chain(heap, before);
    chain_new(heap, LENGTH, all);
    for (size_t i = 0; i < LENGTH; i++) touch(chain[i]);
    const char *place = (const char *)chain[LENGTH - 1];
    chain_end(LENGTH);
    ouro_decref(filler);
    (void)ouro_trim(heap);
    bool same_place = false;
    for (size_t i = 0; i < ROWS; i++) {
        rows[i] = row_new(heap, items);
        for (size_t j = 0; j < items; j++) ouro_set(rows[i], items[j], hub);
        same_place |= place > (char *)rows[i] && place < (char *)&rows[i]->items[items];
    }
    assert_true(same_place);
    (void)search(heap, PLENTY);
    for (size_t i = 0; i < heap->nearby.looked_at; i++) {
        const char *entry = heap->nearby.members[i].entry;
        const struct ouro__pool *pool = ouro__pool_of(entry);
        assert_int_equal((size_t)(entry - pool->first) % pool->block_size, 0);
    }
    for (size_t i = 0; i < ROWS; i++) ouro_decref(ouro_move(rows[i]));
    ouro_decref(hub);
}

/* Where touched objects were there may be larger ones by then, in a pool of one page or of several: a search begins at
 * objects alone. */
static void test_a_search_begins_at_no_place_inside_an_object(void **state)
{
    search_where_rows_are(*state, 1, 29);
    if (TEST_IS_GUARDED) return; /* where pools of the dead are not taken so soon */
    search_where_rows_are(*state, 30000, OURO_WIDE_BLOCK / sizeof(void *) + 100);
}

/* ---- weak maps ---- */

/* An object that is the key of `count` maps, each with a value of its own or the same for all. */
static size_t search_from_key(ouro_heap *heap, size_t count, bool tracked, void *shared)
{
    node *key = node_new(heap);
    ouro_weak_map *maps[ALLOWANCE];
    for (size_t i = 0; i < count; i++) {
        ouro_auto void *value = shared != NULL ? ouro_newref(shared)
                                : tracked      ? (void *)node_new(heap)
                                               : (void *)atom_new(heap, 1);
        maps[i] = ouro_weak_map_new(heap);
        assert_int_equal(ouro_weak_map_set(maps[i], key, value), OURO_OK);
    }
    (void)ouro_collect(heap, 2);
    size_t looked_at = search_from(heap, key, PLENTY);
    for (size_t i = 0; i < count; i++) ouro_decref(maps[i]);
    ouro_decref(key);
    return looked_at;
}

static void test_values_that_lead_to_no_cycle_are_not_met(void **state)
{
    assert_int_equal(search_from_key(*state, 1, true, NULL), 2);
    assert_int_equal(search_from_key(*state, ALLOWANCE / 2, true, NULL), 1 + ALLOWANCE / 2);
    assert_int_equal(search_from_key(*state, ALLOWANCE / 2, false, NULL), 1);
    ouro_auto node *shared = node_new(*state);
    assert_int_equal(search_from_key(*state, ALLOWANCE / 2, true, shared), 2);
}

enum { ENTRIES = 50 };

/* What a search of so many units from a weak map looks at, or from the one key of as many maps. */
static size_t search_entries(ouro_heap *heap, bool from_map, long units)
{
    node *keys[ENTRIES];
    ouro_weak_map *maps[ENTRIES];
    test_heap_dirty(heap); /* behind its entries no map has NULL */
    for (size_t i = 0; i < ENTRIES; i++) {
        keys[i] = node_new(heap);
        maps[i] = ouro_weak_map_new(heap);
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        ouro_auto node *value = node_new(heap);
        assert_int_equal(ouro_weak_map_set(maps[from_map ? 0 : i], keys[from_map ? i : 0], value),
                         OURO_OK);
    }
    (void)ouro_collect(heap, 2);
    size_t looked_at = search_from(heap, from_map ? (node *)(void *)maps[0] : keys[0], units);
    for (size_t i = 0; i < ENTRIES; i++) {
        ouro_decref(keys[i]);
        ouro_decref(maps[i]);
    }
    return looked_at;
}

/* Two units for an entry, as long as one is left. */
static void test_entries_are_met_as_far_as_units_go(void **state)
{
    for (int from_map = 0; from_map < 2; from_map++) {
        assert_int_equal(search_entries(*state, from_map, 4 + 1), 1);
        assert_int_equal(search_entries(*state, from_map, 4 + 1 + 1), 2);
        assert_int_equal(search_entries(*state, from_map, 4 + 1 + 2 * 10), 11);
        assert_int_equal(search_entries(*state, from_map, 4 + 1 + 2 * 10 - 1), 11);
        assert_int_equal(search_entries(*state, from_map, PLENTY), 1 + ENTRIES);
    }
}

/*
 * A weak map that lives, with so many entries without a value and one with a value, whose key lives: whether the first
 * look at what lives comes by the value.  If not it is proposed, and rescued.
 */
static bool comes_by_value(ouro_heap *heap, size_t length)
{
    ouro_weak_map *map = ouro_weak_map_new(heap);
    list *keys = list_new(heap);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(ouro_weak_map_set(map, list_append_cell(keys, 0), NULL), OURO_OK);
    ouro_auto node *value = node_new(heap);
    assert_int_equal(ouro_weak_map_set(map, list_append_cell(keys, 0), value), OURO_OK);
    ouro_decref(ouro_move(value));
    size_t proposed = proposed_from(heap, map, 2);
    ouro_decref(map);
    ouro_decref(keys);
    return proposed == 0;
}

/* A unit for each entry of a map that lives, however many there are. */
static void test_entries_of_the_living_are_followed_as_far_as_units_go(void **state)
{
    enum { UNITS = 4 * OURO_NEARBY_MAX };
    assert_true(comes_by_value(*state, UNITS - 1));
    assert_false(comes_by_value(*state, UNITS));
    assert_false(comes_by_value(*state, 2 * UNITS));
}

/* Entries that were taken out leave holes, which lead to nobody. */
static void test_holes_are_passed_over(void **state)
{
    enum { COUNT = 5 };
    node *keys[COUNT];
    ouro_weak_map *map = ouro_weak_map_new(*state);
    for (size_t i = 0; i < COUNT; i++) {
        ouro_auto node *value = node_new(*state);
        keys[i] = node_new(*state);
        assert_int_equal(ouro_weak_map_set(map, keys[i], value), OURO_OK);
    }
    for (size_t i = 0; i + 1 < COUNT; i += 2) assert_true(ouro_weak_map_delete(map, keys[i]));
    (void)ouro_collect(*state, 2);
    assert_int_equal(search_from(*state, (node *)(void *)map, PLENTY), 1 + COUNT / 2 + 1);
    for (size_t i = 0; i < COUNT; i++) ouro_decref(keys[i]);
    ouro_decref(map);
}

/* A value that holds the key and the map of its entry, one of which lives: found with the other, though it is met from
 * both, and the one that lives leads to it. */
static void test_a_value_needs_its_key_and_its_map(void **state)
{
    for (int key_lives = 0; key_lives < 2; key_lives++) {
        ouro_weak_map *map = ouro_weak_map_new(*state);
        node *key = node_new(*state), *value = node_new(*state);
        ouro_set(value, left, key);
        ouro_set(value, right, map);
        assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
        (void)ouro_collect(*state, 2);
        ouro__heap_pools(*state)->marks.touched_count = 0;
        ouro_decref(value);
        ouro_decref(key_lives ? (void *)map : (void *)key); /* a touch */
        assert_int_equal(ouro__heap_collect_nearby(*state, PLENTY, UINT64_MAX), 2);
        test_heap_verify(*state);
        ouro_decref(key_lives ? (void *)key : (void *)map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_search_in_what_lives_ends_with_its_allowance),
        HEAP_TEST(test_a_search_goes_on_where_half_is_accounted_for),
        HEAP_TEST(test_a_search_ends_with_its_units),
        HEAP_TEST(test_a_search_that_promises_garbage_is_granted_more),
        HEAP_TEST(test_who_looks_alive_is_put_off),
        HEAP_TEST(test_who_was_put_off_comes_later),
        HEAP_TEST(test_who_was_followed_is_not_followed_again),
        HEAP_TEST(test_a_search_that_has_all_leaves_the_rest),
        HEAP_TEST(test_a_search_ends_when_its_time_is_over),
        HEAP_TEST(test_a_search_that_is_granted_more_ends_in_time),
        HEAP_TEST(test_each_search_has_an_allowance),
        HEAP_TEST(test_the_frozen_and_the_immortal_do_not_join),
        HEAP_TEST(test_suspects_of_a_whole_cycle_do_not_join),
        HEAP_TEST(test_a_search_begins_at_a_large_object),
        HEAP_TEST(test_a_search_begins_at_nobody_who_has_died),
        HEAP_TEST(test_the_clock_is_looked_at_among_those_who_have_died),
        HEAP_TEST(test_who_finds_no_room_stays_remembered),
        HEAP_TEST(test_who_was_touched_is_quiet_again),
        HEAP_TEST(test_the_living_are_followed_as_far_as_units_go),
        HEAP_TEST(test_a_search_begins_at_no_place_inside_an_object),
        HEAP_TEST(test_entries_are_met_as_far_as_units_go),
        HEAP_TEST(test_values_that_lead_to_no_cycle_are_not_met),
        HEAP_TEST(test_entries_of_the_living_are_followed_as_far_as_units_go),
        HEAP_TEST(test_holes_are_passed_over),
        HEAP_TEST(test_a_value_needs_its_key_and_its_map),
    };
    return cmocka_run_group_tests_name("search", tests, NULL, NULL);
}
