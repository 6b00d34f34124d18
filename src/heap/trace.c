/* SPDX-License-Identifier: MIT */
/*
 * trace.c -- the front door of allocation tracing                      [floor 6]
 *
 * The room tracing keeps the tables; here are the options, the errors and the questions of single objects and
 * sites.  Neighbours: inspect/trace_snapshot.c copies all sites at once.
 */
#include "heap/heap.h"

/* ---- beginning and end ---- */

ouro_status ouro_trace_start(ouro_heap *heap, const ouro_trace_options *given,
                             ouro_error *out_error)
{
    const struct ouro__caller caller = OURO__CALLER();
    ouro_trace_options options = given != NULL ? *given : (ouro_trace_options){0};
    if (options.frames == 0) options.frames = 1;
    if (options.frames > OURO_TRACE_FRAMES_MAX)
        return ouro__error_fill(out_error, OURO_BAD_ARGUMENT,
                                "tracing was asked for %u frames: OURO_TRACE_FRAMES_MAX, %d, is "
                                "the most",
                                options.frames, OURO_TRACE_FRAMES_MAX);
    if (options.unwind > OURO_TRACE_UNWIND_TABLES)
        return ouro__error_fill(out_error, OURO_BAD_ARGUMENT,
                                "option unwind of tracing is none of OURO_TRACE_UNWIND_");
    if (ouro_trace_is_on(heap))
        return ouro__error_fill(out_error, OURO_BUSY,
                                "heap \"%s\" is traced already: ouro_trace_stop ends that",
                                heap->name);
    if (ouro__trace_start(ouro__heap_pools(heap), &options, caller) == NULL)
        return ouro__error_fill(out_error, OURO_NO_MEMORY,
                                "the system gave no memory for the tables of tracing");
    return OURO_OK;
}

void ouro_trace_stop(ouro_heap *heap)
{
    ouro__trace_stop(ouro__heap_pools(heap));
}

void ouro_trace_clear(ouro_heap *heap)
{
    ouro__trace_clear(ouro__heap_pools(heap));
}

static const struct ouro__trace *trace_of(const ouro_heap *heap)
{
    return ouro__trace_of(ouro__heap_pools(heap));
}

bool ouro_trace_is_on(const ouro_heap *heap)
{
    return trace_of(heap) != NULL;
}

ouro_trace_options ouro_trace_get_options(const ouro_heap *heap)
{
    const struct ouro__trace *trace = trace_of(heap);
    return trace != NULL ? trace->options : (ouro_trace_options){0};
}

const ouro_trace_position *ouro_trace_frame(ouro_heap *heap, const ouro_trace_position *position)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    const ouro_trace_position *before = pools->position;
    pools->position = position;
    return before;
}

/* ---- what is known ---- */

static uint64_t whole(uint64_t parts)
{
    return (parts + OURO__SITE_PARTS / 2) / OURO__SITE_PARTS;
}

void ouro_trace_get_totals(const ouro_heap *heap, ouro_trace_totals *out_totals)
{
    const struct ouro__trace *trace = trace_of(heap);
    *out_totals = (ouro_trace_totals){0};
    if (trace == NULL) return;
    out_totals->current = trace->live_bytes;
    out_totals->peak = trace->peak_bytes;
    out_totals->objects = whole(trace->live_parts);
    out_totals->table_bytes = trace->store.bytes + sizeof *trace;
    out_totals->lost = trace->lost;
    out_totals->sites = trace->sites.count;
}

void ouro_trace_reset_peak(ouro_heap *heap)
{
    struct ouro__trace *trace = ouro__trace_of(ouro__heap_pools(heap));
    if (trace != NULL) trace->peak_bytes = trace->live_bytes;
}

uint32_t ouro_trace_site_of(const void *memory)
{
    const uint32_t number = memory != NULL ? ouro__trace_number(memory) : 0;
    return ouro__number_is_live(number) ? number : 0;
}

static const struct ouro__site *site_of(const ouro_heap *heap, uint32_t number)
{
    const struct ouro__trace *trace = trace_of(heap);
    if (trace == NULL || number == 0 || number > trace->sites.count) return NULL;
    return &trace->sites.site[number];
}

bool ouro_trace_get_site(const ouro_heap *heap, uint32_t number, ouro_trace_site *out_site)
{
    const struct ouro__site *site = site_of(heap, number);
    if (site == NULL) return false;
    *out_site = (ouro_trace_site){
        .kind = site->kind,
        .frame_count = site->frame_count,
        .live_objects = whole(site->live_parts),
        .live_bytes = site->live_bytes,
        .objects = whole(site->parts),
        .bytes = site->bytes,
        .peak_bytes = site->peak_bytes,
    };
    return true;
}

size_t ouro_trace_get_frames(const ouro_heap *heap, uint32_t number, ouro_trace_place *out_frames,
                             size_t capacity)
{
    const struct ouro__site *site = site_of(heap, number);
    if (site == NULL) return 0;
    const struct ouro__trace *trace = trace_of(heap);
    for (uint32_t i = 0; i < site->frame_count && i < capacity; i++)
        out_frames[i] = ouro__trace_place(trace, &trace->sites.frame[site->first_frame + i]);
    return site->frame_count;
}

size_t ouro_trace_of(const void *memory, ouro_trace_place *out_frames, size_t capacity)
{
    const uint32_t number = ouro_trace_site_of(memory);
    if (number == 0) return 0;
    return ouro_trace_get_frames(ouro__arena_of(memory)->owner, number, out_frames, capacity);
}
