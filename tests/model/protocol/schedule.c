/* SPDX-License-Identifier: MIT */
/*
 * schedule.c -- random schedules, and the shortest that still fails
 */
#include "world.h"

#include <string.h>

#include "support/random.h"

/* How a schedule mixes: a small set once in so many actions, and so many steps to an operation. */
struct mixture {
    uint32_t small_every, steps;
};

static uint8_t choose_code(struct random *random, struct mixture mixture)
{
    if (random_below(random, mixture.small_every) == 0)
        return random_below(random, 4) == 0 ? YOUNG : NEARBY;
    if (random_below(random, mixture.steps + 1) > 0) return STEP;
    return (uint8_t)random_below(random, MUTATIONS);
}

/* First the program alone, then with the collector's steps in between. */
void schedule_make(struct schedule *schedule, uint64_t seed)
{
    struct random random = {seed};
    size_t alone = 10 + random_below(&random, 50), together = 20 + random_below(&random, 150);
    struct mixture mixture = {10 + random_below(&random, 50), 1 + random_below(&random, 6)};
    struct mixture before = {mixture.small_every, 0};
    schedule->length = alone + together;
    for (size_t i = 0; i < schedule->length; i++) {
        uint64_t bits = random_next(&random);
        uint8_t code = choose_code(&random, i < alone ? before : mixture);
        schedule->actions[i] = (struct action){
            .code = code,
            .from = (uint8_t)bits,
            .other = (uint8_t)(bits >> 8),
            .a = (uint8_t)(bits >> 16),
            .b = (uint8_t)(bits >> 24),
        };
    }
}

static void act(struct world *world, const struct action *action)
{
    switch (action->code) {
    case STEP: whole_step(world, action); return;
    case YOUNG: verify_small(world, world->young); return;
    case NEARBY: verify_small(world, action->from); return;
    default: mutate(world, action); return;
    }
}

enum fault schedule_run(const struct schedule *schedule, uint32_t broken, struct totals *totals,
                        FILE *trace)
{
    struct world world;
    world_begin(&world, broken, totals, trace);
    totals->schedules++;
    for (size_t i = 0; i < schedule->length && world.fault == FAULT_NONE; i++) {
        act(&world, &schedule->actions[i]);
        world_audit(&world);
    }
    while (world.whole.phase != IDLE && world.fault == FAULT_NONE) {
        whole_step(&world, &(struct action){.code = STEP});
        world_audit(&world);
    }
    return world.fault;
}

/* Leaves out `count` actions from `at` on if the rest fails as before. */
static bool leave_out(struct schedule *schedule, uint32_t broken, enum fault fault, size_t at,
                      size_t count)
{
    struct totals totals = {0};
    struct schedule rest = *schedule;
    memmove(rest.actions + at, rest.actions + at + count,
            (rest.length - at - count) * sizeof rest.actions[0]);
    rest.length -= count;
    if (schedule_run(&rest, broken, &totals, NULL) != fault) return false;
    *schedule = rest;
    return true;
}

void schedule_shrink(struct schedule *schedule, uint32_t broken)
{
    struct totals totals = {0};
    enum fault fault = schedule_run(schedule, broken, &totals, NULL);
    for (int round = 0; round < 2; round++)
        for (size_t chunk = schedule->length / 2; chunk > 0; chunk--)
            for (size_t at = 0; at + chunk <= schedule->length;)
                if (!leave_out(schedule, broken, fault, at, chunk)) at++;
}
