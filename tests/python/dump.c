/* SPDX-License-Identifier: MIT */
/*
 * dump.c -- a snapshot as lines, for tests in Python
 *
 *     dump FILE
 *
 *     N  key  value                                 a note
 *     O  address  type  size  count  flags  text    an object
 *     E  target  kind  name  index                  a reference of the object above, also one that does not hold
 *     R  address  kind  name  references            a root
 *
 * Fields are separated by tabs; in texts a tab, a line end and a percent sign are %09, %0a and %25.
 */
#include <ouro/snapshot.h>

#include <inttypes.h>
#include <stdio.h>

static void put_text(const ouro_snapshot *snapshot, uint32_t string)
{
    for (const char *at = snapshot->strings[string]; *at != '\0'; at++) {
        if (*at == '\t' || *at == '\n' || *at == '\r' || *at == '%')
            printf("%%%02x", (unsigned char)*at);
        else
            putchar(*at);
    }
}

static void put_edge(const ouro_snapshot *snapshot, uint32_t target, uint32_t label, uint32_t index)
{
    printf("E\t%" PRIx64 "\t%d\t", snapshot->addresses[target], (int)snapshot->labels[label].kind);
    put_text(snapshot, snapshot->labels[label].name);
    printf("\t%" PRIu32 "\n", index);
}

static void put_object(const ouro_snapshot *snapshot, uint32_t object, uint32_t *loose)
{
    printf("O\t%" PRIx64 "\t", snapshot->addresses[object]);
    put_text(snapshot, snapshot->types[snapshot->object_types[object]].name);
    printf("\t%" PRIu64 "\t%" PRIu32 "\t%u\t", snapshot->sizes[object], snapshot->counts[object],
           snapshot->flags[object]);
    put_text(snapshot, snapshot->texts[object]);
    putchar('\n');
    for (uint32_t edge = snapshot->graph.first[object]; edge < snapshot->graph.first[object + 1];
         edge++) {
        put_edge(snapshot, snapshot->graph.target[edge], snapshot->labels_of[edge],
                 snapshot->indexes[edge]);
    }
    for (; *loose < snapshot->loose_count && snapshot->loose_owners[*loose] == object; ++*loose) {
        put_edge(snapshot, snapshot->loose_targets[*loose], snapshot->loose_labels[*loose],
                 snapshot->loose_indexes[*loose]);
    }
}

static void put_all(const ouro_snapshot *snapshot)
{
    for (uint32_t note = 0; note < snapshot->note_count; note++) {
        printf("N\t");
        put_text(snapshot, snapshot->note_keys[note]);
        putchar('\t');
        put_text(snapshot, snapshot->note_values[note]);
        putchar('\n');
    }
    for (uint32_t at = 0; at < snapshot->root_count; at++) {
        const ouro_snapshot_root *root = &snapshot->roots[at];
        printf("R\t%" PRIx64 "\t%d\t", snapshot->addresses[root->object], (int)root->kind);
        put_text(snapshot, root->name);
        printf("\t%" PRIu32 "\n", root->references);
    }
    uint32_t loose = 0;
    for (uint32_t object = 0; object < snapshot->object_count; object++) {
        put_object(snapshot, object, &loose);
    }
}

int main(int argc, char **argv)
{
    ouro_error error = {.status = OURO_OK};
    if (argc != 2) return fputs("usage: dump FILE\n", stderr), 2;
    ouro_snapshot *snapshot = ouro_snapshot_open(argv[1], NULL, &error);
    if (snapshot == NULL) return fprintf(stderr, "%s: %s\n", argv[1], error.message), 1;
    put_all(snapshot);
    ouro_snapshot_close(snapshot);
    return fflush(stdout) == 0 ? 0 : 1;
}
