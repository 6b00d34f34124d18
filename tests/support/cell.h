/* SPDX-License-Identifier: MIT */
/*
 * cell.h -- the objects that most tests are made of
 *
 *   cell  two references to anything, and a finalizer that each cell chooses
 *   list  a vector of anything
 *   atom  no reference: never tracked
 *
 * All count their births and releases.
 */
#ifndef OURO_TEST_CELL_H
#define OURO_TEST_CELL_H

#include "support/test.h"

typedef struct cell {
    void *left, *right;
    void (*last_word)(struct cell *self); /* what its finalizer does, or NULL */
    long number;
} cell;

typedef struct list {
    ouro_vector items;
} list;

typedef struct atom {
    long number;
} atom;

extern ouro_type cell_type, list_type, atom_type;

/* New objects that must succeed.  Owned. */
cell *cell_new(ouro_heap *heap);
list *list_new(ouro_heap *heap);
atom *atom_new(ouro_heap *heap, long number);

/* A cell that refers to itself and that nobody else holds; it will say its last
 * word. */
void cell_lose(ouro_heap *heap, void (*last_word)(cell *self));

/* A ring of cells that an owned reference to one of them holds. */
cell *cell_ring(ouro_heap *heap, size_t length);

/* Appends, which must succeed. */
void list_append(list *self, void *item);

/* A cell owned by `owner` alone.  Borrowed. */
cell *list_append_cell(list *owner, long number);

/* How many objects of the three types have been released. */
extern size_t cell_released;

#endif
