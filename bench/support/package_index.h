/* SPDX-License-Identifier: MIT */
/*
 * package_index.h -- the packages of a Debian system as plain tables
 *
 * Read by the `ouro` command's own reader, once and outside of what is timed, so that
 * every system builds its graph from the same names and numbers.  A dependency
 * leads to the first package of that name, or to a virtual one, which depends on
 * those that provide it.  A machine without such a file has the command's small database.
 */
#ifndef BENCH_PACKAGE_INDEX_H
#define BENCH_PACKAGE_INDEX_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../command/control.h"
#include "../../command/name_table.h"
#include "program.h"

#define PACKAGE_INDEX_FILE "/var/lib/dpkg/status"

/* In command/packages_fallback.c. */
extern const char *const packages_fallback[];

typedef struct package_entry {
    char *name, *version; /* owned; "" where there is none */
    uint32_t *refers;     /* numbers of packages */
    size_t refers_count, refers_capacity;
} package_entry;

/* A name in a field: a reference that is to be. */
typedef struct package_wish {
    size_t package;
    char *name;
    bool provides; /* the other way round: whoever wants the name is led to the package */
} package_wish;

typedef struct package_index {
    package_entry *packages;
    size_t count, capacity;
    size_t edges;
    package_wish *wishes;
    size_t wishes_count, wishes_capacity;
    name_table names;
} package_index;

static inline char *package_text(span of)
{
    char *text = strndup(of.bytes, of.length);
    BENCH_VERIFY(text != NULL);
    return text;
}

/* Room for one more item of an array. */
static inline void *package_room(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) return items;
    *capacity = *capacity ? 2 * *capacity : 16;
    void *larger = realloc(items, *capacity * size);
    BENCH_VERIFY(larger != NULL);
    return larger;
}

/* Numbers start at 1 in the table, where NULL means that there is none. */
static inline size_t package_find(const package_index *index, const char *name)
{
    span wanted = {name, strlen(name)};
    return (size_t)(uintptr_t)name_table_find(&index->names, wanted, (span){"", 0});
}

static inline size_t package_add(package_index *index, char *name)
{
    index->packages = (package_entry *)package_room(index->packages, index->count, &index->capacity,
                                                    sizeof *index->packages);
    index->packages[index->count++] = (package_entry){.name = name, .version = NULL};
    if (package_find(index, name) == 0)
        BENCH_VERIFY(name_table_add(&index->names, (span){name, strlen(name)}, (span){"", 0},
                                    (void *)(uintptr_t)index->count));
    return index->count;
}

static inline void package_refer(package_index *index, size_t from, size_t to)
{
    package_entry *entry = &index->packages[from - 1];
    entry->refers = (uint32_t *)package_room(entry->refers, entry->refers_count,
                                             &entry->refers_capacity, sizeof *entry->refers);
    entry->refers[entry->refers_count++] = (uint32_t)(to - 1);
    index->edges++;
}

static inline void package_wish_for(package_index *index, const control_field *field, bool provides,
                                    control_problem *problem)
{
    relation_reader reader;
    relation wanted;
    relation_reader_open(&reader, field, "dependency", problem);
    while (relation_next(&reader, &wanted)) {
        index->wishes = (package_wish *)package_room(
            index->wishes, index->wishes_count, &index->wishes_capacity, sizeof *index->wishes);
        index->wishes[index->wishes_count++] =
            (package_wish){index->count, package_text(wanted.name), provides};
    }
}

static inline void package_read_field(package_index *index, const control_field *field,
                                      control_problem *problem)
{
    if (span_is_word(field->name, "Package"))
        package_add(index, package_text(span_trim(field->value)));
    else if (span_is_word(field->name, "Version"))
        index->packages[index->count - 1].version = package_text(span_trim(field->value));
    else if (span_is_word(field->name, "Provides"))
        package_wish_for(index, field, true, problem);
    else if (span_is_word(field->name, "Depends") || span_is_word(field->name, "Pre-Depends") ||
             span_is_word(field->name, "Recommends"))
        package_wish_for(index, field, false, problem);
}

static inline void package_grant(package_index *index)
{
    for (size_t i = 0; i < index->wishes_count; i++) {
        package_wish *wish = &index->wishes[i];
        size_t found = package_find(index, wish->name);
        if (found == 0 && wish->provides)
            found = package_add(index, package_text((span){wish->name, strlen(wish->name)}));
        if (found != 0 && wish->provides) package_refer(index, found, wish->package);
    }
    for (size_t i = 0; i < index->wishes_count; i++) {
        package_wish *wish = &index->wishes[i];
        size_t found = wish->provides ? 0 : package_find(index, wish->name);
        if (found != 0) package_refer(index, wish->package, found);
        free(wish->name);
    }
    for (size_t i = 0; i < index->count; i++)
        if (index->packages[i].version == NULL)
            index->packages[i].version = package_text((span){"", 0});
}

/* The packages of this machine. */
static inline package_index package_index_read(void)
{
    package_index index = {0};
    control_problem problem = {0};
    control_source source;
    control_reader reader;
    control_field field;
    control_event event;
    if (!control_source_open(&source, PACKAGE_INDEX_FILE, &problem))
        control_source_of_text(&source, packages_fallback);
    BENCH_VERIFY(control_reader_open(&reader, &source, &problem));
    while ((event = control_next(&reader, &field)) != CONTROL_END) {
        if (event == CONTROL_FAILED) bench_fail(problem.sentence, PACKAGE_INDEX_FILE, 0);
        if (event == CONTROL_FIELD) package_read_field(&index, &field, &problem);
    }
    control_reader_close(&reader);
    control_source_close(&source);
    package_grant(&index);
    return index;
}

#endif
