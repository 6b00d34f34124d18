/* SPDX-License-Identifier: MIT */
/*
 * dominators.c -- `ouro snapshot dominators`: what each object alone keeps alive, as a tree
 */
#include "snapshot.h"

#include "analysis/describe.h"
#include "analysis/retention.h"
#include "answer.h"
#include "command.h"
#include "table.h"

#include <stdlib.h>

enum { DEPTH_MAX = 1000, DEPTH = 3, FEW = 3 };

static const snapshot_usage usage = {
    .name = "dominators",
    .help = "Usage: ouro snapshot dominators [OPTION]... FILE\n"
            "\n"
            "Shows what each object alone keeps alive: its retained size would be freed if it\n"
            "went.  An object stands below the last one that every way from the program to it\n"
            "passes.  Text leaves out what is below one hundredth, but for three examples\n"
            "where that is all there is; JSON has all that --top and --depth admit.\n"
            "\n"
            "Options:\n"
            "  --object ADDRESS  begin with this object\n"
            "  --type NAME       list the objects of this type alone, without a tree\n"
            "  --top N           show N objects below each (10); 0: all\n"
            "  --depth N         go N levels down (3)\n"
            "  --json            print one JSON object instead of text\n"
            "  --help            print this and exit\n",
    .takes = TAKES_TOP | TAKES_TYPE | TAKES_OBJECT | TAKES_DEPTH,
    .files = 1,
    .top = 10,
};

/* What gets the rows: a table, or a list of JSON. */
typedef struct shown_tree {
    const snapshot_call *call;
    const retention *held;
    uint64_t whole; /* retained by what the tree begins with */
    uint64_t least; /* less is not shown */
    table *rows;    /* or NULL */
    answer *told;   /* or NULL */
    json_object *list;
    text line;
} shown_tree;

static const table_column columns[] = {
    {"retained", true}, {"share", true}, {"", false}, {"own", true}, {"object", false}};

/* The first root of an object that has a name, or OURO_GRAPH_NONE. */
static uint32_t named_root(const ouro_snapshot *snapshot, uint32_t object)
{
    for (uint32_t i = 0; i < snapshot->root_count; i++)
        if (snapshot->roots[i].object == object &&
            *snapshot->strings[snapshot->roots[i].name] != '\0')
            return i;
    return OURO_GRAPH_NONE;
}

/* By what the object hangs where it stands: an edge of its dominator, or the name of a root. */
static void describe_hold(text *out, const retention *held, uint32_t object)
{
    const ouro_snapshot *snapshot = held->snapshot;
    uint32_t above = held->dominator[object];
    if (above == OURO_GRAPH_NONE) return;
    if (above == OURO_GRAPH_ROOT) {
        uint32_t root = named_root(snapshot, object);
        if (root != OURO_GRAPH_NONE) describe_root(out, snapshot, root);
        return;
    }
    uint32_t edge = edge_between(snapshot, above, object);
    if (edge == OURO_GRAPH_NONE)
        text_add(out, "..."); /* by several ways */
    else
        describe_edge(out, snapshot, edge);
}

static void show_in_table(shown_tree *shown, uint32_t object, size_t depth)
{
    const retention *held = shown->held;
    uint64_t retained = held->retained[object];
    double share = share_of(retained, shown->whole);
    char bar[64];
    table_cell(shown->rows, "%s", show_bytes(retained).text);
    table_cell(shown->rows, "%.0f%%", 100 * share);
    terminal_bar(&shown->call->terminal, share, 10, bar);
    table_cell(shown->rows, "%s", bar);
    table_cell(shown->rows, "%s", show_bytes(held->snapshot->sizes[object]).text);
    text_clear(&shown->line);
    text_print(&shown->line, "%*s", (int)(2 * depth), "");
    size_t before = shown->line.length;
    describe_hold(&shown->line, held, object);
    if (shown->line.length > before) text_add(&shown->line, "  ");
    describe_object(&shown->line, held->snapshot, object);
    table_cell(shown->rows, "%s", text_of(&shown->line));
}

