/* SPDX-License-Identifier: MIT */
/*
 * bits.h -- places of bits                                             [floor 0]
 */
#ifndef OURO_BASE_BITS_H
#define OURO_BASE_BITS_H

#include "base/check.h"

#include <stdint.h>

/* The place of the lowest bit that is set; not of zero.  GCC (12.2) widens what its builtin returns as if that could be
 * negative, and clears the register before: two instructions more for each reference that is visited. */
ALWAYS_INLINE size_t ouro__lowest_bit(uint64_t bits)
{
#if defined(__x86_64__) && !defined(__clang__)
    uint64_t place;
    __asm__("rep bsf %1, %0"
            : "=r"(place)
            : "r"(bits)
            : "cc"); /* tzcnt where the processor has it */
    return place;
#else
    return (size_t)__builtin_ctzl(bits);
#endif
}

#endif
