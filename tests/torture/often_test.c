/* SPDX-License-Identifier: MIT */
/*
 * often_test.c -- a collection at every allocation
 *
 * Typical programs run under a collection of each generation at each
 * allocation, with an audit after every step.  What a program computes must not
 * depend on when its garbage is found: the same as without any collection.
 */
#include <stdio.h>

#include "support/cell.h"
#include "support/heap.h"
#include "support/random.h"
#include "support/setting.h"

enum { STEPS = 4000, PLACES = 16, BOOK_FULL = 500 };

/* What all programs say at their end. */
struct outcome {
    uint64_t computed; /* does not depend on collections */
    size_t finalized;
    size_t callbacks;
};

static struct outcome outcome;

static void compute(uint64_t value)
{
    outcome.computed = (outcome.computed ^ value) * UINT64_C(0x9E3779B97F4A7C15);
}

/* ---- a city: places, roads between them, and twins that may be gone ---- */

typedef struct place {
    ouro_vector roads;
    ouro_weakref *twin;
    size_t number;
    size_t visited; /* in which walk */
} place;

static void leave_place(void *object)
{
    const place *self = object;
    assert_true(self->number > 0);
    outcome.finalized++;
}

static ouro_type place_type;
static const ouro_field place_fields[] = {
    OURO_VECTOR(place, roads, &place_type),
    OURO_WEAK(place, twin, &place_type),
    OURO_END,
};
static ouro_type place_type = OURO_TYPE(place, .fields = place_fields, .finalize = leave_place);

struct city {
    ouro_heap *heap;
    place *known[PLACES]; /* owned, or NULL */
    struct random random;
    size_t places;
    size_t walks;
};

static place **any_known(struct city *city)
{
    return &city->known[random_below(&city->random, PLACES)];
}

static void build_road(place *from, place *to)
{
    assert_int_equal(ouro_vector_append(from, &from->roads, to), OURO_OK);
}

/* A place takes another's place among the known, which may be lost by that. */
static void build_place(struct city *city)
{
    place *made = ouro_new(city->heap, place);
    assert_non_null(made);
    made->number = ++city->places;
    for (unsigned roads = random_below(&city->random, 3); roads > 0; roads--) {
        place *neighbour = *any_known(city);
        if (neighbour == NULL) continue;
        build_road(made, neighbour);
        build_road(neighbour, made);
    }
    place **known = any_known(city);
    if (*known != NULL) assert_int_equal(ouro_weak_set(made, twin, *known), OURO_OK);
    ouro_xdecref(*known);
    *known = made;
}

static void close_road(struct city *city)
{
    place *from = *any_known(city);
    if (from == NULL || from->roads.length == 0) return;
    size_t position = random_below(&city->random, (uint32_t)from->roads.length);
    assert_int_equal(ouro_vector_remove(from, &from->roads, position), OURO_OK);
}

static void forget_place(struct city *city)
{
    place **known = any_known(city);
    ouro_xdecref(*known);
    *known = NULL;
}

/* Every place that roads lead to, in a queue that is an object itself. */
static void walk(struct city *city)
{
    place *start = *any_known(city);
    if (start == NULL) return;
    size_t walk = ++city->walks;
    ouro_auto list *queue = list_new(city->heap);
    start->visited = walk;
    list_append(queue, start);
    for (size_t i = 0; i < queue->items.length; i++) {
        const place *at = queue->items.items[i];
        assert_false(ouro_is_finalized(at));
        compute(at->number);
        for (size_t road = 0; road < at->roads.length; road++) {
            place *next = at->roads.items[road];
            if (next->visited == walk) continue;
            next->visited = walk;
            list_append(queue, next);
        }
    }
}

/* Who is there at all depends on collections; who is known does not. */
static void meet_twin(struct city *city)
{
    place *from = *any_known(city);
    if (from == NULL) return;
    ouro_auto place *twin = ouro_weak_get(from, twin);
    if (twin == NULL) return;
    assert_true(twin->number > 0 && twin->number < from->number);
    assert_false(ouro_is_finalized(twin));
    for (size_t i = 0; i < PLACES; i++)
        if (city->known[i] == twin) compute(twin->number);
}

