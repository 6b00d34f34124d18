/* SPDX-License-Identifier: MIT */
/*
 * weak_map_test.c -- weak maps, weak sets and maps of weak values, without garbage cycles
 */
#include <string.h>

#include "heap/heap.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/setting.h"

/* ---- helpers ---- */

static ouro_weak_map *map_new(ouro_heap *heap)
{
    ouro_weak_map *map = ouro_weak_map_new(heap);
    assert_non_null(map);
    return map;
}

static void set(ouro_weak_map *map, void *key, void *value)
{
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
}

/* The number of the atom that a key has; -1 for none. */
static long number_at(ouro_weak_map *map, void *key)
{
    atom *value = ouro_weak_map_get(map, key);
    if (value == NULL) return -1;
    long number = value->number;
    ouro_decref(value);
    return number;
}

/* Stores a new atom. */
static void set_number(ouro_weak_map *map, void *key, long number)
{
    atom *value = atom_new(ouro_heap_of(map), number);
    set(map, key, value);
    ouro_decref(value);
}

/* ---- weak keys ---- */

static void test_set_get_replace(void **state)
{
    ouro_weak_map *map = map_new(*state);
    cell *a = cell_new(*state), *b = cell_new(*state);
    assert_int_equal(number_at(map, a), -1);
    assert_false(ouro_weak_map_contains(map, a));
    set_number(map, a, 1);
    set_number(map, b, 2);
    assert_int_equal(ouro_weak_map_length(map), 2);
    assert_int_equal(number_at(map, a), 1);
    assert_int_equal(number_at(map, b), 2);
    size_t released = cell_released;
    set_number(map, a, 3); /* the old value dies at once */
    assert_int_equal(cell_released, released + 1);
    assert_int_equal(number_at(map, a), 3);
    assert_int_equal(ouro_weak_map_length(map), 2);
    assert_int_equal(ouro_refcount(a), 1); /* keys are not held */
    test_heap_verify(*state);
    ouro_decref(map);
    assert_int_equal(cell_released, released + 3);
    ouro_decref(a);
    ouro_decref(b);
}

static void test_a_value_may_be_null(void **state)
{
    ouro_weak_map *map = map_new(*state);
    cell *key = cell_new(*state);
    set(map, key, NULL);
    assert_true(ouro_weak_map_contains(map, key));
    assert_null(ouro_weak_map_get(map, key));
    set_number(map, key, 5);
    set(map, key, NULL);
    assert_true(ouro_weak_map_delete(map, key));
    assert_false(ouro_weak_map_delete(map, key));
    ouro_decref(key);
    ouro_decref(map);
}

static void test_pop_moves_the_value_out(void **state)
{
    ouro_weak_map *map = map_new(*state);
    cell *key = cell_new(*state);
    atom *value = atom_new(*state, 7);
    set(map, key, value);
    assert_int_equal(ouro_refcount(value), 2);
    atom *popped = ouro_weak_map_pop(map, key);
    assert_ptr_equal(popped, value);
    assert_int_equal(ouro_refcount(value), 2);
    assert_null(ouro_weak_map_pop(map, key));
    assert_int_equal(ouro_weak_map_length(map), 0);
    ouro_decref(popped);
    ouro_decref(value);
    ouro_decref(key);
    ouro_decref(map);
}

static void test_an_entry_goes_with_its_key(void **state)
{
    ouro_weak_map *map = map_new(*state), *other = map_new(*state);
    cell *key = cell_new(*state), *kept = cell_new(*state);
    set_number(map, key, 1);
    set_number(other, key, 2);
    set_number(map, kept, 3);
    size_t released = cell_released;
    ouro_decref(key);
    assert_int_equal(cell_released, released + 3);
    assert_int_equal(ouro_weak_map_length(map), 1);
    assert_int_equal(ouro_weak_map_length(other), 0);
    assert_int_equal(number_at(map, kept), 3);
    test_heap_verify(*state);
    ouro_decref(other);
    ouro_decref(map);
    ouro_decref(kept);
}

