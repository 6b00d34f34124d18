/* SPDX-License-Identifier: MIT */
/*
 * writer.c -- a snapshot is written, row by row
 *
 *     string, type, label, site, object, edge, ...  ->  pack.h: rows  ->  chunks  ->  sink
 *
 * Rows name strings, types, labels and sites by numbers.  A chunk of any other kind is preceded by what waits of
 * those four [chunk.before], so that a reader knows what it reads.  The last object's row is completed by its
 * number of edges when the next object comes.
 */
#include "writer.h"

#include "failure.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64, STRING_CHUNK = 128 << 10 };

/* ---- beginning and end ---- */

static void writer_free(ouro_snapshot_writer *writer)
{
    ouro__packer_free(&writer->packer);
    ouro__strings_free(&writer->strings);
    ouro__table_free(&writer->type_keys);
    ouro__table_free(&writer->label_table);
    free(writer->keys);
    free(writer->labels);
    free(writer);
}

/* Label 0, which every file has. */
static bool give_first_label(ouro_snapshot_writer *writer)
{
    writer->labels = malloc(FIRST_CAPACITY * sizeof *writer->labels);
    if (writer->labels == NULL) return false;
    writer->label_capacity = FIRST_CAPACITY;
    writer->labels[0] = (ouro_snapshot_label){OURO_EDGE_INTERNAL, 0};
    writer->label_count = 1;
    return true;
}

ouro_snapshot_writer *ouro_snapshot_writer_new(const ouro_snapshot_sink *sink,
                                               ouro_error *out_error)
{
    ouro_snapshot_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL || !ouro__packer_begin(&writer->packer, sink) ||
        !ouro__strings_begin(&writer->strings) || !give_first_label(writer)) {
        if (writer != NULL) writer_free(writer);
        ouro__fail_memory(out_error, sizeof *writer, "the writer");
        return NULL;
    }
    writer->strings_sent = 1;
    writer->site_count = 1;
    ouro__pack_bytes(&writer->packer, OURO__MAGIC, OURO__MAGIC_BYTES);
    return writer;
}

void ouro_snapshot_writer_abandon(ouro_snapshot_writer *writer)
{
    if (writer != NULL) writer_free(writer);
}

/* ---- order of chunks ---- */

/* The strings from strings_sent on: lengths, then bytes, in chunks. */
static uint32_t send_some_strings(ouro_snapshot_writer *writer, unsigned char **buffer,
                                  size_t *capacity)
{
    const struct ouro__strings *strings = &writer->strings;
    uint32_t first = writer->strings_sent, end = first;
    size_t size = 0;
    while (end < strings->count) {
        size_t row = 4 + ouro__string_length(strings, end);
        if (end > first && size + row > STRING_CHUNK) break;
        size += row;
        end++;
    }
    if (size > *capacity) {
        unsigned char *larger = realloc(*buffer, size);
        if (larger == NULL) {
            ouro__fail_memory(&writer->packer.failure, size, "strings");
            return strings->count;
        }
        *buffer = larger;
        *capacity = size;
    }
    for (uint32_t i = first; i < end; i++) {
        uint32_t length = (uint32_t)ouro__string_length(strings, i);
        memcpy(*buffer + 4 * (size_t)(i - first), &length, 4);
    }
    memcpy(*buffer + 4 * (size_t)(end - first), strings->text + ouro__string_start(strings, first),
           size - 4 * (size_t)(end - first));
    ouro__pack_chunk(&writer->packer, OURO__STRINGS, end - first, *buffer, size);
    return end;
}

static void flush_strings(ouro_snapshot_writer *writer)
{
    unsigned char *buffer = NULL;
    size_t capacity = 0;
    while (writer->strings_sent < writer->strings.count)
        writer->strings_sent = send_some_strings(writer, &buffer, &capacity);
    free(buffer);
}

/* Sends what waits of a kind, and before it what its rows may name [chunk.before]. */
static void flush(ouro_snapshot_writer *writer, enum ouro__kind kind)
{
    static const enum ouro__kind named[] = {OURO__TYPES, OURO__LABELS, OURO__SITES, OURO__FRAMES};
    flush_strings(writer);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        ouro__pack_flush(&writer->packer, named[i]);
    ouro__pack_flush(&writer->packer, kind);
}

/* Where a row of a kind goes, or NULL after a failure. */
static struct ouro__columns *row_of(ouro_snapshot_writer *writer, enum ouro__kind kind)
{
    struct ouro__columns *columns = &writer->packer.kinds[kind];
    if (columns->rows == columns->capacity) {
        if (columns->rows > 0) flush(writer, kind);
        if (!ouro__pack_prepare(&writer->packer, kind)) return NULL;
    }
    return ouro__packer_failed(&writer->packer) ? NULL : columns;
}

