/* SPDX-License-Identifier: MIT */
/*
 * ephemeron_test.c -- weak maps whose values lead back to keys and maps
 *
 * Each graph is given to each of the proposers: young, middle-aged, near what was touched, and whole in
 * steps of one unit, with an audit after each.
 */
#include <string.h>

#include "heap/heap.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/setting.h"

/* ---- helpers ---- */

static ouro_weak_map *map_new(ouro_heap *heap)
{
    ouro_weak_map *map = ouro_weak_map_new(heap);
    assert_non_null(map);
    return map;
}

static void set(ouro_weak_map *map, void *key, void *value)
{
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
}

static size_t step(ouro_heap *heap, size_t units)
{
    return ouro_step(heap, (ouro_budget){.units = units});
}

static const char *phase_of(ouro_heap *heap)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    return progress.phase;
}

static bool is_idle(ouro_heap *heap)
{
    return strcmp(phase_of(heap), "idle") == 0;
}

static void begin(ouro_heap *heap)
{
    ouro__heap_pools(heap)->marks.touched_any = true;
    (void)step(heap, 1);
    assert_false(is_idle(heap));
}

static size_t step_to_the_end(ouro_heap *heap)
{
    size_t found = 0;
    while (!is_idle(heap)) {
        found += step(heap, 1);
        test_heap_verify(heap);
    }
    return found;
}

/* ---- the ways to find garbage ---- */

enum way { YOUNG, MIDDLE, NEARBY, STEPS, AT_ONCE, BY_ROOTS, WAYS };

/* All that is there has been looked at, as it would be by then. */
static void grow_old(ouro_heap *heap, enum way way)
{
    if (way == YOUNG) return;
    (void)ouro_collect(heap, 0);
    if (way != MIDDLE) (void)ouro_collect(heap, 2);
}

static size_t find(ouro_heap *heap, enum way way)
{
    test_heap_verify(heap);
    switch (way) {
    case YOUNG: return ouro_collect(heap, 0);
    case MIDDLE: return ouro_collect(heap, 1);
    case NEARBY: return ouro__heap_collect_nearby(heap, 10000, UINT64_MAX);
    case AT_ONCE: return ouro_collect(heap, 2);
    default: begin(heap); return step_to_the_end(heap);
    }
}

/* A heap for each way, and what it knows. */
struct scene {
    ouro_heap *heap;
    enum way way;
    void *root;
};

static struct scene scene_open(enum way way)
{
    struct scene scene = {test_heap_quiet(), way, NULL};
    return scene;
}

static void scene_close(struct scene *scene)
{
    test_heap_verify(scene->heap);
    test_heap_close_empty(scene->heap);
}

/* ---- what keeps nobody alive ---- */

/* CPython's WeakKeyDictionary keeps these for ever. */
static void test_a_value_refers_to_its_own_key(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        ouro_weak_map *map = map_new(scene.heap);
        if (way == BY_ROOTS) assert_int_equal(ouro_root(scene.heap, &map), OURO_OK);
        cell *key = cell_new(scene.heap), *value = cell_new(scene.heap);
        ouro_set(value, left, key);
        set(map, key, value);
        ouro_decref(value);
        grow_old(scene.heap, way);
        assert_int_equal(find(scene.heap, way), 0); /* the key is held */
        void *got = ouro_weak_map_get(map, key);
        assert_ptr_equal(got, value);
        ouro_decref(got);
        enum way then = way < NEARBY ? AT_ONCE : way; /* it has grown older */
        ouro_decref(key);
        assert_int_equal(ouro_weak_map_length(map), 1);
        assert_int_equal(find(scene.heap, then), 2);
        assert_int_equal(ouro_weak_map_length(map), 0);
        if (way == BY_ROOTS) assert_int_equal(ouro_unroot(scene.heap, &map), OURO_OK);
        ouro_decref(map);
        scene_close(&scene);
    }
}

static void test_by_each_proposer(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        ouro_weak_map *map = map_new(scene.heap);
        cell *key = cell_new(scene.heap), *value = cell_new(scene.heap);
        ouro_set(value, left, key);
        set(map, key, value);
        ouro_decref(value);
        grow_old(scene.heap, way);
        size_t released = cell_released;
        ouro_decref(key);
        assert_int_equal(find(scene.heap, way), 2);
        assert_int_equal(cell_released, released + 2);
        assert_int_equal(ouro_weak_map_length(map), 0);
        ouro_decref(map);
        scene_close(&scene);
    }
}

