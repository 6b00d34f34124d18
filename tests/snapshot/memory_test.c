/* SPDX-License-Identifier: MIT */
/*
 * memory_test.c -- refused memory, and how much is used
 *
 * malloc and its kin are replaced by the linker (--wrap) with ones that count what is alive, and that refuse from
 * the n-th call on, or the n-th alone.
 */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "snapshot/samples.h"
#include "snapshot/sound.h"
#include "support/covered.h"
#include "support/setting.h"
#include "support/test.h"

static struct {
    size_t calls, refused_call; /* 0: none */
    bool and_all_later;
    size_t live, peak;
} memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
ZSTD_CCtx *__real_ZSTD_createCCtx(void);
ZSTD_DCtx *__real_ZSTD_createDCtx(void);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);
ZSTD_CCtx *__wrap_ZSTD_createCCtx(void);
ZSTD_DCtx *__wrap_ZSTD_createDCtx(void);

static bool refuses(void)
{
    memory.calls++;
    if (memory.refused_call == 0) return false;
    return memory.calls == memory.refused_call ||
           (memory.and_all_later && memory.calls > memory.refused_call);
}

static void *counted(void *block)
{
    memory.live += malloc_usable_size(block);
    if (memory.live > memory.peak) memory.peak = memory.live;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return refuses() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuses() ? NULL : counted(__real_calloc(count, size));
}

/* Where a block moves, the old and the new are there at once. */
void *__wrap_realloc(void *block, size_t size)
{
    if (refuses()) return NULL;
    memory.live += size;
    if (memory.live > memory.peak) memory.peak = memory.live;
    memory.live -= size + malloc_usable_size(block);
    return counted(__real_realloc(block, size));
}

void __wrap_free(void *block)
{
    memory.live -= malloc_usable_size(block);
    __real_free(block);
}

ZSTD_CCtx *__wrap_ZSTD_createCCtx(void)
{
    return refuses() ? NULL : __real_ZSTD_createCCtx();
}

ZSTD_DCtx *__wrap_ZSTD_createDCtx(void)
{
    return refuses() ? NULL : __real_ZSTD_createDCtx();
}

static void refuse_from(size_t call, bool and_all_later)
{
    memory.calls = 0;
    memory.refused_call = call;
    memory.and_all_later = and_all_later;
}

/* ---- refused ---- */

static bool count_bytes(void *context, const void *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)context += size;
    return true;
}

static void copy_refused(const ouro_snapshot *snapshot, bool and_all_later)
{
    for (size_t call = 1;; call++) {
        size_t live = memory.live, written = 0;
        ouro_snapshot_sink sink = {&written, count_bytes};
        ouro_error error = {.status = OURO_OK};
        refuse_from(call, and_all_later);
        ouro_status status = sound_copy(snapshot, &sink, &error);
        bool was_reached = memory.calls >= call;
        refuse_from(0, false);
        assert_int_equal(memory.live, live);
        if (!was_reached) {
            assert_int_equal(status, OURO_OK);
            test_covered(call, "refusals while a snapshot was written");
            return;
        }
        /* The copier's own memory may be what was refused. */
        assert_true(status == OURO_NO_MEMORY || status == OURO_OK || status == OURO_BAD_ARGUMENT);
        if (status != OURO_OK) assert_int_equal(error.status, status);
    }
}

static void read_refused(const sample_bytes *bytes, bool and_all_later)
{
    for (size_t call = 1;; call++) {
        size_t live = memory.live;
        ouro_error error = {.status = OURO_OK};
        refuse_from(call, and_all_later);
        ouro_snapshot *snapshot = ouro_snapshot_read(bytes->bytes, bytes->size, NULL, &error);
        bool was_reached = memory.calls >= call;
        refuse_from(0, false);
        if (snapshot == NULL) {
            assert_int_equal(error.status, OURO_NO_MEMORY);
            assert_non_null(strstr(error.message, "no memory"));
        } else {
            assert_null(sound_complaint(snapshot)); /* only what it could do without was refused */
            ouro_snapshot_close(snapshot);
        }
        assert_int_equal(memory.live, live);
        if (!was_reached) {
            assert_non_null(snapshot);
            test_covered(call, "refusals while a snapshot was read");
            return;
        }
    }
}

