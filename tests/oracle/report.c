/* SPDX-License-Identifier: MIT */
/*
 * report.c -- what can be asked of ouro's side: generations, counts, weak references, referents
 *
 * Objects are logged in the order of their numbers: nodes, then weak references with a callback.
 */
#include "oracle/side.h"

enum { NUMBERS = BIRTHS_MAX + WATCHERS_MAX, FROZEN = 3 };

struct census {
    void *objects[NUMBERS]; /* by number; NULL where nothing lives */
    int32_t generations[NUMBERS];
    int32_t generation;
};

static int32_t number_of(void *object)
{
    struct node *node = as_node(object);
    if (node != NULL) return node->serial;
    if (ouro_type_of(object) != &ouro_weakref_callback_type) return -1;
    return BIRTHS_MAX + name_of(object) - 2000;
}

static int enter(void *object, void *argument)
{
    struct census *census = argument;
    int32_t number = number_of(object);
    if (number < 0) return 0;
    census->objects[number] = object;
    census->generations[number] = census->generation;
    return 0;
}

/* A sum that does not depend on the order. */
static int add_referent(void *object, void *argument)
{
    int32_t *sum = argument;
    int32_t name = name_of(object); /* a herald has none */
    if (name != NOTHING) *sum += (name + 1) * (name + 1);
    return 0;
}

static void report_one(const struct census *census, int32_t number)
{
    void *object = census->objects[number];
    int32_t sum = 0;
    say(EVENT_GENERATION, census->generations[number] << 12 | number);
    say(EVENT_COUNT, ouro_refcount(object));
    ouro_get_referents(object, add_referent, &sum);
    say(EVENT_REFERENTS, sum);
    if (number >= BIRTHS_MAX) return;
    say(EVENT_LOOKED_AT, (int32_t)ouro_weakref_count(object));
    say(EVENT_FINALIZED, ouro_is_finalized(object));
}

static int add_number(void *object, void *argument)
{
    int32_t *sum = argument;
    *sum += (number_of(object) + 1) * (number_of(object) + 1);
    return 0;
}

void report(void)
{
    static struct census census;
    census = (struct census){.generation = FROZEN};
    ouro_each_object(side.heap, enter, &census);
    for (census.generation = 0; census.generation < FROZEN; census.generation++)
        (void)ouro_get_objects(side.heap, census.generation, enter, &census);
    for (int32_t i = 0; i < NUMBERS; i++)
        if (census.objects[i] != NULL) report_one(&census, i);
    int32_t sum = 0;
    ouro_garbage_each(side.heap, add_number, &sum);
    say(EVENT_GARBAGE, (int32_t)ouro_garbage_count(side.heap));
    say(EVENT_GARBAGE, sum);
    say(EVENT_FROZEN, (int32_t)ouro_freeze_count(side.heap));
}
