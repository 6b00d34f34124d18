/* SPDX-License-Identifier: MIT */
/*
 * diff.c -- `ouro snapshot diff`: what grew between two files, where it is kept, and where it was allocated
 */
#include "analysis/describe.h"
#include "analysis/growth.h"
#include "analysis/paths.h"
#include "analysis/sites.h"
#include "answer.h"
#include "command.h"
#include "site_rows.h"
#include "snapshot.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const snapshot_usage usage = {
    .name = "diff",
    .help = "Usage: ouro snapshot diff [OPTION]... BEFORE AFTER\n"
            "\n"
            "Compares two snapshots of one program: which types grew, how many objects are\n"
            "new or gone, and which older objects lead to the new ones: where a leak goes in.\n"
            "Of heaps that were traced (OURO_TRACE) also which places in the program have\n"
            "more alive.  An object is the same when its address and its type are, a place\n"
            "when its callers are.\n"
            "\n"
            "Options:\n"
            "  --type NAME  about this type alone\n"
            "  --top N      show N rows of each table (10); 0: all\n"
            "  --json       print one JSON object instead of text\n"
            "  --help       print this and exit\n",
    .takes = TAKES_TOP | TAKES_TYPE,
    .files = 2,
    .top = 10,
};

static int64_t grew(uint64_t before, uint64_t after)
{
    return (int64_t)(after - before);
}

/* "+1,234" or "-12". */
static readable show_change(int64_t change, readable (*show)(uint64_t))
{
    readable result;
    readable figure = show(change < 0 ? -(uint64_t)change : (uint64_t)change);
    snprintf(result.text, sizeof(result.text), "%s%.30s",
             change < 0   ? "-"
             : change > 0 ? "+"
                          : "",
             figure.text);
    return result;
}

static bool is_shown(const snapshot_call *call, const growth_row *row)
{
    if (call->type != NULL) return strcmp(row->type, call->type) == 0;
    return row->born > 0 || row->gone > 0 || row->bytes_before != row->bytes_after;
}

/* ---- for people --------------------------------------------------------------------- */

static void add_row(table *rows, const growth_row *row, text *name)
{
    text_clear(name);
    text_add_safely(name, row->type, 0);
    table_cell(rows, "%s", show_change(grew(row->bytes_before, row->bytes_after), show_bytes).text);
    table_cell(rows, "%s",
               show_change(grew(row->objects_before, row->objects_after), show_count).text);
    table_cell(rows, "%s", show_count(row->born).text);
    table_cell(rows, "%s", show_count(row->gone).text);
    table_cell(rows, "%s", show_count(row->objects_after).text);
    table_cell(rows, "%s", show_bytes(row->bytes_after).text);
    table_cell(rows, "%s", text_of(name));
}

static bool print_rows(snapshot_call *call, const growth *found)
{
    static const table_column columns[] = {{"growth", true}, {"objects", true}, {"new", true},
                                           {"gone", true},   {"now", true},     {"bytes", true},
                                           {"type", false}};
    table rows;
    text name = {0};
    size_t shown = 0, left = 0;
    table_begin(&rows, columns, 7);
    for (size_t i = 0; i < found->length; i++) {
        if (!is_shown(call, &found->rows[i])) continue;
        if (shown < call->top)
            add_row(&rows, &found->rows[i], &name);
        else
            left++;
        shown++;
    }
    if (shown == 0) terminal_say(&call->terminal, "nothing changed");
    bool good = (shown == 0 || table_end(&rows, &call->terminal)) && !name.refused;
    if (left > 0)
        terminal_faint(&call->terminal, "   %s; --top 0 shows all",
                       show_counted(left, "more type").text);
    text_free(&name);
    return good;
}

/* Whether a place leads to a new object of the type that was asked for, if one was. */
static bool place_is_shown(const snapshot_call *call, const growth *found,
                           const growth_place *place)
{
    const ouro_snapshot *after = found->after;
    if (call->type == NULL) return true;
    for (uint32_t e = after->graph.first[place->object]; e < after->graph.first[place->object + 1];
         e++) {
        uint32_t to = after->graph.target[e];
        if (found->is_new[to] &&
            strcmp(after->strings[after->types[after->object_types[to]].name], call->type) == 0)
            return true;
    }
    return false;
}

/* The way to a place and on to one of the new objects that it refers to. */
static bool describe_place(text *line, const growth *found, const paths *ways,
                           const growth_place *place)
{
    path way;
    text_clear(line);
    if (!path_to(ways, place->object, &way)) return false;
    if (way.length > 0)
        describe_path(line, found->after, &way);
    else
        describe_object(line, found->after, place->object);
    describe_edge(line, found->after, place->edge);
    text_add(line, "  ");
    describe_type(line, found->after,
                  found->after->object_types[found->after->graph.target[place->edge]]);
    path_free(&way);
    return true;
}

