/* SPDX-License-Identifier: MIT */
/*
 * describe.c -- objects, edges and roots of a snapshot as people write them
 */
#include "describe.h"

#include <inttypes.h>
#include <string.h>

enum { TEXT_MAX = 40 }; /* characters of what distinguishes an object, and of a key */

static const char *const edge_kinds[] = {
    [OURO_EDGE_FIELD] = "field",       [OURO_EDGE_ITEM] = "item",
    [OURO_EDGE_KEY] = "key",           [OURO_EDGE_KEYS] = "keys",
    [OURO_EDGE_INTERNAL] = "internal", [OURO_EDGE_EPHEMERON] = "ephemeron",
    [OURO_EDGE_WEAK] = "weak",         [OURO_EDGE_BORROWED] = "borrowed",
};

static const char *const root_kinds[] = {
    [OURO_ROOT_NAMED] = "named",
    [OURO_ROOT_OUTSIDE] = "outside",
    [OURO_ROOT_IMMORTAL] = "immortal",
    [OURO_ROOT_FRAME] = "frame",
};

const char *edge_kind_word(ouro_edge_kind kind)
{
    return (size_t)kind < sizeof(edge_kinds) / sizeof(edge_kinds[0]) ? edge_kinds[kind] : "unknown";
}

const char *root_kind_word(ouro_root_kind kind)
{
    return (size_t)kind < sizeof(root_kinds) / sizeof(root_kinds[0]) ? root_kinds[kind] : "unknown";
}

void describe_type(text *out, const ouro_snapshot *snapshot, uint32_t type)
{
    text_add_safely(out, snapshot->strings[snapshot->types[type].name], 0);
}

void describe_object(text *out, const ouro_snapshot *snapshot, uint32_t object)
{
    describe_type(out, snapshot, snapshot->object_types[object]);
    text_print(out, " 0x%" PRIx64, snapshot->addresses[object]);
    const char *distinguishes = snapshot->strings[snapshot->texts[object]];
    if (*distinguishes == '\0') return;
    text_add(out, " \"");
    text_add_safely(out, distinguishes, TEXT_MAX);
    text_add(out, "\"");
}

void describe_label(text *out, const ouro_snapshot *snapshot, uint32_t label, uint32_t index)
{
    const ouro_snapshot_label *described = &snapshot->labels[label];
    const char *name = snapshot->strings[described->name];
    const char *open = ".", *close = "";
    size_t limit = 0;
    switch (described->kind) {
    case OURO_EDGE_FIELD: break;
    case OURO_EDGE_ITEM: open = *name == '\0' ? "" : "."; break;
    case OURO_EDGE_KEY: open = "[\"", close = "\"]", limit = TEXT_MAX; break;
    case OURO_EDGE_KEYS: open = ".key(\"", close = "\")", limit = TEXT_MAX; break;
    case OURO_EDGE_EPHEMERON: open = ".<value in ", close = ">"; break;
    case OURO_EDGE_WEAK: close = " (weak)"; break;
    case OURO_EDGE_BORROWED: close = " (borrowed)"; break;
    default:
        open = ".<", close = ">";
        if (*name == '\0') name = "internal";
        break;
    }
    text_add(out, open);
    text_add_safely(out, name, limit);
    if (described->kind == OURO_EDGE_ITEM) text_print(out, "[%" PRIu32 "]", index);
    text_add(out, close);
}

/* A key is told by its own text where the label has none. */
void describe_edge(text *out, const ouro_snapshot *snapshot, uint32_t edge)
{
    const ouro_snapshot_label *label = &snapshot->labels[snapshot->labels_of[edge]];
    uint32_t text_of_key = snapshot->texts[snapshot->graph.target[edge]];
    if (label->kind == OURO_EDGE_KEYS && *snapshot->strings[label->name] == '\0') {
        text_add(out, ".key(\"");
        text_add_safely(out, snapshot->strings[text_of_key], TEXT_MAX);
        text_add(out, "\")");
        return;
    }
    describe_label(out, snapshot, snapshot->labels_of[edge], snapshot->indexes[edge]);
}

void describe_root(text *out, const ouro_snapshot *snapshot, uint32_t root)
{
    const ouro_snapshot_root *described = &snapshot->roots[root];
    const char *name = snapshot->strings[described->name];
    if (*name == '\0')
        text_print(out, "<%s>", root_kind_word(described->kind));
    else
        text_add_safely(out, name, 0);
}

uint32_t edge_between(const ouro_snapshot *snapshot, uint32_t owner, uint32_t target)
{
    const ouro_graph *graph = &snapshot->graph;
    uint32_t best = OURO_GRAPH_NONE;
    for (uint32_t e = graph->first[owner]; e < graph->first[owner + 1]; e++) {
        if (graph->target[e] != target) continue;
        ouro_edge_kind kind = snapshot->labels[snapshot->labels_of[e]].kind;
        if (kind == OURO_EDGE_FIELD || kind == OURO_EDGE_ITEM || kind == OURO_EDGE_KEY) return e;
        if (best == OURO_GRAPH_NONE) best = e;
    }
    return best;
}

uint32_t edge_owner(const ouro_snapshot *snapshot, uint32_t edge)
{
    const uint32_t *first = snapshot->graph.first;
    uint32_t low = 0, high = snapshot->graph.nodes; /* first[low] <= edge < first[high] */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (first[middle] <= edge)
            low = middle;
        else
            high = middle;
    }
    return low;
}
