/* SPDX-License-Identifier: MIT */
/*
 * growth.h -- how much memory a phase of work takes above what lives throughout
 *
 *     growth_begin(&g, "main", rings);   what is resident now is what lives
 *     for (i ...) {
 *         work
 *         growth_look(&g, i);            200 times in all it looks at resident bytes
 *     }
 *     growth_report(&g);
 *
 * With BENCH_SERIES=FILE in the environment the 200 readings are added to that
 * file, one line `case share_of_work bytes` for each, for a picture of memory over
 * time.
 */
#ifndef BENCH_GROWTH_H
#define BENCH_GROWTH_H

#include <stdio.h>
#include <stdlib.h>

#include "memory.h"
#include "program.h"

enum { GROWTH_LOOKS = 200 };

typedef struct growth {
    const char *case_name;
    long amount;   /* of work in all */
    long next;     /* look again when so much is done */
    double before; /* resident bytes at the beginning */
    int looks;
    double series[GROWTH_LOOKS];
} growth;

static inline void growth_begin(growth *g, const char *case_name, long amount)
{
    *g = (growth){case_name, amount, 0, 0, 0, {0}};
    peak_forget();
    g->before = resident_bytes_now();
}

/* Whether it looked, which took a few microseconds that are nobody's pause. */
static inline int growth_look(growth *g, long done)
{
    if (__builtin_expect(done < g->next || g->looks == GROWTH_LOOKS, 1)) return 0;
    g->series[g->looks++] = resident_bytes_now();
    g->next = (long)((double)g->amount * g->looks / GROWTH_LOOKS);
    return 1;
}

static inline void growth_write_series(const growth *g)
{
    const char *path = getenv("BENCH_SERIES");
    FILE *file = path && path[0] ? fopen(path, "a") : NULL;
    if (file == NULL) return;
    for (int i = 0; i < g->looks; i++)
        fprintf(file, "%s %.4f %.0f\n", g->case_name, (double)i / GROWTH_LOOKS, g->series[i]);
    fclose(file);
}

/* What the phase needed at its peak above its beginning. */
static inline double growth_extra(const growth *g)
{
    double peak = peak_bytes();
    return peak > g->before ? peak - g->before : 0;
}

static inline void growth_report(const growth *g)
{
    bench_report(g->case_name, "live_bytes", g->before);
    bench_report(g->case_name, "extra_bytes", growth_extra(g));
    growth_write_series(g);
}

#endif