/* Keys and values alternate between two maps, and the last value holds the first key. */
static void test_a_chain_across_two_maps(void **state)
{
    (void)state;
    enum { LENGTH = 50 };
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        ouro_weak_map *maps[2] = {map_new(scene.heap), map_new(scene.heap)};
        cell *first = cell_new(scene.heap), *last = first;
        ouro_incref(first);
        for (int i = 0; i < LENGTH; i++) {
            cell *next = cell_new(scene.heap);
            set(maps[i % 2], last, next);
            ouro_decref(last);
            last = next;
        }
        ouro_set(last, left, first);
        ouro_decref(last);
        grow_old(scene.heap, way);
        ouro_decref(first);
        assert_int_equal(find(scene.heap, way), LENGTH + 1);
        assert_int_equal(ouro_weak_map_length(maps[0]) + ouro_weak_map_length(maps[1]), 0);
        ouro_decref(maps[0]);
        ouro_decref(maps[1]);
        scene_close(&scene);
    }
}

static void test_a_map_held_by_its_own_value(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        ouro_weak_map *map = map_new(scene.heap);
        cell *key = cell_new(scene.heap), *value = cell_new(scene.heap);
        ouro_set(value, left, map);
        set(map, key, value);
        ouro_decref(value);
        grow_old(scene.heap, way);
        ouro_decref(map);
        assert_int_equal(find(scene.heap, way), 2); /* the key lives and leads nowhere */
        assert_int_equal(ouro_refcount(key), 1);
        ouro_decref(key);
        scene_close(&scene);
    }
}

/* The values of a garbage map that live keys have: dropped, be they garbage or not. */
static void test_a_garbage_map_with_live_keys(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        cell *owner = cell_new(scene.heap), *key = cell_new(scene.heap),
             *other = cell_new(scene.heap);
        cell *live = cell_new(scene.heap), *only = cell_new(scene.heap);
        ouro_weak_map *map = map_new(scene.heap);
        ouro_set(owner, left, owner);
        ouro_set(owner, right, map);
        set(map, key, live);
        set(map, other, only);
        ouro_set(only, left, owner);
        ouro_decref(only);
        ouro_decref(map);
        grow_old(scene.heap, way);
        ouro_decref(owner);
        assert_int_equal(find(scene.heap, way), 3); /* owner, map, only */
        assert_int_equal(ouro_refcount(live), 1);
        assert_int_equal(ouro_refcount(key), 1);
        test_heap_verify(scene.heap);
        ouro_decref(live);
        ouro_decref(key);
        ouro_decref(other);
        scene_close(&scene);
    }
}

/* ---- what is kept alive ---- */

/* A ring of values that only live keys and a live map lead to, in each order in which they may be met. */
static void test_live_keys_and_a_live_map(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        cell *holder = cell_new(scene.heap), *key = cell_new(scene.heap),
             *value = cell_new(scene.heap);
        cell *second = cell_new(scene.heap);
        ouro_weak_map *map = map_new(scene.heap);
        ouro_set(holder, left, key); /* garbage with the holder, as is all */
        ouro_set(holder, right, map);
        ouro_set(value, left, value);
        set(map, key, value);
        ouro_set(second, left, second);
        set(map, value, second); /* the value is a key itself */
        ouro_decref(second);
        ouro_decref(value);
        ouro_decref(key);
        ouro_decref(map);
        grow_old(scene.heap, way);
        ouro_incref(holder);
        ouro_decref(holder);
        assert_int_equal(find(scene.heap, way), 0);
        void *got = ouro_weak_map_get(map, key);
        assert_ptr_equal(got, value);
        ouro_decref(got);
        got = ouro_weak_map_get(map, value);
        assert_ptr_equal(got, second);
        ouro_decref(got);
        ouro_decref(holder);
        (void)ouro_collect(scene.heap, 2);
        scene_close(&scene);
    }
}

/* ---- finalizers ---- */

/* A cell has a finalizer, so it is brought back while those run; this has none. */
typedef struct knot {
    void *left, *right;
} knot;
static ouro_type knot_type;
static const ouro_field knot_fields[] = {OURO_REF(knot, left, NULL), OURO_REF(knot, right, NULL),
                                         OURO_END};
