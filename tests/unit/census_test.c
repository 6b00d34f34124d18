/* SPDX-License-Identifier: MIT */
/*
 * census_test.c -- how many objects of which type and size, and what grew
 */
#include "support/cell.h"
#include "support/heap.h"

#include <stdlib.h>
#include <string.h>

typedef struct blob {
    size_t length;
    char bytes[];
} blob;
static ouro_type blob_type =
    OURO_TYPE(blob, .item_size = 1, .length_offset = offsetof(blob, length));

static const ouro_census *take(ouro_heap *heap)
{
    const ouro_census *census = ouro_census_take(heap);
    assert_non_null(census);
    return census;
}

static void fill(list *owner, size_t cells, size_t atoms)
{
    ouro_heap *heap = ouro_heap_of(owner);
    for (size_t i = 0; i < cells; i++) (void)list_append_cell(owner, 0);
    for (size_t i = 0; i < atoms; i++) {
        ouro_auto atom *made = atom_new(heap, 1);
        list_append(owner, made);
    }
}

static void test_types_and_classes_come_largest_first(void **state)
{
    ouro_auto list *owner = list_new(*state);
    fill(owner, 10, 500);
    const ouro_census *census = take(*state);
    assert_int_equal(census->type_count, 3);
    assert_ptr_equal(census->types[0].type, &atom_type);
    assert_int_equal(census->types[0].objects, 500);
    assert_int_equal(census->types[0].bytes, 500 * ouro_sizeof(owner->items.items[10]));
    assert_ptr_equal(census->types[1].type, &list_type);
    assert_int_equal(census->types[1].buffer_bytes, ouro_mem_usable_size(owner->items.items));
    assert_ptr_equal(census->types[2].type, &cell_type);
    size_t objects = 0, bytes = 0;
    for (size_t i = 0; i < census->class_count; i++) {
        const ouro_census_line *line = &census->classes[i];
        assert_null(line->type);
        assert_int_equal(line->bytes, line->objects * line->block_size);
        objects += line->objects;
        bytes += line->bytes + line->buffer_bytes;
    }
    assert_int_equal(objects, 511);
    assert_int_equal(census->total.objects, 511);
    assert_int_equal(census->total.bytes + census->total.buffer_bytes, bytes);
    ouro_census_free(census);
    ouro_census_free(NULL);
}

static void test_large_blocks_go_together_by_powers_of_two(void **state)
{
    enum { MEBIBYTE = 1 << 20 };
    blob *blobs[3];
    const size_t lengths[] = {4 * MEBIBYTE, 5 * MEBIBYTE, 9 * MEBIBYTE};
    for (int i = 0; i < 3; i++) blobs[i] = ouro_new_var(*state, blob, lengths[i]);
    const ouro_census *census = take(*state);
    assert_int_equal(census->class_count, 2);
    size_t sizes = 0;
    for (size_t i = 0; i < 2; i++) {
        const ouro_census_line *line = &census->classes[i];
        assert_true(line->bytes <= line->objects * line->block_size);
        assert_true(line->bytes > line->objects * line->block_size / 2);
        sizes |= line->block_size * line->objects;
    }
    assert_int_equal(sizes, 2 * 8 * MEBIBYTE | 16 * MEBIBYTE);
    ouro_census_free(census);
    for (int i = 0; i < 3; i++) ouro_decref(blobs[i]);
}

static void test_growth_tells_what_has_become_more(void **state)
{
    ouro_auto list *owner = list_new(*state);
    fill(owner, 50, 10);
    const ouro_census *before = take(*state);
    ouro_auto list *later = list_new(*state);
    fill(later, 3, 100);
    assert_int_equal(ouro_vector_remove(owner, &owner->items, 0), OURO_OK);
    ouro_auto blob *text = ouro_new_var(*state, blob, 9);
    const ouro_census *after = take(*state);
    ouro_growth grown[4];
    assert_int_equal(ouro_census_growth(before, after, grown, 4), 4);
    assert_ptr_equal(grown[0].type, &atom_type);
    assert_int_equal(grown[0].objects, 100);
    assert_int_equal(grown[0].objects_now, 110);
    assert_int_equal(grown[0].bytes, 100 * (ptrdiff_t)ouro_sizeof(later->items.items[3]));
    assert_ptr_equal(grown[1].type, &list_type);
    assert_ptr_equal(grown[2].type, &cell_type);
    assert_int_equal(grown[2].objects, 2);
    assert_ptr_equal(grown[3].type, &blob_type); /* there were none before */
    assert_int_equal(grown[3].bytes_now, ouro_sizeof(text));
    assert_int_equal(ouro_census_growth(before, after, grown, 1), 4);
    assert_ptr_equal(grown[0].type, &atom_type);
    assert_int_equal(ouro_census_growth(before, before, grown, 4), 0);
    assert_int_equal(ouro_census_growth(after, before, grown, 4), 0);
    ouro_census_free(before);
    ouro_census_free(after);
}

static char *printed(const ouro_census *before, const ouro_census *after, size_t lines)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    if (before != NULL)
        ouro_census_print_growth(before, after, lines, file);
    else
        ouro_census_print(after, lines, file);
    assert_int_equal(fclose(file), 0);
    return text;
}

static void test_tables_for_people(void **state)
{
    ouro_auto list *owner = list_new(*state);
    const ouro_census *before = take(*state);
    fill(owner, 5, 200);
    const ouro_census *after = take(*state);
    char *all = printed(NULL, after, 10), *one = printed(NULL, after, 1);
    char *grown = printed(before, after, 10), *most = printed(before, after, 1);
    assert_non_null(strstr(all, "         200 "));
    assert_non_null(strstr(all, " cell\n"));
    assert_null(strstr(all, "more"));
    assert_null(strstr(one, " cell\n"));
    assert_non_null(strstr(one, "and 2 types more\n"));
    assert_non_null(strstr(one, "         206 "));
    assert_non_null(strstr(grown, "        +200 "));
    assert_non_null(strstr(grown, " cell\n"));
    assert_non_null(strstr(most, "and 2 types more\n"));
    free(all);
    free(one);
    free(grown);
    free(most);
    ouro_census_free(before);
    ouro_census_free(after);
}

static const ouro_census *in_finalizer;
static void count_all(cell *self)
{
    in_finalizer = ouro_census_take(ouro_heap_of(self));
}

static void test_garbage_is_not_counted(void **state)
{
    ouro_auto atom *other = atom_new(*state, 1);
    cell_lose(*state, count_all);
    assert_int_equal(ouro_collect(*state, 0), 1);
    assert_int_equal(in_finalizer->total.objects, 1);
    ouro_census_free(in_finalizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_types_and_classes_come_largest_first),
        HEAP_TEST(test_large_blocks_go_together_by_powers_of_two),
        HEAP_TEST(test_growth_tells_what_has_become_more),
        HEAP_TEST(test_tables_for_people),
        HEAP_TEST(test_garbage_is_not_counted),
    };
    return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
