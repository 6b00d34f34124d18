/* SPDX-License-Identifier: MIT */
/*
 * program.c -- commits memory faults inside heaps, for memcheck or AddressSanitizer to report
 *
 * usage: program FAULT...
 *
 * Each is committed in a heap of its own.  Heaps are closed when all are done: otherwise the next would lie where the
 * last one has freed its blocks, and memcheck would speak of these.
 * Each fault is in a function of its own, named after it, so that a report names it.  "none" uses a heap in many
 * ways and commits none.
 */
#include <ouro/ouro.h>

#include <stdlib.h>
#include <string.h>

typedef struct node {
    struct node *other;
    ouro_vector items;
    char text[20]; /* 4 bytes of the block's end are nobody's, and the fence */
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {OURO_REF(node, other, &node_type),
                                         OURO_VECTOR(node, items, NULL), OURO_END};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

static ouro_heap *heap;
static volatile char sink;

static void *checked(void *memory)
{
    if (memory == NULL) exit(9);
    return memory;
}

#define FAULT(name) static __attribute__((noinline)) void name(void)

FAULT(none)
{
    node *kept = checked(ouro_new(heap, node));
    for (int i = 0; i < 3000; i++) {
        node *one = checked(ouro_new(heap, node)), *two = checked(ouro_new(heap, node));
        memset(one->text, 'a', sizeof one->text);
        ouro_set(one, other, two);
        ouro_set(two, other, one);
        if (ouro_vector_append(one, &one->items, two) != OURO_OK) exit(9);
        if (i % 100 == 0) ouro_set(kept, other, one);
        ouro_decref(one);
        ouro_decref(two);
        size_t size = (size_t)(i * 7 % 3000 + 1);
        char *bytes = checked(ouro_mem_alloc(heap, size));
        memset(bytes, 1, size);
        bytes = checked(ouro_mem_realloc(heap, bytes, 2 * size));
        memset(bytes, 2, 2 * size);
        ouro_mem_free(heap, bytes);
    }
    char *large = checked(ouro_mem_alloc(heap, 300000));
    memset(large, 3, 300000);
    ouro_mem_free(heap, large);
    (void)ouro_collect(heap, 2);
    (void)ouro_trim(heap);
    if (ouro_verify(heap, NULL) != OURO_OK) exit(9);
    ouro_decref(kept);
}

FAULT(read_after_free)
{
    node *one = checked(ouro_new(heap, node));
    ouro_decref(one);
    sink = one->text[3];
}

FAULT(write_after_free)
{
    node *one = checked(ouro_new(heap, node));
    ouro_decref(one);
    one->text[3] = 1;
}

FAULT(read_after_collection)
{
    node *one = checked(ouro_new(heap, node));
    ouro_set(one, other, one);
    node *kept = one;
    ouro_decref(one);
    (void)ouro_collect(heap, 2);
    sink = kept->text[3];
}

FAULT(read_beyond_object)
{
    node *one = checked(ouro_new(heap, node));
    volatile size_t end = sizeof one->text + 5;
    sink = ((char *)one->text)[end];
    ouro_decref(one);
}

FAULT(write_beyond_object)
{
    node *one = checked(ouro_new(heap, node));
    volatile size_t end = sizeof one->text + 5;
    ((char *)one->text)[end] = (char)0xFD; /* as it is: only a tool sees it */
    ouro_decref(one);
}

FAULT(read_after_raw_free)
{
    char *bytes = checked(ouro_mem_alloc(heap, 100));
    memset(bytes, 0, 100);
    ouro_mem_free(heap, bytes);
    sink = bytes[50];
}

FAULT(read_beyond_raw)
{
    char *bytes = checked(ouro_mem_alloc(heap, 100));
    memset(bytes, 0, 100);
    volatile size_t end = 100;
    sink = bytes[end];
    ouro_mem_free(heap, bytes);
}

FAULT(read_before_raw)
{
    char *bytes = checked(ouro_mem_alloc(heap, 100));
    memset(bytes, 0, 100);
    volatile ptrdiff_t before = -1;
    sink = bytes[before];
    ouro_mem_free(heap, bytes);
}

FAULT(read_uninitialised_raw)
{
    char *bytes = checked(ouro_mem_alloc(heap, 100));
    if (bytes[70] == 'x') sink = 1;
    ouro_mem_free(heap, bytes);
}

/* What it refers to is not lost for itself, nor is what lives for ever. */
FAULT(lose_object)
{
    node *one = checked(ouro_new(heap, node)), *other = checked(ouro_new(heap, node));
    ouro_set(one, other, other);
    ouro_decref(other);
    ouro_immortalize(checked(ouro_new(heap, node)));
    one->text[0] = 'x'; /* nobody gives it back */
}

FAULT(lose_raw)
{
    char *bytes = checked(ouro_mem_alloc(heap, 77));
    bytes[0] = 'x';
}

int main(int argc, char **argv)
{
#define NAMED(name)                                                                                \
    {                                                                                              \
#name, name                                                                                \
    }
    static const struct {
        const char *name;
        void (*commit)(void);
    } faults[] = {NAMED(none),
                  NAMED(read_after_free),
                  NAMED(write_after_free),
                  NAMED(read_after_collection),
                  NAMED(read_beyond_object),
                  NAMED(write_beyond_object),
                  NAMED(read_after_raw_free),
                  NAMED(read_beyond_raw),
                  NAMED(read_before_raw),
                  NAMED(read_uninitialised_raw),
                  NAMED(lose_object),
                  NAMED(lose_raw)};
    enum { MOST = 32 };
    ouro_heap *heaps[MOST];
    if (argc < 2 || argc > MOST) {
        fprintf(stderr, "program: name faults, fewer than %d\n", MOST);
        return 2;
    }
    for (int at = 1; at < argc; at++) {
        size_t i = 0, count = sizeof faults / sizeof faults[0];
        while (i < count && strcmp(argv[at], faults[i].name) != 0) i++;
        if (i == count) {
            fprintf(stderr, "program: no fault is called %s\n", argv[at]);
            return 2;
        }
        heap = heaps[at - 1] = checked(ouro_heap_new(NULL, NULL));
        faults[i].commit();
    }
    for (int i = 0; i < argc - 1; i++)
        if (ouro_heap_close(heaps[i], NULL, NULL) != OURO_OK) return 1;
    return 0;
}
