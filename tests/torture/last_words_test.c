/* SPDX-License-Identifier: MIT */
/*
 * last_words_test.c -- finalizers that do what they can, in every way to end
 *
 * Each deed of a finalizer (and of a weak callback) is done in each way an object may end.  Whatever
 * it does, each finalizer has run once, the heap is whole, and nothing is left in the end.  Then: a weak
 * reference is followed at every step of a cycle over its target, which must be whole or gone.
 */
#include <stdio.h>

#include "support/cell.h"
#include "support/heap.h"

static ouro_heap *heap;
static list *refuge; /* what deeds keep, or NULL: nothing is to be kept any more */
static size_t words_spoken;
static bool in_collection; /* the way to end runs inside a collection */

/* ---- deeds ---- */

static void resurrect(cell *self)
{
    if (refuge != NULL) list_append(refuge, self);
}

static void resurrect_partner(cell *self)
{
    if (refuge != NULL && self->right != NULL) list_append(refuge, self->right);
}

static void allocate(cell *self)
{
    for (int i = 0; i < 300; i++) {
        ouro_auto cell *made = cell_new(heap);
        ouro_auto list *beside = list_new(heap);
        ouro_set(made, left, made);
        list_append(beside, self);
    }
}

/* Inside a collection nothing is done, and the heap says so. */
static void collect(cell *self)
{
    (void)self;
    for (int generation = 0; generation < 3; generation++) {
        size_t found = ouro_collect(heap, generation);
        if (!in_collection) continue;
        assert_int_equal(found, 0);
        assert_int_equal(ouro_heap_error(heap)->status, OURO_BUSY);
    }
    assert_true(ouro_safepoint(heap) == 0 || !in_collection);
    (void)ouro_step(heap, (ouro_budget){.units = 100});
    (void)ouro_trim(heap);
    if (!in_collection) test_heap_verify(heap);
}

static void drop_own_cycle(cell *self)
{
    ouro_auto void *left = ouro_take(self, left);
    ouro_auto void *right = ouro_take(self, right);
    if (right != NULL && ouro_type_of(right) == &cell_type) {
        ouro_clear((cell *)right, left);
        ouro_clear((cell *)right, right);
    }
}

static void turn_the_cycle(cell *self)
{
    ouro_swap(self, left, self, right);
    if (self->left == NULL || ouro_type_of(self->left) != &cell_type) return;
    ouro_swap(self, right, (cell *)self->left, right);
}

static void watch_itself(cell *self)
{
    ouro_auto ouro_weakref *weakref = ouro_weakref_new(self);
    ouro_auto void *seen = ouro_weakref_get(weakref);
    assert_ptr_equal(seen, self);
    if (refuge != NULL) list_append(refuge, weakref); /* it will answer nothing */
}

static void count_word(ouro_weakref *self, void *argument)
{
    assert_null(ouro_weakref_get(self));
    (void)argument;
}

static void be_watched(cell *self)
{
    ouro_auto ouro_weakref *weakref = ouro_weakref_new_callback(self, count_word, self->right);
    if (refuge != NULL) list_append(refuge, weakref);
}

static void refuse_to_close(cell *self)
{
    (void)self;
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_BUSY);
}

static void freeze_all(cell *self)
{
    (void)self;
    ouro_freeze(heap);
    ouro_unfreeze(heap);
}

static void immortalize_nobody(cell *self)
{
    ouro_incref(self);
    ouro_decref(self);
}

static const struct deed {
    const char *name;
    void (*speak)(cell *self);
} deeds[] = {
#define DEED(function) {#function, function}
    DEED(resurrect),       DEED(resurrect_partner), DEED(allocate),           DEED(collect),
    DEED(drop_own_cycle),  DEED(turn_the_cycle),    DEED(watch_itself),       DEED(be_watched),
    DEED(refuse_to_close), DEED(freeze_all),        DEED(immortalize_nobody),
};
static const struct deed *deed_at_hand;

static void speak(cell *self)
{
    words_spoken++;
    deed_at_hand->speak(self);
}

/* ---- who speaks, and how they end ---- */

enum { PAIRS = 20, SPEAKERS = 2 * PAIRS };

/* Two cells that refer to each other, of which the caller holds one. */
static cell *pair_new(void)
{
    cell *one = cell_new(heap), *other = cell_new(heap);
    one->last_word = other->last_word = speak;
    ouro_set(one, right, other);
    ouro_set(other, right, one);
    ouro_decref(other);
    return one;
}

static void lose_pairs(void)
{
    for (int i = 0; i < PAIRS; i++) ouro_decref(pair_new());
}

static void end_by_count(void)
{
    for (int i = 0; i < SPEAKERS; i++) {
        cell *made = cell_new(heap);
        made->last_word = speak;
        ouro_decref(made);
    }
}

/* Each in the middle of the next one's death. */
static void end_in_a_chain(void)
{
    cell *chain = NULL;
    for (int i = 0; i < SPEAKERS; i++) {
        cell *made = cell_new(heap);
        made->last_word = speak;
        made->right = chain;
        chain = made;
    }
    ouro_decref(chain);
}

static void end_in_a_vector(void)
{
    list *owner = list_new(heap);
    for (int i = 0; i < SPEAKERS; i++) {
        ouro_auto cell *made = cell_new(heap);
        made->last_word = speak;
        list_append(owner, made);
    }
    ouro_decref(owner);
}

static void end_in_a_young_pass(void)
{
    lose_pairs();
    in_collection = true;
    (void)ouro_collect(heap, 0);
}

static void end_in_a_whole_cycle(void)
{
    lose_pairs();
    in_collection = true;
    (void)ouro_collect(heap, 2);
}

