/* SPDX-License-Identifier: MIT */
/*
 * random.h -- the same random numbers in every system and on every run
 *
 * A linear congruential generator of 31 bits, seed 42; the Python programs
 * carry the same one.  Its low bits are poor, so numbers are scaled down from
 * the high ones.
 */
#ifndef BENCH_RANDOM_H
#define BENCH_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

typedef uint32_t random_state;
enum { RANDOM_SEED = 42 };

/* A number from 0 to limit - 1. */
static inline uint32_t random_below(random_state *state, uint32_t limit)
{
    *state = (*state * 1103515245u + 12345u) & 0x7fffffffu;
    return (uint32_t)(((uint64_t)*state * limit) >> 31);
}

/* 0, 1, ... count - 1 in order.  A bench_array. */
static inline uint32_t *order_in_sequence(size_t count)
{
    uint32_t *order = (uint32_t *)bench_array(count, sizeof *order);
    for (size_t i = 0; i < count; i++) order[i] = (uint32_t)i;
    return order;
}

/* 0, 1, ... count - 1 in random order (Fisher and Yates).  A bench_array. */
static inline uint32_t *order_at_random(size_t count)
{
    uint32_t *order = order_in_sequence(count);
    random_state state = RANDOM_SEED;
    for (size_t i = count; i > 1; i--) {
        uint32_t j = random_below(&state, (uint32_t)i);
        uint32_t other = order[i - 1];
        order[i - 1] = order[j];
        order[j] = other;
    }
    return order;
}

#endif
