/* SPDX-License-Identifier: MIT */
/*
 * paths.h -- why an object is alive: a shortest way to it from what the program holds
 *
 *     module.cache["x"].items[3]
 *     |      |         |
 *     root   edge      edge
 *
 * Ways from roots that have a name come first, even where one from an unnamed root is shorter, since it tells
 * more; among those a shortest one.
 */
#ifndef OURO_ANALYSIS_PATHS_H
#define OURO_ANALYSIS_PATHS_H

#include "text.h"

#include <ouro/snapshot.h>

typedef struct paths {
    const ouro_snapshot *snapshot;
    uint32_t *from; /* as ouro_graph_search tells it */
    uint32_t *root; /* of each object the first root that holds it, or OURO_GRAPH_NONE */
} paths;

/* False: no memory.  Cost: O(objects + edges); memory of 8 bytes an object. */
bool paths_find(const ouro_snapshot *snapshot, paths *out_paths);
void paths_free(paths *found);

/* snapshot->roots[root] holds objects[0]; edges[i] leads from objects[i] to objects[i + 1]. */
typedef struct path {
    uint32_t root;
    size_t length; /* objects; 0: no root reaches it */
    uint32_t *objects;
    uint32_t *edges; /* length - 1 */
} path;

/* The way to an object.  False: no memory. */
bool path_to(const paths *found, uint32_t object, path *out_path);

/* The way to an object whose last edge comes from `referrer`, or one of length 0 where that way would pass the
 * object before.  False: no memory. */
bool path_by(const paths *found, uint32_t referrer, uint32_t object, path *out_path);
void path_free(path *found);

/* As a program would write it. */
void describe_path(text *out, const ouro_snapshot *snapshot, const path *described);

/* Who refers to an object: the edges into it, ascending.  NULL with *out_count 0 when nobody does; NULL with
 * *out_count 1 when there is no memory.  Freed by the caller.  Cost: O(edges). */
uint32_t *edges_into(const ouro_snapshot *snapshot, uint32_t object, size_t *out_count);

#endif
