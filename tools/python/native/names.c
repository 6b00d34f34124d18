/* SPDX-License-Identifier: MIT */
/*
 * names.c -- the references of one object, each once, and named where somebody knows a name
 *
 * Neighbours: kinds.c has a namer for each kind of object.  Below: store.h, words.h, types.h.
 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

enum { NAMES_FEW = 32 }; /* up to so many references are compared one by one */

void names_init(edge_names *names, object_store *store, word_maker *words)
{
    memset(names, 0, sizeof(*names));
    names->store = store;
    names->words = words;
    names->label_item = words_label_of(words, OURO_EDGE_ITEM, "");
    names->label_keys = words_label_of(words, OURO_EDGE_KEYS, "");
    names->label_dict = words_label_of(words, OURO_EDGE_FIELD, "__dict__");
    names->label_internal = 0;
}

void names_free(edge_names *names)
{
    PyMem_RawFree(names->seen);
    PyMem_RawFree(names->offers);
    memset(names, 0, sizeof(*names));
}

void names_offer(edge_names *names, PyObject *target, uint32_t label, uint32_t index)
{
    if (target == NULL || names->failed) return;
    if (!store_grow((void **)&names->offers, &names->offer_capacity, names->offer_count,
                    sizeof(*names->offers))) {
        names->failed = true;
        return;
    }
    names->offers[names->offer_count] = (name_offer){
        .target = target, .label = label, .index = index, .order = (uint32_t)names->offer_count};
    names->offer_count++;
}

void names_offer_field(edge_names *names, PyObject *target, const char *name)
{
    if (target == NULL) return;
    names_offer(names, target, words_label_of(names->words, OURO_EDGE_FIELD, name), 0);
}

void names_add(edge_names *names, PyObject *target, ouro_edge_kind kind, const char *name)
{
    if (target == NULL) return;
    store_edge(names->store, target, words_label_of(names->words, kind, name), 0);
}

/* A visitproc: never 0 but for going on. */
static int names_see(PyObject *target, void *argument)
{
    edge_names *names = argument;
    if (target == NULL) return 0;
    if (!store_grow((void **)&names->seen, &names->seen_capacity, names->seen_count,
                    sizeof(*names->seen))) {
        names->failed = true;
        return 1;
    }
    names->seen[names->seen_count] =
        (name_seen){.target = target, .order = (uint32_t)names->seen_count};
    names->seen_count++;
    return 0;
}

/* ---- bringing together ------------------------------------------------------ */

static void names_settle_few(edge_names *names)
{
    for (size_t at = 0; at < names->offer_count; at++) {
        const name_offer *offer = &names->offers[at];
        for (size_t one = 0; one < names->seen_count; one++) {
            if (names->seen[one].target != offer->target || names->seen[one].is_named) continue;
            names->seen[one].is_named = true;
            store_edge(names->store, offer->target, offer->label, offer->index);
            break;
        }
    }
}

static int compare_addresses(const PyObject *one, const PyObject *other)
{
    return ((uintptr_t)one > (uintptr_t)other) - ((uintptr_t)one < (uintptr_t)other);
}

