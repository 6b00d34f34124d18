/* SPDX-License-Identifier: MIT */
/*
 * packages.h -- the packages of a Debian system as a graph of ouro objects
 *
 *     package_database
 *        | packages
 *        v
 *     package "apt"  --depends-->  package "libapt-pkg6.0"
 *        | name                       | recommends
 *        v                            v
 *     text "apt"                   package "apt"          a cycle, as there are many
 *
 * Packages refer to each other as they do in the file, so nobody owns anybody,
 * and no order exists in which they could be freed by hand.
 */
#ifndef OURO_PACKAGES_H
#define OURO_PACKAGES_H

#include "control.h"

#include <ouro/ouro.h>

/* Bytes that do not change, ended by a NUL. */
typedef struct text {
    size_t length; /* the NUL included */
    char bytes[];
} text;
extern ouro_type text_type;

/*
 * One package, or a virtual one: a name that other packages provide ("awk").
 * A virtual package has no version, and depends on its providers.
 */
typedef struct package {
    text *name;
    text *version;      /* NULL: none given, or virtual */
    text *architecture; /* one text for all packages that have the same */
    text *section;      /* the same */
    ouro_vector depends;
    ouro_vector recommends;
    size_t number; /* its place in the database */
    bool is_virtual;
} package;
extern ouro_type package_type;

/* The root.  Who holds it holds everything. */
typedef struct package_database {
    ouro_vector packages;
} package_database;
extern ouro_type package_database_type;

/* What loading found. */
typedef struct package_figures {
    size_t installed;
    size_t not_installed; /* stanzas of packages that were removed: left out */
    size_t virtual_packages;
    size_t edges;  /* references from package to package */
    size_t absent; /* names in dependency fields that no package answers to */
} package_figures;

typedef void (*package_progress)(void *context, uint64_t done, uint64_t total);

/*
 * Reads Depends, Pre-Depends and Recommends.  Each alternative of "a | b" that
 * is there becomes a reference; versions must be well-formed but are not
 * compared, since what is installed together fits together.
 *
 * Result: owned, or NULL with a problem; then nothing is left in the heap.
 * Cost:   in proportion to the bytes of the source.
 */
OURO_OWNED package_database *packages_load(ouro_heap *heap, control_source *source,
                                           package_progress progress, void *context,
                                           package_figures *out_figures, control_problem *problem);

/* The packages that `from` refers to: its dependencies, then what it recommends. */
static inline size_t package_edges(const package *from)
{
    return from->depends.length + from->recommends.length;
}
static inline package *package_edge(const package *from, size_t i)
{
    const ouro_vector *depends = &from->depends;
    return (package *)(i < depends->length ? depends->items[i]
                                           : from->recommends.items[i - depends->length]);
}

/* A small database of our own, for machines that have none. */
extern const char *const packages_fallback[];

#endif
