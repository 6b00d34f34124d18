/* SPDX-License-Identifier: MIT */
/*
 * step_death_test.c -- passes, births and deaths between the steps of a whole cycle
 */
#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"

static void test_young_passes_run_between_all_steps(void **state)
{
    struct garbage_case scene = garbage_case_new(*state);
    list *young = list_new(*state);
    garbage_case_lose(&scene);
    cycle_begin(*state);
    for (long i = 0; !cycle_is_idle(*state); i++) {
        cell *held = list_append_cell(young, i);
        cell_lose(*state, i % 3 == 0 ? garbage_case_speak : NULL);
        ouro_set(held, left, scene.living);
        assert_int_equal(ouro_collect(*state, i % 5 == 4), 1);
        test_heap_verify(*state);
        (void)cycle_step(*state, 8);
    }
    for (size_t i = 0; i < young->items.length; i++)
        assert_int_equal(((cell *)young->items.items[i])->number, i);
    ouro_decref(young);
    garbage_case_words = 1;
    garbage_case_end(&scene);
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
    cycle_touch(held[0]);
    cycle_begin(heap);
    for (size_t turn = 0; !cycle_is_idle(heap); turn++) {
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
        (void)cycle_step(heap, 13);
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
    cycle_touch(owner);
    cycle_begin(heap);
    for (size_t i = 0; i < steps && !cycle_is_idle(heap); i++) (void)cycle_step(heap, 1);
    bool over = cycle_is_idle(heap);
    cell_released = 0;
    ouro_decref(owner);
    test_heap_verify(heap);
    (void)cycle_step_to_the_end(heap, 1);
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
        for (long j = 0; j < BATCH; j++) list_append_cell(batch, j);
        list_append(batches, batch);
    }
    struct garbage_case scene = garbage_case_new(*state);
    garbage_case_lose(&scene);
    cycle_begin(*state);
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        for (int j = 0; j < 3; j++) {
            if (!cycle_is_idle(*state)) (void)cycle_step(*state, i == 0 || i == 2 ? 20000 : 3);
            test_heap_verify(*state);
            (void)ouro_trim(*state);
        }
        if (batches->items.length > 0)
            assert_int_equal(
                ouro_vector_remove(batches, &batches->items, i % 2 * (batches->items.length - 1)),
                OURO_OK);
        (void)ouro_trim(*state);
        test_heap_verify(*state);
        if (!cycle_reach(*state, cycle_phases[i]) && cycle_is_idle(*state)) break;
    }
    (void)cycle_step_to_the_end(*state, 1000);
    ouro_decref(batches);
    garbage_case_end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_young_passes_run_between_all_steps),
        HEAP_TEST(test_objects_die_and_are_born_in_every_phase),
        HEAP_TEST(test_suspects_die_and_are_born_in_every_phase),
        HEAP_TEST(test_a_death_is_interrupted_in_every_phase),
        HEAP_TEST(test_a_death_of_suspects_is_interrupted_in_every_phase),
        HEAP_TEST(test_pools_are_emptied_and_trimmed_in_every_phase),
    };
    return cmocka_run_group_tests_name("step death", tests, NULL, NULL);
}
