/* SPDX-License-Identifier: MIT */
/*
 * rounds.h -- a few objects of the garbage, and the rounds among them  [floor 7]
 *
 *     objects   [ a b c | d | e f g h .. ]     parts: what was followed from a first object on,
 *     edges     [ a>b b>c c>a | | e>f .. ]     breadth first; those of one owner together
 *
 * Above: cycles.c, which remembers the rounds by form.
 */
#ifndef OURO_INSPECT_ROUNDS_H
#define OURO_INSPECT_ROUNDS_H

#include "inspect/inspect.h"

struct ouro__sample_edge {
    const char *name;
    ouro_reference_kind kind;
    uint8_t from, to; /* objects */
};

struct ouro__sample {
    const struct ouro__collector *collector;
    unsigned length; /* objects */
    unsigned edge_count;
    unsigned part_count;
    unsigned of_owner; /* references of the object at hand */
    void *objects[OURO_LOOK_OBJECTS];
    struct ouro__sample_edge edges[OURO_LOOK_EDGES];
    uint16_t first_edge[OURO_LOOK_OBJECTS + 1];
    uint8_t first_object[OURO_LOOK_OBJECTS + 1]; /* of each part */
};
_Static_assert(OURO_LOOK_OBJECTS <= UINT8_MAX, "objects of a sample have numbers of a byte");

/* Takes objects of the garbage that a collector has found and not severed yet. */
void ouro__sample_take(struct ouro__sample *sample, const struct ouro__collector *collector);

/* A shortest round among the objects of a part: its links, and how many they are; 0 when there is none.  *out_object
 * is the object of the first link. */
unsigned ouro__sample_round(const struct ouro__sample *sample, unsigned part,
                            ouro_cycle_link out_links[OURO_LOOK_OBJECTS], void **out_object);

#endif
