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

typedef struct save_result {
    size_t objects, references;
    uint64_t bytes;
    double stopped, seconds; /* for how long the program stood still; how long all took */
} save_result;

/* The file appears whole or not at all.  False: an exception is set. */
bool save(const save_request *request, save_result *out_result);

#endif
