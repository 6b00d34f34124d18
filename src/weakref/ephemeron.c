/* SPDX-License-Identifier: MIT */
/*
 * ephemeron.c -- the table from targets to their ephemerons            [floor 3]
 *
 * Open addressing as in weakref.c: a removal moves later entries back.
 */
#include "weakref/ephemeron.h"

#include "weakref/map.h"

#include <string.h>

static size_t home_of(const struct ouro__ephemerons *ephemerons, const void *target)
{
    return ouro__hash_of(target) & (ephemerons->capacity - 1);
}

/* The slot of a target, or the empty one where it would go. */
static struct ouro__ephemeron **find(const struct ouro__ephemerons *ephemerons, const void *target)
{
    size_t slot = home_of(ephemerons, target);
    while (ephemerons->table[slot] != NULL && ephemerons->table[slot]->target != target)
        slot = (slot + 1) & (ephemerons->capacity - 1);
    return &ephemerons->table[slot];
}

bool ouro__ephemerons_reserve(struct ouro__weakrefs *weakrefs)
{
    struct ouro__ephemerons *ephemerons = &weakrefs->ephemerons;
    if (LIKELY(2 * (ephemerons->targets + 1) <= ephemerons->capacity))
        return true; /* [ephemeron.table] */
    struct ouro__ephemerons grown = {.capacity = 16, .targets = ephemerons->targets};
    if (ephemerons->capacity > 0) grown.capacity = 2 * ephemerons->capacity;
    size_t size = grown.capacity * sizeof(struct ouro__ephemeron *);
    grown.table = ouro__raw_alloc(&weakrefs->pools, size);
    if (grown.table == NULL) return false;
    memset(grown.table, 0, size);
    for (size_t i = 0; i < ephemerons->capacity; i++)
        if (ephemerons->table[i] != NULL)
            *find(&grown, ephemerons->table[i]->target) = ephemerons->table[i];
    ouro__raw_free(&weakrefs->pools, ephemerons->table);
    *ephemerons = grown;
    return true;
}

struct ouro__ephemeron *ouro__ephemerons_of(const struct ouro__weakrefs *weakrefs,
                                            const void *target)
{
    if ((*ouro__word_of(target) & OURO__KEYED) == 0) return NULL; /* [ephemeron.keyed] */
    return *find(&weakrefs->ephemerons, target);
}

void ouro__ephemeron_link(struct ouro__weakrefs *weakrefs, struct ouro__ephemeron *ephemeron,
                          void *target)
{
    struct ouro__ephemeron **place = find(&weakrefs->ephemerons, target);
    ephemeron->target = target;
    ephemeron->previous = NULL;
    ephemeron->next = *place;
    if (*place != NULL) {
        (*place)->previous = ephemeron;
    } else {
        weakrefs->ephemerons.targets++;
        *ouro__word_of(target) |= OURO__KEYED;
    }
    *place = ephemeron;
}

/* Empties a slot and moves back what a search would no longer find behind it. */
static void forget_target(struct ouro__ephemerons *ephemerons, void *target,
                          struct ouro__ephemeron **place)
{
    size_t mask = ephemerons->capacity - 1;
    size_t hole = (size_t)(place - ephemerons->table);
    ephemerons->table[hole] = NULL;
    ephemerons->targets--;
    *ouro__word_of(target) &= ~(OURO__KEYED | OURO__LOST);
    for (size_t i = (hole + 1) & mask; ephemerons->table[i] != NULL; i = (i + 1) & mask) {
        size_t home = home_of(ephemerons, ephemerons->table[i]->target);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        ephemerons->table[hole] = ephemerons->table[i];
        ephemerons->table[i] = NULL;
        hole = i;
    }
}

/* A cycle that has followed the target's ephemerons up to this one goes on behind it.  [mark.half] */
static void pass_by(struct ouro__marks *marks, const struct ouro__ephemeron *ephemeron)
{
    for (int lane = 0; lane < OURO__LANES; lane++)
        if (UNLIKELY(marks->lanes[lane].half.next == ephemeron))
            marks->lanes[lane].half.next = ephemeron->next;
}

static void unlink_ephemeron(struct ouro__weakrefs *weakrefs, struct ouro__ephemeron *ephemeron)
{
    pass_by(&weakrefs->pools.marks, ephemeron);
    if (ephemeron->previous != NULL) {
        ephemeron->previous->next = ephemeron->next;
    } else {
        struct ouro__ephemeron **place = find(&weakrefs->ephemerons, ephemeron->target);
        if (ephemeron->next != NULL)
            *place = ephemeron->next;
        else
            forget_target(&weakrefs->ephemerons, ephemeron->target, place);
    }
    if (ephemeron->next != NULL) ephemeron->next->previous = ephemeron->previous;
}

void ouro__ephemeron_leave(struct ouro__weakrefs *weakrefs, struct ouro__ephemeron *ephemeron)
{
    ouro__map_remove(ephemeron->map, ephemeron);
    unlink_ephemeron(weakrefs, ephemeron);
}

struct ouro__ephemeron *ouro__ephemerons_detach(struct ouro__weakrefs *weakrefs, void *target)
{
    if ((*ouro__word_of(target) & OURO__KEYED) == 0) return NULL;
    struct ouro__ephemeron **place = find(&weakrefs->ephemerons, target);
    struct ouro__ephemeron *list = *place;
    for (struct ouro__ephemeron *one = list; one != NULL; one = one->next) {
        pass_by(&weakrefs->pools.marks, one);
        ouro__map_remove(one->map, one);
    }
    forget_target(&weakrefs->ephemerons, target, place);
    return list;
}

/* ---- audit ---- */

const char *ouro__ephemerons_audit(const struct ouro__weakrefs *weakrefs, size_t keyed,
                                   size_t in_maps)
{
    const struct ouro__ephemerons *ephemerons = &weakrefs->ephemerons;
    size_t targets = 0, linked = 0;
    for (size_t i = 0; i < ephemerons->capacity; i++) {
        const struct ouro__ephemeron *one = ephemerons->table[i], *previous = NULL;
        targets += one != NULL;
        for (; one != NULL; previous = one, one = one->next, linked++) {
            if ((*ouro__word_of(one->target) & OURO__KEYED) == 0)
                return "[ephemeron.keyed] an ephemeron looks at an object that does not know of it";
            if (one->previous != previous || (previous != NULL && previous->target != one->target))
                return "[ephemeron.both] the list of a target's ephemerons is broken";
            if (one->index >= one->map->used || one->map->order[one->index] != one)
                return "[ephemeron.both] an ephemeron is not in its map";
        }
    }
    if (targets != ephemerons->targets || targets != keyed || 2 * targets > ephemerons->capacity)
        return "[ephemeron.table] the table has other targets than it says, or than objects say";
    if (linked != in_maps) return "[ephemeron.both] a map has an ephemeron that no target leads to";
    return NULL;
}
