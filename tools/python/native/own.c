/* SPDX-License-Identifier: MIT */
/*
 * own.c -- what only the writer holds, so that it is left out
 *
 * The writer lives in the process that it shows.  Its modules and functions are known.  What else is its own
 * is found as a collector would: an object all of whose references come from what is the writer's own already.
 * References from there to the rest do not count for the rest.
 */
#include "walk.h"

/* The modules of the writer, their dictionaries, and functions that were written there. */
static bool is_own_by_itself(const heap_walk *walk, PyObject *object)
{
    if (PyDict_CheckExact(object)) return walk_is_own_dict(walk, object);
    if (PyModule_Check(object)) return walk_is_own_dict(walk, PyModule_GetDict(object));
    if (PyFunction_Check(object)) {
        return walk_is_own_dict(walk, ((PyFunctionObject *)object)->func_globals);
    }
    if (PyCFunction_Check(object)) {
        PyObject *self = ((PyCFunctionObject *)object)->m_self;
        return self != NULL && PyModule_Check(self) &&
               walk_is_own_dict(walk, PyModule_GetDict(self));
    }
    return false;
}

static void take(stored_object *object, uint32_t row, uint32_t *left, size_t *left_count)
{
    if (object->is_own || object->is_kept || (object->flags & OURO_OBJECT_IS_IMMORTAL) != 0) return;
    object->is_own = true;
    left[(*left_count)++] = row;
}

bool walk_mark_own(heap_walk *walk)
{
    object_store *store = &walk->store;
    uint32_t *left = PyMem_RawMalloc((store->object_count + 1) * sizeof(*left));
    if (left == NULL) return false;
    size_t left_count = 0;
    for (size_t row = 0; row < store->object_count; row++) {
        stored_object *object = &store->objects[row];
        if (object->held >= object->count || is_own_by_itself(walk, object->address)) {
            take(object, (uint32_t)row, left, &left_count);
        }
    }
    while (left_count > 0) {
        const stored_edge *edge = NULL;
        size_t count = store_edges_of(store, left[--left_count], &edge);
        for (; count > 0; count--, edge++) {
            stored_object *target = &store->objects[edge->target];
            if (edge->label == walk->label_weak) continue;
            target->held++;
            if (target->held >= target->count) take(target, edge->target, left, &left_count);
        }
    }
    PyMem_RawFree(left);
    return true;
}
