/* SPDX-License-Identifier: MIT */
/*
 * cycle_rounds.c -- a shortest way round in each group
 *
 * Breadth first from a member, within its group, until an edge leads back to it.  `via` tells for each object by which
 * edge it was reached.
 */
#include "cycle_parts.h"
#include "describe.h"

#include <stdlib.h>
#include <string.h>

enum { STARTS_IN_LARGE = 16 };

/* The edge that closes a shortest round through `start` of less than `bound` edges, or OURO_GRAPH_NONE.
 * *out_length is how many; via[] holds the way until search_forget. */
static uint32_t search_round(cycle_search *search, uint32_t start, size_t bound, uint32_t *out_seen,
                             size_t *out_length)
{
    const ouro_graph *graph = &search->snapshot->graph;
    const uint32_t *group_of = search->found->group_of;
    uint32_t head = 0, tail = 0;
    search->queue[tail++] = start;
    for (size_t depth = 1; head < tail && depth < bound; depth++) {
        for (uint32_t end = tail; head < end; head++) {
            uint32_t at = search->queue[head];
            for (uint32_t e = graph->first[at]; e < graph->first[at + 1]; e++) {
                uint32_t to = graph->target[e];
                if (to == start) {
                    *out_seen = tail;
                    *out_length = depth;
                    return e;
                }
                if (group_of[to] != group_of[start] || search->via[to] != OURO_GRAPH_NONE) continue;
                search->via[to] = e;
                search->queue[tail++] = to;
            }
        }
    }
    *out_seen = tail;
    return OURO_GRAPH_NONE;
}

static void search_forget(cycle_search *search, uint32_t seen)
{
    for (uint32_t i = 0; i < seen; i++) search->via[search->queue[i]] = OURO_GRAPH_NONE;
}

/* Writes the round that `last` closes, from its end to its begin. */
static void keep_round(cycle_search *search, uint32_t last, size_t length, uint32_t *out_round)
{
    const ouro_snapshot *snapshot = search->snapshot;
    uint32_t edge = last;
    for (size_t i = length; i-- > 0;) {
        uint32_t owner = edge_owner(snapshot, edge);
        out_round[i] = edge_between(snapshot, owner, snapshot->graph.target[edge]);
        edge = search->via[owner];
    }
}

/* Makes room for a round of so many edges behind those that are kept. */
static bool rounds_reserve(cycles *found, size_t length, size_t *capacity)
{
    if (*capacity - found->round_edges >= length) return true;
    size_t larger = (found->round_edges + length) * 2;
    uint32_t *rounds = realloc(found->rounds, larger * sizeof(uint32_t));
    if (rounds == NULL) return false;
    found->rounds = rounds;
    *capacity = larger;
    return true;
}

static bool find_round(cycle_search *search, cycle_group *group, size_t *capacity)
{
    cycles *found = search->found;
    size_t best = group->member_count + 1;
    size_t starts = group->member_count <= CYCLE_EXACT_MAX ? group->member_count : STARTS_IN_LARGE;
    group->first_edge = found->round_edges;
    for (size_t i = 0; i < starts && best > 1; i++) {
        size_t member = group->first_member + i * (group->member_count / starts);
        uint32_t seen;
        size_t length = 0;
        uint32_t last = search_round(search, found->members[member], best, &seen, &length);
        bool is_shorter = last != OURO_GRAPH_NONE;
        bool good = !is_shorter || rounds_reserve(found, length, capacity);
        if (is_shorter && good) {
            keep_round(search, last, length, found->rounds + group->first_edge);
            best = group->round_length = length;
        }
        search_forget(search, seen);
        if (!good) return false;
    }
    found->round_edges += group->round_length;
    return true;
}

/* ---- turned so that equal ones look equal -------------------------------------- */

uint64_t cycle_look(const ouro_snapshot *snapshot, uint32_t edge)
{
    uint32_t type = snapshot->object_types[edge_owner(snapshot, edge)];
    return (uint64_t)type << 32 | snapshot->labels_of[edge];
}

/* Where the least rotation of a sequence begins: two candidates, of which each comparison moves one on beyond what it
 * has lost.  Cost: O(length). */
static size_t least_rotation(const uint64_t *looks, size_t length)
{
    size_t a = 0, b = 1, same = 0;
    while (a < length && b < length && same < length) {
        uint64_t left = looks[(a + same) % length], right = looks[(b + same) % length];
        if (left == right) {
            same++;
            continue;
        }
        if (left > right)
            a += same + 1;
        else
            b += same + 1;
        if (a == b) b++;
        same = 0;
    }
    return a < b ? a : b;
}

static bool turn_round(const cycles *found, const cycle_group *group)
{
    size_t length = group->round_length;
    uint32_t *round = found->rounds + group->first_edge;
    uint64_t *looks = malloc(length * sizeof(uint64_t));
    uint32_t *turned = malloc(length * sizeof(uint32_t));
    bool good = looks != NULL && turned != NULL;
    if (good) {
        for (size_t i = 0; i < length; i++) looks[i] = cycle_look(found->snapshot, round[i]);
        size_t begin = least_rotation(looks, length);
        for (size_t i = 0; i < length; i++) turned[i] = round[(begin + i) % length];
        memcpy(round, turned, length * sizeof(uint32_t));
    }
    free(looks);
    free(turned);
    return good;
}

bool cycle_find_rounds(cycle_search *search)
{
    cycles *found = search->found;
    size_t capacity = 0;
    for (size_t g = 0; g < found->group_count; g++)
        if (!find_round(search, &found->groups[g], &capacity) ||
            !turn_round(found, &found->groups[g]))
            return false;
    return true;
}
