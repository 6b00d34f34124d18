/* SPDX-License-Identifier: MIT */
/*
 * step_moment_test.c -- what the program does at every moment of a whole cycle
 *
 * Each story is told once for each step of a cycle: the program does something to an object or makes
 * garbage, and the end must be right.
 */
#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"

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
    struct story story = {heap, cell_ring(heap, 2), cell_ring(heap, 2), cell_ring(heap, 2), NULL,
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
    cycle_touch(story.holder);
    cycle_begin(heap);
    for (size_t i = 0; i < steps && !cycle_is_idle(heap); i++) (void)cycle_step(heap, 1);
    bool over = cycle_is_idle(heap);
    happen(&story);
    test_heap_verify(heap);
    assert_int_equal(cycle_step_to_the_end(heap, 1), 0);
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
    for (int i = 0; i < 12; i++) (void)cycle_step(story->heap, 1);
    ouro_put(story->other, right, target);
}

static void hold_by_a_newborn(struct story *story)
{
    cell *newborn = cell_new(story->heap);
    ouro_put(newborn, left, ouro_take(story->holder, right));
    for (int i = 0; i < 12; i++) (void)cycle_step(story->heap, 1);
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
    cycle_begin(heap);
    for (size_t i = 0; i < steps && !cycle_is_idle(heap); i++) (void)cycle_step(heap, 1);
    bool over = cycle_is_idle(heap);
    cell *target = ouro_weakref_get(story.seen);
    size_t found = cycle_step_to_the_end(heap, 1);
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
    cycle_begin(story.heap);
    for (size_t i = 0; i < steps && !cycle_is_idle(story.heap); i++)
        (void)cycle_step(story.heap, 1);
    bool over = cycle_is_idle(story.heap);
    happen(&story);
    test_heap_verify(story.heap);
    (void)cycle_step_to_the_end(story.heap, 1);
    (void)ouro_collect(story.heap, 1);
    (void)cycle_step(story.heap, 0);
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
    cycle_touch(story.holder);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests_name("step moment", tests, NULL, NULL);
}
