/* SPDX-License-Identifier: MIT */
/*
 * cycles.c -- `ouro snapshot cycles`: objects that hold each other
 */
#include "analysis/cycles.h"

#include "analysis/describe.h"
#include "answer.h"
#include "command.h"
#include "group_facts.h"
#include "site_rows.h"
#include "snapshot.h"
#include "table.h"

#include <stdlib.h>

static const snapshot_usage usage = {
    .name = "cycles",
    .help = "Usage: ouro snapshot cycles [OPTION]... FILE\n"
            "\n"
            "Shows the objects that hold each other, which counting alone never frees: groups\n"
            "that wait for the collector, groups that the program holds, and the garbage that\n"
            "the last collections found.  Groups whose shortest round is of the same types\n"
            "and fields are one line.\n"
            "\n"
            "Options:\n"
            "  --object ADDRESS  about the group of this object: its round, its members, who\n"
            "                    holds it\n"
            "  --type NAME       groups with an object of this type alone\n"
            "  --top N           show N lines of each kind (10); 0: all\n"
            "  --json            print one JSON object instead of text\n"
            "  --help            print this and exit\n",
    .takes = TAKES_TOP | TAKES_TYPE | TAKES_OBJECT,
    .files = 1,
    .top = 10,
};

/* The forms that are shown: all, or those with an object of a type in one of their groups. */
static bool choose_forms(const cycles *found, uint32_t type, uint8_t *out_shown)
{
    const ouro_snapshot *snapshot = found->snapshot;
    for (size_t g = 0; g < found->group_count; g++) {
        const cycle_group *group = &found->groups[g];
        bool fits = type == OURO_GRAPH_NONE;
        for (size_t i = 0; i < group->member_count && !fits; i++)
            fits = snapshot->object_types[found->members[group->first_member + i]] == type;
        if (fits) out_shown[group->form] = 1;
    }
    return true;
}

/* ---- for people ---------------------------------------------------------------------- */

static const table_column columns[] = {
    {"groups", true}, {"objects", true}, {"hold", true}, {"example", false}, {"round", false}};

static void add_row(table *rows, const cycles *found, const cycle_form *form, bool unreached,
                    text *line)
{
    const cycle_group *example = &found->groups[form->example];
    uint32_t member = found->members[example->first_member];
    size_t groups = unreached ? form->unreached_groups : form->groups - form->unreached_groups;
    size_t objects = unreached ? form->unreached_objects : form->objects - form->unreached_objects;
    uint64_t held =
        unreached ? form->unreached_held_bytes : form->held_bytes - form->unreached_held_bytes;
    table_cell(rows, "%s", show_count(groups).text);
    table_cell(rows, "%s", show_count(objects).text);
    table_cell(rows, "%s", show_bytes(held).text);
    if (example->reached != unreached)
        table_cell(rows, "0x%llx", (unsigned long long)found->snapshot->addresses[member]);
    else
        table_cell(rows, "%s", "");
    text_clear(line);
    describe_round(line, found, example);
    table_cell(rows, "%s", text_of(line));
}

/* One table: of what waits for the collector, or of what is held. */
static bool print_forms(snapshot_call *call, const cycles *found, const uint8_t *chosen,
                        bool unreached)
{
    terminal_output *terminal = &call->terminal;
    table rows;
    text line = {0};
    size_t groups = 0, left = 0, shown = 0;
    uint64_t held = 0;
    table_begin(&rows, columns, 5);
    for (size_t f = 0; f < found->form_count; f++) {
        const cycle_form *form = &found->forms[f];
        size_t mine = unreached ? form->unreached_groups : form->groups - form->unreached_groups;
        if (!chosen[f] || mine == 0) continue;
        groups += mine;
        held +=
            unreached ? form->unreached_held_bytes : form->held_bytes - form->unreached_held_bytes;
        if (shown++ < call->top)
            add_row(&rows, found, form, unreached, &line);
        else
            left++;
    }
    terminal_heading(terminal, "%s: %s, holding %s",
                     unreached ? "Only the collector frees" : "Held by the program",
                     show_counted(groups, "group").text, show_bytes(held).text);
    bool good = !line.refused;
    if (groups > 0) good = table_end(&rows, terminal) && good;
    if (left > 0)
        terminal_faint(terminal, "   %s; --top 0 shows all", show_counted(left, "more form").text);
    text_free(&line);
    return good;
}

/* What the collector has told: cycles that are gone. */
static void describe_found(text *line, struct symbols *symbols, const ouro_snapshot *snapshot,
                           const ouro_snapshot_cycle *gone)
{
    const ouro_snapshot_link *links = snapshot->links + gone->first_link;
    text_clear(line);
    for (uint32_t i = 0; i < gone->length; i++) {
        describe_type(line, snapshot, links[i].type);
        describe_label(line, snapshot, links[i].label, links[i].index);
        text_add(line, " -> ");
    }
    if (gone->length > 0) describe_type(line, snapshot, links[0].type);
    if (gone->site == 0) return;
    text_add(line, "   made in ");
    add_site(line, symbols, snapshot, gone->site);
}

static bool print_found(snapshot_call *call, const ouro_snapshot *snapshot)
{
    static const table_column found_columns[] = {
        {"times", true}, {"objects", true}, {"bytes", true}, {"round", false}};
    table rows;
    text line = {0};
    if (snapshot->cycle_count == 0) return true;
    struct symbols *symbols = site_symbols();
    terminal_gap(&call->terminal);
    terminal_heading(&call->terminal, "Found and freed by the last collections");
    table_begin(&rows, found_columns, 4);
    for (uint32_t i = 0; i < snapshot->cycle_count && i < call->top; i++) {
        const ouro_snapshot_cycle *gone = &snapshot->cycles[i];
        describe_found(&line, symbols, snapshot, gone);
        table_cell(&rows, "%s", show_count(gone->found).text);
        table_cell(&rows, "%s", show_count(gone->objects).text);
        table_cell(&rows, "%s", show_bytes(gone->bytes).text);
        table_cell(&rows, "%s", text_of(&line));
    }
    bool good = table_end(&rows, &call->terminal) && !line.refused;
    if (symbols != NULL) symbols_free(symbols);
    text_free(&line);
    return good;
}

