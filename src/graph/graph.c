/* SPDX-License-Identifier: MIT */
/*
 * graph.c -- turning edges round, shortest ways, sums over a tree      [floor 1]
 *
 * The simple ones of include/ouro/graph.h.  Neighbours: dominators.c, components.c.  Below: scratch.h.
 */
#include "base/check.h"
#include "graph/scratch.h"

#include <ouro/graph.h>

#include <string.h>

/*
 * While edges are put into their places out_first[n] is where the next one of n goes; in the end that is where
 * those of n + 1 begin, so the row is moved up by one.
 */
void ouro_graph_reverse(const ouro_graph *graph, uint32_t *out_first, uint32_t *out_target)
{
    uint32_t edges = graph->first[graph->nodes];
    memset(out_first, 0, ((size_t)graph->nodes + 1) * sizeof(uint32_t));
    for (uint32_t e = 0; e < edges; e++) out_first[graph->target[e]]++;
    uint32_t before = 0;
    for (uint32_t n = 0; n <= graph->nodes; n++) {
        uint32_t here = out_first[n];
        out_first[n] = before;
        before += here;
    }
    for (uint32_t n = 0; n < graph->nodes; n++)
        for (uint32_t e = graph->first[n]; e < graph->first[n + 1]; e++)
            out_target[out_first[graph->target[e]]++] = n;
    memmove(out_first + 1, out_first, graph->nodes * sizeof(uint32_t));
    out_first[0] = 0;
}

bool ouro_graph_search(const ouro_graph *graph, const uint32_t *sources, size_t source_count,
                       uint32_t *out_from)
{
    struct ouro__scratch scratch;
    if (!ouro__scratch_open(&scratch, (size_t)graph->nodes * sizeof(uint32_t), 1)) return false;
    uint32_t *queue = ouro__scratch_array(&scratch, graph->nodes, sizeof(uint32_t));
    uint32_t head = 0, tail = 0;
    memset(out_from, 0xff, (size_t)graph->nodes * sizeof(uint32_t)); /* OURO_GRAPH_NONE */
    for (size_t i = 0; i < source_count; i++) {
        OURO_ASSERT(sources[i] < graph->nodes);
        if (out_from[sources[i]] != OURO_GRAPH_NONE) continue;
        out_from[sources[i]] = OURO_GRAPH_ROOT;
        queue[tail++] = sources[i];
    }
    while (head < tail) {
        uint32_t at = queue[head++];
        for (uint32_t e = graph->first[at]; e < graph->first[at + 1]; e++) {
            uint32_t to = graph->target[e];
            if (out_from[to] != OURO_GRAPH_NONE) continue;
            out_from[to] = at;
            queue[tail++] = to;
        }
    }
    ouro__scratch_close(&scratch);
    return true;
}

/* A node whose children are all counted is given to its dominator, and that may complete the next one: up the
 * tree as far as that goes, from every leaf. */
static void give_upwards(uint32_t leaf, const uint32_t *dominator, uint32_t *waiting,
                         uint64_t *retained)
{
    uint32_t n = leaf;
    for (uint32_t above; (above = dominator[n]) < OURO_GRAPH_ROOT; n = above) {
        retained[above] += retained[n];
        if (--waiting[above] > 0) return;
    }
}

bool ouro_graph_retained(uint32_t nodes, const uint32_t *dominator, const uint64_t *size,
                         uint64_t *out_retained)
{
    struct ouro__scratch scratch;
    if (!ouro__scratch_open(&scratch, (size_t)nodes * sizeof(uint32_t) + (nodes + 7) / 8, 2))
        return false;
    uint32_t *waiting = ouro__scratch_array(&scratch, nodes, sizeof(uint32_t)); /* children */
    uint8_t *is_inner = ouro__scratch_array(&scratch, (nodes + 7) / 8, 1);
    for (uint32_t n = 0; n < nodes; n++) {
        uint32_t above = dominator[n];
        out_retained[n] = above == OURO_GRAPH_NONE ? 0 : size[n];
        if (above >= OURO_GRAPH_ROOT) continue;
        waiting[above]++;
        is_inner[above / 8] |= (uint8_t)(1u << above % 8);
    }
    for (uint32_t n = 0; n < nodes; n++)
        if ((is_inner[n / 8] >> n % 8 & 1) == 0) give_upwards(n, dominator, waiting, out_retained);
    ouro__scratch_close(&scratch);
    return true;
}
