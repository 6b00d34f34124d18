/* SPDX-License-Identifier: MIT */
/*
 * metrics_program.c -- writes the metrics of three heaps, and what they should say
 *
 * The second and the third heap have the same name, which has to be escaped.  Lines "expect: NAME NUMBER" go to
 * stderr, for the test that reads the metrics; the locale is the environment's.
 */
#include <ouro/events.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

typedef struct node {
    struct node *other;
    double payload[4];
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {OURO_REF(node, other, &node_type), OURO_END};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

typedef struct wide {
    double numbers[2];
} wide;
static ouro_type wide_type = OURO_TYPE(wide, .alignment = 16);
typedef struct narrow {
    double numbers[2];
} narrow;
static ouro_type narrow_type = OURO_TYPE(narrow, .acyclic = true);

static void lose_rings(ouro_heap *heap, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        node *a = ouro_new(heap, node), *b = ouro_new(heap, node);
        if (a == NULL || b == NULL) exit(EXIT_FAILURE);
        ouro_set(a, other, b);
        ouro_set(b, other, a);
        ouro_decref(a);
        ouro_decref(b);
    }
}

static void expect(const char *name, size_t number)
{
    fprintf(stderr, "expect: %s %zu\n", name, number);
}

int main(int argc, char **argv)
{
    static const char odd[] = "a \"name\" \\ of\ntwo lines, \xc3\xa9\xc3"; /* cut in a character */
    ouro_heap *heaps[3];
    const char *locale = setlocale(LC_ALL, "");
    if (locale != NULL && strcmp(localeconv()->decimal_point, ",") == 0) expect("comma", 1);
    if (argc > 1 && strcmp(argv[1], "--none") == 0)
        return ouro_write_metrics(NULL, 0, stdout) == OURO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
    heaps[0] = ouro_heap_new(
        &(ouro_heap_options){.byte_limit = 64u << 20, .ignore_environment = true}, NULL);
    for (int i = 1; i < 3; i++)
        heaps[i] =
            ouro_heap_new(&(ouro_heap_options){.name = odd, .ignore_environment = true}, NULL);
    for (int i = 0; i < 3; i++)
        if (heaps[i] == NULL) return EXIT_FAILURE;
    lose_rings(heaps[0], 20000);
    expect("found", ouro_collect(heaps[0], 2));
    wide *first = ouro_new(heaps[1], wide);
    narrow *second = ouro_new(heaps[1], narrow);
    void *raw = ouro_mem_alloc(heaps[1], 1000000);
    if (first == NULL || second == NULL || raw == NULL) return EXIT_FAILURE;
    if (ouro_account(heaps[2], 12345) != OURO_OK) return EXIT_FAILURE;
    (void)ouro_collect(heaps[1], 1);

    ouro_generation_stats stats[3];
    ouro_get_stats(heaps[0], stats);
    expect("collections", stats[0].collections + stats[1].collections + stats[2].collections);
    expect("collected", stats[0].collected + stats[1].collected + stats[2].collected);
    ouro_heap_stats heap_stats;
    ouro_get_heap_stats(heaps[1], &heap_stats);
    expect("objects", heap_stats.objects);
    expect("raw_bytes", heap_stats.raw_bytes);
    expect("committed_bytes", heap_stats.committed_bytes);
    ouro_pauses pauses;
    ouro_get_pauses(heaps[0], &pauses);
    size_t count = 0;
    for (size_t i = 0; i <= OURO_PAUSE_BOUNDS; i++) count += pauses.counts[i];
    expect("pauses", count);

    FILE *file = argc > 1 ? fopen(argv[1], "w") : stdout;
    if (file == NULL) return EXIT_FAILURE;
    ouro_status status = ouro_write_metrics(heaps, 3, file);
    if (status != OURO_OK) fprintf(stderr, "%s\n", ouro_heap_error(heaps[0])->message);
    ouro_decref(first);
    ouro_decref(second);
    ouro_mem_free(heaps[1], raw);
    for (int i = 0; i < 3; i++)
        if (ouro_heap_close(heaps[i], NULL, NULL) != OURO_OK) return EXIT_FAILURE;
    return status == OURO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
