/* SPDX-License-Identifier: MIT */
/*
 * setting.h -- what the environment says about a test run
 *
 *   OURO_TEST_SCALE  how much work, in percent of the ordinary run (100)
 *   OURO_TEST_SEED   repeats a random test that has printed this seed
 */
#ifndef OURO_TEST_SETTING_H
#define OURO_TEST_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `count` at the scale of this run, and at least 1. */
size_t test_scaled(size_t count);

/* The seed of this run: the environment's, or one from the clock.  *out_given,
 * unless NULL, tells which. */
uint64_t test_seed(bool *out_given);

#endif
