/* SPDX-License-Identifier: MIT */
/*
 * birth.c -- where an object was born, for the sentence about its misuse [floor 3]
 *
 * In a misuse any pointer may be wrong, so it is looked for in the arenas of the heaps that are traced, and nothing
 * behind it is read before it is found there.
 *
 * Neighbours: base/check.c prints what is written here; heap/dump.c puts it among its lines.
 */
#include "base/process_lock.h"
#include "memory/walk.h"
#include "tracing/trace.h"

#include <stdio.h>

static struct ouro__trace *traced; /* all heaps that are; guarded by the process's lock */

void ouro__births_add(struct ouro__trace *trace)
{
    ouro__process_lock();
    trace->next = traced;
    traced = trace;
    ouro__process_unlock();
}

void ouro__births_remove(struct ouro__trace *trace)
{
    ouro__process_lock();
    struct ouro__trace **link = &traced;
    while (*link != trace) link = &(*link)->next;
    *link = trace->next;
    ouro__process_unlock();
}

/* Whether the address lies among the blocks of a heap. */
static bool is_inside(const struct ouro__pools *pools, const void *address)
{
    const struct ouro__pool *pool = ouro__walk_find(pools, OURO__REALM_RAW, address);
    return pool != NULL && ouro__pool_index(pool, address) < pool->capacity;
}

static size_t put_place(const ouro_trace_place *place, char *text, size_t size)
{
    int length;
    if (place->pc == 0)
        length = snprintf(text, size, "\n  born at %s:%u in %s", place->file, place->line,
                          place->function);
    else if (place->function[0] != '\0')
        length = snprintf(text, size, "\n  born at %s+0x%llx in %s", place->module,
                          (unsigned long long)place->offset, place->function);
    else
        length = snprintf(text, size, "\n  born at %s+0x%llx", place->module,
                          (unsigned long long)place->offset);
    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

size_t ouro__birth_put(const struct ouro__trace *trace, const void *address, char *text,
                       size_t size)
{
    const uint32_t number = ouro__trace_number(address) & ~OURO__DEAD_NUMBER;
    size_t done = 0;
    if (number == 0 || size == 0) return 0;
    text[0] = '\0';
    const struct ouro__site *site = &trace->sites.site[number];
    for (uint32_t i = 0; i < site->frame_count; i++) {
        const ouro_trace_place place =
            ouro__trace_place(trace, &trace->sites.frame[site->first_frame + i]);
        const size_t length = put_place(&place, text + done, size - done);
        if (length == 0) break; /* what does not fit is left out whole */
        done += length;
    }
    text[done] = '\0';
    return done;
}

void ouro__birth_describe(const void *address, char *text, size_t size)
{
    if (address == NULL || !ouro__process_try_lock()) return;
    for (const struct ouro__trace *trace = traced; trace != NULL; trace = trace->next)
        if (is_inside(trace->pools, address)) (void)ouro__birth_put(trace, address, text, size);
    ouro__process_unlock();
}
