/* SPDX-License-Identifier: MIT */
/*
 * source.h -- arenas from a source that counts what it gives
 */
#ifndef OURO_TEST_SOURCE_H
#define OURO_TEST_SOURCE_H

#include <ouro/ouro.h>

struct source {
    size_t regions; /* given and not back yet */
    size_t bytes;
    size_t purges;
    size_t purged_bytes;
};

/* For ouro_heap_options.source: from the system, counted in `source`, which
 * outlives the heap. */
ouro_arena_source source_counting(struct source *source);

/* The same, of the smallest arenas alone, which have a few pools. */
ouro_arena_source source_of_small_arenas(struct source *source);
#define SOURCE_SMALL_BYTES ((size_t)176 << 16)

/* The same without `purge`: pages that were touched stay, and a collection gives
 * no marks back. */
ouro_arena_source source_keeping(struct source *source);

#endif
