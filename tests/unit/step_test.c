/* SPDX-License-Identifier: MIT */
/*
 * step_test.c -- whole cycles that go in steps, and what the program does in between
 *
 * Most tests drive a cycle one unit at a time, so that each place where the program may run is met.
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/setting.h"

#include <string.h>

/* ---- helpers ---- */

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

static size_t step(ouro_heap *heap, size_t units)
{
    return ouro_step(heap, (ouro_budget){.units = units});
}

/* The rest of a cycle, audited after each step; what it found. */
static size_t step_to_the_end(ouro_heap *heap, size_t units)
{
    size_t found = 0;
    while (!is_idle(heap)) {
        found += step(heap, units);
        test_heap_verify(heap);
    }
    return found;
}

/* Touches an old object, so that a step begins a cycle. */
static void touch(cell *old)
{
    ouro_incref(old);
    ouro_decref(old);
}

/* A cycle that has begun and done next to nothing. */
static void begin(ouro_heap *heap)
{
    assert_true(is_idle(heap));
    assert_int_equal(step(heap, 1), 0);
    assert_false(is_idle(heap));
}

/* Steps until a phase is met; false when the cycle ends before. */
static bool reach(ouro_heap *heap, const char *phase)
{
    while (strcmp(phase_of(heap), phase) != 0) {
        (void)step(heap, 1);
        if (is_idle(heap)) return false;
    }
    return true;
}

static ouro_generation_stats full_stats(ouro_heap *heap)
{
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    return stats[2];
}

/* A cell owned by `owner` alone; borrowed. */
static cell *append_cell(list *owner, long number)
{
    cell *made = cell_new(ouro_heap_of(owner));
    made->number = number;
    list_append(owner, made);
    ouro_decref(made);
    return made;
}

/* A ring of cells that an owned reference to one of them holds. */
static cell *ring_new(ouro_heap *heap, size_t length)
{
    cell *first = cell_new(heap), *last = first;
    for (size_t i = 1; i < length; i++) {
        cell *made = cell_new(heap);
        ouro_put(last, left, made);
        last = made;
    }
    ouro_set(last, left, first);
    return first;
}

/* ---- what needs care in a cycle: every phase is met ---- */

static size_t last_words, callbacks_heard;

static void speak(cell *self)
{
    (void)self;
    last_words++;
}

static void hear(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_null(ouro_weakref_get(self));
    callbacks_heard++;
}

enum { SCENE_OBJECTS = 8 };

/* An old world, most of which is garbage once `garbage` is dropped. */
struct scene {
    cell *living;
    cell *garbage;
    ouro_weakref *loud, *quiet; /* both look at garbage */
};

/* speaker <-> other, which hold a ring with a list in it and refer to what lives. */
static struct scene scene_new(ouro_heap *heap)
{
    struct scene scene = {.living = cell_new(heap), .garbage = ring_new(heap, 4)};
    ouro_auto list *bag = list_new(heap);
    scene.garbage->last_word = speak;
    for (long i = 0; i < 3; i++) append_cell(bag, i);
    list_append(bag, scene.living);
    list_append(bag, scene.garbage);
    ouro_set(scene.garbage, right, bag);
    scene.loud = ouro_weakref_new_callback(scene.garbage->left, hear, NULL);
    scene.quiet = ouro_weakref_new(scene.garbage);
    last_words = callbacks_heard = 0;
    (void)ouro_collect(heap, 2);
    return scene;
}

static void scene_lose(struct scene *scene)
{
    ouro_decref(scene->garbage);
    scene->garbage = NULL;
}

static void scene_end(struct scene *scene)
{
    assert_null(ouro_weakref_get(scene->quiet));
    assert_null(ouro_weakref_get(scene->loud));
    assert_int_equal(ouro_refcount(scene->living), 1);
    assert_int_equal(last_words, 1);
    assert_int_equal(callbacks_heard, 1);
    ouro_decref(scene->quiet);
    ouro_decref(scene->loud);
    ouro_decref(scene->living);
}

static const char *const cycle_phases[] = {
    "count",         "decide",   "decide: follow",
    "narrow",        "scan",     "check",
    "check: follow", "leave",    "muffle weak references",
    "call back",     "revive",   "revive: follow",
    "darken",        "finalize", "suspect again",
    "scan",          "check",    "clear weak references",
    "sever",         "finish",   "forget",
    "idle",
};

static void test_phases_are_met_in_order(void **state)
{
    struct scene scene = scene_new(*state);
    size_t at = 0;
    scene_lose(&scene);
    (void)step(*state, 1);
    for (;; (void)step(*state, 1)) {
        test_heap_verify(*state);
        const char *phase = phase_of(*state);
        if (strcmp(phase, cycle_phases[at]) == 0) continue;
        do at++;
        while (at < COUNT_OF(cycle_phases) && strcmp(phase, cycle_phases[at]) != 0);
        if (at == COUNT_OF(cycle_phases)) fail_msg("phase \"%s\" is out of order", phase);
        if (strcmp(phase, "idle") == 0) break;
    }
    scene_end(&scene);
}

/* All but the one in which nothing is to do here: the tests below rely on it. */
static void test_the_program_may_run_in_every_phase(void **state)
{
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        struct scene scene = scene_new(*state);
        scene_lose(&scene);
        (void)step(*state, 1);
        if (strcmp(cycle_phases[i], "check: follow") != 0)
            assert_true(reach(*state, cycle_phases[i]));
        (void)step_to_the_end(*state, 1);
        scene_end(&scene);
    }
}

/* ---- a small story, told at every moment of a cycle ---- */

/* `holder` and `other` are rings that the program holds; `holder` holds the ring of `target`. */
struct story {
    ouro_heap *heap;
    cell *holder, *other;
    cell *target; /* borrowed */
    ouro_weakref *seen;
    void *nowhere; /* a root that leads nowhere, so that all is suspect */
};

static struct story story_new(ouro_heap *heap)
{
    struct story story = {heap, ring_new(heap, 2), ring_new(heap, 2), ring_new(heap, 2), NULL,
                          NULL};
    ouro_put(story.holder, right, story.target);
    story.seen = ouro_weakref_new(story.target);
    (void)ouro_collect(heap, 2);
    return story;
}

static void story_end(struct story *story)
{
    ouro_decref(story->holder);
    ouro_decref(story->other);
    ouro_decref(story->seen);
    (void)ouro_collect(story->heap, 2);
    assert_int_equal(test_heap_objects(story->heap), 0);
}

