/* SPDX-License-Identifier: MIT */
/*
 * program.h -- any bytes are a program on a heap
 *
 *     byte 0       which oracle: even, the model, which foretells all (support/world.h); odd, the mirror,
 *                  with the collector in steps between everything (support/stepped.h)
 *     byte 1       bit 0: the program lets go of everything before it closes its heap
 *     bytes 2, 3   the seed of the setup: options of the heap, how much lives
 *     then         operations of eight bytes: code, flavour, a, b, c; numbers are little-endian, and a
 *                  last operation that is cut off is none
 *
 * Whatever the numbers are, they mean something; a heap that differs from its oracle aborts.
 */
#ifndef OURO_FUZZ_PROGRAM_H
#define OURO_FUZZ_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { PROGRAM_HEAD = 4, PROGRAM_OPERATION = 8, PROGRAM_OPERATIONS = 500 };

/* Runs the program; operations beyond PROGRAM_OPERATIONS are left out.  How many were run. */
size_t program_run(const uint8_t *bytes, size_t size);

/* The random program of a seed, of so many operations as bytes of that form: how many bytes, at most
 * `room`. */
size_t program_make(uint64_t seed, size_t operations, uint8_t *out_bytes, size_t room);

#endif
