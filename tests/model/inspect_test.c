/* SPDX-License-Identifier: MIT */
/*
 * inspect_test.c -- who holds what and why, on random heaps, against a naive search
 *
 * A net of up to 64 objects, so that a set of them is a word.  The test keeps a list of all references; what is
 * reached from where is asked by following it.
 */
#include "support/cell.h"
#include "support/covered.h"
#include "support/heap.h"
#include "support/hidden.h"
#include "support/random.h"
#include "support/setting.h"

#include <stdio.h>
#include <string.h>

enum { NODES = 64, EDGES = 1024, VARIABLES = 3, KINDS = OURO_REFERENCE_BORROWED + 1 };

struct edge {
    unsigned owner, target;
    ouro_reference_kind kind;
    size_t index;
};

struct net {
    ouro_heap *heap;
    struct random random;
    void *objects[NODES];
    size_t held[NODES]; /* references of the test's own, named roots among them */
    unsigned length;
    uint64_t immortal, rooted;
    void *variables[VARIABLES];
    struct edge edges[EDGES];
    size_t edge_count;
};

static uint64_t bit(unsigned node)
{
    return (uint64_t)1 << node;
}

static unsigned node_of(const struct net *net, const void *object)
{
    for (unsigned i = 0; i < net->length; i++)
        if (net->objects[i] == object) return i;
    fail_msg("an object that the test has not made");
    return NODES;
}

/* ---- making one ---- */

static void add_edge(struct net *net, unsigned owner, unsigned target, ouro_reference_kind kind,
                     size_t index)
{
    assert_true(net->edge_count < EDGES);
    net->edges[net->edge_count++] = (struct edge){owner, target, kind, index};
}

static bool sometimes(struct net *net, unsigned percent)
{
    return random_below(&net->random, 100) < percent;
}

static unsigned any(struct net *net)
{
    return random_below(&net->random, net->length);
}

static void ignore_call(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
}

static void *make_weakref(struct net *net)
{
    unsigned target = any(net), argument = any(net), self = net->length;
    ouro_weakref *made =
        ouro_weakref_new_callback(net->objects[target], ignore_call, net->objects[argument]);
    add_edge(net, self, argument, OURO_REFERENCE_FIELD, 0);
    add_edge(net, self, target, OURO_REFERENCE_WEAK, 0);
    return made;
}

static void add_object(struct net *net)
{
    void *made = NULL;
    switch (random_below(&net->random, 6)) {
    case 0: made = list_new(net->heap); break;
    case 1: made = ouro_new(net->heap, hidden); break;
    case 2: made = ouro_weak_map_new(net->heap); break;
    case 3: made = net->length > 0 ? make_weakref(net) : cell_new(net->heap); break;
    default: made = cell_new(net->heap);
    }
    assert_non_null(made);
    net->objects[net->length] = made;
    net->held[net->length++] = 1;
}

static void fill_list(struct net *net, unsigned owner)
{
    list *self = net->objects[owner];
    for (unsigned i = random_below(&net->random, 5); i > 0; i--) {
        size_t index = self->items.length;
        if (sometimes(net, 20)) {
            list_append(self, NULL);
            continue;
        }
        unsigned target = any(net);
        list_append(self, net->objects[target]);
        add_edge(net, owner, target, OURO_REFERENCE_ITEM, index);
    }
}

static void fill_map(struct net *net, unsigned map)
{
    for (unsigned i = random_below(&net->random, 5); i > 0; i--) {
        unsigned key = any(net), value = any(net);
        if (ouro_weak_map_contains(net->objects[map], net->objects[key])) continue;
        if (!ouro_is_tracked(net->objects[key])) continue;
        assert_int_equal(
            ouro_weak_map_set(net->objects[map], net->objects[key], net->objects[value]), OURO_OK);
        add_edge(net, map, key, OURO_REFERENCE_WEAK, 0);
        add_edge(net, key, value, OURO_REFERENCE_EPHEMERON, 0);
    }
}

