/* SPDX-License-Identifier: MIT */
/*
 * chance.c -- which allocations are looked at                          [floor 3]
 */
#include "tracing/chance.h"

#include <string.h>

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t next(struct ouro__chance *chance)
{
    uint64_t z = chance->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

double ouro__chance_log(double number)
{
    const double ln2 = 0.693147180559945309417232121458;
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7FF) - 1022;
    bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(1022) << 52;
    double part; /* from 1/2 to 1 */
    memcpy(&part, &bits, sizeof part);
    if (part < 0.7071067811865476) {
        part *= 2;
        exponent--;
    }
    const double s = (part - 1) / (part + 1), square = s * s; /* at most 0.03 */
    double sum = 0;
    for (int i = 21; i >= 1; i -= 2) sum = sum * square + 1.0 / i;
    return 2 * s * sum + exponent * ln2;
}

double ouro__chance_rise(double number)
{
    if (number > 40) return 1;
    int halvings = 0;
    for (; number > 0.125; number /= 2) halvings++;
    double rise = 0; /* number - number^2/2! + number^3/3! - ... */
    for (int i = 12; i >= 1; i--) rise = number / i * (1 - rise);
    for (; halvings > 0; halvings--) rise *= 2 - rise;
    return rise;
}

uint64_t ouro__chance_gap(struct ouro__chance *chance, double size)
{
    const double most = 9e15;
    /* from 2^-53 to 1, as 0 has no logarithm */
    const double uniform = (double)((next(chance) >> 11) + 1) / 9007199254740992.0;
    const double gap = -ouro__chance_log(uniform) * chance->interval / size;
    return gap < most ? (uint64_t)gap : (uint64_t)most;
}

double ouro__chance_of(const struct ouro__chance *chance, double size)
{
    return ouro__chance_rise(size / chance->interval);
}
