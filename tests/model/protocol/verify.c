/* SPDX-License-Identifier: MIT */
/*
 * verify.c -- the verifier, and a small set that passes it in one go
 *
 *     SCAN      each suspect x: trap(x); each reference to a suspect y: trap(y), counted[y]++
 *     CHECK     count(x) != counted[x]: live, and all it reaches
 *     CONDEMN   dark; callbacks; what finalizers can reach comes out again
 *     FINALIZE  finalizers, once each; all is suspect again: back to SCAN
 *     SEVER     references to others are dropped
 *     RECLAIM   blocks go back
 */
#include "world.h"

#include <string.h>

void rescue(struct world *world, struct verification *verification, int object)
{
    verification->suspects &= (set)~only(object);
    verification->gray |= only(object);
    world->trapped &= (set)~only(object);
    world->totals->rescued++;
}

static void trap(struct world *world, struct verification *verification, int object)
{
    if (!keeps(world, RULE_TRAP)) return;
    if (!keeps(world, RULE_SNAPSHOT) || !keeps(world, RULE_FINAL)) {
        if (verification->snapshot[object] == NOTHING)
            verification->snapshot[object] = world->objects[object].count;
        return;
    }
    world->trapped |= only(object);
}

/* A reference counts for a suspect of the same verification alone [protocol.apart]. */
void scan_slot(struct world *world, struct verification *verification, int object, int slot)
{
    int referent =
        slot < SLOTS ? world->objects[object].slots[slot] : ephemeron_at(world, object, slot);
    trap(world, verification, object);
    if (referent == NOTHING) return;
    if (slot >= SLOTS && has(verification->suspects, referent) &&
        !ephemeron_counts(world, verification, object, slot))
        return;
    if (has(verification->suspects, referent)) {
        if (keeps(world, RULE_FIRST)) trap(world, verification, referent); /* [protocol.first] */
        verification->counted[referent]++;
    } else if (!keeps(world, RULE_COUNTS) && verification == &world->small &&
               has(world->whole.verification.suspects, referent)) {
        world->whole.verification.counted[referent]++;
    }
}

bool is_refuted(const struct world *world, const struct verification *verification, int object)
{
    int count = world->objects[object].count;
    if (!keeps(world, RULE_SNAPSHOT) && count != verification->snapshot[object]) return true;
    return count != verification->counted[object];
}

int followed(const struct world *world, const struct verification *verification, int object,
             int slot)
{
    if (slot < SLOTS) return world->objects[object].slots[slot];
    if (ephemeron_at(world, object, slot) == NOTHING) return NOTHING;
    if (!ephemeron_leads(world, verification, object, slot)) return NOTHING;
    return ephemeron_at(world, object, slot);
}

/* ---- last words ---- */

/* Whoever has a finalizer, and all that those reach, is no suspect while they run. */
static set revive(struct world *world, struct verification *verification)
{
    set revived = 0, before;
    EACH (object, verification->suspects)
        if (finalizer_is_due(world, object)) revived |= only(object);
    do {
        before = revived;
        EACH (object, before)
            for (int slot = 0; slot < SLOTS; slot++) {
                int referent = world->objects[object].slots[slot];
                if (referent != NOTHING && has(verification->suspects, referent))
                    revived |= only(referent);
            }
        set whole = (set)(revived | (world->alive & ~verification->suspects));
        if (keeps(world, RULE_WITHOUT))
            revived |= ephemeron_values(world, whole) & verification->suspects;
    } while (revived != before);
    return revived;
}

bool condemn(struct world *world, struct verification *verification)
{
    if ((reachable(world) & verification->suspects) != 0) fail_with(world, FAULT_CONDEMNED);
    verification->members = verification->suspects;
    verification->dark = verification->suspects; /* [protocol.dark] */
    verification->speaking = true;
    weakrefs_clear_callbacks(world, verification->suspects);
    set revived = revive(world, verification);
    verification->suspects &= (set)~revived;
    verification->dark &= (set)~revived;
    world->trapped &= (set)~revived;
    return revived != 0;
}

/* What finalizers could not reach stays dark for good; the rest is as suspect as at first, and
 * seen [protocol.again]. */
void suspect_again(struct verification *verification)
{
    verification->suspects = verification->members;
    verification->speaking = false;
    verification->gray = 0;
    memset(verification->counted, 0, sizeof verification->counted);
    memset(verification->snapshot, 0xFF, sizeof verification->snapshot);
    memset(verification->stamps, 0, sizeof verification->stamps);
}

/* Nobody outside holds any of them [protocol.sound]. */
void pass_sentence(struct world *world, struct verification *verification)
{
    if ((reachable(world) & verification->suspects) != 0) fail_with(world, FAULT_CONDEMNED);
    verification->condemned = verification->speaking = true;
    verification->dark = verification->suspects;
    if (keeps(world, RULE_DARK)) weakrefs_clear(world, verification->suspects);
    EACH (object, verification->suspects) {
        tell(world, "    condemned: %d\n", object);
        world->totals->condemned++;
    }
}

