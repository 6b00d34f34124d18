/* SPDX-License-Identifier: MIT */
/*
 * pauses.h -- how long collections have held the program up            [floor 1]
 *
 *   [pauses.bound]  counts[i] are the pauses of at most bound i, and of more than the bound before
 */
#ifndef OURO_EVENTS_PAUSES_H
#define OURO_EVENTS_PAUSES_H

#include <ouro/events.h>

/* Counts one.  Cost: a search among OURO_PAUSE_BOUNDS numbers. */
void ouro__pauses_add(ouro_pauses *pauses, uint64_t nanoseconds);

#endif
