/* SPDX-License-Identifier: MIT */
/*
 * trace.h -- logs of collections on their way to a viewer of traces
 *
 *     log file (log.c) --+
 *                        +--> heaps with their rows (rows.c) --> Chrome's JSON (json.c)
 *     snapshot ----------+
 */
#ifndef OURO_COMMAND_TRACE_H
#define OURO_COMMAND_TRACE_H

#include <ouro/events.h>

#include <stdio.h>

/* Times are nanoseconds since the heap's beginning. */
typedef struct trace_event {
    ouro_event_kind kind;
    int generation;
    uint64_t start, nanoseconds;
    uint64_t candidates, collected, uncollectable, units;
    char name[32];
} trace_event;

typedef struct trace_sample {
    uint64_t time, objects, live_bytes, committed_bytes;
} trace_sample;

typedef struct trace_heap {
    char id[32]; /* process and number */
    uint32_t process;
    uint64_t born; /* of a clock that all heaps of the machine share */
    char program[64], name[64];
    trace_event *events;
    size_t event_count, event_room;
    trace_sample *samples;
    size_t sample_count, sample_room;
    uint64_t lost; /* events */
} trace_heap;

typedef struct trace {
    trace_heap *heaps;
    size_t count, room;
    size_t *places;     /* where heaps are by their ids: 0, or one more than the index of a heap */
    size_t place_count; /* a power of two, or 0 */
} trace;

/* Each returns false, and has complained, when memory is refused. */
trace_heap *trace_add_heap(trace *traced, const char *id);
bool trace_add_event(trace_heap *heap, const trace_event *event);
bool trace_add_sample(trace_heap *heap, const trace_sample *sample);
void trace_free(trace *traced);

/* The heap of that id, the last one if several had it; or NULL.  Cost: O(1). */
trace_heap *trace_find_heap(const trace *traced, const char *id);

/* Puts the events of each heap in the order in which they began, what contains others first. */
void trace_sort(trace *traced);

/* Read a file into a trace.  The exit status of the command; not 0: it has complained. */
int trace_read_log(trace *traced, const char *path, FILE *file);
int trace_read_snapshot(trace *traced, const char *path);

/* Writes a sorted trace.  False: not all got there. */
bool trace_write_json(const trace *traced, FILE *file);

#endif
