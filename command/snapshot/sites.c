/* SPDX-License-Identifier: MIT */
/*
 * sites.c -- `ouro snapshot sites`: where what lives was allocated
 */
#include "analysis/sites.h"

#include "command.h"
#include "site_rows.h"
#include "snapshot.h"
#include "table.h"

static const snapshot_usage usage = {
    .name = "sites",
    .help = "Usage: ouro snapshot sites [OPTION]... FILE\n"
            "\n"
            "Tells where in the program what lives was allocated, most first: the function\n"
            "that allocated, then who called it.  Of a heap that was traced (OURO_TRACE,\n"
            "ouro_trace_start).  With --type the objects of this type alone are counted;\n"
            "without, raw memory too, and what a place has ever made.\n"
            "\n"
            "Options:\n"
            "  --type NAME  about this type alone\n"
            "  --top N      show N places (20); 0: all\n"
            "  --json       print one JSON object instead of text\n"
            "  --help       print this and exit\n",
    .takes = TAKES_TOP | TAKES_TYPE,
    .files = 1,
    .top = 20,
};

/* ---- for people ---- */

static bool print_rows(snapshot_call *call, const site_rows *counted, struct symbols *symbols)
{
    static const table_column columns[] = {{"objects", true}, {"bytes", true}, {"share", true},
                                           {"", false},       {"peak", true},  {"ever made", true},
                                           {"place", false}};
    static const table_column without[] = {
        {"objects", true}, {"bytes", true}, {"share", true}, {"", false}, {"place", false}};
    table rows;
    text line = {0};
    char bar[64];
    if (call->type == NULL)
        table_begin(&rows, columns, 7);
    else
        table_begin(&rows, without, 5);
    terminal_progress_stage(&call->terminal, "naming places");
    for (size_t i = 0; i < counted->length && i < call->top; i++) {
        const site_row *row = &counted->rows[i];
        double share = share_of(row->bytes_after, counted->total.bytes_after);
        table_cell(&rows, "%s", show_count(row->objects_after).text);
        table_cell(&rows, "%s", show_bytes(row->bytes_after).text);
        table_cell(&rows, "%.0f%%", 100 * share);
        terminal_bar(&call->terminal, share, 12, bar);
        table_cell(&rows, "%s", bar);
        if (call->type == NULL) {
            table_cell(&rows, "%s", show_bytes(row->peak_bytes).text);
            table_cell(&rows, "%s", show_bytes(row->made_bytes).text);
        }
        table_cell(&rows, "%s", site_words(&line, symbols, row));
    }
    terminal_progress_end(&call->terminal);
    bool good = table_end(&rows, &call->terminal) && !line.refused;
    text_free(&line);
    return good;
}

static int print_sites(snapshot_call *call, const site_rows *counted, struct symbols *symbols)
{
    terminal_heading(&call->terminal, "%s, %s, from %s",
                     show_counted(counted->total.objects_after, "allocation").text,
                     show_bytes(counted->total.bytes_after).text,
                     show_counted(counted->length, "place").text);
    if (counted->length > 0 && !print_rows(call, counted, symbols))
        return snapshot_refused("the table");
    if (counted->length > call->top)
        terminal_faint(&call->terminal, "   %s; --top 0 shows all",
                       show_counted(counted->length - call->top, "more place").text);
    return finish_output();
}

/* ---- for programs ---- */

static int answer_sites(const snapshot_call *call, const site_rows *counted,
                        struct symbols *symbols)
{
    answer told;
    answer_begin(&told);
    answer_integer(&told, told.root, "objects", counted->total.objects_after);
    answer_integer(&told, told.root, "bytes", counted->total.bytes_after);
    answer_integer(&told, told.root, "site_count", counted->length);
    json_object *list = answer_list(&told, told.root, "sites");
    for (size_t i = 0; i < counted->length && i < call->top; i++) {
        const site_row *row = &counted->rows[i];
        json_object *section = answer_row(&told, list);
        answer_integer(&told, section, "objects", row->objects_after);
        answer_integer(&told, section, "bytes", row->bytes_after);
        if (call->type == NULL) {
            answer_integer(&told, section, "peak_bytes", row->peak_bytes);
            answer_integer(&told, section, "made_objects", row->made_objects);
            answer_integer(&told, section, "made_bytes", row->made_bytes);
        }
        answer_frames(&told, section, symbols, row);
    }
    return answer_print(&told);
}

static int show(snapshot_call *call, const ouro_snapshot *snapshot)
{
    site_rows counted;
    struct symbols *symbols = site_symbols();
    int status;
    if (!sites_count(NULL, snapshot, call->type, &counted))
        status = snapshot_refused("the sites");
    else if (call->json)
        status = answer_sites(call, &counted, symbols);
    else
        status = print_sites(call, &counted, symbols);
    sites_free(&counted);
    if (symbols != NULL) symbols_free(symbols);
    return status;
}

static int tell(snapshot_call *call, const ouro_snapshot *snapshot)
{
    uint32_t type;
    int status;
    if (call->type != NULL && !snapshot_call_type(call, snapshot, &type, &status)) return status;
    if (sites_are_known(snapshot) || call->json) return show(call, snapshot);
    terminal_say(&call->terminal, "no places are known: the heap was not traced; start the program "
                                  "with OURO_TRACE=1, or call ouro_trace_start");
    return finish_output();
}

int snapshot_sites_command(int argc, char **argv)
{
    return snapshot_call_run(&usage, argc, argv, NULL, tell);
}
