/* SPDX-License-Identifier: MIT */
/*
 * apart.c -- what may die or hang runs in a process of its own
 */
#include "support/apart.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"

enum { ABORT_SECONDS = 20 };

/* In a build for coverage: what was run until now counts, though the process does not exit. */
#ifdef OURO_COVERAGE
extern void __gcov_dump(void);

static void keep_coverage(int signal_number)
{
    __gcov_dump();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}
#else
#define keep_coverage SIG_DFL
#endif

void apart_begin(void)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (size_t i = 0; i < COUNT_OF(signals); i++) signal(signals[i], SIG_DFL);
    signal(SIGABRT, keep_coverage);
}

_Noreturn void apart_end(int status)
{
    fflush(NULL);
#ifdef OURO_COVERAGE
    __gcov_dump();
#endif
    _exit(status);
}

static void child(void (*body)(void *), void *argument, int out)
{
    apart_begin();
    dup2(out, STDERR_FILENO);
    close(out);
    body(argument);
    apart_end(0);
}

static int milliseconds_until(time_t deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec >= deadline ? 0 : (int)(deadline - now.tv_sec) * 1000;
}

/* Reads until the other side closes or time is up. */
static void read_all(int in, unsigned seconds, struct apart *apart)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t deadline = now.tv_sec + (time_t)seconds + 1;
    size_t length = 0;
    char rest[512];
    for (;;) {
        struct pollfd wait = {.fd = in, .events = POLLIN};
        if (poll(&wait, 1, milliseconds_until(deadline)) <= 0) {
            apart->timed_out = true;
            break;
        }
        bool room = length < sizeof apart->text - 1;
        ssize_t count = read(in, room ? apart->text + length : rest,
                             room ? sizeof apart->text - 1 - length : sizeof rest);
        if (count <= 0) break;
        length += room ? (size_t)count : 0;
    }
    apart->text[length] = 0;
}

void apart_run(void (*body)(void *argument), void *argument, unsigned seconds,
               struct apart *out_apart)
{
    *out_apart = (struct apart){.exit_status = -1};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        child(body, argument, ends[1]);
    }
    close(ends[1]);
    read_all(ends[0], seconds, out_apart);
    close(ends[0]);
    if (out_apart->timed_out) kill(pid, SIGKILL);
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status)) out_apart->exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) out_apart->signal = WTERMSIG(status);
}

/* Whether `text` begins with what `pattern` says. */
static bool matches_here(const char *text, const char *pattern)
{
    for (; *pattern != 0; text++, pattern++) {
        if (*pattern == '*') return apart_matches(text, pattern + 1);
        if (*text != *pattern) return false;
    }
    return true;
}

bool apart_matches(const char *text, const char *pattern)
{
    do {
        if (matches_here(text, pattern)) return true;
    } while (*text++ != 0);
    return false;
}

void apart_aborts(void (*body)(void *argument), const char *message)
{
    struct apart apart;
    apart_run(body, NULL, ABORT_SECONDS, &apart);
    if (apart.timed_out)
        fail_msg("no end within %d seconds; stderr: %s", ABORT_SECONDS, apart.text);
    if (apart.signal != SIGABRT)
        fail_msg("signal %d, status %d instead of an abort; stderr: %s", apart.signal,
                 apart.exit_status, apart.text);
    if (!apart_matches(apart.text, message))
        fail_msg("expected \"%s\", stderr was: %s", message, apart.text);
}
