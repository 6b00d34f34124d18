/* SPDX-License-Identifier: MIT */
/*
 * shim.h -- what differs between the versions of CPython
 *
 * The one place with conditions on versions.  Everything else of this folder is written against what the C API
 * documents.  Three things have no documented way that leaves the process as it was, since asking makes an object:
 * the names of attributes that lie inside their object (3.11 and later), the variables of running and of suspended
 * functions (the same), and whether a dictionary shares its keys.  For these the interpreter's own headers are
 * read, those of the version that the extension is compiled for.  Where a version is later than 3.13, these
 * three are left out: values then have references without a name, and running functions hold from outside.
 *
 * Tested with 3.9 to 3.13.  Free-threaded builds are refused: nothing would hold the other threads.
 */
#ifndef OURO_PYTHON_SHIM_H
#define OURO_PYTHON_SHIM_H

#include <patchlevel.h>
#if PY_VERSION_HEX < 0x03090000
#error "ouro_snapshot needs CPython 3.9 or later"
#endif
#define PY_SSIZE_T_CLEAN
#define SHIM_KNOWS_LAYOUT (PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030E0000)
#if SHIM_KNOWS_LAYOUT
#define Py_BUILD_CORE_MODULE 1
#endif
#include <Python.h>
#include <frameobject.h>
#include <structmember.h>
#if SHIM_KNOWS_LAYOUT
#include <internal/pycore_dict.h>
#include <internal/pycore_frame.h>
#include <internal/pycore_object.h>
#endif
#ifdef Py_GIL_DISABLED
#error "ouro_snapshot cannot hold the threads of a free-threaded CPython"
#endif

#include <stdbool.h>
#include <stdint.h>

/* ---- the collector ------------------------------------------------------- */

/* Switches the collector off or on; result: whether it was on. */
static inline bool shim_collector_enable(bool on)
{
#if PY_VERSION_HEX >= 0x030A0000
    return (on ? PyGC_Enable() : PyGC_Disable()) != 0;
#else
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *was = gc == NULL ? NULL : PyObject_CallMethod(gc, "isenabled", NULL);
    PyObject *done = was == NULL ? NULL : PyObject_CallMethod(gc, on ? "enable" : "disable", NULL);
    bool result = was == Py_True;
    Py_XDECREF(done);
    Py_XDECREF(was);
    Py_XDECREF(gc);
    PyErr_Clear();
    return result;
#endif
}

/* Calls `visit` for every object that the collector knows, also frozen ones, where the version has a way. */
static inline void shim_each_collectable(int (*visit)(PyObject *, void *), void *argument)
{
#if PY_VERSION_HEX >= 0x030C0000
    PyUnstable_GC_VisitObjects(visit, argument);
#else
    (void)visit;
    (void)argument;
#endif
}

/* A function for a table of methods.  By way of a number, since C has no cast for it that it does not warn of. */
#define SHIM_FASTCALL(function) ((PyCFunction)(uintptr_t)(function))

/* ---- objects -------------------------------------------------------------- */

static inline bool shim_is_immortal(PyObject *object)
{
#if PY_VERSION_HEX >= 0x030E0000
    return PyUnstable_IsImmortal(object) != 0;
#elif PY_VERSION_HEX >= 0x030C0000
    return _Py_IsImmortal(object) != 0;
#else
    (void)object;
    return false;
#endif
}

/* What lies in front of an object, as sys.getsizeof counts it. */
static inline size_t shim_header_size(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    size_t links = 2 * sizeof(void *);
#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030D0000
    size_t size = PyType_IS_GC(type) ? links : 0;
#else
    size_t size = PyObject_IS_GC(object) ? links : 0;
#endif
#if PY_VERSION_HEX >= 0x030C0000
    if ((type->tp_flags & Py_TPFLAGS_PREHEADER) != 0 && size != 0) size += 2 * sizeof(void *);
#elif PY_VERSION_HEX >= 0x030B0000
    if ((type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0) size += 2 * sizeof(void *);
#else
    (void)type;
#endif
    return size;
}

/* A string whose characters can be read without making them ready. */
static inline bool shim_text_is_ready(PyObject *text)
{
#if PY_VERSION_HEX >= 0x030C0000
    (void)text;
    return true;
#else
    return PyUnicode_IS_READY(text) != 0;
#endif
}

/* What a weak reference sees: borrowed, or NULL when it is gone. */
static inline PyObject *shim_weak_target(PyObject *reference)
{
    PyObject *target = ((PyWeakReference *)reference)->wr_object;
    return target == NULL || target == Py_None || Py_REFCNT(target) <= 0 ? NULL : target;
}

/* The dictionary of a type: borrowed, or NULL. */
static inline PyObject *shim_type_dict(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030C0000
    PyObject *dict = PyType_GetDict(type);
    Py_XDECREF(dict);
    return dict;
#else
    return type->tp_dict;
#endif
}

/* The dictionary of a type's subclasses, where the type itself holds one. */
static inline PyObject *shim_type_subclasses(PyTypeObject *type)
{
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) return NULL;
#endif
    return (PyObject *)type->tp_subclasses;
}

