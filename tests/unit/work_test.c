/* SPDX-License-Identifier: MIT */
/*
 * work_test.c -- how much work a whole cycle is, phase by phase
 *
 * What a step may do is counted in units, so that pauses are bounded: all that takes time must be counted, and
 * nothing more often than it costs.  For a given graph the units of each phase are always the same.
 */
#include "heap/heap.h"
#include "memory/walk.h"

#include "support/apart.h"
#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/plain.h"

#include <ouro/weak_map.h>

#include <string.h>

enum {
    MANY = 1000,
    BLOCKS = MANY + 64, /* where they are; pools are cut a page of memory at a time */
    PAGES = OURO_ARENA_PAGES - OURO_ARENA_FIRST_PAGE, /* of an arena, each looked at once */
    SIXTEENTHS = OURO_POOL_SIZE / 512 / 16, /* of a pool: sixteen words of its set bits each */
    MARKS = (OURO__LANES * OURO__LANE_BITS / OURO_WIPE_PART + 2) *
            OURO_WIPE_UNITS, /* bits; counts, tallies */
    FINALIZERS_STEP = 50,
};

/* What is expected of a phase: so much at least, and an eighth more at most, as blocks that hold nothing are
 * walked over, too. */
struct work {
    const char *phase;
    size_t units;
};

/* Four units for sixteen words of set bits, and sixty more where an object was in the set until the end. */
#define FINISH(pools, marked)                                                                      \
    {                                                                                              \
        "finish", (pools)*SIXTEENTHS * 4 + (marked)*60                                             \
    }

/* What the phases that are not named take, at most. */
enum { NEXT_TO_NOTHING = 8 };

static size_t expected_of(const struct work *expected, size_t count, const char *phase)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(expected[i].phase, phase) == 0) return expected[i].units;
    return 0;
}

/* The rest of a cycle, a unit at a time. */
static void measure(ouro_heap *heap, size_t units[OURO__PHASES])
{
    memset(units, 0, OURO__PHASES * sizeof *units);
    while (!cycle_is_idle(heap)) {
        size_t before = heap->whole.effort;
        (void)cycle_step(heap, 1);
        units[heap->whole.phase] += heap->whole.effort - before;
    }
}

/* It is the work that is expected. */
static void assert_work(ouro_heap *heap, const struct work *expected, size_t count)
{
    size_t units[OURO__PHASES];
    measure(heap, units);
    for (unsigned i = 0; i < OURO__PHASES; i++) {
        const char *phase = ouro__phase_name((enum ouro__phase)i);
        size_t least = expected_of(expected, count, phase);
        if (units[i] < least || units[i] > least + least / 8 + NEXT_TO_NOTHING)
            fail_msg("%zu units of \"%s\", where %zu are expected", units[i], phase, least);
    }
}

#define ASSERT_WORK(heap, ...)                                                                     \
    do {                                                                                           \
        static const struct work expected_work[] = {__VA_ARGS__};                                  \
        cycle_begin(heap);                                                                         \
        assert_work(heap, expected_work, COUNT_OF(expected_work));                                 \
    } while (0)

/* ---- what has no last words ---- */

/* An old list of nodes that refer to themselves. */
static list *list_of_nodes(ouro_heap *heap)
{
    list *all = list_new(heap);
    for (size_t i = 0; i < MANY; i++) {
        ouro_auto node *made = node_new(heap);
        ouro_set(made, left, made);
        list_append(all, made);
    }
    (void)ouro_collect(heap, 2);
    cycle_touch(all->items.items[0]);
    return all;
}

/* The list's items are counted and followed; when all are proven live, nobody asks what the nodes refer to. */
static void test_what_lives_is_proven_live(void **state)
{
    SKIP_WHERE_GUARDED(); /* blocks are longer there */
    list *all = list_of_nodes(*state);
    ASSERT_WORK(*state, {"count", 2 * BLOCKS + MANY}, {"decide", PAGES + BLOCKS},
                {"decide: follow", MANY}, FINISH(2, 0), {"forget", MARKS});
    ouro_decref(all);
    (void)ouro_collect(*state, 2);
}