/* ---- the order when a key dies ---- */

static char told[64];
static void tell(char what)
{
    size_t length = strlen(told);
    if (length + 1 < sizeof told) told[length] = what;
}

static ouro_weak_map *watched;
static void key_finalized(cell *self)
{
    tell(ouro_weak_map_contains(watched, self) ? 'F' : 'f'); /* it still finds its entry */
}

static void value_finalized(cell *self)
{
    tell((char)self->number);
    tell(ouro_weak_map_length(watched) > 0 ? '+' : '-');
}

static void called_back(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    tell('c');
    tell(ouro_weak_map_length(watched) > 0 ? '+' : '-');
}

static cell *speaker_new(ouro_heap *heap, char name)
{
    cell *made = cell_new(heap);
    made->number = name;
    made->last_word = value_finalized;
    return made;
}

/* The finalizer; the entry leaves and the callback runs; the values, the newest first; what the key holds. */
static void test_the_order_of_a_death(void **state)
{
    memset(told, 0, sizeof told);
    watched = map_new(*state);
    ouro_weak_map *second = map_new(*state);
    cell *key = cell_new(*state);
    key->last_word = key_finalized;
    cell *v = speaker_new(*state, 'v'), *w = speaker_new(*state, 'w'),
         *h = speaker_new(*state, 'h');
    ouro_weakref *weak = ouro_weakref_new_callback(key, called_back, NULL);
    ouro_put(key, left, h);
    set(watched, key, v);
    set(second, key, w);
    ouro_decref(v);
    ouro_decref(w);
    ouro_decref(key);
    assert_string_equal(told, "Fc-w-v-h-");
    ouro_decref(weak);
    ouro_decref(second);
    ouro_decref(watched);
}

/* Brought back by its finalizer, a key keeps its entries. */
static cell *rescued;
static void rescue(cell *self)
{
    ouro_incref(self);
    rescued = self;
}

static void test_a_key_that_lives_on(void **state)
{
    ouro_weak_map *map = map_new(*state);
    cell *key = cell_new(*state);
    key->last_word = rescue;
    set_number(map, key, 4);
    ouro_decref(key);
    assert_ptr_equal(rescued, key);
    assert_int_equal(number_at(map, key), 4);
    ouro_decref(rescued);
    assert_int_equal(ouro_weak_map_length(map), 0);
    ouro_decref(map);
}

/* Each value is the only holder of the next key: nothing nests, however many there are. */
static void chain(ouro_heap *heap, size_t length, bool bounded)
{
    ouro_weak_map *map = map_new(heap), *other = map_new(heap);
    size_t released = cell_released;
    cell *first = cell_new(heap), *last = first;
    ouro_incref(first);
    for (size_t i = 1; i < length; i++) {
        cell *next = cell_new(heap);
        set(i % 2 == 0 ? map : other, last, next);
        ouro_decref(last);
        last = next;
    }
    ouro_decref(last);
    ouro_decref(first);
    if (!bounded) assert_int_equal(cell_released, released + length);
    (void)ouro_collect(heap, 0); /* what is left of bounded deaths */
    assert_int_equal(cell_released, released + length);
    assert_int_equal(ouro_weak_map_length(map) + ouro_weak_map_length(other), 0);
    ouro_decref(map);
    ouro_decref(other);
}

static void test_a_chain_of_keys_dies(void **state)
{
    chain(*state, test_scaled(300000), false);
}

static void test_a_chain_of_keys_dies_in_pieces(void **state)
{
    (void)state;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.death_bound = 100, .collector_off = true});
    chain(heap, 20000, true);
    test_heap_close_empty(heap);
}

