/* SPDX-License-Identifier: MIT */
/*
 * kinds.c -- what the references of each kind of object are called
 *
 * A namer for each kind.  Objects of a subclass are named by the namers of all that they are made of: an OrderedDict
 * with attributes by its own members and as a dictionary.  Reads structs that the C API shows, and shim.h.
 *
 * Neighbours: names.c calls these.
 */
#include "names.h"

/* ---- containers, where they are subclassed or share their keys ----------------- */

static void name_list(edge_names *names, PyObject *object)
{
    for (Py_ssize_t at = 0; at < PyList_GET_SIZE(object); at++) {
        names_offer(names, PyList_GET_ITEM(object, at), names->label_item, (uint32_t)at);
    }
}

static void name_tuple(edge_names *names, PyObject *object)
{
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(object); at++) {
        names_offer(names, PyTuple_GET_ITEM(object, at), names->label_item, (uint32_t)at);
    }
}

static int count_visits(PyObject *target, void *argument)
{
    (void)target;
    ++*(Py_ssize_t *)argument;
    return 0;
}

/*
 * A dictionary whose keys are all strings shows the collector its values alone.  It holds such keys all the same,
 * unless it shares them with others of its type, whose type holds them.
 */
static void name_dict(edge_names *names, PyObject *object)
{
    Py_ssize_t visits = 0;
    PyDict_Type.tp_traverse(object, count_visits, &visits);
    bool shares = shim_dict_shares_keys(object);
    bool shows_keys = visits > PyDict_GET_SIZE(object);
    PyObject *key = NULL, *value = NULL;
    for (Py_ssize_t at = 0; PyDict_Next(object, &at, &key, &value);) {
        uint32_t index = 0, label = words_key(names->words, key, &index);
        names_offer(names, value, label, index);
        if (shows_keys)
            names_offer(names, key, names->label_keys, 0);
        else if (!shares)
            store_edge(names->store, key, names->label_keys, 0);
    }
}

static int offer_key(PyObject *target, void *argument)
{
    edge_names *names = argument;
    names_offer(names, target, names->label_keys, 0);
    return 0;
}

static void name_set(edge_names *names, PyObject *object)
{
    PySet_Type.tp_traverse(object, offer_key, names);
}

static void name_deque(edge_names *names, PyObject *object)
{
    (void)object;
    names->are_items = true;
}

/* ---- functions and what runs ------------------------------------------------------ */

static void name_function(edge_names *names, PyObject *object)
{
    const PyFunctionObject *function = (const PyFunctionObject *)object;
    names_offer_field(names, function->func_code, "__code__");
    names_offer_field(names, function->func_globals, "__globals__");
    names_offer_field(names, function->func_closure, "__closure__");
    names_offer_field(names, function->func_defaults, "__defaults__");
    names_offer_field(names, function->func_kwdefaults, "__kwdefaults__");
    names_offer_field(names, function->func_annotations, "__annotations__");
    names_offer_field(names, function->func_dict, "__dict__");
    names_offer_field(names, function->func_name, "__name__");
    names_offer_field(names, function->func_qualname, "__qualname__");
    names_offer_field(names, function->func_doc, "__doc__");
    names_offer_field(names, function->func_module, "__module__");
}

static void name_cfunction(edge_names *names, PyObject *object)
{
    const PyCFunctionObject *function = (const PyCFunctionObject *)object;
    names_offer_field(names, function->m_self, "__self__");
    names_offer_field(names, function->m_module, "__module__");
}

static void name_cell(edge_names *names, PyObject *object)
{
    names_offer_field(names, PyCell_GET(object), "cell_contents");
}

/* The variables of a frame that waits, or that an object has taken over. */
static void name_variables(edge_names *names, const shim_frame *frame)
{
    for (Py_ssize_t at = 0; at < frame->count; at++) {
        PyObject *name = shim_variable_name(frame->code, at);
        if (frame->variables[at] == NULL || name == NULL) continue;
        names_offer(names, frame->variables[at], words_label(names->words, OURO_EDGE_FIELD, name),
                    0);
    }
    names_offer_field(names, (PyObject *)frame->code, "f_code");
    names_offer_field(names, frame->globals, "f_globals");
    names_offer_field(names, frame->locals, "f_locals");
    names_offer_field(names, frame->function, "f_func");
}

static void name_frame(edge_names *names, PyObject *object)
{
    shim_frame frame;
    if (shim_frame_of(object, &frame)) name_variables(names, &frame);
    names_offer_field(names, shim_frame_back(object), "f_back");
}

/* Of generators, coroutines and asynchronous generators, whose structs begin alike. */
static void name_generator(edge_names *names, PyObject *object)
{
    shim_frame frame;
    if (shim_frame_of(object, &frame)) name_variables(names, &frame);
}

