/* SPDX-License-Identifier: MIT */
/*
 * info.c -- `ouro snapshot info`: what is in a file, and how much
 */
#include "snapshot.h"

#include "analysis/census.h"
#include "analysis/describe.h"
#include "analysis/paths.h"
#include "answer.h"
#include "command.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const snapshot_usage usage = {
    .name = "info",
    .help = "Usage: ouro snapshot info [--json] [--top N] FILE\n"
            "\n"
            "Tells what is in a snapshot: objects, what holds them, what only the collector\n"
            "frees, the largest types, pools, allocation sites, collections, and what its\n"
            "writer said of it.\n"
            "\n"
            "Options:\n"
            "  --top N  show N types (5); 0: all\n"
            "  --json   print one JSON object instead of text\n"
            "  --help   print this and exit\n",
    .takes = TAKES_TOP,
    .files = 1,
    .top = 5,
};

enum { EDGE_KINDS = OURO_EDGE_BORROWED + 1, ROOT_KINDS = OURO_ROOT_FRAME + 1 };

/* Everything that is counted. */
typedef struct facts {
    census taken;
    uint64_t unreached, unreached_bytes;
    uint64_t edges[EDGE_KINDS];
    uint64_t roots[ROOT_KINDS];
    uint64_t pool_bytes, live_bytes, block_bytes; /* of pools; of blocks cut from them */
    uint64_t pauses, longest_pause;
} facts;

static void count_rows(const ouro_snapshot *snapshot, facts *counted)
{
    uint32_t edges = snapshot->graph.first[snapshot->graph.nodes];
    for (uint32_t e = 0; e < edges; e++)
        counted->edges[snapshot->labels[snapshot->labels_of[e]].kind]++;
    for (uint32_t e = 0; e < snapshot->loose_count; e++)
        counted->edges[snapshot->labels[snapshot->loose_labels[e]].kind]++;
    for (uint32_t i = 0; i < snapshot->root_count; i++) counted->roots[snapshot->roots[i].kind]++;
    for (uint32_t i = 0; i < snapshot->pool_count; i++) {
        const ouro_snapshot_pool *pool = &snapshot->pools[i];
        counted->pool_bytes += pool->bytes;
        counted->live_bytes += (uint64_t)pool->live * pool->block_size;
        counted->block_bytes +=
            ((uint64_t)pool->live + pool->cached + pool->free) * pool->block_size;
    }
    for (uint32_t i = 0; i < snapshot->event_count; i++) {
        const ouro_snapshot_event *event = &snapshot->events[i];
        if (event->kind != OURO_EVENT_PASS && event->kind != OURO_EVENT_STEP) continue;
        counted->pauses++;
        if (event->nanoseconds > counted->longest_pause)
            counted->longest_pause = event->nanoseconds;
    }
}

static bool count(const ouro_snapshot *snapshot, facts *counted)
{
    paths found;
    *counted = (facts){0};
    if (!paths_find(snapshot, &found)) return false;
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        if (found.from[n] != OURO_GRAPH_NONE) continue;
        counted->unreached++;
        counted->unreached_bytes += snapshot->sizes[n];
    }
    paths_free(&found);
    count_rows(snapshot, counted);
    return census_take(snapshot, NULL, &counted->taken);
}

/* ---- for people -------------------------------------------------------------------- */

/* The length of a note's name without "_bytes", where that is its end and its value a number; else 0. */
static size_t name_of_bytes(const char *key, const char *value)
{
    static const char ending[] = "_bytes";
    size_t length = strlen(key), end = sizeof(ending) - 1, digits = strlen(value);
    bool is_number = digits > 0 && digits < 20 && strspn(value, "0123456789") == digits;
    return is_number && length > end && strcmp(key + length - end, ending) == 0 ? length - end : 0;
}

/* "3 named, 12 outside": what there is of each kind. */
static const char *kinds(text *line, const uint64_t *counts, int first, int end,
                         const char *(*word)(int))
{
    text_clear(line);
    for (int kind = first; kind < end; kind++)
        if (counts[kind] > 0)
            text_print(line, "%s%s %s", line->length > 0 ? ", " : "", show_count(counts[kind]).text,
                       word(kind));
    if (line->length == 0) text_add(line, "none");
    return text_of(line);
}

