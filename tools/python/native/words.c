/* SPDX-License-Identifier: MIT */
/*
 * words.c -- what people read in a snapshot
 *
 * Neighbours: names.c asks for labels, walk.c for texts.  Below: the writer, which knows each string once.
 */
#include "words.h"

#include <stdio.h>
#include <string.h>

/* Text in UTF-8 of bounded length; what does not fit is left out and shown by dots. */
typedef struct text_line {
    char bytes[WORDS_LONGEST * 4 + 16];
    size_t length;
} text_line;

static void line_put(text_line *line, const char *text)
{
    size_t room = sizeof(line->bytes) - line->length;
    size_t length = strlen(text);
    if (length > room) length = room;
    memcpy(line->bytes + line->length, text, length);
    line->length += length;
}

static void line_put_character(text_line *line, Py_UCS4 character)
{
    if (sizeof(line->bytes) - line->length < 4) return;
    char *to = line->bytes + line->length;
    if (character < 0x80) {
        to[0] = (char)(character == 0 ? ' ' : character);
        line->length += 1;
    } else if (character < 0x800) {
        to[0] = (char)(0xC0 | (character >> 6));
        to[1] = (char)(0x80 | (character & 0x3F));
        line->length += 2;
    } else if (character < 0x10000) {
        if (character >= 0xD800 && character < 0xE000) character = 0xFFFD; /* half a pair */
        to[0] = (char)(0xE0 | (character >> 12));
        to[1] = (char)(0x80 | ((character >> 6) & 0x3F));
        to[2] = (char)(0x80 | (character & 0x3F));
        line->length += 3;
    } else {
        to[0] = (char)(0xF0 | (character >> 18));
        to[1] = (char)(0x80 | ((character >> 12) & 0x3F));
        to[2] = (char)(0x80 | ((character >> 6) & 0x3F));
        to[3] = (char)(0x80 | (character & 0x3F));
        line->length += 4;
    }
}

/* False: it is no str whose characters are there. */
static bool line_put_str(text_line *line, PyObject *text)
{
    if (text == NULL || !PyUnicode_Check(text) || !shim_text_is_ready(text)) return false;
    Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    Py_ssize_t shown = length > WORDS_LONGEST ? WORDS_LONGEST : length;
    int kind = (int)PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    for (Py_ssize_t at = 0; at < shown; at++) {
        line_put_character(line, PyUnicode_READ(kind, data, at));
    }
    if (shown < length) line_put(line, "...");
    return true;
}

static uint32_t line_string(word_maker *words, const text_line *line)
{
    return ouro_snapshot_string_of(words->writer, line->bytes, line->length);
}

uint32_t words_string(word_maker *words, PyObject *text)
{
    text_line line = {.length = 0};
    return line_put_str(&line, text) ? line_string(words, &line) : 0;
}

uint32_t words_label_of(word_maker *words, ouro_edge_kind kind, const char *name)
{
    return ouro_snapshot_label_of(words->writer, kind, ouro_snapshot_string(words->writer, name));
}

/* Names of attributes are the same few objects again and again; objects do not move or die during a walk. */
uint32_t words_label(word_maker *words, ouro_edge_kind kind, PyObject *name)
{
    size_t at = (((uintptr_t)name >> 4) ^ ((uintptr_t)name >> 16) ^ (uintptr_t)kind) &
                (WORDS_REMEMBERED - 1);
    if (words->remembered[at].name != name || words->remembered[at].kind != kind) {
        words->remembered[at].name = name;
        words->remembered[at].kind = kind;
        words->remembered[at].label =
            ouro_snapshot_label_of(words->writer, kind, words_string(words, name));
    }
    return words->remembered[at].label;
}

uint32_t words_variable(word_maker *words, PyCodeObject *code, PyObject *variable)
{
    text_line line = {.length = 0};
    line_put_str(&line, code->co_name);
    if (variable != NULL) {
        line_put(&line, ": ");
        line_put_str(&line, variable);
    }
    return line_string(words, &line);
}

/* ---- keys and texts -------------------------------------------------------- */

/* The value of an int that fits; false: it does not. */
static bool number_of(PyObject *number, long long *out_value)
{
    int overflow = 0;
    *out_value = PyLong_AsLongLongAndOverflow(number, &overflow);
    return overflow == 0;
}

static void line_put_bytes(text_line *line, const char *bytes, Py_ssize_t length)
{
    char two[8];
    Py_ssize_t shown = length > WORDS_LONGEST / 2 ? WORDS_LONGEST / 2 : length;
    line_put(line, "b'");
    for (Py_ssize_t at = 0; at < shown; at++) {
        unsigned char byte = (unsigned char)bytes[at];
        bool plain = byte >= 0x20 && byte < 0x7F && byte != '\'' && byte != '\\';
        snprintf(two, sizeof(two), plain ? "%c" : "\\x%02x", byte);
        line_put(line, two);
    }
    line_put(line, shown < length ? "'..." : "'");
}

