/* SPDX-License-Identifier: MIT */
/*
 * operations_test.c -- random operations against the oracle, ten million in an ordinary run
 *
 * Each configuration runs its share in a child, as many programs in a row, a
 * heap each.  When one fails, the parent makes the same program again from its
 * seed, shortens it, and shows what is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/apart.h"
#include "support/covered.h"
#include "support/random.h"
#include "support/sequence.h"
#include "support/setting.h"
#include "support/test.h"
#include "support/world.h"

enum { MILLION = 1000000 };

struct configuration {
    struct world_setup setup;
    size_t length;  /* operations of one program */
    unsigned share; /* of all operations, in a thousandth */
};

static const struct configuration configurations[] = {
    {{.name = "small heaps, audited after every operation",
      .held = 8,
      .alive = 24,
      .audit_every = 1,
      .acting = true},
     400,
     5},
    {{.name = "small heaps", .held = 10, .alive = 40, .audit_every = 197, .acting = true},
     5000,
     265},
    {{.name = "small heaps, finalizers that do nothing",
      .held = 10,
      .alive = 40,
      .audit_every = 197},
     5000,
     130},
    {{.name = "medium heaps", .held = 40, .alive = 250, .audit_every = 997, .acting = true},
     10000,
     150},
    {{.name = "large heaps", .held = 250, .alive = 1900, .audit_every = 4999, .acting = true},
     40000,
     60},
    {{.name = "a young pass at every second object",
      .options = {.threshold = {1, 3, 3}},
      .held = 10,
      .alive = 40,
      .audit_every = 197,
      .acting = true},
     2000,
     60},
    {{.name = "tiny thresholds",
      .options = {.threshold = {17, 2, 2}},
      .held = 16,
      .alive = 80,
      .audit_every = 197,
      .acting = true},
     4000,
     80},
    {{.name = "low thresholds",
      .options = {.threshold = {50, 5, 5}},
      .held = 60,
      .alive = 500,
      .audit_every = 997,
      .acting = true},
     10000,
     60},
    {{.name = "a young collection at every allocation",
      .options = {.one_at_a_time = true, .collect_always = 1},
      .held = 10,
      .alive = 40,
      .audit_every = 197,
      .acting = true},
     2000,
     40},
    {{.name = "a collection of generation 1 at every allocation",
      .options = {.one_at_a_time = true, .collect_always = 2},
      .held = 10,
      .alive = 40,
      .audit_every = 197,
      .acting = true},
     2000,
     40},
    {{.name = "a full collection at every allocation",
      .options = {.one_at_a_time = true, .collect_always = 3},
      .held = 10,
      .alive = 40,
      .audit_every = 197,
      .acting = true},
     2000,
     40},
    {{.name = "one block at a time",
      .options = {.one_at_a_time = true},
      .held = 16,
      .alive = 80,
      .audit_every = 197,
      .acting = true},
     2000,
     20},
    {{.name = "without automatic collections",
      .options = {.collector_off = true},
      .held = 16,
      .alive = 80,
      .audit_every = 197,
      .acting = true},
     2000,
     30},
    {{.name = "collections at safepoints",
      .options = {.collect_at = OURO_COLLECT_AT_SAFEPOINT, .threshold = {20, 3, 3}},
      .held = 16,
      .alive = 80,
      .audit_every = 197,
      .acting = true},
     2000,
     20},
};

/* What a child tells its parent. */
struct progress {
    uint64_t seed; /* of the program that runs */
    struct world_tally tally;
};

static struct progress *progress; /* shared with the child */
static uint64_t seed;

static size_t operations_of(const struct configuration *configuration)
{
    return test_amount(10 * MILLION, 50 * MILLION, 200 * MILLION) / 1000 * configuration->share;
}

static uint64_t seed_of(const struct configuration *configuration, size_t number)
{
    struct random random = {seed};
    random.state =
        random_next(&random) + (uint64_t)(configuration - configurations) * 1000003u + number;
    return random_next(&random);
}

/* In the child: programs until the share is done. */
static _Noreturn void run_share(const struct configuration *configuration)
{
    apart_begin();
    struct sequence_stage stage = world_stage(&configuration->setup);
    size_t programs = operations_of(configuration) / configuration->length + 1;
    for (size_t i = 0; i < programs; i++) {
        progress->seed = seed_of(configuration, i);
        struct sequence sequence =
            sequence_make(progress->seed, configuration->length, world_choose);
        sequence_run(&sequence, &stage, NULL);
        free(sequence.operations);
        progress->tally = world_tally;
    }
    apart_end(0);
}

static void show_failure(const struct configuration *configuration)
{
    struct sequence_stage stage = world_stage(&configuration->setup);
    size_t number = 0;
    while (seed_of(configuration, number) != progress->seed) number++;
    struct sequence sequence = sequence_make(progress->seed, configuration->length, world_choose);
    fprintf(stderr, "program %zu of \"%s\" fails; shortening it\n", number,
            configuration->setup.name);
    if (sequence_try(&sequence, &stage).text[0] == 0) {
        fprintf(stderr, "alone it does not fail: it depends on those before it\n");
    } else {
        sequence_shrink(&sequence, &stage);
        fprintf(stderr, "%zu operations are enough:\n", sequence.length);
        sequence_show(&sequence, &stage);
    }
    free(sequence.operations);
}

static void print_tally(void)
{
    const struct world_tally *tally = &progress->tally;
    printf(
        "           %zu operations, %zu births, %zu finalizers, %zu callbacks, %zu collections of "
        "%zu objects, %zu audits\n",
        tally->operations, tally->births, tally->finalized, tally->callbacks, tally->collections,
        tally->collected, tally->audits);
    test_covered(tally->operations, "operations of random programs against the oracle");
    test_covered(tally->audits, "audits of the whole heap");
}

static void test_configuration(void **state)
{
    const struct configuration *configuration = *state;
    memset(progress, 0, sizeof *progress);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) run_share(configuration);
    int status = 0;
    waitpid(pid, &status, 0);
    print_tally();
    if (status == 0) return;
    if (!test_is_brief()) show_failure(configuration);
    fail_msg("OURO_TEST_SEED=%llu repeats this", (unsigned long long)seed);
}

int main(void)
{
    seed = test_seed();
    printf("OURO_TEST_SEED=%llu\n", (unsigned long long)seed);
    progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) return 1;
    struct CMUnitTest tests[COUNT_OF(configurations)];
    for (size_t i = 0; i < COUNT_OF(configurations); i++)
        tests[i] = (struct CMUnitTest){
            .name = configurations[i].setup.name,
            .test_func = test_configuration,
            .initial_state = (void *)(uintptr_t)&configurations[i],
        };
    return cmocka_run_group_tests_name("operations", tests, NULL, NULL);
}
