/* SPDX-License-Identifier: MIT */
/*
 * retention.c -- what each object of a snapshot alone keeps alive
 */
#include "retention.h"

#include <stdlib.h>
#include <string.h>

uint32_t *root_objects(const ouro_snapshot *snapshot, size_t *out_count)
{
    *out_count = snapshot->root_count;
    if (snapshot->root_count == 0) return NULL;
    uint32_t *objects = malloc((size_t)snapshot->root_count * sizeof(uint32_t));
    if (objects == NULL) return NULL;
    for (uint32_t i = 0; i < snapshot->root_count; i++) objects[i] = snapshot->roots[i].object;
    return objects;
}

/* malloc of no bytes may answer NULL, which would look like a refusal. */
static void *array_new(size_t count, size_t entry)
{
    return malloc(count == 0 ? 1 : count * entry);
}

static bool find(const ouro_snapshot *snapshot, retention *found)
{
    size_t root_count;
    uint32_t *roots = root_objects(snapshot, &root_count);
    if (roots == NULL && root_count > 0) return false;
    found->dominator = array_new(snapshot->object_count, sizeof(uint32_t));
    bool good = found->dominator != NULL &&
                ouro_graph_dominators(&snapshot->graph, roots, root_count, found->dominator);
    free(roots);
    if (!good) return false;
    found->retained = array_new(snapshot->object_count, sizeof(uint64_t));
    return found->retained != NULL && ouro_graph_retained(snapshot->object_count, found->dominator,
                                                          snapshot->sizes, found->retained);
}

bool retention_find(const ouro_snapshot *snapshot, retention *out_retention)
{
    *out_retention = (retention){.snapshot = snapshot};
    if (!find(snapshot, out_retention)) {
        retention_free(out_retention);
        return false;
    }
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        if (out_retention->dominator[n] == OURO_GRAPH_NONE) continue;
        out_retention->reached_objects++;
        out_retention->reached_bytes += snapshot->sizes[n];
    }
    return true;
}

/* ---- the tree ---------------------------------------------------------------
 *
 * Rows as in a graph; the root's is the last, number object_count.
 */

static uint32_t row_of(const retention *found, uint32_t dominator)
{
    return dominator == OURO_GRAPH_ROOT ? found->snapshot->object_count : dominator;
}

static int compare_retained(const void *a, const void *b, void *argument)
{
    const uint64_t *retained = argument;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    if (retained[left] != retained[right]) return retained[left] > retained[right] ? -1 : 1;
    return left < right ? -1 : left > right;
}

static void fill_rows(retention *found)
{
    uint32_t count = found->snapshot->object_count;
    uint32_t *first = found->first_child;
    memset(first, 0, ((size_t)count + 2) * sizeof(uint32_t));
    for (uint32_t n = 0; n < count; n++)
        if (found->dominator[n] != OURO_GRAPH_NONE) first[row_of(found, found->dominator[n])]++;
    uint32_t sum = 0;
    for (uint32_t row = 0; row <= count; row++) first[row] = sum += first[row];
    first[count + 1] = sum;
    for (uint32_t n = count; n-- > 0;) /* a row is filled from its end */
        if (found->dominator[n] != OURO_GRAPH_NONE)
            found->child[--first[row_of(found, found->dominator[n])]] = n;
}

bool retention_grow_tree(retention *found)
{
    uint32_t count = found->snapshot->object_count;
    if (found->first_child != NULL) return true;
    found->first_child = malloc(((size_t)count + 2) * sizeof(uint32_t));
    found->child = array_new(count, sizeof(uint32_t));
    if (found->first_child == NULL || found->child == NULL) {
        free(found->first_child);
        free(found->child);
        found->first_child = found->child = NULL;
        return false;
    }
    fill_rows(found);
    for (uint32_t row = 0; row <= count; row++) {
        uint32_t begin = found->first_child[row], length = found->first_child[row + 1] - begin;
        if (length > 1)
            qsort_r(found->child + begin, length, sizeof(uint32_t), compare_retained,
                    found->retained);
    }
    return true;
}

const uint32_t *retention_children(const retention *found, uint32_t object, size_t *out_count)
{
    uint32_t row = row_of(found, object);
    *out_count = found->first_child[row + 1] - found->first_child[row];
    return found->child + found->first_child[row];
}

void retention_free(retention *found)
{
    free(found->dominator);
    free(found->retained);
    free(found->first_child);
    free(found->child);
    *found = (retention){0};
}
