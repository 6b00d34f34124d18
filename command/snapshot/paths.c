/* SPDX-License-Identifier: MIT */
/*
 * paths.c -- `ouro snapshot paths`: why an object is alive
 */
#include "analysis/paths.h"

#include "analysis/describe.h"
#include "answer.h"
#include "command.h"
#include "snapshot.h"

#include <stdlib.h>

static const snapshot_usage usage = {
    .name = "paths",
    .help = "Usage: ouro snapshot paths --object ADDRESS [--top N] [--json] FILE\n"
            "       ouro snapshot paths --type NAME [--top N] [--json] FILE\n"
            "\n"
            "Says why an object is alive: a shortest way to it from what the program holds,\n"
            "for each object that refers to it.  With --type it says it of the largest\n"
            "objects of that type, one way for each.\n"
            "\n"
            "Options:\n"
            "  --object ADDRESS  the object, as the other commands print it\n"
            "  --type NAME       the largest objects of this type\n"
            "  --top N           show N ways (5); 0: all\n"
            "  --json            print one JSON object instead of text\n"
            "  --help            print this and exit\n",
    .takes = TAKES_TOP | TAKES_TYPE | TAKES_OBJECT,
    .files = 1,
    .top = 5,
};

/* The ways that are shown, shortest first. */
typedef struct ways {
    const ouro_snapshot *snapshot;
    const paths *found;
    path *paths;
    size_t length, capacity;
    uint64_t referrers; /* of --object */
} ways;

static bool ways_add(ways *shown, path way)
{
    if (way.length == 0) {
        path_free(&way);
        return true;
    }
    if (shown->length == shown->capacity) {
        size_t capacity = shown->capacity * 2 + 16;
        path *larger = realloc(shown->paths, capacity * sizeof(path));
        if (larger == NULL) {
            path_free(&way);
            return false;
        }
        shown->paths = larger;
        shown->capacity = capacity;
    }
    shown->paths[shown->length++] = way;
    return true;
}

static void ways_free(ways *shown)
{
    for (size_t i = 0; i < shown->length; i++) path_free(&shown->paths[i]);
    free(shown->paths);
}

/* Those from named roots first, as in paths.h. */
static int compare_ways(const void *a, const void *b, void *argument)
{
    const ouro_snapshot *snapshot = argument;
    const path *left = a, *right = b;
    bool left_named = *snapshot->strings[snapshot->roots[left->root].name] != '\0';
    bool right_named = *snapshot->strings[snapshot->roots[right->root].name] != '\0';
    if (left_named != right_named) return left_named ? -1 : 1;
    if (left->length != right->length) return left->length < right->length ? -1 : 1;
    if (left->length < 2) return 0;
    uint32_t left_edge = left->edges[left->length - 2],
             right_edge = right->edges[right->length - 2];
    return left_edge < right_edge ? -1 : left_edge > right_edge;
}

/* One way for each object that refers to it, and the root's own. */
static bool find_ways_to(ways *shown, uint32_t object)
{
    size_t count;
    uint32_t *edges = edges_into(shown->snapshot, object, &count);
    bool good = edges != NULL || count == 0;
    path way;
    if (good && shown->found->root[object] != OURO_GRAPH_NONE) {
        paths direct =
            *shown->found; /* which would not tell it where a named root leads there, too */
        uint32_t kept = direct.from[object];
        direct.from[object] = OURO_GRAPH_ROOT;
        good = path_to(&direct, object, &way) && ways_add(shown, way);
        direct.from[object] = kept;
    }
    uint32_t last = OURO_GRAPH_NONE;
    for (size_t i = 0; good && edges != NULL && i < count; i++) {
        uint32_t owner = edge_owner(shown->snapshot, edges[i]);
        if (owner == last) continue;
        last = owner;
        shown->referrers++;
        if (owner == object) continue;
        good = path_by(shown->found, owner, object, &way) && ways_add(shown, way);
    }
    free(edges);
    if (good && shown->length > 0)
        qsort_r(shown->paths, shown->length, sizeof(path), compare_ways,
                (void *)(uintptr_t)shown->snapshot);
    return good;
}