static int compare_seen(const void *one, const void *other)
{
    const name_seen *a = one, *b = other;
    int order = compare_addresses(a->target, b->target);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static int compare_order(const void *one, const void *other)
{
    const name_seen *a = one, *b = other;
    return (a->order > b->order) - (a->order < b->order);
}

/* Of offers for the same object the earlier one is the better. */
static int compare_offers(const void *one, const void *other)
{
    const name_offer *a = one, *b = other;
    int order = compare_addresses(a->target, b->target);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

/* The same for many: both sides sorted, side by side. */
static void names_settle_many(edge_names *names)
{
    qsort(names->seen, names->seen_count, sizeof(*names->seen), compare_seen);
    qsort(names->offers, names->offer_count, sizeof(*names->offers), compare_offers);
    size_t one = 0;
    for (size_t at = 0; at < names->offer_count; at++) {
        const name_offer *offer = &names->offers[at];
        while (one < names->seen_count &&
               compare_addresses(names->seen[one].target, offer->target) < 0) {
            one++;
        }
        if (one == names->seen_count) break;
        if (names->seen[one].target != offer->target) continue;
        names->seen[one++].is_named = true;
        store_edge(names->store, offer->target, offer->label, offer->index);
    }
    qsort(names->seen, names->seen_count, sizeof(*names->seen), compare_order);
}

/* What nobody has named.  The first dictionary of an object that has one somewhere is its own. */
static void names_write_rest(edge_names *names, bool has_dict)
{
    uint32_t index = 0;
    for (size_t one = 0; one < names->seen_count; one++) {
        PyObject *target = names->seen[one].target;
        if (names->seen[one].is_named) continue;
        if (has_dict && PyDict_Check(target)) {
            has_dict = false;
            store_edge(names->store, target, names->label_dict, 0);
        } else if (names->are_items) {
            store_edge(names->store, target, names->label_item, index++);
        } else {
            store_edge(names->store, target, names->label_internal, 0);
        }
    }
}

/* ---- one object -------------------------------------------------------------- */

static PyObject *member_of(PyObject *object, const type_member *member)
{
    PyObject *target = NULL;
    memcpy((void *)&target, (const char *)object + member->offset, sizeof(target));
    return target;
}

static void names_offer_attributes(edge_names *names, const type_info *info, PyObject *object)
{
    for (size_t at = 0; at < info->member_count; at++) {
        names_offer(names, member_of(object, &info->members[at]), info->members[at].label, 0);
    }
    shim_attributes attributes = shim_attributes_of(object);
    for (size_t at = 0; at < attributes.count; at++) {
        PyObject *name = shim_attribute_name(&attributes, at);
        if (attributes.values[at] == NULL || name == NULL) continue;
        names_offer(names, attributes.values[at], words_label(names->words, OURO_EDGE_FIELD, name),
                    0);
    }
}

/* Objects that the collector does not know cannot be asked; the members of their structs are theirs, though.  Types have
 * a namer that knows which. */
static void names_add_members(edge_names *names, const type_info *info, PyObject *object)
{
    for (size_t at = 0; at < info->member_count && !PyType_Check(object); at++) {
        PyObject *target = member_of(object, &info->members[at]);
        if (target != NULL) store_edge(names->store, target, info->members[at].label, 0);
    }
}

/* The commonest containers, whose references are known without asking. */
static bool names_write_plain(edge_names *names, PyObject *object)
{
    if (PyList_CheckExact(object)) {
        for (Py_ssize_t at = 0; at < PyList_GET_SIZE(object); at++) {
            PyObject *item = PyList_GET_ITEM(object, at);
            if (item != NULL) store_edge(names->store, item, names->label_item, (uint32_t)at);
        }
        return true;
    }
    if (PyTuple_CheckExact(object)) {
        for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(object); at++) {
            PyObject *item = PyTuple_GET_ITEM(object, at);
            if (item != NULL) store_edge(names->store, item, names->label_item, (uint32_t)at);
        }
        return true;
    }
    if (!PyDict_CheckExact(object) || shim_dict_shares_keys(object)) return false;
    PyObject *key = NULL, *value = NULL;
    for (Py_ssize_t at = 0; PyDict_Next(object, &at, &key, &value);) {
        uint32_t index = 0, label = words_key(names->words, key, &index);
        store_edge(names->store, value, label, index);
        store_edge(names->store, key, names->label_keys, 0);
    }
    return true;
}

void names_write(edge_names *names, type_info *info, uint32_t label_class, PyObject *object)
{
    if (names_write_plain(names, object)) return;
    names->seen_count = names->offer_count = 0;
    names->are_items = false;
    bool is_collectable = PyObject_IS_GC(object) && info->type->tp_traverse != NULL;
    if (is_collectable) {
        info->type->tp_traverse(object, names_see, names);
        names_offer_attributes(names, info, object);
        names_offer(names, (PyObject *)info->type, label_class, 0);
    } else {
        names_add_members(names, info, object);
    }
    for (size_t at = 0; info->namers[at] != NULL; at++) info->namers[at](names, object);
    if (names->seen_count <= NAMES_FEW && names->offer_count <= NAMES_FEW) {
        names_settle_few(names);
    } else {
        names_settle_many(names);
    }
    names_write_rest(names, info->has_dict);
    if (names->failed) names->store->failed = true;
}
