/* SPDX-License-Identifier: MIT */
/*
 * sites.h -- the places that allocate, each once                       [floor 3]
 *
 *     numbers:  hash table of numbers, by frames and kind
 *     site[]:   what lives and what ever lived of each; site 0 is no place
 *     frame[]:  the frames of all sites, one after the other
 *
 * Only the tables' owner makes sites; they stay until all go.
 */
#ifndef OURO_TRACE_SITES_H
#define OURO_TRACE_SITES_H

#include "tracing/store.h"

#include <ouro/trace.h>

/* One frame: of native code, or what the program said with ouro_trace_frame. */
struct ouro__frame {
    uintptr_t pc; /* 0: the program's own */
    const char *file, *function;
    uint32_t line;
};

/* Objects are counted in parts, as a sampled one stands for any number of them. */
#define OURO__SITE_PARTS ((uint64_t)1 << 12)

struct ouro__site {
    uint64_t hash;
    uint64_t live_parts, live_bytes;
    uint64_t parts, bytes;
    uint64_t peak_bytes;
    uint32_t first_frame, frame_count;
    ouro_trace_kind kind;
};

struct ouro__sites {
    struct ouro__store *store;
    struct ouro__site *site;
    struct ouro__frame *frame;
    uint32_t *numbers;
    uint32_t count, capacity; /* of sites; `numbers` has twice as many places */
    uint32_t frame_count, frame_capacity;
};

/* The site of such frames, made if need be; 0 when there is no memory. */
uint32_t ouro__sites_find(struct ouro__sites *sites, ouro_trace_kind kind,
                          const struct ouro__frame *frames, uint32_t count);

/* Forgets all. */
void ouro__sites_end(struct ouro__sites *sites);

#endif
