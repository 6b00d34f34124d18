/* SPDX-License-Identifier: MIT */
/*
 * programs.c -- the command's own program: a system's packages as a graph of objects
 *
 * Its loader has tables of its own besides the heap, cycles that are half made when memory runs
 * out, and an error path through all of them.
 */
#include "refusal/scenario.h"

#include "packages.h"

static bool packages_are_loaded(struct trial *trial)
{
    static const char *some[9]; /* the first stanzas: a point more costs a whole load */
    for (size_t i = 0; i + 1 < COUNT_OF(some) && packages_fallback[i] != NULL; i++)
        some[i] = packages_fallback[i];
    control_source source;
    control_source_of_text(&source, some);
    package_figures figures;
    control_problem problem = {0};
    ouro_auto package_database *database =
        packages_load(trial->heap, &source, NULL, NULL, &figures, &problem);
    control_source_close(&source);
    if (database == NULL) {
        assert_int_equal(test_heap_objects(trial->heap), 0);
        return false;
    }
    assert_true(figures.edges > 0);
    return true;
}

static const struct scenario scenarios[] = {SCENARIO(packages_are_loaded)};
SCENARIO_TABLE(program, scenarios);
