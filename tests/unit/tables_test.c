/* SPDX-License-Identifier: MIT */
/*
 * tables_test.c -- the tables of weak references and weak maps: their sizes, and what the audit sees in them
 *
 * Each test of the audit breaks one thing, reads the sentence, and mends it again.
 */
#include "heap/heap.h"

#include "support/cell.h"
#include "support/heap.h"

#include <ouro/weak_map.h>

#include <string.h>

enum { MOST = 200 };

/* ---- sizes ---- */

static struct ouro__weakrefs *weakrefs_of(ouro_heap *heap)
{
    return &heap->life.weakrefs;
}

static struct ouro__map *inside(ouro_weak_map *map)
{
    return (struct ouro__map *)(void *)map;
}

/* Of a table that is never more than half used. */
static size_t capacity_for(size_t targets)
{
    size_t capacity = 16;
    while (capacity < 2 * targets) capacity *= 2;
    return capacity;
}

/* How far an address is from where a search for it begins. */
static size_t distance(const void *address, size_t slot, size_t capacity)
{
    return (slot - ouro__hash_of(address)) & (capacity - 1);
}

/* A search goes from one place to the next: none is empty between where it begins and the target. */
static void assert_no_gaps(const struct ouro__weakrefs *weakrefs)
{
    const struct ouro__ephemerons *ephemerons = &weakrefs->ephemerons;
    for (size_t i = 0; i < weakrefs->capacity; i++) {
        if (weakrefs->table[i] == NULL) continue;
        size_t behind = distance(weakrefs->table[i]->target, i, weakrefs->capacity);
        for (; behind > 0; behind--)
            assert_non_null(weakrefs->table[(i - behind) & (weakrefs->capacity - 1)]);
    }
    for (size_t i = 0; i < ephemerons->capacity; i++) {
        if (ephemerons->table[i] == NULL) continue;
        size_t behind = distance(ephemerons->table[i]->target, i, ephemerons->capacity);
        for (; behind > 0; behind--)
            assert_non_null(ephemerons->table[(i - behind) & (ephemerons->capacity - 1)]);
    }
}

/* Addresses that differ by the size of a block are spread over the tables: a search meets few others. */
static void test_searches_are_short(void **state)
{
    const struct ouro__weakrefs *weakrefs = weakrefs_of(*state);
    const struct ouro__ephemerons *ephemerons = &weakrefs->ephemerons;
    ouro_weak_map *map = ouro_weak_map_new(*state);
    list *all = list_new(*state);
    for (size_t i = 0; i < MOST; i++) {
        ouro_auto cell *key = cell_new(*state);
        ouro_auto ouro_weakref *weak = ouro_weakref_new(key);
        assert_int_equal(ouro_weak_map_set(map, key, NULL), OURO_OK);
        list_append(all, key);
        list_append(all, weak);
    }
    size_t steps[3] = {0};
    for (size_t i = 0; i < weakrefs->capacity; i++)
        if (weakrefs->table[i] != NULL)
            steps[0] += distance(weakrefs->table[i]->target, i, weakrefs->capacity);
    for (size_t i = 0; i < ephemerons->capacity; i++)
        if (ephemerons->table[i] != NULL)
            steps[1] += distance(ephemerons->table[i]->target, i, ephemerons->capacity);
    for (size_t i = 0; i < inside(map)->capacity; i++)
        if (inside(map)->table[i] != NULL)
            steps[2] += distance(inside(map)->table[i]->target, i, inside(map)->capacity);
    for (size_t i = 0; i < COUNT_OF(steps); i++) assert_in_range(steps[i], 0, MOST);
    for (; all->items.length > 0; ouro_decref(ouro_vector_pop(all, &all->items)))
        assert_no_gaps(weakrefs);
    ouro_decref(all);
    ouro_decref(map);
}

