/* SPDX-License-Identifier: MIT */
/*
 * system_test.c -- the system says no: memory of the C library, files, random numbers, bounds of the stack
 *
 * The linker puts the calls of the library through our hands (--wrap).  What asks must say what failed, give back what it
 * had got until then, and leave the heap as it was.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ouro/events.h>
#include <ouro/trace.h>

#include "base/os_file.h"
#include "base/os_program.h"
#include "heap/heap.h"

#include "support/cell.h"
#include "support/heap.h"
#include "support/traced.h"

/* ---- a call that can fail ---- */

struct call {
    size_t seen, refused;
    size_t at;   /* the first that fails */
    size_t many; /* and so many from it on; 0: none fails */
    int error;
};

static struct call mapping, allocation, writing, reading, number, stack, residence, status;
static size_t mapped, allocated; /* bytes, and blocks */

static bool fails(struct call *call)
{
    size_t now = call->seen++;
    bool is_refused = now >= call->at && now - call->at < call->many;
    call->refused += is_refused;
    if (is_refused) errno = call->error;
    return is_refused;
}

/* From now on: so many calls fail, after `at` that do not. */
static void fail_from(struct call *call, size_t at, size_t many, int error)
{
    *call = (struct call){.at = at, .many = many, .error = error};
}

static void fail_no_more(struct call *call)
{
    call->many = 0;
}

#define WRAPPED(result, name, ...)                                                                 \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

WRAPPED(void *, mmap, void *address, size_t length, int protection, int flags, int file, off_t at)
{
    if (fails(&mapping)) return MAP_FAILED;
    void *start = __real_mmap(address, length, protection, flags, file, at);
    if (start != MAP_FAILED) mapped += length;
    return start;
}

WRAPPED(int, munmap, void *address, size_t length)
{
    mapped -= length;
    return __real_munmap(address, length);
}

WRAPPED(void *, malloc, size_t size)
{
    void *made = fails(&allocation) ? NULL : __real_malloc(size);
    allocated += made != NULL;
    return made;
}

WRAPPED(void *, calloc, size_t count, size_t size)
{
    void *made = fails(&allocation) ? NULL : __real_calloc(count, size);
    allocated += made != NULL;
    return made;
}

WRAPPED(void, free, void *memory)
{
    allocated -= memory != NULL;
    __real_free(memory);
}

WRAPPED(ssize_t, write, int file, const void *bytes, size_t size)
{
    return fails(&writing) ? -1 : __real_write(file, bytes, size);
}

WRAPPED(ssize_t, pwrite, int file, const void *bytes, size_t size, off_t at)
{
    return fails(&writing) ? -1 : __real_pwrite(file, bytes, size, at);
}

WRAPPED(ssize_t, pread, int file, void *bytes, size_t size, off_t at)
{
    return fails(&reading) ? -1 : __real_pread(file, bytes, size, at);
}

WRAPPED(ssize_t, getrandom, void *bytes, size_t size, unsigned flags)
{
    return fails(&number) ? -1 : __real_getrandom(bytes, size, flags);
}

WRAPPED(int, pthread_getattr_np, pthread_t thread, pthread_attr_t *attributes)
{
    return fails(&stack) ? stack.error : __real_pthread_getattr_np(thread, attributes);
}

WRAPPED(int, mincore, void *start, size_t size, unsigned char *pages)
{
    return fails(&residence) ? -1 : __real_mincore(start, size, pages);
}

WRAPPED(int, fstat, int file, struct stat *found)
{
    return fails(&status) ? -1 : __real_fstat(file, found);
}

WRAPPED(int, lstat, const char *path, struct stat *found)
{
    return fails(&status) ? -1 : __real_lstat(path, found);
}

/* ---- snapshots of sites ---- */

static ouro_trace_snapshot *some_sites;

static ouro_status take_sites(ouro_heap *heap, ouro_error *out_error)
{
    ouro_trace_snapshot *made = ouro_trace_take(heap, out_error);
    ouro_trace_snapshot_free(made);
    return made != NULL ? OURO_OK : out_error->status;
}