static const char *edge_word(int kind)
{
    return edge_kind_word((ouro_edge_kind)kind);
}

static const char *root_word(int kind)
{
    return root_kind_word((ouro_root_kind)kind);
}

static void print_note(terminal_output *terminal, const char *key, const char *value)
{
    text told = {0}, name = {0}, shown = {0};
    size_t length = name_of_bytes(key, value);
    text_print(&told, "%.*s", length > 0 ? (int)length : -1, key);
    text_add_safely(&name, text_of(&told), 40);
    if (length > 0)
        text_add(&shown, show_bytes(strtoull(value, NULL, 10)).text);
    else
        text_add_safely(&shown, value, 0);
    terminal_fact(terminal, text_of(&name), "%s", text_of(&shown));
    text_free(&told);
    text_free(&name);
    text_free(&shown);
}

static void print_memory(terminal_output *terminal, const ouro_snapshot *snapshot,
                         const facts *counted)
{
    if (snapshot->pool_count > 0)
        terminal_fact(terminal, "pools", "%s of %s, %.0f%% in use of what is cut into blocks",
                      show_count(snapshot->pool_count).text, show_bytes(counted->pool_bytes).text,
                      100 * share_of(counted->live_bytes, counted->block_bytes));
    if (snapshot->site_count > 1)
        terminal_fact(terminal, "sites", "%s that allocated; see `ouro snapshot sites`",
                      show_counted(snapshot->site_count - 1, "place").text);
    if (counted->pauses > 0)
        terminal_fact(terminal, "collector", "%s, the longest %s",
                      show_counted(counted->pauses, "pause").text,
                      show_seconds((double)counted->longest_pause * 1e-9).text);
    if (snapshot->cycle_count > 0)
        terminal_fact(terminal, "found", "garbage cycles of %s; see `ouro snapshot cycles`",
                      show_counted(snapshot->cycle_count, "form").text);
    if (snapshot->dropped_edges > 0)
        terminal_fact(terminal, "dropped", "%s to what is not in the file",
                      show_counted(snapshot->dropped_edges, "reference").text);
}

static void print_facts(snapshot_call *call, const ouro_snapshot *snapshot, const facts *counted)
{
    terminal_output *terminal = &call->terminal;
    text line = {0};
    terminal_heading(terminal, "%s  (%s, %s unpacked)", call->files[0],
                     show_bytes(snapshot->file_bytes).text,
                     show_bytes(snapshot->unpacked_bytes).text);
    for (uint32_t i = 0; i < snapshot->note_count; i++)
        print_note(terminal, snapshot->strings[snapshot->note_keys[i]],
                   snapshot->strings[snapshot->note_values[i]]);
    terminal_fact(terminal, "objects", "{%s}, %s, of %s", show_count(snapshot->object_count).text,
                  show_bytes(counted->taken.total.bytes).text,
                  show_counted(counted->taken.length, "type").text);
    terminal_fact(terminal, "held", "%s by %s: %s",
                  show_counted(snapshot->object_count - counted->unreached, "object").text,
                  show_counted(snapshot->root_count, "root").text,
                  kinds(&line, counted->roots, 0, ROOT_KINDS, root_word));
    if (counted->unreached == 0)
        terminal_fact(terminal, "garbage", "none that waits for the collector");
    else
        terminal_fact(terminal, "garbage", "{%s}, %s, which only the collector frees",
                      show_counted(counted->unreached, "object").text,
                      show_bytes(counted->unreached_bytes).text);
    terminal_fact(terminal, "references", "%s",
                  kinds(&line, counted->edges, 0, OURO_EDGE_WEAK, edge_word));
    terminal_fact(terminal, "not holding", "%s",
                  kinds(&line, counted->edges, OURO_EDGE_WEAK, EDGE_KINDS, edge_word));
    print_memory(terminal, snapshot, counted);
    text_free(&line);
}

