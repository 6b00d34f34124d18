/* SPDX-License-Identifier: MIT */
/*
 * dark_value_test.c -- a map that is garbage loses its last holder, a key that dies, while it is condemned
 *
 *     key ----> map        in a map that only its own value, itself, holds; the key is alive
 *     map ----> tail       the value of another living key, which holds itself
 *     keeper               garbage with a finalizer, so the set is examined again
 *
 * The key dies by its count while the map is dark, so its reference to the map waits; then the cycle goes on, or
 * is abandoned.  [life.dark]
 */
#include <string.h>

#include "heap/heap.h"
#include "support/cell.h"
#include "support/heap.h"

static struct {
    cell *key, *other;
    size_t finalized;
} seen;

static void let_key_go(void)
{
    if (seen.key == NULL) return;
    cell *key = seen.key;
    seen.key = NULL;
    ouro_decref(key);
}

static void finalize_quietly(cell *self)
{
    (void)self;
    seen.finalized++;
}

static void finalize_and_let_go(cell *self)
{
    finalize_quietly(self);
    let_key_go();
}

static bool is_in(ouro_heap *heap, const char *phase)
{
    ouro_progress progress;
    ouro_get_progress(heap, &progress);
    return strcmp(progress.phase, phase) == 0;
}

static void step(ouro_heap *heap)
{
    (void)ouro_step(heap, (ouro_budget){.units = 1});
    test_heap_verify(heap);
}

/* The scene above, and a cycle that has begun. */
static void scene_new(ouro_heap *heap, void (*last_word)(cell *self))
{
    memset(&seen, 0, sizeof seen);
    seen.key = cell_new(heap);
    seen.other = cell_new(heap);
    list *tail = list_new(heap);
    ouro_weak_map *map = ouro_weak_map_new(heap);
    assert_non_null(map);
    assert_int_equal(ouro_weak_map_set(map, seen.key, map), OURO_OK);
    assert_int_equal(ouro_weak_map_set(map, seen.other, tail), OURO_OK);
    list_append(tail, tail);
    cell *keeper = cell_new(heap);
    keeper->last_word = last_word;
    ouro_put(keeper, left, ouro_newref(keeper));
    (void)ouro_collect(heap, 2);
    ouro_decref(keeper);
    ouro_decref(tail);
    ouro_decref(map);
    ouro__heap_pools(heap)->marks.touched_any = true;
    step(heap);
}

static void scene_end(ouro_heap *heap)
{
    let_key_go();
    ouro_decref(seen.other);
    (void)ouro_collect(heap, 2);
    assert_int_equal(seen.finalized, 1);
    assert_int_equal(test_heap_objects(heap), 0);
    test_heap_verify(heap);
}

/* The key dies in a finalizer, the cycle is abandoned so many steps later; false when it was over by then. */
static bool abandon_after(ouro_heap *heap, size_t steps)
{
    scene_new(heap, finalize_and_let_go);
    while (seen.finalized == 0) step(heap);
    for (size_t i = 0; i < steps && !is_in(heap, "idle"); i++) step(heap);
    bool over = is_in(heap, "idle");
    ouro_freeze(heap);
    test_heap_verify(heap);
    ouro_unfreeze(heap);
    scene_end(heap);
    return !over;
}

static void test_the_cycle_is_abandoned(void **state)
{
    size_t steps = 0;
    while (abandon_after(*state, steps)) steps++;
    assert_true(steps > 10);
}

/* What has lost its last holder is no less garbage: the cycle frees it, and all that only it led to. */
static void test_the_cycle_frees_it(void **state)
{
    for (size_t steps = 0;; steps++) {
        scene_new(*state, finalize_quietly);
        for (size_t i = 0; i < steps && !is_in(*state, "idle"); i++) step(*state);
        bool over = is_in(*state, "idle");
        bool was_dark = is_in(*state, "leave") || is_in(*state, "finalize");
        let_key_go();
        test_heap_verify(*state);
        while (!is_in(*state, "idle")) step(*state);
        if (was_dark) assert_int_equal(test_heap_objects(*state), 1);
        scene_end(*state);
        if (over) break;
        assert_true(steps < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_the_cycle_is_abandoned),
        HEAP_TEST(test_the_cycle_frees_it),
    };
    return cmocka_run_group_tests_name("dark values", tests, NULL, NULL);
}
