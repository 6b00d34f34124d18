/* SPDX-License-Identifier: MIT */
/*
 * raw_guarded.h -- raw memory of a guarded build                       [floor 1]
 *
 *     block | size | seal | what the program asked for | fence bytes | block
 *
 *   [raw.exact]  in front of raw memory lies its size with a seal, behind it fence bytes alone, eight at
 *                least
 *
 * Nothing here is called in the ordinary build.
 */
#ifndef OURO_MEMORY_RAW_GUARDED_H
#define OURO_MEMORY_RAW_GUARDED_H

#include "memory/pool.h"

/* As ouro__raw_alloc_aligned. */
void *ouro__raw_guarded_alloc(struct ouro__pools *pools, size_t size, size_t alignment);

/* The size that was asked for. */
size_t ouro__raw_guarded_size(const void *memory);

/* Ends the program unless the pointer is of raw memory of these pools, and the bytes around that are whole. */
void ouro__raw_guarded_check(const struct ouro__pools *pools, void *memory, const char *operation);

/* The bytes around raw memory in use alone. */
void ouro__raw_check(void *memory);

#endif
