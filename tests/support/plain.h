/* SPDX-License-Identifier: MIT */
/*
 * plain.h -- objects without hooks
 *
 *   node  two references
 *   row   as many references as it was made with
 */
#ifndef OURO_TEST_PLAIN_H
#define OURO_TEST_PLAIN_H

#include "support/test.h"

typedef struct node {
    void *left, *right;
} node;

typedef struct row {
    size_t length;
    void *items[];
} row;

extern ouro_type node_type, row_type;

/* New objects that must succeed.  Owned. */
node *node_new(ouro_heap *heap);
row *row_new(ouro_heap *heap, size_t length);

#endif