static void test_the_table_of_weak_references_grows_by_need(void **state)
{
    const struct ouro__weakrefs *weakrefs = weakrefs_of(*state);
    cell *targets[MOST];
    ouro_weakref *looking[MOST];
    test_heap_dirty(*state);
    assert_int_equal(weakrefs->capacity, 0);
    for (size_t i = 0; i < MOST; i++) {
        targets[i] = cell_new(*state);
        looking[i] = ouro_weakref_new(targets[i]);
        assert_non_null(looking[i]);
        assert_int_equal(weakrefs->targets, i + 1);
        assert_int_equal(weakrefs->capacity, capacity_for(i + 1));
        for (size_t j = 0; j <= i; j++)
            assert_ptr_equal(ouro__weakrefs_of(weakrefs, targets[j]), looking[j]);
    }
    for (size_t i = 0; i < MOST; i++) {
        ouro_decref(looking[i]);
        ouro_decref(targets[i]);
        assert_int_equal(weakrefs->targets, MOST - 1 - i);
    }
}

static void test_the_tables_of_weak_maps_grow_by_need(void **state)
{
    const struct ouro__ephemerons *ephemerons = &weakrefs_of(*state)->ephemerons;
    ouro_weak_map *map = ouro_weak_map_new(*state);
    cell *keys[MOST];
    test_heap_dirty(*state);
    assert_int_equal(ephemerons->capacity, 0);
    assert_int_equal(inside(map)->capacity, 0);
    for (size_t i = 0; i < MOST; i++) {
        keys[i] = cell_new(*state);
        assert_int_equal(ouro_weak_map_set(map, keys[i], NULL), OURO_OK);
        assert_int_equal(ephemerons->targets, i + 1);
        assert_int_equal(ephemerons->capacity, capacity_for(i + 1));
        assert_int_equal(inside(map)->capacity, capacity_for(i + 1));
        for (size_t j = 0; j <= i; j++) assert_true(ouro_weak_map_contains(map, keys[j]));
    }
    for (size_t i = 0; i < MOST; i++) {
        ouro_decref(keys[i]);
        assert_int_equal(ephemerons->targets, MOST - 1 - i);
    }
    ouro_weak_map_clear(map);
    assert_int_equal(inside(map)->capacity, 0);
    assert_null(inside(map)->table);
    ouro_decref(map);
}

/* Who has room for one more says so, also when it had to grow for it: else the heap would make room in other ways, and
 * ask again. */
static void test_a_table_that_has_grown_says_so(void **state)
{
    struct ouro__weakrefs *weakrefs = weakrefs_of(*state);
    ouro_weak_map *map = ouro_weak_map_new(*state);
    list *all = list_new(*state);
    for (size_t i = 0; i < MOST; i++) {
        ouro_auto cell *key = cell_new(*state);
        assert_true(ouro__map_reserve(inside(map)));
        assert_true(ouro__ephemerons_reserve(weakrefs));
        assert_true(ouro__weakrefs_reserve(weakrefs));
        size_t capacity = capacity_for(i + 1);
        assert_int_equal(inside(map)->capacity, capacity);
        assert_int_equal(weakrefs->ephemerons.capacity, capacity);
        assert_int_equal(weakrefs->capacity, capacity);
        assert_int_equal(ouro_weak_map_set(map, key, NULL), OURO_OK);
        ouro_auto ouro_weakref *weak = ouro_weakref_new(key);
        list_append(all, key);
        list_append(all, weak);
    }
    ouro_decref(all);
    ouro_decref(map);
}

/* A map of `count` keys, which is full where that is half of its capacity, all but `left` of which are taken out
 * again, the oldest first: so much room as one more key makes it have. */
static size_t capacity_after(ouro_heap *heap, size_t count, size_t left)
{
    test_heap_dirty(heap);
    ouro_weak_map *map = ouro_weak_map_new(heap);
    list *keys = list_new(heap);
    for (size_t i = 0; i <= count; i++) {
        ouro_auto cell *key = cell_new(heap);
        list_append(keys, key);
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ouro_weak_map_set(map, keys->items.items[i], NULL), OURO_OK);
    for (size_t i = 0; i + left < count; i++)
        assert_true(ouro_weak_map_delete(map, keys->items.items[i]));
    assert_int_equal(inside(map)->capacity, capacity_for(count));
    uint64_t closings = inside(map)->closings;
    assert_int_equal(ouro_weak_map_set(map, keys->items.items[count], NULL), OURO_OK);
    assert_int_equal(inside(map)->closings, closings + 1); /* they are gone through once */
    assert_int_equal(inside(map)->length, left + 1);
    assert_int_equal(inside(map)->used, left + 1); /* no hole is left */
    for (size_t i = 0; i <= count; i++)
        assert_int_equal(ouro_weak_map_contains(map, keys->items.items[i]), i + left >= count);
    test_heap_verify(heap);
    size_t capacity = inside(map)->capacity;
    ouro_decref(keys);
    ouro_decref(map);
    return capacity;
}

