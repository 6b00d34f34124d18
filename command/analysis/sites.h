/* SPDX-License-Identifier: MIT */
/*
 * sites.h -- what lives, by the places that allocated it, and what changed between two snapshots
 *
 * Places are the same when their frames are: the program's own by function, file and line, others by the module and the
 * offset in its file, so that two runs of one program can be compared.
 */
#ifndef OURO_ANALYSIS_SITES_H
#define OURO_ANALYSIS_SITES_H

#include <ouro/snapshot.h>

typedef struct site_row {
    const ouro_snapshot *snapshot;         /* the later one that has the site */
    uint32_t site;                         /* of that snapshot; 0: unknown */
    uint64_t objects_before, bytes_before; /* 0 without an earlier snapshot */
    uint64_t objects_after, bytes_after;
    uint64_t
        peak_bytes; /* of the later snapshot, as the next: the largest that one of them had, and all ever made */
    uint64_t made_objects, made_bytes;
} site_row;

typedef struct site_rows {
    site_row *
        rows; /* by growth in bytes, what grew most first; those that made only what is gone are among them */
    size_t length;
    site_row total;
    bool
        estimated; /* sums of the sites themselves, which count raw memory too, and are estimates where births are sampled;
                       else objects were counted */
} site_rows;

/*
 * The sites of `after`, compared with those of `before`, which may be NULL.  With a type's name only its objects count; without,
 * what the sites say themselves, where they do.  No rows when a snapshot knows no site: its heap was not traced.
 * False: no memory.  Cost: O(objects + sites log sites).
 */
bool sites_count(const ouro_snapshot *before, const ouro_snapshot *after, const char *type,
                 site_rows *out_rows);
void sites_free(site_rows *counted);

/* Whether the writer said anywhere where something was allocated. */
bool sites_are_known(const ouro_snapshot *snapshot);

/* Whether the sites themselves know what lives; else their objects can be asked. */
bool sites_have_sums(const ouro_snapshot *snapshot);

#endif
