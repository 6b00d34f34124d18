/* SPDX-License-Identifier: MIT */
/*
 * sound.c -- what every snapshot keeps that was read, whatever the file was
 */
#include "snapshot/sound.h"

#include <stdlib.h>
#include <string.h>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) return #condition;                                                       \
    } while (0)

/* ---- promises ---- */

static const char *check_names(const ouro_snapshot *s)
{
    EXPECT(s->string_count >= 1 && s->strings[0][0] == '\0');
    for (uint32_t i = 0; i < s->string_count; i++)
        EXPECT(strlen(s->strings[i]) <= s->unpacked_bytes);
    for (uint32_t i = 0; i < s->note_count; i++)
        EXPECT(s->note_keys[i] < s->string_count && s->note_values[i] < s->string_count);
    for (uint32_t i = 0; i < s->type_count; i++) EXPECT(s->types[i].name < s->string_count);
    EXPECT(s->label_count >= 1 && s->labels[0].kind == OURO_EDGE_INTERNAL &&
           s->labels[0].name == 0);
    for (uint32_t i = 0; i < s->label_count; i++)
        EXPECT(s->labels[i].kind <= OURO_EDGE_BORROWED && s->labels[i].name < s->string_count);
    return NULL;
}

static const char *check_objects(const ouro_snapshot *s)
{
    EXPECT(s->graph.nodes == s->object_count && s->object_count < OURO_GRAPH_ROOT);
    for (uint32_t i = 0; i < s->object_count; i++) {
        EXPECT(s->addresses[i] > (i > 0 ? s->addresses[i - 1] : 0));
        EXPECT(s->object_types[i] < s->type_count && s->texts[i] < s->string_count);
        EXPECT(s->object_sites[i] < s->site_count);
        EXPECT(ouro_snapshot_find(s, s->addresses[i]) == i);
    }
    return NULL;
}

static const char *check_edges(const ouro_snapshot *s)
{
    EXPECT(s->graph.first[0] == 0);
    for (uint32_t i = 0; i < s->object_count; i++)
        EXPECT(s->graph.first[i] <= s->graph.first[i + 1]);
    for (uint32_t e = 0; e < s->graph.first[s->object_count]; e++)
        EXPECT(s->graph.target[e] < s->object_count && s->labels_of[e] < s->label_count &&
               ouro_edge_holds(s->labels[s->labels_of[e]].kind));
    for (uint32_t e = 0; e < s->loose_count; e++) {
        EXPECT(s->loose_owners[e] < s->object_count && s->loose_targets[e] < s->object_count);
        EXPECT(e == 0 || s->loose_owners[e - 1] <= s->loose_owners[e]);
        EXPECT(s->loose_labels[e] < s->label_count &&
               !ouro_edge_holds(s->labels[s->loose_labels[e]].kind));
    }
    return NULL;
}

static const char *check_rows(const ouro_snapshot *s)
{
    for (uint32_t i = 0; i < s->root_count; i++)
        EXPECT(s->roots[i].object < s->object_count && s->roots[i].name < s->string_count &&
               s->roots[i].kind <= OURO_ROOT_FRAME);
    for (uint32_t i = 0; i < s->pool_count; i++)
        EXPECT(s->pools[i].kind <= OURO_CLASS_TRACKED &&
               (i == 0 || s->pools[i - 1].address <= s->pools[i].address));
    EXPECT(s->site_count >= 1 && s->sites[0].frame_count == 0);
    for (uint32_t i = 0; i < s->site_count; i++)
        EXPECT((uint64_t)s->sites[i].first_frame + s->sites[i].frame_count <= s->frame_count);
    for (uint32_t i = 0; i < s->frame_count; i++)
        EXPECT(s->frames[i].module < s->string_count && s->frames[i].function < s->string_count &&
               s->frames[i].file < s->string_count);
    for (uint32_t i = 0; i < s->event_count; i++)
        EXPECT(s->events[i].kind <= OURO_EVENT_PHASE && s->events[i].generation <= 2 &&
               s->events[i].name < s->string_count &&
               (i == 0 || s->events[i - 1].start <= s->events[i].start));
    for (uint32_t i = 0; i < s->cycle_count; i++)
        EXPECT((uint64_t)s->cycles[i].first_link + s->cycles[i].length <= s->link_count &&
               s->cycles[i].site < s->site_count);
    for (uint32_t i = 0; i < s->link_count; i++)
        EXPECT(s->links[i].type < s->type_count && s->links[i].label < s->label_count);
    return NULL;
}

const char *sound_complaint(const ouro_snapshot *snapshot)
{
    const char *complaint = check_names(snapshot);
    if (complaint == NULL) complaint = check_objects(snapshot);
    if (complaint == NULL) complaint = check_edges(snapshot);
    if (complaint == NULL) complaint = check_rows(snapshot);
    return complaint;
}

