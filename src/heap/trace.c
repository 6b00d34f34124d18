/* SPDX-License-Identifier: MIT */
/*
 * trace.c -- the front door of allocation tracing                      [floor 6]
 */
#include "heap/heap.h"

#include <ouro/trace.h>

uint32_t ouro_trace_site_of(const void *memory)
{
    (void)memory;
    return 0;
}

bool ouro_trace_is_on(const ouro_heap *heap)
{
    (void)heap;
    return false;
}

bool ouro_trace_get_site(const ouro_heap *heap, uint32_t site, ouro_trace_site *out_site)
{
    (void)heap;
    (void)site;
    (void)out_site;
    return false;
}

size_t ouro_trace_get_frames(const ouro_heap *heap, uint32_t site, ouro_trace_place *out_frames,
                             size_t capacity)
{
    (void)heap;
    (void)site;
    (void)out_frames;
    (void)capacity;
    return 0;
}

void ouro_trace_get_totals(const ouro_heap *heap, ouro_trace_totals *out_totals)
{
    (void)heap;
    *out_totals = (ouro_trace_totals){0};
}
