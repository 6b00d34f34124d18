/* SPDX-License-Identifier: MIT */
/*
 * reactions.c -- what finalizers and callbacks of a world do
 *
 * They report to the model what the library does, and half of them do
 * something themselves, in the middle of a death or a collection.
 */
#include "support/scene.h"

/* ---- what finalizers and callbacks do ---- */

enum { ACTIONS = 12 };

/* The first reference that a slot of the program's can take, or nothing. */
static void make_into(model_id owner, uint16_t parameter)
{
    model_id made = scene_make(parameter % 2 == 0 ? KIND_PAIR : KIND_LEAF, parameter);
    if (made == MODEL_NONE) return;
    scene_tell("#%u = new %s", scene_serial(made), scene_node(made)->traits->name);
    if (owner != MODEL_NONE && scene_has_slots(owner) &&
        kind_accepts(scene_kind(owner), scene_kind(made)))
        scene_set(owner, scene_choose_slot(owner, parameter), made);
    scene_keep(made);
}

/* Collecting inside of a collection is refused; inside a death it is not. */
static void collect_again(uint16_t parameter)
{
    bool inside = scene.model.collecting != 0;
    scene_tell("collect generation %d", parameter % 3);
    size_t collected = ouro_collect(scene.heap, parameter % 3);
    if (inside && (collected != 0 || ouro_heap_error(scene.heap)->status != OURO_BUSY))
        model_fail("a collection within a collection: %zu", collected);
}

/* What anybody can do in the middle of something; `self` is MODEL_NONE or the
 * object being finalized. */
static void act(uint8_t action, uint16_t parameter, model_id self)
{
    model_id other;
    bool meddled = scene.model.meddled;
    scene.model.meddled = true;
    switch (action % ACTIONS) {
    case 1: /* resurrection */
        if (self == MODEL_NONE) return;
        scene_tell("own #%u", scene_serial(self));
        model_hold(&scene.model, self);
        ouro_incref(scene_object(self));
        scene_keep(self);
        break;
    case 2:
        if (self != MODEL_NONE) scene_set(self, scene_choose_slot(self, parameter), MODEL_NONE);
        break;
    case 3:
        if (scene.held_count > 0) scene_drop(parameter % scene.held_count);
        break;
    case 4: make_into(self, parameter); break;
    case 5: collect_again(parameter); break;
    case 6: /* somebody else gets it */
        other = scene_walk_to(parameter, scene_has_slots);
        if (other == MODEL_NONE || self == MODEL_NONE) return;
        if (kind_accepts(scene_kind(other), scene_kind(self)))
            scene_set(other, scene_choose_slot(other, parameter), self);
        break;
    case 7:
        other = scene_walk_to(parameter, scene_has_slots);
        if (other != MODEL_NONE) scene_set(other, scene_choose_slot(other, parameter), MODEL_NONE);
        break;
    case 8:
        if (self != MODEL_NONE)
            operation_do(&(struct operation){.code = WORLD_WEAK, .a = parameter});
        else
            operation_do(&(struct operation){.code = WORLD_WEAK_GET, .a = parameter});
        break;
    default: scene.model.meddled = meddled; /* nothing: half of them */
    }
}

void reaction_finalizing(model_id id, void *object)
{
    world_tally.finalized++;
    scene.finalized_in_close += scene.model.closing;
    if (scene_object(id) != object || !kind_is_intact(scene_kind(id), object))
        model_fail("#%u is not whole when it is finalized", scene_serial(id));
    scene_tell("finalizer of #%u", scene_serial(id));
    model_finalizing(&scene.model, id);
    if (scene.model.closing || !scene.setup->acting) return;
    struct model_node *node = scene_node(id);
    size_t base = model_enter(&scene.model);
    scene.nesting++;
    act(node->action, node->parameter, id);
    scene.nesting--;
    model_leave(&scene.model, base);
}

void reaction_released(model_id id, void *object)
{
    world_tally.deaths++;
    if (id < 0 || id >= MODEL_NODES || scene_node(id)->traits == NULL || scene_object(id) != object)
        model_fail("something is released that is not known");
    if (!kind_is_intact(scene_kind(id), object)) model_fail("#%u is spoilt", scene_serial(id));
    scene_tell("release of #%u", scene_serial(id));
    model_released(&scene.model, id);
}

/* The node of a weak reference whose callback runs. */
static model_id find_weak(const ouro_weakref *weakref)
{
    for (size_t i = 0; i < scene.model.living_count; i++)
        if (scene_object(scene.model.living[i]) == weakref && scene_is_weak(scene.model.living[i]))
            return scene.model.living[i];
    model_fail("a callback of an unknown weak reference");
}

void reaction_callback(ouro_weakref *self, void *argument)
{
    world_tally.callbacks++;
    model_id id = find_weak(self);
    if (argument != scene_object(scene_node(id)->slots[0]))
        model_fail("a callback's argument is wrong");
    if (ouro_weakref_get(self) != NULL) model_fail("a callback sees its target");
    scene_tell("callback of #%u", scene_serial(id));
    uint8_t action = scene_node(id)->action;
    uint16_t parameter = scene_node(id)->parameter;
    model_id lent = model_calling(&scene.model, id);
    if (!scene.model.closing && scene.setup->acting) {
        size_t base = model_enter(&scene.model);
        scene.nesting++;
        act(action, parameter, MODEL_NONE);
        scene.nesting--;
        model_leave(&scene.model, base);
    }
    model_called(&scene.model, id, lent);
}

/* Whether an object that has no hooks is still there: its address may belong
 * to a younger one by now. */
static bool is_there(struct model *model, model_id id)
{
    const struct model_node *node = model_node(model, id);
    if (!ouro_is_object(scene.heap, node->object)) return false;
    for (size_t i = 0; i < model->living_count; i++) {
        const struct model_node *other = model_node(model, model->living[i]);
        if (other->object == node->object && other->serial > node->serial) return false;
    }
    return true;
}

/* Weak references with callbacks are cleared before the finalizers of trash
 * run, also those to what is then resurrected. */
static void notice_cleared(void)
{
    for (size_t i = 0; i < scene.model.living_count; i++) {
        model_id weak = scene.model.living[i];
        if (!scene_is_weak(weak) || !scene_node(weak)->has_callback) continue;
        if (!is_there(&scene.model, weak)) continue; /* it was garbage, too */
        model_id target = scene_node(weak)->target;
        if (target == MODEL_NONE || !scene_node(target)->suspect) continue;
        void *answer = ouro_weakref_get(scene_object(weak));
        if (answer == NULL)
            model_cleared(&scene.model, weak);
        else
            ouro_decref(answer);
    }
}

void reaction_collection(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    (void)argument;
    if (!info->stop) {
        scene_tell("collection of generation %d begins", info->generation);
        world_tally.collections++;
        model_collection_starts(&scene.model, info->generation);
        return;
    }
    scene_tell("collection ends");
    world_tally.collected += info->collected;
    if (!scene.model.closing) notice_cleared();
    model_collection_stops(&scene.model, is_there);
}
