/* SPDX-License-Identifier: MIT */
/*
 * json.c -- a trace as ui.perfetto.dev and Chrome open it
 *
 * The Trace Event Format, JSON object form: complete events ("X") on two tracks for each heap, its pauses with
 * their phases inside, and its whole cycles; counters ("C") for memory.  Microseconds, to the nanosecond but for
 * durations: see fitting.
 *
 *     { "traceEvents": [ metadata, events in the order in which they began, counters ], ... }
 */
#include "trace/trace.h"

#include "command.h"

#include <inttypes.h>
#include <json-c/json.h>

/* What is written, an event a line. */
typedef struct writer {
    FILE *file;
    uint64_t origin; /* the first heap's beginning */
    bool is_first, refused;
} writer;

enum { TRACKS = 2, PAUSES = 1, CYCLES = 2 };

/* What lies in each other on a track at the place that is being written: a pause and a phase, or, in a log that lies,
 * any number, of which the outermost are kept. */
typedef struct open_slices {
    struct {
        uint64_t end;
        double shown_end; /* microseconds, as a viewer adds them up */
    } open[4];
    size_t depth;
} open_slices;

static void write_event(writer *out, json_object *event)
{
    const char *text =
        event != NULL ? json_object_to_json_string_ext(event, JSON_C_TO_STRING_PLAIN) : NULL;
    if (text != NULL)
        fprintf(out->file, "%s\n%s", out->is_first ? "" : ",", text);
    else
        out->refused = true;
    out->is_first = false;
    json_object_put(event);
}

/* Where memory is refused the event lacks something; one that there is not at all is told by write_event. */
static void add(json_object *event, const char *key, json_object *value)
{
    if (event == NULL || value == NULL || json_object_object_add(event, key, value) != 0)
        json_object_put(value);
}

static void add_text(json_object *event, const char *key, const char *value)
{
    add(event, key, json_object_new_string(value));
}

static void add_number(json_object *event, const char *key, uint64_t value)
{
    add(event, key, json_object_new_uint64(value));
}

/* What a reader of JSON makes of the microseconds that add_time writes. */
static double as_read(uint64_t nanoseconds)
{
    return (double)nanoseconds / 1e3;
}

/* Nanoseconds as microseconds, without a rounding. */
static void add_time(json_object *event, const char *key, uint64_t nanoseconds)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64 ".%03" PRIu64, nanoseconds / 1000, nanoseconds % 1000);
    add(event, key, json_object_new_double_s(as_read(nanoseconds), text));
}

static json_object *new_event(const char *phase, const char *name, const trace_heap *heap,
                              uint64_t track)
{
    json_object *event = json_object_new_object();
    if (event == NULL) return NULL;
    add_text(event, "ph", phase);
    add_text(event, "name", name);
    add_number(event, "pid", heap->process);
    add_number(event, "tid", track);
    return event;
}

static void write_name(writer *out, const trace_heap *heap, const char *what, uint64_t track,
                       const char *name)
{
    json_object *event = new_event("M", what, heap, track);
    json_object *arguments = json_object_new_object();
    add_text(arguments, "name", name);
    add(event, "args", arguments);
    write_event(out, event);
}

static void write_names(writer *out, const trace_heap *heap, uint64_t first_track)
{
    char name[96];
    write_name(out, heap, "process_name", 0, heap->program);
    snprintf(name, sizeof name, "%s: pauses", heap->name);
    write_name(out, heap, "thread_name", first_track + PAUSES, name);
    snprintf(name, sizeof name, "%s: whole cycles", heap->name);
    write_name(out, heap, "thread_name", first_track + CYCLES, name);
}

static uint64_t time_of(const writer *out, const trace_heap *heap, uint64_t time)
{
    return heap->born - out->origin + time;
}

/*
 * The duration with which a slice ends, for a viewer that adds doubles, neither behind what it lies in nor behind the
 * beginning of what follows: at most two nanoseconds less.  DevTools of Chromium 156 leaves out slices that overlap, and
 * 1143.554 + 32.822 is more than 1176.376.
 */
