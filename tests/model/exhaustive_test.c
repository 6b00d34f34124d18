/* SPDX-License-Identifier: MIT */
/*
 * exhaustive_test.c -- every graph of up to three nodes
 *
 * A case is a graph (each of two slots of each node refers to a node or to
 * nothing), who lets go in which order, what each finalizer does, how old each
 * node is, and which generation is collected.  For each case a few lines of
 * arithmetic tell who is finalized and who survives, and the heap must agree.
 *
 * The three enumerations:
 *
 *   graphs x lost nodes x finalizers, then a full collection
 *   graphs x drop orders, no finalizers, each generation
 *   graphs x lost nodes x ages, no finalizers, each generation
 *
 * Where only the lost nodes are enumerated, they are the first ones and go in the
 * order of their numbers: every other order is that of a graph with other numbers.
 * Ages do not care which slot is which, so there the slots of a node are in order.  In an ordinary run they
 * are for finalizers, too, and of the generations that ages are collected with there is one for each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/covered.h"
#include "support/heap.h"
#include "support/setting.h"
#include "support/source.h"

enum { NODES_MAX = 3, SLOTS = 2, OLDEST = 2 };

enum last_word { SILENT, SPEAKING, RESURRECTING, LAST_WORDS };

typedef struct node {
    struct node *slots[SLOTS];
    size_t index;
    enum last_word last_word;
} node;

struct graph {
    size_t count;
    int targets[NODES_MAX][SLOTS]; /* -1: nothing */
};

struct order {
    size_t length; /* how many the program lets go; it keeps the others */
    size_t nodes[NODES_MAX];
};

struct plan {
    struct graph graph;
    struct order order;
    enum last_word words[NODES_MAX];
    int ages[NODES_MAX];
    int generation;
};

/* What ought to be, or what is. */
struct outcome {
    bool alive[NODES_MAX];
    unsigned finalized[NODES_MAX];
};

static struct outcome seen;
static node *survivors[NODES_MAX];
static size_t survivor_count;
static size_t cases;

/* ---- the types ---- */

static void node_finalize(void *object)
{
    node *self = object;
    seen.finalized[self->index]++;
    if (self->last_word == RESURRECTING) survivors[survivor_count++] = ouro_newref(self);
}

static void node_release(void *object)
{
    seen.alive[((node *)object)->index] = false;
}

static ouro_type node_type, silent_type;
static const ouro_field node_fields[] = {
    OURO_REF(node, slots[0], NULL),
    OURO_REF(node, slots[1], NULL),
    OURO_END,
};
static ouro_type node_type =
    OURO_TYPE(node, .fields = node_fields, .finalize = node_finalize, .release = node_release);
static ouro_type silent_type = OURO_TYPE(node, .fields = node_fields, .release = node_release);

/* ---- what ought to be ---- */

struct oracle {
    const struct plan *plan;
    struct outcome outcome;
    int counts[NODES_MAX];
    int held[NODES_MAX];
};

static void oracle_drop(struct oracle *oracle, int index);

/* True when the finalizer has taken a reference. */
static bool oracle_finalize(struct oracle *oracle, size_t index)
{
    if (oracle->plan->words[index] == SILENT || oracle->outcome.finalized[index] > 0) return false;
    oracle->outcome.finalized[index]++;
    if (oracle->plan->words[index] != RESURRECTING) return false;
    oracle->counts[index]++;
    oracle->held[index]++;
    return true;
}

static void oracle_drop(struct oracle *oracle, int index)
{
    if (index < 0 || !oracle->outcome.alive[index]) return;
    if (--oracle->counts[index] > 0 || oracle_finalize(oracle, (size_t)index)) return;
    oracle->outcome.alive[index] = false;
    for (size_t slot = 0; slot < SLOTS; slot++)
        oracle_drop(oracle, oracle->plan->graph.targets[index][slot]);
}

/* Marks what the program reaches, and what those reach that are too old for
 * the collection to look at. */
static void oracle_reach(const struct oracle *oracle, bool reached[])
{
    for (size_t i = 0; i < oracle->plan->graph.count; i++) {
        bool too_old = oracle->plan->ages[i] > oracle->plan->generation;
        reached[i] = oracle->outcome.alive[i] && (oracle->held[i] > 0 || too_old);
    }
    for (size_t round = 0; round < NODES_MAX; round++)
        for (size_t i = 0; i < oracle->plan->graph.count; i++)
            for (size_t slot = 0; slot < SLOTS; slot++) {
                int target = oracle->plan->graph.targets[i][slot];
                if (reached[i] && target >= 0) reached[target] = true;
            }
}

/* A collection: the finalizers of all that is unreachable, then the end of what
 * is unreachable still, and of the older ones that only those held. */
