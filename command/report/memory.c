/* SPDX-License-Identifier: MIT */
/*
 * memory.c -- pools with their occupancy, and the log of collections over time
 *
 * Sums are of everything; what is drawn is bounded: of pools the first by address, of samples the peaks, of events
 * whole collections first, then the longest pauses and phases.
 */
#include "report/report.h"

#include "report/tally.h"

#include <stdlib.h>

/* ---- pools ----------------------------------------------------------------------- */

typedef struct class_sum {
    uint64_t pools, capacity, live, cached, free, bytes;
} class_sum;

typedef uint64_t (*pool_column)(const ouro_snapshot_pool *pool);

static uint64_t kind_of(const ouro_snapshot_pool *pool)
{
    return pool->kind;
}

static uint64_t block_of(const ouro_snapshot_pool *pool)
{
    return pool->block_size;
}

static uint64_t capacity_of(const ouro_snapshot_pool *pool)
{
    return pool->capacity;
}

static uint64_t live_of(const ouro_snapshot_pool *pool)
{
    return pool->live;
}

static uint64_t cached_of(const ouro_snapshot_pool *pool)
{
    return pool->cached;
}

static uint64_t free_of(const ouro_snapshot_pool *pool)
{
    return pool->free;
}

static uint64_t bytes_of(const ouro_snapshot_pool *pool)
{
    return pool->bytes;
}

static void write_columns(report *made, uint32_t shown)
{
    static const struct {
        const char *key;
        pool_column value;
    } columns[] = {{"kind", kind_of},  {"block", block_of},   {"capacity", capacity_of},
                   {"live", live_of},  {"cached", cached_of}, {"free", free_of},
                   {"bytes", bytes_of}};
    json *out = &made->out;
    json_key(out, "columns");
    json_open(out, '{');
    json_key(out, "address");
    json_open(out, '[');
    for (uint32_t i = 0; i < shown; i++) json_address(out, made->snapshot->pools[i].address);
    json_close(out, ']');
    for (size_t at = 0; at < sizeof(columns) / sizeof(columns[0]); at++) {
        json_key(out, columns[at].key);
        json_open(out, '[');
        for (uint32_t i = 0; i < shown; i++)
            json_number(out, columns[at].value(&made->snapshot->pools[i]));
        json_close(out, ']');
    }
    json_close(out, '}');
}

static void write_classes(report *made, const tally *classes, const class_sum *sums)
{
    json *out = &made->out;
    json_key(out, "classes");
    json_open(out, '[');
    for (size_t i = 0; i < classes->length; i++) {
        json_open(out, '[');
        json_number(out, classes->entries[i].key[0]);
        json_number(out, classes->entries[i].key[1]);
        json_number(out, sums[i].pools);
        json_number(out, sums[i].capacity);
        json_number(out, sums[i].live);
        json_number(out, sums[i].cached);
        json_number(out, sums[i].free);
        json_number(out, sums[i].bytes);
        json_close(out, ']');
    }
    json_close(out, ']');
}

/* Sums by kind and block size; pools that wait are of no kind. */
static bool sum_classes(const ouro_snapshot *snapshot, tally *classes, class_sum *sums)
{
    for (uint32_t i = 0; i < snapshot->pool_count; i++) {
        const ouro_snapshot_pool *pool = &snapshot->pools[i];
        uint32_t kind = pool->block_size == 0 ? 0 : pool->kind;
        uint32_t at = tally_add(classes, kind, pool->block_size, 0);
        if (at == TALLY_NONE) return false;
        sums[at].pools++;
        sums[at].capacity += pool->capacity;
        sums[at].live += pool->live;
        sums[at].cached += pool->cached;
        sums[at].free += pool->free;
        sums[at].bytes += pool->bytes;
    }
    return true;
}

