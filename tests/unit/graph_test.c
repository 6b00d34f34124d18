/* SPDX-License-Identifier: MIT */
/*
 * graph_test.c -- the algorithms of graph.h against naive ones
 *
 * Random graphs of a few nodes, with self-references, doubled edges, and parts that no root reaches: dominators by
 * taking each node away, components by who reaches whom, ways by distances.  Then what is deep, on a small stack, and
 * memory that is refused.
 */
#include <ouro/graph.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/apart.h"
#include "support/covered.h"
#include "support/random.h"
#include "support/setting.h"
#include "support/test.h"

enum { NODES_MAX = 24, EDGES_MAX = 72 };

/* A graph in memory of its own, with its roots. */
struct sample {
    ouro_graph graph;
    uint32_t first[NODES_MAX + 1];
    uint32_t target[EDGES_MAX];
    uint32_t roots[4];
    size_t root_count;
};

static void sample_make(struct sample *sample, struct random *random)
{
    uint32_t nodes = random_below(random, NODES_MAX) + 1;
    uint32_t edges = random_below(random, nodes * 3 + 1);
    uint32_t owners[EDGES_MAX];
    for (uint32_t e = 0; e < edges; e++) owners[e] = random_below(random, nodes);
    uint32_t place = 0;
    for (uint32_t n = 0; n < nodes; n++) {
        sample->first[n] = place;
        for (uint32_t e = 0; e < edges; e++)
            if (owners[e] == n) sample->target[place++] = random_below(random, nodes);
    }
    sample->first[nodes] = place;
    sample->graph = (ouro_graph){nodes, sample->first, sample->target};
    sample->root_count = random_below(random, 4);
    for (size_t i = 0; i < sample->root_count; i++) sample->roots[i] = random_below(random, nodes);
}

/* ---- naive answers ---- */

/* Steps from the sources to each node without passing `without`; -1: none leads there. */
static void distances(const ouro_graph *graph, const uint32_t *sources, size_t source_count,
                      uint32_t without, int out_steps[NODES_MAX])
{
    for (uint32_t n = 0; n < graph->nodes; n++) out_steps[n] = -1;
    for (size_t i = 0; i < source_count; i++)
        if (sources[i] != without) out_steps[sources[i]] = 0;
    bool changed = true;
    for (int step = 0; changed; step++) {
        changed = false;
        for (uint32_t n = 0; n < graph->nodes; n++) {
            if (out_steps[n] != step) continue;
            for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++) {
                uint32_t to = graph->target[e];
                if (to == without || out_steps[to] >= 0) continue;
                out_steps[to] = step + 1;
                changed = true;
            }
        }
    }
}

/* Whether `above` is on every way to `below`. */
static void naive_dominates(const struct sample *sample, bool out_dominates[NODES_MAX][NODES_MAX])
{
    int with[NODES_MAX], without[NODES_MAX];
    distances(&sample->graph, sample->roots, sample->root_count, OURO_GRAPH_NONE, with);
    for (uint32_t above = 0; above < sample->graph.nodes; above++) {
        distances(&sample->graph, sample->roots, sample->root_count, above, without);
        for (uint32_t n = 0; n < sample->graph.nodes; n++)
            out_dominates[above][n] = with[n] >= 0 && without[n] < 0;
    }
}

/* ---- comparisons ---- */

static void compare_reverse(const ouro_graph *graph)
{
    uint32_t first[NODES_MAX + 1], target[EDGES_MAX];
    ouro_graph_reverse(graph, first, target);
    assert_int_equal(first[0], 0);
    for (uint32_t to = 0; to < graph->nodes; to++) {
        uint32_t place = first[to];
        for (uint32_t n = 0; n < graph->nodes; n++)
            for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++)
                if (graph->target[e] == to) assert_int_equal(target[place++], n);
        assert_int_equal(place, first[to + 1]);
    }
}

static void compare_search(const struct sample *sample)
{
    int steps[NODES_MAX];
    uint32_t from[NODES_MAX];
    assert_true(ouro_graph_search(&sample->graph, sample->roots, sample->root_count, from));
    distances(&sample->graph, sample->roots, sample->root_count, OURO_GRAPH_NONE, steps);
    for (uint32_t n = 0; n < sample->graph.nodes; n++) {
        if (steps[n] <= 0) {
            assert_int_equal(from[n], steps[n] == 0 ? OURO_GRAPH_ROOT : OURO_GRAPH_NONE);
            continue;
        }
        uint32_t before = from[n];
        assert_true(before < sample->graph.nodes);
        assert_int_equal(steps[before], steps[n] - 1);
        bool leads = false;
        for (uint32_t e = sample->graph.first[before]; e < sample->graph.first[before + 1]; e++)
            leads = leads || sample->graph.target[e] == n;
        assert_true(leads);
    }
}

