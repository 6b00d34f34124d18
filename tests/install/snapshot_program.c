/* SPDX-License-Identifier: MIT */
/* snapshot_program.c -- the smallest program that writes and reads a snapshot */
#include <ouro/snapshot.h>
#include <stdio.h>
#include <string.h>

typedef struct node {
    struct node *other;
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {OURO_REF(node, other, &node_type), OURO_END};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

static char bytes[1 << 16];
static size_t used;

static bool write_bytes(void *context, const void *from, size_t size)
{
    (void)context;
    if (size > sizeof bytes - used) return false;
    memcpy(bytes + used, from, size);
    used += size;
    return true;
}

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    if (heap == NULL) return 1;
    node *a = ouro_new(heap, node);
    node *b = ouro_new(heap, node);
    if (a == NULL || b == NULL) return 1;
    ouro_set(a, other, b);
    ouro_set(b, other, a);
    ouro_snapshot_sink sink = {NULL, write_bytes};
    if (ouro_snapshot_write(heap, &sink, NULL, NULL) != OURO_OK) return 1;
    ouro_snapshot *snapshot = ouro_snapshot_read(bytes, used, NULL, NULL);
    if (snapshot == NULL || snapshot->graph.target[0] != 1 || snapshot->graph.target[1] != 0)
        return 1;
    printf("ouro %s: %u objects were in a cycle\n", ouro_version(), snapshot->object_count);
    ouro_snapshot_close(snapshot);
    ouro_decref(a);
    ouro_decref(b);
    return ouro_heap_close(heap, NULL, NULL) == OURO_OK ? 0 : 1;
}
