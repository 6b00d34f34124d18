/* SPDX-License-Identifier: MIT */
/*
 * viewers_test.c -- the log file and the published file, and the census in it
 */
#include <ouro/published.h>

#include "base/os.h"
#include "heap/heap.h"

#include "support/cell.h"
#include "support/cycle.h"
#include "support/heap.h"
#include "support/setting.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/ouro-viewers-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/heap.ouro", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder); /* fails when a test has left something behind */
}

/* ---- the log file ---- */

/* Lines of the file that begin with a word. */
static size_t count_lines(const char *word)
{
    char line[512];
    size_t count = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        assert_non_null(strchr(line, '\n'));
        count += strncmp(line, word, strlen(word)) == 0;
    }
    fclose(file);
    return count;
}

static int count_event(const ouro_event *event, void *argument)
{
    (void)event;
    ++*(size_t *)argument;
    return 0;
}

static int count_sample(const ouro_memory_sample *sample, void *argument)
{
    (void)sample;
    ++*(size_t *)argument;
    return 0;
}

static void test_a_log_file_has_what_the_log_has(void **state)
{
    assert_int_equal(ouro_set_log_file(*state, path), OURO_OK);
    ouro_decref(cell_ring(*state, 3));
    for (int generation = 0; generation < 3; generation++) (void)ouro_collect(*state, generation);
    size_t events = 0;
    assert_int_equal(ouro_each_event(*state, count_event, &events), 0);
    assert_int_equal(count_lines("heap\t"), 1);
    assert_int_equal(count_lines("event\t"), events);
    size_t samples = 0;
    assert_int_equal(ouro_each_sample(*state, count_sample, &samples), 0);
    assert_int_equal(count_lines("sample\t"), samples);
    assert_int_equal(count_lines("close\t"), 0);
    assert_int_equal(ouro_set_log_file(*state, NULL), OURO_OK);
    assert_int_equal(count_lines("close\t"), 1);
    assert_int_equal(ouro_set_event_log(*state, 0), OURO_OK);
    assert_null(((ouro_heap *)*state)->viewers);
    unlink(path);
}

/* More than is written to the system at once. */
static void test_a_log_file_has_what_came_before_it(void **state)
{
    assert_int_equal(ouro_set_event_log(*state, 1000), OURO_OK);
    for (int i = 0; i < 100; i++) (void)ouro_collect(*state, 2);
    size_t events = 0;
    assert_int_equal(ouro_each_event(*state, count_event, &events), 0);
    assert_true(events > 200);
    assert_int_equal(ouro_set_log_file(*state, path), OURO_OK);
    assert_int_equal(count_lines("event\t"), events);
    assert_int_equal(count_lines("lost\t"), 0);
    assert_int_equal(ouro_set_log_file(*state, NULL), OURO_OK);
    assert_int_equal(ouro_set_event_log(*state, 0), OURO_OK);
    unlink(path);
}

/* A small ring goes round within a pause; and a ring that is replaced is written before. */
static void test_lines_are_lost_only_where_the_ring_is_too_small(void **state)
{
    assert_int_equal(ouro_set_event_log(*state, 4), OURO_OK);
    assert_int_equal(ouro_set_log_file(*state, path), OURO_OK);
    (void)ouro_collect(*state, 2);
    assert_int_equal(count_lines("lost\t"), 1);
    assert_int_equal(count_lines("event\t"), 4);
    assert_int_equal(ouro_set_event_log(*state, 100), OURO_OK);
    (void)ouro_collect(*state, 0);
    size_t events = 0;
    (void)ouro_each_event(*state, count_event, &events);
    assert_int_equal(count_lines("lost\t"), 1);
    assert_int_equal(count_lines("event\t"), 4 + events);
    assert_int_equal(ouro_set_log_file(*state, NULL), OURO_OK);
    assert_int_equal(ouro_set_event_log(*state, 0), OURO_OK);
    unlink(path);
}

