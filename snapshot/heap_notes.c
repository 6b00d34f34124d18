/* SPDX-License-Identifier: MIT */
/*
 * heap_notes.c -- which program, which process, which moment
 */
#include "saving.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void note_program(ouro_snapshot_writer *writer)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = '\0';
    ouro_snapshot_note(writer, "program", path);
}

static void note_time(ouro_snapshot_writer *writer)
{
    char text[32];
    struct tm parts;
    time_t now = time(NULL);
    if (gmtime_r(&now, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return;
    ouro_snapshot_note(writer, "time", text);
}

static void note_number(ouro_snapshot_writer *writer, const char *key, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    ouro_snapshot_note(writer, key, text);
}

/* Numbers of the whole that no row has. */
static void note_memory(struct ouro__saving *saving)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(saving->heap, &stats);
    note_number(saving->writer, "raw_blocks", stats.raw_blocks);
    note_number(saving->writer, "raw_bytes", stats.raw_bytes);
    note_number(saving->writer, "accounted_bytes", stats.accounted_bytes);
    note_number(saving->writer, "committed_bytes", stats.committed_bytes);
    note_number(saving->writer, "resident_bytes", stats.resident_bytes);
    note_number(saving->writer, "reserved_bytes", stats.reserved_bytes);
}

void ouro__save_notes(struct ouro__saving *saving)
{
    char source[32];
    snprintf(source, sizeof source, "ouro %s", ouro_version());
    ouro_snapshot_note(saving->writer, "source", source);
    ouro_snapshot_note(saving->writer, "heap", ouro_heap_name(saving->heap));
    note_program(saving->writer);
    note_number(saving->writer, "pid", (uint64_t)getpid());
    note_time(saving->writer);
    note_memory(saving);
}
