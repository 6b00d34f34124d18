/* SPDX-License-Identifier: MIT */
/*
 * stepped.c -- how a stepped world begins and ends
 */
#include "support/stepped.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"

struct stepped stepped;
struct stepped_tally stepped_tally;

void stepped_tell(const char *format, ...)
{
    if (stepped.trace == NULL) return;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stepped.trace, "%*s", (int)(2 * stepped.depth), "");
    vfprintf(stepped.trace, format, arguments);
    fprintf(stepped.trace, "   [%s]\n", ouro__phase_name(stepped.heap->whole.phase));
    va_end(arguments);
}

uint32_t stepped_serial(model_id id)
{
    return id == MODEL_NONE ? 0 : stepped_node(id)->serial;
}

/* ---- programs ---- */

/* One of a few settings; the first is the most frequent. */
static const size_t thresholds[][3] = {{7, 2, 1}, {4096, 10, 10}, {1, 1, 1},
                                       {3, 5, 1}, {12, 3, 0},     {0, 2, 2}};

struct stepped_setup stepped_setup_of(uint64_t seed)
{
    enum { count = sizeof thresholds / sizeof thresholds[0] };
    struct random random = {seed ^ 0x5E7u};
    const size_t *threshold =
        thresholds[random_below(&random, 3) == 0 ? random_below(&random, count) : 0];
    struct stepped_setup setup = {
        .held = 4 + random_below(&random, 12),
        .alive = 6 + random_below(&random, 30),
        .verify_every = 1u << random_below(&random, 10),
        .acting = random_below(&random, 4) != 0,
        .vectors = seed / 16 % 4 == 0,
        .maps = seed / 64 % 2 == 0,
        .names_roots = random_below(&random, 4) == 0,
        .skips_finalizers = random_below(&random, 4) == 0,
        .logs_cycles = seed / 256 % 4 == 0,
    };
    memcpy(setup.options.threshold, threshold, sizeof setup.options.threshold);
    setup.options.one_at_a_time = random_below(&random, 4) != 0;
    setup.options.collector_off = random_below(&random, 3) == 0;
    setup.options.purge_delay_ms = 1;
    if (setup.verify_every < 16 && random_below(&random, 4) != 0) setup.verify_every *= 64;
    if (random_below(&random, 8) == 0) setup.options.collect_at = OURO_COLLECT_AT_SAFEPOINT;
    return setup;
}

static uint8_t choose(struct random *random, bool inside)
{
    static const unsigned weights[2][STEPPED_CODES] = {{
#define WEIGHT_(name, weight, inside) weight,
                                                           STEPPED_OPERATIONS(WEIGHT_)
#undef WEIGHT_
                                                       },
                                                       {
#define WEIGHT_(name, weight, inside) inside,
                                                           STEPPED_OPERATIONS(WEIGHT_)
#undef WEIGHT_
                                                       }};
    static unsigned totals[2];
    if (totals[inside] == 0)
        for (size_t i = 0; i < STEPPED_CODES; i++) totals[inside] += weights[inside][i];
    uint32_t rare = inside ? UINT32_MAX : random_below(random, 4096);
    if (rare < 2) return STEPPED_IMMORTALIZE;
    if (rare < 6) return STEPPED_FREEZE;
    if (rare < 16) return STEPPED_INSPECT;
    unsigned rest = random_below(random, totals[inside]);
    uint8_t code = 0;
    while (rest >= weights[inside][code]) rest -= weights[inside][code++];
    return code;
}

uint8_t stepped_choose_inside(struct random *random)
{
    return choose(random, true);
}

/* Of 16 operations so many are steps: few to nearly all.  Of 8 others so many are of the program's
 * favourites: it works on vectors, or moves references about without a change of their counts. */
static unsigned steps_share, favourites_share;
static bool prefers_vectors, prefers_maps;

static uint8_t choose_favourite(struct random *random)
{
    static const uint8_t maps[] = {STEPPED_MAP_SET, STEPPED_MAP_SET,  STEPPED_MAP_SET,
                                   STEPPED_MAP_GET, STEPPED_DROP,     STEPPED_DROP,
                                   STEPPED_PUT,     STEPPED_MAP_CLEAR};
    static const uint8_t favourites[2][6] = {
        {STEPPED_TAKE, STEPPED_TAKE, STEPPED_PUT, STEPPED_PUT, STEPPED_PUT, STEPPED_SWAP},
        {STEPPED_APPEND, STEPPED_INSERT, STEPPED_INSERT, STEPPED_PULL, STEPPED_REMOVE, STEPPED_POP},
    };
    if (prefers_maps && random_below(random, 4) != 0) return maps[random_below(random, 8)];
    return favourites[prefers_vectors][random_below(random, 6)];
}

