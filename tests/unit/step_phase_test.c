/* SPDX-License-Identifier: MIT */
/*
 * step_phase_test.c -- the phases of a whole cycle that goes in steps
 */
#include "support/cell.h"
#include "support/cycle.h"
#include "support/garbage_case.h"
#include "support/heap.h"

#include <string.h>

static void test_phases_are_met_in_order(void **state)
{
    struct garbage_case scene = garbage_case_new(*state);
    size_t at = 0;
    garbage_case_lose(&scene);
    (void)cycle_step(*state, 1);
    for (;; (void)cycle_step(*state, 1)) {
        test_heap_verify(*state);
        const char *phase = cycle_phase(*state);
        if (strcmp(phase, cycle_phases[at]) == 0) continue;
        do at++;
        while (at < COUNT_OF(cycle_phases) && strcmp(phase, cycle_phases[at]) != 0);
        if (at == COUNT_OF(cycle_phases)) fail_msg("phase \"%s\" is out of order", phase);
        if (strcmp(phase, "idle") == 0) break;
    }
    garbage_case_end(&scene);
}

/* All but the one in which nothing is to do here: the tests below rely on it. */
static void test_the_program_may_run_in_every_phase(void **state)
{
    for (size_t i = 0; i + 1 < COUNT_OF(cycle_phases); i++) {
        struct garbage_case scene = garbage_case_new(*state);
        garbage_case_lose(&scene);
        (void)cycle_step(*state, 1);
        if (strcmp(cycle_phases[i], "check: follow") != 0)
            assert_true(cycle_reach(*state, cycle_phases[i]));
        (void)cycle_step_to_the_end(*state, 1);
        garbage_case_end(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_phases_are_met_in_order),
        HEAP_TEST(test_the_program_may_run_in_every_phase),
    };
    return cmocka_run_group_tests_name("step phase", tests, NULL, NULL);
}