static void city_lives(ouro_heap *heap)
{
    static void (*const steps[])(struct city *) = {build_place,  build_place, close_road,
                                                   forget_place, walk,        meet_twin};
    struct city city = {.heap = heap, .random = {1}};
    for (size_t i = 0; i < test_scaled(STEPS); i++) {
        steps[random_below(&city.random, COUNT_OF(steps))](&city);
        test_heap_verify(heap);
    }
    for (size_t i = 0; i < PLACES; i++) ouro_xdecref(city.known[i]);
    (void)ouro_collect(heap, 2);
    assert_int_equal(outcome.finalized, city.places);
}

/* ---- a cache: values found by weak references, which tell when they are gone ---- */

struct cache {
    ouro_heap *heap;
    list *entries; /* weak references with callbacks; NULL where the value is gone */
    size_t made;
};

static void forget_entry(ouro_weakref *self, void *argument)
{
    list *entries = argument;
    outcome.callbacks++;
    assert_null(ouro_weakref_get(self));
    for (size_t i = 0; i < entries->items.length; i++) {
        if (entries->items.items[i] != self) continue;
        assert_int_equal(ouro_vector_set(entries, &entries->items, i, NULL), OURO_OK);
        return;
    }
    fail_msg("an entry that is not in the cache calls back");
}

/* A value that refers to itself, so that only a collection ends it.  Owned. */
static cell *cached_value(struct cache *cache)
{
    cell *value = cell_new(cache->heap);
    value->number = (long)++cache->made;
    ouro_set(value, left, value);
    ouro_auto ouro_weakref *entry = ouro_weakref_new_callback(value, forget_entry, cache->entries);
    assert_non_null(entry);
    list_append(cache->entries, entry);
    return value;
}

static void cache_forgets(ouro_heap *heap)
{
    struct cache cache = {.heap = heap, .entries = list_new(heap)};
    cell *kept[8] = {NULL};
    for (size_t i = 0; i < test_scaled(STEPS) / 4; i++) {
        cell **slot = &kept[i % COUNT_OF(kept)];
        cell *value = cached_value(&cache);
        if (i % 3 == 0) ouro_set(value, right, *slot);
        ouro_xdecref(*slot);
        *slot = value;
        for (size_t k = 0; k < COUNT_OF(kept); k++)
            if (kept[k] != NULL) compute((uint64_t)kept[k]->number + ouro_weakref_count(kept[k]));
        test_heap_verify(heap);
    }
    for (size_t k = 0; k < COUNT_OF(kept); k++) ouro_xdecref(kept[k]);
    (void)ouro_collect(heap, 2);
    for (size_t i = 0; i < cache.entries->items.length; i++)
        assert_null(cache.entries->items.items[i]);
    assert_int_equal(outcome.callbacks, cache.made);
    ouro_decref(cache.entries);
}

/* ---- a vector that grows while finalizers append to it ---- */

static list *book;         /* borrowed while the program runs */
static struct random whim; /* of finalizers */

/* Writes until the last page is full, so that whoever was about to write needs room again;
 * now and then one line more, which is more than the writer had asked room for. */
static void fill_book(cell *self)
{
    outcome.finalized++;
    ouro_auto atom *signature = atom_new(ouro_heap_of(self), 1);
    do list_append(book, signature);
    while (book->items.length < book->items.capacity && book->items.length < BOOK_FULL);
    if (random_below(&whim, 2) == 0) list_append(book, signature);
}

/* What is lost just before an entry is found when the book grows for it. */
static void book_is_written(ouro_heap *heap)
{
    book = list_new(heap);
    size_t entries = test_scaled(STEPS) / 4;
    for (size_t i = 0; i < entries; i++) {
        ouro_auto atom *entry = atom_new(heap, 2);
        cell_lose(heap, fill_book);
        if (i % 3 == 0)
            list_append(book, entry);
        else
            assert_int_equal(ouro_vector_insert(book, &book->items, 0, entry), OURO_OK);
        assert_ptr_equal(book->items.items[i % 3 == 0 ? book->items.length - 1 : 0], entry);
        assert_true(book->items.length <= book->items.capacity);
        for (size_t k = 0; k < book->items.length; k++) assert_non_null(book->items.items[k]);
        test_heap_verify(heap);
        if (book->items.length > BOOK_FULL) ouro_vector_clear(book, &book->items);
    }
    (void)ouro_collect(heap, 2);
    assert_int_equal(outcome.finalized, entries);
    ouro_decref(book);
    compute(entries);
}

