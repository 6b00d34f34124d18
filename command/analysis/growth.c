/* SPDX-License-Identifier: MIT */
/*
 * growth.c -- what changed between two snapshots of one program
 */
#include "growth.h"

#include <stdlib.h>
#include <string.h>

/* The work on two snapshots.  Rows are numbered through the type names of both. */
typedef struct comparison {
    growth *found;
    uint32_t *row_before, *row_after; /* of each type */
    uint32_t *place_of; /* of each object of the later one: index of its place, or NONE */
    uint32_t *queue;
} comparison;

/* ---- types of one name are one type --------------------------------------------- */

typedef struct named_type {
    const char *name;
    uint32_t *row; /* where its number goes */
} named_type;

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const named_type *)a)->name, ((const named_type *)b)->name);
}

static size_t name_types(const ouro_snapshot *snapshot, uint32_t *rows, named_type *out_named)
{
    for (uint32_t i = 0; i < snapshot->type_count; i++) {
        out_named[i].name = snapshot->strings[snapshot->types[i].name];
        out_named[i].row = &rows[i];
    }
    return snapshot->type_count;
}

static bool match_types(comparison *compared)
{
    growth *found = compared->found;
    size_t types = (size_t)found->before->type_count + found->after->type_count;
    named_type *named = malloc((types + 1) * sizeof(named_type));
    compared->row_before = malloc(((size_t)found->before->type_count + 1) * sizeof(uint32_t));
    compared->row_after = malloc(((size_t)found->after->type_count + 1) * sizeof(uint32_t));
    found->rows = calloc(types + 1, sizeof(growth_row));
    bool good = named != NULL && compared->row_before != NULL && compared->row_after != NULL &&
                found->rows != NULL;
    if (good) {
        size_t count = name_types(found->before, compared->row_before, named);
        count += name_types(found->after, compared->row_after, named + count);
        qsort(named, count, sizeof(named_type), compare_names);
        for (size_t i = 0; i < count; i++) {
            if (i == 0 || strcmp(named[i].name, named[i - 1].name) != 0)
                found->rows[found->length++].type = named[i].name;
            *named[i].row = (uint32_t)(found->length - 1);
        }
    }
    free(named);
    return good;
}

/* ---- objects --------------------------------------------------------------------- */

static void count_before(comparison *compared, uint32_t object, bool is_gone)
{
    const ouro_snapshot *before = compared->found->before;
    growth_row *rows[] = {
        &compared->found->rows[compared->row_before[before->object_types[object]]],
        &compared->found->total};
    uint64_t size = before->sizes[object];
    for (size_t i = 0; i < 2; i++) {
        rows[i]->objects_before++;
        rows[i]->bytes_before += size;
        rows[i]->gone += is_gone;
        rows[i]->gone_bytes += is_gone ? size : 0;
    }
}

static void count_after(comparison *compared, uint32_t object, bool is_new)
{
    const ouro_snapshot *after = compared->found->after;
    growth_row *rows[] = {&compared->found->rows[compared->row_after[after->object_types[object]]],
                          &compared->found->total};
    uint64_t size = after->sizes[object];
    compared->found->is_new[object] = is_new;
    for (size_t i = 0; i < 2; i++) {
        rows[i]->objects_after++;
        rows[i]->bytes_after += size;
        rows[i]->born += is_new;
        rows[i]->born_bytes += is_new ? size : 0;
    }
}

/* Both are in the order of addresses. */
static void match_objects(comparison *compared)
{
    const ouro_snapshot *before = compared->found->before, *after = compared->found->after;
    uint32_t b = 0, a = 0;
    while (b < before->object_count || a < after->object_count) {
        uint64_t left = b < before->object_count ? before->addresses[b] : UINT64_MAX;
        uint64_t right = a < after->object_count ? after->addresses[a] : UINT64_MAX;
        bool only_before = a == after->object_count || (b < before->object_count && left < right);
        bool only_after = b == before->object_count || (a < after->object_count && right < left);
        bool same = !only_before && !only_after &&
                    compared->row_before[before->object_types[b]] ==
                        compared->row_after[after->object_types[a]];
        if (!only_after) count_before(compared, b++, !same);
        if (!only_before) count_after(compared, a++, !same);
    }
}

/* ---- where new ones go in ---------------------------------------------------------- */

