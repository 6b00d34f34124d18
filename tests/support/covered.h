/* SPDX-License-Identifier: MIT */
/*
 * covered.h -- figures of a test run
 *
 * A test program says what it went through, in lines of one form that scripts/covered.py adds up over
 * all programs of a run:
 *
 *     covered: 10000000 operations of random programs
 *
 * Programs in other languages print the same line, alone on its line, to stdout or stderr.
 */
#ifndef OURO_TEST_COVERED_H
#define OURO_TEST_COVERED_H

#include <stddef.h>

/* Reports a number of something, in plural; whoever else reports the same words adds to it. */
void test_covered(size_t count, const char *what);

#endif
