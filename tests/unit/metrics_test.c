/* SPDX-License-Identifier: MIT */
/*
 * metrics_test.c -- labels of heaps are UTF-8, whatever the heap is called; and what columns say
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ouro/events.h>

#include "support/cell.h"
#include "support/heap.h"

/* The metrics of some heaps, as a text; to be freed. */
static char *metrics_of(ouro_heap *const heaps[], size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    assert_non_null(file);
    assert_int_equal(ouro_write_metrics(heaps, count, file), OURO_OK);
    fclose(file);
    return text;
}

static void test_labels_are_utf8(void **state)
{
    static const struct {
        const char *name, *label;
    } cases[] = {
        {"plain", "heap=\"plain\""},
        {"a\\b\"c\nd", "heap=\"a\\\\b\\\"c\\nd\""},
        {"\xc3\xa4", "heap=\"\xc3\xa4\""},
        {"\xe2\x82\xac", "heap=\"\xe2\x82\xac\""},
        {"\xe0\xa0\x80", "heap=\"\xe0\xa0\x80\""},
        {"\xed\x9f\xbf", "heap=\"\xed\x9f\xbf\""},
        {"\xf0\x9f\x98\x80", "heap=\"\xf0\x9f\x98\x80\""},
        {"\xf4\x8f\xbf\xbf", "heap=\"\xf4\x8f\xbf\xbf\""},
        {"\xf1\x80\x80\x80", "heap=\"\xf1\x80\x80\x80\""},
        {"x\x80y", "heap=\"x?y\""},            /* the middle of a character */
        {"\xc1\x81", "heap=\"??\""},           /* longer than need be */
        {"\xe0\x9f\xbf", "heap=\"???\""},      /* likewise */
        {"\xf0\x8f\xbf\xbf", "heap=\"????\""}, /* likewise */
        {"\xed\xa0\x80", "heap=\"???\""},      /* half a character of UTF-16 */
        {"\xf4\x90\x80\x80", "heap=\"????\""}, /* beyond the last */
        {"\xf5\x80\x80\x80", "heap=\"????\""}, /* likewise */
        {"cut \xe2\x82", "heap=\"cut ??\""},   /* as a name of 31 bytes may be */
        {"\xf0\x9f\x98z", "heap=\"???z\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ouro_heap *heap =
            test_heap_new(&(ouro_heap_options){.name = cases[i].name, .collector_off = true});
        char *text = metrics_of(&heap, 1);
        if (strstr(text, cases[i].label) == NULL)
            fail_msg("case %d: no %s in %.300s", (int)i, cases[i].label, text);
        free(text);
        test_heap_close_empty(heap);
    }
}

typedef struct wide {
    void *left, *right;
} wide;

static ouro_type wide_type = OURO_TYPE(wide, .alignment = 16);
static const ouro_field wide_fields[] = {OURO_REF(wide, left, NULL), OURO_END};
static ouro_type wide_tracked_type = {
    .name = "wide tracked", .size = sizeof(wide), .alignment = 16, .fields = wide_fields};

static void test_classes_tell_their_alignment(void **state)
{
    ouro_heap *heap = *state;
    void *acyclic = ouro_object_new(heap, &wide_type), *narrow = atom_new(heap, 1);
    void *tracked = ouro_object_new(heap, &wide_tracked_type);
    char *text = metrics_of(&heap, 1);
    assert_non_null(strstr(text, "kind=\"acyclic\",size=\"32\",alignment=\"16\"} 1"));
    assert_non_null(strstr(text, "kind=\"tracked\",size=\"32\",alignment=\"16\"} 1"));
    assert_non_null(strstr(text, ",alignment=\"8\"} 1"));
    free(text);
    ouro_decref(acyclic);
    ouro_decref(tracked);
    ouro_decref(narrow);
}

static void test_metrics_of_no_heap(void **state)
{
    (void)state;
    char *text = metrics_of(NULL, 0);
    assert_null(strstr(text, "heap="));
    assert_non_null(strstr(text, "# EOF\n"));
    free(text);
}

/* No heap has an error then, and errno says why. */
static void test_a_full_disk_is_told(void **state)
{
    ouro_heap *heap = *state;
    for (size_t count = 0; count < 2; count++) {
        FILE *full = fopen("/dev/full", "w");
        if (full == NULL) skip();
        assert_int_equal(ouro_write_metrics(&heap, count, full), OURO_SYSTEM);
        fclose(full);
        assert_int_equal(ouro_heap_error(heap)->status, count > 0 ? OURO_SYSTEM : OURO_OK);
    }
    FILE *closed = fopen("/dev/null", "r"); /* not for writing */
    assert_int_equal(ouro_write_metrics(&heap, 1, closed), OURO_SYSTEM);
    fclose(closed);
}

/* More than addresses reach, whatever one heap takes, and no less than that: none but the first is looked at. */
static void test_more_heaps_than_there_can_be(void **state)
{
    ouro_heap *heap = *state;
    FILE *file = fopen("/dev/null", "w");
    assert_non_null(file);
    for (size_t size = 2; size <= 1 << 15; size++) {
        for (size_t more = 0; more < 2; more++) {
            size_t count = SIZE_MAX / size + more;
            assert_int_equal(ouro_write_metrics(&heap, count, file), OURO_NO_MEMORY);
            assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
        }
    }
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_are_utf8),       HEAP_TEST(test_classes_tell_their_alignment),
        cmocka_unit_test(test_metrics_of_no_heap),    HEAP_TEST(test_a_full_disk_is_told),
        HEAP_TEST(test_more_heaps_than_there_can_be),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
