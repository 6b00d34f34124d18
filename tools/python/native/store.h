/* SPDX-License-Identifier: MIT */
/*
 * store.h -- objects and references on their way into a snapshot
 *
 * A walk fills it while the interpreter stands still; what is written is made from it alone, when the program goes
 * on.  An object gets a row when it is first seen.  Rows are walked in their order, so that they are also the
 * list of what is left to do: nothing recurses, however deep objects nest.
 *
 *     rows    | 0 | 1 | 2 | 3 | 4 |          edges   |0>1|0>3|1>4|2>1|
 *               ^ walked      ^ left                  ^ of row 0, of row 1, ...
 *
 * Memory is CPython's raw domain, never objects: it must not show in what is walked.
 */
#ifndef OURO_PYTHON_STORE_H
#define OURO_PYTHON_STORE_H

#include "shim.h"

#include <ouro/snapshot.h>

typedef struct stored_object {
    PyObject *address;
    uint64_t size;
    Py_ssize_t count; /* what sys.getrefcount would say, without its argument */
    uint32_t held;    /* references of the walk itself */
    uint32_t type, text;
    size_t first_edge;
    uint8_t flags;
    bool is_own;  /* of the writer: left out */
    bool is_kept; /* shown, though only the writer holds it */
} stored_object;

typedef struct stored_edge {
    uint32_t target; /* row */
    uint32_t label, index;
} stored_edge;

typedef struct stored_root {
    uint32_t object; /* row */
    uint32_t name, references;
    ouro_root_kind kind;
} stored_root;

typedef struct object_store {
    stored_object *objects;
    size_t object_count, object_capacity;
    stored_edge *edges;
    size_t edge_count, edge_capacity;
    stored_root *roots;
    size_t root_count, root_capacity;
    uint32_t *slots; /* row + 1 by address, or 0: a table with open addressing */
    size_t slot_count;
    bool failed; /* memory ran out: all calls do nothing */
} object_store;

#define STORE_NO_ROW UINT32_MAX

void store_init(object_store *store);
void store_free(object_store *store);

/* The row of an object: an old or a new one; STORE_NO_ROW when memory runs out. */
uint32_t store_row(object_store *store, PyObject *object);
/* The row of an object, if it has one; else STORE_NO_ROW. */
uint32_t store_find(const object_store *store, const PyObject *object);
/* A reference of the object whose edges are written now. */
void store_edge(object_store *store, PyObject *target, uint32_t label, uint32_t index);
void store_root(object_store *store, PyObject *object, ouro_root_kind kind, uint32_t name,
                uint32_t references);
/* How many edges row `row` has; all of its edges must be there. */
size_t store_edges_of(const object_store *store, size_t row, const stored_edge **out_first);

/* Makes room for one more in an array; false: memory ran out, and the array is as it was. */
bool store_grow(void **array, size_t *capacity, size_t count, size_t item);

#endif
