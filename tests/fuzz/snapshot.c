/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c -- any bytes are a snapshot, or something like one
 *
 *     byte 0   bit 0   0: what follows is a file, byte for byte
 *                      1: what follows is chunks, not packed: they are packed here, so that a fuzzer gets
 *                         behind the checksum of zstd
 *              bit 1   the right end is added
 *              bit 2   reading is told to stop after as many reports as byte 1 says
 *              bit 3   what is read is written and read again, which takes ten times as long
 *     byte 1
 *     then, of chunks:
 *              kind    below 128: its rows follow, and of strings as many bytes as their lengths say
 *                      else kind - 128, and a size of two bytes follows the rows' number, right or wrong
 *              rows    how many
 *              bytes   what is cut off is not there
 *
 * What is read without an error keeps what snapshot.h promises, and is the same when it is written and
 * read again; what does not aborts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "format.h"
#include "fuzz/program.h"
#include "snapshot/samples.h"
#include "snapshot/sound.h"

enum {
    IS_CHUNKS = 1,
    ADD_END = 2,
    STOP = 4,
    COPY = 8,
    HEAD = 2,
    ODD_SIZE = 128,
    FILE_MAX = 1 << 20
};

struct building {
    unsigned char *file; /* FILE_MAX bytes */
    size_t size;
    uint64_t rows[OURO__KINDS];
    ZSTD_CCtx *zstd;
};

static _Noreturn void broken(const char *what)
{
    fprintf(stderr, "a snapshot that was read: %s\n", what);
    abort();
}

/* ---- chunks become a file ---- */

static void add_chunk(struct building *building, unsigned kind, uint32_t rows, const void *bytes,
                      size_t size)
{
    size_t room = FILE_MAX - building->size;
    if (room < OURO__CHUNK_HEADER + ZSTD_compressBound(size)) return;
    unsigned char *out = building->file + building->size;
    size_t packed = ZSTD_compress2(building->zstd, out + OURO__CHUNK_HEADER,
                                   room - OURO__CHUNK_HEADER, bytes, size);
    uint32_t header[4] = {kind, rows, (uint32_t)size, (uint32_t)packed};
    memcpy(out, header, sizeof header);
    building->size += OURO__CHUNK_HEADER + packed;
    if (kind < OURO__KINDS) building->rows[kind] += rows;
}

/* The size that a chunk of strings has by its lengths. */
static size_t strings_size(const uint8_t *bytes, size_t left, uint32_t rows)
{
    size_t size = 4 * (size_t)rows;
    for (uint32_t i = 0; i < rows && 4 * (size_t)(i + 1) <= left; i++) {
        uint32_t length;
        memcpy(&length, bytes + 4 * (size_t)i, 4);
        size += length;
        if (size > left) return left;
    }
    return size;
}

static void add_chunks(struct building *building, const uint8_t *bytes, size_t left)
{
    while (left >= 2) {
        unsigned kind = bytes[0] % ODD_SIZE;
        bool is_odd = bytes[0] >= ODD_SIZE;
        uint32_t rows = bytes[1];
        bytes += 2;
        left -= 2;
        size_t size = kind < OURO__KINDS ? rows * ouro__row_bytes((enum ouro__kind)kind) : rows;
        if (is_odd && left >= 2) {
            size = bytes[0] | (size_t)bytes[1] << 8;
            bytes += 2;
            left -= 2;
        } else if (kind == OURO__STRINGS) {
            size = strings_size(bytes, left, rows);
        }
        if (size > left) size = left;
        add_chunk(building, kind, rows, bytes, size);
        bytes += size;
        left -= size;
    }
}

static void build_file(struct building *building, const uint8_t *bytes, size_t size)
{
    memcpy(building->file, OURO__MAGIC, OURO__MAGIC_BYTES);
    building->size = OURO__MAGIC_BYTES;
    ZSTD_CCtx_setParameter(building->zstd, ZSTD_c_checksumFlag, 1);
    add_chunks(building, bytes + HEAD, size - HEAD);
    if ((bytes[0] & ADD_END) != 0)
        add_chunk(building, OURO__END, OURO__END - 1, building->rows + 1, 8 * (OURO__END - 1));
}

/* ---- what is read ---- */

