/* SPDX-License-Identifier: MIT */
/*
 * sites.c -- where objects were allocated: call chains, their frames named once
 *
 * Frames that the program did not name itself get function, file and line from the debug information of their
 * modules, where that is at hand.
 */
#include "report/report.h"

#include "report/tally.h"
#include "symbols/frames.h"

#include <stdlib.h>

static const ouro_snapshot_site *sorted_sites; /* qsort has no argument for it */

static int compare_sites(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const ouro_snapshot_site *x = &sorted_sites[left], *y = &sorted_sites[right];
    if (x->live_bytes != y->live_bytes) return x->live_bytes > y->live_bytes ? -1 : 1;
    return left < right ? -1 : left > right;
}

/* A frame's number among those that are written: the same place has one number. */
static uint32_t frame_number(const ouro_snapshot *snapshot, tally *frames, uint32_t frame)
{
    const ouro_snapshot_frame *named = &snapshot->frames[frame];
    if (named->pc == 0) return tally_add(frames, named->function, named->file, named->line);
    /* No line is that large: places by address stand apart from places by name. */
    return tally_add(frames, (uint32_t)(named->pc >> 32) | UINT32_C(1) << 31, (uint32_t)named->pc,
                     UINT32_MAX);
}

static bool write_site(report *made, uint32_t number, tally *frames, uint32_t *frame_of)
{
    const ouro_snapshot_site *site = &made->snapshot->sites[number];
    json *out = &made->out;
    json_open(out, '{');
    json_put(out, "site", number);
    json_put(out, "liveObjects", site->live_objects);
    json_put(out, "liveBytes", site->live_bytes);
    json_put(out, "objects", site->objects);
    json_put(out, "bytes", site->bytes);
    json_put(out, "peak", site->peak_bytes);
    json_key(out, "frames");
    json_open(out, '[');
    for (uint32_t i = 0; i < site->frame_count; i++) {
        uint32_t frame = site->first_frame + i;
        uint32_t at = frame_number(made->snapshot, frames, frame);
        if (at == TALLY_NONE) return false;
        frame_of[at] = frame;
        json_number(out, at);
    }
    json_close(out, ']');
    json_close(out, '}');
    return true;
}

static void write_frame(report *made, struct symbols *symbols, uint32_t frame)
{
    const ouro_snapshot_frame *row = &made->snapshot->frames[frame];
    struct symbol named;
    json *out = &made->out;
    frame_name(symbols, made->snapshot, frame, &named);
    json_open(out, '[');
    json_text(out, named.function, REPORT_NAME_BYTES);
    json_text(out, named.file, REPORT_NAME_BYTES);
    json_number(out, named.line);
    json_text(out, made->snapshot->strings[row->module], REPORT_NAME_BYTES);
    json_address(out, row->module != 0 ? row->offset : row->pc);
    json_close(out, ']');
}

static void write_frames(report *made, const tally *frames, const uint32_t *frame_of)
{
    struct symbols *symbols = symbols_are_available() ? symbols_new() : NULL;
    json_key(&made->out, "frames");
    json_open(&made->out, '[');
    for (size_t i = 0; i < frames->length; i++) write_frame(made, symbols, frame_of[i]);
    json_close(&made->out, ']');
    if (symbols != NULL) symbols_free(symbols);
}

/* Site 0 is "unknown": it is none.  `order` gets the others, most alive first. */
static uint32_t order_sites(const ouro_snapshot *snapshot, uint32_t *order)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < snapshot->site_count; i++) order[count++] = i;
    sorted_sites = snapshot->sites;
    if (count > 1) qsort(order, count, sizeof(uint32_t), compare_sites);
    return count;
}

static bool write_sites(report *made, uint32_t *order, uint32_t *frame_of, tally *frames)
{
    uint32_t count = order_sites(made->snapshot, order);
    uint32_t shown = count < REPORT_SITES ? count : REPORT_SITES;
    uint64_t omitted = 0;
    json_put(&made->out, "count", count);
    json_key(&made->out, "list");
    json_open(&made->out, '[');
    for (uint32_t i = 0; i < shown; i++)
        if (!write_site(made, order[i], frames, frame_of)) return false;
    json_close(&made->out, ']');
    for (uint32_t i = shown; i < count; i++) omitted += made->snapshot->sites[order[i]].live_bytes;
    write_frames(made, frames, frame_of);
    json_put(&made->out, "omitted", count - shown);
    json_put(&made->out, "omittedBytes", omitted);
    return true;
}

bool report_sites(report *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    tally frames = {0};
    uint32_t *order = malloc((snapshot->site_count + (size_t)1) * sizeof(uint32_t));
    uint32_t *frame_of = malloc((snapshot->frame_count + (size_t)1) * sizeof(uint32_t));
    json_key(&made->out, "sites");
    json_open(&made->out, '{');
    bool good = order != NULL && frame_of != NULL && write_sites(made, order, frame_of, &frames);
    json_close(&made->out, '}');
    tally_free(&frames);
    free(order);
    free(frame_of);
    return good;
}
