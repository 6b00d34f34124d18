/* SPDX-License-Identifier: MIT */
/*
 * walk.c -- everything that lives in this interpreter, into a store
 *
 * Neighbours: roots.c says where it begins besides; own.c what is left out; names.c writes the references of one
 * object.  Above: save.c.
 */
#include "walk.h"

heap_walk *walk_new(ouro_snapshot_writer *writer, const walk_own *own)
{
    heap_walk *walk = PyMem_RawCalloc(1, sizeof(*walk));
    if (walk == NULL) return NULL;
    walk->own = own;
    walk->words.writer = writer;
    store_init(&walk->store);
    types_init(&walk->types, &walk->words);
    names_init(&walk->names, &walk->store, &walk->words);
    walk->label_weak = words_label_of(&walk->words, OURO_EDGE_WEAK, "");
    return walk;
}

void walk_free(heap_walk *walk)
{
    if (walk == NULL) return;
    names_free(&walk->names);
    types_free(&walk->types);
    store_free(&walk->store);
    PyMem_RawFree(walk);
}

bool walk_is_own_dict(const heap_walk *walk, const PyObject *dict)
{
    for (size_t at = 0; at < walk->own->count; at++) {
        if (walk->own->dicts[at] == dict) return true;
    }
    return false;
}

void walk_hold(heap_walk *walk, PyObject *object)
{
    uint32_t row = store_row(&walk->store, object);
    if (row != STORE_NO_ROW) walk->store.objects[row].held++;
}

/* ---- what the collector knows ------------------------------------------------ */

static bool walk_is_list(const heap_walk *walk, const PyObject *object)
{
    for (int generation = 0; generation < WALK_GENERATIONS; generation++) {
        if (walk->lists[generation] == object) return true;
    }
    return false;
}

/* The oldest first, so that a list which exists already is only in the youngest. */
static bool walk_make_lists(heap_walk *walk, PyObject *get_objects)
{
    for (int generation = WALK_GENERATIONS - 1; generation >= 0; generation--) {
        walk->lists[generation] = PyObject_CallFunction(get_objects, "i", generation);
        if (walk->lists[generation] == NULL) return false;
        if (!PyList_CheckExact(walk->lists[generation])) {
            PyErr_SetString(PyExc_TypeError, "gc.get_objects() gives no list");
            return false;
        }
    }
    return true;
}

static void walk_drop_lists(heap_walk *walk)
{
    for (int generation = 0; generation < WALK_GENERATIONS; generation++) {
        Py_CLEAR(walk->lists[generation]);
    }
}

/* Each object in a list is held by it; that reference is the walk's. */
static void walk_take_lists(heap_walk *walk)
{
    for (int generation = 0; generation < WALK_GENERATIONS; generation++) {
        PyObject *list = walk->lists[generation];
        for (Py_ssize_t at = 0; at < PyList_GET_SIZE(list); at++) {
            PyObject *object = PyList_GET_ITEM(list, at);
            if (walk_is_list(walk, object)) continue;
            uint32_t row = store_row(&walk->store, object);
            if (row == STORE_NO_ROW) return;
            walk->store.objects[row].held++;
            walk->store.objects[row].flags = (uint8_t)generation;
        }
    }
}

static int walk_take_other(PyObject *object, void *argument)
{
    heap_walk *walk = argument;
    if (!walk_is_list(walk, object)) store_row(&walk->store, object);
    return 1;
}

/* ---- one object ---------------------------------------------------------------- */

static bool has_weak_references(PyObject *object)
{
    Py_ssize_t offset = Py_TYPE(object)->tp_weaklistoffset;
    return offset != 0 && *(PyObject **)(void *)((char *)object + offset) != NULL;
}

/* What the collector follows, and no list of a generation has, is frozen. */
static uint8_t flags_of(PyObject *object, uint8_t generation)
{
    unsigned flags = generation;
    if (shim_is_immortal(object)) flags |= OURO_OBJECT_IS_IMMORTAL;
    if (has_weak_references(object)) flags |= OURO_OBJECT_HAS_WEAK_REFERENCES;
    if (PyObject_IS_GC(object)) {
        if (PyObject_GC_IsFinalized(object)) flags |= OURO_OBJECT_IS_FINALIZED;
        if (generation == OURO_OBJECT_GENERATION && PyObject_GC_IsTracked(object)) {
            flags |= OURO_OBJECT_IS_FROZEN;
        }
    }
    return (uint8_t)flags;
}

static void walk_object(heap_walk *walk, size_t row)
{
    PyObject *object = walk->store.objects[row].address;
    type_info *info = types_of(&walk->types, Py_TYPE(object));
    if (info == NULL) {
        walk->store.failed = true;
        return;
    }
    stored_object *stored = &walk->store.objects[row];
    stored->count = Py_REFCNT(object);
    stored->type = info->number;
    stored->size = types_size(info, object);
    stored->text = words_text(&walk->words, object);
    stored->flags = flags_of(object, stored->flags);
    stored->first_edge = walk->store.edge_count;
    if (!info->is_stored) {
        info->is_stored = true; /* objects of types that are built in do not refer to them */
        store_row(&walk->store, (PyObject *)info->type);
    }
    names_write(&walk->names, info, walk->types.label_class, object);
}

static bool walk_fill(heap_walk *walk, PyObject *get_objects, PyObject *exception)
{
    if (!walk_make_lists(walk, get_objects)) return false;
    walk_take_lists(walk);
    shim_each_collectable(walk_take_other, walk);
    walk_add_roots(walk, exception);
    for (size_t row = 0; row < walk->store.object_count && !walk->store.failed; row++) {
        walk_object(walk, row);
    }
    if (walk->store.failed) PyErr_NoMemory();
    return !walk->store.failed;
}

bool walk_all(heap_walk *walk, PyObject *get_objects, PyObject *exception)
{
    bool was_on = shim_collector_enable(false);
    bool done = walk_fill(walk, get_objects, exception);
    walk_drop_lists(walk);
    if (was_on) shim_collector_enable(true);
    return done;
}
