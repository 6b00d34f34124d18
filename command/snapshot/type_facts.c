/* SPDX-License-Identifier: MIT */
/*
 * type_facts.c -- all about one type: its largest objects, who refers to them, what would go with them
 */
#include "type_facts.h"

#include "analysis/census.h"
#include "analysis/describe.h"
#include "answer.h"
#include "command.h"
#include "table.h"

#include <stdlib.h>

/* So many references come from objects of this type by this label. */
typedef struct referrers {
    uint64_t type_and_label;
    uint64_t references;
} referrers;

typedef struct type_facts {
    const ouro_snapshot *snapshot;
    uint32_t type;
    uint64_t objects, bytes;
    uint64_t held_objects, held_bytes;
    uint32_t *members; /* largest first */
    referrers *kinds;  /* most first */
    size_t kind_count;
} type_facts;

static int compare_members(const void *a, const void *b, void *argument)
{
    const ouro_snapshot *snapshot = argument;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    if (snapshot->sizes[left] != snapshot->sizes[right])
        return snapshot->sizes[left] > snapshot->sizes[right] ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool find_members(type_facts *facts)
{
    const ouro_snapshot *snapshot = facts->snapshot;
    for (uint32_t n = 0; n < snapshot->object_count; n++)
        facts->objects += snapshot->object_types[n] == facts->type;
    facts->members = malloc((facts->objects + 1) * sizeof(uint32_t));
    if (facts->members == NULL) return false;
    size_t place = 0;
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        if (snapshot->object_types[n] != facts->type) continue;
        facts->members[place++] = n;
        facts->bytes += snapshot->sizes[n];
    }
    qsort_r(facts->members, place, sizeof(uint32_t), compare_members, (void *)(uintptr_t)snapshot);
    return true;
}

static int compare_kinds(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static int most_first(const void *a, const void *b)
{
    const referrers *left = a, *right = b;
    if (left->references != right->references) return left->references > right->references ? -1 : 1;
    return left->type_and_label < right->type_and_label ? -1 : 1;
}

/* Writes for each reference to the type what it looks like; NULL: counts them. */
static size_t list_references(const type_facts *facts, uint64_t *out_looks)
{
    const ouro_snapshot *snapshot = facts->snapshot;
    const ouro_graph *graph = &snapshot->graph;
    size_t count = 0;
    for (uint32_t n = 0; n < graph->nodes; n++) {
        for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++) {
            if (snapshot->object_types[graph->target[e]] != facts->type) continue;
            if (out_looks != NULL)
                out_looks[count] =
                    (uint64_t)snapshot->object_types[n] << 32 | snapshot->labels_of[e];
            count++;
        }
    }
    return count;
}

static bool find_referrers(type_facts *facts)
{
    size_t count = list_references(facts, NULL);
    uint64_t *looks = malloc((count + 1) * sizeof(uint64_t));
    facts->kinds = calloc(count + 1, sizeof(referrers));
    bool good = looks != NULL && facts->kinds != NULL;
    if (good) {
        list_references(facts, looks);
        qsort(looks, count, sizeof(uint64_t), compare_kinds);
        for (size_t i = 0; i < count; i++) {
            if (i == 0 || looks[i] != looks[i - 1])
                facts->kinds[facts->kind_count++].type_and_label = looks[i];
            facts->kinds[facts->kind_count - 1].references++;
        }
        qsort(facts->kinds, facts->kind_count, sizeof(referrers), most_first);
    }
    free(looks);
    return good;
}

/* "list.items[]": which field of which type. */
static void describe_referrers(text *line, const ouro_snapshot *snapshot, const referrers *kind)
{
    uint32_t label = (uint32_t)kind->type_and_label;
    text_clear(line);
    describe_type(line, snapshot, (uint32_t)(kind->type_and_label >> 32));
    if (snapshot->labels[label].kind != OURO_EDGE_ITEM) {
        describe_label(line, snapshot, label, 0);
        return;
    }
    const char *name = snapshot->strings[snapshot->labels[label].name];
    text_add(line, *name == '\0' ? "" : ".");
    text_add_safely(line, name, 0);
    text_add(line, "[]");
}

