/* SPDX-License-Identifier: MIT */
/*
 * change.c -- growth between snapshots, by type, and where new objects hang
 *
 * Snapshots are counted one after another and may go; types are the same when their names are.
 */
#include "report/report.h"

#include "analysis/growth.h"
#include "name_table.h"

#include <stdlib.h>
#include <string.h>

typedef struct change_row {
    char *name;
    uint64_t *objects, *bytes; /* one for each snapshot */
} change_row;

typedef struct change_snapshot {
    char *file, *time;
    uint64_t objects, bytes;
    size_t column; /* its place in the rows' values */
} change_snapshot;

/* An object to which new ones hang, by what the page shows of it. */
typedef struct change_place {
    uint32_t object, edge;
    uint64_t born, held;
} change_place;

struct change {
    change_snapshot *snapshots;
    size_t capacity, length;
    change_row **rows;
    size_t row_count, row_capacity;
    name_table by_name; /* of rows */
    change_place places[REPORT_PLACES];
    size_t place_count;
    uint64_t born, born_bytes;
};

change *change_new(size_t snapshots)
{
    change *made = calloc(1, sizeof(change));
    if (made == NULL) return NULL;
    made->capacity = snapshots;
    made->snapshots = calloc(snapshots, sizeof(change_snapshot));
    if (made->snapshots == NULL) {
        free(made);
        return NULL;
    }
    return made;
}

static void row_free(change_row *row)
{
    if (row == NULL) return;
    free(row->name);
    free(row->objects);
    free(row->bytes);
    free(row);
}

void change_free(change *changed)
{
    if (changed == NULL) return;
    for (size_t i = 0; i < changed->length; i++) {
        free(changed->snapshots[i].file);
        free(changed->snapshots[i].time);
    }
    for (size_t i = 0; i < changed->row_count; i++) row_free(changed->rows[i]);
    name_table_free(&changed->by_name);
    free(changed->snapshots);
    free(changed->rows);
    free(changed);
}

static bool reserve_row(change *changed)
{
    if (changed->row_count < changed->row_capacity) return true;
    size_t capacity = changed->row_capacity == 0 ? 64 : 2 * changed->row_capacity;
    change_row **rows = realloc(changed->rows, capacity * sizeof(change_row *));
    if (rows == NULL) return false;
    changed->rows = rows;
    changed->row_capacity = capacity;
    return true;
}

static change_row *add_row(change *changed, const char *name)
{
    change_row *row = calloc(1, sizeof(change_row));
    if (row == NULL || !reserve_row(changed)) {
        free(row);
        return NULL;
    }
    row->name = strdup(name);
    row->objects = calloc(changed->capacity, sizeof(uint64_t));
    row->bytes = calloc(changed->capacity, sizeof(uint64_t));
    span key = {.bytes = row->name, .length = strlen(name)};
    span none = {.bytes = "", .length = 0};
    if (row->name == NULL || row->objects == NULL || row->bytes == NULL ||
        !name_table_add(&changed->by_name, key, none, row)) {
        row_free(row);
        return NULL;
    }
    changed->rows[changed->row_count++] = row;
    return row;
}

static change_row *row_of(change *changed, const char *name)
{
    span key = {.bytes = name, .length = strlen(name)};
    span none = {.bytes = "", .length = 0};
    change_row *row = name_table_find(&changed->by_name, key, none);
    return row != NULL ? row : add_row(changed, name);
}

bool change_add(change *changed, const char *file, const ouro_snapshot *snapshot)
{
    size_t at = changed->length++;
    change_snapshot *added = &changed->snapshots[at];
    const char *when = ouro_snapshot_note_of(snapshot, "time");
    added->column = at;
    added->file = strdup(file);
    added->time = strdup(when != NULL ? when : "");
    census counted;
    if (added->file == NULL || added->time == NULL || !census_take(snapshot, NULL, &counted))
        return false;
    added->objects = counted.total.objects;
    added->bytes = counted.total.bytes;
    bool good = true;
    for (size_t i = 0; i < counted.length && good; i++) {
        const census_row *from = &counted.rows[i];
        change_row *row = row_of(changed, snapshot->strings[snapshot->types[from->type].name]);
        good = row != NULL;
        if (!good) break;
        row->objects[at] += from->objects;
        row->bytes[at] += from->bytes;
    }
    census_free(&counted);
    return good;
}

static int compare_times(const void *a, const void *b)
{
    const change_snapshot *x = a, *y = b;
    int order = strcmp(x->time, y->time);
    return order != 0 ? order : x->column < y->column ? -1 : x->column > y->column;
}

size_t change_sort(change *changed)
{
    bool timed = true;
    for (size_t i = 0; i < changed->length; i++)
        timed = timed && *changed->snapshots[i].time != '\0';
    if (timed && changed->length > 1)
        qsort(changed->snapshots, changed->length, sizeof(change_snapshot), compare_times);
    return changed->snapshots[0].column;
}

bool change_compare(change *changed, const ouro_snapshot *first, const ouro_snapshot *latest)
{
    growth grown;
    if (!growth_find(first, latest, &grown)) return false;
    changed->born = grown.total.born;
    changed->born_bytes = grown.total.born_bytes;
    for (size_t i = 0; i < grown.place_count && i < REPORT_PLACES; i++)
        changed->places[changed->place_count++] = (change_place){.object = grown.places[i].object,
                                                                 .edge = grown.places[i].edge,
                                                                 .born = grown.places[i].born,
                                                                 .held = grown.places[i].held};
    growth_free(&grown);
    return true;
}

