/* SPDX-License-Identifier: MIT */
/*
 * holders.c -- what holds the largest things
 *
 * Largest are those that keep most alive, but not each holder of a holder: an object that passes nearly all on to
 * one other tells nothing that this one does not tell better.
 */
#include "report/report.h"

#include <stdlib.h>

/* Whether one child has more than four fifths of what the object keeps. */
static bool passes_on(const report *made, uint32_t object)
{
    size_t count;
    const uint32_t *children = retention_children(&made->held, object, &count);
    return count > 0 && made->held.retained[children[0]] > made->held.retained[object] / 5 * 4;
}

/* Puts an object among the largest, which are in order.  Returns how many there are now. */
static size_t insert(const report *made, uint32_t *largest, size_t length, uint32_t object)
{
    const uint64_t *retained = made->held.retained;
    if (length == REPORT_HOLDERS) {
        if (retained[largest[length - 1]] >= retained[object]) return length;
        length--;
    }
    size_t at = length;
    for (; at > 0 && retained[largest[at - 1]] < retained[object]; at--)
        largest[at] = largest[at - 1];
    largest[at] = object;
    return length + 1;
}

static size_t find_largest(const report *made, uint32_t *largest)
{
    size_t length = 0;
    for (uint32_t object = 0; object < made->snapshot->object_count; object++)
        if (made->held.dominator[object] != OURO_GRAPH_NONE && !passes_on(made, object))
            length = insert(made, largest, length, object);
    return length;
}

static void write_root(report *made, uint32_t root)
{
    const ouro_snapshot_root *written = &made->snapshot->roots[root];
    json_key(&made->out, "root");
    json_open(&made->out, '[');
    json_number(&made->out, written->kind);
    json_text(&made->out, made->snapshot->strings[written->name], REPORT_NAME_BYTES);
    json_number(&made->out, written->references);
    json_close(&made->out, ']');
}

static void write_step(report *made, const path *way, size_t at)
{
    json_open(&made->out, '[');
    report_edge(made, at == 0 ? OURO_GRAPH_NONE : way->edges[at - 1]);
    report_type_of_object(made, way->objects[at]);
    report_text_of_object(made, way->objects[at]);
    report_address_of_object(made, way->objects[at]);
    json_number(&made->out, made->held.retained[way->objects[at]]);
    json_close(&made->out, ']');
}

static void write_way(report *made, const path *way)
{
    size_t omitted = way->length > 2 * REPORT_WAY_END ? way->length - 2 * REPORT_WAY_END : 0;
    if (way->length > 0) write_root(made, way->root);
    json_key(&made->out, "steps");
    json_open(&made->out, '[');
    for (size_t i = 0; i < way->length; i++)
        if (omitted == 0 || i < REPORT_WAY_END || i >= REPORT_WAY_END + omitted)
            write_step(made, way, i);
    json_close(&made->out, ']');
    json_put(&made->out, "omitted", omitted);
    json_put(&made->out, "omittedAt", omitted == 0 ? 0 : REPORT_WAY_END);
}

bool report_way(report *made, const paths *known, uint32_t object)
{
    path way;
    if (!path_to(known, object, &way)) return false;
    write_way(made, &way);
    path_free(&way);
    return true;
}

static bool write_holder(report *made, const paths *known, uint32_t object)
{
    json *out = &made->out;
    json_open(out, '{');
    json_key(out, "type");
    report_type_of_object(made, object);
    json_key(out, "text");
    report_text_of_object(made, object);
    json_key(out, "address");
    report_address_of_object(made, object);
    json_put(out, "size", made->snapshot->sizes[object]);
    json_put(out, "retained", made->held.retained[object]);
    bool good = report_way(made, known, object);
    json_close(out, '}');
    return good;
}

bool report_holders(report *made)
{
    uint32_t largest[REPORT_HOLDERS];
    size_t length = find_largest(made, largest);
    paths known;
    if (!paths_find(made->snapshot, &known)) return false;
    bool good = true;
    json_key(&made->out, "holders");
    json_open(&made->out, '[');
    for (size_t i = 0; i < length && good; i++) good = write_holder(made, &known, largest[i]);
    json_close(&made->out, ']');
    paths_free(&known);
    return good;
}
