/* SPDX-License-Identifier: MIT */
/*
 * raw.h -- raw memory for the library's own tables and vectors         [floor 1]
 *
 * What ouro_mem_alloc serves to programs, without the collect-and-retry that
 * only the heap may do: NULL here means `refusal` is set.
 *
 *   [raw.aligned]  a pointer that is not at the beginning of its block (an aligned
 *                  allocation) is brought there before the block is given back
 */
#ifndef OURO_MEMORY_RAW_H
#define OURO_MEMORY_RAW_H

#include "memory/pool.h"

void *ouro__raw_alloc(struct ouro__pools *pools, size_t size);
void *ouro__raw_alloc_aligned(struct ouro__pools *pools, size_t size, size_t alignment);
void *ouro__raw_realloc(struct ouro__pools *pools, void *memory, size_t size);
void ouro__raw_free(struct ouro__pools *pools, void *memory);
size_t ouro__raw_usable_size(const void *memory);

/* A block of so many bytes, as it comes from its pool; the block that raw memory lies in. */
void *ouro__raw_take(struct ouro__pools *pools, size_t size);
void *ouro__raw_block_of(const void *memory);

#endif