static void show_in_list(shown_tree *shown, uint32_t object, size_t depth)
{
    const retention *held = shown->held;
    const ouro_snapshot *snapshot = held->snapshot;
    json_object *row = answer_row(shown->told, shown->list);
    answer_address(shown->told, row, "object", snapshot->addresses[object]);
    answer_string(shown->told, row, "type",
                  snapshot->strings[snapshot->types[snapshot->object_types[object]].name]);
    answer_string(shown->told, row, "text", snapshot->strings[snapshot->texts[object]]);
    answer_integer(shown->told, row, "retained", held->retained[object]);
    answer_integer(shown->told, row, "bytes", snapshot->sizes[object]);
    answer_integer(shown->told, row, "depth", depth);
    answer_boolean(shown->told, row, "reached", held->dominator[object] != OURO_GRAPH_NONE);
    if (held->dominator[object] < OURO_GRAPH_ROOT)
        answer_address(shown->told, row, "dominator", snapshot->addresses[held->dominator[object]]);
    text_clear(&shown->line);
    describe_hold(&shown->line, held, object);
    answer_string(shown->told, row, "held_by", text_of(&shown->line));
}

static void show(shown_tree *shown, uint32_t object, size_t depth)
{
    if (shown->rows != NULL)
        show_in_table(shown, object, depth);
    else
        show_in_list(shown, object, depth);
}

/* Of which type most of some objects are. */
static void describe_most(shown_tree *shown, const uint32_t *objects, size_t count)
{
    const ouro_snapshot *snapshot = shown->held->snapshot;
    uint32_t *counts = calloc((size_t)snapshot->type_count + 1, sizeof(uint32_t));
    uint32_t most = 0;
    if (counts == NULL) return; /* the row says less */
    for (size_t i = 0; i < count; i++) {
        uint32_t type = snapshot->object_types[objects[i]];
        if (++counts[type] > counts[most]) most = type;
    }
    if (counts[most] == count)
        text_add(&shown->line, ", all ");
    else
        text_print(&shown->line, ", %s of them ", show_count(counts[most]).text);
    describe_type(&shown->line, snapshot, most);
    free(counts);
}

/* What is left out below an object, in one row. */
static void show_rest(shown_tree *shown, const uint32_t *rest, size_t count, size_t depth)
{
    uint64_t bytes = 0;
    if (shown->rows == NULL || count == 0) return;
    for (size_t i = 0; i < count; i++) bytes += shown->held->retained[rest[i]];
    if (depth > 0 && bytes < shown->least) return;
    table_cell(shown->rows, "%s", show_bytes(bytes).text);
    table_cell(shown->rows, "%.0f%%", 100 * share_of(bytes, shown->whole));
    table_cell(shown->rows, "%s", "");
    table_cell(shown->rows, "%s", "");
    text_clear(&shown->line);
    text_print(&shown->line, "%*s... %s more", (int)(2 * depth), "", show_count(count).text);
    describe_most(shown, rest, count);
    table_cell(shown->rows, "%s", text_of(&shown->line));
}

typedef struct level {
    const uint32_t *children; /* the largest first */
    size_t count, next;
    size_t few; /* so many are shown though they are small */
} level;

/* Much may hang on an object in small pieces: a cache and its entries.  Then a few are shown. */
static level level_below(const shown_tree *shown, uint32_t above)
{
    const retention *held = shown->held;
    level opened = {0};
    opened.children = retention_children(held, above, &opened.count);
    if (shown->rows == NULL || opened.count == 0) return opened;
    uint64_t below = above == OURO_GRAPH_ROOT
                         ? shown->whole
                         : held->retained[above] - held->snapshot->sizes[above];
    if (held->retained[opened.children[0]] < shown->least && below >= shown->least)
        opened.few = FEW;
    return opened;
}

/* Goes down from `start` (an object or OURO_GRAPH_ROOT), a stack of levels instead of recursion. */
static void show_tree(shown_tree *shown, uint32_t start, size_t depth)
{
    level levels[DEPTH_MAX + 1];
    size_t down = 0;
    levels[0] = level_below(shown, start);
    for (;;) {
        level *at = &levels[down];
        bool more = at->next < at->count && at->next < shown->call->top;
        bool large = more && shown->held->retained[at->children[at->next]] >= shown->least;
        if (large || (more && at->next < at->few)) {
            uint32_t child = at->children[at->next++];
            show(shown, child, down);
            if (large && down + 1 < depth) levels[++down] = level_below(shown, child);
            continue;
        }
        show_rest(shown, at->children + at->next, at->count - at->next, down);
        if (down-- == 0) return;
    }
}