/* ---- misuse: numbers that stand for nothing ---- */

static bool refuse(ouro_snapshot_writer *writer, const char *what, uint64_t number, uint64_t count)
{
    if (!ouro__packer_failed(&writer->packer))
        ouro__fail(&writer->packer.failure, OURO_BAD_ARGUMENT,
                   "a row names %s %llu, but %llu were given to the writer", what,
                   (unsigned long long)number, (unsigned long long)count);
    return false;
}

static inline bool is_string(ouro_snapshot_writer *writer, uint32_t number)
{
    return number < writer->strings.count ||
           refuse(writer, "string", number, writer->strings.count);
}
static inline bool is_type(ouro_snapshot_writer *writer, uint32_t number)
{
    return number < writer->type_count || refuse(writer, "type", number, writer->type_count);
}
static inline bool is_label(ouro_snapshot_writer *writer, uint32_t number)
{
    return number < writer->label_count || refuse(writer, "label", number, writer->label_count);
}
static inline bool is_site(ouro_snapshot_writer *writer, uint32_t number)
{
    return number < writer->site_count || refuse(writer, "site", number, writer->site_count);
}
static bool is_kind(ouro_snapshot_writer *writer, const char *what, uint32_t kind, uint32_t last)
{
    return kind <= last || refuse(writer, what, kind, last + 1);
}

/* ---- what numbers stand for ---- */

uint32_t ouro_snapshot_string_of(ouro_snapshot_writer *writer, const char *text, size_t length)
{
    uint32_t number = 0;
    if (ouro__packer_failed(&writer->packer)) return 0;
    if (!ouro__strings_number(&writer->strings, text, length, &number)) {
        ouro__fail_memory(&writer->packer.failure, length, "strings");
        return 0;
    }
    return number;
}

uint32_t ouro_snapshot_string(ouro_snapshot_writer *writer, const char *text)
{
    return ouro_snapshot_string_of(writer, text, strlen(text));
}

static bool extend_labels(ouro_snapshot_writer *writer)
{
    if (writer->label_count < writer->label_capacity) return true;
    size_t size = 2 * (size_t)writer->label_capacity * sizeof *writer->labels;
    ouro_snapshot_label *labels = realloc(writer->labels, size);
    if (labels == NULL) return false;
    writer->labels = labels;
    writer->label_capacity *= 2;
    return true;
}

uint32_t ouro_snapshot_label_of(ouro_snapshot_writer *writer, ouro_edge_kind kind, uint32_t name)
{
    if (!is_kind(writer, "edge kind", (uint32_t)kind, OURO_EDGE_BORROWED) ||
        !is_string(writer, name))
        return 0;
    if (kind == OURO_EDGE_INTERNAL && name == 0) return 0;
    uint32_t hash = ouro__hash_word((uint64_t)kind << 32 | name), number;
    struct ouro__search search = {hash, 0};
    while (ouro__table_next(&writer->label_table, &search, &number))
        if (writer->labels[number].kind == kind && writer->labels[number].name == name)
            return number;
    struct ouro__columns *row = row_of(writer, OURO__LABELS);
    if (row == NULL) return 0;
    if (!extend_labels(writer) ||
        !ouro__table_add(&writer->label_table, hash, writer->label_count)) {
        ouro__fail_memory(&writer->packer.failure, sizeof *writer->labels, "labels");
        return 0;
    }
    ouro__pack_32(row, 0, (uint32_t)kind);
    ouro__pack_32(row, 1, name);
    row->rows++;
    writer->labels[writer->label_count] = (ouro_snapshot_label){kind, name};
    return writer->label_count++;
}

static bool remember_key(ouro_snapshot_writer *writer, const void *key, uint32_t hash)
{
    if (writer->key_count == writer->key_capacity) {
        uint32_t capacity = writer->key_capacity == 0 ? FIRST_CAPACITY : 2 * writer->key_capacity;
        struct ouro__typekey *keys = realloc(writer->keys, capacity * sizeof *keys);
        if (keys == NULL) return false;
        writer->keys = keys;
        writer->key_capacity = capacity;
    }
    if (!ouro__table_add(&writer->type_keys, hash, writer->key_count)) return false;
    writer->keys[writer->key_count++] = (struct ouro__typekey){key, writer->type_count};
    return true;
}

