/* SPDX-License-Identifier: MIT */
/*
 * gc_introspection_test.c -- CPython's test_gc, by name: who is there, who refers to whom, who is frozen
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"
#include "support/sought.h"

/* What finalizers and callbacks of the running test have done. */
static struct {
    ouro_heap *heap;
    unsigned calls;
    size_t answers;
} seen;

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    int result = test_setup_heap(state);
    seen.heap = *state;
    return result;
}

#define GC_TEST(function) cmocka_unit_test_setup_teardown(function, setup, test_teardown_heap)

static bool is_in_generation(ouro_heap *heap, int generation, const void *object)
{
    struct sought sought = {object, false};
    assert_int_equal(ouro_get_objects(heap, generation, seek, &sought), OURO_OK);
    return sought.found;
}

typedef struct tuple {
    size_t length;
    void *items[];
} tuple;
static const ouro_field tuple_fields[] = {OURO_ITEMS(tuple, items, NULL), OURO_END};
static ouro_type tuple_type = OURO_TYPE(tuple, .fields = tuple_fields, .item_size = sizeof(void *),
                                        .length_offset = offsetof(tuple, length));

struct met {
    void *objects[8];
    size_t count;
};

static int meet(void *object, void *argument)
{
    struct met *met = argument;
    if (met->count < COUNT_OF(met->objects)) met->objects[met->count] = object;
    met->count++;
    return 0;
}

static void test_get_referents(void **state)
{
    list *l = list_new(*state);
    atom *atoms[3];
    for (long i = 0; i < 3; i++) {
        atoms[i] = atom_new(*state, i);
        list_append(l, atoms[i]);
    }
    struct met met = {.count = 0};
    ouro_get_referents(l, meet, &met);
    assert_int_equal(met.count, 3);
    for (size_t i = 0; i < 3; i++) assert_ptr_equal(met.objects[i], atoms[i]);

    met.count = 0;
    ouro_get_referents(atoms[0], meet, &met);
    assert_int_equal(met.count, 0);
    for (size_t i = 0; i < 3; i++) ouro_decref(atoms[i]);
    ouro_decref(l);
}

static bool was_met(const struct met *met, const void *object)
{
    for (size_t i = 0; i < met->count; i++)
        if (met->objects[i] == object) return true;
    return false;
}

static void test_get_referrers(void **state)
{
    list *l = list_new(*state);
    cell *c = cell_new(*state), *stranger = cell_new(*state);
    atom *target = atom_new(*state, 1);
    struct met met = {.count = 0};
    ouro_get_referrers(target, meet, &met);
    assert_int_equal(met.count, 0);
    list_append(l, target);
    list_append(l, target);
    ouro_set(c, left, target);
    ouro_set(c, right, l);
    ouro_get_referrers(target, meet, &met);
    assert_int_equal(met.count, 2);
    assert_true(was_met(&met, l) && was_met(&met, c));
    ouro_decref(c);
    ouro_decref(stranger);
    ouro_decref(l);
    ouro_decref(target);
}

/* gc.get_referrers(*objects): each referrer of any is shown once. */
static void test_get_referrers_of_several(void **state)
{
    list *both = list_new(*state);
    cell *one = cell_new(*state), *none = cell_new(*state);
    void *targets[] = {atom_new(*state, 1), cell_new(*state)};
    for (size_t i = 0; i < 2; i++) list_append(both, targets[i]);
    ouro_set(one, right, targets[1]);
    ouro_set(none, left, one);
    struct met met = {.count = 0};
    ouro_get_referrers_of(targets, 2, meet, &met);
    assert_int_equal(met.count, 2);
    assert_true(was_met(&met, both) && was_met(&met, one));
    met.count = 0;
    ouro_get_referrers_of(targets, 1, meet, &met);
    assert_int_equal(met.count, 1);
    met.count = 0;
    ouro_get_referrers_of(targets, 0, meet, &met);
    assert_int_equal(met.count, 0);
    for (size_t i = 0; i < 2; i++) ouro_decref(targets[i]);
    ouro_decref(none);
    ouro_decref(one);
    ouro_decref(both);
}

static void test_is_tracked(void **state)
{
    atom *plain = atom_new(*state, 0);
    list *l = list_new(*state);
    cell *c = cell_new(*state);
    tuple *t = ouro_new_var(*state, tuple, 0);
    assert_false(ouro_is_tracked(plain));
    assert_true(ouro_is_tracked(l));
    assert_true(ouro_is_tracked(c));
    assert_true(ouro_is_tracked(t));
    ouro_decref(plain);
    ouro_decref(l);
    ouro_decref(c);
    ouro_decref(t);
}

