/* SPDX-License-Identifier: MIT */
/*
 * rows.c -- the rows of a chunk become entries of arrays
 *
 * Each row is held against what came before it: numbers name rows of earlier chunks, kinds are known ones, text is
 * UTF-8.  What can be copied as it is, is copied as a column.
 */
#include "failure.h"
#include "reading.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

static void *array_resize(struct ouro__reading *reading, struct ouro__array *array, size_t capacity,
                          size_t item_size)
{
    if (capacity > SIZE_MAX / item_size) return NULL;
    void *items = realloc(array->items, capacity * item_size);
    if (items == NULL) {
        ouro__fail_memory(reading->error, capacity * item_size, "the contents");
        return NULL;
    }
    array->items = items;
    array->capacity = capacity;
    return items;
}

void *ouro__array_extend(struct ouro__reading *reading, struct ouro__array *array, size_t count,
                         size_t item_size)
{
    size_t needed = array->count + count;
    if (needed > array->capacity || array->items == NULL) {
        size_t grown = array->capacity + array->capacity / 2;
        size_t capacity = needed > grown ? needed : grown;
        if (array_resize(reading, array, capacity > 0 ? capacity : 1, item_size) == NULL)
            return NULL;
    }
    void *start = (char *)array->items + array->count * item_size;
    array->count = needed;
    return start;
}

void *ouro__array_make(struct ouro__reading *reading, struct ouro__array *array, size_t count,
                       size_t item_size)
{
    *array = (struct ouro__array){0};
    if (array_resize(reading, array, count > 0 ? count : 1, item_size) == NULL) return NULL;
    array->count = count;
    return array->items;
}

void ouro__array_trim(struct ouro__array *array, size_t item_size)
{
    size_t capacity = array->count > 0 ? array->count : 1;
    void *items = realloc(array->items, capacity * item_size);
    if (items == NULL)
        return; /* what is there is large enough, unless nothing is: then NULL is right */
    array->items = items;
    array->capacity = capacity;
}

void ouro__array_free(struct ouro__array *array)
{
    free(array->items);
    *array = (struct ouro__array){0};
}

/* ---- columns ---- */

/* The columns of a chunk, one after the other. */
struct columns {
    struct ouro__reading *reading;
    const struct ouro__chunk *chunk;
    const unsigned char *at[OURO__COLUMNS_MAX];
};

static uint32_t load_32(const struct columns *columns, unsigned column, size_t row)
{
    uint32_t value;
    memcpy(&value, columns->at[column] + 4 * row, 4);
    return value;
}

static uint64_t load_64(const struct columns *columns, unsigned column, size_t row)
{
    uint64_t value;
    memcpy(&value, columns->at[column] + 8 * row, 8);
    return value;
}

static ouro_status refuse_row(const struct columns *columns, size_t row, const char *what,
                              uint64_t number, uint64_t count)
{
    const struct ouro__reading *reading = columns->reading;
    return ouro__refuse(&reading->source, columns->chunk->offset, reading->error,
                        "row %zu of the %s names %s %llu, but there are %llu", row,
                        ouro__row_formats[columns->chunk->kind].name, what,
                        (unsigned long long)number, (unsigned long long)count);
}

/* All values of a column of u32 are below `count`. */
static ouro_status check_below(const struct columns *columns, unsigned column, const char *what,
                               uint64_t count)
{
    for (size_t row = 0; row < columns->chunk->rows; row++) {
        uint32_t number = load_32(columns, column, row);
        if (number >= count) return refuse_row(columns, row, what, number, count);
    }
    return OURO_OK;
}

static uint64_t string_count(const struct ouro__reading *reading)
{
    return 1 + reading->rows[OURO__STRINGS];
}

static ouro_status check_strings(const struct columns *columns, unsigned column)
{
    return check_below(columns, column, "string", string_count(columns->reading));
}

/* Appends a column as it is. */
static ouro_status take_column(const struct columns *columns, unsigned column,
                               struct ouro__array *array)
{
    size_t width = ouro__row_formats[columns->chunk->kind].width[column];
    void *out = ouro__array_extend(columns->reading, array, columns->chunk->rows, width);
    if (out == NULL) return OURO_NO_MEMORY;
    if (columns->chunk->rows > 0) memcpy(out, columns->at[column], columns->chunk->rows * width);
    return OURO_OK;
}

#define TRY(call)                                                                                  \
    do {                                                                                           \
        ouro_status status_ = (call);                                                              \
        if (status_ != OURO_OK) return status_;                                                    \
    } while (0)

/* ---- strings, notes, types, labels ---- */

