/* SPDX-License-Identifier: MIT */
/*
 * type.c -- from a program's table to a shape                          [floor 2]
 *
 *     check the table -> infer whether it can form cycles -> compile -> number
 *
 * Inference follows the types that fields name, so tables may refer to each
 * other before any of them is used.  Above: everything that walks objects.
 */
#include "object/type.h"

#include "base/process_lock.h"
#include "memory/classes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ouro__shape ouro__shapes[OURO_TYPES_MAX];
ouro_type *ouro__types[OURO_TYPES_MAX];
uint16_t ouro__type_bins[OURO_TYPES_MAX];

static uint32_t last_number; /* guarded by the process's lock */

__attribute__((format(printf, 3, 4))) static ouro_status say(ouro_error *out_error,
                                                             ouro_status status, const char *format,
                                                             ...)
{
    if (out_error == NULL) return status;
    va_list arguments;
    va_start(arguments, format);
    memset(out_error, 0, sizeof *out_error);
    out_error->status = status;
    vsnprintf(out_error->message, sizeof out_error->message, format, arguments);
    va_end(arguments);
    return status;
}

/* ---- the table ---- */

static size_t field_size(const ouro_field *field)
{
    switch (field->kind) {
    case OURO_FIELD_VECTOR: return sizeof(ouro_vector);
    case OURO_FIELD_ITEMS: return 0;
    default: return sizeof(void *);
    }
}

static ouro_status check_field(const ouro_type *type, const ouro_field *field,
                               ouro_error *out_error)
{
    const char *name = field->name != NULL ? field->name : "(unnamed)";
    if (field->kind > OURO_FIELD_BORROWED)
        return say(out_error, OURO_BAD_TYPE, "type %s: field %s has kind %d, which is none",
                   type->name, name, (int)field->kind);
    if (field->offset % sizeof(void *) != 0)
        return say(out_error, OURO_BAD_TYPE,
                   "type %s: field %s lies at %u, which is not a multiple of 8", type->name, name,
                   field->offset);
    if (field->offset + field_size(field) > type->size)
        return say(out_error, OURO_BAD_TYPE, "type %s: field %s ends at %zu, beyond the size %zu",
                   type->name, name, field->offset + field_size(field), type->size);
    if (field->kind == OURO_FIELD_ITEMS && type->item_size != sizeof(void *))
        return say(out_error, OURO_BAD_TYPE,
                   "type %s: items %s are references, so item_size must be 8, not %zu", type->name,
                   name, type->item_size);
    if (field->kind == OURO_FIELD_ITEMS && field->offset != type->size)
        return say(out_error, OURO_BAD_TYPE,
                   "type %s: items %s lie at %u, not behind the struct of %zu", type->name, name,
                   field->offset, type->size);
    for (const ouro_field *other = type->fields; other != field; other++) {
        if (field->offset < other->offset + field_size(other) &&
            other->offset < field->offset + field_size(field))
            return say(out_error, OURO_BAD_TYPE, "type %s: fields %s and %s overlap", type->name,
                       other->name, name);
        if (other->kind == OURO_FIELD_ITEMS)
            return say(out_error, OURO_BAD_TYPE, "type %s: items %s must be the last field",
                       type->name, other->name);
    }
    return OURO_OK;
}

/* Asked first: each field is compared with all before it, which must not be many. */
static bool has_too_many_fields(const ouro_type *type)
{
    size_t count = 0;
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++)
        if (++count >= UINT16_MAX) return true;
    return false;
}

