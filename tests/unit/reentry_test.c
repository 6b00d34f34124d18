/* SPDX-License-Identifier: MIT */
/*
 * reentry_test.c -- a finalizer uses what the interrupted call is just growing
 *
 * A call that needs memory may collect before it goes on, and a finalizer may make the same call with
 * the same arguments.  Each call must then find what is there by now.
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

static ouro_heap *reentered;

/* ---- memory that is short until a collection has run ---- */

/* Refuses some requests, after some that it lets pass; a last word ends it. */
struct shortage {
    size_t passes_left, refusals_left;
};

static struct shortage shortage;

static bool is_short(void *context, size_t bytes)
{
    struct shortage *own = context;
    (void)bytes;
    if (own->passes_left > 0) {
        own->passes_left--;
        return false;
    }
    if (own->refusals_left == 0) return false;
    own->refusals_left--;
    return true;
}

static ouro_heap *heap_with_shortages(void)
{
    shortage = (struct shortage){0, 0};
    return reentered = test_heap_new(&(ouro_heap_options){
               .one_at_a_time = true, .refuse = is_short, .refuse_context = &shortage});
}

/* ---- weak references ---- */

static void *watched;
static ouro_weakref *made_inside;

static void watch_too(cell *self)
{
    (void)self;
    shortage.refusals_left = 0;
    if (watched == NULL) return; /* too late */
    made_inside = ouro_weakref_new(watched);
    assert_non_null(made_inside);
}

/* So many targets that one more needs a larger table. */
static list *fill_table(ouro_heap *heap)
{
    list *all = list_new(heap);
    for (size_t i = 0; i < 8; i++) {
        ouro_auto atom *target = atom_new(heap, 0);
        ouro_auto ouro_weakref *weakref = ouro_weakref_new(target);
        list_append(all, target);
        list_append(all, weakref);
    }
    return all;
}

static void the_shared_weak_reference_is_made_once(void **state)
{
    (void)state;
    size_t met = 0;
    for (size_t passes = 0; passes < 4; passes++) {
        ouro_heap *heap = heap_with_shortages();
        ouro_auto list *others = fill_table(heap);
        ouro_auto atom *target = atom_new(heap, 0);
        watched = target;
        made_inside = NULL;
        cell_lose(heap, watch_too);
        shortage = (struct shortage){passes, 2}; /* at first, and again after trimming */
        ouro_auto ouro_weakref *made = ouro_weakref_new(target);
        shortage.refusals_left = 0;
        watched = NULL;
        met += made_inside != NULL;
        assert_true(made == NULL || made_inside == NULL || made == made_inside);
        test_heap_verify(heap);
        ouro_xdecref(made_inside);
        ouro_xdecref(ouro_move(made));
        ouro_decref(ouro_move(target));
        ouro_decref(ouro_move(others));
        (void)ouro_collect(heap, 2);
        test_heap_close_empty(heap);
    }
    assert_true(met > 0);
}

/* ---- roots ---- */

enum { ROOTS = 64 };
static void *variables[ROOTS];
static size_t named;

static void name_many(cell *self)
{
    (void)self;
    shortage.refusals_left = 0;
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(ouro_root(reentered, &variables[named++]), OURO_OK);
}

static void roots_named_inside_are_kept(void **state)
{
    (void)state;
    ouro_heap *heap = heap_with_shortages();
    named = 0;
    while (named < 8) assert_int_equal(ouro_root(heap, &variables[named++]), OURO_OK);
    cell_lose(heap, name_many);
    shortage.refusals_left = 2;
    size_t last = ROOTS - 1;
    assert_int_equal(ouro_root(heap, &variables[last]), OURO_OK);
    assert_int_equal(named, 48);
    test_heap_verify(heap);
    while (named > 0) assert_int_equal(ouro_unroot(heap, &variables[--named]), OURO_OK);
    assert_int_equal(ouro_unroot(heap, &variables[last]), OURO_OK);
    test_heap_close_empty(heap);
}

/* ---- scopes ---- */

static ouro_scope *open_scope;

static void add_many(cell *self)
{
    (void)self;
    for (long i = 0; i < 200; i++)
        assert_non_null(ouro_scope_add(open_scope, atom_new(reentered, 1000 + i)));
}

/* A collection inside the growth of the scope: without any shortage, by the heap's own choice. */
static void a_scope_grows_inside_its_growth(void **state)
{
    (void)state;
    ouro_heap *heap = reentered = test_heap_new(&(ouro_heap_options){.collect_always = 3});
    ouro_scope scope;
    ouro_scope_open(&scope, heap);
    open_scope = &scope;
    ouro_collector_disable(heap);
    for (long i = 0; i < 128; i++) assert_non_null(ouro_scope_add(&scope, atom_new(heap, i)));
    cell_lose(heap, add_many);
    atom *last = atom_new(heap, 128);
    ouro_collector_enable(heap);
    assert_ptr_equal(ouro_scope_add(&scope, last), last);
    ouro_collector_disable(heap);
    assert_int_equal(scope.length, 128 + 200 + 1);
    assert_true(scope.capacity >= scope.length);
    size_t sum = 0;
    for (size_t i = 0; i < scope.length; i++) sum += (size_t)((atom *)scope.items[i])->number;
    assert_int_equal(sum, 128 * 129 / 2 + 200 * 1000 + 200 * 199 / 2);
    ouro_scope_close(&scope);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shared_weak_reference_is_made_once),
        cmocka_unit_test(roots_named_inside_are_kept),
        cmocka_unit_test(a_scope_grows_inside_its_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
