/* SPDX-License-Identifier: MIT */
/*
 * damaged_test.c -- files that are not what they should be
 *
 * A file that is cut off anywhere is refused.  One in which a byte was changed is refused, or says the same as before
 * (a few bits of zstd's frames mean nothing); never something else.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "format.h"
#include "snapshot/samples.h"
#include "snapshot/sound.h"
#include "support/apart.h"
#include "support/covered.h"
#include "support/test.h"

static sample_bytes small;

static ouro_snapshot *read_bytes(const void *bytes, size_t size, ouro_error *error)
{
    *error = (ouro_error){.status = OURO_OK};
    /* In memory of its own size, where AddressSanitizer sees who reads too far. */
    unsigned char *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    if (size > 0) memcpy(copy, bytes, size);
    ouro_snapshot *snapshot = ouro_snapshot_read(copy, size, NULL, error);
    free(copy);
    return snapshot;
}

/* Fails unless a file is refused by a sentence that has `what` in it. */
static void check_refused(const sample_bytes *bytes, const char *what)
{
    ouro_error error;
    ouro_snapshot *snapshot = read_bytes(bytes->bytes, bytes->size, &error);
    assert_null(snapshot);
    assert_int_equal(error.status, OURO_BAD_FILE);
    if (!apart_matches(error.message, what)) fail_msg("\"%s\" is not \"%s\"", error.message, what);
}

static void test_cut_off(void **state)
{
    (void)state;
    for (size_t size = 0; size < small.size; size++) {
        ouro_error error;
        assert_null(read_bytes(small.bytes, size, &error));
        assert_int_equal(error.status, OURO_BAD_FILE);
        assert_non_null(strstr(error.message, "offset"));
    }
    test_covered(small.size, "snapshot files cut off");
}

static void test_cut_off_file(void **state)
{
    (void)state;
    char path[] = "/tmp/ouro-cut-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, small.bytes, small.size), (ssize_t)small.size);
    ouro_error error;
    ouro_snapshot *snapshot = ouro_snapshot_open(path, NULL, &error);
    assert_non_null(snapshot);
    ouro_snapshot_close(snapshot);
    for (size_t size = small.size; size-- > 0;) {
        assert_int_equal(ftruncate(file, (off_t)size), 0);
        assert_null(ouro_snapshot_open(path, NULL, &error));
        assert_int_equal(error.status, OURO_BAD_FILE);
    }
    close(file);
    unlink(path);
    assert_null(ouro_snapshot_open(path, NULL, &error));
    assert_int_equal(error.status, OURO_SYSTEM);
    assert_non_null(strstr(error.message, "No such file"));
}

static void check_changed(ouro_snapshot *original, size_t at, unsigned char mask, size_t *same)
{
    ouro_error error;
    small.bytes[at] ^= mask;
    ouro_snapshot *snapshot = read_bytes(small.bytes, small.size, &error);
    small.bytes[at] ^= mask;
    if (snapshot == NULL) {
        assert_int_equal(error.status, OURO_BAD_FILE);
        return;
    }
    const char *complaint = sound_complaint(snapshot);
    if (complaint == NULL) complaint = sound_difference(original, snapshot);
    if (complaint != NULL) fail_msg("byte %zu changed by %x: %s", at, mask, complaint);
    ++*same;
    ouro_snapshot_close(snapshot);
}

static void test_each_byte_changed(void **state)
{
    (void)state;
    ouro_error error;
    ouro_snapshot *original = read_bytes(small.bytes, small.size, &error);
    assert_non_null(original);
    size_t same = 0;
    for (size_t at = 0; at < small.size; at++) {
        for (unsigned bit = 0; bit < 8; bit++)
            check_changed(original, at, (unsigned char)(1u << bit), &same);
        check_changed(original, at, 0xFF, &same);
    }
    assert_true(same < 9 * small.size / 50); /* unused bits of frames, and what decodes alike */
    ouro_snapshot_close(original);
    test_covered(9 * small.size, "snapshot files with a changed byte");
}

/* ---- files that are whole, and wrong ---- */

struct chunk {
    uint32_t kind, rows, size;
    const void *bytes;
};

static void put(sample_bytes *file, const void *bytes, size_t size)
{
    ouro_snapshot_sink sink = sample_sink(file);
    assert_true(sink.write(sink.context, bytes, size));
}

static void put_chunk(sample_bytes *file, const struct chunk *chunk)
{
    unsigned char packed[4096];
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    size_t size = ZSTD_compress2(zstd, packed, sizeof packed, chunk->bytes, chunk->size);
    ZSTD_freeCCtx(zstd);
    assert_false(ZSTD_isError(size));
    uint32_t header[4] = {chunk->kind, chunk->rows, chunk->size, (uint32_t)size};
    put(file, header, sizeof header);
    put(file, packed, size);
}