/* What a snapshot is after it was written and read again. */
static ouro_snapshot *copy_of(const ouro_snapshot *snapshot)
{
    sample_bytes bytes = {0};
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_error error;
    if (sound_copy(snapshot, &sink, &error) != OURO_OK) broken(error.message);
    ouro_snapshot *copy = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, &error);
    free(bytes.bytes);
    if (copy == NULL) broken(error.message);
    const char *complaint = sound_complaint(copy);
    if (complaint != NULL) broken(complaint);
    return copy;
}

/* Roots that only the reader should tell are lost in the first copy, if a file tells them; nothing in the second. */
static void check_copies(const ouro_snapshot *snapshot)
{
    ouro_snapshot *first = copy_of(snapshot), *second = copy_of(first);
    const char *difference = sound_difference(first, second);
    if (difference != NULL) broken(difference);
    ouro_snapshot_close(first);
    ouro_snapshot_close(second);
}

static bool count_down(void *context, uint64_t done, uint64_t total)
{
    unsigned *left = context;
    if (total != 0 && done > total) broken("more was done than there is");
    return *left == 0 || --*left > 0;
}

static size_t read_file(const unsigned char *bytes, size_t size, unsigned stop, bool copy)
{
    ouro_snapshot_progress progress = {&stop, count_down};
    ouro_error error = {.status = OURO_OK};
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes, size, &progress, &error);
    if (snapshot == NULL) {
        if (error.status == OURO_OK || error.message[0] == '\0') broken("refused without a reason");
        return 0;
    }
    const char *complaint = sound_complaint(snapshot);
    if (complaint != NULL) broken(complaint);
    if (copy) check_copies(snapshot);
    ouro_snapshot_close(snapshot);
    return 1;
}

size_t program_run(const uint8_t *bytes, size_t size)
{
    static struct building building;
    if (building.file == NULL) {
        building.file = malloc(FILE_MAX);
        building.zstd = ZSTD_createCCtx();
        if (building.file == NULL || building.zstd == NULL) abort();
    }
    if (size < HEAD) return read_file(bytes, size, 0, false);
    bool copy = (bytes[0] & COPY) != 0;
    unsigned stop = (bytes[0] & STOP) != 0 ? bytes[1] + 1u : 0;
    if ((bytes[0] & IS_CHUNKS) == 0) return read_file(bytes + HEAD, size - HEAD, stop, copy);
    memset(building.rows, 0, sizeof building.rows);
    build_file(&building, bytes, size);
    /* In memory of its own size, so that AddressSanitizer sees who reads too far. */
    unsigned char *file = malloc(building.size);
    if (file == NULL) abort();
    memcpy(file, building.file, building.size);
    size_t read = read_file(file, building.size, stop, copy);
    free(file);
    return read;
}

/* ---- seeds: samples, packed and unpacked ---- */

static size_t unpack_sample(const sample_bytes *sample, uint8_t *out, size_t room)
{
    size_t written = 0;
    for (size_t at = OURO__MAGIC_BYTES; at + OURO__CHUNK_HEADER <= sample->size;) {
        uint32_t header[4];
        memcpy(header, sample->bytes + at, sizeof header);
        at += OURO__CHUNK_HEADER;
        if (header[0] == OURO__END || header[1] > 255 || written + 2 + header[2] > room) break;
        out[written++] = (uint8_t)header[0];
        out[written++] = (uint8_t)header[1];
        written += ZSTD_decompress(out + written, room - written, sample->bytes + at, header[3]);
        at += header[3];
    }
    return written;
}

/* Seed 0 and 1: the small sample, packed and not; then heaps and random ones of a few objects. */
size_t program_make(uint64_t seed, size_t operations, uint8_t *out_bytes, size_t room)
{
    static const char *const kinds[] = {"small", "random", "heap"};
    (void)operations;
    sample_bytes sample;
    sample_make(kinds[seed / 2 % 3], (uint32_t)(seed / 6) * 3, &sample);
    out_bytes[0] = (seed % 2 == 0 ? 0 : IS_CHUNKS | ADD_END) | (seed % 5 == 0 ? COPY : 0);
    out_bytes[1] = 0;
    size_t size = sample.size;
    if (seed % 2 == 1)
        size = unpack_sample(&sample, out_bytes + HEAD, room - HEAD);
    else
        memcpy(out_bytes + HEAD, sample.bytes, size < room - HEAD ? size : (size = room - HEAD));
    free(sample.bytes);
    return HEAD + size;
}
