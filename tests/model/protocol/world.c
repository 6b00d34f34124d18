/* SPDX-License-Identifier: MIT */
/*
 * world.c -- births, counts, deaths, weak references, and the truth
 */
#include "world.h"

#include <stdarg.h>
#include <string.h>

void world_begin(struct world *world, uint32_t broken, struct totals *totals, FILE *trace)
{
    memset(world, 0, sizeof *world);
    world->broken = broken;
    world->totals = totals;
    world->trace = trace;
    world->whole.flooding = NOTHING;
    for (int i = 0; i < LOCALS; i++) world->locals[i] = NOTHING;
    for (int i = 0; i < WEAKREFS; i++) world->weakrefs[i].target = NOTHING;
    for (int i = 0; i < EPHEMERONS; i++)
        world->ephemerons[i] = (struct ephemeron){NOTHING, NOTHING, NOTHING};
}

void tell(const struct world *world, const char *format, ...)
{
    if (world->trace == NULL) return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(world->trace, format, arguments);
    va_end(arguments);
}

void fail_with(struct world *world, enum fault fault)
{
    if (world->fault == FAULT_NONE) world->fault = fault;
}

/* ---- the truth ---- */

static set references_of(const struct world *world, int object)
{
    set references = 0;
    for (int slot = 0; slot < SLOTS; slot++)
        if (world->objects[object].slots[slot] != NOTHING)
            references |= only(world->objects[object].slots[slot]);
    return references;
}

set reachable(const struct world *world)
{
    set roots = 0;
    for (int i = 0; i < LOCALS; i++)
        if (world->locals[i] != NOTHING) roots |= only(world->locals[i]);
    for (int i = 0; i < world->held_count; i++) roots |= only(world->held[i]);
    return reachable_from(world, roots);
}

set reachable_from(const struct world *world, set reached)
{
    set before;
    do {
        before = reached;
        EACH (object, before) reached |= references_of(world, object);
        reached |= ephemeron_values(world, reached);
    } while (reached != before);
    return reached;
}

/* Condemned objects that were severed refer to each other alone, which counts for nothing: what
 * they name may have been freed already, and its block used again. */
static set owners(const struct world *world)
{
    const struct whole *whole = &world->whole;
    return world->used & (set) ~(whole->phase == RECLAIM ? whole->verification.suspects : 0);
}

static int references_to(const struct world *world, int object)
{
    int found = ephemerons_to(world, object);
    for (int i = 0; i < LOCALS; i++) found += world->locals[i] == object;
    EACH (owner, owners(world))
        for (int slot = 0; slot < SLOTS; slot++)
            found += world->objects[owner].slots[slot] == object;
    return found;
}

/* What the program can reach again, by a finalizer or a weak reference, need not be freed; nor what an
 * ephemeron has whose map and key it could reach, be it one after the other. */
static void release_from_duty(struct world *world)
{
    struct whole *whole = &world->whole;
    if (whole->phase == IDLE) return;
    whole->known |= reachable(world);
    if (whole->obliged != 0) whole->obliged &= (set)~reachable_from(world, whole->known);
}

/* The same of an object that was used, though only garbage holds it, with all it reaches. */
void release_reached(struct world *world, int object)
{
    world->whole.known |= reachable_from(world, (set)(reachable(world) | only(object)));
    release_from_duty(world);
}

void world_audit(struct world *world)
{
    release_from_duty(world);
    if ((reachable(world) & (set)~world->alive) != 0) fail_with(world, FAULT_DEAD);
    set counted = world->alive;
    if (world->whole.verification.condemned) counted &= (set)~world->whole.verification.suspects;
    EACH (object, counted)
        if (world->objects[object].count != references_to(world, object))
            fail_with(world, FAULT_COUNT);
}

/* ---- birth and death ---- */

int object_new(struct world *world, uint8_t finalizer)
{
    for (int object = 0; object < OBJECTS; object++) {
        if (has(world->used, object)) continue;
        world->used |= only(object);
        world->alive |= only(object);
        world->young |= only(object);
        world->objects[object] = (struct object){.count = 1, .finalizer = finalizer};
        for (int slot = 0; slot < SLOTS; slot++) world->objects[object].slots[slot] = NOTHING;
        return object;
    }
    return NOTHING;
}

/* The dead have no marks [protocol.forgotten]. */
static void forget(struct world *world, int object)
{
    struct whole *whole = &world->whole;
    world->trapped &= (set)~only(object);
    whole->obliged &= (set)~only(object);
    whole->known &= (set)~only(object);
    world->small.members &= (set)~only(object);
    world->small.suspects &= (set)~only(object);
    world->small.gray &= (set)~only(object);
    world->small.dark &= (set)~only(object);
    if (!keeps(world, RULE_FORGET)) return;
    whole->verification.members &= (set)~only(object);
    whole->verification.suspects &= (set)~only(object);
    whole->verification.gray &= (set)~only(object);
    whole->verification.dark &= (set)~only(object);
    if (whole->flooding == object) whole->flooding = NOTHING;
}

