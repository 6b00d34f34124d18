/* SPDX-License-Identifier: MIT */
/*
 * objects.c -- who is there, and who refers to whom                    [floor 7]
 *
 * Reads everything, writes nothing.  Objects that are dying, and garbage that is
 * condemned already or speaks its last words, are not shown.
 */
#include "inspect/inspect.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

struct looking {
    const ouro_heap *heap;
    ouro_visit visit;
    void *argument;
    const struct ouro__targets *targets;
    int generation;
    bool found;
    bool stopped;
    void (*each)(void *object, struct looking *looking);
};

bool ouro__is_hidden(const void *object)
{
    if (ouro__word_is_dying(*ouro__word_of(object))) return true;
    if (!ouro__is_tracked_entry(object)) return false;
    const struct ouro__marks *marks = &ouro__pools_of(object)->marks;
    return ouro__is_dark(marks, object) || ouro__is_speaking(marks, object);
}

static void show(struct looking *looking, void *object)
{
    if (!looking->stopped) looking->stopped = looking->visit(object, looking->argument) != 0;
}

static void look_at(void *object, void *context)
{
    struct looking *looking = context;
    if (!looking->stopped && !ouro__is_hidden(object)) looking->each(object, looking);
}

static void look_at_pool(struct ouro__pool *pool, void *context)
{
    ouro__walk_live(pool, look_at, context);
}

static void look_everywhere(struct looking *looking)
{
    ouro__walk_pools(ouro__heap_pools(looking->heap), OURO__REALM_ACYCLIC, look_at_pool, looking);
    ouro__walk_pools(ouro__heap_pools(looking->heap), OURO__REALM_TRACKED, look_at_pool, looking);
}

struct shown {
    void (*visit)(void *object, void *context);
    void *context;
};

static void visit_shown(void *object, struct looking *looking)
{
    const struct shown *shown = looking->argument;
    shown->visit(object, shown->context);
}

void ouro__each_shown(const ouro_heap *heap, void (*visit)(void *object, void *context),
                      void *context)
{
    struct shown shown = {visit, context};
    struct looking looking = {.heap = heap, .argument = &shown, .each = visit_shown};
    look_everywhere(&looking);
}

bool ouro_is_tracked(const void *object)
{
    return ouro__is_tracked_entry(object);
}

bool ouro_is_finalized(const void *object)
{
    return (*ouro__word_of(object) & OURO__FINALIZED) != 0;
}

/* ---- some among all ---- */

/* So many are compared one by one. */
enum { FEW = 8 };

static int compare_addresses(const void *a, const void *b)
{
    uintptr_t first = (uintptr_t) * (void *const *)a, second = (uintptr_t) * (void *const *)b;
    return (first > second) - (first < second);
}

void ouro__targets_open(struct ouro__targets *targets, void *const *list, size_t count)
{
    *targets = (struct ouro__targets){.list = list, .count = count};
    if (count <= FEW) return;
    targets->size = ouro__whole_pages(count * sizeof(void *));
    targets->sorted = ouro__os_map(targets->size, 4096);
    if (targets->sorted == NULL) return;
    memcpy(targets->sorted, list, count * sizeof(void *));
    qsort(targets->sorted, count, sizeof(void *), compare_addresses);
}

void ouro__targets_close(const struct ouro__targets *targets)
{
    if (targets->sorted != NULL) ouro__os_unmap(targets->sorted, targets->size);
}

bool ouro__targets_have(const struct ouro__targets *targets, const void *object)
{
    if (targets->sorted != NULL)
        return bsearch(&object, targets->sorted, targets->count, sizeof(void *),
                       compare_addresses) != NULL;
    for (size_t i = 0; i < targets->count; i++)
        if (targets->list[i] == object) return true;
    return false;
}

/* ---- referents and referrers ---- */

static void show_referent(void *referent, void *context)
{
    show(context, referent);
}

void ouro_get_referents(void *object, ouro_visit visit, void *argument)
{
    struct looking looking = {.visit = visit, .argument = argument};
    ouro__visit(object, show_referent, &looking);
}

static void compare(void *referent, void *context)
{
    struct looking *looking = context;
    if (!looking->found) looking->found = ouro__targets_have(looking->targets, referent);
}

static void show_referrer(void *object, struct looking *looking)
{
    looking->found = false;
    ouro__visit(object, compare, looking);
    if (looking->found) show(looking, object);
}

void ouro_get_referrers_of(void *const targets[], size_t count, ouro_visit visit, void *argument)
{
    if (count == 0) return;
    struct ouro__targets sought;
    ouro__targets_open(&sought, targets, count);
    struct looking looking = {.heap = ouro_heap_of(targets[0]),
                              .visit = visit,
                              .argument = argument,
                              .targets = &sought,
                              .each = show_referrer};
    look_everywhere(&looking);
    ouro__targets_close(&sought);
}

void ouro_get_referrers(void *target, ouro_visit visit, void *argument)
{
    ouro_get_referrers_of(&target, 1, visit, argument);
}

/* ---- objects ---- */

static void show_of_generation(void *object, struct looking *looking)
{
    if ((*ouro__word_of(object) & OURO__FROZEN) != 0) return; /* out of sight, as gc.freeze says */
    if (looking->generation < 0 || ouro__generation_of(object) == looking->generation)
        show(looking, object);
}

ouro_status ouro_get_objects(ouro_heap *heap, int generation, ouro_visit visit, void *argument)
{
    if (generation < -1 || generation > 2) {
        ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0, "generation %d is none of -1, 0, 1, 2",
                        generation);
        return OURO_BAD_ARGUMENT;
    }
    struct looking looking = {.heap = heap,
                              .visit = visit,
                              .argument = argument,
                              .generation = generation,
                              .each = show_of_generation};
    ouro__walk_pools(ouro__heap_pools(heap), OURO__REALM_TRACKED, look_at_pool, &looking);
    return OURO_OK;
}

static void show_any(void *object, struct looking *looking)
{
    show(looking, object);
}

void ouro_each_object(ouro_heap *heap, ouro_visit visit, void *argument)
{
    struct looking looking = {.heap = heap, .visit = visit, .argument = argument, .each = show_any};
    look_everywhere(&looking);
}

/* ---- any address ---- */

bool ouro_is_object(const ouro_heap *heap, const void *address)
{
    const struct ouro__pool *pool =
        ouro__walk_find(ouro__heap_pools(heap), OURO__REALM_ACYCLIC, address);
    if (pool == NULL) return false;
    size_t offset = (size_t)((const char *)address - pool->first);
    if (pool->capacity == 1
            ? offset != 0
            : offset % pool->block_size != 0 || offset / pool->block_size >= pool->carved)
        return false;
    return !ouro__word_is_dying(*ouro__word_of(address));
}
