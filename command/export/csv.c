/* SPDX-License-Identifier: MIT */
/*
 * csv.c -- tables for spreadsheets and data frames, as RFC 4180 has them
 *
 * Three tables of a snapshot; objects are named by their addresses in all of them.
 */
#include "analysis/census.h"
#include "analysis/describe.h"
#include "export.h"

#include <inttypes.h>
#include <string.h>

/* A field in quotes where it needs them. */
static void write_field(sink *out, const char *field)
{
    if (strpbrk(field, ",\"\r\n") == NULL) {
        sink_text(out, field);
        return;
    }
    sink_text(out, "\"");
    for (const char *quote; (quote = strchr(field, '"')) != NULL; field = quote + 1) {
        sink_bytes(out, field, (size_t)(quote - field) + 1);
        sink_text(out, "\"");
    }
    sink_text(out, field);
    sink_text(out, "\"");
}

/* A number and what comes before it. */
static void write_number(sink *out, uint64_t number)
{
    sink_text(out, ",");
    sink_number(out, number);
}

static const char *type_name(const ouro_snapshot *snapshot, uint32_t type)
{
    return snapshot->strings[snapshot->types[type].name];
}

static bool write_objects(const export_request *request, const retention *held)
{
    const ouro_snapshot *snapshot = request->snapshot;
    sink *out = request->out;
    sink_text(out, "address,type,size,retained,count,generation,immortal,reached,text\r\n");
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        const unsigned flags = snapshot->flags[n];
        const unsigned generation = flags & OURO_OBJECT_GENERATION;
        sink_print(out, "0x%" PRIx64 ",", snapshot->addresses[n]);
        write_field(out, type_name(snapshot, snapshot->object_types[n]));
        write_number(out, snapshot->sizes[n]);
        write_number(out, held->retained[n]);
        write_number(out, snapshot->counts[n]);
        if (generation < 3)
            write_number(out, generation);
        else
            sink_text(out, ",");
        write_number(out, (flags & OURO_OBJECT_IS_IMMORTAL) != 0);
        write_number(out, held->dominator[n] != OURO_GRAPH_NONE);
        sink_text(out, ",");
        write_field(out, snapshot->strings[snapshot->texts[n]]);
        sink_text(out, "\r\n");
        if ((n & 0xFFFF) == 0) terminal_progress(request->terminal, n, snapshot->object_count);
    }
    return true;
}

static void write_edge(sink *out, const ouro_snapshot *snapshot, uint32_t owner, uint32_t target,
                       uint32_t label, uint32_t index)
{
    const ouro_snapshot_label *row = &snapshot->labels[label];
    sink_print(out, "0x%" PRIx64 ",0x%" PRIx64 ",%s,", snapshot->addresses[owner],
               snapshot->addresses[target], edge_kind_word(row->kind));
    write_field(out, snapshot->strings[row->name]);
    sink_text(out, ",");
    if (row->kind == OURO_EDGE_ITEM) sink_number(out, index);
    sink_text(out, "\r\n");
}

static bool write_edges(const export_request *request)
{
    const ouro_snapshot *snapshot = request->snapshot;
    const ouro_graph *graph = &snapshot->graph;
    uint32_t loose = 0;
    sink_text(request->out, "owner,target,kind,name,index\r\n");
    for (uint32_t n = 0; n < graph->nodes; n++) {
        for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++)
            write_edge(request->out, snapshot, n, graph->target[e], snapshot->labels_of[e],
                       snapshot->indexes[e]);
        for (; loose < snapshot->loose_count && snapshot->loose_owners[loose] == n; loose++)
            write_edge(request->out, snapshot, n, snapshot->loose_targets[loose],
                       snapshot->loose_labels[loose], snapshot->loose_indexes[loose]);
        if ((n & 0xFFFF) == 0) terminal_progress(request->terminal, n, graph->nodes);
    }
    return true;
}

static bool write_types(const export_request *request, retention *held)
{
    const ouro_snapshot *snapshot = request->snapshot;
    sink *out = request->out;
    census taken;
    if (!retention_grow_tree(held) || !census_take(snapshot, held, &taken)) return false;
    sink_text(out, "type,objects,bytes,retained,unreached_objects,unreached_bytes\r\n");
    for (size_t i = 0; i < taken.length; i++) {
        const census_row *row = &taken.rows[i];
        write_field(out, type_name(snapshot, row->type));
        write_number(out, row->objects);
        write_number(out, row->bytes);
        write_number(out, row->retained);
        write_number(out, row->unreached_objects);
        write_number(out, row->unreached_bytes);
        sink_text(out, "\r\n");
    }
    census_free(&taken);
    return true;
}

bool export_csv(const export_request *request)
{
    if (request->rows == EXPORT_EDGES) return write_edges(request);
    retention held;
    if (!retention_find(request->snapshot, &held)) return false;
    bool done = request->rows == EXPORT_OBJECTS ? write_objects(request, &held)
                                                : write_types(request, &held);
    retention_free(&held);
    return done;
}