/* ---- attributes inside their object --------------------------------------- */

/* Names and values; a value may be NULL. */
typedef struct shim_attributes {
    size_t count;
    PyObject **values;
    const void *entries;
} shim_attributes;

static inline PyObject *shim_attribute_name(const shim_attributes *attributes, size_t at)
{
#if SHIM_KNOWS_LAYOUT
    return ((const PyDictUnicodeEntry *)attributes->entries)[at].me_key;
#else
    (void)attributes;
    (void)at;
    return NULL;
#endif
}

#if SHIM_KNOWS_LAYOUT
static inline PyDictKeysObject *shim_keys_of(PyTypeObject *type)
{
    PyDictKeysObject *keys = !PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)
                                 ? NULL
                                 : ((PyHeapTypeObject *)type)->ht_cached_keys;
    return keys == NULL || keys->dk_kind == DICT_KEYS_GENERAL ? NULL : keys;
}

static inline shim_attributes shim_attributes_of_keys(PyDictKeysObject *keys, PyObject **values)
{
    return (shim_attributes){
        .count = (size_t)keys->dk_nentries, .values = values, .entries = DK_UNICODE_ENTRIES(keys)};
}
#endif

/* The attributes that an object holds itself, without a dictionary. */
static inline shim_attributes shim_attributes_of(PyObject *object)
{
    shim_attributes none = {.count = 0};
#if SHIM_KNOWS_LAYOUT
    PyTypeObject *type = Py_TYPE(object);
    PyDictKeysObject *keys = shim_keys_of(type);
    if ((type->tp_flags & Py_TPFLAGS_MANAGED_DICT) == 0 || keys == NULL) return none;
#if PY_VERSION_HEX >= 0x030D0000
    if ((type->tp_flags & Py_TPFLAGS_INLINE_VALUES) == 0) return none;
    PyDictValues *values = _PyObject_InlineValues(object);
    if (!values->valid) return none;
    shim_attributes result = shim_attributes_of_keys(keys, values->values);
    if (result.count > values->capacity) result.count = values->capacity;
    return result;
#elif PY_VERSION_HEX >= 0x030C0000
    PyDictOrValues either = *_PyObject_DictOrValuesPointer(object);
    if (!_PyDictOrValues_IsValues(either)) return none;
    return shim_attributes_of_keys(keys, _PyDictOrValues_GetValues(either)->values);
#else
    PyDictValues *values = *_PyObject_ValuesPointer(object);
    return values == NULL ? none : shim_attributes_of_keys(keys, values->values);
#endif
#else
    (void)object;
    return none;
#endif
}

/* The names of attributes that a type keeps for its objects, and holds a reference to each. */
static inline shim_attributes shim_shared_keys(PyTypeObject *type)
{
    shim_attributes none = {.count = 0};
#if SHIM_KNOWS_LAYOUT
    PyDictKeysObject *keys = shim_keys_of(type);
    return keys == NULL ? none : shim_attributes_of_keys(keys, NULL);
#else
    (void)type;
    return none;
#endif
}

/* Whether a dictionary leaves its keys to a type. */
static inline bool shim_dict_shares_keys(PyObject *dict)
{
    return ((PyDictObject *)dict)->ma_values != NULL;
}

/* ---- code ----------------------------------------------------------------- */

/* The names of a code's variables, cells and free variables: a tuple; borrowed, or NULL. */
static inline PyObject *shim_code_variables(PyCodeObject *code)
{
#if PY_VERSION_HEX >= 0x030B0000
    return code->co_localsplusnames;
#else
    return code->co_varnames;
#endif
}

/* Whether co_varnames is a member, so that it needs no further mention. */
static inline bool shim_code_variables_is_member(void)
{
    return PY_VERSION_HEX < 0x030B0000;
}

/* The name of variable `at` of a code: borrowed, or NULL. */
static inline PyObject *shim_variable_name(PyCodeObject *code, Py_ssize_t at)
{
#if PY_VERSION_HEX >= 0x030B0000
    PyObject *names = code->co_localsplusnames;
    return names == NULL || at >= PyTuple_GET_SIZE(names) ? NULL : PyTuple_GET_ITEM(names, at);
#else
    PyObject *groups[] = {code->co_varnames, code->co_cellvars, code->co_freevars};
    for (size_t group = 0; group < 3; group++) {
        if (at < PyTuple_GET_SIZE(groups[group])) return PyTuple_GET_ITEM(groups[group], at);
        at -= PyTuple_GET_SIZE(groups[group]);
    }
    return NULL;
#endif
}

/* ---- frames --------------------------------------------------------------- */

/* What a function that runs, or waits to go on, holds. */
typedef struct shim_frame {
    const void *next;     /* its caller; for shim_frame_next */
    PyCodeObject *code;   /* NULL: no function of Python */
    PyObject *globals;    /* borrowed by the frame */
    PyObject *function;   /* held, or NULL */
    PyObject *locals;     /* held, or NULL: the mapping of a module's or class's body */
    PyObject *object;     /* held, or NULL: the frame as Python sees it */
    PyObject **variables; /* of which each may be NULL */
    Py_ssize_t count;
    bool
        is_visited; /* an object that tp_traverse visits holds all this: `object`, or a generator */
} shim_frame;

