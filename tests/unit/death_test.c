/* SPDX-License-Identifier: MIT */
/*
 * death_test.c -- where the blocks of the dead go, and which type is expected to die next
 */
#include "heap/heap.h"

#include "support/bead.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/parts.h"
#include "support/plain.h"

#include <ouro/weak_map.h>

/* How many blocks of a dead chain its pool has back; the others wait on the class list. */
static size_t given_back(ouro_heap *heap, size_t length)
{
    node *first = node_chain(heap, length), *last = node_new(heap);
    const struct ouro__pool *pool = ouro__pool_of(last);
    assert_ptr_equal(ouro__pool_of(first), pool);
    size_t used = pool->used;
    ouro_decref(first);
    size_t back = used - pool->used;
    ouro_decref(last);
    ouro__pools_flush(ouro__heap_pools(heap));
    test_heap_verify(heap);
    return back;
}

/* From the class list the next births come, which may be those of the same structure. */
static void test_a_few_blocks_wait_and_many_go_to_their_pool(void **state)
{
    SKIP_WHERE_GUARDED();
    assert_int_equal(given_back(*state, 2), 0);
    assert_int_equal(given_back(*state, OURO_DEATH_FEW), 0);
    assert_int_equal(given_back(*state, OURO_DEATH_FEW + 1), OURO_DEATH_FEW + 1);
    assert_int_equal(given_back(*state, 500), 500);
}

/* A few of a whole death, however often it is interrupted, here by objects at which weak references look: blocks from
 * everywhere on the class list would keep as many pools from being empty. */
static void test_a_few_blocks_of_a_death_wait_and_not_of_each_part(void **state)
{
    SKIP_WHERE_GUARDED();
    enum { PARTS = 8, PART = OURO_DEATH_FEW };
    static ouro_weakref *watchers[PARTS];
    ouro_heap *heap = *state;
    node *first = NULL;
    for (size_t i = 0; i < (size_t)PARTS * PART; i++) {
        node *made = node_new(heap);
        ouro_put(made, left, first);
        first = made;
        if (i % PART == 0) watchers[i / PART] = ouro_weakref_new(first);
    }
    node *last = node_new(heap);
    const struct ouro__pool *pool = ouro__pool_of(last);
    size_t used = pool->used;
    ouro_decref(first);
    size_t back = used - pool->used;
    assert_int_equal(back, (PARTS - 1) * PART);
    for (size_t i = 0; i < PARTS; i++) {
        assert_null(ouro_weakref_get(watchers[i]));
        ouro_decref(watchers[i]);
    }
    ouro_decref(last);
}

/* A large one has memory of its own, which goes back at once or when the heap is trimmed. */
static void test_the_memory_of_a_large_object_goes_back(void **state)
{
    const struct ouro__pools *pools = ouro__heap_pools(*state);
    node *small = node_new(*state);
    (void)ouro_trim(*state);
    size_t committed = pools->committed_bytes;
    for (int i = 0; i < 3; i++) {
        row *large = row_new(*state, 50000);
        assert_true(pools->committed_bytes > committed + 50000 * sizeof(void *));
        ouro_decref(large);
        (void)ouro_trim(*state);
        assert_int_equal(pools->committed_bytes, committed);
    }
    ouro_decref(small);
}

/* However few may end at once: the rest waits. */
static void test_the_least_bound_is_kept(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = 1});
    cell *first = NULL;
    for (int i = 0; i < 100; i++) {
        cell *made = cell_new(heap);
        ouro_put(made, left, first);
        first = made;
    }
    size_t before = cell_released;
    ouro_decref(first);
    assert_in_range(cell_released - before, 0, 10);
    for (int i = 0; i < 1000 && cell_released - before < 100; i++)
        (void)ouro_step(heap, (ouro_budget){.units = 10});
    assert_int_equal(cell_released - before, 100);
    test_heap_close_empty(heap);
}

/* References that one decref drops, of `hub` from an object that has LENGTH of them, where BOUND may be dropped. */
enum { LENGTH = 100, BOUND = 10 };

static void assert_bounded(ouro_heap *heap, void *dying, const node *hub)
{
    assert_int_equal(ouro_refcount(hub), 1 + LENGTH);
    ouro_decref(dying);
    assert_int_equal(ouro_refcount(hub), 1 + LENGTH - BOUND);
    test_heap_verify(heap);
    (void)ouro_collect(heap, 0);
    assert_int_equal(ouro_refcount(hub), 1);
}

