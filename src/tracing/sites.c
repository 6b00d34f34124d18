/* SPDX-License-Identifier: MIT */
/*
 * sites.c -- the places that allocate, each once                       [floor 3]
 */
#include "tracing/sites.h"

/* A table of so many entries does not grow: twice as many, and a few more, can still be counted by 32 bits. */
#define MANY ((uint32_t)1 << 30)

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t hash_of(ouro_trace_kind kind, const struct ouro__frame *frames, uint32_t count)
{
    uint64_t hash = mix(count, (uint64_t)kind);
    for (uint32_t i = 0; i < count; i++) {
        hash = mix(hash, frames[i].pc);
        if (frames[i].pc != 0) continue;
        hash = mix(hash, (uintptr_t)frames[i].file);
        hash = mix(hash, (uintptr_t)frames[i].function);
        hash = mix(hash, frames[i].line);
    }
    return hash;
}

static bool is_same(const struct ouro__frame *a, const struct ouro__frame *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (a[i].pc != b[i].pc || a[i].file != b[i].file || a[i].function != b[i].function ||
            a[i].line != b[i].line)
            return false;
    return true;
}

/* Where the number of such frames is, or would be. */
static uint32_t *place_of(const struct ouro__sites *sites, uint64_t hash, ouro_trace_kind kind,
                          const struct ouro__frame *frames, uint32_t count)
{
    const uint32_t mask = 2 * sites->capacity - 1;
    for (uint32_t at = (uint32_t)(hash >> 32) & mask;; at = (at + 1) & mask) {
        const uint32_t number = sites->numbers[at];
        const struct ouro__site *site = &sites->site[number];
        if (number == 0 ||
            (site->hash == hash && site->kind == kind && site->frame_count == count &&
             is_same(&sites->frame[site->first_frame], frames, count)))
            return &sites->numbers[at];
    }
}

static bool grow_frames(struct ouro__sites *sites, uint32_t more)
{
    if (sites->frame_count + more <= sites->frame_capacity) return true;
    if (sites->frame_capacity >= MANY) return false;
    uint32_t capacity = sites->frame_capacity > 0 ? sites->frame_capacity : 128;
    while (capacity < sites->frame_count + more) capacity *= 2;
    struct ouro__frame *grown = ouro__store_take(sites->store, capacity * sizeof *grown);
    if (grown == NULL) return false;
    if (sites->frame_count > 0) memcpy(grown, sites->frame, sites->frame_count * sizeof *grown);
    ouro__store_give(sites->store, sites->frame, sites->frame_capacity * sizeof *grown);
    sites->frame = grown;
    sites->frame_capacity = capacity;
    return true;
}

static void enter_all(struct ouro__sites *sites)
{
    const uint32_t mask = 2 * sites->capacity - 1;
    for (uint32_t number = 1; number <= sites->count; number++) {
        uint32_t at = (uint32_t)(sites->site[number].hash >> 32) & mask;
        while (sites->numbers[at] != 0) at = (at + 1) & mask;
        sites->numbers[at] = number;
    }
}

static bool grow_sites(struct ouro__sites *sites)
{
    if (sites->count + 1 < sites->capacity) return true;
    if (sites->capacity >= MANY) return false;
    const uint32_t had = sites->capacity, capacity = had > 0 ? 2 * had : 64;
    struct ouro__site *grown = ouro__store_take(sites->store, capacity * sizeof *grown);
    uint32_t *numbers = ouro__store_take(sites->store, 2 * (size_t)capacity * sizeof *numbers);
    if (grown == NULL || numbers == NULL) {
        ouro__store_give(sites->store, grown, capacity * sizeof *grown);
        ouro__store_give(sites->store, numbers, 2 * (size_t)capacity * sizeof *numbers);
        return false;
    }
    if (had > 0) memcpy(grown, sites->site, had * sizeof *grown);
    ouro__store_give(sites->store, sites->site, had * sizeof *grown);
    ouro__store_give(sites->store, sites->numbers, 2 * (size_t)had * sizeof *numbers);
    sites->site = grown;
    sites->numbers = numbers;
    sites->capacity = capacity;
    enter_all(sites);
    return true;
}

uint32_t ouro__sites_find(struct ouro__sites *sites, ouro_trace_kind kind,
                          const struct ouro__frame *frames, uint32_t count)
{
    const uint64_t hash = hash_of(kind, frames, count);
    if (sites->capacity > 0) {
        const uint32_t number = *place_of(sites, hash, kind, frames, count);
        if (number != 0) return number;
    }
    if (!grow_sites(sites) || !grow_frames(sites, count)) return 0;
    const uint32_t number = ++sites->count;
    sites->site[number] = (struct ouro__site){
        .hash = hash, .first_frame = sites->frame_count, .frame_count = count, .kind = kind};
    if (count > 0) memcpy(&sites->frame[sites->frame_count], frames, count * sizeof *frames);
    sites->frame_count += count;
    *place_of(sites, hash, kind, frames, count) = number;
    return number;
}

void ouro__sites_end(struct ouro__sites *sites)
{
    *sites = (struct ouro__sites){.store = sites->store};
}
