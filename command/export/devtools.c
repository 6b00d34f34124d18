/* SPDX-License-Identifier: MIT */
/*
 * devtools.c -- a .heapsnapshot, for the Memory panel of Chrome's developer tools
 *
 * The format is V8's (src/profiler/heap-snapshot-generator.cc, HeapSnapshotJSONSerializer); what its reader makes of it
 * is in DevTools' front_end/entrypoints/heap_snapshot_worker (both as of Chromium 156).  Nodes, then the edges of
 * all nodes in their order, then strings:
 *
 *     (root) --+-- (named roots) --name--> object --field--> object
 *              +-- (outside)     --0-----> object
 *              +-- (immortal)
 *              +-- (frames)
 *              +-- (unreached)   --0-----> garbage
 *
 * The root has edges to groups alone, and groups have no size: so what an object retains is what it alone keeps alive,
 * and what the root retains is all there is.  DevTools counts each edge but weak ones; so edges from what no root
 * reaches into what is reached are written as weak: they keep nothing alive that lives.
 *
 * Names: DevTools puts nodes of one name into one class, and where a name begins with '<', of one first word.  So
 * objects of a type some of which have a text are called <type text>, and the others by their type alone.
 *
 * Strings have the snapshot's numbers; those that are made here (pairs.h) come behind.
 */
#include "analysis/retention.h"
#include "export.h"
#include "pairs.h"

#include <stdlib.h>

enum { NODE_FIELDS = 7, TEXT_MAX = 80 };

/* Positions in the lists of types that the file's head has. */
enum { NODE_OBJECT = 3, NODE_SYNTHETIC = 9 };
enum { EDGE_ELEMENT = 1, EDGE_PROPERTY = 2, EDGE_INTERNAL = 3, EDGE_WEAK = 6 };

enum group { GROUP_NAMED, GROUP_OUTSIDE, GROUP_IMMORTAL, GROUP_FRAMES, GROUP_UNREACHED, GROUPS };
static const char *const group_names[GROUPS] = {"(named roots)", "(outside)", "(immortal)",
                                                "(frames)", "(unreached)"};

/* What a made name is made of; the second number of its pair. */
enum {
    MADE_GROUP,       /* a group's number */
    MADE_TYPE,        /* <type> */
    MADE_TEXT,        /* <type text>: type in the lower half, text in the upper */
    MADE_KEY,         /* key "name" */
    MADE_VALUE,       /* value in name */
    MADE_INTERNAL,    /* the word */
    MADE_ITEM = 1024, /* name[second - MADE_ITEM] */
};

typedef struct devtools {
    const export_request *request;
    const ouro_snapshot *snapshot;
    sink *out;
    pairs made;
    bool *bracketed; /* of each type: its objects are called <type ...> */
    uint32_t *from;  /* of each object, as ouro_graph_search tells it */
    uint32_t *heads; /* objects by which all that is not reached can be reached */
    uint32_t head_count;
    uint32_t group_edges[GROUPS];
    uint32_t loose; /* the next edge that does not hold */
} devtools;

static bool is_reached(const devtools *work, uint32_t object)
{
    return work->from[object] != OURO_GRAPH_NONE;
}

static uint32_t made_name(devtools *work, uint64_t first, uint64_t second)
{
    return work->snapshot->string_count + pairs_number(&work->made, first, second);
}

/* ---- before anything is written ---- */

static bool find_reached(devtools *work)
{
    const ouro_graph *graph = &work->snapshot->graph;
    size_t count = 0;
    uint32_t *sources = root_objects(work->snapshot, &count);
    bool done = (sources != NULL || count == 0) &&
                ouro_graph_search(graph, sources, sources != NULL ? count : 0, work->from);
    free(sources);
    return done;
}

/* One object of each component to which no other one leads that is not reached either. */
static bool find_heads(devtools *work)
{
    const ouro_graph *graph = &work->snapshot->graph;
    uint32_t unreached = 0, components = 0;
    for (uint32_t n = 0; n < graph->nodes; n++) unreached += !is_reached(work, n);
    if (unreached == 0) return true;
    uint32_t *component = malloc(graph->nodes * sizeof *component);
    work->heads = malloc(unreached * sizeof *work->heads);
    bool *entered = NULL;
    if (component != NULL && work->heads != NULL &&
        ouro_graph_components(graph, component, &components))
        entered = calloc(components > 0 ? components : 1, sizeof *entered);
    for (uint32_t n = 0; entered != NULL && n < graph->nodes; n++)
        for (uint32_t e = graph->first[n]; e < graph->first[n + 1] && !is_reached(work, n); e++)
            if (component[graph->target[e]] != component[n])
                entered[component[graph->target[e]]] = true;
    for (uint32_t n = 0; entered != NULL && n < graph->nodes; n++) {
        if (is_reached(work, n) || entered[component[n]]) continue;
        work->heads[work->head_count++] = n;
        entered[component[n]] = true;
    }
    bool done = entered != NULL;
    free(component);
    free(entered);
    return done;
}

