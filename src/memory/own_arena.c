/* SPDX-License-Identifier: MIT */
/*
 * own_arena.c -- where the objects of a thread most likely lie          [floor 1]
 *
 * Each thread has a variable that <ouro/guarded.h> compares pointers with before it asks anything else:
 *
 *     thread --> own arena --> state bits            that of thread A goes when thread B
 *        \                                           adopts the heap: B finds A's variable
 *         `--- list of the threads that have one     in the list
 *
 * A thread is in the list from its first own arena until it ends, and has none before and after.
 *
 * Below: arena.h, process_lock.h.  Above: heap, life, object/visit.c.
 */
#include "memory/guard.h"
#include "memory/pool.h"

#include "base/process_lock.h"

#include <pthread.h>

__thread uintptr_t ouro__own_arena = OURO__NO_ARENA;

struct thread {
    uintptr_t *own_arena;
    struct thread *next, *previous;
    bool ended; /* its variables are about to go */
};

static __thread struct thread this_thread;
static struct thread *threads; /* under the process lock */
static pthread_key_t key;
static bool key_exists;
static pthread_once_t key_made = PTHREAD_ONCE_INIT;

/* A thread ends. */
static void leave(void *argument)
{
    struct thread *thread = argument;
    ouro__guard_unsettle();
    thread->ended = true;
    ouro__process_lock();
    if (thread->next != NULL) thread->next->previous = thread->previous;
    if (thread->previous != NULL)
        thread->previous->next = thread->next;
    else
        threads = thread->next;
    ouro__process_unlock();
}

static void make_key(void)
{
    key_exists = pthread_key_create(&key, leave) == 0;
}

/* A library that is unloaded is not to be called by threads that end later. */
__attribute__((destructor)) static void delete_key(void)
{
    if (key_exists) (void)pthread_key_delete(key);
}

/* Puts the thread into the list; false where nobody would take it out again. */
static bool enter(void)
{
    struct thread *thread = &this_thread;
    if (LIKELY(thread->own_arena != NULL)) return !thread->ended;
    (void)pthread_once(&key_made, make_key);
    if (!key_exists || pthread_setspecific(key, thread) != 0) return false;
    thread->own_arena = &ouro__own_arena;
    ouro__process_lock();
    thread->next = threads;
    if (threads != NULL) threads->previous = thread;
    threads = thread;
    ouro__process_unlock();
    return true;
}

/* Who adopts the heap changes its owner before it goes through the list, so one of the two sees what the other did. */
void ouro__guard_settle(const void *object)
{
    const struct ouro__arena *arena = ouro__arena_of(object);
    const struct ouro__front *front = &ouro__pools_of(object)->front;
    if (ouro__own_arena == (uintptr_t)arena || arena->large) return;
    if (front->thread != ouro__guard_thread() || !enter()) return;
    __atomic_store_n(&ouro__own_arena, (uintptr_t)arena, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&front->thread, __ATOMIC_RELAXED) != ouro__guard_thread())
        ouro__guard_unsettle();
}

static void unsettle(const struct ouro__arena *arena)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    ouro__process_lock();
    for (struct thread *thread = threads; thread != NULL; thread = thread->next) {
        if (arena == NULL ||
            __atomic_load_n(thread->own_arena, __ATOMIC_RELAXED) == (uintptr_t)arena)
            __atomic_store_n(thread->own_arena, OURO__NO_ARENA, __ATOMIC_RELAXED);
    }
    ouro__process_unlock();
}

void ouro__guard_unsettle_all(void)
{
    unsettle(NULL);
}

void ouro__guard_unsettle_arena(const struct ouro__arena *arena)
{
    unsettle(arena);
}