static void write_unsorted(ouro_snapshot_writer *writer, uint32_t objects);

/* A sample of a kind, or objects in no order. */
static sample_bytes make(const char *kind, uint32_t count)
{
    sample_bytes bytes = {0};
    if (strcmp(kind, "unsorted") != 0) {
        sample_make(kind, count, &bytes);
        return bytes;
    }
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(&sink, NULL);
    assert_non_null(writer);
    write_unsorted(writer, count);
    assert_int_equal(ouro_snapshot_writer_finish(writer, NULL), OURO_OK);
    return bytes;
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const kinds[] = {"small", "random", "unsorted"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        sample_bytes bytes = make(kinds[i], 300);
        read_refused(&bytes, false);
        read_refused(&bytes, true);
        ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, NULL);
        assert_non_null(snapshot);
        copy_refused(snapshot, false);
        copy_refused(snapshot, true);
        ouro_snapshot_close(snapshot);
        free(bytes.bytes);
    }
}

/* The heap's own memory is not malloc's: what the walk and the writer ask for. */
static void test_refused_heap(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(500);
    assert_non_null(heap);
    for (size_t call = 1;; call++) {
        size_t live = memory.live, written = 0;
        ouro_snapshot_sink sink = {&written, count_bytes};
        ouro_error error;
        refuse_from(call, true);
        ouro_status status = ouro_snapshot_write(heap, &sink, NULL, &error);
        bool was_reached = memory.calls >= call;
        refuse_from(0, false);
        assert_int_equal(memory.live, live);
        assert_int_equal(status, was_reached ? OURO_NO_MEMORY : OURO_OK);
        if (!was_reached) break;
    }
    ouro_heap_close(heap, NULL, NULL);
}

/* ---- how much ---- */

static void write_unsorted(ouro_snapshot_writer *writer, uint32_t objects)
{
    uint32_t type = ouro_snapshot_type_of(writer, NULL, &(ouro_snapshot_type){0, 0, 16});
    for (uint32_t i = 0; i < objects; i++) {
        /* Odd multiples modulo a power of two: each once, in no order. */
        uint64_t address = UINT64_C(0x10000000) + 16 * (uint64_t)((i * 2654435761u) & 0xFFFFFF);
        ouro_snapshot_add_object(
            writer, &(ouro_snapshot_object){.address = address, .size = 16, .type = type});
        ouro_snapshot_add_edge(writer, address, 0, 0);
    }
}

static void write_strings(ouro_snapshot_writer *writer, uint32_t count)
{
    char text[16];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%x", i);
        (void)ouro_snapshot_string(writer, text);
    }
}

static void write_labels(ouro_snapshot_writer *writer, uint32_t count)
{
    write_strings(writer, count / 4);
    for (uint32_t i = 0; i < count; i++)
        (void)ouro_snapshot_label_of(writer, (ouro_edge_kind)(i % 8), i / 8);
}

static void write_loose(ouro_snapshot_writer *writer, uint32_t count)
{
    uint32_t type = ouro_snapshot_type_of(writer, NULL, &(ouro_snapshot_type){0, 0, 16});
    uint32_t label = ouro_snapshot_label_of(writer, OURO_EDGE_WEAK, 0);
    ouro_snapshot_add_object(writer,
                             &(ouro_snapshot_object){.address = 16, .size = 16, .type = type});
    for (uint32_t i = 0; i < count; i++) ouro_snapshot_add_edge(writer, 16, label, i);
}

