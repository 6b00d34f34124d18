/* SPDX-License-Identifier: MIT */
/*
 * revived_weakref_test.c -- a weak reference in garbage that a finalizer brings back
 *
 *     keeper --> weak reference with callback ....> target, which the program holds
 *
 * The keeper is garbage; its finalizer gives the weak reference to the program.  The target
 * dies by its count at every moment of the collection.  [weak.postponed]
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

static struct {
    cell *target;
    ouro_weakref *saved;
    size_t calls;
    bool saves;
    bool target_goes; /* in the finalizer */
    bool is_met;      /* the weak reference, by its callback */
} seen;

static int meet(void *object, void *argument)
{
    seen.is_met |= object == argument;
    return 0;
}

static void hear(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_null(ouro_weakref_get(self));
    ouro_each_object(ouro_heap_of(self), meet, self);
    seen.calls++;
}

static void let_target_go(void)
{
    if (seen.target == NULL) return;
    cell *target = seen.target;
    seen.target = NULL;
    ouro_decref(target);
}

static void save_weakref(cell *self)
{
    if (seen.saves) seen.saved = ouro_newref((ouro_weakref *)self->right);
    if (seen.target_goes) let_target_go();
}

/* The scene above; the keeper is lost. */
static void scene_new(ouro_heap *heap, bool saves)
{
    memset(&seen, 0, sizeof seen);
    seen.saves = saves;
    seen.target = cell_new(heap);
    cell *keeper = cell_new(heap);
    keeper->last_word = save_weakref;
    ouro_set(keeper, left, keeper);
    ouro_put(keeper, right, ouro_weakref_new_callback(seen.target, hear, NULL));
    (void)ouro_collect(heap, 2);
    ouro_decref(keeper);
}

static void scene_end(ouro_heap *heap)
{
    let_target_go();
    ouro_xdecref(seen.saved);
    (void)ouro_collect(heap, 2);
    assert_int_equal(test_heap_objects(heap), 0);
}

static void test_target_dies_in_the_finalizer(void **state)
{
    scene_new(*state, true);
    seen.target_goes = true;
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    assert_non_null(seen.saved);
    scene_end(*state);
}

/* As CPython 3.15, which clears weak references in trash only after the finalizers. */
static void test_called_without_being_saved(void **state)
{
    scene_new(*state, false);
    seen.target_goes = true;
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    scene_end(*state);
}

static void let_target_go_in_callback(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    let_target_go();
}

/* The callback of an outsider ends the target while the weak reference is condemned: its own callback comes
 * before the finalizers, and nobody meets it: it may come back, and has not. */
static void test_target_dies_in_a_callback(void **state)
{
    for (int saves = 0; saves < 2; saves++) {
        scene_new(*state, saves);
        cell *other = cell_new(*state);
        ouro_set(other, left, other);
        ouro_weakref *outside = ouro_weakref_new_callback(other, let_target_go_in_callback, NULL);
        ouro_decref(other);
        (void)ouro_collect(*state, 2);
        assert_null(seen.target);
        assert_int_equal(seen.saved != NULL, saves);
        assert_int_equal(seen.calls, 1);
        assert_false(seen.is_met);
        ouro_decref(outside);
        scene_end(*state);
    }
}

/* Garbage holds a weak reference to a target that a callback lets go; returns that callback's.  Owned. */
static ouro_weakref *lose_keeper(ouro_heap *heap)
{
    memset(&seen, 0, sizeof seen);
    list *keeper = list_new(heap);
    seen.target = cell_new(heap);
    ouro_weakref *inside = ouro_weakref_new_callback(seen.target, hear, NULL);
    list_append(keeper, keeper);
    list_append(keeper, inside);
    ouro_decref(inside);
    ouro_weakref *outside = ouro_weakref_new_callback(keeper, let_target_go_in_callback, NULL);
    ouro_decref(keeper);
    return outside;
}

/* Without a finalizer nobody can bring it back, and it stays silent. */
static void test_nobody_brings_it_back(void **state)
{
    ouro_weakref *outside = lose_keeper(*state);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_null(seen.target);
    assert_int_equal(seen.calls, 0);
    ouro_decref(outside);
    scene_end(*state);
}

static void say_nothing(cell *self)
{
    (void)self;
}

