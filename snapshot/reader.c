/* SPDX-License-Identifier: MIT */
/*
 * reader.c -- a snapshot is read
 *
 *     source.c  ->  rows.c  ->  order.c  ->  resolve.c  ->  the snapshot
 *     chunks        arrays      objects      edges, roots
 */
#include "failure.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

/* ---- progress: chunks are one half of the work, what follows the other ---- */

static bool tell(struct ouro__reading *reading, uint64_t done, uint64_t total)
{
    const ouro_snapshot_progress *progress = reading->progress;
    if (progress == NULL || progress->report == NULL ||
        progress->report(progress->context, done, total))
        return true;
    ouro__fail(reading->error, OURO_INTERRUPTED, "reading %s was told to stop",
               reading->source.name);
    return false;
}

bool ouro__report(struct ouro__reading *reading, uint64_t done, uint64_t total)
{
    uint64_t size = reading->source.offset;
    double share = total > 0 ? (double)done / (double)total : 1;
    return tell(reading, size + (uint64_t)((double)size * share), 2 * size);
}

/* ---- beginning and end ---- */

/* What every snapshot has in row 0, and arrays that are never NULL. */
static bool give_first_rows(struct ouro__reading *reading)
{
    char *text = ouro__array_extend(reading, &reading->text, 1, 1);
    ouro_snapshot_label *label = ouro__array_extend(reading, &reading->labels, 1, sizeof *label);
    ouro_snapshot_site *site = ouro__array_extend(reading, &reading->sites, 1, sizeof *site);
    if (text == NULL || label == NULL || site == NULL) return false;
    *text = '\0';
    *label = (ouro_snapshot_label){OURO_EDGE_INTERNAL, 0};
    *site = (ouro_snapshot_site){0};
    reading->is_sorted = true;
    return true;
}

static void reading_end(struct ouro__reading *reading)
{
    struct ouro__array *const arrays[] = {
        &reading->text,         &reading->strings,       &reading->note_keys,
        &reading->note_values,  &reading->types,         &reading->labels,
        &reading->addresses,    &reading->sizes,         &reading->object_types,
        &reading->counts,       &reading->texts,         &reading->object_sites,
        &reading->flags,        &reading->edge_counts,   &reading->targets,
        &reading->edge_labels,  &reading->indexes,       &reading->first,
        &reading->edge_targets, &reading->loose_owners,  &reading->loose_targets,
        &reading->loose_labels, &reading->loose_indexes, &reading->root_rows,
        &reading->roots,        &reading->pools,         &reading->sites,
        &reading->frames,       &reading->events,        &reading->samples,
        &reading->cycles,       &reading->links};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) ouro__array_free(arrays[i]);
    ouro__source_close(&reading->source);
}

/* ---- the work ---- */

