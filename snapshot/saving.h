/* SPDX-License-Identifier: MIT */
/*
 * saving.h -- a heap on its way into a snapshot
 *
 * One file for each part of what a heap knows; heap.c calls them in turn.  They see the heap through the public
 * header alone.
 */
#ifndef OURO_SNAPSHOT_SAVING_H
#define OURO_SNAPSHOT_SAVING_H

#include <ouro/snapshot.h>

enum { OURO__TYPE_CACHE = 256, OURO__LABEL_CACHE = 1024 };

/* Numbers of types and labels that were met, found by the addresses of their descriptions: a hit saves the
 * writer's tables.  An entry gives way to the next that falls on its place. */
struct ouro__cached_type {
    const ouro_type *type;
    uint32_t number;
};
struct ouro__cached_label {
    const char *name; /* NULL: empty */
    ouro_edge_kind kind;
    uint32_t number;
};

struct ouro__saving {
    ouro_heap *heap;
    const ouro_snapshot_options *options; /* or NULL */
    ouro_snapshot_writer *writer;
    uint32_t garbage_name; /* string */
    uint32_t sites;        /* the highest number of a site that was saved */
    struct ouro__cached_type types[OURO__TYPE_CACHE];
    struct ouro__cached_label labels[OURO__LABEL_CACHE];
};

uint32_t ouro__save_type(struct ouro__saving *saving, ouro_type *type);
uint32_t ouro__save_label(struct ouro__saving *saving, ouro_edge_kind kind, const char *name);

ouro_edge_kind ouro__edge_kind_of(ouro_reference_kind kind);

/* Each in its file: heap_notes.c and so on. */
void ouro__save_notes(struct ouro__saving *saving);
void ouro__save_sites(struct ouro__saving *saving);   /* before what has sites */
void ouro__save_objects(struct ouro__saving *saving); /* with references and roots */
void ouro__save_pools(struct ouro__saving *saving);
void ouro__save_cycles(struct ouro__saving *saving);
void ouro__save_events(struct ouro__saving *saving); /* and samples */

/* All of it, and the end. */
ouro_status ouro__save_heap(ouro_heap *heap, const ouro_snapshot_sink *sink,
                            const ouro_snapshot_options *options, ouro_error *error);

#endif