static uint64_t fitting(open_slices *on, uint64_t start, uint64_t nanoseconds)
{
    enum { most = sizeof on->open / sizeof *on->open };
    const uint64_t end = start + nanoseconds;
    while (on->depth > 0 && on->open[on->depth - 1].end <= start) on->depth--;
    double limit = as_read(end);
    if (on->depth > 0 && end <= on->open[on->depth - 1].end &&
        on->open[on->depth - 1].shown_end < limit)
        limit = on->open[on->depth - 1].shown_end;
    for (int i = 0; i < 2 && nanoseconds > 0; i++)
        if (as_read(start) + as_read(nanoseconds) > limit) nanoseconds--;
    if (on->depth < most) {
        on->open[on->depth].end = end;
        on->open[on->depth++].shown_end = as_read(start) + as_read(nanoseconds);
    }
    return nanoseconds;
}

static void write_slice(writer *out, const trace_heap *heap, uint64_t first_track,
                        const trace_event *row, open_slices tracks[TRACKS])
{
    static const char *const categories[] = {"pass", "cycle", "step", "phase"};
    bool is_cycle = row->kind == OURO_EVENT_CYCLE;
    json_object *event =
        new_event("X", row->name, heap, first_track + (is_cycle ? CYCLES : PAUSES));
    add_text(event, "cat", categories[row->kind]);
    const uint64_t start = time_of(out, heap, row->start);
    add_time(event, "ts", start);
    add_time(event, "dur", fitting(&tracks[is_cycle], start, row->nanoseconds));
    json_object *arguments = json_object_new_object();
    add_number(arguments, "generation", (uint64_t)row->generation);
    if (row->units > 0) add_number(arguments, "units", row->units);
    if (is_cycle || row->kind == OURO_EVENT_PASS) {
        add_number(arguments, "candidates", row->candidates);
        add_number(arguments, "collected", row->collected);
        add_number(arguments, "uncollectable", row->uncollectable);
    }
    add(event, "args", arguments);
    write_event(out, event);
}

static void write_counter(writer *out, const trace_heap *heap, const char *what, uint64_t time,
                          const char *const keys[], const uint64_t values[], size_t count)
{
    char name[96];
    snprintf(name, sizeof name, "%s: %s", heap->name, what);
    json_object *event = new_event("C", name, heap, 0);
    json_object *arguments = json_object_new_object();
    add_time(event, "ts", time);
    for (size_t i = 0; i < count; i++) add_number(arguments, keys[i], values[i]);
    add(event, "args", arguments);
    write_event(out, event);
}

static void write_sample(writer *out, const trace_heap *heap, const trace_sample *row)
{
    static const char *const objects[] = {"objects"};
    static const char *const bytes[] = {"live", "committed"};
    uint64_t time = time_of(out, heap, row->time);
    write_counter(out, heap, "objects", time, objects, &row->objects, 1);
    write_counter(out, heap, "bytes", time, bytes,
                  (const uint64_t[]){row->live_bytes, row->committed_bytes}, 2);
}

bool trace_write_json(const trace *traced, FILE *file)
{
    writer out = {.file = file, .origin = UINT64_MAX, .is_first = true};
    for (size_t i = 0; i < traced->count; i++)
        if (traced->heaps[i].born < out.origin) out.origin = traced->heaps[i].born;
    fputs("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"source\":\"ouro trace\"},\"traceEvents\":[",
          file);
    for (size_t i = 0; i < traced->count; i++) {
        const trace_heap *heap = &traced->heaps[i];
        open_slices tracks[TRACKS] = {{.depth = 0}};
        write_names(&out, heap, i * TRACKS);
        for (size_t j = 0; j < heap->event_count; j++)
            write_slice(&out, heap, i * TRACKS, &heap->events[j], tracks);
        for (size_t j = 0; j < heap->sample_count; j++) write_sample(&out, heap, &heap->samples[j]);
    }
    fputs("\n]}\n", file);
    if (out.refused) complain("no memory for an event of the trace");
    return !out.refused && fflush(file) == 0 && !ferror(file);
}
