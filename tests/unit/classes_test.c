/* SPDX-License-Identifier: MIT */
/*
 * classes_test.c -- every size has the smallest class that holds it
 */
#include "support/test.h"

#include "memory/classes.h"

static void test_class_is_the_smallest_that_holds(void **state)
{
    (void)state;
    for (size_t size = 1; size <= OURO_BLOCK_MAX; size++) {
        size_t class = ouro__class_of(size);
        assert_true(class < OURO__CLASSES);
        assert_true(ouro__class_size(class) >= size);
        assert_true(ouro__class_size(class - 1) < size);
    }
}

static void test_class_sizes_rise(void **state)
{
    (void)state;
    for (size_t class = 1; class < OURO__CLASSES; class ++) {
        assert_true(ouro__class_size(class) > ouro__class_size(class - 1));
        assert_int_equal(ouro__class_size(class) % 8, 0);
        assert_int_equal(ouro__class_of(ouro__class_size(class)), class);
    }
    assert_int_equal(ouro__class_size(OURO__CLASSES - 1), OURO_BLOCK_MAX);
}

static void test_small_classes_are_exact(void **state)
{
    (void)state;
    for (size_t size = 1; size <= OURO__SMALL_MAX; size++)
        assert_int_equal(ouro__class_size(ouro__class_of(size)), (size + 7) / 8 * 8);
}

static void test_large_classes_waste_an_eighth_at_most(void **state)
{
    (void)state;
    for (size_t size = OURO__SMALL_MAX + 1; size <= OURO_BLOCK_MAX; size++) {
        size_t waste = ouro__class_size(ouro__class_of(size)) - size;
        assert_true(waste * 8 <= size);
    }
}

static void test_size_zero_has_the_class_without_blocks(void **state)
{
    (void)state;
    assert_int_equal(ouro__class_of(0), 0); /* [bin.zero] */
    assert_int_equal(ouro__class_size(0), 0);
}

static void test_bin_tells_kind_and_size(void **state)
{
    (void)state;
    for (int kind = OURO__RAW; kind < OURO__KINDS; kind++) {
        bool doubled = kind == OURO__ACYCLIC_16 || kind == OURO__TRACKED_16;
        for (size_t size = 16; size <= OURO_BLOCK_MAX; size += 8) {
            size_t bin = ouro__bin_for((enum ouro__kind)kind, size);
            assert_true(bin < OURO__BINS);
            assert_int_equal(ouro__bin_kind(bin), kind);
            assert_true(ouro__bin_size(bin) >= size);
            if (doubled) assert_int_equal(ouro__bin_size(bin) % 16, 0);
            assert_int_equal(ouro__bin_is_narrow(bin), ouro__bin_size(bin) <= OURO_WIDE_BLOCK);
        }
    }
}

/* Where the program's address lies: a word in front of it, and aligned as the kind says. */
static void test_kinds_align_their_entries(void **state)
{
    (void)state;
    for (int kind = OURO__RAW; kind < OURO__KINDS; kind++) {
        size_t offset = ouro__kind_offset((enum ouro__kind)kind);
        size_t alignment = kind == OURO__ACYCLIC_16 || kind == OURO__TRACKED_16 ? 16 : 8;
        assert_int_equal(offset % alignment, 0);
        assert_true(offset >= ouro__kind_prefix((enum ouro__kind)kind));
    }
}

static void test_kinds_have_realms(void **state)
{
    (void)state;
    assert_int_equal(ouro__kind_realm(OURO__RAW), OURO__REALM_RAW);
    assert_int_equal(ouro__kind_realm(OURO__ACYCLIC), OURO__REALM_ACYCLIC);
    assert_int_equal(ouro__kind_realm(OURO__ACYCLIC_16), OURO__REALM_ACYCLIC);
    assert_int_equal(ouro__kind_realm(OURO__TRACKED), OURO__REALM_TRACKED);
    assert_int_equal(ouro__kind_realm(OURO__TRACKED_16), OURO__REALM_TRACKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_is_the_smallest_that_holds),
        cmocka_unit_test(test_class_sizes_rise),
        cmocka_unit_test(test_small_classes_are_exact),
        cmocka_unit_test(test_large_classes_waste_an_eighth_at_most),
        cmocka_unit_test(test_size_zero_has_the_class_without_blocks),
        cmocka_unit_test(test_bin_tells_kind_and_size),
        cmocka_unit_test(test_kinds_align_their_entries),
        cmocka_unit_test(test_kinds_have_realms),
    };
    return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}
