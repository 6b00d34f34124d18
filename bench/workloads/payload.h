/* SPDX-License-Identifier: MIT */
/*
 * payload.h -- workloads `bytes` and `queue`: few objects with many bytes, in cycles
 *
 *     bytes    islands, one after the other: an object that refers to itself and
 *              owns a mebibyte of foreign memory, of which it tells the collector
 *              where that can be told; each dropped at once
 *     queue    objects of 10,000 bytes that refer to themselves; 1,000 of them
 *              are kept, the oldest dropped when a new one comes
 *
 * A collector that counts objects, and not bytes, lets these grow.  Every page of a
 * payload is written, as a program would.
 *
 * The system defines, before it includes this file:
 *
 *     island, island_new(bytes)   an object with a reference to itself and foreign memory
 *     island_payload(i)           the address of that memory
 *     island_drop(&i, bytes)
 *     cell, cell_new()            an object with a reference to itself and QUEUE_BYTES
 *     cell_payload(c)             the address of these bytes
 *     cell_drop(&c)
 */
#ifndef BENCH_PAYLOAD_H
#define BENCH_PAYLOAD_H

#include "../support/clock.h"
#include "../support/growth.h"
#include "../support/program.h"

enum {
    BYTES_PAYLOAD = 1 << 20,
    BYTES_ISLANDS = 3000,
    QUEUE_SLOTS = 1000,
    QUEUE_CELLS = 200000,
    PAYLOAD_PAGE = 4096
};

/* Writes a tag into every page. */
static inline void payload_write(void *payload, size_t bytes, long tag)
{
    char *at = (char *)payload;
    for (size_t i = 0; i < bytes; i += PAYLOAD_PAGE) memcpy(at + i, &tag, sizeof tag);
}

static inline int payload_holds(const void *payload, long tag)
{
    return memcmp(payload, &tag, sizeof tag) == 0;
}

static inline void payload_report(growth *g, double spent, long amount)
{
    bench_report("main", "ns_per_object", spent / (double)amount);
    growth_report(g);
}

static inline island bytes_island(long tag)
{
    island made = island_new(BYTES_PAYLOAD);
    payload_write(island_payload(made), BYTES_PAYLOAD, tag);
    return made;
}

static inline int bytes_run(const bench_job *job)
{
    static growth g;
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    long islands = bench_amount(job, BYTES_ISLANDS, 100);
    static island one; /* what lives at a time */
    one = bytes_island(-1);
    growth_begin(&g, "main", islands);
    uint64_t start = cpu_ns();
    for (long i = 0; i < islands; i++) {
        BENCH_VERIFY(payload_holds(island_payload(one), i - 1));
        island_drop(&one, BYTES_PAYLOAD);
        one = bytes_island(i);
        BENCH_ESCAPE(&one);
        bench_poll();
        growth_look(&g, i);
    }
    payload_report(&g, (double)(cpu_ns() - start), islands);
    island_drop(&one, BYTES_PAYLOAD);
    return 0;
}

static inline cell queue_cell(long tag)
{
    cell made = cell_new();
    payload_write(cell_payload(made), QUEUE_BYTES, tag);
    return made;
}

static inline int queue_run(const bench_job *job)
{
    static growth g;
    static cell slots[QUEUE_SLOTS];
    if (!bench_wants(job, "main")) return BENCH_UNSUPPORTED;
    long cells = bench_amount(job, QUEUE_CELLS, 3000);
    for (long i = 0; i < QUEUE_SLOTS; i++) slots[i] = queue_cell(i - QUEUE_SLOTS);
    growth_begin(&g, "main", cells);
    uint64_t start = cpu_ns();
    for (long i = 0; i < cells; i++) {
        cell *oldest = &slots[i % QUEUE_SLOTS];
        BENCH_VERIFY(payload_holds(cell_payload(*oldest), i - QUEUE_SLOTS));
        cell_drop(oldest);
        *oldest = queue_cell(i);
        bench_poll();
        growth_look(&g, i);
    }
    payload_report(&g, (double)(cpu_ns() - start), cells);
    for (long i = 0; i < QUEUE_SLOTS; i++) cell_drop(&slots[i]);
    return 0;
}

#endif
