/* SPDX-License-Identifier: MIT */
/*
 * scene.c -- what the operations of a world work on
 */
#include "support/scene.h"

#include <stdarg.h>

struct scene scene;

/* ---- telling ---- */

void scene_tell(const char *format, ...)
{
    if (scene.trace == NULL) return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(scene.trace, "%*s", 2 + 4 * (int)scene.nesting, "");
    vfprintf(scene.trace, format, arguments);
    fputc('\n', scene.trace);
    fflush(scene.trace);
    va_end(arguments);
}

uint32_t scene_serial(model_id id)
{
    return id != MODEL_NONE ? model_node(&scene.model, id)->serial : 0;
}

/* ---- what the program holds ---- */

struct model_node *scene_node(model_id id)
{
    return model_node(&scene.model, id);
}

void *scene_object(model_id id)
{
    return id != MODEL_NONE ? scene_node(id)->object : NULL;
}

enum kind scene_kind(model_id id)
{
    return kind_of(scene_node(id));
}

bool scene_is_weak(model_id id)
{
    return scene_kind(id) >= KIND_WEAK;
}

/* The program keeps a reference that it has got.  When its hands are full it
 * drops the first thing it holds. */
void scene_keep(model_id id)
{
    if (scene.held_count >= scene.setup->held) scene_drop(0);
    scene.held[scene.held_count++] = id;
}

model_id scene_forget(size_t index)
{
    model_id id = scene.held[index];
    scene.held[index] = scene.held[--scene.held_count];
    return id;
}

void scene_drop(size_t index)
{
    model_id id = scene_forget(index);
    void *object = scene_object(id);
    scene_tell("drop #%u", scene_serial(id));
    model_unhold(&scene.model, id);
    ouro_decref(object);
    model_settle(&scene.model);
}

/* A second reference while an operation works on something. */
void scene_protect(model_id id)
{
    if (id == MODEL_NONE) return;
    model_hold(&scene.model, id);
    ouro_incref(scene_object(id));
}

void scene_unprotect(model_id id)
{
    if (id == MODEL_NONE) return;
    void *object = scene_object(id);
    model_unhold(&scene.model, id);
    ouro_decref(object);
    model_settle(&scene.model);
}

/* ---- choosing ---- */

/* Something that the program reaches from what it holds; the bits of `number`
 * say where it starts and which way it goes. */
model_id scene_walk(uint16_t number)
{
    if (scene.held_count == 0) return MODEL_NONE;
    model_id id = scene.held[number % scene.held_count];
    number /= 64;
    for (unsigned steps = number % 4; steps > 0; steps--) {
        struct model_node *node = scene_node(id);
        unsigned references = node->slot_count + node->vector_length;
        if (references == 0) break;
        unsigned which = (number / 4 + steps * 5) % references;
        model_id next =
            which < node->slot_count ? node->slots[which] : node->vector[which - node->slot_count];
        if (next == MODEL_NONE) break;
        id = next;
    }
    return id;
}

/* The same, of those that `accepts`; a few tries. */
model_id scene_walk_to(uint16_t number, bool (*accepts)(model_id id))
{
    for (unsigned attempt = 0; attempt < 4; attempt++) {
        model_id id = scene_walk((uint16_t)(number + attempt * 977));
        if (id == MODEL_NONE) return MODEL_NONE;
        if (accepts(id)) return id;
    }
    return MODEL_NONE;
}

bool scene_has_slots(model_id id)
{
    if (scene_is_weak(id)) return false;
    return scene_node(id)->slot_count > 0;
}

bool scene_has_vector(model_id id)
{
    return scene_node(id)->traits->has_vector;
}

bool scene_is_actor(model_id id)
{
    return scene_kind(id) == KIND_ACTOR;
}

bool scene_is_object(model_id id)
{
    return !scene_is_weak(id);
}

/* One of an object's slots, but not a weak field. */
unsigned scene_choose_slot(model_id owner, uint16_t number)
{
    unsigned slot = number % scene_node(owner)->slot_count;
    return scene_is_actor(owner) && slot == KIND_ACTOR_WEAK ? 0 : slot;
}

/* ---- births ---- */

model_id scene_register(void *object, enum kind kind, unsigned length)
{
    model_id id = model_born(&scene.model, &kind_traits[kind], object, kind_slots(kind, length));
    if (kind < KIND_WEAK) kind_number(object, id);
    world_tally.births++;
    return id;
}

static unsigned choose_length(enum kind kind, uint16_t number)
{
    if (kind == KIND_LEAF || kind == KIND_BOX) return number % KIND_LEAF_MAX;
    return number % (MODEL_SLOTS - 2);
}

/* A new object, held by the caller and not yet kept.  MODEL_NONE when there
 * are enough already. */
model_id scene_make(enum kind kind, uint16_t length_number)
{
    if (scene.model.living_count >= scene.setup->alive) return MODEL_NONE;
    unsigned length = choose_length(kind, length_number);
    void *object = kind_make(scene.heap, kind, length);
    if (object == NULL) model_fail("no memory: %s", ouro_heap_error(scene.heap)->message);
    return scene_register(object, kind, length);
}

/* ---- what several operations do ---- */

void scene_expect(ouro_status status, const char *what)
{
    if (status != OURO_OK) model_fail("%s: %s", what, ouro_status_text(status));
}

ouro_vector *scene_vector(model_id owner)
{
    return kind_vector(scene_kind(owner), scene_object(owner));
}

/* The model's half of a store; the value's reference is counted already. */
void scene_store_in_model(model_id owner, unsigned slot, model_id value)
{
    model_id old = scene_node(owner)->slots[slot];
    scene_node(owner)->slots[slot] = value;
    model_changed(&scene.model);
    model_drop(&scene.model, old);
}

void scene_set(model_id owner, unsigned slot, model_id value)
{
    enum kind kind = scene_kind(owner);
    void *object = scene_object(owner), *target = scene_object(value);
    scene_tell("#%u.slot%u = #%u", scene_serial(owner), slot, scene_serial(value));
    model_refer(&scene.model, value);
    scene_store_in_model(owner, slot, value);
    void **place = kind_slot(kind, object, slot);
    if (place != NULL)
        ouro__set(object, place, target);
    else
        kind_set_tagged(kind, object, slot, target);
    model_settle(&scene.model);
}

/*
 * A full collection finds all garbage, unless finalizers make more of it.  What callbacks were given is let
 * go of after the call, and may be garbage for the next one.
 */
void scene_collect_all(void)
{
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        size_t collected = ouro_collect(scene.heap, 2);
        if (scene.model.meddled) continue;
        if (collected != scene.model.suspects_tracked)
            model_fail("a full collection found %zu objects, not %zu", collected,
                       scene.model.suspects_tracked);
        if (collected == 0) return;
    }
    model_fail("collections do not come to an end");
}

unsigned char scene_raw_byte(const struct raw *raw, size_t position)
{
    return (unsigned char)(raw->first + position * 11);
}

/* All bytes of a small block; the ends of a large one. */
void scene_check_raw(const struct raw *raw, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (i == 512 && size > 1024) i = size - 512;
        if (raw->memory[i] != scene_raw_byte(raw, i))
            model_fail("raw memory of %zu bytes is spoilt at %zu", raw->size, i);
    }
}

void scene_free_raw(struct raw *raw, bool sized)
{
    if (raw->memory == NULL) return;
    scene_check_raw(raw, raw->size);
    if (sized)
        ouro_mem_free_sized(scene.heap, raw->memory, raw->size);
    else
        ouro_mem_free(scene.heap, raw->memory);
    raw->memory = NULL;
}