/* NARROW is a step of each object's own here, and a look at what is left. */
static void test_garbage_is_scanned_and_checked(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_decref(list_of_nodes(*state));
    ASSERT_WORK(*state, {"count", 2 * BLOCKS}, {"decide", PAGES + BLOCKS}, {"narrow", 2 * MANY},
                {"scan", 2 * MANY}, {"check", MANY}, FINISH(2, 3), {"forget", MARKS});
}

/* Where most was garbage the last time, all are suspects, and what lives is rescued. */
static void test_what_is_rescued_is_followed(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_heap *heap = *state;
    list *all = list_of_nodes(heap);
    heap->pace.mostly_garbage = true;
    ASSERT_WORK(heap, {"count", 2 * BLOCKS}, {"decide", PAGES + BLOCKS}, {"narrow", 2 * MANY},
                {"scan", 2 * MANY + MANY}, {"check", MANY}, {"check: follow", 2 * MANY + MANY},
                FINISH(2, 4), {"forget", MARKS});
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}

/* Beside garbage who was rescued is passed by, which is a unit, too. */
static void test_who_was_rescued_is_not_severed(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_heap *heap = *state;
    list *all = list_of_nodes(heap);
    ouro_decref(list_of_nodes(heap));
    heap->pace.mostly_garbage = true;
    size_t units[OURO__PHASES];
    cycle_begin(heap);
    measure(heap, units);
    assert_int_equal(heap->whole.collected, MANY);
    assert_in_range(units[OURO__SEVER], 3 * MANY, 3 * MANY + 3 * MANY / 8 + NEXT_TO_NOTHING);
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}

static void test_what_is_saved_is_counted(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_decref(list_of_nodes(*state));
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    ASSERT_WORK(*state, {"count", 2 * BLOCKS}, {"decide", PAGES + BLOCKS}, {"narrow", 2 * MANY},
                {"scan", 2 * MANY}, {"check", MANY}, {"save", MANY}, FINISH(2, 3),
                {"forget", MARKS});
    assert_int_equal(ouro_garbage_count(*state), MANY);
    ouro_set_debug(*state, 0);
    ouro_garbage_clear(*state);
    (void)ouro_collect(*state, 2);
}

/* ---- weak maps ---- */

/* An ephemeron is two units for each that comes by it: the map, which is first, and the key. */
static void test_ephemerons_are_counted(void **state)
{
    SKIP_WHERE_GUARDED();
    list *all = list_of_nodes(*state);
    ouro_weak_map *map = ouro_weak_map_new(*state);
    for (size_t i = 0; i < MANY; i++) {
        ouro_auto node *value = node_new(*state);
        ouro_set(value, left, value);
        assert_int_equal(ouro_weak_map_set(map, all->items.items[i], value), OURO_OK);
    }
    (void)ouro_collect(*state, 2);
    cycle_touch(all->items.items[0]);
    ASSERT_WORK(*state, {"count", 4 * MANY + MANY + 2 * MANY}, {"decide", PAGES + 2 * MANY},
                {"decide: follow", MANY + 2 * MANY + (2 + 2) * MANY - MANY}, FINISH(3, 0),
                {"forget", MARKS});
    ouro_decref(all);
    ASSERT_WORK(*state, {"count", 4 * MANY + 2 * MANY}, {"decide", PAGES + 2 * MANY},
                {"decide: follow", 2 * MANY}, {"narrow", 2 * 2 * MANY},
                {"scan", (2 + 2 + 2) * MANY + 2 * MANY}, {"check", 2 * MANY},
                {"sever", (2 + 2) * MANY + 2 * MANY}, FINISH(3, 6), {"forget", MARKS});
    ouro_decref(map);
}

/* ---- last words ---- */

static size_t heard;

static void silent(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    heard++;
}

/* Old cells that refer to themselves, each looked at by a weak reference of the list that is returned; lost. */
static list *lose_watched_cells(ouro_heap *heap, bool calls)
{
    list *weakrefs = list_new(heap);
    cell *first = NULL;
    for (size_t i = 0; i < MANY; i++) {
        cell *made = cell_new(heap);
        ouro_auto ouro_weakref *one =
            calls ? ouro_weakref_new_callback(made, silent, NULL) : ouro_weakref_new(made);
        list_append(weakrefs, one);
        ouro_put(made, left, ouro_newref(made));
        ouro_put(made, right, first);
        first = made;
    }
    (void)ouro_collect(heap, 2);
    ouro_decref(first);
    return weakrefs;
}

