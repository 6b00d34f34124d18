/* SPDX-License-Identifier: MIT */
/*
 * ephemeron.c -- the values that maps have for keys
 *
 * Any object may be a map and any a key; both lead to the ephemeron.  As in the library an ephemeron that
 * leaves drops its value at once, but where that is dark.
 */
#include "world.h"

struct ephemeron *ephemeron_find(struct world *world, int map, int key)
{
    for (int i = 0; i < EPHEMERONS; i++) {
        struct ephemeron *one = &world->ephemerons[i];
        if (one->map == map && one->key == key) return one;
    }
    return NULL;
}

/* A value that is new was touched when it was stored, whoever was counted before. */
void ephemeron_bind(struct world *world, struct ephemeron *ephemeron, int map, int key, int value)
{
    int old = ephemeron->map == NOTHING ? NOTHING : ephemeron->value;
    if (ephemeron->map == NOTHING) {
        size_t number = (size_t)(ephemeron - world->ephemerons);
        world->whole.verification.stamps[number] = world->small.stamps[number] = false;
    }
    *ephemeron = (struct ephemeron){map, key, value};
    if (old != NOTHING) decref(world, old);
}

/* The reference to a dark value waits [life.dark]. */
static void drop_value(struct world *world, int value)
{
    struct verification *both[] = {&world->whole.verification, &world->small};
    bool again = false;
    for (size_t i = 0; i < 2; i++) {
        if (!has(both[i]->dark, value) || !has(both[i]->suspects, value)) continue;
        if (both[i]->speaking && keeps(world, RULE_WAIT)) {
            both[i]->postponed[value]++;
            return;
        }
        again = !both[i]->speaking;
    }
    world->letting_go += again;
    decref(world, value);
    world->letting_go -= again;
}

static bool is_of(const struct ephemeron *ephemeron, int map, int key)
{
    if (ephemeron->map == NOTHING) return false;
    return ephemeron->map == map || ephemeron->key == key;
}

void ephemerons_end(struct world *world, int map, int key)
{
    int values[EPHEMERONS], count = 0;
    for (int i = 0; i < EPHEMERONS; i++) {
        struct ephemeron *one = &world->ephemerons[i];
        if (!is_of(one, map, key)) continue;
        values[count++] = one->value;
        *one = (struct ephemeron){NOTHING, NOTHING, NOTHING};
    }
    for (int i = 0; i < count; i++) drop_value(world, values[i]);
}

void ephemerons_spare(struct world *world, int map, int key)
{
    for (int i = 0; i < EPHEMERONS; i++)
        if (is_of(&world->ephemerons[i], map, key))
            release_reached(world, world->ephemerons[i].value);
}

/* A value to which a reference waits, or NOTHING. */
static int next_postponed(const struct verification *verification)
{
    for (int value = 0; value < OBJECTS; value++)
        if (verification->postponed[value] > 0) return value;
    return NOTHING;
}

/* What is condemned for good loses the reference unseen.  What is to be verified again may end by it: a cycle that
 * is given up then leaves nothing behind with a count of zero.  Who dies here may leave another value to wait, until none
 * does. */
void ephemerons_postponed(struct world *world, struct verification *verification)
{
    for (int value; (value = next_postponed(verification)) != NOTHING;) {
        verification->postponed[value]--;
        if (verification->condemned && has(verification->suspects, value)) {
            world->objects[value].count--;
            continue;
        }
        world->letting_go++;
        decref(world, value);
        world->letting_go--;
    }
}

set ephemeron_values(const struct world *world, set reached)
{
    set values = 0;
    for (int i = 0; i < EPHEMERONS; i++) {
        const struct ephemeron *one = &world->ephemerons[i];
        if (one->map != NOTHING && has(reached, one->map) && has(reached, one->key))
            values |= only(one->value);
    }
    return values;
}

int ephemerons_to(const struct world *world, int value)
{
    int found = world->whole.verification.postponed[value] + world->small.postponed[value];
    for (int i = 0; i < EPHEMERONS; i++)
        found += world->ephemerons[i].map != NOTHING && world->ephemerons[i].value == value;
    return found;
}

int ephemeron_at(const struct world *world, int object, int place)
{
    const struct ephemeron *one = &world->ephemerons[place - SLOTS];
    return is_of(one, object, object) ? one->value : NOTHING;
}

bool ephemeron_counts(const struct world *world, struct verification *verification, int object,
                      int place)
{
    bool *stamp = &verification->stamps[place - SLOTS];
    if (!keeps(world, RULE_KEYS) && world->ephemerons[place - SLOTS].map != object) return false;
    if (*stamp && keeps(world, RULE_ONCE)) return false;
    *stamp = true; /* [ephemeron.once] */
    return true;
}

bool ephemeron_leads(const struct world *world, const struct verification *verification, int object,
                     int place)
{
    const struct ephemeron *one = &world->ephemerons[place - SLOTS];
    int other = one->map == object ? one->key : one->map;
    if (!keeps(world, RULE_EARLIER) && one->map != object) return false;
    if (!keeps(world, RULE_LATER) && one->map == object) return true;
    return !has(verification->suspects, other); /* [ephemeron.later] */
}