static void test_a_child_writes_under_its_own_number(void **state)
{
    assert_int_equal(ouro_set_log_file(*state, path), OURO_OK);
    (void)ouro_collect(*state, 0);
    pid_t child = fork();
    if (child == 0) {
        (void)ouro_collect(*state, 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(count_lines("heap\t"), 2);
    char heading[32];
    snprintf(heading, sizeof heading, "heap\t%d-", (int)child);
    assert_int_equal(count_lines(heading), 1);
    assert_int_equal(ouro_set_log_file(*state, NULL), OURO_OK);
    assert_int_equal(ouro_set_event_log(*state, 0), OURO_OK);
    unlink(path);
}

static void test_a_log_file_that_cannot_be_opened_is_told(void **state)
{
    assert_int_equal(ouro_set_log_file(*state, "/nowhere/at/all"), OURO_SYSTEM);
    assert_non_null(
        strstr(ouro_heap_error(*state)->message, "/nowhere/at/all cannot be opened: No such"));
    assert_null(((ouro_heap *)*state)->viewers);
    assert_int_equal(ouro_set_event_log(*state, 0), OURO_OK);

    ouro_error error;
    assert_int_equal(setenv("OURO_LOG", "/nowhere/at/all", 1), 0);
    assert_null(ouro_heap_new(NULL, &error));
    assert_int_equal(error.status, OURO_SYSTEM);
    assert_null(ouro_heap_new(NULL, NULL));
    assert_int_equal(setenv("OURO_LOG", "", 1), 0); /* as if it were not set */
    ouro_heap *heap = ouro_heap_new(NULL, &error);
    assert_non_null(heap);
    assert_null(heap->viewers);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
    unsetenv("OURO_LOG");
}

static void test_a_full_disk_ends_the_log(void **state)
{
    assert_int_equal(ouro_set_log_file(*state, "/dev/full"), OURO_OK); /* and says so on stderr */
    (void)ouro_collect(*state, 0);
    assert_null(((ouro_heap *)*state)->viewers);
    assert_int_equal(ouro_set_event_log(*state, 0), OURO_OK);
}

/* ---- the published file ---- */

static ouro_published seen;

static bool read_published(void)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) return false;
    size_t got = fread(&seen, 1, sizeof seen, file);
    fclose(file);
    return got == sizeof seen && seen.magic == OURO_PUBLISHED_MAGIC &&
           seen.version == OURO_PUBLISHED_VERSION && seen.size == sizeof seen &&
           seen.checksum == ouro_published_checksum(&seen);
}

/* The program passes by, later. */
static void pass_by(ouro_heap *heap)
{
    heap->viewers->publication->due = 0;
    ouro__viewers_pass(heap);
    assert_true(read_published());
}

/* The clock lets no pause publish before the program passes by, however slow the machine is. */
static void publish_nothing_yet(ouro_heap *heap)
{
    heap->viewers->publication->due = UINT64_MAX;
}