static bool print_largest(snapshot_call *call, const type_facts *facts, text *line)
{
    static const table_column columns[] = {
        {"bytes", true}, {"count", true}, {"largest objects", false}};
    const ouro_snapshot *snapshot = facts->snapshot;
    table rows;
    table_begin(&rows, columns, 3);
    for (size_t i = 0; i < facts->objects && i < call->top; i++) {
        uint32_t object = facts->members[i];
        table_cell(&rows, "%s", show_bytes(snapshot->sizes[object]).text);
        table_cell(&rows, "%s",
                   snapshot->counts[object] == UINT32_MAX
                       ? "immortal"
                       : show_count(snapshot->counts[object]).text);
        table_cell(&rows, "%s", object_words(line, snapshot, object));
    }
    return table_end(&rows, &call->terminal);
}

static bool print_referrers(snapshot_call *call, const type_facts *facts, text *line)
{
    static const table_column columns[] = {{"references", true}, {"from", false}};
    table rows;
    if (facts->kind_count == 0) {
        terminal_say(&call->terminal, "no object refers to one of them");
        return true;
    }
    table_begin(&rows, columns, 2);
    for (size_t i = 0; i < facts->kind_count && i < call->top; i++) {
        describe_referrers(line, facts->snapshot, &facts->kinds[i]);
        table_cell(&rows, "%s", show_count(facts->kinds[i].references).text);
        table_cell(&rows, "%s", text_of(line));
    }
    return table_end(&rows, &call->terminal);
}

static int print_facts(snapshot_call *call, const type_facts *facts)
{
    terminal_output *terminal = &call->terminal;
    text line = {0};
    terminal_heading(terminal, "%s: %s, %s", type_words(&line, facts->snapshot, facts->type),
                     show_counted(facts->objects, "object").text, show_bytes(facts->bytes).text);
    terminal_say(terminal, "if they all went, {%s} would go: %s",
                 show_bytes(facts->held_bytes).text,
                 show_counted(facts->held_objects, "object").text);
    terminal_gap(terminal);
    bool good = print_referrers(call, facts, &line);
    terminal_gap(terminal);
    good = good && print_largest(call, facts, &line) && !line.refused;
    text_free(&line);
    return good ? finish_output() : snapshot_refused("the table");
}

static int answer_facts(const snapshot_call *call, const type_facts *facts)
{
    const ouro_snapshot *snapshot = facts->snapshot;
    answer told;
    answer_begin(&told);
    answer_string(&told, told.root, "type", snapshot->strings[snapshot->types[facts->type].name]);
    answer_integer(&told, told.root, "objects", facts->objects);
    answer_integer(&told, told.root, "bytes", facts->bytes);
    answer_integer(&told, told.root, "retained", facts->held_bytes);
    answer_integer(&told, told.root, "retained_objects", facts->held_objects);
    json_object *list = answer_list(&told, told.root, "referrers");
    for (size_t i = 0; i < facts->kind_count && i < call->top; i++) {
        uint64_t look = facts->kinds[i].type_and_label;
        const ouro_snapshot_label *label = &snapshot->labels[(uint32_t)look];
        json_object *row = answer_row(&told, list);
        answer_string(&told, row, "type", snapshot->strings[snapshot->types[look >> 32].name]);
        answer_string(&told, row, "kind", edge_kind_word(label->kind));
        answer_string(&told, row, "name", snapshot->strings[label->name]);
        answer_integer(&told, row, "references", facts->kinds[i].references);
    }
    list = answer_list(&told, told.root, "largest");
    for (size_t i = 0; i < facts->objects && i < call->top; i++) {
        uint32_t object = facts->members[i];
        json_object *row = answer_row(&told, list);
        answer_address(&told, row, "object", snapshot->addresses[object]);
        answer_integer(&told, row, "bytes", snapshot->sizes[object]);
        answer_integer(&told, row, "count", snapshot->counts[object]);
        answer_string(&told, row, "text", snapshot->strings[snapshot->texts[object]]);
    }
    return answer_print(&told);
}

int tell_type(snapshot_call *call, const ouro_snapshot *snapshot, uint32_t type)
{
    type_facts facts = {.snapshot = snapshot, .type = type};
    bool good = find_members(&facts) && find_referrers(&facts) &&
                census_retained_by(snapshot, type, &facts.held_objects, &facts.held_bytes);
    int status = !good        ? snapshot_refused("the type's objects")
                 : call->json ? answer_facts(call, &facts)
                              : print_facts(call, &facts);
    free(facts.members);
    free(facts.kinds);
    return status;
}
