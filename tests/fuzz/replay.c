/* SPDX-License-Identifier: MIT */
/*
 * replay.c -- runs programs that a fuzzer has kept
 *
 *     replay PATH...               files, or all files of folders
 *     replay --make FOLDER COUNT   writes random programs into a folder, for a fuzzer to begin with
 *
 * Nothing of a fuzzer is needed.  The name of a program is told before it runs, so that the last one named is the
 * one that failed.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/program.h"
#include "support/covered.h"

enum { BYTES_MAX = 1 << 16, OPERATIONS_MADE = 60 };

static size_t programs, operations;

static void fail(const char *what, const char *path)
{
    fprintf(stderr, "replay: %s %s\n", what, path);
    exit(2);
}

static void run_file(const char *path)
{
    static uint8_t bytes[BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail("cannot open", path);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    if (ferror(file)) fail("cannot read", path);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    operations += program_run(bytes, size);
    programs++;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void run_folder(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_shown, alphasort);
    if (count < 0) fail("cannot read", folder);
    for (int i = 0; i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        run_file(path);
        free(entries[i]);
    }
    free(entries);
}

static void make(const char *folder, unsigned long count)
{
    static uint8_t bytes[BYTES_MAX];
    for (unsigned long seed = 0; seed < count; seed++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/random-%lu", folder, seed);
        size_t size = program_make(seed, OPERATIONS_MADE, bytes, sizeof bytes);
        FILE *file = fopen(path, "wb");
        if (file == NULL || fwrite(bytes, 1, size, file) != size || fclose(file) != 0)
            fail("cannot write", path);
    }
}

int main(int count, char **arguments)
{
    if (count == 4 && strcmp(arguments[1], "--make") == 0) {
        make(arguments[2], strtoul(arguments[3], NULL, 10));
        return 0;
    }
    for (int i = 1; i < count; i++) {
        struct stat status;
        if (stat(arguments[i], &status) != 0) fail("cannot find", arguments[i]);
        if (S_ISDIR(status.st_mode))
            run_folder(arguments[i]);
        else
            run_file(arguments[i]);
    }
    if (programs == 0) fail("no program in", count > 1 ? arguments[1] : "nothing");
    test_covered(programs, "programs kept by fuzzers");
    test_covered(operations, "operations of programs kept by fuzzers");
    return 0;
}