static void fill_field(struct net *net, unsigned owner, void **field, ouro_reference_kind kind)
{
    if (sometimes(net, 40)) return;
    unsigned target = any(net);
    *field = ouro_newref(net->objects[target]);
    add_edge(net, owner, target, kind, 0);
}

static void fill(struct net *net, unsigned owner)
{
    void *object = net->objects[owner];
    const ouro_type *type = ouro_type_of(object);
    if (type == &list_type) {
        fill_list(net, owner);
    } else if (type == &ouro_weak_map_type) {
        fill_map(net, owner);
    } else if (type == &hidden_type) {
        fill_field(net, owner, &((hidden *)object)->next, OURO_REFERENCE_HOOK);
    } else if (type == &cell_type) {
        fill_field(net, owner, &((cell *)object)->left, OURO_REFERENCE_FIELD);
        fill_field(net, owner, &((cell *)object)->right, OURO_REFERENCE_FIELD);
    }
}

static bool is_referred_to(const struct net *net, unsigned node)
{
    for (size_t i = 0; i < net->edge_count; i++)
        if (net->edges[i].target == node && ouro_reference_holds(net->edges[i].kind)) return true;
    return false;
}

/* Most objects are held by others alone, some by the test as well. */
static void let_go(struct net *net, unsigned node)
{
    if (is_referred_to(net, node) && sometimes(net, 85)) {
        net->held[node] = 0;
        ouro_decref(net->objects[node]);
    } else if (sometimes(net, 30)) {
        net->held[node]++;
        ouro_incref(net->objects[node]);
    }
    if (!sometimes(net, 1)) return;
    ouro_immortalize(net->objects[node]);
    net->immortal |= bit(node);
}

static void add_root(struct net *net, void **variable)
{
    unsigned node = any(net);
    if (sometimes(net, 50)) return;
    *variable = ouro_newref(net->objects[node]);
    assert_int_equal(ouro_root(net->heap, variable), OURO_OK);
    net->held[node]++;
    net->rooted |= bit(node);
}

static void make_net(struct net *net, uint64_t seed)
{
    *net = (struct net){.heap = test_heap_quiet(), .random = {seed}};
    unsigned length = 2 + random_below(&net->random, NODES - 2);
    while (net->length < length) add_object(net);
    for (unsigned i = 0; i < length; i++) fill(net, i);
    for (unsigned i = 0; i < length; i++) let_go(net, i);
    for (int i = 0; i < VARIABLES; i++) add_root(net, &net->variables[i]);
}

/* ---- naive answers ---- */

static bool is_source(const struct net *net, unsigned node, size_t own)
{
    return net->held[node] > own || ((net->immortal | net->rooted) & bit(node)) != 0;
}

/* One step on from a set of nodes, without those of another. */
static uint64_t follow(const struct net *net, uint64_t from, uint64_t without)
{
    uint64_t reached = 0;
    for (size_t i = 0; i < net->edge_count; i++) {
        const struct edge *edge = &net->edges[i];
        if ((from & bit(edge->owner)) != 0 && ouro_reference_holds(edge->kind))
            reached |= bit(edge->target);
    }
    return reached & ~without;
}

static uint64_t sources(const struct net *net, unsigned asked, size_t own)
{
    uint64_t found = 0;
    for (unsigned i = 0; i < net->length; i++)
        if (is_source(net, i, i == asked ? own : 0)) found |= bit(i);
    return found;
}

static uint64_t reach(const struct net *net, uint64_t without)
{
    uint64_t reached = sources(net, NODES, 0) & ~without, before;
    do {
        before = reached;
        reached |= follow(net, reached, without);
    } while (reached != before);
    return reached;
}

