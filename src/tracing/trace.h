/* SPDX-License-Identifier: MIT */
/*
 * trace.h -- where blocks are born                                     [floor 3]
 *
 * Listens to the meter of the pools: each birth that is heard of gets the number of its site, and is counted
 * there until its death.
 *
 *   [trace.sums]   what a site says to live is the sum over its live blocks; `live_bytes` of the trace is
 *                  the sum over sites
 *   [trace.lost]   a birth that finds no memory for its site or its number has no number, and counts as lost
 *   [trace.heard]  under sampling an object with a number is HEARD, or is of a type whose deaths pass
 *                  ouro__life_release, or is fresh [meter.fresh]: no death on the inlined way
 *
 * Below: memory/meter.h, object.  Above: life, heap.
 */
#ifndef OURO_TRACE_TRACE_H
#define OURO_TRACE_TRACE_H

#include "tracing/chance.h"
#include "tracing/frames.h"

enum { OURO__TRACE_CACHE = 512 };

struct ouro__trace_cached {
    const void *pc;
    uint32_t site;
};

struct ouro__trace {
    struct ouro__meter meter; /* first */
    struct ouro__pools *pools;
    struct ouro__trace *next; /* of the heaps that are traced */
    struct ouro__store store;
    struct ouro__sites sites;
    struct ouro__frames frames;
    struct ouro__chance chance;
    ouro_trace_options options;
    uint64_t live_parts, live_bytes, peak_bytes;
    size_t lost;
    struct ouro__trace_cached cache[2][OURO__TRACE_CACHE]; /* by kind: sites of one native frame */
    char program[4096];                                    /* its path */
};

/* The trace of a heap, or NULL. */
ALWAYS_INLINE struct ouro__trace *ouro__trace_of(const struct ouro__pools *pools)
{
    return (struct ouro__trace *)(void *)pools->meter;
}

/* Options are complete and in range.  NULL: no memory. */
struct ouro__trace *ouro__trace_start(struct ouro__pools *pools, const ouro_trace_options *options,
                                      struct ouro__caller caller);
void ouro__trace_stop(struct ouro__pools *pools);
void ouro__trace_clear(struct ouro__pools *pools);

/* A block for a small object whose birth is heard of like every other, for the caller; or NULL: the ordinary way.  The
 * program is traced, and each birth is heard of. */
void *ouro__trace_quick(struct ouro__pools *pools, size_t bin, struct ouro__caller caller);

/* What was born at the address, or at a block around it; 0: unknown.  With OURO__DEAD_NUMBER: it is dead. */
uint32_t ouro__trace_number(const void *address);

/* A frame as people want it: its module, and what the dynamic symbols know. */
ouro_trace_place ouro__trace_place(const struct ouro__trace *trace,
                                   const struct ouro__frame *frame);

/* ---- birth.c ---- */

/* The list of all traced heaps of the process.  Thread: any. */
void ouro__births_add(struct ouro__trace *trace);
void ouro__births_remove(struct ouro__trace *trace);

/* Writes lines about where the block at an address of the traced heap was born, each behind a newline; how many
 * characters, 0 where nothing is known. */
size_t ouro__birth_put(const struct ouro__trace *trace, const void *address, char *text,
                       size_t size);

/* The same for any pointer, behind a sentence about its misuse. */
void ouro__birth_describe(const void *address, char *text, size_t size);

#endif
