/* SPDX-License-Identifier: MIT */
/*
 * store.c -- objects and references on their way into a snapshot
 *
 * Neighbours: walk.c fills it, own.c marks what is the writer's, save.c writes it.
 */
#include "store.h"

#include <string.h>

void store_init(object_store *store)
{
    memset(store, 0, sizeof(*store));
}

void store_free(object_store *store)
{
    PyMem_RawFree(store->objects);
    PyMem_RawFree(store->edges);
    PyMem_RawFree(store->roots);
    PyMem_RawFree(store->slots);
    memset(store, 0, sizeof(*store));
}

bool store_grow(void **array, size_t *capacity, size_t count, size_t item)
{
    if (count < *capacity) return true;
    size_t wanted = *capacity == 0 ? 64 : *capacity * 2;
    if (wanted > SIZE_MAX / 2 / item) return false;
    void *grown = PyMem_RawRealloc(*array, wanted * item);
    if (grown == NULL) return false;
    *array = grown;
    *capacity = wanted;
    return true;
}

/* Addresses differ in their middle bits; the multiplier is 2^64 divided by the golden ratio. */
static size_t slot_of(const object_store *store, const PyObject *object)
{
    uint64_t mixed = (uint64_t)(uintptr_t)object * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(mixed >> 20) & (store->slot_count - 1);
}

/* The slot of an object, or the free one where it belongs. */
static uint32_t *store_slot(const object_store *store, const PyObject *object)
{
    size_t at = slot_of(store, object);
    while (store->slots[at] != 0 && store->objects[store->slots[at] - 1].address != object) {
        at = (at + 1) & (store->slot_count - 1);
    }
    return &store->slots[at];
}

/* Keeps the table at most two thirds full. */
static bool store_make_slots(object_store *store)
{
    if (store->object_count < store->slot_count / 3 * 2) return true;
    size_t wanted = store->slot_count == 0 ? 1024 : store->slot_count * 2;
    uint32_t *slots = PyMem_RawCalloc(wanted, sizeof(*slots));
    if (slots == NULL) return false;
    PyMem_RawFree(store->slots);
    store->slots = slots;
    store->slot_count = wanted;
    for (size_t row = 0; row < store->object_count; row++) {
        *store_slot(store, store->objects[row].address) = (uint32_t)row + 1;
    }
    return true;
}

uint32_t store_find(const object_store *store, const PyObject *object)
{
    return store->slot_count == 0 ? STORE_NO_ROW : *store_slot(store, object) - 1;
}

uint32_t store_row(object_store *store, PyObject *object)
{
    if (store->failed || store->object_count >= STORE_NO_ROW - 1 || !store_make_slots(store) ||
        !store_grow((void **)&store->objects, &store->object_capacity, store->object_count,
                    sizeof(*store->objects))) {
        store->failed = true;
        return STORE_NO_ROW;
    }
    uint32_t *slot = store_slot(store, object);
    if (*slot == 0) {
        store->objects[store->object_count] =
            (stored_object){.address = object, .flags = OURO_OBJECT_GENERATION};
        *slot = (uint32_t)++store->object_count;
    }
    return *slot - 1;
}

void store_edge(object_store *store, PyObject *target, uint32_t label, uint32_t index)
{
    uint32_t row = store_row(store, target);
    if (row == STORE_NO_ROW || !store_grow((void **)&store->edges, &store->edge_capacity,
                                           store->edge_count, sizeof(*store->edges))) {
        store->failed = true;
        return;
    }
    store->edges[store->edge_count++] =
        (stored_edge){.target = row, .label = label, .index = index};
}

void store_root(object_store *store, PyObject *object, ouro_root_kind kind, uint32_t name,
                uint32_t references)
{
    uint32_t row = store_row(store, object);
    if (row == STORE_NO_ROW || !store_grow((void **)&store->roots, &store->root_capacity,
                                           store->root_count, sizeof(*store->roots))) {
        store->failed = true;
        return;
    }
    store->roots[store->root_count++] =
        (stored_root){.object = row, .kind = kind, .name = name, .references = references};
}

size_t store_edges_of(const object_store *store, size_t row, const stored_edge **out_first)
{
    size_t first = store->objects[row].first_edge;
    size_t end =
        row + 1 < store->object_count ? store->objects[row + 1].first_edge : store->edge_count;
    *out_first = store->edges + first;
    return end - first;
}