bool report_pools(report *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    tally classes = {0};
    class_sum *sums = calloc(snapshot->pool_count + (size_t)1, sizeof(class_sum));
    bool good = sums != NULL && sum_classes(snapshot, &classes, sums);
    if (good) {
        uint32_t shown = snapshot->pool_count < REPORT_POOLS ? snapshot->pool_count : REPORT_POOLS;
        uint64_t omitted = 0;
        for (uint32_t i = shown; i < snapshot->pool_count; i++) omitted += snapshot->pools[i].bytes;
        json_key(&made->out, "pools");
        json_open(&made->out, '{');
        json_put(&made->out, "count", snapshot->pool_count);
        write_columns(made, shown);
        write_classes(made, &classes, sums);
        json_put(&made->out, "omitted", snapshot->pool_count - shown);
        json_put(&made->out, "omittedBytes", omitted);
        json_close(&made->out, '}');
    }
    tally_free(&classes);
    free(sums);
    return good;
}

/* ---- samples --------------------------------------------------------------------- */

/* Of each stretch of samples the one with most memory alive, so that peaks stay.  Returns how many. */
static uint32_t choose_samples(const ouro_snapshot *snapshot, uint32_t chosen[REPORT_SAMPLES])
{
    uint32_t count = snapshot->sample_count;
    uint32_t length = count < REPORT_SAMPLES ? count : REPORT_SAMPLES;
    for (uint32_t i = 0; i < length; i++) {
        uint32_t begin = (uint32_t)((uint64_t)i * count / length);
        uint32_t end = (uint32_t)(((uint64_t)i + 1) * count / length);
        chosen[i] = begin;
        for (uint32_t at = begin + 1; at < end; at++)
            if (snapshot->samples[at].live_bytes > snapshot->samples[chosen[i]].live_bytes)
                chosen[i] = at;
    }
    return length;
}

static uint64_t sample_value(const ouro_snapshot_sample *sample, int column)
{
    switch (column) {
    case 0: return sample->time;
    case 1: return sample->objects;
    case 2: return sample->live_bytes;
    default: return sample->committed_bytes;
    }
}

static void write_samples(report *made)
{
    uint32_t chosen[REPORT_SAMPLES];
    uint32_t length = choose_samples(made->snapshot, chosen);
    json *out = &made->out;
    json_key(out, "samples");
    json_open(out, '[');
    for (int column = 0; column < 4; column++) {
        json_open(out, '[');
        for (uint32_t i = 0; i < length; i++)
            json_number(out, sample_value(&made->snapshot->samples[chosen[i]], column));
        json_close(out, ']');
    }
    json_close(out, ']');
    json_put(out, "sampleCount", made->snapshot->sample_count);
}

/* ---- events ---------------------------------------------------------------------- */

typedef struct event_sum {
    uint64_t nanoseconds, longest, collected;
} event_sum;

static const ouro_snapshot_event *sorted_events; /* qsort has no argument for it */

/* Collections, pauses, phases: each by length, longest first. */
static int rank_of(const ouro_snapshot_event *event)
{
    return event->kind == OURO_EVENT_CYCLE ? 0 : event->kind == OURO_EVENT_PHASE ? 2 : 1;
}

static int compare_lengths(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    const ouro_snapshot_event *x = &sorted_events[left], *y = &sorted_events[right];
    if (rank_of(x) != rank_of(y)) return rank_of(x) - rank_of(y);
    if (x->nanoseconds != y->nanoseconds) return x->nanoseconds > y->nanoseconds ? -1 : 1;
    return left < right ? -1 : left > right;
}

