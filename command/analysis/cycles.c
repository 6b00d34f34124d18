/* SPDX-License-Identifier: MIT */
/*
 * cycles.c -- objects of a snapshot that hold each other: the groups
 *
 * Neighbours: cycle_held.c, cycle_rounds.c, cycle_forms.c.
 */
#include "cycle_parts.h"
#include "describe.h"

#include <stdlib.h>
#include <string.h>

/* What is shown of a round: so many steps, and so many that look the same before they are counted. */
enum { SHOWN_MAX = 8, SHOWN_ALIKE = 3 };

static bool refers_to_itself(const ouro_graph *graph, uint32_t object)
{
    for (uint32_t e = graph->first[object]; e < graph->first[object + 1]; e++)
        if (graph->target[e] == object) return true;
    return false;
}

/* Which components are groups; component_group counts the members first. */
static void number_groups(cycle_search *search)
{
    const ouro_snapshot *snapshot = search->snapshot;
    uint32_t *sizes = search->component_group;
    for (uint32_t n = 0; n < snapshot->object_count; n++) sizes[search->component[n]]++;
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        uint32_t *size = &sizes[search->component[n]];
        if (*size == 1 && !refers_to_itself(&snapshot->graph, n)) *size = 0;
    }
    size_t place = 0;
    for (uint32_t c = 0; c < search->component_count; c++) {
        if (sizes[c] == 0) {
            search->component_group[c] = OURO_GRAPH_NONE;
            continue;
        }
        search->found->member_count += sizes[c];
        search->group_component[place] = sizes[c]; /* for fill_groups */
        search->component_group[c] = (uint32_t)place++;
    }
    search->found->group_count = place;
}

static bool fill_groups(cycle_search *search)
{
    cycles *found = search->found;
    const ouro_snapshot *snapshot = search->snapshot;
    found->groups = calloc(found->group_count + 1, sizeof(cycle_group));
    found->members = malloc((found->member_count + 1) * sizeof(uint32_t));
    if (found->groups == NULL || found->members == NULL) return false;
    size_t place = 0;
    for (size_t g = 0; g < found->group_count; g++) {
        found->groups[g].first_member = place;
        place += search->group_component[g];
    }
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        uint32_t g = search->component_group[search->component[n]];
        found->group_of[n] = g;
        if (g == OURO_GRAPH_NONE) continue;
        cycle_group *group = &found->groups[g];
        search->group_component[g] = search->component[n];
        found->members[group->first_member + group->member_count++] = n;
        group->bytes += snapshot->sizes[n];
    }
    return true;
}

static bool find_groups(cycle_search *search)
{
    size_t entries = (size_t)search->snapshot->object_count + 1;
    search->component = malloc(entries * sizeof(uint32_t));
    search->found->group_of = malloc(entries * sizeof(uint32_t));
    if (search->component == NULL || search->found->group_of == NULL) return false;
    if (!ouro_graph_components(&search->snapshot->graph, search->component,
                               &search->component_count))
        return false;
    size_t components = (size_t)search->component_count + 1;
    search->component_group = calloc(components, sizeof(uint32_t));
    search->group_component = malloc(components * sizeof(uint32_t));
    if (search->component_group == NULL || search->group_component == NULL) return false;
    number_groups(search);
    return fill_groups(search);
}

static bool find_all(cycle_search *search)
{
    size_t bytes = ((size_t)search->snapshot->object_count + 1) * sizeof(uint32_t);
    if (!find_groups(search) || !cycle_find_held(search)) return false;
    search->queue = malloc(bytes);
    search->via = malloc(bytes);
    if (search->queue == NULL || search->via == NULL) return false;
    memset(search->via, 0xff, bytes); /* OURO_GRAPH_NONE */
    return cycle_find_rounds(search) && cycle_find_forms(search->found);
}

bool cycles_find(const ouro_snapshot *snapshot, cycles *out_cycles)
{
    cycle_search search = {.snapshot = snapshot, .found = out_cycles};
    *out_cycles = (cycles){.snapshot = snapshot};
    bool good = find_all(&search);
    if (!good) cycles_free(out_cycles);
    free(search.component);
    free(search.component_group);
    free(search.group_component);
    free(search.queue);
    free(search.via);
    return good;
}

void cycles_free(cycles *found)
{
    free(found->group_of);
    free(found->groups);
    free(found->members);
    free(found->rounds);
    free(found->forms);
    *found = (cycles){0};
}

/* How many edges of the round from number `begin` on look the same. */
static size_t same_looks(const cycles *found, const cycle_group *group, size_t begin)
{
    const uint32_t *round = found->rounds + group->first_edge;
    uint64_t first = cycle_look(found->snapshot, round[begin]);
    size_t end = begin + 1;
    while (end < group->round_length && cycle_look(found->snapshot, round[end]) == first) end++;
    return end - begin;
}

void describe_round(text *out, const cycles *found, const cycle_group *described)
{
    const ouro_snapshot *snapshot = found->snapshot;
    const uint32_t *round = found->rounds + described->first_edge;
    size_t length = described->round_length;
    for (size_t i = 0, shown = 0; i < length; shown++) {
        size_t run = same_looks(found, described, i);
        if (shown == SHOWN_MAX) {
            text_print(out, "... %zu more ... -> ", length - i);
            break;
        }
        describe_type(out, snapshot, snapshot->object_types[edge_owner(snapshot, round[i])]);
        describe_edge(out, snapshot, round[i]);
        if (run > SHOWN_ALIKE) text_print(out, " (%zu times)", run);
        text_add(out, " -> ");
        i += run > SHOWN_ALIKE ? run : 1;
    }
    describe_type(out, snapshot, snapshot->object_types[edge_owner(snapshot, round[0])]);
}
