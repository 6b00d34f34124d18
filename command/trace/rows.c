/* SPDX-License-Identifier: MIT */
/*
 * rows.c -- heaps with what happened to them
 *
 * Each row of a log names its heap, so heaps are found by their ids: `places` is an open-addressed table, of which at least
 * half is empty.  A process number may come again in a file that is appended to: the later heap then has the id.
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

/* The place of an id: that of the heap which has it, or the empty one where it would go. */
static size_t *place_of(const trace *traced, const char *id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a, its high bits put to use */
    for (const char *at = id; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    for (size_t at = (size_t)hash;; at++) {
        size_t *place = &traced->places[at & (traced->place_count - 1)];
        if (*place == 0 || strcmp(traced->heaps[*place - 1].id, id) == 0) return place;
    }
}

/* Twice as many places, and all heaps in them, the later ones instead of the earlier of the same id. */
static bool grow_places(trace *traced)
{
    trace larger = *traced;
    larger.place_count = traced->place_count > 0 ? 2 * traced->place_count : 16;
    larger.places = calloc(larger.place_count, sizeof *larger.places);
    if (larger.places == NULL) {
        complain("no memory for a trace of %zu heaps", larger.place_count);
        return false;
    }
    for (size_t i = 0; i < traced->count; i++) *place_of(&larger, traced->heaps[i].id) = i + 1;
    free(traced->places);
    *traced = larger;
    return true;
}

trace_heap *trace_add_heap(trace *traced, const char *id)
{
    trace_heap *heaps = grow(traced->heaps, traced->count, &traced->room, sizeof *heaps);
    if (heaps == NULL) return NULL;
    traced->heaps = heaps;
    if (traced->count >= traced->place_count / 2 && !grow_places(traced)) return NULL;
    trace_heap *heap = &heaps[traced->count];
    memset(heap, 0, sizeof *heap);
    snprintf(heap->id, sizeof heap->id, "%s", id);
    *place_of(traced, heap->id) = ++traced->count;
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
    free(traced->places);
}

trace_heap *trace_find_heap(const trace *traced, const char *id)
{
    if (traced->place_count == 0) return NULL;
    size_t place = *place_of(traced, id);
    return place > 0 ? &traced->heaps[place - 1] : NULL;
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
