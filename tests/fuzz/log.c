/* SPDX-License-Identifier: MIT */
/*
 * log.c -- any bytes are a log of collections, or something like one
 *
 *     byte 0   even: what follows is the file, byte for byte
 *              odd: a byte below the number of tokens stands for a token, as `event` or the largest number, so that a
 *              fuzzer gets past the first field
 *
 * What is refused is refused with the number of the first line that is none.  What is read takes no more memory than is
 * promised, keeps the bounds of trace.h, and is written as a trace that has each row where it belongs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fuzz/program.h"
#include "fuzz/reader.h"
#include "support/random.h"
#include "trace/trace.h"

enum {
    FILE_MAX = 1 << 18,
    TIMES_THE_FILE = 32, /* what may be kept of it */
    PLAIN_MAX = 4096
};

/* ---- bytes become a file ---- */

#define DIGITS "0123456789"
#define LONG DIGITS DIGITS DIGITS DIGITS DIGITS DIGITS DIGITS DIGITS DIGITS DIGITS

static const char *const tokens[] = {
    "heap\t",
    "event\t",
    "sample\t",
    "lost\t",
    "close\t",
    "1-1\t",
    "1-2\t",
    "version=1\t",
    "pass\t",
    "\t", /* 9 and 10 are themselves */
    "\n",
    "cycle\t",
    "step\t",
    "phase\t",
    "0\t",
    "1\t",
    "2\t",
    "1000\t",
    "4294967295\t",
    "4294967296\t",
    "2305843009213693952\t",
    "2305843009213693953\t",
    "18446744073709551615\t",
    "18446744073709551616\t",
    "heap\t1-1\tversion=1\t7\t5\tprogram\tname\n",
    "heap\t1-2\tversion=1\t8\t2\tprogram\tname\n",
    "event\t1-1\tpass\t0\t5\t6\t7\t8\t9\t0\tyoung\n",
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x8d",
    "\xed\xa0\x80\xf5\xc3",
    LONG,
    LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG,
};
enum { TOKENS = sizeof tokens / sizeof *tokens };

static size_t spell(const uint8_t *bytes, size_t size, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        bool is_token = bytes[i] < TOKENS;
        const char *from = is_token ? tokens[bytes[i]] : (const char *)&bytes[i];
        size_t more = is_token ? strlen(from) : 1;
        if (more > FILE_MAX - length) break;
        memcpy(out + length, from, more);
        length += more;
    }
    return length;
}

/* ---- what is read ---- */

static size_t lines_of(const char *bytes, size_t size)
{
    size_t lines = 0;
    for (size_t i = 0; i < size; i++) lines += bytes[i] == '\n';
    return lines;
}

/* Bytes that so many lines take. */
static size_t end_of_lines(const char *bytes, size_t lines)
{
    size_t at = 0;
    while (lines > 0) lines -= bytes[at++] == '\n';
    return at;
}

/* Reads a file; the number of the line that is told, or 0. */
static size_t read_log(const char *bytes, size_t size, trace *out_traced)
{
    static char nothing[1];
    *out_traced = (trace){0};
    FILE *file = fmemopen(size > 0 ? (void *)(uintptr_t)bytes : nothing, size > 0 ? size : 1, "r");
    if (file == NULL) abort();
    if (size == 0) (void)fgetc(file); /* there is no file of no bytes in memory */
    int status = trace_read_log(out_traced, "a.log", file);
    fclose(file);
    size_t complaints = reader_complaints(), line = 0;
    if (status == COMMAND_OK) {
        reader_expect(complaints == 0, "nothing is told of what is read");
        return 0;
    }
    reader_expect(status == COMMAND_BAD_INPUT, "the input is to blame");
    reader_expect(complaints == 1, "there is one complaint");
    reader_expect(sscanf(reader_complaint(), "a.log: line %zu is none", &line) == 1 && line > 0,
                  "a complaint names the line");
    return line;
}

