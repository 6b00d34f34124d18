/* SPDX-License-Identifier: MIT */
/*
 * edges_test.c -- references by name, what is known of an object, named roots
 */
#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/plain.h"

#include <stdlib.h>
#include <string.h>

/* ---- a type with every kind of field ---- */

typedef struct shelf {
    void *first, *second;
    ouro_weakref *seen;
    ouro_vector books;
    void *neighbour; /* borrowed */
    uintptr_t tagged[2];
    size_t length;
    void *items[];
} shelf;

static int traverse_shelf(void *object, ouro_visit visit, void *argument)
{
    const shelf *self = object;
    for (int i = 0; i < 2; i++) {
        if ((self->tagged[i] & 1) == 0) continue;
        int stop = visit((void *)(self->tagged[i] & ~(uintptr_t)1), argument);
        if (stop != 0) return stop;
    }
    return 0;
}

static const ouro_field shelf_fields[] = {
    OURO_REF(shelf, first, NULL),
    OURO_REF(shelf, second, NULL),
    OURO_WEAK(shelf, seen, NULL),
    OURO_VECTOR(shelf, books, NULL),
    OURO_BORROWED(shelf, neighbour, NULL),
    OURO_ITEMS(shelf, items, NULL),
    OURO_END,
};
static ouro_type shelf_type =
    OURO_TYPE(shelf, .fields = shelf_fields, .item_size = sizeof(void *),
              .length_offset = offsetof(shelf, length), .traverse = traverse_shelf);

/* ---- what was shown, as text ---- */

struct listing {
    char text[512];
    size_t shown, stop_after;
    void *last_through;
};

static int list_one(const ouro_reference *reference, void *argument)
{
    static const char *const kinds[] = {"field", "item", "hook", "ephemeron", "weak", "borrowed"};
    struct listing *listing = argument;
    size_t length = strlen(listing->text);
    const char *type = ouro_type_of(reference->target)->name;
    (void)snprintf(listing->text + length, sizeof listing->text - length, "%s %s[%zu] %s; ",
                   kinds[reference->kind], reference->name, reference->index, type);
    listing->last_through = reference->through;
    return ++listing->shown == listing->stop_after;
}

static void expect_references(void *object, const char *text)
{
    struct listing listing = {.text = ""};
    ouro_each_reference(object, list_one, &listing);
    assert_string_equal(listing.text, text);
}

static void put_tagged(shelf *self, int place, void *object)
{
    self->tagged[place] = (uintptr_t)ouro_newref(object) | 1;
}

static void test_every_kind_of_field_is_named(void **state)
{
    ouro_auto shelf *all = ouro_new_var(*state, shelf, 2);
    ouro_auto cell *near = cell_new(*state);
    assert_non_null(all);
    ouro_put(all, second, cell_new(*state));
    assert_int_equal(ouro_weak_set(all, seen, near), OURO_OK);
    for (int i = 0; i < 2; i++) {
        ouro_auto list *book = list_new(*state);
        assert_int_equal(ouro_vector_append(all, &all->books, i == 0 ? NULL : book), OURO_OK);
    }
    all->neighbour = near;
    ouro_put(all, items[1], atom_new(*state, 1));
    put_tagged(all, 1, near);
    expect_references(all, "field second[0] cell; field seen[0] weakref; item books[1] list; "
                           "borrowed neighbour[0] cell; item items[1] atom; hook [0] cell; ");
    expect_references(all->seen, "weak target[0] cell; ");
    struct listing listing = {.text = "", .stop_after = 2};
    ouro_each_reference(all, list_one, &listing);
    assert_int_equal(listing.shown, 2);
}

static void test_a_borrowed_pointer_may_lead_anywhere(void **state)
{
    ouro_auto shelf *all = ouro_new_var(*state, shelf, 0);
    int somewhere;
    all->neighbour = &somewhere;
    expect_references(all, "");
    all->neighbour = cell_new(*state);
    expect_references(all, "borrowed neighbour[0] cell; ");
    ouro_decref(all->neighbour);
    expect_references(all, "");
}

