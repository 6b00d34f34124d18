/* SPDX-License-Identifier: MIT */
/*
 * steps_test.c -- schedules: the program and the collector's steps in any order
 *
 * Small programs, each of its own seed, in a child.  When one fails, the parent makes it again,
 * shortens it and shows what is left.
 *
 *     steps_test [operations]     for so many, as in `steps_test 100000000`
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/collector.h"
#include "support/apart.h"
#include "support/covered.h"
#include "support/setting.h"
#include "support/stepped.h"
#include "support/test.h"

_Static_assert((int)OURO__PHASES <= (int)STEPPED_PHASES, "the tally has a line for each phase");

enum { MILLION = 1000000, LENGTH = 3000 };

/* What a child tells its parent. */
struct progress {
    size_t program; /* that runs */
    struct stepped_tally tally;
};

static struct progress *progress; /* shared with the child */
static uint64_t seed;
static size_t operations;

static uint64_t seed_of(size_t program)
{
    struct random random = {seed};
    random.state = random_next(&random) + program;
    return random_next(&random);
}

static _Noreturn void run_programs(void)
{
    apart_begin();
    for (size_t done = 0; done < operations; done += LENGTH) {
        struct stepped_setup setup = stepped_setup_of(seed_of(progress->program));
        struct sequence_stage stage = stepped_stage(&setup);
        struct sequence sequence = stepped_sequence(seed_of(progress->program), LENGTH);
        sequence_run(&sequence, &stage, NULL);
        free(sequence.operations);
        progress->tally = stepped_tally;
        progress->program++;
    }
    apart_end(0);
}

static void show_failure(void)
{
    struct stepped_setup setup = stepped_setup_of(seed_of(progress->program));
    setup.verify_every = 1; /* to see it as soon as it happens */
    struct sequence_stage stage = stepped_stage(&setup);
    struct sequence sequence = stepped_sequence(seed_of(progress->program), LENGTH);
    fprintf(stderr, "program %zu fails; shortening it\n", progress->program);
    if (sequence_try(&sequence, &stage).text[0] == 0) {
        fprintf(stderr, "alone it does not fail: it depends on those before it\n");
    } else {
        sequence_shrink(&sequence, &stage);
        fprintf(stderr, "%zu operations are enough, with thresholds %zu, %zu, %zu:\n",
                sequence.length, setup.options.threshold[0], setup.options.threshold[1],
                setup.options.threshold[2]);
        sequence_show(&sequence, &stage);
    }
    free(sequence.operations);
}

/* How many of the operations have been met in each phase, and how often the rarest. */
static void print_phases(const struct stepped_tally *tally)
{
    for (int phase = 0; phase < OURO__PHASES; phase++) {
        size_t sum = 0, met = 0, least = SIZE_MAX;
        for (size_t i = 0; i < STEPPED_CODES; i++) {
            size_t count = tally->met[phase][i];
            sum += count;
            met += count > 0;
            if (count < least) least = count;
        }
        if (sum == 0) continue;
        printf("%24s: %zu operations, %zu of %d kinds, each at least %zu times\n",
               ouro__phase_name((enum ouro__phase)phase), sum, met, STEPPED_CODES, least);
    }
}

static void print_tally(void)
{
    const struct stepped_tally *tally = &progress->tally;
    printf("%zu operations, %zu of them steps; %zu inside hooks; %zu births, %zu finalizers, %zu "
           "callbacks, %zu resurrected\n%zu whole cycles, %zu passes, %zu nearby; %zu objects "
           "collected; %zu audits\n",
           tally->operations, tally->steps, tally->inner, tally->births, tally->finalized,
           tally->callbacks, tally->resurrected, tally->cycles, tally->passes, tally->nearby,
           tally->collected, tally->verified);
    print_phases(tally);
    test_covered(tally->operations, "operations between the steps of collections");
    test_covered(tally->steps, "steps of collections between operations");
    test_covered(tally->verified, "audits of the whole heap");
}

static void test_schedules(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) run_programs();
    int status = 0;
    waitpid(pid, &status, 0);
    print_tally();
    if (status == 0) return;
    if (!test_is_brief()) show_failure();
    fail_msg("OURO_TEST_SEED=%llu repeats this", (unsigned long long)seed);
}

int main(int argc, char **argv)
{
    seed = test_seed();
    operations = argc > 1 ? strtoull(argv[1], NULL, 10)
                          : test_amount(1 * MILLION, 25 * MILLION, 100 * MILLION);
    printf("OURO_TEST_SEED=%llu\n", (unsigned long long)seed);
    progress =
        mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED) return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_schedules)};
    return cmocka_run_group_tests_name("steps", tests, NULL, NULL);
}
