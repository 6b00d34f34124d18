/* SPDX-License-Identifier: MIT */
/*
 * set_test.c -- where in its pools a pass has its objects, and which pools it leaves to the next
 *
 * A pass goes again and again through the words of its set bits, from the first that has an object to the last, and
 * no others: in a pool of old objects it may be a few of many.  Too many of them would only cost time.
 */
#include "heap/heap.h"
#include "memory/walk.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"

enum { SIZES = 12, EACH = 90, MOST = 4000, LARGE = 50000, PLENTY = 10000 };

/* Rows of several lengths, those of one length in the order of their addresses, and a large one. */
static row *rows[MOST];
static size_t begins[SIZES + 1], count;

static size_t length_of(size_t size)
{
    return 2 + size * size * 9;
}

/* No block of the pools is free: free ones would be young. */
static void rows_new(ouro_heap *heap)
{
    count = 0;
    for (size_t size = 0; size < SIZES; size++) {
        begins[size] = count;
        do {
            assert_true(count < MOST - 1);
            rows[count++] = row_new(heap, length_of(size));
        } while (count - begins[size] < EACH ||
                 ouro__heap_pools(heap)->front.shelf[ouro__pool_of(rows[count - 1])->bin].list);
    }
    begins[SIZES] = count;
    rows[count++] = row_new(heap, LARGE);
    (void)ouro_collect(heap, 2);
}

static void rows_end(void)
{
    while (count > 0) ouro_decref(rows[--count]);
}

/* Another row, most often in the same block, which is young. */
static void renew(ouro_heap *heap, size_t place)
{
    size_t length = rows[place]->length;
    ouro_decref(rows[place]);
    rows[place] = row_new(heap, length);
}

/* Those of each length that are to be found in the middle, at the front and at the back. */
static void renew_some(ouro_heap *heap, size_t step)
{
    for (size_t size = 0; size < SIZES; size++) {
        size_t all = begins[size + 1] - begins[size];
        for (size_t i = size % 3 * all / 3; i < (size % 3 + 1) * all / 3; i += 1 + step * size)
            renew(heap, begins[size] + i);
    }
}

struct words {
    size_t from, to;
};

static void widen(struct words *words, const struct ouro__pool *pool, const void *entry)
{
    size_t word = (size_t)((const char *)entry - ouro__pool_start(pool)) / 512;
    if (word < words->from) words->from = word;
    if (word + 1 > words->to) words->to = word + 1;
}

/* Where a pass over a generation will have objects, or the blocks of some. */
static struct words words_of(const struct ouro__pool *pool, int generation)
{
    struct words words = {SIZE_MAX, 0};
    char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size)
        if (ouro__is_young(entry) ||
            (generation > 0 && (*ouro__word_of(entry) & OURO__MIDDLE) != 0))
            widen(&words, pool, entry);
    return words;
}

struct expected {
    int generation;
    size_t count;
    struct {
        struct ouro__pool *pool;
        struct words words;
    } pools[SIZES * 64];
};

static void expect(struct ouro__pool *pool, void *context)
{
    struct expected *expected = context;
    struct words words = words_of(pool, expected->generation);
    if (words.to == 0) return;
    assert_true(expected->count < COUNT_OF(expected->pools));
    expected->pools[expected->count].pool = pool;
    expected->pools[expected->count++].words = words;
}

static void is_in_no_set(struct ouro__pool *pool, void *context)
{
    (void)context;
    assert_int_equal(pool->sets, 0);
}

static void pass(ouro_heap *heap, int generation)
{
    static struct expected expected;
    expected = (struct expected){.generation = generation};
    ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, expect, &expected);
    assert_true(expected.count > SIZES / 2);
    assert_int_equal(ouro_collect(heap, generation), 0);
    for (size_t i = 0; i < expected.count; i++) {
        assert_int_equal(expected.pools[i].pool->set_from, expected.pools[i].words.from);
        assert_int_equal(expected.pools[i].pool->set_to, expected.pools[i].words.to);
    }
    ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, is_in_no_set, NULL);
    test_heap_verify(heap);
}

static void test_a_pass_has_its_objects_in_few_words(void **state)
{
    SKIP_WHERE_GUARDED(); /* where blocks do not come back at once */
    rows_new(*state);
    for (size_t step = 0; step < 4; step++) {
        renew_some(*state, step);
        pass(*state, 0); /* they are middle-aged now */
        renew(*state, begins[step + 1] - 1);
        renew(*state, count - 1);
        for (size_t size = 0; size < SIZES; size++) /* leads out of the set */
            ouro_set(rows[count - 1], items[size], rows[begins[size]]);
        pass(*state, 1);
    }
    rows_end();
}

