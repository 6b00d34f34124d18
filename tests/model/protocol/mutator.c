/* SPDX-License-Identifier: MIT */
/*
 * mutator.c -- what a program can do
 *
 * A program finds an object by a way: it begins at a local variable, or at the object whose
 * finalizer runs, and follows up to three references.  It owns nothing on the way.
 */
#include "world.h"

/* Two bits say where the way begins, and two each which slot is followed; 3 ends it. */
static int walk(const struct world *world, uint8_t way)
{
    int begin = way & 3;
    int object = begin < LOCALS ? world->locals[begin] : NOTHING;
    if (begin == LOCALS && world->held_count > 0) object = world->held[world->held_count - 1];
    if (object == NOTHING) return NOTHING;
    for (int step = 0; step < 3; step++) {
        int slot = way >> (2 + 2 * step) & 3;
        if (slot == SLOTS || world->objects[object].slots[slot] == NOTHING) break;
        object = world->objects[object].slots[slot];
    }
    return object;
}

/* The places that an action is about. */
struct places {
    int object, other;
    int slot, other_slot;
    int *local;
};

static struct places places_of(struct world *world, const struct action *action)
{
    return (struct places){
        .object = walk(world, action->from),
        .other = walk(world, action->other),
        .slot = action->a % SLOTS,
        .other_slot = action->b % SLOTS,
        .local = &world->locals[action->b / SLOTS % LOCALS],
    };
}

static int *slot_of(struct world *world, int object, int slot)
{
    return &world->objects[object].slots[slot];
}

static void drop_old(struct world *world, int old)
{
    if (old != NOTHING) decref(world, old);
}

static void new_object(struct world *world, const struct action *action, struct places at)
{
    uint8_t finalizer = action->from % 4 == 0 ? action->other : 0;
    if (*at.local != NOTHING) return;
    *at.local = object_new(world, finalizer);
    tell(world, "  %d = new%s\n", *at.local, finalizer != 0 ? " with a finalizer" : "");
}

/* Loads a reference and owns it. */
static void load(struct world *world, struct places at)
{
    int referent = *slot_of(world, at.object, at.slot);
    if (*at.local != NOTHING || referent == NOTHING) return;
    tell(world, "  load %d from %d[%d]\n", referent, at.object, at.slot);
    incref(world, referent);
    *at.local = referent;
}

static void own(struct world *world, struct places at)
{
    if (*at.local != NOTHING) return;
    tell(world, "  own %d\n", at.object);
    incref(world, at.object);
    *at.local = at.object;
}

static void store(struct world *world, struct places at)
{
    int *slot = slot_of(world, at.object, at.slot), old = *slot;
    if (*at.local == NOTHING) return;
    tell(world, "  %d[%d] = %d, was %d\n", at.object, at.slot, *at.local, old);
    incref(world, *at.local);
    *slot = *at.local;
    drop_old(world, old);
}

static void drop(struct world *world, struct places at)
{
    int old = *at.local;
    if (old == NOTHING) return;
    tell(world, "  drop %d\n", old);
    *at.local = NOTHING;
    decref(world, old);
}

/* Moves a reference out of a slot [protocol.moved]. */
static void take(struct world *world, struct places at)
{
    int *slot = slot_of(world, at.object, at.slot);
    if (*at.local != NOTHING || *slot == NOTHING) return;
    tell(world, "  take %d out of %d[%d]\n", *slot, at.object, at.slot);
    if (keeps(world, RULE_TAKE)) touch(world, *slot);
    *at.local = *slot;
    *slot = NOTHING;
}

/* Moves a reference into a slot; the object may have been held by that reference alone. */
static void put(struct world *world, struct places at)
{
    int *slot = slot_of(world, at.object, at.slot), old = *slot;
    if (*at.local == NOTHING) return;
    tell(world, "  put %d into %d[%d], was %d\n", *at.local, at.object, at.slot, old);
    *slot = *at.local;
    *at.local = NOTHING;
    drop_old(world, old);
}

