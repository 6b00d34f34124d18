/* SPDX-License-Identifier: MIT */
/*
 * heap_objects.c -- the objects of a heap, their references, and what holds them by name
 *
 * One walk: each object, and behind it its references.  Counts are exact, since each reference that a count has is
 * shown once; so what is left of a count is held from outside.
 */
#include <ouro/trace.h>

#include "saving.h"

ouro_edge_kind ouro__edge_kind_of(ouro_reference_kind kind)
{
    static const ouro_edge_kind kinds[] = {
        [OURO_REFERENCE_FIELD] = OURO_EDGE_FIELD,
        [OURO_REFERENCE_ITEM] = OURO_EDGE_ITEM,
        [OURO_REFERENCE_HOOK] = OURO_EDGE_INTERNAL,
        [OURO_REFERENCE_EPHEMERON] = OURO_EDGE_EPHEMERON,
        [OURO_REFERENCE_WEAK] = OURO_EDGE_WEAK,
        [OURO_REFERENCE_BORROWED] = OURO_EDGE_BORROWED,
    };
    return kinds[kind];
}

/* ---- types and labels ---- */

static size_t place_of(const void *pointer, size_t places)
{
    uintptr_t address = (uintptr_t)pointer;
    return (address >> 4 ^ address >> 14) % places;
}

uint32_t ouro__save_type(struct ouro__saving *saving, ouro_type *type)
{
    struct ouro__cached_type *cached = &saving->types[place_of(type, OURO__TYPE_CACHE)];
    if (cached->type == type) return cached->number;
    ouro_snapshot_type row = {.name = ouro_snapshot_string(saving->writer, type->name),
                              .size = type->size};
    if (ouro_type_is_tracked(type)) row.flags |= OURO_TYPE_IS_TRACKED;
    if (type->finalize != NULL) row.flags |= OURO_TYPE_HAS_FINALIZER;
    if (type->item_size != 0) row.flags |= OURO_TYPE_IS_VARIABLE;
    *cached = (struct ouro__cached_type){type, ouro_snapshot_type_of(saving->writer, type, &row)};
    return cached->number;
}

uint32_t ouro__save_label(struct ouro__saving *saving, ouro_edge_kind kind, const char *name)
{
    size_t place = (place_of(name, OURO__LABEL_CACHE) + (size_t)kind * 37) % OURO__LABEL_CACHE;
    struct ouro__cached_label *cached = &saving->labels[place];
    if (cached->name == name && cached->kind == kind) return cached->number;
    uint32_t string = ouro_snapshot_string(saving->writer, name);
    *cached = (struct ouro__cached_label){name, kind,
                                          ouro_snapshot_label_of(saving->writer, kind, string)};
    return cached->number;
}

/* ---- references ---- */

static int save_reference(const ouro_reference *reference, void *argument)
{
    struct ouro__saving *saving = argument;
    /* The value that a weak map holds is named by the map's type. */
    const char *name = reference->kind == OURO_REFERENCE_EPHEMERON && reference->through != NULL
                           ? ouro_type_of(reference->through)->name
                           : reference->name;
    uint32_t label = ouro__save_label(saving, ouro__edge_kind_of(reference->kind), name);
    uint32_t index = reference->index < UINT32_MAX ? (uint32_t)reference->index : UINT32_MAX;
    ouro_snapshot_add_edge(saving->writer, (uint64_t)(uintptr_t)reference->target, label, index);
    return 0;
}

/* ---- objects ---- */

static uint8_t flags_of(const ouro_object_info *info)
{
    unsigned flags = info->generation >= 0 ? (unsigned)info->generation : OURO_OBJECT_GENERATION;
    if (info->immortal) flags |= OURO_OBJECT_IS_IMMORTAL;
    if (info->finalized) flags |= OURO_OBJECT_IS_FINALIZED;
    if (info->frozen) flags |= OURO_OBJECT_IS_FROZEN;
    if (info->has_weak_references) flags |= OURO_OBJECT_HAS_WEAK_REFERENCES;
    if (!info->immortal) flags |= OURO_OBJECT_COUNT_IS_EXACT;
    return (uint8_t)flags;
}

/* String 0 for an object of which the program has nothing to say. */
static uint32_t save_text(const struct ouro__saving *saving, void *object)
{
    if (saving->options == NULL || saving->options->text == NULL) return 0;
    const char *text = saving->options->text(object, saving->options->argument);
    return text == NULL ? 0 : ouro_snapshot_string(saving->writer, text);
}

static int save_object(void *object, void *argument)
{
    struct ouro__saving *saving = argument;
    ouro_object_info info;
    ouro_get_object_info(object, &info);
    const uint32_t site = ouro_trace_site_of(object);
    uint64_t address = (uint64_t)(uintptr_t)object;
    ouro_snapshot_add_object(
        saving->writer,
        &(ouro_snapshot_object){.address = address,
                                .size = info.block_bytes + info.buffer_bytes,
                                .type = ouro__save_type(saving, info.type),
                                .count = info.immortal ? UINT32_MAX : (uint32_t)info.count,
                                .text = save_text(saving, object),
                                .site = site <= saving->sites ? site : 0,
                                .flags = flags_of(&info)});
    ouro_each_reference(object, save_reference, saving);
    if (info.saved)
        ouro_snapshot_add_root(saving->writer, address, OURO_ROOT_NAMED, saving->garbage_name, 1);
    return 0;
}

static int save_root(void *object, const char *name, void *argument)
{
    struct ouro__saving *saving = argument;
    ouro_snapshot_add_root(saving->writer, (uint64_t)(uintptr_t)object, OURO_ROOT_NAMED,
                           ouro_snapshot_string(saving->writer, name), 1);
    return 0;
}

void ouro__save_objects(struct ouro__saving *saving)
{
    saving->garbage_name = ouro_snapshot_string(saving->writer, "garbage");
    ouro_each_object(saving->heap, save_object, saving);
    ouro_each_root(saving->heap, save_root, saving);
}
