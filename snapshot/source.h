/* SPDX-License-Identifier: MIT */
/*
 * source.h -- the chunks of a file, one after the other, unpacked
 *
 *     file or memory --> header (16 bytes) --> frame --> zstd --> bytes of one chunk
 *
 * Nothing is believed: what a header declares is bounded before memory is asked for, and what is there is held
 * against it.
 */
#ifndef OURO_SNAPSHOT_SOURCE_H
#define OURO_SNAPSHOT_SOURCE_H

#include "format.h"

#include <ouro/snapshot.h>

#include <zstd.h>

struct ouro__chunk {
    uint32_t kind, rows;
    size_t size;
    const unsigned char *bytes; /* until the next chunk */
    uint64_t offset;            /* of its header in the file */
};

struct ouro__source {
    int file;                    /* or -1: memory */
    const unsigned char *memory; /* what is left of it */
    size_t memory_left;
    const char *name;  /* for messages */
    uint64_t offset;   /* what was read so far */
    uint64_t size;     /* of all, or 0 when unknown */
    uint64_t unpacked; /* bytes of all chunks so far */
    unsigned char *packed, *bytes;
    size_t packed_capacity, bytes_capacity;
    ZSTD_DCtx *zstd;
};

/* Opens a file.  The source is to be closed, also after a failure. */
ouro_status ouro__source_open(struct ouro__source *source, const char *path, ouro_error *error);
void ouro__source_memory(struct ouro__source *source, const void *bytes, size_t size);
void ouro__source_close(struct ouro__source *source);

/* The magic, in front of all chunks. */
ouro_status ouro__source_magic(struct ouro__source *source, ouro_error *error);

/* The next chunk; a file that ends is an error, since the chunk that ends it is asked for no successor. */
ouro_status ouro__source_next(struct ouro__source *source, struct ouro__chunk *out_chunk,
                              ouro_error *error);

/* Nothing may follow the end. */
ouro_status ouro__source_end(struct ouro__source *source, ouro_error *error);

/* OURO_BAD_FILE, with the name and the offset. */
__attribute__((format(printf, 4, 5))) ouro_status ouro__refuse(const struct ouro__source *source,
                                                               uint64_t offset, ouro_error *error,
                                                               const char *format, ...);

#endif
