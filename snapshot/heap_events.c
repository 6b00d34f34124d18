/* SPDX-License-Identifier: MIT */
/*
 * heap_events.c -- the log of collections, and samples of memory
 *
 * A heap's log is in the order in which things ended; a snapshot has them in the order in which they began, what
 * contains others first.
 */
#include "saving.h"

#include <stdlib.h>

struct events {
    ouro_event *all;
    size_t count, capacity;
};

static int count_event(const ouro_event *event, void *argument)
{
    struct events *events = argument;
    (void)event;
    events->capacity++;
    return 0;
}

static int keep_event(const ouro_event *event, void *argument)
{
    struct events *events = argument;
    events->all[events->count++] = *event;
    return events->count == events->capacity;
}

static int compare(const void *left, const void *right)
{
    const ouro_event *a = left, *b = right;
    if (a->start != b->start) return a->start < b->start ? -1 : 1;
    if (a->nanoseconds != b->nanoseconds) return a->nanoseconds > b->nanoseconds ? -1 : 1;
    static const int depth[] = {[OURO_EVENT_CYCLE] = 0,
                                [OURO_EVENT_PASS] = 1,
                                [OURO_EVENT_STEP] = 1,
                                [OURO_EVENT_PHASE] = 2};
    return depth[a->kind] - depth[b->kind];
}

static void save_event(struct ouro__saving *saving, const ouro_event *event)
{
    ouro_snapshot_add_event(saving->writer,
                            &(ouro_snapshot_event){
                                .kind = event->kind,
                                .generation = (uint32_t)event->generation,
                                .name = ouro_snapshot_string(saving->writer, event->name),
                                .start = event->start,
                                .nanoseconds = event->nanoseconds,
                                .candidates = event->candidates,
                                .collected = event->collected,
                                .uncollectable = event->uncollectable,
                            });
}

static int save_sample(const ouro_memory_sample *sample, void *argument)
{
    const struct ouro__saving *saving = argument;
    ouro_snapshot_add_sample(saving->writer,
                             &(ouro_snapshot_sample){.time = sample->time,
                                                     .objects = sample->objects,
                                                     .live_bytes = sample->live_bytes,
                                                     .committed_bytes = sample->committed_bytes});
    return 0;
}

void ouro__save_events(struct ouro__saving *saving)
{
    struct events events = {0};
    (void)ouro_each_event(saving->heap, count_event, &events);
    if (events.capacity > 0) events.all = calloc(events.capacity, sizeof *events.all);
    if (events.all != NULL) { /* without memory to put them in order, there are none */
        (void)ouro_each_event(saving->heap, keep_event, &events);
        qsort(events.all, events.count, sizeof *events.all, compare);
        for (size_t i = 0; i < events.count; i++) save_event(saving, &events.all[i]);
        free(events.all);
    }
    (void)ouro_each_sample(saving->heap, save_sample, saving);
}