static void assert_target_is_whole(const struct story *story)
{
    ouro_auto cell *target = ouro_weakref_get(story->seen);
    assert_ptr_equal(target, story->target);
    cell *second = target->left;
    assert_ptr_equal(second->left, target);
    assert_int_equal(ouro_refcount(second), 1);
    assert_int_equal(ouro_refcount(target), 3);
}

/* What happens to the target, which must be on the right of `holder` or `other` afterwards. */
typedef void (*event)(struct story *story);

/* The event after so many steps; true when the cycle was over before. */
static bool tell(ouro_heap *heap, event happen, bool suspected, size_t steps)
{
    struct story story = story_new(heap);
    if (suspected) assert_int_equal(ouro_root(heap, &story.nowhere), OURO_OK);
    touch(story.holder);
    begin(heap);
    for (size_t i = 0; i < steps && !is_idle(heap); i++) (void)step(heap, 1);
    bool over = is_idle(heap);
    happen(&story);
    test_heap_verify(heap);
    assert_int_equal(step_to_the_end(heap, 1), 0);
    assert_target_is_whole(&story);
    if (suspected) assert_int_equal(ouro_unroot(heap, &story.nowhere), OURO_OK);
    story_end(&story);
    return over;
}

static void tell_at_every_moment(ouro_heap *heap, event happen)
{
    for (size_t steps = 0; !tell(heap, happen, true, steps); steps++) {
    }
    for (size_t steps = 0; !tell(heap, happen, false, steps); steps++) {
    }
}

static void nothing(struct story *story)
{
    (void)story;
}

static void count_up_and_down(struct story *story)
{
    ouro_incref(story->target);
    ouro_decref(story->target);
}

static void get_from_weak_reference(struct story *story)
{
    ouro_auto cell *target = ouro_weakref_get(story->seen);
    ouro_put(story->other, right, ouro_newref(target));
    ouro_clear(story->holder, right);
}

static void set_elsewhere(struct story *story)
{
    ouro_set(story->other, right, story->target);
    ouro_clear(story->holder, right);
}

static void take_and_put(struct story *story)
{
    cell *target = ouro_take(story->holder, right);
    ouro_put(story->other, right, target);
}

static void swap(struct story *story)
{
    ouro_swap(story->holder, right, story->other, right);
}

static void hold_in_between(struct story *story)
{
    cell *target = ouro_take(story->holder, right);
    for (int i = 0; i < 12; i++) (void)step(story->heap, 1);
    ouro_put(story->other, right, target);
}

static void hold_by_a_newborn(struct story *story)
{
    cell *newborn = cell_new(story->heap);
    ouro_put(newborn, left, ouro_take(story->holder, right));
    for (int i = 0; i < 12; i++) (void)step(story->heap, 1);
    ouro_put(story->holder, right, ouro_take(newborn, left));
    ouro_decref(newborn);
}

static void survive_a_young_pass(struct story *story)
{
    assert_int_equal(ouro_collect(story->heap, 0), 0);
    assert_int_equal(ouro_collect(story->heap, 1), 0);
}

/* The owner dies by count while what it holds moves on. */
static void outlive_the_owner(struct story *story)
{
    ouro_put(story->other, right, ouro_newref(story->holder->right));
    ouro_clear(story->holder, left);
    ouro_decref(story->holder);
    story->holder = cell_new(story->heap);
}

#define EVENT_TEST(event)                                                                          \
    static void test_live_objects_survive_##event(void **state)                                    \
    {                                                                                              \
        tell_at_every_moment(*state, event);                                                       \
    }
EVENT_TEST(nothing)
EVENT_TEST(count_up_and_down)
EVENT_TEST(get_from_weak_reference)
EVENT_TEST(set_elsewhere)
EVENT_TEST(take_and_put)
EVENT_TEST(swap)
EVENT_TEST(hold_in_between)
EVENT_TEST(hold_by_a_newborn)
EVENT_TEST(survive_a_young_pass)
EVENT_TEST(outlive_the_owner)

/* ---- garbage that is found again through a weak reference ---- */

/* The target's ring is garbage; a weak reference is asked after so many steps. */
static bool ask_garbage(ouro_heap *heap, size_t steps)
{
    struct story story = story_new(heap);
    ouro_clear(story.holder, right);
    begin(heap);
    for (size_t i = 0; i < steps && !is_idle(heap); i++) (void)step(heap, 1);
    bool over = is_idle(heap);
    cell *target = ouro_weakref_get(story.seen);
    size_t found = step_to_the_end(heap, 1);
    if (target != NULL) {
        assert_int_equal(ouro_refcount(target), 2);
        ouro_put(story.holder, right, target);
        assert_target_is_whole(&story);
    }
    assert_true(found + (over ? 2 : 0) + (target != NULL ? 2 : 0) >= 2);
    story_end(&story);
    return over;
}

static void test_weak_references_answer_the_living_or_nothing(void **state)
{
    for (size_t steps = 0; !ask_garbage(*state, steps); steps++) {
    }
}

/* ---- garbage that is made while a cycle is under way ---- */

static void lose_target(struct story *story)
{
    ouro_clear(story->holder, right);
}

static void glance_at_target(struct story *story)
{
    ouro_xdecref(ouro_weakref_get(story->seen));
}

/* The story after so many steps of a cycle; true when the cycle was over before.  Whatever that cycle misses,
 * it is known that another is needed. */
static bool lose(struct story story, event happen, size_t steps)
{
    begin(story.heap);
    for (size_t i = 0; i < steps && !is_idle(story.heap); i++) (void)step(story.heap, 1);
    bool over = is_idle(story.heap);
    happen(&story);
    test_heap_verify(story.heap);
    (void)step_to_the_end(story.heap, 1);
    (void)ouro_collect(story.heap, 1);
    (void)step(story.heap, 0);
    if (ouro_weakref_get(story.seen) != NULL) fail_msg("lost after step %zu, and not found", steps);
    story_end(&story);
    return over;
}

static bool glance_at_garbage(ouro_heap *heap, size_t steps)
{
    struct story story = story_new(heap);
    lose_target(&story);
    return lose(story, glance_at_target, steps);
}

static void test_garbage_that_was_glanced_at_is_found_by_the_next_cycle(void **state)
{
    for (size_t steps = 0; !glance_at_garbage(*state, steps); steps++) {
    }
}

static bool lose_old(ouro_heap *heap, size_t steps)
{
    struct story story = story_new(heap);
    touch(story.holder);
    return lose(story, lose_target, steps);
}

static void test_garbage_made_during_a_cycle_is_found_by_the_next(void **state)
{
    for (size_t steps = 0; !lose_old(*state, steps); steps++) {
    }
}