#if SHIM_KNOWS_LAYOUT
static inline shim_frame shim_frame_read(const _PyInterpreterFrame *frame)
{
    shim_frame result = {.next = frame->previous};
#if PY_VERSION_HEX >= 0x030C0000
    if (frame->owner == FRAME_OWNED_BY_CSTACK) return result;
    result.function = frame->f_funcobj;
#else
    result.function = (PyObject *)frame->f_func;
#endif
#if PY_VERSION_HEX >= 0x030D0000
    if (!PyCode_Check(frame->f_executable)) return result;
    result.code = (PyCodeObject *)frame->f_executable;
#else
    result.code = frame->f_code;
#endif
    result.globals = frame->f_globals;
    result.locals = frame->f_locals;
    result.object = (PyObject *)frame->frame_obj;
    result.variables = (PyObject **)frame->localsplus;
    result.count = result.code->co_nlocalsplus;
    result.is_visited = frame->owner != FRAME_OWNED_BY_THREAD;
    return result;
}
#endif

/* The innermost frame of a thread; false: there is none. */
static inline bool shim_frame_first(PyThreadState *thread, shim_frame *out_frame)
{
#if SHIM_KNOWS_LAYOUT
#if PY_VERSION_HEX >= 0x030D0000
    const _PyInterpreterFrame *first = thread->current_frame;
#else
    const _PyInterpreterFrame *first = thread->cframe->current_frame;
#endif
    if (first == NULL) return false;
    *out_frame = shim_frame_read(first);
    return true;
#elif PY_VERSION_HEX < 0x030B0000
    PyFrameObject *first = thread->frame;
    if (first == NULL) return false;
    *out_frame = (shim_frame){.next = first->f_back,
                              .code = first->f_code,
                              .globals = first->f_globals,
                              .object = (PyObject *)first,
                              .is_visited = true};
    return true;
#else
    (void)thread;
    (void)out_frame;
    return false;
#endif
}

/* The frame of the caller; false: there is none. */
static inline bool shim_frame_next(shim_frame *frame)
{
    if (frame->next == NULL) return false;
#if SHIM_KNOWS_LAYOUT
    *frame = shim_frame_read(frame->next);
    return true;
#elif PY_VERSION_HEX < 0x030B0000
    const PyFrameObject *next = frame->next;
    *frame = (shim_frame){.next = next->f_back,
                          .code = next->f_code,
                          .globals = next->f_globals,
                          .object = (PyObject *)(uintptr_t)next,
                          .is_visited = true};
    return true;
#else
    return false;
#endif
}

/* The frame that belongs to a frame object, or to a generator or coroutine that is not at its end. */
static inline bool shim_frame_of(PyObject *object, shim_frame *out_frame)
{
#if SHIM_KNOWS_LAYOUT
    if (PyFrame_Check(object)) {
        const _PyInterpreterFrame *frame = ((PyFrameObject *)object)->f_frame;
        if (frame == NULL || frame->owner != FRAME_OWNED_BY_FRAME_OBJECT) return false;
        *out_frame = shim_frame_read(frame);
        return out_frame->code != NULL;
    }
    const PyGenObject *generator = (const PyGenObject *)object;
    if (generator->gi_frame_state >= FRAME_CLEARED) return false;
    *out_frame = shim_frame_read((const _PyInterpreterFrame *)(const void *)generator->gi_iframe);
    return out_frame->code != NULL;
#elif PY_VERSION_HEX < 0x030B0000
    if (!PyFrame_Check(object)) return false;
    PyFrameObject *frame = (PyFrameObject *)object;
    PyCodeObject *code = frame->f_code;
    *out_frame = (shim_frame){.code = code,
                              .globals = frame->f_globals,
                              .locals = frame->f_locals,
                              .variables = frame->f_localsplus,
                              .count = code->co_nlocals + PyTuple_GET_SIZE(code->co_cellvars) +
                                       PyTuple_GET_SIZE(code->co_freevars)};
    return true;
#else
    (void)object;
    (void)out_frame;
    return false;
#endif
}

/* The caller that a frame object holds, or NULL. */
static inline PyObject *shim_frame_back(PyObject *frame)
{
#if SHIM_KNOWS_LAYOUT || PY_VERSION_HEX < 0x030B0000
    return (PyObject *)((PyFrameObject *)frame)->f_back;
#else
    (void)frame;
    return NULL;
#endif
}

/* The qualified name of a generator or coroutine, or NULL. */
static inline PyObject *shim_generator_name(PyObject *generator)
{
#if PY_VERSION_HEX < 0x030E0000
    return ((PyGenObject *)generator)->gi_qualname;
#else
    (void)generator;
    return NULL;
#endif
}

#endif
