/* SPDX-License-Identifier: MIT */
/*
 * samples.h -- snapshots for tests
 *
 *   small    a dozen objects by hand: every column, every kind of edge and root, is somewhere
 *   random   any number of objects with 0 to 4 references each, most of them near, and a few types
 *   heap     a heap of ouro's with lists, nodes, weak references and a weak map, saved as a program saves it
 *
 * The same kind and count give the same objects each time.
 */
#ifndef OURO_TEST_SNAPSHOT_SAMPLES_H
#define OURO_TEST_SNAPSHOT_SAMPLES_H

#include <ouro/snapshot.h>

/* Bytes in memory, as a sink. */
typedef struct sample_bytes {
    unsigned char *bytes;
    size_t size, capacity;
} sample_bytes;
ouro_snapshot_sink sample_sink(sample_bytes *bytes);

/* Rows of one kind, into a writer. */
void sample_small(ouro_snapshot_writer *writer);
void sample_random(ouro_snapshot_writer *writer, uint32_t objects);

/* A heap with about so many objects, held by one.  Ends with ouro_heap_close. */
ouro_heap *sample_heap(uint32_t objects);

/* Writes a sample of a kind ("small", "random", "heap") to a sink. */
ouro_status sample_write(const char *kind, uint32_t count, const ouro_snapshot_sink *sink,
                         ouro_error *out_error);

/* The same in memory; the caller frees bytes->bytes.  Exits where that fails. */
void sample_make(const char *kind, uint32_t count, sample_bytes *bytes);

enum { SAMPLE_SMALL_OBJECTS = 12 };
/* The address of object n of the small sample. */
static inline uint64_t sample_address(unsigned n)
{
    return UINT64_C(0x7f0000001000) + 64 * (uint64_t)n;
}

#endif