static ouro_type knot_type = OURO_TYPE(knot, .fields = knot_fields);

static knot *knot_new(ouro_heap *heap)
{
    knot *made = ouro_new(heap, knot);
    assert_non_null(made);
    return made;
}

static cell *kept;
static ouro_weak_map *asked;
static bool had_value;

static void keep(cell *self)
{
    void *value = ouro_weak_map_get(asked, self);
    had_value = value != NULL;
    ouro_xdecref(value);
    ouro_incref(self);
    kept = self;
}

static void test_a_key_that_its_finalizer_keeps(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        asked = map_new(scene.heap);
        cell *key = cell_new(scene.heap); /* the value is whole for its finalizer, and has none */
        knot *value = knot_new(scene.heap), *more = knot_new(scene.heap);
        ouro_set(value, left, key);
        ouro_set(value, right, more);
        ouro_decref(more);
        key->last_word = keep;
        set(asked, key, value);
        ouro_decref(value);
        grow_old(scene.heap, way);
        kept = NULL;
        ouro_decref(key);
        assert_int_equal(find(scene.heap, way), 0);
        assert_ptr_equal(kept, key);
        assert_true(had_value);
        void *got = ouro_weak_map_get(asked, key);
        assert_ptr_equal(got, value);
        assert_ptr_equal(((knot *)got)->right, more);
        ouro_decref(got);
        key->last_word = NULL;
        ouro_decref(kept);
        assert_int_equal(ouro_collect(scene.heap, 2), 3);
        assert_int_equal(ouro_weak_map_length(asked), 0);
        ouro_decref(asked);
        scene_close(&scene);
    }
}

static void look_around(cell *self)
{
    (void)self;
    ouro_weak_cursor cursor = {0};
    void *key;
    while (asked != NULL && ouro_weak_map_next(asked, &cursor, &key, NULL)) {
        had_value = true;
        ouro_decref(key);
    }
}

/* What no finalizer can reach is not met, while finalizers of other garbage run and after. */
static void test_lost_keys_are_not_met(void **state)
{
    (void)state;
    for (enum way way = 0; way < WAYS; way++) {
        struct scene scene = scene_open(way);
        asked = map_new(scene.heap);
        knot *key = knot_new(scene.heap), *value = knot_new(scene.heap);
        cell *last = cell_new(scene.heap);
        ouro_set(value, left, key);
        ouro_set(key, left, last); /* the finalizer's object leads to nobody */
        last->last_word = look_around;
        set(asked, key, value);
        ouro_decref(value);
        ouro_decref(last);
        grow_old(scene.heap, way);
        had_value = false;
        ouro_decref(key);
        if (way == STEPS || way == BY_ROOTS) {
            begin(scene.heap);
            bool dark = false;
            while (!is_idle(scene.heap)) {
                dark = dark || strcmp(phase_of(scene.heap), "leave") == 0;
                had_value = false;
                if (dark) look_around(NULL);
                assert_false(had_value);
                (void)step(scene.heap, 1);
            }
            assert_true(dark);
        } else {
            assert_int_equal(find(scene.heap, way), 3);
        }
        assert_false(had_value);
        assert_int_equal(ouro_weak_map_length(asked), 0);
        ouro_decref(asked);
        scene_close(&scene);
    }
}

/* ---- changes between steps ---- */

static size_t events; /* steps until it happens */

/* Runs a cycle in steps of one, and `event` after so many; false when the cycle ended before. */
static bool run_until(ouro_heap *heap, size_t after)
{
    begin(heap);
    for (events = 0; events < after; events++) {
        (void)step(heap, 1);
        if (is_idle(heap)) return false;
    }
    return true;
}

struct actors {
    ouro_heap *heap;
    ouro_weak_map *map, *other;
    cell *key, *value, *lost;
    cell *lost_value; /* borrowed, of garbage */
};

/* A live key with a live value; and a key that its own value holds, lost; and a map that is held by a value. */
static struct actors actors_new(bool lost_finalizer)
{
    struct actors actors = {.heap = test_heap_quiet()};
    actors.map = map_new(actors.heap);
    actors.other = map_new(actors.heap);
    actors.key = cell_new(actors.heap);
    actors.value = cell_new(actors.heap);
    set(actors.map, actors.key, actors.value);
    actors.lost = cell_new(actors.heap);
    actors.lost_value = cell_new(actors.heap);
    ouro_set(actors.lost_value, left, actors.lost);
    ouro_set(actors.lost_value, right, actors.value);
    if (lost_finalizer) actors.lost->last_word = look_around;
    if (lost_finalizer) asked = actors.map;
    set(actors.map, actors.lost, actors.lost_value);
    set(actors.other, actors.lost, actors.lost_value);
    ouro_decref(actors.lost_value);
    (void)ouro_collect(actors.heap, 2);
    ouro_decref(actors.lost);
    return actors;
}

