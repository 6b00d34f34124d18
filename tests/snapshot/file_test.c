/* SPDX-License-Identifier: MIT */
/*
 * file_test.c -- files appear whole or not at all; children write them
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "snapshot/samples.h"
#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/test.h"

static char folder[] = "/tmp/ouro-snapshot-XXXXXX";
static char path[64], link_path[64];

static int setup(void **state)
{
    (void)state;
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(path, sizeof path, "%s/a.snapshot", folder);
    snprintf(link_path, sizeof link_path, "%s/link", folder);
    return 0;
}

/* How many files are in the folder. */
static int files(void)
{
    int count = 0;
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(open_folder);
    return count;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(link_path);
    return rmdir(folder);
}

static uint32_t objects_in(const char *file)
{
    ouro_error error;
    ouro_snapshot *snapshot = ouro_snapshot_open(file, NULL, &error);
    if (snapshot == NULL) fail_msg("%s", error.message);
    uint32_t count = snapshot->object_count;
    ouro_snapshot_close(snapshot);
    return count;
}

static void save(ouro_heap *heap, const char *file, const ouro_snapshot_options *options)
{
    ouro_error error;
    if (ouro_snapshot_save(heap, file, options, &error) != OURO_OK) fail_msg("%s", error.message);
}

/* ---- files ---- */

static void test_replaced(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(1000);
    save(heap, path, NULL);
    uint32_t count = objects_in(path);
    assert_int_equal(count, test_heap_objects(heap));
    struct stat about;
    mode_t mask = umask(022);
    assert_int_equal(stat(path, &about), 0);
    umask(mask);
    assert_int_equal(about.st_mode & 0777, 0666 & ~mask);
    ouro_auto cell *more = cell_new(heap);
    assert_int_equal(symlink(path, link_path), 0);
    save(heap, link_path, NULL); /* the link stays */
    assert_int_equal(objects_in(path), count + 1);
    assert_int_equal(lstat(link_path, &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(files(), 2);
    ouro_decref(ouro_move(more));
    ouro_heap_close(heap, NULL, NULL);
}

static void check_failed(ouro_heap *heap, const char *file, const char *what)
{
    ouro_error error;
    assert_int_equal(ouro_snapshot_save(heap, file, NULL, &error), OURO_SYSTEM);
    assert_int_equal(error.status, OURO_SYSTEM);
    if (!apart_matches(error.message, what)) fail_msg("\"%s\" is not \"%s\"", error.message, what);
}

static void test_no_room(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(3000);
    check_failed(heap, "/dev/full", "*No space left on device*");
    check_failed(heap, "/nowhere/at/all", "/nowhere/at/all cannot be written: No such file*");
    save(heap, path, NULL);
    uint32_t count = objects_in(path);
    ouro_auto cell *more = cell_new(heap);
    struct rlimit before, little = {.rlim_cur = 5000};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    check_failed(heap, path, "*File too large*");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(objects_in(path), count); /* what was there before [file.whole] */
    assert_int_equal(files(), 1);
    ouro_decref(ouro_move(more));
    ouro_heap_close(heap, NULL, NULL);
}

static void test_pipe(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(1000);
    assert_int_equal(mkfifo(path, 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ouro_status status = ouro_snapshot_save(heap, path, NULL, NULL);
        apart_end(status == OURO_OK ? 0 : 1);
    }
    assert_int_equal(objects_in(path), test_heap_objects(heap));
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
    ouro_heap_close(heap, NULL, NULL);
}

/* ---- children ---- */

static const ouro_snapshot_options in_child = {.in_child = true};

static void test_child(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(50000);
    uint32_t count = (uint32_t)test_heap_objects(heap);
    ouro_error error;
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_EMPTY);
    save(heap, path, &in_child);
    list *more = list_new(heap); /* the program goes on */
    for (long i = 0; i < 1000; i++) list_append_cell(more, i);
    (void)ouro_collect(heap, 2);
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_OK);
    assert_int_equal(objects_in(path), count); /* as it was when the child began */
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_EMPTY);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie */
    save(heap, path, &in_child);
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_OK);
    assert_int_equal(objects_in(path), count + 1001);
    ouro_decref(more);
    ouro_heap_close(heap, NULL, NULL);
}

static const char *say(void *object, void *argument)
{
    (void)object;
    return argument;
}

/* The options are the caller's own: they may be gone before the child is done. */
static void test_child_with_texts(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(1000);
    ouro_error error;
    ouro_snapshot_options options = {.in_child = true, .text = say, .argument = "words"};
    save(heap, path, &options);
    memset(&options, 0, sizeof options);
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_OK);
    ouro_snapshot *snapshot = ouro_snapshot_open(path, NULL, &error);
    assert_non_null(snapshot);
    assert_string_equal(snapshot->strings[snapshot->texts[0]], "words");
    ouro_snapshot_close(snapshot);
    ouro_heap_close(heap, NULL, NULL);
}

