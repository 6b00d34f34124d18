/* SPDX-License-Identifier: MIT */
/*
 * objects.c -- the objects of ouro's side, and what they say on their own
 */
#include "oracle/side.h"

#include <stdlib.h>

struct side side;

/* ---- the log ---- */

static int32_t event(enum event_kind kind, int32_t number)
{
    return (int32_t)kind << 16 | (number & NOTHING);
}

void say(enum event_kind kind, int32_t number)
{
    if (side.log_length < side.log_capacity) side.log[side.log_length] = event(kind, number);
    side.log_length++;
}

/* The collector itself takes something apart: in what order is its own business. */
static bool is_in_bag(void)
{
    return side.collecting && side.depth == 0;
}

static void put_in_bag(enum event_kind kind, int32_t number)
{
    side.bag[side.bag_length++] = event(kind, number);
}

/* ---- nodes ---- */

static void herald_release(void *object)
{
    struct herald *herald = object;
    side.dead++;
    side.nodes[herald->serial] = NULL;
    if (is_in_bag())
        put_in_bag(EVENT_DIED, herald->serial);
    else
        say(EVENT_DIED, herald->serial);
}

static ouro_type herald_type = OURO_TYPE(struct herald, .release = herald_release);

/* A finalizer that is called by the collector finds its object in the hands of garbage, too; one that is
 * called at the end of an object finds itself the only one. */
static void node_finalize(void *object)
{
    struct node *node = object;
    if (is_in_bag() && ouro_refcount(node) == 1) {
        put_in_bag(EVENT_FINALIZE, node->serial);
        say(EVENT_BAGGED, node->serial);
        if (node->script < 0 || side.scripts_off) return;
        side.deferred[side.deferred_length++] =
            (struct deferred){false, node->serial, node->script, ouro_newref(object)};
        return;
    }
    say(EVENT_FINALIZE, node->serial);
    run_script(node->script, node);
    say(EVENT_END, node->serial);
}

#define NODE_FIELDS                                                                           \
    OURO_REF(struct node, herald, &herald_type), OURO_REF(struct node, slots[0], NULL),       \
        OURO_REF(struct node, slots[1], NULL), OURO_REF(struct node, slots[2], NULL),         \
        OURO_REF(struct node, slots[3], NULL)
static const ouro_field node_fields[] = {NODE_FIELDS, OURO_END};
static const ouro_field vector_node_fields[] = {
    NODE_FIELDS, OURO_VECTOR(struct vector_node, items, NULL), OURO_END};

static ouro_type node_types[KINDS] = {
    {.name = "node", .size = sizeof(struct node), .fields = node_fields},
    {.name = "finalized node",
     .size = sizeof(struct node),
     .fields = node_fields,
     .finalize = node_finalize},
    {.name = "vector node", .size = sizeof(struct vector_node), .fields = vector_node_fields},
    {.name = "finalized vector node",
     .size = sizeof(struct vector_node),
     .fields = vector_node_fields,
     .finalize = node_finalize},
    {.name = "silent node", .size = sizeof(struct node), .fields = node_fields},
};

struct node *node_new(enum kind kind, int32_t script)
{
    if (side.births == BIRTHS_MAX || side.births - side.dead >= ALIVE_MAX) return NULL;
    struct node *node = ouro_object_new(side.heap, &node_types[kind]);
    node->serial = side.births++;
    node->script = script;
    node->kind = kind;
    side.nodes[node->serial] = node;
    if (kind == KIND_SILENT) return node;
    node->herald = ouro_object_new(side.heap, &herald_type);
    node->herald->serial = node->serial;
    return node;
}

struct node *as_node(void *object)
{
    if (object == NULL) return NULL;
    const ouro_type *type = ouro_type_of(object);
    return type >= node_types && type < node_types + KINDS ? object : NULL;
}

ouro_vector *vector_of(struct node *node)
{
    return (node->kind & KIND_VECTOR) != 0 ? &((struct vector_node *)(void *)node)->items : NULL;
}

/* ---- weak references ---- */

bool is_weakref(void *object)
{
    return object != NULL && as_node(object) == NULL;
}

/* The youngest of that address. */
static struct watcher *watcher_of(const ouro_weakref *weakref)
{
    for (int32_t i = side.watchers - 1; i >= 0; i--)
        if (side.watching[i].weakref == weakref) return &side.watching[i];
    return NULL;
}

/* The target of a weak reference that is called is dying by its count, was found in garbage, or is dead if
 * the call was postponed. */
