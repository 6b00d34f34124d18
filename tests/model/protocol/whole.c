/* SPDX-License-Identifier: MIT */
/*
 * whole.c -- the cycle over all objects, a step at a time
 *
 *     IDLE -> COUNT -> DECIDE -> SCAN -> CHECK -> SEVER -> RECLAIM -> IDLE
 *                                 ^        |
 *                                 +-- FINALIZE, when the garbage has finalizers
 *
 * A step looks at one object; in SCAN at one slot, and where live objects are
 * followed at one slot, too: a vector that is half done is a state of its own.
 */
#include "world.h"

#include <string.h>

const char *const phase_names[PHASES] = {"idle",  "count",    "decide", "scan",
                                         "check", "finalize", "sever",  "reclaim"};

static void enter(struct world *world, enum phase phase)
{
    tell(world, "  %s\n", phase_names[phase]);
    world->whole.phase = phase;
    world->whole.cursor = world->whole.slot = 0;
}

static void begin_scan(struct world *world)
{
    suspect_again(&world->whole.verification);
    world->whole.flooding = NOTHING;
    enter(world, SCAN);
}

/* Mostly by COUNT and DECIDE; but any set may be proposed, and only what it holds alone must
 * be freed. */
static void begin(struct world *world, const struct action *action)
{
    struct whole *whole = &world->whole;
    uint8_t proposer = action->other % 4;
    memset(whole, 0, sizeof *whole);
    whole->flooding = NOTHING;
    whole->known = reachable(world);
    whole->obliged = world->alive & (set)~whole->known;
    if (keeps(world, RULE_SPECULATE) && proposer > 1) {
        enter(world, COUNT);
        return;
    }
    set proposed = world->alive;
    if (keeps(world, RULE_SPECULATE) && proposer == 1) proposed &= action->from;
    set others = world->alive & (set)~proposed;
    whole->verification.members = proposed;
    whole->obliged &= (set)~reachable_from(world, (set)(reachable(world) | others));
    begin_scan(world);
}

/* ---- the proposer ---- */

static void count(struct world *world, int object)
{
    struct whole *whole = &world->whole;
    whole->verification.suspects |= only(object);
    for (int slot = 0; slot < SLOTS; slot++) {
        int referent = world->objects[object].slots[slot];
        if (referent != NOTHING) whole->tally[referent]++;
    }
    for (int i = 0; i < EPHEMERONS; i++) /* by the map, whoever looks at the key */
        if (world->ephemerons[i].map == object) whole->tally[world->ephemerons[i].value]++;
}

/* A tally may exceed the count: a reference that was tallied may be gone [protocol.tally]. */
static void decide(struct world *world, int object)
{
    struct whole *whole = &world->whole;
    int count = world->objects[object].count, tally = whole->tally[object];
    if (keeps(world, RULE_EXCESS) ? count <= tally : count == tally) return;
    rescue(world, &whole->verification, object);
}

/* ---- following what is live ---- */

/* One slot of one object; false when nothing is gray. */
static bool flood(struct world *world)
{
    struct whole *whole = &world->whole;
    struct verification *verification = &whole->verification;
    if (whole->flooding == NOTHING) {
        if (verification->gray == 0) return false;
        whole->flooding = __builtin_ctz(verification->gray);
        whole->flooded_slot = 0;
        verification->gray &= (set)~only(whole->flooding);
    }
    int referent = followed(world, verification, whole->flooding, whole->flooded_slot);
    tell(world, "  follow %d[%d]\n", whole->flooding, whole->flooded_slot);
    if (referent != NOTHING && has(verification->suspects, referent) && keeps(world, RULE_FLOOD))
        rescue(world, verification, referent);
    if (++whole->flooded_slot == PLACES) whole->flooding = NOTHING;
    return true;
}

static void touch_items(struct world *world, int owner, int from)
{
    for (int slot = from; slot < SLOTS; slot++)
        if (world->objects[owner].slots[slot] != NOTHING)
            touch(world, world->objects[owner].slots[slot]);
}

/* What is half done is done again: a half-scanned owner is live, and a half-followed one is followed
 * from its beginning.  Or else all that moves is touched [protocol.items]. */
void whole_items_move(struct world *world, int owner, int from)
{
    struct whole *whole = &world->whole;
    if (!keeps(world, RULE_OWNER)) {
        touch_items(world, owner, from);
        return;
    }
    bool half_scanned = whole->phase == SCAN && whole->cursor == owner && whole->slot > 0;
    if (half_scanned && keeps(world, RULE_MOVE)) touch(world, owner);
    if (whole->flooding == owner && keeps(world, RULE_REFLOOD)) whole->flooded_slot = 0;
}

/* ---- verdict ---- */

/* In the same step in which nothing was gray any more [protocol.verdict]. */
static void verdict(struct world *world)
{
    struct whole *whole = &world->whole;
    struct verification *verification = &whole->verification;
    if (!whole->last_words && condemn(world, verification)) {
        whole->last_words = true;
        enter(world, FINALIZE);
        return;
    }
    pass_sentence(world, verification);
    enter(world, SEVER);
}