/* A map of many values ends piece by piece where deaths are bounded, and a key may die in between. */
static void test_a_map_dies_in_pieces(void **state)
{
    (void)state;
    enum { COUNT = 10000 };
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.death_bound = 100, .collector_off = true});
    ouro_weak_map *map = map_new(heap);
    list *keys = list_new(heap);
    for (long i = 0; i < COUNT; i++) {
        cell *key = cell_new(heap);
        set_number(map, key, i);
        list_append(keys, key);
        ouro_decref(key);
    }
    size_t released = cell_released;
    ouro_decref(map);
    size_t first = cell_released - released;
    assert_true(first > 0 && first < COUNT / 10);
    test_heap_verify(heap);
    for (size_t i = 0; i < 50; i++) ouro_vector_clear(keys, &keys->items);
    test_heap_verify(heap);
    (void)ouro_collect(heap, 0);
    assert_int_equal(cell_released, released + 2 * COUNT);
    ouro_decref(keys);
    test_heap_close_empty(heap);
}

/* ---- what a map shows ---- */

static int note_referent(void *referent, void *argument)
{
    void **next = *(void ***)argument;
    *next = referent;
    *(void ***)argument = next + 1;
    return 0;
}

/* What it refers to: its values in their order, where some entries have none, and some have gone. */
static void test_referents_are_the_values(void **state)
{
    enum { COUNT = 6 };
    ouro_weak_map *map = map_new(*state);
    list *keys = list_new(*state), *values = list_new(*state);
    for (long i = 0; i < COUNT; i++) {
        cell *key = list_append_cell(keys, i), *value = list_append_cell(values, i);
        set(map, key, i % 3 == 1 ? NULL : value);
    }
    assert_true(ouro_weak_map_delete(map, keys->items.items[0]));
    void *seen[COUNT], **next = seen;
    ouro_get_referents(map, note_referent, &next);
    assert_int_equal(next - seen, 3);
    assert_ptr_equal(seen[0], values->items.items[2]);
    assert_ptr_equal(seen[1], values->items.items[3]);
    assert_ptr_equal(seen[2], values->items.items[5]);
    ouro_decref(map);
    ouro_decref(keys);
    ouro_decref(values);
}

/* ---- what a value's end may do to the map ---- */

static ouro_weak_map *worked_on;
static cell *spare_key;
static void add_more(cell *self)
{
    for (int i = 0; i < 40; i++) {
        cell *key = cell_new(ouro_heap_of(worked_on));
        set(worked_on, key, NULL);
        ouro_decref(key);
    }
    if (spare_key != NULL) set(worked_on, spare_key, NULL);
    (void)self;
}

static void test_clear_while_values_add(void **state)
{
    enum { COUNT = 100 };
    worked_on = map_new(*state);
    spare_key = cell_new(*state);
    cell *keys[COUNT];
    for (int i = 0; i < COUNT; i++) {
        keys[i] = cell_new(*state);
        cell *value = cell_new(*state);
        value->last_word = add_more;
        set(worked_on, keys[i], value);
        ouro_decref(value);
    }
    size_t released = cell_released;
    ouro_weak_map_clear(worked_on);
    assert_int_equal(cell_released, released + COUNT + 40 * COUNT);
    assert_int_equal(ouro_weak_map_length(worked_on), 1);
    for (int i = 0; i < COUNT; i++) {
        assert_false(ouro_weak_map_contains(worked_on, keys[i]));
        ouro_decref(keys[i]);
    }
    test_heap_verify(*state);
    ouro_decref(spare_key);
    spare_key = NULL;
    ouro_weak_map_clear(worked_on);
    ouro_decref(worked_on);
}

/* ---- iteration ---- */