static void watcher_called(ouro_weakref *weakref, void *argument)
{
    const struct watcher *watcher = watcher_of(weakref);
    const void *target = side.nodes[watcher->target];
    if (is_in_bag() && target != NULL && ouro_refcount(target) == 0) {
        side.deferred[side.deferred_length++] =
            (struct deferred){true, watcher->serial, watcher->script, ouro_weakref_new(weakref)};
        return;
    }
    say(EVENT_CALLBACK, watcher->serial);
    say(EVENT_TARGET, watcher->target);
    run_script(watcher->script, argument);
    say(EVENT_END, watcher->serial);
}

ouro_weakref *watcher_new(struct node *target, void *argument, int32_t script)
{
    if (side.watchers == WATCHERS_MAX) return NULL;
    ouro_weakref *weakref = ouro_weakref_new_callback(target, watcher_called, argument);
    side.watching[side.watchers] = (struct watcher){weakref, side.watchers, target->serial, script};
    side.watchers++;
    return weakref;
}

ouro_weakref *plain_new(struct node *target)
{
    ouro_weakref *weakref = ouro_weakref_new(target);
    for (int32_t i = 0; i < side.births; i++) /* an address that is used again */
        if (side.plain[i] == weakref) side.plain[i] = NULL;
    side.plain[target->serial] = weakref;
    return weakref;
}

/* Nodes by their serial; weak references with a callback from 2000 on, others from 3000 on. */
int32_t name_of(void *object)
{
    if (object == NULL) return NOTHING;
    struct node *node = as_node(object);
    if (node != NULL) return node->serial;
    if (ouro_type_of(object) == &ouro_weakref_callback_type)
        return 2000 + watcher_of(object)->serial;
    for (int32_t i = side.births - 1; i >= 0; i--)
        if (side.plain[i] == object) return 3000 + i;
    return NOTHING;
}

/* ---- what the collector does, and what was put off meanwhile ---- */

static int compare_events(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left, b = *(const int32_t *)right;
    return (a > b) - (a < b);
}

static int compare_deferred(const void *left, const void *right)
{
    const struct deferred *a = left, *b = right;
    if (a->is_callback != b->is_callback) return a->is_callback - b->is_callback;
    return a->serial - b->serial;
}

static void log_bag(void)
{
    qsort(side.bag, side.bag_length, sizeof side.bag[0], compare_events);
    for (size_t i = 0; i < side.bag_length; i++) say(side.bag[i] >> 16, side.bag[i]);
    side.bag_length = 0;
}

/* A callback that was put off is told only if its weak reference is still there: one that died in the
 * same breath as its target may have been called or not. */
static void do_deferred(const struct deferred *deferred)
{
    if (!deferred->is_callback) {
        say(EVENT_DEFERRED, deferred->serial);
        run_script(deferred->script, deferred->object);
    } else {
        void *weakref = ouro_weakref_get(deferred->object);
        if (weakref != NULL) {
            say(EVENT_DEFERRED, 2000 + deferred->serial);
            ouro_decref(weakref);
            run_script(deferred->script, NULL);
        }
    }
    ouro_decref(deferred->object);
}

/* What is put off while that is done belongs to collections of its own. */
static void do_all_deferred(void)
{
    size_t length = side.deferred_length;
    struct deferred *all = malloc((length + 1) * sizeof *all);
    for (size_t i = 0; i < length; i++) all[i] = side.deferred[i];
    side.deferred_length = 0;
    qsort(all, length, sizeof *all, compare_deferred);
    for (size_t i = 0; i < length; i++) do_deferred(&all[i]);
    free(all);
}

static int begin_bag(void)
{
    int depth = side.depth;
    side.depth = 0;
    side.collecting = true;
    return depth;
}

static void end_bag(int depth)
{
    side.collecting = false;
    side.depth = depth;
    log_bag();
    do_all_deferred();
}

void collect(int generation)
{
    if (side.collecting) {
        say(EVENT_BUSY, (int32_t)ouro_collect(side.heap, generation));
        return;
    }
    say(EVENT_COLLECT, generation);
    int depth = begin_bag();
    size_t found = ouro_collect(side.heap, generation);
    say(EVENT_COLLECTED, (int32_t)found);
    end_bag(depth);
}

void clear_garbage(void)
{
    say(EVENT_GARBAGE, (int32_t)ouro_garbage_count(side.heap));
    int depth = begin_bag();
    ouro_garbage_clear(side.heap);
    end_bag(depth);
}
