/* SPDX-License-Identifier: MIT */
/*
 * parts.h -- large structures whose parts tell when they end
 */
#ifndef OURO_TEST_PARTS_H
#define OURO_TEST_PARTS_H

#include "support/plain.h"

/* A part of a structure; its number is noted by its finalizer, and with a minus by its release. */
typedef struct part {
    void *left, *right;
    ouro_vector others;
    long number;
} part;

/* A link that no cycle passes through.  It waits while the rest of its chain dies. */
typedef struct straight {
    void *next, *last;
} straight;

extern ouro_type part_type, straight_type;
extern size_t straight_released;

/* What was noted, in order; `numbers`, unless NULL, has room for all. */
struct part_record {
    long *numbers;
    size_t length;
};
extern struct part_record part_record;
void part_note(long number);

part *part_new(ouro_heap *heap, long number);

/* Structures of so many parts, by a reference to the first.  Owned. */
typedef void *(*structure)(ouro_heap *heap, size_t size);
void *part_chain(ouro_heap *heap, size_t length);
void *part_tree(ouro_heap *heap, size_t size);
void *part_vector(ouro_heap *heap, size_t size);
void *part_mixture(ouro_heap *heap, size_t size); /* of the three, in each other */
void *straight_chain(ouro_heap *heap, size_t length);
void *node_chain(ouro_heap *heap, size_t length);

#endif
