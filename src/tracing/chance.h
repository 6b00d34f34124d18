/* SPDX-License-Identifier: MIT */
/*
 * chance.h -- which allocations are looked at                          [floor 3]
 *
 * Every byte that is allocated is a sample with the same small probability, independent of all others (a Poisson
 * process with one point in `interval` bytes), and a block is looked at when it has a point at least.  That is the
 * case with probability 1 - exp(-size/interval), so it stands for 1 over that many of its size: sums of these are
 * estimates without bias, whatever the sizes.
 *
 * A process in each bin is as good as one in all together, as they are independent; and a large block is a
 * process of its own.
 */
#ifndef OURO_TRACE_CHANCE_H
#define OURO_TRACE_CHANCE_H

#include <stdint.h>

struct ouro__chance {
    uint64_t state;
    double interval; /* bytes */
};

/* Blocks of that size before the next one that is looked at. */
uint64_t ouro__chance_gap(struct ouro__chance *chance, double size);

/* How likely a block of that size is looked at. */
double ouro__chance_of(const struct ouro__chance *chance, double size);

/* The natural logarithm of a number above 0; 1 - exp(-x) of one from 0 on.  The library is linked without
 * the C library's mathematics. */
double ouro__chance_log(double number);
double ouro__chance_rise(double number);

#endif
