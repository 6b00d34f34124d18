/* SPDX-License-Identifier: MIT */
/*
 * components.c -- which packages need each other
 *
 * graph.h finds the components, of packages by their numbers; here they become packages again, in an order that
 * people can read, each with a way round.
 */
#include "components.h"

#include <ouro/graph.h>

#include <stdlib.h>
#include <string.h>

typedef struct search {
    const package_database *database;
    uint32_t *first, *target; /* the packages' graph */
    uint32_t *component;      /* of each package */
    uint32_t *item; /* of each component: its length, then its place in `items` + 1; 0: no cycle */
    size_t *from;   /* of each package: see find_round */
    package **queue;
    components *found;
} search;

static package *package_of(const search *state, size_t number)
{
    return state->database->packages.items[number];
}

static size_t count_edges(const package_database *database)
{
    size_t edges = 0;
    for (size_t i = 0; i < database->packages.length; i++)
        edges += package_edges(database->packages.items[i]);
    return edges;
}

static bool find_numbers(search *state)
{
    const uint32_t nodes = (uint32_t)state->database->packages.length;
    uint32_t edges = 0, count;
    for (uint32_t n = 0; n < nodes; n++) {
        const package *from = package_of(state, n);
        state->first[n] = edges;
        for (size_t i = 0; i < package_edges(from); i++)
            state->target[edges++] = (uint32_t)package_edge(from, i)->number;
    }
    state->first[nodes] = edges;
    const ouro_graph graph = {nodes, state->first, state->target};
    return ouro_graph_components(&graph, state->component, &count);
}

static bool refers_to_itself(const package *from)
{
    for (size_t i = 0; i < package_edges(from); i++)
        if (package_edge(from, i) == from) return true;
    return false;
}

/* Gives each component that is a cycle its members. */
static void gather(search *state)
{
    components *found = state->found;
    const size_t count = state->database->packages.length;
    for (size_t n = 0; n < count; n++) state->item[state->component[n]]++;
    for (size_t n = 0; n < count; n++) {
        uint32_t *length = &state->item[state->component[n]];
        if (*length == 1 && !refers_to_itself(package_of(state, n))) *length = 0;
    }
    for (size_t c = 0; c < count; c++) {
        if (state->item[c] == 0) continue;
        found->items[found->length].members = found->member_space + found->members;
        found->members += state->item[c];
        state->item[c] = (uint32_t)++found->length;
    }
    for (size_t n = 0; n < count; n++) {
        const uint32_t item = state->item[state->component[n]];
        if (item == 0) continue;
        component *entered = &found->items[item - 1];
        entered->members[entered->length++] = package_of(state, n);
    }
}

/* ---- a way round ---------------------------------------------------------------- */

/*
 * Breadth first from the first member until an edge leads back to it.  `from`
 * tells for each package reached from where, as its number + 1, and `queue` has
 * room for the component.  Every member lies on some cycle, so there is a way.
 */
static void find_round(const search *state, component *searched, package **out_round)
{
    size_t *from = state->from;
    package **queue = state->queue;
    const uint32_t *group = state->component;
    package *start = searched->members[0];
    size_t head = 0;
    size_t tail = 0;
    queue[tail++] = start;
    for (; head < tail; head++) {
        package *at = queue[head];
        for (size_t i = 0; i < package_edges(at); i++) {
            package *to = package_edge(at, i);
            if (to == start) goto closed;
            if (group[to->number] != group[start->number] || from[to->number] != 0) continue;
            from[to->number] = head + 1; /* the place of `at` in the queue, + 1 */
            queue[tail++] = to;
        }
    }
    return;
closed:
    searched->round = out_round;
    for (size_t place = head + 1; place != 0; place = from[queue[place - 1]->number])
        searched->round_length++;
    size_t i = searched->round_length;
    for (size_t place = head + 1; place != 0; place = from[queue[place - 1]->number])
        out_round[--i] = queue[place - 1];
}

static void find_rounds(search *state)
{
    components *found = state->found;
    package **space = found->round_space;
    for (size_t i = 0; i < found->length; i++) {
        find_round(state, &found->items[i], space);
        space += found->items[i].round_length;
    }
}

/* ---- in order ---------------------------------------------------------------------- */

static int compare_packages(const void *a, const void *b)
{
    const package *const *left = a;
    const package *const *right = b;
    int order = strcmp((*left)->name->bytes, (*right)->name->bytes);
    if (order != 0) return order;
    return (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

static int compare_components(const void *a, const void *b)
{
    const component *left = a;
    const component *right = b;
    if (left->length != right->length) return left->length > right->length ? -1 : 1;
    return compare_packages(&left->members[0], &right->members[0]);
}

static void put_in_order(components *found)
{
    for (size_t i = 0; i < found->length; i++)
        qsort(found->items[i].members, found->items[i].length, sizeof(package *), compare_packages);
    qsort(found->items, found->length, sizeof(component), compare_components);
}

bool components_find(const package_database *database, components *out_components)
{
    const size_t count = database->packages.length + 1; /* calloc(0) may answer NULL */
    const size_t edges = count_edges(database);
    search state = {.database = database, .found = out_components};
    *out_components = (components){0};
    if (count >= OURO_GRAPH_ROOT || edges >= UINT32_MAX) return false;
    state.first = calloc(count, sizeof(uint32_t));
    state.target = calloc(edges + 1, sizeof(uint32_t));
    state.component = calloc(count, sizeof(uint32_t));
    state.item = calloc(count, sizeof(uint32_t));
    state.from = calloc(count, sizeof(size_t));
    state.queue = calloc(count, sizeof(package *));
    out_components->items = calloc(count, sizeof(component));
    out_components->member_space = calloc(count, sizeof(package *));
    out_components->round_space = calloc(count, sizeof(package *));
    bool good = state.first != NULL && state.target != NULL && state.component != NULL &&
                state.item != NULL && state.from != NULL && state.queue != NULL &&
                out_components->items != NULL && out_components->member_space != NULL &&
                out_components->round_space != NULL && find_numbers(&state);
    if (good) {
        gather(&state);
        put_in_order(out_components);
        find_rounds(&state);
    } else {
        components_free(out_components);
    }
    free(state.first);
    free(state.target);
    free(state.component);
    free(state.item);
    free(state.from);
    free(state.queue);
    return good;
}

void components_free(components *found)
{
    free(found->items);
    free(found->member_space);
    free(found->round_space);
    *found = (components){0};
}
