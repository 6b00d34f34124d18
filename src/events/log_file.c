/* SPDX-License-Identifier: MIT */
/*
 * log_file.c -- the log of collections, appended to a file             [floor 1]
 */
#include "events/log_file.h"

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_program.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* Whole lines on their way to a file. */
struct lines {
    int file;
    bool failed;
    size_t length;
    char text[4096];
};

enum { LINE_MAX_BYTES = 400 };

static void send(struct lines *lines)
{
    if (lines->length > 0 && !ouro__os_write(lines->file, lines->text, lines->length))
        lines->failed = true;
    lines->length = 0;
}

__attribute__((format(printf, 2, 3))) static void add_line(struct lines *lines, const char *format,
                                                           ...)
{
    if (lines->length + LINE_MAX_BYTES > sizeof lines->text) send(lines);
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(lines->text + lines->length, LINE_MAX_BYTES, format, arguments);
    va_end(arguments);
    size_t length = written < LINE_MAX_BYTES ? (size_t)written : LINE_MAX_BYTES - 1;
    lines->text[lines->length + length] = '\n';
    lines->length += length + 1;
}

/* A name as one field: tabs and ends of lines would be others. */
static void clean(const char *name, char *out_name, size_t size)
{
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < size; i++)
        out_name[i] = (unsigned char)name[i] < ' ' ? '?' : name[i];
    out_name[i] = '\0';
}

/* Written once, and again by a child that goes on with the heap of its parent. */
static void add_heading(struct lines *lines, const struct ouro__log_file *file,
                        const struct ouro__log *log, const char *name)
{
    char program[64], clean_program[64], clean_name[64];
    ouro__os_program_name(program, sizeof program);
    clean(program, clean_program, sizeof clean_program);
    clean(name, clean_name, sizeof clean_name);
    add_line(lines, "heap\t%u-%u\tversion=1\t%u\t%" PRIu64 "\t%s\t%s", file->process, file->number,
             file->process, log->born, clean_program, clean_name);
}

static void add_event(struct lines *lines, const struct ouro__log_file *file,
                      const ouro_event *event)
{
    static const char *const kinds[] = {"pass", "cycle", "step", "phase"};
    add_line(lines, "event\t%u-%u\t%s\t%d\t%" PRIu64 "\t%" PRIu64 "\t%zu\t%zu\t%zu\t%zu\t%s",
             file->process, file->number, kinds[event->kind], event->generation, event->start,
             event->nanoseconds, event->candidates, event->collected, event->uncollectable,
             event->units, event->name);
}

static void add_sample(struct lines *lines, const struct ouro__log_file *file,
                       const ouro_memory_sample *sample)
{
    add_line(lines, "sample\t%u-%u\t%" PRIu64 "\t%zu\t%zu\t%zu", file->process, file->number,
             sample->time, sample->objects, sample->live_bytes, sample->committed_bytes);
}

static void add_new(struct lines *lines, struct ouro__log_file *file, const struct ouro__log *log)
{
    uint64_t first = ouro__log_first_event(log);
    if (file->events_written < first) {
        add_line(lines, "lost\t%u-%u\t%" PRIu64, file->process, file->number,
                 first - file->events_written);
        file->events_written = first;
    }
    for (; file->events_written < log->event_count; file->events_written++)
        add_event(lines, file, ouro__log_event(log, file->events_written));
    first = ouro__log_first_sample(log);
    if (file->samples_written < first) file->samples_written = first;
    for (; file->samples_written < log->sample_count; file->samples_written++)
        add_sample(lines, file, ouro__log_sample_of(log, file->samples_written));
}

bool ouro__log_file_open(struct ouro__log_file *file, const char *path, unsigned number)
{
    int opened = ouro__os_open_append(path);
    if (opened < 0) return false;
    *file = (struct ouro__log_file){.is_open = true, .file = opened, .number = number};
    return true;
}

static bool write_new(struct ouro__log_file *file, const struct ouro__log *log, const char *name,
                      bool closes)
{
    struct lines lines = {.file = file->file};
    uint32_t process = ouro__os_process();
    if (file->process != process) {
        file->process = process;
        add_heading(&lines, file, log, name);
    }
    add_new(&lines, file, log);
    if (closes)
        add_line(&lines, "close\t%u-%u\t%" PRIu64, process, file->number,
                 ouro__os_nanoseconds() - log->born);
    send(&lines);
    return !lines.failed;
}

bool ouro__log_file_write(struct ouro__log_file *file, const struct ouro__log *log,
                          const char *name)
{
    if (!file->is_open || write_new(file, log, name, false)) return true; /* [log_file.behind] */
    ouro__os_close(file->file);
    file->is_open = false;
    return false;
}

void ouro__log_file_close(struct ouro__log_file *file, const struct ouro__log *log,
                          const char *name)
{
    if (!file->is_open) return;
    (void)write_new(file, log, name, true);
    ouro__os_close(file->file);
    file->is_open = false;
}
