/* SPDX-License-Identifier: MIT */
/*
 * age_test.c -- what a collection writes down about the age of what lives
 *
 * An object that is not young says so; one that is old is quiet besides, so that its next touch is noted.  Blocks of
 * all sizes are looked at, since their bits are found by arithmetic on addresses.
 */
#include "heap/heap.h"

#include "support/bead.h"
#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/plain.h"

enum { SIZES = 60, EACH = 40, STEP = 3, LARGE = 50000 };

/* Rows of many lengths, and a large one, of which every third has died. */
static row *rows[SIZES * EACH + 1];

static void rows_new(ouro_heap *heap)
{
    for (size_t i = 0; i < SIZES * EACH; i++) rows[i] = row_new(heap, 2 + i / EACH * STEP);
    rows[SIZES * EACH] = row_new(heap, LARGE);
    for (size_t i = 0; i < SIZES * EACH; i += 3) ouro_decref(ouro_move(rows[i]));
}

static void rows_end(void)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) ouro_xdecref(ouro_move(rows[i]));
}

enum age { YOUNG, MIDDLE, OLD };

static void assert_age(const void *object, enum age age)
{
    uint64_t word = *ouro__word_of(object);
    assert_int_equal(ouro__generation_of(object), age);
    assert_int_equal((word & OURO__AGED) != 0, age != YOUNG);
    assert_int_equal((word & OURO__MIDDLE) != 0, age == MIDDLE);
    assert_int_equal(ouro__word_is_trapped(word), age == OLD);
}

static void assert_ages(ouro_heap *heap, enum age age)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i] != NULL) assert_age(rows[i], age);
    test_heap_verify(heap);
}

static void test_passes_make_the_young_middle_aged_and_old(void **state)
{
    const ouro_heap *heap = *state;
    rows_new(*state);
    assert_ages(*state, YOUNG);
    assert_true(ouro__heap_pools(*state)->marks.young_handed > SIZES * EACH);
    (void)ouro_collect(*state, 0);
    assert_int_equal(ouro__heap_pools(*state)->marks.young_handed, 0);
    assert_int_equal(heap->pass.middle_aged, test_heap_objects(*state));
    assert_ages(*state, MIDDLE);
    (void)ouro_collect(*state, 0);
    assert_int_equal(heap->pass.middle_aged, 0); /* nobody new */
    assert_ages(*state, MIDDLE);
    (void)ouro_collect(*state, 1);
    assert_int_equal(heap->pass.middle_aged, 0);
    assert_ages(*state, OLD);
    rows_end();
}

static void say_nothing(cell *self)
{
    (void)self;
}

/* Also where others of the same pass are garbage that has last words. */
static void test_who_lives_beside_last_words_grows_older(void **state)
{
    for (int generation = 0; generation < 3; generation++) {
        cell *ring = cell_ring(*state, 2);
        for (int i = 0; i < generation; i++) {
            cell_lose(*state, say_nothing);
            assert_int_equal(ouro_collect(*state, i), 1);
        }
        cell_lose(*state, say_nothing);
        assert_int_equal(ouro_collect(*state, generation), 1);
        assert_age(ring, generation == 0 ? MIDDLE : OLD);
        assert_age(ring->left, generation == 0 ? MIDDLE : OLD);
        assert_int_equal(((ouro_heap *)*state)->pass.middle_aged, generation == 0 ? 2 : 0);
        test_heap_verify(*state);
        ouro_decref(ring);
        assert_int_equal(ouro_collect(*state, 2), 2);
    }
}

static void test_a_whole_collection_makes_all_old(void **state)
{
    rows_new(*state);
    (void)ouro_collect(*state, 2);
    assert_ages(*state, OLD);
    rows_end();
    rows_new(*state);
    (void)ouro_collect(*state, 0);
    (void)ouro_collect(*state, 2); /* the middle-aged, too */
    assert_ages(*state, OLD);
    rows_end();
}

