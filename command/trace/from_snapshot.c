/* SPDX-License-Identifier: MIT */
/*
 * from_snapshot.c -- the events and samples that a snapshot has
 */
#include "trace/trace.h"

#include "command.h"
#include "utf8.h"

#include <ouro/snapshot.h>

#include <stdlib.h>

static void describe(trace_heap *heap, const ouro_snapshot *snapshot)
{
    const char *program = ouro_snapshot_note_of(snapshot, "program");
    const char *process = ouro_snapshot_note_of(snapshot, "pid");
    const char *name = ouro_snapshot_note_of(snapshot, "heap");
    utf8_copy(heap->program, sizeof heap->program, program != NULL ? program : "program");
    utf8_copy(heap->name, sizeof heap->name, name != NULL ? name : "heap");
    heap->process = process != NULL ? (uint32_t)strtoul(process, NULL, 10) : 1;
}

static bool take_rows(trace_heap *heap, const ouro_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->event_count; i++) {
        const ouro_snapshot_event *row = &snapshot->events[i];
        trace_event event = {
            .kind = row->kind,
            .generation = (int)(row->generation & 3),
            .start = row->start,
            .nanoseconds = row->nanoseconds,
            .candidates = row->candidates,
            .collected = row->collected,
            .uncollectable = row->uncollectable,
        };
        utf8_copy(event.name, sizeof event.name, snapshot->strings[row->name]);
        if (!trace_add_event(heap, &event)) return false;
    }
    for (uint32_t i = 0; i < snapshot->sample_count; i++) {
        const ouro_snapshot_sample *row = &snapshot->samples[i];
        trace_sample sample = {row->time, row->objects, row->live_bytes, row->committed_bytes};
        if (!trace_add_sample(heap, &sample)) return false;
    }
    return true;
}

int trace_read_snapshot(trace *traced, const char *path)
{
    ouro_error error;
    ouro_snapshot *snapshot = ouro_snapshot_open(path, NULL, &error);
    if (snapshot == NULL) {
        complain("%s", error.message); /* begins with the path */
        return error.status == OURO_NO_MEMORY ? COMMAND_FAILED : COMMAND_BAD_INPUT;
    }
    trace_heap *heap = trace_add_heap(traced, "snapshot");
    bool taken = heap != NULL;
    if (taken) {
        describe(heap, snapshot);
        taken = take_rows(heap, snapshot);
    }
    ouro_snapshot_close(snapshot);
    return taken ? COMMAND_OK : COMMAND_FAILED;
}