static enum group group_of(ouro_root_kind kind)
{
    switch (kind) {
    case OURO_ROOT_NAMED: return GROUP_NAMED;
    case OURO_ROOT_IMMORTAL: return GROUP_IMMORTAL;
    case OURO_ROOT_FRAME: return GROUP_FRAMES;
    default: return GROUP_OUTSIDE;
    }
}

static bool has_space(const char *name)
{
    for (; *name != '\0'; name++)
        if (*name == ' ') return true;
    return false;
}

static bool prepare(devtools *work)
{
    const ouro_snapshot *snapshot = work->snapshot;
    const uint32_t objects = snapshot->object_count;
    work->from = malloc((objects > 0 ? objects : 1) * sizeof *work->from);
    work->bracketed =
        calloc(snapshot->type_count > 0 ? snapshot->type_count : 1, sizeof *work->bracketed);
    if (work->from == NULL || work->bracketed == NULL || !find_reached(work) || !find_heads(work))
        return false;
    for (uint32_t n = 0; n < objects; n++)
        if (snapshot->texts[n] != 0) work->bracketed[snapshot->object_types[n]] = true;
    for (uint32_t t = 0; t < snapshot->type_count; t++)
        if (has_space(snapshot->strings[snapshot->types[t].name])) work->bracketed[t] = false;
    for (uint32_t r = 0; r < snapshot->root_count; r++)
        work->group_edges[group_of(snapshot->roots[r].kind)]++;
    work->group_edges[GROUP_UNREACHED] = work->head_count;
    return true;
}

/* ---- nodes ---- */

static void write_node(sink *out, unsigned type, uint32_t name, uint64_t id, uint64_t size,
                       uint32_t edges)
{
    const uint64_t fields[] = {type, name, id, size < UINT32_MAX ? size : UINT32_MAX, edges};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        sink_number(out, fields[i]);
        sink_bytes(out, ",", 1);
    }
    sink_bytes(out, "0,0", 3); /* trace_node_id, detachedness */
}

static uint32_t name_of(devtools *work, uint32_t object)
{
    const uint32_t type = work->snapshot->object_types[object];
    const uint32_t text = work->snapshot->texts[object];
    if (!work->bracketed[type]) return work->snapshot->types[type].name;
    if (text == 0) return made_name(work, type, MADE_TYPE);
    return made_name(work, type | (uint64_t)text << 32, MADE_TEXT);
}

/*
 * DevTools compares two snapshots by the numbers of their nodes.  Addresses do for numbers where they lie close enough
 * together; else an object's row does, and a comparison means nothing.
 */
static uint64_t id_of(const ouro_snapshot *snapshot, uint32_t object)
{
    const uint64_t *addresses = snapshot->addresses;
    const uint64_t span = addresses[snapshot->object_count - 1] - addresses[0];
    const bool is_close = span >> 3 <= INT32_MAX;
    uint64_t number = is_close ? addresses[object] >> 3 & INT32_MAX : object;
    return 2 * number + 1;
}

static uint32_t loose_edges(devtools *work, uint32_t object)
{
    uint32_t from = work->loose;
    while (work->loose < work->snapshot->loose_count &&
           work->snapshot->loose_owners[work->loose] == object)
        work->loose++;
    return work->loose - from;
}

static void write_nodes(devtools *work)
{
    const ouro_snapshot *snapshot = work->snapshot;
    const uint32_t *first = snapshot->graph.first;
    sink *out = work->out;
    sink_text(out, ",\n\"nodes\":[");
    write_node(out, NODE_SYNTHETIC, 0, 0, 0, GROUPS);
    for (uint32_t g = 0; g < GROUPS; g++) {
        sink_text(out, "\n,");
        write_node(out, NODE_SYNTHETIC, made_name(work, g, MADE_GROUP), 2 * (uint64_t)g + 2, 0,
                   work->group_edges[g]);
    }
    work->loose = 0;
    for (uint32_t n = 0; n < snapshot->object_count; n++) {
        sink_text(out, "\n,");
        write_node(out, NODE_OBJECT, name_of(work, n), id_of(snapshot, n), snapshot->sizes[n],
                   first[n + 1] - first[n] + loose_edges(work, n));
        if ((n & 0xFFFF) == 0)
            terminal_progress(work->request->terminal, n, 2 * (uint64_t)snapshot->object_count);
    }
    sink_text(out, "]");
}