static int print_all(snapshot_call *call, const cycles *found, const uint8_t *chosen)
{
    bool good = print_forms(call, found, chosen, true);
    terminal_gap(&call->terminal);
    good = good && print_forms(call, found, chosen, false);
    good = good && (call->type != NULL || print_found(call, found->snapshot));
    if (found->group_count > 0) {
        terminal_gap(&call->terminal);
        terminal_faint(&call->terminal,
                       "   --object ADDRESS tells all about the group of an object");
    }
    return good ? finish_output() : snapshot_refused("the table");
}

/* ---- for programs ---------------------------------------------------------------------- */

static void answer_found(answer *told, const ouro_snapshot *snapshot, size_t top)
{
    json_object *list = answer_list(told, told->root, "found");
    struct symbols *symbols = snapshot->cycle_count > 0 ? site_symbols() : NULL;
    text line = {0};
    for (uint32_t i = 0; i < snapshot->cycle_count && i < top; i++) {
        const ouro_snapshot_cycle *gone = &snapshot->cycles[i];
        json_object *row = answer_row(told, list);
        answer_integer(told, row, "times", gone->found);
        answer_integer(told, row, "objects", gone->objects);
        answer_integer(told, row, "bytes", gone->bytes);
        json_object *links = answer_list(told, row, "links");
        for (uint32_t n = 0; n < gone->length; n++) {
            const ouro_snapshot_link *link = &snapshot->links[gone->first_link + n];
            json_object *section = answer_row(told, links);
            text_clear(&line);
            describe_label(&line, snapshot, link->label, link->index);
            answer_string(told, section, "type",
                          snapshot->strings[snapshot->types[link->type].name]);
            answer_string(told, section, "edge", text_of(&line));
        }
        text_clear(&line);
        if (gone->site != 0) add_site(&line, symbols, snapshot, gone->site);
        answer_string(told, row, "site", text_of(&line));
    }
    told->refused = told->refused || line.refused;
    if (symbols != NULL) symbols_free(symbols);
    text_free(&line);
}

static int answer_all(const snapshot_call *call, const cycles *found, const uint8_t *chosen)
{
    answer told;
    text line = {0};
    size_t shown = 0;
    answer_begin(&told);
    answer_integer(&told, told.root, "group_count", found->group_count);
    answer_integer(&told, told.root, "objects", found->member_count);
    answer_integer(&told, told.root, "form_count", found->form_count);
    json_object *list = answer_list(&told, told.root, "forms");
    for (size_t f = 0; f < found->form_count && shown < call->top; f++) {
        const cycle_form *form = &found->forms[f];
        if (!chosen[f]) continue;
        shown++;
        json_object *row = answer_row(&told, list);
        text_clear(&line);
        describe_round(&line, found, &found->groups[form->example]);
        answer_string(&told, row, "round", text_of(&line));
        answer_integer(&told, row, "groups", form->groups);
        answer_integer(&told, row, "objects", form->objects);
        answer_integer(&told, row, "bytes", form->bytes);
        answer_integer(&told, row, "held_bytes", form->held_bytes);
        answer_integer(&told, row, "unreached_groups", form->unreached_groups);
        answer_integer(&told, row, "unreached_objects", form->unreached_objects);
        answer_integer(&told, row, "unreached_bytes", form->unreached_bytes);
        answer_integer(&told, row, "unreached_held_bytes", form->unreached_held_bytes);
    }
    list = answer_list(&told, told.root, "groups");
    shown = 0;
    for (size_t g = 0; g < found->group_count && shown < call->top; g++) {
        if (!chosen[found->groups[g].form]) continue;
        shown++;
        answer_group(&told, answer_row(&told, list), found, g);
    }
    answer_found(&told, found->snapshot, call->top);
    told.refused = told.refused || line.refused;
    text_free(&line);
    return answer_print(&told);
}

static int tell_all(snapshot_call *call, const cycles *found, uint32_t type)
{
    uint8_t *chosen = calloc(found->form_count + 1, 1);
    int status;
    if (chosen == NULL || !choose_forms(found, type, chosen))
        status = snapshot_refused("the forms");
    else
        status = call->json ? answer_all(call, found, chosen) : print_all(call, found, chosen);
    free(chosen);
    return status;
}

static int tell(snapshot_call *call, const ouro_snapshot *snapshot)
{
    uint32_t type = OURO_GRAPH_NONE, object = OURO_GRAPH_NONE;
    cycles found;
    int status;
    if (call->type != NULL && !snapshot_call_type(call, snapshot, &type, &status)) return status;
    if (call->has_address && !snapshot_call_object(call, snapshot, &object, &status)) return status;
    terminal_progress_stage(&call->terminal, "finding cycles");
    bool good = cycles_find(snapshot, &found);
    terminal_progress_end(&call->terminal);
    if (!good) return snapshot_refused("the cycles");
    if (object == OURO_GRAPH_NONE)
        status = tell_all(call, &found, type);
    else
        status = tell_group(call, &found, object);
    cycles_free(&found);
    return status;
}

int snapshot_cycles_command(int argc, char **argv)
{
    return snapshot_call_run(&usage, argc, argv, NULL, tell);
}
