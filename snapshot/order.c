/* SPDX-License-Identifier: MIT */
/*
 * order.c -- objects in ascending order of their addresses
 *
 * A heap is written arena by arena: a few runs of ascending addresses, which only have to be put in order.  The
 * objects of an interpreter come in any order: pairs of address and row are sorted by the bytes of the address,
 * the lowest first.  The order that results is applied to one column after the other, so that at most one is
 * there twice.
 */
#include "failure.h"
#include "finder.h"
#include "reading.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    uint64_t address;
    uint32_t row;
};

/* Distributes pairs by one byte of their address; false when all have the same. */
static bool sort_by_byte(const struct pair *from, struct pair *to, size_t count, unsigned shift)
{
    size_t start[257] = {0};
    for (size_t i = 0; i < count; i++) start[((from[i].address >> shift) & 255) + 1]++;
    if (start[((from[0].address >> shift) & 255) + 1] == count) return false;
    for (unsigned i = 0; i < 256; i++) start[i + 1] += start[i];
    for (size_t i = 0; i < count; i++) to[start[(from[i].address >> shift) & 255]++] = from[i];
    return true;
}

/* The pairs in order: one of the two buffers; the other is given back. */
static struct pair *sort_pairs(struct pair *pairs, struct pair *other, size_t count)
{
    for (unsigned shift = 0; shift < 64; shift += 8)
        if (sort_by_byte(pairs, other, count, shift)) {
            struct pair *sorted = other;
            other = pairs;
            pairs = sorted;
        }
    free(other);
    return pairs;
}

/* The order by sorting all. */
static bool order_by_sorting(struct ouro__reading *reading, uint32_t *order)
{
    size_t count = reading->addresses.count;
    const uint64_t *addresses = reading->addresses.items;
    struct pair *pairs = malloc(count * sizeof *pairs), *other = malloc(count * sizeof *other);
    if (pairs == NULL || other == NULL) {
        free(pairs);
        free(other);
        ouro__fail_memory(reading->error, count * sizeof *pairs, "the order");
        return false;
    }
    for (size_t i = 0; i < count; i++) pairs[i] = (struct pair){addresses[i], (uint32_t)i};
    pairs = sort_pairs(pairs, other, count);
    for (size_t i = 0; i < count; i++) order[i] = pairs[i].row;
    free(pairs);
    return true;
}

/* ---- runs ---- */

/* A run ends also where an arena of 32 MiB does, as those of other objects may lie between it and the next. */
enum { RUNS_MAX = 4096, ARENA_SHIFT = 25 };

struct run {
    uint64_t first, last; /* addresses */
    uint32_t start, count;
};

static size_t find_runs(const uint64_t *addresses, size_t count, struct run *runs)
{
    size_t found = 0;
    for (size_t i = 0, start = 0; i < count; i++) {
        if (i + 1 < count && addresses[i] < addresses[i + 1] &&
            addresses[i] >> ARENA_SHIFT == addresses[i + 1] >> ARENA_SHIFT)
            continue;
        if (found == RUNS_MAX) return RUNS_MAX + 1;
        runs[found++] = (struct run){addresses[start], addresses[i], (uint32_t)start,
                                     (uint32_t)(i + 1 - start)};
        start = i + 1;
    }
    return found;
}

static int compare_runs(const void *a, const void *b)
{
    uint64_t first = ((const struct run *)a)->first, second = ((const struct run *)b)->first;
    return (first > second) - (first < second);
}

/* The order where a few runs lie one behind the other; false where they don't. */
static bool order_by_runs(const struct ouro__reading *reading, uint32_t *order)
{
    struct run *runs = malloc(RUNS_MAX * sizeof *runs);
    if (runs == NULL) return false; /* sorting will tell */
    size_t count = find_runs(reading->addresses.items, reading->addresses.count, runs);
    bool apart = count <= RUNS_MAX;
    if (apart) qsort(runs, count, sizeof *runs, compare_runs);
    for (size_t i = 1; apart && i < count; i++) apart = runs[i - 1].last < runs[i].first;
    for (size_t i = 0; apart && i < count; i++)
        for (uint32_t k = 0; k < runs[i].count; k++) *order++ = runs[i].start + k;
    free(runs);
    return apart;
}

/* ---- columns ---- */

/* Memory that a column was in, for the next one: fresh pages cost more than what is copied into them. */
struct applying {
    struct ouro__reading *reading;
    const uint32_t *order;
    const uint32_t *first; /* of the old order: where an object's edges begin */
    char *spare;
    size_t spare_bytes;
};

static char *make_room(struct applying *applying, size_t bytes)
{
    if (bytes <= applying->spare_bytes) return applying->spare;
    free(applying->spare);
    applying->spare = malloc(bytes);
    applying->spare_bytes = applying->spare != NULL ? bytes : 0;
    if (applying->spare == NULL) ouro__fail_memory(applying->reading->error, bytes, "the order");
    return applying->spare;
}