/* Items and entries count as much as objects that end. */
static void test_long_objects_let_go_of_so_many_at_once(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = BOUND});
    node *hub = node_new(heap);
    list *vector = list_new(heap), *keys = list_new(heap);
    row *items = row_new(heap, LENGTH);
    ouro_weak_map *map = ouro_weak_map_new(heap);
    for (size_t i = 0; i < LENGTH; i++) list_append(vector, hub);
    assert_bounded(heap, vector, hub);
    for (size_t i = 0; i < LENGTH; i++) ouro_set(items, items[i], hub);
    assert_bounded(heap, items, hub);
    for (size_t i = 0; i < LENGTH; i++) {
        ouro_auto node *key = node_new(heap);
        assert_int_equal(ouro_weak_map_set(map, key, hub), OURO_OK);
        list_append(keys, key);
    }
    assert_bounded(heap, map, hub);
    ouro_decref(keys);
    (void)ouro_collect(heap, 0);
    ouro_decref(hub);
    test_heap_close_empty(heap);
}

/* Those who wait for a child count, too: the rest stops at the child of the last that was let wait. */
static void test_so_many_wait_at_once(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = BOUND});
    node *hub = node_new(heap), *chain[LENGTH];
    for (size_t i = 0; i < LENGTH; i++) {
        chain[i] = node_new(heap);
        ouro_set(chain[i], right, hub); /* left to drop, so that it waits */
        if (i > 0) ouro_put(chain[i - 1], left, chain[i]);
    }
    ouro_decref(chain[0]);
    assert_int_equal(heap->life.paused_count, 1);
    assert_ptr_equal(heap->life.paused[0].object, chain[BOUND]);
    (void)ouro_collect(heap, 0);
    assert_int_equal(ouro_refcount(hub), 1);
    ouro_decref(hub);
    test_heap_close_empty(heap);
}

/* Objects that lie in one pool and another in turn: each is looked at by itself. */
static void test_so_many_of_a_chain_end_at_once(void **state)
{
    (void)state;
    SKIP_WHERE_GUARDED(); /* there deaths go another way */
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = BOUND});
    void *first = NULL;
    for (size_t i = 0; i < LENGTH; i++) {
        if (i % 2 == 0) {
            node *made = node_new(heap);
            ouro_put(made, left, first);
            first = made;
        } else {
            bead *made = bead_new(heap);
            ouro_put(made, next, first);
            first = made;
        }
    }
    ouro_decref(first);
    assert_int_equal(heap->life.paused_count, 1);
    assert_int_equal(test_heap_objects(heap), LENGTH - BOUND - 1); /* one has ended and is whole */
    (void)ouro_collect(heap, 0);
    assert_int_equal(test_heap_objects(heap), 0);
    test_heap_close_empty(heap);
}

/* The table of deaths that have stopped is doubled when it is full. */
static void test_the_table_of_stopped_deaths_grows_by_need(void **state)
{
    (void)state;
    enum { DEATHS = 100, FIRST = 16 };
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = 1});
    node *hub = node_new(heap);
    size_t capacity = FIRST;
    assert_int_equal(heap->life.paused_capacity, 0);
    for (size_t i = 0; i < DEATHS; i++) {
        list *vector = list_new(heap);
        for (int j = 0; j < 3; j++) list_append(vector, hub);
        ouro_decref(vector);
        assert_int_equal(heap->life.paused_count, i + 1);
        if (i == capacity) capacity *= 2;
        assert_int_equal(heap->life.paused_capacity, capacity);
    }
    (void)ouro_collect(heap, 0);
    assert_int_equal(ouro_refcount(hub), 1);
    ouro_decref(hub);
    test_heap_close_empty(heap);
}

