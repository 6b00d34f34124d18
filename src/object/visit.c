/* SPDX-License-Identifier: MIT */
/*
 * visit.c -- references that no mask shows                             [floor 2]
 */
#include "object/visit.h"

struct visitor {
    void (*visit)(void *referent, void *context);
    void *context;
};

static int visit_one(void *referent, void *argument)
{
    const struct visitor *visitor = argument;
    if (referent != NULL) visitor->visit(referent, visitor->context);
    return 0;
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
    } else if (field->offset >= 64 * sizeof(void *)) {
        (void)visit_one(*(void **)place, visitor);
    }
}

void ouro__visit_general(void *object, void (*visit)(void *referent, void *context), void *context)
{
    ouro_type *type = ouro__type_of(object);
    struct visitor visitor = {visit, context};
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++)
        visit_field(type, field, object, &visitor);
    if (type->traverse != NULL) (void)type->traverse(object, visit_one, &visitor);
}
