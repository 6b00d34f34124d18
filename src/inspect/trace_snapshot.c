/* SPDX-License-Identifier: MIT */
/*
 * trace_snapshot.c -- all sites at one moment, and what is asked of them
 *                                                                     [floor 7]
 * A snapshot is a copy: sites, frames, and the texts of the frames, which do not depend on the heap any more.
 *
 *     sites[] --first_frame--> frames[] --module, function, file--> texts
 *
 * Statistics sort the (site, frame) pairs of a snapshot by what they are grouped by, and add up neighbours.
 * Memory here is of malloc: snapshots outlive heaps.
 *
 * Neighbours: heap/trace.c answers of single sites.
 */
#include "heap/heap.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

struct place_range {
    uint32_t first, count;
};

struct ouro_trace_snapshot {
    uint32_t site_count, frame_count;
    ouro_trace_site *sites;
    struct place_range *ranges; /* of the sites' frames */
    ouro_trace_place *frames;
    char *texts;
    ouro_trace_statistic *rows; /* of the last statistics */
};

static ouro_status refuse_memory(ouro_error *out_error)
{
    return ouro__error_fill(out_error, OURO_NO_MEMORY,
                            "the system gave no memory for a snapshot of sites");
}

/* ---- making one ---- */

static size_t text_size(const ouro_trace_place *place)
{
    return strlen(place->module) + strlen(place->function) + strlen(place->file) + 3;
}

static void move_text(const char **text, char **to)
{
    size_t size = strlen(*text) + 1;
    memcpy(*to, *text, size);
    *text = *to;
    *to += size;
}

/* The frames' texts become the snapshot's own. */
static bool copy_texts(ouro_trace_snapshot *snapshot)
{
    size_t size = 1;
    for (uint32_t i = 0; i < snapshot->frame_count; i++) size += text_size(&snapshot->frames[i]);
    char *to = snapshot->texts = malloc(size);
    if (to == NULL) return false;
    for (uint32_t i = 0; i < snapshot->frame_count; i++) {
        move_text(&snapshot->frames[i].module, &to);
        move_text(&snapshot->frames[i].function, &to);
        move_text(&snapshot->frames[i].file, &to);
    }
    return true;
}

static ouro_trace_snapshot *new_snapshot(uint32_t sites, uint32_t frames)
{
    ouro_trace_snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot == NULL) return NULL;
    snapshot->sites = calloc((size_t)sites + 1, sizeof *snapshot->sites);
    snapshot->ranges = calloc((size_t)sites + 1, sizeof *snapshot->ranges);
    snapshot->frames = calloc((size_t)frames + 1, sizeof *snapshot->frames);
    if (snapshot->sites != NULL && snapshot->ranges != NULL && snapshot->frames != NULL)
        return snapshot;
    ouro_trace_snapshot_free(snapshot);
    return NULL;
}

ouro_trace_snapshot *ouro_trace_take(const ouro_heap *heap, ouro_error *out_error)
{
    const struct ouro__trace *trace = ouro__trace_of(ouro__heap_pools(heap));
    if (trace == NULL) {
        (void)ouro__error_fill(
            out_error, OURO_EMPTY,
            "heap \"%s\" is not traced: ouro_trace_start, or OURO_TRACE, begins that", heap->name);
        return NULL;
    }
    const struct ouro__sites *sites = &trace->sites;
    ouro_trace_snapshot *snapshot = new_snapshot(sites->count, sites->frame_count);
    if (snapshot == NULL) {
        (void)refuse_memory(out_error);
        return NULL;
    }
    snapshot->site_count = sites->count;
    snapshot->frame_count = sites->frame_count;
    for (uint32_t i = 0; i < sites->count; i++) {
        const struct ouro__site *site = &sites->site[i + 1];
        (void)ouro_trace_get_site(heap, i + 1, &snapshot->sites[i]);
        snapshot->ranges[i] = (struct place_range){site->first_frame, site->frame_count};
    }
    for (uint32_t i = 0; i < sites->frame_count; i++)
        snapshot->frames[i] = ouro__trace_place(trace, &sites->frame[i]);
    if (copy_texts(snapshot)) return snapshot;
    ouro_trace_snapshot_free(snapshot);
    (void)refuse_memory(out_error);
    return NULL;
}

