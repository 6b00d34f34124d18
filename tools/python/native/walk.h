/* SPDX-License-Identifier: MIT */
/*
 * walk.h -- everything that lives in this interpreter, into a store
 *
 * Starts from what the collector knows, the modules and the variables of running functions, and follows references from
 * there to what the collector does not know: strings, numbers, tuples that it has let go.  The caller
 * holds the interpreter's lock; nothing that a program wrote is run; no object that a collector sees is made but three
 * lists of what there is, which are not in the store.
 */
#ifndef OURO_PYTHON_WALK_H
#define OURO_PYTHON_WALK_H

#include "names.h"

enum { WALK_GENERATIONS = 3, WALK_OWN_MOST = 8 };

/* Dictionaries of the writer's own modules; the runner's is that of the module which calls the script. */
typedef struct walk_own {
    PyObject *dicts[WALK_OWN_MOST];
    size_t count;
    PyObject *runner;
} walk_own;

typedef struct heap_walk {
    object_store store;
    word_maker words;
    type_table types;
    edge_names names;
    const walk_own *own;
    PyObject *lists[WALK_GENERATIONS];
    uint32_t label_weak;
} heap_walk;

/* Begins a walk whose words go to a writer.  Result: owned; NULL when memory runs out. */
heap_walk *walk_new(ouro_snapshot_writer *writer, const walk_own *own);
void walk_free(heap_walk *walk);

/* A reference that the walk itself has, or its caller for its sake. */
void walk_hold(heap_walk *walk, PyObject *object);

/* Fills the store.  False: an exception is set.  `get_objects` is gc.get_objects; `exception`, may be NULL, is the one
 * that ended the script. */
bool walk_all(heap_walk *walk, PyObject *get_objects, PyObject *exception);

/* Marks what only the writer holds (own.c).  False: memory ran out. */
bool walk_mark_own(heap_walk *walk);

bool walk_is_own_dict(const heap_walk *walk, const PyObject *dict);

/* Roots in modules and in running functions (roots.c). */
void walk_add_roots(heap_walk *walk, PyObject *exception);

#endif
