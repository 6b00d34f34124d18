/* SPDX-License-Identifier: MIT */
/*
 * heap_sites.c -- where in the program the objects of a traced heap were born
 *
 * Sites are saved in the order of their numbers in the heap, so that they have the same numbers in the snapshot.
 * Frames are as the heap knows them: program counters, which the `ouro` command finds names for.
 */
#include <ouro/trace.h>

#include "saving.h"

static ouro_snapshot_frame frame_of(ouro_snapshot_writer *writer, const ouro_trace_place *place)
{
    return (ouro_snapshot_frame){
        .pc = place->pc,
        .offset = place->offset,
        .module = ouro_snapshot_string(writer, place->module),
        .function = ouro_snapshot_string(writer, place->function),
        .file = ouro_snapshot_string(writer, place->file),
        .line = place->line,
    };
}

static void save_site(struct ouro__saving *saving, uint32_t number, const ouro_trace_site *site)
{
    ouro_trace_place places[OURO_TRACE_FRAMES_MAX];
    ouro_snapshot_frame frames[OURO_TRACE_FRAMES_MAX];
    const size_t count = ouro_trace_get_frames(saving->heap, number, places, OURO_TRACE_FRAMES_MAX);
    for (size_t i = 0; i < count; i++) frames[i] = frame_of(saving->writer, &places[i]);
    const ouro_snapshot_site row = {
        .frame_count = (uint32_t)count,
        .live_objects = site->live_objects,
        .live_bytes = site->live_bytes,
        .objects = site->objects,
        .bytes = site->bytes,
        .peak_bytes = site->peak_bytes,
    };
    (void)ouro_snapshot_add_site(saving->writer, &row, frames);
}

void ouro__save_sites(struct ouro__saving *saving)
{
    ouro_trace_site site;
    while (ouro_trace_get_site(saving->heap, saving->sites + 1, &site))
        save_site(saving, ++saving->sites, &site);
}
