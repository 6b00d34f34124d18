/* SPDX-License-Identifier: MIT */
/*
 * log.h -- the last things that a collector did                        [floor 1]
 *
 * Two rings in one mapping of their own, so that what is measured is not changed by the measure:
 *
 *     +--------------------------------------+-----------------+
 *     | events, capacity                     | samples, 1/4    |
 *     +--------------------------------------+-----------------+
 *            ^ event_count % capacity             ^ sample_count % sample_capacity
 *
 *   [log.nested]  at most one pause is open at a time, and in it at most one phase; what ends is written down
 *                 after what it contains
 *   [log.off]     a log without a ring takes whatever it is told, and keeps nothing
 *
 * Below: os.h.  Above: the collector says which phase begins, the heap which pass, step and cycle ended.
 */
#ifndef OURO_EVENTS_LOG_H
#define OURO_EVENTS_LOG_H

#include <ouro/events.h>

struct ouro__log {
    ouro_event *events; /* NULL: off */
    ouro_memory_sample *samples;
    size_t bytes; /* of the mapping */
    size_t capacity, sample_capacity;
    uint64_t event_count, sample_count; /* ever since it is kept */
    uint64_t born;                      /* the heap's beginning: all times count from it */
    const char *phase;                  /* the open phase; NULL: none */
    uint64_t phase_start;               /* these two by the system's clock */
    uint64_t sample_due;                /* no sample before */
    size_t phase_units;                 /* of work */
    size_t pause_units;                 /* of the phases of this pause that are over */
    size_t cycle_units;                 /* and of the steps of this whole cycle */
    int generation;                     /* of the pause */
};

/* Replaces the rings by new ones; false when there is no memory, and then there are none. */
bool ouro__log_open(struct ouro__log *log, size_t capacity);
void ouro__log_close(struct ouro__log *log);

static inline bool ouro__log_is_on(const struct ouro__log *log)
{
    return log->events != NULL;
}

/* A phase begins, and the one before ends.  The name that is open already: nothing happens. */
void ouro__log_phase(struct ouro__log *log, const char *name, int generation);

/* The phase that is open ended then.  By the system's clock. */
void ouro__log_phase_end(struct ouro__log *log, uint64_t now);

/* Writes an event down, whose start is by the system's clock. */
void ouro__log_add(struct ouro__log *log, ouro_event event);

/* A pause has ended; its units are filled in. */
void ouro__log_pause(struct ouro__log *log, ouro_event event);

/* A whole cycle has ended. */
void ouro__log_cycle(struct ouro__log *log, ouro_event event);

/* Writes a sample down, whose time is by the system's clock; counting took so long. */
void ouro__log_sample(struct ouro__log *log, ouro_memory_sample sample, uint64_t nanoseconds);

/* The n-th event or sample ever, if it is kept still; else NULL. */
const ouro_event *ouro__log_event(const struct ouro__log *log, uint64_t number);
const ouro_memory_sample *ouro__log_sample_of(const struct ouro__log *log, uint64_t number);

/* The first number that is kept. */
uint64_t ouro__log_first_event(const struct ouro__log *log);
uint64_t ouro__log_first_sample(const struct ouro__log *log);

#endif
