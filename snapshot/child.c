/* SPDX-License-Identifier: MIT */
/*
 * child.c -- a forked child writes, while the program goes on
 *
 *     program  --fork-->  child: save, answer into a pipe, _exit
 *         |                          |
 *         +- - wait <----------------+  how it ended: an ouro_error
 *
 * The child has the heap as it was when fork returned, since pages are copied when either side writes to them.  It
 * ends by _exit: no handler of the program's runs, no stream is flushed twice.
 *
 * In a program of many threads the child has the calling one alone, and locks that others held stay locked.
 * It calls nothing that takes such a lock but malloc, which glibc makes usable in a child (its fork takes malloc's
 * locks first and frees them on both sides).  Where another malloc stands in, that one has to do the same.
 *
 * Children that nobody waited for are kept in a list, by their heaps.
 */
#include "child.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct child {
    struct child *next;
    const ouro_heap *heap;
    pid_t process;
    int answer; /* the pipe's end to read from */
};

static pthread_mutex_t children_lock = PTHREAD_MUTEX_INITIALIZER;
static struct child *children;

/* The child of a heap, taken out of the list; NULL when there is none. */
static struct child *take(const ouro_heap *heap)
{
    pthread_mutex_lock(&children_lock);
    struct child **link = &children;
    while (*link != NULL && (*link)->heap != heap) link = &(*link)->next;
    struct child *found = *link;
    if (found != NULL) *link = found->next;
    pthread_mutex_unlock(&children_lock);
    return found;
}

static void put(struct child *child)
{
    pthread_mutex_lock(&children_lock);
    child->next = children;
    children = child;
    pthread_mutex_unlock(&children_lock);
}

static void child_free(struct child *child)
{
    close(child->answer);
    free(child);
}

/* Whether a child is at work.  One that has ended may be waited for here: its answer stays in the pipe. */
static bool is_at_work(const struct child *child)
{
    pid_t ended;
    do ended = waitpid(child->process, NULL, WNOHANG);
    while (ended < 0 && errno == EINTR);
    return ended == 0;
}

/* ---- the child's side ---- */

static _Noreturn void run_child(ouro_heap *heap, const char *path,
                                const ouro_snapshot_options *options, ouro__save_function *save,
                                int answer)
{
    ouro_error error = {.status = OURO_OK};
    ouro_heap_adopt(heap); /* guarded builds know the thread that uses a heap */
    ouro_status status = save(heap, path, options, &error);
    error.status = status;
    /* Shorter than PIPE_BUF, so it goes in one piece and does not wait.  If the program is gone, nobody asks. */
    ssize_t written = write(answer, &error, sizeof error);
    _exit(status == OURO_OK && written == (ssize_t)sizeof error ? 0 : 1);
}

/* ---- the program's side ---- */

static ouro_status start(struct child *child, const char *path,
                         const ouro_snapshot_options *options, ouro__save_function *save,
                         ouro_error *error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return ouro__fail_system(error, errno, "no pipe to a child that writes %s", path);
    child->process = fork();
    if (child->process == 0)
        run_child((ouro_heap *)(uintptr_t)child->heap, path, options, save, ends[1]);
    int failed = errno;
    close(ends[1]);
    child->answer = ends[0];
    if (child->process > 0) return OURO_OK;
    close(ends[0]);
    return ouro__fail_system(error, failed, "no child to write %s", path);
}

ouro_status ouro__child_save(ouro_heap *heap, const char *path,
                             const ouro_snapshot_options *options, ouro__save_function *save,
                             ouro_error *error)
{
    struct child *before = take(heap);
    if (before != NULL && is_at_work(before)) {
        put(before);
        return ouro__fail(
            error, OURO_BUSY,
            "a child still writes a snapshot of this heap: ouro_snapshot_wait waits for it");
    }
    if (before != NULL) child_free(before);
    struct child *child = malloc(sizeof *child);
    if (child == NULL) return ouro__fail_memory(error, sizeof *child, "a child");
    *child = (struct child){.heap = heap};
    ouro_status status = start(child, path, options, save, error);
    if (status == OURO_OK)
        put(child);
    else
        free(child);
    return status;
}

static ouro_status wait_for(const struct child *child, ouro_error *error)
{
    int how = 0;
    pid_t ended;
    do ended = waitpid(child->process, &how, 0);
    while (ended < 0 && errno == EINTR);
    /* Also when somebody else had waited for it: it has ended, and what it said is in the pipe. */
    ouro_error answer;
    ssize_t got;
    do got = read(child->answer, &answer, sizeof answer);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof answer)
        return ouro__fail(error, OURO_SYSTEM,
                          ended > 0 && WIFSIGNALED(how)
                              ? "the child that wrote the snapshot was ended by signal %d"
                              : "the child that wrote the snapshot ended without an answer (%d)",
                          ended > 0 && WIFSIGNALED(how) ? WTERMSIG(how) : how);
    if (answer.status != OURO_OK && error != NULL) *error = answer;
    return answer.status;
}

ouro_status ouro__child_wait(ouro_heap *heap, ouro_error *error)
{
    struct child *child = take(heap);
    if (child == NULL)
        return ouro__fail(error, OURO_EMPTY, "no child writes a snapshot of this heap");
    ouro_status status = wait_for(child, error);
    child_free(child);
    return status;
}
