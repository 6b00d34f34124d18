/* SPDX-License-Identifier: MIT */
/*
 * live.h -- a living heap as a graph, while somebody asks about it     [floor 7]
 *
 * Objects that are not hidden are nodes, in the order of a walk; references that a count has are edges.  What a
 * node's count has beyond the edges that lead to it is held from outside, and such nodes are roots.  Memory of the
 * system's, given back by ouro__live_close.
 *
 * Above: alive.c, retained.c.
 */
#ifndef OURO_INSPECT_LIVE_H
#define OURO_INSPECT_LIVE_H

#include "graph/scratch.h"
#include "inspect/inspect.h"
#include "inspect/number.h"

#include <ouro/graph.h>

struct ouro__live {
    ouro_heap *heap;
    ouro_graph graph;
    void **objects;    /* of each node */
    uint32_t *outside; /* references to it that are no edges */
    uint32_t *roots;   /* named ones first, then by number; one may be there several times */
    size_t root_count;
    uint32_t asked; /* the node of the object that was asked about, or OURO_GRAPH_NONE */
    struct ouro__numbers numbers; /* of the nodes, until the graph is there */
    struct ouro__scratch scratch;
};

/* `object`: the one that is asked about, or NULL; of its references `own` make it no root.
 * OURO_NO_MEMORY, OURO_TOO_LARGE: the heap's error says more, and nothing is to be closed. */
ouro_status ouro__live_open(struct ouro__live *live, ouro_heap *heap, const void *object,
                            size_t own);
void ouro__live_close(struct ouro__live *live);

/* The heap's error, of an answer that needs so many bytes. */
ouro_status ouro__live_refused(ouro_heap *heap, size_t bytes);

#endif