/* ---- differences ---- */

/* Names are compared as texts and numbers of rows through what they stand for where a copy may number them
 * otherwise: strings and labels, of which a file may hold one twice. */
static bool same_text(const ouro_snapshot *a, uint32_t i, const ouro_snapshot *b, uint32_t k)
{
    return strcmp(a->strings[i], b->strings[k]) == 0;
}

static bool same_label(const ouro_snapshot *a, uint32_t i, const ouro_snapshot *b, uint32_t k)
{
    return a->labels[i].kind == b->labels[k].kind &&
           same_text(a, a->labels[i].name, b, b->labels[k].name);
}

#define SAME(field) EXPECT(a->field == b->field)
#define SAME_ROWS(array, count)                                                                    \
    EXPECT((count) == 0 || memcmp(a->array, b->array, (count) * sizeof *a->array) == 0)

static const char *compare_objects(const ouro_snapshot *a, const ouro_snapshot *b)
{
    SAME(object_count);
    SAME(type_count);
    SAME_ROWS(addresses, a->object_count);
    SAME_ROWS(object_types, a->object_count);
    SAME_ROWS(sizes, a->object_count);
    SAME_ROWS(counts, a->object_count);
    SAME_ROWS(flags, a->object_count);
    SAME_ROWS(object_sites, a->object_count);
    for (uint32_t i = 0; i < a->object_count; i++)
        EXPECT(same_text(a, a->texts[i], b, b->texts[i]));
    for (uint32_t i = 0; i < a->type_count; i++)
        EXPECT(same_text(a, a->types[i].name, b, b->types[i].name) &&
               a->types[i].flags == b->types[i].flags && a->types[i].size == b->types[i].size);
    return NULL;
}

static const char *compare_edges(const ouro_snapshot *a, const ouro_snapshot *b)
{
    SAME_ROWS(graph.first, a->object_count + 1);
    uint32_t edges = a->graph.first[a->object_count];
    SAME_ROWS(graph.target, edges);
    SAME_ROWS(indexes, edges);
    for (uint32_t e = 0; e < edges; e++) EXPECT(same_label(a, a->labels_of[e], b, b->labels_of[e]));
    SAME(loose_count);
    SAME_ROWS(loose_owners, a->loose_count);
    SAME_ROWS(loose_targets, a->loose_count);
    SAME_ROWS(loose_indexes, a->loose_count);
    for (uint32_t e = 0; e < a->loose_count; e++)
        EXPECT(same_label(a, a->loose_labels[e], b, b->loose_labels[e]));
    return NULL;
}

static const char *compare_rows(const ouro_snapshot *a, const ouro_snapshot *b)
{
    SAME(root_count);
    SAME(note_count);
    SAME(pool_count);
    SAME(site_count);
    SAME(frame_count);
    SAME(event_count);
    SAME(sample_count);
    SAME(cycle_count);
    SAME(link_count);
    for (uint32_t i = 0; i < a->root_count; i++)
        EXPECT(a->roots[i].object == b->roots[i].object && a->roots[i].kind == b->roots[i].kind &&
               a->roots[i].references == b->roots[i].references &&
               same_text(a, a->roots[i].name, b, b->roots[i].name));
    for (uint32_t i = 0; i < a->frame_count; i++)
        EXPECT(a->frames[i].pc == b->frames[i].pc && a->frames[i].line == b->frames[i].line &&
               same_text(a, a->frames[i].function, b, b->frames[i].function));
    SAME_ROWS(sites, a->site_count);
    SAME_ROWS(samples, a->sample_count);
    for (uint32_t i = 0; i < a->cycle_count; i++)
        EXPECT(a->cycles[i].first_link == b->cycles[i].first_link &&
               a->cycles[i].length == b->cycles[i].length &&
               a->cycles[i].site == b->cycles[i].site && a->cycles[i].bytes == b->cycles[i].bytes);
    for (uint32_t i = 0; i < a->link_count; i++)
        EXPECT(a->links[i].type == b->links[i].type && a->links[i].index == b->links[i].index &&
               same_label(a, a->links[i].label, b, b->links[i].label));
    return NULL;
}

const char *sound_difference(const ouro_snapshot *a, const ouro_snapshot *b)
{
    const char *difference = compare_objects(a, b);
    if (difference == NULL) difference = compare_edges(a, b);
    if (difference == NULL) difference = compare_rows(a, b);
    return difference;
}

/* ---- a copy ---- */

static uint32_t copy_string(const ouro_snapshot *s, ouro_snapshot_writer *writer, uint32_t number)
{
    return ouro_snapshot_string(writer, s->strings[number]);
}