void ouro_trace_snapshot_free(ouro_trace_snapshot *snapshot)
{
    if (snapshot == NULL) return;
    free(snapshot->sites);
    free(snapshot->ranges);
    free(snapshot->frames);
    free(snapshot->texts);
    free(snapshot->rows);
    free(snapshot);
}

uint32_t ouro_trace_snapshot_sites(const ouro_trace_snapshot *snapshot)
{
    return snapshot->site_count;
}

bool ouro_trace_snapshot_site(const ouro_trace_snapshot *snapshot, uint32_t index,
                              ouro_trace_site *out_site, const ouro_trace_place **out_frames)
{
    if (index >= snapshot->site_count) return false;
    *out_site = snapshot->sites[index];
    *out_frames = &snapshot->frames[snapshot->ranges[index].first];
    return true;
}

/* ---- filters ---- */

static bool fits_text(const char *pattern, const char *text)
{
    return pattern == NULL || fnmatch(pattern, text, 0) == 0;
}

static bool fits_place(const ouro_trace_filter *filter, const ouro_trace_place *place)
{
    return fits_text(filter->module, place->module) && fits_text(filter->file, place->file) &&
           fits_text(filter->function, place->function) &&
           (filter->line == 0 || filter->line == place->line);
}

static bool fits(const ouro_trace_snapshot *snapshot, const ouro_trace_filter *filter,
                 uint32_t index)
{
    if (filter->kind_matters && snapshot->sites[index].kind != filter->kind) return false;
    const bool asks_places = filter->module != NULL || filter->file != NULL ||
                             filter->function != NULL || filter->line != 0;
    if (!asks_places) return true;
    struct place_range range = snapshot->ranges[index];
    if (!filter->all_frames && range.count > 1) range.count = 1;
    for (uint32_t i = 0; i < range.count; i++)
        if (fits_place(filter, &snapshot->frames[range.first + i])) return true;
    return false;
}

/* As CPython's Snapshot.filter_traces: one including filter fits at least, if there are any, and no other. */
static bool stays(const ouro_trace_snapshot *snapshot, const ouro_trace_filter *filters,
                  size_t count, uint32_t index)
{
    bool included = false, includes = false;
    for (size_t i = 0; i < count; i++) {
        const bool fit = fits(snapshot, &filters[i], index);
        if (filters[i].exclude && fit) return false;
        if (filters[i].exclude) continue;
        includes = true;
        included |= fit;
    }
    return included || !includes;
}

ouro_trace_snapshot *ouro_trace_snapshot_filter(const ouro_trace_snapshot *snapshot,
                                                const ouro_trace_filter *filters, size_t count,
                                                ouro_error *out_error)
{
    ouro_trace_snapshot *left = new_snapshot(snapshot->site_count, snapshot->frame_count);
    if (left == NULL) {
        (void)refuse_memory(out_error);
        return NULL;
    }
    for (uint32_t i = 0; i < snapshot->site_count; i++) {
        if (!stays(snapshot, filters, count, i)) continue;
        const struct place_range range = snapshot->ranges[i];
        left->sites[left->site_count] = snapshot->sites[i];
        left->ranges[left->site_count++] = (struct place_range){left->frame_count, range.count};
        memcpy(&left->frames[left->frame_count], &snapshot->frames[range.first],
               range.count * sizeof *left->frames);
        left->frame_count += range.count;
    }
    if (copy_texts(left)) return left;
    ouro_trace_snapshot_free(left);
    (void)refuse_memory(out_error);
    return NULL;
}

/* ---- statistics ---- */

