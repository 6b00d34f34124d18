/* SPDX-License-Identifier: MIT */
/*
 * step_mark_test.c -- the marks of large objects are forgotten after a whole cycle
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/plain.h"

#include <string.h>

static void assert_no_mark_is_left(ouro_heap *heap)
{
    assert_true(cycle_is_idle(heap));
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2); /* a mark that is left would be a wrong count */
    test_heap_verify(heap);
}

/* A cycle is abandoned after so many steps; true when it was past the counting of references. */
static bool abandon(ouro_heap *heap, list *all, size_t steps)
{
    cycle_touch((cell *)(void *)all);
    cycle_begin(heap);
    for (size_t i = 0; i < steps; i++) (void)cycle_step(heap, 30);
    bool counted = strcmp(cycle_phase(heap), "count") != 0;
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

/* Whom the cycle has suspected is as it was before, wherever it was abandoned: garbage is not taken for quiet. */
static void test_suspects_of_an_abandoned_cycle_are_none(void **state)
{
    enum { COUNT = 40 };
    static const char *const phases[] = {"scan", "check"};
    for (size_t phase = 0; phase < COUNT_OF(phases); phase++) {
        cell *lost[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            lost[i] = cell_new(*state);
            ouro_set(lost[i], left, lost[i]);
        }
        ouro__heap_pools(*state)->marks.touched_any = true;
        for (size_t i = 0; i < COUNT; i++) ouro_decref(lost[i]);
        assert_true(cycle_reach(*state, phases[phase]));
        size_t suspects = 0;
        for (size_t i = 0; i < COUNT; i++) suspects += ouro__is_suspect(lost[i], OURO__WHOLE);
        assert_int_equal(suspects, COUNT);
        ouro__heap_whole_stop(*state);
        assert_true(cycle_is_idle(*state));
        for (size_t i = 0; i < COUNT; i++) {
            assert_false(ouro__word_is_trapped(*ouro__word_of(lost[i])));
            assert_int_equal(*ouro__count_of(lost[i]), 0);
            assert_false(ouro__is_marked(lost[i], ouro__set_bits(OURO__WHOLE)));
        }
        test_heap_verify(*state);
        assert_int_equal(ouro_collect(*state, 0), COUNT);
    }
}

/* A large object is made after so many steps, and referred to from what is counted later. */
static bool make_large(ouro_heap *heap, row *owner, size_t steps)
{
    cycle_touch((cell *)(void *)owner);
    cycle_begin(heap);
    for (size_t i = 0; i < steps; i++) (void)cycle_step(heap, 1000);
    bool counted = strcmp(cycle_phase(heap), "count") != 0;
    ouro_auto row *newborn = row_new(heap, 9000);
    for (size_t i = 0; i < 300; i++) ouro_set(owner, items[8000 + i], newborn);
    (void)cycle_step_to_the_end(heap, 1000);
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
        HEAP_TEST(test_abandoned_counts_of_large_objects_are_forgotten),
        HEAP_TEST(test_suspects_of_an_abandoned_cycle_are_none),
        HEAP_TEST(test_counts_of_large_newborns_are_forgotten),
    };
    return cmocka_run_group_tests_name("step mark", tests, NULL, NULL);
}
