/* SPDX-License-Identifier: MIT */
/*
 * alive_test.c -- why an object is alive, as people read it; what would go with it
 *
 * tests/model/inspect_test.c compares the answers with a naive search.
 */
#include "support/cell.h"
#include "support/heap.h"
#include "support/hidden.h"

#include <string.h>

static void expect_path(void *object, size_t own, const char *text)
{
    char line[256];
    const ouro_path *path = ouro_why_alive(object, own);
    assert_non_null(path);
    size_t length = ouro_path_text(path, line, sizeof line);
    assert_string_equal(line, text);
    assert_int_equal(length, strlen(text));
    ouro_path_free(path);
}

static void test_the_path_names_fields_and_items(void **state)
{
    static list *registry;
    registry = list_new(*state);
    assert_int_equal(ouro_root(*state, &registry), OURO_OK);
    (void)list_append_cell(registry, 0);
    cell *second = list_append_cell(registry, 1);
    ouro_put(second, right, atom_new(*state, 7));
    expect_path(second->right, 0, "root registry: list.items[1] -> cell.right -> atom");
    expect_path(registry, 0, "root registry: list");
    assert_int_equal(ouro_unroot(*state, &registry), OURO_OK);
    expect_path(second, 0, "the program, by 1 reference: list.items[1] -> cell");
    ouro_decref(registry);
}

static void test_the_asker_s_own_reference_is_no_answer(void **state)
{
    cell *object = cell_new(*state);
    ouro_auto list *keeper = list_new(*state);
    list_append(keeper, object);
    expect_path(object, 0, "the program, by 1 reference: cell");
    expect_path(object, 1, "the program, by 1 reference: list.items[0] -> cell");
    ouro_incref(object);
    expect_path(object, 1, "the program, by 2 references: cell");
    ouro_decref(object);
    ouro_decref(object);
}

static void test_garbage_is_held_by_nobody(void **state)
{
    cell *ring = cell_ring(*state, 3);
    expect_path(ring, 1, "nothing holds it");
    ouro_retained retained;
    ouro_decref(ring); /* a ring of its own from now on */
    assert_int_equal(ouro_get_retained(ring, &retained), OURO_OK);
    assert_int_equal(retained.objects, 0);
    assert_int_equal(retained.bytes, 0);
    assert_null(retained.dominator);
    assert_int_equal(ouro_collect(*state, 2), 3);
}