/* Holes are closed where they are a quarter of the room; where next to nothing is left, the table shrinks. */
static void test_a_full_map_grows_or_closes_its_holes(void **state)
{
    static const struct {
        size_t full, left, capacity;
    } cases[] = {
        {8, 7, 32},    {8, 6, 16},    {8, 1, 16},   {16, 13, 64}, {16, 12, 32},
        {16, 1, 32},   {32, 25, 128}, {32, 24, 64}, {32, 4, 64},  {32, 3, 16},
        {64, 48, 128}, {64, 8, 128},  {64, 7, 32},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(capacity_after(*state, cases[i].full, cases[i].left), cases[i].capacity);
}

/* A table and its order are one block, which is no larger than it must be. */
static void test_the_order_lies_behind_the_table(void **state)
{
    ouro_weak_map *map = ouro_weak_map_new(*state);
    list *keys = list_new(*state);
    for (size_t i = 0; i < MOST; i++)
        assert_int_equal(ouro_weak_map_set(map, list_append_cell(keys, 1), NULL), OURO_OK);
    size_t places = inside(map)->capacity + inside(map)->capacity / 2;
    assert_ptr_equal(inside(map)->order, inside(map)->table + inside(map)->capacity);
    size_t bytes = ouro__raw_usable_size(inside(map)->table);
    assert_in_range(bytes, places * sizeof(void *), places * sizeof(void *) / 4 * 5);
    ouro_decref(keys);
    ouro_decref(map);
}

/* ---- holes ---- */

enum { FULL = 8 };

/* A map that is full, but for the entries whose bits are in `gone`. */
static ouro_weak_map *map_with_holes(list *keys, size_t gone)
{
    ouro_weak_map *map = ouro_weak_map_new(ouro_heap_of(keys));
    for (size_t i = 0; i < FULL; i++)
        assert_int_equal(ouro_weak_map_set(map, keys->items.items[i], NULL), OURO_OK);
    for (size_t i = 0; i < FULL; i++)
        if ((gone >> i & 1) != 0) assert_true(ouro_weak_map_delete(map, keys->items.items[i]));
    return map;
}

static list *list_of_keys(ouro_heap *heap)
{
    list *keys = list_new(heap);
    for (size_t i = 0; i < FULL; i++) (void)list_append_cell(keys, 1);
    return keys;
}

/* The first that is left from one on; FULL where none is. */
static size_t first_left(size_t gone, size_t from)
{
    while (from < FULL && (gone >> from & 1) != 0) from++;
    return from;
}

/* Where entries may have moved the serial tells where a walk goes on, and else the place. */
static void test_a_walk_goes_on_behind_what_it_has_met(void **state)
{
    list *keys = list_of_keys(*state);
    for (size_t gone = 0; gone < 1u << FULL; gone++) {
        ouro_weak_map *map = map_with_holes(keys, gone);
        const struct ouro__map *entries = inside(map);
        for (size_t from = 0; from <= FULL; from++) {
            size_t next = first_left(gone, from);
            for (int moved = 0; moved < 2; moved++) {
                ouro_weak_cursor cursor = {
                    .place = moved != 0 ? 0 : from,
                    .serial = moved != 0 ? from : 0,
                    .closings = entries->closings - (moved != 0),
                };
                const struct ouro__ephemeron *met = ouro__map_next(entries, &cursor);
                assert_int_equal(cursor.closings, entries->closings);
                assert_ptr_equal(met, next < FULL ? entries->order[next] : NULL);
                if (next == FULL) continue;
                assert_int_equal(cursor.place, next + 1);
                assert_int_equal(cursor.serial, next + 1);
            }
        }
        ouro_decref(map);
    }
    ouro_decref(keys);
}

/* A cycle that has half followed a map goes on with the same entry; in another map it is where it was.  [mark.half] */
static void test_where_a_cycle_goes_on_moves_with_the_entries(void **state)
{
    enum { FEW = 2 }; /* holes that are closed */
    struct ouro__half *half = &ouro__heap_pools(*state)->marks.lanes[OURO__WHOLE].half;
    list *keys = list_of_keys(*state);
    ouro_weak_map *other = ouro_weak_map_new(*state);
    for (size_t gone = 0; gone < 1u << (FULL - 1); gone++) {
        if (__builtin_popcountl(gone) < FEW) continue;
        for (size_t done = 0; done < FULL; done++) {
            for (int own = 0; own < 2; own++) {
                ouro_weak_map *map = map_with_holes(keys, gone);
                const struct ouro__ephemeron *next = inside(map)->order[first_left(gone, done)];
                *half = (struct ouro__half){.owner = own != 0 ? map : other, .done = done};
                assert_true(ouro__map_reserve(inside(map)));
                assert_ptr_equal(inside(map)->order[own != 0 ? half->done : next->index], next);
                if (own == 0) assert_int_equal(half->done, done);
                *half = (struct ouro__half){.owner = NULL};
                ouro_decref(map);
            }
        }
    }
    ouro_decref(other);
    ouro_decref(keys);
}

/* ---- what a walk meets in the end ---- */

static int count_referent(void *referent, void *argument)
{
    assert_non_null(referent);
    ++*(size_t *)argument;
    return 0;
}

/* Whoever goes through a map ends with its last entry; behind it is what was there before. */
static void test_a_full_map_ends_with_its_last_entry(void **state)
{
    for (size_t count = 8; count <= 64; count *= 2) {
        list *keys = list_new(*state);
        for (size_t i = 0; i < count; i++) (void)list_append_cell(keys, 1);
        test_heap_dirty(*state);
        ouro_weak_map *map = ouro_weak_map_new(*state);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(ouro_weak_map_set(map, keys->items.items[i], keys), OURO_OK);
        size_t referents = 0, met = 0;
        ouro_get_referents(map, count_referent, &referents);
        assert_int_equal(referents, count);
        ouro_weak_cursor cursor = {0};
        void *key;
        while (ouro_weak_map_next(map, &cursor, &key, NULL)) {
            met++;
            ouro_decref(key);
        }
        assert_int_equal(met, count);
        assert_int_equal(ouro_collect(*state, 2), 0);
        for (size_t i = 0; i < 2; i++) /* the first is a hole, and the last is gone */
            assert_true(ouro_weak_map_delete(map, keys->items.items[i * (count - 1)]));
        assert_int_equal(inside(map)->used, count - 1);
        assert_int_equal(ouro_collect(*state, 2), 0);
        ouro_decref(map);
        ouro_decref(keys);
    }
}

/* An entry is new to the first scan, which has the least stamp, whatever was in its memory. */
static void test_a_new_entry_was_counted_by_nobody(void **state)
{
    enum { WORDS = sizeof(struct ouro__ephemeron) / sizeof(uint32_t) };
    for (uint32_t stamp = 0; stamp < 4; stamp++) {
        ouro_heap *heap = test_heap_quiet();
        uint32_t *memory = ouro_mem_alloc(heap, sizeof(struct ouro__ephemeron));
        assert_non_null(memory);
        for (size_t i = 0; i < WORDS; i++) memory[i] = stamp;
        ouro_weak_map *map = ouro_weak_map_new(heap);
        cell *key = cell_new(heap), *value = cell_new(heap);
        (void)ouro_weak_map_set(map, key, NULL); /* has its table */
        (void)ouro_weak_map_delete(map, key);
        ouro_mem_free(heap, memory);
        ouro_set(value, left, key);
        assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
        ouro_decref(value);
        ouro_decref(key);
        assert_int_equal(ouro_collect(heap, 0), 2);
        ouro_decref(map);
        test_heap_close_empty(heap);
        (void)state;
    }
}

static bool is_refused;

static bool refuse(void *context, size_t bytes)
{
    (void)context;
    return is_refused && bytes >= 256; /* a table, and no entry */
}

/* A map that has shrunk, for whose smaller table there is no memory, has room in the one that it has. */
static void test_a_table_that_cannot_shrink(void **state)
{
    (void)state;
    enum { MANY = 64, LEFT = 3 };
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collector_off = true, .one_at_a_time = true, .refuse = refuse});
    ouro_weak_map *map = ouro_weak_map_new(heap);
    list *keys = list_new(heap);
    for (size_t i = 0; i <= MANY; i++) (void)list_append_cell(keys, 1);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(ouro_weak_map_set(map, keys->items.items[i], NULL), OURO_OK);
    for (size_t i = 0; i + LEFT < MANY; i++)
        assert_true(ouro_weak_map_delete(map, keys->items.items[i]));
    size_t smaller = MANY / 2 / 2 * 3 * sizeof(void *);
    void *taken = ouro_mem_alloc(heap, smaller); /* of when it had grown to that size */
    assert_non_null(taken);
    is_refused = true;
    assert_int_equal(ouro_weak_map_set(map, keys->items.items[MANY], NULL), OURO_OK);
    is_refused = false;
    ouro_mem_free(heap, taken);
    assert_int_equal(inside(map)->capacity, 2 * MANY);
    assert_int_equal(inside(map)->used, LEFT + 1);
    test_heap_verify(heap);
    ouro_decref(map);
    ouro_decref(keys);
    test_heap_close_empty(heap);
}

