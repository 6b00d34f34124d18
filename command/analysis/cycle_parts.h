/* SPDX-License-Identifier: MIT */
/*
 * cycle_parts.h -- what the files of cycles.h share
 */
#ifndef OURO_ANALYSIS_CYCLE_PARTS_H
#define OURO_ANALYSIS_CYCLE_PARTS_H

#include "cycles.h"

/* The work on one snapshot. */
typedef struct cycle_search {
    const ouro_snapshot *snapshot;
    cycles *found;
    uint32_t *component; /* of each object */
    uint32_t component_count;
    uint32_t *component_group; /* of each component, or OURO_GRAPH_NONE */
    uint32_t *group_component; /* of each group, the other way round */
    uint32_t *queue;           /* room for all objects */
    uint32_t *via;             /* of each object; OURO_GRAPH_NONE everywhere between two uses */
} cycle_search;

/* What an edge of a round looks like: the type of its owner and what stands on it, but not the index. */
uint64_t cycle_look(const ouro_snapshot *snapshot, uint32_t edge);

/* Who is reached, who is entered, and what goes with whom (cycle_held.c).  False: no memory. */
bool cycle_find_held(cycle_search *search);

/* A round for each group, turned so that equal ones look equal (cycle_rounds.c).  False: no memory. */
bool cycle_find_rounds(cycle_search *search);

/* Puts groups of one form together and all in order (cycle_forms.c).  False: no memory. */
bool cycle_find_forms(cycles *found);

#endif
