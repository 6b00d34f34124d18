/* SPDX-License-Identifier: MIT */
/*
 * save.h -- a snapshot of this interpreter, in a file
 */
#ifndef OURO_PYTHON_SAVE_H
#define OURO_PYTHON_SAVE_H

#include "walk.h"

typedef struct save_request {
    const char *path;      /* in the file system's encoding */
    PyObject *path_object; /* for messages */
    const char *program;   /* what the notes say of it */
    PyObject *get_objects; /* gc.get_objects */
    PyObject *exception;   /* may be NULL */
    PyObject *const
        *arguments; /* of the call, on the stack of its caller: no references of the program */
    size_t argument_count;
    const walk_own *own;
} save_request;

/* The file appears whole or not at all.  A new dict of figures; NULL: an exception is set, and no file has
 * appeared. */
PyObject *save(const save_request *request);

#endif