static void test_next_goes_in_the_order_of_insertion(void **state)
{
    enum { COUNT = 1000 };
    ouro_weak_map *map = map_new(*state);
    list *keys = list_new(*state);
    for (long i = 0; i < COUNT; i++) {
        cell *key = cell_new(*state);
        key->number = i;
        set_number(map, key, 10 * i);
        list_append(keys, key);
        ouro_decref(key);
    }
    ouro_weak_cursor cursor = {0};
    void *key, *value;
    long count = 0;
    while (ouro_weak_map_next(map, &cursor, &key, &value)) {
        assert_int_equal(((cell *)key)->number, count);
        assert_int_equal(((atom *)value)->number, 10 * count);
        ouro_decref(key);
        ouro_decref(value);
        count++;
    }
    assert_int_equal(count, COUNT);
    assert_false(ouro_weak_map_next(map, &cursor, NULL, NULL));
    cursor = (ouro_weak_cursor){0};
    for (count = 0; ouro_weak_map_next(map, &cursor, NULL, NULL); count++) continue;
    assert_int_equal(count, COUNT); /* nobody need want them */
    ouro_decref(keys);
    assert_int_equal(ouro_weak_map_length(map), 0);
    ouro_decref(map);
}

/* While it goes on, keys die around it and others come, so that holes are closed and the table grows. */
static void test_next_while_entries_come_and_go(void **state)
{
    enum { COUNT = 3000 };
    for (uint32_t mixture = 1; mixture < 60; mixture++) {
        ouro_weak_map *map = map_new(*state);
        list *keys = list_new(*state);
        bool met[2 * COUNT] = {false}, gone[2 * COUNT] = {false};
        long made = 0, last = -1;
        for (; made < 50 * (long)mixture; made++) {
            cell *key = cell_new(*state);
            key->number = made;
            set(map, key, NULL);
            list_append(keys, key);
            ouro_decref(key);
        }
        long before = made;
        uint32_t random = mixture;
        ouro_weak_cursor cursor = {0};
        void *key;
        while (ouro_weak_map_next(map, &cursor, &key, NULL)) {
            long number = ((cell *)key)->number;
            ouro_decref(key);
            assert_false(met[number]);
            assert_false(gone[number]);
            assert_true(number > last);
            met[number] = true;
            last = number;
            for (uint32_t i = 0; i < mixture % 5; i++) {
                random = random * 1664525u + 1013904223u;
                if (keys->items.length > 0 && random % 3 != 0) {
                    size_t at = (random >> 8) % keys->items.length;
                    gone[((cell *)keys->items.items[at])->number] = true;
                    assert_int_equal(ouro_vector_remove(keys, &keys->items, at), OURO_OK);
                } else if (made < 2 * COUNT) {
                    cell *added = cell_new(*state);
                    added->number = made++;
                    set(map, added, NULL);
                    list_append(keys, added);
                    ouro_decref(added);
                }
            }
        }
        for (long i = 0; i < before; i++) assert_true(met[i] || gone[i]);
        assert_int_equal(ouro_weak_map_length(map), keys->items.length);
        test_heap_verify(*state);
        ouro_decref(keys);
        ouro_decref(map);
    }
}

/* ---- a table of many, against arrays ---- */

