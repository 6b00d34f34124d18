/* SPDX-License-Identifier: MIT */
/*
 * heap_events.c -- the log of collections, and samples of memory
 *
 * A heap's log is in the order in which things ended; the reader puts them in that in which they began.
 */
#include "saving.h"

static int save_event(const ouro_event *event, void *argument)
{
    const struct ouro__saving *saving = argument;
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
    return 0;
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
    (void)ouro_each_event(saving->heap, save_event, saving);
    (void)ouro_each_sample(saving->heap, save_sample, saving);
}
