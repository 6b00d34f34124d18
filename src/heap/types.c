/* SPDX-License-Identifier: MIT */
/*
 * types.c -- the public face of types and objects                      [floor 6]
 */
#include "heap/heap.h"

#include <stdio.h>
#include <string.h>

ouro_status ouro_type_ready(ouro_type *type, ouro_error *out_error)
{
    return ouro__type_prepare(type, out_error);
}

bool ouro_type_is_tracked(ouro_type *type)
{
    if (type->ready_word == 0 && ouro__type_prepare(type, NULL) != OURO_OK) return false;
    return (ouro__shapes[ouro__word_type(type->ready_word)].flags & OURO__SHAPE_TRACKED) != 0;
}

ouro_type *ouro_type_of(const void *object)
{
    return ouro__type_of(object);
}

int32_t ouro_refcount(const void *object)
{
    return (int32_t)ouro__word_count(*ouro__word_of(object));
}

bool ouro_is_immortal(const void *object)
{
    return ouro__word_is_immortal(*ouro__word_of(object));
}

size_t ouro_sizeof(const void *object)
{
    return ouro__entry_block_size(object);
}

/* ---- ouro_type_check ---- */

struct marker {
    uint64_t value;
};
static ouro_type marker_type = {.name = "marker", .size = sizeof(struct marker)};

struct found {
    void *expected;
    size_t count;
    bool other;
};

static void see(void *referent, void *context)
{
    struct found *found = context;
    if (referent == found->expected)
        found->count++;
    else
        found->other = true;
}

static ouro_status contradiction(ouro_error *out_error, const ouro_type *type, const char *what,
                                 size_t have, size_t want)
{
    if (out_error != NULL) {
        *out_error = (ouro_error){.status = OURO_BAD_TYPE};
        snprintf(out_error->message, sizeof out_error->message, "type %s: %s (%zu, expected %zu)",
                 type->name, what, have, want);
    }
    return OURO_BAD_TYPE;
}

/* Stores the marker in every single field; returns how many there are. */
static size_t fill_fields(const ouro_type *type, void *object, struct marker *marker)
{
    size_t filled = 0;
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++) {
        if (field->kind != OURO_FIELD_REF && field->kind != OURO_FIELD_WEAK) continue;
        *(ouro__slot *)(void *)((char *)object + field->offset) = ouro__newref(marker);
        filled++;
    }
    return filled;
}

static size_t named_references(const ouro_type *type)
{
    size_t words = 0;
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++)
        words += field->kind != OURO_FIELD_ITEMS && field->kind != OURO_FIELD_BORROWED;
    return words;
}

/* An object whose references are all the marker must show just those, and its
 * death must drop each once. */
static ouro_status check_with_object(ouro_type *type, ouro_heap *heap, ouro_error *out_error)
{
    struct marker *marker = ouro_object_new(heap, &marker_type);
    void *object = ouro_object_new(heap, type);
    if (marker == NULL || object == NULL) {
        if (out_error != NULL) *out_error = *ouro_heap_error(heap);
        return ouro_heap_error(heap)->status;
    }
    struct found found = {.expected = marker};
    size_t filled = fill_fields(type, object, marker);
    ouro__visit(object, see, &found);
    if (found.other || found.count != filled)
        return contradiction(out_error, type,
                             "visiting an object shows other references than its fields hold",
                             found.count, filled);
    if (type->finalize != NULL)
        *ouro__word_of(object) |= OURO__FINALIZED; /* not the program's object */
    if (type->release == NULL) {
        ouro_decref(object);
        if (ouro_refcount(marker) != 1)
            return contradiction(out_error, type, "the death of an object leaves references behind",
                                 (size_t)ouro_refcount(marker) - 1, 0);
    }
    return OURO_OK;
}

ouro_status ouro_type_check(ouro_type *type, size_t reference_fields, ouro_error *out_error)
{
    ouro_status status = ouro__type_prepare(type, out_error);
    if (status != OURO_OK) return status;
    size_t named = named_references(type);
    if (reference_fields > 0 && type->traverse == NULL && named != reference_fields)
        return contradiction(out_error, type,
                             named < reference_fields
                                 ? "a reference field is left out of the table"
                                 : "the table names more reference fields than the struct has",
                             named, reference_fields);
    ouro_heap *heap = ouro_heap_new(
        &(ouro_heap_options){.ignore_environment = true, .collector_off = true}, out_error);
    if (heap == NULL) return out_error != NULL ? out_error->status : OURO_NO_MEMORY;
    status = check_with_object(type, heap, out_error);
    ouro__heap_destroy(heap);
    return status;
}