static void test_freeze(void **state)
{
    list *l = list_new(*state);
    ouro_freeze(*state);
    assert_int_equal(ouro_freeze_count(*state), 1);
    ouro_unfreeze(*state);
    assert_int_equal(ouro_freeze_count(*state), 0);
    ouro_decref(l);
}

static void assert_only_in(ouro_heap *heap, int generation, const void *object)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(is_in_generation(heap, i, object), i == generation);
    assert_true(is_in_generation(heap, -1, object));
}

static void test_get_objects(void **state)
{
    list *l = list_new(*state);
    list_append(l, l);
    assert_only_in(*state, 0, l);
    (void)ouro_collect(*state, 0);
    assert_only_in(*state, 1, l);
    (void)ouro_collect(*state, 1);
    assert_only_in(*state, 2, l);
    (void)ouro_collect(*state, 2);
    assert_only_in(*state, 2, l);
    ouro_decref(l);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

static void test_get_objects_arguments(void **state)
{
    struct met met = {.count = 0};
    assert_int_equal(ouro_get_objects(*state, 1000, meet, &met), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_get_objects(*state, 3, meet, &met), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_get_objects(*state, -1000, meet, &met), OURO_BAD_ARGUMENT);
    assert_int_equal(met.count, 0);
}

static const void *dying;

/* Counts the ways in which inspection shows what is on its way out. */
static void look_for_dying(cell *self)
{
    struct sought sought = {dying, false};
    struct met referrers = {.count = 0};
    seen.calls++;
    assert_int_equal(ouro_get_objects(seen.heap, -1, seek, &sought), OURO_OK);
    ouro_each_object(seen.heap, seek, &sought);
    ouro_get_referrers(self, meet, &referrers);
    seen.answers += sought.found + referrers.count;
}

/* A finalizer of trash finds neither its object nor who refers to it. */
static void test_get_objects_during_gc(void **state)
{
    for (int generation = 0; generation < 3; generation++) {
        cell *lost = cell_new(*state);
        lost->last_word = look_for_dying;
        ouro_set(lost, left, lost);
        dying = lost;
        ouro_decref(lost);
        assert_int_equal(ouro_collect(*state, generation), 1);
        assert_int_equal(seen.calls, generation + 1);
        assert_int_equal(seen.answers, 0);
    }
}

static void look_and_come_back(cell *self)
{
    look_for_dying(self);
    ouro_incref(self);
}

/* What was brought back is shown again once the collection is over. */
static void test_get_objects_after_resurrection(void **state)
{
    cell *lost = cell_new(*state);
    lost->last_word = look_and_come_back;
    ouro_set(lost, left, lost);
    dying = lost;
    ouro_decref(lost);
    assert_int_equal(ouro_collect(*state, 2), 0);
    assert_int_equal(seen.answers, 0);
    assert_true(is_in_generation(*state, -1, lost));
    ouro_decref(lost);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

/* An object whose last reference is gone is hidden while its children die. */
static void test_get_objects_during_death(void **state)
{
    cell *parent = cell_new(*state), *child = cell_new(*state);
    child->last_word = look_for_dying;
    dying = parent;
    ouro_put(parent, left, child);
    ouro_decref(parent);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
}

/* References into frozen objects don't spoil the counts of those that hold
 * them. */
static void test_traverse_frozen_objects(void **state)
{
    cell *frozen = cell_new(*state);
    ouro_freeze(*state);
    cell *a = cell_new(*state), *b = cell_new(*state);
    ouro_set(a, left, frozen);
    ouro_set(b, left, frozen);
    ouro_set(frozen, left, frozen);
    ouro_set(a, right, b);
    ouro_put(b, right, ouro_newref(a));
    ouro_decref(b);
    ouro_decref(a);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(ouro_refcount(frozen), 2);
    ouro_decref(frozen);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_unfreeze(*state);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

static void test_heap_size(void **state)
{
    size_t before = test_heap_tracked(*state, -1);
    list *l = list_new(*state);
    assert_int_equal(test_heap_tracked(*state, -1), before + 1);
    ouro_decref(l);
    assert_int_equal(test_heap_tracked(*state, -1), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GC_TEST(test_get_referents),
        GC_TEST(test_get_referrers),
        GC_TEST(test_get_referrers_of_several),
        GC_TEST(test_is_tracked),
        GC_TEST(test_freeze),
        GC_TEST(test_get_objects),
        GC_TEST(test_get_objects_arguments),
        GC_TEST(test_get_objects_during_gc),
        GC_TEST(test_get_objects_after_resurrection),
        GC_TEST(test_get_objects_during_death),
        GC_TEST(test_traverse_frozen_objects),
        GC_TEST(test_heap_size),
    };
    return cmocka_run_group_tests_name("test_gc: introspection", tests, NULL, NULL);
}