static uint8_t choose_outside(struct random *random)
{
    if (random_below(random, 16) < steps_share) return STEPPED_STEP;
    if (random_below(random, 8) < favourites_share) return choose_favourite(random);
    return choose(random, false);
}

struct sequence stepped_sequence(uint64_t seed, size_t length)
{
    static const unsigned shares[] = {8, 8, 8, 4, 11, 13, 15, 1};
    steps_share = shares[seed / 2 % (sizeof shares / sizeof shares[0])];
    prefers_vectors = seed / 16 % 4 == 0;
    prefers_maps = seed / 64 % 2 == 0;
    favourites_share = prefers_vectors ? 3 : seed / 16 % 2 == 1 ? 4 : prefers_maps ? 3 : 0;
    return sequence_make(seed, length, choose_outside);
}

/* ---- a life ---- */

static void name_roots(void)
{
    for (size_t i = 0; i < STEPPED_ROOTS; i++)
        if (stepped.setup->names_roots && ouro_root(stepped.heap, &stepped.roots[i]) != OURO_OK)
            model_fail("no room for a root");
}

static void log_cycles(void)
{
    if (stepped.setup->logs_cycles && ouro_set_cycle_log(stepped.heap, 4) != OURO_OK)
        model_fail("no room for a log");
}

static void open_world(const void *setup, FILE *trace)
{
    memset(&stepped, 0, offsetof(struct stepped, mirror));
    stepped.setup = setup;
    stepped.self = MODEL_NONE;
    for (size_t i = 0; i < STEPPED_ROOTS; i++) stepped.root_ids[i] = MODEL_NONE;
    mirror_reset(&stepped.mirror);
    kind_hooks.finalizing = stepped_finalizing;
    kind_hooks.released = stepped_released;
    ouro_heap_options options = stepped.setup->options;
    options.ignore_environment = true;
    ouro_error error;
    stepped.heap = ouro_heap_new(&options, &error);
    if (stepped.heap == NULL) model_fail("no heap: %s", error.message);
    stepped.trace = trace;
    if (ouro_add_callback(stepped.heap, stepped_collection, NULL) != OURO_OK)
        model_fail("no callback");
    name_roots();
    log_cycles();
}

static void act_once(const struct operation *operation)
{
    stepped_do(operation);
    stepped_check();
    stepped_tally.operations++;
    if (++stepped.operations % stepped.setup->verify_every == 0) stepped_verify();
}

/* The program lets go of all; what is immortal stays. */
static void drop_everything(void)
{
    stepped.silent = true;
    for (uint16_t i = 0; i < STEPPED_ROOTS; i++)
        act_once(&(struct operation){.code = STEPPED_ROOT, .a = i, .flavour = 1});
    while (stepped.held_count > 0) act_once(&(struct operation){.code = STEPPED_DROP});
    act_once(&(struct operation){.code = STEPPED_UNFREEZE});
    act_once(&(struct operation){.code = STEPPED_COLLECT_ALL});
}

static size_t count_mortals(void)
{
    size_t count = 0;
    for (size_t i = 0; i < stepped.mirror.used_count; i++)
        count += !stepped_node(stepped.mirror.used[i])->immortal;
    return count;
}

static void check_released(void)
{
    for (size_t i = 0; i < stepped.mirror.used_count; i++) {
        const struct mirror_node *node = stepped_node(stepped.mirror.used[i]);
        if (kind_traits[node->kind].releases && !node->released)
            model_fail("#%u was not released when the heap was closed", node->serial);
    }
}

static void close_world(bool tidy)
{
    if (tidy) drop_everything();
    stepped_verify();
    bool severed = stepped.heap->whole.phase >= OURO__SEVER;
    size_t alive = count_mortals();
    stepped_tell("close the heap");
    stepped.closing = true;
    ouro_close_options options = {.skip_finalizers = stepped.setup->skips_finalizers};
    ouro_close_report report;
    if (ouro_heap_close(stepped.heap, &options, &report) != OURO_OK) model_fail("no closing");
    if (!severed && !options.skip_finalizers && report.alive != alive)
        model_fail("%zu were alive when the heap was closed, not %zu", report.alive, alive);
    if (report.raw_blocks != 0) model_fail("%zu raw blocks are left", report.raw_blocks);
    check_released();
}

struct sequence_stage stepped_stage(const struct stepped_setup *setup)
{
    return (struct sequence_stage){setup, open_world, act_once, close_world};
}
