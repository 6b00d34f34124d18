/* SPDX-License-Identifier: MIT */
/*
 * save.c -- a snapshot of this interpreter, in a file
 *
 * Two halves: the walk, while the interpreter's lock is held, and the writing from what the walk has stored, while
 * the program goes on.
 *
 * Below: walk.h; ouro/snapshot.h for the file.  Above: module.c.
 */
#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- the file -------------------------------------------------------------- */

/* Written beside its place, and moved there when it is whole.  What is no regular file (a pipe, a device) cannot be
 * replaced, and is written to as it is. */
typedef struct part_file {
    int descriptor;
    char *name; /* that is written to */
    bool is_direct;
    uint64_t bytes;
    int error; /* errno of what failed first, or 0 */
} part_file;

static bool file_write(void *context, const void *bytes, size_t size)
{
    part_file *file = context;
    const char *from = bytes;
    while (size > 0) {
        ssize_t written = write(file->descriptor, from, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            file->error = errno;
            return false;
        }
        from += written;
        size -= (size_t)written;
        file->bytes += (uint64_t)written;
    }
    return true;
}

static bool file_open(part_file *file, const char *path)
{
    size_t room = strlen(path) + 32;
    memset(file, 0, sizeof(*file));
    file->descriptor = -1;
    file->name = PyMem_RawMalloc(room);
    if (file->name == NULL) {
        file->error = ENOMEM;
        return false;
    }
    struct stat about;
    file->is_direct = stat(path, &about) == 0 && !S_ISREG(about.st_mode);
    if (file->is_direct)
        snprintf(file->name, room, "%s", path);
    else
        snprintf(file->name, room, "%s.%ld.part", path, (long)getpid());
    file->descriptor =
        open(file->name, O_WRONLY | O_CLOEXEC | (file->is_direct ? 0 : O_CREAT | O_TRUNC), 0666);
    if (file->descriptor < 0) file->error = errno;
    return file->descriptor >= 0;
}

/* Ends the file: in its place when `path` is not NULL, else nowhere. */
static bool file_close(part_file *file, const char *path)
{
    if (file->descriptor >= 0) {
        bool closed = close(file->descriptor) == 0;
        if (path != NULL && (!closed || (!file->is_direct && rename(file->name, path) != 0))) {
            file->error = errno;
            path = NULL;
        }
        if (path == NULL && !file->is_direct) unlink(file->name);
    }
    PyMem_RawFree(file->name);
    file->name = NULL;
    return file->error == 0;
}

/* ---- figures ----------------------------------------------------------------- */

typedef struct save_result {
    size_t objects, references;
    double stopped, seconds; /* for how long the program stood still; how long all took */
} save_result;

static PyObject *figures_of(const save_result *result, uint64_t bytes)
{
    return Py_BuildValue("{s:n,s:n,s:K,s:d,s:d}", "objects", (Py_ssize_t)result->objects,
                         "references", (Py_ssize_t)result->references, "bytes",
                         (unsigned long long)bytes, "stopped_seconds", result->stopped, "seconds",
                         result->seconds);
}

/* ---- writing what was stored ------------------------------------------------- */

typedef struct rows_output {
    ouro_snapshot_writer *writer;
    const object_store *store;
    uint32_t *order;   /* rows by address */
    uint32_t *entered; /* references to a row that somebody accounts for */
    uint32_t label_weak;
    save_result *result;
} rows_output;

static int compare_rows(const void *one, const void *other, void *argument)
{
    const stored_object *objects = argument;
    uintptr_t a = (uintptr_t)objects[*(const uint32_t *)one].address;
    uintptr_t b = (uintptr_t)objects[*(const uint32_t *)other].address;
    return (a > b) - (a < b);
}

static void output_count_entered(const rows_output *output)
{
    const object_store *store = output->store;
    for (size_t row = 0; row < store->object_count; row++) {
        const stored_edge *edge = NULL;
        size_t count = store->objects[row].is_own ? 0 : store_edges_of(store, row, &edge);
        for (; count > 0; count--, edge++) {
            if (edge->label != output->label_weak) output->entered[edge->target]++;
        }
    }
    for (size_t at = 0; at < store->root_count; at++) {
        output->entered[store->roots[at].object] += store->roots[at].references;
    }
}

static void output_object(const rows_output *output, uint32_t row)
{
    const stored_object *stored = &output->store->objects[row];
    Py_ssize_t count = stored->count - (Py_ssize_t)stored->held;
    unsigned flags = stored->flags;
    /* A type in C may borrow what it shows: then its count proves nothing. */
    if ((flags & OURO_OBJECT_IS_IMMORTAL) == 0 && count >= (Py_ssize_t)output->entered[row]) {
        flags |= OURO_OBJECT_COUNT_IS_EXACT;
    }
    ouro_snapshot_object object = {
        .address = (uint64_t)(uintptr_t)stored->address,
        .size = stored->size,
        .type = stored->type,
        .count = count < 0                        ? 0
                 : count > (Py_ssize_t)UINT32_MAX ? UINT32_MAX
                                                  : (uint32_t)count,
        .text = stored->text,
        .flags = (uint8_t)flags,
    };
    ouro_snapshot_add_object(output->writer, &object);
    const stored_edge *edge = NULL;
    for (size_t left = store_edges_of(output->store, row, &edge); left > 0; left--, edge++) {
        const stored_object *target = &output->store->objects[edge->target];
        if (target->is_own) continue;
        ouro_snapshot_add_edge(output->writer, (uint64_t)(uintptr_t)target->address, edge->label,
                               edge->index);
        output->result->references++;
    }
    output->result->objects++;
}

