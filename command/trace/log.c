/* SPDX-License-Identifier: MIT */
/*
 * log.c -- reads the log file that heaps have written
 *
 * docs/design/events.md has its lines.  Anything that is none is told with its number; a last line that was cut
 * off, by a program that was killed, is passed over.  Of a file of n bytes at most 32 n are kept, and of any line
 * no more than its buffer holds.
 */
#include "trace/trace.h"

#include "command.h"
#include "utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 12 };

/* 73 years: three times added up are far from where 64 bits end, and from where the signed ones of viewers do. */
#define TIME_MAX (UINT64_C(1) << 61)

/* A line, cut into its fields. */
typedef struct log_line {
    char *fields[FIELDS];
    size_t count;
} log_line;

static void cut(char *text, log_line *line)
{
    line->count = 0;
    for (char *at = text; line->count < FIELDS && at != NULL;) {
        line->fields[line->count++] = at;
        at = strchr(at, '\t');
        if (at != NULL) *at++ = '\0';
    }
}

static bool number_of(const log_line *line, size_t field, uint64_t *out_number)
{
    const char *text = field < line->count ? line->fields[field] : "";
    char *end;
    if (text[0] < '0' || text[0] > '9') return false;
    errno = 0;
    *out_number = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* All of so many fields in a row. */
static bool numbers_of(const log_line *line, size_t first, size_t count, uint64_t *out_numbers)
{
    for (size_t i = 0; i < count; i++)
        if (!number_of(line, first + i, &out_numbers[i])) return false;
    return true;
}

typedef enum outcome { TAKEN, MALFORMED, OUT_OF_MEMORY } outcome;

static outcome take_heading(trace *traced, const log_line *line)
{
    uint64_t numbers[2];
    if (line->count != 7 || strcmp(line->fields[2], "version=1") != 0) return MALFORMED;
    if (!numbers_of(line, 3, 2, numbers) || numbers[0] > UINT32_MAX) return MALFORMED;
    if (numbers[1] > TIME_MAX || strlen(line->fields[1]) >= sizeof traced->heaps->id)
        return MALFORMED;
    trace_heap *heap = trace_add_heap(traced, line->fields[1]);
    if (heap == NULL) return OUT_OF_MEMORY;
    heap->process = (uint32_t)numbers[0];
    heap->born = numbers[1];
    utf8_copy(heap->program, sizeof heap->program, line->fields[5]);
    utf8_copy(heap->name, sizeof heap->name, line->fields[6]);
    return TAKEN;
}

static outcome take_event(trace_heap *heap, const log_line *line)
{
    static const char *const kinds[] = {"pass", "cycle", "step", "phase"};
    uint64_t numbers[7];
    if (line->count != 11 || !numbers_of(line, 3, 7, numbers) || numbers[0] > 2) return MALFORMED;
    if (numbers[1] > TIME_MAX || numbers[2] > TIME_MAX) return MALFORMED;
    trace_event event = {
        .generation = (int)numbers[0],
        .start = numbers[1],
        .nanoseconds = numbers[2],
        .candidates = numbers[3],
        .collected = numbers[4],
        .uncollectable = numbers[5],
        .units = numbers[6],
    };
    size_t kind = 0;
    while (kind < 4 && strcmp(kinds[kind], line->fields[2]) != 0) kind++;
    if (kind == 4) return MALFORMED;
    event.kind = (ouro_event_kind)kind;
    utf8_copy(event.name, sizeof event.name, line->fields[10]);
    return trace_add_event(heap, &event) ? TAKEN : OUT_OF_MEMORY;
}

static outcome take_sample(trace_heap *heap, const log_line *line)
{
    uint64_t numbers[4];
    if (line->count != 6 || !numbers_of(line, 2, 4, numbers)) return MALFORMED;
    if (numbers[0] > TIME_MAX) return MALFORMED;
    trace_sample sample = {numbers[0], numbers[1], numbers[2], numbers[3]};
    return trace_add_sample(heap, &sample) ? TAKEN : OUT_OF_MEMORY;
}

static outcome take_line(trace *traced, char *text)
{
    log_line line;
    cut(text, &line);
    if (line.count < 3) return MALFORMED;
    if (strcmp(line.fields[0], "heap") == 0) return take_heading(traced, &line);
    trace_heap *heap = trace_find_heap(traced, line.fields[1]);
    if (heap == NULL) return MALFORMED;
    if (strcmp(line.fields[0], "event") == 0) return take_event(heap, &line);
    if (strcmp(line.fields[0], "sample") == 0) return take_sample(heap, &line);
    uint64_t number;
    if (line.count != 3 || !number_of(&line, 2, &number)) return MALFORMED;
    if (strcmp(line.fields[0], "close") == 0) return TAKEN;
    if (strcmp(line.fields[0], "lost") != 0 || number > UINT32_MAX) return MALFORMED;
    heap->lost += number;
    return TAKEN;
}

int trace_read_log(trace *traced, const char *path, FILE *file)
{
    char text[1024];
    for (size_t number = 1; fgets(text, sizeof text, file) != NULL; number++) {
        char *end = strchr(text, '\n');
        if (end == NULL && feof(file)) break; /* cut off */
        if (end != NULL) *end = '\0';
        outcome taken = end != NULL ? take_line(traced, text) : MALFORMED;
        if (taken == OUT_OF_MEMORY) return COMMAND_FAILED;
        if (taken == MALFORMED) {
            complain("%s: line %zu is none of a log of collections", path, number);
            return COMMAND_BAD_INPUT;
        }
    }
    if (!ferror(file)) return COMMAND_OK;
    complain("%s cannot be read: %s", path, strerror(errno));
    return COMMAND_FAILED;
}
