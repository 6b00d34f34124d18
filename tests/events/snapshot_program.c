/* SPDX-License-Identifier: MIT */
/*
 * snapshot_program.c -- saves a snapshot of a heap that kept a log
 *
 * usage: snapshot_program FILE
 */
#include <ouro/snapshot.h>

#include <stdlib.h>

typedef struct node {
    struct node *self;
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {OURO_REF(node, self, &node_type), OURO_END};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

int main(int argc, char **argv)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    if (argc != 2 || heap == NULL || ouro_set_event_log(heap, 1000) != OURO_OK) return EXIT_FAILURE;
    for (int i = 0; i < 50000; i++) {
        node *lost = ouro_new(heap, node);
        if (lost == NULL) return EXIT_FAILURE;
        ouro_set(lost, self, lost);
        ouro_decref(lost);
    }
    ouro_error error;
    if (ouro_snapshot_save(heap, argv[1], NULL, &error) != OURO_OK) {
        fprintf(stderr, "%s\n", error.message);
        return EXIT_FAILURE;
    }
    return ouro_heap_close(heap, NULL, NULL) == OURO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
