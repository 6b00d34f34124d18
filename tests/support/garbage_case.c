/* SPDX-License-Identifier: MIT */
/*
 * garbage_case.c -- garbage that makes a whole cycle go through all of its phases
 */
#include "support/garbage_case.h"

size_t garbage_case_words, garbage_case_calls;

void garbage_case_speak(cell *self)
{
    (void)self;
    garbage_case_words++;
}

void garbage_case_hear(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_null(ouro_weakref_get(self));
    garbage_case_calls++;
}
/* speaker <-> other, which hold a ring with a list in it and refer to what lives. */
struct garbage_case garbage_case_new(ouro_heap *heap)
{
    struct garbage_case scene = {.living = cell_new(heap), .garbage = cell_ring(heap, 4)};
    ouro_auto list *bag = list_new(heap);
    scene.garbage->last_word = garbage_case_speak;
    for (long i = 0; i < 3; i++) list_append_cell(bag, i);
    list_append(bag, scene.living);
    list_append(bag, scene.garbage);
    ouro_set(scene.garbage, right, bag);
    scene.loud = ouro_weakref_new_callback(scene.garbage->left, garbage_case_hear, NULL);
    scene.quiet = ouro_weakref_new(scene.garbage);
    garbage_case_words = garbage_case_calls = 0;
    (void)ouro_collect(heap, 2);
    return scene;
}

void garbage_case_lose(struct garbage_case *scene)
{
    ouro_decref(scene->garbage);
    scene->garbage = NULL;
}

void garbage_case_end(struct garbage_case *scene)
{
    assert_null(ouro_weakref_get(scene->quiet));
    assert_null(ouro_weakref_get(scene->loud));
    assert_int_equal(ouro_refcount(scene->living), 1);
    assert_int_equal(garbage_case_words, 1);
    assert_int_equal(garbage_case_calls, 1);
    ouro_decref(scene->quiet);
    ouro_decref(scene->loud);
    ouro_decref(scene->living);
}

const char *const cycle_phases[] = {
    "count",         "decide",   "decide: follow",
    "narrow",        "scan",     "check",
    "check: follow", "leave",    "muffle weak references",
    "call back",     "revive",   "revive: follow",
    "darken",        "finalize", "suspect again",
    "scan",          "check",    "clear weak references",
    "sever",         "finish",   "forget",
    "idle",
};