/* Steps from what is held, or -1. */
static int distance(const struct net *net, unsigned asked, size_t own)
{
    uint64_t reached = sources(net, asked, own), before = 0;
    for (int steps = 0; reached != before; steps++) {
        if ((reached & bit(asked)) != 0) return steps;
        before = reached;
        reached |= follow(net, reached, 0);
    }
    return -1;
}

static size_t bytes_of(const struct net *net, uint64_t set)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < net->length; i++) {
        ouro_object_info info;
        if ((set & bit(i)) == 0) continue;
        ouro_get_object_info(net->objects[i], &info);
        bytes += info.block_bytes + info.buffer_bytes;
    }
    return bytes;
}

static uint64_t naive_retained(const struct net *net, unsigned node)
{
    uint64_t all = reach(net, 0);
    return all & ~reach(net, bit(node)); /* without it, it is not reached itself */
}

/* Whoever retains least of those that retain the node. */
static void *naive_dominator(const struct net *net, unsigned node)
{
    unsigned best = NODES;
    for (unsigned i = 0; i < net->length; i++) {
        uint64_t set = naive_retained(net, i);
        if (i == node || (set & bit(node)) == 0) continue;
        if (best == NODES || (naive_retained(net, best) & bit(i)) != 0) best = i;
    }
    return best < NODES ? net->objects[best] : NULL;
}

/* ---- comparing ---- */

static bool has_edge(const struct net *net, const ouro_reference *step)
{
    for (size_t i = 0; i < net->edge_count; i++) {
        const struct edge *edge = &net->edges[i];
        if (net->objects[edge->owner] == step->owner &&
            net->objects[edge->target] == step->target && edge->kind == step->kind &&
            edge->index == step->index)
            return true;
    }
    return false;
}

static ouro_holder holder_of(const struct net *net, unsigned node)
{
    if ((net->rooted & bit(node)) != 0) return OURO_HELD_BY_ROOT;
    return (net->immortal & bit(node)) != 0 ? OURO_HELD_IMMORTAL : OURO_HELD_BY_PROGRAM;
}

static void check_path(const struct net *net, unsigned node, size_t own)
{
    int expected = distance(net, node, own);
    const ouro_path *path = ouro_why_alive(net->objects[node], own);
    assert_non_null(path);
    if (expected < 0) {
        assert_int_equal(path->holder, OURO_HELD_BY_NOBODY);
        assert_null(path->first);
    } else {
        assert_int_equal(path->length, expected);
        unsigned first = node_of(net, path->first);
        assert_true(is_source(net, first, first == node ? own : 0));
        assert_int_equal(path->holder, holder_of(net, first));
        if (path->holder == OURO_HELD_BY_PROGRAM)
            assert_int_equal(path->references, net->held[first]);
        const void *at = path->first;
        for (size_t i = 0; i < path->length; at = path->steps[i++].target) {
            assert_ptr_equal(path->steps[i].owner, at);
            assert_true(has_edge(net, &path->steps[i]));
        }
        assert_ptr_equal(at, net->objects[node]);
    }
    ouro_path_free(path);
}

static void check_retained(const struct net *net, unsigned node)
{
    ouro_retained retained;
    uint64_t expected = naive_retained(net, node);
    assert_int_equal(ouro_get_retained(net->objects[node], &retained), OURO_OK);
    assert_int_equal(retained.objects, __builtin_popcountll(expected));
    assert_int_equal(retained.bytes, bytes_of(net, expected));
    assert_ptr_equal(retained.dominator, expected != 0 ? naive_dominator(net, node) : NULL);
}

static void check_most_retained(struct net *net)
{
    ouro_retained most[NODES];
    size_t capacity = 1 + any(net), count;
    assert_int_equal(ouro_get_most_retained(net->heap, most, capacity, &count), OURO_OK);
    size_t reached = (size_t)__builtin_popcountll(reach(net, 0)), larger = 0;
    assert_int_equal(count, capacity < reached ? capacity : reached);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) assert_true(most[i].bytes <= most[i - 1].bytes);
        uint64_t set = naive_retained(net, node_of(net, most[i].object));
        assert_int_equal(most[i].bytes, bytes_of(net, set));
    }
    for (unsigned i = 0; i < net->length && count > 0; i++)
        larger += bytes_of(net, naive_retained(net, i)) > most[count - 1].bytes;
    assert_true(larger < count || count == 0);
}