uint32_t ouro_snapshot_type_of(ouro_snapshot_writer *writer, const void *key,
                               const ouro_snapshot_type *type)
{
    uint32_t hash = ouro__hash_word((uint64_t)(uintptr_t)key), at;
    struct ouro__search search = {hash, 0};
    while (key != NULL && ouro__table_next(&writer->type_keys, &search, &at))
        if (writer->keys[at].key == key) return writer->keys[at].number;
    if (!is_string(writer, type->name)) return 0;
    struct ouro__columns *row = row_of(writer, OURO__TYPES);
    if (row == NULL) return 0;
    if (key != NULL && !remember_key(writer, key, hash)) {
        ouro__fail_memory(&writer->packer.failure, sizeof *writer->keys, "types");
        return 0;
    }
    ouro__pack_32(row, 0, type->name);
    ouro__pack_32(row, 1, type->flags);
    ouro__pack_64(row, 2, type->size);
    row->rows++;
    return writer->type_count++;
}

uint32_t ouro_snapshot_add_site(ouro_snapshot_writer *writer, const ouro_snapshot_site *site,
                                const ouro_snapshot_frame *frames)
{
    struct ouro__columns *row = row_of(writer, OURO__SITES);
    if (row == NULL) return 0;
    ouro__pack_32(row, 0, site->frame_count);
    ouro__pack_64(row, 1, site->live_objects);
    ouro__pack_64(row, 2, site->live_bytes);
    ouro__pack_64(row, 3, site->objects);
    ouro__pack_64(row, 4, site->bytes);
    ouro__pack_64(row, 5, site->peak_bytes);
    row->rows++;
    for (uint32_t i = 0; i < site->frame_count; i++) {
        const ouro_snapshot_frame *frame = &frames[i];
        if (!is_string(writer, frame->module) || !is_string(writer, frame->function) ||
            !is_string(writer, frame->file) || (row = row_of(writer, OURO__FRAMES)) == NULL)
            return 0;
        ouro__pack_64(row, 0, frame->pc);
        ouro__pack_64(row, 1, frame->offset);
        ouro__pack_32(row, 2, frame->module);
        ouro__pack_32(row, 3, frame->function);
        ouro__pack_32(row, 4, frame->file);
        ouro__pack_32(row, 5, frame->line);
        row->rows++;
    }
    return writer->site_count++;
}

/* ---- objects and edges ---- */

/* The last object has all its edges: its row says how many. */
static void complete_owner(ouro_snapshot_writer *writer)
{
    struct ouro__columns *row = &writer->packer.kinds[OURO__OBJECTS];
    if (writer->owner == 0) return;
    ouro__pack_32(row, 7, writer->owner_edges);
    row->rows++;
    writer->owner = 0;
    writer->owner_edges = 0;
}

void ouro_snapshot_add_object(ouro_snapshot_writer *writer, const ouro_snapshot_object *object)
{
    if (ouro__packer_failed(&writer->packer)) return;
    complete_owner(writer);
    if (object->address == 0 || writer->object_count >= OURO_GRAPH_ROOT) {
        ouro__fail(&writer->packer.failure,
                   object->address == 0 ? OURO_BAD_ARGUMENT : OURO_TOO_LARGE,
                   object->address == 0 ? "an object has the address 0"
                                        : "a snapshot has room for 4294967294 objects");
        return;
    }
    struct ouro__columns *row = row_of(writer, OURO__OBJECTS);
    if (row == NULL || !is_type(writer, object->type) || !is_string(writer, object->text) ||
        !is_site(writer, object->site))
        return;
    if (row->rows == 0) writer->address_before = 0;
    ouro__pack_64(row, 0, object->address - writer->address_before);
    ouro__pack_64(row, 1, object->size);
    ouro__pack_32(row, 2, object->type);
    ouro__pack_32(row, 3, object->count);
    ouro__pack_32(row, 4, object->text);
    ouro__pack_32(row, 5, object->site);
    ouro__pack_8(row, 6, object->flags);
    writer->object_count++;
    writer->owner = writer->address_before = object->address;
}

void ouro_snapshot_add_edge(ouro_snapshot_writer *writer, uint64_t target, uint32_t label,
                            uint32_t index)
{
    if (ouro__packer_failed(&writer->packer)) return;
    if (writer->owner == 0 || writer->edge_count == UINT32_MAX) {
        ouro__fail(&writer->packer.failure, writer->owner == 0 ? OURO_BAD_ARGUMENT : OURO_TOO_LARGE,
                   writer->owner == 0 ? "an edge was added before any object"
                                      : "a snapshot has room for 4294967295 edges");
        return;
    }
    struct ouro__columns *row = row_of(writer, OURO__EDGES);
    if (row == NULL || !is_label(writer, label)) return;
    ouro__pack_64(row, 0, target - writer->owner);
    ouro__pack_32(row, 1, label);
    ouro__pack_32(row, 2, index);
    row->rows++;
    writer->owner_edges++;
    writer->edge_count++;
}

/* ---- the rest ---- */