static void test_child_fails(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(1000);
    ouro_error error;
    save(heap, "/dev/full", &in_child);
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_SYSTEM);
    assert_string_equal(error.message,
                        "/dev/full: the snapshot cannot be written: No space left on device");
    /* Somebody else waits for all children: the answer is in the pipe all the same. */
    save(heap, path, &in_child);
    while (waitpid(-1, NULL, 0) > 0) continue;
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_OK);
    assert_int_equal(objects_in(path), test_heap_objects(heap));
    ouro_heap_close(heap, NULL, NULL);
}

/* The child of this process, of which there is one. */
static pid_t find_child(void)
{
    DIR *processes = opendir("/proc");
    assert_non_null(processes);
    pid_t found = 0;
    for (struct dirent *entry; found == 0 && (entry = readdir(processes)) != NULL;) {
        char name[300];
        int process, parent = 0;
        if (sscanf(entry->d_name, "%d", &process) != 1) continue;
        snprintf(name, sizeof name, "/proc/%d/stat", process);
        FILE *about = fopen(name, "r");
        if (about == NULL) continue;
        if (fscanf(about, "%*d (%*[^)]) %*c %d", &parent) == 1 && parent == getpid())
            found = process;
        fclose(about);
    }
    closedir(processes);
    assert_true(found > 0);
    return found;
}

/* A child that waits for a reader of its pipe is at work until it is killed. */
static void test_child_busy_and_killed(void **state)
{
    (void)state;
    ouro_heap *heap = sample_heap(1000);
    ouro_error error;
    assert_int_equal(mkfifo(path, 0600), 0);
    save(heap, path, &in_child);
    assert_int_equal(ouro_snapshot_save(heap, path, &in_child, &error), OURO_BUSY);
    assert_non_null(strstr(error.message, "ouro_snapshot_wait"));
    pid_t child = find_child();
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(ouro_snapshot_wait(heap, &error), OURO_SYSTEM);
    assert_non_null(strstr(error.message, "signal 9"));
    ouro_heap_close(heap, NULL, NULL);
}

static void tell_end(void)
{
    static const char text[] = "end\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
}

/* What a program has to do at its end it does once, and what it has written is written once. */
static void write_and_exit(void *file)
{
    atexit(tell_end);
    ouro_heap *heap = sample_heap(1000);
    fclose(stdout);
    FILE *stream = fdopen(dup(STDERR_FILENO), "w");
    fprintf(stream, "buffered ");
    int failed = ouro_snapshot_save(heap, file, &in_child, NULL) != OURO_OK ||
                 ouro_snapshot_wait(heap, NULL) != OURO_OK;
    exit(failed);
}

static void test_child_leaves_the_rest_alone(void **state)
{
    (void)state;
    struct apart apart;
    apart_run(write_and_exit, path, 60, &apart);
    assert_int_equal(apart.exit_status, 0);
    assert_non_null(strstr(apart.text, "buffered"));
    assert_null(strstr(strstr(apart.text, "buffered") + 1, "buffered"));
    assert_non_null(strstr(apart.text, "end\n"));
    assert_null(strstr(strstr(apart.text, "end\n") + 1, "end\n"));
}

/* Other threads hold malloc's locks at the moment of the fork. */
static atomic_bool is_over;

static void *allocate_and_free(void *argument)
{
    void *blocks[64] = {NULL};
    for (size_t i = 0; !atomic_load(&is_over); i++) {
        free(blocks[i % 64]);
        blocks[i % 64] = malloc(1 + i * 37 % 3000);
    }
    for (size_t i = 0; i < 64; i++) free(blocks[i]);
    return argument;
}

/* The AddressSanitizer of GCC 12 does not wait for its own locks at a fork, as LLVM's has done since its pull request 75290 of
 * 2023: a child may find one held for ever.  So there are no threads there. */
#if defined(__SANITIZE_ADDRESS__)
enum { THREADS = 0 };
#else
enum { THREADS = 3 };
#endif

static void test_child_of_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS + 1];
    ouro_heap *heap = sample_heap(1000);
    atomic_store(&is_over, false);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, allocate_and_free, NULL), 0);
    ouro_error error;
    for (int i = 0; i < 20; i++) {
        save(heap, path, &in_child);
        if (ouro_snapshot_wait(heap, &error) != OURO_OK) fail_msg("%s", error.message);
        assert_int_equal(objects_in(path), test_heap_objects(heap));
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    ouro_heap_close(heap, NULL, NULL);
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_replaced),
        FILE_TEST(test_no_room),
        FILE_TEST(test_pipe),
        FILE_TEST(test_child),
        FILE_TEST(test_child_with_texts),
        FILE_TEST(test_child_fails),
        FILE_TEST(test_child_busy_and_killed),
        FILE_TEST(test_child_leaves_the_rest_alone),
        FILE_TEST(test_child_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