/* The column is in the spare memory now, and where it was is spare. */
static void exchange(struct applying *applying, struct ouro__array *array, size_t width)
{
    char *items = applying->spare;
    size_t capacity = applying->spare_bytes / width;
    applying->spare = array->items;
    applying->spare_bytes = array->capacity * width;
    array->items = items;
    array->capacity = capacity;
}

/* How many objects from i on stand behind each other in both orders. */
static size_t stretch(const uint32_t *order, size_t i, size_t count)
{
    size_t end = i + 1;
    while (end < count && order[end] == order[end - 1] + 1) end++;
    return end - i;
}

/* One column of objects in the new order. */
static bool reorder(struct applying *applying, struct ouro__array *array, size_t width)
{
    size_t count = array->count;
    char *out = make_room(applying, count * width);
    if (out == NULL) return false;
    const char *in = array->items;
    for (size_t i = 0, some; i < count; i += some) {
        some = stretch(applying->order, i, count);
        memcpy(out + i * width, in + applying->order[i] * width, some * width);
    }
    exchange(applying, array, width);
    return true;
}

/* One column of edges: they go with their owners. */
static bool reorder_edges(struct applying *applying, struct ouro__array *array, size_t width)
{
    if (array->count == 0) return true;
    size_t count = applying->reading->addresses.count;
    char *out = make_room(applying, array->count * width);
    if (out == NULL) return false;
    const char *in = array->items;
    const uint32_t *order = applying->order, *first = applying->first;
    for (size_t i = 0, some; i < count; i += some) {
        some = stretch(order, i, count);
        size_t bytes = (first[order[i] + some] - first[order[i]]) * width;
        memcpy(out, in + first[order[i]] * width, bytes);
        out += bytes;
    }
    exchange(applying, array, width);
    return true;
}

static bool reorder_all_edges(struct applying *applying)
{
    struct ouro__reading *reading = applying->reading;
    size_t count = reading->addresses.count;
    struct ouro__array first_array;
    uint32_t *first = ouro__array_make(reading, &first_array, count + 1, sizeof *first);
    if (first == NULL) return false;
    const uint32_t *counts = reading->edge_counts.items;
    uint32_t sum = 0; /* below 2^32: it agrees with the rows that were read */
    for (size_t i = 0; i < count; i++) {
        first[i] = sum;
        sum += counts[i];
    }
    first[count] = sum;
    applying->first = first;
    bool done = reorder_edges(applying, &reading->targets, sizeof(uint64_t)) &&
                reorder_edges(applying, &reading->edge_labels, sizeof(uint32_t)) &&
                reorder_edges(applying, &reading->indexes, sizeof(uint32_t));
    ouro__array_free(&first_array);
    return done;
}

static bool reorder_all(struct applying *applying)
{
    struct ouro__reading *reading = applying->reading;
    return reorder_all_edges(applying) && reorder(applying, &reading->sizes, sizeof(uint64_t)) &&
           reorder(applying, &reading->edge_counts, sizeof(uint32_t)) &&
           reorder(applying, &reading->object_types, sizeof(uint32_t)) &&
           reorder(applying, &reading->counts, sizeof(uint32_t)) &&
           reorder(applying, &reading->texts, sizeof(uint32_t)) &&
           reorder(applying, &reading->object_sites, sizeof(uint32_t)) &&
           reorder(applying, &reading->flags, sizeof(uint8_t));
}

/* Two objects with one address stand beside each other now. */
static ouro_status check_once(const struct ouro__reading *reading, const uint32_t *order)
{
    const uint64_t *addresses = reading->addresses.items;
    for (size_t i = 1; i < reading->addresses.count; i++)
        if (addresses[i - 1] == addresses[i])
            return ouro__refuse(&reading->source, reading->end, reading->error,
                                "objects %u and %u have one address, 0x%llx", order[i - 1],
                                order[i], (unsigned long long)addresses[i]);
    return OURO_OK;
}

static ouro_status sort_by(struct ouro__reading *reading, uint32_t *order)
{
    if (!order_by_runs(reading, order) && !order_by_sorting(reading, order)) return OURO_NO_MEMORY;
    if (!ouro__report(reading, 1, 8)) return OURO_INTERRUPTED;
    struct applying applying = {.reading = reading, .order = order};
    ouro_status status = OURO_NO_MEMORY;
    if (reorder(&applying, &reading->addresses, sizeof(uint64_t)))
        status = check_once(reading, order);
    if (status == OURO_OK && !reorder_all(&applying)) status = OURO_NO_MEMORY;
    free(applying.spare);
    return status;
}

ouro_status ouro__sort_objects(struct ouro__reading *reading)
{
    if (reading->is_sorted) return OURO_OK;
    struct ouro__array order = {0};
    uint32_t *rows = ouro__array_make(reading, &order, reading->addresses.count, sizeof *rows);
    if (rows == NULL) return OURO_NO_MEMORY;
    ouro_status status = sort_by(reading, rows);
    ouro__array_free(&order);
    return status;
}
