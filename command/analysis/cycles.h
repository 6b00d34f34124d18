/* SPDX-License-Identifier: MIT */
/*
 * cycles.h -- objects of a snapshot that hold each other
 *
 * A group is a strongly connected component with an edge in it: each of its objects leads to each other one, and
 * counting alone never frees it.  In each group one shortest round is told, for people to see where it closes.  Groups
 * whose rounds have the same types and labels have one form: ten thousand rings of nodes are one line.
 */
#ifndef OURO_ANALYSIS_CYCLES_H
#define OURO_ANALYSIS_CYCLES_H

#include "text.h"

#include <ouro/snapshot.h>

typedef struct cycle_group {
    size_t first_member, member_count; /* in cycles.members, ascending */
    size_t first_edge,
        round_length; /* in cycles.rounds: edges of the graph, each from the target of the one
                                          before, the last to the owner of the first */
    uint64_t bytes;   /* of the members */
    uint64_t held_objects, held_bytes; /* that would go with the group, its members included */
    bool reached;                      /* roots reach it; else only the collector frees it */
    bool entered;                      /* somebody else refers to it, or a root holds a member */
    size_t form;                       /* in cycles.forms */
} cycle_group;

typedef struct cycle_form {
    size_t example; /* the group of it that holds most */
    size_t groups, objects;
    uint64_t bytes, held_bytes;
    size_t unreached_groups, unreached_objects;
    uint64_t unreached_bytes, unreached_held_bytes;
} cycle_form;

typedef struct cycles {
    const ouro_snapshot *snapshot;
    uint32_t *group_of; /* of each object its group, or OURO_GRAPH_NONE */
    cycle_group *
        groups; /* those that only the collector frees first, then by what they hold, largest first */
    size_t group_count;
    uint32_t *members;
    size_t member_count;
    uint32_t *rounds;
    size_t round_edges;
    cycle_form *forms; /* in the same order */
    size_t form_count;
} cycles;

/*
 * False: no memory.  Cost: O(objects + edges).  In groups of more than CYCLE_EXACT_MAX members the round is a shortest one
 * through one of 16 members, of the whole group otherwise.
 */
enum { CYCLE_EXACT_MAX = 64 };
bool cycles_find(const ouro_snapshot *snapshot, cycles *out_cycles);
void cycles_free(cycles *found);

/* The round of a group as types and edges: node.left -> node.right -> (first) */
void describe_round(text *out, const cycles *found, const cycle_group *described);

#endif