static void ignore_call(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
}

static void test_a_weak_reference_shows_its_target_and_argument(void **state)
{
    cell *target = cell_new(*state);
    ouro_auto atom *argument = atom_new(*state, 3);
    ouro_auto ouro_weakref *weakref = ouro_weakref_new_callback(target, ignore_call, argument);
    expect_references(weakref, "field argument[0] atom; weak target[0] cell; ");
    ouro_decref(target); /* which calls back, and lets go of the argument */
    expect_references(weakref, "");
}

/* ---- weak maps ---- */

static void test_values_of_weak_maps_belong_to_their_keys(void **state)
{
    ouro_auto ouro_weak_map *map = ouro_weak_map_new(*state);
    ouro_auto cell *key = cell_new(*state);
    ouro_auto atom *value = atom_new(*state, 3);
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
    ouro_put(key, left, list_new(*state));
    expect_references(map, "weak key[0] cell; ");
    expect_references(key, "field left[0] list; ephemeron [0] atom; ");
    struct listing listing = {.text = ""};
    ouro_each_reference(key, list_one, &listing);
    assert_ptr_equal(listing.last_through, map);
    assert_int_equal(ouro_weak_map_set(map, key, NULL), OURO_OK);
    expect_references(key, "field left[0] list; ");
}

static void test_sets_and_maps_of_weak_values_see_their_objects(void **state)
{
    ouro_auto ouro_weak_set *set = ouro_weak_set_new(*state);
    ouro_auto ouro_weak_value_map *map = ouro_weak_value_map_new(*state);
    ouro_auto atom *seen = atom_new(*state, 1);
    assert_int_equal(ouro_weak_set_add(set, seen), OURO_OK);
    assert_int_equal(ouro_weak_value_map_set(map, 77, seen), OURO_OK);
    expect_references(set, "weak item[0] atom; ");
    expect_references(map, "weak value[77] atom; ");
    expect_references(seen, "");
}

static int stop_at_the_second(void *referent, void *argument)
{
    assert_non_null(referent);
    return ++*(int *)argument == 2 ? 7 : 0;
}

/* As every traverse hook, that of a map ends when its visitor says so, and tells what that said. */
static void test_the_hook_of_a_map_ends_when_it_is_told(void **state)
{
    enum { COUNT = 4 };
    ouro_weak_map *map = ouro_weak_map_new(*state);
    list *keys = list_new(*state);
    for (int i = 0; i < COUNT; i++) {
        cell *key = list_append_cell(keys, i);
        assert_int_equal(ouro_weak_map_set(map, key, key), OURO_OK);
    }
    int visits = 0;
    assert_int_equal(ouro_weak_map_type.traverse(map, stop_at_the_second, &visits), 7);
    assert_int_equal(visits, 2);
    assert_int_equal(ouro_weak_map_type.traverse(map, stop_at_the_second, &visits), 0);
    assert_int_equal(visits, 2 + COUNT);
    ouro_weak_map_clear(map);
    ouro_decref(keys);
    ouro_decref(map);
}

static int count_referent(void *referent, void *argument)
{
    assert_non_null(referent);
    ++*(size_t *)argument;
    return 0;
}

/* From the verdict on nothing leads to a key that is garbage, nor by it to its value, though that lives. */
static void test_the_value_of_a_key_that_is_garbage_is_no_referent(void **state)
{
    ouro_weak_map *map = ouro_weak_map_new(*state);
    node *key = node_new(*state), *value = node_new(*state);
    ouro_auto ouro_weakref *weak =
        ouro_weakref_new(key); /* so that its last words take some steps */
    ouro_set(key, left, key);
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
    (void)ouro_collect(*state, 2);
    ouro_decref(key);
    cycle_begin(*state);
    bool is_condemned = false;
    for (; !cycle_is_idle(*state); (void)cycle_step(*state, 1)) {
        is_condemned = is_condemned || strcmp(cycle_phase(*state), "leave") == 0;
        size_t referents = 0;
        ouro_get_referents(map, count_referent, &referents);
        assert_int_equal(referents, is_condemned ? 0 : 1);
    }
    assert_true(is_condemned);
    ouro_decref(value);
    ouro_decref(map);
}

