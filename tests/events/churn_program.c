/* SPDX-License-Identifier: MIT */
/*
 * churn_program.c -- makes and loses objects, for tests that look at it from outside
 *
 * usage: churn_program ROUNDS [wait]
 *
 * Each round makes a thousand rings of two nodes, keeps some for a while, and loses the others.  Then it says what
 * its statistics are, a line "NAME NUMBER" each, and "ready".  With `wait` it passes by every few milliseconds until its
 * standard input ends.
 */
#include <ouro/events.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct churn_node {
    struct churn_node *other;
    struct churn_node *next;
} churn_node;
static ouro_type churn_node_type;
static const ouro_field churn_node_fields[] = {OURO_REF(churn_node, other, &churn_node_type),
                                               OURO_REF(churn_node, next, &churn_node_type),
                                               OURO_END};
static ouro_type churn_node_type = OURO_TYPE(churn_node, .fields = churn_node_fields);

enum { WINDOW = 64, RINGS = 1000 };

static churn_node *make_ring(ouro_heap *heap)
{
    churn_node *first = ouro_new(heap, churn_node), *second = ouro_new(heap, churn_node);
    if (first == NULL || second == NULL) exit(EXIT_FAILURE);
    ouro_set(first, other, second);
    ouro_set(second, other, first);
    ouro_decref(second);
    return first;
}

/* A list of rings, dropped as a whole when it leaves the window. */
static churn_node *make_batch(ouro_heap *heap)
{
    churn_node *batch = NULL;
    for (int i = 0; i < RINGS; i++) {
        churn_node *ring = make_ring(heap);
        if (i % 4 != 0) {
            ouro_decref(ring);
            continue;
        }
        ouro_put(ring, next, batch);
        batch = ring;
    }
    return batch;
}

static void say(const char *name, size_t number)
{
    printf("%s %zu\n", name, number);
}

static void say_statistics(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_generation_stats generations[3];
    ouro_pauses pauses;
    ouro_get_heap_stats(heap, &stats);
    ouro_get_stats(heap, generations);
    ouro_get_pauses(heap, &pauses);
    say("objects", stats.objects);
    say("object_bytes", stats.object_bytes);
    say("raw_bytes", stats.raw_bytes);
    say("committed_bytes", stats.committed_bytes);
    say("pools", stats.pools);
    say("young_collections", generations[0].collections);
    say("whole_collections", generations[2].collections);
    say("collected",
        generations[0].collected + generations[1].collected + generations[2].collected);
    say("longest_pause", pauses.longest);
    puts("ready");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 100;
    ouro_heap *heap = ouro_heap_new(&(ouro_heap_options){.name = "churn"}, NULL);
    if (heap == NULL) return EXIT_FAILURE;
    churn_node *window[WINDOW] = {NULL};
    for (int i = 0; i < rounds; i++) {
        churn_node **slot = &window[i % WINDOW];
        ouro_xdecref(*slot);
        *slot = make_batch(heap);
    }
    void *raw = ouro_mem_alloc(heap, 100000);
    (void)ouro_collect(heap, 2);
    say_statistics(heap);
    if (argc > 2 && strcmp(argv[2], "wait") == 0)
        while (poll(&(struct pollfd){.fd = STDIN_FILENO, .events = POLLIN}, 1, 5) == 0)
            (void)ouro_safepoint(heap);
    ouro_mem_free(heap, raw);
    for (int i = 0; i < WINDOW; i++) ouro_xdecref(window[i]);
    return ouro_heap_close(heap, NULL, NULL) == OURO_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