/* A look for weak references is 64 units.  All is scanned again after the finalizers. */
#define LAST_WORDS(muffled, cleared)                                                               \
    {"narrow", 2 * MANY}, {"scan", 2 * (2 + 2) * MANY}, {"check", 2 * MANY}, {"leave", MANY},      \
        {"muffle weak references", (muffled)*MANY}, {"revive", MANY},                              \
        {"revive: follow", 2 * MANY}, {"darken", (cleared)*MANY}, {"finalize", MANY},              \
        {"suspect again", MANY}, {"clear weak references", (cleared)*MANY}, {"sever", 2 * MANY},   \
    {                                                                                              \
        "forget", MARKS                                                                            \
    }

static void test_callbacks_are_counted(void **state)
{
    SKIP_WHERE_GUARDED();
    list *weakrefs = lose_watched_cells(*state, true);
    ASSERT_WORK(*state, {"count", 4 * MANY + MANY}, {"decide", PAGES + 2 * MANY},
                {"decide: follow", 3 * MANY}, FINISH(3, 5), LAST_WORDS(1 + 64, 1));
    ouro_decref(weakrefs);
}

static void test_weak_references_are_counted(void **state)
{
    SKIP_WHERE_GUARDED();
    list *weakrefs = lose_watched_cells(*state, false);
    ASSERT_WORK(*state, {"count", 2 * BLOCKS + MANY}, {"decide", PAGES + BLOCKS},
                {"decide: follow", MANY}, FINISH(2, 5), LAST_WORDS(1 + 64, 1 + 64));
    ouro_decref(weakrefs);
}

/* Whom nobody looks at is passed over where weak references are looked for. */
static void test_last_words_alone_are_counted(void **state)
{
    SKIP_WHERE_GUARDED();
    cell *first = NULL;
    for (size_t i = 0; i < MANY; i++) {
        cell *made = cell_new(*state);
        ouro_put(made, left, ouro_newref(made));
        ouro_put(made, right, first);
        first = made;
    }
    (void)ouro_collect(*state, 2);
    ouro_decref(first);
    ASSERT_WORK(*state, {"count", 2 * MANY}, {"decide", PAGES + MANY}, FINISH(1, 5),
                LAST_WORDS(1, 1));
}

/* Where there is no finalizer nobody is brought back, and what has nothing else to say is not severed. */
static void test_weak_references_without_finalizers_are_counted(void **state)
{
    SKIP_WHERE_GUARDED();
    list *all = list_of_nodes(*state), *weakrefs = list_new(*state);
    for (size_t i = 0; i < MANY; i++) {
        ouro_auto ouro_weakref *one = ouro_weakref_new(all->items.items[i]);
        list_append(weakrefs, one);
    }
    (void)ouro_collect(*state, 2);
    ouro_decref(all);
    ASSERT_WORK(*state, {"count", 2 * BLOCKS + MANY}, {"decide", PAGES + BLOCKS},
                {"decide: follow", MANY}, {"narrow", 2 * MANY}, {"scan", (2 + 2) * MANY},
                {"check", MANY}, {"leave", MANY}, {"muffle weak references", 65 * MANY},
                {"revive", MANY}, {"clear weak references", 65 * MANY}, FINISH(2, 3),
                {"forget", MARKS});
    ouro_decref(weakrefs);
}

/* The program's own time ends a step: what it was to do is taken as done, but was no work. */
static void test_a_finalizer_ends_a_step(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_heap *heap = *state;
    list *weakrefs = lose_watched_cells(heap, false);
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "finalize"));
    size_t effort = heap->whole.effort, done = heap->whole.work_done, steps = 0;
    for (; strcmp(cycle_phase(heap), "finalize") == 0; steps++)
        (void)cycle_step(heap, FINALIZERS_STEP);
    assert_int_equal(steps, MANY);
    assert_in_range(heap->whole.effort - effort, MANY, MANY + MANY / 8);
    assert_int_equal(heap->whole.work_done - done, MANY * FINALIZERS_STEP);
    (void)cycle_step_to_the_end(heap, 0);
    ouro_decref(weakrefs);
}

