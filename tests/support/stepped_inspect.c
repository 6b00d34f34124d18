/* SPDX-License-Identifier: MIT */
/*
 * stepped_inspect.c -- a stepped world is looked at: censuses, references, paths, retained sizes
 *
 * At any moment of a collection, in finalizers and callbacks too.  Which objects there are and who refers to whom is
 * compared with the mirror; what follows from that, with a naive search.
 */
#include "support/stepped.h"

#include "heap/heap.h"

enum { EDGES = 8192 };

/* What inspection shows at this moment. */
static struct {
    void *objects[MIRROR_NODES];
    size_t bytes[MIRROR_NODES];
    size_t known[MIRROR_NODES]; /* references that are edges */
    size_t length;
    struct {
        uint8_t owner, target;
    } edges[EDGES];
    size_t edge_count;
    bool sources[MIRROR_NODES];
} shown;

/* The place of an object, or `length` for one that is not shown. */
static size_t place_of(const void *object)
{
    size_t i = 0;
    while (i < shown.length && shown.objects[i] != object) i++;
    return i;
}

static int add_object(void *object, void *argument)
{
    ouro_object_info info;
    (void)argument;
    if (ouro__is_tracked_entry(object) &&
        ouro__is_condemned(&ouro__heap_pools(stepped.heap)->marks, object))
        model_fail("an object of type %s is condemned, and shown", ouro_type_of(object)->name);
    if (shown.length == MIRROR_NODES) model_fail("more objects are shown than there can be");
    ouro_get_object_info(object, &info);
    shown.bytes[shown.length] = info.block_bytes + info.buffer_bytes;
    shown.known[shown.length] = 0;
    shown.objects[shown.length++] = object;
    return 0;
}

static int add_edge(const ouro_reference *reference, void *argument)
{
    (void)argument;
    size_t owner = place_of(reference->owner), target = place_of(reference->target);
    if (reference->through != NULL && place_of(reference->through) == shown.length)
        model_fail("a weak map that is not shown is shown with its key");
    if (!ouro_reference_holds(reference->kind) && target == shown.length)
        model_fail("an object that is not shown is shown by whoever sees it");
    if (!ouro_reference_holds(reference->kind) || target == shown.length) return 0;
    if (shown.edge_count == EDGES) model_fail("more references are shown than there can be");
    shown.edges[shown.edge_count].owner = (uint8_t)owner;
    shown.edges[shown.edge_count++].target = (uint8_t)target;
    shown.known[target]++;
    return 0;
}

static void look(void)
{
    shown.length = shown.edge_count = 0;
    ouro_each_object(stepped.heap, add_object, NULL);
    for (size_t i = 0; i < shown.length; i++) ouro_each_reference(shown.objects[i], add_edge, NULL);
}

/* ---- against the mirror ---- */

struct balance {
    int left[MIRROR_NODES]; /* references to each node that are not shown yet */
};

static int subtract_reference(const ouro_reference *reference, void *argument)
{
    struct balance *balance = argument;
    if (!ouro_reference_holds(reference->kind)) return 0;
    model_id id = mirror_find(&stepped.mirror, reference->target);
    if (id == MODEL_NONE) model_fail("a reference to an object that nobody knows is shown");
    balance->left[id]--;
    return 0;
}

static void add_values(struct balance *balance, model_id key)
{
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        struct mirror_node *map = stepped_node(stepped.mirror.used[i]);
        const struct mirror_entry *entry = mirror_entry_of(map, key);
        bool shows = entry != NULL && entry->value != MODEL_NONE;
        if (shows && place_of(map->object) < shown.length) balance->left[entry->value]++;
    }
}

static void compare_references(model_id owner)
{
    struct balance balance = {{0}};
    const struct mirror_node *node = stepped_node(owner);
    for (size_t i = 0; i < mirror_references(node); i++) {
        model_id target = mirror_reference(node, i);
        if (target != MODEL_NONE) balance.left[target]++;
    }
    add_values(&balance, owner);
    ouro_each_reference(node->object, subtract_reference, &balance);
    for (size_t i = 0; i < MIRROR_NODES; i++)
        if (balance.left[i] != 0)
            model_fail("%d references of #%u to #%u are not shown", balance.left[i],
                       stepped_serial(owner), stepped_serial((model_id)i));
}

/* In a hook the operation around it is half done, and so is the mirror. */
static void compare_with_mirror(void)
{
    if (stepped.depth > 0) return;
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        model_id id = stepped.mirror.used[i];
        bool is_shown = place_of(stepped_node(id)->object) < shown.length;
        if (!is_shown && mirror_reaches(&stepped.mirror, id))
            model_fail("#%u can be reached, and is not shown", stepped_serial(id));
        if (is_shown && mirror_reaches(&stepped.mirror, id)) compare_references(id);
    }
}

