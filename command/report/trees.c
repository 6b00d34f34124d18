/* SPDX-License-Identifier: MIT */
/*
 * trees.c -- dominators: the tree of objects, and the same merged by type
 *
 * In the merged tree children of one holder that have one type are one node, and what has the type of its
 * holder belongs to it: a list of a million nodes is one row "Node x 1,000,000".
 *
 *     cache -+- entry -+- text          cache --- entry x 3 -+- text x 2
 *            +- entry -+- text    =>                         +- image
 *            +- entry --- image
 */
#include "report/report.h"

#include "analysis/describe.h"
#include "report/select.h"
#include "report/tally.h"

#include <stdlib.h>

/* ---- the tree of objects -------------------------------------------------------- */

static const uint32_t *object_children(const void *context, uint32_t node, size_t *out_count)
{
    return retention_children(context, node, out_count);
}

static uint64_t object_weight(const void *context, uint32_t node)
{
    return ((const retention *)context)->retained[node];
}

static void write_object_row(report *made, const selection *chosen, size_t at)
{
    const select_row *row = &chosen->rows[at];
    size_t children;
    retention_children(&made->held, row->node, &children);
    uint32_t dominator = made->held.dominator[row->node];
    uint64_t own = made->snapshot->sizes[row->node];
    uint64_t retained = made->held.retained[row->node];
    json *out = &made->out;
    json_open(out, '[');
    json_signed(out, row->parent == SELECT_ROOT ? -1 : (int64_t)row->parent);
    report_type_of_object(made, row->node);
    json_number(out, own);
    json_number(out, retained);
    report_address_of_object(made, row->node);
    report_text_of_object(made, row->node);
    report_edge(made, dominator == OURO_GRAPH_ROOT
                          ? OURO_GRAPH_NONE
                          : edge_between(made->snapshot, dominator, row->node));
    json_number(out, children - row->shown);
    json_number(out, retained - own - row->shown_weight);
    json_close(out, ']');
}

static void write_sums(json *out, size_t omitted, uint64_t bytes)
{
    json_close(out, ']');
    json_put(out, "omitted", omitted);
    json_put(out, "omittedBytes", bytes);
    json_close(out, '}');
}

static void open_rows(json *out, const char *key)
{
    json_key(out, key);
    json_open(out, '{');
    json_key(out, "nodes");
    json_open(out, '[');
}

static bool write_objects(report *made)
{
    select_tree tree = {.context = &made->held,
                        .root = OURO_GRAPH_ROOT,
                        .children = object_children,
                        .weight = object_weight};
    selection chosen;
    if (!select_rows(&tree, REPORT_TREE_ROWS, REPORT_TREE_DEPTH, &chosen)) return false;
    size_t children;
    retention_children(&made->held, OURO_GRAPH_ROOT, &children);
    open_rows(&made->out, "dominators");
    for (size_t i = 0; i < chosen.length; i++) write_object_row(made, &chosen, i);
    write_sums(&made->out, children - chosen.top.shown,
               made->held.reached_bytes - chosen.top.shown_weight);
    selection_free(&chosen);
    return true;
}

/* ---- merged by type ---------------------------------------------------------------
 *
 * Group 0 is the root.  A group comes after its parent, so that sums run backwards through them.  Beyond the
 * limits, and below the depth, objects join the group of their holder.
 */

enum { GROUPS_MAX = 1 << 20, GROUP_DEPTH = 40 };

typedef struct group {
    uint32_t parent, type, depth;
    uint64_t objects, bytes, retained;
} group;

typedef struct groups {
    group *all;
    size_t length, capacity;
    uint32_t *first_child, *child; /* heaviest first */
} groups;

static void groups_free(groups *merged)
{
    free(merged->all);
    free(merged->first_child);
    free(merged->child);
}

static bool groups_add(groups *merged, group added)
{
    if (merged->length == merged->capacity) {
        size_t capacity = merged->capacity == 0 ? 256 : 2 * merged->capacity;
        group *all = realloc(merged->all, capacity * sizeof(group));
        if (all == NULL) return false;
        merged->all = all;
        merged->capacity = capacity;
    }
    merged->all[merged->length++] = added;
    return true;
}

/* The group of an object whose holder is in `parent`.  OURO_GRAPH_NONE: no memory. */
static uint32_t group_of(groups *merged, tally *known, uint32_t parent, uint32_t type)
{
    const group *above = &merged->all[parent];
    if (parent != 0 && (above->type == type || above->depth == GROUP_DEPTH)) return parent;
    if (parent != 0 && merged->length >= GROUPS_MAX) return parent;
    uint32_t depth = above->depth + 1;
    uint32_t number = tally_add(known, parent, type, 0);
    if (number == TALLY_NONE) return OURO_GRAPH_NONE;
    /* Numbers of the tally and groups run in step: group 0 has none. */
    if (number + (size_t)1 == merged->length &&
        !groups_add(merged, (group){.parent = parent, .type = type, .depth = depth}))
        return OURO_GRAPH_NONE;
    return number + 1;
}