/* Values that are garbage too need no counting down; those of another's garbage wait. */
static void sever_ephemerons(struct world *world, const struct verification *verification,
                             int object)
{
    for (int i = 0; i < EPHEMERONS; i++) {
        struct ephemeron *one = &world->ephemerons[i];
        if (one->map == NOTHING || (one->map != object && one->key != object)) continue;
        if (!has(verification->suspects, one->value)) continue;
        *one = (struct ephemeron){NOTHING, NOTHING, NOTHING};
    }
    if (verification == &world->small) ephemerons_spare(world, object, object);
    ephemerons_end(world, object, object);
}

void sever(struct world *world, struct verification *verification, int object)
{
    sever_ephemerons(world, verification, object);
    for (int slot = 0; slot < SLOTS; slot++) {
        int *place = &world->objects[object].slots[slot], referent = *place;
        if (referent == NOTHING || has(verification->suspects, referent)) continue;
        *place = NOTHING;
        if (!keeps(world, RULE_SEVER) && verification == &world->small)
            decref_untouched(world, referent);
        else
            decref(world, referent); /* [protocol.sever] */
    }
}

void reclaim(struct world *world, struct verification *verification, int object)
{
    weakrefs_clear(world, only(object));
    verification->suspects &= (set)~only(object);
    verification->members &= (set)~only(object);
    block_give(world, object);
}

/* ---- a small set, in one go ---- */

static set *gray_of(struct world *world, struct verification *small)
{
    bool shared = !keeps(world, RULE_GRAY) && world->whole.verification.gray != 0;
    return shared ? &world->whole.verification.gray : &small->gray;
}

static void flood(struct world *world, struct verification *small)
{
    while (*gray_of(world, small) != 0) {
        set *gray = gray_of(world, small);
        int object = __builtin_ctz(*gray);
        *gray &= (set)~only(object);
        for (int slot = 0; slot < PLACES; slot++) {
            int referent = followed(world, small, object, slot);
            if (referent != NOTHING && has(small->suspects, referent))
                rescue(world, small, referent);
        }
    }
}

static void scan_and_check(struct world *world, struct verification *small)
{
    EACH (object, small->suspects)
        for (int slot = 0; slot < PLACES; slot++) scan_slot(world, small, object, slot);
    EACH (object, small->suspects)
        if (is_refuted(world, small, object)) rescue(world, small, object);
    flood(world, small);
}

static void speak_last_words(struct world *world, struct verification *small)
{
    if (!condemn(world, small)) return;
    EACH (object, small->members) {
        if (!has(small->members, object) || has(small->suspects, object)) continue;
        if (!finalizer_is_due(world, object)) continue;
        incref(world, object);
        finalizer_run(world, object);
        decref(world, object);
    }
    ephemerons_postponed(world, small);
    suspect_again(small);
    if (keeps(world, RULE_RECHECK)) scan_and_check(world, small); /* [protocol.again] */
}

/* What a small set may not contain while a cycle over all objects is under way
 * [protocol.disjoint]. */
static set forbidden(const struct world *world)
{
    const struct whole *whole = &world->whole;
    if (whole->verification.condemned) return whole->verification.suspects;
    if (whole->phase < SCAN || !keeps(world, RULE_TRAPS)) return 0;
    return whole->verification.suspects;
}

/* What references that wait lead to: they are counted still, and the cycle that they wait for drops them. */
static set waited_for(const struct verification *whole)
{
    set values = 0;
    for (int value = 0; value < OBJECTS; value++)
        if (whole->postponed[value] > 0) values |= only(value);
    return values;
}

/* What nobody outside the set holds must be found [protocol.complete]. */
static void check_complete(struct world *world, const struct verification *small)
{
    set others = world->alive & (set)~small->members;
    set outside = (set)(reachable(world) | others | waited_for(&world->whole.verification));
    set held = reachable_from(world, outside);
    if ((small->members & ~held & ~small->suspects) != 0) fail_with(world, FAULT_SURVIVED);
}

void verify_small(struct world *world, set proposed)
{
    struct verification *small = &world->small;
    memset(small, 0, sizeof *small);
    proposed &= world->alive & (set)~forbidden(world);
    if (proposed == 0) return;
    tell(world, "    proposed: 0x%x\n", proposed);
    world->totals->small++;
    small->members = proposed;
    suspect_again(small);
    small->dark = 0;
    scan_and_check(world, small);
    check_complete(world, small);
    if (small->suspects != 0) {
        world->totals->small_in[world->whole.phase]++;
        speak_last_words(world, small);
        pass_sentence(world, small);
        EACH (object, small->suspects) sever(world, small, object);
        ephemerons_postponed(world, small);
        EACH (object, small->suspects) {
            reclaim(world, small, object);
            world->totals->freed_small++;
        }
    }
    memset(small, 0, sizeof *small);
    world->young &= (set)~proposed;
}
