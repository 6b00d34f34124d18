/* SPDX-License-Identifier: MIT */
/*
 * live.c -- a living heap as a graph, while somebody asks about it     [floor 7]
 *
 * Three looks: how much there is; each object gets its number; each reference becomes an edge.  In between nothing of
 * the program runs but traverse hooks, which report the same each time; one that does not gets no edge more
 * than it said at first.
 */
#include "inspect/live.h"

#include "inspect/number.h"

ouro_status ouro__live_refused(ouro_heap *heap, size_t bytes)
{
    ouro__heap_fail(heap, OURO_NO_MEMORY, bytes,
                    "to look at all references of heap \"%s\" needs %zu bytes: the system gave "
                    "none",
                    heap->name, bytes);
    return OURO_NO_MEMORY;
}

/* ---- how much there is ---- */

struct amount {
    size_t objects, references;
};

static void count_reference(void *target, void *context)
{
    (void)target;
    ((struct amount *)context)->references++;
}

static void count_object(void *object, void *context)
{
    ((struct amount *)context)->objects++;
    ouro__each_held(object, count_reference, context);
}

/* ---- nodes and edges ---- */

struct building {
    struct ouro__live *live;
    uint32_t *first, *target;
    uint32_t length; /* edges so far */
    uint32_t most;
};

static void add_node(void *object, void *context)
{
    struct ouro__live *live = context;
    live->objects[live->graph.nodes] = object;
    *ouro__number_of(object) = ++live->graph.nodes;
}

/* The node of an object, or OURO_GRAPH_NONE for one that is hidden or of another heap. */
static uint32_t node_of(const void *object)
{
    if (ouro__arena_of(object)->numbers == NULL) return OURO_GRAPH_NONE;
    return *ouro__number_of(object) - 1;
}

static void add_edge(void *target, void *context)
{
    struct building *building = context;
    uint32_t node = node_of(target);
    if (node == OURO_GRAPH_NONE || building->length == building->most) return;
    building->target[building->length++] = node;
    building->live->outside[node]++; /* holds what is known until find_outside */
}

static void add_edges(struct building *building)
{
    const struct ouro__live *live = building->live;
    for (uint32_t node = 0; node < live->graph.nodes; node++) {
        building->first[node] = building->length;
        ouro__each_held(live->objects[node], add_edge, building);
    }
    building->first[live->graph.nodes] = building->length;
}

/* ---- roots ---- */

/* What is known of each count becomes what is not. */
static void find_outside(struct ouro__live *live)
{
    for (uint32_t node = 0; node < live->graph.nodes; node++) {
        uint32_t count = ouro__word_count(*ouro__word_of(live->objects[node]));
        uint32_t known = live->outside[node];
        live->outside[node] = count > known ? count - known : 0;
    }
}

static int add_named_root(void *object, const char *name, void *argument)
{
    struct ouro__live *live = argument;
    (void)name;
    live->roots[live->root_count++] = node_of(object);
    return 0;
}

static void add_roots(struct ouro__live *live, size_t own)
{
    ouro_each_root(live->heap, add_named_root, live);
    for (uint32_t node = 0; node < live->graph.nodes; node++) {
        size_t outside = live->outside[node];
        if (outside > (node == live->asked ? own : 0)) live->roots[live->root_count++] = node;
    }
}

/* ---- all of it ---- */

static size_t count_roots(const struct ouro__live *live, const struct amount *amount)
{
    return amount->objects + live->heap->root_count;
}

/* The memory of the arrays, and that of the numbers. */
static ouro_status open_memory(struct ouro__live *live, const struct amount *amount)
{
    ouro_heap *heap = live->heap;
    size_t roots = count_roots(live, amount);
    if (amount->references > UINT32_MAX || roots >= OURO_GRAPH_ROOT) {
        ouro__heap_fail(heap, OURO_TOO_LARGE, 0,
                        "heap \"%s\" has %zu objects and %zu references: more than a graph can",
                        heap->name, amount->objects, amount->references);
        return OURO_TOO_LARGE;
    }
    size_t size = amount->objects * sizeof(void *) +
                  (2 * amount->objects + 1 + amount->references + roots) * sizeof(uint32_t);
    if (!ouro__scratch_open(&live->scratch, size, 5)) return ouro__live_refused(heap, size);
    size_t refused = ouro__numbers_map(&live->numbers, heap);
    if (refused == 0) return OURO_OK;
    ouro__scratch_close(&live->scratch);
    return ouro__live_refused(heap, refused);
}

static void build(struct ouro__live *live, const struct amount *amount)
{
    struct ouro__scratch *scratch = &live->scratch;
    size_t objects = amount->objects, references = amount->references;
    live->objects = ouro__scratch_array(scratch, objects, sizeof(void *));
    uint32_t *first = ouro__scratch_array(scratch, objects + 1, sizeof(uint32_t));
    uint32_t *target = ouro__scratch_array(scratch, references, sizeof(uint32_t));
    live->outside = ouro__scratch_array(scratch, objects, sizeof(uint32_t));
    live->roots = ouro__scratch_array(scratch, count_roots(live, amount), sizeof(uint32_t));
    ouro__each_shown(live->heap, add_node, live);
    add_edges(&(struct building){live, first, target, 0, (uint32_t)references});
    live->graph.first = first;
    live->graph.target = target;
}

ouro_status ouro__live_open(struct ouro__live *live, ouro_heap *heap, const void *object,
                            size_t own)
{
    struct amount amount = {0, 0};
    *live = (struct ouro__live){.heap = heap};
    ouro__each_shown(heap, count_object, &amount);
    ouro_status status = open_memory(live, &amount);
    if (status != OURO_OK) return status;
    build(live, &amount);
    live->asked = object != NULL ? node_of(object) : OURO_GRAPH_NONE;
    find_outside(live);
    add_roots(live, own);
    ouro__numbers_unmap(&live->numbers, heap);
    return OURO_OK;
}

void ouro__live_close(struct ouro__live *live)
{
    ouro__scratch_close(&live->scratch);
}