/* Where there is no memory for a larger table all stays as it was. */
static void test_a_table_that_cannot_grow(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collector_off = true, .one_at_a_time = true, .refuse = refuse});
    ouro_weak_map *map = ouro_weak_map_new(heap);
    list *all = list_new(heap);
    for (size_t i = 0; i < FULL; i++) {
        ouro_auto cell *key = cell_new(heap);
        ouro_auto ouro_weakref *weak = ouro_weakref_new(key);
        assert_int_equal(ouro_weak_map_set(map, key, NULL), OURO_OK);
        list_append(all, key);
        list_append(all, weak);
    }
    ouro_weak_map *other =
        ouro_weak_map_new(heap); /* so that its keys' table has room for one more */
    for (size_t i = 0; i < FULL; i++) {
        ouro_auto cell *key = cell_new(heap);
        assert_int_equal(ouro_weak_map_set(other, key, NULL), OURO_OK);
        list_append(all, key);
    }
    assert_int_equal(weakrefs_of(heap)->ephemerons.capacity, 4 * FULL);
    ouro_decref(ouro_vector_pop(all, &all->items));
    ouro_auto cell *one_more = cell_new(heap);
    is_refused = true;
    assert_null(ouro_weakref_new(one_more));
    assert_int_equal(ouro_weak_map_set(map, one_more, NULL), OURO_NO_MEMORY);
    is_refused = false;
    assert_int_equal(weakrefs_of(heap)->capacity, 2 * FULL);
    assert_int_equal(inside(map)->capacity, 2 * FULL);
    assert_int_equal(ouro_weak_map_length(map), FULL);
    test_heap_verify(heap);
    assert_int_equal(ouro_weak_map_set(map, one_more, NULL), OURO_OK);
    assert_int_equal(inside(map)->capacity, 4 * FULL);
    ouro_decref(map);
    ouro_decref(other);
    ouro_decref(all);
    ouro_decref(ouro_move(one_more));
    test_heap_close_empty(heap);
}

