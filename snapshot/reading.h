/* SPDX-License-Identifier: MIT */
/*
 * reading.h -- a snapshot that is being read
 *
 * Rows of chunks become arrays, one for each column that stays (rows.c).  When the end has been met, objects
 * are put in order, edges find their targets (resolve.c), roots are computed (roots.c), and the arrays become the
 * snapshot (reader.c).
 *
 *   [read.bound]  no array has more than one and a half times the entries that rows were unpacked for; nothing is
 *                 sized by what a file declares
 */
#ifndef OURO_SNAPSHOT_READING_H
#define OURO_SNAPSHOT_READING_H

#include "source.h"

struct ouro__array {
    void *items;
    size_t count, capacity; /* entries */
};

struct ouro__reading {
    struct ouro__source source;
    const ouro_snapshot_progress *progress;
    ouro_error *error;

    uint64_t rows[OURO__KINDS]; /* that were read */
    uint64_t edges_declared, frames_declared, links_declared;
    uint64_t dropped_edges, dropped_roots;
    uint64_t end;   /* offset of the end chunk */
    bool is_sorted; /* the addresses so far */

    struct ouro__array text; /* of strings 1, 2, ...: each with a NUL */
    struct ouro__array strings;
    struct ouro__array note_keys, note_values, types, labels;
    struct ouro__array addresses, sizes, object_types, counts, texts, object_sites, flags;
    struct ouro__array edge_counts; /* of each object, until `first` is known */
    struct ouro__array targets;     /* u64, differences to the owner; then gone */
    struct ouro__array edge_labels, indexes;
    struct ouro__array first, edge_targets; /* the graph */
    struct ouro__array loose_owners, loose_targets, loose_labels, loose_indexes;
    struct ouro__array root_rows; /* struct ouro__root_row */
    struct ouro__array roots;
    struct ouro__array pools, sites, frames, events, samples, cycles, links;
};

struct ouro__root_row {
    uint64_t address;
    uint32_t kind, name, references;
};

/* So many more entries of `item_size` bytes, to be filled.  NULL, with the error told, when memory is refused. */
void *ouro__array_extend(struct ouro__reading *reading, struct ouro__array *array, size_t count,
                         size_t item_size);
/* A new array of exactly so many. */
void *ouro__array_make(struct ouro__reading *reading, struct ouro__array *array, size_t count,
                       size_t item_size);
/* Gives back what an array has beyond its entries. */
void ouro__array_trim(struct ouro__array *array, size_t item_size);
void ouro__array_free(struct ouro__array *array);

/* Takes in one chunk; of a kind that is unknown, nothing. */
ouro_status ouro__read_rows(struct ouro__reading *reading, const struct ouro__chunk *chunk);

/* Ascending addresses, each once; then edges and loose edges by objects; then roots. */
ouro_status ouro__sort_objects(struct ouro__reading *reading);
ouro_status ouro__resolve_edges(struct ouro__reading *reading);
ouro_status ouro__find_roots(struct ouro__reading *reading);

/* False, with the error told, when the one who waits has had enough.  `done` of `total` of the work after the
 * last chunk. */
bool ouro__report(struct ouro__reading *reading, uint64_t done, uint64_t total);

#endif