/* What is paid for at once is done in parts, and all of it. */
static void test_a_step_goes_on_with_a_death_as_long_as_it_is_paid_for(void **state)
{
    (void)state;
    enum { PARTS = 3, MANY = (PARTS + 1) * OURO_DEATH_PAYMENT + BOUND };
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = BOUND});
    node *hub = node_new(heap);
    list *vector = list_new(heap);
    for (size_t i = 0; i < MANY; i++) list_append(vector, hub);
    ouro_decref(vector);
    assert_int_equal(ouro_refcount(hub), 1 + MANY - BOUND);
    (void)ouro_step(heap, (ouro_budget){.units = PARTS * OURO_DEATH_PAYMENT});
    assert_int_equal(ouro_refcount(hub), 1 + OURO_DEATH_PAYMENT);
    (void)ouro_step(heap, (ouro_budget){.units = 1}); /* the least is worth as much */
    assert_int_equal(ouro_refcount(hub), OURO_DEATH_PAYMENT);
    (void)ouro_step(heap, (ouro_budget){.units = OURO_DEATH_PAYMENT});
    assert_int_equal(ouro_refcount(hub), 1);
    ouro_decref(hub);
    test_heap_close_empty(heap);
}

static size_t counted;

static void count_objects(cell *self)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(ouro_heap_of(self), &stats);
    counted = stats.objects;
}

/* Who speaks in the middle of a death finds those gone that died before, though their blocks go back together. */
static void test_last_words_find_the_dead_gone(void **state)
{
    SKIP_WHERE_GUARDED(); /* where each owner waits for what it owned */
    enum { NODES = 500 };
    cell *speaker = cell_new(*state);
    speaker->last_word = count_objects;
    node *first = NULL;
    for (int i = 0; i < NODES; i++) {
        node *made = node_new(*state);
        ouro_put(made, left, first);
        if (i == 0) ouro_put(made, right, speaker);
        first = made;
    }
    counted = 0;
    ouro_decref(first);
    assert_in_range(counted, 1, 2); /* the speaker, and the node that lets go of it */
    test_heap_verify(*state);
}

/* An old object whose last reference goes was not touched: nothing is to be looked for near it. */
static void test_the_last_reference_is_no_touch(void **state)
{
    struct ouro__marks *marks = &ouro__heap_pools(*state)->marks;
    node *alone = node_new(*state);
    cell *parent = cell_new(*state);
    ouro_put(parent, left, cell_new(*state));
    (void)ouro_collect(*state, 2);
    marks->touched_count = 0;
    ouro_decref(alone);
    ouro_decref(parent);
    assert_int_equal(marks->touched_count, 0);
}

static unsigned depth;

static void collect_everything(cell *self)
{
    (void)ouro_collect(ouro_heap_of(self), 2);
}

static void look_how_deep(cell *self)
{
    depth = ((struct ouro_heap *)ouro_heap_of(self))->life.dying;
}

/* Whom a collection in its finalizer has made quiet goes on dying where it was, and what it holds after it: however many
 * do so, the stack stays small.  [life.nostack] */
static void test_a_finalizer_that_collects_is_no_death_inside_another(void **state)
{
    cell *parent = cell_new(*state);
    ouro_put(parent, left, cell_new(*state));
    parent->last_word = collect_everything;
    ((cell *)parent->left)->last_word = look_how_deep;
    (void)ouro_collect(*state, 2);
    depth = 0;
    ouro_decref(parent);
    assert_int_equal(depth, 1);
}

static size_t calls;

static void expect_alone(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_null(self->next);
    assert_null(self->previous);
    assert_null(self->target);
    calls++;
}

/* Who is called back is in no list any more: what comes behind it may end meanwhile. */
static void test_who_is_called_back_is_in_no_list(void **state)
{
    enum { COUNT = 3 };
    ouro_weakref *watching[COUNT];
    for (int in_collection = 0; in_collection < 2; in_collection++) {
        node *target = node_new(*state);
        ouro_set(target, left, in_collection ? target : NULL);
        for (size_t i = 0; i < COUNT; i++) {
            watching[i] = ouro_weakref_new_callback(target, expect_alone, NULL);
            assert_non_null(watching[i]);
        }
        calls = 0;
        ouro_decref(target);
        assert_int_equal(ouro_collect(*state, 2), in_collection);
        assert_int_equal(calls, COUNT);
        for (size_t i = 0; i < COUNT; i++) ouro_decref(watching[i]);
    }
}

static node *held_by_argument;

static void let_go_of_it(cell *self)
{
    (void)self;
    ouro_decref(ouro_move(held_by_argument));
}

static void count_call(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    calls++;
}

/* A weak reference that waits for its argument to die is dying itself: it is passed over, and those behind it are
 * called. */
