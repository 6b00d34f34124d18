/* SPDX-License-Identifier: MIT */
/*
 * world.c -- a heap and its model, in lockstep: beginning, comparing, end
 */
#include "support/world.h"

#include <string.h>

#include "support/scene.h"

struct world_tally world_tally;

/* ---- comparing ---- */

static void check_references(model_id id)
{
    struct model_node *node = scene_node(id);
    for (unsigned i = 0; i < node->slot_count; i++)
        if (kind_get(kind_of(node), node->object, i) != scene_object(node->slots[i]))
            model_fail("#%u.slot%u is not #%u", node->serial, i, scene_serial(node->slots[i]));
    if (!node->traits->has_vector) return;
    const ouro_vector *vector = scene_vector(id);
    if (vector->length != node->vector_length || vector->capacity < vector->length)
        model_fail("#%u's vector has %zu items, not %u", node->serial, vector->length,
                   node->vector_length);
    for (unsigned i = 0; i < node->vector_length; i++)
        if (vector->items[i] != scene_object(node->vector[i]))
            model_fail("#%u.vector[%u] is not #%u", node->serial, i, scene_serial(node->vector[i]));
}

static void check_weak(model_id id)
{
    void *answer = ouro_weakref_get(scene_object(id));
    if (answer != scene_object(scene_node(id)->target))
        model_fail("weak reference #%u does not answer #%u", scene_serial(id),
                   scene_serial(scene_node(id)->target));
    if (answer != NULL) ouro_decref(answer);
}

static void check_node(model_id id)
{
    struct model_node *node = scene_node(id);
    const void *object = node->object;
    if (!ouro_is_object(scene.heap, object)) model_fail("#%u is no object", node->serial);
    if (node->immortal ? !ouro_is_immortal(object) : ouro_refcount(object) != node->count)
        model_fail("#%u has a count of %d, not %d", node->serial, ouro_refcount(object),
                   node->count);
    if (ouro_is_tracked(object) != node->traits->tracked)
        model_fail("#%u is tracked wrongly", node->serial);
    if (ouro_is_finalized(object) != node->finalized)
        model_fail("#%u is finalized wrongly", node->serial);
    if (scene_is_weak(id)) {
        check_weak(id);
        return;
    }
    if (!kind_is_intact(kind_of(node), object)) model_fail("#%u is spoilt", node->serial);
    if (ouro_weakref_count(object) != model_weak_count(&scene.model, id))
        model_fail("#%u has %zu weak references", node->serial, ouro_weakref_count(object));
    check_references(id);
}

static int count_object(void *object, void *argument)
{
    (void)object;
    ++*(size_t *)argument;
    return 0;
}

void world_audit(void)
{
    world_tally.audits++;
    ouro_error error = {0};
    if (ouro_verify(scene.heap, &error) != OURO_OK) model_fail("the audit says: %s", error.message);
    for (size_t i = 0; i < scene.model.living_count; i++) check_node(scene.model.living[i]);
    size_t objects = 0;
    ouro_each_object(scene.heap, count_object, &objects);
    if (objects != scene.model.living_count)
        model_fail("%zu objects live, not %zu", objects, scene.model.living_count);
}

/* What takes system calls to find out. */
static void check_stats(void)
{
    ouro_heap_stats stats;
    ouro_get_heap_stats(scene.heap, &stats);
    if (stats.objects != scene.model.living_count)
        model_fail("%zu objects are counted, not %zu", stats.objects, scene.model.living_count);
    if (stats.accounted_bytes != scene.accounted)
        model_fail("%zu bytes are accounted for", stats.accounted_bytes);
}

/* ---- a life ---- */

void world_open(const struct world_setup *setup, FILE *trace)
{
    memset(&scene, 0, offsetof(struct scene, model));
    scene.setup = setup;
    scene.trace = trace;
    model_reset(&scene.model);
    kind_hooks.finalizing = reaction_finalizing;
    kind_hooks.released = reaction_released;
    ouro_heap_options options = setup->options;
    options.ignore_environment = true;
    ouro_error error;
    scene.heap = ouro_heap_new(&options, &error);
    if (scene.heap == NULL) model_fail("no heap: %s", error.message);
    scene_expect(ouro_add_callback(scene.heap, reaction_collection, NULL), "adding a callback");
}

void world_do(const struct operation *operation)
{
    operation_do(operation);
    model_settle(&scene.model);
    world_tally.operations++;
    if (scene.setup->audit_every != 0 && world_tally.operations % scene.setup->audit_every == 0)
        world_audit();
}

/* The program lets go of all; what it froze and made immortal stays. */
static void drop_everything(void)
{
    while (scene.held_count > 0) scene_drop(scene.held_count - 1);
    operation_do(&(struct operation){.code = WORLD_UNFREEZE});
    scene_collect_all();
    while (scene.held_count > 0) { /* what finalizers have saved */
        scene_drop(scene.held_count - 1);
        if (scene.held_count == 0) scene_collect_all();
    }
    for (size_t i = 0; i < scene.model.living_count; i++)
        if (!model_reaches(&scene.model, scene.model.living[i]))
            model_fail("#%u is left over", scene_serial(scene.model.living[i]));
}

static void check_report(const ouro_close_report *report, size_t alive, size_t references)
{
    if (report->alive != alive) model_fail("%zu were alive, not %zu", report->alive, alive);
    if (report->outside_references != references)
        model_fail("%zu references from outside, not %zu", report->outside_references, references);
    if (report->finalized != scene.finalized_in_close)
        model_fail("%zu finalized, not %zu", report->finalized, scene.finalized_in_close);
    if (report->raw_blocks != 0) model_fail("%zu raw blocks are left", report->raw_blocks);
    for (size_t i = 0; i < scene.model.living_count; i++) {
        const struct model_node *node = scene_node(scene.model.living[i]);
        if (node->traits->releases && !node->released)
            model_fail("#%u was not released", node->serial);
    }
}

void world_close(bool drop_first)
{
    for (size_t i = 0; i < WORLD_RAW; i++) scene_free_raw(&scene.raw[i], i % 2 == 0);
    if (drop_first) drop_everything();
    world_audit();
    check_stats();
    size_t alive = 0, references = 0;
    for (size_t i = 0; i < scene.model.living_count; i++) {
        const struct model_node *node = scene_node(scene.model.living[i]);
        alive += !node->immortal;
        references += node->immortal ? 0 : (size_t)node->roots;
    }
    scene_tell("close the heap");
    scene.model.closing = true;
    ouro_close_report report;
    scene_expect(ouro_heap_close(scene.heap, NULL, &report), "closing");
    check_report(&report, alive, references);
}

/* ---- for sequences ---- */

static unsigned total_weight(void)
{
    unsigned total = 0;
#define ADD_WEIGHT_(name, weight) total += (weight);
    WORLD_OPERATIONS(ADD_WEIGHT_)
#undef ADD_WEIGHT_
    return total;
}

uint8_t world_choose(struct random *random)
{
    static const unsigned weights[] = {
#define WEIGHT_(name, weight) weight,
        WORLD_OPERATIONS(WEIGHT_)
#undef WEIGHT_
    };
    if (random_below(random, 4000) == 0) return WORLD_IMMORTALIZE;
    unsigned rest = random_below(random, total_weight());
    uint8_t code = 0;
    while (rest >= weights[code]) rest -= weights[code++];
    return code;
}

static void open_stage(const void *setup, FILE *trace)
{
    world_open(setup, trace);
}

struct sequence_stage world_stage(const struct world_setup *setup)
{
    return (struct sequence_stage){setup, open_stage, world_do, world_close};
}
