/* SPDX-License-Identifier: MIT */
/*
 * viewers.h -- who watches a heap from outside the program               [floor 6]
 *
 * A log file, and a published file with its census.  A heap that nobody watches has a NULL pointer to this,
 * and tests it where allocations leave the inlined path, and once for each pause.
 *
 *   [viewers.bounded]  between two moments at which the program goes on, a census looks at OURO_CENSUS_POOLS pools at
 *                    most, or at all large blocks
 *   [viewers.once]     arenas are counted in the order of their addresses, so one that comes or goes meanwhile is
 *                    counted once or not at all
 */
#ifndef OURO_HEAP_VIEWERS_H
#define OURO_HEAP_VIEWERS_H

#include "events/log_file.h"
#include "events/publication.h"
#include "memory/walk.h"

/* Objects of one type. */
struct ouro__census_row {
    const ouro_type *type; /* NULL: no type yet */
    uint64_t objects, bytes;
};

enum { OURO__CENSUS_ROWS = 1024 }; /* a power of two; further types are counted together */

struct ouro__census {
    uint32_t request;  /* that it answers; 0: none is counted */
    int realm;         /* where it stands: its arenas, */
    uintptr_t arena;   /* the one that is counted, 0: the first is not begun */
    size_t page;       /* and its next page */
    size_t type_count; /* rows in use */
    uint64_t objects, bytes;
    struct ouro__census_row rows[OURO__CENSUS_ROWS]; /* by a hash of the type */
};

struct ouro__viewers {
    struct ouro__log_file log_file;
    struct ouro__publication *publication; /* NULL: none */
    struct ouro__census census;
};

/* Begins to count, from nothing. */
void ouro__census_begin(struct ouro__census *census, uint32_t request);

/* Counts on; true when all is counted. */
bool ouro__census_go_on(struct ouro__census *census, const struct ouro__pools *pools);

/* Writes the result, largest first; none is counted afterwards. */
void ouro__census_end(struct ouro__census *census, ouro_published *out_state);

#endif