/* One site under one of the things that it is grouped by. */
struct share {
    const ouro_trace_place *frames;
    const ouro_trace_site *site;
    uint32_t count;
    bool before; /* of the older snapshot */
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Where a frame is: a line of a file, or a pc of a module. */
static int compare_lines(const ouro_trace_place *a, const ouro_trace_place *b)
{
    int order = strcmp(a->file, b->file);
    if (order == 0) order = compare_numbers(a->line, b->line);
    if (order != 0 || a->file[0] != '\0') return order;
    order = strcmp(a->module, b->module);
    return order != 0 ? order : compare_numbers(a->offset, b->offset);
}

static int compare_files(const ouro_trace_place *a, const ouro_trace_place *b)
{
    const int order = strcmp(a->file, b->file);
    return order != 0 || a->file[0] != '\0' ? order : strcmp(a->module, b->module);
}

/* A function without a name is a place of its own. */
static int compare_functions(const ouro_trace_place *a, const ouro_trace_place *b)
{
    int order = strcmp(a->function, b->function);
    if (order == 0) order = compare_files(a, b);
    return order != 0 || a->function[0] != '\0' ? order : compare_lines(a, b);
}

typedef int compare_function(const ouro_trace_place *a, const ouro_trace_place *b);

static int compare_shares(const struct share *a, const struct share *b, ouro_trace_by by)
{
    static compare_function *const compare[] = {
        [OURO_TRACE_BY_SITE] = compare_lines,
        [OURO_TRACE_BY_LINE] = compare_lines,
        [OURO_TRACE_BY_FUNCTION] = compare_functions,
        [OURO_TRACE_BY_FILE] = compare_files,
    };
    int order = 0;
    if (by == OURO_TRACE_BY_SITE || by == OURO_TRACE_BY_KIND)
        order = compare_numbers(a->site->kind, b->site->kind);
    if (by == OURO_TRACE_BY_KIND || order != 0) return order;
    order = compare_numbers(a->count, b->count);
    for (uint32_t i = 0; i < a->count && order == 0; i++)
        order = compare[by](&a->frames[i], &b->frames[i]);
    return order;
}

static int by_site(const void *a, const void *b)
{
    return compare_shares(a, b, OURO_TRACE_BY_SITE);
}

static int by_line(const void *a, const void *b)
{
    return compare_shares(a, b, OURO_TRACE_BY_LINE);
}

static int by_function(const void *a, const void *b)
{
    return compare_shares(a, b, OURO_TRACE_BY_FUNCTION);
}

static int by_file(const void *a, const void *b)
{
    return compare_shares(a, b, OURO_TRACE_BY_FILE);
}

static int by_kind(const void *a, const void *b)
{
    return compare_shares(a, b, OURO_TRACE_BY_KIND);
}

/* The largest first, by what grew and then by what there is. */
static int by_size(const void *a_pointer, const void *b_pointer)
{
    const ouro_trace_statistic *a = a_pointer, *b = b_pointer;
    int order = compare_numbers((uint64_t)llabs(b->bytes_grown), (uint64_t)llabs(a->bytes_grown));
    if (order == 0) order = compare_numbers(b->bytes, a->bytes);
    if (order == 0)
        order =
            compare_numbers((uint64_t)llabs(b->objects_grown), (uint64_t)llabs(a->objects_grown));
    if (order == 0) order = compare_numbers(b->objects, a->objects);
    for (uint32_t i = 0; order == 0 && i < a->frame_count && i < b->frame_count; i++)
        order = compare_lines(&a->frames[i], &b->frames[i]);
    return order != 0 ? order : compare_numbers(a->kind, b->kind);
}

typedef int sort_function(const void *a, const void *b);

/* Whether an inner frame is the same thing as this one: recursion counts once. */
static bool is_again(const struct share *share, const ouro_trace_place *frames, uint32_t frame,
                     sort_function *order)
{
    for (uint32_t inner = 0; inner < frame; inner++) {
        const struct share other = {&frames[inner], share->site, 1, share->before};
        if (order(share, &other) == 0) return true;
    }
    return false;
}

static size_t add_shares(const ouro_trace_snapshot *snapshot, ouro_trace_by by, bool before,
                         sort_function *order, struct share *out)
{
    const bool cumulative = (by & OURO_TRACE_CUMULATIVE) != 0;
    const ouro_trace_by what = by & ~(unsigned)OURO_TRACE_CUMULATIVE;
    size_t count = 0;
    for (uint32_t i = 0; i < snapshot->site_count; i++) {
        const struct place_range range = snapshot->ranges[i];
        const ouro_trace_place *frames = &snapshot->frames[range.first];
        uint32_t length = range.count > 0 ? 1 : 0;
        if (what == OURO_TRACE_BY_KIND) length = 0;
        if (what == OURO_TRACE_BY_SITE) length = range.count;
        out[count++] = (struct share){frames, &snapshot->sites[i], length, before};
        if (!cumulative || length != 1 || what == OURO_TRACE_BY_SITE) continue;
        for (uint32_t j = 1; j < range.count; j++) {
            const struct share share = {&frames[j], &snapshot->sites[i], 1, before};
            if (!is_again(&share, frames, j, order)) out[count++] = share;
        }
    }
    return count;
}

static void add_to_row(ouro_trace_statistic *row, const struct share *share, bool compares)
{
    const int64_t sign = share->before ? -1 : 1;
    if (!share->before) {
        row->bytes += share->site->live_bytes;
        row->objects += share->site->live_objects;
    }
    if (!compares) return;
    row->bytes_grown += sign * (int64_t)share->site->live_bytes;
    row->objects_grown += sign * (int64_t)share->site->live_objects;
}

/* Neighbours that are the same thing become one row each; returns how many. */
static size_t add_up(const struct share *shares, size_t count, sort_function *order, bool compares,
                     ouro_trace_statistic *rows)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || order(&shares[i - 1], &shares[i]) != 0)
            rows[used++] = (ouro_trace_statistic){.frames = shares[i].frames,
                                                  .frame_count = shares[i].count,
                                                  .kind = shares[i].site->kind};
        add_to_row(&rows[used - 1], &shares[i], compares);
    }
    size_t left = 0; /* what lived in neither is not worth a row */
    for (size_t i = 0; i < used; i++)
        if (rows[i].objects != 0 || rows[i].objects_grown != 0 || rows[i].bytes_grown != 0)
            rows[left++] = rows[i];
    return left;
}