static void test_garbage_made_of_suspects_is_found_by_the_next_cycle(void **state)
{
    void *nowhere = NULL;
    assert_int_equal(ouro_root(*state, &nowhere), OURO_OK);
    for (size_t steps = 0; !lose_old(*state, steps); steps++) {
    }
    assert_int_equal(ouro_unroot(*state, &nowhere), OURO_OK);
}

/* ---- when a cycle begins, and how much a step does ---- */

static void test_a_step_begins_a_cycle_only_if_an_old_object_was_touched(void **state)
{
    cell *old = ring_new(*state, 2);
    (void)ouro_collect(*state, 2);
    size_t before = full_stats(*state).collections;
    assert_int_equal(step(*state, 0), 0);
    cell *young = ring_new(*state, 2);
    touch(young);
    assert_int_equal(step(*state, 0), 0);
    assert_int_equal(full_stats(*state).collections, before);
    touch(old);
    assert_int_equal(step(*state, 0), 0);
    assert_int_equal(full_stats(*state).collections, before + 1);
    assert_int_equal(step(*state, 0), 0);
    assert_int_equal(full_stats(*state).collections, before + 1);
    ouro_decref(old);
    ouro_decref(young); /* old as well since the cycle */
    assert_int_equal(step(*state, 0), 4);
}

/* Nothing is remembered of what is frozen. */
static void test_a_step_begins_a_cycle_after_unfreezing(void **state)
{
    cell *ring = ring_new(*state, 2);
    ouro_freeze(*state);
    ouro_decref(ring);
    assert_int_equal(step(*state, 0), 0);
    ouro_unfreeze(*state);
    assert_int_equal(step(*state, 0), 2);
}

enum { MANY = 30000 };

/* So many old rings of two, one of them touched.  Owned. */
static list *many_rings(ouro_heap *heap, size_t count)
{
    list *all = list_new(heap);
    for (size_t i = 0; i < count; i++) {
        ouro_auto cell *ring = ring_new(heap, 2);
        list_append(all, ring);
    }
    (void)ouro_collect(heap, 2);
    touch(all->items.items[0]);
    return all;
}

static void many_rings_end(list *all)
{
    ouro_heap *heap = ouro_heap_of(all);
    ouro_decref(all);
    (void)ouro_collect(heap, 2);
}

static void test_a_step_does_about_so_many_units(void **state)
{
    enum { UNITS = 500, SLACK = 500 };
    ouro_heap *heap = *state;
    list *all = many_rings(heap, test_scaled(MANY));
    begin(heap);
    while (!is_idle(heap)) {
        size_t before = heap->whole.work_done;
        (void)step(heap, UNITS);
        size_t done = heap->whole.work_done - before;
        bool wipes = strcmp(phase_of(heap), "forget") == 0; /* by the part of an arena */
        assert_true(done >= UNITS || is_idle(heap));
        if (done > UNITS + (wipes ? OURO_WIPE_UNITS : SLACK) && !is_idle(heap))
            fail_msg("%zu units instead of %d, up to %s", done, UNITS, phase_of(heap));
    }
    many_rings_end(all);
}

static void test_a_step_takes_about_so_many_microseconds(void **state)
{
    list *all = many_rings(*state, test_scaled(MANY));
    size_t steps = 0;
    do {
        (void)ouro_step(*state, (ouro_budget){.microseconds = 20});
        steps++;
    } while (!is_idle(*state));
    assert_true(steps > 3); /* a hundred or so where nobody else is at work */
    many_rings_end(all);
}

static void test_a_step_without_bound_is_a_whole_cycle(void **state)
{
    list *all = many_rings(*state, 1000);
    ouro_vector_clear(all, &all->items);
    assert_int_equal(ouro_step(*state, (ouro_budget){0}), 2000);
    assert_true(is_idle(*state));
    many_rings_end(all);
}

/* ---- inside a collection ---- */

static size_t refusals;

static void assert_step_is_refused(ouro_heap *heap)
{
    assert_int_equal(step(heap, 0), 0);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    assert_int_equal(ouro_collect(heap, 0), 0);
    assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    assert_int_equal(ouro_verify(heap, NULL), OURO_BUSY);
    refusals++;
}

static void step_in_finalizer(cell *self)
{
    assert_step_is_refused(ouro_heap_of(self));
}

static void step_in_weak_callback(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_step_is_refused(ouro_heap_of(self));
}

static void step_in_callback(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)info;
    (void)argument;
    assert_step_is_refused(heap);
}

static void test_a_step_inside_a_step_is_refused(void **state)
{
    refusals = 0;
    cell *ring = ring_new(*state, 3);
    ring->last_word = step_in_finalizer;
    ouro_auto ouro_weakref *weakref =
        ouro_weakref_new_callback(ring->left, step_in_weak_callback, NULL);
    (void)ouro_collect(*state, 2);
    assert_int_equal(ouro_add_callback(*state, step_in_callback, NULL), OURO_OK);
    ouro_decref(ring);
    assert_int_equal(step(*state, 0), 3);
    assert_int_equal(refusals, 4);
    assert_int_equal(ouro_remove_callback(*state, step_in_callback, NULL), OURO_OK);
}

/* Whoever dies holds references still that the cycle may have counted, and nobody follows the dying. */
static void step_in_plain_death(cell *self)
{
    ouro_progress before, after;
    ouro_get_progress(ouro_heap_of(self), &before);
    assert_int_equal(step(ouro_heap_of(self), 50), 0);
    ouro_get_progress(ouro_heap_of(self), &after);
    assert_string_equal(before.phase, after.phase);
    assert_int_equal(before.work_left, after.work_left);
    refusals++;
}

static void test_no_step_is_made_inside_a_death(void **state)
{
    list *all = many_rings(*state, 100);
    for (refusals = 0; refusals < 200;) {
        cell *made = cell_new(*state);
        made->last_word = step_in_plain_death;
        (void)step(*state, 1);
        ouro_decref(made);
        test_heap_verify(*state);
    }
    many_rings_end(all);
}

/* ---- what a stepped cycle tells ---- */

static ouro_collection told[4];
static size_t told_count;

static void listen(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)argument;
    if (told_count < COUNT_OF(told)) told[told_count] = *info;
    told_count++;
}

