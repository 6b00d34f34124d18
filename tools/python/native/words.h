/* SPDX-License-Identifier: MIT */
/*
 * words.h -- what people read in a snapshot: names on references, texts of objects, names of types
 *
 * All is made without calling anything that a program could have written, and without making an object: the
 * characters of a string are read where they lie, and are never cached in it as PyUnicode_AsUTF8 does.
 */
#ifndef OURO_PYTHON_WORDS_H
#define OURO_PYTHON_WORDS_H

#include "shim.h"

#include <ouro/snapshot.h>

enum {
    WORDS_LONGEST = 80,      /* characters of a text; what is longer ends with "..." */
    WORDS_REMEMBERED = 4096, /* names of labels, by the address of the string: a power of two */
};

typedef struct word_maker {
    ouro_snapshot_writer *writer;
    struct {
        const PyObject *name;
        ouro_edge_kind kind;
        uint32_t label;
    } remembered[WORDS_REMEMBERED];
} word_maker;

/* The string of the first characters of a str; 0 when it is none. */
uint32_t words_string(word_maker *words, PyObject *text);
/* A label named by a str, or by a literal. */
uint32_t words_label(word_maker *words, ouro_edge_kind kind, PyObject *name);
uint32_t words_label_of(word_maker *words, ouro_edge_kind kind, const char *name);
/* "function: variable" */
uint32_t words_variable(word_maker *words, PyCodeObject *code, PyObject *variable);

/* How the value for this key is named: sets *out_index too, since small numbers are indexes. */
uint32_t words_key(word_maker *words, PyObject *key, uint32_t *out_index);

/* What distinguishes an object for people, or 0. */
uint32_t words_text(word_maker *words, PyObject *object);
/* module.name of a type. */
uint32_t words_type(word_maker *words, PyTypeObject *type);

/* Whether a str is exactly this ASCII text. */
bool words_equal(PyObject *text, const char *ascii);
/* What a type's own dictionary holds for a name: borrowed, or NULL.  Compares no keys but strings. */
PyObject *words_in_type(PyTypeObject *type, const char *name);

#endif
