/* SPDX-License-Identifier: MIT */
/*
 * cycle_held.c -- what goes when a cycle goes
 *
 * Each component becomes one node, so that a group is one as well, however many ways lead into it:
 *
 *     a <--> b          (ab) ---> (c)          what (ab) dominates goes with the group
 *     |      |            |
 *     c      d            +-----> (d)
 *
 * The roots are those of the snapshot and, where no root reaches, the components that nobody refers to: what only
 * the collector frees has no other beginning.
 */
#include "cycle_parts.h"
#include "retention.h"

#include <stdlib.h>
#include <string.h>

typedef struct condensed {
    ouro_graph graph;
    uint32_t *first, *target;
    uint32_t *roots;
    size_t root_count;
    uint8_t *is_entered; /* by an edge from another component, or a root */
    uint32_t *dominator;
    uint64_t *size, *held;
} condensed;

static void condensed_free(condensed *made)
{
    free(made->first);
    free(made->target);
    free(made->roots);
    free(made->is_entered);
    free(made->dominator);
    free(made->size);
    free(made->held);
}

static bool condensed_open(const cycle_search *search, condensed *made)
{
    const ouro_graph *graph = &search->snapshot->graph;
    size_t nodes = (size_t)search->component_count + 1;
    *made = (condensed){
        .first = calloc(nodes + 1, sizeof(uint32_t)),
        .target = malloc(((size_t)graph->first[graph->nodes] + 1) * sizeof(uint32_t)),
        .roots = malloc((nodes + search->snapshot->root_count) * sizeof(uint32_t)),
        .is_entered = calloc(nodes, 1),
        .dominator = malloc(nodes * sizeof(uint32_t)),
        .size = calloc(nodes, sizeof(uint64_t)),
        .held = malloc(nodes * sizeof(uint64_t)),
    };
    made->graph = (ouro_graph){search->component_count, made->first, made->target};
    return made->first != NULL && made->target != NULL && made->roots != NULL &&
           made->is_entered != NULL && made->dominator != NULL && made->size != NULL &&
           made->held != NULL;
}

/* Edges between components.  Counted, then filled from the end of each row. */
static void condense_edges(const cycle_search *search, condensed *made)
{
    const ouro_graph *graph = &search->snapshot->graph;
    const uint32_t *component = search->component;
    for (uint32_t n = 0; n < graph->nodes; n++)
        for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++)
            if (component[n] != component[graph->target[e]]) made->first[component[n]]++;
    uint32_t sum = 0;
    for (uint32_t c = 0; c < made->graph.nodes; c++) made->first[c] = sum += made->first[c];
    made->first[made->graph.nodes] = sum;
    for (uint32_t n = graph->nodes; n-- > 0;) {
        for (uint32_t e = graph->first[n + 1]; e-- > graph->first[n];) {
            uint32_t to = component[graph->target[e]];
            if (component[n] == to) continue;
            made->target[--made->first[component[n]]] = to;
            made->is_entered[to] = 1;
        }
    }
}

/* Garbage keeps nothing alive: takes its edges to what roots reach out. */
static void drop_edges_of_garbage(condensed *made, const uint32_t *from)
{
    uint32_t kept = 0, edge = 0;
    for (uint32_t c = 0; c < made->graph.nodes; c++) {
        for (uint32_t end = made->first[c + 1]; edge < end; edge++) {
            uint32_t to = made->target[edge];
            if (from[c] != OURO_GRAPH_NONE || from[to] == OURO_GRAPH_NONE)
                made->target[kept++] = to;
        }
        made->first[c + 1] = kept;
    }
}

/* The snapshot's own roots; then, of what these don't reach, what nobody enters. */
static bool find_roots(const cycle_search *search, condensed *made, uint32_t *from)
{
    const ouro_snapshot *snapshot = search->snapshot;
    for (uint32_t i = 0; i < snapshot->root_count; i++) {
        uint32_t held = search->component[snapshot->roots[i].object];
        made->roots[made->root_count++] = held;
        made->is_entered[held] = 1;
    }
    if (!ouro_graph_search(&made->graph, made->roots, made->root_count, from)) return false;
    drop_edges_of_garbage(made, from);
    for (uint32_t c = 0; c < made->graph.nodes; c++)
        if (from[c] == OURO_GRAPH_NONE && !made->is_entered[c]) made->roots[made->root_count++] = c;
    return true;
}

static bool find_held(cycle_search *search, condensed *made)
{
    const ouro_snapshot *snapshot = search->snapshot;
    cycles *found = search->found;
    uint32_t *from = made->dominator; /* one after the other */
    if (!find_roots(search, made, from)) return false;
    for (size_t g = 0; g < found->group_count; g++) {
        uint32_t component = search->group_component[g];
        found->groups[g].reached = from[component] != OURO_GRAPH_NONE;
        found->groups[g].entered = made->is_entered[component] != 0;
    }
    if (!ouro_graph_dominators(&made->graph, made->roots, made->root_count, made->dominator))
        return false;
    for (uint32_t n = 0; n < snapshot->object_count; n++) made->size[search->component[n]]++;
    if (!ouro_graph_retained(made->graph.nodes, made->dominator, made->size, made->held))
        return false;
    for (size_t g = 0; g < found->group_count; g++)
        found->groups[g].held_objects = made->held[search->group_component[g]];
    memset(made->size, 0, (size_t)made->graph.nodes * sizeof(uint64_t));
    for (uint32_t n = 0; n < snapshot->object_count; n++)
        made->size[search->component[n]] += snapshot->sizes[n];
    if (!ouro_graph_retained(made->graph.nodes, made->dominator, made->size, made->held))
        return false;
    for (size_t g = 0; g < found->group_count; g++)
        found->groups[g].held_bytes = made->held[search->group_component[g]];
    return true;
}

bool cycle_find_held(cycle_search *search)
{
    condensed made;
    bool good = condensed_open(search, &made);
    if (good) {
        condense_edges(search, &made);
        good = find_held(search, &made);
    }
    condensed_free(&made);
    return good;
}