/* What is trapped by then stays so; a cycle in steps takes nobody's youth. */
static void test_a_cycle_in_steps_leaves_the_young_to_the_passes(void **state)
{
    cell *old = cell_ring(*state, 2);
    (void)ouro_collect(*state, 2);
    rows_new(*state);
    size_t handed = ouro__heap_pools(*state)->marks.young_handed;
    assert_true(handed > SIZES * EACH);
    cycle_touch(old);
    cycle_begin(*state);
    (void)cycle_step_to_the_end(*state, 5000);
    assert_int_equal(ouro__heap_pools(*state)->marks.young_handed, handed);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i] != NULL) assert_int_equal(ouro__generation_of(rows[i]), YOUNG);
    assert_age(old, OLD);
    rows_end();
    ouro_decref(old);
    (void)ouro_collect(*state, 2);
}

static void test_the_young_may_be_passed_over(void **state)
{
    ouro_heap *heap = *state;
    struct ouro__marks *marks = &ouro__heap_pools(heap)->marks;
    rows_new(heap);
    marks->touched_any = false;
    ouro__collector_skip_young(&heap->pass);
    assert_ages(heap, OLD);
    assert_true(marks->touched_any); /* garbage may be among them */
    assert_int_equal(marks->young_handed, 0);
    rows_end();
    rows_new(heap); /* in the same blocks, which are young again */
    assert_ages(heap, YOUNG);
    rows_end();
}

/* Whose references a whole cycle has counted stays young in a pass; the next ones take the young off the list. */
static void test_what_a_pass_leaves_young_is_looked_at_later(void **state)
{
    ouro_heap *heap = *state;
    cell *old = cell_ring(heap, 2);
    (void)ouro_collect(heap, 2);
    row *suspect = row_new(heap, LARGE); /* alone in its pool */
    ouro_auto ouro_weakref *weak = ouro_weakref_new(suspect);
    ouro_set(suspect, items[0], suspect);
    ouro_decref(suspect);
    cycle_touch(old);
    cycle_begin(heap);
    assert_true(cycle_reach(heap, "check"));
    assert_ptr_equal(ouro_weakref_get(weak), suspect); /* it lives */
    assert_int_equal(ouro_collect(heap, 0), 0);
    assert_true(ouro__pool_of(suspect)->young && ouro__is_young(suspect));
    assert_int_equal(cycle_step_to_the_end(heap, 100), 0);
    row *living = row_new(heap, LARGE);
    assert_true(ouro__pool_of(living)->young);
    (void)ouro_collect(heap, 0);
    assert_false(ouro__pool_of(living)->young);
    assert_age(living, MIDDLE);
    ouro_decref(living);
    ouro_decref(suspect);
    ouro_decref(old);
    (void)ouro_collect(heap, 2);
}

/* Nobody listens for touches of what never dies. */
static void test_what_never_dies_grows_old_without_a_trap(void **state)
{
    cell *immortal = cell_new(*state), *frozen = cell_new(*state);
    ouro_immortalize(immortal);
    ouro_freeze(*state);
    cell *fresh = cell_new(*state);
    ouro_immortalize(fresh);
    (void)ouro_collect(*state, 2);
    assert_true((*ouro__word_of(fresh) & OURO__AGED) != 0);
    assert_int_equal(ouro__generation_of(fresh), OLD);
    assert_false(ouro__word_is_trapped(*ouro__word_of(fresh)));
    assert_false(ouro__word_is_trapped(*ouro__word_of(immortal)));
    assert_false(ouro__word_is_trapped(*ouro__word_of(frozen)));
    ouro_unfreeze(*state);
    ouro_decref(frozen);
    *ouro__word_of(immortal) = (*ouro__word_of(immortal) & ~OURO__COUNT_BITS) + OURO__ONE;
    *ouro__word_of(fresh) = (*ouro__word_of(fresh) & ~OURO__COUNT_BITS) + OURO__ONE;
    ouro_decref(immortal);
    ouro_decref(fresh);
}

/* The block of an object that had grown old is young again when it is taken next, also when the object waited for a
 * child with a hook, and a young grandchild died in between. */
static void test_blocks_of_those_who_waited_are_young_again(void **state)
{
    enum { COUNT = 4 };
    node *hub = node_new(*state), *old = node_new(*state);
    (void)ouro_collect(*state, 2);
    assert_age(old, OLD);
    ouro_put(old, left, cell_new(*state));
    ouro_put((cell *)old->left, right, node_new(*state)); /* its last: the cell does not wait */
    ouro_set(old, right, hub);
    node *place = old;
    ouro_decref(old);
    test_heap_verify(*state);
    bool is_taken = false;
    for (size_t i = 0; i < COUNT; i++) {
        node *made = node_new(*state);
        assert_age(made, YOUNG);
        is_taken |= made == place;
        ouro_put(made, left, made); /* lost */
    }
    assert_true(is_taken || TEST_IS_GUARDED);
    assert_int_equal(ouro_collect(*state, 0), COUNT);
    ouro_decref(hub);
}

