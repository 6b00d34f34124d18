/* SPDX-License-Identifier: MIT */
/*
 * components.h -- which packages need each other
 *
 * A component is a largest set of packages in which each can be reached from
 * each: where there is more than one, or one that refers to itself, there is a
 * cycle, and counting alone would never free it.
 */
#ifndef OURO_COMPONENTS_H
#define OURO_COMPONENTS_H

#include "packages.h"

/* All pointers are borrowed from the database. */
typedef struct component {
    package **members; /* in the order of their names */
    size_t length;
    package **round; /* a shortest way round from the first member; the end leads to its begin */
    size_t round_length;
} component;

typedef struct components {
    component *items; /* those that are cycles; largest first, then by name */
    size_t length;
    size_t members; /* packages in them, in all */
    package **member_space;
    package **round_space;
} components;

/* False when there is no memory.  Cost: in proportion to packages and edges. */
bool components_find(const package_database *database, components *out_components);
void components_free(components *found);

#endif
