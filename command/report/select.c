/* SPDX-License-Identifier: MIT */
/*
 * select.c -- the part of a tree that is worth showing
 *
 * A heap of candidates, one for each parent: its heaviest child that is no row yet.  When that becomes a row, its
 * next sibling takes its place and its own first child joins, so the heap holds at most two for each row.
 */
#include "report/select.h"

#include <stdlib.h>

typedef struct candidate {
    double rank;
    uint32_t node;
    uint32_t parent;
    uint32_t depth;
    size_t place; /* among its siblings */
} candidate;

typedef struct queue {
    candidate *entries;
    size_t length;
} queue;

static void swap(candidate *a, candidate *b)
{
    candidate kept = *a;
    *a = *b;
    *b = kept;
}

static void queue_add(queue *waiting, candidate added)
{
    size_t at = waiting->length++;
    waiting->entries[at] = added;
    for (; at > 0 && waiting->entries[(at - 1) / 2].rank < waiting->entries[at].rank;
         at = (at - 1) / 2)
        swap(&waiting->entries[at], &waiting->entries[(at - 1) / 2]);
}

static candidate queue_take(queue *waiting)
{
    candidate *entries = waiting->entries;
    candidate taken = entries[0];
    entries[0] = entries[--waiting->length];
    for (size_t at = 0;;) {
        size_t largest = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < waiting->length; child++)
            if (entries[child].rank > entries[largest].rank) largest = child;
        if (largest == at) return taken;
        swap(&entries[at], &entries[largest]);
        at = largest;
    }
}

/* The child of `parent` at `place` waits, if there is one. */
static void offer(const select_tree *tree, queue *waiting, uint32_t parent_node, uint32_t parent,
                  uint32_t depth, size_t place)
{
    size_t count;
    const uint32_t *children = tree->children(tree->context, parent_node, &count);
    if (place >= count) return;
    uint64_t weight = tree->weight(tree->context, children[place]);
    queue_add(waiting, (candidate){.rank = (double)weight / (depth + 1.0),
                                   .node = children[place],
                                   .parent = parent,
                                   .depth = depth,
                                   .place = place});
}

bool select_rows(const select_tree *tree, size_t limit, uint32_t depth, selection *out_selection)
{
    *out_selection = (selection){.rows = malloc((limit + 1) * sizeof(select_row))};
    queue waiting = {.entries = malloc((2 * limit + 2) * sizeof(candidate))};
    if (out_selection->rows == NULL || waiting.entries == NULL) {
        free(waiting.entries);
        selection_free(out_selection);
        return false;
    }
    select_row *rows = out_selection->rows;
    offer(tree, &waiting, tree->root, SELECT_ROOT, 0, 0);
    while (waiting.length > 0 && out_selection->length < limit) {
        candidate taken = queue_take(&waiting);
        uint32_t row = (uint32_t)out_selection->length++;
        rows[row] = (select_row){.node = taken.node, .parent = taken.parent, .depth = taken.depth};
        select_row *parent =
            taken.parent == SELECT_ROOT ? &out_selection->top : &rows[taken.parent];
        parent->shown++;
        parent->shown_weight += tree->weight(tree->context, taken.node);
        uint32_t parent_node = taken.parent == SELECT_ROOT ? tree->root : parent->node;
        offer(tree, &waiting, parent_node, taken.parent, taken.depth, taken.place + 1);
        if (taken.depth < depth) offer(tree, &waiting, taken.node, row, taken.depth + 1, 0);
    }
    free(waiting.entries);
    return true;
}

void selection_free(selection *chosen)
{
    free(chosen->rows);
    *chosen = (selection){0};
}
