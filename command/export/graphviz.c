/* SPDX-License-Identifier: MIT */
/*
 * graphviz.c -- a part of a snapshot that can be looked at, for `dot`
 *
 * Of one object its neighbourhood: what it refers to, and who refers to it, so many steps away.  Without one, the top
 * of the tree of dominators: the largest things, each below what alone keeps it alive.  A drawing of more than some
 * hundred nodes says nothing, so there is a limit; nodes with more than is shown have a dashed border.
 *
 * The language is https://graphviz.org/doc/info/lang.html.
 */
#include "analysis/describe.h"
#include "analysis/retention.h"
#include "export.h"

#include <stdlib.h>

typedef struct drawing {
    const ouro_snapshot *snapshot;
    sink *out;
    retention held;
    uint32_t *first, *source; /* edges the other way round */
    uint32_t *shown;          /* objects, in the order in which they were found */
    uint8_t *is_shown;
    uint32_t count, limit;
    text words;
} drawing;

/* ---- what is shown ---- */

static bool show(drawing *work, uint32_t object)
{
    if (work->is_shown[object] || work->count == work->limit) return false;
    work->is_shown[object] = 1;
    work->shown[work->count++] = object;
    return true;
}

/* Breadth first in both directions, `depth` steps. */
static void show_neighbourhood(drawing *work, uint32_t object, uint32_t depth)
{
    const ouro_graph *graph = &work->snapshot->graph;
    uint32_t at = 0;
    (void)show(work, object);
    for (uint32_t end = work->count; depth > 0 && at < end; depth--, end = work->count) {
        for (; at < end; at++) {
            const uint32_t node = work->shown[at];
            for (uint32_t e = work->first[node]; e < work->first[node + 1]; e++)
                (void)show(work, work->source[e]);
            for (uint32_t e = graph->first[node]; e < graph->first[node + 1]; e++)
                (void)show(work, graph->target[e]);
        }
    }
}

/* The largest children of what is shown, one after the other, so that no large object is missing for a small one. */
static void show_largest(drawing *work)
{
    size_t top_count = 0, count;
    size_t *next = calloc(work->limit + (size_t)1,
                          sizeof *next); /* child of each shown one, the root's last */
    const uint32_t *top = retention_children(&work->held, OURO_GRAPH_ROOT, &top_count);
    if (next == NULL) {
        work->words.refused = true;
        return;
    }
    while (work->count < work->limit) {
        size_t *best_next = NULL;
        uint32_t best = OURO_GRAPH_NONE;
        if (next[work->limit] < top_count) {
            best = top[next[work->limit]];
            best_next = &next[work->limit];
        }
        for (uint32_t i = 0; i < work->count; i++) {
            const uint32_t *children = retention_children(&work->held, work->shown[i], &count);
            if (next[i] >= count) continue;
            const uint32_t child = children[next[i]];
            if (best != OURO_GRAPH_NONE && work->held.retained[child] <= work->held.retained[best])
                continue;
            best = child;
            best_next = &next[i];
        }
        if (best == OURO_GRAPH_NONE) break;
        ++*best_next;
        (void)show(work, best);
    }
    free(next);
}

/* ---- what is written ---- */

/* Quotes and backslashes are escaped once more: in DOT's strings a backslash before a quote is the only escape, and
 * labels have their own. */
static void write_words(drawing *work)
{
    for (const char *at = text_of(&work->words); *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') sink_bytes(work->out, "\\", 1);
        sink_bytes(work->out, at, 1);
    }
    text_clear(&work->words);
}

static bool has_more(const drawing *work, uint32_t object)
{
    const ouro_graph *graph = &work->snapshot->graph;
    for (uint32_t e = graph->first[object]; e < graph->first[object + 1]; e++)
        if (!work->is_shown[graph->target[e]]) return true;
    for (uint32_t e = work->first[object]; e < work->first[object + 1]; e++)
        if (!work->is_shown[work->source[e]]) return true;
    return false;
}