/* Of values that are known by their type alone, no subclass: a subclass may have another meaning. */
static bool line_put_value(text_line *line, PyObject *object)
{
    char digits[64];
    long long number = 0;
    if (PyUnicode_CheckExact(object)) return line_put_str(line, object);
    if (PyBool_Check(object)) {
        line_put(line, object == Py_True ? "True" : "False");
    } else if (PyLong_CheckExact(object)) {
        if (!number_of(object, &number)) return false;
        snprintf(digits, sizeof(digits), "%lld", number);
        line_put(line, digits);
    } else if (PyFloat_CheckExact(object)) {
        snprintf(digits, sizeof(digits), "%.12g", PyFloat_AS_DOUBLE(object));
        line_put(line, digits);
    } else if (PyBytes_CheckExact(object)) {
        line_put_bytes(line, PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object));
    } else {
        return false;
    }
    return true;
}

uint32_t words_key(word_maker *words, PyObject *key, uint32_t *out_index)
{
    long long number = -1;
    *out_index = 0;
    if (PyUnicode_CheckExact(key)) return words_label(words, OURO_EDGE_KEY, key);
    if (PyLong_CheckExact(key) && number_of(key, &number) && number >= 0 &&
        number <= (long long)UINT32_MAX) {
        *out_index = (uint32_t)number;
        return words_label_of(words, OURO_EDGE_ITEM, "");
    }
    text_line line = {.length = 0};
    uint32_t text = 0;
    if (line_put_value(&line, key) || PyUnicode_Check(key)) {
        if (line.length == 0) line_put_str(&line, key);
        text = line_string(words, &line);
    } else if ((text = words_text(words, key)) == 0) {
        line_put(&line, "<");
        line_put(&line, Py_TYPE(key)->tp_name);
        line_put(&line, ">");
        text = line_string(words, &line);
    }
    return ouro_snapshot_label_of(words->writer, OURO_EDGE_KEY, text);
}

bool words_equal(PyObject *text, const char *ascii)
{
    return text != NULL && PyUnicode_CheckExact(text) && shim_text_is_ready(text) &&
           PyUnicode_CompareWithASCIIString(text, ascii) == 0;
}

PyObject *words_in_type(PyTypeObject *type, const char *name)
{
    PyObject *dict = shim_type_dict(type), *key = NULL, *value = NULL;
    if (dict == NULL || !PyDict_Check(dict)) return NULL;
    for (Py_ssize_t at = 0; PyDict_Next(dict, &at, &key, &value);) {
        if (words_equal(key, name)) return value;
    }
    return NULL;
}

/* "module.Outer.Inner"; of what is built in, the name that it was given in C. */
static void line_put_type(text_line *line, PyTypeObject *type)
{
    if (!PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        line_put(line, type->tp_name);
        return;
    }
    PyObject *module = words_in_type(type, "__module__");
    if (module != NULL && PyUnicode_Check(module) && !words_equal(module, "builtins")) {
        line_put_str(line, module);
        line_put(line, ".");
    }
    line_put_str(line, ((PyHeapTypeObject *)type)->ht_qualname);
}

uint32_t words_type(word_maker *words, PyTypeObject *type)
{
    text_line line = {.length = 0};
    line_put_type(&line, type);
    return line_string(words, &line);
}

/* The name under which a module's dictionary knows it. */
static PyObject *module_name(PyObject *module)
{
    PyObject *dict = PyModule_GetDict(module), *key = NULL, *value = NULL;
    for (Py_ssize_t at = 0; dict != NULL && PyDict_Next(dict, &at, &key, &value);) {
        if (words_equal(key, "__name__")) return value;
    }
    return NULL;
}

static bool is_generator(PyObject *object)
{
    return PyGen_CheckExact(object) || PyCoro_CheckExact(object) || PyAsyncGen_CheckExact(object);
}

/* The str that names an object, or NULL. */
static PyObject *name_of(PyObject *object)
{
    if (PyFunction_Check(object)) return ((PyFunctionObject *)object)->func_qualname;
    if (PyModule_Check(object)) return module_name(object);
    if (PyCode_Check(object)) return ((PyCodeObject *)object)->co_name;
    if (is_generator(object)) return shim_generator_name(object);
    if (PyObject_TypeCheck(object, &PyMethodDescr_Type) ||
        PyObject_TypeCheck(object, &PyMemberDescr_Type) ||
        PyObject_TypeCheck(object, &PyGetSetDescr_Type) ||
        PyObject_TypeCheck(object, &PyWrapperDescr_Type)) {
        return ((PyDescrObject *)object)->d_name;
    }
    if (PyMethod_Check(object) && PyFunction_Check(PyMethod_GET_FUNCTION(object))) {
        return ((PyFunctionObject *)PyMethod_GET_FUNCTION(object))->func_qualname;
    }
    if (PyFrame_Check(object)) {
        shim_frame frame;
        return shim_frame_of(object, &frame) ? frame.code->co_name : NULL;
    }
    return NULL;
}

uint32_t words_text(word_maker *words, PyObject *object)
{
    text_line line = {.length = 0};
    if (object == Py_None) return 0;
    if (PyType_Check(object)) {
        line_put_type(&line, (PyTypeObject *)object);
    } else if (PyCFunction_Check(object)) {
        line_put(&line, ((PyCFunctionObject *)object)->m_ml->ml_name);
    } else if (!line_put_value(&line, object) && !line_put_str(&line, name_of(object))) {
        return 0;
    }
    return line_string(words, &line);
}