static ouro_status filter_sites(ouro_heap *heap, ouro_error *out_error)
{
    (void)heap;
    const ouro_trace_filter filter = {.exclude = true, .line = 77};
    ouro_trace_snapshot *made = ouro_trace_snapshot_filter(some_sites, &filter, 1, out_error);
    ouro_trace_snapshot_free(made);
    return made != NULL ? OURO_OK : out_error->status;
}

/* The rows belong to the snapshot from then on. */
static ouro_status group_sites(ouro_heap *heap, ouro_error *out_error)
{
    const ouro_trace_statistic *rows = NULL;
    size_t count = 77;
    (void)heap;
    ouro_status result =
        ouro_trace_statistics(some_sites, OURO_TRACE_BY_LINE, &rows, &count, out_error);
    if (result != OURO_OK) assert_int_equal(count, 77);
    return result;
}

static void test_snapshots_of_sites_need_memory(void **state)
{
    static ouro_status (*const questions[])(ouro_heap *, ouro_error *) = {take_sites, filter_sites,
                                                                          group_sites};
    ouro_heap *heap = *state;
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
    ouro_auto cell *one = cell_new(heap);
    some_sites = ouro_trace_take(heap, NULL);
    assert_non_null(some_sites);
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        size_t points = 0;
        for (bool is_refused = true; is_refused; points++) {
            ouro_error error = {0};
            size_t before = allocated;
            fail_from(&allocation, points, 1, ENOMEM);
            ouro_status result = questions[i](heap, &error);
            is_refused = allocation.refused > 0;
            fail_no_more(&allocation);
            assert_int_equal(result, is_refused ? OURO_NO_MEMORY : OURO_OK);
            if (is_refused) {
                assert_int_equal(error.status, OURO_NO_MEMORY);
                assert_non_null(strstr(error.message, "the system gave no memory"));
                assert_int_equal(allocated, before);
            }
        }
        assert_true(points > 2);
    }
    ouro_trace_snapshot_free(some_sites);
    ouro_trace_stop(heap);
}

/* ---- files ---- */

static char path[] = "/tmp/ouro-system-XXXXXX";

static int make_path(void **state)
{
    (void)test_setup_heap(state);
    strcpy(path + strlen(path) - 6, "XXXXXX");
    int file = mkstemp(path);
    if (file < 0) return -1;
    close(file);
    return unlink(path); /* the name alone */
}

static bool is_there(void)
{
    return access(path, F_OK) == 0;
}

static void test_a_heap_is_published_by_a_system_that_can(void **state)
{
    ouro_heap *heap = *state;
    size_t before = mapped;
    for (size_t at = 0; at < 2; at++) { /* what watches the heap, and what is published */
        fail_from(&mapping, at, 1, ENOMEM);
        assert_int_equal(ouro_publish(heap, path), OURO_NO_MEMORY);
        fail_no_more(&mapping);
        assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
        assert_null(heap->viewers);
        assert_int_equal(mapped, before);
        assert_false(is_there());
    }
    for (size_t at = 0; at < 2; at++) { /* its beginning, and its first state */
        fail_from(&writing, at, 1, ENOSPC);
        assert_int_equal(ouro_publish(heap, path), OURO_SYSTEM);
        fail_no_more(&writing);
        assert_non_null(strstr(ouro_heap_error(heap)->message, "No space left"));
        assert_null(heap->viewers);
        assert_int_equal(mapped, before);
        assert_false(is_there());
    }
    fail_from(&writing, 0, 5, EINTR); /* is no answer */
    assert_int_equal(ouro_publish(heap, path), OURO_OK);
    fail_no_more(&writing);
    assert_true(is_there());
}

static void pass_by(ouro_heap *heap)
{
    heap->viewers->publication->due = 0;
    ouro__viewers_pass(heap);
}

static void test_a_published_heap_gives_up_when_it_cannot_write(void **state)
{
    ouro_heap *heap = *state;
    assert_int_equal(ouro_publish(heap, path), OURO_OK);
    fail_from(&reading, 0, 3, EINTR);
    pass_by(heap);
    fail_from(&reading, 0, 1, EIO); /* as if no census were asked for */
    pass_by(heap);
    fail_no_more(&reading);
    assert_true(is_there());
    fail_from(&writing, 0, 1, EIO);
    pass_by(heap);
    fail_no_more(&writing);
    assert_null(heap->viewers);
    assert_false(is_there());
}