struct tally {
    const struct net *net;
    short references[NODES][NODES][KINDS];
};

static int tally_reference(const ouro_reference *reference, void *argument)
{
    struct tally *tally = argument;
    unsigned owner = node_of(tally->net, reference->owner);
    tally->references[owner][node_of(tally->net, reference->target)][reference->kind]--;
    return 0;
}

static void check_references_to(struct net *net)
{
    static struct tally tally;
    void *targets[NODES];
    uint64_t chosen = 0;
    size_t count = 0;
    memset(&tally, 0, sizeof tally);
    tally.net = net;
    for (unsigned i = 1 + any(net); i > 0; i--) chosen |= bit(any(net));
    for (unsigned i = 0; i < net->length; i++)
        if ((chosen & bit(i)) != 0) targets[count++] = net->objects[i];
    for (size_t i = 0; i < net->edge_count; i++) {
        const struct edge *edge = &net->edges[i];
        if ((chosen & bit(edge->target)) != 0)
            tally.references[edge->owner][edge->target][edge->kind]++;
    }
    ouro_each_reference_to(targets, count, tally_reference, &tally);
    const short *all = &tally.references[0][0][0];
    for (size_t i = 0; i < sizeof tally.references / sizeof *all; i++) assert_int_equal(all[i], 0);
}

static void check_census(const struct net *net)
{
    const ouro_census *census = ouro_census_take(net->heap);
    assert_non_null(census);
    size_t objects = 0;
    for (size_t i = 0; i < census->type_count; i++) {
        const ouro_census_line *line = &census->types[i];
        uint64_t set = 0;
        for (unsigned node = 0; node < net->length; node++)
            if (ouro_type_of(net->objects[node]) == line->type) set |= bit(node);
        assert_int_equal(line->objects, __builtin_popcountll(set));
        assert_int_equal(line->bytes + line->buffer_bytes, bytes_of(net, set));
        objects += line->objects;
    }
    assert_int_equal(objects, net->length);
    assert_int_equal(census->total.objects, net->length);
    ouro_census_free(census);
}

static void end_net(struct net *net)
{
    for (int i = 0; i < VARIABLES; i++) {
        if (net->variables[i] == NULL) continue;
        assert_int_equal(ouro_unroot(net->heap, &net->variables[i]), OURO_OK);
        net->held[node_of(net, net->variables[i])]--;
        ouro_decref(net->variables[i]);
    }
    for (unsigned i = 0; i < net->length; i++)
        for (; net->held[i] > 0; net->held[i]--) ouro_decref(net->objects[i]);
    (void)ouro_collect(net->heap, 2);
    if (net->immortal == 0)
        test_heap_close_empty(net->heap);
    else
        assert_int_equal(ouro_heap_close(net->heap, NULL, NULL), OURO_OK);
}

static void test_random_nets(void **state)
{
    (void)state;
    static struct net net;
    uint64_t seed = test_seed();
    size_t nets = test_amount(150, 3000, 20000);
    printf("seed %llu\n", (unsigned long long)seed);
    for (size_t i = 0; i < nets; i++) {
        make_net(&net, seed + i);
        for (unsigned node = 0; node < net.length; node++) {
            check_path(&net, node, 0);
            check_path(&net, node, net.held[node]);
            check_retained(&net, node);
        }
        check_most_retained(&net);
        check_references_to(&net);
        check_census(&net);
        end_net(&net);
    }
    test_covered(nets, "random heaps whose paths, retained sizes and referrers a naive search has");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_nets)};
    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