static ouro_status group(ouro_trace_snapshot *after, const ouro_trace_snapshot *before,
                         ouro_trace_by by, const ouro_trace_statistic **out_rows, size_t *out_count,
                         ouro_error *out_error)
{
    static sort_function *const orders[] = {by_site, by_line, by_function, by_file, by_kind};
    const unsigned what = by & ~(unsigned)OURO_TRACE_CUMULATIVE;
    if (what > OURO_TRACE_BY_KIND)
        return ouro__error_fill(out_error, OURO_BAD_ARGUMENT,
                                "sites were to be grouped by what is none of OURO_TRACE_BY_");
    size_t room = (size_t)after->site_count + after->frame_count + 1;
    if (before != NULL) room += (size_t)before->site_count + before->frame_count;
    struct share *shares = malloc(room * sizeof *shares);
    ouro_trace_statistic *rows = malloc(room * sizeof *rows);
    if (shares == NULL || rows == NULL) {
        free(shares);
        free(rows);
        return refuse_memory(out_error);
    }
    size_t count = add_shares(after, by, false, orders[what], shares);
    if (before != NULL) count += add_shares(before, by, true, orders[what], shares + count);
    qsort(shares, count, sizeof *shares, orders[what]);
    count = add_up(shares, count, orders[what], before != NULL, rows);
    qsort(rows, count, sizeof *rows, by_size);
    free(shares);
    free(after->rows);
    *out_rows = after->rows = rows;
    *out_count = count;
    return OURO_OK;
}

ouro_status ouro_trace_statistics(ouro_trace_snapshot *snapshot, ouro_trace_by by,
                                  const ouro_trace_statistic **out_rows, size_t *out_count,
                                  ouro_error *out_error)
{
    return group(snapshot, NULL, by, out_rows, out_count, out_error);
}

ouro_status ouro_trace_compare(ouro_trace_snapshot *after, const ouro_trace_snapshot *before,
                               ouro_trace_by by, const ouro_trace_statistic **out_rows,
                               size_t *out_count, ouro_error *out_error)
{
    return group(after, before, by, out_rows, out_count, out_error);
}