/* A map that has room for a key does not take it where the table of all keys has none. */
static void test_a_table_of_keys_that_cannot_grow(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(
        &(ouro_heap_options){.collector_off = true, .one_at_a_time = true, .refuse = refuse});
    ouro_weak_map *map = ouro_weak_map_new(heap), *other = ouro_weak_map_new(heap);
    list *keys = list_new(heap);
    for (size_t i = 0; i < FULL; i++) {
        cell *key = list_append_cell(keys, 1);
        assert_int_equal(ouro_weak_map_set(i == 0 ? map : other, key, NULL), OURO_OK);
    }
    ouro_auto cell *one_more = cell_new(heap);
    is_refused = true;
    assert_false(ouro__ephemerons_reserve(weakrefs_of(heap)));
    assert_int_equal(ouro_weak_map_set(map, one_more, NULL), OURO_NO_MEMORY);
    is_refused = false;
    assert_int_equal(weakrefs_of(heap)->ephemerons.capacity, 2 * FULL);
    assert_int_equal(ouro_weak_map_length(map), 1);
    test_heap_verify(heap);
    assert_int_equal(ouro_weak_map_set(map, one_more, NULL), OURO_OK);
    assert_int_equal(weakrefs_of(heap)->ephemerons.capacity, 4 * FULL);
    ouro_decref(map);
    ouro_decref(other);
    ouro_decref(keys);
    ouro_decref(ouro_move(one_more));
    test_heap_close_empty(heap);
}

