/* SPDX-License-Identifier: MIT */
/*
 * cpython_types.h -- the types of cpython_node.c: collected objects with references
 *
 * Heap types as an extension module of today would define them.  Each is a
 * struct and a way to visit, to clear and to free it; TYPE_DEFINE makes the rest.
 */
#ifndef BENCH_CPYTHON_TYPES_H
#define BENCH_CPYTHON_TYPES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "../support/program.h"

/* Newer versions collect where the interpreter looks for signals; so look. */
static inline void bench_poll(void)
{
    if (PyErr_CheckSignals() != 0) exit(BENCH_FAILED);
}

static inline void bench_settle(void)
{
}

/* Since 3.9 an object of a heap type visits its type. */
#if PY_VERSION_HEX >= 0x03090000
#define TYPE_VISIT(self) Py_VISIT(Py_TYPE(self))
#else
#define TYPE_VISIT(self)
#endif

/*
 * The type NAME of the struct NAME: VISIT and CLEAR are statements about `o`,
 * FREE is one that gives back what is no object.
 */
#define TYPE_DEFINE(NAME, VISIT, CLEAR, FREE)                                                      \
    static PyTypeObject *NAME##_type;                                                              \
                                                                                                   \
    static int NAME##_traverse(PyObject *self, visitproc visit, void *arg)                         \
    {                                                                                              \
        NAME *o = (NAME *)self;                                                                    \
        VISIT;                                                                                     \
        TYPE_VISIT(self);                                                                          \
        return 0;                                                                                  \
    }                                                                                              \
                                                                                                   \
    static int NAME##_clear(PyObject *self)                                                        \
    {                                                                                              \
        NAME *o = (NAME *)self;                                                                    \
        CLEAR;                                                                                     \
        return 0;                                                                                  \
    }                                                                                              \
                                                                                                   \
    static void NAME##_dealloc(PyObject *self)                                                     \
    {                                                                                              \
        NAME *o = (NAME *)self;                                                                    \
        PyTypeObject *type = Py_TYPE(self);                                                        \
        PyObject_GC_UnTrack(self);                                                                 \
        Py_TRASHCAN_BEGIN(self, NAME##_dealloc);                                                   \
        CLEAR;                                                                                     \
        FREE;                                                                                      \
        (void)o;                                                                                   \
        type->tp_free(self);                                                                       \
        Py_DECREF(type);                                                                           \
        Py_TRASHCAN_END;                                                                           \
    }                                                                                              \
                                                                                                   \
    static PyType_Slot NAME##_slots[] = {                                                          \
        {Py_tp_traverse, NAME##_traverse},                                                         \
        {Py_tp_clear, NAME##_clear},                                                               \
        {Py_tp_dealloc, NAME##_dealloc},                                                           \
        {0, NULL},                                                                                 \
    };                                                                                             \
    static PyType_Spec NAME##_spec = {                                                             \
        .name = "bench_node." #NAME,                                                               \
        .basicsize = sizeof(NAME),                                                                 \
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,                                          \
        .slots = NAME##_slots,                                                                     \
    };

/* ---- node: two references ---------------------------------------------------------- */

typedef struct node {
    PyObject ob_base;
    struct node *a, *b;
} node;

TYPE_DEFINE(node, Py_VISIT(o->a); Py_VISIT(o->b), Py_CLEAR(o->a); Py_CLEAR(o->b), (void)0)

/* Owns what it is given. */
static inline node *node_new(node *a, node *b)
{
    node *n = PyObject_GC_New(node, node_type);
    n->a = a;
    n->b = b;
    PyObject_GC_Track(n);
    return n;
}

/* ---- chain_link: three references ---------------------------------------------------- */

typedef struct chain_link {
    PyObject ob_base;
    struct chain_link *next, *previous, *surprise;
} chain_link;
typedef chain_link *chain;

TYPE_DEFINE(chain_link, Py_VISIT(o->next); Py_VISIT(o->previous);
            Py_VISIT(o->surprise), Py_CLEAR(o->next); Py_CLEAR(o->previous);
            Py_CLEAR(o->surprise), (void)0)

static inline chain_link *chain_link_new(void)
{
    chain_link *made = PyObject_GC_New(chain_link, chain_link_type);
    made->next = made->previous = made->surprise = NULL;
    PyObject_GC_Track(made);
    return made;
}

/* ---- island: a reference to itself, and foreign memory of which nobody is told ---------- */

typedef struct island_object {
    PyObject ob_base;
    struct island_object *self;
    void *payload;
} island_object;
typedef island_object *island;

TYPE_DEFINE(island_object, Py_VISIT(o->self), Py_CLEAR(o->self), PyMem_Free(o->payload))

static inline island_object *island_new(size_t bytes)
{
    island_object *made = PyObject_GC_New(island_object, island_object_type);
    made->payload = PyMem_Malloc(bytes);
    Py_INCREF(made);
    made->self = made;
    PyObject_GC_Track(made);
    return made;
}

/* ---- cell: a reference to itself, and many bytes of its own ------------------------------ */

enum { QUEUE_BYTES = 10000 };

typedef struct cell_object {
    PyObject ob_base;
    struct cell_object *self;
    char payload[QUEUE_BYTES];
} cell_object;
typedef cell_object *cell;

TYPE_DEFINE(cell_object, Py_VISIT(o->self), Py_CLEAR(o->self), (void)0)

static inline cell_object *cell_new(void)
{
    cell_object *made = PyObject_GC_New(cell_object, cell_object_type);
    Py_INCREF(made);
    made->self = made;
    PyObject_GC_Track(made);
    return made;
}

/* ---- package: two texts, and a list of packages ------------------------------------------ */

typedef struct package {
    PyObject ob_base;
    PyObject *name, *version, *refers;
    size_t number;
} package;

TYPE_DEFINE(package, Py_VISIT(o->name); Py_VISIT(o->version);
            Py_VISIT(o->refers), Py_CLEAR(o->name); Py_CLEAR(o->version);
            Py_CLEAR(o->refers), (void)0)

static inline package *package_new(const char *name, const char *version, size_t number)
{
    package *made = PyObject_GC_New(package, package_type);
    made->name = PyBytes_FromString(name);
    made->version = PyBytes_FromString(version);
    made->refers = PyList_New(0);
    made->number = number;
    PyObject_GC_Track(made);
    return made;
}

static inline int types_ready(void)
{
    node_type = (PyTypeObject *)PyType_FromSpec(&node_spec);
    chain_link_type = (PyTypeObject *)PyType_FromSpec(&chain_link_spec);
    island_object_type = (PyTypeObject *)PyType_FromSpec(&island_object_spec);
    cell_object_type = (PyTypeObject *)PyType_FromSpec(&cell_object_spec);
    package_type = (PyTypeObject *)PyType_FromSpec(&package_spec);
    return node_type && chain_link_type && island_object_type && cell_object_type && package_type;
}

#endif
