/* SPDX-License-Identifier: MIT */
/*
 * select.h -- the part of a tree that is worth showing
 *
 * A tree of ten million nodes has to become some thousand rows that tell most.  From the root on, the row that is
 * taken next is the heaviest of those whose parent is there, where each level down counts a little less:
 * so a list of a million nodes, each of which holds all the others, leaves room for what stands beside it.
 *
 * Rows come after their parent.  Of a node's children, heaviest first, the first `shown` are rows; what the others
 * hold follows from the node's own sums.
 */
#ifndef OURO_REPORT_SELECT_H
#define OURO_REPORT_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct select_tree {
    const void *context;
    uint32_t root;
    /* The children of a node, heaviest first. */
    const uint32_t *(*children)(const void *context, uint32_t node, size_t *out_count);
    uint64_t (*weight)(const void *context, uint32_t node);
} select_tree;

typedef struct select_row {
    uint32_t node;
    uint32_t parent; /* row; SELECT_ROOT: a child of the root */
    uint32_t depth;  /* 0: a child of the root */
    size_t shown;    /* children that are rows */
    uint64_t shown_weight;
} select_row;

#define SELECT_ROOT UINT32_MAX

typedef struct selection {
    select_row *rows;
    size_t length;
    select_row top; /* the root: `shown` and `shown_weight` */
} selection;

/* At most `limit` rows, none deeper than `depth`.  False: no memory.  Cost: O(limit log limit). */
bool select_rows(const select_tree *tree, size_t limit, uint32_t depth, selection *out_selection);
void selection_free(selection *chosen);

#endif