static void assert_nobody_looks_at(struct ouro__weakrefs *weakrefs, void *object)
{
    assert_null(ouro__ephemerons_of(weakrefs, object));
    assert_null(ouro__ephemerons_detach(weakrefs, object));
    assert_null(ouro__weakrefs_of(weakrefs, object));
    assert_null(ouro__weakrefs_shared(weakrefs, object));
    assert_null(ouro__weakrefs_clear(weakrefs, object));
    assert_null(ouro__weakrefs_clear_callbacks(weakrefs, object));
}

/* Who is no key, and no target, leads to nothing, also where there is no table yet. */
static void test_whom_nobody_looks_at(void **state)
{
    struct ouro__weakrefs *weakrefs = weakrefs_of(*state);
    ouro_auto cell *object = cell_new(*state), *other = cell_new(*state);
    assert_nobody_looks_at(weakrefs, object);
    assert_int_equal(weakrefs->capacity, 0);
    assert_int_equal(weakrefs->ephemerons.capacity, 0);
    ouro_auto ouro_weakref *weak = ouro_weakref_new(other);
    ouro_weak_map *map = ouro_weak_map_new(*state);
    assert_int_equal(ouro_weak_map_set(map, other, NULL), OURO_OK);
    assert_nobody_looks_at(weakrefs, object);
    assert_int_equal(weakrefs->targets, 1);
    assert_int_equal(weakrefs->ephemerons.targets, 1);
    ouro_decref(map);
}

/* ---- what the audit sees ---- */

/* A map with three keys, the second of which is in another map, too. */
struct maps {
    ouro_heap *heap;
    cell *keys[3];
    ouro_weak_map *map, *other;
    struct ouro__ephemeron *entries[3]; /* of the map */
};

static struct maps maps_new(ouro_heap *heap)
{
    struct maps maps = {.heap = heap};
    maps.map = ouro_weak_map_new(heap);
    maps.other = ouro_weak_map_new(heap);
    for (size_t i = 0; i < COUNT_OF(maps.keys); i++) {
        maps.keys[i] = cell_new(heap);
        assert_int_equal(ouro_weak_map_set(maps.map, maps.keys[i], NULL), OURO_OK);
        maps.entries[i] = inside(maps.map)->order[i];
    }
    assert_int_equal(ouro_weak_map_set(maps.other, maps.keys[1], NULL), OURO_OK);
    test_heap_verify(heap);
    return maps;
}

/* Whole again. */
static void maps_end(const struct maps *maps)
{
    test_heap_verify(maps->heap);
    for (size_t i = 0; i < COUNT_OF(maps->keys); i++) ouro_decref(maps->keys[i]);
    ouro_decref(maps->map);
    ouro_decref(maps->other);
}

static void assert_begins(const char *complaint, const char *beginning)
{
    assert_non_null(complaint);
    if (strncmp(complaint, beginning, strlen(beginning)) != 0)
        fail_msg("\"%s\" instead of \"%s...\"", complaint, beginning);
}

/* The map's own audit says so, and so does that of the heap. */
static void assert_map_says(const struct maps *maps, const char *beginning)
{
    ouro_error error;
    assert_begins(ouro__map_audit(inside(maps->map)), beginning);
    assert_int_equal(ouro_verify(maps->heap, &error), OURO_CORRUPT);
    assert_begins(error.message, beginning);
}