static void test_who_is_dying_is_not_called_back(void **state)
{
    held_by_argument = node_new(*state);
    ouro_weakref *older = ouro_weakref_new_callback(held_by_argument, count_call, NULL);
    cell *argument = cell_new(*state);
    argument->last_word = let_go_of_it;
    ouro_weakref *newer = ouro_weakref_new_callback(held_by_argument, expect_alone, argument);
    ouro_decref(argument);
    calls = 0;
    ouro_decref(newer);
    assert_int_equal(calls, 1);
    assert_null(ouro_weakref_get(older));
    ouro_decref(older);
}

/* A value dies with its key, is watched, and no key itself. */
static void test_a_watched_value_dies_with_its_key(void **state)
{
    ouro_weak_map *map = ouro_weak_map_new(*state);
    node *key = node_new(*state), *value = node_new(*state);
    ouro_weakref *weak = ouro_weakref_new(value);
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
    ouro_decref(value);
    ouro_decref(key);
    assert_null(ouro_weakref_get(weak));
    ouro_decref(weak);
    ouro_decref(map);
}

/* ---- references far behind ---- */

enum { WORDS = 65 };

typedef struct wide {
    void *words[WORDS];
    ouro_vector more;
} wide;

static size_t wide_released;

static void release_wide(void *object)
{
    (void)object;
    wide_released++;
}

static void drop_two(ouro_heap *heap, ouro_type *type, size_t first, size_t second)
{
    wide *made = ouro_object_new(heap, type);
    assert_non_null(made);
    made->words[first] = cell_new(heap);
    made->words[second] = cell_new(heap);
    bool has_more = type->fields[2].kind == OURO_FIELD_VECTOR;
    for (int i = 0; has_more && i < 2; i++) {
        ouro_auto cell *item = cell_new(heap);
        assert_int_equal(ouro_vector_append(made, &made->more, item), OURO_OK);
    }
    size_t cells = cell_released, wides = wide_released;
    ouro_decref(made);
    assert_int_equal(cell_released, cells + (has_more ? 4 : 2));
    assert_int_equal(wide_released, wides + 1);
    test_heap_verify(heap);
}

/* Two references of an object with a hook, wherever they are, let go of whom they hold, and so does a vector behind
 * them: also the last of those that the mask shows, and the first that it does not. */
static void test_references_anywhere_are_dropped(void **state)
{
    enum { PLACES = 3 };
    static ouro_type types[PLACES][2][WORDS];
    static ouro_field fields[PLACES][2][WORDS][4];
    for (size_t place = 0; place < PLACES; place++) {
        size_t second = WORDS - 1 - place;
        for (size_t i = 0; i < 2 * second; i++) {
            size_t first = i / 2, has_more = i % 2;
            ouro_field *own = fields[place][has_more][first];
            ouro_type *type = &types[place][has_more][first];
            own[0] = (ouro_field){"first", (uint32_t)(8 * first), OURO_FIELD_REF, NULL};
            own[1] = (ouro_field){"second", (uint32_t)(8 * second), OURO_FIELD_REF, NULL};
            own[2] = own[3] = (ouro_field)OURO_END;
            if (has_more) own[2] = (ouro_field)OURO_VECTOR(wide, more, NULL);
            *type = (ouro_type){
                .name = "wide", .size = sizeof(wide), .fields = own, .release = release_wide};
            drop_two(*state, type, first, second);
        }
    }
}

/* What it borrowed is in front of its references, which all lie far. */
typedef struct borrower {
    const void *borrowed;
    void *unused[70];
    void *far, *farther;
} borrower;

static size_t given_back_whole;

static void release_borrower(void *object)
{
    given_back_whole += ((borrower *)object)->borrowed == &given_back_whole;
}

static const ouro_field borrower_fields[] = {
    OURO_BORROWED(borrower, borrowed, NULL),
    OURO_REF(borrower, far, NULL),
    OURO_REF(borrower, farther, NULL),
    OURO_END,
};
static ouro_type borrower_type =
    OURO_TYPE(borrower, .fields = borrower_fields, .release = release_borrower);

/* Though it has waited for another's end, its hook finds what it borrowed.  [death.link] */
static void test_what_is_borrowed_is_there_at_the_end(void **state)
{
    enum { MANY = 10 };
    borrower *first = NULL;
    for (size_t i = 0; i < MANY; i++) {
        borrower *made = ouro_new(*state, borrower);
        assert_non_null(made);
        made->borrowed = &given_back_whole;
        ouro_put(made, far, first);
        ouro_put(made, farther, cell_new(*state));
        first = made;
    }
    given_back_whole = 0;
    ouro_decref(first);
    assert_int_equal(given_back_whole, MANY);
}