static void test_hooks_keys_and_immortal_objects_in_a_path(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    ouro_weak_map *map = ouro_weak_map_new(heap);
    hidden *key = ouro_new(heap, hidden);
    assert_non_null(key);
    atom *value = atom_new(heap, 1), *child = atom_new(heap, 2);
    assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
    ouro_decref(value);
    key->next = child;
    expect_path(value, 0, "the program, by 1 reference: hidden as a key -> atom");
    expect_path(child, 0, "the program, by 1 reference: hidden.traverse[0] -> atom");
    ouro_immortalize(key);
    expect_path(child, 0, "immortal: hidden.traverse[0] -> atom");
    ouro_decref(map);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

static size_t reports_left;
static int fickle_traverse(void *object, ouro_visit visit, void *argument)
{
    const hidden *self = object;
    if (self->next == NULL || reports_left == 0) return 0;
    reports_left--;
    return visit(self->next, argument);
}
static ouro_type fickle_type = {
    .name = "fickle", .size = sizeof(hidden), .traverse = fickle_traverse};

static void test_a_hook_that_does_not_report_the_same_leaves_a_step(void **state)
{
    ouro_auto hidden *fickle = ouro_object_new(*state, &fickle_type);
    assert_non_null(fickle);
    atom *child = atom_new(*state, 1);
    fickle->next = child;
    enum { plenty = 100 };
    const char *text = "the program, by 1 reference: fickle.traverse[0] -> atom";
    reports_left = plenty;
    expect_path(child, 0, text);
    reports_left = plenty - reports_left - 1; /* all but the last, by which the step is named */
    expect_path(child, 0, text);
    assert_int_equal(reports_left, 0);
    fickle->next = NULL;
    ouro_decref(child);
}

static void test_what_saveall_kept_is_held_by_the_heap(void **state)
{
    ouro_heap *heap = *state;
    cell *ring = cell_ring(heap, 2);
    ouro_set_debug(heap, OURO_DEBUG_SAVEALL);
    ouro_decref(ring);
    assert_int_equal(ouro_collect(heap, 2), 2);
    expect_path(ring, 0, "the heap's garbage: cell");
    ouro_set_debug(heap, 0);
    ouro_garbage_clear(heap);
    assert_int_equal(ouro_collect(heap, 2), 2);
}

static void test_a_short_buffer_gets_the_beginning(void **state)
{
    char line[8] = "xxxxxxx";
    ouro_auto cell *object = cell_new(*state);
    const ouro_path *path = ouro_why_alive(object, 0);
    assert_non_null(path);
    size_t whole = strlen("the program, by 1 reference: cell");
    assert_int_equal(ouro_path_text(path, line, sizeof line), whole);
    assert_string_equal(line, "the pro");
    assert_int_equal(ouro_path_text(path, NULL, 0), whole);
    ouro_path_free(path);
    ouro_path_free(NULL);
}

static char last_line[128];
static void ask_for_right(cell *self)
{
    const ouro_path *path = ouro_why_alive(self->right, 0);
    assert_non_null(path);
    (void)ouro_path_text(path, last_line, sizeof last_line);
    ouro_path_free(path);
}

static void test_in_its_finalizer_an_object_is_whole(void **state)
{
    cell *object = cell_new(*state);
    ouro_put(object, right, atom_new(*state, 1));
    object->last_word = ask_for_right;
    ouro_decref(object);
    assert_string_equal(last_line, "the program, by 1 reference: cell.right -> atom");
}

static void test_what_garbage_holds_counts_as_held_by_the_program(void **state)
{
    ouro_auto list *keeper = list_new(*state);
    cell *object = cell_new(*state);
    ouro_set(object, left, object);
    ouro_set(object, right, list_append_cell(keeper, 1));
    object->last_word = ask_for_right;
    ouro_decref(object);
    assert_int_equal(ouro_collect(*state, 0), 1);
    assert_string_equal(last_line, "the program, by 1 reference: cell");
}

/* ---- retained ---- */

static void test_a_list_retains_what_only_it_leads_to(void **state)
{
    ouro_auto list *owner = list_new(*state), *other = list_new(*state);
    for (int i = 0; i < 100; i++) (void)list_append_cell(owner, i);
    list_append(other, owner->items.items[0]);
    ouro_retained most[2], one;
    size_t count;
    assert_int_equal(ouro_get_most_retained(*state, most, 2, &count), OURO_OK);
    assert_int_equal(count, 2);
    assert_ptr_equal(most[0].object, owner);
    assert_int_equal(most[0].objects, 100); /* itself, and all but the shared one */
    assert_int_equal(most[0].bytes, ouro_sizeof(owner) + 99 * ouro_sizeof(owner->items.items[0]) +
                                        ouro_mem_usable_size(owner->items.items));
    assert_null(most[0].dominator);
    assert_ptr_equal(most[1].object, other);
    assert_int_equal(ouro_get_retained(owner->items.items[5], &one), OURO_OK);
    assert_ptr_equal(one.dominator, owner);
    assert_int_equal(one.objects, 1);
    assert_int_equal(ouro_get_most_retained(*state, most, 0, &count), OURO_OK);
    assert_int_equal(count, 0);
}

static void test_an_empty_heap_has_answers(void **state)
{
    ouro_retained most[1];
    size_t count = 7;
    assert_int_equal(ouro_get_most_retained(*state, most, 1, &count), OURO_OK);
    assert_int_equal(count, 0);
    const ouro_census *census = ouro_census_take(*state);
    assert_non_null(census);
    assert_int_equal(census->type_count + census->class_count + census->total.objects, 0);
    ouro_census_free(census);
    ouro_each_reference_to(NULL, 0, NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_the_path_names_fields_and_items),
        HEAP_TEST(test_the_asker_s_own_reference_is_no_answer),
        HEAP_TEST(test_garbage_is_held_by_nobody),
        cmocka_unit_test(test_hooks_keys_and_immortal_objects_in_a_path),
        HEAP_TEST(test_a_hook_that_does_not_report_the_same_leaves_a_step),
        HEAP_TEST(test_what_saveall_kept_is_held_by_the_heap),
        HEAP_TEST(test_a_short_buffer_gets_the_beginning),
        HEAP_TEST(test_in_its_finalizer_an_object_is_whole),
        HEAP_TEST(test_what_garbage_holds_counts_as_held_by_the_program),
        HEAP_TEST(test_a_list_retains_what_only_it_leads_to),
        HEAP_TEST(test_an_empty_heap_has_answers),
    };
    return cmocka_run_group_tests_name("alive", tests, NULL, NULL);
}