static void ask_for_a_census(uint32_t number)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, offsetof(ouro_published, request), SEEK_SET), 0);
    assert_int_equal(fwrite(&number, sizeof number, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

static void wait_for_the_census(ouro_heap *heap, uint32_t number)
{
    for (int i = 0; i < 1000; i++) {
        pass_by(heap);
        if (seen.census_answers == number) return;
    }
    fail_msg("no census");
}

static void check_numbers(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    assert_int_equal(seen.objects, stats.objects);
    assert_int_equal(seen.object_bytes, stats.object_bytes);
    assert_int_equal(seen.raw_blocks, stats.raw_blocks);
    assert_int_equal(seen.raw_bytes, stats.raw_bytes);
    assert_int_equal(seen.committed_bytes, stats.committed_bytes);
    assert_int_equal(seen.reserved_bytes, stats.reserved_bytes);
    assert_int_equal(seen.header_bytes, stats.header_bytes);
    assert_int_equal(seen.pools, stats.pools);
    assert_int_equal(seen.empty_pools, stats.empty_pools);
    assert_int_equal(seen.arenas, stats.arenas);
    assert_int_equal(seen.class_count, ouro_get_class_stats(heap, NULL, 0));
    for (size_t i = 1; i < OURO_PUBLISHED_CLASSES; i++)
        assert_true(seen.classes[i].live * seen.classes[i].block_size <=
                    seen.classes[i - 1].live * seen.classes[i - 1].block_size);
}

static void test_what_is_published_is_what_statistics_say(void **state)
{
    cell *ring = cell_ring(*state, 1000);
    void *raw[40];
    for (size_t i = 0; i < COUNT_OF(raw); i++) raw[i] = ouro_mem_alloc(*state, 40 * (i + 1));
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    assert_true(read_published());
    check_numbers(*state);
    assert_true(seen.class_count > OURO_PUBLISHED_CLASSES);
    assert_string_equal(seen.heap, ouro_heap_name(*state));
    assert_int_equal(seen.process, getpid());
    assert_string_equal(seen.phase, "idle");
    publish_nothing_yet(*state);
    for (size_t i = 0; i < COUNT_OF(raw); i++) ouro_mem_free(*state, raw[i]);
    ouro_decref(ring);
    (void)ouro_collect(*state, 2);
    uint64_t before = ouro__os_milliseconds();
    pass_by(*state);
    check_numbers(*state);
    assert_int_equal(seen.objects, 0);
    assert_int_equal(seen.generations[2].collections, 1);
    assert_int_equal(seen.generations[2].collected, 1000);
    assert_int_equal(seen.updates, 2);
    assert_true(((ouro_heap *)*state)->viewers->publication->due >= before + 10);
    publish_nothing_yet(*state);
    ouro__viewers_pass(*state); /* not due */
    assert_true(read_published());
    assert_int_equal(seen.updates, 2);
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
    assert_false(read_published());
    assert_null(((ouro_heap *)*state)->viewers);
}

/* A census is right at every moment of a collection cycle in which nothing changes. */
static void test_a_census_in_each_phase(void **state)
{
    list *all = cycle_rings(*state, test_scaled(3000));
    ouro_decref(cell_ring(*state, 7)); /* garbage, for the later phases */
    (void)ouro_collect(*state, 0);
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    cycle_begin(*state);
    uint32_t number = 0;
    do {
        ask_for_a_census(++number);
        wait_for_the_census(*state, number);
        check_numbers(*state);
        assert_int_equal(seen.census_objects, seen.objects);
        assert_int_equal(seen.census_bytes, seen.object_bytes);
        assert_string_equal(seen.phase, cycle_phase(*state));
        uint64_t objects = 0;
        for (size_t i = 0; i < OURO_PUBLISHED_TYPES; i++) objects += seen.types[i].objects;
        assert_int_equal(objects, seen.objects);
        (void)cycle_step(*state, 500);
    } while (!cycle_is_idle(*state));
    assert_true(number > 5);
    assert_string_equal(seen.types[0].name, "cell");
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
    cycle_rings_end(all);
}

/* A heap of many pools is counted in many pieces. */
static void test_a_census_goes_in_pieces(void **state)
{
    enum { MANY = 600000 };
    cell *ring = cell_ring(*state, MANY);
    size_t pieces = 1;
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    ask_for_a_census(7);
    pass_by(*state);
    assert_int_equal(seen.census_answers, 0);
    assert_int_equal(seen.census_running, 1);
    for (; seen.census_answers != 7; pieces++) pass_by(*state);
    assert_true(seen.pools > 2 * OURO_CENSUS_POOLS);
    assert_true(pieces > seen.pools / OURO_CENSUS_POOLS); /* [viewers.bounded] */
    assert_int_equal(seen.census_objects, MANY);
    assert_int_equal(seen.census_running, 0);
    pass_by(*state); /* once is enough */
    assert_int_equal(seen.census_running, 0);
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
    ouro_decref(ring);
    (void)ouro_collect(*state, 2);
}

/* More types than the census has rows for are counted together. */
static void test_a_census_of_many_types_and_large_objects(void **state)
{
    enum { TYPES = OURO__CENSUS_ROWS + 100, LARGE = 1 << 20 };
    static ouro_type types[TYPES], large_type = {.name = "large", .size = LARGE};
    static void *objects[TYPES];
    for (size_t i = 0; i < TYPES; i++) {
        types[i] = (ouro_type){.name = "one of many", .size = 8};
        objects[i] = ouro_object_new(*state, &types[i]);
        assert_non_null(objects[i]);
    }
    void *large = ouro_object_new(*state, &large_type);
    void *dead = ouro_object_new(*state, &large_type);
    ouro_decref(dead);
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    ask_for_a_census(9);
    wait_for_the_census(*state, 9);
    assert_int_equal(seen.census_objects, TYPES + 1);
    assert_int_equal(seen.census_objects, seen.objects);
    assert_int_equal(seen.census_bytes, seen.object_bytes);
    assert_int_equal(seen.census_types, OURO__CENSUS_ROWS - 1);
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
    ouro_decref(large);
    for (size_t i = 0; i < TYPES; i++) ouro_decref(objects[i]);
}

/* The 47 bytes that fit end in the middle of a character: it is left out whole. */
static void test_a_published_name_is_cut_between_characters(void **state)
{
    static char name[80];
    static ouro_type long_type = {.name = name, .size = 8};
    memset(name, 'n', 46);
    strcpy(name + 46, "\xe2\x82\xac and more");
    void *object = ouro_object_new(*state, &long_type);
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    ask_for_a_census(3);
    wait_for_the_census(*state, 3);
    assert_int_equal(strlen(seen.types[0].name), 46);
    assert_int_equal(strncmp(seen.types[0].name, name, 46), 0);
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
    ouro_decref(object);
}

/* A path that is longer than the system's may not be made of the environment's. */
static void test_a_folder_with_too_long_a_path_is_refused(void **state)
{
    static char longest[5000];
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    assert_int_equal(setenv("OURO_PUBLISH", longest, 1), 0);
    ouro_error error;
    assert_null(ouro_heap_new(NULL, &error));
    assert_int_equal(error.status, OURO_BAD_SETTING);
    assert_non_null(strstr(error.message, "longer than a path may be"));
    assert_int_equal(setenv("OURO_PUBLISH", "", 1), 0); /* as if it were not set */
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    assert_non_null(heap);
    assert_null(heap->viewers);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
    unsetenv("OURO_PUBLISH");
}

/* Each way on which the program passes by publishes, when it is due. */
static void test_where_the_program_passes_by(void **state)
{
    ouro_heap *heap = *state;
    assert_int_equal(ouro_publish(heap, path), OURO_OK);
    for (int way = 0; way < 6; way++) {
        assert_true(read_published());
        uint64_t updates = seen.updates;
        void *raw = NULL;
        cell *objects[4096] = {NULL};
        heap->viewers->publication->due = 0;
        switch (way) {
        case 0:
            for (size_t i = 0; i < COUNT_OF(objects); i++) objects[i] = cell_new(heap);
            break;
        case 1: raw = ouro_mem_alloc(heap, 8u << 20); break;
        case 2: raw = ouro_mem_alloc(heap, 504); break; /* the first of its class */
        case 3: (void)ouro_safepoint(heap); break;
        case 4: (void)ouro_step(heap, (ouro_budget){.units = 1}); break;
        default: (void)ouro_collect(heap, 0);
        }
        assert_true(read_published());
        if (seen.updates <= updates) fail_msg("way %d does not pass by", way);
        ouro_mem_free(heap, raw);
        for (size_t i = 0; i < COUNT_OF(objects); i++) ouro_xdecref(objects[i]);
    }
    assert_int_equal(ouro_publish(heap, NULL), OURO_OK);
}

/* Who comes later has the path, and who goes first does not take it away. */
static void test_two_heaps_under_one_path(void **state)
{
    ouro_heap *other = test_heap_quiet();
    assert_int_equal(ouro_publish(other, path), OURO_OK);
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    ouro_decref(cell_new(other));
    assert_int_equal(ouro_heap_close(other, NULL, NULL), OURO_OK);
    pass_by(*state);
    assert_int_equal(seen.updates, 2);
    assert_int_equal(seen.is_closed, 0);
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
    assert_false(read_published());
}

static void test_what_is_in_the_way(void **state)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs("somebody's letters\n", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(ouro_publish(*state, path), OURO_SYSTEM);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "is none that a heap has published"));
    assert_int_equal(count_lines("somebody's letters"), 1);
    unlink(path);

    assert_int_equal(ouro_publish(*state, "/nowhere/at/all"), OURO_SYSTEM);

    pid_t child = fork(); /* leaves a file behind */
    if (child == 0) _exit(ouro_publish(*state, path) != OURO_OK);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(read_published());
    assert_int_equal(seen.process, child);
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    assert_true(read_published());
    assert_int_equal(seen.process, getpid());
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
}