/* Whether memory and rows are as promised. */
static void check_bounds(const trace *traced, const char *bytes, size_t size)
{
    size_t rows = traced->count;
    size_t room =
        traced->room * sizeof *traced->heaps + traced->place_count * sizeof *traced->places;
    for (size_t i = 0; i < traced->count; i++) {
        const trace_heap *heap = &traced->heaps[i];
        rows += heap->event_count + heap->sample_count;
        room += heap->event_room * sizeof *heap->events + heap->sample_room * sizeof *heap->samples;
        for (size_t j = 0; j < heap->event_count; j++)
            reader_expect(heap->events[j].kind <= OURO_EVENT_PHASE &&
                              heap->events[j].generation >= 0 && heap->events[j].generation <= 2,
                          "kinds and generations are known ones");
    }
    reader_expect(rows <= lines_of(bytes, size), "there are no more rows than lines");
    reader_expect(room <= TIMES_THE_FILE * size + PLAIN_MAX, "memory is bounded by the file");
}

/* ---- what is written ---- */

static json_object *member(json_object *object, const char *key)
{
    json_object *value;
    reader_expect(json_object_object_get_ex(object, key, &value), "a trace has what it needs");
    return value;
}

static bool is_text(json_object *event, const char *key, const char *text)
{
    return strcmp(json_object_get_string(member(event, key)), text) == 0;
}

/* Microseconds with three digits behind the point. */
static bool is_time(json_object *event, const char *key, uint64_t nanoseconds)
{
    char text[40];
    snprintf(text, sizeof text, "%" PRIu64 ".%03" PRIu64, nanoseconds / 1000, nanoseconds % 1000);
    return json_object_get_double(member(event, key)) == strtod(text, NULL);
}

/* Up to two nanoseconds less, so that slices do not overlap. */
static bool is_duration(json_object *event, uint64_t nanoseconds)
{
    for (uint64_t less = 0; less <= 2 && less <= nanoseconds; less++)
        if (is_time(event, "dur", nanoseconds - less)) return true;
    return false;
}

static uint64_t origin_of(const trace *traced)
{
    uint64_t origin = UINT64_MAX;
    for (size_t i = 0; i < traced->count; i++)
        if (traced->heaps[i].born < origin) origin = traced->heaps[i].born;
    return origin;
}

static size_t check_heap(const trace_heap *heap, uint64_t since, json_object *events, size_t at)
{
    uint64_t before = 0;
    reader_expect(
        is_text(member(json_object_array_get_idx(events, at), "args"), "name", heap->program),
        "a process has its program's name");
    at += 3;
    for (size_t i = 0; i < heap->event_count; i++) {
        const trace_event *row = &heap->events[i];
        json_object *event = json_object_array_get_idx(events, at++);
        reader_expect(row->start >= before, "events are in the order in which they began");
        before = row->start;
        reader_expect(is_text(event, "ph", "X") && is_text(event, "name", row->name) &&
                          is_time(event, "ts", since + row->start) &&
                          is_duration(event, row->nanoseconds),
                      "an event is written as it was read");
    }
    for (size_t i = 0; i < 2 * heap->sample_count; i++) {
        json_object *event = json_object_array_get_idx(events, at++);
        reader_expect(is_text(event, "ph", "C") &&
                          is_time(event, "ts", since + heap->samples[i / 2].time),
                      "a sample is written as it was read");
    }
    return at;
}

static void check_trace(trace *traced)
{
    char *text = NULL;
    size_t length = 0, at = 0;
    FILE *file = open_memstream(&text, &length);
    if (file == NULL) abort();
    trace_sort(traced);
    reader_expect(trace_write_json(traced, file), "a trace can be written");
    if (fclose(file) != 0) abort();
    json_object *root = reader_json(text, length), *events = member(root, "traceEvents");
    uint64_t origin = origin_of(traced);
    for (size_t i = 0; i < traced->count; i++)
        at = check_heap(&traced->heaps[i], traced->heaps[i].born - origin, events, at);
    reader_expect(at == json_object_array_length(events), "nothing else is written");
    json_object_put(root);
    free(text);
}