void ouro_snapshot_note(ouro_snapshot_writer *writer, const char *key, const char *value)
{
    uint32_t key_number = ouro_snapshot_string(writer, key);
    uint32_t value_number = ouro_snapshot_string(writer, value);
    struct ouro__columns *row = row_of(writer, OURO__NOTES);
    if (row == NULL) return;
    ouro__pack_32(row, 0, key_number);
    ouro__pack_32(row, 1, value_number);
    row->rows++;
}

void ouro_snapshot_add_root(ouro_snapshot_writer *writer, uint64_t object, ouro_root_kind kind,
                            uint32_t name, uint32_t references)
{
    struct ouro__columns *row = row_of(writer, OURO__ROOTS);
    if (row == NULL || !is_kind(writer, "root kind", (uint32_t)kind, OURO_ROOT_FRAME) ||
        !is_string(writer, name))
        return;
    ouro__pack_64(row, 0, object);
    ouro__pack_32(row, 1, (uint32_t)kind);
    ouro__pack_32(row, 2, name);
    ouro__pack_32(row, 3, references);
    row->rows++;
}

void ouro_snapshot_add_pool(ouro_snapshot_writer *writer, const ouro_snapshot_pool *pool)
{
    struct ouro__columns *row = row_of(writer, OURO__POOLS);
    if (row == NULL || !is_kind(writer, "pool kind", pool->kind, OURO_CLASS_TRACKED)) return;
    ouro__pack_64(row, 0, pool->address);
    ouro__pack_64(row, 1, pool->bytes);
    ouro__pack_32(row, 2, pool->kind);
    ouro__pack_32(row, 3, pool->block_size);
    ouro__pack_32(row, 4, pool->capacity);
    ouro__pack_32(row, 5, pool->live);
    ouro__pack_32(row, 6, pool->cached);
    ouro__pack_32(row, 7, pool->free);
    row->rows++;
}

void ouro_snapshot_add_event(ouro_snapshot_writer *writer, const ouro_snapshot_event *event)
{
    struct ouro__columns *row = row_of(writer, OURO__EVENTS);
    if (row == NULL || !is_string(writer, event->name) ||
        !is_kind(writer, "event kind", (uint32_t)event->kind, OURO_EVENT_PHASE) ||
        !is_kind(writer, "generation", event->generation, 2))
        return;
    ouro__pack_32(row, 0, (uint32_t)event->kind);
    ouro__pack_32(row, 1, event->generation);
    ouro__pack_32(row, 2, event->name);
    ouro__pack_64(row, 3, event->start);
    ouro__pack_64(row, 4, event->nanoseconds);
    ouro__pack_64(row, 5, event->candidates);
    ouro__pack_64(row, 6, event->collected);
    ouro__pack_64(row, 7, event->uncollectable);
    row->rows++;
}

void ouro_snapshot_add_sample(ouro_snapshot_writer *writer, const ouro_snapshot_sample *sample)
{
    struct ouro__columns *row = row_of(writer, OURO__SAMPLES);
    if (row == NULL) return;
    ouro__pack_64(row, 0, sample->time);
    ouro__pack_64(row, 1, sample->objects);
    ouro__pack_64(row, 2, sample->live_bytes);
    ouro__pack_64(row, 3, sample->committed_bytes);
    row->rows++;
}

void ouro_snapshot_add_cycle(ouro_snapshot_writer *writer, const ouro_snapshot_cycle *cycle,
                             const ouro_snapshot_link *links)
{
    struct ouro__columns *row = row_of(writer, OURO__CYCLES);
    if (row == NULL || !is_site(writer, cycle->site)) return;
    ouro__pack_32(row, 0, cycle->length);
    ouro__pack_32(row, 1, cycle->site);
    ouro__pack_64(row, 2, cycle->found);
    ouro__pack_64(row, 3, cycle->objects);
    ouro__pack_64(row, 4, cycle->bytes);
    row->rows++;
    for (uint32_t i = 0; i < cycle->length; i++) {
        row = row_of(writer, OURO__LINKS);
        if (row == NULL || !is_type(writer, links[i].type) || !is_label(writer, links[i].label))
            return;
        ouro__pack_32(row, 0, links[i].type);
        ouro__pack_32(row, 1, links[i].label);
        ouro__pack_32(row, 2, links[i].index);
        row->rows++;
    }
}

ouro_status ouro_snapshot_writer_finish(ouro_snapshot_writer *writer, ouro_error *out_error)
{
    complete_owner(writer);
    for (int kind = OURO__NOTES; kind < OURO__END; kind++) flush(writer, (enum ouro__kind)kind);
    struct ouro__packer *packer = &writer->packer;
    ouro__pack_chunk(packer, OURO__END, OURO__END - 1, packer->rows_written + 1,
                     (OURO__END - 1) * sizeof packer->rows_written[0]);
    ouro_status status = packer->failure.status;
    if (status != OURO_OK && out_error != NULL) *out_error = packer->failure;
    writer_free(writer);
    return status;
}