static void test_a_map_with_too_many_places(void **state)
{
    struct maps maps = maps_new(*state);
    struct ouro__map *map = inside(maps.map);
    size_t used = map->used, room = map->capacity / 2;
    for (size_t i = used; i < room; i++) map->order[i] = NULL;
    map->used = room; /* holes are no fault */
    assert_null(ouro__map_audit(map));
    map->used = room + 1;
    assert_map_says(&maps, "[map.room]");
    map->used = used;
    maps_end(&maps);
}

static void test_an_ephemeron_in_another_place_of_its_map(void **state)
{
    static const char *const says = "[map.order]";
    struct maps maps = maps_new(*state);
    struct ouro__map *map = inside(maps.map);
    maps.entries[0]->map = inside(maps.other);
    assert_map_says(&maps, says);
    maps.entries[0]->map = map;
    maps.entries[1]->index = 2;
    assert_map_says(&maps, says);
    maps.entries[1]->index = 1;
    maps.entries[1]->serial = 0; /* as the first: they rise */
    assert_map_says(&maps, says);
    maps.entries[1]->serial = 1;
    map->serials = 2; /* the third was never given */
    assert_map_says(&maps, says);
    map->serials = 3;
    maps_end(&maps);
}

/* Where a key is in a table. */
static size_t slot_of(const struct ouro__map *map, const struct ouro__ephemeron *entry)
{
    for (size_t slot = 0; slot < map->capacity; slot++)
        if (map->table[slot] == entry) return slot;
    fail_msg("it is not in the table");
    return 0;
}

static void test_a_key_that_is_not_in_the_table(void **state)
{
    static const char *const misses = "[map.length] a weak map's table misses a key";
    struct maps maps = maps_new(*state);
    struct ouro__map *map = inside(maps.map);
    size_t slot = slot_of(map, maps.entries[0]);
    map->table[slot] = NULL;
    assert_map_says(&maps, misses);
    map->table[slot] = maps.entries[1]; /* the search goes on behind it, and ends */
    assert_map_says(&maps, misses);
    struct ouro__ephemeron **table = map->table, *full[16];
    assert_int_equal(map->capacity, COUNT_OF(full));
    for (size_t i = 0; i < COUNT_OF(full); i++) full[i] = maps.entries[1];
    map->table = full; /* no place is empty, and it is nowhere */
    assert_map_says(&maps, misses);
    full[(slot + 15) % 16] = maps.entries[0]; /* the last place that is searched */
    full[(slot + 14) % 16] = maps.entries[2];
    assert_map_says(&maps, "[map.length] a weak map has another length than it says");
    map->table = table;
    table[slot] = maps.entries[0];
    maps_end(&maps);
}

static void test_a_map_of_another_length(void **state)
{
    static const char *const says = "[map.length] a weak map has another length than it says";
    struct maps maps = maps_new(*state);
    struct ouro__map *map = inside(maps.map);
    map->length++;
    assert_map_says(&maps, says);
    map->length--;
    size_t slot = 0;
    while (map->table[slot] != NULL) slot++;
    map->table[slot] = maps.entries[0]; /* once too often */
    assert_map_says(&maps, says);
    map->table[slot] = NULL;
    maps_end(&maps);
}

/* ---- the table of targets ---- */

/* What is said of it where so many objects are keys, and so many entries in maps. */
static void assert_table_says(const struct maps *maps, size_t keyed, size_t in_maps,
                              const char *beginning)
{
    const char *complaint = ouro__ephemerons_audit(weakrefs_of(maps->heap), keyed, in_maps);
    if (beginning == NULL)
        assert_null(complaint);
    else
        assert_begins(complaint, beginning);
}

static void test_a_key_that_does_not_know(void **state)
{
    struct maps maps = maps_new(*state);
    *ouro__word_of(maps.keys[0]) &= ~OURO__KEYED;
    assert_table_says(&maps, 3, 4, "[ephemeron.keyed]");
    assert_int_equal(ouro_verify(*state, NULL), OURO_CORRUPT);
    *ouro__word_of(maps.keys[0]) |= OURO__KEYED;
    maps_end(&maps);
}

