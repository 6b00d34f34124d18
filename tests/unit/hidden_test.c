/* SPDX-License-Identifier: MIT */
/*
 * hidden_test.c -- who is half dead is met by nobody  [death.hidden]
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"

static size_t nodes, cells;

static int count(void *object, void *argument)
{
    (void)argument;
    nodes += ouro_type_of(object) == &node_type;
    cells += ouro_type_of(object) == &cell_type;
    return 0;
}

/* A last word that looks around, and collects. */
static void look_around(cell *self)
{
    nodes = cells = 0;
    ouro_each_object(ouro_heap_of(self), count, NULL);
    (void)ouro_collect(ouro_heap_of(self), 2);
    test_heap_verify(ouro_heap_of(self));
}

/* A chain of objects without hooks that ends in one with a last word; each also holds a ring. */
static void lose_chain(ouro_heap *heap, size_t length, bool ring)
{
    cell *last = cell_new(heap);
    last->last_word = look_around;
    void *first = last;
    for (size_t i = 0; i < length; i++) {
        node *made = node_new(heap);
        ouro_put(made, left, first);
        if (ring) ouro_put(made, right, cell_ring(heap, 2));
        first = made;
    }
    ouro_decref(first);
}

static void test_a_chain_that_is_dying_is_not_met(void **state)
{
    node *living = node_new(*state);
    for (size_t length = 1; length < 5; length++) {
        nodes = 99;
        lose_chain(*state, length, false);
        assert_int_equal(nodes, 1);
        assert_int_equal(cells, 1); /* who speaks */
        nodes = 99;
        lose_chain(*state, length, true); /* whose parts wait */
        assert_int_equal(nodes, 1);
        (void)ouro_collect(*state, 2);
        assert_int_equal(test_heap_objects(*state), 1);
    }
    ouro_decref(living);
}

/* ---- who is deferred ---- */

enum { CHILDREN = 4 };

/* References that only its hook knows, and a last word. */
typedef struct family {
    void *children[CHILDREN];
    void (*last_word)(struct family *self);
} family;

static size_t families;

static int family_traverse(void *object, ouro_visit visit, void *argument)
{
    family *self = object;
    for (size_t i = 0; i < CHILDREN; i++) {
        int stop = self->children[i] != NULL ? visit(self->children[i], argument) : 0;
        if (stop != 0) return stop;
    }
    return 0;
}

static void family_finalize(void *object)
{
    family *self = object;
    if (self->last_word != NULL) self->last_word(self);
}

static void family_release(void *object)
{
    (void)object;
    families--;
}

static ouro_type family_type = OURO_TYPE(family, .traverse = family_traverse,
                                         .finalize = family_finalize, .release = family_release);

static family *family_new(ouro_heap *heap)
{
    family *made = ouro_new(heap, family);
    assert_non_null(made);
    families++;
    return made;
}

static const void *sought;

/* Another died in the same hook before, and waits until that is over. */
static void look_for_it(cell *self)
{
    cells = 1;
    assert_false(ouro_is_object(ouro_heap_of(self), sought));
}

/* Those who die in the hook of another wait in a list, in which nobody is lost or met. */
static void test_the_deferred_are_not_met_and_all_end(void **state)
{
    for (size_t speaker = 0; speaker < CHILDREN; speaker++) {
        family *parent = family_new(*state);
        for (size_t i = 0; i < CHILDREN; i++)
            parent->children[i] =
                i == speaker ? (void *)cell_new(*state) : (void *)family_new(*state);
        if (speaker > 0) ((cell *)parent->children[speaker])->last_word = look_for_it;
        sought = parent->children[0];
        cells = 0;
        assert_int_equal(families, CHILDREN);
        ouro_decref(parent);
        assert_int_equal(families, 0);
        assert_int_equal(cells, speaker > 0);
        test_heap_verify(*state);
    }
}

static family *kept;

static void keep(family *self)
{
    kept = ouro_newref(self);
}

