/* SPDX-License-Identifier: MIT */
/*
 * log.c -- the last things that a collector did                        [floor 1]
 */
#include "events/log.h"

#include "base/os.h"

enum { PAGE = 4096 };

bool ouro__log_open(struct ouro__log *log, size_t capacity)
{
    ouro__log_close(log);
    if (capacity > PTRDIFF_MAX / 2 / (sizeof *log->events + sizeof *log->samples)) return false;
    size_t sample_capacity = capacity / 4 + 1, events = capacity * sizeof *log->events;
    size_t bytes = events + sample_capacity * sizeof *log->samples;
    bytes = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
    char *start = ouro__os_map(bytes, PAGE);
    if (start == NULL) return false;
    log->events = (ouro_event *)(void *)start;
    log->samples = (ouro_memory_sample *)(void *)(start + events);
    log->bytes = bytes;
    log->capacity = capacity;
    log->sample_capacity = sample_capacity;
    return true;
}

void ouro__log_close(struct ouro__log *log)
{
    if (log->events != NULL) ouro__os_unmap(log->events, log->bytes);
    *log = (struct ouro__log){.born = log->born};
}

void ouro__log_add(struct ouro__log *log, ouro_event event)
{
    if (log->events == NULL) return; /* [log.off] */
    event.start = event.start > log->born ? event.start - log->born : 0;
    log->events[log->event_count++ % log->capacity] = event;
}

/* ---- phases ---- */

void ouro__log_phase_end(struct ouro__log *log, uint64_t now)
{
    if (log->phase == NULL) return;
    ouro__log_add(log, (ouro_event){
                           .kind = OURO_EVENT_PHASE,
                           .generation = log->generation,
                           .name = log->phase,
                           .start = log->phase_start,
                           .nanoseconds = now - log->phase_start,
                           .units = log->phase_units,
                       });
    log->pause_units += log->phase_units;
    log->phase_units = 0;
    log->phase = NULL;
}

void ouro__log_phase(struct ouro__log *log, const char *name, int generation)
{
    if (log->phase == name) return;
    uint64_t now = ouro__os_nanoseconds();
    ouro__log_phase_end(log, now);
    log->phase = name;
    log->phase_start = now;
    log->generation = generation;
}

/* ---- pauses and cycles ---- */

void ouro__log_pause(struct ouro__log *log, ouro_event event)
{
    ouro__log_phase_end(log, event.start + event.nanoseconds); /* [log.nested] */
    event.units = log->pause_units;
    log->pause_units = 0;
    if (event.kind == OURO_EVENT_STEP) log->cycle_units += event.units;
    ouro__log_add(log, event);
}

void ouro__log_cycle(struct ouro__log *log, ouro_event event)
{
    event.units = log->cycle_units;
    log->cycle_units = 0;
    ouro__log_add(log, event);
}

/* ---- samples ---- */

void ouro__log_sample(struct ouro__log *log, ouro_memory_sample sample, uint64_t nanoseconds)
{
    enum { share = 64 };
    if (log->events == NULL) return; /* [log.off] */
    log->sample_due = sample.time + nanoseconds * share;
    sample.time = sample.time > log->born ? sample.time - log->born : 0;
    log->samples[log->sample_count++ % log->sample_capacity] = sample;
}

/* ---- reading ---- */

uint64_t ouro__log_first_event(const struct ouro__log *log)
{
    return log->event_count > log->capacity ? log->event_count - log->capacity : 0;
}

uint64_t ouro__log_first_sample(const struct ouro__log *log)
{
    return log->sample_count > log->sample_capacity ? log->sample_count - log->sample_capacity : 0;
}

const ouro_event *ouro__log_event(const struct ouro__log *log, uint64_t number)
{
    if (number >= log->event_count || number < ouro__log_first_event(log)) return NULL;
    return &log->events[number % log->capacity];
}

const ouro_memory_sample *ouro__log_sample_of(const struct ouro__log *log, uint64_t number)
{
    if (number >= log->sample_count || number < ouro__log_first_sample(log)) return NULL;
    return &log->samples[number % log->sample_capacity];
}
