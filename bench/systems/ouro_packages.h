/* SPDX-License-Identifier: MIT */
/*
 * ouro_packages.h -- packages that depend on each other, in ouro
 */
#ifndef BENCH_OURO_PACKAGES_H
#define BENCH_OURO_PACKAGES_H

#include "ouro_heap.h"

typedef struct byte_text {
    size_t length; /* the NUL included */
    char bytes[];
} byte_text;
static ouro_type byte_text_type =
    OURO_TYPE(byte_text, .item_size = 1, .length_offset = offsetof(byte_text, length));

typedef struct package {
    byte_text *name, *version;
    ouro_vector refers;
    size_t number;
} package;

static ouro_type package_type;
static const ouro_field package_fields[] = {
    OURO_REF(package, name, &byte_text_type),
    OURO_REF(package, version, &byte_text_type),
    OURO_VECTOR(package, refers, &package_type),
    OURO_END,
};
static ouro_type package_type = OURO_TYPE(package, .fields = package_fields);

typedef struct package_list {
    size_t count;
    package *all[];
} package_list;

static const ouro_field package_list_fields[] = {
    OURO_ITEMS(package_list, all, &package_type),
    OURO_END,
};
static ouro_type package_list_type =
    OURO_TYPE(package_list, .fields = package_list_fields, .item_size = sizeof(package *),
              .length_offset = offsetof(package_list, count));

typedef package_list *packages;

static package_list *packages_new(size_t count)
{
    return ouro_new_var(heap, package_list, count);
}

static byte_text *text_new(const char *bytes)
{
    size_t length = strlen(bytes) + 1;
    byte_text *made = ouro_new_var(heap, byte_text, length);
    memcpy(made->bytes, bytes, length);
    return made;
}

static void packages_set(package_list *p, size_t i, const char *name, const char *version)
{
    package *made = ouro_new(heap, package);
    made->number = i;
    ouro_put(made, name, text_new(name));
    ouro_put(made, version, text_new(version));
    ouro_put(p, all[i], made);
}

static void packages_refer(package_list *p, size_t i, size_t j)
{
    package *from = p->all[i];
    BENCH_VERIFY(ouro_vector_append(from, &from->refers, p->all[j]) == OURO_OK);
}

static inline size_t packages_edges(const package_list *p, size_t i)
{
    return p->all[i]->refers.length;
}

static inline size_t packages_edge(const package_list *p, size_t i, size_t e)
{
    return ((const package *)p->all[i]->refers.items[e])->number;
}

static const char *packages_name(const package_list *p, size_t i)
{
    return p->all[i]->name->bytes;
}

static void packages_drop(package_list **p)
{
    ouro_decref(*p);
    ouro_collect(heap, 2);
    *p = NULL;
}

#endif
