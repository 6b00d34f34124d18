/* SPDX-License-Identifier: MIT */
/*
 * retained.c -- how much would go with an object                       [floor 7]
 *
 * What an object dominates lives by it alone: include/ouro/graph.h says more.
 */
#include "inspect/live.h"

struct answer {
    struct ouro__live live;
    uint32_t *dominator;
    uint64_t *bytes;    /* of each object, */
    uint64_t *retained; /* with all that it dominates */
    uint64_t *objects;
    struct ouro__scratch scratch;
};

static void fill_sizes(struct answer *answer)
{
    for (uint32_t node = 0; node < answer->live.graph.nodes; node++) {
        ouro_object_info info;
        ouro_get_object_info(answer->live.objects[node], &info);
        answer->bytes[node] = info.block_bytes + info.buffer_bytes;
    }
}

/* Sums up bytes, then objects. */
static bool fill_retained(struct answer *answer)
{
    const struct ouro__live *live = &answer->live;
    uint32_t nodes = live->graph.nodes;
    fill_sizes(answer);
    if (!ouro_graph_dominators(&live->graph, live->roots, live->root_count, answer->dominator) ||
        !ouro_graph_retained(nodes, answer->dominator, answer->bytes, answer->retained))
        return false;
    for (uint32_t node = 0; node < nodes; node++) answer->bytes[node] = 1;
    return ouro_graph_retained(nodes, answer->dominator, answer->bytes, answer->objects);
}

static void close_answer(struct answer *answer)
{
    ouro__scratch_close(&answer->scratch);
    ouro__live_close(&answer->live);
}

static ouro_status open_answer(struct answer *answer, ouro_heap *heap, const void *object)
{
    ouro_status status = ouro__live_open(&answer->live, heap, object, 0);
    if (status != OURO_OK) return status;
    uint32_t nodes = answer->live.graph.nodes;
    size_t size = nodes * (3 * sizeof(uint64_t) + sizeof(uint32_t));
    if (!ouro__scratch_open(&answer->scratch, size, 4)) {
        ouro__live_close(&answer->live);
        return ouro__live_refused(heap, size);
    }
    answer->bytes = ouro__scratch_array(&answer->scratch, nodes, sizeof(uint64_t));
    answer->retained = ouro__scratch_array(&answer->scratch, nodes, sizeof(uint64_t));
    answer->objects = ouro__scratch_array(&answer->scratch, nodes, sizeof(uint64_t));
    answer->dominator = ouro__scratch_array(&answer->scratch, nodes, sizeof(uint32_t));
    if (fill_retained(answer)) return OURO_OK;
    close_answer(answer);
    return ouro__live_refused(heap, size);
}

static ouro_retained retained_by(const struct answer *answer, uint32_t node)
{
    uint32_t dominator = answer->dominator[node];
    bool has = dominator < OURO_GRAPH_ROOT;
    return (ouro_retained){
        .object = answer->live.objects[node],
        .objects = answer->objects[node],
        .bytes = answer->retained[node],
        .dominator = has ? answer->live.objects[dominator] : NULL,
    };
}

ouro_status ouro_get_retained(void *object, ouro_retained *out_retained)
{
    struct answer answer;
    ouro_status status = open_answer(&answer, ouro_heap_of(object), object);
    if (status != OURO_OK) return status;
    *out_retained = (ouro_retained){.object = object};
    if (answer.live.asked != OURO_GRAPH_NONE)
        *out_retained = retained_by(&answer, answer.live.asked);
    close_answer(&answer);
    return OURO_OK;
}

/* Puts one into its place among the largest so far. */
static size_t place(ouro_retained *largest, size_t count, size_t capacity, ouro_retained one)
{
    if (count < capacity)
        count++;
    else if (capacity == 0 || largest[count - 1].bytes >= one.bytes)
        return count;
    size_t at = count - 1;
    for (; at > 0 && largest[at - 1].bytes < one.bytes; at--) largest[at] = largest[at - 1];
    largest[at] = one;
    return count;
}

ouro_status ouro_get_most_retained(ouro_heap *heap, ouro_retained *out_retained, size_t capacity,
                                   size_t *out_count)
{
    struct answer answer;
    ouro_status status = open_answer(&answer, heap, NULL);
    if (status != OURO_OK) return status;
    *out_count = 0;
    for (uint32_t node = 0; node < answer.live.graph.nodes; node++)
        if (answer.objects[node] > 0)
            *out_count = place(out_retained, *out_count, capacity, retained_by(&answer, node));
    close_answer(&answer);
    return OURO_OK;
}
