/* SPDX-License-Identifier: MIT */
/*
 * order.c -- objects in ascending order of their addresses
 *
 * A heap is written in that order, an interpreter's objects are not.  Pairs of address and row are sorted by the
 * bytes of the address, the lowest first; the order that results is applied to one column after the other,
 * so that at most one is there twice.
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

static struct pair *make_pairs(struct ouro__reading *reading)
{
    size_t count = reading->addresses.count;
    const uint64_t *addresses = reading->addresses.items;
    struct pair *pairs = malloc(count * sizeof *pairs), *other = malloc(count * sizeof *other);
    if (pairs == NULL || other == NULL) {
        free(pairs);
        free(other);
        ouro__fail_memory(reading->error, count * sizeof *pairs, "the order");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) pairs[i] = (struct pair){addresses[i], (uint32_t)i};
    return sort_pairs(pairs, other, count);
}

/* One column in the new order. */
static bool reorder(struct ouro__reading *reading, struct ouro__array *array, const uint32_t *order,
                    size_t width)
{
    struct ouro__array sorted;
    char *out = ouro__array_make(reading, &sorted, array->count, width);
    if (out == NULL) return false;
    const char *in = array->items;
    for (size_t i = 0; i < array->count; i++) memcpy(out + i * width, in + order[i] * width, width);
    ouro__array_free(array);
    *array = sorted;
    return true;
}

/* One column of edges: they go with their owners.  `first` is of the old order. */
static bool reorder_edges(struct ouro__reading *reading, struct ouro__array *array,
                          const uint32_t *order, const uint32_t *first, size_t width)
{
    struct ouro__array sorted;
    char *out = ouro__array_make(reading, &sorted, array->count, width);
    if (out == NULL) return false;
    const char *in = array->items;
    const uint32_t *counts = reading->edge_counts.items; /* of the old order, too */
    for (size_t i = 0; i < reading->addresses.count && in != NULL; i++) {
        size_t bytes = counts[order[i]] * width;
        memcpy(out, in + first[order[i]] * width, bytes);
        out += bytes;
    }
    ouro__array_free(array);
    *array = sorted;
    return true;
}

static bool reorder_all_edges(struct ouro__reading *reading, const uint32_t *order)
{
    size_t count = reading->addresses.count;
    struct ouro__array first_array;
    uint32_t *first = ouro__array_make(reading, &first_array, count, sizeof *first);
    if (first == NULL) return false;
    const uint32_t *counts = reading->edge_counts.items;
    uint32_t sum = 0; /* below 2^32: it agrees with the rows that were read */
    for (size_t i = 0; i < count; i++) {
        first[i] = sum;
        sum += counts[i];
    }
    bool done = reorder_edges(reading, &reading->targets, order, first, sizeof(uint64_t)) &&
                reorder_edges(reading, &reading->edge_labels, order, first, sizeof(uint32_t)) &&
                reorder_edges(reading, &reading->indexes, order, first, sizeof(uint32_t));
    ouro__array_free(&first_array);
    return done;
}

static bool reorder_all(struct ouro__reading *reading, const uint32_t *order)
{
    return reorder_all_edges(reading, order) &&
           reorder(reading, &reading->edge_counts, order, sizeof(uint32_t)) &&
           reorder(reading, &reading->sizes, order, sizeof(uint64_t)) &&
           reorder(reading, &reading->object_types, order, sizeof(uint32_t)) &&
           reorder(reading, &reading->counts, order, sizeof(uint32_t)) &&
           reorder(reading, &reading->texts, order, sizeof(uint32_t)) &&
           reorder(reading, &reading->object_sites, order, sizeof(uint32_t)) &&
           reorder(reading, &reading->flags, order, sizeof(uint8_t));
}

/* The order, with the addresses put into it; or the two that are the same are told. */
static ouro_status take_order(struct ouro__reading *reading, const struct pair *pairs,
                              uint32_t *order)
{
    uint64_t *addresses = reading->addresses.items;
    for (size_t i = 0; i < reading->addresses.count; i++) {
        if (i > 0 && pairs[i].address == pairs[i - 1].address)
            return ouro__refuse(&reading->source, reading->end, reading->error,
                                "objects %u and %u have one address, 0x%llx", pairs[i - 1].row,
                                pairs[i].row, (unsigned long long)pairs[i].address);
        order[i] = pairs[i].row;
        addresses[i] = pairs[i].address;
    }
    return OURO_OK;
}

ouro_status ouro__sort_objects(struct ouro__reading *reading)
{
    if (reading->is_sorted) return OURO_OK;
    struct pair *pairs = make_pairs(reading);
    if (pairs == NULL) return OURO_NO_MEMORY;
    struct ouro__array order = {0};
    uint32_t *rows = ouro__array_make(reading, &order, reading->addresses.count, sizeof *rows);
    ouro_status status = rows == NULL ? OURO_NO_MEMORY : take_order(reading, pairs, rows);
    free(pairs);
    if (status == OURO_OK && !ouro__report(reading, 1, 4)) status = OURO_INTERRUPTED;
    if (status == OURO_OK && !reorder_all(reading, rows)) status = OURO_NO_MEMORY;
    ouro__array_free(&order);
    return status;
}
