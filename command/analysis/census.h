/* SPDX-License-Identifier: MIT */
/*
 * census.h -- how many objects of which type, and what they take
 */
#ifndef OURO_ANALYSIS_CENSUS_H
#define OURO_ANALYSIS_CENSUS_H

#include "retention.h"

typedef struct census_row {
    uint32_t type;
    uint32_t largest; /* the largest object of it, by its own size */
    uint64_t objects, bytes;
    uint64_t unreached_objects, unreached_bytes; /* of these, what no root reaches */
    uint64_t
        retained; /* at least so much would go if all of them went: the sum over those that none of their
                          own type dominates.  0 when the census was taken without retention */
} census_row;

typedef struct census {
    const ouro_snapshot *snapshot;
    census_row *rows; /* of types that have objects */
    size_t length;
    census_row total; /* type and largest mean nothing */
} census;

typedef enum census_order {
    CENSUS_BY_BYTES, /* largest first, as are the next two */
    CENSUS_BY_OBJECTS,
    CENSUS_BY_RETAINED,
    CENSUS_BY_NAME,
} census_order;

/* With `held`, which has grown its tree, retained sizes and what is unreached too; NULL: without.
 * Rows by bytes.  False: no memory.  Cost: O(objects). */
bool census_take(const ouro_snapshot *snapshot, const retention *held, census *out_census);
void census_sort(census *taken, census_order order);
void census_free(census *taken);

/* What exactly would go if all objects of one type went: these, and what then no root would reach.
 * False: no memory.  Cost: O(objects + edges). */
bool census_retained_by(const ouro_snapshot *snapshot, uint32_t type, uint64_t *out_objects,
                        uint64_t *out_bytes);

#endif
