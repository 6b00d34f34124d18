/* SPDX-License-Identifier: MIT */
/*
 * resolve.c -- edges find their targets, and the graph is made
 *
 *     difference + owner's address  ->  address  ->  number of an object   (finder.h)
 *         known, and holds          ->  the graph
 *         known, and does not hold  ->  loose edges
 *         unknown                   ->  dropped, counted
 *
 * And what the snapshot's roots are: those that were told, and what counts say of references from outside.
 */
#include "failure.h"
#include "finder.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

enum { REPORT_EVERY = 1 << 20 }; /* edges */

/* ---- targets ---- */

static void add_owners(struct ouro__reading *reading)
{
    const uint64_t *addresses = reading->addresses.items;
    const uint32_t *counts = reading->edge_counts.items;
    uint64_t *targets = reading->targets.items;
    for (size_t i = 0; i < reading->addresses.count; i++)
        for (uint32_t left = counts[i]; left > 0; left--) *targets++ += addresses[i];
}

static ouro_status find_targets(struct ouro__reading *reading, const struct ouro__finder *finder)
{
    size_t count = reading->targets.count;
    uint32_t *found = ouro__array_make(reading, &reading->edge_targets, count, sizeof *found);
    if (found == NULL) return OURO_NO_MEMORY;
    const uint64_t *targets = reading->targets.items;
    for (size_t done = 0; done < count; done += REPORT_EVERY) {
        size_t some = count - done < REPORT_EVERY ? count - done : REPORT_EVERY;
        ouro__find_all(finder, targets + done, some, found + done);
        if (!ouro__report(reading, count + 2 * done, 4 * count)) return OURO_INTERRUPTED;
    }
    ouro__array_free(&reading->targets);
    return OURO_OK;
}

/* Told roots of objects that are there. */
static ouro_status find_told_roots(struct ouro__reading *reading, const struct ouro__finder *finder)
{
    const struct ouro__root_row *rows = reading->root_rows.items;
    size_t count = reading->root_rows.count;
    ouro_snapshot_root *roots = ouro__array_extend(reading, &reading->roots, count, sizeof *roots);
    if (roots == NULL) return OURO_NO_MEMORY;
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t object;
        ouro__find_all(finder, &rows[i].address, 1, &object);
        if (object != OURO_GRAPH_NONE)
            roots[known++] = (ouro_snapshot_root){object, (ouro_root_kind)rows[i].kind,
                                                  rows[i].name, rows[i].references};
    }
    reading->dropped_roots = count - known;
    reading->roots.count = known;
    ouro__array_free(&reading->root_rows);
    return OURO_OK;
}

static ouro_status find_all(struct ouro__reading *reading)
{
    struct ouro__finder finder;
    size_t count = reading->addresses.count;
    if (ouro__array_extend(reading, &reading->addresses, OURO__FINDER_BLOCK, sizeof(uint64_t)) ==
        NULL)
        return OURO_NO_MEMORY;
    reading->addresses.count = count;
    if (!ouro__finder_begin(&finder, reading->addresses.items, count))
        return ouro__fail_memory(reading->error, count / 2, "the addresses");
    ouro_status status = find_targets(reading, &finder);
    if (status == OURO_OK) status = find_told_roots(reading, &finder);
    ouro__finder_end(&finder);
    return status;
}

/* ---- the graph ---- */

/* Whether an edge is of the graph; `target` is known. */
static inline bool holds(const struct ouro__reading *reading, uint32_t label)
{
    return ouro_edge_holds(((const ouro_snapshot_label *)reading->labels.items)[label].kind);
}

/* Arrays for so many loose edges as there are; tells also how many targets are unknown. */
static bool make_loose(struct ouro__reading *reading)
{
    const uint32_t *targets = reading->edge_targets.items, *labels = reading->edge_labels.items;
    size_t loose = 0;
    for (size_t i = 0; i < reading->edge_targets.count; i++)
        if (targets[i] == OURO_GRAPH_NONE)
            reading->dropped_edges++;
        else
            loose += !holds(reading, labels[i]);
    return ouro__array_make(reading, &reading->loose_owners, loose, sizeof(uint32_t)) != NULL &&
           ouro__array_make(reading, &reading->loose_targets, loose, sizeof(uint32_t)) != NULL &&
           ouro__array_make(reading, &reading->loose_labels, loose, sizeof(uint32_t)) != NULL &&
           ouro__array_make(reading, &reading->loose_indexes, loose, sizeof(uint32_t)) != NULL;
}