/* Without traps, all counts are compared once more; a flood that has to end. */
static void compare_finally(struct world *world)
{
    struct verification *verification = &world->whole.verification;
    EACH (object, verification->suspects)
        if (is_refuted(world, verification, object)) rescue(world, verification, object);
    while (flood(world)) {
    }
}

static void finish_check(struct world *world)
{
    if (!keeps(world, RULE_VERDICT) && !world->whole.looked) {
        world->whole.looked = true;
        return;
    }
    world->whole.looked = false;
    if (!keeps(world, RULE_FINAL)) compare_finally(world);
    verdict(world);
}

/* Whoever is held by the garbage alone, after the finalizers too, has to go in this cycle
 * [protocol.complete].  What they gave to others may have become garbage with those. */
static void finish_finalizers(struct world *world)
{
    struct whole *whole = &world->whole;
    struct verification *verification = &whole->verification;
    ephemerons_postponed(world, verification);
    if (!keeps(world, RULE_RECHECK)) {
        verification->suspects = verification->members;
        pass_sentence(world, verification);
        enter(world, SEVER);
        return;
    }
    begin_scan(world);
    if (!keeps(world, RULE_REVIVED)) verification->dark = verification->suspects;
    set others = world->alive & (set)~verification->members;
    whole->known = reachable(world);
    set held = reachable_from(world, (set)(reachable(world) | others));
    whole->obliged =
        (set)((whole->obliged & ~verification->members) | (verification->members & ~held));
}

static void finalize(struct world *world, int object)
{
    struct verification *verification = &world->whole.verification;
    if (!has(verification->members, object) || has(verification->suspects, object)) return;
    if (!finalizer_is_due(world, object)) return;
    incref(world, object);
    finalizer_run(world, object);
    decref(world, object);
}

static void end(struct world *world)
{
    struct whole *whole = &world->whole;
    /* a key that was brought back may keep a value by a map that was none of the garbage, but is by now */
    set others = world->alive & (set)~whole->obliged;
    set held = reachable_from(world, (set)(reachable(world) | others));
    if ((whole->obliged & world->alive & (set)~held) != 0) fail_with(world, FAULT_SURVIVED);
    if (world->trapped != 0 || whole->verification.suspects != 0) fail_with(world, FAULT_MARKS);
    memset(whole, 0, sizeof *whole);
    whole->flooding = NOTHING;
    world->totals->cycles++;
    enter(world, IDLE);
}

/* ---- steps ---- */

/* One slot of a suspect. */
static void scan(struct world *world)
{
    struct whole *whole = &world->whole;
    tell(world, "  scan %d[%d]\n", whole->cursor, whole->slot);
    scan_slot(world, &whole->verification, whole->cursor, whole->slot);
    if (++whole->slot < PLACES) return;
    whole->slot = 0;
    whole->cursor++;
}

static void check(struct world *world, int object)
{
    struct verification *verification = &world->whole.verification;
    tell(world, "  check %d: count %d, counted %d\n", object, world->objects[object].count,
         verification->counted[object]);
    if (keeps(world, RULE_FINAL) && is_refuted(world, verification, object))
        rescue(world, verification, object);
}

/* The objects that a phase looks at. */
static set subjects(const struct world *world)
{
    if (world->whole.phase == COUNT) return world->alive;
    if (world->whole.phase == FINALIZE) return world->whole.verification.members;
    return world->whole.verification.suspects;
}

static void step_on_object(struct world *world, int object)
{
    struct whole *whole = &world->whole;
    if (whole->phase != CHECK) tell(world, "  %s %d\n", phase_names[whole->phase], object);
    switch (whole->phase) {
    case COUNT: count(world, object); return;
    case DECIDE: decide(world, object); return;
    case CHECK: check(world, object); return;
    case FINALIZE: finalize(world, object); return;
    case SEVER: sever(world, &whole->verification, object); return;
    case RECLAIM: reclaim(world, &whole->verification, object); return;
    default: return;
    }
}

static void advance(struct world *world)
{
    struct whole *whole = &world->whole;
    switch (whole->phase) {
    case COUNT: enter(world, DECIDE); return;
    case DECIDE:
        whole->verification.members = whole->verification.suspects;
        begin_scan(world);
        return;
    case SCAN: enter(world, CHECK); return;
    case CHECK: finish_check(world); return;
    case FINALIZE: finish_finalizers(world); return;
    case SEVER:
        ephemerons_postponed(world, &whole->verification);
        enter(world, RECLAIM);
        return;
    case RECLAIM: end(world); return;
    default: return;
    }
}

void whole_step(struct world *world, const struct action *action)
{
    struct whole *whole = &world->whole;
    world->totals->steps++;
    if (whole->phase == IDLE) {
        begin(world, action);
        return;
    }
    bool follows = whole->phase == DECIDE || (whole->phase == CHECK && !whole->looked);
    if (follows && flood(world)) return;
    while (whole->cursor < OBJECTS && !has(subjects(world), whole->cursor)) {
        whole->cursor++;
        whole->slot = 0;
    }
    if (whole->cursor == OBJECTS) {
        advance(world);
    } else if (whole->phase == SCAN) {
        scan(world);
    } else {
        step_on_object(world, whole->cursor++);
    }
}