enum event {
    NOTHING,
    DROP_MAP,
    CLEAR_MAP,
    DROP_KEY,
    ADD_ENTRY,
    DELETE_ENTRY,
    POP_ENTRY,
    REPLACE_VALUE,
    YOUNG_PASS,
    DROP_ALL_MAPS,
    WALK,
    GROW,
    EVENTS
};

static void happen(struct actors *actors, enum event event)
{
    ouro_weak_cursor cursor = {0};
    void *key;
    switch (event) {
    case DROP_MAP:
        ouro_decref(actors->map);
        actors->map = asked = NULL;
        return;
    case CLEAR_MAP: ouro_weak_map_clear(actors->map); return;
    case DROP_KEY:
        ouro_decref(actors->key);
        actors->key = NULL;
        return;
    case ADD_ENTRY: set(actors->other, actors->key, actors->value); return;
    case DELETE_ENTRY: assert_true(ouro_weak_map_delete(actors->map, actors->key)); return;
    case POP_ENTRY: ouro_decref(ouro_weak_map_pop(actors->map, actors->key)); return;
    case REPLACE_VALUE: set(actors->map, actors->key, actors->key); return;
    case YOUNG_PASS: (void)ouro_collect(actors->heap, 1); return;
    case DROP_ALL_MAPS:
        happen(actors, DROP_MAP);
        ouro_decref(actors->other);
        actors->other = NULL;
        return;
    case WALK:
        while (ouro_weak_map_next(actors->map, &cursor, &key, NULL)) ouro_decref(key);
        return;
    case GROW:
        for (int i = 0; i < 100; i++) {
            cell *made = cell_new(actors->heap);
            set(actors->map, made, actors->value);
            ouro_decref(made);
        }
        return;
    default: return;
    }
}

/* A value of garbage that is met, or that a live map lets go of, is alive for that cycle. */
static bool touches_lost(enum event event)
{
    return event == WALK || event == DROP_MAP || event == CLEAR_MAP || event == DROP_ALL_MAPS;
}

/* How many entries have the live value in the end. */
static int entries_of(const struct actors *actors, bool runs, enum event event)
{
    if (actors->key == NULL) return 0;
    bool left = runs && (event == CLEAR_MAP || event == DELETE_ENTRY || event == POP_ENTRY ||
                         event == REPLACE_VALUE);
    return (actors->map != NULL && !left) + (runs && event == ADD_ENTRY);
}

/* Each event at each moment of a cycle: nobody who is held goes, and who was lost goes in that cycle, unless
 * the event has touched it. */
/* In an ordinary run, at every third moment, which others for the next event. */
enum { EVERY = 3 };

static size_t first_of(enum event event)
{
    return test_is_ordinary() ? (size_t)event % EVERY : 0;
}

static void test_each_event_at_each_moment(void **state)
{
    (void)state;
    for (int finalizer = 0; finalizer < 2; finalizer++)
        for (enum event event = 0; event < EVENTS; event++)
            for (size_t after = first_of(event);; after += test_is_ordinary() ? EVERY : 1) {
                struct actors actors = actors_new(finalizer != 0);
                bool runs = run_until(actors.heap, after);
                if (runs) happen(&actors, event);
                test_heap_verify(actors.heap);
                (void)step_to_the_end(actors.heap);
                if (touches_lost(event) || !runs) (void)ouro_collect(actors.heap, 2);
                assert_int_equal(ouro_refcount(actors.value), 1 + entries_of(&actors, runs, event));
                asked = actors.map != NULL ? actors.map : actors.other;
                if (asked == NULL) asked = map_new(actors.heap);
                if (actors.map == asked) actors.map = NULL;
                if (actors.other == asked) actors.other = NULL;
                /* all that is left is held */
                assert_int_equal(test_heap_tracked(actors.heap, -1),
                                 (size_t)1 + (actors.key != NULL) + 1 + (actors.map != NULL) +
                                     (actors.other != NULL));
                ouro_xdecref(actors.map);
                ouro_xdecref(actors.other);
                ouro_xdecref(actors.key);
                ouro_decref(asked);
                ouro_decref(actors.value);
                test_heap_close_empty(actors.heap);
                if (!runs) break;
            }
}

