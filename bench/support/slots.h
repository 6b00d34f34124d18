/* SPDX-License-Identifier: MIT */
/*
 * slots.h -- where a pair of numbers is in an open-addressed table
 *
 * For the systems that bring no dictionary of their own.  The table has twice as
 * many places as entries, at the least, and their number is a power of two.
 */
#ifndef BENCH_SLOTS_H
#define BENCH_SLOTS_H

#include <stddef.h>
#include <stdint.h>

static inline size_t slots_for(size_t entries)
{
    size_t slots = 8;
    while (slots < 2 * entries) slots *= 2;
    return slots;
}

/* Multiplies well enough: the high bits of the product depend on all of the key. */
static inline size_t slots_first(long i, long j, size_t slots)
{
    uint64_t hash = ((uint64_t)i * 1000003u ^ (uint64_t)j) * 0x9e3779b97f4a7c15u;
    return (size_t)(hash >> 32) & (slots - 1);
}

static inline size_t slots_next(size_t slot, size_t slots)
{
    return (slot + 1) & (slots - 1);
}

#endif