/* A callback likewise. */
static void test_a_callback_ends_a_step(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_heap *heap = *state;
    list *weakrefs = lose_watched_cells(heap, true);
    cycle_begin(heap);
    heard = 0;
    assert_true(cycle_reach(heap, "call back"));
    assert_in_range(heard, 0, 1);
    size_t effort = heap->whole.effort, done = heap->whole.work_done;
    size_t steps = 0, left = MANY - heard;
    for (; steps < left; steps++) {
        (void)cycle_step(heap, FINALIZERS_STEP);
        assert_int_equal(heard + left, MANY + steps + 1);
    }
    assert_int_equal(heap->whole.effort, effort);
    assert_int_equal(heap->whole.work_done - done, left * FINALIZERS_STEP);
    (void)cycle_step_to_the_end(heap, 0);
    ouro_decref(weakrefs);
}

/* Pools that have joined the set and have no suspect are gone through in each phase, which takes time, too: a step
 * ends among them. */
static void test_pools_without_suspects_are_work(void **state)
{
    SKIP_WHERE_GUARDED();
    enum { LIVE = 20 * MANY };
    ouro_heap *heap = *state;
    list *all = list_new(heap);
    for (size_t i = 0; i < LIVE; i++) {
        ouro_auto node *made = node_new(heap);
        list_append(all, made);
    }
    ouro_decref(list_of_nodes(heap));
    size_t units[OURO__PHASES], pools = LIVE * (sizeof(node) + 8) / OURO_POOL_SIZE;
    assert_true(pools > 4);
    cycle_begin(heap);
    measure(heap, units);
    assert_in_range(units[OURO__CHECK], MANY + pools * OURO_WALK_UNITS,
                    MANY + (pools + 8) * OURO_WALK_UNITS);
    ouro_decref(all);
}

/* The marks of a large object are looked at, and written over where there are any: no part of an arena. */
static void test_marks_of_a_large_object_are_a_unit(void **state)
{
    enum { LARGE = 50000, COUNT = 20 };
    ouro_heap *heap = *state;
    list *all = list_of_nodes(heap);
    size_t without[OURO__PHASES], with[OURO__PHASES];
    cycle_begin(heap);
    measure(heap, without);
    for (size_t i = 0; i < COUNT; i++) {
        ouro_auto row *large = row_new(heap, LARGE);
        list_append(all, large);
    }
    (void)ouro_collect(heap, 2);
    cycle_touch(all->items.items[0]);
    cycle_begin(heap);
    measure(heap, with);
    assert_int_equal(with[OURO__FORGET] - without[OURO__FORGET], COUNT);
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}

static void count_pool(struct ouro__pool *pool, void *context)
{
    if (pool->used > 0) *(size_t *)context += (size_t)pool->pages * SIXTEENTHS;
}

/* Four units for sixteen words, and sixty more for those that had an object in the set to the end: no other. */
static void test_the_words_of_all_pools_are_counted(void **state)
{
    ouro_heap *heap = *state;
    size_t units[OURO__PHASES], stretches = 0, marked = 0;
    list *all = list_of_nodes(heap);
    node *garbage[MANY];
    for (size_t i = 0; i < MANY; i++) {
        garbage[i] = node_new(heap);
        ouro_set(garbage[i], left, garbage[i]);
    }
    row *large = row_new(heap, 50000);
    (void)ouro_collect(heap, 2);
    ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, count_pool, &stretches);
    assert_true(stretches > 2 * SIXTEENTHS);
    cycle_touch(all->items.items[0]);
    cycle_begin(heap);
    measure(heap, units);
    assert_int_equal(units[OURO__FINISH], 4 * stretches);
    uintptr_t last = 0;
    for (size_t i = 0; i < MANY; i++) { /* made one behind the other */
        uintptr_t place = (uintptr_t)garbage[i] / (512 * 16);
        marked += place != last;
        last = place;
        ouro_decref(garbage[i]);
    }
    assert_true(marked > 1);
    cycle_begin(heap);
    measure(heap, units);
    assert_int_equal(units[OURO__FINISH], 4 * stretches + 60 * marked);
    ouro_decref(large);
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}

/* ---- a step ends when its units are used up ---- */

/* What the least part of a phase takes that is done at once. */
struct stride {
    const char *phase;
    size_t units;
};

