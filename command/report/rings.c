/* SPDX-License-Identifier: MIT */
/*
 * rings.c -- cycles in the heap, and those that collections found
 *
 * Of each form of cycle the page gets one group in full: a shortest way round it, and which types in it refer to
 * which by what field.
 */
#include "report/report.h"

#include "analysis/cycles.h"
#include "analysis/describe.h"
#include "report/tally.h"

#include <stdlib.h>

/* ---- a group of the heap ---------------------------------------------------------- */

static void write_round(report *made, const cycles *found, const cycle_group *shown)
{
    size_t length = shown->round_length < REPORT_ROUND ? shown->round_length : REPORT_ROUND;
    json_key(&made->out, "round");
    json_open(&made->out, '[');
    for (size_t i = 0; i < length; i++) {
        uint32_t edge = found->rounds[shown->first_edge + i];
        uint32_t owner = edge_owner(made->snapshot, edge);
        json_open(&made->out, '[');
        report_type_of_object(made, owner);
        report_text_of_object(made, owner);
        report_address_of_object(made, owner);
        report_edge(made, edge);
        json_close(&made->out, ']');
    }
    json_close(&made->out, ']');
    json_put(&made->out, "omittedSteps", shown->round_length - length);
}

static int compare_entries(const void *a, const void *b)
{
    const tally_entry *left = a, *right = b;
    if (left->count != right->count) return left->count > right->count ? -1 : 1;
    for (int i = 0; i < 3; i++)
        if (left->key[i] != right->key[i]) return left->key[i] < right->key[i] ? -1 : 1;
    return 0;
}

/* Counts the types of a group, and the edges between its members by both types and label. */
static bool count_group(const report *made, const cycles *found, const cycle_group *shown,
                        tally *types, tally *links)
{
    const ouro_snapshot *snapshot = made->snapshot;
    size_t group = (size_t)(shown - found->groups);
    for (size_t i = 0; i < shown->member_count; i++) {
        uint32_t member = found->members[shown->first_member + i];
        uint32_t from = snapshot->object_types[member];
        if (tally_add(types, from, 0, 0) == TALLY_NONE) return false;
        for (uint32_t e = snapshot->graph.first[member]; e < snapshot->graph.first[member + 1];
             e++) {
            uint32_t target = snapshot->graph.target[e];
            if (found->group_of[target] != group) continue;
            uint32_t to = snapshot->object_types[target];
            if (tally_add(links, from, to, snapshot->labels_of[e]) == TALLY_NONE) return false;
        }
    }
    return true;
}

static uint64_t bytes_of_type(const report *made, const cycles *found, const cycle_group *shown,
                              uint32_t type)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < shown->member_count; i++) {
        uint32_t member = found->members[shown->first_member + i];
        if (made->snapshot->object_types[member] == type) bytes += made->snapshot->sizes[member];
    }
    return bytes;
}

/* Where a type stands among those shown, or `length`. */
static size_t place_of(const tally_entry *types, size_t length, uint32_t type)
{
    size_t at = 0;
    while (at < length && types[at].key[0] != type) at++;
    return at;
}

static void write_link(report *made, const tally_entry *link, size_t from, size_t to)
{
    const ouro_snapshot_label *label = &made->snapshot->labels[link->key[2]];
    json_open(&made->out, '[');
    json_number(&made->out, from);
    json_number(&made->out, to);
    json_number(&made->out, label->kind);
    json_text(&made->out, made->snapshot->strings[label->name], REPORT_TEXT_BYTES);
    json_number(&made->out, link->count);
    json_close(&made->out, ']');
}

static void write_links(report *made, const tally *types, size_t shown_types, const tally *links)
{
    size_t written = 0;
    json_key(&made->out, "links");
    json_open(&made->out, '[');
    for (size_t i = 0; i < links->length && written < REPORT_FORM_LINKS; i++) {
        size_t from = place_of(types->entries, shown_types, links->entries[i].key[0]);
        size_t to = place_of(types->entries, shown_types, links->entries[i].key[1]);
        if (from == shown_types || to == shown_types) continue;
        write_link(made, &links->entries[i], from, to);
        written++;
    }
    json_close(&made->out, ']');
    json_put(&made->out, "omittedTypes", types->length - shown_types);
    json_put(&made->out, "omittedLinks", links->length - written);
}

static void sort_tally(tally *counted)
{
    if (counted->length > 1)
        qsort(counted->entries, counted->length, sizeof(tally_entry), compare_entries);
}

/* After sorting, numbers of the tallies mean nothing any more: only the entries are read. */
static void write_types(report *made, const cycles *found, const cycle_group *shown, tally *types,
                        tally *links)
{
    sort_tally(types);
    sort_tally(links);
    size_t length = types->length < REPORT_FORM_TYPES ? types->length : REPORT_FORM_TYPES;
    json_key(&made->out, "types");
    json_open(&made->out, '[');
    for (size_t i = 0; i < length; i++) {
        uint32_t type = types->entries[i].key[0];
        json_open(&made->out, '[');
        json_signed(&made->out, (int32_t)report_type_number(made, type));
        json_number(&made->out, types->entries[i].count);
        json_number(&made->out, bytes_of_type(made, found, shown, type));
        json_close(&made->out, ']');
    }
    json_close(&made->out, ']');
    write_links(made, types, length, links);
}