void block_give(struct world *world, int object)
{
    forget(world, object);
    world->used &= (set)~only(object);
    world->alive &= (set)~only(object);
    for (int slot = 0; slot < SLOTS; slot++) world->objects[object].slots[slot] = NOTHING;
}

static void drop_references(struct world *world, int object)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        int referent = world->objects[object].slots[slot];
        if (referent == NOTHING) continue;
        world->objects[object].slots[slot] = NOTHING;
        decref(world, referent);
    }
}

bool finalizer_is_due(const struct world *world, int object)
{
    return world->objects[object].finalizer != 0 && !world->objects[object].finalized;
}

/* The object is held meanwhile, and whatever it reaches is reached by the program. */
void finalizer_run(struct world *world, int object)
{
    tell(world, "    finalizer of %d\n", object);
    world->objects[object].finalized = true;
    world->totals->finalizers++;
    world->held[world->held_count++] = object;
    release_from_duty(world);
    mutate_by_plan(world, world->objects[object].finalizer);
    world->held_count--;
}

static void die(struct world *world, int object)
{
    if (finalizer_is_due(world, object)) {
        world->objects[object].count = 1;
        finalizer_run(world, object);
        if (--world->objects[object].count > 0) return;
    }
    if (has(reachable(world), object)) fail_with(world, FAULT_DIED);
    tell(world, "    %d dies\n", object);
    world->totals->deaths++;
    world->alive &= (set)~only(object);
    forget(world, object);
    weakrefs_clear_callbacks(world, only(object));
    ephemerons_spare(world, object, object);
    ephemerons_end(world, object, object);
    drop_references(world, object);
    block_give(world, object);
}

/* ---- counts ---- */

/* Touched is proven alive [protocol.touch]. */
void touch(struct world *world, int object)
{
    if (!has(world->trapped, object)) return;
    struct verification *both[] = {&world->whole.verification, &world->small};
    world->trapped &= (set)~only(object);
    for (size_t i = 0; i < 2; i++) {
        if (!has(both[i]->suspects, object)) continue;
        tell(world, "    touches %d\n", object);
        if (both[i]->condemned || (has(both[i]->dark, object) && world->letting_go == 0))
            fail_with(world, FAULT_TOUCHED);
        rescue(world, both[i], object);
    }
}

static bool may_use(struct world *world, int object)
{
    if (has(world->alive, object)) return true;
    fail_with(world, FAULT_DEAD);
    return false;
}

void incref(struct world *world, int object)
{
    if (!may_use(world, object)) return;
    touch(world, object);
    world->objects[object].count++;
}

void decref_untouched(struct world *world, int object)
{
    if (!may_use(world, object)) return;
    if (--world->objects[object].count <= 0) die(world, object);
}

void decref(struct world *world, int object)
{
    if (!may_use(world, object)) return;
    touch(world, object);
    decref_untouched(world, object);
}

/* ---- weak references ---- */

/* Darkness is a matter of one verification [protocol.apart]. */
bool is_dark(const struct world *world, int object)
{
    const struct verification *whole = &world->whole.verification, *small = &world->small;
    if (!keeps(world, RULE_DARK)) return false;
    if (!keeps(world, RULE_DARKNESS) && small->dark != 0 && has(whole->suspects, object) &&
        has(world->trapped, object))
        return true;
    return has((set)(whole->dark | small->dark), object);
}

int weakref_get(struct world *world, struct weakref *weakref)
{
    int target = weakref->target;
    if (target == NOTHING || !may_use(world, target)) return NOTHING;
    if (is_dark(world, target)) {
        if (has(reachable(world), target)) fail_with(world, FAULT_SILENT);
        return NOTHING;
    }
    if (keeps(world, RULE_UPGRADE)) touch(world, target);
    world->objects[target].count++;
    release_reached(world, target);
    return target;
}

void weakrefs_clear(struct world *world, set targets)
{
    for (int i = 0; i < WEAKREFS; i++) {
        int target = world->weakrefs[i].target;
        if (target != NOTHING && has(targets, target)) world->weakrefs[i].target = NOTHING;
    }
}

void weakrefs_clear_callbacks(struct world *world, set targets)
{
    uint8_t due[WEAKREFS];
    int count = 0;
    for (int i = 0; i < WEAKREFS; i++) {
        int target = world->weakrefs[i].target;
        if (target == NOTHING || !has(targets, target)) continue;
        if (world->weakrefs[i].callback == 0 && has(world->alive, target)) continue;
        if (world->weakrefs[i].callback != 0) due[count++] = world->weakrefs[i].callback;
        world->weakrefs[i].target = NOTHING;
    }
    for (int i = 0; i < count; i++) {
        tell(world, "    callback\n");
        mutate_by_plan(world, due[i]);
    }
}
