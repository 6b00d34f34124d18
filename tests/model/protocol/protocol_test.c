/* SPDX-License-Identifier: MIT */
/*
 * protocol_test.c -- the collector's protocol, right with all its rules and wrong without any
 *
 * usage: protocol_test [--schedules N] [WORD...]
 *
 * Without words: random schedules of the full protocol, then of the protocol without each of
 * its rules in turn, until the fault is found; an ordinary run leaves out those for which that takes long.  With words: without those rules.  OURO_TEST_SEED
 * repeats a run, OURO_TEST_SCALE makes it longer or shorter.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/covered.h"
#include "support/random.h"
#include "support/setting.h"
#include "world.h"

enum { SCHEDULES = 60000, SCHEDULES_BROKEN = 4000000 };

enum verdict { NEVER, UNSOUND, INCOMPLETE };

struct rule_text {
    const char *word;
    enum verdict verdict;
    const char *text;
};

static const struct rule_text rules[] = {
#define RULE_TEXT_(name, word, verdict, text) {word, verdict, text},
    RULES(RULE_TEXT_)
#undef RULE_TEXT_
};

static const char *const faults[] = {
#define FAULT_TEXT_(name, text) text,
    FAULTS(FAULT_TEXT_)
#undef FAULT_TEXT_
};

/* Rules whose lack shows once in a hundred thousand schedules or so: for the longer runs. */
static const uint32_t seldom = 1u << RULE_DARKNESS | 1u << RULE_EXCESS | 1u << RULE_WITHOUT;

static uint64_t seed;

static enum verdict verdict_of(enum fault fault)
{
    switch (fault) {
    case FAULT_NONE: return NEVER;
    case FAULT_SURVIVED: return INCOMPLETE;
    default: return UNSOUND;
    }
}

static uint64_t seed_of(uint64_t number)
{
    struct random random = {seed + number * 0x632BE59BD9B4E019u};
    return random_next(&random);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Runs until a fault of the expected kind, or of any where none is, which is returned with its
 * schedule; or to the end. */
static enum fault search(uint32_t broken, enum verdict expected, uint64_t schedules,
                         struct totals *totals, struct schedule *out_schedule)
{
    for (uint64_t number = 0; number < schedules; number++) {
        schedule_make(out_schedule, seed_of(number));
        enum fault fault = schedule_run(out_schedule, broken, totals, NULL);
        if (fault == FAULT_NONE) continue;
        if (expected == NEVER || verdict_of(fault) == expected) return fault;
    }
    return FAULT_NONE;
}

static void show(struct schedule *schedule, uint32_t broken)
{
    struct totals totals = {0};
    schedule_shrink(schedule, broken);
    printf("%zu actions are enough:\n", schedule->length);
    (void)schedule_run(schedule, broken, &totals, stdout);
}

static void print_totals(const struct totals *totals)
{
    printf("  %llu schedules, %llu operations, %llu steps, %llu cycles, %llu small sets; "
           "%llu condemned, %llu of them in small sets; %llu proven live, %llu finalizers, "
           "%llu deaths by count\n",
           (unsigned long long)totals->schedules, (unsigned long long)totals->operations,
           (unsigned long long)totals->steps, (unsigned long long)totals->cycles,
           (unsigned long long)totals->small, (unsigned long long)totals->condemned,
           (unsigned long long)totals->freed_small, (unsigned long long)totals->rescued,
           (unsigned long long)totals->finalizers, (unsigned long long)totals->deaths);
    printf("  small sets with garbage:");
    for (int phase = IDLE; phase < PHASES; phase++)
        printf(" %s %llu", phase_names[phase], (unsigned long long)totals->small_in[phase]);
    printf("\n");
}

/* True when a set of rules leads where it should. */
static bool try_rules(uint32_t broken, const char *name, enum verdict expected, uint64_t schedules,
                      bool showing)
{
    struct totals totals = {0};
    struct schedule schedule;
    double begin = seconds();
    enum fault fault = search(broken, expected, schedules, &totals, &schedule);
    bool right = verdict_of(fault) == expected;
    printf("%-15s %s after %llu schedules, %.2f s: %s\n", name, right ? "ok  " : "FAIL",
           (unsigned long long)totals.schedules, seconds() - begin, faults[fault]);
    if (broken == 0 || showing) print_totals(&totals);
    test_covered(totals.schedules, "schedules of the collector's protocol, without the library");
    if (fault != FAULT_NONE && (showing || !right)) show(&schedule, broken);
    fflush(stdout);
    return right;
}

static int rule_of(const char *word)
{
    for (int rule = 0; rule < RULE_COUNT; rule++)
        if (strcmp(rules[rule].word, word) == 0) return rule;
    fprintf(stderr, "no rule is called %s; the rules:\n", word);
    for (int rule = 0; rule < RULE_COUNT; rule++)
        fprintf(stderr, "  %-15s %s\n", rules[rule].word, rules[rule].text);
    exit(2);
}

static bool try_all(uint64_t schedules)
{
    bool right = try_rules(0, "all rules", NEVER, schedules, false);
    for (int rule = 0; rule < RULE_COUNT; rule++) {
        if (test_is_ordinary() && (seldom & 1u << rule) != 0) continue;
        right &=
            try_rules(1u << rule, rules[rule].word, rules[rule].verdict,
                      rules[rule].verdict == NEVER ? schedules / 4 + 1 : SCHEDULES_BROKEN, false);
    }
    return right;
}

int main(int count, char **arguments)
{
    uint64_t schedules = test_amount(SCHEDULES, 40 * (size_t)SCHEDULES, 250 * (size_t)SCHEDULES);
    uint32_t broken = 0;
    enum verdict expected = NEVER;
    seed = test_seed();
    printf("OURO_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--schedules") == 0 && i + 1 < count) {
            schedules = strtoull(arguments[++i], NULL, 10);
            continue;
        }
        int rule = rule_of(arguments[i]);
        broken |= 1u << rule;
        expected = rules[rule].verdict;
    }
    bool right =
        broken == 0 ? try_all(schedules) : try_rules(broken, "as told", expected, schedules, true);
    return right ? 0 : 1;
}