static bool place_new(growth *found, size_t *capacity, growth_place place)
{
    if (found->place_count == *capacity) {
        size_t larger = *capacity * 2 + 64;
        growth_place *places = realloc(found->places, larger * sizeof(growth_place));
        if (places == NULL) return false;
        found->places = places;
        *capacity = larger;
    }
    found->places[found->place_count++] = place;
    return true;
}

/* Each old object that refers to new ones is a place; these are reached from there, unless from an earlier one. */
static bool find_places(comparison *compared, uint32_t *out_tail)
{
    growth *found = compared->found;
    const ouro_graph *graph = &found->after->graph;
    size_t capacity = 0;
    uint32_t tail = 0;
    for (uint32_t n = 0; n < graph->nodes; n++) {
        growth_place place = {.object = n};
        if (found->is_new[n]) continue;
        for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++) {
            uint32_t to = graph->target[e];
            if (!found->is_new[to]) continue;
            if (place.born++ == 0) place.edge = e;
            if (compared->place_of[to] != OURO_GRAPH_NONE) continue;
            compared->place_of[to] = (uint32_t)found->place_count;
            compared->queue[tail++] = to;
        }
        if (place.born > 0 && !place_new(found, &capacity, place)) return false;
    }
    *out_tail = tail;
    return true;
}

/* Breadth first from all places at once, through new objects alone. */
static void spread(comparison *compared, uint32_t tail)
{
    growth *found = compared->found;
    const ouro_graph *graph = &found->after->graph;
    for (uint32_t head = 0; head < tail; head++) {
        uint32_t at = compared->queue[head];
        uint32_t place = compared->place_of[at];
        found->places[place].held += found->after->sizes[at];
        for (uint32_t e = graph->first[at]; e < graph->first[at + 1]; e++) {
            uint32_t to = graph->target[e];
            if (!found->is_new[to] || compared->place_of[to] != OURO_GRAPH_NONE) continue;
            compared->place_of[to] = place;
            compared->queue[tail++] = to;
        }
    }
    for (uint32_t n = 0; n < graph->nodes; n++) {
        if (!found->is_new[n] || compared->place_of[n] != OURO_GRAPH_NONE) continue;
        found->apart++;
        found->apart_bytes += found->after->sizes[n];
    }
}

/* ---- in order ------------------------------------------------------------------------ */

static int compare_rows(const void *a, const void *b)
{
    const growth_row *left = a, *right = b;
    int64_t grew_left = (int64_t)(left->bytes_after - left->bytes_before);
    int64_t grew_right = (int64_t)(right->bytes_after - right->bytes_before);
    if (grew_left != grew_right) return grew_left > grew_right ? -1 : 1;
    return strcmp(left->type, right->type);
}

static int compare_places(const void *a, const void *b)
{
    const growth_place *left = a, *right = b;
    if (left->held != right->held) return left->held > right->held ? -1 : 1;
    return left->object < right->object ? -1 : left->object > right->object;
}

static bool find(comparison *compared)
{
    growth *found = compared->found;
    size_t objects = (size_t)found->after->object_count + 1;
    uint32_t tail;
    found->is_new = calloc(objects, 1);
    compared->place_of = malloc(objects * sizeof(uint32_t));
    compared->queue = malloc(objects * sizeof(uint32_t));
    if (found->is_new == NULL || compared->place_of == NULL || compared->queue == NULL)
        return false;
    if (!match_types(compared)) return false;
    match_objects(compared);
    memset(compared->place_of, 0xff, objects * sizeof(uint32_t)); /* OURO_GRAPH_NONE */
    if (!find_places(compared, &tail)) return false;
    spread(compared, tail);
    qsort(found->rows, found->length, sizeof(growth_row), compare_rows);
    if (found->place_count > 0)
        qsort(found->places, found->place_count, sizeof(growth_place), compare_places);
    return true;
}

bool growth_find(const ouro_snapshot *before, const ouro_snapshot *after, growth *out_growth)
{
    comparison compared = {.found = out_growth};
    *out_growth = (growth){.before = before, .after = after};
    bool good = find(&compared);
    if (!good) growth_free(out_growth);
    free(compared.row_before);
    free(compared.row_after);
    free(compared.place_of);
    free(compared.queue);
    return good;
}

void growth_free(growth *found)
{
    free(found->rows);
    free(found->places);
    free(found->is_new);
    *found = (growth){0};
}