/* A step of as many units is one of those, and no second, as long as the phase lasts; but where a pool ends. */
static void assert_steps(ouro_heap *heap, const struct stride *stride)
{
    enum { LEAST = 2, ENDS = 4 };
    size_t steps = 0, others = 0;
    /* after each object of NARROW, and after each step, it is looked whether anything is left */
    size_t more = strcmp(stride->phase, "narrow") == 0 ? 1 : 0;
    assert_true(cycle_reach(heap, stride->phase));
    for (;; steps++) {
        size_t before = heap->whole.effort;
        (void)cycle_step(heap, stride->units);
        if (strcmp(cycle_phase(heap), stride->phase) != 0) break;
        others += heap->whole.effort - before != stride->units + more;
    }
    assert_true(steps >= LEAST);
    if (others > ENDS)
        fail_msg("%zu of %zu steps of \"%s\" are no %zu units", others, steps, stride->phase,
                 stride->units);
}

#define ASSERT_STEPS(heap, ...)                                                                    \
    do {                                                                                           \
        static const struct stride strides[] = {__VA_ARGS__};                                      \
        cycle_begin(heap);                                                                         \
        for (size_t i_ = 0; i_ < COUNT_OF(strides); i_++) assert_steps(heap, &strides[i_]);        \
        (void)cycle_step_to_the_end(heap, 0);                                                      \
    } while (0)

enum { BLOCKS_AT_ONCE = 16, WORDS_AT_ONCE = 4 * 16 };

static void test_a_step_ends_with_its_units(void **state)
{
    SKIP_WHERE_GUARDED();
    ouro_heap *heap = *state;
    list *all = list_of_nodes(heap);
    ASSERT_STEPS(heap, {"count", 2 * BLOCKS_AT_ONCE}, {"decide", BLOCKS_AT_ONCE},
                 {"decide: follow", 1});
    heap->pace.mostly_garbage = true;
    cycle_touch(all->items.items[0]);
    ASSERT_STEPS(heap, {"count", 2 * BLOCKS_AT_ONCE}, {"decide", BLOCKS_AT_ONCE}, {"narrow", 1},
                 {"scan", 2}, {"check", 1}, {"check: follow", 2}, {"finish", WORDS_AT_ONCE});
    ouro_decref(all);
    ASSERT_STEPS(heap, {"narrow", 1}, {"scan", 2}, {"check", 1}, {"finish", WORDS_AT_ONCE});
    ouro_decref(list_of_nodes(heap));
    ouro_set_debug(heap, OURO_DEBUG_SAVEALL);
    ASSERT_STEPS(heap, {"save", 1}, {"finish", WORDS_AT_ONCE});
    ouro_set_debug(heap, 0);
    ouro_garbage_clear(heap);
    (void)ouro_collect(heap, 2);
}

/* Each leads to the next, and to no more. */
static void test_a_step_ends_in_a_chain(void **state)
{
    ouro_heap *heap = *state;
    cell *ring = cell_ring(heap, MANY);
    (void)ouro_collect(heap, 2);
    cycle_touch(ring);
    ASSERT_STEPS(heap, {"decide: follow", 2});
    heap->pace.mostly_garbage = true;
    cycle_touch(ring);
    ASSERT_STEPS(heap, {"check: follow", 2});
    ouro_decref(ring);
    (void)ouro_collect(heap, 2);
}

static void test_a_step_ends_between_last_words(void **state)
{
    list *weakrefs = lose_watched_cells(*state, true);
    ASSERT_STEPS(*state, {"narrow", 1}, {"scan", 4}, {"check", 1}, {"leave", 1},
                 {"muffle weak references", 1 + 64}, {"revive", 1}, {"revive: follow", 2},
                 {"darken", 1}, {"finalize", 1}, {"suspect again", 1}, {"clear weak references", 1},
                 {"sever", 2});
    ouro_decref(weakrefs);
    weakrefs = lose_watched_cells(*state, false);
    ASSERT_STEPS(*state, {"muffle weak references", 1 + 64}, {"darken", 1 + 64},
                 {"clear weak references", 1 + 64});
    ouro_decref(weakrefs);
}

static void tell_in_steps(void *heap)
{
    ASSERT_STEPS((ouro_heap *)heap, {"tell", 1});
}

/* Each line takes time. */
static void test_a_step_ends_between_what_is_told(void **state)
{
    struct apart apart;
    ouro_decref(list_of_nodes(*state));
    ouro_set_debug(*state, OURO_DEBUG_COLLECTABLE);
    apart_run(tell_in_steps, *state, 20, &apart);
    assert_int_equal(apart.exit_status, 0);
    assert_true(apart_matches(apart.text, "ouro: collectable <node 0x*>\n"));
    ouro_set_debug(*state, 0);
    (void)ouro_collect(*state, 2);
}