/* Whoever holds it: what it held last dies at the same depth.  [life.nostack] */
static void test_no_death_is_inside_another(void **state)
{
    node *key = node_new(*state);
    void *last = cell_new(*state);
    ((cell *)last)->last_word = look_how_deep;
    for (int i = 0; i < 2; i++) {
        ouro_weak_map *map = ouro_weak_map_new(*state);
        assert_int_equal(ouro_weak_map_set(map, key, last), OURO_OK);
        ouro_decref(last);
        list *vector = list_new(*state);
        list_append(vector, map);
        ouro_decref(map);
        row *items = row_new(*state, 2);
        ouro_put(items, items[i], vector);
        node *plain = node_new(*state);
        ouro_put(plain, left, items);
        cell *hooked = cell_new(*state);
        ouro_put(hooked, right, plain);
        last = hooked;
    }
    depth = 0;
    ouro_decref(last);
    assert_int_equal(depth, 1);
    ouro_decref(key);
}

/* ---- the guess ---- */

typedef struct single {
    long number;
} single;
typedef struct twofold {
    long number[2];
} twofold;
static ouro_type single_type = OURO_TYPE(single), twofold_type = OURO_TYPE(twofold);

static void die_once(ouro_heap *heap, ouro_type *type)
{
    void *made = ouro_object_new(heap, type);
    assert_non_null(made);
    ouro_decref(made);
}

static bool is_guessed(ouro_heap *heap, const ouro_type *type)
{
    const struct ouro__front *front = &ouro__heap_pools(heap)->front;
    return ouro__word_type(front->guess_word) == ouro__word_type(type->ready_word) &&
           ouro__guess == front;
}

/* Two types in turn do not spoil it each time. */
static void test_the_guess_changes_after_many_wrong_ones(void **state)
{
    SKIP_WHERE_GUARDED();
    for (int i = 0; i < 100; i++) die_once(*state, &single_type);
    assert_true(is_guessed(*state, &single_type));
    for (int round = 0; round < 3; round++) {
        ouro_type *other = round % 2 == 0 ? &twofold_type : &single_type;
        ouro__heap_pools(*state)->guess_patience = OURO_GUESS_PATIENCE;
        for (unsigned i = 0; i < OURO_GUESS_PATIENCE; i++) {
            die_once(*state, other);
            assert_false(is_guessed(*state, other));
        }
        die_once(*state, other);
        assert_true(is_guessed(*state, other));
        assert_int_equal(ouro__heap_pools(*state)->guess_patience, OURO_GUESS_PATIENCE);
        for (int i = 0; i < 100; i++) die_once(*state, other); /* right, which takes no patience */
        assert_int_equal(ouro__heap_pools(*state)->guess_patience, OURO_GUESS_PATIENCE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_few_blocks_wait_and_many_go_to_their_pool),
        HEAP_TEST(test_a_few_blocks_of_a_death_wait_and_not_of_each_part),
        HEAP_TEST(test_the_memory_of_a_large_object_goes_back),
        cmocka_unit_test(test_the_least_bound_is_kept),
        cmocka_unit_test(test_long_objects_let_go_of_so_many_at_once),
        HEAP_TEST(test_last_words_find_the_dead_gone),
        HEAP_TEST(test_the_last_reference_is_no_touch),
        HEAP_TEST(test_a_finalizer_that_collects_is_no_death_inside_another),
        HEAP_TEST(test_who_is_called_back_is_in_no_list),
        HEAP_TEST(test_who_is_dying_is_not_called_back),
        HEAP_TEST(test_a_watched_value_dies_with_its_key),
        cmocka_unit_test(test_so_many_wait_at_once),
        cmocka_unit_test(test_so_many_of_a_chain_end_at_once),
        cmocka_unit_test(test_the_table_of_stopped_deaths_grows_by_need),
        cmocka_unit_test(test_a_step_goes_on_with_a_death_as_long_as_it_is_paid_for),
        HEAP_TEST(test_references_anywhere_are_dropped),
        HEAP_TEST(test_what_is_borrowed_is_there_at_the_end),
        HEAP_TEST(test_no_death_is_inside_another),
        HEAP_TEST(test_the_guess_changes_after_many_wrong_ones),
    };
    return cmocka_run_group_tests_name("death", tests, NULL, NULL);
}
