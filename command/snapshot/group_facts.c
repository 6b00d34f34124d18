/* SPDX-License-Identifier: MIT */
/*
 * group_facts.c -- all about one group of objects that hold each other
 */
#include "group_facts.h"

#include "analysis/describe.h"
#include "analysis/paths.h"
#include "command.h"
#include "table.h"

#include <stdlib.h>

/* How many of the group's members are of which type. */
typedef struct member_type {
    uint32_t type;
    size_t objects;
    uint64_t bytes;
} member_type;

static int largest_first(const void *a, const void *b)
{
    const member_type *left = a, *right = b;
    if (left->bytes != right->bytes) return left->bytes > right->bytes ? -1 : 1;
    return left->type < right->type ? -1 : left->type > right->type;
}

/* NULL: no memory. */
static member_type *count_types(const cycles *found, const cycle_group *group, size_t *out_count)
{
    const ouro_snapshot *snapshot = found->snapshot;
    member_type *types = calloc((size_t)snapshot->type_count + 1, sizeof(member_type));
    *out_count = 0;
    if (types == NULL) return NULL;
    for (uint32_t t = 0; t < snapshot->type_count; t++) types[t].type = t;
    for (size_t i = 0; i < group->member_count; i++) {
        uint32_t member = found->members[group->first_member + i];
        member_type *counted = &types[snapshot->object_types[member]];
        counted->objects++;
        counted->bytes += snapshot->sizes[member];
    }
    for (uint32_t t = 0; t < snapshot->type_count; t++)
        if (types[t].objects > 0) types[(*out_count)++] = types[t];
    qsort(types, *out_count, sizeof(member_type), largest_first);
    return types;
}

/* The member that is nearest to a root. */
static uint32_t nearest_member(const cycles *found, const cycle_group *group, const paths *ways)
{
    for (size_t i = 0; i < group->member_count; i++) {
        uint32_t member = found->members[group->first_member + i];
        uint32_t from = ways->from[member];
        if (from == OURO_GRAPH_ROOT) return member;
        if (from != OURO_GRAPH_NONE && found->group_of[from] != found->group_of[member])
            return member; /* one way into the group, not always the shortest of all */
    }
    return OURO_GRAPH_NONE;
}

/* ---- for people ------------------------------------------------------------------------ */

static bool print_round(snapshot_call *call, const cycles *found, const cycle_group *group)
{
    terminal_output *terminal = &call->terminal;
    const ouro_snapshot *snapshot = found->snapshot;
    text line = {0};
    terminal_gap(terminal);
    terminal_heading(terminal, "A shortest way round");
    for (size_t i = 0; i < group->round_length && i < call->top; i++) {
        uint32_t edge = found->rounds[group->first_edge + i];
        object_words(&line, snapshot, edge_owner(snapshot, edge));
        text_add(&line, "  ");
        describe_edge(&line, snapshot, edge);
        terminal_say(terminal, "%s %s", text_of(&line), terminal_arrow(terminal));
    }
    if (group->round_length > call->top)
        terminal_say(terminal, "... %s more ...", show_count(group->round_length - call->top).text);
    else
        terminal_say(terminal, "the first");
    bool good = !line.refused;
    text_free(&line);
    return good;
}

static bool print_types(snapshot_call *call, const cycles *found, const cycle_group *group)
{
    static const table_column columns[] = {{"objects", true}, {"bytes", true}, {"type", false}};
    table rows;
    size_t count;
    text name = {0};
    member_type *types = count_types(found, group, &count);
    if (types == NULL) return false;
    table_begin(&rows, columns, 3);
    for (size_t i = 0; i < count && i < call->top; i++) {
        table_cell(&rows, "%s", show_count(types[i].objects).text);
        table_cell(&rows, "%s", show_bytes(types[i].bytes).text);
        table_cell(&rows, "%s", type_words(&name, found->snapshot, types[i].type));
    }
    bool good = table_end(&rows, &call->terminal) && !name.refused;
    free(types);
    text_free(&name);
    return good;
}

