/* SPDX-License-Identifier: MIT */
/*
 * samples.c -- snapshots for tests
 */
#include "snapshot/samples.h"

#include <stdlib.h>
#include <string.h>

static bool append(void *context, const void *bytes, size_t size)
{
    sample_bytes *out = context;
    if (out->size + size > out->capacity) {
        size_t capacity = 2 * (out->size + size);
        unsigned char *larger = realloc(out->bytes, capacity);
        if (larger == NULL) return false;
        out->bytes = larger;
        out->capacity = capacity;
    }
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
    return true;
}

ouro_snapshot_sink sample_sink(sample_bytes *bytes)
{
    return (ouro_snapshot_sink){bytes, append};
}

static ouro_status write_heap(uint32_t count, const ouro_snapshot_sink *sink, ouro_error *out_error)
{
    ouro_heap *heap = sample_heap(count);
    if (heap == NULL) return OURO_NO_MEMORY;
    ouro_status status = ouro_snapshot_write(heap, sink, NULL, out_error);
    ouro_heap_close(heap, NULL, NULL);
    return status;
}

ouro_status sample_write(const char *kind, uint32_t count, const ouro_snapshot_sink *sink,
                         ouro_error *out_error)
{
    if (strcmp(kind, "heap") == 0) return write_heap(count, sink, out_error);
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(sink, out_error);
    if (writer == NULL) return OURO_NO_MEMORY;
    if (strcmp(kind, "random") == 0)
        sample_random(writer, count);
    else
        sample_small(writer);
    return ouro_snapshot_writer_finish(writer, out_error);
}

void sample_make(const char *kind, uint32_t count, sample_bytes *bytes)
{
    *bytes = (sample_bytes){0};
    ouro_snapshot_sink sink = sample_sink(bytes);
    ouro_error error;
    if (sample_write(kind, count, &sink, &error) != OURO_OK) {
        fprintf(stderr, "sample %s: %s\n", kind, error.message);
        exit(1);
    }
}