/* The objects of a type, by what they retain. */
static int compare_retained(const void *a, const void *b, void *argument)
{
    const uint64_t *retained = argument;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    if (retained[left] != retained[right]) return retained[left] > retained[right] ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool show_type(shown_tree *shown, uint32_t type)
{
    const ouro_snapshot *snapshot = shown->held->snapshot;
    uint32_t *members = malloc(((size_t)snapshot->object_count + 1) * sizeof(uint32_t));
    size_t count = 0;
    if (members == NULL) return false;
    for (uint32_t n = 0; n < snapshot->object_count; n++)
        if (snapshot->object_types[n] == type) members[count++] = n;
    qsort_r(members, count, sizeof(uint32_t), compare_retained, shown->held->retained);
    for (size_t i = 0; i < count && i < shown->call->top; i++) show(shown, members[i], 0);
    if (shown->rows != NULL && count > shown->call->top) {
        for (int i = 0; i < 4; i++) table_cell(shown->rows, "%s", "");
        table_cell(shown->rows, "... %s more", show_count(count - shown->call->top).text);
    }
    free(members);
    return true;
}

/* What the call asked for: a type, an object, or all. */
static bool show_asked(shown_tree *shown, uint32_t type, uint32_t object)
{
    size_t depth = shown->call->depth == 0 ? DEPTH : shown->call->depth;
    if (type != OURO_GRAPH_NONE) return show_type(shown, type);
    if (object != OURO_GRAPH_NONE) show(shown, object, 0);
    show_tree(shown, object == OURO_GRAPH_NONE ? OURO_GRAPH_ROOT : object, depth);
    return true;
}

static int print_tree(snapshot_call *call, shown_tree *shown, uint32_t type, uint32_t object)
{
    terminal_output *terminal = &call->terminal;
    const retention *held = shown->held;
    table rows;
    table_begin(&rows, columns, 5);
    shown->rows = &rows;
    shown->least = type == OURO_GRAPH_NONE ? shown->whole / 100 : 0;
    terminal_heading(terminal, "%s, %s, that the program holds",
                     show_counted(held->reached_objects, "object").text,
                     show_bytes(held->reached_bytes).text);
    bool good = show_asked(shown, type, object);
    good = table_end(&rows, terminal) && good;
    if (held->reached_objects < held->snapshot->object_count)
        terminal_faint(
            terminal, "   %s waiting for the collector: ouro snapshot cycles",
            show_counted(held->snapshot->object_count - held->reached_objects, "more object").text);
    return good ? finish_output() : snapshot_refused("the tree");
}

static int answer_tree(shown_tree *shown, uint32_t type, uint32_t object)
{
    answer told;
    answer_begin(&told);
    answer_integer(&told, told.root, "reached_objects", shown->held->reached_objects);
    answer_integer(&told, told.root, "reached_bytes", shown->held->reached_bytes);
    shown->told = &told;
    shown->list = answer_list(&told, told.root, "objects");
    if (!show_asked(shown, type, object)) told.refused = true;
    return answer_print(&told);
}

static int tell(snapshot_call *call, const ouro_snapshot *snapshot)
{
    uint32_t type = OURO_GRAPH_NONE, object = OURO_GRAPH_NONE;
    retention held = {0};
    int status;
    if (call->type != NULL && !snapshot_call_type(call, snapshot, &type, &status)) return status;
    if (call->has_address && !snapshot_call_object(call, snapshot, &object, &status)) return status;
    terminal_progress_stage(&call->terminal, "finding what each object retains");
    bool good = retention_find(snapshot, &held) && retention_grow_tree(&held);
    terminal_progress_end(&call->terminal);
    if (!good) {
        status = snapshot_refused("what each object retains");
    } else {
        shown_tree shown = {.call = call, .held = &held, .whole = held.reached_bytes};
        if (object != OURO_GRAPH_NONE) shown.whole = held.retained[object];
        status =
            call->json ? answer_tree(&shown, type, object) : print_tree(call, &shown, type, object);
        text_free(&shown.line);
    }
    retention_free(&held);
    return status;
}

int snapshot_dominators_command(int argc, char **argv)
{
    return snapshot_call_run(&usage, argc, argv, NULL, tell);
}
