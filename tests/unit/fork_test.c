/* SPDX-License-Identifier: MIT */
/*
 * fork_test.c -- a process forks
 *
 * Parent and child each have the heap as it was, and go on with it without the other: objects, a
 * whole cycle that is under way, deaths that have stopped, weak references, memory that waits to be purged.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ouro/trace.h>

#include "base/process_lock.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/setting.h"

static size_t callbacks_heard;

static void hear(ouro_weakref *self, void *argument)
{
    (void)argument;
    assert_null(ouro_weakref_get(self));
    callbacks_heard++;
}

struct before {
    ouro_heap *heap;
    list *kept;
    cell *watched;
    ouro_weakref *weakref;
    size_t alive;
};

static cell *chain(ouro_heap *heap, size_t length)
{
    cell *first = NULL;
    for (size_t i = 0; i < length; i++) {
        cell *made = cell_new(heap);
        made->left = first;
        first = made;
    }
    return first;
}

/* In the middle of all that can be in the middle. */
static struct before prepare(void)
{
    struct before before = {
        .heap = test_heap_new(&(ouro_heap_options){.collector_off = true, .death_bound = 10})};
    before.kept = list_new(before.heap);
    for (int i = 0; i < 2000; i++) {
        ouro_auto cell *made = cell_new(before.heap);
        ouro_set(made, left, before.kept);
        list_append(before.kept, made);
        if (i % 3 == 0) cell_lose(before.heap, NULL);
    }
    before.watched = cell_new(before.heap);
    before.weakref = ouro_weakref_new_callback(before.watched, hear, NULL);
    ouro_freeze(before.heap);
    ouro_unfreeze(before.heap);
    (void)ouro_step(before.heap, (ouro_budget){.units = 500});
    ouro_decref(chain(before.heap, 5000)); /* stops after some */
    ouro_mem_free(before.heap, ouro_mem_alloc(before.heap, 1 << 20));
    before.alive = test_heap_objects(before.heap);
    return before;
}

static void go_on(const struct before *before)
{
    test_heap_verify(before->heap);
    assert_int_equal(test_heap_objects(before->heap), before->alive);
    for (size_t i = 0; i < before->kept->items.length; i++)
        assert_ptr_equal(((cell *)before->kept->items.items[i])->left, before->kept);
    callbacks_heard = 0;
    ouro_decref(before->watched);
    assert_int_equal(callbacks_heard, 1);
    ouro_decref(before->weakref);
    for (int i = 0; i < 20000; i++) ouro_decref(cell_new(before->heap));
    assert_true(ouro_collect(before->heap, 2) >= 667);
    assert_int_equal(test_heap_objects(before->heap), 2001);
    (void)ouro_trim(before->heap);
    ouro_vector_clear(before->kept, &before->kept->items);
    ouro_decref(before->kept);
    (void)ouro_collect(before->heap, 2);
    test_heap_close_empty(before->heap);
    ouro_heap *another = test_heap_quiet(); /* types are ready, numbers go on */
    static ouro_type fresh = {.name = "fresh", .size = 24};
    ouro_decref(ouro_object_new(another, &fresh));
    test_heap_close_empty(another);
}

/* A child tells by its status; an assertion that fails in it ends its only test. */
static void run_in_child(void **state)
{
    go_on(*state);
}

static int child_status(struct before *before)
{
    const struct CMUnitTest tests[] = {
        {.name = "the child", .test_func = run_in_child, .initial_state = before}};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

static void parent_and_child_go_on(void **state)
{
    (void)state;
    for (int child_first = 0; child_first < 2; child_first++) {
        struct before before = prepare();
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            int failed = child_status(&before);
            fflush(NULL);
            _exit(failed);
        }
        int status = 0;
        if (child_first) assert_int_equal(waitpid(child, &status, 0), child);
        go_on(&before);
        if (!child_first) assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

/* The child of a child, as far as it goes. */
static void generations_of_processes(void **state)
{
    (void)state;
    struct before before = prepare();
    fflush(NULL);
    int depth = 0, status = 0;
    pid_t child;
    while (depth < 4 && (child = fork()) == 0) {
        depth++;
        ouro_auto cell *made = cell_new(before.heap);
        ouro_set(made, left, made);
        before.alive = 0;
    }
    if (depth == 4) {
        test_heap_verify(before.heap);
        _exit(ouro_collect(before.heap, 2) >= 671 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (depth > 0) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    go_on(&before);
}

/* ---- beside another thread ---- */

/* Gives numbers and lists heaps all the time, as far as others can tell. */
static void *hold_the_lock(void *argument)
{
    const bool *over = argument;
    while (!__atomic_load_n(over, __ATOMIC_RELAXED)) {
        ouro__process_lock();
        usleep(50);
        ouro__process_unlock();
        usleep(10);
    }
    return NULL;
}

/* What belongs to the process is free in a child, whatever another thread was just doing. */
static void a_child_waits_for_no_thread(void **state)
{
    enum { children = 300, seconds = 20 };
    bool over = false;
    pthread_t other;
    (void)state;
    assert_int_equal(pthread_create(&other, NULL, hold_the_lock, &over), 0);
    for (size_t i = 0; i < test_scaled(children); i++) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            static ouro_type fresh = {.name = "fresh", .size = 24};
            alarm(seconds); /* who waits for ever is ended */
            ouro_heap *heap = ouro_heap_new(NULL, NULL);
            bool well = heap != NULL && ouro_trace_start(heap, NULL, NULL) == OURO_OK;
            if (well) ouro_decref(ouro_object_new(heap, &fresh));
            _exit(well && ouro_heap_close(heap, NULL, NULL) == OURO_OK ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    __atomic_store_n(&over, true, __ATOMIC_RELAXED);
    assert_int_equal(pthread_join(other, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parent_and_child_go_on),
        cmocka_unit_test(generations_of_processes),
        cmocka_unit_test(a_child_waits_for_no_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