static ouro_status read_chunks(struct ouro__reading *reading)
{
    ouro_status status = ouro__source_magic(&reading->source, reading->error);
    struct ouro__chunk chunk = {0};
    while (status == OURO_OK && chunk.kind != OURO__END) {
        status = ouro__source_next(&reading->source, &chunk, reading->error);
        if (status == OURO_OK) status = ouro__read_rows(reading, &chunk);
        uint64_t size = reading->source.size;
        if (status == OURO_OK && !tell(reading, reading->source.offset, 2 * size))
            status = OURO_INTERRUPTED;
    }
    return status == OURO_OK ? ouro__source_end(&reading->source, reading->error) : status;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_pools(const void *a, const void *b)
{
    return compare_numbers(((const ouro_snapshot_pool *)a)->address,
                           ((const ouro_snapshot_pool *)b)->address);
}

/* What began together: the longer first, as it has the other within; cycles have passes and steps, and these have
 * phases. */
static int compare_events(const void *a, const void *b)
{
    static const uint8_t depth[] = {[OURO_EVENT_CYCLE] = 0,
                                    [OURO_EVENT_PASS] = 1,
                                    [OURO_EVENT_STEP] = 1,
                                    [OURO_EVENT_PHASE] = 2};
    const ouro_snapshot_event *first = a, *second = b;
    int order = compare_numbers(first->start, second->start);
    if (order == 0) order = compare_numbers(second->nanoseconds, first->nanoseconds);
    return order != 0 ? order : compare_numbers(depth[first->kind], depth[second->kind]);
}

/* Mostly nothing is to be done. */
static void sort_rows(struct ouro__array *array, size_t item_size,
                      int (*compare)(const void *, const void *))
{
    const char *items = array->items;
    for (size_t i = 1; i < array->count; i++)
        if (compare(items + (i - 1) * item_size, items + i * item_size) > 0) {
            qsort(array->items, array->count, item_size, compare);
            return;
        }
}

/* Where each string begins. */
static bool index_strings(struct ouro__reading *reading)
{
    size_t count = 1 + (size_t)reading->rows[OURO__STRINGS];
    ouro__array_trim(&reading->text, 1);
    const char **strings = ouro__array_make(reading, &reading->strings, count, sizeof *strings);
    if (strings == NULL) return false;
    const char *text = reading->text.items;
    for (size_t i = 0; i < count; i++) {
        strings[i] = text;
        text += strlen(text) + 1;
    }
    return true;
}

static ouro_status read_all(struct ouro__reading *reading)
{
    if (!give_first_rows(reading)) return OURO_NO_MEMORY;
    ouro_status status = read_chunks(reading);
    if (status == OURO_OK) status = ouro__sort_objects(reading);
    if (status == OURO_OK) status = ouro__resolve_edges(reading);
    if (status == OURO_OK) status = ouro__find_roots(reading);
    if (status == OURO_OK && !index_strings(reading)) status = OURO_NO_MEMORY;
    if (status != OURO_OK) return status;
    sort_rows(&reading->pools, sizeof(ouro_snapshot_pool), compare_pools);
    sort_rows(&reading->events, sizeof(ouro_snapshot_event), compare_events);
    return ouro__report(reading, 1, 1) ? OURO_OK : OURO_INTERRUPTED;
}

/* ---- the result ---- */

/* An array changes hands: the snapshot has what is in it. */
static void *hand_over(struct ouro__array *array, size_t item_size)
{
    ouro__array_trim(array, item_size);
    void *items = array->items;
    *array = (struct ouro__array){0};
    return items;
}

static void hand_over_objects(struct ouro__reading *reading, ouro_snapshot *snapshot)
{
    snapshot->object_count = (uint32_t)reading->addresses.count;
    snapshot->graph.nodes = snapshot->object_count;
    snapshot->loose_count = (uint32_t)reading->loose_owners.count;
    snapshot->addresses = hand_over(&reading->addresses, sizeof(uint64_t));
    snapshot->object_types = hand_over(&reading->object_types, sizeof(uint32_t));
    snapshot->sizes = hand_over(&reading->sizes, sizeof(uint64_t));
    snapshot->counts = hand_over(&reading->counts, sizeof(uint32_t));
    snapshot->flags = hand_over(&reading->flags, sizeof(uint8_t));
    snapshot->texts = hand_over(&reading->texts, sizeof(uint32_t));
    snapshot->object_sites = hand_over(&reading->object_sites, sizeof(uint32_t));
    snapshot->graph.first = hand_over(&reading->first, sizeof(uint32_t));
    snapshot->graph.target = hand_over(&reading->edge_targets, sizeof(uint32_t));
    snapshot->labels_of = hand_over(&reading->edge_labels, sizeof(uint32_t));
    snapshot->indexes = hand_over(&reading->indexes, sizeof(uint32_t));
    snapshot->loose_owners = hand_over(&reading->loose_owners, sizeof(uint32_t));
    snapshot->loose_targets = hand_over(&reading->loose_targets, sizeof(uint32_t));
    snapshot->loose_labels = hand_over(&reading->loose_labels, sizeof(uint32_t));
    snapshot->loose_indexes = hand_over(&reading->loose_indexes, sizeof(uint32_t));
}

static void hand_over_rows(struct ouro__reading *reading, ouro_snapshot *snapshot)
{
    snapshot->string_count = (uint32_t)reading->strings.count;
    snapshot->note_count = (uint32_t)reading->note_keys.count;
    snapshot->type_count = (uint32_t)reading->types.count;
    snapshot->label_count = (uint32_t)reading->labels.count;
    snapshot->root_count = (uint32_t)reading->roots.count;
    snapshot->pool_count = (uint32_t)reading->pools.count;
    snapshot->site_count = (uint32_t)reading->sites.count;
    snapshot->frame_count = (uint32_t)reading->frames.count;
    snapshot->event_count = (uint32_t)reading->events.count;
    snapshot->sample_count = (uint32_t)reading->samples.count;
    snapshot->cycle_count = (uint32_t)reading->cycles.count;
    snapshot->link_count = (uint32_t)reading->links.count;
    reading->text.items = NULL; /* strings[0] points to it */
    snapshot->strings = hand_over(&reading->strings, sizeof(char *));
    snapshot->note_keys = hand_over(&reading->note_keys, sizeof(uint32_t));
    snapshot->note_values = hand_over(&reading->note_values, sizeof(uint32_t));
    snapshot->types = hand_over(&reading->types, sizeof(ouro_snapshot_type));
    snapshot->labels = hand_over(&reading->labels, sizeof(ouro_snapshot_label));
    snapshot->roots = hand_over(&reading->roots, sizeof(ouro_snapshot_root));
    snapshot->pools = hand_over(&reading->pools, sizeof(ouro_snapshot_pool));
    snapshot->sites = hand_over(&reading->sites, sizeof(ouro_snapshot_site));
    snapshot->frames = hand_over(&reading->frames, sizeof(ouro_snapshot_frame));
    snapshot->events = hand_over(&reading->events, sizeof(ouro_snapshot_event));
    snapshot->samples = hand_over(&reading->samples, sizeof(ouro_snapshot_sample));
    snapshot->cycles = hand_over(&reading->cycles, sizeof(ouro_snapshot_cycle));
    snapshot->links = hand_over(&reading->links, sizeof(ouro_snapshot_link));
}

/* Reads from the source that is open, and closes it. */
static ouro_snapshot *read_source(struct ouro__reading *reading)
{
    ouro_snapshot *snapshot = NULL;
    if (read_all(reading) == OURO_OK) {
        snapshot = calloc(1, sizeof *snapshot);
        if (snapshot == NULL) ouro__fail_memory(reading->error, sizeof *snapshot, "the contents");
    }
    if (snapshot != NULL) {
        snapshot->file_bytes = reading->source.offset;
        snapshot->unpacked_bytes = reading->source.unpacked;
        snapshot->dropped_edges = reading->dropped_edges;
        snapshot->dropped_roots = reading->dropped_roots;
        hand_over_objects(reading, snapshot);
        hand_over_rows(reading, snapshot);
    }
    reading_end(reading);
    return snapshot;
}

ouro_snapshot *ouro_snapshot_open(const char *path, const ouro_snapshot_progress *progress,
                                  ouro_error *out_error)
{
    struct ouro__reading reading = {.progress = progress, .error = out_error};
    if (ouro__source_open(&reading.source, path, out_error) != OURO_OK) return NULL;
    return read_source(&reading);
}

ouro_snapshot *ouro_snapshot_read(const void *bytes, size_t size,
                                  const ouro_snapshot_progress *progress, ouro_error *out_error)
{
    struct ouro__reading reading = {.progress = progress, .error = out_error};
    ouro__source_memory(&reading.source, bytes, size);
    return read_source(&reading);
}

void ouro_snapshot_close(ouro_snapshot *snapshot)
{
    if (snapshot == NULL) return;
    const void *const arrays[] = {
        snapshot->strings[0],    snapshot->strings,      snapshot->note_keys,
        snapshot->note_values,   snapshot->types,        snapshot->labels,
        snapshot->addresses,     snapshot->object_types, snapshot->sizes,
        snapshot->counts,        snapshot->flags,        snapshot->texts,
        snapshot->object_sites,  snapshot->graph.first,  snapshot->graph.target,
        snapshot->labels_of,     snapshot->indexes,      snapshot->loose_owners,
        snapshot->loose_targets, snapshot->loose_labels, snapshot->loose_indexes,
        snapshot->roots,         snapshot->pools,        snapshot->sites,
        snapshot->frames,        snapshot->events,       snapshot->samples,
        snapshot->cycles,        snapshot->links};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        free((void *)(uintptr_t)arrays[i]);
    free(snapshot);
}

uint32_t ouro_snapshot_find(const ouro_snapshot *snapshot, uint64_t address)
{
    uint32_t low = 0, high = snapshot->object_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (snapshot->addresses[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < snapshot->object_count && snapshot->addresses[low] == address;
    return found ? low : OURO_GRAPH_NONE;
}

const char *ouro_snapshot_note_of(const ouro_snapshot *snapshot, const char *key)
{
    for (uint32_t i = 0; i < snapshot->note_count; i++)
        if (strcmp(snapshot->strings[snapshot->note_keys[i]], key) == 0)
            return snapshot->strings[snapshot->note_values[i]];
    return NULL;
}
