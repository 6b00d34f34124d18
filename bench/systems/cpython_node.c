/* SPDX-License-Identifier: MIT */
/*
 * cpython_node.c -- system cpython-3.11 and so on: CPython's memory management
 *                   without its interpreter
 *
 * An extension module with one type of two references that takes part in
 * garbage collection.  CPython's allocator, counts and collector do all the
 * work, called from C: the fairest comparison there is.  `alloc` is pymalloc
 * (PyObject_Malloc).  cpython_node.py starts it.
 */
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

/* ---- the type -------------------------------------------------------------- */

typedef struct node {
    PyObject ob_base;
    struct node *a, *b;
} node;

static PyTypeObject *node_type;

static int node_traverse(PyObject *self, visitproc visit, void *arg)
{
    node *n = (node *)self;
    Py_VISIT(n->a);
    Py_VISIT(n->b);
#if PY_VERSION_HEX >= 0x03090000
    Py_VISIT(Py_TYPE(self));
#endif
    return 0;
}

static int node_clear(PyObject *self)
{
    node *n = (node *)self;
    Py_CLEAR(n->a);
    Py_CLEAR(n->b);
    return 0;
}

static void node_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_TRASHCAN_BEGIN(self, node_dealloc);
    node_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
    Py_TRASHCAN_END;
}

static PyType_Slot node_slots[] = {
    {Py_tp_traverse, node_traverse},
    {Py_tp_clear, node_clear},
    {Py_tp_dealloc, node_dealloc},
    {0, NULL},
};
static PyType_Spec node_spec = {
    .name = "bench_node.node",
    .basicsize = sizeof(node),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = node_slots,
};

/* Owns what it is given. */
static inline node *node_new(node *a, node *b)
{
    node *n = PyObject_GC_New(node, node_type);
    n->a = a;
    n->b = b;
    PyObject_GC_Track(n);
    return n;
}

/* ---- alloc ----------------------------------------------------------------- */

#define BENCH_INLINE static inline __attribute__((always_inline))

enum { OBJECT };
typedef char block_source; /* the allocator is global */

BENCH_INLINE block_source block_source_get(void)
{
    return 0;
}

BENCH_INLINE void *block_new(block_source source, int family, size_t size)
{
    (void)source, (void)family;
    return PyObject_Malloc(size);
}

BENCH_INLINE void block_free(block_source source, int family, void *block, size_t size)
{
    (void)source, (void)family, (void)size;
    PyObject_Free(block);
}

BENCH_INLINE void block_write(int family, void *block, uint64_t tag)
{
    (void)family;
    ((uint64_t *)block)[0] = 1;
    ((uint64_t *)block)[1] = tag;
}

BENCH_INLINE uint64_t block_tag(int family, void *block)
{
    (void)family;
    return ((uint64_t *)block)[1];
}

#include "../workloads/alloc.h"

ALLOC_DEFINE_ALL(OBJECT)
static const alloc_loops alloc_table[] = {ALLOC_TABLE("", OBJECT){0}};

static int run_alloc(const bench_job *job)
{
    return alloc_run(alloc_table, job, 0);
}

/* ---- refs -------------------------------------------------------------------- */

typedef node *local_ref;

static node *local_new(void)
{
    return node_new(NULL, NULL);
}

BENCH_INLINE void local_take(node *n)
{
    Py_INCREF(n);
}

BENCH_INLINE void local_release(node *n)
{
    Py_DECREF(n);
}

static long local_count(node *n)
{
    return (long)Py_REFCNT(n);
}

#include "../workloads/refs.h"

REFS_DEFINE(local)

static int run_refs(const bench_job *job)
{
    return refs_run_kind(job, "local", local_refs);
}

#include "../workloads/instructions.h"

INSTRUCTIONS_DEFINE(OBJECT)

/* ---- nodes: trees, tree, list, rings ------------------------------------------- */

typedef node *tree, *list, *ring;

static node *tree_build(long levels)
{
    if (levels <= 1) return node_new(NULL, NULL);
    node *a = tree_build(levels - 1);
    return node_new(a, tree_build(levels - 1));
}

static long tree_count(const node *n)
{
    return n->a ? 1 + tree_count(n->a) + tree_count(n->b) : 1;
}

