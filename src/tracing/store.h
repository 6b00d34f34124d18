/* SPDX-License-Identifier: MIT */
/*
 * store.h -- the memory of tracing's own tables                        [floor 3]
 *
 * Beside the heap: it is in no pool, and counts towards no limit.  What is small is cut from chunks, in the
 * size classes of blocks, and what is large has a mapping of its own.
 */
#ifndef OURO_TRACE_STORE_H
#define OURO_TRACE_STORE_H

#include "memory/pool.h"

struct ouro__chunk {
    struct ouro__chunk *next;
    size_t size;
};

struct ouro__store {
    struct ouro__pools *pools;  /* whose `refuse` may say no */
    struct ouro__chunk *chunks; /* all mappings */
    char *at, *end;             /* what is left of the newest chunk of small pieces */
    void *free[OURO__CLASSES];
    void *zeroed[OURO__CLASSES]; /* but for the link */
    size_t bytes;                /* of all mappings */
};

/* Zeroed bytes, or NULL. */
void *ouro__store_take(struct ouro__store *store, size_t size);
void ouro__store_give(struct ouro__store *store, void *piece, size_t size);

/* The same for what its user has left zeroed. */
void ouro__store_give_zeroed(struct ouro__store *store, void *piece, size_t size);

/* Gives everything back. */
void ouro__store_end(struct ouro__store *store);

#endif