/* ---- edges ---- */

static void write_edge(sink *out, unsigned type, uint32_t name_or_index, uint64_t node)
{
    sink_text(out, "\n,");
    sink_number(out, type);
    sink_bytes(out, ",", 1);
    sink_number(out, name_or_index);
    sink_bytes(out, ",", 1);
    sink_number(out, node * NODE_FIELDS);
}

static uint64_t node_of(uint32_t object)
{
    return 1 + GROUPS + (uint64_t)object;
}

/* Whether the items among an object's edges are of two names, so that an index alone would not tell them apart. */
static bool has_two_lists(const ouro_snapshot *snapshot, uint32_t object)
{
    const ouro_graph *graph = &snapshot->graph;
    uint32_t seen = OURO_GRAPH_NONE;
    for (uint32_t e = graph->first[object]; e < graph->first[object + 1]; e++) {
        uint32_t label = snapshot->labels_of[e];
        if (snapshot->labels[label].kind != OURO_EDGE_ITEM || label == seen) continue;
        if (seen != OURO_GRAPH_NONE) return true;
        seen = label;
    }
    return false;
}

static uint32_t item_name(devtools *work, const ouro_snapshot_label *label, uint32_t index)
{
    return made_name(work, label->name, MADE_ITEM + (uint64_t)index);
}

/* The type and the name of an edge that holds. */
static unsigned edge_type(devtools *work, const ouro_snapshot_label *label, uint32_t index,
                          bool is_named, uint32_t *out_name)
{
    *out_name = label->name;
    switch (label->kind) {
    case OURO_EDGE_FIELD:
    case OURO_EDGE_KEY: return EDGE_PROPERTY;
    case OURO_EDGE_ITEM:
        if (is_named) *out_name = item_name(work, label, index);
        if (is_named) return EDGE_PROPERTY;
        *out_name = index;
        return EDGE_ELEMENT;
    case OURO_EDGE_KEYS: *out_name = made_name(work, label->name, MADE_KEY); break;
    case OURO_EDGE_EPHEMERON: *out_name = made_name(work, label->name, MADE_VALUE); break;
    default:
        if (label->name == 0) *out_name = made_name(work, 0, MADE_INTERNAL);
        break;
    }
    return EDGE_INTERNAL;
}

static void write_edges_of(devtools *work, uint32_t object)
{
    const ouro_snapshot *snapshot = work->snapshot;
    const ouro_graph *graph = &snapshot->graph;
    const bool is_named = has_two_lists(snapshot, object);
    for (uint32_t e = graph->first[object]; e < graph->first[object + 1]; e++) {
        const ouro_snapshot_label *label = &snapshot->labels[snapshot->labels_of[e]];
        const uint32_t target = graph->target[e];
        const bool is_weak = !is_reached(work, object) && is_reached(work, target);
        uint32_t name;
        unsigned type = edge_type(work, label, snapshot->indexes[e], is_named || is_weak, &name);
        write_edge(work->out, is_weak ? EDGE_WEAK : type, name, node_of(target));
    }
    for (; work->loose < snapshot->loose_count && snapshot->loose_owners[work->loose] == object;
         work->loose++)
        write_edge(work->out, EDGE_WEAK, snapshot->labels[snapshot->loose_labels[work->loose]].name,
                   node_of(snapshot->loose_targets[work->loose]));
}

static void write_group(devtools *work, enum group group)
{
    const ouro_snapshot *snapshot = work->snapshot;
    uint32_t index = 0;
    if (group == GROUP_UNREACHED) {
        for (; index < work->head_count; index++)
            write_edge(work->out, EDGE_ELEMENT, index, node_of(work->heads[index]));
        return;
    }
    for (uint32_t r = 0; r < snapshot->root_count; r++) {
        const ouro_snapshot_root *root = &snapshot->roots[r];
        if (group_of(root->kind) != group) continue;
        const bool is_named = root->name != 0;
        write_edge(work->out, is_named ? EDGE_PROPERTY : EDGE_ELEMENT,
                   is_named ? root->name : index++, node_of(root->object));
    }
}

static void write_edges(devtools *work)
{
    const uint32_t objects = work->snapshot->object_count;
    sink_text(work->out, ",\n\"edges\":[");
    for (uint32_t g = 0; g < GROUPS; g++) {
        if (g > 0) sink_text(work->out, "\n,");
        sink_print(work->out, "%d,%u,%u", EDGE_ELEMENT, (unsigned)g,
                   (1 + (unsigned)g) * NODE_FIELDS);
    }
    for (uint32_t g = 0; g < GROUPS; g++) write_group(work, (enum group)g);
    work->loose = 0;
    for (uint32_t n = 0; n < objects; n++) {
        write_edges_of(work, n);
        if ((n & 0xFFFF) == 0)
            terminal_progress(work->request->terminal, objects + (uint64_t)n,
                              2 * (uint64_t)objects);
    }
    sink_text(work->out, "]");
}

