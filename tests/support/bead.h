/* SPDX-License-Identifier: MIT */
/*
 * bead.h -- objects that are nothing but references: what the collector's fastest loops are for
 */
#ifndef OURO_TEST_BEAD_H
#define OURO_TEST_BEAD_H

#include "support/heap.h"

typedef struct bead {
    struct bead *next, *previous, *other;
} bead;

extern ouro_type bead_type;

/* A new object that must succeed.  Owned. */
bead *bead_new(ouro_heap *heap);

/* Beads strung both ways, and the same closed.  Their first one, owned. */
bead *bead_chain(ouro_heap *heap, size_t length);
bead *bead_ring(ouro_heap *heap, size_t length);

#endif
