/* SPDX-License-Identifier: MIT */
/*
 * profile.h -- the bytes of a snapshot as a tree of stacks, for viewers of profiles
 *
 *     by sites   main -> load -> read_line          where it was allocated, the allocating function last
 *     by types   cache -> list -> entry             what keeps it alive: types of the dominators, its own type last
 *
 * By types a viewer's "flat" is what objects of a type take, and "cumulative" what they alone keep alive.  Dominators
 * of one type in a row are one place; of more than PROFILE_DEPTH the middle is left out, so that a long list is no long stack.
 *
 * A stack is a node: its place, and the stack without it.
 */
#ifndef OURO_EXPORT_PROFILE_H
#define OURO_EXPORT_PROFILE_H

#include "export.h"
#include "pairs.h"

enum { PROFILE_DEPTH = 64 };

typedef struct profile_values {
    uint64_t objects, bytes;           /* alive */
    uint64_t made_objects, made_bytes; /* ever since tracing began; by sites alone */
    uint32_t depth;
} profile_values;

typedef struct profile {
    const ouro_snapshot *snapshot;
    bool by_sites;
    pairs stacks;           /* first: number + 1 of the stack outside it, or 0; second: place */
    profile_values *values; /* of each stack; those of its own alone */
    uint32_t capacity;
    pairs halves; /* by sites: what tells frames apart (profile.c) */
    pairs places;
    uint32_t *
        frames; /* by sites: of each place its frame; by types a place is a type, and one behind them */
    uint32_t place_capacity;
    bool refused;
} profile;

/* False: no memory.  Cost: O(objects + edges) by types. */
bool profile_make(const export_request *request, profile *out_profile);
void profile_free(profile *made);

/* The place of a stack, and the stack around it or OURO_GRAPH_NONE. */
uint32_t profile_place(const profile *made, uint32_t stack);
uint32_t profile_outside(const profile *made, uint32_t stack);

/* How many places there are.  A place without a frame is a type, or what no root reaches, or an unknown site. */
uint32_t profile_places(const profile *made);
const ouro_snapshot_frame *profile_frame(const profile *made, uint32_t place);

/* The name of a place without a frame. */
const char *profile_place_name(const profile *made, uint32_t place);

#endif
