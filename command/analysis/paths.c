/* SPDX-License-Identifier: MIT */
/*
 * paths.c -- why an object is alive: a shortest way to it from what the program holds
 */
#include "paths.h"

#include "describe.h"

#include <stdlib.h>
#include <string.h>

static bool tells_more(ouro_root_kind kind)
{
    return kind == OURO_ROOT_NAMED || kind == OURO_ROOT_FRAME;
}

/* Searches from the roots of which somebody has told, or from all. */
static bool search(const ouro_snapshot *snapshot, bool all, uint32_t *out_from)
{
    size_t count = 0;
    uint32_t *sources = malloc(((size_t)snapshot->root_count + 1) * sizeof(uint32_t));
    if (sources == NULL) return false;
    for (uint32_t i = 0; i < snapshot->root_count; i++)
        if (all || tells_more(snapshot->roots[i].kind))
            sources[count++] = snapshot->roots[i].object;
    bool good = ouro_graph_search(&snapshot->graph, sources, count, out_from);
    free(sources);
    return good;
}

/* Of several roots of one object those that tell more come first, then those that stand first. */
static void fill_roots(const ouro_snapshot *snapshot, uint32_t *root)
{
    memset(root, 0xff, (size_t)snapshot->object_count * sizeof(uint32_t)); /* OURO_GRAPH_NONE */
    for (uint32_t i = 0; i < snapshot->root_count; i++) {
        uint32_t *known = &root[snapshot->roots[i].object];
        if (*known == OURO_GRAPH_NONE ||
            (tells_more(snapshot->roots[i].kind) && !tells_more(snapshot->roots[*known].kind)))
            *known = i;
    }
}

/*
 * What no told root reaches gets its way from the second search.  The ways stay whole: whom a told root reaches has its
 * successors reached as well, so none of these asks the second search, and in the second search a way to
 * somebody else passes none of them.
 */
bool paths_find(const ouro_snapshot *snapshot, paths *out_paths)
{
    size_t bytes = (size_t)snapshot->object_count * sizeof(uint32_t) + 1;
    uint32_t *other = malloc(bytes);
    *out_paths = (paths){.snapshot = snapshot, .from = malloc(bytes), .root = malloc(bytes)};
    bool good = other != NULL && out_paths->from != NULL && out_paths->root != NULL &&
                search(snapshot, false, out_paths->from) && search(snapshot, true, other);
    if (good) {
        for (uint32_t n = 0; n < snapshot->object_count; n++)
            if (out_paths->from[n] == OURO_GRAPH_NONE) out_paths->from[n] = other[n];
        fill_roots(snapshot, out_paths->root);
    } else {
        paths_free(out_paths);
    }
    free(other);
    return good;
}

void paths_free(paths *found)
{
    free(found->from);
    free(found->root);
    *found = (paths){0};
}

/* Fills the first `length` objects of a path, which ends at `last`, and the edges between them. */
static void fill_path(const paths *found, uint32_t last, size_t length, path *filled)
{
    uint32_t at = last;
    for (size_t i = length; i-- > 0; at = found->from[at]) {
        filled->objects[i] = at;
        if (i > 0) filled->edges[i - 1] = edge_between(found->snapshot, found->from[at], at);
        if (i == 0) filled->root = found->root[at];
    }
}

/* Objects on the way to `object`; 0 when there is none, or when it passes `but`. */
static size_t steps_to(const paths *found, uint32_t object, uint32_t but)
{
    size_t steps = 1;
    if (found->from[object] == OURO_GRAPH_NONE) return 0;
    for (; found->from[object] != OURO_GRAPH_ROOT; object = found->from[object], steps++)
        if (object == but) return 0;
    return object == but ? 0 : steps;
}

static bool path_open(path *opened, size_t length)
{
    *opened = (path){.length = length, .root = OURO_GRAPH_NONE};
    if (length == 0) return true;
    opened->objects = malloc(length * sizeof(uint32_t));
    opened->edges = malloc(length * sizeof(uint32_t));
    if (opened->objects != NULL && opened->edges != NULL) return true;
    path_free(opened);
    return false;
}

bool path_to(const paths *found, uint32_t object, path *out_path)
{
    size_t length = steps_to(found, object, OURO_GRAPH_NONE);
    if (!path_open(out_path, length)) return false;
    if (length > 0) fill_path(found, object, length, out_path);
    return true;
}

bool path_by(const paths *found, uint32_t referrer, uint32_t object, path *out_path)
{
    size_t length = steps_to(found, referrer, object);
    if (!path_open(out_path, length > 0 ? length + 1 : 0)) return false;
    if (length == 0) return true;
    fill_path(found, referrer, length, out_path);
    out_path->objects[length] = object;
    out_path->edges[length - 1] = edge_between(found->snapshot, referrer, object);
    return true;
}

void path_free(path *found)
{
    free(found->objects);
    free(found->edges);
    *found = (path){0};
}

void describe_path(text *out, const ouro_snapshot *snapshot, const path *described)
{
    if (described->length == 0) return;
    describe_root(out, snapshot, described->root);
    for (size_t i = 0; i + 1 < described->length; i++)
        describe_edge(out, snapshot, described->edges[i]);
}

uint32_t *edges_into(const ouro_snapshot *snapshot, uint32_t object, size_t *out_count)
{
    const ouro_graph *graph = &snapshot->graph;
    uint32_t edges = graph->first[graph->nodes];
    size_t count = 0;
    *out_count = 0;
    for (uint32_t e = 0; e < edges; e++) count += graph->target[e] == object;
    if (count == 0) return NULL;
    uint32_t *into = malloc(count * sizeof(uint32_t));
    *out_count = into == NULL ? 1 : count;
    if (into == NULL) return NULL;
    count = 0;
    for (uint32_t e = 0; e < edges; e++)
        if (graph->target[e] == object) into[count++] = e;
    return into;
}
