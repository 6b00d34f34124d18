/* SPDX-License-Identifier: MIT */
/*
 * visit.c -- references that no mask shows                             [floor 2]
 */
#include "object/visit.h"

#include "memory/pool.h"

struct visitor {
    void (*visit)(void *referent, void *context);
    void *context;
    struct ouro__front *front; /* while a traverse hook of a guarded build runs */
    const void *thread;
};

/* Nobody owns the heap until the hook returns.  [guard.thread] [guard.own] */
static inline void enter_hook(struct ouro__front *front)
{
    front->thread = NULL;
    ouro__guard_unsettle();
}

static int visit_one(void *referent, void *argument)
{
    const struct visitor *visitor = argument;
    if (referent == NULL) return 0;
    if (OURO_GUARDED && visitor->front != NULL) visitor->front->thread = visitor->thread;
    visitor->visit(referent, visitor->context);
    if (OURO_GUARDED && visitor->front != NULL) enter_hook(visitor->front);
    return 0;
}

static int add_count(void *referent, void *argument)
{
    if (referent != NULL) *(uint64_t *)argument += ouro__word_count(*ouro__word_of(referent));
    return 0;
}

/* A hook that takes or drops references would free what is in use: builds with assertions see it. */
static void expect_counts_kept(const ouro_type *type, void *object)
{
    uint64_t first = 0, second = 0;
    (void)type->traverse(object, add_count, &first);
    (void)type->traverse(object, add_count, &second);
    if (first != second)
        ouro__misuse(
            object,
            "the traverse hook of type %s changes the counts of what it reports, of object %p",
            type->name, object);
}

/* In guarded builds no reference is taken or dropped but by us meanwhile. */
static void visit_by_hook(const ouro_type *type, void *object, struct visitor *visitor)
{
    if (type->traverse == NULL) return;
    if (OURO_CHECKS && !OURO_GUARDED) expect_counts_kept(type, object);
    if (OURO_GUARDED) {
        visitor->front = &ouro__pools_of(object)->front;
        visitor->thread = visitor->front->thread;
        enter_hook(visitor->front);
    }
    (void)type->traverse(object, visit_one, visitor);
    if (OURO_GUARDED) visitor->front->thread = visitor->thread;
}

void ouro__visit_hook(void *object, void (*visit)(void *referent, void *context), void *context)
{
    struct visitor visitor = {.visit = visit, .context = context};
    visit_by_hook(ouro__type_of(object), object, &visitor);
}

static void visit_many(void **items, size_t length, struct visitor *visitor)
{
    for (size_t i = 0; i < length; i++) (void)visit_one(items[i], visitor);
}

static void visit_field(const ouro_type *type, const ouro_field *field, void *object,
                        struct visitor *visitor)
{
    void *place = (char *)object + field->offset;
    if (field->kind == OURO_FIELD_VECTOR) {
        const ouro_vector *vector = place;
        visit_many(vector->items, vector->length, visitor);
    } else if (field->kind == OURO_FIELD_ITEMS) {
        visit_many(place, ouro__type_length(type, object), visitor);
    } else if (field->offset >= 64 * sizeof(void *) && field->kind != OURO_FIELD_BORROWED) {
        (void)visit_one(*(void **)place, visitor);
    }
}

void ouro__visit_general(void *object, void (*visit)(void *referent, void *context), void *context)
{
    ouro_type *type = ouro__type_of(object);
    struct visitor visitor;
    visitor.visit = visit;
    visitor.context = context;
    if (OURO_GUARDED) visitor.front = NULL;
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++)
        visit_field(type, field, object, &visitor);
    visit_by_hook(type, object, &visitor);
}

size_t ouro__visit_length(void *object)
{
    const ouro_type *type = ouro__type_of(object);
    size_t length = 0;
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++) {
        if (field->kind == OURO_FIELD_VECTOR)
            length += ((const ouro_vector *)(void *)((char *)object + field->offset))->length;
        else if (field->kind == OURO_FIELD_ITEMS)
            length += ouro__type_length(type, object);
    }
    return length;
}

/* ---- in pieces ---- */

/* Items from half->done on; false when the units ran out before the last. */
static bool visit_items(void **items, size_t length, struct ouro__half *half, long *units,
                        const struct visitor *visitor)
{
    size_t left = length > half->done ? length - half->done : 0;
    size_t count = *units <= 0 ? 0 : left < (size_t)*units ? left : (size_t)*units;
    const size_t end = half->done + count;
    for (size_t i = half->done; i < end; i++) /* an empty vector has no array */
        if (items[i] != NULL) visitor->visit(items[i], visitor->context);
    *units -= (long)count;
    half->done = count < left ? half->done + count : 0;
    return count == left;
}

/* One field, or what is left of it. */
static bool visit_field_cut(const ouro_type *type, const ouro_field *field, void *object,
                            struct ouro__half *half, long *units, struct visitor *visitor)
{
    void *place = (char *)object + field->offset;
    if (field->kind == OURO_FIELD_VECTOR) {
        const ouro_vector *vector = place;
        half->vector = vector;
        return visit_items(vector->items, vector->length, half, units, visitor);
    }
    half->vector = NULL;
    if (field->kind == OURO_FIELD_ITEMS)
        return visit_items(place, ouro__type_length(type, object), half, units, visitor);
    visit_field(type, field, object, visitor);
    return true;
}

static void visit_mask(void *object, struct visitor *visitor)
{
    void **words = object;
    for (uint64_t mask = ouro__shape_of(object)->mask; mask != 0; mask &= mask - 1)
        (void)visit_one(words[__builtin_ctzl(mask)], visitor);
}

bool ouro__visit_cut(void *object, struct ouro__half *half, long *units,
                     void (*visit)(void *referent, void *context), void *context)
{
    ouro_type *type = ouro__type_of(object);
    struct visitor visitor;
    visitor.visit = visit;
    visitor.context = context;
    if (OURO_GUARDED) visitor.front = NULL;
    if (half->owner == NULL) {
        *half = (struct ouro__half){.owner = object};
        visit_mask(object, &visitor);
    }
    for (; type->fields != NULL; half->field++) {
        const ouro_field *field = &type->fields[half->field];
        if (field->kind == OURO_FIELD_END) break;
        if (!visit_field_cut(type, field, object, half, units, &visitor)) return false;
    }
    visit_by_hook(type, object, &visitor);
    half->owner = NULL;
    return true;
}