/* A path that cannot be looked at may be somebody else's: it stays. */
static void test_a_path_that_cannot_be_looked_at_stays(void **state)
{
    ouro_heap *heap = *state;
    for (size_t at = 0; at < 2; at++) {
        assert_int_equal(ouro_publish(heap, path), OURO_OK);
        fail_from(&status, at, 1, EIO);
        assert_int_equal(ouro_publish(heap, NULL), OURO_OK);
        fail_no_more(&status);
        assert_true(is_there());
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(ouro_publish(heap, path), OURO_OK); /* another file is there meanwhile */
    assert_int_equal(unlink(path), 0);
    int other = ouro__os_create(path);
    assert_true(other >= 0);
    assert_int_equal(ouro_publish(heap, NULL), OURO_OK);
    assert_true(is_there());
    ouro__os_close(other);
    assert_int_equal(unlink(path), 0);
}

static void test_a_log_file_needs_memory_and_patience(void **state)
{
    ouro_heap *heap = *state;
    size_t before = mapped;
    for (size_t at = 0; at < 2; at++) { /* what watches the heap, and the log itself */
        fail_from(&mapping, at, 1, ENOMEM);
        assert_int_equal(ouro_set_log_file(heap, path), OURO_NO_MEMORY);
        fail_no_more(&mapping);
        assert_null(heap->viewers);
        assert_int_equal(mapped, before);
    }
    fail_from(&writing, 0, 3, EINTR);
    assert_int_equal(ouro_set_log_file(heap, path), OURO_OK);
    fail_no_more(&writing);
    assert_true(is_there());
    fail_from(&writing, 0, 1, EIO);
    (void)ouro_collect(heap, 0); /* says on stderr that the log ends */
    fail_no_more(&writing);
    assert_null(heap->viewers);
    assert_int_equal(ouro_set_event_log(heap, 0), OURO_OK);
    assert_int_equal(unlink(path), 0);
}

/* ---- memory of the system's own ---- */

static void test_metrics_need_memory(void **state)
{
    ouro_heap *heaps[] = {*state};
    FILE *nowhere = fopen("/dev/null", "w");
    assert_non_null(nowhere);
    fail_from(&mapping, 0, 1, ENOMEM);
    assert_int_equal(ouro_write_metrics(heaps, 1, nowhere), OURO_NO_MEMORY);
    fail_no_more(&mapping);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "to read 1 heaps"));
    assert_int_equal(ouro_write_metrics(heaps, 1, nowhere), OURO_OK);
    fclose(nowhere);
}

/* Its heap, or an object in it. */
static void test_the_self_check_of_a_type_needs_memory(void **state)
{
    (void)state;
    size_t points = 0, before = mapped;
    for (bool is_refused = true; is_refused; points++) {
        ouro_error error = {0};
        fail_from(&mapping, points, 1000, ENOMEM);
        ouro_status with = ouro_type_check(&cell_type, 0, &error);
        is_refused = mapping.refused > 0;
        fail_from(&mapping, points, 1000, ENOMEM);
        assert_int_equal(ouro_type_check(&cell_type, 0, NULL), with);
        fail_no_more(&mapping);
        assert_int_equal(with, is_refused ? OURO_NO_MEMORY : OURO_OK);
        assert_int_equal(error.status, with);
        assert_int_equal(mapped, before);
    }
    assert_true(points > 1);
}

typedef struct blind {
    void *cell, *immortal;
} blind;

static ouro_type blind_type = OURO_TYPE(blind); /* which names no field */