static bool print_places(snapshot_call *call, const growth *found, const paths *ways)
{
    static const table_column columns[] = {
        {"new", true}, {"lead to", true}, {"in", false}, {"for example", false}};
    table rows;
    text line = {0};
    bool good = true;
    size_t shown = 0;
    table_begin(&rows, columns, 4);
    for (size_t i = 0; good && i < found->place_count && shown < call->top; i++) {
        const growth_place *place = &found->places[i];
        if (!place_is_shown(call, found, place)) continue;
        shown++;
        table_cell(&rows, "%s", show_count(place->born).text);
        table_cell(&rows, "%s", show_bytes(place->held).text);
        table_cell(&rows, "%s", object_words(&line, found->after, place->object));
        good = describe_place(&line, found, ways, place);
        table_cell(&rows, "%s", text_of(&line));
    }
    terminal_gap(&call->terminal);
    terminal_heading(&call->terminal, "Older objects that hold new ones");
    if (shown == 0) terminal_say(&call->terminal, "none");
    good = (shown == 0 || table_end(&rows, &call->terminal)) && good && !line.refused;
    if (found->apart > 0)
        terminal_say(&call->terminal,
                     "apart from these: %s new objects, %s, held from outside or by nobody",
                     show_count(found->apart).text, show_bytes(found->apart_bytes).text);
    text_free(&line);
    return good;
}

static bool site_is_shown(const site_row *row)
{
    return row->bytes_before != row->bytes_after || row->objects_before != row->objects_after;
}

/* Of a heap that was traced: which places have more alive. */
static bool print_site_rows(snapshot_call *call, const site_rows *sites, struct symbols *symbols)
{
    static const table_column columns[] = {
        {"growth", true}, {"objects", true}, {"now", true}, {"bytes", true}, {"place", false}};
    table rows;
    text line = {0};
    size_t shown = 0, left = 0;
    table_begin(&rows, columns, 5);
    terminal_progress_stage(&call->terminal, "naming places");
    for (size_t i = 0; i < sites->length; i++) {
        const site_row *row = &sites->rows[i];
        if (!site_is_shown(row)) continue;
        if (shown == call->top) {
            left++;
            continue;
        }
        shown++;
        table_cell(&rows, "%s",
                   show_change(grew(row->bytes_before, row->bytes_after), show_bytes).text);
        table_cell(&rows, "%s",
                   show_change(grew(row->objects_before, row->objects_after), show_count).text);
        table_cell(&rows, "%s", show_count(row->objects_after).text);
        table_cell(&rows, "%s", show_bytes(row->bytes_after).text);
        table_cell(&rows, "%s", site_words(&line, symbols, row));
    }
    terminal_progress_end(&call->terminal);
    terminal_gap(&call->terminal);
    terminal_heading(&call->terminal, "Where it was allocated");
    if (shown == 0) terminal_say(&call->terminal, "nothing changed");
    bool good = (shown == 0 || table_end(&rows, &call->terminal)) && !line.refused;
    if (left > 0)
        terminal_faint(&call->terminal, "   %s; --top 0 shows all",
                       show_counted(left, "more place").text);
    text_free(&line);
    return good;
}

static bool print_sites(snapshot_call *call, const site_rows *sites)
{
    if (sites->length == 0) return true;
    struct symbols *symbols = site_symbols();
    bool good = print_site_rows(call, sites, symbols);
    if (symbols != NULL) symbols_free(symbols);
    return good;
}

static int print_growth(snapshot_call *call, const growth *found, const paths *ways,
                        const site_rows *sites)
{
    const growth_row *total = &found->total;
    terminal_heading(
        &call->terminal, "%s, %s objects: %s new, %s gone",
        show_change(grew(total->bytes_before, total->bytes_after), show_bytes).text,
        show_change(grew(total->objects_before, total->objects_after), show_count).text,
        show_count(total->born).text, show_count(total->gone).text);
    bool good = print_rows(call, found) && (total->born == 0 || print_places(call, found, ways)) &&
                print_sites(call, sites);
    return good ? finish_output() : snapshot_refused("the comparison");
}

/* ---- for programs --------------------------------------------------------------------- */

