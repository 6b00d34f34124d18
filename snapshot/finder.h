/* SPDX-License-Identifier: MIT */
/*
 * finder.h -- which object has an address
 *
 * Every sixteenth address of a level stands in the level above it:
 *
 *     level 2                 | a0                    a256            ...
 *     level 1     | a0  a16  a32  ...  a240 | a256 a272 ...
 *     level 0     | a0 a1 ... a15 | a16 a17 ... a31 | ...        the addresses themselves
 *
 * A look-up reads one block of sixteen, two cache lines, in each level; for ten million objects those of all levels
 * but the lowest two stay in the cache.  Many at a time hide the wait for the others.  Unlike a hash table it
 * needs next to no memory, and no choice of addresses makes it slow.
 */
#ifndef OURO_SNAPSHOT_FINDER_H
#define OURO_SNAPSHOT_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OURO__FINDER_BLOCK = 16, OURO__FINDER_LEVELS = 8 };

struct ouro__finder {
    const uint64_t *level[OURO__FINDER_LEVELS];
    size_t count[OURO__FINDER_LEVELS];
    unsigned levels;
    uint64_t *memory;
};

/* `addresses` ascend; behind them are OURO__FINDER_BLOCK more entries, which this fills.  False when memory is
 * refused. */
bool ouro__finder_begin(struct ouro__finder *finder, uint64_t *addresses, size_t count);
void ouro__finder_end(struct ouro__finder *finder);

/* For each address the number of its object, or UINT32_MAX. */
void ouro__find_all(const struct ouro__finder *finder, const uint64_t *addresses, size_t count,
                    uint32_t *out_numbers);

#endif
