/* SPDX-License-Identifier: MIT */
/*
 * components.c -- nodes that reach each other                          [floor 1]
 *
 * Tarjan's algorithm with a path of its own instead of recursion.  `low` of a node is the earliest node, by the
 * order of the search, that it is known to reach; where that is itself when it is left, a component ends there:
 *
 *     path   [ a | b | c ]        nodes being visited, each with its next edge
 *     open   [ a | x | b | y | c ]   visited, component not known yet
 *
 * The caller's array of results holds both kinds of numbers meanwhile:
 *
 *   [graph.shared]  low counts from 1 and goes back when a component is closed, done components count down from
 *                   OURO_GRAPH_NONE: of n nodes k are done, low is at most n - k and a component at least
 *                   OURO_GRAPH_NONE - k, so each one knows which of both it is, and done ones are never the lower
 *
 * D. Pearce, A space-efficient algorithm for finding strongly connected components, IPL 116 (2016), has that
 * sharing.  Below: scratch.h.
 */
#include "base/check.h"
#include "graph/scratch.h"

#include <ouro/graph.h>

#include <string.h>

#define NO_EDGE UINT32_MAX

struct visit {
    uint32_t node;
    uint32_t edge;  /* the next one to follow, or NO_EDGE */
    uint32_t order; /* its own; low is less when it reaches an earlier one */
};

struct search {
    const ouro_graph *graph;
    uint32_t *low; /* 0: not seen; see [graph.shared] */
    struct visit *path;
    size_t depth;
    uint32_t *open;
    uint32_t open_count; /* also the order of the node that was opened last */
    uint32_t done;       /* components */
};

/* The first of edges [edge, end) that leads to a node not yet seen, or NO_EDGE.  The others tell at once how far
 * they reach: a node that is open now stays so until `node` is left. */
static uint32_t next_way(struct search *search, uint32_t node, uint32_t edge, uint32_t end)
{
    const uint32_t *target = search->graph->target;
    uint32_t low = search->low[node];
    for (; edge < end; edge++) {
        uint32_t seen = search->low[target[edge]];
        if (seen == 0) break;
        if (seen < low) low = seen;
    }
    search->low[node] = low;
    return edge < end ? edge : NO_EDGE;
}

/* A deep search comes back to most nodes when no cache remembers them, so that edges are looked at ahead: where
 * only one way goes on there is no need to come back. */
static void enter(struct search *search, uint32_t node)
{
    uint32_t first = search->graph->first[node];
    uint32_t end = search->graph->first[node + 1];
    for (uint32_t e = first; e < end; e++) {
        __builtin_prefetch(&search->low[search->graph->target[e]]);
        __builtin_prefetch(&search->graph->first[search->graph->target[e]]);
    }
    search->open[search->open_count++] = node;
    search->low[node] = search->open_count;
    search->path[search->depth++] =
        (struct visit){node, next_way(search, node, first, end), search->open_count};
}

/* Follows the open edge of the node at the end of the path.  It may lead to one that was seen meanwhile: below a child
 * of this node, which has told how far that one reaches. */
static void follow(struct search *search, struct visit *last)
{
    const ouro_graph *graph = search->graph;
    uint32_t to = graph->target[last->edge];
    uint32_t end = graph->first[last->node + 1];
    last->edge = next_way(search, last->node, last->edge + 1, end);
    if (search->low[to] == 0) enter(search, to);
}

/* All that was opened since `first` is one component. */
static void close_component(struct search *search, uint32_t first)
{
    uint32_t node;
    do {
        node = search->open[--search->open_count];
        search->low[node] = OURO_GRAPH_NONE - search->done;
    } while (node != first);
    search->done++;
}

/* Leaves the node at the end of the path, and tells the one before how far it reaches. */
static void leave(struct search *search)
{
    struct visit left = search->path[--search->depth];
    uint32_t low = search->low[left.node];
    if (low == left.order) {
        close_component(search, left.node);
    } else {
        uint32_t before = search->path[search->depth - 1].node;
        if (low < search->low[before]) search->low[before] = low;
    }
}

static void search_from(struct search *search, uint32_t start)
{
    enter(search, start);
    while (search->depth > 0) {
        struct visit *last = &search->path[search->depth - 1];
        if (last->edge == NO_EDGE)
            leave(search);
        else
            follow(search, last);
    }
}

bool ouro_graph_components(const ouro_graph *graph, uint32_t *out_component, uint32_t *out_count)
{
    struct ouro__scratch scratch;
    struct search search = {.graph = graph, .low = out_component};
    size_t size = (size_t)graph->nodes * (sizeof(struct visit) + sizeof(uint32_t));
    if (!ouro__scratch_open(&scratch, size, 2)) return false;
    search.path = ouro__scratch_array(&scratch, graph->nodes, sizeof(struct visit));
    search.open = ouro__scratch_array(&scratch, graph->nodes, sizeof(uint32_t));
    ouro__scratch_ease(out_component, graph->nodes, sizeof(uint32_t));
    ouro__scratch_ease(graph->first, graph->nodes, sizeof(uint32_t));
    ouro__scratch_ease(graph->target, graph->first[graph->nodes], sizeof(uint32_t));
    memset(out_component, 0, (size_t)graph->nodes * sizeof(uint32_t));
    for (uint32_t n = 0; n < graph->nodes; n++)
        if (out_component[n] == 0) search_from(&search, n);
    for (uint32_t n = 0; n < graph->nodes; n++)
        out_component[n] = OURO_GRAPH_NONE - out_component[n];
    *out_count = search.done;
    ouro__scratch_close(&scratch);
    return true;
}
