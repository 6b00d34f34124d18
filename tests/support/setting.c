/* SPDX-License-Identifier: MIT */
/*
 * setting.c -- reads OURO_TEST_TIER, _SCALE, _BRIEF and _SEED, and who else is in the process
 */
#include "support/setting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

size_t test_scaled(size_t count)
{
    const char *text = getenv("OURO_TEST_SCALE");
    unsigned long percent = text != NULL ? strtoul(text, NULL, 10) : 100;
    if (percent == 0) percent = 100;
    size_t scaled = count / 100 * percent + count % 100 * percent / 100;
    return scaled > 0 ? scaled : 1;
}

bool test_is_ordinary(void)
{
    const char *tier = getenv("OURO_TEST_TIER");
    return tier == NULL || strcmp(tier, "ordinary") == 0;
}

size_t test_amount(size_t ordinary, size_t in_long, size_t in_nightly)
{
    if (test_is_ordinary()) return test_scaled(ordinary);
    const char *tier = getenv("OURO_TEST_TIER");
    if (strcmp(tier, "long") == 0) return test_scaled(in_long);
    if (strcmp(tier, "nightly") == 0) return test_scaled(in_nightly);
    fprintf(stderr, "OURO_TEST_TIER=%s is none of ordinary, long, nightly\n", tier);
    exit(2);
}

bool test_is_under_valgrind(void)
{
    const char *preloaded =
        getenv("LD_PRELOAD"); /* its own functions in front of those of the C library */
    return preloaded != NULL && strstr(preloaded, "/vgpreload_") != NULL;
}

bool test_is_brief(void)
{
    return getenv("OURO_TEST_BRIEF") != NULL;
}

uint64_t test_seed(void)
{
    const char *text = getenv("OURO_TEST_SEED");
    if (text != NULL) return strtoull(text, NULL, 0);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000003u + (uint64_t)now.tv_nsec;
}