static void test_a_stepped_cycle_is_told_once(void **state)
{
    struct scene scene = scene_new(*state);
    ouro_generation_stats before = full_stats(*state);
    told_count = 0;
    assert_int_equal(ouro_add_callback(*state, listen, NULL), OURO_OK);
    scene_lose(&scene);
    begin(*state);
    assert_int_equal(told_count, 1);
    assert_false(told[0].stop);
    assert_int_equal(told[0].generation, 2);
    assert_int_equal(full_stats(*state).collections, before.collections);
    while (!is_idle(*state)) {
        assert_int_equal(told_count, 1);
        (void)step(*state, 1);
    }
    assert_int_equal(told_count, 2);
    assert_true(told[1].stop);
    assert_false(told[1].nearby);
    assert_int_equal(told[1].generation, 2);
    assert_int_equal(told[1].candidates, SCENE_OBJECTS + 2);
    assert_int_equal(told[1].collected, SCENE_OBJECTS);
    assert_true(told[1].nanoseconds > 0);
    ouro_generation_stats after = full_stats(*state);
    assert_int_equal(after.collections, before.collections + 1);
    assert_int_equal(after.candidates, before.candidates + told[1].candidates);
    assert_int_equal(after.collected, before.collected + told[1].collected);
    assert_int_equal(ouro_remove_callback(*state, listen, NULL), OURO_OK);
    scene_end(&scene);
}

static void test_progress_tells_how_far_the_cycle_is(void **state)
{
    list *all = many_rings(*state, test_scaled(MANY));
    ouro_progress progress, last;
    ouro_get_progress(*state, &last);
    assert_string_equal(last.phase, "idle");
    assert_int_equal(last.work_left, 0);
    assert_int_equal(last.touched, 1);
    assert_true(last.bytes > 0);
    assert_true(last.bytes < last.start_bytes && last.start_bytes < last.goal_bytes);
    do {
        (void)step(*state, 1000);
        ouro_get_progress(*state, &progress);
        assert_int_equal(progress.steps, last.steps + 1);
        assert_true(progress.longest_step_nanoseconds >= last.longest_step_nanoseconds);
        assert_true(progress.work_left > 0 || is_idle(*state));
        last = progress;
    } while (!is_idle(*state));
    assert_int_equal(progress.work_left, 0);
    assert_int_equal(progress.debt, 0);
    assert_true(progress.longest_step_nanoseconds > 0);
    assert_non_null(progress.longest_step_phase);
    many_rings_end(all);
}

/* Native bytes beyond the start make allocation owe work, and pay it. */
static void test_allocation_pays_for_the_cycle(void **state)
{
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {SIZE_MAX, 0, 1}});
    (void)state;
    list *all = many_rings(heap, test_scaled(MANY));
    ouro_progress progress;
    size_t phases = 0, before = full_stats(heap).collections;
    ptrdiff_t accounted = 0;
    const char *phase = "idle";
    while (full_stats(heap).collections == before) {
        ouro_get_progress(heap, &progress);
        assert_true(progress.bytes <= progress.goal_bytes + (64 << 10)); /* [heap.goal] */
        assert_int_equal(ouro_account(heap, 16 << 10), OURO_OK);
        accounted += 16 << 10;
        if (phase == progress.phase) continue;
        phase = progress.phase;
        phases++;
    }
    assert_true(phases > 3);
    assert_int_equal(ouro_account(heap, -accounted), OURO_OK);
    many_rings_end(all);
    test_heap_close_empty(heap);
}

/* ---- how a cycle that is under way ends otherwise ---- */

/* The scene's garbage, and a cycle in the phase; false when the phase is never seen. */
static bool bring_to_phase(ouro_heap *heap, struct scene *scene, const char *phase)
{
    *scene = scene_new(heap);
    scene_lose(scene);
    begin(heap);
    return reach(heap, phase);
}

static void test_collecting_ends_a_cycle_in_any_phase(void **state)
{
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        struct scene scene;
        size_t before = full_stats(*state).collections;
        if (bring_to_phase(*state, &scene, cycle_phases[i]))
            assert_int_equal(ouro_collect(*state, 2), SCENE_OBJECTS);
        test_heap_verify(*state);
        assert_true(is_idle(*state));
        assert_true(full_stats(*state).collections > before + 1);
        scene_end(&scene);
    }
}

static void test_freezing_ends_a_cycle_in_any_phase(void **state)
{
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        struct scene scene;
        (void)bring_to_phase(*state, &scene, cycle_phases[i]);
        ouro_freeze(*state);
        test_heap_verify(*state);
        assert_true(is_idle(*state));
        ouro_unfreeze(*state);
        (void)step(*state, 0); /* what was abandoned is known to be there */
        test_heap_verify(*state);
        scene_end(&scene);
    }
}

static void close_in_phase(const char *phase, bool skips)
{
    ouro_heap *heap = test_heap_quiet();
    struct scene scene;
    ouro_close_report report;
    ouro_close_options options = {.skip_finalizers = skips};
    cell_released = 0;
    (void)bring_to_phase(heap, &scene, phase);
    size_t said = last_words, heard = callbacks_heard;
    assert_int_equal(ouro_heap_close(heap, &options, &report), OURO_OK);
    assert_int_equal(cell_released, SCENE_OBJECTS + 1);
    assert_int_equal(report.raw_blocks, 0);
    assert_int_equal(last_words, skips ? said : 1);
    assert_int_equal(callbacks_heard, skips ? heard : 1);
}

static void test_closing_ends_a_cycle_in_any_phase(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        close_in_phase(cycle_phases[i], false);
        close_in_phase(cycle_phases[i], true);
    }
}

static void test_a_reached_limit_ends_a_cycle_in_any_phase(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){.threshold = {SIZE_MAX, 0, 0}});
        struct scene scene;
        if (bring_to_phase(heap, &scene, cycle_phases[i])) {
            ouro_progress progress;
            ouro_get_progress(heap, &progress);
            ouro_set_byte_limit(heap, progress.bytes + (1 << 20));
            assert_int_equal(ouro_account(heap, 16 << 20), OURO_LIMIT);
            assert_true(is_idle(heap));
            test_heap_verify(heap);
        }
        scene_end(&scene);
        test_heap_close_empty(heap);
    }
}

/* ---- garbage of every kind ---- */

typedef struct row {
    size_t length;
    void *items[];
} row;
static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
static ouro_type row_type = OURO_TYPE(row, .fields = row_fields, .item_size = sizeof(void *),
                                      .length_offset = offsetof(row, length));

/* References that only its hook knows, beside a vector that the table knows. */
typedef struct hidden {
    ouro_vector items;
    void *first, *second;
} hidden;

static int hidden_traverse(void *object, ouro_visit visit, void *argument)
{
    hidden *self = object;
    int result = self->first != NULL ? visit(self->first, argument) : 0;
    if (result == 0 && self->second != NULL) result = visit(self->second, argument);
    return result;
}

static const ouro_field hidden_fields[] = {OURO_VECTOR(hidden, items, NULL), OURO_END};
static ouro_type hidden_type =
    OURO_TYPE(hidden, .fields = hidden_fields, .traverse = hidden_traverse);