/* ---- a haven for what finalizers save, which is let go again ---- */

static list *haven; /* borrowed while the program runs */

static void seek_haven(cell *self)
{
    outcome.finalized++;
    list_append(haven, self);
}

static void haven_saves(ouro_heap *heap)
{
    haven = list_new(heap);
    size_t saved = test_scaled(STEPS) / 4;
    for (size_t i = 0; i < saved; i++) {
        cell *lost = cell_new(heap);
        lost->last_word = seek_haven;
        ouro_put(lost, left, cell_new(heap));
        ouro_set((cell *)lost->left, right, lost);
        ouro_decref(lost);
        if (haven->items.length > 20) ouro_vector_clear(haven, &haven->items);
        for (size_t k = 0; k < haven->items.length; k++) {
            const cell *found = haven->items.items[k];
            assert_true(ouro_is_finalized(found));
            assert_ptr_equal(((cell *)found->left)->right, found);
        }
        test_heap_verify(heap);
    }
    (void)ouro_collect(heap, 2);
    assert_int_equal(outcome.finalized, saved);
    ouro_decref(haven);
    (void)ouro_collect(heap, 2);
    compute(saved);
}

/* ---- a weak reference that a finalizer makes while the program makes it ---- */

static cell *portrait;      /* borrowed while the program runs */
static ouro_weakref *rival; /* what the last finalizer made */

static void look_at_portrait(cell *self)
{
    (void)self;
    outcome.finalized++;
    ouro_xdecref(rival);
    rival = ouro_weakref_new(portrait);
}

static void portrait_is_shared(ouro_heap *heap)
{
    size_t looks = test_scaled(STEPS) / 4;
    rival = NULL;
    for (size_t i = 0; i < looks; i++) {
        portrait = cell_new(heap);
        cell_lose(heap, look_at_portrait);
        ouro_weakref *made = ouro_weakref_new(portrait);
        assert_int_equal(ouro_weakref_count(portrait), 1);
        (void)ouro_collect(heap, 2);
        assert_ptr_equal(rival, made);
        test_heap_verify(heap);
        ouro_decref(made);
        ouro_decref(portrait);
        assert_null(ouro_weakref_get(rival));
    }
    ouro_xdecref(rival);
    assert_int_equal(outcome.finalized, looks);
}

/* ---- how often ---- */

struct program {
    const char *name;
    void (*run)(ouro_heap *heap);
};

static struct outcome run_program(const struct program *program, unsigned collect_always)
{
    outcome = (struct outcome){0};
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){
        .one_at_a_time = collect_always > 0,
        .collect_always = collect_always,
        .collector_off = collect_always == 0,
    });
    program->run(heap);
    (void)ouro_collect(heap, 2);
    ouro_generation_stats stats[3];
    ouro_get_stats(heap, stats);
    if (collect_always > 0)
        assert_true(stats[collect_always - 1].collections > test_scaled(STEPS) / 4);
    static const char *const often[] = {"never", "young", "middle", "full"};
    printf("%s, %s: %zu collections found %zu objects\n", program->name, often[collect_always],
           stats[0].collections + stats[1].collections + stats[2].collections,
           stats[0].collected + stats[1].collected + stats[2].collected);
    test_heap_close_empty(heap);
    return outcome;
}

static void collections_do_not_show(void **state)
{
    struct outcome expected = run_program(*state, 0);
    for (unsigned always = 1; always <= 3; always++) {
        struct outcome found = run_program(*state, always);
        assert_true(found.computed == expected.computed);
        assert_int_equal(found.finalized, expected.finalized);
        assert_int_equal(found.callbacks, expected.callbacks);
    }
}

int main(void)
{
    static struct program programs[] = {
        {"city", city_lives},   {"cache", cache_forgets},         {"book", book_is_written},
        {"haven", haven_saves}, {"portrait", portrait_is_shared},
    };
    struct CMUnitTest tests[COUNT_OF(programs)];
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        tests[i] = (struct CMUnitTest){
            .name = programs[i].name,
            .test_func = collections_do_not_show,
            .initial_state = &programs[i],
        };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
