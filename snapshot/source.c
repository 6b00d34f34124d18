/* SPDX-License-Identifier: MIT */
/*
 * source.c -- the chunks of a file, one after the other, unpacked
 */
#include "source.h"

#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd_errors.h>

/* ---- bytes ---- */

ouro_status ouro__source_open(struct ouro__source *source, const char *path, ouro_error *error)
{
    *source = (struct ouro__source){.name = path};
    source->file = open(path, O_RDONLY | O_CLOEXEC);
    if (source->file < 0) return ouro__fail_system(error, errno, "%s cannot be opened", path);
    struct stat about;
    if (fstat(source->file, &about) == 0 && S_ISREG(about.st_mode))
        source->size = (uint64_t)about.st_size;
    return OURO_OK;
}

void ouro__source_memory(struct ouro__source *source, const void *bytes, size_t size)
{
    *source = (struct ouro__source){
        .file = -1, .memory = bytes, .memory_left = size, .name = "snapshot", .size = size};
}

void ouro__source_close(struct ouro__source *source)
{
    if (source->file >= 0) close(source->file);
    ZSTD_freeDCtx(source->zstd);
    free(source->packed);
    free(source->bytes);
}

ouro_status ouro__refuse(const struct ouro__source *source, uint64_t offset, ouro_error *error,
                         const char *format, ...)
{
    char what[120];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    /* Of a long path the end tells most. */
    size_t length = strlen(source->name), shown = length < 40 ? length : 40;
    return ouro__fail(error, OURO_BAD_FILE, "%s%s: offset %llu: %s", shown < length ? "..." : "",
                      source->name + (length - shown), (unsigned long long)offset, what);
}

static ouro_status read_memory(struct ouro__source *source, void *out, size_t size, size_t *out_got)
{
    *out_got = size < source->memory_left ? size : source->memory_left;
    if (*out_got > 0) memcpy(out, source->memory, *out_got);
    source->memory += *out_got;
    source->memory_left -= *out_got;
    return OURO_OK;
}

/* Reads `size` bytes, or fewer where the file ends. */
static ouro_status read_some(struct ouro__source *source, void *out, size_t size, size_t *out_got,
                             ouro_error *error)
{
    *out_got = 0;
    if (source->file < 0) {
        read_memory(source, out, size, out_got);
        source->offset += *out_got;
        return OURO_OK;
    }
    while (*out_got < size) {
        ssize_t got = read(source->file, (char *)out + *out_got, size - *out_got);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return ouro__fail_system(error, errno, "%s cannot be read at offset %llu", source->name,
                                     (unsigned long long)source->offset);
        *out_got += (size_t)got;
        source->offset += (uint64_t)got;
    }
    return OURO_OK;
}

static ouro_status read_all(struct ouro__source *source, void *out, size_t size, ouro_error *error)
{
    size_t got;
    ouro_status status = read_some(source, out, size, &got, error);
    if (status == OURO_OK && got < size)
        return ouro__refuse(source, source->offset, error, "the file is cut off");
    return status;
}

static ouro_status reserve(unsigned char **buffer, size_t *capacity, size_t size, ouro_error *error)
{
    if (size <= *capacity) return OURO_OK;
    free(*buffer); /* nothing in it is needed any more */
    *capacity = 0;
    *buffer = malloc(size);
    if (*buffer == NULL) return ouro__fail_memory(error, size, "a chunk");
    *capacity = size;
    return OURO_OK;
}

/* ---- magic and end ---- */

ouro_status ouro__source_magic(struct ouro__source *source, ouro_error *error)
{
    char magic[OURO__MAGIC_BYTES];
    size_t got;
    ouro_status status = read_some(source, magic, sizeof magic, &got, error);
    if (status != OURO_OK) return status;
    if (got < sizeof magic || memcmp(magic, OURO__MAGIC, OURO__MAGIC_TEXT) != 0)
        return ouro__refuse(source, 0, error, "this is no snapshot");
    uint16_t version;
    memcpy(&version, magic + OURO__MAGIC_TEXT, sizeof version);
    if (version != 1)
        return ouro__refuse(source, OURO__MAGIC_TEXT, error,
                            "it has version %u of the format; this library reads version 1",
                            (unsigned)version);
    return OURO_OK;
}

ouro_status ouro__source_end(struct ouro__source *source, ouro_error *error)
{
    char byte;
    size_t got;
    uint64_t offset = source->offset;
    ouro_status status = read_some(source, &byte, 1, &got, error);
    if (status == OURO_OK && got > 0)
        return ouro__refuse(source, offset, error, "something follows the end");
    return status;
}

/* ---- chunks ---- */

static ouro_status unpack(struct ouro__source *source, size_t packed,
                          const struct ouro__chunk *chunk, ouro_error *error)
{
    enum { CHECKSUM_FLAG = 4 }; /* RFC 8878, 3.1.1.1.1: frame header descriptor, bit 2 */
    uint64_t frame = chunk->offset + OURO__CHUNK_HEADER;
    if (packed < 5 || (source->packed[4] & CHECKSUM_FLAG) == 0 ||
        ZSTD_findFrameCompressedSize(source->packed, packed) != packed)
        return ouro__refuse(source, frame, error, "this is not one zstd frame with a checksum");
    size_t size =
        ZSTD_decompressDCtx(source->zstd, source->bytes, chunk->size, source->packed, packed);
    if (ZSTD_isError(size)) {
        if (ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
            return ouro__fail_memory(error, chunk->size, "unpacking");
        return ouro__refuse(source, frame, error, "zstd says: %s", ZSTD_getErrorName(size));
    }
    if (size != chunk->size)
        return ouro__refuse(source, frame, error, "%zu bytes were packed, %zu are declared", size,
                            chunk->size);
    return OURO_OK;
}

ouro_status ouro__source_next(struct ouro__source *source, struct ouro__chunk *out_chunk,
                              ouro_error *error)
{
    uint32_t header[4];
    uint64_t offset = source->offset;
    ouro_status status = read_all(source, header, sizeof header, error);
    if (status != OURO_OK) return status;
    *out_chunk = (struct ouro__chunk){
        .kind = header[0], .rows = header[1], .size = header[2], .offset = offset};
    size_t packed = header[3];
    if (out_chunk->size > OURO__CHUNK_MAX || packed > ZSTD_compressBound(OURO__CHUNK_MAX))
        return ouro__refuse(source, offset + 8, error,
                            "a chunk declares %zu bytes, packed %zu; it may have 4 MiB",
                            out_chunk->size, packed);
    if (source->zstd == NULL && (source->zstd = ZSTD_createDCtx()) == NULL)
        return ouro__fail_memory(error, 0, "unpacking");
    status = reserve(&source->packed, &source->packed_capacity, packed + 1, error);
    if (status == OURO_OK) status = read_all(source, source->packed, packed, error);
    if (status == OURO_OK)
        status = reserve(&source->bytes, &source->bytes_capacity, out_chunk->size + 1, error);
    if (status == OURO_OK) status = unpack(source, packed, out_chunk, error);
    out_chunk->bytes = source->bytes;
    source->unpacked += out_chunk->size;
    return status;
}