static void test_a_broken_list_of_ephemerons(void **state)
{
    static const char *const says = "[ephemeron.both] the list of a target's ephemerons is broken";
    struct maps maps = maps_new(*state);
    struct ouro__ephemeron *first = ouro__ephemerons_of(weakrefs_of(*state), maps.keys[1]);
    struct ouro__ephemeron *second = first->next;
    assert_ptr_equal(second, maps.entries[1]);
    assert_null(second->next);
    second->previous = NULL;
    assert_table_says(&maps, 3, 4, says);
    second->previous = first;
    first->previous = second;
    assert_table_says(&maps, 3, 4, says);
    first->previous = NULL;
    second->target = maps.keys[0];
    assert_table_says(&maps, 3, 4, says);
    second->target = maps.keys[1];
    maps_end(&maps);
}

static void test_an_ephemeron_that_its_map_does_not_have(void **state)
{
    static const char *const says = "[ephemeron.both] an ephemeron is not in its map";
    struct maps maps = maps_new(*state);
    struct ouro__map *map = inside(maps.map);
    maps.entries[0]->index = 1;
    assert_table_says(&maps, 3, 4, says);
    maps.entries[0]->index = 3; /* behind the last */
    map->order[3] = maps.entries[0];
    assert_table_says(&maps, 3, 4, says);
    maps.entries[0]->index = 0;
    maps_end(&maps);
}

static void test_a_table_of_targets_that_counts_wrongly(void **state)
{
    static const char *const says = "[ephemeron.table]";
    struct maps maps = maps_new(*state);
    struct ouro__ephemerons *ephemerons = &weakrefs_of(*state)->ephemerons, was = *ephemerons;
    assert_table_says(&maps, 3, 4, NULL);
    assert_table_says(&maps, 2, 4, says);
    assert_table_says(&maps, 4, 4, says);
    ephemerons->targets = 4;
    assert_table_says(&maps, 3, 4, says);
    assert_table_says(&maps, 4, 4, says);
    ephemerons->targets = 3;
    struct ouro__ephemeron *full[6] = {NULL}; /* half, and more than half */
    for (size_t i = 0; i < 3; i++) full[i] = ouro__ephemerons_of(weakrefs_of(*state), maps.keys[i]);
    ephemerons->table = full;
    ephemerons->capacity = 6;
    assert_table_says(&maps, 3, 4, NULL);
    ephemerons->capacity = 5;
    assert_table_says(&maps, 3, 4, says);
    *ephemerons = was;
    assert_table_says(&maps, 3, 3, "[ephemeron.both] a map has an ephemeron that no target");
    assert_table_says(&maps, 3, 5, "[ephemeron.both] a map has an ephemeron that no target");
    maps_end(&maps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_searches_are_short),
        HEAP_TEST(test_the_table_of_weak_references_grows_by_need),
        HEAP_TEST(test_the_tables_of_weak_maps_grow_by_need),
        HEAP_TEST(test_a_table_that_has_grown_says_so),
        HEAP_TEST(test_a_full_map_grows_or_closes_its_holes),
        HEAP_TEST(test_the_order_lies_behind_the_table),
        HEAP_TEST(test_a_walk_goes_on_behind_what_it_has_met),
        HEAP_TEST(test_where_a_cycle_goes_on_moves_with_the_entries),
        HEAP_TEST(test_a_full_map_ends_with_its_last_entry),
        cmocka_unit_test(test_a_new_entry_was_counted_by_nobody),
        cmocka_unit_test(test_a_table_that_cannot_shrink),
        cmocka_unit_test(test_a_table_that_cannot_grow),
        cmocka_unit_test(test_a_table_of_keys_that_cannot_grow),
        HEAP_TEST(test_whom_nobody_looks_at),
        HEAP_TEST(test_a_map_with_too_many_places),
        HEAP_TEST(test_an_ephemeron_in_another_place_of_its_map),
        HEAP_TEST(test_a_key_that_is_not_in_the_table),
        HEAP_TEST(test_a_map_of_another_length),
        HEAP_TEST(test_a_key_that_does_not_know),
        HEAP_TEST(test_a_broken_list_of_ephemerons),
        HEAP_TEST(test_an_ephemeron_that_its_map_does_not_have),
        HEAP_TEST(test_a_table_of_targets_that_counts_wrongly),
    };
    return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