static ouro_status check_table(const ouro_type *type, ouro_error *out_error)
{
    if (type->name == NULL) return say(out_error, OURO_BAD_TYPE, "a type has no name");
    if (type->size == 0) return say(out_error, OURO_BAD_TYPE, "type %s: the size is 0", type->name);
    if (type->alignment != 0 && type->alignment != 8 && type->alignment != 16)
        return say(out_error, OURO_BAD_TYPE, "type %s: alignment %zu is not 8 or 16", type->name,
                   type->alignment);
    if (type->item_size != 0 &&
        (type->length_offset % sizeof(size_t) != 0 || type->length_offset >= type->size ||
         type->size - type->length_offset < sizeof(size_t)))
        return say(out_error, OURO_BAD_TYPE,
                   "type %s: the length lies at %zu, outside the struct of %zu", type->name,
                   type->length_offset, type->size);
    if (type->acyclic && type->weak_key)
        return say(
            out_error, OURO_BAD_TYPE,
            "type %s: weak_key and acyclic contradict each other: the value of a weak map may "
            "refer to its key",
            type->name);
    if (has_too_many_fields(type))
        return say(out_error, OURO_BAD_TYPE, "type %s: more than %d fields", type->name,
                   UINT16_MAX - 1);
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++) {
        ouro_status status = check_field(type, field, out_error);
        if (status != OURO_OK) return status;
    }
    return OURO_OK;
}

/* ---- inference ---- */

/* Types met on the way; many more than a program has would count as cyclic. */
struct path {
    const ouro_type *types[256];
    size_t length;
};

static bool leads_to_cycle(const ouro_type *type, struct path *met, size_t depth);

static bool field_leads_to_cycle(const ouro_field *field, struct path *met, size_t depth)
{
    if (field->kind == OURO_FIELD_WEAK || field->kind == OURO_FIELD_BORROWED)
        return false; /* a weak reference holds nothing either */
    return field->type == NULL || leads_to_cycle(field->type, met, depth);
}

/*
 * Depth first; the first `depth` types of `met` are the way here, the rest is done and led to
 * no cycle.  A type met again on the way can reach itself.  [type.acyclic]
 */
static bool leads_to_cycle(const ouro_type *type, struct path *met, size_t depth)
{
    if (type->acyclic) return false;
    if (type->traverse != NULL || type->weak_key) return true; /* a value may refer to its key */
    if (type->fields == NULL) return false;
    for (size_t i = 0; i < depth; i++)
        if (met->types[i] == type) return true;
    for (size_t i = depth; i < met->length; i++)
        if (met->types[i] == type) return false;
    if (met->length == sizeof met->types / sizeof met->types[0]) return true;
    /* keep the way in front: what is done moves behind it */
    met->types[met->length++] = met->types[depth];
    met->types[depth] = type;
    for (const ouro_field *field = type->fields; field->kind != OURO_FIELD_END; field++)
        if (field_leads_to_cycle(field, met, depth + 1)) return true;
    return false;
}

static bool is_tracked(const ouro_type *type)
{
    struct path met = {.length = 0};
    return leads_to_cycle(type, &met, 0);
}

/* ---- compiling ---- */

bool ouro__type_block_size(const ouro_type *type, size_t length, size_t *out_size)
{
    size_t items;
    if (__builtin_mul_overflow(length, type->item_size, &items)) return false;
    if (__builtin_add_overflow(items, type->size, &items)) return false;
    if (__builtin_add_overflow(
            items, 7 + sizeof(ouro__word) + ouro__type_extra(type) + OURO__FENCE_OBJECT, &items))
        return false;
    *out_size = items & ~(size_t)7;
    return items <= (size_t)PTRDIFF_MAX / 2;
}

static void compile_fields(const ouro_type *type, struct ouro__shape *shape)
{
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++) {
        bool single = field->kind == OURO_FIELD_REF || field->kind == OURO_FIELD_WEAK;
        if (single && field->offset < 64 * sizeof(void *))
            shape->mask |= (uint64_t)1 << field->offset / sizeof(void *);
        else if (field->kind != OURO_FIELD_BORROWED)
            shape->flags |= OURO__SHAPE_GENERAL;
    }
}