/* Who was deferred in front of another, and lives on, may be deferred again: as the last. */
static void test_who_was_deferred_may_be_deferred_again(void **state)
{
    family *parent = family_new(*state);
    for (size_t i = 0; i < 2; i++) parent->children[i] = family_new(*state);
    ((family *)parent->children[0])->last_word = keep;
    kept = NULL;
    ouro_decref(parent);
    assert_int_equal(families, 1);
    assert_non_null(kept);
    parent = family_new(*state);
    parent->children[0] = kept;
    ouro_decref(parent);
    assert_int_equal(families, 0);
    test_heap_verify(*state);
}

static void look_for_target(ouro_weakref *self, void *argument)
{
    (void)argument;
    cells++;
    assert_false(ouro_is_object(ouro_heap_of(self), sought));
}

/* Whoever is told of a death does not meet the dead. */
static void test_the_dead_are_not_met_in_callbacks(void **state)
{
    void *targets[] = {node_new(*state), cell_new(*state), row_new(*state, 3)};
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        ouro_auto ouro_weakref *weak = ouro_weakref_new_callback(targets[i], look_for_target, NULL);
        sought = targets[i];
        cells = 0;
        ouro_decref(targets[i]);
        assert_int_equal(cells, 1);
    }
}

/* ---- who has last words ---- */

static size_t spoken;

static void expect_nobody(cell *self)
{
    spoken++;
    cells = 0;
    ouro_each_object(ouro_heap_of(self), count, NULL);
    assert_int_equal(cells, 1);
}

/* While its last words are spoken garbage is not met: it may come back, and has not yet. */
static void test_garbage_is_not_met_while_it_speaks(void **state)
{
    cell *living = cell_new(*state);
    for (int generation = 0; generation < 3; generation++) {
        spoken = 0;
        for (int i = 0; i < 3; i++) cell_lose(*state, expect_nobody);
        assert_int_equal(ouro_collect(*state, generation), 3);
        assert_int_equal(spoken, 3);
    }
    ouro_decref(living);
}

/* ---- who is dropped by a hook ---- */

static void *to_drop[CHILDREN];
static unsigned hooks, most_hooks;

/* Drops what it owns besides, as a hook that empties a cache would. */
static int dropper_traverse(void *object, ouro_visit visit, void *argument)
{
    (void)object;
    (void)visit;
    (void)argument;
    if (++hooks > most_hooks) most_hooks = hooks;
    for (size_t i = 0; i < CHILDREN; i++) {
        size_t released = cell_released;
        void *dropped = ouro_move(to_drop[i]);
        bool is_cell = dropped != NULL && ouro_type_of(dropped) == &cell_type;
        ouro_xdecref(dropped);
        assert_int_equal(cell_released, released + is_cell); /* prompt */
    }
    hooks--;
    return 0;
}

typedef struct dropper {
    long number;
} dropper;
static ouro_type dropper_type = OURO_TYPE(dropper, .traverse = dropper_traverse);

/* Hooks never nest: who has one waits for the end of another.  Who has none dies at once.  [life.nostack] */
static void test_hooks_do_not_nest(void **state)
{
    dropper *made = ouro_new(*state, dropper);
    assert_non_null(made);
    void *dropped[CHILDREN];
    for (size_t i = 0; i < CHILDREN; i++)
        dropped[i] = i % 2 == 0 ? (void *)ouro_new(*state, dropper) : (void *)cell_new(*state);
    for (size_t i = 0; i < CHILDREN; i++) to_drop[i] = dropped[i];
    most_hooks = 0;
    ouro_decref(made);
    assert_int_equal(most_hooks, 1);
    assert_int_equal(test_heap_objects(*state), 0);
    test_heap_verify(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_chain_that_is_dying_is_not_met),
        HEAP_TEST(test_the_deferred_are_not_met_and_all_end),
        HEAP_TEST(test_who_was_deferred_may_be_deferred_again),
        HEAP_TEST(test_the_dead_are_not_met_in_callbacks),
        HEAP_TEST(test_garbage_is_not_met_while_it_speaks),
        HEAP_TEST(test_hooks_do_not_nest),
    };
    return cmocka_run_group_tests_name("hidden", tests, NULL, NULL);
}