static void test_many_maps_and_keys(void **state)
{
    enum { KEYS = 400, MAPS = 12, ROUNDS = 60000 };
    static long expected[MAPS][KEYS]; /* 0: not there */
    memset(expected, 0, sizeof expected);
    cell *keys[KEYS];
    ouro_weak_map *maps[MAPS];
    for (int i = 0; i < KEYS; i++) keys[i] = cell_new(*state);
    for (int i = 0; i < MAPS; i++) maps[i] = map_new(*state);
    uint64_t random = 12345;
    for (long round = 1; round < ROUNDS; round++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned m = (unsigned)(random >> 33) % MAPS, k = (unsigned)(random >> 40) % KEYS;
        unsigned what = (unsigned)(random >> 56) % 16;
        if (what < 8) {
            set_number(maps[m], keys[k], round);
            expected[m][k] = round;
        } else if (what < 12) {
            assert_int_equal(ouro_weak_map_delete(maps[m], keys[k]), expected[m][k] != 0);
            expected[m][k] = 0;
        } else if (what < 14) {
            assert_int_equal(number_at(maps[m], keys[k]),
                             expected[m][k] != 0 ? expected[m][k] : -1);
        } else if (what == 14) {
            ouro_decref(keys[k]);
            keys[k] = cell_new(*state);
            for (int i = 0; i < MAPS; i++) expected[i][k] = 0;
        } else if (round % 32 == 0) {
            ouro_decref(maps[m]);
            maps[m] = map_new(*state);
            memset(expected[m], 0, sizeof expected[m]);
        }
        if (round % 4096 == 0) test_heap_verify(*state);
    }
    for (int m = 0; m < MAPS; m++) {
        size_t length = 0;
        for (int k = 0; k < KEYS; k++) {
            length += expected[m][k] != 0;
            assert_int_equal(number_at(maps[m], keys[k]),
                             expected[m][k] != 0 ? expected[m][k] : -1);
        }
        assert_int_equal(ouro_weak_map_length(maps[m]), length);
        ouro_decref(maps[m]);
    }
    for (int i = 0; i < KEYS; i++) ouro_decref(keys[i]);
}

/* A map from which most has gone gives memory back when it is used on. */
static void test_a_map_shrinks(void **state)
{
    enum { COUNT = 20000 };
    ouro_weak_map *map = map_new(*state);
    list *keys = list_new(*state), *few = list_new(*state);
    for (int i = 0; i < COUNT; i++) {
        cell *key = cell_new(*state);
        set(map, key, NULL);
        list_append(i % 1000 == 999 ? few : keys, key);
        ouro_decref(key);
    }
    ouro_decref(keys);
    assert_int_equal(ouro_weak_map_length(map), COUNT / 1000);
    size_t before = ((struct ouro__map *)(void *)map)->capacity;
    for (int i = 0; i < COUNT; i++) {
        cell *key = cell_new(*state);
        set(map, key, NULL);
        ouro_decref(key);
    }
    cell *key = cell_new(*state);
    for (int i = 0; i < 3 * COUNT; i++) { /* a hole each time, and no end */
        cell *other = cell_new(*state);
        set(map, other, NULL);
        set(map, key, NULL);
        assert_true(ouro_weak_map_delete(map, key));
        list_append(few, other);
        (void)ouro_vector_remove(few, &few->items, 0);
        ouro_decref(other);
    }
    assert_true(((struct ouro__map *)(void *)map)->capacity < before / 4);
    test_heap_verify(*state);
    ouro_decref(key);
    ouro_decref(few);
    ouro_decref(map);
}

/* ---- what is refused ---- */

static void test_keys_must_be_tracked(void **state)
{
    ouro_weak_map *map = map_new(*state);
    atom *key = atom_new(*state, 1);
    assert_int_equal(ouro_weak_map_set(map, key, NULL), OURO_BAD_TYPE);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "weak_key"));
    assert_null(ouro_weak_map_get(map, key));
    assert_int_equal(ouro_weak_map_length(map), 0);
    ouro_decref(key);
    ouro_decref(map);
}

typedef struct name {
    long number;
} name;
static ouro_type name_type = OURO_TYPE(name, .weak_key = true);

static void test_a_type_says_that_its_objects_are_keys(void **state)
{
    assert_true(ouro_type_is_tracked(&name_type));
    ouro_weak_map *map = map_new(*state);
    name *key = ouro_new(*state, name);
    set_number(map, key, 1);
    assert_int_equal(number_at(map, key), 1);
    ouro_decref(key);
    assert_int_equal(ouro_weak_map_length(map), 0);
    for (int i = 0; i < 1000; i++)
        ouro_decref(ouro_new(*state, name)); /* also those that are none */
    test_heap_verify(*state);
    ouro_decref(map);
    static ouro_type both = OURO_TYPE(name, .weak_key = true, .acyclic = true);
    ouro_error error;
    assert_int_equal(ouro_type_ready(&both, &error), OURO_BAD_TYPE);
    assert_non_null(strstr(error.message, "contradict"));
}

