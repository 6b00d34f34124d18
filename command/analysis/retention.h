/* SPDX-License-Identifier: MIT */
/*
 * retention.h -- what each object of a snapshot alone keeps alive
 *
 * The dominator of an object is the last one that every way from a root to it passes.  What an object dominates
 * goes when it goes: that is its retained size.
 *
 *     root            OURO_GRAPH_ROOT
 *      +-- cache                  retained: all below, and itself
 *      |    +-- list
 *      |         +-- entry, entry, entry
 *      +-- shared                 two of the entries hold it: only the root dominates it
 */
#ifndef OURO_ANALYSIS_RETENTION_H
#define OURO_ANALYSIS_RETENTION_H

#include <ouro/snapshot.h>

typedef struct retention {
    const ouro_snapshot *snapshot;
    uint32_t
        *dominator; /* of each object; OURO_GRAPH_ROOT: none but the root; OURO_GRAPH_NONE: no root
                            reaches it, only the collector frees it */
    uint64_t *retained; /* bytes; 0 where no root reaches */
    uint64_t reached_objects, reached_bytes;
    uint32_t *first_child; /* the tree of dominators; NULL until retention_grow_tree */
    uint32_t *child;
} retention;

/* The objects that roots hold, each as often as there are roots of it.  NULL: no memory, or (with *out_count 0)
 * no roots.  Freed by the caller. */
uint32_t *root_objects(const ouro_snapshot *snapshot, size_t *out_count);

/* False when there is no memory.  Cost: O(objects + edges), some seconds for ten million; memory of 12 bytes
 * an object, and 20 more and 4 an edge while it works. */
bool retention_find(const ouro_snapshot *snapshot, retention *out_retention);

/* Adds the tree of dominators, each one's children largest first: 8 bytes an object.  False: no memory. */
bool retention_grow_tree(retention *found);

/* The objects whose dominator is `object` (or OURO_GRAPH_ROOT), largest retained size first.  Needs the tree. */
const uint32_t *retention_children(const retention *found, uint32_t object, size_t *out_count);

void retention_free(retention *found);

#endif
