/* SPDX-License-Identifier: MIT */
/*
 * scenario.c -- what scenarios are made of
 */
#include "refusal/scenario.h"

static const ouro_field node_fields[] = {
    OURO_REF(node, left, &node_type),
    OURO_REF(node, right, &node_type),
    OURO_END,
};
ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
ouro_type row_type = OURO_TYPE(row, .fields = row_fields, .item_size = sizeof(void *),
                               .length_offset = offsetof(row, length));

node *tree_new(ouro_heap *heap, unsigned depth)
{
    ouro_auto node *root = ouro_new(heap, node);
    if (root == NULL || depth == 0) return ouro_move(root);
    ouro_put(root, left, tree_new(heap, depth - 1));
    if (root->left == NULL) return NULL;
    ouro_put(root, right, tree_new(heap, depth - 1));
    if (root->right == NULL) return NULL;
    return ouro_move(root);
}

node *chain_new(ouro_heap *heap, size_t length)
{
    ouro_auto node *first = NULL;
    for (size_t i = 0; i < length; i++) {
        node *made = ouro_new(heap, node);
        if (made == NULL) return NULL;
        ouro_put(made, right, ouro_move(first));
        first = made;
    }
    return ouro_move(first);
}

bool ring_is_lost(ouro_heap *heap, size_t length)
{
    ouro_auto node *first = ouro_new(heap, node);
    if (first == NULL) return false;
    ouro_set(first, right, first);
    for (size_t i = 1; i < length; i++) {
        node *made = ouro_new(heap, node);
        if (made == NULL) return false;
        ouro_set(made, right, first->right);
        ouro_put(first, right, made);
    }
    return true;
}

bool rings_are_lost(ouro_heap *heap, size_t longest)
{
    for (size_t length = 1; length <= longest; length++)
        if (!ring_is_lost(heap, length)) return false;
    return true;
}

void make_old(ouro_heap *heap)
{
    ouro_freeze(heap);
    ouro_unfreeze(heap);
}
