/* SPDX-License-Identifier: MIT */
/*
 * census.c -- how many objects of which type, and what they take
 */
#include "census.h"

#include <stdlib.h>
#include <string.h>

static void add_object(census_row *row, const ouro_snapshot *snapshot, uint32_t object,
                       bool is_reached)
{
    uint64_t size = snapshot->sizes[object];
    if (row->objects == 0 || size > snapshot->sizes[row->largest]) row->largest = object;
    row->objects++;
    row->bytes += size;
    if (is_reached) return;
    row->unreached_objects++;
    row->unreached_bytes += size;
}

/*
 * Adds up the objects that none of their own type dominates.  One walk down the tree of dominators, by its rows:
 * `open` counts for each type how many of it are on the way, `next` is the child to go to.
 */
static bool add_retained(const retention *held, census_row *rows)
{
    const ouro_snapshot *snapshot = held->snapshot;
    uint32_t count = snapshot->object_count;
    uint32_t *open = calloc((size_t)snapshot->type_count + 1, sizeof(uint32_t));
    uint32_t *next = malloc(((size_t)count + 1) * sizeof(uint32_t));
    bool good = open != NULL && next != NULL;
    uint32_t at = count; /* the root's row */
    if (good) memcpy(next, held->first_child, ((size_t)count + 1) * sizeof(uint32_t));
    while (good) {
        if (next[at] < held->first_child[at + 1]) {
            at = held->child[next[at]++];
            uint32_t type = snapshot->object_types[at];
            if (open[type]++ == 0) rows[type].retained += held->retained[at];
        } else if (at == count) {
            break;
        } else {
            open[snapshot->object_types[at]]--;
            at = held->dominator[at] == OURO_GRAPH_ROOT ? count : held->dominator[at];
        }
    }
    free(open);
    free(next);
    return good;
}

/* Takes the types without objects out. */
static void close_ranks(census *taken)
{
    size_t kept = 0;
    for (size_t i = 0; i < taken->length; i++)
        if (taken->rows[i].objects > 0) taken->rows[kept++] = taken->rows[i];
    taken->length = kept;
}

bool census_take(const ouro_snapshot *snapshot, const retention *held, census *out_census)
{
    census_row *rows = calloc((size_t)snapshot->type_count + 1, sizeof(census_row));
    *out_census = (census){.snapshot = snapshot, .rows = rows, .length = snapshot->type_count};
    if (rows == NULL) return false;
    for (uint32_t type = 0; type < snapshot->type_count; type++) rows[type].type = type;
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        bool is_reached = held == NULL || held->dominator[n] != OURO_GRAPH_NONE;
        add_object(&rows[snapshot->object_types[n]], snapshot, n, is_reached);
        add_object(&out_census->total, snapshot, n, is_reached);
    }
    if (held != NULL) {
        if (!add_retained(held, rows)) {
            census_free(out_census);
            return false;
        }
        out_census->total.retained = held->reached_bytes;
    }
    close_ranks(out_census);
    census_sort(out_census, CENSUS_BY_BYTES);
    return true;
}

/* ---- in order ----------------------------------------------------------------- */

static int by_name(const void *a, const void *b, void *argument)
{
    const ouro_snapshot *snapshot = argument;
    const census_row *left = a, *right = b;
    int order = strcmp(snapshot->strings[snapshot->types[left->type].name],
                       snapshot->strings[snapshot->types[right->type].name]);
    if (order != 0) return order;
    return left->type < right->type ? -1 : left->type > right->type;
}

static int by_bytes(const void *a, const void *b, void *argument)
{
    uint64_t left = ((const census_row *)a)->bytes, right = ((const census_row *)b)->bytes;
    return left != right ? (left > right ? -1 : 1) : by_name(a, b, argument);
}

static int by_objects(const void *a, const void *b, void *argument)
{
    uint64_t left = ((const census_row *)a)->objects, right = ((const census_row *)b)->objects;
    return left != right ? (left > right ? -1 : 1) : by_name(a, b, argument);
}

static int by_retained(const void *a, const void *b, void *argument)
{
    uint64_t left = ((const census_row *)a)->retained, right = ((const census_row *)b)->retained;
    return left != right ? (left > right ? -1 : 1) : by_name(a, b, argument);
}

void census_sort(census *taken, census_order order)
{
    static int (*const orders[])(const void *, const void *, void *) = {
        [CENSUS_BY_BYTES] = by_bytes,
        [CENSUS_BY_OBJECTS] = by_objects,
        [CENSUS_BY_RETAINED] = by_retained,
        [CENSUS_BY_NAME] = by_name,
    };
    qsort_r(taken->rows, taken->length, sizeof(census_row), orders[order],
            (void *)(uintptr_t)taken->snapshot);
}

void census_free(census *taken)
{
    free(taken->rows);
    *taken = (census){0};
}

/* ---- exactly, for one type ------------------------------------------------------ */

/* Marks what the roots reach without passing an object of a type; OURO_GRAPH_NONE: without exception.  A search of
 * one's own, since ouro_graph_search stops nowhere. */
static void mark_reached(const ouro_snapshot *snapshot, uint32_t but, uint32_t *queue,
                         uint8_t *mark)
{
    const ouro_graph *graph = &snapshot->graph;
    uint32_t head = 0, tail = 0;
    for (uint32_t i = 0; i < snapshot->root_count; i++) {
        uint32_t object = snapshot->roots[i].object;
        if (mark[object] || snapshot->object_types[object] == but) continue;
        mark[object] = 1;
        queue[tail++] = object;
    }
    for (; head < tail; head++) {
        for (uint32_t e = graph->first[queue[head]]; e < graph->first[queue[head] + 1]; e++) {
            uint32_t to = graph->target[e];
            if (mark[to] || snapshot->object_types[to] == but) continue;
            mark[to] = 1;
            queue[tail++] = to;
        }
    }
}

bool census_retained_by(const ouro_snapshot *snapshot, uint32_t type, uint64_t *out_objects,
                        uint64_t *out_bytes)
{
    size_t entries = (size_t)snapshot->object_count + 1;
    uint8_t *with = calloc(entries, 1);
    uint8_t *without = calloc(entries, 1);
    uint32_t *queue = malloc(entries * sizeof(uint32_t));
    bool good = with != NULL && without != NULL && queue != NULL;
    *out_objects = *out_bytes = 0;
    if (good) {
        mark_reached(snapshot, OURO_GRAPH_NONE, queue, with);
        mark_reached(snapshot, type, queue, without);
    }
    for (uint32_t n = 0; good && n < snapshot->object_count; n++) {
        if (!with[n] || without[n]) continue;
        (*out_objects)++;
        *out_bytes += snapshot->sizes[n];
    }
    free(with);
    free(without);
    free(queue);
    return good;
}
