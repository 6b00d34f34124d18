/* SPDX-License-Identifier: MIT */
/*
 * types.h -- what the walk knows of each type that it meets
 *
 * Found out once for each type: how the size of its objects is asked for without running what a program has
 * written, which members of its struct are references, and who can name what else its objects refer to.
 */
#ifndef OURO_PYTHON_TYPES_H
#define OURO_PYTHON_TYPES_H

#include "store.h"
#include "words.h"

struct edge_names;
/* Offers names for the references of an object of one kind; see names.h. */
typedef void type_namer(struct edge_names *names, PyObject *object);

enum { TYPE_NAMERS = 4 };

/* A pointer in the struct of an object that Python knows as an attribute: a slot. */
typedef struct type_member {
    Py_ssize_t offset;
    uint32_t label;
} type_member;

typedef struct type_info {
    PyTypeObject *type;
    uint32_t number; /* in the snapshot */
    type_member *members;
    size_t member_count, member_capacity;
    type_namer *namers[TYPE_NAMERS]; /* up to the first NULL */
    PyCFunction sizer;               /* __sizeof__ in C, or NULL */
    bool is_heap;
    bool has_dict;
    bool is_stored; /* the type has a row of its own */
} type_info;

typedef struct type_table {
    type_info **slots; /* by address, open addressing */
    size_t count, slot_count;
    type_info *last;
    word_maker *words;
    uint32_t label_class;
} type_table;

void types_init(type_table *types, word_maker *words);
void types_free(type_table *types);
/* NULL when memory runs out. */
type_info *types_of(type_table *types, PyTypeObject *type);
/* What sys.getsizeof says, except that a __sizeof__ written in Python is passed over.  The interpreter makes an int for
 * the answer, which no collector sees.  0 when that fails. */
uint64_t types_size(const type_info *info, PyObject *object);

#endif