/* Revived by a finalizer, and its only holder from outside the garbage goes while that is under way. */
static void test_a_value_is_not_dropped_before_it_is_whole(void **state)
{
    (void)state;
    for (size_t after = 0;; after++) {
        ouro_heap *heap = test_heap_quiet();
        ouro_weak_map *map = map_new(heap);
        cell *key = cell_new(heap), *value = cell_new(heap), *deep = cell_new(heap);
        value->last_word = look_around; /* so the value is brought back, and not the key */
        asked = map_new(heap);
        ouro_set(value, left, deep);
        ouro_set(deep, left, deep);
        ouro_set(value, right, key);
        ouro_decref(deep);
        set(map, key, value);
        ouro_decref(value);
        (void)ouro_collect(heap, 2);
        size_t before = cell_released;
        ouro_decref(key);
        bool runs = run_until(heap, after);
        if (runs) ouro_weak_map_clear(map);
        test_heap_verify(heap);
        (void)step_to_the_end(heap);
        (void)ouro_collect(heap, 2);
        assert_int_equal(cell_released, before + 3);
        assert_int_equal(ouro_weak_map_length(map), 0);
        ouro_decref(map);
        ouro_decref(asked);
        test_heap_close_empty(heap);
        if (!runs) break;
    }
}

/* ---- suspects that the program can reach ---- */

/* Where the root that is named leads nowhere, all are suspects, and the program works on them: what it pops is
 * alive; and what a pass looks at meanwhile is counted once.  Pools are scanned in either order. */
static void test_suspects_that_are_in_use(void **state)
{
    (void)state;
    enum use { POP, TOUCH_KEY, TOUCH_MAP, USES };
    for (int order = 0; order < 2; order++)
        for (enum use use = POP; use < USES; use++)
            for (size_t after = 0;; after++) {
                ouro_heap *heap = test_heap_quiet();
                cell *holder = order == 0 ? cell_new(heap) : NULL;
                ouro_weak_map *map = order == 0 ? map_new(heap) : NULL;
                knot *root = knot_new(heap), *key = knot_new(heap), *value = knot_new(heap);
                if (map == NULL) map = map_new(heap);
                if (holder == NULL) holder = cell_new(heap);
                assert_int_equal(ouro_root(heap, &root), OURO_OK);
                set(map, key, value);
                ouro_put(holder, left, map);
                ouro_put(holder, right, key);
                knot *held = value;
                if (use == POP) ouro_decref(value);
                bool runs = run_until(heap, after);
                if (use == POP) {
                    held = ouro_weak_map_pop(map, key);
                    assert_ptr_equal(held, value);
                } else {
                    void *one = use == TOUCH_KEY ? (void *)key : (void *)map;
                    ouro_incref(one);
                    ouro_decref(one);
                    (void)ouro_collect(heap, 0);
                }
                (void)step_to_the_end(heap);
                assert_true(ouro_is_object(heap, held));
                assert_int_equal(ouro_refcount(held), use == POP ? 1 : 2);
                test_heap_verify(heap);
                ouro_decref(held);
                ouro_decref(holder);
                ouro_decref(root);
                assert_int_equal(ouro_unroot(heap, &root), OURO_OK);
                test_heap_close_empty(heap);
                if (!runs) break;
            }
}

static void add_knot(ouro_weak_map *map, list *keys)
{
    ouro_heap *heap = ouro_heap_of(map);
    knot *key = knot_new(heap), *value = knot_new(heap);
    set(map, key, value);
    list_append(keys, key);
    ouro_decref(key);
    ouro_decref(value);
}

