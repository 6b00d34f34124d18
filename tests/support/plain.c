/* SPDX-License-Identifier: MIT */
/*
 * plain.c -- objects without hooks
 */
#include "support/plain.h"

static const ouro_field node_fields[] = {
    OURO_REF(node, left, NULL),
    OURO_REF(node, right, NULL),
    OURO_END,
};
ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
ouro_type row_type = OURO_TYPE(row, .fields = row_fields, .item_size = sizeof(void *),
                               .length_offset = offsetof(row, length));

node *node_new(ouro_heap *heap)
{
    node *made = ouro_new(heap, node);
    assert_non_null(made);
    return made;
}

row *row_new(ouro_heap *heap, size_t length)
{
    row *made = ouro_new_var(heap, row, length);
    assert_non_null(made);
    return made;
}
