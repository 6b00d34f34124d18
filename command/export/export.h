/* SPDX-License-Identifier: MIT */
/*
 * export.h -- snapshots in the forms that other people's tools read
 *
 *     ouro snapshot export FILE --to FORMAT -o OUT
 *
 * One file for each format, all of one shape: a function that is given a snapshot and writes to a sink, piece by piece,
 * so that no format is ever whole in memory.  export.c has the table.
 */
#ifndef OURO_EXPORT_EXPORT_H
#define OURO_EXPORT_EXPORT_H

#include "sink.h"
#include "terminal.h"

#include <ouro/snapshot.h>

typedef enum export_profile {
    EXPORT_BY_ANY, /* allocation sites where there are some, else types */
    EXPORT_BY_SITES,
    EXPORT_BY_TYPES,
} export_profile;

typedef enum export_rows { EXPORT_OBJECTS, EXPORT_EDGES, EXPORT_TYPES } export_rows;

/* What is to be written, and how. */
typedef struct export_request {
    const ouro_snapshot *snapshot;
    sink *out;
    terminal_output *terminal; /* hears of progress */
    export_profile profile;    /* pprof, dhat */
    export_rows rows;          /* csv */
    uint32_t
        object;     /* graphviz: whose neighbourhood, or OURO_GRAPH_NONE: the largest of the heap */
    uint32_t depth; /* graphviz: steps from the object */
    uint32_t limit; /* graphviz: nodes */
} export_request;

/* Each writes all of it.  False: there was no memory; what the sink has is worth nothing then.  That writing failed is
 * known to the sink. */
bool export_devtools(const export_request *request);
bool export_pprof(const export_request *request);
bool export_dhat(const export_request *request);
bool export_graphviz(const export_request *request);
bool export_csv(const export_request *request);

/* The subcommand; argv[0] is its name. */
int snapshot_export_command(int argc, char **argv);

#endif
