/* SPDX-License-Identifier: MIT */
/*
 * frames.h -- who called whom                                          [floor 3]
 */
#ifndef OURO_TRACE_FRAMES_H
#define OURO_TRACE_FRAMES_H

#include "memory/meter.h"
#include "tracing/sites.h"

/* How frames are found, and where the stack lies of the thread that was asked for last. */
struct ouro__frames {
    uint32_t limit;
    bool keep_native; /* behind those that the program has told */
    bool by_pointers; /* else by unwind tables */
    const void *thread;
    uintptr_t stack_low, stack_high;
};

/* Chooses, where the options leave it open, from the frames of the caller. */
void ouro__frames_init(struct ouro__frames *frames, const ouro_trace_options *options,
                       struct ouro__caller caller);

/* The frames of an allocation, innermost first; `out` has room for `limit`. */
uint32_t ouro__frames_of(struct ouro__frames *frames, struct ouro__caller caller,
                         const ouro_trace_position *position, struct ouro__frame *out);

#endif
