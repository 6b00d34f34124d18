/* SPDX-License-Identifier: MIT */
/*
 * components.c -- which packages need each other: Tarjan's algorithm
 *
 * The textbook form calls itself for each package; a file may hold a chain of
 * a million.  Here the path is an array of `visit`s, and one turn of a loop
 * follows one edge.
 */
#include "components.h"

#include <stdlib.h>
#include <string.h>

typedef struct visit {
    package *at;
    size_t next_edge;
} visit;

typedef struct search {
    const package_database *database;
    size_t *order; /* by number: when it was first seen; 0: not yet */
    size_t *low;   /* the earliest that can be reached from it; SIZE_MAX: its component is done */
    visit *path;
    size_t path_length;
    package **open; /* seen, component not known yet */
    size_t open_length;
    size_t seen;
    components *found;
} search;

static void enter(search *state, package *entered)
{
    state->order[entered->number] = state->low[entered->number] = ++state->seen;
    state->open[state->open_length++] = entered;
    state->path[state->path_length++] = (visit){entered, 0};
}

static bool refers_to_itself(const package *from)
{
    for (size_t i = 0; i < package_edges(from); i++)
        if (package_edge(from, i) == from) return true;
    return false;
}

/* Takes the component whose first member is `first` from the open packages. */
static void close_component(search *state, package *first)
{
    size_t begin = state->open_length;
    do state->low[state->open[--begin]->number] = SIZE_MAX;
    while (state->open[begin] != first);
    size_t length = state->open_length - begin;
    state->open_length = begin;
    if (length == 1 && !refers_to_itself(first)) return;
    components *found = state->found;
    component *closed = &found->items[found->length++];
    *closed = (component){.members = found->member_space + found->members, .length = length};
    memcpy(closed->members, state->open + begin, length * sizeof(package *));
    found->members += length;
}

/* Follows one edge of the package at the end of the path, or leaves it. */
static void step(search *state)
{
    visit *last = &state->path[state->path_length - 1];
    package *at = last->at;
    if (last->next_edge < package_edges(at)) {
        package *to = package_edge(at, last->next_edge++);
        if (state->order[to->number] == 0)
            enter(state, to);
        else if (state->low[to->number] != SIZE_MAX &&
                 state->order[to->number] < state->low[at->number])
            state->low[at->number] = state->order[to->number];
        return;
    }
    if (state->low[at->number] == state->order[at->number]) close_component(state, at);
    state->path_length--;
    if (state->path_length == 0 || state->low[at->number] == SIZE_MAX) return;
    package *parent = state->path[state->path_length - 1].at;
    if (state->low[at->number] < state->low[parent->number])
        state->low[parent->number] = state->low[at->number];
}

static void search_all(search *state)
{
    const ouro_vector *packages = &state->database->packages;
    for (size_t i = 0; i < packages->length; i++) {
        package *start = packages->items[i];
        if (state->order[i] != 0) continue;
        enter(state, start);
        while (state->path_length > 0) step(state);
    }
}

/* ---- a way round ---------------------------------------------------------------- */

/*
 * Breadth first from the first member until an edge leads back to it.  `from`
 * tells for each package reached from where, as its number + 1, and `queue` has
 * room for the component.  Every member lies on some cycle, so there is a way.
 */
static void find_round(component *searched, size_t *from, package **queue, const size_t *group,
                       package **out_round)
{
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

/* Uses the arrays of the search again: it is over. */
static void find_rounds(search *state)
{
    components *found = state->found;
    size_t count = state->database->packages.length;
    size_t *from = state->order;
    size_t *group = state->low;
    memset(from, 0, count * sizeof(size_t));
    memset(group, 0, count * sizeof(size_t));
    for (size_t i = 0; i < found->length; i++)
        for (size_t j = 0; j < found->items[i].length; j++)
            group[found->items[i].members[j]->number] = i + 1;
    package **space = found->round_space;
    for (size_t i = 0; i < found->length; i++) {
        find_round(&found->items[i], from, state->open, group, space);
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
    size_t count = database->packages.length + 1; /* calloc(0) may answer NULL */
    search state = {.database = database, .found = out_components};
    *out_components = (components){0};
    state.order = calloc(count, sizeof(size_t));
    state.low = calloc(count, sizeof(size_t));
    state.path = calloc(count, sizeof(visit));
    state.open = calloc(count, sizeof(package *));
    out_components->items = calloc(count, sizeof(component));
    out_components->member_space = calloc(count, sizeof(package *));
    out_components->round_space = calloc(count, sizeof(package *));
    bool good = state.order != NULL && state.low != NULL && state.path != NULL &&
                state.open != NULL && out_components->items != NULL &&
                out_components->member_space != NULL && out_components->round_space != NULL;
    if (good) {
        search_all(&state);
        put_in_order(out_components);
        find_rounds(&state);
    } else {
        components_free(out_components);
    }
    free(state.order);
    free(state.low);
    free(state.path);
    free(state.open);
    return good;
}

void components_free(components *found)
{
    free(found->items);
    free(found->member_space);
    free(found->round_space);
    *found = (components){0};
}