static void oracle_collect(struct oracle *oracle)
{
    bool reached[NODES_MAX], condemned[NODES_MAX];
    oracle_reach(oracle, reached);
    for (size_t i = 0; i < oracle->plan->graph.count; i++)
        if (oracle->outcome.alive[i] && !reached[i]) (void)oracle_finalize(oracle, i);
    oracle_reach(oracle, reached);
    for (size_t i = 0; i < oracle->plan->graph.count; i++) {
        condemned[i] = oracle->outcome.alive[i] && !reached[i];
        oracle->outcome.alive[i] = oracle->outcome.alive[i] && reached[i];
    }
    for (size_t i = 0; i < oracle->plan->graph.count; i++)
        for (size_t slot = 0; slot < SLOTS && condemned[i]; slot++)
            oracle_drop(oracle, oracle->plan->graph.targets[i][slot]);
}

static struct oracle oracle_of(const struct plan *plan)
{
    struct oracle oracle = {.plan = plan};
    for (size_t i = 0; i < plan->graph.count; i++) {
        oracle.outcome.alive[i] = true;
        oracle.counts[i] = oracle.held[i] = 1;
    }
    for (size_t i = 0; i < plan->graph.count; i++)
        for (size_t slot = 0; slot < SLOTS; slot++)
            if (plan->graph.targets[i][slot] >= 0) oracle.counts[plan->graph.targets[i][slot]]++;
    for (size_t i = 0; i < plan->order.length; i++) {
        oracle.held[plan->order.nodes[i]]--;
        oracle_drop(&oracle, (int)plan->order.nodes[i]);
    }
    return oracle;
}

/* ---- what is ---- */

static _Noreturn void disagree(const struct plan *plan, const struct outcome *expected)
{
    print_error("graph");
    for (size_t i = 0; i < plan->graph.count; i++)
        print_error(" %zu(age %d, word %d)->{%d,%d}", i, plan->ages[i], (int)plan->words[i],
                    plan->graph.targets[i][0], plan->graph.targets[i][1]);
    print_error("\ndropped");
    for (size_t i = 0; i < plan->order.length; i++) print_error(" %zu", plan->order.nodes[i]);
    print_error(", generation %d\n", plan->generation);
    for (size_t i = 0; i < plan->graph.count; i++)
        print_error("node %zu: alive %d, expected %d; finalized %u, expected %u\n", i,
                    seen.alive[i], expected->alive[i], seen.finalized[i], expected->finalized[i]);
    fail();
    abort();
}

static void compare(const struct plan *plan, const struct outcome *expected)
{
    if (memcmp(&seen, expected, sizeof seen) != 0) disagree(plan, expected);
}

static node *make_node(ouro_heap *heap, const struct plan *plan, size_t index)
{
    bool silent = plan->words[index] == SILENT;
    node *made = ouro_object_new(heap, silent ? &silent_type : &node_type);
    made->index = index;
    made->last_word = plan->words[index];
    return made;
}

/* Makes the nodes, the oldest first: a collection of generation n - 1 makes
 * what is younger n years old. */
static void build(ouro_heap *heap, const struct plan *plan, node *out_nodes[])
{
    for (int age = OLDEST; age >= 0; age--) {
        bool made = false;
        for (size_t i = 0; i < plan->graph.count; i++) {
            if (plan->ages[i] != age) continue;
            out_nodes[i] = make_node(heap, plan, i);
            made = true;
        }
        if (made && age > 0) (void)ouro_collect(heap, age - 1);
    }
    for (size_t i = 0; i < plan->graph.count; i++)
        for (size_t slot = 0; slot < SLOTS; slot++)
            if (plan->graph.targets[i][slot] >= 0)
                ouro_set(out_nodes[i], slots[slot], out_nodes[plan->graph.targets[i][slot]]);
}

static void drop_survivors(void)
{
    while (survivor_count > 0) ouro_decref(survivors[--survivor_count]);
}

static bool any_alive(void)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        if (seen.alive[i]) return true;
    return false;
}

/* After a case: everything goes, and each finalizer has run once. */
static void let_go(ouro_heap *heap, const struct plan *plan, node *nodes[])
{
    bool dropped[NODES_MAX] = {false};
    for (size_t i = 0; i < plan->order.length; i++) dropped[plan->order.nodes[i]] = true;
    drop_survivors();
    for (size_t i = 0; i < plan->graph.count; i++)
        if (!dropped[i]) ouro_decref(nodes[i]);
    for (size_t i = 0; i <= plan->graph.count && any_alive(); i++) { /* each may come back once */
        (void)ouro_collect(heap, 2);
        drop_survivors();
    }
    struct outcome end = {0};
    for (size_t i = 0; i < plan->graph.count; i++) end.finalized[i] = plan->words[i] != SILENT;
    compare(plan, &end);
}

static void run(ouro_heap *heap, const struct plan *plan)
{
    node *nodes[NODES_MAX];
    memset(&seen, 0, sizeof seen);
    survivor_count = 0;
    build(heap, plan, nodes);
    for (size_t i = 0; i < plan->graph.count; i++) seen.alive[i] = true;
    struct oracle oracle = oracle_of(plan);
    for (size_t i = 0; i < plan->order.length; i++) ouro_decref(nodes[plan->order.nodes[i]]);
    compare(plan, &oracle.outcome);
    oracle_collect(&oracle);
    (void)ouro_collect(heap, plan->generation);
    compare(plan, &oracle.outcome);
    cases++;

    let_go(heap, plan, nodes);
}

