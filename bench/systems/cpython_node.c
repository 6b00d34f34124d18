/* SPDX-License-Identifier: MIT */
/*
 * cpython_node.c -- system cpython-3.11 and so on: CPython's memory management
 *                   without its interpreter
 *
 * An extension module whose types take part in garbage collection (see
 * cpython_types.h).  CPython's allocator, counts and collector do all the
 * work, called from C: the fairest comparison there is.  `alloc` is pymalloc
 * (PyObject_Malloc).  cpython_node.py starts it.
 */
#include "cpython_types.h"

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

#define BENCH_BUILDER static
#include "../support/nodes.h"

static void tree_drop(node **t)
{
    Py_CLEAR(*t);
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
        if (i % 1024 == 0) bench_poll();
    }
    return g;
}

static node *graph_node(PyObject *g, size_t i)
{
    return (node *)PyList_GET_ITEM(g, (Py_ssize_t)i);
}

static void graph_relink(PyObject *g, size_t i, unsigned which, size_t j)
{
    node *n = graph_node(g, i), *target = graph_node(g, j);
    Py_INCREF(target);
    if (which == 0)
        Py_XSETREF(n->a, target);
    else
        Py_XSETREF(n->b, target);
}

static void graph_link(PyObject *g, size_t i, size_t j, size_t k)
{
    graph_relink(g, i, 0, j);
    graph_relink(g, i, 1, k);
}

static void graph_replace(PyObject *g, size_t i, size_t j, size_t k)
{
    node *a = graph_node(g, j), *b = graph_node(g, k);
    Py_INCREF(a);
    Py_INCREF(b);
    BENCH_VERIFY(PyList_SetItem(g, (Py_ssize_t)i, (PyObject *)node_new(a, b)) == 0);
}

static void ring_into(node *r, PyObject *g, size_t i)
{
    node *target = graph_node(g, i);
    Py_INCREF(target);
    Py_XSETREF(r->b, target);
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

static void graph_close(PyObject **g, size_t count)
{
    (void)count;
    Py_CLEAR(*g);
    PyGC_Collect();
}

#include "../workloads/full.h"

/* ---- live-rings, chains, payloads, many, table ---------------------------------------- */

static chain_link *chain_build(long count)
{
    chain_link *head = NULL;
    for (long i = 0; i < count; i++) {
        chain_link *made = chain_link_new();
        if (head) {
            Py_INCREF(made);
            head->previous = made;
        }
        made->next = head;
        head = made;
    }
    return head;
}

static void chain_surprise(chain_link *c, chain_link *other)
{
    Py_INCREF(other);
    Py_XSETREF(c->surprise, other);
}

static long chain_count(const chain_link *c)
{
    long count = 0;
    for (; c; c = c->next) count++;
    return count;
}

static void chain_drop(chain_link **c)
{
    Py_CLEAR(*c);
}

static void *island_payload(island_object *i)
{
    return i->payload;
}

static void island_drop(island_object **i, size_t bytes)
{
    (void)bytes;
    Py_CLEAR(*i);
}

static void *cell_payload(cell_object *c)
{
    return c->payload;
}

static void cell_drop(cell_object **c)
{
    Py_CLEAR(*c);
}

/* Calls a function of the module gc. */
static void gc_call(const char *function, PyObject *arguments)
{
    PyObject *module = PyImport_ImportModule("gc");
    PyObject *callable = PyObject_GetAttrString(module, function);
    PyObject *result = PyObject_CallObject(callable, arguments);
    BENCH_VERIFY(result != NULL);
    Py_DECREF(result);
    Py_DECREF(callable);
    Py_DECREF(module);
}

static void bench_collector_off(void)
{
    gc_call("disable", NULL);
}

static void bench_threshold(long young, long passes)
{
    PyObject *arguments = Py_BuildValue("(ll)", young, passes);
    gc_call("set_threshold", arguments);
    Py_DECREF(arguments);
}

/* A dict whose keys are tuples. */
typedef PyObject *pair_table;

static PyObject *table_new(size_t entries)
{
    (void)entries;
    return PyDict_New();
}

static void table_put(PyObject *t, long i, long j, long value)
{
    PyObject *key = Py_BuildValue("(ll)", i, j), *number = PyLong_FromLong(value);
    BENCH_VERIFY(PyDict_SetItem(t, key, number) == 0);
    Py_DECREF(key);
    Py_DECREF(number);
}

static long table_get(PyObject *t, long i, long j)
{
    PyObject *key = Py_BuildValue("(ll)", i, j), *found = PyDict_GetItem(t, key);
    Py_DECREF(key);
    return found ? PyLong_AsLong(found) : -1;
}

/* All packages are in one list, and so are those that one depends on. */
typedef PyObject *packages;

static PyObject *packages_new(size_t count)
{
    return PyList_New((Py_ssize_t)count);
}

static void packages_set(PyObject *p, size_t i, const char *name, const char *version)
{
    PyList_SET_ITEM(p, (Py_ssize_t)i, (PyObject *)package_new(name, version, i));
}

static package *packages_at(PyObject *p, size_t i)
{
    return (package *)PyList_GET_ITEM(p, (Py_ssize_t)i);
}

static void packages_refer(PyObject *p, size_t i, size_t j)
{
    BENCH_VERIFY(PyList_Append(packages_at(p, i)->refers, (PyObject *)packages_at(p, j)) == 0);
}

static size_t packages_edges(PyObject *p, size_t i)
{
    return (size_t)PyList_GET_SIZE(packages_at(p, i)->refers);
}

static size_t packages_edge(PyObject *p, size_t i, size_t e)
{
    return packages_at(packages_at(p, i)->refers, e)->number;
}

static const char *packages_name(PyObject *p, size_t i)
{
    return PyBytes_AS_STRING(packages_at(p, i)->name);
}

static void packages_drop(PyObject **p)
{
    Py_CLEAR(*p);
    PyGC_Collect();
}

#define bench_full_due() ((void)0)
#define LIVE_RINGS_INTO
#define LIVE_RINGS_REBUILD
#define BULK_OFF
#define SHUTDOWN
#define TABLE_OFF
#define bench_explain NULL
#include "../workloads/chains.h"
#include "../workloads/live_rings.h"
#include "../workloads/many.h"
#include "../workloads/payload.h"
#include "../workloads/real.h"
#include "../workloads/table.h"

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
        {"alloc", run_alloc},
        {"refs", run_refs},
        {"trees", trees_run},
        {"tree", tree_run},
        {"list", list_run},
        {"rings", rings_run},
        {"live-rings", live_rings_run},
        {"full", full_run},
        {"shannon", shannon_run},
        {"fast-cycles", fast_cycles_run},
        {"table", table_run},
        {"bulk", bulk_run},
        {"bytes", bytes_run},
        {"queue", queue_run},
        {"shutdown", shutdown_run},
        {"real", real_run},
        {"memory", memory_run},
        {"instructions", instructions_run},
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
    return types_ready() ? PyModule_Create(&module) : NULL;
}