static void output_rows(const rows_output *output)
{
    const object_store *store = output->store;
    output_count_entered(output);
    for (size_t row = 0; row < store->object_count; row++) output->order[row] = (uint32_t)row;
    qsort_r(output->order, store->object_count, sizeof(*output->order), compare_rows,
            store->objects);
    for (size_t at = 0; at < store->object_count; at++) {
        uint32_t row = output->order[at];
        if (!store->objects[row].is_own) output_object(output, row);
    }
    for (size_t at = 0; at < store->root_count; at++) {
        const stored_root *root = &store->roots[at];
        const stored_object *object = &store->objects[root->object];
        if (object->is_own) continue;
        ouro_snapshot_add_root(output->writer, (uint64_t)(uintptr_t)object->address, root->kind,
                               root->name, root->references);
    }
}

/* False: memory ran out. */
static bool output_store(ouro_snapshot_writer *writer, const heap_walk *walk, save_result *result)
{
    size_t count = walk->store.object_count + 1;
    rows_output output = {
        .writer = writer,
        .store = &walk->store,
        .order = PyMem_RawCalloc(count, sizeof(uint32_t)),
        .entered = PyMem_RawCalloc(count, sizeof(uint32_t)),
        .label_weak = walk->label_weak,
        .result = result,
    };
    bool ready = output.order != NULL && output.entered != NULL;
    if (ready) output_rows(&output);
    PyMem_RawFree(output.order);
    PyMem_RawFree(output.entered);
    return ready;
}

static void output_notes(ouro_snapshot_writer *writer, const save_request *request)
{
    char text[64];
    time_t now = time(NULL);
    struct tm utc;
    ouro_snapshot_note(writer, "program", request->program);
    snprintf(text, sizeof(text), "%ld", (long)getpid());
    ouro_snapshot_note(writer, "pid", text);
    if (gmtime_r(&now, &utc) != NULL && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc)) {
        ouro_snapshot_note(writer, "time", text);
    }
    snprintf(text, sizeof(text), "CPython %.20s", Py_GetVersion());
    text[strcspn(text + sizeof("CPython"), " ") + sizeof("CPython")] = '\0';
    ouro_snapshot_note(writer, "source", text);
}

/* ---- both halves ------------------------------------------------------------- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void raise_for(const part_file *file, const ouro_error *error, const save_request *request)
{
    if (PyErr_Occurred()) return;
    if (file->error == ENOMEM || (error != NULL && error->status == OURO_NO_MEMORY)) {
        PyErr_NoMemory();
    } else if (file->error != 0) {
        errno = file->error;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, request->path_object);
    } else {
        PyErr_SetString(PyExc_RuntimeError, error == NULL ? "no snapshot" : error->message);
    }
}

/* The writer ends in either case. */
static bool save_with(ouro_snapshot_writer *writer, const save_request *request,
                      save_result *result, ouro_error *error)
{
    double start = seconds_now();
    heap_walk *walk = walk_new(writer, request->own);
    for (size_t at = 0; walk != NULL && at < request->argument_count; at++) {
        walk_hold(walk, request->arguments[at]);
    }
    bool done = walk != NULL && walk_all(walk, request->get_objects, request->exception) &&
                walk_mark_own(walk);
    result->stopped = seconds_now() - start;
    if (!done && !PyErr_Occurred()) PyErr_NoMemory();
    if (!done) {
        ouro_snapshot_writer_abandon(writer);
        walk_free(walk);
        return false;
    }
    Py_BEGIN_ALLOW_THREADS output_notes(writer, request);
    done = output_store(writer, walk, result);
    if (!done) {
        error->status = OURO_NO_MEMORY;
        ouro_snapshot_writer_abandon(writer);
    } else {
        done = ouro_snapshot_writer_finish(writer, error) == OURO_OK;
    }
    walk_free(walk);
    Py_END_ALLOW_THREADS result->seconds = seconds_now() - start;
    return done;
}

/* All that can fail for want of memory does before the file has its place. */
PyObject *save(const save_request *request)
{
    part_file file;
    ouro_error error = {.status = OURO_OK};
    save_result result = {0};
    bool done = false;
    if (file_open(&file, request->path)) {
        ouro_snapshot_sink sink = {.context = &file, .write = file_write};
        ouro_snapshot_writer *writer = ouro_snapshot_writer_new(&sink, &error);
        done = writer != NULL && save_with(writer, request, &result, &error);
    }
    PyObject *figures = done ? figures_of(&result, file.bytes) : NULL;
    if (!file_close(&file, figures != NULL ? request->path : NULL)) Py_CLEAR(figures);
    if (figures == NULL) raise_for(&file, &error, request);
    return figures;
}