/* ---- writing ------------------------------------------------------------------------ */

static int64_t grown_by(const change *changed, const change_row *row)
{
    size_t first = changed->snapshots[0].column;
    size_t last = changed->snapshots[changed->length - 1].column;
    return (int64_t)(row->bytes[last] - row->bytes[first]);
}

static const change *compared; /* qsort has no argument for it */

static int compare_rows(const void *a, const void *b)
{
    const change_row *x = *(change_row *const *)a, *y = *(change_row *const *)b;
    int64_t left = grown_by(compared, x), right = grown_by(compared, y);
    if (left < 0) left = -left;
    if (right < 0) right = -right;
    if (left != right) return left > right ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* The page's number of a type by its name: that of the census where it has one. */
static uint32_t number_of(report *made, const name_table *known, const char *name)
{
    span key = {.bytes = name, .length = strlen(name)};
    span none = {.bytes = "", .length = 0};
    const report_type *there = name_table_find(known, key, none);
    if (there != NULL) return report_type_number(made, there->type);
    return report_name_number(made, name);
}

static void write_values(json *out, const change *changed, const uint64_t *values)
{
    json_open(out, '[');
    for (size_t i = 0; i < changed->length; i++)
        json_number(out, values[changed->snapshots[i].column]);
    json_close(out, ']');
}

static void write_rows(report *made, const change *changed, const name_table *known)
{
    size_t length = changed->row_count < REPORT_CHANGES ? changed->row_count : REPORT_CHANGES;
    json *out = &made->out;
    json_key(out, "rows");
    json_open(out, '[');
    for (size_t i = 0; i < length; i++) {
        json_open(out, '[');
        json_signed(out, (int32_t)number_of(made, known, changed->rows[i]->name));
        write_values(out, changed, changed->rows[i]->objects);
        write_values(out, changed, changed->rows[i]->bytes);
        json_close(out, ']');
    }
    json_close(out, ']');
    int64_t grown = 0;
    for (size_t i = length; i < changed->row_count; i++)
        grown += grown_by(changed, changed->rows[i]);
    json_key(out, "omitted");
    json_open(out, '{');
    json_put(out, "types", changed->row_count - length);
    json_key(out, "grown");
    json_signed(out, grown);
    json_close(out, '}');
}

static void write_snapshots(report *made, const change *changed)
{
    json *out = &made->out;
    json_key(out, "snapshots");
    json_open(out, '[');
    for (size_t i = 0; i < changed->length; i++) {
        json_open(out, '{');
        json_put_text(out, "file", changed->snapshots[i].file);
        json_put_text(out, "time", changed->snapshots[i].time);
        json_put(out, "objects", changed->snapshots[i].objects);
        json_put(out, "size", changed->snapshots[i].bytes);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static bool write_places(report *made, const change *changed)
{
    paths known;
    if (!paths_find(made->snapshot, &known)) return false;
    bool good = true;
    json *out = &made->out;
    json_key(out, "places");
    json_open(out, '[');
    for (size_t i = 0; i < changed->place_count && good; i++) {
        const change_place *place = &changed->places[i];
        json_open(out, '{');
        json_key(out, "type");
        report_type_of_object(made, place->object);
        json_key(out, "text");
        report_text_of_object(made, place->object);
        json_key(out, "address");
        report_address_of_object(made, place->object);
        json_key(out, "edge");
        report_edge(made, place->edge);
        json_put(out, "born", place->born);
        json_put(out, "held", place->held);
        good = report_way(made, &known, place->object);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_key(out, "born");
    json_open(out, '{');
    json_put(out, "objects", changed->born);
    json_put(out, "size", changed->born_bytes);
    json_close(out, '}');
    paths_free(&known);
    return good;
}

/* Finds types of the census by name.  `types` must stay where it is. */
static bool know_types(const report *made, const report_type *types, name_table *known)
{
    span none = {.bytes = "", .length = 0};
    for (size_t i = 0; i < made->counted.length; i++) {
        const char *name = made->snapshot->strings[made->snapshot->types[types[i].type].name];
        span key = {.bytes = name, .length = strlen(name)};
        if (name_table_find(known, key, none) != NULL) continue;
        if (!name_table_add(known, key, none, (void *)&types[i])) return false;
    }
    return true;
}

bool report_growth(report *made, const change *changed)
{
    size_t length = made->counted.length;
    report_type *types = malloc((length + 1) * sizeof(report_type));
    if (types == NULL) return false;
    for (size_t i = 0; i < length; i++)
        types[i] = (report_type){.type = made->counted.rows[i].type};
    name_table known = {0};
    bool good = know_types(made, types, &known);
    compared = changed;
    if (changed->row_count > 1)
        qsort(changed->rows, changed->row_count, sizeof(change_row *), compare_rows);
    json_key(&made->out, "growth");
    json_open(&made->out, '{');
    write_snapshots(made, changed);
    write_rows(made, changed, &known);
    good = write_places(made, changed) && good;
    json_close(&made->out, '}');
    name_table_free(&known);
    free(types);
    return good;
}
