/* SPDX-License-Identifier: MIT */
/*
 * longjmp_test.c -- code of the program that does not return
 *
 * A finalizer, a weak callback or a callback of collections is left by longjmp, inside a death or a collection.
 * Whatever enters the heap next must say so: the structures are half-way through something.
 */
#include <signal.h>
#include <stdio.h>

#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"

static jmp_buf way_out;

/* ---- who jumps ---- */

static void jump_from_finalizer(cell *self)
{
    (void)self;
    longjmp(way_out, 1);
}

static void jump_from_weak_callback(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    longjmp(way_out, 1);
}

static bool jumps_at_stop;

static void jump_from_callback(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)argument;
    if (info->stop == jumps_at_stop) longjmp(way_out, 1);
}

/* ---- and out of what ---- */

static void leave_death(ouro_heap *heap)
{
    cell *made = cell_new(heap);
    made->last_word = jump_from_finalizer;
    ouro_decref(made);
}

static void leave_collection(ouro_heap *heap)
{
    cell_lose(heap, jump_from_finalizer);
    (void)ouro_collect(heap, 2);
}

static void leave_young_pass(ouro_heap *heap)
{
    cell_lose(heap, jump_from_finalizer);
    (void)ouro_collect(heap, 0);
}

static void leave_step(ouro_heap *heap)
{
    cell_lose(heap, jump_from_finalizer);
    ouro_freeze(heap);
    ouro_unfreeze(heap);
    (void)ouro_step(heap, (ouro_budget){0});
}

static void leave_allocation(ouro_heap *heap)
{
    cell_lose(heap, jump_from_finalizer);
    ouro_set_threshold(heap, (const size_t[3]){1, 1, 1});
    ouro_collector_enable(heap);
    for (int i = 0; i < 10000; i++) ouro_decref(cell_new(heap));
}

static ouro_weakref *kept;

static void leave_callback_of_death(ouro_heap *heap)
{
    cell *made = cell_new(heap);
    kept = ouro_weakref_new_callback(made, jump_from_weak_callback, NULL);
    ouro_decref(made);
}

static void leave_callback_of_collection(ouro_heap *heap)
{
    cell *made = cell_new(heap);
    ouro_set(made, left, made);
    kept = ouro_weakref_new_callback(made, jump_from_weak_callback, NULL);
    ouro_decref(made);
    (void)ouro_collect(heap, 2);
}

static void leave_start(ouro_heap *heap)
{
    jumps_at_stop = false;
    (void)ouro_add_callback(heap, jump_from_callback, NULL);
    (void)ouro_collect(heap, 0);
}

static void leave_stop(ouro_heap *heap)
{
    jumps_at_stop = true;
    (void)ouro_add_callback(heap, jump_from_callback, NULL);
    (void)ouro_collect(heap, 2);
}

#define LEFT(who)                                                                                  \
    "a " who " was left by longjmp: the heap is in the middle of a death or a collection; return " \
    "from "

static const struct leaving {
    const char *name;
    void (*leave)(ouro_heap *heap);
    const char *words;
    bool in_death;
} leavings[] = {
#define LEAVING(function, words, in_death) {#function, function, words, in_death}
    LEAVING(leave_death, LEFT("finalizer of type cell") "finalizers instead\n", true),
    LEAVING(leave_collection, LEFT("finalizer of type cell") "finalizers instead\n", false),
    LEAVING(leave_young_pass, LEFT("finalizer of type cell") "finalizers instead\n", false),
    LEAVING(leave_step, LEFT("finalizer of type cell") "finalizers instead\n", false),
    LEAVING(leave_allocation, LEFT("finalizer of type cell") "finalizers instead\n", false),
    LEAVING(leave_callback_of_death, LEFT("weak callback") "weak callbacks instead\n", true),
    LEAVING(leave_callback_of_collection, LEFT("weak callback") "weak callbacks instead\n", false),
    LEAVING(leave_start, LEFT("callback of collections") "callbacks instead\n", false),
    LEAVING(leave_stop, LEFT("callback of collections") "callbacks instead\n", false),
};

