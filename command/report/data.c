/* SPDX-License-Identifier: MIT */
/*
 * data.c -- the data of a report as a whole, and types by number
 *
 * Types are written last: only then is it known which of those beyond the census are named somewhere.
 */
#include "report/report.h"

#include <stdlib.h>

/* ---- types ------------------------------------------------------------------ */

static uint32_t add_type(report *made, report_type added)
{
    if (made->type_count == made->type_capacity) {
        size_t capacity = made->type_capacity == 0 ? 64 : 2 * made->type_capacity;
        report_type *types = realloc(made->types, capacity * sizeof(report_type));
        if (types == NULL) return OURO_GRAPH_NONE;
        made->types = types;
        made->type_capacity = capacity;
    }
    made->types[made->type_count] = added;
    return (uint32_t)made->type_count++;
}

uint32_t report_type_number(report *made, uint32_t type)
{
    if (made->number_of[type] == OURO_GRAPH_NONE)
        made->number_of[type] = add_type(made, (report_type){.type = type});
    return made->number_of[type];
}

uint32_t report_name_number(report *made, const char *name)
{
    return add_type(made, (report_type){.type = OURO_GRAPH_NONE, .name = name});
}

static bool number_types(report *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    made->number_of = malloc((snapshot->type_count + (size_t)1) * sizeof(uint32_t));
    if (made->number_of == NULL) return false;
    for (uint32_t i = 0; i < snapshot->type_count; i++) made->number_of[i] = OURO_GRAPH_NONE;
    made->census_count = made->counted.length < REPORT_TYPES ? made->counted.length : REPORT_TYPES;
    for (size_t i = 0; i < made->census_count; i++)
        if (report_type_number(made, made->counted.rows[i].type) != i) return false;
    return true;
}

/* ---- objects and edges --------------------------------------------------------- */

void report_type_of_object(report *made, uint32_t object)
{
    uint32_t number = report_type_number(made, made->snapshot->object_types[object]);
    json_signed(&made->out, number == OURO_GRAPH_NONE ? -1 : (int64_t)number);
}

void report_text_of_object(report *made, uint32_t object)
{
    const ouro_snapshot *snapshot = made->snapshot;
    json_text(&made->out, snapshot->strings[snapshot->texts[object]], REPORT_TEXT_BYTES);
}

void report_address_of_object(report *made, uint32_t object)
{
    json_address(&made->out, made->snapshot->addresses[object]);
}

void report_edge(report *made, uint32_t edge)
{
    const ouro_snapshot *snapshot = made->snapshot;
    if (edge == OURO_GRAPH_NONE) {
        json_null(&made->out);
        return;
    }
    const ouro_snapshot_label *label = &snapshot->labels[snapshot->labels_of[edge]];
    json_open(&made->out, '[');
    json_number(&made->out, label->kind);
    json_text(&made->out, snapshot->strings[label->name], REPORT_TEXT_BYTES);
    json_number(&made->out, snapshot->indexes[edge]);
    json_close(&made->out, ']');
}

/* ---- parts --------------------------------------------------------------------- */

static void write_notes(report *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    json_key(&made->out, "notes");
    json_open(&made->out, '[');
    for (uint32_t i = 0; i < snapshot->note_count; i++) {
        json_open(&made->out, '[');
        json_text(&made->out, snapshot->strings[snapshot->note_keys[i]], REPORT_TEXT_BYTES);
        json_text(&made->out, snapshot->strings[snapshot->note_values[i]], REPORT_NAME_BYTES);
        json_close(&made->out, ']');
    }
    json_close(&made->out, ']');
}

static void write_totals(report *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    const census_row *total = &made->counted.total;
    json *out = &made->out;
    json_key(out, "totals");
    json_open(out, '{');
    json_put(out, "objects", snapshot->object_count);
    json_put(out, "bytes", total->bytes);
    json_put(out, "edges",
             snapshot->object_count == 0 ? 0 : snapshot->graph.first[snapshot->object_count]);
    json_put(out, "looseEdges", snapshot->loose_count);
    json_put(out, "droppedEdges", snapshot->dropped_edges);
    json_put(out, "types", made->counted.length);
    json_put(out, "roots", snapshot->root_count);
    json_put(out, "unreachable", snapshot->object_count - made->held.reached_objects);
    json_put(out, "unreachableBytes", total->bytes - made->held.reached_bytes);
    json_put(out, "fileBytes", snapshot->file_bytes);
    json_put(out, "unpackedBytes", snapshot->unpacked_bytes);
    json_close(out, '}');
}

static void write_census(report *made)
{
    uint64_t objects = made->counted.total.objects, bytes = made->counted.total.bytes;
    for (size_t i = 0; i < made->census_count; i++) {
        objects -= made->counted.rows[i].objects;
        bytes -= made->counted.rows[i].bytes;
    }
    json_key(&made->out, "census");
    json_open(&made->out, '{');
    json_put(&made->out, "count", made->census_count);
    json_put(&made->out, "omitted", made->counted.length - made->census_count);
    json_put(&made->out, "omittedObjects", objects);
    json_put(&made->out, "omittedBytes", bytes);
    json_close(&made->out, '}');
}

/* One type: of the census, of the snapshot beyond it, or of an earlier snapshot alone. */
static void write_type(report *made, size_t number)
{
    const ouro_snapshot *snapshot = made->snapshot;
    const report_type *written = &made->types[number];
    bool known = written->type != OURO_GRAPH_NONE;
    const char *name =
        known ? snapshot->strings[snapshot->types[written->type].name] : written->name;
    census_row none = {0};
    const census_row *row = number < made->census_count ? &made->counted.rows[number] : &none;
    json *out = &made->out;
    json_open(out, '[');
    json_text(out, name, REPORT_NAME_BYTES);
    json_number(out, known ? snapshot->types[written->type].flags : 0);
    json_number(out, row->objects);
    json_number(out, row->bytes);
    json_number(out, row->retained);
    json_number(out, row->objects == 0 ? 0 : snapshot->sizes[row->largest]);
    json_close(out, ']');
}

static void write_types(report *made)
{
    json_key(&made->out, "types");
    json_open(&made->out, '[');
    for (size_t i = 0; i < made->type_count; i++) write_type(made, i);
    json_close(&made->out, ']');
}

bool report_write(report *made, const char *file, const change *changed)
{
    json *out = &made->out;
    if (!number_types(made)) return false;
    json_open(out, '{');
    json_put(out, "version", 1);
    json_put_text(out, "generator", ouro_version());
    json_put_text(out, "file", file);
    write_notes(made);
    write_totals(made);
    write_census(made);
    bool good = report_trees(made) && report_holders(made) && report_cycles(made) &&
                report_growth(made, changed) && report_pools(made) && report_timeline(made) &&
                report_sites(made);
    write_types(made);
    json_close(out, '}');
    return good;
}

void report_free(report *made)
{
    retention_free(&made->held);
    census_free(&made->counted);
    free(made->types);
    free(made->number_of);
    *made = (report){0};
}
