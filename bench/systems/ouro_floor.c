/* SPDX-License-Identifier: MIT */
/*
 * ouro_floor.c -- system ouro, workload floor: one heap with one object
 */
#include <ouro/ouro.h>

typedef struct node {
    struct node *a, *b;
} node;

static ouro_type node_type;
static const ouro_field node_fields[] = {
    OURO_REF(node, a, &node_type),
    OURO_REF(node, b, &node_type),
    OURO_END,
};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

static void *floor_object(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    return heap ? ouro_new(heap, node) : NULL;
}

#include "../workloads/floor.h"

int main(int argc, char **argv)
{
    static const bench_workload workloads[] = {{"floor", floor_run}, {NULL, NULL}};
    return bench_main(argc, argv, workloads, ouro_version());
}
