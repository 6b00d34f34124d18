/* SPDX-License-Identifier: MIT */
/*
 * holding.c -- what a program holds by: scopes and named roots
 */
#include "refusal/scenario.h"

static bool scopes_grow(struct trial *trial)
{
    ouro_scope scope;
    ouro_scope_open(&scope, trial->heap);
    bool granted = true;
    for (size_t i = 0; granted && i < 70; i++) {
        size_t before = scope.length;
        granted = ouro_scope_add(&scope, ouro_new(trial->heap, node)) != NULL;
        assert_int_equal(scope.length, before + granted);
    }
    ouro_scope_close(&scope);
    return granted;
}

/* One scope in another, each as deep as it gets. */
static bool fill_scopes(ouro_heap *heap, unsigned depth)
{
    ouro_scope scope;
    ouro_scope_open(&scope, heap);
    bool granted = true;
    for (size_t i = 0; granted && i < 10; i++)
        granted = ouro_scope_add(&scope, tree_new(heap, 1)) != NULL;
    if (granted && depth > 0) granted = fill_scopes(heap, depth - 1);
    ouro_scope_close(&scope);
    return granted;
}

static bool scopes_are_nested(struct trial *trial)
{
    return fill_scopes(trial->heap, 2);
}

static bool roots_are_named(struct trial *trial)
{
    enum { ROOTS = 140 };
    static node *variables[ROOTS];
    size_t named = 0;
    while (named < ROOTS && ouro_root(trial->heap, &variables[named]) == OURO_OK) named++;
    bool granted = named == ROOTS;
    for (size_t i = named; i > 0; i--)
        assert_int_equal(ouro_unroot(trial->heap, &variables[i - 1]), OURO_OK);
    return granted;
}

static const struct scenario scenarios[] = {
    SCENARIO(scopes_grow),
    SCENARIO(scopes_are_nested),
    SCENARIO(roots_are_named),
};
SCENARIO_TABLE(holding, scenarios);
