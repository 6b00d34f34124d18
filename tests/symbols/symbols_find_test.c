/* SPDX-License-Identifier: MIT */
/*
 * symbols_find_test.c -- this program traces itself, and finds its own functions and lines
 */
#include <stdlib.h>
#include <string.h>

#include <ouro/trace.h>

#include "support/cell.h"
#include "support/heap.h"
#include "symbols/symbols.h"

enum { MADE_AT = __LINE__ + 4 };

static inline __attribute__((__always_inline__)) atom *made_inside(ouro_heap *heap)
{
    return ouro_object_new(heap, &atom_type);
}

static __attribute__((noinline)) atom *made_here(ouro_heap *heap)
{
    atom *made = made_inside(heap);
    __asm__ volatile("" : : "r"(made) : "memory");
    return made;
}

static ouro_trace_place place_of(ouro_heap *heap)
{
    ouro_trace_place place;
    atom *made = made_here(heap);
    assert_int_equal(ouro_trace_of(made, &place, 1), 1);
    ouro_decref(made);
    return place;
}

static void test_inlined_functions_and_lines(void **state)
{
    if (!ouro_trace_is_on(*state)) assert_int_equal(ouro_trace_start(*state, NULL, NULL), OURO_OK);
    const ouro_trace_place place = place_of(*state);
    struct symbols *symbols = symbols_new();
    struct symbol found[4];
    assert_non_null(symbols);
    assert_true(symbols_are_available());
    assert_int_equal(symbols_find(symbols, place.module, place.offset, found, 4), 2);
    assert_string_equal(found[0].function, "made_inside");
    assert_non_null(strstr(found[0].file, "symbols_find_test.c"));
    assert_int_equal(found[0].line, MADE_AT);
    assert_string_equal(found[1].function, "made_here");
    assert_int_equal(found[1].line, MADE_AT + 5);
    symbols_free(symbols);
}

extern char
    _start[]; /* of the C library, which has no line here, and lies behind functions that have */

static void test_between_units(void **state)
{
    if (!ouro_trace_is_on(*state)) assert_int_equal(ouro_trace_start(*state, NULL, NULL), OURO_OK);
    const ouro_trace_place place = place_of(*state);
    struct symbols *symbols = symbols_new();
    struct symbol found[2];
    const uint64_t offset = place.offset + ((uint64_t)(uintptr_t)_start - place.pc) + 1;
    assert_int_equal(symbols_find(symbols, place.module, offset, found, 2), 1);
    assert_string_equal(found[0].function, "_start");
    if (strstr(found[0].file, "start") == NULL) assert_string_equal(found[0].file, "");
    symbols_free(symbols);
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    struct symbols *symbols = symbols_new();
    struct symbol found[2];
    static const char *const paths[] = {"", "/no/such/file", "/", "/etc/passwd"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        assert_int_equal(symbols_find(symbols, paths[i], 0x1234, found, 2), 1);
        assert_string_equal(found[0].function, "");
        assert_string_equal(found[0].file, "");
        assert_int_equal(found[0].line, 0);
    }
    symbols_free(symbols);
    symbols_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_inlined_functions_and_lines),
        HEAP_TEST(test_between_units),
        cmocka_unit_test(test_what_is_not_there),
    };
    return cmocka_run_group_tests_name("symbols", tests, NULL, NULL);
}
