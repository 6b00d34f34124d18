/* SPDX-License-Identifier: MIT */
/*
 * trial.c -- one fault of a program, and whether it was told
 */
#include "hardened/trial.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "heap/heap.h"

static _Thread_local sigjmp_buf back;
static struct heard *now;

uint64_t trial_random(struct ground *ground, uint64_t limit)
{
    ground->random = ground->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (ground->random >> 33) % limit;
}

static void hear(const char *message, const void *object)
{
    snprintf(now->message, sizeof now->message, "%s", message);
    now->object = object;
    siglongjmp(back, 1);
}

static void hear_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    snprintf(now->message, sizeof now->message, "fault");
    now->object = info->si_addr;
    siglongjmp(back, 1);
}

/* cmocka sets its own handlers before each test. */
static void listen(void)
{
    struct sigaction action = {.sa_sigaction = hear_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    ouro_set_misuse_hook(hear);
}

bool trial_run(void (*commit)(struct ground *ground), uint64_t seed, struct heard *out_heard)
{
    static struct ground ground;
    listen();
    now = out_heard;
    *out_heard = (struct heard){{0}, NULL};
    ground.heap = ouro_heap_new(
        &(ouro_heap_options){.collector_off = true, .ignore_environment = true}, NULL);
    ground.random = seed * UINT64_C(0x9E3779B97F4A7C15);
    if (sigsetjmp(back, 1) == 0) commit(&ground);
    ouro__heap_destroy(ground.heap);
    return out_heard->message[0] != '\0';
}

struct errand {
    void (*run)(void *argument);
    void *argument;
    bool told;
};

static void *run_errand(void *argument)
{
    struct errand *errand = argument;
    if (sigsetjmp(back, 1) == 0)
        errand->run(errand->argument);
    else
        errand->told = true;
    return NULL;
}

void trial_in_thread(struct ground *ground, void (*run)(void *argument), void *argument)
{
    static struct errand errand;
    pthread_t thread;
    (void)ground;
    errand = (struct errand){run, argument, false};
    pthread_create(&thread, NULL, run_errand, &errand);
    pthread_join(thread, NULL);
    if (errand.told) siglongjmp(back, 1);
}

bool trial_matches(const char *text, const char *pattern)
{
    for (; *pattern != '\0' && *pattern != '*'; pattern++, text++)
        if (*pattern != *text) return false;
    if (*pattern == '\0') return *text == '\0';
    for (;; text++) {
        if (trial_matches(text, pattern + 1)) return true;
        if (*text == '\0') return false;
    }
}