/* ---- what a count has ---- */

struct sum {
    size_t held;
};

static int add_held(const ouro_reference *reference, void *argument)
{
    ((struct sum *)argument)->held += ouro_reference_holds(reference->kind);
    return 0;
}

static int add_object(void *object, void *argument)
{
    ouro_each_reference(object, add_held, argument);
    ((struct sum *)argument)->held -= (size_t)ouro_refcount(object);
    return 0;
}

static void test_references_and_what_the_program_holds_are_all_counts(void **state)
{
    ouro_auto ouro_weak_map *map = ouro_weak_map_new(*state);
    ouro_auto list *keys = list_new(*state);
    ouro_auto cell *ring = cell_ring(*state, 5);
    for (int i = 0; i < 20; i++) {
        cell *key = list_append_cell(keys, i);
        assert_int_equal(ouro_weak_map_set(map, key, ring), OURO_OK);
    }
    struct sum sum = {0};
    ouro_each_object(*state, add_object, &sum);
    assert_int_equal(sum.held + 3, 0); /* three variables hold one each */
    ouro_clear(ring, left);
}

/* ---- one object ---- */

static void test_what_is_known_of_an_object(void **state)
{
    ouro_heap *heap = *state;
    ouro_object_info info;
    ouro_auto shelf *all = ouro_new_var(heap, shelf, 7);
    ouro_get_object_info(all, &info);
    assert_ptr_equal(info.type, &shelf_type);
    assert_int_equal(info.block_bytes, ouro_sizeof(all));
    assert_int_equal(info.buffer_bytes, 0);
    assert_int_equal(info.length, 7);
    assert_int_equal(info.count, 1);
    assert_int_equal(info.generation, 0);
    assert_true(info.tracked && !info.immortal && !info.frozen && !info.has_weak_references);
    assert_int_equal(ouro_vector_reserve(all, &all->books, 1000), OURO_OK);
    ouro_auto ouro_weakref *weakref = ouro_weakref_new(all);
    ouro_collect(heap, 0);
    ouro_get_object_info(all, &info);
    assert_int_equal(info.buffer_bytes, ouro_mem_usable_size(all->books.items));
    assert_true(info.buffer_bytes >= 8000);
    assert_int_equal(info.generation, 1);
    assert_true(info.has_weak_references);
    ouro_freeze(heap);
    ouro_get_object_info(all, &info);
    assert_true(info.frozen);
    assert_int_equal(info.generation, -1);
    ouro_unfreeze(heap);
    ouro_auto atom *untracked = atom_new(heap, 1);
    ouro_get_object_info(untracked, &info);
    assert_false(info.tracked);
    assert_int_equal(info.generation, -1);
    atom *forever = atom_new(heap, 1);
    ouro_immortalize(forever);
    ouro_get_object_info(forever, &info);
    assert_true(info.immortal);
    assert_int_equal(info.count, INT32_MAX);
}

static void revive_left(cell *self)
{
    ouro_incref(self);
}

static void test_an_object_that_was_brought_back_is_finalized(void **state)
{
    ouro_object_info info;
    cell *object = cell_new(*state), *again = object;
    object->last_word = revive_left;
    ouro_get_object_info(object, &info);
    assert_false(info.finalized);
    ouro_decref(object);
    ouro_get_object_info(again, &info);
    assert_true(info.finalized);
    again->last_word = NULL;
    ouro_decref(again);
}

