/* SPDX-License-Identifier: MIT */
/*
 * growth.h -- what changed between two snapshots of one program
 *
 * An object of the later snapshot is the same as one of the earlier when address and type (by its name) are the same.  An
 * address may have been used again for another object of that type: then one that is new counts as having stayed.
 */
#ifndef OURO_ANALYSIS_GROWTH_H
#define OURO_ANALYSIS_GROWTH_H

#include <ouro/snapshot.h>

typedef struct growth_row {
    const char *type; /* name, of either snapshot */
    uint64_t objects_before, bytes_before;
    uint64_t objects_after, bytes_after;
    uint64_t born, born_bytes; /* in the later one alone */
    uint64_t gone, gone_bytes; /* in the earlier one alone */
} growth_row;

/* An object that was there before and refers to new ones: where a leak goes in. */
typedef struct growth_place {
    uint32_t object; /* of the later snapshot */
    uint32_t edge;   /* one of its edges to a new object */
    uint64_t born;   /* new objects that it refers to */
    uint64_t
        held; /* bytes of new objects that are reached from there before any other such place */
} growth_place;

typedef struct growth {
    const ouro_snapshot *before, *after;
    growth_row *rows; /* by growth in bytes, what grew most first; what shrank last */
    size_t length;
    growth_row total;
    growth_place *places; /* by `held`, largest first */
    size_t place_count;
    uint64_t apart,
        apart_bytes; /* new objects that no place leads to: roots hold them, or nobody */
    uint8_t *is_new; /* a byte for each object of `after` */
} growth;

/* False: no memory.  Cost: O(objects + edges) of both. */
bool growth_find(const ouro_snapshot *before, const ouro_snapshot *after, growth *out_growth);
void growth_free(growth *found);

#endif
