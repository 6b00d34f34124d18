/* SPDX-License-Identifier: MIT */
/*
 * names.h -- the references of one object, each once, and named where somebody knows a name
 *
 * tp_traverse says which references an object has, and nothing of their names.  So names are offered beside it:
 *
 *     seen by tp_traverse     a  b  c  c  d          offered     x -> a    y -> c    z -> e
 *     written                 x -> a,  y -> c,  -> b,  -> c,  -> d
 *
 * An offer takes one reference that was seen, of those to the same object, and is dropped when there is none: so the
 * number of references is tp_traverse's, and a wrong or doubtful offer does no harm.  What tp_traverse
 * leaves out because no cycle can pass there, though it holds its target, is added by names_add: the string keys of
 * dictionaries, the constants of code, the names of types.
 */
#ifndef OURO_PYTHON_NAMES_H
#define OURO_PYTHON_NAMES_H

#include "types.h"

typedef struct name_offer {
    PyObject *target;
    uint32_t label, index;
    uint32_t order;
} name_offer;

typedef struct name_seen {
    PyObject *target;
    uint32_t order; /* of tp_traverse */
    bool is_named;
} name_seen;

typedef struct edge_names {
    object_store *store;
    word_maker *words;
    name_seen *seen;
    size_t seen_count, seen_capacity;
    name_offer *offers;
    size_t offer_count, offer_capacity;
    uint32_t label_item, label_keys, label_dict, label_internal;
    bool are_items; /* what stays without a name are items in their order */
    bool failed;
} edge_names;

void names_init(edge_names *names, object_store *store, word_maker *words);
void names_free(edge_names *names);

/* Writes the edges of an object, which must be the row that was walked last. */
void names_write(edge_names *names, type_info *info, uint32_t label_class, PyObject *object);

/* For namers. */
void names_offer(edge_names *names, PyObject *target, uint32_t label, uint32_t index);
void names_offer_field(edge_names *names, PyObject *target, const char *name);
void names_add(edge_names *names, PyObject *target, ouro_edge_kind kind, const char *name);

/* Who names the references of objects of this very type, or NULL. */
type_namer *names_of_type(PyTypeObject *type);

#endif