static void test_a_map_s_buffers_are_its_table_and_entries(void **state)
{
    ouro_object_info empty, full;
    ouro_auto ouro_weak_map *map = ouro_weak_map_new(*state);
    ouro_auto list *keys = list_new(*state);
    ouro_get_object_info(map, &empty);
    assert_int_equal(empty.buffer_bytes, 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ouro_weak_map_set(map, list_append_cell(keys, i), NULL), OURO_OK);
    ouro_get_object_info(map, &full);
    assert_in_range(full.buffer_bytes, 100 * (56 + 2 * 8), 100 * (72 + 8 * 8));
}

/* ---- roots ---- */

struct roots {
    char text[512];
};

static int list_root(void *object, const char *name, void *argument)
{
    char *text = ((struct roots *)argument)->text;
    size_t length = strlen(text);
    (void)snprintf(text + length, sizeof((struct roots *)argument)->text - length, "%s %s; ", name,
                   ouro_type_of(object)->name);
    return 0;
}

static void expect_roots(ouro_heap *heap, const char *text)
{
    struct roots roots = {""};
    ouro_each_root(heap, list_root, &roots);
    assert_string_equal(roots.text, text);
}

static void test_roots_are_named_as_the_program_names_them(void **state)
{
    ouro_heap *heap = *state;
    static cell *registry;
    static list *cache[2];
    static atom *secret;
    registry = cell_new(heap);
    cache[1] = list_new(heap);
    secret = atom_new(heap, 1);
    assert_int_equal(ouro_root(heap, &registry), OURO_OK);
    assert_int_equal(ouro_root(heap, &cache[0]), OURO_OK);
    assert_int_equal(ouro_root(heap, &cache[1]), OURO_OK);
    assert_int_equal(ouro_root_as(heap, &secret, "the secret"), OURO_OK);
    assert_int_equal((ouro_root)(heap, &secret), OURO_OK);
    expect_roots(heap, "registry cell; cache[1] list; the secret atom;  atom; ");
    assert_int_equal(ouro_unroot(heap, &registry), OURO_OK);
    expect_roots(heap, " atom; cache[1] list; the secret atom; ");
    ouro_decref(secret); /* the variable still points there */
    expect_roots(heap, "cache[1] list; ");
    for (int i = 0; i < 2; i++) assert_int_equal(ouro_unroot(heap, &secret), OURO_OK);
    for (int i = 0; i < 20; i++) /* the names move with the table */
        assert_int_equal(ouro_root(heap, &cache[1]), OURO_OK);
    assert_int_equal(ouro_unroot(heap, &cache[0]), OURO_OK);
    struct roots roots = {""};
    ouro_each_root(heap, list_root, &roots);
    for (size_t i = 0; i < 21; i++) assert_memory_equal(roots.text + i * 15, "cache[1] list; ", 15);
    assert_int_equal(strlen(roots.text), 21 * 15);
    ouro_decref(registry);
    ouro_decref(cache[1]);
    cache[1] = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_every_kind_of_field_is_named),
        HEAP_TEST(test_a_borrowed_pointer_may_lead_anywhere),
        HEAP_TEST(test_a_weak_reference_shows_its_target_and_argument),
        HEAP_TEST(test_values_of_weak_maps_belong_to_their_keys),
        HEAP_TEST(test_sets_and_maps_of_weak_values_see_their_objects),
        HEAP_TEST(test_the_hook_of_a_map_ends_when_it_is_told),
        HEAP_TEST(test_the_value_of_a_key_that_is_garbage_is_no_referent),
        HEAP_TEST(test_references_and_what_the_program_holds_are_all_counts),
        HEAP_TEST(test_what_is_known_of_an_object),
        HEAP_TEST(test_an_object_that_was_brought_back_is_finalized),
        HEAP_TEST(test_a_map_s_buffers_are_its_table_and_entries),
        HEAP_TEST(test_roots_are_named_as_the_program_names_them),
    };
    return cmocka_run_group_tests_name("edges", tests, NULL, NULL);
}