/* Where the program, or other garbage, holds it. */
static bool print_holder(snapshot_call *call, const cycles *found, const cycle_group *group)
{
    terminal_output *terminal = &call->terminal;
    paths ways;
    path way = {0};
    text line = {0};
    if (!group->reached) {
        terminal_say(terminal, group->entered
                                   ? "other garbage refers to it; only the collector frees it"
                                   : "nobody else refers to it: only the collector frees it");
        return true;
    }
    if (!paths_find(found->snapshot, &ways)) return false;
    uint32_t member = nearest_member(found, group, &ways);
    bool good = member == OURO_GRAPH_NONE || path_to(&ways, member, &way);
    if (good && way.length > 0) {
        describe_path(&line, found->snapshot, &way);
        terminal_say(terminal, "held by {%s}", text_of(&line));
    }
    path_free(&way);
    paths_free(&ways);
    text_free(&line);
    return good;
}

static int print_group(snapshot_call *call, const cycles *found, const cycle_group *group)
{
    terminal_heading(&call->terminal, "%s that hold each other, %s",
                     show_counted(group->member_count, "object").text,
                     show_bytes(group->bytes).text);
    terminal_say(&call->terminal, "with them {%s} would go: %s", show_bytes(group->held_bytes).text,
                 show_counted(group->held_objects, "object").text);
    bool good = print_holder(call, found, group) && print_round(call, found, group);
    terminal_gap(&call->terminal);
    good = good && print_types(call, found, group);
    return good ? finish_output() : snapshot_refused("the group");
}

/* ---- for programs ------------------------------------------------------------------------ */

void answer_group(answer *told, json_object *row, const cycles *found, size_t number)
{
    const ouro_snapshot *snapshot = found->snapshot;
    const cycle_group *group = &found->groups[number];
    text line = {0};
    answer_integer(told, row, "objects", group->member_count);
    answer_integer(told, row, "bytes", group->bytes);
    answer_integer(told, row, "held_objects", group->held_objects);
    answer_integer(told, row, "held_bytes", group->held_bytes);
    answer_boolean(told, row, "reached", group->reached);
    answer_boolean(told, row, "entered", group->entered);
    answer_integer(told, row, "form", group->form);
    json_object *list = answer_list(told, row, "round");
    for (size_t i = 0; i < group->round_length; i++) {
        uint32_t edge = found->rounds[group->first_edge + i];
        uint32_t owner = edge_owner(snapshot, edge);
        json_object *section = answer_row(told, list);
        answer_address(told, section, "object", snapshot->addresses[owner]);
        answer_string(told, section, "type",
                      snapshot->strings[snapshot->types[snapshot->object_types[owner]].name]);
        text_clear(&line);
        describe_edge(&line, snapshot, edge);
        answer_string(told, section, "edge", text_of(&line));
    }
    told->refused = told->refused || line.refused;
    text_free(&line);
}

static int answer_one(const snapshot_call *call, const cycles *found, size_t number)
{
    const cycle_group *group = &found->groups[number];
    answer told;
    answer_begin(&told);
    answer_group(&told, told.root, found, number);
    json_object *list = answer_list(&told, told.root, "members");
    for (size_t i = 0; i < group->member_count && i < call->top; i++) {
        uint32_t member = found->members[group->first_member + i];
        answer_address(&told, answer_row(&told, list), "object",
                       found->snapshot->addresses[member]);
    }
    return answer_print(&told);
}

int tell_group(snapshot_call *call, const cycles *found, uint32_t object)
{
    uint32_t group = found->group_of[object];
    if (group != OURO_GRAPH_NONE)
        return call->json ? answer_one(call, found, group)
                          : print_group(call, found, &found->groups[group]);
    if (call->json) {
        answer told;
        answer_begin(&told);
        answer_integer(&told, told.root, "objects", 0);
        return answer_print(&told);
    }
    text line = {0};
    terminal_say(&call->terminal, "%s is in no cycle.",
                 object_words(&line, found->snapshot, object));
    text_free(&line);
    return finish_output();
}