static void compare_dominators(const struct sample *sample)
{
    bool dominates[NODES_MAX][NODES_MAX];
    uint32_t dominator[NODES_MAX];
    uint64_t size[NODES_MAX], retained[NODES_MAX];
    uint32_t nodes = sample->graph.nodes;
    naive_dominates(sample, dominates);
    assert_true(
        ouro_graph_dominators(&sample->graph, sample->roots, sample->root_count, dominator));
    for (uint32_t n = 0; n < nodes; n++) size[n] = UINT64_C(1) << n; /* tells which were summed */
    assert_true(ouro_graph_retained(nodes, dominator, size, retained));
    for (uint32_t n = 0; n < nodes; n++) {
        uint64_t held = 0;
        for (uint32_t below = 0; below < nodes; below++)
            if (dominates[n][below]) held |= size[below];
        assert_int_equal(retained[n], held);
        if (!dominates[n][n]) { /* not reached */
            assert_int_equal(dominator[n], OURO_GRAPH_NONE);
            continue;
        }
        /* The nearest: a dominator that all the others dominate. */
        uint32_t nearest = OURO_GRAPH_ROOT;
        for (uint32_t above = 0; above < nodes; above++)
            if (above != n && dominates[above][n] &&
                (nearest == OURO_GRAPH_ROOT || dominates[nearest][above]))
                nearest = above;
        assert_int_equal(dominator[n], nearest);
    }
}

static void compare_components(const ouro_graph *graph)
{
    uint32_t component[NODES_MAX], count;
    bool reaches[NODES_MAX][NODES_MAX], used[NODES_MAX] = {false};
    for (uint32_t n = 0; n < graph->nodes; n++) {
        int steps[NODES_MAX];
        distances(graph, &n, 1, OURO_GRAPH_NONE, steps);
        for (uint32_t to = 0; to < graph->nodes; to++) reaches[n][to] = steps[to] >= 0;
    }
    assert_true(ouro_graph_components(graph, component, &count));
    for (uint32_t a = 0; a < graph->nodes; a++) {
        assert_true(component[a] < count);
        used[component[a]] = true;
        for (uint32_t b = 0; b < graph->nodes; b++) {
            assert_int_equal(component[a] == component[b], reaches[a][b] && reaches[b][a]);
            if (reaches[a][b]) assert_true(component[a] >= component[b]);
        }
    }
    for (uint32_t i = 0; i < count; i++) assert_true(used[i]);
}

static void random_graphs(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    size_t graphs = test_amount(10000, 200000, 2000000);
    struct random random = {seed};
    struct sample sample;
    print_message("OURO_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < graphs; i++) {
        sample_make(&sample, &random);
        compare_reverse(&sample.graph);
        compare_search(&sample);
        compare_dominators(&sample);
        compare_components(&sample.graph);
    }
    test_covered(graphs, "random graphs against naive answers");
}

static void empty_graph(void **state)
{
    (void)state;
    uint32_t zero = 0, count = 7, unused;
    ouro_graph graph = {0, &zero, NULL};
    assert_true(ouro_graph_search(&graph, NULL, 0, &unused));
    assert_true(ouro_graph_dominators(&graph, NULL, 0, &unused));
    assert_true(ouro_graph_retained(0, NULL, NULL, NULL));
    assert_true(ouro_graph_components(&graph, &unused, &count));
    assert_int_equal(count, 0);
    uint32_t first = 1;
    ouro_graph_reverse(&graph, &first, &unused);
    assert_int_equal(first, 0);
}

/* ---- deep ones ---- */

/* A chain of nodes, each of which refers to the next and, if `back`, to the one before. */
struct chain {
    uint32_t nodes;
    bool back;
    const char *problem;
};

static uint32_t *chain_edges(const struct chain *chain, uint32_t **out_target)
{
    uint32_t nodes = chain->nodes, place = 0;
    uint32_t *first = malloc(((size_t)nodes + 1) * sizeof(uint32_t));
    uint32_t *target = malloc((size_t)nodes * 2 * sizeof(uint32_t));
    if (first == NULL || target == NULL) abort();
    for (uint32_t n = 0; n < nodes; n++) {
        first[n] = place;
        if (n + 1 < nodes) target[place++] = n + 1;
        if (n > 0 && chain->back) target[place++] = n - 1;
    }
    first[nodes] = place;
    *out_target = target;
    return first;
}

static const char *chain_ask(const struct chain *chain, const ouro_graph *graph, uint32_t *answer,
                             uint64_t *sizes)
{
    uint32_t nodes = chain->nodes, root = 0, count = 0;
    if (!ouro_graph_search(graph, &root, 1, answer)) return "no memory to search";
    for (uint32_t n = 1; n < nodes; n++)
        if (answer[n] != n - 1) return "a wrong way";
    if (!ouro_graph_dominators(graph, &root, 1, answer)) return "no memory for dominators";
    for (uint32_t n = 1; n < nodes; n++)
        if (answer[n] != n - 1) return "a wrong dominator";
    for (uint32_t n = 0; n < nodes; n++) sizes[n] = 1;
    if (!ouro_graph_retained(nodes, answer, sizes, sizes)) return "no memory for sums";
    for (uint32_t n = 0; n < nodes; n++)
        if (sizes[n] != nodes - n) return "a wrong sum";
    if (!ouro_graph_components(graph, answer, &count)) return "no memory for components";
    return count == (chain->back ? 1 : nodes) ? NULL : "a wrong number of components";
}