/* [publication.held] What a process publishes is its own as long as it lives, however it ends. */
static void test_another_process_is_in_the_way(void **state)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        alarm(60); /* so long the parent needs at most */
        byte = ouro_publish(*state, path) == OURO_OK ? 'y' : 'n';
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(ouro_publish(*state, path), OURO_SYSTEM);
    assert_non_null(strstr(ouro_heap_error(*state)->message, "another process publishes there"));
    assert_true(read_published());
    assert_int_equal(seen.process, child);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    assert_true(read_published());
    assert_int_equal(seen.process, getpid());
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
    close(ready[0]);
    close(ready[1]);
}

static void test_a_child_does_not_publish(void **state)
{
    assert_int_equal(ouro_publish(*state, path), OURO_OK);
    assert_true(read_published());
    uint64_t updates = seen.updates;
    pid_t child = fork();
    if (child == 0) {
        ouro_heap *heap = *state;
        heap->viewers->publication->due = 0;
        ouro__viewers_pass(heap);
        _exit(heap->viewers != NULL || ouro_heap_close(heap, NULL, NULL) != OURO_OK);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(read_published());
    assert_int_equal(seen.updates, updates);
    assert_int_equal(ouro_publish(*state, NULL), OURO_OK);
}

static void test_the_environment_publishes_all_heaps(void **state)
{
    (void)state;
    char inner[64], name[128];
    snprintf(inner, sizeof inner, "%s/made", folder);
    assert_int_equal(setenv("OURO_PUBLISH", inner, 1), 0);
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    assert_non_null(heap);
    snprintf(name, sizeof name, "%s", heap->viewers->publication->path);
    assert_int_equal(strncmp(name, inner, strlen(inner)), 0);
    assert_string_equal(name + strlen(name) - 5, ".ouro");
    assert_int_equal(access(name, R_OK), 0);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
    assert_int_equal(access(name, F_OK), -1);
    assert_int_equal(setenv("OURO_PUBLISH", "/dev/null/nowhere", 1), 0);
    ouro_error error;
    assert_null(ouro_heap_new(NULL, &error));
    assert_int_equal(error.status, OURO_SYSTEM);
    unsetenv("OURO_PUBLISH");
    assert_int_equal(rmdir(inner), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_a_log_file_has_what_the_log_has),
        HEAP_TEST(test_a_log_file_has_what_came_before_it),
        HEAP_TEST(test_lines_are_lost_only_where_the_ring_is_too_small),
        HEAP_TEST(test_a_child_writes_under_its_own_number),
        HEAP_TEST(test_a_log_file_that_cannot_be_opened_is_told),
        HEAP_TEST(test_a_full_disk_ends_the_log),
        HEAP_TEST(test_what_is_published_is_what_statistics_say),
        HEAP_TEST(test_a_census_in_each_phase),
        HEAP_TEST(test_a_census_goes_in_pieces),
        HEAP_TEST(test_a_census_of_many_types_and_large_objects),
        HEAP_TEST(test_a_published_name_is_cut_between_characters),
        HEAP_TEST(test_a_folder_with_too_long_a_path_is_refused),
        HEAP_TEST(test_where_the_program_passes_by),
        HEAP_TEST(test_two_heaps_under_one_path),
        HEAP_TEST(test_what_is_in_the_way),
        HEAP_TEST(test_another_process_is_in_the_way),
        HEAP_TEST(test_a_child_does_not_publish),
        HEAP_TEST(test_the_environment_publishes_all_heaps),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
