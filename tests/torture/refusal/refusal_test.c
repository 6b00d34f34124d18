/* SPDX-License-Identifier: MIT */
/*
 * refusal_test.c -- memory refused at every point where it is asked for
 *
 * Every scenario (scenario.h) in every way (refuse.h).  Prints how many points that were.
 */
#include "refusal/refuse.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/covered.h"
#include "support/setting.h"

static const struct scenario_table *const tables[] = {
    &object_scenarios,     &vector_scenarios,     &raw_scenarios,   &weak_scenarios,
    &finalizer_scenarios,  &collection_scenarios, &death_scenarios, &holding_scenarios,
    &keeping_scenarios,    &heap_scenarios,       &limit_scenarios, &page_scenarios,
    &inspection_scenarios, &program_scenarios,
};

struct pair {
    const struct scenario *scenario;
    const struct refusal_way *way;
    char name[120];
};

static void sweep(void **state)
{
    const struct pair *pair = *state;
    pair->way->sweep(pair->scenario);
}

/* The long run reaches 20,000 points; the ordinary one takes every fifth, and each where a request is refused once. */
static void there_are_enough_points(void **state)
{
    (void)state;
    if (test_scaled(100) < 100) skip();
    assert_true(refusal_tally.points >= test_amount(10000, 20000, 20000));
}

static size_t count_scenarios(void)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(tables); i++) count += tables[i]->count;
    return count;
}

/* A test for each pair, and one more. */
static void list_tests(struct CMUnitTest *tests, struct pair *pairs)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        for (size_t k = 0; k < tables[i]->count; k++) {
            for (size_t way = 0; way < refusal_way_count; way++, tests++, pairs++) {
                pairs->scenario = &tables[i]->scenarios[k];
                pairs->way = &refusal_ways[way];
                snprintf(pairs->name, sizeof pairs->name, "%s: %s", pairs->scenario->name,
                         pairs->way->name);
                *tests = (struct CMUnitTest){
                    .name = pairs->name, .test_func = sweep, .initial_state = pairs};
            }
        }
    }
    *tests = (struct CMUnitTest)cmocka_unit_test(there_are_enough_points);
}

int main(void)
{
    size_t scenarios = count_scenarios(), count = scenarios * refusal_way_count;
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    struct pair *pairs = calloc(count, sizeof *pairs);
    if (tests == NULL || pairs == NULL) return EXIT_FAILURE;
    list_tests(tests, pairs);
    int failed = _cmocka_run_group_tests("refusal", tests, count + 1, NULL, NULL);
    test_covered(scenarios, "scenarios of memory that is refused");
    test_covered(refusal_tally.points, "points at which memory was refused");
    test_covered(refusal_tally.failures, "calls that failed for want of memory");
    free(pairs);
    free(tests);
    return failed;
}