static void *chain_run(void *argument)
{
    struct chain *chain = argument;
    uint32_t *target;
    uint32_t *first = chain_edges(chain, &target);
    ouro_graph graph = {chain->nodes, first, target};
    uint32_t *answer = malloc((size_t)chain->nodes * sizeof(uint32_t));
    uint64_t *sizes = malloc((size_t)chain->nodes * sizeof(uint64_t));
    if (answer == NULL || sizes == NULL) abort();
    chain->problem = chain_ask(chain, &graph, answer, sizes);
    free(first);
    free(target);
    free(answer);
    free(sizes);
    return NULL;
}

static void chain_on_small_stack(bool back)
{
    struct chain chain = {.nodes = (uint32_t)test_amount(2000000, 10000000, 10000000),
                          .back = back};
    long least = sysconf(_SC_THREAD_STACK_MIN);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, least > 65536 ? (size_t)least : 65536),
                     0);
    assert_int_equal(pthread_create(&thread, &attributes, chain_run, &chain), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    if (chain.problem != NULL) fail_msg("%s", chain.problem);
}

static void deep_chain(void **state)
{
    (void)state;
    chain_on_small_stack(false);
}

static void deep_chain_both_ways(void **state)
{
    (void)state;
    chain_on_small_stack(true);
}

/* ---- refused memory ---- */

/* The addresses that this process has, and so many more. */
static void limit_addresses(size_t more)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[64] = "";
    if (file == NULL || fgets(line, sizeof(line), file) == NULL) abort();
    fclose(file);
    rlim_t bytes = (rlim_t)strtoull(line, NULL, 10) * 4096 + more;
    struct rlimit limit = {bytes, bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0) abort();
}

/* Few nodes with so many edges that what is kept of them is refused, and not the rest. */
enum { WIDE_NODES = 1000, WIDE_EDGES = 8000000 };

static void expect(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    _exit(EXIT_FAILURE);
}

static void *entries(size_t count, size_t size)
{
    void *made = calloc(count, size);
    if (made == NULL) abort();
    return made;
}

static void refused_at_once(void *argument)
{
    (void)argument;
    enum { NODES = 100000 };
    uint32_t *first = entries(NODES + 1, sizeof(uint32_t)), root = 0, count;
    uint32_t *answer = entries(NODES, sizeof(uint32_t));
    uint64_t *sizes = entries(NODES, sizeof(uint64_t));
    ouro_graph graph = {NODES, first, NULL};
    limit_addresses(0);
    expect(!ouro_graph_search(&graph, &root, 1, answer), "searched without memory");
    expect(!ouro_graph_dominators(&graph, &root, 1, answer), "dominators without memory");
    expect(!ouro_graph_retained(NODES, answer, sizes, sizes), "sums without memory");
    expect(!ouro_graph_components(&graph, answer, &count), "components without memory");
    limit_addresses(
        0); /* a check that nothing stayed mapped: the limit can be lowered to what was */
    free(first);
    free(answer);
    free(sizes);
}

static void refused_later(void *argument)
{
    (void)argument;
    uint32_t *first = entries(WIDE_NODES + 1, sizeof(uint32_t)), root = 0;
    uint32_t *target = entries(WIDE_EDGES, sizeof(uint32_t));
    uint32_t *answer = entries(WIDE_NODES, sizeof(uint32_t));
    for (uint32_t n = 0; n <= WIDE_NODES; n++) first[n] = n * (WIDE_EDGES / WIDE_NODES);
    for (uint32_t n = 0; n + 1 < WIDE_NODES; n++) target[first[n]] = n + 1; /* the rest: node 0 */
    ouro_graph graph = {WIDE_NODES, first, target};
    expect(ouro_graph_dominators(&graph, &root, 1, answer), "no dominators with memory");
    expect(answer[WIDE_NODES - 1] == WIDE_NODES - 2, "a wrong dominator");
    limit_addresses((size_t)4 << 20);
    expect(!ouro_graph_dominators(&graph, &root, 1, answer), "dominators with little memory");
    expect(ouro_graph_search(&graph, &root, 1, answer), "a small request was refused");
    free(first);
    free(target);
    free(answer);
}

static void refused_memory(void **state)
{
    (void)state;
    if (test_is_under_valgrind()) skip(); /* it would have no memory either, and end */
    void (*const bodies[])(void *) = {refused_at_once, refused_later};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct apart apart;
        apart_run(bodies[i], NULL, 60, &apart);
        if (apart.exit_status != 0) fail_msg("signal %d: %s", apart.signal, apart.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs),  cmocka_unit_test(empty_graph),
        cmocka_unit_test(deep_chain),     cmocka_unit_test(deep_chain_both_ways),
        cmocka_unit_test(refused_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
