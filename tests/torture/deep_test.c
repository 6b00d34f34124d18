/* SPDX-License-Identifier: MIT */
/*
 * deep_test.c -- deep structures die on a small stack and without memory
 *
 * Each structure is built and ended on a thread with a stack of 64 KiB, and
 * from the first drop on every allocation is refused.
 */
#include <pthread.h>
#include <unistd.h>

#include "support/heap.h"
#include "support/hidden.h"
#include "support/plain.h"
#include "support/refusal.h"
#include "support/setting.h"

enum { STACK_SIZE = 64 << 10, CHAIN = 10000000, SHORTER_CHAIN = 1000000, DEPTH = 22 };

/* ---- links of chains ---- */

typedef struct bag {
    ouro_vector items;
} bag;
static const ouro_field bag_fields[] = {OURO_VECTOR(bag, items, NULL), OURO_END};
static ouro_type bag_type = OURO_TYPE(bag, .fields = bag_fields);

static size_t last_words;

static void count_last_word(void *object)
{
    (void)object;
    last_words++;
}

typedef struct speaker {
    void *next;
} speaker;
static const ouro_field speaker_fields[] = {OURO_REF(speaker, next, NULL), OURO_END};
static ouro_type speaker_type =
    OURO_TYPE(speaker, .fields = speaker_fields, .finalize = count_last_word);

/* It promises that no cycle passes through it. */
typedef struct straight {
    void *next;
} straight;
static const ouro_field straight_fields[] = {OURO_REF(straight, next, NULL), OURO_END};
static ouro_type straight_type = OURO_TYPE(straight, .fields = straight_fields, .acyclic = true);

/* ---- adding a link in front of a chain: takes `rest`, returns the new first ---- */

typedef void *(*link_function)(ouro_heap *heap, void *rest, size_t number);

static void *link_node(ouro_heap *heap, void *rest, size_t number)
{
    node *made = ouro_new(heap, node);
    (void)number;
    if (made != NULL) made->right = rest;
    return made;
}

/* The chain goes through the first field, and the second has a reference, too: who dies waits. */
static void *link_node_that_waits(ouro_heap *heap, void *rest, size_t number)
{
    node *made = ouro_new(heap, node);
    (void)number;
    if (made == NULL) return NULL;
    made->left = rest;
    made->right = ouro_new(heap, node);
    return made;
}

static void *link_bag(ouro_heap *heap, void *rest, size_t number)
{
    bag *made = ouro_new(heap, bag);
    (void)number;
    if (made == NULL || ouro_vector_append(made, &made->items, rest) != OURO_OK) return NULL;
    ouro_xdecref(rest);
    return made;
}

static void *link_row(ouro_heap *heap, void *rest, size_t number)
{
    row *made = ouro_new_var(heap, row, 1 + number % 3);
    if (made != NULL) made->items[number % made->length] = rest;
    return made;
}

static void *link_hidden(ouro_heap *heap, void *rest, size_t number)
{
    hidden *made = ouro_new(heap, hidden);
    (void)number;
    if (made != NULL) made->next = rest;
    return made;
}

static void *link_speaker(ouro_heap *heap, void *rest, size_t number)
{
    speaker *made = ouro_new(heap, speaker);
    (void)number;
    if (made != NULL) made->next = rest;
    return made;
}

static void *link_straight(ouro_heap *heap, void *rest, size_t number)
{
    straight *made = ouro_new(heap, straight);
    (void)number;
    if (made != NULL) made->next = rest;
    return made;
}

static void *link_of_any_kind(ouro_heap *heap, void *rest, size_t number)
{
    static const link_function kinds[] = {link_node,   link_bag,     link_row, link_node_that_waits,
                                          link_hidden, link_speaker, link_bag, link_hidden};
    return kinds[number % COUNT_OF(kinds)](heap, rest, number);
}

static void *chain_new(ouro_heap *heap, link_function link, size_t length)
{
    void *first = NULL;
    for (size_t i = 0; i < length; i++) {
        first = link(heap, first, i);
        if (first == NULL) return NULL;
    }
    return first;
}

