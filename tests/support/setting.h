/* SPDX-License-Identifier: MIT */
/*
 * setting.h -- what the environment says about a test run
 *
 *   OURO_TEST_TIER   ordinary (the default), long (ten minutes for all tests of that tier
 *                    together) or nightly (an hour)
 *   OURO_TEST_SCALE  how much work, in percent of the tier's (100)
 *   OURO_TEST_BRIEF  when set, a failing random program is not made shorter
 *   OURO_TEST_SEED   repeats a random test that has printed this seed
 */
#ifndef OURO_TEST_SETTING_H
#define OURO_TEST_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `count` at the scale of this run, and at least 1. */
size_t test_scaled(size_t count);

/* Whether this is the run of every day, not a longer one. */
bool test_is_ordinary(void);

/* Whether valgrind runs this program: it lives in the same process, whose addresses are then its own, too. */
bool test_is_under_valgrind(void);

/* How much to do of something in the ordinary run, the long one and the nightly one; at the scale of
 * this run. */
size_t test_amount(size_t ordinary, size_t in_long, size_t in_nightly);

/* Whether nobody wants to know why a test fails. */
bool test_is_brief(void);

/* The seed of this run: the environment's, or one from the clock. */
uint64_t test_seed(void);

#endif
