/* SPDX-License-Identifier: MIT */
/*
 * dominators.c -- who alone keeps whom alive                           [floor 1]
 *
 * Semi-NCA (Georgiadis, Tarjan, Werneck 2006).  Nodes get numbers in the order of a depth-first search, from 1; 0 is
 * the one above all roots.  From there on everything is by number, so that what lies together in the search lies
 * together in memory:
 *
 *     node[i]       which node it is               i goes up along every way of the search tree,
 *     parent[i]     above it in that tree          and an edge from i to j with j < i is the only
 *     link[i].above the same, shortened later      kind that a search does not follow at once
 *     link[i].low   least semidominator on the shortened way
 *     begin[i]      where its later predecessors begin; then of begin[i + 1], the semidominator of i
 *
 *   [graph.later]  only predecessors with larger numbers are kept: one with a smaller number is an ancestor, and
 *                  its share in the semidominator is itself
 *   [graph.linked] while w is looked at, link[v].above is shortened for v > w alone
 *
 * Nothing recurses: the search climbs by parent[], and shortening turns the links of its way round and back.
 * Below: scratch.h.
 */
#include "base/check.h"
#include "graph/scratch.h"

#include <ouro/graph.h>

#include <string.h>

struct link {
    uint32_t above; /* during the search: the node's next edge */
    uint32_t low;
};

struct tree {
    const ouro_graph *graph;
    uint32_t *number; /* by node; OURO_GRAPH_NONE: not reached.  The caller's array of results */
    uint32_t *node, *parent, *begin;
    struct link *link;
    uint32_t reached;
};

/* ---- the search -----------------------------------------------------------
 *
 * A deep search comes back to most nodes when no cache remembers them.  So all edges of a node are looked at
 * when it is entered: what leads to a smaller number is counted for good [graph.later], and a node from which
 * only one way goes on needs no second look.
 */

#define NO_EDGE UINT32_MAX

/* The first of edges [edge, end) of node `at` that enter() has not counted, or NO_EDGE.  OURO_GRAPH_NONE, not yet
 * reached, is the largest number. */
static uint32_t next_way(const struct tree *tree, uint32_t at, uint32_t edge, uint32_t end)
{
    for (; edge < end; edge++)
        if (tree->number[tree->graph->target[edge]] > at) return edge;
    return NO_EDGE;
}

static uint32_t enter(struct tree *tree, uint32_t node, uint32_t parent)
{
    const uint32_t *target = tree->graph->target;
    uint32_t i = ++tree->reached;
    uint32_t first = tree->graph->first[node];
    uint32_t end = tree->graph->first[node + 1];
    uint32_t way = NO_EDGE;
    for (uint32_t e = first; e < end; e++) {
        __builtin_prefetch(&tree->number[target[e]]);
        __builtin_prefetch(&tree->graph->first[target[e]]);
    }
    tree->number[node] = i;
    tree->node[i] = node;
    tree->parent[i] = parent;
    for (uint32_t e = end; e > first;) {
        uint32_t seen = tree->number[target[--e]];
        if (seen == OURO_GRAPH_NONE)
            way = e;
        else if (seen < i)
            tree->begin[seen]++;
    }
    tree->link[i] = (struct link){way, parent};
    return i;
}

/* Follows an edge that was open when `at` was entered; what else was open then may have been reached meanwhile. */
static uint32_t follow(struct tree *tree, uint32_t at)
{
    const ouro_graph *graph = tree->graph;
    uint32_t edge = tree->link[at].above;
    uint32_t to = graph->target[edge];
    uint32_t seen = tree->number[to];
    tree->link[at].above = next_way(tree, at, edge + 1, graph->first[tree->node[at] + 1]);
    if (seen == OURO_GRAPH_NONE) return enter(tree, to, at);
    if (at < tree->link[seen].low) tree->link[seen].low = at;
    return at;
}

static void search_from(struct tree *tree, uint32_t root)
{
    if (tree->number[root] != OURO_GRAPH_NONE) return;
    uint32_t at = enter(tree, root, 0);
    while (at != 0) at = tree->link[at].above == NO_EDGE ? tree->parent[at] : follow(tree, at);
}

static void search(struct tree *tree, const uint32_t *roots, size_t root_count)
{
    const ouro_graph *graph = tree->graph;
    ouro__scratch_ease(tree->number, graph->nodes, sizeof(uint32_t));
    ouro__scratch_ease(graph->first, graph->nodes, sizeof(uint32_t));
    ouro__scratch_ease(graph->target, graph->first[graph->nodes], sizeof(uint32_t));
    memset(tree->number, 0xff, (size_t)graph->nodes * sizeof(uint32_t));
    for (size_t i = 0; i < root_count; i++) {
        OURO_ASSERT(roots[i] < graph->nodes);
        search_from(tree, roots[i]);
    }
    for (size_t i = 0; i < root_count; i++) tree->link[tree->number[roots[i]]].low = 0;
    for (uint32_t i = 1; i <= tree->reached; i++) tree->link[i].above = tree->parent[i];
}