static int compare_places(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

/* Leaves in `order` what is shown, in its own order, and returns how many. */
static size_t choose_events(const ouro_snapshot *snapshot, uint32_t *order)
{
    static const size_t limits[] = {REPORT_COLLECTIONS, REPORT_PAUSES, REPORT_PHASES};
    size_t taken[3] = {0}, length = 0;
    if (snapshot->event_count == 0) return 0;
    for (uint32_t i = 0; i < snapshot->event_count; i++) order[i] = i;
    sorted_events = snapshot->events;
    qsort(order, snapshot->event_count, sizeof(uint32_t), compare_lengths);
    for (uint32_t i = 0; i < snapshot->event_count; i++) {
        int rank = rank_of(&snapshot->events[order[i]]);
        if (taken[rank]++ < limits[rank]) order[length++] = order[i];
    }
    qsort(order, length, sizeof(uint32_t), compare_places);
    return length;
}

/* Numbers the names of events by a tally of strings: few are different. */
static void write_event(json *out, const ouro_snapshot_event *event, uint32_t name)
{
    json_open(out, '[');
    json_number(out, event->kind);
    json_number(out, event->generation);
    json_number(out, name);
    json_number(out, event->start);
    json_number(out, event->nanoseconds);
    json_number(out, event->candidates);
    json_number(out, event->collected);
    json_number(out, event->uncollectable);
    json_close(out, ']');
}

static bool write_events(report *made, uint32_t *order, tally *names)
{
    const ouro_snapshot *snapshot = made->snapshot;
    size_t length = choose_events(snapshot, order);
    json_key(&made->out, "events");
    json_open(&made->out, '[');
    for (size_t i = 0; i < length; i++) {
        const ouro_snapshot_event *event = &snapshot->events[order[i]];
        uint32_t name = tally_add(names, event->name, 0, 0);
        if (name == TALLY_NONE) return false;
        write_event(&made->out, event, name);
    }
    json_close(&made->out, ']');
    json_put(&made->out, "eventCount", snapshot->event_count);
    return true;
}

static bool sum_events(const ouro_snapshot *snapshot, tally *kinds, event_sum *sums)
{
    for (uint32_t i = 0; i < snapshot->event_count; i++) {
        const ouro_snapshot_event *event = &snapshot->events[i];
        uint32_t at = tally_add(kinds, event->kind, event->generation, event->name);
        if (at == TALLY_NONE) return false;
        sums[at].nanoseconds += event->nanoseconds;
        sums[at].collected += event->collected;
        if (event->nanoseconds > sums[at].longest) sums[at].longest = event->nanoseconds;
    }
    return true;
}

static bool write_sums(report *made, const tally *kinds, const event_sum *sums, tally *names)
{
    json *out = &made->out;
    json_key(out, "totals");
    json_open(out, '[');
    for (size_t i = 0; i < kinds->length; i++) {
        const tally_entry *entry = &kinds->entries[i];
        uint32_t name = tally_add(names, entry->key[2], 0, 0);
        if (name == TALLY_NONE) return false;
        json_open(out, '[');
        json_number(out, entry->key[0]);
        json_number(out, entry->key[1]);
        json_number(out, name);
        json_number(out, entry->count);
        json_number(out, sums[i].nanoseconds);
        json_number(out, sums[i].longest);
        json_number(out, sums[i].collected);
        json_close(out, ']');
    }
    json_close(out, ']');
    return true;
}

static void write_names(report *made, const tally *names)
{
    json_key(&made->out, "names");
    json_open(&made->out, '[');
    for (size_t i = 0; i < names->length; i++)
        json_text(&made->out, made->snapshot->strings[names->entries[i].key[0]], REPORT_TEXT_BYTES);
    json_close(&made->out, ']');
}

bool report_timeline(report *made)
{
    const ouro_snapshot *snapshot = made->snapshot;
    tally names = {0}, kinds = {0};
    uint32_t *order = malloc((snapshot->event_count + (size_t)1) * sizeof(uint32_t));
    event_sum *sums = calloc(snapshot->event_count + (size_t)1, sizeof(event_sum));
    json_key(&made->out, "timeline");
    json_open(&made->out, '{');
    write_samples(made);
    bool good = order != NULL && sums != NULL && sum_events(snapshot, &kinds, sums) &&
                write_events(made, order, &names) && write_sums(made, &kinds, sums, &names);
    write_names(made, &names);
    json_close(&made->out, '}');
    tally_free(&names);
    tally_free(&kinds);
    free(order);
    free(sums);
    return good;
}