/* ---- all cases ---- */

/* The graph of a number; false when there are no more. */
static bool graph_of(size_t number, size_t count, struct graph *out_graph)
{
    *out_graph = (struct graph){.count = count};
    for (size_t i = 0; i < count; i++)
        for (size_t slot = 0; slot < SLOTS; slot++) {
            out_graph->targets[i][slot] = (int)(number % (count + 1)) - 1;
            number /= count + 1;
        }
    return number == 0;
}

/* The order of a number: its digits choose nodes, and 0 ends.  False when the
 * number means none. */
static bool order_of(size_t number, size_t count, struct order *out_order)
{
    *out_order = (struct order){0};
    bool ended = false, used[NODES_MAX] = {false};
    for (size_t i = 0; i < count; i++, number /= count + 1) {
        size_t digit = number % (count + 1);
        ended = ended || digit == 0;
        if (digit == 0) continue;
        if (ended || used[digit - 1]) return false;
        used[digit - 1] = true;
        out_order->nodes[out_order->length++] = digit - 1;
    }
    return true;
}

static size_t power(size_t base, size_t exponent)
{
    return exponent == 0 ? 1 : base * power(base, exponent - 1);
}

/* Calls `each` for all graphs of `count` nodes and all orders of each.  In a
 * scaled run, only for every so many graphs. */
static void for_each(ouro_heap *heap, size_t count, void (*each)(ouro_heap *, struct plan *))
{
    size_t percent = test_scaled(100), stride = percent >= 100 || count < 3 ? 1 : 100 / percent;
    struct plan plan = {.generation = 2};
    for (size_t number = 0; graph_of(number, count, &plan.graph); number += stride) {
        for (size_t order = 0; order < power(count + 1, count); order++)
            if (order_of(order, count, &plan.order)) each(heap, &plan);
        if (number % 512 < stride) test_heap_verify(heap);
    }
}

static bool loses_the_first(const struct order *order)
{
    for (size_t i = 0; i < order->length; i++)
        if (order->nodes[i] != i) return false;
    return true;
}

static bool has_slots_in_order(const struct graph *graph)
{
    for (size_t i = 0; i < graph->count; i++)
        if (graph->targets[i][0] > graph->targets[i][1]) return false;
    return true;
}

/* In an ordinary run, of two graphs that differ in the order of slots alone one is enough here. */
static void with_finalizers(ouro_heap *heap, struct plan *plan)
{
    if (!loses_the_first(&plan->order)) return;
    if (test_is_ordinary() && !has_slots_in_order(&plan->graph)) return;
    for (size_t words = 1; words < power(LAST_WORDS, plan->graph.count); words++) {
        size_t rest = words;
        for (size_t i = 0; i < plan->graph.count; i++, rest /= LAST_WORDS)
            plan->words[i] = (enum last_word)(rest % LAST_WORDS);
        run(heap, plan);
    }
}

static void with_generations(ouro_heap *heap, struct plan *plan)
{
    for (plan->generation = 0; plan->generation <= 2; plan->generation++) run(heap, plan);
}

static void with_ages(ouro_heap *heap, struct plan *plan)
{
    if (!loses_the_first(&plan->order) || !has_slots_in_order(&plan->graph)) return;
    for (size_t ages = 1; ages < power(OLDEST + 1, plan->graph.count); ages++) {
        size_t rest = ages;
        for (size_t i = 0; i < plan->graph.count; i++, rest /= OLDEST + 1)
            plan->ages[i] = (int)(rest % (OLDEST + 1));
        if (test_is_ordinary()) { /* one generation each */
            plan->generation = (int)(ages % 3);
            run(heap, plan);
        } else {
            with_generations(heap, plan);
        }
    }
    memset(plan->ages, 0, sizeof plan->ages);
}

static void check_all(void **state, void (*each)(ouro_heap *, struct plan *))
{
    cases = 0;
    for (size_t count = 1; count <= NODES_MAX; count++) for_each(*state, count, each);
    print_message("           %zu cases\n", cases);
    test_covered(cases, "small graphs, each with an order of drops, tried exhaustively");
}

static void test_finalizers(void **state)
{
    check_all(state, with_finalizers);
}

static void test_generations(void **state)
{
    check_all(state, with_generations);
}

static void test_ages(void **state)
{
    check_all(state, with_ages);
}

/* One heap serves all cases of a test; each case leaves it empty.  Its source keeps
 * what it gave: millions of collections spend no time in the system. */
static int setup_heap(void **state)
{
    static struct source source;
    *state = test_heap_new(&(ouro_heap_options){
        .collector_off = true,
        .source = source_keeping(&source),
    });
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_finalizers, setup_heap, test_teardown_heap),
        cmocka_unit_test_setup_teardown(test_generations, setup_heap, test_teardown_heap),
        cmocka_unit_test_setup_teardown(test_ages, setup_heap, test_teardown_heap),
    };
    return cmocka_run_group_tests_name("exhaustive", tests, NULL, NULL);
}