/* A ring of nodes, which are the keys of a map that the first holds, or hold a map each, of which the last is the key. */
static node *ring_of_keys(ouro_heap *heap, bool shares_key)
{
    node *first = node_new(heap), *last = node_new(heap), *before = first;
    ouro_weak_map *map = ouro_weak_map_new(heap);
    for (size_t i = 0; i < MANY; i++) {
        ouro_auto node *value = node_new(heap);
        ouro_set(value, left, value);
        node *made = node_new(heap);
        ouro_weak_map *own = shares_key ? ouro_weak_map_new(heap) : map;
        assert_int_equal(ouro_weak_map_set(own, shares_key ? last : made, value), OURO_OK);
        if (shares_key) ouro_put(made, right, own);
        ouro_put(before, left, made);
        before = made;
    }
    ouro_put(first, right, map);
    ouro_put(before, left, last);
    ouro_set(last, left, first);
    return first;
}

/* Among the entries of a map, and those of a key. */
static void test_a_step_ends_between_ephemerons(void **state)
{
    ouro_heap *heap = *state;
    for (int shares_key = 0; shares_key < 2; shares_key++) {
        node *ring = ring_of_keys(heap, shares_key);
        (void)ouro_collect(heap, 2);
        cycle_touch((cell *)(void *)ring);
        ASSERT_STEPS(heap, {"decide: follow", 2});
        heap->pace.mostly_garbage = true;
        cycle_touch((cell *)(void *)ring);
        ASSERT_STEPS(heap, {"check: follow", 2});
        ouro_decref(ring);
        ASSERT_STEPS(heap, {"sever", 2});
    }
}

/* Who has items or is a key needs care when it is severed, and has nothing to say before. */
static void test_who_has_no_last_words_is_not_asked(void **state)
{
    ouro_heap *heap = *state;
    size_t units[OURO__PHASES];
    ouro_weak_map *map = ouro_weak_map_new(heap);
    for (int is_key = 0; is_key < 2; is_key++) {
        void *garbage = is_key ? (void *)node_new(heap) : (void *)row_new(heap, 2);
        if (is_key) {
            ouro_set((node *)garbage, left, garbage);
            assert_int_equal(ouro_weak_map_set(map, garbage, NULL), OURO_OK);
        } else {
            ouro_set((row *)garbage, items[0], garbage);
        }
        (void)ouro_collect(heap, 2);
        ouro_decref(garbage);
        cycle_begin(heap);
        measure(heap, units);
        for (int phase = OURO__TELL; phase < OURO__SEVER; phase++)
            assert_int_equal(units[phase], 0);
        assert_true(units[OURO__SEVER] > 0);
        assert_int_equal(heap->whole.collected, 1);
    }
    ouro_decref(map);
}

/* ---- from cycle to cycle ---- */

/* What one cycle had to do is nothing to the next.  From the second round on the heap has the pools of both graphs, which
 * are gone through. */
static void test_a_cycle_begins_anew(void **state)
{
    size_t first[OURO__PHASES], units[OURO__PHASES];
    for (int round = 0; round < 4; round++) {
        list *weakrefs = lose_watched_cells(*state, true);
        cycle_begin(*state);
        measure(*state, round < 2 ? first : units);
        for (int phase = OURO__SCAN; round > 1 && phase <= OURO__SEVER; phase++)
            assert_int_equal(units[phase], first[phase]);
        ouro_decref(weakrefs);
        ouro_decref(list_of_nodes(*state)); /* no last words, and nothing outside is referred to */
        cycle_begin(*state);
        measure(*state, units);
        for (int phase = OURO__CHECK_FLOOD; phase <= OURO__SEVER; phase++)
            assert_int_equal(units[phase], 0);
    }
}

static size_t told, final;

static void hear(const struct ouro__collector *collector, void *context)
{
    assert_ptr_equal(context, &told);
    told++;
    final += ouro__suspects(collector);
}