/* ---- a thread with a small stack ---- */

/* What a deep test does there.  cmocka's assertions don't leave a thread: it
 * returns what went wrong, or NULL. */
struct deep {
    const char *(*run)(struct deep *deep);
    struct refusal refusal;
    ouro_heap *heap;
    link_function link;
    size_t size; /* links of a chain, or the depth of a tree */
    size_t death_bound;
    const char *problem;
};

static void *run_on_small_stack(void *argument)
{
    struct deep *deep = argument;
    ouro_heap_adopt(deep->heap);
    deep->problem = deep->run(deep);
    return NULL;
}

static size_t stack_size(void)
{
    long least = sysconf(_SC_THREAD_STACK_MIN);
    return least > STACK_SIZE ? (size_t)least : STACK_SIZE;
}

static void run_deep(struct deep deep)
{
    deep.refusal.at = REFUSAL_NEVER;
    deep.heap = test_heap_new(&(ouro_heap_options){.refuse = refusal_decides,
                                                   .refuse_context = &deep.refusal,
                                                   .collector_off = true,
                                                   .death_bound = deep.death_bound});
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, stack_size()), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_on_small_stack, &deep), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    if (deep.heap != NULL) ouro_heap_adopt(deep.heap);
    if (deep.problem != NULL) fail_msg("%s", deep.problem);
    assert_int_equal(deep.refusal.refused, 0);
    if (deep.heap != NULL) test_heap_close_empty(deep.heap);
}

/* ---- ends ---- */

static const char *drop_chain(struct deep *deep)
{
    void *first = chain_new(deep->heap, deep->link, deep->size);
    if (first == NULL) return "the chain was not built";
    refusal_of_everything(&deep->refusal);
    ouro_decref(first);
    return NULL;
}

static void drop(link_function link, size_t size)
{
    run_deep((struct deep){.run = drop_chain, .link = link, .size = test_scaled(size)});
}

static void ten_million_nodes(void **state)
{
    (void)state;
    drop(link_node, CHAIN);
}

static void untracked_links(void **state)
{
    (void)state;
    drop(link_straight, SHORTER_CHAIN);
}

static void nodes_that_wait_for_their_first_child(void **state)
{
    (void)state;
    drop(link_node_that_waits, SHORTER_CHAIN);
}

static void through_vectors(void **state)
{
    (void)state;
    drop(link_bag, SHORTER_CHAIN);
}

static void through_items(void **state)
{
    (void)state;
    drop(link_row, SHORTER_CHAIN);
}

static void through_a_traverse_hook(void **state)
{
    (void)state;
    drop(link_hidden, SHORTER_CHAIN);
}

static void through_everything_in_turn(void **state)
{
    (void)state;
    drop(link_of_any_kind, SHORTER_CHAIN);
}

static void with_finalizers(void **state)
{
    (void)state;
    last_words = 0;
    drop(link_speaker, SHORTER_CHAIN);
    assert_int_equal(last_words, test_scaled(SHORTER_CHAIN));
}

/* ---- a tree ---- */

/* A complete tree, put together like a binary number that counts its leaves: equal
 * neighbours join. */
static node *tree_new(ouro_heap *heap, size_t depth)
{
    node *joined[64] = {NULL}; /* by depth */
    while (joined[depth] == NULL) {
        node *tree = ouro_new(heap, node);
        size_t level = 0;
        for (; tree != NULL && joined[level] != NULL; level++) {
            node *parent = ouro_new(heap, node);
            if (parent == NULL) return NULL;
            parent->left = joined[level];
            parent->right = tree;
            joined[level] = NULL;
            tree = parent;
        }
        if (tree == NULL) return NULL;
        joined[level] = tree;
    }
    return joined[depth];
}

static const char *drop_tree(struct deep *deep)
{
    node *root = tree_new(deep->heap, deep->size);
    if (root == NULL) return "the tree was not built";
    refusal_of_everything(&deep->refusal);
    ouro_decref(root);
    return NULL;
}