/* A nearby pass looks at old objects, each of which is proposed alone. */
static void test_a_nearby_pass_has_its_objects_in_few_words(void **state)
{
    SKIP_WHERE_GUARDED();
    enum { RING = 7 };
    ouro_heap *heap = *state;
    rows_new(heap);
    for (size_t size = 0; size < SIZES; size++) {
        size_t all = begins[size + 1] - begins[size];
        struct ouro__pool *pools[RING];
        struct words words[RING];
        row *ring[RING];
        for (size_t i = 0; i < RING; i++) /* not in the order of their addresses */
            ring[i] = rows[begins[size] + (all / 3 + i * 5 % RING * (1 + size)) % all];
        for (size_t i = 0; i < RING; i++) {
            ouro_set(ring[i], items[0], ring[(i + 1) % RING]);
            pools[i] = ouro__pool_of(ring[i]);
            words[i] = (struct words){SIZE_MAX, 0};
            for (size_t j = 0; j < RING; j++)
                if (ouro__pool_of(ring[j]) == pools[i]) widen(&words[i], pools[i], ring[j]);
        }
        (void)ouro_collect(heap, 2);
        ouro__heap_pools(heap)->marks.touched_count = 0;
        for (size_t i = 0; i < RING; i++) ouro_decref(ring[i]);
        assert_int_equal(ouro__heap_collect_nearby(heap, PLENTY, UINT64_MAX), RING);
        for (size_t i = 0; i < RING; i++) {
            assert_int_equal(pools[i]->set_from, words[i].from);
            assert_int_equal(pools[i]->set_to, words[i].to);
        }
        for (size_t i = 0; i < RING; i++)
            rows[begins[size] + (all / 3 + i * 5 % RING * (1 + size)) % all] =
                row_new(heap, length_of(size));
        test_heap_verify(heap);
    }
    rows_end();
}

/* ---- who is born meanwhile ---- */

typedef struct hooked {
    struct hooked *self;
} hooked;

static ouro_type hooked_type;
static void (*last_word)(ouro_heap *heap);

static void speak(void *object)
{
    last_word(ouro_heap_of(object));
}

static const ouro_field hooked_fields[] = {OURO_REF(hooked, self, &hooked_type), OURO_END};
static ouro_type hooked_type = OURO_TYPE(hooked, .fields = hooked_fields, .release = speak);
static ouro_type finalized_type = {
    .name = "finalized", .size = sizeof(hooked), .fields = hooked_fields, .finalize = speak};

/* Of the same size, so that it lies in the same pool. */
typedef struct pebble {
    struct pebble *self;
} pebble;
static ouro_type pebble_type;
static const ouro_field pebble_fields[] = {OURO_REF(pebble, self, &pebble_type), OURO_END};
static ouro_type pebble_type = OURO_TYPE(pebble, .fields = pebble_fields);

static list *born;

/* All blocks that wait on the class list, so that none of their pool is left there. */
static void take_what_waits(ouro_heap *heap)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    do {
        ouro_auto node *made = node_new(heap);
        list_append(born, made);
    } while (pools->front.shelf[ouro__pool_of(born->items.items[0])->bin].list != NULL);
    size_t bin;
    do { /* in a pool that the pass has not left */
        ouro_auto pebble *beside = ouro_new(heap, pebble);
        assert_non_null(beside);
        list_append(born, beside);
        bin = ouro__pool_of(beside)->bin;
    } while (pools->front.shelf[bin].list != NULL);
}

/* Their pool had nobody young, so the pass has let it go when hooks of what it has found run.  [young.listed] */
static void test_who_is_born_in_a_hook_is_looked_at_by_the_next_pass(void **state)
{
    ouro_type *const types[] = {&finalized_type, &hooked_type};
    last_word = take_what_waits;
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        born = list_new(*state);
        node *old = node_new(*state);
        (void)ouro_collect(*state, 2);
        hooked *garbage = ouro_object_new(*state, types[i]);
        assert_non_null(garbage);
        ouro_put(garbage, self, garbage);
        const struct ouro__pool *pool = ouro__pool_of(garbage);
        assert_int_equal(ouro_collect(*state, 0), 1);
        assert_ptr_equal(ouro__pool_of(born->items.items[born->items.length - 1]), pool);
        test_heap_verify(*state);
        assert_true(born->items.length > 0);
        for (size_t j = 0; j < born->items.length; j++) { /* each is held by itself alone */
            pebble *made = born->items.items[j]; /* or a node, which begins with a reference, too */
            ouro_set(made, self, made);
        }
        size_t count_born = born->items.length;
        ouro_decref(born);
        assert_int_equal(ouro_collect(*state, 0), count_born);
        ouro_decref(old);
    }
}

enum { LOST = 50 };

struct lost {
    node *nodes[LOST];
    size_t trapped;
};

static void count_trapped(const struct ouro__collector *pass, void *context)
{
    struct lost *lost = context;
    (void)pass;
    for (size_t i = 0; i < LOST; i++) {
        assert_true(ouro__is_suspect(lost->nodes[i], OURO__PASS));
        lost->trapped += ouro__word_is_trapped(*ouro__word_of(lost->nodes[i]));
    }
}

/* [scan.trapped]: the young and the middle-aged, of whom nobody has last words, before which all are trapped again. */
static void test_whom_a_pass_finds_was_trapped(void **state)
{
    ouro_heap *heap = *state;
    for (int generation = 0; generation < 2; generation++) {
        struct lost lost = {.trapped = 0};
        for (size_t i = 0; i < LOST; i++) {
            lost.nodes[i] = node_new(heap);
            ouro_set(lost.nodes[i], left, lost.nodes[i]);
        }
        if (generation > 0) (void)ouro_collect(heap, 0);
        for (size_t i = 0; i < LOST; i++) ouro_decref(lost.nodes[i]);
        heap->pass.found = count_trapped;
        heap->pass.found_context = &lost;
        assert_int_equal(ouro_collect(heap, generation), LOST);
        heap->pass.found = NULL;
        assert_int_equal(lost.trapped, LOST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_pass_has_its_objects_in_few_words),
        HEAP_TEST(test_a_nearby_pass_has_its_objects_in_few_words),
        HEAP_TEST(test_who_is_born_in_a_hook_is_looked_at_by_the_next_pass),
        HEAP_TEST(test_whom_a_pass_finds_was_trapped),
    };
    return cmocka_run_group_tests_name("set", tests, NULL, NULL);
}