static void name_traceback(edge_names *names, PyObject *object)
{
    const PyTracebackObject *traceback = (const PyTracebackObject *)object;
    names_offer_field(names, (PyObject *)traceback->tb_next, "tb_next");
    names_offer_field(names, (PyObject *)traceback->tb_frame, "tb_frame");
}

static void name_exception(edge_names *names, PyObject *object)
{
    const PyBaseExceptionObject *exception = (const PyBaseExceptionObject *)object;
    names_offer_field(names, exception->dict, "__dict__");
    names_offer_field(names, exception->args, "args");
    names_offer_field(names, exception->traceback, "__traceback__");
    names_offer_field(names, exception->context, "__context__");
    names_offer_field(names, exception->cause, "__cause__");
}

/* Not collectable, and no member: the names of variables. */
static void name_code(edge_names *names, PyObject *object)
{
    PyObject *variables = shim_code_variables((PyCodeObject *)object);
    if (!shim_code_variables_is_member()) {
        names_add(names, variables, OURO_EDGE_FIELD, "co_localsplusnames");
    }
}

/* ---- modules, types, weak references ------------------------------------------------ */

static void name_module(edge_names *names, PyObject *object)
{
    names_offer_field(names, PyModule_GetDict(object), "__dict__");
}

/* What the collector does not see of a type, since it leads to no cycle. */
static void add_hidden_of_type(edge_names *names, PyTypeObject *type)
{
    names_add(names, shim_type_subclasses(type), OURO_EDGE_INTERNAL, "subclasses");
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) return;
    const PyHeapTypeObject *heap_type = (const PyHeapTypeObject *)type;
    names_add(names, heap_type->ht_name, OURO_EDGE_FIELD, "__name__");
    names_add(names, heap_type->ht_qualname, OURO_EDGE_FIELD, "__qualname__");
    names_add(names, heap_type->ht_slots, OURO_EDGE_INTERNAL, "slots");
    shim_attributes keys = shim_shared_keys(type);
    for (size_t at = 0; at < keys.count; at++) {
        names_add(names, shim_attribute_name(&keys, at), OURO_EDGE_INTERNAL, "attribute name");
    }
}

/* A type that is built in holds its bases by their tuple; whether by __base__ too is another matter each time. */
static void name_type(edge_names *names, PyObject *object)
{
    PyTypeObject *type = (PyTypeObject *)object;
    if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        names_offer_field(names, shim_type_dict(type), "__dict__");
        names_offer_field(names, type->tp_mro, "__mro__");
        names_offer_field(names, type->tp_bases, "__bases__");
        names_offer_field(names, (PyObject *)type->tp_base, "__base__");
    } else {
        names_add(names, shim_type_dict(type), OURO_EDGE_FIELD, "__dict__");
        names_add(names, type->tp_mro, OURO_EDGE_FIELD, "__mro__");
        names_add(names, type->tp_bases, OURO_EDGE_FIELD, "__bases__");
        names_add(names, (PyObject *)type->tp_base, OURO_EDGE_BORROWED, "__base__");
    }
    add_hidden_of_type(names, type);
}

static void name_weak(edge_names *names, PyObject *object)
{
    names_offer_field(names, ((PyWeakReference *)object)->wr_callback, "__callback__");
    names_add(names, shim_weak_target(object), OURO_EDGE_WEAK, "");
}

/* ---- which is whose -------------------------------------------------------------------- */

type_namer *names_of_type(PyTypeObject *type)
{
    static const struct {
        PyTypeObject *type;
        type_namer *namer;
    } kinds[] = {
        {&PyList_Type, name_list},
        {&PyTuple_Type, name_tuple},
        {&PyDict_Type, name_dict},
        {&PySet_Type, name_set},
        {&PyFrozenSet_Type, name_set},
        {&PyFunction_Type, name_function},
        {&PyCFunction_Type, name_cfunction},
        {&PyCell_Type, name_cell},
        {&PyFrame_Type, name_frame},
        {&PyGen_Type, name_generator},
        {&PyCoro_Type, name_generator},
        {&PyAsyncGen_Type, name_generator},
        {&PyTraceBack_Type, name_traceback},
        {&PyCode_Type, name_code},
        {&PyModule_Type, name_module},
        {&PyType_Type, name_type},
        {&_PyWeakref_RefType, name_weak},
        {&_PyWeakref_ProxyType, name_weak},
        {&_PyWeakref_CallableProxyType, name_weak},
    };
    for (size_t at = 0; at < sizeof(kinds) / sizeof(kinds[0]); at++) {
        if (kinds[at].type == type) return kinds[at].namer;
    }
    if ((PyObject *)type == PyExc_BaseException) return name_exception;
    bool is_deque = !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)
                        ? strcmp(type->tp_name, "collections.deque") == 0
                        : words_equal(((PyHeapTypeObject *)type)->ht_name, "deque") &&
                              words_equal(words_in_type(type, "__module__"), "collections");
    return is_deque ? name_deque : NULL;
}