static row *row_new(ouro_heap *heap, size_t length)
{
    row *made = ouro_new_var(heap, row, length);
    assert_non_null(made);
    return made;
}

/* Each adds garbage-to-be to `all`, which alone holds it, and returns how many objects it is. */
typedef size_t (*kind)(ouro_heap *heap, list *all);

static size_t a_ring(ouro_heap *heap, list *all)
{
    ouro_auto cell *ring = ring_new(heap, 500);
    list_append(all, ring);
    return 500;
}

/* Two references, and nothing to say. */
typedef struct node {
    void *left, *right;
} node;
static const ouro_field node_fields[] = {
    OURO_REF(node, left, NULL),
    OURO_REF(node, right, NULL),
    OURO_END,
};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

/* A hub and many nodes that refer to each other. */
static size_t hub_of(ouro_heap *heap, list *all, size_t spokes)
{
    ouro_auto list *hub = list_new(heap);
    for (size_t i = 0; i < spokes; i++) {
        ouro_auto node *spoke = ouro_new(heap, node);
        ouro_set(spoke, left, hub);
        list_append(hub, spoke);
    }
    list_append(all, hub);
    return spokes + 1;
}

static size_t a_hub_of_300(ouro_heap *heap, list *all)
{
    return hub_of(heap, all, 300);
}

static size_t a_hub_of_70000(ouro_heap *heap, list *all)
{
    return hub_of(heap, all, 70000);
}

static size_t row_of(ouro_heap *heap, list *all, size_t length)
{
    ouro_auto row *made = row_new(heap, length);
    for (size_t i = 0; i < length; i++) ouro_set(made, items[i], made);
    list_append(all, made);
    return 1;
}

static size_t items(ouro_heap *heap, list *all)
{
    return row_of(heap, all, 1000);
}

static size_t a_large_object(ouro_heap *heap, list *all)
{
    return row_of(heap, all, 20000);
}

static size_t large_objects_that_refer_to_each_other(ouro_heap *heap, list *all)
{
    ouro_auto row *first = row_new(heap, 9000), *second = row_new(heap, 10000);
    ouro_set(first, items[8999], second);
    ouro_set(second, items[0], first);
    list_append(all, first);
    return 2;
}

static size_t traverse_hooks(ouro_heap *heap, list *all)
{
    ouro_auto hidden *first = ouro_new(heap, hidden), *second = ouro_new(heap, hidden);
    ouro_set(first, first, second);
    ouro_set(second, second, first);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ouro_vector_append(first, &first->items, second), OURO_OK);
    list_append(all, first);
    return 2;
}

/* The ring holds its own weak references: the callback stays silent. */
static size_t weak_references_inside(ouro_heap *heap, list *all)
{
    ouro_auto cell *ring = ring_new(heap, 3);
    ouro_put(ring, right, ouro_weakref_new(ring->left));
    cell *next = ring->left;
    ouro_put(next, right, ouro_weakref_new_callback(ring, hear, next));
    list_append(all, ring);
    return 4; /* a weak reference without callback is untracked, and dies by count */
}

static size_t rings_with_last_words(ouro_heap *heap, list *all)
{
    for (int i = 0; i < 20; i++) {
        ouro_auto cell *ring = ring_new(heap, 3);
        ring->last_word = speak;
        list_append(all, ring);
    }
    return 60;
}

static const struct {
    kind make;
    size_t units;
} kinds[] = {
    {a_ring, 7},         {a_hub_of_300, 3},           {a_hub_of_70000, 4000},
    {items, 5},          {a_large_object, 300},       {large_objects_that_refer_to_each_other, 200},
    {traverse_hooks, 1}, {weak_references_inside, 1}, {rings_with_last_words, 1},
};

static void collect_kind(ouro_heap *heap, size_t i, list *others)
{
    list *all = list_new(heap);
    ouro_auto cell *living = cell_new(heap);
    size_t made = kinds[i].make(heap, all);
    if (others != NULL) list_append(all, others);
    (void)ouro_collect(heap, 2);
    callbacks_heard = 0;
    ouro_decref(all);
    begin(heap);
    assert_int_equal(step_to_the_end(heap, kinds[i].units), made);
    assert_int_equal(test_heap_objects(heap), others == NULL ? 1 : 2 + others->items.length);
    assert_int_equal(callbacks_heard, 0);
}

static void test_garbage_of_every_kind_is_gone_when_the_cycle_ends(void **state)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) collect_kind(*state, i, NULL);
}

static void test_garbage_of_every_kind_lets_go_of_the_living(void **state)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        list *others = list_new(*state);
        for (long j = 0; j < 300; j++) append_cell(others, j);
        collect_kind(*state, i, others);
        assert_int_equal(ouro_refcount(others), 1);
        ouro_decref(others);
    }
}

/* ---- finalizers that resurrect ---- */

static cell *saved; /* owned */

static void save(cell *self)
{
    saved = ouro_newref(self);
}

static void test_a_finalizer_saves_its_ring(void **state)
{
    ouro_heap *heap = *state;
    list *all = list_new(heap);
    ouro_auto cell *ring = ring_new(heap, 4);
    ouro_auto ouro_weakref *quiet = ouro_weakref_new(ring);
    ring->last_word = save;
    list_append(all, ring);
    (void)a_ring(heap, all);
    (void)ouro_collect(heap, 2);
    ouro_decref(ouro_move(ring));
    ouro_decref(all);
    begin(heap);
    assert_int_equal(step_to_the_end(heap, 1), 500); /* all but what was saved */
    ouro_auto cell *seen = ouro_weakref_get(quiet);
    assert_ptr_equal(seen, saved);
    assert_int_equal(test_heap_objects(heap), 5);
    assert_true(ouro_is_finalized(saved));
    ouro_decref(ouro_move(seen));
    ouro_decref(ouro_move(saved));
    assert_int_equal(step(heap, 0), 4);
    assert_null(ouro_weakref_get(quiet));
}

/* What was saved and dropped again while the cycle is under way is found by it or by the next. */
static bool save_for_a_while(ouro_heap *heap, size_t steps)
{
    cell *ring = ring_new(heap, 4);
    ring->last_word = save;
    (void)ouro_collect(heap, 2);
    ouro_decref(ring);
    begin(heap);
    while (saved == NULL) (void)step(heap, 1);
    for (size_t i = 0; i < steps && !is_idle(heap); i++) (void)step(heap, 1);
    bool over = is_idle(heap);
    ouro_decref(ouro_move(saved));
    size_t found = step_to_the_end(heap, 1);
    found += step(heap, 0);
    assert_int_equal(found, 4);
    return over;
}