/* ---- arguments ---- */

static struct {
    ouro_weak_map *map;
    ouro_weak_set *set;
    ouro_weak_value_map *values;
    ouro_status status[3];
} last;

/* Asks to be looked at, when it is too late. */
static void ask_at_the_end(void *object)
{
    last.status[0] = ouro_weak_map_set(last.map, object, NULL);
    last.status[1] = ouro_weak_set_add(last.set, object);
    last.status[2] = ouro_weak_value_map_set(last.values, 7, object);
}

typedef struct late {
    void *other;
} late;
static const ouro_field late_fields[] = {OURO_REF(late, other, NULL), OURO_END};
static ouro_type late_type = OURO_TYPE(late, .fields = late_fields, .release = ask_at_the_end);

static void test_the_dying_are_refused(void **state)
{
    last.map = map_new(*state);
    last.set = ouro_weak_set_new(*state);
    last.values = ouro_weak_value_map_new(*state);
    ouro_decref(ouro_new(*state, late));
    for (size_t i = 0; i < COUNT_OF(last.status); i++)
        assert_int_equal(last.status[i], OURO_BAD_ARGUMENT);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "which is dying"));
    assert_int_equal(ouro_weak_map_length(last.map) + ouro_weak_set_length(last.set), 0);
    assert_int_equal(ouro_weak_value_map_length(last.values), 0);
    ouro_decref(last.values);
    ouro_decref(last.set);
    ouro_decref(last.map);
}

static void test_one_heap_alone(void **state)
{
    ouro_heap *other = test_heap_quiet();
    ouro_weak_map *map = map_new(*state);
    ouro_weak_set *things = ouro_weak_set_new(*state);
    cell *ours = cell_new(*state), *theirs = cell_new(other);
    assert_int_equal(ouro_weak_map_set(map, theirs, NULL), OURO_BAD_ARGUMENT);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "another heap"));
    assert_int_equal(ouro_weak_map_set(map, ours, theirs), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_weak_set_add(things, theirs), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_weak_map_length(map) + ouro_weak_set_length(things), 0);
    ouro_decref(theirs);
    ouro_decref(ours);
    ouro_decref(things);
    ouro_decref(map);
    test_heap_close_empty(other);
}

/* ---- memory ---- */

static long left; /* blocks until all are refused; negative: never */
static bool refuse(void *context, size_t bytes)
{
    (void)context;
    (void)bytes;
    if (left < 0) return false;
    if (left == 0) return true;
    left--;
    return false;
}

/* At each point at which memory may be refused: the status, and the map as it was.  Deaths need none. */
static void test_memory_refused(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    bool through = false;
    for (long point = 0; !through; point++) {
        left = -1;
        ouro_heap *heap = test_heap_new(
            &(ouro_heap_options){.collector_off = true, .one_at_a_time = true, .refuse = refuse});
        ouro_weak_map *map = map_new(heap);
        ouro_weak_value_map *values = ouro_weak_value_map_new(heap);
        cell *keys[COUNT];
        for (int i = 0; i < COUNT; i++) keys[i] = cell_new(heap);
        size_t length = 0;
        left = point;
        through = true;
        for (int i = 0; i < COUNT; i++) {
            ouro_status status = ouro_weak_map_set(map, keys[i], keys[i]);
            assert_int_equal(ouro_weak_map_contains(map, keys[i]), status == OURO_OK);
            length += status == OURO_OK;
            if (status != OURO_OK) {
                through = false;
                assert_int_equal(status, OURO_NO_MEMORY);
                assert_non_null(strstr(ouro_heap_error(heap)->message, "weak map"));
                assert_int_equal(ouro_refcount(keys[i]), 1);
            }
            status = ouro_weak_value_map_set(values, 7 * (uint64_t)i, keys[i]);
            if (status != OURO_OK) through = false;
            assert_int_equal(ouro_weak_value_map_contains(values, 7 * (uint64_t)i),
                             status == OURO_OK);
        }
        assert_int_equal(ouro_weak_map_length(map), length);
        test_heap_verify(heap);
        left = 0; /* nothing at all from here on */
        for (int i = 0; i < COUNT; i++) {
            (void)ouro_weak_map_delete(map, i % 2 == 0 ? keys[i] : keys[0]);
            ouro_decref(keys[i]);
        }
        ouro_collector_enable(heap);
        (void)ouro_collect(heap, 2);
        assert_int_equal(ouro_weak_map_length(map), 0);
        assert_int_equal(ouro_weak_value_map_length(values), 0);
        ouro_decref(map);
        ouro_decref(values);
        left = -1;
        test_heap_close_empty(heap);
        assert_true(point < 1000);
    }
}