/* Two slots change their contents [protocol.moved]. */
static void exchange(struct world *world, struct places at)
{
    int *one = slot_of(world, at.object, at.slot), *other = slot_of(world, at.other, at.other_slot);
    int first = *one, second = *other;
    if (one == other) return;
    tell(world, "  swap %d in %d[%d] with %d in %d[%d]\n", first, at.object, at.slot, second,
         at.other, at.other_slot);
    if (keeps(world, RULE_SWAP)) {
        if (first != NOTHING) touch(world, first);
        if (second != NOTHING) touch(world, second);
    }
    *one = second;
    *other = first;
}

/* ---- the slots as the items of a vector [protocol.items] ---- */

static void rotate(struct world *world, struct places at)
{
    int *slots = world->objects[at.object].slots, last = slots[SLOTS - 1];
    tell(world, "  rotate %d\n", at.object);
    whole_items_move(world, at.object, 0);
    for (int slot = SLOTS - 1; slot > 0; slot--) slots[slot] = slots[slot - 1];
    slots[0] = last;
}

/* Moves a reference in and shifts the items behind; the last falls out. */
static void insert(struct world *world, struct places at)
{
    int *slots = world->objects[at.object].slots, last = slots[SLOTS - 1];
    if (*at.local == NOTHING) return;
    tell(world, "  insert %d into %d at %d\n", *at.local, at.object, at.slot);
    whole_items_move(world, at.object, at.slot);
    for (int slot = SLOTS - 1; slot > at.slot; slot--) slots[slot] = slots[slot - 1];
    slots[at.slot] = *at.local;
    *at.local = NOTHING;
    drop_old(world, last);
}

static void remove_item(struct world *world, struct places at)
{
    int *slots = world->objects[at.object].slots, old = slots[at.slot];
    tell(world, "  remove %d from %d at %d\n", old, at.object, at.slot);
    whole_items_move(world, at.object, at.slot + 1);
    for (int slot = at.slot; slot < SLOTS - 1; slot++) slots[slot] = slots[slot + 1];
    slots[SLOTS - 1] = NOTHING;
    drop_old(world, old);
}

/* One slot, or all of them. */
static void clear(struct world *world, const struct action *action, struct places at)
{
    bool all = action->other % 4 == 0;
    for (int slot = all ? 0 : at.slot; slot < (all ? SLOTS : at.slot + 1); slot++) {
        int old = *slot_of(world, at.object, slot);
        if (old == NOTHING) continue;
        tell(world, "  clear %d[%d], was %d\n", at.object, slot, old);
        *slot_of(world, at.object, slot) = NOTHING;
        drop_old(world, old);
        if (!has(world->alive, at.object)) return; /* it held itself, in some way */
    }
}

/* ---- weak references ---- */

static void watch(struct world *world, const struct action *action, struct places at)
{
    uint8_t callback = action->other % 4 == 0 ? action->a : 0;
    int number = action->b % WEAKREFS;
    tell(world, "  weak reference %d to %d%s\n", number, at.object,
         callback != 0 ? " with a callback" : "");
    world->weakrefs[number] = (struct weakref){at.object, callback};
}

/* Without room for the answer, it is used and given back. */
static void upgrade(struct world *world, const struct action *action, struct places at)
{
    int object = weakref_get(world, &world->weakrefs[action->a % WEAKREFS]);
    if (object == NOTHING) return;
    tell(world, "  upgrade to %d%s\n", object, *at.local == NOTHING ? "" : " and drop it");
    if (*at.local == NOTHING)
        *at.local = object;
    else
        decref(world, object);
}

/* ---- ephemerons ---- */

/* What the map had for the key goes. */
static void bind(struct world *world, struct places at)
{
    struct ephemeron *one = ephemeron_find(world, at.object, at.other);
    if (one == NULL) one = ephemeron_find(world, NOTHING, NOTHING);
    if (*at.local == NOTHING || one == NULL) return;
    tell(world, "  map %d: key %d -> %d\n", at.object, at.other, *at.local);
    incref(world, *at.local);
    ephemeron_bind(world, one, at.object, at.other, *at.local);
}