/* The depth of a tree with so many percent of the nodes. */
static size_t scaled_depth(void)
{
    size_t depth = DEPTH;
    while (depth > 1 && (size_t)1 << depth > test_scaled((size_t)1 << DEPTH)) depth--;
    return depth;
}

static void a_complete_tree(void **state)
{
    (void)state;
    run_deep((struct deep){.run = drop_tree, .size = scaled_depth()});
}

/* ---- cycles ---- */

static const char *collect_ring(struct deep *deep)
{
    node *last = ouro_new(deep->heap, node);
    void *first = last;
    for (size_t i = 1; first != NULL && i < deep->size; i++)
        first = deep->link(deep->heap, first, i);
    if (first == NULL) return "the ring was not built";
    last->left = first;
    refusal_of_everything(&deep->refusal);
    size_t living = test_heap_objects(deep->heap);
    return ouro_collect(deep->heap, 2) == living ? NULL : "something of the ring was not found";
}

static void one_huge_cycle(link_function link, size_t size)
{
    run_deep((struct deep){.run = collect_ring, .link = link, .size = test_scaled(size)});
}

static void a_ring_of_nodes(void **state)
{
    (void)state;
    one_huge_cycle(link_node, CHAIN / 2);
}

static void a_ring_of_everything(void **state)
{
    (void)state;
    one_huge_cycle(link_of_any_kind, SHORTER_CHAIN);
}

/* The same, old and in steps. */
static const char *step_over_ring(struct deep *deep)
{
    node *last = ouro_new(deep->heap, node);
    void *first = last;
    for (size_t i = 1; first != NULL && i < deep->size; i++)
        first = deep->link(deep->heap, first, i);
    if (first == NULL) return "the ring was not built";
    last->left = first;
    ouro_incref(first);
    if (ouro_collect(deep->heap, 2) != 0) return "something of the ring was lost";
    refusal_of_everything(&deep->refusal);
    size_t living = test_heap_objects(deep->heap), found = 0, steps = 0;
    ouro_progress progress = {0};
    ouro_decref(first);
    for (; progress.work_left > 0 || steps == 0; steps++) {
        found += ouro_step(deep->heap, (ouro_budget){.units = 10000});
        ouro_get_progress(deep->heap, &progress);
    }
    if (steps < living / 10000) return "the ring was found in few steps";
    return found == living ? NULL : "something of the ring was not found";
}

static void a_ring_of_nodes_in_steps(void **state)
{
    (void)state;
    run_deep((struct deep){
        .run = step_over_ring, .link = link_node, .size = test_scaled(SHORTER_CHAIN)});
}

/* Where finalizers are, each is a step. */
static void a_ring_of_everything_in_steps(void **state)
{
    (void)state;
    run_deep((struct deep){
        .run = step_over_ring, .link = link_of_any_kind, .size = test_scaled(SHORTER_CHAIN)});
}

/* A ring that holds a chain of untracked links: they die by count, in a collection. */
static const char *collect_ring_with_tail(struct deep *deep)
{
    row *ring = ouro_new_var(deep->heap, row, 2);
    void *tail = chain_new(deep->heap, link_straight, deep->size);
    if (ring == NULL || tail == NULL) return "the ring was not built";
    ring->items[0] = ring;
    ring->items[1] = tail;
    refusal_of_everything(&deep->refusal);
    return ouro_collect(deep->heap, 2) == 1 ? NULL : "the ring was not found";
}

static void a_ring_with_a_tail(void **state)
{
    (void)state;
    run_deep((struct deep){.run = collect_ring_with_tail, .size = test_scaled(SHORTER_CHAIN)});
}

/* ---- looking ---- */

