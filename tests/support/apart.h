/* SPDX-License-Identifier: MIT */
/*
 * apart.h -- what may die or hang runs in a process of its own
 */
#ifndef OURO_TEST_APART_H
#define OURO_TEST_APART_H

#include <stdbool.h>
#include <stddef.h>

/* In a child of one's own fork: signals end it, as they would end a program (cmocka
 * catches them), and leave no core. */
void apart_begin(void);

/* Ends such a child, without what exit() would do for the parent. */
_Noreturn void apart_end(int status);

/* How a process ended. */
struct apart {
    bool timed_out;
    int exit_status; /* -1 when a signal ended it */
    int signal;      /* or 0 */
    char text[4096]; /* what it wrote to stderr, cut to this size */
};

/* Runs body(argument) in a child for at most `seconds`; the child exits with 0
 * when `body` returns. */
void apart_run(void (*body)(void *argument), void *argument, unsigned seconds,
               struct apart *out_apart);

/* Fails the test unless body() aborts after it has written a text to stderr in
 * which `message` occurs.  In `message`, a '*' stands for any text. */
void apart_aborts(void (*body)(void *argument), const char *message);

/* Whether `text` has a part that matches `pattern`, in which '*' stands for
 * anything. */
bool apart_matches(const char *text, const char *pattern);

#endif
