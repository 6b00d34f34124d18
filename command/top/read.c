/* SPDX-License-Identifier: MIT */
/*
 * read.c -- a published file, believed only where it keeps its own rules
 *
 * The file is read and never mapped, so one that is cut off is an outcome and no fault.  Anybody who may write to
 * it may have written anything: checksums tell of accidents, not of lies, and so all that is used as an index
 * or printed is put in bounds.
 */
#include "top/top.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

bool top_open(top_view *view, const char *path)
{
    *view = (top_view){.may_ask = true};
    view->file = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (view->file < 0) {
        view->may_ask = false;
        view->file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    return view->file >= 0;
}

void top_close(top_view *view)
{
    if (view->file >= 0) close(view->file);
    view->file = -1;
}

/* ---- in bounds ---- */

/* What a terminal would obey, or is no ASCII, is a question mark; and there is an end. */
static void bound_text(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~') *at = '?';
}

static void bound(ouro_published *state)
{
    bound_text(state->heap, sizeof state->heap);
    bound_text(state->program, sizeof state->program);
    bound_text(state->phase, sizeof state->phase);
    for (size_t i = 0; i < OURO_PUBLISHED_TYPES; i++)
        bound_text(state->types[i].name, sizeof state->types[i].name);
    for (size_t i = 0; i < OURO_PUBLISHED_CLASSES; i++)
        if (state->classes[i].kind > OURO_CLASS_TRACKED) state->classes[i].kind = OURO_CLASS_RAW;
}

/* ---- reading ---- */

/* It is none of ours, as this field says. */
static top_outcome not_published(top_view *view, size_t differs)
{
    view->differs = differs;
    return TOP_NOT_PUBLISHED;
}

/* The file ends before the struct does: another version may be shorter. */
static top_outcome cut_off(top_view *view, const ouro_published *state, size_t length)
{
    if (length < sizeof state->magic) return not_published(view, length);
    if (state->magic != OURO_PUBLISHED_MAGIC)
        return not_published(view, offsetof(ouro_published, magic));
    bool has_version = length >= offsetof(ouro_published, request);
    if (has_version && state->version != OURO_PUBLISHED_VERSION) return TOP_OTHER_VERSION;
    return not_published(view, length);
}

static top_outcome read_once(top_view *view, ouro_published *out_state)
{
    char *to = (char *)out_state;
    for (size_t done = 0; done < sizeof *out_state;) {
        ssize_t got = pread(view->file, to + done, sizeof *out_state - done, (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return TOP_REFUSED;
        if (got == 0) return cut_off(view, out_state, done);
        done += (size_t)got;
    }
    if (out_state->magic != OURO_PUBLISHED_MAGIC)
        return not_published(view, offsetof(ouro_published, magic));
    if (out_state->version != OURO_PUBLISHED_VERSION) return TOP_OTHER_VERSION;
    if (out_state->size != sizeof *out_state)
        return not_published(view, offsetof(ouro_published, size));
    return out_state->checksum == ouro_published_checksum(out_state) ? TOP_READ : TOP_UNFINISHED;
}

top_outcome top_read(top_view *view)
{
    enum { attempts = 50 };
    ouro_published state;
    top_outcome outcome = TOP_UNFINISHED;
    for (int i = 0; i < attempts && outcome == TOP_UNFINISHED; i++) {
        if (i > 0) nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        outcome = read_once(view, &state);
    }
    if (outcome != TOP_READ) return outcome;
    bound(&state);
    if (view->now.magic != 0 && state.updates != view->now.updates) {
        view->before = view->now;
        view->has_before = true;
    }
    view->now = state;
    return TOP_READ;
}

top_life top_life_of(const top_view *view)
{
    struct stat status;
    if (view->now.is_closed != 0) return TOP_CLOSED;
    pid_t process = (pid_t)view->now.process;
    if (process <= 0 || (kill(process, 0) != 0 && errno == ESRCH)) return TOP_DEAD;
    return fstat(view->file, &status) == 0 && status.st_nlink == 0 ? TOP_CLOSED : TOP_ALIVE;
}

void top_ask(top_view *view)
{
    uint32_t request = view->now.request;
    do request++;
    while (request == 0 || request == view->now.census_answers);
    view->may_ask = pwrite(view->file, &request, sizeof request,
                           offsetof(ouro_published, request)) == sizeof request;
    if (view->may_ask) view->asked = request;
}

void top_complain(const top_view *view, top_outcome outcome, const char *path)
{
    switch (outcome) {
    case TOP_READ: return;
    case TOP_UNFINISHED:
        complain("%s contradicts its checksum at byte %zu: its program ended while it wrote, or it "
                 "is damaged",
                 path, offsetof(ouro_published, checksum));
        return;
    case TOP_NOT_PUBLISHED:
        complain("%s is no published heap: its byte %zu is wrong or missing", path, view->differs);
        return;
    case TOP_OTHER_VERSION:
        complain("%s was published by another version of ouro than this command's", path);
        return;
    case TOP_REFUSED: complain("%s cannot be read: %s", path, strerror(errno)); return;
    }
}

double top_rate(const top_view *view, uint64_t now, uint64_t before)
{
    uint64_t since = view->has_before ? view->before.written : view->now.born;
    if (!view->has_before) before = 0;
    if (view->now.written <= since || now < before) return 0;
    return (double)(now - before) * 1e9 / (double)(view->now.written - since);
}
