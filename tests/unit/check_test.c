/* SPDX-License-Identifier: MIT */
/*
 * check_test.c -- faults inside the library, and counts that a collection finds too low
 */
#include "heap/heap.h"

#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"

static void fail_a_check(void *argument)
{
    OURO_CHECK(argument != NULL);
}

static void test_a_failed_check_names_itself(void **state)
{
    (void)state;
    apart_aborts(fail_a_check, "ouro: internal check failed: argument != * (*check_test.c:*)");
}

/* More references than a tally holds, and a count that is lower. */
static void collect_with_a_low_count(void *argument)
{
    (void)argument;
    ouro_heap *heap = test_heap_quiet();
    list *holder = list_new(heap);
    cell *target = cell_new(heap);
    for (int i = 0; i < 300; i++) list_append(holder, target);
    ouro__word_set_count(target, 5 * OURO__ONE);
    (void)ouro_collect(heap, 2);
}

static void test_a_count_far_too_low_is_misuse(void **state)
{
    (void)state;
    apart_aborts(collect_with_a_low_count,
                 "object * of type cell has a count of 5, but other objects hold 256 references *");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failed_check_names_itself),
        cmocka_unit_test(test_a_count_far_too_low_is_misuse),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