static void test_what_was_saved_for_a_while_is_found(void **state)
{
    for (size_t steps = 0; !save_for_a_while(*state, steps); steps++) {
    }
}

/* ---- vectors that are cut ---- */

enum { ITEMS = 60 };

/* A vector with items that it alone holds, and what must be in it. */
struct cut {
    list *owner;
    long mirror[2 * ITEMS];
    size_t length;
    long next; /* number */
    void *nowhere;
};

static void cut_new(struct cut *cut, ouro_heap *heap)
{
    *cut = (struct cut){.owner = list_new(heap)};
    for (; cut->length < ITEMS; cut->length++) {
        cut->mirror[cut->length] = cut->next;
        append_cell(cut->owner, cut->next++);
    }
    (void)ouro_collect(heap, 2);
}

static void assert_items_are_whole(const struct cut *cut)
{
    const ouro_vector *vector = &cut->owner->items;
    assert_int_equal(vector->length, cut->length);
    for (size_t i = 0; i < vector->length; i++) {
        const cell *item = vector->items[i];
        assert_true(ouro_is_object(ouro_heap_of(cut->owner), item));
        assert_int_equal(item->number, cut->mirror[i]);
        assert_int_equal(ouro_refcount(item), 1);
    }
}

static void shift_mirror(struct cut *cut, size_t position, int by)
{
    size_t from = position + (by < 0);
    memmove(cut->mirror + (by < 0 ? position : position + 1), cut->mirror + from,
            (cut->length - from) * sizeof cut->mirror[0]);
    cut->length += (size_t)by;
}

static void insert_at(struct cut *cut, size_t position)
{
    ouro_auto cell *item = cell_new(ouro_heap_of(cut->owner));
    item->number = cut->next;
    shift_mirror(cut, position, 1);
    cut->mirror[position] = cut->next++;
    assert_int_equal(ouro_vector_insert(cut->owner, &cut->owner->items, position, item), OURO_OK);
}

static void remove_at(struct cut *cut, size_t position)
{
    if (position >= cut->length) return;
    shift_mirror(cut, position, -1);
    assert_int_equal(ouro_vector_remove(cut->owner, &cut->owner->items, position), OURO_OK);
}

/* The last item goes to where the position is. */
static void pop_to(struct cut *cut, size_t position)
{
    ouro_auto cell *item = ouro_vector_pop(cut->owner, &cut->owner->items);
    cut->length--;
    if (position > cut->length) position = cut->length;
    shift_mirror(cut, position, 1);
    cut->mirror[position] = item->number;
    assert_int_equal(ouro_vector_insert(cut->owner, &cut->owner->items, position, item), OURO_OK);
}

/* The item changes places with the last one. */
static void swap_with_last(struct cut *cut, size_t position)
{
    size_t last = cut->length - 1;
    if (position > last) return;
    ouro_swap(cut->owner, items.items[position], cut->owner, items.items[last]);
    long number = cut->mirror[position];
    cut->mirror[position] = cut->mirror[last];
    cut->mirror[last] = number;
}

/* The items before the position come behind those after it, by way of another vector. */
static void rotate(struct cut *cut, size_t position)
{
    ouro_auto list *aside = list_new(ouro_heap_of(cut->owner));
    while (cut->length > position) {
        ouro_auto cell *item = ouro_vector_pop(cut->owner, &cut->owner->items);
        list_append(aside, item);
        cut->length--;
    }
    while (aside->items.length > 0) {
        ouro_auto cell *item = ouro_vector_pop(aside, &aside->items);
        assert_int_equal(ouro_vector_insert(cut->owner, &cut->owner->items, 0, item), OURO_OK);
        shift_mirror(cut, 0, 1);
        cut->mirror[0] = item->number;
    }
}

static void clear_and_fill(struct cut *cut, size_t position)
{
    ouro_vector_clear(cut->owner, &cut->owner->items);
    for (cut->length = 0; cut->length <= position; cut->length++) {
        cut->mirror[cut->length] = cut->next;
        append_cell(cut->owner, cut->next++);
    }
}

static void give_more_room(struct cut *cut, size_t position)
{
    (void)position;
    assert_int_equal(
        ouro_vector_reserve(cut->owner, &cut->owner->items, 2 * cut->owner->items.capacity),
        OURO_OK);
}

static void (*const changes[])(struct cut *cut, size_t position) = {
    insert_at, remove_at, pop_to, swap_with_last, rotate, clear_and_fill, give_more_room,
};

/* How many items were followed where the cycle stands in the vector, or 0. */
static size_t place_of_cut(const ouro_heap *heap, const list *owner)
{
    const struct ouro__half *half = &ouro__heap_pools(heap)->marks.lanes[OURO__WHOLE].half;
    return half->owner == owner ? half->done : 0;
}

/* Steps to a phase in which the vector is cut; false when that is never. */
static bool reach_cut(ouro_heap *heap, const list *owner, const char *phase)
{
    if (!reach(heap, phase)) return false;
    for (; strcmp(phase_of(heap), phase) == 0; (void)step(heap, 7))
        if (place_of_cut(heap, owner) > ITEMS / 3) return true;
    return false;
}

/* Changes a vector that is cut in the phase, at a distance from the cut.  False when it never is. */
static bool change_cut(ouro_heap *heap, const char *phase, size_t change, int distance)
{
    struct cut cut;
    cut_new(&cut, heap);
    assert_int_equal(ouro_root(heap, &cut.nowhere), OURO_OK);
    if (strncmp(phase, "decide", 6) == 0 || strcmp(phase, "count") == 0)
        assert_int_equal(ouro_unroot(heap, &cut.nowhere), OURO_OK);
    touch(cut.owner->items.items[0]);
    begin(heap);
    bool is_cut = reach_cut(heap, cut.owner, phase);
    size_t done = place_of_cut(heap, cut.owner);
    changes[change](&cut, (size_t)((long)done + distance));
    (void)step(heap, 3);
    changes[change](&cut, 0);
    test_heap_verify(heap);
    (void)step_to_the_end(heap, 5);
    assert_items_are_whole(&cut);
    (void)ouro_unroot(heap, &cut.nowhere);
    ouro_decref(cut.owner);
    assert_int_equal(test_heap_objects(heap), 0);
    return is_cut;
}

static void change_cut_everywhere(ouro_heap *heap, const char *phase)
{
    for (size_t change = 0; change < COUNT_OF(changes); change++)
        for (int distance = -2; distance <= 2; distance++)
            if (!change_cut(heap, phase, change, distance))
                fail_msg("the vector is not cut in %s", phase);
}

static void test_a_vector_changes_while_its_references_are_counted(void **state)
{
    change_cut_everywhere(*state, "count");
}