/* ---- what comes next ---- */

static void collect_young(ouro_heap *heap)
{
    (void)ouro_collect(heap, 0);
}

static void collect_all(ouro_heap *heap)
{
    (void)ouro_collect(heap, 2);
}

static void step(ouro_heap *heap)
{
    (void)ouro_step(heap, (ouro_budget){.units = 1});
}

static void pass_safepoint(ouro_heap *heap)
{
    (void)ouro_safepoint(heap);
}

static void close_heap(ouro_heap *heap)
{
    (void)ouro_heap_close(heap, NULL, NULL);
}

static void verify(ouro_heap *heap)
{
    (void)ouro_verify(heap, NULL);
}

static void allocate_object(ouro_heap *heap)
{
    (void)!ouro_new(heap, list);
}

static void allocate_raw(ouro_heap *heap)
{
    (void)!ouro_mem_alloc(heap, 40);
}

static void allocate_large(ouro_heap *heap)
{
    (void)!ouro_mem_alloc(heap, 400000);
}

static void account(ouro_heap *heap)
{
    (void)ouro_account(heap, 100);
}

static list *bystander;

static void let_die(ouro_heap *heap)
{
    (void)heap;
    ouro_decref(bystander);
}

static const struct entry {
    const char *name;
    void (*enter)(ouro_heap *heap);
    bool needs_death; /* told only where a death was left */
} entries[] = {
#define ENTRY(function) {#function, function, false}
    ENTRY(collect_young),       ENTRY(collect_all),    ENTRY(step),
    ENTRY(pass_safepoint),      ENTRY(ouro_freeze),    ENTRY(ouro_unfreeze),
    ENTRY(close_heap),          ENTRY(verify),         ENTRY(allocate_raw),
    ENTRY(allocate_object),     ENTRY(allocate_large), ENTRY(account),
    {"let_die", let_die, true},
};

/* ---- one after the other ---- */

struct pair {
    const struct leaving *leaving;
    const struct entry *entry;
    char name[80];
};

/* So far down the stack that what enters the heap afterwards is above, however both are compiled: what enters from
 * deeper down is not noticed.  [finalizer.frame] */
static __attribute__((noinline)) void leave_from_below(const struct pair *pair, ouro_heap *heap)
{
    volatile char room[16384] = {0};
    pair->leaving->leave(heap);
    (void)room[0];
}

static void jump_and_enter(void *argument)
{
    const struct pair *pair = argument;
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.collector_off = true, .one_at_a_time = true});
    bystander = list_new(heap);
    if (setjmp(way_out) == 0) {
        leave_from_below(pair, heap);
        fprintf(stderr, "nobody jumped\n");
        return;
    }
    pair->entry->enter(heap);
}

static void is_told(void **state)
{
    const struct pair *pair = *state;
    struct apart apart;
    apart_run(jump_and_enter, *state, 20, &apart);
    if (apart.signal != SIGABRT || !apart_matches(apart.text, pair->leaving->words))
        fail_msg("signal %d, status %d: %s", apart.signal, apart.exit_status, apart.text);
}

int main(void)
{
    static struct pair pairs[COUNT_OF(leavings) * COUNT_OF(entries)];
    struct CMUnitTest tests[COUNT_OF(pairs)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(leavings); i++) {
        for (size_t k = 0; k < COUNT_OF(entries); k++) {
            if (entries[k].needs_death && !leavings[i].in_death) continue;
            pairs[count] = (struct pair){&leavings[i], &entries[k], ""};
            snprintf(pairs[count].name, sizeof pairs[count].name, "%s, %s", leavings[i].name,
                     entries[k].name);
            tests[count] = (struct CMUnitTest){
                .name = pairs[count].name, .test_func = is_told, .initial_state = &pairs[count]};
            count++;
        }
    }
    return _cmocka_run_group_tests("longjmp", tests, count, NULL, NULL);
}