static void write_node(drawing *work, uint32_t object, bool is_asked_for)
{
    sink_print(work->out, "  n%lu [label=\"", (unsigned long)object);
    describe_object(&work->words, work->snapshot, object);
    write_words(work);
    sink_print(work->out, "\\n%s, retains %s\"", show_bytes(work->snapshot->sizes[object]).text,
               show_bytes(work->held.retained[object]).text);
    if (is_asked_for) sink_text(work->out, ", penwidth=2");
    if (has_more(work, object)) sink_text(work->out, ", style=dashed");
    sink_text(work->out, "];\n");
}

static void write_edge(drawing *work, uint32_t edge, uint32_t owner, uint32_t target)
{
    sink_print(work->out, "  n%lu -> n%lu [label=\"", (unsigned long)owner, (unsigned long)target);
    describe_edge(&work->words, work->snapshot, edge);
    write_words(work);
    sink_text(work->out, "\"];\n");
}

static void write_edges(drawing *work, uint32_t object)
{
    enum { parallel_max = 8 }; /* edges between the same two */
    const ouro_graph *graph = &work->snapshot->graph;
    unsigned parallel = 0;
    uint32_t before = OURO_GRAPH_NONE;
    for (uint32_t e = graph->first[object]; e < graph->first[object + 1]; e++) {
        const uint32_t target = graph->target[e];
        parallel = target == before ? parallel + 1 : 0;
        before = target;
        if (work->is_shown[target] && parallel < parallel_max) write_edge(work, e, object, target);
    }
}

static void write_tree(drawing *work)
{
    sink_text(work->out, "  root [label=\"what the program holds\", shape=plaintext];\n");
    for (uint32_t i = 0; i < work->count; i++) {
        const uint32_t object = work->shown[i], above = work->held.dominator[object];
        if (above == OURO_GRAPH_ROOT) {
            sink_print(work->out, "  root -> n%lu;\n", (unsigned long)object);
            continue;
        }
        const uint32_t edge = edge_between(work->snapshot, above, object);
        if (edge != OURO_GRAPH_NONE)
            write_edge(work, edge, above, object);
        else /* several ways lead there */
            sink_print(work->out, "  n%lu -> n%lu [style=dotted];\n", (unsigned long)above,
                       (unsigned long)object);
    }
}

static bool prepare(drawing *work)
{
    const ouro_graph *graph = &work->snapshot->graph;
    const size_t nodes = graph->nodes > 0 ? graph->nodes : 1;
    const size_t edges = graph->first[graph->nodes] > 0 ? graph->first[graph->nodes] : 1;
    if (work->limit > graph->nodes) work->limit = graph->nodes;
    work->first = malloc((nodes + 1) * sizeof *work->first);
    work->source = malloc(edges * sizeof *work->source);
    work->shown = malloc(nodes * sizeof *work->shown);
    work->is_shown = calloc(nodes, 1);
    if (work->first == NULL || work->source == NULL || work->shown == NULL ||
        work->is_shown == NULL || !retention_find(work->snapshot, &work->held))
        return false;
    ouro_graph_reverse(graph, work->first, work->source);
    return true;
}

bool export_graphviz(const export_request *request)
{
    drawing work = {.snapshot = request->snapshot, .out = request->out, .limit = request->limit};
    const bool is_tree = request->object == OURO_GRAPH_NONE;
    bool done = prepare(&work) && (!is_tree || retention_grow_tree(&work.held));
    if (done) {
        if (is_tree)
            show_largest(&work);
        else
            show_neighbourhood(&work, request->object, request->depth);
        sink_text(work.out,
                  "digraph heap {\n  node [shape=box, fontname=\"sans-serif\", fontsize=10];\n"
                  "  edge [fontname=\"sans-serif\", fontsize=9];\n");
        for (uint32_t i = 0; i < work.count; i++)
            write_node(&work, work.shown[i], work.shown[i] == request->object);
        if (is_tree) write_tree(&work);
        for (uint32_t i = 0; i < work.count && !is_tree; i++) write_edges(&work, work.shown[i]);
        sink_text(work.out, "}\n");
        done = !work.words.refused;
    }
    retention_free(&work.held);
    text_free(&work.words);
    free(work.first);
    free(work.source);
    free(work.shown);
    free(work.is_shown);
    return done;
}