static bool print_types(snapshot_call *call, const census *taken)
{
    static const table_column columns[] = {
        {"objects", true}, {"bytes", true}, {"share", true}, {"", false}, {"type", false}};
    table rows;
    text name = {0};
    char bar[64];
    if (taken->length == 0) return true;
    table_begin(&rows, columns, 5);
    for (size_t i = 0; i < taken->length && i < call->top; i++) {
        const census_row *row = &taken->rows[i];
        double share = share_of(row->bytes, taken->total.bytes);
        table_cell(&rows, "%s", show_count(row->objects).text);
        table_cell(&rows, "%s", show_bytes(row->bytes).text);
        table_cell(&rows, "%.0f%%", 100 * share);
        terminal_bar(&call->terminal, share, 12, bar);
        table_cell(&rows, "%s", bar);
        table_cell(&rows, "%s", type_words(&name, taken->snapshot, row->type));
    }
    terminal_gap(&call->terminal);
    bool good = table_end(&rows, &call->terminal) && !name.refused;
    text_free(&name);
    return good;
}

/* ---- for programs -------------------------------------------------------------------- */

static void answer_kinds(answer *told, const char *key, const uint64_t *counts, int end,
                         const char *(*word)(int))
{
    json_object *section = answer_section(told, told->root, key);
    for (int kind = 0; kind < end; kind++) answer_integer(told, section, word(kind), counts[kind]);
}

static int answer_facts(const snapshot_call *call, const ouro_snapshot *snapshot,
                        const facts *counted)
{
    answer told;
    answer_begin(&told);
    answer_integer(&told, told.root, "file_bytes", snapshot->file_bytes);
    answer_integer(&told, told.root, "unpacked_bytes", snapshot->unpacked_bytes);
    json_object *notes = answer_section(&told, told.root, "notes");
    for (uint32_t i = 0; i < snapshot->note_count; i++)
        answer_string(&told, notes, snapshot->strings[snapshot->note_keys[i]],
                      snapshot->strings[snapshot->note_values[i]]);
    answer_integer(&told, told.root, "objects", snapshot->object_count);
    answer_integer(&told, told.root, "bytes", counted->taken.total.bytes);
    answer_integer(&told, told.root, "unreached_objects", counted->unreached);
    answer_integer(&told, told.root, "unreached_bytes", counted->unreached_bytes);
    answer_kinds(&told, "edges", counted->edges, EDGE_KINDS, edge_word);
    answer_kinds(&told, "roots", counted->roots, ROOT_KINDS, root_word);
    answer_integer(&told, told.root, "dropped_edges", snapshot->dropped_edges);
    answer_integer(&told, told.root, "dropped_roots", snapshot->dropped_roots);
    answer_integer(&told, told.root, "pools", snapshot->pool_count);
    answer_integer(&told, told.root, "pool_bytes", counted->pool_bytes);
    answer_integer(&told, told.root, "sites",
                   snapshot->site_count > 0 ? snapshot->site_count - 1 : 0);
    answer_integer(&told, told.root, "pauses", counted->pauses);
    answer_integer(&told, told.root, "longest_pause_nanoseconds", counted->longest_pause);
    answer_integer(&told, told.root, "found_cycle_forms", snapshot->cycle_count);
    answer_integer(&told, told.root, "type_count", counted->taken.length);
    json_object *list = answer_list(&told, told.root, "types");
    for (size_t i = 0; i < counted->taken.length && i < call->top; i++) {
        const census_row *row = &counted->taken.rows[i];
        json_object *section = answer_row(&told, list);
        answer_string(&told, section, "type", snapshot->strings[snapshot->types[row->type].name]);
        answer_integer(&told, section, "objects", row->objects);
        answer_integer(&told, section, "bytes", row->bytes);
    }
    return answer_print(&told);
}

static int tell(snapshot_call *call, const ouro_snapshot *snapshot)
{
    facts counted;
    int status;
    if (!count(snapshot, &counted)) {
        status = snapshot_refused("counting");
    } else if (call->json) {
        status = answer_facts(call, snapshot, &counted);
    } else {
        print_facts(call, snapshot, &counted);
        status =
            print_types(call, &counted.taken) ? finish_output() : snapshot_refused("the table");
    }
    census_free(&counted.taken);
    return status;
}

int snapshot_info_command(int argc, char **argv)
{
    return snapshot_call_run(&usage, argc, argv, NULL, tell);
}