/* ---- naive answers ---- */

static int add_root(void *object, const char *name, void *argument)
{
    (void)name;
    (void)argument;
    shown.sources[place_of(object)] = true;
    return 0;
}

static void find_sources(size_t asked, size_t own)
{
    for (size_t i = 0; i < shown.length; i++) {
        size_t count = (size_t)ouro_refcount(shown.objects[i]);
        shown.sources[i] = count > shown.known[i] + (i == asked ? own : 0);
    }
    ouro_each_root(stepped.heap, add_root, NULL);
}

/* Fills in the steps from a source to each object, -1 where none leads; `without` is not there. */
static void measure(int *distance, size_t without)
{
    bool more = true;
    for (size_t i = 0; i < shown.length; i++)
        distance[i] = shown.sources[i] && i != without ? 0 : -1;
    for (int steps = 0; more; steps++) {
        more = false;
        for (size_t e = 0; e < shown.edge_count; e++) {
            size_t owner = shown.edges[e].owner, target = shown.edges[e].target;
            if (distance[owner] != steps || distance[target] >= 0 || target == without) continue;
            distance[target] = steps + 1;
            more = true;
        }
    }
}

static void check_path(size_t asked, size_t own)
{
    int distance[MIRROR_NODES];
    find_sources(asked, own);
    measure(distance, MIRROR_NODES);
    const ouro_path *path = ouro_why_alive(shown.objects[asked], own);
    if (path == NULL) model_fail("no path: %s", ouro_heap_error(stepped.heap)->message);
    if ((path->holder == OURO_HELD_BY_NOBODY) != (distance[asked] < 0))
        model_fail("an object is held by somebody or nobody");
    if (distance[asked] >= 0 && path->length != (size_t)distance[asked])
        model_fail("a path of %zu steps, not %d", path->length, distance[asked]);
    const void *at = path->first;
    for (size_t i = 0; i < path->length; at = path->steps[i++].target)
        if (path->steps[i].owner != at) model_fail("a path is broken");
    if (distance[asked] >= 0 &&
        (at != shown.objects[asked] || distance[place_of(path->first)] != 0))
        model_fail("a path begins or ends elsewhere");
    ouro_path_free(path);
}

static void check_retained(size_t asked)
{
    int with[MIRROR_NODES], without[MIRROR_NODES];
    size_t objects = 0, bytes = 0;
    ouro_retained retained;
    find_sources(MIRROR_NODES, 0);
    measure(with, MIRROR_NODES);
    measure(without, asked);
    for (size_t i = 0; i < shown.length; i++) {
        if (with[i] < 0 || without[i] >= 0) continue;
        objects++;
        bytes += shown.bytes[i];
    }
    if (ouro_get_retained(shown.objects[asked], &retained) != OURO_OK) model_fail("no sizes");
    if (retained.objects != objects || retained.bytes != bytes)
        model_fail("%zu objects of %zu bytes are retained, not %zu of %zu", retained.objects,
                   retained.bytes, objects, bytes);
}

static void check_census(void)
{
    const ouro_census *census = ouro_census_take(stepped.heap);
    size_t bytes = 0;
    if (census == NULL) model_fail("no census");
    for (size_t i = 0; i < shown.length; i++) bytes += shown.bytes[i];
    if (census->total.objects != shown.length ||
        census->total.bytes + census->total.buffer_bytes != bytes)
        model_fail("a census has %zu objects, not %zu", census->total.objects, shown.length);
    ouro_census_free(census);
}

static int count_reference(const ouro_reference *reference, void *argument)
{
    *(size_t *)argument += ouro_reference_holds(reference->kind);
    return 0;
}

static void check_referrers(size_t asked)
{
    size_t count = 0;
    ouro_each_reference_to(&shown.objects[asked], 1, count_reference, &count);
    if (count != shown.known[asked])
        model_fail("%zu references to an object are shown, not %zu", count, shown.known[asked]);
}

static int ignore_cycle(const ouro_cycle *cycle, void *argument)
{
    (void)argument;
    return cycle->length > 64;
}

void stepped_inspect(const struct operation *operation)
{
    look();
    compare_with_mirror();
    check_census();
    ouro_each_cycle(stepped.heap, ignore_cycle, NULL);
    if (shown.length == 0) return;
    size_t asked = operation->a % shown.length;
    stepped_tell("look at one of %zu", shown.length);
    check_referrers(asked);
    check_path(asked, operation->b % 3);
    check_retained(asked);
}