static void compile(const ouro_type *type, struct ouro__shape *shape)
{
    memset(shape, 0, sizeof *shape);
    compile_fields(type, shape);
    if (type->traverse != NULL) shape->flags |= OURO__SHAPE_GENERAL | OURO__SHAPE_TRAVERSE;
    if (type->finalize != NULL) shape->flags |= OURO__SHAPE_FINALIZE;
    if (type->release != NULL) shape->flags |= OURO__SHAPE_RELEASE;
    bool tracked = is_tracked(type);
    if (tracked) shape->flags |= OURO__SHAPE_TRACKED;
    shape->kind = tracked ? OURO__TRACKED : OURO__ACYCLIC;
    if (type->alignment == 16) shape->kind++;
    size_t size = 0;
    if (type->item_size == 0 && ouro__type_block_size(type, 0, &size) && size <= OURO_BLOCK_MAX)
        shape->bin = (uint16_t)ouro__bin_for((enum ouro__kind)shape->kind,
                                             size < OURO__FREE_MIN ? OURO__FREE_MIN : size);
    else
        shape->flags |= OURO__SHAPE_LARGE;
    if (OURO_GUARDED &&
        (shape->bin == 0 ||
         ouro__bin_size(shape->bin) != sizeof(ouro__word) + type->size + ouro__type_extra(type)))
        shape->flags |= OURO__SHAPE_FENCED;
    if (!OURO_GUARDED && (shape->flags & ~(unsigned)OURO__SHAPE_TRACKED) == 0 &&
        size <= OURO_WIDE_BLOCK)
        shape->flags |= OURO__SHAPE_PLAIN;
}

/* The flags that an object is born with. */
static uint64_t birth_flags(const struct ouro__shape *shape)
{
    if (OURO_GUARDED && (shape->flags & ~(unsigned)OURO__SHAPE_TRACKED) == 0)
        return OURO__SPECIAL | OURO__PLAIN;
    if ((shape->flags & OURO__SHAPE_PLAIN) == 0) return OURO__SPECIAL;
    bool simple = shape->mask == 0 && (shape->flags & OURO__SHAPE_TRACKED) == 0;
    return simple ? 0 : OURO__SPECIAL | OURO__PLAIN;
}

/* Whether a guarded build makes such objects without a call: small ones that fill their blocks by themselves. */
static bool is_quick(const ouro_type *type, const struct ouro__shape *shape)
{
    return !OURO_IS_DEBUG_BUILD && (shape->flags & OURO__SHAPE_FENCED) == 0 &&
           ouro__type_extra(type) == 0 && type->size <= OURO__QUICK_WORDS * sizeof(ouro__word);
}

static void publish(ouro_type *type, const struct ouro__shape *shape)
{
    uint32_t number = ++last_number; /* [type.number] */
    ouro__shapes[number] = *shape;
    ouro__types[number] = type;
    ouro__type_bins[number] = shape->bin;
    uint64_t word = ((uint64_t)number << OURO__TYPE_SHIFT) | birth_flags(shape) | OURO__ONE;
    const uint32_t shelf = (uint32_t)(shape->bin * sizeof(struct ouro__shelf));
    /* [type.shape]: who sees the word or the bin sees all of the above */
    __atomic_store_n(&type->ready_word, word, __ATOMIC_RELEASE);
    __atomic_store_n(&type->ready_shelf, shelf, __ATOMIC_RELEASE);
    if (OURO_GUARDED && is_quick(type, shape))
        __atomic_store_n(&type->quick_shelf, shelf, __ATOMIC_RELEASE);
}

ouro_status ouro__type_prepare(ouro_type *type, ouro_error *out_error)
{
    ouro_status status = check_table(type, out_error);
    if (status != OURO_OK) return status;
    ouro__process_lock();
    if (type->ready_word == 0) {
        struct ouro__shape shape;
        compile(type, &shape);
        if (last_number + 1 < OURO_TYPES_MAX)
            publish(type, &shape);
        else
            status = say(out_error, OURO_TOO_MANY_TYPES,
                         "type %s is one more than the %u that a process can have", type->name,
                         OURO_TYPES_MAX - 1);
    }
    ouro__process_unlock();
    return status;
}