/* A file of one type named "", what is given, and the right end. */
static sample_bytes file_of(const struct chunk *chunks, size_t count)
{
    sample_bytes file = {0};
    uint64_t sums[OURO__END] = {0};
    const uint32_t type[4] = {0, 0, 8, 0};
    struct chunk first = {OURO__TYPES, 1, sizeof type, type};
    put(&file, OURO__MAGIC, OURO__MAGIC_BYTES);
    put_chunk(&file, &first);
    sums[OURO__TYPES] = 1;
    for (size_t i = 0; i < count; i++) {
        put_chunk(&file, &chunks[i]);
        if (chunks[i].kind < OURO__END) sums[chunks[i].kind] += chunks[i].rows;
    }
    struct chunk end = {OURO__END, OURO__END - 1, 8 * (OURO__END - 1), sums + 1};
    put_chunk(&file, &end);
    return file;
}

/* Objects of type 0, `edges` each, at these addresses. */
static uint32_t fill_objects(unsigned char *bytes, const uint64_t *addresses, uint32_t rows,
                             const uint32_t *edges)
{
    memset(bytes, 0, rows * 37u);
    uint64_t before = 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint64_t difference = addresses[i] - before;
        memcpy(bytes + 8 * i, &difference, 8);
        memcpy(bytes + 33 * rows + 4 * i, &edges[i], 4);
        before = addresses[i];
    }
    return rows * 37;
}

static void test_any_order(void **state)
{
    (void)state;
    const uint64_t addresses[3] = {0x3000, 0x1000, 0x2000};
    const uint32_t edge_counts[3] = {1, 2, 0};
    unsigned char objects[3 * 37];
    /* 0x3000 -> 0x1000; 0x1000 -> 0x2000, 0x3000: as differences.  The edges come before their objects. */
    const uint64_t differences[3] = {(uint64_t)-0x2000, 0x1000, 0x2000};
    unsigned char edges[3 * 16] = {0};
    memcpy(edges, differences, sizeof differences);
    edges[3 * 12] = 7; /* index of the first */
    const uint32_t objects_bytes = fill_objects(objects, addresses, 3, edge_counts);
    memset(objects + 3 * 20, 5,
           3 * 4); /* counts, of which nothing says that they are exact: no roots */
    const struct chunk chunks[] = {{OURO__EDGES, 3, sizeof edges, edges},
                                   {99, 5, 3, "new"}, /* of a later version: skipped */
                                   {OURO__OBJECTS, 3, objects_bytes, objects}};
    sample_bytes file = file_of(chunks, 3);
    ouro_error error;
    ouro_snapshot *snapshot = read_bytes(file.bytes, file.size, &error);
    if (snapshot == NULL) fail_msg("%s", error.message);
    const uint64_t sorted[3] = {0x1000, 0x2000, 0x3000};
    const uint32_t first[4] = {0, 2, 2, 3}, targets[3] = {1, 2, 0};
    assert_memory_equal(snapshot->addresses, sorted, sizeof sorted);
    assert_memory_equal(snapshot->graph.first, first, sizeof first);
    assert_memory_equal(snapshot->graph.target, targets, sizeof targets);
    assert_int_equal(snapshot->indexes[2], 7);
    assert_int_equal(snapshot->root_count, 0);
    assert_null(sound_complaint(snapshot));
    ouro_snapshot_close(snapshot);
    free(file.bytes);
}

static void check_objects(const uint64_t *addresses, uint32_t rows, uint32_t edges,
                          const char *what)
{
    unsigned char objects[8 * 37];
    const uint32_t edge_counts[8] = {edges};
    const struct chunk chunk = {OURO__OBJECTS, rows,
                                fill_objects(objects, addresses, rows, edge_counts), objects};
    sample_bytes file = file_of(&chunk, 1);
    check_refused(&file, what);
    free(file.bytes);
}

static void test_wrong_objects(void **state)
{
    (void)state;
    check_objects((uint64_t[]){0x1000, 0x2000, 0x1000}, 3, 0,
                  "*offset*objects 0 and 2 have one address, 0x1000*");
    check_objects((uint64_t[]){0x1000, 0x1000}, 2, 0, "*objects 0 and 1 have one address*");
    check_objects((uint64_t[]){0x1000, 0}, 2, 0, "*row 1 of the objects has the address 0*");
    check_objects((uint64_t[]){0x1000}, 1, 3,
                  "*the objects have 3 edges together, but 0 are there*");
}

