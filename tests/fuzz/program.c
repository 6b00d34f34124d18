/* SPDX-License-Identifier: MIT */
/*
 * program.c -- any bytes are a program on a heap
 */
#include "fuzz/program.h"

#include <stdlib.h>

#include "support/stepped.h"
#include "support/world.h"

static uint16_t number_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

/* Many kinds of heap, with all that the model knows of. */
static struct world_setup world_setup_of(uint16_t seed)
{
    struct random random = {seed};
    struct world_setup setup = {
        .name = "fuzzed",
        .held = 4 + random_below(&random, 16),
        .alive = 8 + random_below(&random, 60),
        .audit_every = 1u << random_below(&random, 6),
        .acting = random_below(&random, 4) != 0,
    };
    ouro_heap_options *options = &setup.options;
    options->one_at_a_time = random_below(&random, 2) == 0;
    options->collector_off = random_below(&random, 4) == 0;
    if (random_below(&random, 4) == 0) options->collect_always = 1 + random_below(&random, 3);
    if (random_below(&random, 6) == 0) options->collect_at = OURO_COLLECT_AT_SAFEPOINT;
    if (random_below(&random, 2) == 0)
        for (size_t i = 0; i < 3; i++) options->threshold[i] = 1 + random_below(&random, 9);
    return setup;
}

static void run_on(const struct sequence_stage *stage, const uint8_t *bytes, size_t count,
                   uint8_t codes)
{
    struct operation *operations = calloc(count + 1, sizeof *operations);
    if (operations == NULL) return;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *at = bytes + PROGRAM_HEAD + i * PROGRAM_OPERATION;
        operations[i] = (struct operation){at[0] % codes, at[1], number_at(at + 2),
                                           number_at(at + 4), number_at(at + 6)};
    }
    struct sequence sequence = {operations, count, (bytes[1] & 1) != 0};
    sequence_run(&sequence, stage, NULL);
    free(operations);
}

size_t program_run(const uint8_t *bytes, size_t size)
{
    if (size < PROGRAM_HEAD) return 0;
    size_t count = (size - PROGRAM_HEAD) / PROGRAM_OPERATION;
    if (count > PROGRAM_OPERATIONS) count = PROGRAM_OPERATIONS;
    uint16_t seed = number_at(bytes + 2);
    if (bytes[0] % 2 == 0) {
        struct world_setup setup = world_setup_of(seed);
        struct sequence_stage stage = world_stage(&setup);
        run_on(&stage, bytes, count, WORLD_CODES);
    } else {
        struct stepped_setup setup = stepped_setup_of(seed);
        struct sequence_stage stage = stepped_stage(&setup);
        run_on(&stage, bytes, count, STEPPED_CODES);
    }
    return count;
}

/* ---- random programs, to begin with ---- */

static void put_number(uint8_t *place, uint16_t number)
{
    place[0] = (uint8_t)number;
    place[1] = (uint8_t)(number >> 8);
}

size_t program_make(uint64_t seed, size_t operations, uint8_t *out_bytes, size_t room)
{
    size_t size = PROGRAM_HEAD + operations * PROGRAM_OPERATION;
    if (size > room) return 0;
    bool in_steps = seed % 2 != 0;
    struct sequence sequence = in_steps ? stepped_sequence(seed / 2, operations)
                                        : sequence_make(seed, operations, world_choose);
    out_bytes[0] = in_steps;
    out_bytes[1] = sequence.tidy;
    put_number(out_bytes + 2, (uint16_t)(seed * 40503u));
    for (size_t i = 0; i < operations; i++) {
        uint8_t *at = out_bytes + PROGRAM_HEAD + i * PROGRAM_OPERATION;
        const struct operation *operation = &sequence.operations[i];
        at[0] = operation->code;
        at[1] = operation->flavour;
        put_number(at + 2, operation->a);
        put_number(at + 4, operation->b);
        put_number(at + 6, operation->c);
    }
    free(sequence.operations);
    return size;
}