/* Each verdict that leaves garbage is told once, be it one object, and no other. */
static void test_what_is_final_is_told(void **state)
{
    ouro_heap *heap = *state;
    heap->pass.found = hear;
    heap->pass.found_context = &told;
    for (size_t count = 0; count < 3; count++) {
        cell *living = cell_new(heap);
        for (size_t i = 0; i < count; i++) cell_lose(heap, NULL);
        told = final = 0;
        assert_int_equal(ouro_collect(heap, 0), count);
        assert_int_equal(told, count > 0);
        assert_int_equal(final, count);
        ouro_decref(living);
    }
    heap->pass.found = NULL;
}

/* ---- how much is left ---- */

static size_t work_left(ouro_heap *heap)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    return progress.work_left;
}

/* Three units for an object and what it refers to: three visits to find the suspects, and five more to each. */
static void test_what_is_left_is_told_beforehand(void **state)
{
    ouro_heap *heap = *state;
    struct ouro__collector *whole = &heap->whole;
    list *all = list_of_nodes(heap);
    assert_int_equal(work_left(heap), 0);
    cycle_begin(heap);
    assert_int_equal(whole->expected, MANY + 1); /* as many as the last cycle left */
    assert_int_equal(work_left(heap) + whole->work_done, 9 * whole->expected);
    whole->expected = 0; /* too few: what was met counts */
    assert_true(cycle_reach(heap, "narrow"));
    assert_int_equal(whole->candidates, MANY + 1);
    assert_int_equal(work_left(heap) + whole->work_done, 9 * (MANY + 1));
    (void)cycle_step_to_the_end(heap, 0);
    assert_int_equal(work_left(heap), 0);
    cycle_touch(all->items.items[0]);
    ouro_decref(all);
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "scan"));
    assert_int_equal(whole->scanned, MANY);
    assert_int_equal(work_left(heap) + whole->work_done, 9 * whole->expected + 15 * MANY);
    (void)cycle_step_to_the_end(heap, 0);
}

/* Where it was told too low there is more, until the end. */
static void test_something_is_left_until_the_end(void **state)
{
    ouro_heap *heap = *state;
    struct ouro__collector *whole = &heap->whole;
    ouro_decref(list_of_nodes(heap));
    cycle_begin(heap);
    size_t all = whole->expected, total = 9 * all, least = 3 * all / 4;
    whole->work_done = total - least - 1;
    assert_int_equal(work_left(heap), least + 1);
    whole->work_done = total - least;
    assert_int_equal(work_left(heap), least + 3);
    whole->work_done = 10 * total;
    assert_int_equal(work_left(heap), least + 3);
    assert_true(cycle_reach(heap, "scan"));
    assert_int_equal(work_left(heap), 3 * MANY + 3);
    (void)cycle_step_to_the_end(heap, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_pools_without_suspects_are_work),
        HEAP_TEST(test_a_cycle_begins_anew),
        HEAP_TEST(test_who_has_no_last_words_is_not_asked),
        HEAP_TEST(test_what_is_left_is_told_beforehand),
        HEAP_TEST(test_something_is_left_until_the_end),
        HEAP_TEST(test_what_lives_is_proven_live),
        HEAP_TEST(test_garbage_is_scanned_and_checked),
        HEAP_TEST(test_what_is_rescued_is_followed),
        HEAP_TEST(test_who_was_rescued_is_not_severed),
        HEAP_TEST(test_what_is_saved_is_counted),
        HEAP_TEST(test_ephemerons_are_counted),
        HEAP_TEST(test_callbacks_are_counted),
        HEAP_TEST(test_weak_references_are_counted),
        HEAP_TEST(test_last_words_alone_are_counted),
        HEAP_TEST(test_weak_references_without_finalizers_are_counted),
        HEAP_TEST(test_what_is_final_is_told),
        HEAP_TEST(test_a_finalizer_ends_a_step),
        HEAP_TEST(test_a_callback_ends_a_step),
        HEAP_TEST(test_marks_of_a_large_object_are_a_unit),
        HEAP_TEST(test_the_words_of_all_pools_are_counted),
        HEAP_TEST(test_a_step_ends_with_its_units),
        HEAP_TEST(test_a_step_ends_in_a_chain),
        HEAP_TEST(test_a_step_ends_between_last_words),
        HEAP_TEST(test_a_step_ends_between_what_is_told),
        HEAP_TEST(test_a_step_ends_between_ephemerons),
    };
    return cmocka_run_group_tests_name("work", tests, NULL, NULL);
}
