/* SPDX-License-Identifier: MIT */
/*
 * heap.c -- a snapshot of a heap
 *
 *     notes, sites  ->  objects, references, roots  ->  pools, cycles, events  ->  end        into a sink, a file, or a child's file
 *
 * Reads and counts, by the functions that may be called at any moment; the heap does not change meanwhile.
 */
#include "child.h"
#include "failure.h"
#include "file.h"
#include "saving.h"

ouro_status ouro__save_heap(ouro_heap *heap, const ouro_snapshot_sink *sink,
                            const ouro_snapshot_options *options, ouro_error *error)
{
    struct ouro__saving saving = {.heap = heap, .options = options};
    saving.writer = ouro_snapshot_writer_new(sink, error);
    if (saving.writer == NULL) return OURO_NO_MEMORY;
    ouro__save_notes(&saving);
    ouro__save_sites(&saving);
    ouro__save_objects(&saving);
    ouro__save_pools(&saving);
    ouro__save_cycles(&saving);
    ouro__save_events(&saving);
    return ouro_snapshot_writer_finish(saving.writer, error);
}

ouro_status ouro_snapshot_write(ouro_heap *heap, const ouro_snapshot_sink *sink,
                                const ouro_snapshot_options *options, ouro_error *out_error)
{
    return ouro__save_heap(heap, sink, options, out_error);
}

static ouro_status save_to_file(ouro_heap *heap, const char *path,
                                const ouro_snapshot_options *options, ouro_error *error)
{
    struct ouro__file file;
    ouro_status status = ouro__file_begin(&file, path, error);
    if (status != OURO_OK) return status;
    ouro_snapshot_sink sink = ouro__file_sink(&file);
    status = ouro__save_heap(heap, &sink, options, error);
    if (status == OURO_SYSTEM) ouro__say_where(error, path);
    ouro_status end = ouro__file_end(&file, status == OURO_OK, error);
    return status != OURO_OK ? status : end;
}

ouro_status ouro_snapshot_save(ouro_heap *heap, const char *path,
                               const ouro_snapshot_options *options, ouro_error *out_error)
{
    if (options != NULL && options->in_child)
        return ouro__child_save(heap, path, options, save_to_file, out_error);
    return save_to_file(heap, path, options, out_error);
}

ouro_status ouro_snapshot_wait(ouro_heap *heap, ouro_error *out_error)
{
    return ouro__child_wait(heap, out_error);
}