static void tree_drop(node **t)
{
    Py_CLEAR(*t);
}

static node *list_build(long count)
{
    node *head = NULL;
    for (long i = 0; i < count; i++) {
        head = node_new(head, NULL);
        if (i % 1000 == 0) bench_poll();
    }
    return head;
}

static long list_count(const node *n)
{
    long count = 0;
    for (; n; n = n->a) count++;
    return count;
}

static int list_drop(node **l)
{
    Py_CLEAR(*l);
    return 0;
}

static node *ring_build(int count)
{
    node *first = node_new(NULL, NULL), *last = first;
    for (int i = 1; i < count; i++) {
        Py_INCREF(last);
        node *n = node_new(NULL, last);
        last->a = n;
        last = n;
    }
    Py_INCREF(first);
    last->a = first;
    Py_INCREF(last);
    first->b = last;
    return first;
}

static int ring_count(const node *first)
{
    int count = 0;
    const node *n = first;
    do {
        if (n->a->b != n) return -1;
        n = n->a;
        count++;
    } while (n != first);
    return count;
}

static void ring_drop(node **r)
{
    Py_CLEAR(*r);
}

#include "../workloads/list.h"
#include "../workloads/rings.h"
#include "../workloads/tree.h"
#include "../workloads/trees.h"

/* ---- full: the nodes are held by one Python list ---------------------------------- */

typedef PyObject *graph;

static PyObject *graph_new(size_t count)
{
    PyObject *g = PyList_New(0);
    for (size_t i = 0; i < count; i++) {
        node *n = node_new(NULL, NULL);
        BENCH_VERIFY(PyList_Append(g, (PyObject *)n) == 0);
        Py_DECREF(n);
        if (i % 1000 == 0) bench_poll();
    }
    return g;
}

static node *graph_node(PyObject *g, size_t i)
{
    return (node *)PyList_GET_ITEM(g, (Py_ssize_t)i);
}

static void graph_link(PyObject *g, size_t i, size_t j, size_t k)
{
    node *n = graph_node(g, i);
    n->a = graph_node(g, j);
    Py_INCREF(n->a);
    n->b = graph_node(g, k);
    Py_INCREF(n->b);
}

static int graph_linked(PyObject *g, size_t i, size_t j, size_t k)
{
    node *n = graph_node(g, i);
    return n->a == graph_node(g, j) && n->b == graph_node(g, k);
}

/* Some objects of the interpreter's own may be freed; they are not the graph's. */
static size_t graph_collect(void)
{
    PyGC_Collect();
    return 0;
}

#include "../workloads/full.h"

/* ---- memory ---------------------------------------------------------------------- */

static void *node_new_alone(void)
{
    return node_new(NULL, NULL);
}

static void node_release(void *n)
{
    Py_DECREF((PyObject *)n);
}

static void *object_64_new(void)
{
    void *block = PyObject_Malloc(64);
    return memset(block, 0, 64);
}

static void object_64_release(void *block)
{
    PyObject_Free(block);
}

static int memory_trim(void)
{
    return 0;
}

#include "../workloads/memory.h"

/* ---- the module -------------------------------------------------------------------- */

/* run(workload, case, scale) -> exit status */
static PyObject *module_run(PyObject *self, PyObject *arguments)
{
    static const bench_workload workloads[] = {
        {"alloc", run_alloc}, {"refs", run_refs},     {"trees", trees_run},
        {"tree", tree_run},   {"list", list_run},     {"rings", rings_run},
        {"full", full_run},   {"memory", memory_run}, {"instructions", instructions_run},
        {NULL, NULL},
    };
    const char *workload, *case_name;
    double scale;
    (void)self;
    if (!PyArg_ParseTuple(arguments, "ssd", &workload, &case_name, &scale)) return NULL;
    return PyLong_FromLong(bench_run(workloads, workload, case_name, scale));
}

static PyMethodDef module_functions[] = {
    {"run", module_run, METH_VARARGS, "run(workload, case, scale) -> exit status"},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "bench_node",
    .m_size = -1,
    .m_methods = module_functions,
};

PyMODINIT_FUNC PyInit_bench_node(void)
{
    node_type = (PyTypeObject *)PyType_FromSpec(&node_spec);
    return node_type ? PyModule_Create(&module) : NULL;
}