static void test_a_vector_changes_while_it_is_proven_live(void **state)
{
    change_cut_everywhere(*state, "decide: follow");
}

static void test_a_vector_changes_while_it_is_scanned(void **state)
{
    change_cut_everywhere(*state, "scan");
}

static void test_a_vector_changes_while_it_is_rescued(void **state)
{
    change_cut_everywhere(*state, "check: follow");
}

/* The owner of a vector that is cut dies by count. */
static void test_the_owner_of_a_cut_vector_dies(void **state)
{
    static const char *const phases[] = {"count", "decide: follow", "scan", "check: follow"};
    for (size_t i = 0; i < COUNT_OF(phases); i++) {
        struct cut cut;
        cut_new(&cut, *state);
        if (i >= 2) assert_int_equal(ouro_root(*state, &cut.nowhere), OURO_OK);
        touch(cut.owner->items.items[0]);
        begin(*state);
        assert_true(reach_cut(*state, cut.owner, phases[i]));
        ouro_decref(cut.owner);
        list *next = list_new(*state); /* in the same place */
        for (long j = 0; j < ITEMS; j++) append_cell(next, j);
        (void)step_to_the_end(*state, 3);
        assert_int_equal(test_heap_objects(*state), ITEMS + 1);
        ouro_decref(next);
        (void)ouro_unroot(*state, &cut.nowhere);
    }
}

/* ---- passes and deaths between steps ---- */

static void test_young_passes_run_between_all_steps(void **state)
{
    struct scene scene = scene_new(*state);
    list *young = list_new(*state);
    scene_lose(&scene);
    begin(*state);
    for (long i = 0; !is_idle(*state); i++) {
        cell *held = append_cell(young, i);
        cell_lose(*state, i % 3 == 0 ? speak : NULL);
        ouro_set(held, left, scene.living);
        assert_int_equal(ouro_collect(*state, i % 5 == 4), 1);
        test_heap_verify(*state);
        (void)step(*state, 8);
    }
    for (size_t i = 0; i < young->items.length; i++)
        assert_int_equal(((cell *)young->items.items[i])->number, i);
    ouro_decref(young);
    last_words = 1;
    scene_end(&scene);
}

/* Each step, some of the cells die and others are born in their places. */
static void die_and_be_born(ouro_heap *heap, void *roots)
{
    enum { HELD = 400, TURN = 7 };
    static cell *held[HELD];
    void *nowhere = NULL;
    if (roots != NULL) assert_int_equal(ouro_root(heap, &nowhere), OURO_OK);
    for (size_t i = 0; i < HELD; i++) held[i] = cell_new(heap);
    for (size_t i = 0; i < HELD; i++) ouro_set(held[i], right, held[(i * 7 + 1) % HELD]);
    (void)ouro_collect(heap, 2);
    touch(held[0]);
    begin(heap);
    for (size_t turn = 0; !is_idle(heap); turn++) {
        for (size_t i = 0; i < TURN; i++) {
            size_t at = (turn * 31 + i * 57) % HELD;
            for (size_t j = 0; j < HELD; j++)
                if (held[j]->right == held[at]) ouro_clear(held[j], right);
            ouro_decref(held[at]); /* the last reference */
            held[at] = cell_new(heap);
            held[at]->number = (long)at;
            ouro_set(held[at], right, held[(at * 5 + turn) % HELD]);
        }
        test_heap_verify(heap);
        (void)step(heap, 13);
    }
    for (size_t i = 0; i < HELD; i++)
        if (held[i]->number != 0) assert_int_equal(held[i]->number, i);
    for (size_t i = 0; i < HELD; i++) ouro_clear(held[i], right);
    for (size_t i = 0; i < HELD; i++) ouro_decref(held[i]);
    if (roots != NULL) assert_int_equal(ouro_unroot(heap, &nowhere), OURO_OK);
    assert_int_equal(test_heap_objects(heap), 0);
}

static void test_objects_die_and_are_born_in_every_phase(void **state)
{
    die_and_be_born(*state, NULL);
}

static void test_suspects_die_and_are_born_in_every_phase(void **state)
{
    die_and_be_born(*state, *state);
}

static void collect_all(cell *self)
{
    (void)ouro_collect(ouro_heap_of(self), 2);
}

static void step_without_bound(cell *self)
{
    (void)ouro_step(ouro_heap_of(self), (ouro_budget){0});
}

static void freeze_all(cell *self)
{
    ouro_freeze(ouro_heap_of(self));
    ouro_unfreeze(ouro_heap_of(self));
}

static void (*const interruptions[])(cell *self) = {collect_all, step_without_bound, freeze_all};

/* owner -> speaker; owner -> heir -> child.  The owner dies after so many steps; while the speaker has its last
 * word, the heir has still to be dropped. */
static bool interrupt_death(ouro_heap *heap, void (*interruption)(cell *self), size_t steps)
{
    cell *owner = cell_new(heap), *speaker = cell_new(heap);
    list *heir = list_new(heap);
    ouro_auto list *child = list_new(heap);
    ouro_put(owner, left, speaker);
    ouro_put(owner, right, heir);
    list_append(heir, child);
    ouro_decref(ouro_move(child));
    speaker->last_word = interruption;
    (void)ouro_collect(heap, 2);
    touch(owner);
    begin(heap);
    for (size_t i = 0; i < steps && !is_idle(heap); i++) (void)step(heap, 1);
    bool over = is_idle(heap);
    cell_released = 0;
    ouro_decref(owner);
    test_heap_verify(heap);
    (void)step_to_the_end(heap, 1);
    assert_int_equal(cell_released, 4);
    assert_int_equal(test_heap_objects(heap), 0);
    return over;
}

static void test_a_death_is_interrupted_in_every_phase(void **state)
{
    for (size_t i = 0; i < COUNT_OF(interruptions); i++)
        for (size_t steps = 0; !interrupt_death(*state, interruptions[i], steps); steps++) {
        }
}

static void test_a_death_of_suspects_is_interrupted_in_every_phase(void **state)
{
    void *nowhere = NULL;
    assert_int_equal(ouro_root(*state, &nowhere), OURO_OK);
    test_a_death_is_interrupted_in_every_phase(state);
    assert_int_equal(ouro_unroot(*state, &nowhere), OURO_OK);
}

