/* SPDX-License-Identifier: MIT */
/*
 * demo_cycles.c -- question 4: and if two hold each other?
 *
 * First two nodes; then the packages of a Debian system, which need each other
 * in ways that nobody planned.
 */
#include "demo.h"

#include "components.h"

#include <string.h>

/* ---- two nodes --------------------------------------------------------------------- */

typedef struct node {
    struct node *other;
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {
    OURO_REF(node, other, &node_type),
    OURO_END,
};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

static void show_counts(demo *shown, const node *a, const node *b)
{
    terminal_result(&shown->terminal, "counts {%d} and {%d}", (int)ouro_refcount(a),
                    (int)ouro_refcount(b));
}

/*
 * The counts are read after the last references of the program are gone.  That is
 * allowed here and nowhere else: the two keep each other alive, and the
 * collector, which could end that, is off.
 */
static void tie_and_drop(demo *shown, ouro_heap *heap, node *a, node *b, json_object *section)
{
    terminal_output *terminal = &shown->terminal;
    show_counts(shown, a, b);
    terminal_code(terminal, "ouro_set(a, other, b);");
    ouro_set(a, other, b);
    show_counts(shown, a, b);
    terminal_code(terminal, "ouro_set(b, other, a);");
    ouro_set(b, other, a);
    show_counts(shown, a, b);
    terminal_code(terminal, "ouro_decref(a); ouro_decref(b);");
    ouro_decref(a);
    ouro_decref(b);
    show_counts(shown, a, b);
    terminal_result(terminal, "nobody can reach them; {%zu} alive", demo_stats(heap).objects);
    demo_integer(section, "count_after_drop", (size_t)ouro_refcount(a));
    demo_expect(shown, ouro_refcount(a) == 1 && ouro_refcount(b) == 1,
                "two nodes hold each other at a count of one");
    terminal_code(terminal, "ouro_collect(heap, 2);");
    size_t found = ouro_collect(heap, 2);
    size_t alive = demo_stats(heap).objects;
    terminal_result(terminal, "the collector found {%zu}; {%zu} alive", found, alive);
    demo_integer(section, "found", found);
    demo_integer(section, "alive_after", alive);
    demo_expect(shown, found == 2 && alive == 0, "the collector finds and frees the two nodes");
}

static void show_two_nodes(demo *shown)
{
    ouro_heap *heap = demo_heap_new(shown, "two nodes");
    if (heap == NULL) return;
    ouro_collector_disable(heap);
    terminal_code(&shown->terminal, "node *a = ..., *b = ouro_new(heap, node);");
    node *a = ouro_new(heap, node);
    node *b = ouro_new(heap, node);
    if (a != NULL && b != NULL) {
        tie_and_drop(shown, heap, a, b, demo_section(shown->answer, "two_nodes"));
    } else {
        demo_refused(shown, heap);
        ouro_xdecref(a);
        ouro_xdecref(b);
    }
    demo_heap_close(shown, heap);
}

/* ---- what is there ------------------------------------------------------------------- */

/* Counts, by walking the heap, what the objects refer to. */
typedef struct census {
    const void *owner;
    size_t references;
    size_t edges; /* from package to package */
} census;

static int count_reference(void *referent, void *argument)
{
    census *counted = argument;
    bool is_edge =
        ouro_type_of(counted->owner) == &package_type && ouro_type_of(referent) == &package_type;
    counted->references++;
    counted->edges += is_edge;
    return 0;
}

static int count_references(void *object, void *argument)
{
    census *counted = argument;
    counted->owner = object;
    ouro_get_referents(object, count_reference, counted);
    return 0;
}

static void show_loaded(demo *shown, const demo_packages *packages, const ouro_heap_stats *stats)
{
    terminal_output *terminal = &shown->terminal;
    const package_figures *figures = &packages->figures;
    census counted = {.owner = NULL};
    ouro_each_object(packages->heap, count_references, &counted);
    demo_expect(shown, counted.edges == figures->edges,
                "the heap holds as many edges as the loader made");
    if (packages->is_fallback)
        terminal_say(terminal,
                     "This machine has no package database; so real ones, a small choice:");
    else
        terminal_say(terminal, "The same on real data, %s:", packages->source_name);
    terminal_gap(terminal);
    terminal_fact(terminal, "loaded", "{%s packages} and %s virtual ones that they provide",
                  show_count(figures->installed).text, show_count(figures->virtual_packages).text);
    terminal_fact(terminal, "", "{%s objects}, {%s edges} between packages, in %s",
                  show_count(stats->objects).text, show_count(figures->edges).text,
                  show_seconds(packages->load_seconds).text);
    json_object *answer = shown->answer;
    demo_string(answer, "source", packages->source_name);
    demo_boolean(answer, "fallback", packages->is_fallback);
    demo_integer(answer, "packages", figures->installed);
    demo_integer(answer, "virtual_packages", figures->virtual_packages);
    demo_integer(answer, "packages_not_installed", figures->not_installed);
    demo_integer(answer, "names_absent", figures->absent);
    demo_real(answer, "load_seconds", packages->load_seconds);
    demo_integer(answer, "objects", stats->objects);
    demo_integer(answer, "edges", figures->edges);
    demo_integer(answer, "references", counted.references);
}

/* ---- the cycles ------------------------------------------------------------------------ */

enum {
    CYCLES_SHOWN = 5,
    CYCLES_LISTED = 20, /* in the JSON answer */
    NAMES_LISTED = 100, /* and of each */
    LINE_WIDTH = 56,    /* columns for what is said about a cycle */
    LINE_MAX = 512,     /* and bytes */
};

/* A line that is put together piece by piece, as long as it fits. */
typedef struct line {
    char text[LINE_MAX];
    size_t length;
    size_t columns;
} line;

/* Adds a separator and a name, or says that something is left out.  The last
 * name needs no room for that. */
static bool add_name(line *to, const char *separator, size_t separator_columns, const char *name,
                     bool is_last)
{
    size_t columns = separator_columns + strlen(name);
    bool fits = to->columns + columns + (is_last ? 0 : strlen(" ...")) <= LINE_WIDTH;
    int size = fits
                   ? snprintf(to->text + to->length, LINE_MAX - to->length, "%s%s", separator, name)
                   : snprintf(to->text + to->length, LINE_MAX - to->length, " ...");
    to->length += (size_t)size;
    to->columns += fits ? columns : strlen(" ...");
    return fits;
}

static bool is_on_round(const component *described, const package *member)
{
    for (size_t i = 0; i < described->round_length; i++)
        if (described->round[i] == member) return true;
    return false;
}

/* "libc6 -> libgcc-s1 -> libc6 + libidn2-0, libunistring2" as far as it goes. */
static void describe_component(const terminal_output *terminal, const component *described,
                               line *out)
{
    char arrow[8];
    *out = (line){.length = 0};
    snprintf(arrow, sizeof(arrow), " %s ", terminal_arrow(terminal));
    size_t left = described->length + 1;
    for (size_t i = 0; i <= described->round_length; i++) {
        const package *next = described->round[i % described->round_length];
        if (!add_name(out, i > 0 ? arrow : "", i > 0 ? 4 : 0, next->name->bytes, --left == 0))
            return;
    }
    const char *separator = " + ";
    for (size_t i = 0; i < described->length && described->length > described->round_length; i++) {
        if (is_on_round(described, described->members[i])) continue;
        if (!add_name(out, separator, strlen(separator), described->members[i]->name->bytes,
                      --left == 0))
            return;
        separator = ", ";
    }
}

static void list_names(json_object *section, const char *key, package *const *packages,
                       size_t length)
{
    json_object *list = demo_list(section, key);
    for (size_t i = 0; list != NULL && i < length && i < NAMES_LISTED; i++) {
        json_object *name = json_object_new_string(packages[i]->name->bytes);
        if (name != NULL && json_object_array_add(list, name) != 0) json_object_put(name);
    }
}

static void show_components(demo *shown, const components *found)
{
    terminal_output *terminal = &shown->terminal;
    if (found->length == 0)
        terminal_fact(terminal, "cycles", "{none}");
    else
        terminal_fact(terminal, "cycles",
                      "{%s}, in which %s packages need each other; the largest:",
                      show_count(found->length).text, show_count(found->members).text);
    for (size_t i = 0; i < found->length && i < CYCLES_SHOWN; i++) {
        line described;
        describe_component(terminal, &found->items[i], &described);
        terminal_fact(terminal, "", "{%3s}  %s", show_count(found->items[i].length).text,
                      described.text);
    }
    demo_integer(shown->answer, "cycles", found->length);
    demo_integer(shown->answer, "packages_in_cycles", found->members);
    json_object *list = demo_list(shown->answer, "largest_cycles");
    for (size_t i = 0; i < found->length && i < CYCLES_LISTED; i++) {
        const component *listed = &found->items[i];
        json_object *section = demo_list_section(list);
        demo_integer(section, "length", listed->length);
        list_names(section, "names", listed->members, listed->length);
        list_names(section, "way_round", listed->round, listed->round_length);
    }
}

static void show_cycles(demo *shown, const package_database *database)
{
    components found;
    if (!components_find(database, &found)) {
        terminal_fact(&shown->terminal, "cycles", "not searched: no memory");
        shown->failed = true;
        return;
    }
    show_components(shown, &found);
    components_free(&found);
}

/* ---- the end of the graph ---------------------------------------------------------------- */

/*
 * Between the two calls no object is made, and the collector is off, so every
 * object is freed either by the one or by the other, and the differences of the
 * objects alive are exact.
 */
static void drop_root(demo *shown, demo_packages *packages, const ouro_heap_stats *before)
{
    terminal_output *terminal = &shown->terminal;
    ouro_heap *heap = packages->heap;
    bool was_enabled = ouro_collector_is_enabled(heap);
    ouro_collector_disable(heap);
    uint64_t began = clock_now();
    ouro_decref(packages->database);
    double drop_seconds = (double)(clock_now() - began) / 1e9;
    size_t dropped = before->objects - demo_stats(heap).objects;
    terminal_fact(terminal, "root dropped", "{%s} objects freed by counting, in %s",
                  show_count(dropped).text, show_seconds(drop_seconds).text);

    terminal_progress_begin(terminal, "collecting");
    began = clock_now();
    size_t found = ouro_collect(heap, 2);
    double collect_seconds = (double)(clock_now() - began) / 1e9;
    terminal_progress_end(terminal);
    ouro_heap_stats after = demo_stats(heap);
    size_t collected = before->objects - dropped - after.objects;
    terminal_fact(terminal, "collected", "{%s} objects freed by the collector, in {%s}",
                  show_count(collected).text, show_seconds(collect_seconds).text);
    if (was_enabled) ouro_collector_enable(heap);

    json_object *answer = shown->answer;
    demo_integer(answer, "freed_by_counting", dropped);
    demo_integer(answer, "freed_by_collector", collected);
    demo_integer(answer, "collector_found", found);
    demo_real(answer, "drop_seconds", drop_seconds);
    demo_real(answer, "collect_seconds", collect_seconds);
}

static void show_memory(demo *shown, const ouro_heap *heap, const ouro_heap_stats *before)
{
    terminal_output *terminal = &shown->terminal;
    ouro_heap_stats after = demo_stats(heap);
    terminal_fact(terminal, "memory", "{%s} in use before, {%s} after",
                  show_bytes(demo_live_bytes(before)).text,
                  show_bytes(demo_live_bytes(&after)).text);
    terminal_fact(terminal, "", "%s committed before, %s after; {%zu} objects left",
                  show_bytes(before->committed_bytes).text, show_bytes(after.committed_bytes).text,
                  after.objects);
    json_object *answer = shown->answer;
    demo_integer(answer, "alive_after", after.objects);
    demo_integer(answer, "bytes_before", demo_live_bytes(before));
    demo_integer(answer, "bytes_after", demo_live_bytes(&after));
    demo_integer(answer, "committed_before", before->committed_bytes);
    demo_integer(answer, "committed_after", after.committed_bytes);
    demo_integer(answer, "resident_before", before->resident_bytes);
    demo_integer(answer, "resident_after", after.resident_bytes);
    demo_expect(shown, after.objects == 0, "nothing is left of the packages");
}

void demo_cycles(demo *shown, demo_packages *packages)
{
    terminal_title(&shown->terminal, 4, "Circular references", "and if two hold each other?");
    show_two_nodes(shown);
    terminal_gap(&shown->terminal);
    ouro_heap_stats before = demo_stats(packages->heap);
    show_loaded(shown, packages, &before);
    show_cycles(shown, packages->database);
    drop_root(shown, packages, &before);
    packages->database = NULL;
    ouro_trim(packages->heap);
    show_memory(shown, packages->heap, &before);
    demo_heap_close(shown, packages->heap);
    packages->heap = NULL;
}
