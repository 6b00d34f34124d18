/* SPDX-License-Identifier: MIT */
/*
 * pools.c -- where small objects live, and what they cost
 *
 * A heap takes memory from the system in arenas, cuts these into pools, and a
 * pool into blocks of one size.  So an object costs its bytes and one word,
 * and what it leaves behind fits the next of its kind exactly.
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

typedef struct thing {
    double numbers[8];
} thing;
static ouro_type thing_type = OURO_TYPE(thing, .fields = NULL);

enum { THINGS = 10000 };

/* One line of figures, and the pools: a character each, from ' ' empty to '@' full. */
static ouro_heap_stats show(const ouro_heap *heap, const char *when)
{
    ouro_heap_stats stats;
    char drawing[80];
    ouro_get_heap_stats(heap, &stats);
    ouro_draw_pools(heap, OURO_CLASS_ACYCLIC, 0, drawing, sizeof(drawing));
    printf("%-12s %5zu objects in %2zu pools [%s]\n", when, stats.objects, stats.pools, drawing);
    return stats;
}

int main(void)
{
    static thing *things[THINGS];
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");
    show(heap, "at first");

    for (size_t i = 0; i < THINGS; i++) {
        things[i] = ouro_new(heap, thing);
        expect(things[i] != NULL, "there is memory for an object");
    }
    ouro_heap_stats full = show(heap, "all alive");
    expect(full.objects == THINGS, "all objects are counted");
    printf("%-12s %zu bytes each, of which %zu are the object's own\n", "", ouro_sizeof(things[0]),
           sizeof(thing));
    expect(ouro_sizeof(things[0]) <= sizeof(thing) + 16,
           "an object costs a word more, or two in the debug build");

    /* Every second one goes: the pools stay, half empty, and the next objects
     * move in where these were. */
    for (size_t i = 0; i < THINGS; i += 2) {
        ouro_decref(things[i]);
        things[i] = NULL;
    }
    ouro_heap_stats half = show(heap, "half freed");
    expect(half.objects == THINGS / 2, "half of the objects are gone");
    for (size_t i = 0; i < THINGS; i += 2) {
        things[i] = ouro_new(heap, thing);
        expect(things[i] != NULL, "there is memory for an object");
    }
    ouro_heap_stats again = show(heap, "refilled");
    expect(again.pools <= full.pools + 1, "the gaps are used again");

    /* An empty pool goes back to the system: after a while, or at once. */
    for (size_t i = 0; i < THINGS; i++) ouro_decref(things[i]);
    size_t given_back = ouro_trim(heap);
    ouro_heap_stats empty = show(heap, "all freed");
    printf("%-12s %zu bytes went back to the system\n", "", given_back);
    expect(empty.objects == 0 && empty.pools == 0 && given_back > 0, "the pools are given back");

    ouro_heap_close(heap, NULL, NULL);
    return EXIT_SUCCESS;
}
