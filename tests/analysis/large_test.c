/* SPDX-License-Identifier: MIT */
/*
 * large_test.c -- dominators and retained sizes of a large snapshot: time and memory
 *
 * Writes a snapshot of two references an object, opens it in a process of its own, and finds what each object retains.
 * The peak of that process, reader included, is less than twice what the file unpacks to.  The long run takes ten million
 * objects; it prints what it measured.
 *
 *     random   most references go anywhere, a quarter to few hubs (by a power law); a hundred roots
 *     tree     a tree of two children each; what has none refers to its parent
 */
#include <ouro/snapshot.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "analysis/retention.h"
#include "support/apart.h"
#include "support/random.h"
#include "support/setting.h"
#include "support/test.h"

enum { ROOTS = 100, SPACING = 64 };

struct shape {
    const char *name;
    void (*targets)(struct random *random, uint32_t object, uint32_t objects, uint32_t out[2]);
};

/* Of this process alone, which has one thread: others may work beside it. */
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void random_targets(struct random *random, uint32_t object, uint32_t objects,
                           uint32_t out[2])
{
    (void)object;
    double u = (double)random_next(random) / 18446744073709551616.0;
    bool is_hub = random_below(random, 2) == 0; /* of one of both references: a quarter of all */
    out[0] = is_hub ? (uint32_t)(u * u * u * u * u * u * objects) : random_below(random, objects);
    out[1] = random_below(random, objects);
}

static void tree_targets(struct random *random, uint32_t object, uint32_t objects, uint32_t out[2])
{
    (void)random;
    uint64_t child = (uint64_t)object * 2 + 1;
    uint32_t parent = object == 0 ? 0 : (object - 1) / 2;
    out[0] = child < objects ? (uint32_t)child : parent;
    out[1] = child + 1 < objects ? (uint32_t)child + 1 : parent;
}

static uint64_t address_of(uint32_t object)
{
    return UINT64_C(0x7f0000000000) + (uint64_t)object * SPACING;
}

static bool write_file(void *context, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, context) == size;
}

static void write_sample(const struct shape *shape, uint32_t objects, const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    ouro_snapshot_sink sink = {file, write_file};
    ouro_error error;
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(&sink, &error);
    assert_non_null(writer);
    uint32_t name = ouro_snapshot_string(writer, "node");
    uint32_t type = ouro_snapshot_type_of(writer, NULL, &(ouro_snapshot_type){name, 1, 48});
    uint32_t label = ouro_snapshot_label_of(writer, OURO_EDGE_FIELD, name);
    struct random random = {1};
    for (uint32_t n = 0; n < objects; n++) {
        uint32_t targets[2];
        shape->targets(&random, n, objects, targets);
        ouro_snapshot_add_object(
            writer,
            &(ouro_snapshot_object){
                .address = address_of(n), .size = 48, .type = type, .count = 2, .flags = 2});
        for (int i = 0; i < 2; i++)
            ouro_snapshot_add_edge(writer, address_of(targets[i]), label, 0);
    }
    for (uint32_t i = 0; i < ROOTS; i++)
        ouro_snapshot_add_root(writer, address_of(i == 0 ? 0 : random_below(&random, objects)),
                               OURO_ROOT_NAMED, name, 1);
    if (ouro_snapshot_writer_finish(writer, &error) != OURO_OK) fail_msg("%s", error.message);
    assert_int_equal(fclose(file), 0);
}

/* The most memory that this process has had, in bytes. */
static uint64_t peak_memory(void)
{
    char line[128];
    uint64_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) kilobytes = strtoull(line + 6, NULL, 10);
    if (file != NULL) fclose(file);
    return kilobytes * 1024;
}

/* Whether the sums are what they must be: all that is reached hangs below the root. */
static bool adds_up(const ouro_snapshot *snapshot, const retention *held)
{
    uint64_t below_root = 0;
    for (uint32_t n = 0; n < snapshot->object_count; n++)
        if (held->dominator[n] == OURO_GRAPH_ROOT) below_root += held->retained[n];
    return below_root == held->reached_bytes && held->reached_objects > snapshot->object_count / 2;
}

/* In a process of its own; its exit status says what went wrong. */
static int measure(const struct shape *shape, const char *path)
{
    ouro_error error;
    retention held;
    uint64_t before = peak_memory();
    double began = seconds();
    ouro_snapshot *snapshot = ouro_snapshot_open(path, NULL, &error);
    if (snapshot == NULL) return 2;
    double read = seconds();
    uint64_t reading = peak_memory() - before;
    if (!retention_find(snapshot, &held)) return 3;
    double found = seconds();
    uint64_t peak = peak_memory() - before;
    double ratio = (double)peak / (double)snapshot->unpacked_bytes;
    printf("%s: %u objects, %u references: read in %.2f s, retained sizes in %.2f s; peak %.0f MiB "
           "(reader "
           "%.0f MiB), %.2f times the unpacked %.0f MiB\n",
           shape->name, snapshot->object_count, snapshot->graph.first[snapshot->object_count],
           read - began, found - read, (double)peak / 1048576, (double)reading / 1048576, ratio,
           (double)snapshot->unpacked_bytes / 1048576);
    fflush(stdout);
    bool good = adds_up(snapshot, &held);
    retention_free(&held);
    ouro_snapshot_close(snapshot);
    return !good ? 4 : ratio >= 2 ? 5 : found - read >= 20 ? 6 : 0;
}

/* Bars are for large heaps: a small process is mostly libraries.  (Sanitizers keep shadows of all memory; they run at a
 * tenth of the scale.) */
static bool bars_count(uint32_t objects)
{
    return objects >= 5000000;
}

static void run(const struct shape *shape)
{
    char path[] = "/tmp/ouro-large-XXXXXX";
    uint32_t objects = (uint32_t)test_amount(300000, 10000000, 10000000);
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    write_sample(shape, objects, path);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        apart_begin();
        apart_end(measure(shape, path));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    unlink(path);
    assert_true(WIFEXITED(status));
    static const char *const problems[] = {
        "",
        "",
        "the file does not open",
        "no memory",
        "the sums are wrong",
        "it took twice the unpacked size or more",
        "it took 20 seconds or more",
    };
    int problem = WEXITSTATUS(status);
    if (problem >= 5 && !bars_count(objects)) problem = 0;
    if (problem != 0) fail_msg("%s: %s", shape->name, problems[problem]);
}

static void random_heap(void **state)
{
    (void)state;
    run(&(struct shape){"random", random_targets});
}

static void tree_heap(void **state)
{
    (void)state;
    run(&(struct shape){"tree", tree_targets});
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_heap), cmocka_unit_test(tree_heap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
