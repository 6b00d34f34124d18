/* SPDX-License-Identifier: MIT */
/* program.c -- the smallest program that links and means something */
#include <ouro/ouro.h>
#include <stdio.h>

typedef struct node {
    struct node *other;
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {OURO_REF(node, other, &node_type), OURO_END};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    if (heap == NULL) return 1;
    node *a = ouro_new(heap, node);
    node *b = ouro_new(heap, node);
    if (a == NULL || b == NULL) return 1;
    ouro_set(a, other, b);
    ouro_set(b, other, a);
    ouro_decref(a);
    ouro_decref(b);
    printf("ouro %s: %zu objects were in a cycle\n", ouro_version(), ouro_collect(heap, 2));
    return ouro_heap_close(heap, NULL, NULL) == OURO_OK ? 0 : 1;
}
