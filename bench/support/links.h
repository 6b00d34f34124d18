/* SPDX-License-Identifier: MIT */
/*
 * links.h -- who refers to whom in a random graph of nodes with two references
 *
 * The bench's own record, outside of the heap under test: to check a graph by,
 * and, once indexed, to find everybody who refers to a node.
 *
 *     target[2 * i + which]   the node that reference `which` of node i refers to
 *     first[j], next[link]    the links whose target is node j, in a list
 */
#ifndef BENCH_LINKS_H
#define BENCH_LINKS_H

#include "memory.h"
#include "program.h"
#include "random.h"

#define LINKS_NONE UINT32_MAX

typedef struct links {
    uint32_t nodes;
    uint32_t *target, *first, *next;
} links;

/* Random targets, the same in every system. */
static inline void links_open(links *l, uint32_t nodes)
{
    random_state state = RANDOM_SEED;
    l->nodes = nodes;
    l->target = (uint32_t *)bench_array(2 * (size_t)nodes, sizeof *l->target);
    for (size_t link = 0; link < 2 * (size_t)nodes; link++)
        l->target[link] = random_below(&state, nodes);
}

static inline uint32_t links_target(const links *l, uint32_t i, uint32_t which)
{
    return l->target[2 * (size_t)i + which];
}

static inline void links_enter(links *l, uint32_t link)
{
    uint32_t target = l->target[link];
    l->next[link] = l->first[target];
    l->first[target] = link;
}

/* From here on `first` and `next` are kept. */
static inline void links_index(links *l)
{
    l->first = (uint32_t *)bench_array(l->nodes, sizeof *l->first);
    l->next = (uint32_t *)bench_array(2 * (size_t)l->nodes, sizeof *l->next);
    for (uint32_t i = 0; i < l->nodes; i++) l->first[i] = LINKS_NONE;
    for (uint32_t link = 0; link < 2 * l->nodes; link++) links_enter(l, link);
}

/* Reference `which` of node i refers to node j now. */
static inline void links_point(links *l, uint32_t i, uint32_t which, uint32_t j)
{
    uint32_t link = 2 * i + which, *at = &l->first[l->target[link]];
    while (*at != link) at = &l->next[*at];
    *at = l->next[link];
    l->target[link] = j;
    links_enter(l, link);
}

#endif
