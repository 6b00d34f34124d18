/* SPDX-License-Identifier: MIT */
/*
 * process_lock.h -- the lock of what belongs to the process and to no heap [floor 0]
 *
 * Held for moments, by whoever gives a number to a type or lists a heap that is traced.  A process that forks waits for
 * it, so that the child does not begin with a lock that a thread holds which it does not have.  Not recursive.
 * Thread: any.
 */
#ifndef OURO_BASE_PROCESS_LOCK_H
#define OURO_BASE_PROCESS_LOCK_H

#include <stdbool.h>

void ouro__process_lock(void);
void ouro__process_unlock(void);

/* Without waiting; false when somebody holds it, perhaps this very thread in the middle of a misuse. */
bool ouro__process_try_lock(void);

#endif
