/* SPDX-License-Identifier: MIT */
/*
 * process_lock.c -- one lock, and what a fork does with it              [floor 0]
 */
#include "base/process_lock.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t guarded = PTHREAD_ONCE_INIT;

static void take(void)
{
    (void)pthread_mutex_lock(&lock);
}

void ouro__process_unlock(void)
{
    (void)pthread_mutex_unlock(&lock);
}

/* Refused by a system without memory, a fork is as it is without: safe unless another thread is just inside. */
static void guard_forks(void)
{
    (void)pthread_atfork(take, ouro__process_unlock, ouro__process_unlock);
}

void ouro__process_lock(void)
{
    (void)pthread_once(&guarded, guard_forks);
    take();
}

bool ouro__process_try_lock(void)
{
    return pthread_mutex_trylock(&lock) == 0;
}