/* Holes are closed while the map is half followed: nobody is passed by. */
static void test_entries_move_in_a_half_followed_map(void **state)
{
    (void)state;
    enum { COUNT = 15, GONE = 8, MORE = 3 };
    for (size_t after = 0;; after++) {
        ouro_heap *heap = test_heap_quiet();
        ouro_weak_map *map = map_new(heap); /* a suspect, whose keys are none */
        list *keys = list_new(heap);
        assert_int_equal(ouro_root(heap, &keys), OURO_OK);
        assert_int_equal(ouro_vector_reserve(keys, &keys->items, 2 * COUNT), OURO_OK);
        for (int i = 0; i < COUNT; i++) add_knot(map, keys);
        bool runs = run_until(heap, after);
        for (int i = 0; i < GONE; i++)
            assert_int_equal(ouro_vector_remove(keys, &keys->items, 0), OURO_OK);
        for (int i = 0; i < MORE; i++) add_knot(map, keys);
        assert_int_equal(((struct ouro__map *)(void *)map)->closings,
                         3); /* two of them as it grew */
        (void)step_to_the_end(heap);
        assert_int_equal(ouro_weak_map_length(map), COUNT - GONE + MORE);
        for (size_t i = 0; i < keys->items.length; i++) {
            knot *value = ouro_weak_map_get(map, keys->items.items[i]);
            assert_true(ouro_is_object(heap, value));
            ouro_decref(value);
        }
        assert_int_equal(ouro_unroot(heap, &keys), OURO_OK);
        ouro_decref(keys);
        ouro_decref(map);
        (void)ouro_collect(heap, 2);
        test_heap_close_empty(heap);
        if (!runs) break;
    }
}

/* ---- long ones ---- */

/* No step does more than its budget, by what it looks at, and the map is gone through nevertheless. */
static void test_a_long_map_is_gone_through_in_pieces(void **state)
{
    (void)state;
    size_t count = test_scaled(200000);
    ouro_heap *heap = test_heap_quiet();
    ouro_weak_map *map = map_new(heap);
    list *keys = list_new(heap);
    for (size_t i = 0; i < count; i++) {
        cell *key = cell_new(heap), *value = cell_new(heap);
        ouro_set(value, left, key);
        set(map, key, value);
        list_append(keys, key);
        ouro_decref(key);
        ouro_decref(value);
    }
    enum { UNITS = 1000 };
    for (int round = 0; round < 2; round++) { /* all alive, then all garbage */
        size_t found = 0, steps = 0, most = 0, before = 0;
        ouro__heap_pools(heap)->marks.touched_any = true;
        do {
            found += step(heap, UNITS);
            steps++;
            size_t done = heap->whole.work_done;
            if (done > before && done - before > most) most = done - before;
            before = done;
        } while (!is_idle(heap));
        assert_true(steps > 4 * count / UNITS);
        assert_true(most < UNITS + 2 * OURO_WIPE_UNITS); /* marks' memory goes back in parts */
        assert_int_equal(found, round == 0 ? 0 : 2 * count);
        assert_int_equal(ouro_weak_map_length(map), round == 0 ? count : 0);
        if (round == 0) ouro_vector_clear(keys, &keys->items);
    }
    ouro_decref(keys);
    ouro_decref(map);
    test_heap_close_empty(heap);
}

/* A key in very many maps likewise. */
static void test_a_key_of_many_maps_is_gone_through_in_pieces(void **state)
{
    (void)state;
    enum { COUNT = 20000, UNITS = 50 };
    ouro_heap *heap = test_heap_quiet();
    cell *key = cell_new(heap), *value = cell_new(heap);
    list *maps = list_new(heap);
    ouro_set(value, left, key);
    for (int i = 0; i < COUNT; i++) {
        ouro_weak_map *map = map_new(heap);
        set(map, key, value);
        list_append(maps, map);
        ouro_decref(map);
    }
    ouro_decref(value);
    (void)ouro_collect(heap, 2);
    assert_int_equal(ouro_refcount(value), COUNT);
    ouro_decref(key);
    size_t found = 0, most = 0, before = 0;
    begin(heap);
    while (!is_idle(heap)) {
        found += step(heap, UNITS);
        size_t done = heap->whole.work_done;
        if (done > before && done - before > most) most = done - before;
        before = done;
    }
    assert_int_equal(found, 2);
    assert_true(most < OURO_WIPE_UNITS + UNITS + 128);
    for (size_t i = 0; i < maps->items.length; i++)
        assert_int_equal(ouro_weak_map_length(maps->items.items[i]), 0);
    ouro_decref(maps);
    test_heap_close_empty(heap);
}