/* The lines before the first that is none are a log, and so is a log without one that was cut off; none is passed over
 * elsewhere. */
static void check_lines(const char *bytes, size_t size, size_t refused)
{
    static const char rubbish[] = "rubbish\n";
    trace traced;
    size_t lines = lines_of(bytes, size);
    reader_expect(refused <= lines + 1, "the line is one of the file's");
    size_t good = refused > 0 ? refused - 1 : lines, end = end_of_lines(bytes, good);
    char *longer = malloc(end + sizeof rubbish);
    if (longer == NULL) abort();
    memcpy(longer, bytes, end);
    reader_expect(read_log(longer, end, &traced) == 0, "the first line that is none is told");
    trace_free(&traced);
    memcpy(longer + end, rubbish, sizeof rubbish);
    reader_expect(read_log(longer, end + sizeof rubbish - 1, &traced) == good + 1,
                  "reading goes on to the end");
    trace_free(&traced);
    free(longer);
}

size_t program_run(const uint8_t *bytes, size_t size)
{
    static char spelt[FILE_MAX];
    if (size == 0) return 0;
    size_t length = bytes[0] % 2 == 1 ? spell(bytes + 1, size - 1, spelt) : size - 1;
    /* In memory of its own size, so that AddressSanitizer sees who reads too far. */
    char *file = malloc(length + (length == 0));
    if (file == NULL) abort();
    memcpy(file, bytes[0] % 2 == 1 ? spelt : (const char *)bytes + 1, length);
    trace traced;
    size_t refused = read_log(file, length, &traced);
    check_bounds(&traced, file, length);
    check_trace(&traced); /* also of what stands before a line that is none */
    check_lines(file, length, refused);
    trace_free(&traced);
    free(file);
    return 1;
}

/* ---- seeds: logs of a few lines, some spelt in tokens, some cut off ---- */

static void write_row(FILE *file, struct random *chance, unsigned heap, uint64_t time)
{
    static const char *const kinds[] = {"pass", "cycle", "step", "phase"};
    switch (random_below(chance, 8)) {
    case 0: fprintf(file, "lost\t9-%u\t3\n", heap); return;
    case 1: fprintf(file, "close\t9-%u\t%" PRIu64 "\n", heap, time); return;
    case 2:
    case 3:
        fprintf(file, "sample\t9-%u\t%" PRIu64 "\t%u\t4096\t65536\n", heap, time,
                (unsigned)random_below(chance, 1000));
        return;
    default:
        fprintf(file, "event\t9-%u\t%s\t%u\t%" PRIu64 "\t%u\t12\t4\t0\t99\tyoung\n", heap,
                kinds[random_below(chance, 4)], (unsigned)random_below(chance, 3), time,
                (unsigned)random_below(chance, 500));
    }
}

size_t program_make(uint64_t seed, size_t operations, uint8_t *out_bytes, size_t room)
{
    struct random chance = {seed};
    FILE *file = fmemopen(out_bytes, room, "w");
    if (file == NULL) abort();
    fputc(seed % 2 == 0 ? 0 : 1, file);
    unsigned heaps = 1 + (unsigned)random_below(&chance, 3);
    for (unsigned i = 1; i <= heaps; i++)
        fprintf(file, "heap\t9-%u\tversion=1\t9\t%u\tprogram\tname\n", i, 100 - i);
    for (size_t i = 0; i < operations; i++)
        write_row(file, &chance, 1 + (unsigned)random_below(&chance, heaps), 10 * i);
    if (seed % 3 == 0) fputs("event\t9-1\tpas", file);
    for (size_t i = 0; seed % 2 == 1 && i < operations; i++)
        fputc((int)random_below(&chance, TOKENS), file);
    size_t size = (size_t)ftell(file);
    fclose(file);
    return size;
}