static ouro_status read_strings(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    const struct ouro__chunk *chunk = columns->chunk;
    const char *text = (const char *)chunk->bytes + 4 * (size_t)chunk->rows;
    size_t left = chunk->size - 4 * (size_t)chunk->rows;
    if (string_count(reading) + chunk->rows > UINT32_MAX)
        return refuse_row(columns, 0, "string", string_count(reading) + chunk->rows, UINT32_MAX);
    char *out = ouro__array_extend(reading, &reading->text, left + chunk->rows, 1);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t row = 0; row < chunk->rows; row++) {
        size_t length = load_32(columns, 0, row);
        unsigned long long number = string_count(reading) + row;
        if (length > left || ouro__utf8_length(text, length) != length)
            return ouro__refuse(
                &reading->source, chunk->offset, reading->error, "string %llu %s", number,
                length > left ? "is longer than its chunk" : "is not UTF-8 without NUL");
        memcpy(out, text, length);
        out[length] = '\0';
        out += length + 1;
        text += length;
        left -= length;
    }
    if (left > 0)
        return ouro__refuse(&reading->source, chunk->offset, reading->error,
                            "a chunk of strings has %zu bytes too many", left);
    return OURO_OK;
}

static ouro_status read_notes(const struct columns *columns)
{
    TRY(check_strings(columns, 0));
    TRY(check_strings(columns, 1));
    TRY(take_column(columns, 0, &columns->reading->note_keys));
    return take_column(columns, 1, &columns->reading->note_values);
}

static ouro_status read_types(const struct columns *columns)
{
    TRY(check_strings(columns, 0));
    size_t rows = columns->chunk->rows;
    ouro_snapshot_type *out =
        ouro__array_extend(columns->reading, &columns->reading->types, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] = (ouro_snapshot_type){load_32(columns, 0, i), load_32(columns, 1, i),
                                      load_64(columns, 2, i)};
    return OURO_OK;
}

static ouro_status read_labels(const struct columns *columns)
{
    TRY(check_below(columns, 0, "edge kind", OURO_EDGE_BORROWED + 1));
    TRY(check_strings(columns, 1));
    size_t rows = columns->chunk->rows;
    ouro_snapshot_label *out =
        ouro__array_extend(columns->reading, &columns->reading->labels, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] =
            (ouro_snapshot_label){(ouro_edge_kind)load_32(columns, 0, i), load_32(columns, 1, i)};
    return OURO_OK;
}

/* ---- objects and edges ---- */