static void write_outside(ouro_snapshot_writer *writer, uint32_t count)
{
    uint32_t type = ouro_snapshot_type_of(writer, NULL, &(ouro_snapshot_type){0, 0, 16});
    for (uint32_t i = 1; i <= count; i++)
        ouro_snapshot_add_object(writer,
                                 &(ouro_snapshot_object){.address = 16 * (uint64_t)i,
                                                         .type = type,
                                                         .count = 1,
                                                         .flags = OURO_OBJECT_COUNT_IS_EXACT});
}

static void write_rows(ouro_snapshot_writer *writer, uint32_t count)
{
    uint32_t type = ouro_snapshot_type_of(writer, NULL, &(ouro_snapshot_type){0, 0, 16});
    ouro_snapshot_add_object(writer,
                             &(ouro_snapshot_object){.address = 16, .size = 16, .type = type});
    ouro_snapshot_frame frame = {.pc = 1};
    ouro_snapshot_link link = {.type = type};
    for (uint32_t i = 0; i < count; i++) {
        ouro_snapshot_note(writer, "", "");
        ouro_snapshot_add_root(writer, 16, OURO_ROOT_NAMED, 0, 1);
        ouro_snapshot_add_pool(writer, &(ouro_snapshot_pool){.address = count - i});
        ouro_snapshot_add_site(writer, &(ouro_snapshot_site){.frame_count = 1}, &frame);
        ouro_snapshot_add_event(writer, &(ouro_snapshot_event){.start = count - i});
        ouro_snapshot_add_sample(writer, &(ouro_snapshot_sample){.time = i});
        ouro_snapshot_add_cycle(writer, &(ouro_snapshot_cycle){.length = 1}, &link);
    }
}

static void check_bound(const char *what,
                        void (*write)(ouro_snapshot_writer *writer, uint32_t count))
{
    enum { FIXED = 3 << 20 }; /* buffers of a chunk, whatever the file */
    uint32_t count = (uint32_t)test_amount(400000, 2000000, 2000000);
    sample_bytes bytes = {0};
    ouro_snapshot_sink sink = sample_sink(&bytes);
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(&sink, NULL);
    assert_non_null(writer);
    write(writer, count);
    ouro_error error;
    if (ouro_snapshot_writer_finish(writer, &error) != OURO_OK)
        fail_msg("%s: %s", what, error.message);
    size_t before = memory.live;
    memory.peak = memory.live;
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes.bytes, bytes.size, NULL, &error);
    if (snapshot == NULL) fail_msg("%s: %s", what, error.message);
    size_t peak = memory.peak - before;
    print_message("%-9s %5.2f times %llu bytes unpacked, %llu packed\n", what,
                  (double)peak / (double)snapshot->unpacked_bytes,
                  (unsigned long long)snapshot->unpacked_bytes,
                  (unsigned long long)snapshot->file_bytes);
    assert_true(peak <= 4 * snapshot->unpacked_bytes + FIXED);
    ouro_snapshot_close(snapshot);
    assert_int_equal(memory.live, before);
    free(bytes.bytes);
}

static void test_bound(void **state)
{
    (void)state;
    check_bound("random", sample_random);
    check_bound("unsorted", write_unsorted);
    check_bound("strings", write_strings);
    check_bound("labels", write_labels);
    check_bound("loose", write_loose);
    check_bound("outside", write_outside);
    check_bound("rows", write_rows);
}

/* A writer's memory does not grow with objects and edges. */
static void test_writer_bound(void **state)
{
    (void)state;
    size_t written = 0, before = memory.live;
    ouro_snapshot_sink sink = {&written, count_bytes};
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(&sink, NULL);
    assert_non_null(writer);
    memory.peak = memory.live;
    write_outside(writer, (uint32_t)test_amount(400000, 2000000, 2000000));
    assert_int_equal(ouro_snapshot_writer_finish(writer, NULL), OURO_OK);
    assert_true(memory.peak - before < 2 << 20);
    assert_int_equal(memory.live, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_heap),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_writer_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
