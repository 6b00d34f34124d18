/* SPDX-License-Identifier: MIT */
/*
 * pack.c -- rows on their way into chunks
 */
#include "pack.h"

#include "failure.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd_errors.h>

enum {
    /* Large enough that headers and frames cost nothing, small enough for a core's cache: 64 KiB to 512 KiB
     * make no difference to the speed, and 2% to the size. */
    LARGE_CHUNK = 256 << 10,
    SMALL_CHUNK = 32 << 10, /* of kinds that have few rows */
    LEVEL = 1,
};

static bool has_many_rows(enum ouro__kind kind)
{
    return kind == OURO__OBJECTS || kind == OURO__EDGES;
}

bool ouro__packer_begin(struct ouro__packer *packer, const ouro_snapshot_sink *sink)
{
    *packer = (struct ouro__packer){.sink = *sink};
    packer->packed_capacity = OURO__CHUNK_HEADER + ZSTD_compressBound(LARGE_CHUNK);
    packer->packed = malloc(packer->packed_capacity);
    packer->zstd = ZSTD_createCCtx();
    if (packer->packed == NULL || packer->zstd == NULL) {
        ouro__packer_free(packer);
        return false;
    }
    ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1);
    return true;
}

void ouro__packer_free(struct ouro__packer *packer)
{
    for (int kind = 0; kind < OURO__KINDS; kind++) free(packer->kinds[kind].bytes);
    ZSTD_freeCCtx(packer->zstd);
    free(packer->packed);
    *packer = (struct ouro__packer){0};
}

void ouro__pack_bytes(struct ouro__packer *packer, const void *bytes, size_t size)
{
    if (ouro__packer_failed(packer)) return;
    errno = 0;
    if (!packer->sink.write(packer->sink.context, bytes, size))
        ouro__fail_system(&packer->failure, errno != 0 ? errno : EIO,
                          "the snapshot cannot be written");
}

static bool make_room(struct ouro__packer *packer, size_t size)
{
    size_t needed = OURO__CHUNK_HEADER + ZSTD_compressBound(size);
    if (needed <= packer->packed_capacity) return true;
    unsigned char *packed = realloc(packer->packed, needed);
    if (packed == NULL) {
        ouro__fail_memory(&packer->failure, needed, "a chunk");
        return false;
    }
    packer->packed = packed;
    packer->packed_capacity = needed;
    return true;
}

void ouro__pack_chunk(struct ouro__packer *packer, enum ouro__kind kind, uint32_t rows,
                      const void *bytes, size_t size)
{
    if (ouro__packer_failed(packer) || !make_room(packer, size)) return;
    size_t packed = ZSTD_compress2(packer->zstd, packer->packed + OURO__CHUNK_HEADER,
                                   packer->packed_capacity - OURO__CHUNK_HEADER, bytes, size);
    if (ZSTD_isError(packed)) {
        bool refused = ZSTD_getErrorCode(packed) == ZSTD_error_memory_allocation;
        ouro__fail(&packer->failure, refused ? OURO_NO_MEMORY : OURO_SYSTEM,
                   "the snapshot cannot be compressed: %s", ZSTD_getErrorName(packed));
        return;
    }
    uint32_t header[4] = {(uint32_t)kind, rows, (uint32_t)size, (uint32_t)packed};
    memcpy(packer->packed, header, OURO__CHUNK_HEADER);
    ouro__pack_bytes(packer, packer->packed, OURO__CHUNK_HEADER + packed);
    packer->rows_written[kind] += rows;
}

/* Columns of fewer rows than there is room for lie apart in the buffer; in the file they don't. */
static size_t move_together(struct ouro__columns *columns, const struct ouro__row_format *format)
{
    size_t size = 0;
    for (unsigned i = 0; i < format->columns; i++) {
        size_t bytes = (size_t)columns->rows * format->width[i];
        memmove(columns->bytes + size, columns->column[i], bytes);
        size += bytes;
    }
    return size;
}

void ouro__pack_flush(struct ouro__packer *packer, enum ouro__kind kind)
{
    struct ouro__columns *columns = &packer->kinds[kind];
    if (columns->rows == 0) return;
    size_t size = move_together(columns, &ouro__row_formats[kind]);
    ouro__pack_chunk(packer, kind, columns->rows, columns->bytes, size);
    columns->rows = 0;
}

bool ouro__pack_prepare(struct ouro__packer *packer, enum ouro__kind kind)
{
    struct ouro__columns *columns = &packer->kinds[kind];
    if (columns->bytes != NULL) return true;
    const struct ouro__row_format *format = &ouro__row_formats[kind];
    size_t size = has_many_rows(kind) ? LARGE_CHUNK : SMALL_CHUNK;
    columns->bytes = malloc(size);
    if (columns->bytes == NULL) {
        ouro__fail_memory(&packer->failure, size, "rows");
        return false;
    }
    columns->capacity = (uint32_t)size / ouro__row_bytes(kind);
    unsigned char *start = columns->bytes;
    for (unsigned i = 0; i < format->columns; i++) {
        columns->column[i] = start;
        start += (size_t)columns->capacity * format->width[i];
    }
    return true;
}
