/* SPDX-License-Identifier: MIT */
/*
 * report.h -- what the parts of a report share
 *
 *     report.c    the subcommand: arguments, files, the page around the data
 *     data.c      the data as a whole, types by number
 *     trees.c     dominators, by object and merged by type
 *     holders.c   what holds the largest things
 *     rings.c     cycles in the heap, and those that collections found
 *     change.c    growth between snapshots
 *     memory.c    pools, and the log of collections
 *     sites.c     where objects were allocated
 *     json.c, select.c, tally.c   tools of these
 *
 * report/README.md says what the data look like.  Each part writes one key of them, bounded, with the sums of
 * what it left out.  A part returns false when memory was refused.
 */
#ifndef OURO_REPORT_H
#define OURO_REPORT_H

#include "analysis/census.h"
#include "analysis/paths.h"
#include "analysis/retention.h"
#include "report/json.h"

#include <ouro/snapshot.h>

/* How much of each part the page holds, so that it stays below some megabytes. */
enum {
    REPORT_TYPES = 3000,
    REPORT_TREE_ROWS = 4000,
    REPORT_TREE_DEPTH = 64,
    REPORT_HOLDERS = 40,
    REPORT_WAY_END = 12, /* steps from each end of a long way */
    REPORT_FORMS = 40,
    REPORT_ROUND = 48,
    REPORT_FORM_TYPES = 12,
    REPORT_FORM_LINKS = 24,
    REPORT_CHANGES = 1000,
    REPORT_PLACES = 12,
    REPORT_POOLS = 20000,
    REPORT_SAMPLES = 1500,
    REPORT_COLLECTIONS = 500,
    REPORT_PAUSES = 2500,
    REPORT_PHASES = 5000,
    REPORT_SITES = 400,
    REPORT_NAME_BYTES = 400, /* of a type */
    REPORT_TEXT_BYTES = 120, /* of an object */
};

/* A type as the page numbers it. */
typedef struct report_type {
    uint32_t type;    /* of the snapshot, or OURO_GRAPH_NONE */
    const char *name; /* where an earlier snapshot alone has it: the report's own copy */
} report_type;

typedef struct report {
    const ouro_snapshot *snapshot; /* the latest */
    retention held;
    census counted;
    json out;

    report_type *types; /* the page's, by number: those of the census first */
    size_t type_count, type_capacity;
    size_t census_count;
    uint32_t *number_of; /* of the snapshot's types, or OURO_GRAPH_NONE */
} report;

/* An earlier snapshot, as much of it as growth needs: see change.c. */
typedef struct change change;

/* The page's number of a type, of one that the snapshot lacks by its name.  OURO_GRAPH_NONE: no memory; the
 * page shows it as unknown. */
uint32_t report_type_number(report *made, uint32_t type);
uint32_t report_name_number(report *made, const char *name);

void report_type_of_object(report *made, uint32_t object); /* its number, as a value */
void report_text_of_object(report *made, uint32_t object);
void report_address_of_object(report *made, uint32_t object);
void report_edge(report *made,
                 uint32_t edge); /* [kind, name, index], or null for OURO_GRAPH_NONE */

/* The keys of the shortest way to an object: root, steps, omitted, omittedAt.  False: no memory. */
bool report_way(report *made, const paths *known, uint32_t object);

/* All data.  False: no memory. */
bool report_write(report *made, const char *file, const change *changed);

/* Ends what the report has of its own: not the snapshot. */
void report_free(report *made);

bool report_trees(report *made);
bool report_holders(report *made);
bool report_cycles(report *made);
bool report_growth(report *made, const change *changed);
bool report_pools(report *made);
bool report_timeline(report *made);
bool report_sites(report *made);

/* ---- growth: snapshots are added one after another -------------------------- */

change *change_new(size_t snapshots); /* so many will be added */
void change_free(change *changed);

/* Counts a snapshot, which may go afterwards; the latest comes last.  False: no memory. */
bool change_add(change *changed, const char *file, const ouro_snapshot *snapshot);

/* Puts those added so far in the order of their times, when all tell one, and returns the number of the earliest,
 * counted as they were added. */
size_t change_sort(change *changed);

/* Compares the first snapshot with the latest, object by object.  False: no memory. */
bool change_compare(change *changed, const ouro_snapshot *first, const ouro_snapshot *latest);

#endif