/* ---- later predecessors ---------------------------------------------------- */

/* Turns the counts into ends; returns their sum.  An entry is moved down to its begin by later_fill. */
static uint32_t later_places(struct tree *tree)
{
    uint32_t sum = 0;
    for (uint32_t i = 1; i <= tree->reached; i++) tree->begin[i] = sum += tree->begin[i];
    tree->begin[tree->reached + 1] = sum;
    return sum;
}

static void later_fill(struct tree *tree, uint32_t *later)
{
    const ouro_graph *graph = tree->graph;
    enum { AHEAD = 8 };
    for (uint32_t i = 1; i <= tree->reached; i++) {
        if (i + AHEAD <= tree->reached) __builtin_prefetch(&graph->first[tree->node[i + AHEAD]]);
        uint32_t end = graph->first[tree->node[i] + 1];
        for (uint32_t e = graph->first[tree->node[i]]; e < end; e++) {
            uint32_t to = tree->number[graph->target[e]];
            if (to < i) later[--tree->begin[to]] = i;
        }
    }
}

/* ---- semidominators ---------------------------------------------------------- */

/*
 * The least semidominator on the way from v up to, and without, the first node that is not yet linked, which is at
 * most `last` [graph.linked].  Shortens that way to one step.  Going up, each link is turned to point to whom it
 * was reached from; going down they are set.
 */
static uint32_t lowest(struct link *link, uint32_t v, uint32_t last)
{
    uint32_t below = 0;
    uint32_t top = v;
    for (uint32_t next; (next = link[top].above) > last; top = next) {
        link[top].above = below;
        below = top;
    }
    uint32_t end = link[top].above;
    uint32_t low = link[top].low;
    while (below != 0) {
        uint32_t down = link[below].above;
        if (low < link[below].low)
            link[below].low = low;
        else
            low = link[below].low;
        link[below].above = end;
        below = down;
    }
    return low;
}

static void find_semidominators(struct tree *tree, const uint32_t *later)
{
    enum { AHEAD = 8 };
    uint32_t end = tree->begin[tree->reached + 1];
    for (uint32_t w = tree->reached; w > 0; w--) {
        uint32_t begin = tree->begin[w];
        uint32_t low = tree->link[w].low;
        if (begin >= AHEAD) __builtin_prefetch(&tree->link[later[begin - AHEAD]]);
        for (uint32_t p = begin; p < end; p++) {
            uint32_t other = lowest(tree->link, later[p], w);
            if (other < low) low = other;
        }
        tree->link[w].low = low;
        tree->begin[w + 1] = low;
        end = begin;
    }
}

/* The dominator of w is the nearest one above that is not below its semidominator: the ancestors' are known. */
static void find_dominators(struct tree *tree)
{
    for (uint32_t w = 1; w <= tree->reached; w++) {
        uint32_t above = tree->parent[w];
        while (above > tree->begin[w + 1]) above = tree->parent[above];
        tree->parent[w] = above;
    }
}

static void tell(struct tree *tree)
{
    for (uint32_t i = 1; i <= tree->reached; i++) {
        uint32_t above = tree->parent[i];
        tree->number[tree->node[i]] = above == 0 ? OURO_GRAPH_ROOT : tree->node[above];
    }
}

bool ouro_graph_dominators(const ouro_graph *graph, const uint32_t *roots, size_t root_count,
                           uint32_t *out_dominator)
{
    struct ouro__scratch scratch, more;
    size_t entries = (size_t)graph->nodes + 2;
    struct tree tree = {.graph = graph};
    tree.number = out_dominator;
    if (!ouro__scratch_open(&scratch, entries * (3 * sizeof(uint32_t) + sizeof(struct link)), 4))
        return false;
    tree.node = ouro__scratch_array(&scratch, entries, sizeof(uint32_t));
    tree.parent = ouro__scratch_array(&scratch, entries, sizeof(uint32_t));
    tree.begin = ouro__scratch_array(&scratch, entries, sizeof(uint32_t));
    tree.link = ouro__scratch_array(&scratch, entries, sizeof(struct link));
    search(&tree, roots, root_count);
    size_t later_count = later_places(&tree);
    bool opened = ouro__scratch_open(&more, later_count * sizeof(uint32_t), 1);
    if (opened) {
        uint32_t *later = ouro__scratch_array(&more, later_count, sizeof(uint32_t));
        later_fill(&tree, later);
        find_semidominators(&tree, later);
        ouro__scratch_close(&more);
        find_dominators(&tree);
        tell(&tree);
    }
    ouro__scratch_close(&scratch);
    return opened;
}
