/* SPDX-License-Identifier: MIT */
/*
 * sequence.c -- random lists of operations, and the shortest that still fails
 */
#include "support/sequence.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/apart.h"
#include "support/test.h"

enum { SHRINK_SECONDS = 60, TRIAL_SECONDS = 20 };

struct sequence sequence_make(uint64_t seed, size_t length, uint8_t (*choose)(struct random *))
{
    struct random random = {seed};
    struct sequence sequence = {calloc(length, sizeof(struct operation)), length, seed % 2 == 0};
    assert_non_null(sequence.operations);
    for (size_t i = 0; i < length; i++) {
        struct operation *operation = &sequence.operations[i];
        uint64_t bits = random_next(&random);
        operation->code = choose(&random);
        operation->flavour = (uint8_t)bits;
        operation->a = (uint16_t)(bits >> 8);
        operation->b = (uint16_t)(bits >> 24);
        operation->c = (uint16_t)(bits >> 40);
    }
    return sequence;
}

void sequence_run(const struct sequence *sequence, const struct sequence_stage *stage, FILE *trace)
{
    stage->open(stage->setup, trace);
    for (size_t i = 0; i < sequence->length; i++) stage->act(&sequence->operations[i]);
    stage->close(sequence->tidy);
}

/* Runs the program in a child that writes to `out`; its end. */
static int run_in_child(const struct sequence *sequence, const struct sequence_stage *stage,
                        int out, bool show)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        apart_begin();
        dup2(out, STDERR_FILENO);
        alarm(TRIAL_SECONDS);
        sequence_run(sequence, stage, show ? stderr : NULL);
        apart_end(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    return status;
}

/* The first line of a text, without what differs from run to run. */
static struct sequence_failure failure_of(const char *text, int status)
{
    struct sequence_failure failure = {""};
    size_t length = (size_t)snprintf(failure.text, sizeof failure.text, "status %d: ", status);
    for (; *text != 0 && *text != '\n' && length < sizeof failure.text - 1; text++)
        if (strchr("0123456789abcdefx", *text) == NULL) failure.text[length++] = *text;
    failure.text[length] = 0;
    return failure;
}

struct sequence_failure sequence_try(const struct sequence *sequence,
                                     const struct sequence_stage *stage)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    int status = run_in_child(sequence, stage, fileno(file), false);
    char text[512] = "";
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return status != 0 ? failure_of(text, status) : (struct sequence_failure){""};
}

void sequence_show(const struct sequence *sequence, const struct sequence_stage *stage)
{
    int status = run_in_child(sequence, stage, STDERR_FILENO, true);
    if (WIFSIGNALED(status)) fprintf(stderr, "ended by signal %d\n", WTERMSIG(status));
}

/* Leaves out `count` operations from `at` on if the rest fails as before. */
static bool leave_out(struct sequence *sequence, const struct sequence_stage *stage,
                      const struct sequence_failure *failure, size_t at, size_t count)
{
    size_t behind = sequence->length - at - count;
    struct sequence rest = {malloc((sequence->length + 1) * sizeof(struct operation)), at + behind,
                            sequence->tidy};
    assert_non_null(rest.operations);
    memcpy(rest.operations, sequence->operations, at * sizeof(struct operation));
    memcpy(rest.operations + at, sequence->operations + at + count,
           behind * sizeof(struct operation));
    struct sequence_failure now = sequence_try(&rest, stage);
    if (strcmp(now.text, failure->text) != 0) {
        free(rest.operations);
        return false;
    }
    free(sequence->operations);
    *sequence = rest;
    return true;
}

void sequence_shrink(struct sequence *sequence, const struct sequence_stage *stage)
{
    struct sequence_failure failure = sequence_try(sequence, stage);
    if (failure.text[0] == 0) return; /* it depends on the time of day */
    time_t end = time(NULL) + SHRINK_SECONDS;
    size_t chunk = sequence->length / 2;
    while (chunk > 0 && time(NULL) < end) {
        bool shorter = false;
        for (size_t at = 0; at < sequence->length && time(NULL) < end;) {
            size_t count = at + chunk <= sequence->length ? chunk : sequence->length - at;
            if (leave_out(sequence, stage, &failure, at, count))
                shorter = true;
            else
                at += chunk;
        }
        if (!shorter || chunk > sequence->length) chunk /= 2;
    }
}