/* ---- sets ---- */

static int count_one(void *object, void *argument)
{
    assert_int_equal(ouro_refcount(object), 2);
    ++*(size_t *)argument;
    return 0;
}

static int stop_at_once(void *object, void *argument)
{
    (void)object;
    (void)argument;
    return 17;
}

static void test_a_set_of_any_objects(void **state)
{
    ouro_weak_set *things = ouro_weak_set_new(*state);
    assert_false(ouro_is_tracked(things));
    cell *a = cell_new(*state);
    atom *b = atom_new(*state, 1), *c = atom_new(*state, 2);
    assert_int_equal(ouro_weak_set_add(things, a), OURO_OK);
    assert_int_equal(ouro_weak_set_add(things, b), OURO_OK);
    assert_int_equal(ouro_weak_set_add(things, b), OURO_OK);
    assert_int_equal(ouro_weak_set_add(things, c), OURO_OK);
    assert_int_equal(ouro_weak_set_length(things), 3);
    assert_true(ouro_weak_set_contains(things, b));
    assert_true(ouro_weak_set_discard(things, b));
    assert_false(ouro_weak_set_discard(things, b));
    assert_false(ouro_weak_set_contains(things, b));
    size_t count = 0;
    assert_int_equal(ouro_weak_set_each(things, count_one, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(ouro_weak_set_each(things, stop_at_once, NULL), 17);
    ouro_decref(c);
    assert_int_equal(ouro_weak_set_length(things), 1);
    ouro_weak_set_clear(things);
    assert_int_equal(ouro_weak_set_length(things), 0);
    assert_int_equal(ouro_weak_set_add(things, b), OURO_OK);
    test_heap_verify(*state);
    ouro_decref(things); /* before what it looks at */
    ouro_decref(a);
    ouro_decref(b);
}

static int drop_it(void *object, void *argument)
{
    list *holder = argument;
    for (size_t i = 0; i < holder->items.length; i++)
        if (holder->items.items[i] == object) {
            (void)ouro_vector_remove(holder, &holder->items, i);
            return 0;
        }
    return 0;
}

static void test_each_may_end_what_it_visits(void **state)
{
    ouro_weak_set *things = ouro_weak_set_new(*state);
    list *holder = list_new(*state);
    for (long i = 0; i < 100; i++) {
        atom *one = atom_new(*state, i);
        assert_int_equal(ouro_weak_set_add(things, one), OURO_OK);
        list_append(holder, one);
        ouro_decref(one);
    }
    assert_int_equal(ouro_weak_set_each(things, drop_it, holder), 0);
    assert_int_equal(ouro_weak_set_length(things), 0);
    ouro_decref(holder);
    ouro_decref(things);
}

/* ---- weak values ---- */

static void test_numbers_lead_to_weak_values(void **state)
{
    ouro_weak_value_map *map = ouro_weak_value_map_new(*state);
    atom *a = atom_new(*state, 1), *b = atom_new(*state, 2);
    assert_int_equal(ouro_weak_value_map_set(map, 0, a), OURO_OK);
    assert_int_equal(ouro_weak_value_map_set(map, UINT64_MAX, a), OURO_OK);
    assert_int_equal(ouro_weak_value_map_set(map, 5, b), OURO_OK);
    assert_int_equal(ouro_weak_value_map_length(map), 3);
    atom *got = ouro_weak_value_map_get(map, UINT64_MAX);
    assert_ptr_equal(got, a);
    ouro_decref(got);
    assert_null(ouro_weak_value_map_get(map, 6));
    assert_int_equal(ouro_weak_value_map_set(map, 0, b), OURO_OK); /* in place of a */
    assert_int_equal(ouro_weak_value_map_set(map, 0, b), OURO_OK);
    assert_int_equal(ouro_weak_value_map_length(map), 3);
    ouro_weak_cursor cursor = {0};
    uint64_t key = 1, sum = 0;
    void *value;
    while (ouro_weak_value_map_next(map, &cursor, &key, &value)) {
        sum += key * 2 + (uint64_t)((atom *)value)->number;
        ouro_decref(value);
    }
    assert_int_equal(sum, (UINT64_MAX * 2 + 1) + (10 + 2) + (0 + 2));
    cursor = (ouro_weak_cursor){0};
    for (sum = 0; ouro_weak_value_map_next(map, &cursor, NULL, NULL); sum++) continue;
    assert_int_equal(sum, 3);
    ouro_decref(a);
    assert_int_equal(ouro_weak_value_map_length(map), 2);
    assert_null(ouro_weak_value_map_get(map, UINT64_MAX));
    assert_true(ouro_weak_value_map_delete(map, 5));
    assert_false(ouro_weak_value_map_delete(map, 5));
    test_heap_verify(*state);
    ouro_decref(b);
    assert_int_equal(ouro_weak_value_map_length(map), 0);
    ouro_decref(map);
}

/* ---- heaps that close ---- */

static void test_a_heap_closes_with_maps_in_it(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    ouro_weak_map *map = map_new(heap);
    cell *key = cell_new(heap), *value = cell_new(heap);
    set(map, key, value);
    ouro_decref(value); /* the map holds it, and nobody else */
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(report.alive, 3);
    assert_int_equal(report.held_from_outside, 2);
    assert_int_equal(report.raw_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_set_get_replace),
        HEAP_TEST(test_a_value_may_be_null),
        HEAP_TEST(test_pop_moves_the_value_out),
        HEAP_TEST(test_an_entry_goes_with_its_key),
        HEAP_TEST(test_the_order_of_a_death),
        HEAP_TEST(test_a_key_that_lives_on),
        HEAP_TEST(test_a_chain_of_keys_dies),
        cmocka_unit_test(test_a_chain_of_keys_dies_in_pieces),
        cmocka_unit_test(test_a_map_dies_in_pieces),
        HEAP_TEST(test_clear_while_values_add),
        HEAP_TEST(test_next_goes_in_the_order_of_insertion),
        HEAP_TEST(test_next_while_entries_come_and_go),
        HEAP_TEST(test_many_maps_and_keys),
        HEAP_TEST(test_a_map_shrinks),
        HEAP_TEST(test_referents_are_the_values),
        HEAP_TEST(test_keys_must_be_tracked),
        HEAP_TEST(test_a_type_says_that_its_objects_are_keys),
        HEAP_TEST(test_the_dying_are_refused),
        HEAP_TEST(test_one_heap_alone),
        cmocka_unit_test(test_memory_refused),
        HEAP_TEST(test_a_set_of_any_objects),
        HEAP_TEST(test_each_may_end_what_it_visits),
        HEAP_TEST(test_numbers_lead_to_weak_values),
        cmocka_unit_test(test_a_heap_closes_with_maps_in_it),
    };
    return cmocka_run_group_tests_name("weak maps", tests, NULL, NULL);
}