static void answer_counts(answer *told, json_object *row, const growth_row *counted)
{
    answer_integer(told, row, "objects_before", counted->objects_before);
    answer_integer(told, row, "bytes_before", counted->bytes_before);
    answer_integer(told, row, "objects_after", counted->objects_after);
    answer_integer(told, row, "bytes_after", counted->bytes_after);
    answer_signed(told, row, "growth_bytes", grew(counted->bytes_before, counted->bytes_after));
    answer_integer(told, row, "new_objects", counted->born);
    answer_integer(told, row, "new_bytes", counted->born_bytes);
    answer_integer(told, row, "gone_objects", counted->gone);
    answer_integer(told, row, "gone_bytes", counted->gone_bytes);
}

static void answer_sites(answer *told, const snapshot_call *call, const site_rows *sites)
{
    struct symbols *symbols = sites->length > 0 ? site_symbols() : NULL;
    json_object *list = answer_list(told, told->root, "sites");
    size_t shown = 0;
    for (size_t i = 0; i < sites->length && shown < call->top; i++) {
        const site_row *row = &sites->rows[i];
        if (!site_is_shown(row)) continue;
        shown++;
        json_object *section = answer_row(told, list);
        answer_integer(told, section, "objects_before", row->objects_before);
        answer_integer(told, section, "bytes_before", row->bytes_before);
        answer_integer(told, section, "objects_after", row->objects_after);
        answer_integer(told, section, "bytes_after", row->bytes_after);
        answer_signed(told, section, "growth_bytes", grew(row->bytes_before, row->bytes_after));
        answer_frames(told, section, symbols, row);
    }
    if (symbols != NULL) symbols_free(symbols);
}

static int answer_growth(const snapshot_call *call, const growth *found, const paths *ways,
                         const site_rows *sites)
{
    answer told;
    text line = {0};
    size_t shown = 0;
    answer_begin(&told);
    answer_counts(&told, answer_section(&told, told.root, "total"), &found->total);
    json_object *list = answer_list(&told, told.root, "types");
    for (size_t i = 0; i < found->length && shown < call->top; i++) {
        if (!is_shown(call, &found->rows[i])) continue;
        shown++;
        json_object *row = answer_row(&told, list);
        answer_string(&told, row, "type", found->rows[i].type);
        answer_counts(&told, row, &found->rows[i]);
    }
    list = answer_list(&told, told.root, "places");
    shown = 0;
    for (size_t i = 0; i < found->place_count && shown < call->top; i++) {
        const growth_place *place = &found->places[i];
        if (!place_is_shown(call, found, place)) continue;
        shown++;
        json_object *row = answer_row(&told, list);
        answer_address(&told, row, "object", found->after->addresses[place->object]);
        answer_integer(&told, row, "new_references", place->born);
        answer_integer(&told, row, "held_bytes", place->held);
        if (!describe_place(&line, found, ways, place)) told.refused = true;
        answer_string(&told, row, "path", text_of(&line));
    }
    answer_integer(&told, told.root, "apart_objects", found->apart);
    answer_integer(&told, told.root, "apart_bytes", found->apart_bytes);
    answer_sites(&told, call, sites);
    told.refused = told.refused || line.refused;
    text_free(&line);
    return answer_print(&told);
}

/* Whether the type that was asked for, if one was, is in either file. */
static bool knows_type(const snapshot_call *call, const growth *found)
{
    if (call->type == NULL) return true;
    for (size_t i = 0; i < found->length; i++)
        if (strcmp(found->rows[i].type, call->type) == 0) return true;
    complain("neither file has a type '%s'; `ouro snapshot census` lists them", call->type);
    return false;
}

static int tell(snapshot_call *call, const ouro_snapshot *before, const ouro_snapshot *after)
{
    growth found = {0};
    paths ways = {0};
    site_rows sites = {0};
    int status;
    terminal_progress_stage(&call->terminal, "comparing");
    bool good = growth_find(before, after, &found) && paths_find(after, &ways) &&
                sites_count(before, after, call->type, &sites);
    terminal_progress_end(&call->terminal);
    if (!good)
        status = snapshot_refused("the comparison");
    else if (!knows_type(call, &found))
        status = COMMAND_BAD_INPUT;
    else
        status = call->json ? answer_growth(call, &found, &ways, &sites)
                            : print_growth(call, &found, &ways, &sites);
    sites_free(&sites);
    growth_free(&found);
    paths_free(&ways);
    return status;
}

int snapshot_diff_command(int argc, char **argv)
{
    snapshot_call call;
    int status;
    if (!snapshot_call_read(&call, &usage, argc, argv, &status)) return status;
    ouro_snapshot *before = snapshot_call_open(&call, call.files[0], &status);
    if (before == NULL) return status;
    ouro_snapshot *after = snapshot_call_open(&call, call.files[1], &status);
    if (after != NULL) status = tell(&call, before, after);
    ouro_snapshot_close(after);
    ouro_snapshot_close(before);
    return status;
}
