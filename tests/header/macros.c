/* SPDX-License-Identifier: MIT */
/*
 * macros.c -- every macro of the public header, expanded once
 *
 * A macro is only compiled where it is used, so that a header which compiles
 * says nothing about them.  This file is C11 and C++17; it is never linked.
 */
#include <ouro/ouro.h>

typedef struct node {
    struct node *left;
    struct node *right;
    ouro_weakref *parent;
    ouro_vector children;
    size_t length;
    struct node *items[1];
} node;

extern ouro_type node_type;

#ifndef __cplusplus /* designated initializers are C++20's */
static const ouro_field node_fields[] = {
    OURO_REF(node, left, &node_type),    OURO_REF(node, right, &node_type),
    OURO_WEAK(node, parent, &node_type), OURO_VECTOR(node, children, NULL),
    OURO_ITEMS(node, items, &node_type), OURO_END,
};
ouro_type node_type = OURO_TYPE(node, .fields = node_fields);
#endif

node *use_objects(ouro_heap *heap);
node *use_objects(ouro_heap *heap)
{
    ouro_auto node *a = ouro_new(heap, node);
    ouro_auto node *b = ouro_new_var(heap, node, 3);
    if (a == NULL || b == NULL) return NULL;
    node *again = ouro_newref(a);
    ouro_set(a, left, b);
    ouro_set(a, items[0], b);
    ouro_set(a, right, NULL);
    ouro_put(a, right, again);
    ouro_swap(a, left, b, right);
    ouro_clear(a, left);
    node *taken = ouro_take(b, right);
    ouro_xdecref(taken);
    if (ouro_weak_set(b, parent, a) != OURO_OK) return NULL;
    void *parent = ouro_weak_get(b, parent);
    ouro_xdecref(parent);
    return ouro_move(a);
}

ouro_status name_roots(ouro_heap *heap, node *variables[2]);
ouro_status name_roots(ouro_heap *heap, node *variables[2])
{
    ouro_status status = ouro_root(heap, &variables[0]);
    return status != OURO_OK ? status : (ouro_root)(heap, &variables[1]);
}

void *use_memory(ouro_heap *heap, size_t size);
void *use_memory(ouro_heap *heap, size_t size)
{
    void *memory = ouro_mem_alloc(heap, size);
    ouro_mem_free_sized(heap, memory, size);
    return ouro_mem_alloc(heap, 24);
}
