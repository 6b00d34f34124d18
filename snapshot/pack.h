/* SPDX-License-Identifier: MIT */
/*
 * pack.h -- rows on their way into chunks
 *
 *     row ->  | address ....      |        one buffer for each kind: its columns, each with
 *             | size ....         |        room for `capacity` rows
 *             | type .. |                  full: columns moved together, compressed, given to the sink
 *
 * A failure is kept in `failure`; what is done after it does nothing.
 *
 *   [chunk.before]  when a chunk goes out, the strings, types, labels, sites and frames that its rows may name
 *                   have gone out before
 */
#ifndef OURO_SNAPSHOT_PACK_H
#define OURO_SNAPSHOT_PACK_H

#include "format.h"

#include <ouro/snapshot.h>

#include <string.h>
#include <zstd.h>

struct ouro__columns {
    unsigned char *bytes; /* NULL until the first row */
    unsigned char *column[OURO__COLUMNS_MAX];
    uint32_t rows, capacity;
};

struct ouro__packer {
    ouro_snapshot_sink sink;
    ouro_error failure; /* status OURO_OK: none */
    ZSTD_CCtx *zstd;
    unsigned char *packed; /* a chunk's header, and behind it its frame */
    size_t packed_capacity;
    struct ouro__columns kinds[OURO__KINDS];
    uint64_t rows_written[OURO__KINDS];
};

/* False when memory is refused; then there is nothing to end. */
bool ouro__packer_begin(struct ouro__packer *packer, const ouro_snapshot_sink *sink);
void ouro__packer_free(struct ouro__packer *packer);

static inline bool ouro__packer_failed(const struct ouro__packer *packer)
{
    return packer->failure.status != OURO_OK;
}

/* Bytes without a chunk: the magic. */
void ouro__pack_bytes(struct ouro__packer *packer, const void *bytes, size_t size);

/* One chunk of `size` bytes, at most OURO__CHUNK_MAX. */
void ouro__pack_chunk(struct ouro__packer *packer, enum ouro__kind kind, uint32_t rows,
                      const void *bytes, size_t size);

/* Sends the rows that wait of a kind, if any. */
void ouro__pack_flush(struct ouro__packer *packer, enum ouro__kind kind);

/* Makes the buffer of a kind; false, with the failure kept, when memory is refused. */
bool ouro__pack_prepare(struct ouro__packer *packer, enum ouro__kind kind);

static inline void ouro__pack_8(struct ouro__columns *columns, unsigned column, uint8_t value)
{
    columns->column[column][columns->rows] = value;
}
static inline void ouro__pack_32(struct ouro__columns *columns, unsigned column, uint32_t value)
{
    memcpy(columns->column[column] + (size_t)columns->rows * 4, &value, 4);
}
static inline void ouro__pack_64(struct ouro__columns *columns, unsigned column, uint64_t value)
{
    memcpy(columns->column[column] + (size_t)columns->rows * 8, &value, 8);
}

#endif