static uint32_t copy_label(const ouro_snapshot *s, ouro_snapshot_writer *writer, uint32_t number)
{
    return ouro_snapshot_label_of(writer, s->labels[number].kind,
                                  copy_string(s, writer, s->labels[number].name));
}

static void copy_types_and_sites(const ouro_snapshot *s, ouro_snapshot_writer *writer)
{
    for (uint32_t i = 0; i < s->note_count; i++)
        ouro_snapshot_note(writer, s->strings[s->note_keys[i]], s->strings[s->note_values[i]]);
    for (uint32_t i = 0; i < s->type_count; i++)
        ouro_snapshot_type_of(writer, NULL,
                              &(ouro_snapshot_type){copy_string(s, writer, s->types[i].name),
                                                    s->types[i].flags, s->types[i].size});
    for (uint32_t i = 1; i < s->site_count; i++) {
        uint32_t count = s->sites[i].frame_count;
        ouro_snapshot_frame *frames = calloc(count + 1, sizeof *frames);
        for (uint32_t k = 0; k < count && frames != NULL; k++) {
            frames[k] = s->frames[s->sites[i].first_frame + k];
            frames[k].module = copy_string(s, writer, frames[k].module);
            frames[k].function = copy_string(s, writer, frames[k].function);
            frames[k].file = copy_string(s, writer, frames[k].file);
        }
        if (frames != NULL) ouro_snapshot_add_site(writer, &s->sites[i], frames);
        free(frames);
    }
}

/* Loose edges come by owner, as the others do. */
static void copy_objects(const ouro_snapshot *s, ouro_snapshot_writer *writer)
{
    uint32_t loose = 0;
    for (uint32_t i = 0; i < s->object_count; i++) {
        ouro_snapshot_add_object(
            writer, &(ouro_snapshot_object){.address = s->addresses[i],
                                            .size = s->sizes[i],
                                            .type = s->object_types[i],
                                            .count = s->counts[i],
                                            .text = copy_string(s, writer, s->texts[i]),
                                            .site = s->object_sites[i],
                                            .flags = s->flags[i]});
        for (uint32_t e = s->graph.first[i]; e < s->graph.first[i + 1]; e++)
            ouro_snapshot_add_edge(writer, s->addresses[s->graph.target[e]],
                                   copy_label(s, writer, s->labels_of[e]), s->indexes[e]);
        for (; loose < s->loose_count && s->loose_owners[loose] == i; loose++)
            ouro_snapshot_add_edge(writer, s->addresses[s->loose_targets[loose]],
                                   copy_label(s, writer, s->loose_labels[loose]),
                                   s->loose_indexes[loose]);
    }
}

/* Roots that the reader computes again are left out. */
static bool is_told(const ouro_snapshot *s, const ouro_snapshot_root *root)
{
    (void)s;
    return root->kind == OURO_ROOT_NAMED || root->kind == OURO_ROOT_FRAME;
}

static void copy_others(const ouro_snapshot *s, ouro_snapshot_writer *writer)
{
    for (uint32_t i = 0; i < s->root_count; i++)
        if (is_told(s, &s->roots[i]))
            ouro_snapshot_add_root(writer, s->addresses[s->roots[i].object], s->roots[i].kind,
                                   copy_string(s, writer, s->roots[i].name),
                                   s->roots[i].references);
    for (uint32_t i = 0; i < s->pool_count; i++) ouro_snapshot_add_pool(writer, &s->pools[i]);
    for (uint32_t i = 0; i < s->event_count; i++) {
        ouro_snapshot_event event = s->events[i];
        event.name = copy_string(s, writer, event.name);
        ouro_snapshot_add_event(writer, &event);
    }
    for (uint32_t i = 0; i < s->sample_count; i++) ouro_snapshot_add_sample(writer, &s->samples[i]);
    for (uint32_t i = 0; i < s->cycle_count; i++) {
        uint32_t length = s->cycles[i].length;
        ouro_snapshot_link *links = calloc(length + 1, sizeof *links);
        for (uint32_t k = 0; k < length && links != NULL; k++) {
            links[k] = s->links[s->cycles[i].first_link + k];
            links[k].label = copy_label(s, writer, links[k].label);
        }
        if (links != NULL) ouro_snapshot_add_cycle(writer, &s->cycles[i], links);
        free(links);
    }
}

ouro_status sound_copy(const ouro_snapshot *snapshot, const ouro_snapshot_sink *sink,
                       ouro_error *out_error)
{
    ouro_snapshot_writer *writer = ouro_snapshot_writer_new(sink, out_error);
    if (writer == NULL) return OURO_NO_MEMORY;
    copy_types_and_sites(snapshot, writer);
    copy_objects(snapshot, writer);
    copy_others(snapshot, writer);
    return ouro_snapshot_writer_finish(writer, out_error);
}