/* Puts each object that a root reaches into its group, holders before what they hold. */
static bool merge(const report *made, groups *merged, uint32_t *waiting, uint32_t *group_of_object)
{
    tally known = {0};
    size_t begin = 0, end = 0;
    bool good = groups_add(merged, (group){.parent = 0, .type = OURO_GRAPH_NONE});
    for (uint32_t holder = OURO_GRAPH_ROOT; good; holder = waiting[begin++]) {
        size_t count;
        const uint32_t *children = retention_children(&made->held, holder, &count);
        uint32_t above = holder == OURO_GRAPH_ROOT ? 0 : group_of_object[holder];
        for (size_t i = 0; i < count && good; i++) {
            uint32_t object = children[i];
            uint32_t number = group_of(merged, &known, above, made->snapshot->object_types[object]);
            good = number != OURO_GRAPH_NONE;
            if (!good) break;
            group_of_object[object] = number;
            merged->all[number].objects++;
            merged->all[number].bytes += made->snapshot->sizes[object];
            waiting[end++] = object;
        }
        if (begin == end) break;
    }
    tally_free(&known);
    return good;
}

static const group *sorted_groups; /* qsort has no argument for it */

static int compare_groups(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const group *x = &sorted_groups[left], *y = &sorted_groups[right];
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    if (x->retained != y->retained) return x->retained > y->retained ? -1 : 1;
    return left < right ? -1 : left > right;
}

/* Sums retained sizes up and lists children. */
static bool arrange(groups *merged)
{
    size_t length = merged->length;
    group *all = merged->all;
    merged->first_child = calloc(length + 1, sizeof(uint32_t));
    merged->child = malloc(length * sizeof(uint32_t));
    if (merged->first_child == NULL || merged->child == NULL) return false;
    for (size_t i = length; i-- > 1;) {
        all[i].retained += all[i].bytes;
        all[all[i].parent].retained += all[i].retained;
        merged->first_child[all[i].parent + 1]++;
        merged->child[i - 1] = (uint32_t)i;
    }
    for (size_t i = 0; i < length; i++) merged->first_child[i + 1] += merged->first_child[i];
    sorted_groups = all;
    qsort(merged->child, length - 1, sizeof(uint32_t), compare_groups);
    return true;
}

static const uint32_t *group_children(const void *context, uint32_t node, size_t *out_count)
{
    const groups *merged = context;
    *out_count = merged->first_child[node + 1] - merged->first_child[node];
    return merged->child + merged->first_child[node];
}

static uint64_t group_weight(const void *context, uint32_t node)
{
    return ((const groups *)context)->all[node].retained;
}

static void write_group_row(report *made, const groups *merged, const select_row *row)
{
    const group *written = &merged->all[row->node];
    size_t children;
    group_children(merged, row->node, &children);
    json *out = &made->out;
    json_open(out, '[');
    json_signed(out, row->parent == SELECT_ROOT ? -1 : (int64_t)row->parent);
    json_signed(out, (int32_t)report_type_number(made, written->type));
    json_number(out, written->objects);
    json_number(out, written->bytes);
    json_number(out, written->retained);
    json_number(out, children - row->shown);
    json_number(out, written->retained - written->bytes - row->shown_weight);
    json_close(out, ']');
}

static bool write_merged(report *made, const groups *merged)
{
    select_tree tree = {
        .context = merged, .root = 0, .children = group_children, .weight = group_weight};
    selection chosen;
    if (!select_rows(&tree, REPORT_TREE_ROWS, REPORT_TREE_DEPTH, &chosen)) return false;
    size_t children;
    group_children(merged, 0, &children);
    open_rows(&made->out, "groups");
    for (size_t i = 0; i < chosen.length; i++) write_group_row(made, merged, &chosen.rows[i]);
    write_sums(&made->out, children - chosen.top.shown,
               merged->all[0].retained - chosen.top.shown_weight);
    selection_free(&chosen);
    return true;
}

bool report_trees(report *made)
{
    if (!write_objects(made)) return false;
    size_t objects = made->snapshot->object_count;
    groups merged = {0};
    uint32_t *waiting = malloc((objects + 1) * sizeof(uint32_t));
    uint32_t *group_of_object = malloc((objects + 1) * sizeof(uint32_t));
    bool good = waiting != NULL && group_of_object != NULL &&
                merge(made, &merged, waiting, group_of_object);
    free(waiting);
    free(group_of_object);
    good = good && arrange(&merged) && write_merged(made, &merged);
    groups_free(&merged);
    return good;
}
