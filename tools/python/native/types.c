/* SPDX-License-Identifier: MIT */
/*
 * types.c -- what the walk knows of each type that it meets
 *
 * Neighbours: names.h has the namers of the kinds of objects; words.h the names.
 */
#include "types.h"

#include "names.h"

#include <string.h>

void types_init(type_table *types, word_maker *words)
{
    memset(types, 0, sizeof(*types));
    types->words = words;
    types->label_class = words_label_of(words, OURO_EDGE_FIELD, "__class__");
}

void types_free(type_table *types)
{
    for (size_t at = 0; at < types->slot_count; at++) {
        if (types->slots[at] == NULL) continue;
        PyMem_RawFree(types->slots[at]->members);
        PyMem_RawFree(types->slots[at]);
    }
    PyMem_RawFree(types->slots);
    memset(types, 0, sizeof(*types));
}

static type_info **type_slot(type_info **slots, size_t slot_count, const PyTypeObject *type)
{
    size_t at = ((uintptr_t)type >> 5) * 7 & (slot_count - 1);
    while (slots[at] != NULL && slots[at]->type != type) at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static bool types_grow(type_table *types)
{
    if (types->count < types->slot_count / 2) return true;
    size_t wanted = types->slot_count == 0 ? 1024 : types->slot_count * 2;
    type_info **slots = PyMem_RawCalloc(wanted, sizeof(type_info *));
    if (slots == NULL) return false;
    for (size_t at = 0; at < types->slot_count; at++) {
        type_info *info = types->slots[at];
        if (info != NULL) *type_slot(slots, wanted, info->type) = info;
    }
    PyMem_RawFree((void *)types->slots);
    types->slots = slots;
    types->slot_count = wanted;
    return true;
}

/* ---- one type ------------------------------------------------------------- */

static bool member_is_reference(const PyMemberDef *member)
{
    return member->type == T_OBJECT || member->type == T_OBJECT_EX;
}

/* The members of a type and of those that it is made of.  A name in a subclass does not hide the pointer. */
static bool info_find_members(type_info *info, word_maker *words)
{
    for (PyTypeObject *base = info->type; base != NULL; base = base->tp_base) {
        for (PyMemberDef *member = base->tp_members; member != NULL && member->name != NULL;
             member++) {
            if (!member_is_reference(member)) continue;
            if (!store_grow((void **)&info->members, &info->member_capacity, info->member_count,
                            sizeof(*info->members))) {
                return false;
            }
            info->members[info->member_count++] = (type_member){
                .offset = member->offset,
                .label = words_label_of(words, OURO_EDGE_FIELD, member->name),
            };
        }
    }
    return true;
}

static void info_find_namers(type_info *info)
{
    size_t count = 0;
    for (PyTypeObject *base = info->type; base != NULL && count < TYPE_NAMERS - 1;
         base = base->tp_base) {
        type_namer *namer = names_of_type(base);
        if (namer != NULL) info->namers[count++] = namer;
    }
}

/* The __sizeof__ that a call would find, or, where that is a function of Python, the next one behind it. */
static PyCFunction find_sizer(PyTypeObject *type)
{
    PyObject *order = type->tp_mro;
    if (order == NULL || !PyTuple_Check(order)) return NULL;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(order); at++) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(order, at);
        PyObject *found = PyType_Check(base) ? words_in_type(base, "__sizeof__") : NULL;
        if (found == NULL || !Py_IS_TYPE(found, &PyMethodDescr_Type)) continue;
        const PyMethodDef *method = ((PyMethodDescrObject *)found)->d_method;
        if (method->ml_flags == METH_NOARGS && PyType_IsSubtype(type, base)) {
            return method->ml_meth;
        }
    }
    return NULL;
}

static uint32_t type_flags(PyTypeObject *type)
{
    uint32_t flags = 0;
    if (PyType_IS_GC(type)) flags |= OURO_TYPE_IS_TRACKED;
    if (type->tp_finalize != NULL || type->tp_del != NULL) flags |= OURO_TYPE_HAS_FINALIZER;
    if (type->tp_itemsize != 0 || words_in_type(type, "__sizeof__") != NULL) {
        flags |= OURO_TYPE_IS_VARIABLE;
    }
    return flags;
}

static type_info *info_new(type_table *types, PyTypeObject *type)
{
    type_info *info = PyMem_RawCalloc(1, sizeof(*info));
    if (info == NULL) return NULL;
    info->type = type;
    info->is_heap = PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE) != 0;
    info->has_dict = type->tp_dictoffset != 0;
    info->sizer = find_sizer(type);
    info_find_namers(info);
    if (!info_find_members(info, types->words)) {
        PyMem_RawFree(info->members);
        PyMem_RawFree(info);
        return NULL;
    }
    ouro_snapshot_type row = {
        .name = words_type(types->words, type),
        .flags = type_flags(type),
        .size = (uint64_t)type->tp_basicsize,
    };
    info->number = ouro_snapshot_type_of(types->words->writer, type, &row);
    return info;
}

type_info *types_of(type_table *types, PyTypeObject *type)
{
    if (types->last != NULL && types->last->type == type) return types->last;
    if (!types_grow(types)) return NULL;
    type_info **slot = type_slot(types->slots, types->slot_count, type);
    if (*slot == NULL) {
        *slot = info_new(types, type);
        if (*slot == NULL) return NULL;
        types->count++;
    }
    types->last = *slot;
    return *slot;
}

uint64_t types_size(const type_info *info, PyObject *object)
{
    PyObject *answer = info->sizer == NULL ? NULL : info->sizer(object, NULL);
    if (answer == NULL) {
        PyErr_Clear();
        return 0;
    }
    int overflow = 0;
    long long size = PyLong_Check(answer) ? PyLong_AsLongLongAndOverflow(answer, &overflow) : 0;
    Py_DECREF(answer);
    return size <= 0 ? 0 : (uint64_t)size + shim_header_size(object);
}