/* References that no table names are looked for in memory of the audit's own. */
static void test_an_audit_that_suspects_a_table_needs_memory(void **state)
{
    ouro_heap *heap = *state;
    ouro_auto blind *one = ouro_new(heap, blind), *two = ouro_new(heap, blind);
    one->immortal = two->immortal = cell_new(heap);
    ouro_immortalize(one->immortal); /* whose count says nothing */
    one->cell = cell_new(heap);
    two->cell = cell_new(heap);
    size_t points = 0, before = mapped;
    for (bool is_refused = true; is_refused; points++) {
        ouro_error error = {0};
        fail_from(&mapping, points, 1, ENOMEM);
        ouro_status result = ouro_verify(heap, &error);
        is_refused = mapping.refused > 0;
        fail_no_more(&mapping);
        assert_int_equal(result == OURO_NO_MEMORY, is_refused);
        if (is_refused) continue;
        assert_int_equal(result, OURO_BAD_TYPE);
        assert_non_null(strstr(error.message, "type blind: 2 objects"));
        assert_int_equal(mapped, before);
    }
    assert_true(points > 2);
    ouro_decref(ouro_move(one->cell));
    ouro_decref(ouro_move(two->cell));
}

/* ---- what is replaced by something else ---- */

static void test_a_seed_without_random_numbers(void **state)
{
    ouro_heap *heap = *state;
    ouro_trace_stop(heap);
    fail_from(&number, 0, 1, ENOSYS);
    assert_int_equal(ouro_trace_start(heap, &(ouro_trace_options){.sample_bytes = 64}, NULL),
                     OURO_OK);
    assert_int_equal(number.refused, 1);
    for (int i = 0; i < 10000; i++) ouro_decref(cell_new(heap));
    traced_audit(heap);
    ouro_trace_totals totals;
    ouro_trace_get_totals(heap, &totals);
    assert_true(totals.sites > 0);
    ouro_trace_stop(heap);
}

/* Frame pointers are followed inside the stack alone; so where its bounds are not known, not at all. */
static void test_no_frames_without_the_bounds_of_the_stack(void **state)
{
    ouro_heap *heap = *state;
    const ouro_trace_options options = {.frames = 10, .unwind = OURO_TRACE_UNWIND_FRAME_POINTERS};
    for (size_t many = 0; many < 2; many++) {
        ouro_trace_stop(heap);
        fail_from(&stack, 0, many, ENOMEM);
        assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
        ouro_auto cell *made = cell_new(heap);
        fail_no_more(&stack);
        assert_int_equal(stack.refused, many);
        ouro_trace_place places[10];
        size_t found = ouro_trace_of(made, places, COUNT_OF(places));
        if (many > 0) assert_int_equal(found, 1);
    }
    ouro_trace_stop(heap);
}

static void test_resident_pages_that_nobody_counts_are_none(void **state)
{
    ouro_heap_stats stats;
    fail_from(&residence, 0, 1000, ENOMEM);
    ouro_get_heap_stats(*state, &stats);
    fail_no_more(&residence);
    assert_int_equal(stats.resident_bytes, 0);
    ouro_get_heap_stats(*state, &stats);
    assert_true(stats.resident_bytes > 0);
}

static void test_an_address_of_no_program_has_no_module(void **state)
{
    (void)state;
    struct ouro__os_module module = ouro__os_module_of(4096);
    assert_null(module.path);
    assert_null(module.function);
}

#define FILE_TEST(function)                                                                        \
    cmocka_unit_test_setup_teardown(function, make_path, test_teardown_heap)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_snapshots_of_sites_need_memory),
        FILE_TEST(test_a_heap_is_published_by_a_system_that_can),
        FILE_TEST(test_a_published_heap_gives_up_when_it_cannot_write),
        FILE_TEST(test_a_path_that_cannot_be_looked_at_stays),
        FILE_TEST(test_a_log_file_needs_memory_and_patience),
        HEAP_TEST(test_metrics_need_memory),
        cmocka_unit_test(test_the_self_check_of_a_type_needs_memory),
        HEAP_TEST(test_an_audit_that_suspects_a_table_needs_memory),
        HEAP_TEST(test_a_seed_without_random_numbers),
        HEAP_TEST(test_no_frames_without_the_bounds_of_the_stack),
        HEAP_TEST(test_resident_pages_that_nobody_counts_are_none),
        cmocka_unit_test(test_an_address_of_no_program_has_no_module),
    };
    return cmocka_run_group_tests_name("system", tests, NULL, NULL);
}
