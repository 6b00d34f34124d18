/* SPDX-License-Identifier: MIT */
/*
 * rows.c -- heaps with what happened to them
 */
#include "trace/trace.h"

#include "command.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more element; NULL after a complaint, and then the old array stands. */
static void *grow(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room) return array;
    size_t wanted = *room > 0 ? 2 * *room : 8;
    void *grown = reallocarray(array, wanted, size);
    if (grown == NULL) {
        complain("no memory for a trace of %zu rows", wanted);
        return NULL;
    }
    *room = wanted;
    return grown;
}

trace_heap *trace_add_heap(trace *traced, const char *id)
{
    trace_heap *heaps = grow(traced->heaps, traced->count, &traced->room, sizeof *heaps);
    if (heaps == NULL) return NULL;
    traced->heaps = heaps;
    trace_heap *heap = &heaps[traced->count++];
    memset(heap, 0, sizeof *heap);
    snprintf(heap->id, sizeof heap->id, "%s", id);
    return heap;
}

bool trace_add_event(trace_heap *heap, const trace_event *event)
{
    trace_event *events = grow(heap->events, heap->event_count, &heap->event_room, sizeof *events);
    if (events == NULL) return false;
    heap->events = events;
    events[heap->event_count++] = *event;
    return true;
}

bool trace_add_sample(trace_heap *heap, const trace_sample *sample)
{
    trace_sample *samples =
        grow(heap->samples, heap->sample_count, &heap->sample_room, sizeof *samples);
    if (samples == NULL) return false;
    heap->samples = samples;
    samples[heap->sample_count++] = *sample;
    return true;
}

void trace_free(trace *traced)
{
    for (size_t i = 0; i < traced->count; i++) {
        free(traced->heaps[i].events);
        free(traced->heaps[i].samples);
    }
    free(traced->heaps);
}

trace_heap *trace_find_heap(const trace *traced, const char *id)
{
    for (size_t i = traced->count; i > 0; i--) /* the last is the most likely */
        if (strcmp(traced->heaps[i - 1].id, id) == 0) return &traced->heaps[i - 1];
    return NULL;
}

/* A cycle contains steps and passes, and these contain phases. */
static int depth(const trace_event *event)
{
    return event->kind == OURO_EVENT_CYCLE ? 0 : event->kind == OURO_EVENT_PHASE ? 2 : 1;
}

static int compare(const void *left, const void *right)
{
    const trace_event *a = left, *b = right;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    if (depth(a) != depth(b)) return depth(a) - depth(b);
    if (a->nanoseconds != b->nanoseconds) return a->nanoseconds > b->nanoseconds ? -1 : 1;
    return 0;
}

void trace_sort(trace *traced)
{
    for (size_t i = 0; i < traced->count; i++)
        if (traced->heaps[i].event_count > 0)
            qsort(traced->heaps[i].events, traced->heaps[i].event_count, sizeof(trace_event),
                  compare);
}