/* Pools that hold nothing any more while they are in the set, and memory that goes back. */
static void test_pools_are_emptied_and_trimmed_in_every_phase(void **state)
{
    enum { BATCH = 3000, BATCHES = 24 };
    list *batches = list_new(*state);
    for (size_t i = 0; i < BATCHES; i++) {
        ouro_auto list *batch = list_new(*state);
        for (long j = 0; j < BATCH; j++) append_cell(batch, j);
        list_append(batches, batch);
    }
    struct scene scene = scene_new(*state);
    scene_lose(&scene);
    begin(*state);
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        for (int j = 0; j < 3; j++) {
            if (!is_idle(*state)) (void)step(*state, i == 0 || i == 2 ? 20000 : 3);
            test_heap_verify(*state);
            (void)ouro_trim(*state);
        }
        if (batches->items.length > 0)
            assert_int_equal(
                ouro_vector_remove(batches, &batches->items, i % 2 * (batches->items.length - 1)),
                OURO_OK);
        (void)ouro_trim(*state);
        test_heap_verify(*state);
        if (!reach(*state, cycle_phases[i]) && is_idle(*state)) break;
    }
    (void)step_to_the_end(*state, 1000);
    ouro_decref(batches);
    scene_end(&scene);
}

/* ---- marks of large objects ---- */

static void assert_no_mark_is_left(ouro_heap *heap)
{
    assert_true(is_idle(heap));
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2); /* a mark that is left would be a wrong count */
    test_heap_verify(heap);
}

/* A cycle is abandoned after so many steps; true when it was past the counting of references. */
static bool abandon(ouro_heap *heap, list *all, size_t steps)
{
    touch((cell *)(void *)all);
    begin(heap);
    for (size_t i = 0; i < steps; i++) (void)step(heap, 30);
    bool counted = strcmp(phase_of(heap), "count") != 0;
    ouro_freeze(heap);
    ouro_unfreeze(heap);
    assert_no_mark_is_left(heap);
    return counted;
}

static void test_abandoned_counts_of_large_objects_are_forgotten(void **state)
{
    list *all = list_new(*state);
    ouro_auto row *large = row_new(*state, 9000);
    for (int i = 0; i < 300; i++) list_append(all, large);
    (void)ouro_collect(*state, 2);
    for (size_t steps = 0; !abandon(*state, all, steps); steps++) {
    }
    ouro_decref(all);
}

/* A large object is made after so many steps, and referred to from what is counted later. */
static bool make_large(ouro_heap *heap, row *owner, size_t steps)
{
    touch((cell *)(void *)owner);
    begin(heap);
    for (size_t i = 0; i < steps; i++) (void)step(heap, 1000);
    bool counted = strcmp(phase_of(heap), "count") != 0;
    ouro_auto row *newborn = row_new(heap, 9000);
    for (size_t i = 0; i < 300; i++) ouro_set(owner, items[8000 + i], newborn);
    (void)step_to_the_end(heap, 1000);
    assert_no_mark_is_left(heap);
    return counted;
}

static void test_counts_of_large_newborns_are_forgotten(void **state)
{
    row *owner = row_new(*state, 9000);
    (void)ouro_collect(*state, 2);
    for (size_t steps = 0; !make_large(*state, owner, steps); steps++) {
    }
    ouro_decref(owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_phases_are_met_in_order),
        HEAP_TEST(test_the_program_may_run_in_every_phase),
        HEAP_TEST(test_live_objects_survive_nothing),
        HEAP_TEST(test_live_objects_survive_count_up_and_down),
        HEAP_TEST(test_live_objects_survive_get_from_weak_reference),
        HEAP_TEST(test_live_objects_survive_set_elsewhere),
        HEAP_TEST(test_live_objects_survive_take_and_put),
        HEAP_TEST(test_live_objects_survive_swap),
        HEAP_TEST(test_live_objects_survive_hold_in_between),
        HEAP_TEST(test_live_objects_survive_hold_by_a_newborn),
        HEAP_TEST(test_live_objects_survive_survive_a_young_pass),
        HEAP_TEST(test_live_objects_survive_outlive_the_owner),
        HEAP_TEST(test_weak_references_answer_the_living_or_nothing),
        HEAP_TEST(test_garbage_that_was_glanced_at_is_found_by_the_next_cycle),
        HEAP_TEST(test_garbage_made_during_a_cycle_is_found_by_the_next),
        HEAP_TEST(test_garbage_made_of_suspects_is_found_by_the_next_cycle),
        HEAP_TEST(test_a_step_begins_a_cycle_only_if_an_old_object_was_touched),
        HEAP_TEST(test_a_step_begins_a_cycle_after_unfreezing),
        HEAP_TEST(test_a_step_does_about_so_many_units),
        HEAP_TEST(test_a_step_takes_about_so_many_microseconds),
        HEAP_TEST(test_a_step_without_bound_is_a_whole_cycle),
        HEAP_TEST(test_a_step_inside_a_step_is_refused),
        HEAP_TEST(test_no_step_is_made_inside_a_death),
        HEAP_TEST(test_a_stepped_cycle_is_told_once),
        HEAP_TEST(test_progress_tells_how_far_the_cycle_is),
        cmocka_unit_test(test_allocation_pays_for_the_cycle),
        HEAP_TEST(test_collecting_ends_a_cycle_in_any_phase),
        HEAP_TEST(test_freezing_ends_a_cycle_in_any_phase),
        cmocka_unit_test(test_closing_ends_a_cycle_in_any_phase),
        cmocka_unit_test(test_a_reached_limit_ends_a_cycle_in_any_phase),
        HEAP_TEST(test_garbage_of_every_kind_is_gone_when_the_cycle_ends),
        HEAP_TEST(test_garbage_of_every_kind_lets_go_of_the_living),
        HEAP_TEST(test_a_finalizer_saves_its_ring),
        HEAP_TEST(test_what_was_saved_for_a_while_is_found),
        HEAP_TEST(test_a_vector_changes_while_its_references_are_counted),
        HEAP_TEST(test_a_vector_changes_while_it_is_proven_live),
        HEAP_TEST(test_a_vector_changes_while_it_is_scanned),
        HEAP_TEST(test_a_vector_changes_while_it_is_rescued),
        HEAP_TEST(test_the_owner_of_a_cut_vector_dies),
        HEAP_TEST(test_young_passes_run_between_all_steps),
        HEAP_TEST(test_objects_die_and_are_born_in_every_phase),
        HEAP_TEST(test_suspects_die_and_are_born_in_every_phase),
        HEAP_TEST(test_a_death_is_interrupted_in_every_phase),
        HEAP_TEST(test_a_death_of_suspects_is_interrupted_in_every_phase),
        HEAP_TEST(test_pools_are_emptied_and_trimmed_in_every_phase),
        HEAP_TEST(test_abandoned_counts_of_large_objects_are_forgotten),
        HEAP_TEST(test_counts_of_large_newborns_are_forgotten),
    };
    return cmocka_run_group_tests_name("step", tests, NULL, NULL);
}
