/* SPDX-License-Identifier: MIT */
/*
 * graph.h -- questions about any graph of up to four thousand million nodes
 *
 * A heap is a graph: objects are nodes, references are edges, and what the program holds are its roots.  Here
 * are the algorithms that troubleshooting needs, on plain arrays, for whoever has a graph: snapshots, the heap
 * itself, a program's own structures.
 *
 * A graph is in compressed rows: the edges of node n lead to
 *
 *     target[first[n]] ... target[first[n + 1] - 1]
 *
 * Unless an entry says otherwise: arrays are the caller's and hold `nodes` entries; a call needs working
 * memory of its own, which the system gives and gets back; it returns false, having written nothing that
 * counts, when there is none.  Nothing recurses.  Thread: any.
 */
#ifndef OURO_GRAPH_H
#define OURO_GRAPH_H

#include <ouro/ouro.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ouro_graph {
    uint32_t nodes;         /* below OURO_GRAPH_ROOT */
    const uint32_t *first;  /* nodes + 1 entries, ascending, from 0 */
    const uint32_t *target; /* first[nodes] entries, each below `nodes` */
} ouro_graph;

#define OURO_GRAPH_NONE UINT32_MAX       /* no node: not reached */
#define OURO_GRAPH_ROOT (UINT32_MAX - 1) /* the one above all roots */

/* The edges the other way round: `out_first` has nodes + 1 entries, `out_target` first[nodes].  Of a node its
 * predecessors come in ascending order.  Needs no memory.  Cost: O(nodes + edges). */
OURO_API void ouro_graph_reverse(const ouro_graph *graph, uint32_t *out_first,
                                 uint32_t *out_target);

/* Breadth first from all sources at once: out_from[n] is the node before n on a shortest way from a source,
 * OURO_GRAPH_ROOT for a source, OURO_GRAPH_NONE where none leads.  Cost: O(nodes + edges). */
OURO_API OURO_CHECKED bool ouro_graph_search(const ouro_graph *graph, const uint32_t *sources,
                                             size_t source_count, uint32_t *out_from);

/*
 * Who dominates whom: out_dominator[n] is the last node, before n, that is on every way from a root to n;
 * OURO_GRAPH_ROOT where that is only the one above all roots; OURO_GRAPH_NONE for what no root reaches.
 * What n alone keeps alive is all that it dominates.
 * Source: L. Georgiadis, R. Tarjan, R. Werneck, Finding Dominators in Practice, JGAA 10 (2006): semi-NCA.
 * Cost: a little more than O(nodes + edges), and working memory of 24 bytes a node and 4 an edge.
 */
OURO_API OURO_CHECKED bool ouro_graph_dominators(const ouro_graph *graph, const uint32_t *roots,
                                                 size_t root_count, uint32_t *out_dominator);

/* Sums up the tree of dominators: out_retained[n] is the size of n and of all that it dominates; 0 for what no
 * root reaches.  Cost: O(nodes). */
OURO_API OURO_CHECKED bool ouro_graph_retained(uint32_t nodes, const uint32_t *dominator,
                                               const uint64_t *size, uint64_t *out_retained);

/* Strongly connected components: nodes that reach each other have one number.  Numbers count from 0; no edge
 * leads from a lower number to a higher one.  Source: R. Tarjan, Depth-First Search and Linear Graph
 * Algorithms, SIAM J. Comput. 1 (1972).  Cost: O(nodes + edges). */
OURO_API OURO_CHECKED bool ouro_graph_components(const ouro_graph *graph, uint32_t *out_component,
                                                 uint32_t *out_count);

#ifdef __cplusplus
}
#endif

#endif