/* The same where nobody young died in between, and where the old is a child of another type than the young who held it. */
static void test_blocks_of_the_old_are_young_again(void **state)
{
    node *hub = node_new(*state), *waits = node_new(*state);
    bead *child = bead_new(*state);
    (void)ouro_collect(*state, 2);
    ouro_put(waits, left, cell_new(*state));
    ouro_set(waits, right, hub);
    ouro_decref(waits);
    test_heap_verify(*state);
    node *parent = node_new(*state);
    ouro_put(parent, left, child);
    ouro_decref(parent);
    test_heap_verify(*state);
    ouro_decref(hub);
}

/* Who was young had the bits of its block all the time: nobody need set them again. */
static void test_deaths_of_the_young_leave_bits_alone(void **state)
{
    enum { LENGTH = 100 };
    node *last = node_new(*state), *first = NULL;
    bead *other = bead_new(*state);
    for (int i = 0; i < LENGTH; i++) {
        node *made = node_new(*state);
        ouro_put(made, left, first);
        ouro_put(made, right, bead_new(*state));
        if (i == LENGTH / 2) ouro_put((bead *)made->right, next, bead_new(*state));
        first = made;
    }
    ouro_decref(first);
    if (!TEST_IS_GUARDED) assert_false(ouro__pool_of(other)->unmarked);
    test_heap_verify(*state);
    ouro_decref(last);
    ouro_decref(other);
}

/* Where roots are named, too: whoever lives and was touched is listened to again, by whatever he is held. */
static void test_a_cycle_by_roots_listens_again(void **state)
{
    node *root = node_new(*state), *frozen = node_new(*state), *immortal = node_new(*state);
    ouro_put(root, left, node_new(*state));
    (void)ouro_collect(*state, 2);
    ouro_immortalize(immortal);
    ouro_incref(frozen); /* so that it is in no trap when it is frozen, as all are then */
    ouro_freeze(*state);
    ouro_decref(frozen);
    assert_false(ouro__word_is_trapped(*ouro__word_of(frozen)));
    node *young = node_new(*state);
    ouro_put(young, left, node_new(*state));
    (void)ouro_collect(*state, 2);
    assert_int_equal(ouro_root(*state, &young), OURO_OK);
    cycle_touch((cell *)(void *)young);
    cycle_touch((cell *)young->left);
    assert_false(ouro__word_is_trapped(*ouro__word_of(young->left)));
    cycle_begin(*state);
    (void)cycle_step_to_the_end(*state, 1000);
    assert_age(young, OLD);
    assert_age(young->left, OLD);
    assert_false(ouro__word_is_trapped(*ouro__word_of(frozen)));
    assert_false(ouro__word_is_trapped(*ouro__word_of(immortal)));
    assert_int_equal(ouro_unroot(*state, &young), OURO_OK);
    ouro_unfreeze(*state);
    *ouro__word_of(immortal) = (*ouro__word_of(immortal) & ~OURO__COUNT_BITS) + OURO__ONE;
    ouro_decref(immortal);
    ouro_decref(young);
    ouro_decref(frozen);
    ouro_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_passes_make_the_young_middle_aged_and_old),
        HEAP_TEST(test_who_lives_beside_last_words_grows_older),
        HEAP_TEST(test_a_whole_collection_makes_all_old),
        HEAP_TEST(test_a_cycle_in_steps_leaves_the_young_to_the_passes),
        HEAP_TEST(test_the_young_may_be_passed_over),
        HEAP_TEST(test_what_a_pass_leaves_young_is_looked_at_later),
        HEAP_TEST(test_what_never_dies_grows_old_without_a_trap),
        HEAP_TEST(test_a_cycle_by_roots_listens_again),
        HEAP_TEST(test_blocks_of_those_who_waited_are_young_again),
        HEAP_TEST(test_blocks_of_the_old_are_young_again),
        HEAP_TEST(test_deaths_of_the_young_leave_bits_alone),
    };
    return cmocka_run_group_tests_name("age", tests, NULL, NULL);
}