/* Audits, passes of each generation, an audit between two steps, freezing. */
static const char *look_at_chain(struct deep *deep)
{
    ouro_error error;
    void *first = chain_new(deep->heap, deep->link, deep->size);
    if (first == NULL) return "the chain was not built";
    refusal_of_everything(&deep->refusal);
    if (ouro_verify(deep->heap, &error) != OURO_OK) return "the audit has found something";
    for (int generation = 0; generation < 3; generation++)
        if (ouro_collect(deep->heap, generation) != 0) return "something of the chain was lost";
    ouro_freeze(deep->heap);
    ouro_unfreeze(deep->heap);
    (void)ouro_step(deep->heap, (ouro_budget){.units = deep->size});
    if (ouro_verify(deep->heap, &error) != OURO_OK)
        return "the audit in a cycle has found something";
    ouro_decref(first);
    (void)ouro_collect(deep->heap, 2);
    return test_heap_objects(deep->heap) == 0 ? NULL : "something of the chain is left";
}

static void a_chain_of_everything_is_looked_at(void **state)
{
    (void)state;
    run_deep((struct deep){
        .run = look_at_chain, .link = link_of_any_kind, .size = test_scaled(SHORTER_CHAIN / 2)});
}

/* ---- deaths in pieces ---- */

static const char *drop_in_pieces(struct deep *deep)
{
    void *first = chain_new(deep->heap, deep->link, deep->size);
    if (first == NULL) return "the chain was not built";
    ouro_decref(first);
    size_t left = test_heap_objects(deep->heap), steps = 0;
    if (left == 0) return "the death did not stop";
    for (; left > 0; steps++) {
        (void)ouro_step(deep->heap, (ouro_budget){.units = 20000});
        size_t now = test_heap_objects(deep->heap);
        if (now >= left) return "a step has ended nothing";
        left = now;
    }
    return steps > 1 ? NULL : "all ended in one step";
}

static void a_chain_of_everything_ends_in_pieces(void **state)
{
    (void)state;
    run_deep((struct deep){.run = drop_in_pieces,
                           .link = link_of_any_kind,
                           .size = test_scaled(SHORTER_CHAIN / 4),
                           .death_bound = 100});
}

/* ---- closing ---- */

static const char *close_chain(struct deep *deep)
{
    void *first = chain_new(deep->heap, deep->link, deep->size);
    if (first == NULL) return "the chain was not built";
    size_t living = test_heap_objects(deep->heap);
    refusal_of_everything(&deep->refusal);
    ouro_close_report report;
    if (ouro_heap_close(deep->heap, NULL, &report) != OURO_OK) return "the heap was not closed";
    deep->heap = NULL;
    if (report.alive != living) return "not all were alive";
    if (report.held_from_outside != 1) return "more than the chain's first was held";
    return report.raw_blocks == 0 ? NULL : "vectors were left behind";
}

static void close_over(link_function link, size_t size)
{
    run_deep((struct deep){.run = close_chain, .link = link, .size = test_scaled(size)});
}

static void closing_over_a_chain_of_nodes(void **state)
{
    (void)state;
    close_over(link_node, CHAIN);
}

static void closing_over_a_chain_of_everything(void **state)
{
    (void)state;
    close_over(link_of_any_kind, SHORTER_CHAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_million_nodes),
        cmocka_unit_test(untracked_links),
        cmocka_unit_test(nodes_that_wait_for_their_first_child),
        cmocka_unit_test(through_vectors),
        cmocka_unit_test(through_items),
        cmocka_unit_test(through_a_traverse_hook),
        cmocka_unit_test(through_everything_in_turn),
        cmocka_unit_test(with_finalizers),
        cmocka_unit_test(a_complete_tree),
        cmocka_unit_test(a_ring_of_nodes),
        cmocka_unit_test(a_ring_of_everything),
        cmocka_unit_test(a_ring_of_nodes_in_steps),
        cmocka_unit_test(a_ring_of_everything_in_steps),
        cmocka_unit_test(a_ring_with_a_tail),
        cmocka_unit_test(a_chain_of_everything_is_looked_at),
        cmocka_unit_test(a_chain_of_everything_ends_in_pieces),
        cmocka_unit_test(closing_over_a_chain_of_nodes),
        cmocka_unit_test(closing_over_a_chain_of_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