static void end_in_steps(void)
{
    lose_pairs();
    ouro_freeze(heap);
    ouro_unfreeze(heap);
    in_collection = true;
    ouro_progress progress;
    do {
        (void)ouro_step(heap, (ouro_budget){.units = 5});
        ouro_get_progress(heap, &progress);
    } while (progress.work_left > 0);
}

static void end_in_an_allocation(void)
{
    lose_pairs();
    in_collection = true;
    ouro_set_threshold(heap, (const size_t[3]){1, 1, 1});
    ouro_collector_enable(heap);
    for (int i = 0; words_spoken < SPEAKERS && i < 20000; i++) {
        ouro_auto cell *made = cell_new(heap);
        (void)ouro_safepoint(heap);
    }
    ouro_collector_disable(heap);
}

static const struct ending {
    const char *name;
    void (*end)(void);
} endings[] = {
#define ENDING(function) {#function, function}
    ENDING(end_by_count),         ENDING(end_in_a_chain),       ENDING(end_in_a_vector),
    ENDING(end_in_a_young_pass),  ENDING(end_in_a_whole_cycle), ENDING(end_in_steps),
    ENDING(end_in_an_allocation),
};

struct play {
    const struct deed *deed;
    const struct ending *ending;
    char name[80];
};

/* With a bound on deaths the same, piece by piece. */
static void act(const struct play *play, size_t death_bound)
{
    heap = test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = death_bound});
    refuge = list_new(heap);
    words_spoken = 0;
    in_collection = false;
    deed_at_hand = play->deed;
    play->ending->end();
    in_collection = false;
    test_heap_verify(heap);
    for (int i = 0; i < 4; i++) (void)ouro_collect(heap, 2);
    assert_in_range(words_spoken, 1,
                    SPEAKERS); /* what lives on may hold others that have not ended */
    test_heap_verify(heap);
    ouro_decref(ouro_move(refuge));
    for (int i = 0; i < 4; i++) (void)ouro_collect(heap, 2);
    assert_int_equal(words_spoken, SPEAKERS); /* once, also those that came back */
    assert_int_equal(test_heap_objects(heap), 0);
    test_heap_close_empty(heap);
}

static void is_survived(void **state)
{
    act(*state, 0);
    act(*state, 3);
}

/* At close they all speak at once. */
static void close_over_deeds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(deeds); i++) {
        heap = test_heap_quiet();
        refuge = NULL;
        words_spoken = 0;
        in_collection = false;
        deed_at_hand = &deeds[i];
        if (deeds[i].speak == collect) continue; /* in a close, in_collection is not known */
        lose_pairs();
        cell *held = pair_new();
        ouro_close_report report;
        assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
        assert_int_equal(words_spoken, SPEAKERS + 2);
        (void)held;
    }
}

/* ---- a weak reference against the death of its target ---- */

static bool target_spoke;

static void note(cell *self)
{
    assert_true(ouro_refcount(self) > 0);
    target_spoke = true;
}

/* Follows the weak reference once, after so many steps; true when the cycle was over before. */
static bool upgrade_after(size_t steps, bool speaks)
{
    heap = test_heap_quiet();
    cell *target = cell_new(heap);
    ouro_set(target, left, target);
    ouro_put(target, right, cell_new(heap));
    ouro_set((cell *)target->right, left, target);
    target->last_word = speaks ? note : NULL;
    ouro_weakref *weakref = ouro_weakref_new(target);
    ouro_freeze(heap);
    ouro_unfreeze(heap);
    target_spoke = false;
    ouro_decref(target);
    ouro_progress progress = {.work_left = 1};
    for (size_t i = 0; i < steps && progress.work_left > 0; i++) {
        (void)ouro_step(heap, (ouro_budget){.units = 1});
        ouro_get_progress(heap, &progress);
    }
    cell *seen = ouro_weakref_get(weakref);
    if (seen != NULL) { /* owned, whole, and stays so while the cycle ends */
        assert_ptr_equal(seen, target);
        while (progress.work_left > 0) {
            (void)ouro_step(heap, (ouro_budget){.units = 1});
            ouro_get_progress(heap, &progress);
        }
        assert_true(ouro_is_object(heap, seen));
        assert_ptr_equal(seen->left, seen);
        assert_ptr_equal(((cell *)seen->right)->left, seen);
        test_heap_verify(heap);
        ouro_decref(seen);
    }
    bool over = progress.work_left == 0 && seen == NULL;
    (void)ouro_collect(heap, 2);
    assert_null(ouro_weakref_get(weakref));
    assert_true(target_spoke == speaks);
    ouro_decref(weakref);
    test_heap_close_empty(heap);
    return over;
}

static void a_weak_reference_leads_to_a_whole_object_or_to_none(void **state)
{
    (void)state;
    for (int speaks = 0; speaks < 2; speaks++) {
        size_t steps = 0;
        while (!upgrade_after(steps, speaks)) {
            assert_true(steps < 10000);
            steps++;
        }
        assert_true(steps > 8); /* it was met in the middle */
    }
}

int main(void)
{
    static struct play plays[COUNT_OF(deeds) * COUNT_OF(endings)];
    struct CMUnitTest tests[COUNT_OF(plays) + 2] = {
        cmocka_unit_test(close_over_deeds),
        cmocka_unit_test(a_weak_reference_leads_to_a_whole_object_or_to_none),
    };
    for (size_t i = 0; i < COUNT_OF(plays); i++) {
        plays[i] =
            (struct play){&deeds[i / COUNT_OF(endings)], &endings[i % COUNT_OF(endings)], ""};
        snprintf(plays[i].name, sizeof plays[i].name, "%s, %s", plays[i].deed->name,
                 plays[i].ending->name);
        tests[i + 2] = (struct CMUnitTest){
            .name = plays[i].name, .test_func = is_survived, .initial_state = &plays[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