static void fetch(struct world *world, struct places at)
{
    const struct ephemeron *one = ephemeron_find(world, at.object, at.other);
    if (*at.local != NOTHING || one == NULL) return;
    tell(world, "  fetch %d from map %d by key %d\n", one->value, at.object, at.other);
    incref(world, one->value);
    *at.local = one->value;
}

/* Of a map all go, be their keys alive or not. */
static void unbind(struct world *world, struct places at)
{
    tell(world, "  clear map %d\n", at.object);
    ephemerons_spare(world, at.object, NOTHING);
    ephemerons_end(world, at.object, NOTHING);
}

/* A walk through a map meets a key, though only garbage holds it. */
static void meet(struct world *world, const struct action *action, struct places at)
{
    const struct ephemeron *one = &world->ephemerons[action->b % EPHEMERONS];
    if (one->map != at.object) return;
    int key = one->key;
    if (!has(world->alive, key)) return;
    if (keeps(world, RULE_LOST) && is_dark(world, key)) {
        if (has(reachable(world), key)) fail_with(world, FAULT_SILENT);
        return;
    }
    tell(world, "  meet key %d of map %d%s\n", key, at.object,
         *at.local == NOTHING ? "" : " and drop it");
    incref(world, key);
    release_reached(world, key);
    if (*at.local == NOTHING)
        *at.local = key;
    else
        decref(world, key);
}

/* ---- */

void mutate(struct world *world, const struct action *action)
{
    struct places at = places_of(world, action);
    world->totals->operations++;
    switch (action->code) {
    case NEW: new_object(world, action, at); return;
    case DROP: drop(world, at); return;
    case UPGRADE: upgrade(world, action, at); return;
    default: break;
    }
    if (at.object == NOTHING) return;
    switch (action->code) {
    case LOAD: load(world, at); return;
    case OWN: own(world, at); return;
    case STORE: store(world, at); return;
    case TAKE: take(world, at); return;
    case PUT: put(world, at); return;
    case ROTATE: rotate(world, at); return;
    case INSERT: insert(world, at); return;
    case REMOVE: remove_item(world, at); return;
    case CLEAR: clear(world, action, at); return;
    case WATCH: watch(world, action, at); return;
    case UNBIND: unbind(world, at); return;
    case MEET: meet(world, action, at); return;
    case BIND:
        if (at.other != NOTHING) bind(world, at);
        return;
    case FETCH:
        if (at.other != NOTHING) fetch(world, at);
        return;
    case EXCHANGE:
        if (at.other != NOTHING) exchange(world, at);
        return;
    default: return;
    }
}

/* A plan is up to three operations; those of a finalizer mostly begin at its object.  One in
 * four plans is to keep the object, if there is room; weak references are asked often. */
void mutate_by_plan(struct world *world, uint8_t plan)
{
    if (plan % 4 == 0) {
        mutate(world, &(struct action){.code = OWN, .from = 0xFF, .b = plan});
        return;
    }
    uint32_t bits = plan * 2654435761u;
    for (int i = 0; i < plan % 4 && world->fault == FAULT_NONE; i++) {
        bits = bits * 1664525u + 1013904223u;
        uint8_t begin = (bits >> 7 & 3) == 0 ? 0 : LOCALS;
        uint8_t code = (bits >> 22 & 3) == 0 ? UPGRADE : (uint8_t)((bits >> 24) % MUTATIONS);
        mutate(world, &(struct action){.code = code,
                                       .from = (uint8_t)(bits >> 16 & 0xFC) | begin,
                                       .other = (uint8_t)(bits >> 12),
                                       .a = (uint8_t)(bits >> 9),
                                       .b = (uint8_t)(bits >> 4)});
    }
}