/* One chunk is refused. */
static void check_chunk(uint32_t kind, uint32_t rows, const void *bytes, uint32_t size,
                        const char *what)
{
    const struct chunk chunk = {kind, rows, size, bytes};
    sample_bytes file = file_of(&chunk, 1);
    check_refused(&file, what);
    free(file.bytes);
}

static void test_wrong_rows(void **state)
{
    (void)state;
    const uint32_t numbers[16] = {5, 5, 5, 5};
    const uint32_t zeros[16] = {0};
    check_chunk(OURO__NOTES, 1, numbers, 8, "*row 0 of the notes names string 5, but there are 1*");
    check_chunk(OURO__LABELS, 1, (uint32_t[]){8, 0}, 8, "*names edge kind 8*");
    check_chunk(OURO__LABELS, 1, zeros, 9, "*1 labels do not fit a chunk of 9 bytes*");
    check_chunk(OURO__ROOTS, 1, (uint32_t[]){1, 0, 4, 0, 1}, 20, "*names root kind 4*");
    check_chunk(OURO__SITES, 1, (uint32_t[11]){2}, 44, "*sites have 2 frames together, but 0*");
    check_chunk(OURO__CYCLES, 1, (uint32_t[8]){1}, 32, "*cycles have 1 links together, but 0*");
    check_chunk(OURO__LINKS, 1, (uint32_t[]){1, 0, 0}, 12, "*names type 1, but there are 1*");
    check_chunk(OURO__EVENTS, 1, (uint32_t[13]){0, 3}, 52, "*names generation 3*");
    check_chunk(OURO__POOLS, 1, (uint32_t[10]){0, 0, 0, 0, 3}, 40, "*names pool kind 3*");
    check_chunk(OURO__STRINGS, 1, "\4\0\0\0abc", 7, "*string 1 is longer than its chunk*");
    check_chunk(OURO__STRINGS, 1, "\2\0\0\0abc", 7, "*1 bytes too many*");
    check_chunk(OURO__STRINGS, 1, "\3\0\0\0a\0c", 7, "*string 1 is not UTF-8 without NUL*");
    check_chunk(OURO__STRINGS, 1, "\3\0\0\0a\xC0\x80", 7, "*string 1 is not UTF-8 without NUL*");
    check_chunk(OURO__EDGES, UINT32_MAX, zeros, 16, "*4294967295 edges do not fit*");
}

static void test_wrong_frames(void **state)
{
    (void)state;
    sample_bytes file = file_of(NULL, 0);
    uint32_t size = 5 << 20;
    memcpy(file.bytes + OURO__MAGIC_BYTES + 8, &size, 4);
    check_refused(&file, "*offset 24: a chunk declares 5242880 bytes*");
    size = 15;
    memcpy(file.bytes + OURO__MAGIC_BYTES + 8, &size, 4);
    check_refused(&file, "*offset 32:*");
    size = 20;
    memcpy(file.bytes + OURO__MAGIC_BYTES + 8, &size, 4);
    check_refused(&file, "*offset 32: 16 bytes were packed, 20 are declared*");
    file.bytes[OURO__MAGIC_TEXT] = 2;
    check_refused(&file, "*version 2*reads version 1*");
    file.bytes[0] = 'O';
    check_refused(&file, "*offset 0: this is no snapshot*");
    free(file.bytes);
    file = file_of(NULL, 0);
    put(&file, "", 1);
    check_refused(&file, "*something follows the end*");
    free(file.bytes);
}

/* ---- it takes too long ---- */

struct listener {
    unsigned left;
    uint64_t done;
};

static bool listen(void *context, uint64_t done, uint64_t total)
{
    struct listener *listener = context;
    assert_true(done >= listener->done && done <= total);
    listener->done = done;
    return listener->left == 0 || --listener->left > 0;
}

static void test_interrupted(void **state)
{
    (void)state;
    for (unsigned after = 1;; after++) {
        struct listener listener = {after, 0};
        ouro_snapshot_progress progress = {&listener, listen};
        ouro_error error;
        ouro_snapshot *snapshot = ouro_snapshot_read(small.bytes, small.size, &progress, &error);
        if (snapshot != NULL) {
            assert_true(after > 10);
            assert_int_equal(listener.done, 2 * small.size);
            ouro_snapshot_close(snapshot);
            return;
        }
        assert_int_equal(error.status, OURO_INTERRUPTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_off),           cmocka_unit_test(test_cut_off_file),
        cmocka_unit_test(test_each_byte_changed), cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_wrong_objects),     cmocka_unit_test(test_wrong_rows),
        cmocka_unit_test(test_wrong_frames),      cmocka_unit_test(test_interrupted),
    };
    sample_make("small", 0, &small);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(small.bytes);
    return failed;
}