/* Neither can the finalizer of other garbage. */
static void test_other_garbage_brings_nobody_back(void **state)
{
    ouro_weakref *outside = lose_keeper(*state);
    cell_lose(*state, say_nothing);
    assert_int_equal(ouro_collect(*state, 2), 3);
    assert_null(seen.target);
    assert_int_equal(seen.calls, 0);
    ouro_decref(outside);
    scene_end(*state);
}

typedef struct trio {
    void *first, *second, *third;
} trio;
static ouro_type trio_type;
static const ouro_field trio_fields[] = {OURO_REF(trio, first, NULL), OURO_REF(trio, second, NULL),
                                         OURO_REF(trio, third, NULL), OURO_END};
static ouro_type trio_type = OURO_TYPE(trio, .fields = trio_fields);

/* What is no weak reference is not taken for one that waits to be called, though it refers to itself as such do. */
static void test_what_refers_to_itself_is_brought_back(void **state)
{
    trio *back = ouro_new(*state, trio);
    cell *keeper = cell_new(*state);
    assert_non_null(back);
    ouro_set(back, second, keeper);
    ouro_set(back, third, back);
    ouro_put(keeper, left, back);
    keeper->last_word = say_nothing;
    ouro_decref(keeper);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

static int take_weakref(void *object, void *argument)
{
    ouro_weakref **taken = argument;
    if (ouro_type_of(object) == &ouro_weakref_callback_type) *taken = ouro_newref(object);
    return 0;
}

/* ... also when SAVEALL keeps it and the program finds it there. */
static void test_what_is_saved_stays_silent(void **state)
{
    ouro_auto ouro_weakref *inside = NULL;
    ouro_weakref *outside = lose_keeper(*state);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_null(seen.target);
    ouro_garbage_each(*state, take_weakref, &inside);
    assert_non_null(inside);
    ouro_set_debug(*state, 0);
    ouro_garbage_clear(*state);
    (void)ouro_collect(*state, 2);

    cell *revived = cell_new(*state);
    revived->last_word = save_weakref;
    seen.saves = true;
    ouro_set(revived, left, revived);
    ouro_put(revived, right, ouro_move(inside));
    ouro_decref(revived);
    (void)ouro_collect(*state, 2);
    assert_non_null(seen.saved);
    assert_int_equal(seen.calls, 0);
    ouro_decref(outside);
    scene_end(*state);
}

/* Ends the target after so many steps of one unit; false when the cycle was over by then. */
static bool die_after(ouro_heap *heap, size_t steps, bool young)
{
    ouro_progress progress;
    scene_new(heap, true);
    for (size_t i = 0; i < steps; i++) {
        (void)ouro_step(heap, (ouro_budget){.units = 1});
        ouro_get_progress(heap, &progress);
        if (strcmp(progress.phase, "idle") == 0) break;
    }
    if (young) (void)ouro_collect(heap, 0);
    let_target_go();
    ouro_get_progress(heap, &progress);
    bool waits = strcmp(progress.phase, "muffle weak references") == 0 ||
                 strncmp(progress.phase, "revive", strlen("revive")) == 0;
    if (waits && seen.calls > 0) fail_msg("step %zu: called in \"%s\"", steps, progress.phase);
    bool over = strcmp(progress.phase, "idle") == 0;
    (void)ouro_collect(heap, 2);
    if (seen.saved == NULL) fail_msg("step %zu: the finalizer did not run", steps);
    if (seen.calls != 1) fail_msg("step %zu: %zu calls", steps, seen.calls);
    test_heap_verify(heap);
    scene_end(heap);
    return !over;
}

static void test_target_dies_at_every_step(void **state)
{
    size_t steps = 1;
    while (die_after(*state, steps, false) && die_after(*state, steps, true)) steps++;
    assert_true(steps > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_target_dies_in_the_finalizer),
        HEAP_TEST(test_called_without_being_saved),
        HEAP_TEST(test_target_dies_in_a_callback),
        HEAP_TEST(test_nobody_brings_it_back),
        HEAP_TEST(test_other_garbage_brings_nobody_back),
        HEAP_TEST(test_what_refers_to_itself_is_brought_back),
        HEAP_TEST(test_what_is_saved_stays_silent),
        HEAP_TEST(test_target_dies_at_every_step),
    };
    return cmocka_run_group_tests_name("revived weak references", tests, NULL, NULL);
}