/* ---- head and strings ---- */

static void write_head(devtools *work)
{
    const ouro_snapshot *snapshot = work->snapshot;
    uint64_t edges =
        (uint64_t)snapshot->graph.first[snapshot->graph.nodes] + snapshot->loose_count + GROUPS;
    for (int g = 0; g < GROUPS; g++) edges += work->group_edges[g];
    sink_text(
        work->out,
        "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\","
        "\"edge_count\",\"trace_node_id\",\"detachedness\"],\"node_types\":[[\"hidden\",\"array\","
        "\"string\",\"object\",\"code\",\"closure\",\"regexp\",\"number\",\"native\",\"synthetic\","
        "\"concatenated string\",\"sliced string\",\"symbol\",\"bigint\",\"object shape\"],"
        "\"string\",\"number\",\"number\",\"number\",\"number\",\"number\"],"
        "\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],\"edge_types\":[[\"context\","
        "\"element\",\"property\",\"internal\",\"hidden\",\"shortcut\",\"weak\"],"
        "\"string_or_number\",\"node\"],\"trace_function_info_fields\":[\"function_id\",\"name\","
        "\"script_name\",\"script_id\",\"line\",\"column\"],\"trace_node_fields\":[\"id\","
        "\"function_info_index\",\"count\",\"size\",\"children\"],\"sample_fields\":["
        "\"timestamp_us\",\"last_assigned_id\"],\"location_fields\":[\"object_index\","
        "\"script_id\",\"line\",\"column\"]},");
    sink_print(work->out, "\"node_count\":%llu,\"edge_count\":%llu,\"trace_function_count\":0}",
               1ull + GROUPS + snapshot->object_count, (unsigned long long)edges);
}

/* A text may be long, and is cut between characters. */
static void write_text(sink *out, const char *text)
{
    char part[4 * TEXT_MAX + 1];
    size_t size = 0, characters = 0;
    for (; text[size] != '\0' && size < 4 * TEXT_MAX; size++) {
        if (((unsigned char)text[size] & 0xC0) != 0x80 && ++characters > TEXT_MAX) break;
        part[size] = text[size];
    }
    part[size] = '\0';
    sink_json_part(out, part);
    if (text[size] != '\0') sink_text(out, "...");
}

static void write_made(devtools *work, const pair *made)
{
    const ouro_snapshot *snapshot = work->snapshot;
    const char *name = made->second >= MADE_KEY ? snapshot->strings[made->first] : "";
    sink *out = work->out;
    sink_text(out, ",\n\"");
    switch (made->second) {
    case MADE_GROUP: sink_text(out, group_names[made->first]); break;
    case MADE_TYPE:
    case MADE_TEXT:
        sink_text(out, "<");
        sink_json_part(out, snapshot->strings[snapshot->types[(uint32_t)made->first].name]);
        if (made->second == MADE_TEXT) {
            sink_text(out, " ");
            write_text(out, snapshot->strings[made->first >> 32]);
        }
        sink_text(out, ">");
        break;
    case MADE_KEY:
        sink_text(out, "key ");
        write_text(out, name);
        break;
    case MADE_VALUE:
        sink_text(out, "value in ");
        sink_json_part(out, name);
        break;
    case MADE_INTERNAL: sink_text(out, "internal"); break;
    default:
        sink_json_part(out, name);
        sink_print(out, "[%llu]", (unsigned long long)(made->second - MADE_ITEM));
        break;
    }
    sink_text(out, "\"");
}

static void write_strings(devtools *work)
{
    const ouro_snapshot *snapshot = work->snapshot;
    sink_text(work->out, ",\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n"
                         "\"locations\":[],\n\"strings\":[");
    for (uint32_t s = 0; s < snapshot->string_count; s++) {
        if (s > 0) sink_text(work->out, ",\n");
        sink_json(work->out, snapshot->strings[s]);
    }
    for (uint32_t m = 0; m < work->made.count; m++) write_made(work, &work->made.rows[m]);
    sink_text(work->out, "]}\n");
}

bool export_devtools(const export_request *request)
{
    devtools work = {.request = request, .snapshot = request->snapshot, .out = request->out};
    bool done = prepare(&work);
    if (done) {
        write_head(&work);
        write_nodes(&work);
        write_edges(&work);
        write_strings(&work);
        done = !work.made.refused;
    }
    pairs_free(&work.made);
    free(work.bracketed);
    free(work.from);
    free(work.heads);
    return done;
}
