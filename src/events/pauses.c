/* SPDX-License-Identifier: MIT */
/*
 * pauses.c -- how long collections have held the program up            [floor 1]
 */
#include "events/pauses.h"

/* Nanoseconds: six in each power of ten, from a microsecond to ten seconds. */
#define DECADE(n) (n), (n) / 2 * 3, (n)*2, (n)*3, (n)*5, (n)*7
static const uint64_t bounds[OURO_PAUSE_BOUNDS] = {
    DECADE(UINT64_C(1000)),       DECADE(UINT64_C(10000)),    DECADE(UINT64_C(100000)),
    DECADE(UINT64_C(1000000)),    DECADE(UINT64_C(10000000)), DECADE(UINT64_C(100000000)),
    DECADE(UINT64_C(1000000000)), UINT64_C(10000000000),
};

uint64_t ouro_pause_bound(size_t number)
{
    return number < OURO_PAUSE_BOUNDS ? bounds[number] : UINT64_MAX;
}

void ouro__pauses_add(ouro_pauses *pauses, uint64_t nanoseconds)
{
    size_t low = 0, high = OURO_PAUSE_BOUNDS; /* [pauses.bound] */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (nanoseconds <= bounds[middle])
            high = middle;
        else
            low = middle + 1;
    }
    pauses->counts[low]++;
    pauses->nanoseconds += nanoseconds;
    if (nanoseconds > pauses->longest) pauses->longest = nanoseconds;
}

uint64_t ouro_pause_quantile(const ouro_pauses *pauses, double share)
{
    uint64_t total = 0, before = 0;
    for (size_t i = 0; i <= OURO_PAUSE_BOUNDS; i++) total += pauses->counts[i];
    double wanted = share * (double)total;
    for (size_t i = 0; i <= OURO_PAUSE_BOUNDS; before += pauses->counts[i++]) {
        double count = (double)pauses->counts[i];
        if (count <= 0 || (double)before + count < wanted) continue;
        double from = i > 0 ? (double)bounds[i - 1] : 0;
        double to = (double)pauses->longest;
        if (i < OURO_PAUSE_BOUNDS && (double)bounds[i] < to) to = (double)bounds[i];
        double inside = (wanted - (double)before) / count;
        inside = inside < 0   ? 0
                 : inside < 1 ? inside
                              : 1; /* the numbers may be a file's, and lie */
        double value = from < to ? from + (to - from) * inside : to;
        return value < (double)pauses->longest ? (uint64_t)value : pauses->longest;
    }
    return pauses->longest;
}