static int compare_sizes(const void *a, const void *b, void *argument)
{
    const ouro_snapshot *snapshot = argument;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    if (snapshot->sizes[left] != snapshot->sizes[right])
        return snapshot->sizes[left] > snapshot->sizes[right] ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool find_ways_to_type(ways *shown, uint32_t type, size_t top)
{
    const ouro_snapshot *snapshot = shown->snapshot;
    uint32_t *members = malloc(((size_t)snapshot->object_count + 1) * sizeof(uint32_t));
    size_t count = 0;
    bool good = members != NULL;
    for (uint32_t n = 0; good && n < snapshot->object_count; n++)
        if (snapshot->object_types[n] == type && shown->found->from[n] != OURO_GRAPH_NONE)
            members[count++] = n;
    if (good) qsort_r(members, count, sizeof(uint32_t), compare_sizes, (void *)(uintptr_t)snapshot);
    for (size_t i = 0; good && i < count && i < top; i++) {
        path way;
        good = path_to(shown->found, members[i], &way) && ways_add(shown, way);
    }
    free(members);
    return good;
}

/* ---- for people --------------------------------------------------------------------- */

/* The way in one line, and below it step by step. */
static bool print_way(snapshot_call *call, const ways *shown, const path *way)
{
    terminal_output *terminal = &call->terminal;
    const ouro_snapshot *snapshot = shown->snapshot;
    const ouro_snapshot_root *root = &snapshot->roots[way->root];
    text line = {0}, edge = {0};
    describe_path(&line, snapshot, way);
    terminal_heading(terminal, "%s", text_of(&line));
    for (size_t i = 0; i < way->length; i++) {
        text_clear(&edge);
        if (i > 0)
            describe_edge(&edge, snapshot, way->edges[i - 1]);
        else
            text_print(&edge, "%s root", root_kind_word(root->kind));
        terminal_say(terminal, "%-20s %s %s", text_of(&edge), terminal_arrow(terminal),
                     object_words(&line, snapshot, way->objects[i]));
    }
    bool good = !line.refused && !edge.refused;
    text_free(&line);
    text_free(&edge);
    return good;
}

static void print_unreached(snapshot_call *call, const ways *shown, uint32_t object)
{
    terminal_output *terminal = &call->terminal;
    size_t count;
    uint32_t *edges = edges_into(shown->snapshot, object, &count);
    text line = {0};
    terminal_say(terminal, "No root leads to it: only the collector frees it.");
    for (size_t i = 0; edges != NULL && i < count && i < call->top; i++) {
        uint32_t owner = edge_owner(shown->snapshot, edges[i]);
        object_words(&line, shown->snapshot, owner);
        text_add(&line, "  ");
        describe_edge(&line, shown->snapshot, edges[i]);
        terminal_say(terminal, "held by  %s", text_of(&line));
    }
    if (edges != NULL && count > call->top)
        terminal_faint(terminal, "   %s; --top 0 shows all",
                       show_counted(count - call->top, "more reference").text);
    free(edges);
    text_free(&line);
}

static int print_ways(snapshot_call *call, const ways *shown, uint32_t object)
{
    terminal_output *terminal = &call->terminal;
    const ouro_snapshot *snapshot = shown->snapshot;
    text line = {0};
    bool good = true;
    if (object != OURO_GRAPH_NONE) {
        terminal_heading(terminal, "%s", object_words(&line, snapshot, object));
        terminal_say(
            terminal, "{%s}, count %s, referrers: %s", show_bytes(snapshot->sizes[object]).text,
            snapshot->counts[object] == UINT32_MAX ? "immortal"
                                                   : show_count(snapshot->counts[object]).text,
            show_count(shown->referrers).text);
        if (shown->length == 0) print_unreached(call, shown, object);
    } else if (shown->length == 0) {
        terminal_say(terminal, "No root leads to an object of this type.");
    }
    for (size_t i = 0; good && i < shown->length && i < call->top; i++) {
        if (i > 0 || object != OURO_GRAPH_NONE) terminal_gap(terminal);
        good = print_way(call, shown, &shown->paths[i]);
    }
    if (shown->length > call->top)
        terminal_faint(terminal, "\n   %s; --top 0 shows all",
                       show_counted(shown->length - call->top, "more way").text);
    text_free(&line);
    return good ? finish_output() : snapshot_refused("the ways");
}

/* ---- for programs --------------------------------------------------------------------- */

static void answer_object(answer *told, json_object *row, const ouro_snapshot *snapshot,
                          uint32_t object)
{
    answer_address(told, row, "object", snapshot->addresses[object]);
    answer_string(told, row, "type",
                  snapshot->strings[snapshot->types[snapshot->object_types[object]].name]);
    answer_string(told, row, "text", snapshot->strings[snapshot->texts[object]]);
    answer_integer(told, row, "bytes", snapshot->sizes[object]);
}

static void answer_way(answer *told, json_object *list, const ouro_snapshot *snapshot,
                       const path *way)
{
    const ouro_snapshot_root *root = &snapshot->roots[way->root];
    json_object *row = answer_row(told, list);
    text line = {0};
    describe_path(&line, snapshot, way);
    answer_string(told, row, "path", text_of(&line));
    answer_string(told, row, "root_kind", root_kind_word(root->kind));
    answer_string(told, row, "root", snapshot->strings[root->name]);
    json_object *steps = answer_list(told, row, "steps");
    for (size_t i = 0; i < way->length; i++) {
        json_object *step = answer_row(told, steps);
        answer_object(told, step, snapshot, way->objects[i]);
        text_clear(&line);
        if (i > 0) describe_edge(&line, snapshot, way->edges[i - 1]);
        answer_string(told, step, "edge", text_of(&line));
    }
    told->refused = told->refused || line.refused;
    text_free(&line);
}

static int answer_ways(const snapshot_call *call, const ways *shown, uint32_t object)
{
    answer told;
    answer_begin(&told);
    if (object != OURO_GRAPH_NONE) {
        answer_object(&told, told.root, shown->snapshot, object);
        answer_integer(&told, told.root, "count", shown->snapshot->counts[object]);
        answer_integer(&told, told.root, "referrers", shown->referrers);
        answer_boolean(&told, told.root, "reached", shown->length > 0);
    }
    answer_integer(&told, told.root, "way_count", shown->length);
    json_object *list = answer_list(&told, told.root, "ways");
    for (size_t i = 0; i < shown->length && i < call->top; i++)
        answer_way(&told, list, shown->snapshot, &shown->paths[i]);
    return answer_print(&told);
}

static int tell(snapshot_call *call, const ouro_snapshot *snapshot)
{
    uint32_t type = OURO_GRAPH_NONE, object = OURO_GRAPH_NONE;
    paths found;
    int status;
    if (call->has_address ? !snapshot_call_object(call, snapshot, &object, &status)
                          : !snapshot_call_type(call, snapshot, &type, &status))
        return status;
    terminal_progress_stage(&call->terminal, "searching");
    bool good = paths_find(snapshot, &found);
    ways shown = {.snapshot = snapshot, .found = &found};
    if (good)
        good = object != OURO_GRAPH_NONE ? find_ways_to(&shown, object)
                                         : find_ways_to_type(&shown, type, call->top);
    terminal_progress_end(&call->terminal);
    if (!good)
        status = snapshot_refused("the ways");
    else
        status = call->json ? answer_ways(call, &shown, object) : print_ways(call, &shown, object);
    ways_free(&shown);
    paths_free(&found);
    return status;
}

static bool names_something(const snapshot_call *call)
{
    if (call->has_address != (call->type != NULL)) return true;
    complain("snapshot paths: say which object by --object ADDRESS, or of which type by --type "
             "NAME; `ouro snapshot paths --help` tells more");
    return false;
}

int snapshot_paths_command(int argc, char **argv)
{
    return snapshot_call_run(&usage, argc, argv, names_something, tell);
}