/* Sums up the differences, and notes whether they ascend. */
static ouro_status read_addresses(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    size_t rows = columns->chunk->rows, before_count = reading->addresses.count;
    uint64_t *out = ouro__array_extend(reading, &reading->addresses, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    uint64_t address = 0, last = before_count > 0 ? out[-1] : 0;
    bool is_sorted = reading->is_sorted;
    for (size_t i = 0; i < rows; i++) {
        address += load_64(columns, 0, i);
        if (address == 0)
            return ouro__refuse(&reading->source, columns->chunk->offset, reading->error,
                                "row %zu of the objects has the address 0", i);
        is_sorted &= address > last;
        last = address;
        out[i] = address;
    }
    reading->is_sorted = is_sorted;
    return OURO_OK;
}

static ouro_status read_objects(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    if (reading->rows[OURO__OBJECTS] + columns->chunk->rows >= OURO_GRAPH_ROOT)
        return refuse_row(columns, 0, "object", OURO_GRAPH_ROOT, OURO_GRAPH_ROOT);
    TRY(check_below(columns, 2, "type", reading->rows[OURO__TYPES]));
    TRY(check_strings(columns, 4));
    TRY(check_below(columns, 5, "site", 1 + reading->rows[OURO__SITES]));
    TRY(read_addresses(columns));
    TRY(take_column(columns, 1, &reading->sizes));
    TRY(take_column(columns, 2, &reading->object_types));
    TRY(take_column(columns, 3, &reading->counts));
    TRY(take_column(columns, 4, &reading->texts));
    TRY(take_column(columns, 5, &reading->object_sites));
    TRY(take_column(columns, 6, &reading->flags));
    TRY(take_column(columns, 7, &reading->edge_counts));
    for (size_t i = 0; i < columns->chunk->rows; i++)
        reading->edges_declared += load_32(columns, 7, i);
    return OURO_OK;
}

static ouro_status read_edges(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    if (reading->rows[OURO__EDGES] + columns->chunk->rows > UINT32_MAX)
        return refuse_row(columns, 0, "edge", UINT32_MAX, UINT32_MAX);
    TRY(check_below(columns, 1, "label", 1 + reading->rows[OURO__LABELS]));
    TRY(take_column(columns, 0, &reading->targets));
    TRY(take_column(columns, 1, &reading->edge_labels));
    return take_column(columns, 2, &reading->indexes);
}

static ouro_status read_roots(const struct columns *columns)
{
    TRY(check_below(columns, 1, "root kind", OURO_ROOT_FRAME + 1));
    TRY(check_strings(columns, 2));
    size_t rows = columns->chunk->rows;
    struct ouro__root_row *out =
        ouro__array_extend(columns->reading, &columns->reading->root_rows, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] = (struct ouro__root_row){load_64(columns, 0, i), load_32(columns, 1, i),
                                         load_32(columns, 2, i), load_32(columns, 3, i)};
    return OURO_OK;
}

/* ---- pools and sites ---- */

static ouro_status read_pools(const struct columns *columns)
{
    TRY(check_below(columns, 2, "pool kind", OURO_CLASS_TRACKED + 1));
    size_t rows = columns->chunk->rows;
    ouro_snapshot_pool *out =
        ouro__array_extend(columns->reading, &columns->reading->pools, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] = (ouro_snapshot_pool){.address = load_64(columns, 0, i),
                                      .bytes = load_64(columns, 1, i),
                                      .kind = load_32(columns, 2, i),
                                      .block_size = load_32(columns, 3, i),
                                      .capacity = load_32(columns, 4, i),
                                      .live = load_32(columns, 5, i),
                                      .cached = load_32(columns, 6, i),
                                      .free = load_32(columns, 7, i)};
    return OURO_OK;
}

static ouro_status read_sites(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    size_t rows = columns->chunk->rows;
    if (reading->rows[OURO__SITES] + rows >= UINT32_MAX)
        return refuse_row(columns, 0, "site", UINT32_MAX, UINT32_MAX);
    ouro_snapshot_site *out = ouro__array_extend(reading, &reading->sites, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++) {
        out[i] = (ouro_snapshot_site){.frame_count = load_32(columns, 0, i),
                                      .live_objects = load_64(columns, 1, i),
                                      .live_bytes = load_64(columns, 2, i),
                                      .objects = load_64(columns, 3, i),
                                      .bytes = load_64(columns, 4, i),
                                      .peak_bytes = load_64(columns, 5, i)};
        /* What is beyond 32 bits is found out at the end: the sum of all does not agree. */
        out[i].first_frame = (uint32_t)reading->frames_declared;
        reading->frames_declared += out[i].frame_count;
    }
    return OURO_OK;
}

static ouro_status read_frames(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    size_t rows = columns->chunk->rows;
    if (reading->rows[OURO__FRAMES] + rows >= UINT32_MAX)
        return refuse_row(columns, 0, "frame", UINT32_MAX, UINT32_MAX);
    for (unsigned column = 2; column <= 4; column++) TRY(check_strings(columns, column));
    ouro_snapshot_frame *out = ouro__array_extend(reading, &reading->frames, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] = (ouro_snapshot_frame){.pc = load_64(columns, 0, i),
                                       .offset = load_64(columns, 1, i),
                                       .module = load_32(columns, 2, i),
                                       .function = load_32(columns, 3, i),
                                       .file = load_32(columns, 4, i),
                                       .line = load_32(columns, 5, i)};
    return OURO_OK;
}

/* ---- what the collector did ---- */

static ouro_status read_events(const struct columns *columns)
{
    TRY(check_below(columns, 0, "event kind", OURO_EVENT_PHASE + 1));
    TRY(check_below(columns, 1, "generation", 3));
    TRY(check_strings(columns, 2));
    size_t rows = columns->chunk->rows;
    ouro_snapshot_event *out =
        ouro__array_extend(columns->reading, &columns->reading->events, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] = (ouro_snapshot_event){.kind = (ouro_snapshot_event_kind)load_32(columns, 0, i),
                                       .generation = load_32(columns, 1, i),
                                       .name = load_32(columns, 2, i),
                                       .start = load_64(columns, 3, i),
                                       .nanoseconds = load_64(columns, 4, i),
                                       .candidates = load_64(columns, 5, i),
                                       .collected = load_64(columns, 6, i),
                                       .uncollectable = load_64(columns, 7, i)};
    return OURO_OK;
}

static ouro_status read_samples(const struct columns *columns)
{
    size_t rows = columns->chunk->rows;
    ouro_snapshot_sample *out =
        ouro__array_extend(columns->reading, &columns->reading->samples, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] = (ouro_snapshot_sample){load_64(columns, 0, i), load_64(columns, 1, i),
                                        load_64(columns, 2, i), load_64(columns, 3, i)};
    return OURO_OK;
}

static ouro_status read_cycles(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    TRY(check_below(columns, 1, "site", 1 + reading->rows[OURO__SITES]));
    size_t rows = columns->chunk->rows;
    ouro_snapshot_cycle *out = ouro__array_extend(reading, &reading->cycles, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++) {
        out[i] = (ouro_snapshot_cycle){.length = load_32(columns, 0, i),
                                       .site = load_32(columns, 1, i),
                                       .found = load_64(columns, 2, i),
                                       .objects = load_64(columns, 3, i),
                                       .bytes = load_64(columns, 4, i)};
        out[i].first_link = (uint32_t)reading->links_declared;
        reading->links_declared += out[i].length;
    }
    return OURO_OK;
}

static ouro_status read_links(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    size_t rows = columns->chunk->rows;
    if (reading->rows[OURO__LINKS] + rows >= UINT32_MAX)
        return refuse_row(columns, 0, "link", UINT32_MAX, UINT32_MAX);
    TRY(check_below(columns, 0, "type", reading->rows[OURO__TYPES]));
    TRY(check_below(columns, 1, "label", 1 + reading->rows[OURO__LABELS]));
    ouro_snapshot_link *out = ouro__array_extend(reading, &reading->links, rows, sizeof *out);
    if (out == NULL) return OURO_NO_MEMORY;
    for (size_t i = 0; i < rows; i++)
        out[i] = (ouro_snapshot_link){load_32(columns, 0, i), load_32(columns, 1, i),
                                      load_32(columns, 2, i)};
    return OURO_OK;
}

/* ---- the end ---- */

static ouro_status check_sum(const struct ouro__reading *reading, const char *owners,
                             uint64_t declared, enum ouro__kind kind)
{
    if (declared == reading->rows[kind]) return OURO_OK;
    return ouro__refuse(&reading->source, reading->end, reading->error,
                        "the %s have %llu %s together, but %llu are there", owners,
                        (unsigned long long)declared, ouro__row_formats[kind].name,
                        (unsigned long long)reading->rows[kind]);
}

static ouro_status read_end(const struct columns *columns)
{
    struct ouro__reading *reading = columns->reading;
    if (columns->chunk->rows != OURO__END - 1)
        return ouro__refuse(&reading->source, reading->end, reading->error,
                            "the end has %u sums, not %d", columns->chunk->rows, OURO__END - 1);
    for (int kind = 1; kind < OURO__END; kind++)
        TRY(check_sum(reading, "sums", load_64(columns, 0, (size_t)kind - 1),
                      (enum ouro__kind)kind));
    TRY(check_sum(reading, "objects", reading->edges_declared, OURO__EDGES));
    TRY(check_sum(reading, "sites", reading->frames_declared, OURO__FRAMES));
    return check_sum(reading, "cycles", reading->links_declared, OURO__LINKS);
}

/* ---- any chunk ---- */

static ouro_status (*const readers[OURO__KINDS])(const struct columns *columns) = {
    [OURO__STRINGS] = read_strings, [OURO__NOTES] = read_notes,     [OURO__TYPES] = read_types,
    [OURO__LABELS] = read_labels,   [OURO__OBJECTS] = read_objects, [OURO__EDGES] = read_edges,
    [OURO__ROOTS] = read_roots,     [OURO__POOLS] = read_pools,     [OURO__SITES] = read_sites,
    [OURO__FRAMES] = read_frames,   [OURO__EVENTS] = read_events,   [OURO__SAMPLES] = read_samples,
    [OURO__CYCLES] = read_cycles,   [OURO__LINKS] = read_links,     [OURO__END] = read_end,
};

ouro_status ouro__read_rows(struct ouro__reading *reading, const struct ouro__chunk *chunk)
{
    if (chunk->kind == 0 || chunk->kind >= OURO__KINDS) return OURO_OK;
    enum ouro__kind kind = (enum ouro__kind)chunk->kind;
    uint64_t needed = (uint64_t)chunk->rows * ouro__row_bytes(kind);
    if (kind == OURO__STRINGS ? needed > chunk->size : needed != chunk->size)
        return ouro__refuse(&reading->source, chunk->offset, reading->error,
                            "%u %s do not fit a chunk of %zu bytes", chunk->rows,
                            ouro__row_formats[kind].name, chunk->size);
    struct columns columns = {.reading = reading, .chunk = chunk};
    size_t before = 0;
    for (unsigned i = 0; i < ouro__row_formats[kind].columns; i++) {
        columns.at[i] = chunk->bytes + before * chunk->rows;
        before += ouro__row_formats[kind].width[i];
    }
    if (kind == OURO__END) reading->end = chunk->offset;
    ouro_status status = readers[kind](&columns);
    reading->rows[kind] += chunk->rows;
    return status;
}
