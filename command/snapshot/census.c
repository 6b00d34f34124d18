/* SPDX-License-Identifier: MIT */
/*
 * census.c -- `ouro snapshot census`: objects and bytes by type, or all about one type
 */
#include "analysis/census.h"

#include "analysis/describe.h"
#include "answer.h"
#include "command.h"
#include "snapshot.h"
#include "table.h"
#include "type_facts.h"

#include <string.h>

static const snapshot_usage usage = {
    .name = "census",
    .help = "Usage: ouro snapshot census [OPTION]... FILE\n"
            "\n"
            "Counts the objects of a snapshot by type.  With --type it tells about one type:\n"
            "its largest objects, who refers to them and by which field, and what would go\n"
            "with them.\n"
            "\n"
            "Options:\n"
            "  --by WHAT    order: bytes (the default), objects, retained, name\n"
            "  --retained   what would go, at least, if all objects of a type went\n"
            "  --type NAME  about this type alone\n"
            "  --top N      show N rows (20); 0: all\n"
            "  --json       print one JSON object instead of text\n"
            "  --help       print this and exit\n",
    .takes = TAKES_TOP | TAKES_TYPE | TAKES_BY | TAKES_RETAINED,
    .files = 1,
    .top = 20,
};

static bool print_rows(snapshot_call *call, const census *taken)
{
    static const table_column columns[] = {{"objects", true}, {"bytes", true},   {"share", true},
                                           {"", false},       {"garbage", true}, {"retained", true},
                                           {"type", false}};
    static const table_column without[] = {
        {"objects", true}, {"bytes", true}, {"share", true}, {"", false}, {"type", false}};
    table rows;
    text name = {0};
    char bar[64];
    if (call->retained)
        table_begin(&rows, columns, 7);
    else
        table_begin(&rows, without, 5);
    for (size_t i = 0; i < taken->length && i < call->top; i++) {
        const census_row *row = &taken->rows[i];
        double share = share_of(row->bytes, taken->total.bytes);
        table_cell(&rows, "%s", show_count(row->objects).text);
        table_cell(&rows, "%s", show_bytes(row->bytes).text);
        table_cell(&rows, "%.0f%%", 100 * share);
        terminal_bar(&call->terminal, share, 12, bar);
        table_cell(&rows, "%s", bar);
        if (call->retained) {
            table_cell(&rows, "%s",
                       row->unreached_objects == 0 ? "-" : show_count(row->unreached_objects).text);
            table_cell(&rows, "%s", show_bytes(row->retained).text);
        }
        table_cell(&rows, "%s", type_words(&name, taken->snapshot, row->type));
    }
    bool good = table_end(&rows, &call->terminal) && !name.refused;
    text_free(&name);
    return good;
}

static int print_census(snapshot_call *call, const census *taken)
{
    terminal_output *terminal = &call->terminal;
    terminal_heading(terminal, "%s, %s, of %s", show_counted(taken->total.objects, "object").text,
                     show_bytes(taken->total.bytes).text, show_counted(taken->length, "type").text);
    if (!print_rows(call, taken)) return snapshot_refused("the table");
    if (taken->length > call->top)
        terminal_faint(terminal, "   %s; --top 0 shows all",
                       show_counted(taken->length - call->top, "more type").text);
    if (call->retained && taken->total.unreached_objects > 0)
        terminal_say(terminal, "waiting for the collector: {%s}, %s",
                     show_counted(taken->total.unreached_objects, "object").text,
                     show_bytes(taken->total.unreached_bytes).text);
    return finish_output();
}

static int answer_census(const snapshot_call *call, const census *taken)
{
    const ouro_snapshot *snapshot = taken->snapshot;
    answer told;
    answer_begin(&told);
    answer_integer(&told, told.root, "objects", taken->total.objects);
    answer_integer(&told, told.root, "bytes", taken->total.bytes);
    answer_integer(&told, told.root, "type_count", taken->length);
    json_object *list = answer_list(&told, told.root, "types");
    for (size_t i = 0; i < taken->length && i < call->top; i++) {
        const census_row *row = &taken->rows[i];
        json_object *section = answer_row(&told, list);
        answer_string(&told, section, "type", snapshot->strings[snapshot->types[row->type].name]);
        answer_integer(&told, section, "objects", row->objects);
        answer_integer(&told, section, "bytes", row->bytes);
        answer_address(&told, section, "largest", snapshot->addresses[row->largest]);
        if (!call->retained) continue;
        answer_integer(&told, section, "retained", row->retained);
        answer_integer(&told, section, "unreached_objects", row->unreached_objects);
        answer_integer(&told, section, "unreached_bytes", row->unreached_bytes);
    }
    return answer_print(&told);
}

static const char *const orders[] = {[CENSUS_BY_BYTES] = "bytes",
                                     [CENSUS_BY_OBJECTS] = "objects",
                                     [CENSUS_BY_RETAINED] = "retained",
                                     [CENSUS_BY_NAME] = "name"};
enum { ORDERS = sizeof(orders) / sizeof(orders[0]) };

/* The order of --by, by bytes without one; ORDERS for a word that is none. */
static size_t order_of(const snapshot_call *call)
{
    size_t order = CENSUS_BY_BYTES;
    if (call->by == NULL) return order;
    for (order = 0; order < ORDERS && strcmp(call->by, orders[order]) != 0;) order++;
    return order;
}

static bool knows_order(const snapshot_call *call)
{
    if (order_of(call) < ORDERS) return true;
    complain("snapshot census: --by takes bytes, objects, retained or name, not '%s'", call->by);
    return false;
}

static int take(snapshot_call *call, const ouro_snapshot *snapshot)
{
    const census_order order = (census_order)order_of(call);
    retention held = {0};
    census taken = {0};
    int status;
    call->retained = call->retained || order == CENSUS_BY_RETAINED;
    if (call->retained)
        terminal_progress_stage(&call->terminal, "finding what each object retains");
    bool good = !call->retained || (retention_find(snapshot, &held) && retention_grow_tree(&held));
    terminal_progress_end(&call->terminal);
    if (!good || !census_take(snapshot, call->retained ? &held : NULL, &taken)) {
        status = snapshot_refused("the census");
    } else {
        census_sort(&taken, order);
        status = call->json ? answer_census(call, &taken) : print_census(call, &taken);
    }
    census_free(&taken);
    retention_free(&held);
    return status;
}

static int tell(snapshot_call *call, const ouro_snapshot *snapshot)
{
    uint32_t type;
    int status;
    if (call->type == NULL) return take(call, snapshot);
    if (!snapshot_call_type(call, snapshot, &type, &status)) return status;
    return tell_type(call, snapshot, type);
}

int snapshot_census_command(int argc, char **argv)
{
    return snapshot_call_run(&usage, argc, argv, knows_order, tell);
}