static bool write_example(report *made, const cycles *found, const cycle_group *shown)
{
    tally types = {0}, links = {0};
    bool good = count_group(made, found, shown, &types, &links);
    json_key(&made->out, "example");
    json_open(&made->out, '{');
    json_put(&made->out, "objects", shown->member_count);
    write_round(made, found, shown);
    if (good) write_types(made, found, shown, &types, &links);
    json_close(&made->out, '}');
    tally_free(&types);
    tally_free(&links);
    return good;
}

static bool write_form(report *made, const cycles *found, const cycle_form *form)
{
    json *out = &made->out;
    json_open(out, '{');
    json_put(out, "groups", form->groups);
    json_put(out, "objects", form->objects);
    json_put(out, "size", form->bytes);
    json_put(out, "held", form->held_bytes);
    json_put(out, "unreachedGroups", form->unreached_groups);
    bool good = write_example(made, found, &found->groups[form->example]);
    json_close(out, '}');
    return good;
}

static bool write_forms(report *made, const cycles *found)
{
    size_t length = found->form_count < REPORT_FORMS ? found->form_count : REPORT_FORMS;
    uint64_t bytes = 0, omitted_groups = 0, omitted_bytes = 0;
    bool good = true;
    json_key(&made->out, "list");
    json_open(&made->out, '[');
    for (size_t i = 0; i < length && good; i++) good = write_form(made, found, &found->forms[i]);
    json_close(&made->out, ']');
    for (size_t i = 0; i < found->form_count; i++) {
        bytes += found->forms[i].bytes;
        if (i < length) continue;
        omitted_groups += found->forms[i].groups;
        omitted_bytes += found->forms[i].bytes;
    }
    json_put(&made->out, "count", found->group_count);
    json_put(&made->out, "objects", found->member_count);
    json_put(&made->out, "bytes", bytes);
    json_put(&made->out, "omitted", found->form_count - length);
    json_put(&made->out, "omittedGroups", omitted_groups);
    json_put(&made->out, "omittedBytes", omitted_bytes);
    return good;
}

/* ---- what collections found --------------------------------------------------------- */

static const ouro_snapshot_cycle *sorted_cycles; /* qsort has no argument for it */

static int compare_found(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const ouro_snapshot_cycle *x = &sorted_cycles[left], *y = &sorted_cycles[right];
    if (x->bytes != y->bytes) return x->bytes > y->bytes ? -1 : 1;
    return left < right ? -1 : left > right;
}

static void write_found_link(report *made, const ouro_snapshot_link *link)
{
    const ouro_snapshot_label *label = &made->snapshot->labels[link->label];
    json *out = &made->out;
    json_open(out, '[');
    json_signed(out, (int32_t)report_type_number(made, link->type));
    json_text(out, "", 0);
    json_text(out, "", 0);
    json_open(out, '[');
    json_number(out, label->kind);
    json_text(out, made->snapshot->strings[label->name], REPORT_TEXT_BYTES);
    json_number(out, link->index);
    json_close(out, ']');
    json_close(out, ']');
}

static void write_found(report *made, const ouro_snapshot_cycle *cycle)
{
    uint32_t length = cycle->length < REPORT_ROUND ? cycle->length : REPORT_ROUND;
    json *out = &made->out;
    json_open(out, '{');
    json_put(out, "found", cycle->found);
    json_put(out, "objects", cycle->objects);
    json_put(out, "size", cycle->bytes);
    json_put(out, "site", cycle->site);
    json_key(out, "round");
    json_open(out, '[');
    for (uint32_t i = 0; i < length; i++)
        write_found_link(made, &made->snapshot->links[cycle->first_link + i]);
    json_close(out, ']');
    json_put(out, "omittedSteps", cycle->length - length);
    json_close(out, '}');
}

static bool write_collected(report *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    uint32_t *order = malloc((snapshot->cycle_count + (size_t)1) * sizeof(uint32_t));
    if (order == NULL) return false;
    for (uint32_t i = 0; i < snapshot->cycle_count; i++) order[i] = i;
    sorted_cycles = snapshot->cycles;
    if (snapshot->cycle_count > 1)
        qsort(order, snapshot->cycle_count, sizeof(uint32_t), compare_found);
    uint32_t length = snapshot->cycle_count < REPORT_FORMS ? snapshot->cycle_count : REPORT_FORMS;
    json_key(&made->out, "found");
    json_open(&made->out, '[');
    for (uint32_t i = 0; i < length; i++) write_found(made, &snapshot->cycles[order[i]]);
    json_close(&made->out, ']');
    json_put(&made->out, "foundOmitted", snapshot->cycle_count - length);
    free(order);
    return true;
}

bool report_cycles(report *made)
{
    cycles found;
    if (!cycles_find(made->snapshot, &found)) return false;
    json_key(&made->out, "cycles");
    json_open(&made->out, '{');
    bool good = write_forms(made, &found) && write_collected(made);
    json_close(&made->out, '}');
    cycles_free(&found);
    return good;
}
