/* SPDX-License-Identifier: MIT */
/*
 * sites.c -- what lives, by the places that allocated it
 */
#include "sites.h"

#include <stdlib.h>
#include <string.h>

static int compare_numbers(uint64_t left, uint64_t right)
{
    return left < right ? -1 : left > right;
}

static int compare_frames(const ouro_snapshot *a, const ouro_snapshot_frame *left,
                          const ouro_snapshot *b, const ouro_snapshot_frame *right)
{
    int order = compare_numbers(left->pc == 0, right->pc == 0);
    if (order == 0) order = strcmp(a->strings[left->module], b->strings[right->module]);
    if (order == 0 && left->pc != 0) {
        bool known = *a->strings[left->module] != '\0';
        return known ? compare_numbers(left->offset, right->offset)
                     : compare_numbers(left->pc, right->pc);
    }
    if (order == 0) order = strcmp(a->strings[left->function], b->strings[right->function]);
    if (order == 0) order = strcmp(a->strings[left->file], b->strings[right->file]);
    return order != 0 ? order : compare_numbers(left->line, right->line);
}

/* By their frames alone. */
static int compare_places(const site_row *left, const site_row *right)
{
    const ouro_snapshot_site *a = &left->snapshot->sites[left->site];
    const ouro_snapshot_site *b = &right->snapshot->sites[right->site];
    for (uint32_t i = 0; i < a->frame_count && i < b->frame_count; i++) {
        int order = compare_frames(left->snapshot, &left->snapshot->frames[a->first_frame + i],
                                   right->snapshot, &right->snapshot->frames[b->first_frame + i]);
        if (order != 0) return order;
    }
    return compare_numbers(a->frame_count, b->frame_count);
}

static const ouro_snapshot *later; /* qsort has no argument for it */

/* Of one place those of the later snapshot come first. */
static int compare_rows(const void *a, const void *b)
{
    const site_row *left = a, *right = b;
    int order = compare_places(left, right);
    if (order == 0) order = compare_numbers(left->snapshot != later, right->snapshot != later);
    return order != 0 ? order : compare_numbers(left->site, right->site);
}

static int64_t growth_of(const site_row *row)
{
    return (int64_t)(row->bytes_after - row->bytes_before);
}

static int compare_growth(const void *a, const void *b)
{
    const site_row *left = a, *right = b;
    if (growth_of(left) != growth_of(right)) return growth_of(left) > growth_of(right) ? -1 : 1;
    if (left->bytes_after != right->bytes_after)
        return left->bytes_after > right->bytes_after ? -1 : 1;
    if (left->made_bytes != right->made_bytes) return left->made_bytes > right->made_bytes ? -1 : 1;
    return compare_places(left, right);
}

bool sites_are_known(const ouro_snapshot *snapshot)
{
    return snapshot->site_count > 1;
}

bool sites_have_sums(const ouro_snapshot *snapshot)
{
    for (uint32_t s = 0; s < snapshot->site_count; s++)
        if (snapshot->sites[s].live_objects > 0) return true;
    return false;
}

/* ---- counting ---- */

/* Adds up what the sites of one snapshot say. */
static void add_sums(site_row *rows, const ouro_snapshot *snapshot, bool is_after)
{
    for (uint32_t s = 0; s < snapshot->site_count; s++) {
        const ouro_snapshot_site *site = &snapshot->sites[s];
        *(is_after ? &rows[s].objects_after : &rows[s].objects_before) = site->live_objects;
        *(is_after ? &rows[s].bytes_after : &rows[s].bytes_before) = site->live_bytes;
    }
}

static void add_objects(site_row *rows, const ouro_snapshot *snapshot, const char *type,
                        bool is_after)
{
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        const ouro_snapshot_type *of = &snapshot->types[snapshot->object_types[n]];
        if (type != NULL && strcmp(snapshot->strings[of->name], type) != 0) continue;
        site_row *row = &rows[snapshot->object_sites[n]];
        (*(is_after ? &row->objects_after : &row->objects_before))++;
        *(is_after ? &row->bytes_after : &row->bytes_before) += snapshot->sizes[n];
    }
}

/* A row for each site of one snapshot. */
static void fill(const site_rows *counted, site_row *rows, const ouro_snapshot *snapshot,
                 const char *type, bool is_after)
{
    for (uint32_t s = 0; s < snapshot->site_count; s++) {
        const ouro_snapshot_site *site = &snapshot->sites[s];
        rows[s] = (site_row){.snapshot = snapshot, .site = s};
        if (type != NULL || !is_after) continue; /* what was ever made has no type */
        rows[s].peak_bytes = site->peak_bytes;
        rows[s].made_objects = site->objects;
        rows[s].made_bytes = site->bytes;
    }
    if (counted->estimated)
        add_sums(rows, snapshot, is_after);
    else
        add_objects(rows, snapshot, type, is_after);
}

static void add_row(site_row *sum, const site_row *row)
{
    sum->objects_before += row->objects_before;
    sum->bytes_before += row->bytes_before;
    sum->objects_after += row->objects_after;
    sum->bytes_after += row->bytes_after;
    if (sum->peak_bytes < row->peak_bytes) sum->peak_bytes = row->peak_bytes;
    sum->made_objects += row->made_objects;
    sum->made_bytes += row->made_bytes;
}

static bool is_empty(const site_row *row)
{
    return row->objects_before == 0 && row->objects_after == 0 && row->bytes_before == 0 &&
           row->bytes_after == 0 && row->made_objects == 0 && row->made_bytes == 0;
}

/* Rows of one place, which lie side by side, become one; those without anything go. */
static void join(site_rows *counted)
{
    size_t kept = 0, length = counted->length;
    for (size_t i = 0; i < length;) {
        site_row row = counted->rows[i++];
        while (i < length && compare_places(&row, &counted->rows[i]) == 0)
            add_row(&row, &counted->rows[i++]);
        add_row(&counted->total, &row);
        if (!is_empty(&row)) counted->rows[kept++] = row;
    }
    counted->length = kept;
}

bool sites_count(const ouro_snapshot *before, const ouro_snapshot *after, const char *type,
                 site_rows *out_rows)
{
    *out_rows = (site_rows){0};
    if (!sites_are_known(after) || (before != NULL && !sites_are_known(before))) return true;
    size_t of_before = before != NULL ? before->site_count : 0;
    out_rows->rows = malloc((of_before + after->site_count + 1) * sizeof(site_row));
    if (out_rows->rows == NULL) return false;
    out_rows->estimated =
        type == NULL && (sites_have_sums(after) || (before != NULL && sites_have_sums(before)));
    fill(out_rows, out_rows->rows, after, type, true);
    if (before != NULL) fill(out_rows, out_rows->rows + after->site_count, before, type, false);
    out_rows->length = of_before + after->site_count;
    later = after;
    qsort(out_rows->rows, out_rows->length, sizeof(site_row), compare_rows);
    join(out_rows);
    if (out_rows->length > 0)
        qsort(out_rows->rows, out_rows->length, sizeof(site_row), compare_growth);
    return true;
}

void sites_free(site_rows *counted)
{
    free(counted->rows);
    *counted = (site_rows){0};
}