/* A pass that nobody asked for leaves long ones to the whole cycle, and spoils nothing. */
static void test_a_pass_spares_long_maps(void **state)
{
    (void)state;
    enum { COUNT = OURO_PASS_LENGTH + 10 };
    ouro_heap *heap = test_heap_quiet();
    cell *owner = cell_new(heap);
    ouro_weak_map *map = map_new(heap);
    list *keys = list_new(heap);
    ouro_set(owner, left, map);
    ouro_set(owner, right, owner);
    for (int i = 0; i < COUNT; i++) {
        cell *key = cell_new(heap), *value = cell_new(heap);
        set(map, key, value);
        list_append(keys, key);
        ouro_decref(key);
        ouro_decref(value);
    }
    ouro_decref(map);
    ouro_decref(owner);
    heap->pass.bounded = true;
    assert_int_equal(ouro_collect(heap, 0), 1); /* the owner, and with it the map by its count */
    heap->pass.bounded = false;
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2);
    ouro_decref(keys);
    test_heap_close_empty(heap);
}

/* ---- frozen and immortal maps ---- */

static void test_keys_of_maps_that_are_out_of_sight(void **state)
{
    (void)state;
    for (int immortal = 0; immortal < 2; immortal++) {
        ouro_heap *heap = test_heap_quiet();
        ouro_weak_map *map = map_new(heap);
        if (immortal != 0)
            ouro_immortalize(map);
        else
            ouro_freeze(heap);
        for (int i = 0; i < 3; i++) {
            cell *key = cell_new(heap), *value = cell_new(heap);
            ouro_set(value, left, key);
            set(map, key, value);
            ouro_decref(key);
            ouro_decref(value);
        }
        begin(heap);
        assert_int_equal(step_to_the_end(heap), 6);
        assert_int_equal(ouro_weak_map_length(map), 0);
        ouro_unfreeze(heap);
        if (immortal == 0) {
            ouro_decref(map);
            test_heap_close_empty(heap);
        } else {
            assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
        }
    }
}

/* ---- what SAVEALL keeps ---- */

static int take_first(void *object, void *argument)
{
    if (((cell *)object)->number == 1) *(void **)argument = object;
    return 0;
}

static void test_saved_garbage_has_lost_its_entries(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    ouro_weak_map *map = map_new(heap);
    cell *key = cell_new(heap), *value = cell_new(heap);
    key->number = 1;
    ouro_set(value, left, key);
    set(map, key, value);
    ouro_decref(value);
    ouro_decref(key);
    ouro_set_debug(heap, OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_collect(heap, 2), 2);
    ouro_set_debug(heap, 0);
    void *saved = NULL;
    ouro_garbage_each(heap, take_first, &saved);
    assert_ptr_equal(saved, key);
    assert_false(ouro_weak_map_contains(map, key));
    test_heap_verify(heap);
    set(map, key, key); /* and gets new ones */
    assert_true(ouro_weak_map_contains(map, key));
    assert_int_equal(ouro_weak_map_length(map), 1);
    ouro_weak_map_clear(map);
    ouro_garbage_clear(heap);
    (void)ouro_collect(heap, 2);
    ouro_decref(map);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_value_refers_to_its_own_key),
        cmocka_unit_test(test_by_each_proposer),
        cmocka_unit_test(test_a_chain_across_two_maps),
        cmocka_unit_test(test_a_map_held_by_its_own_value),
        cmocka_unit_test(test_a_garbage_map_with_live_keys),
        cmocka_unit_test(test_live_keys_and_a_live_map),
        cmocka_unit_test(test_a_key_that_its_finalizer_keeps),
        cmocka_unit_test(test_lost_keys_are_not_met),
        cmocka_unit_test(test_each_event_at_each_moment),
        cmocka_unit_test(test_a_value_is_not_dropped_before_it_is_whole),
        cmocka_unit_test(test_suspects_that_are_in_use),
        cmocka_unit_test(test_entries_move_in_a_half_followed_map),
        cmocka_unit_test(test_a_long_map_is_gone_through_in_pieces),
        cmocka_unit_test(test_a_key_of_many_maps_is_gone_through_in_pieces),
        cmocka_unit_test(test_a_pass_spares_long_maps),
        cmocka_unit_test(test_keys_of_maps_that_are_out_of_sight),
        cmocka_unit_test(test_saved_garbage_has_lost_its_entries),
    };
    return cmocka_run_group_tests_name("ephemerons", tests, NULL, NULL);
}
