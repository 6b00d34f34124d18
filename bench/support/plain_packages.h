/* SPDX-License-Identifier: MIT */
/*
 * plain_packages.h -- packages that depend on each other, of blocks that are not
 *                     counted: C by hand, Boehm
 *
 * The system defines, before it includes this file:
 *
 *     allocate(size), allocate_bytes(size)   memory with references, and without
 *     give_back(block, size)                 nothing where a collector does it
 */
#ifndef BENCH_PLAIN_PACKAGES_H
#define BENCH_PLAIN_PACKAGES_H

#include <string.h>

typedef struct package {
    char *name, *version;
    struct package **refers;
    size_t refers_count, refers_capacity;
    size_t number;
} package;

typedef struct package_list {
    size_t count;
    package *all[];
} package_list;

typedef package_list *packages;

static package_list *packages_new(size_t count)
{
    package_list *p = (package_list *)allocate(sizeof *p + count * sizeof(package *));
    p->count = count;
    return p;
}

static char *package_copy(const char *bytes)
{
    size_t length = strlen(bytes) + 1;
    char *made = (char *)allocate_bytes(length);
    return (char *)memcpy(made, bytes, length);
}

static void packages_set(package_list *p, size_t i, const char *name, const char *version)
{
    package *made = (package *)allocate(sizeof *made);
    *made = (package){package_copy(name), package_copy(version), NULL, 0, 0, i};
    p->all[i] = made;
}

static void packages_refer(package_list *p, size_t i, size_t j)
{
    package *from = p->all[i];
    if (from->refers_count == from->refers_capacity) {
        size_t capacity = from->refers_capacity ? 2 * from->refers_capacity : 4;
        package **larger = (package **)allocate(capacity * sizeof *larger);
        if (from->refers_count > 0) {
            memcpy(larger, from->refers, from->refers_count * sizeof *larger);
            give_back(from->refers, from->refers_capacity * sizeof *larger);
        }
        from->refers = larger;
        from->refers_capacity = capacity;
    }
    from->refers[from->refers_count++] = p->all[j];
}

static inline size_t packages_edges(const package_list *p, size_t i)
{
    return p->all[i]->refers_count;
}

static inline size_t packages_edge(const package_list *p, size_t i, size_t e)
{
    return p->all[i]->refers[e]->number;
}

static const char *packages_name(const package_list *p, size_t i)
{
    return p->all[i]->name;
}

/* Gives back everything but the list. */
static inline void packages_give_back(package_list *p)
{
    for (size_t i = 0; i < p->count; i++) {
        package *gone = p->all[i];
        give_back(gone->name, strlen(gone->name) + 1);
        give_back(gone->version, strlen(gone->version) + 1);
        if (gone->refers_capacity > 0)
            give_back(gone->refers, gone->refers_capacity * sizeof *gone->refers);
        give_back(gone, sizeof *gone);
    }
}

#endif
