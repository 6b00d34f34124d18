/* SPDX-License-Identifier: MIT */
/*
 * module.c -- ouro_snapshot._native, the part of the package that is in C
 *
 *     save(path, program, exception)   writes a snapshot; result: a dict of figures
 *     own(globals, is_runner)          these are the globals of a module of the writer
 *
 * Neighbours: save.h does the work.
 */
#include "save.h"

/* Of the process: snapshots are of the main interpreter alone. */
static struct {
    PyObject *get_objects;
    walk_own own;
} native;

/* Arguments come as they lie on the caller's stack: a tuple of them would be an object among those to be shown. */
static PyObject *native_save(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
    (void)module;
    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "save() takes a path, a program and an exception");
        return NULL;
    }
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_RuntimeError,
                        "ouro_snapshot writes the objects of the main interpreter alone; call "
                        "save() there");
        return NULL;
    }
    PyObject *path = NULL, *program = NULL, *figures = NULL;
    if (PyUnicode_FSConverter(arguments[0], &path) &&
        PyUnicode_FSConverter(arguments[1], &program)) {
        save_request request = {
            .path = PyBytes_AS_STRING(path),
            .path_object = arguments[0],
            .program = PyBytes_AS_STRING(program),
            .get_objects = native.get_objects,
            .exception = arguments[2] == Py_None ? NULL : arguments[2],
            .arguments = arguments,
            .argument_count = (size_t)count,
            .own = &native.own,
        };
        figures = save(&request);
    }
    Py_XDECREF(program);
    Py_XDECREF(path);
    return figures;
}

static bool native_add_own(PyObject *dict, bool is_runner)
{
    if (native.own.count == WALK_OWN_MOST) return false;
    Py_INCREF(dict); /* for good: its address stands for the module */
    native.own.dicts[native.own.count++] = dict;
    if (is_runner) native.own.runner = dict;
    return true;
}

static PyObject *native_own(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *globals = NULL;
    int is_runner = 0;
    if (!PyArg_ParseTuple(arguments, "O!p:own", &PyDict_Type, &globals, &is_runner)) return NULL;
    if (!native_add_own(globals, is_runner != 0)) {
        PyErr_SetString(PyExc_RuntimeError, "ouro_snapshot has more modules than it knows");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef native_methods[] = {
    {"save", SHIM_FASTCALL(native_save), METH_FASTCALL, NULL},
    {"own", native_own, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef native_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "ouro_snapshot._native",
    .m_size = -1,
    .m_methods = native_methods,
};

PyMODINIT_FUNC PyInit__native(void);
PyMODINIT_FUNC PyInit__native(void)
{
    PyObject *gc = PyImport_ImportModule("gc");
    PyObject *module = gc == NULL ? NULL : PyModule_Create(&native_module);
    if (module != NULL) native.get_objects = PyObject_GetAttrString(gc, "get_objects");
    Py_XDECREF(gc);
    if (module == NULL || native.get_objects == NULL ||
        !native_add_own(PyModule_GetDict(module), false)) {
        Py_CLEAR(module);
    }
    return module;
}