/* Sorts the edges: kept ones move to the front of their arrays. */
static void part_edges(struct ouro__reading *reading, uint32_t *first)
{
    uint32_t *targets = reading->edge_targets.items, *labels = reading->edge_labels.items;
    uint32_t *indexes = reading->indexes.items;
    uint32_t *loose_owners = reading->loose_owners.items;
    uint32_t *loose_targets = reading->loose_targets.items;
    uint32_t *loose_labels = reading->loose_labels.items;
    uint32_t *loose_indexes = reading->loose_indexes.items;
    const uint32_t *counts = reading->edge_counts.items;
    uint32_t edge = 0, kept = 0, loose = 0;
    for (uint32_t owner = 0; owner < reading->addresses.count; owner++) {
        first[owner] = kept;
        for (uint32_t left = counts[owner]; left > 0; left--, edge++) {
            if (targets[edge] == OURO_GRAPH_NONE) continue;
            if (holds(reading, labels[edge])) {
                targets[kept] = targets[edge];
                labels[kept] = labels[edge];
                indexes[kept++] = indexes[edge];
            } else {
                loose_owners[loose] = owner;
                loose_targets[loose] = targets[edge];
                loose_labels[loose] = labels[edge];
                loose_indexes[loose++] = indexes[edge];
            }
        }
    }
    first[reading->addresses.count] = kept;
    reading->edge_targets.count = reading->edge_labels.count = reading->indexes.count = kept;
}

ouro_status ouro__resolve_edges(struct ouro__reading *reading)
{
    add_owners(reading);
    ouro_status status = find_all(reading);
    if (status != OURO_OK) return status;
    uint32_t *first =
        ouro__array_make(reading, &reading->first, reading->addresses.count + 1, sizeof *first);
    if (first == NULL || !make_loose(reading)) return OURO_NO_MEMORY;
    part_edges(reading, first);
    ouro__array_free(&reading->edge_counts);
    return ouro__report(reading, 7, 8) ? OURO_OK : OURO_INTERRUPTED;
}

/* ---- computed roots ---- */

/* How many references of each object are known: edges into it, and roots that were told. */
static uint32_t *count_known(struct ouro__reading *reading)
{
    size_t count = reading->addresses.count;
    uint32_t *known = calloc(count > 0 ? count : 1, sizeof *known);
    if (known == NULL) {
        ouro__fail_memory(reading->error, count * sizeof *known, "roots");
        return NULL;
    }
    const uint32_t *targets = reading->edge_targets.items;
    for (size_t i = 0; i < reading->edge_targets.count; i++) known[targets[i]]++;
    const ouro_snapshot_root *roots = reading->roots.items;
    for (size_t i = 0; i < reading->roots.count; i++) {
        uint32_t *of_object = &known[roots[i].object];
        uint32_t room = UINT32_MAX - *of_object;
        *of_object += roots[i].references < room ? roots[i].references : room;
    }
    return known;
}

/* The root that an object is by itself; false for none. */
static bool root_of(const struct ouro__reading *reading, uint32_t object, uint32_t known,
                    ouro_snapshot_root *out_root)
{
    uint8_t flags = ((const uint8_t *)reading->flags.items)[object];
    uint32_t count = ((const uint32_t *)reading->counts.items)[object];
    if ((flags & OURO_OBJECT_IS_IMMORTAL) != 0) {
        *out_root = (ouro_snapshot_root){object, OURO_ROOT_IMMORTAL, 0, 0};
        return true;
    }
    if ((flags & OURO_OBJECT_COUNT_IS_EXACT) == 0 || count <= known) return false;
    *out_root = (ouro_snapshot_root){object, OURO_ROOT_OUTSIDE, 0, count - known};
    return true;
}

ouro_status ouro__find_roots(struct ouro__reading *reading)
{
    uint32_t *known = count_known(reading);
    if (known == NULL) return OURO_NO_MEMORY;
    uint32_t objects = (uint32_t)reading->addresses.count;
    ouro_snapshot_root root;
    size_t computed = 0;
    for (uint32_t i = 0; i < objects; i++) computed += root_of(reading, i, known[i], &root);
    ouro_snapshot_root *out = ouro__array_extend(reading, &reading->roots, computed, sizeof *out);
    for (uint32_t i = 0; i < objects && out != NULL; i++)
        if (root_of(reading, i, known[i], &root)) *out++ = root;
    free(known);
    return out != NULL ? OURO_OK : OURO_NO_MEMORY;
}
