/* SPDX-License-Identifier: MIT */
/*
 * guard.c -- what is wrong with a pointer, decided without following it [floor 1]
 *
 * The registry is asked for the stretch of addresses, then the arena's header and its state bits, which no
 * overflow of a block reaches, then the pool's header.  The block itself is the last to be read.
 */
#include "memory/guard.h"

#include "memory/quarantine.h"

uint8_t ouro__registry[OURO__REGIONS];

/* A small or a large arena ends before its 32 MiB do; what is behind is not ours. */
static enum ouro__region region_of(const void *address)
{
    enum ouro__region region = ouro__region_of(address);
    bool begins = region == OURO__REGION_RAW || region == OURO__REGION_OBJECTS;
    if (begins && ouro__arena_offset(address) >= ouro__arena_of(address)->size)
        return OURO__REGION_FOREIGN;
    return region;
}

static bool is_live(const void *entry)
{
    return (*ouro__state_word(entry) & ouro__state_bit(entry)) != 0;
}

struct ouro__place ouro__guard_find(const void *address)
{
    struct ouro__place place = {0};
    enum ouro__region region = region_of(address);
    if (region != OURO__REGION_RAW && region != OURO__REGION_OBJECTS) return place;
    struct ouro__arena *arena = ouro__arena_of(address);
    size_t page = ouro__arena_offset(address) >> OURO_POOL_SHIFT;
    if (page < OURO_ARENA_FIRST_PAGE) return place;
    if (arena->large) page = OURO_ARENA_FIRST_PAGE;
    if (page >= arena->page_limit) return place;
    const struct ouro__pool *pool = ouro__arena_pool(arena, page);
    pool -= pool->back;
    if (pool->state < OURO__POOL_CURRENT) return place;
    place.pool = pool;
    size_t prefix = ouro__kind_prefix(ouro__bin_kind(pool->bin));
    const char *start = pool->first - prefix;
    if ((const char *)address < start) return place;
    size_t size = arena->large ? arena->size : pool->block_size;
    size_t index = (size_t)((const char *)address - start) / size;
    if (index >= pool->carved) return place;
    place.entry = pool->first + index * size;
    place.is_entry = place.entry == (const char *)address;
    return place;
}

static _Noreturn void refuse_within(const void *address, const char *operation)
{
    struct ouro__place place = ouro__guard_find(address);
    if (place.pool == NULL || place.entry == NULL)
        ouro__misuse(address, "%s of %p, which lies in a heap but in none of its blocks", operation,
                     address);
    if (place.is_entry && place.pool->block_size > 0 &&
        !ouro__word_is_free(*ouro__word_of(address)))
        ouro__guard_check_free(place.pool, address);
    if (place.is_entry)
        ouro__misuse(address, "%s of %p, which is no living object: it was freed already",
                     operation, address);
    ouro__misuse(address, "%s of %p, which lies %td bytes from the beginning of the %s at %p",
                 operation, address, (const char *)address - place.entry,
                 is_live(place.entry) ? "object" : "free block", (const void *)place.entry);
}

void ouro__guard_refuse(const void *object, const char *operation)
{
    switch (region_of(object)) {
    case OURO__REGION_FOREIGN:
        ouro__misuse(object, "%s of %p, which lies in no heap: it is foreign, wild or freed",
                     operation, object);
    case OURO__REGION_RAW:
        ouro__misuse(object, "%s of %p, which lies in raw memory and is no object", operation,
                     object);
    case OURO__REGION_REST:
        ouro__misuse(object, "%s of %p, which lies inside a large block", operation, object);
    case OURO__REGION_OBJECTS: break;
    }
    if (((uintptr_t)object & 7) != 0 || !is_live(object)) refuse_within(object, operation);
    ouro__misuse(
        object,
        "%s of object %p, whose word was written to: the block before it overflowed, or it was "
        "written to in front of its beginning",
        operation, object);
}

void ouro__guard_check(const void *object, const char *operation)
{
    if (UNLIKELY(!ouro__guard_is_sound(object))) ouro__guard_refuse(object, operation);
    if (UNLIKELY(ouro__pools_of(object)->front.thread != ouro__guard_thread()))
        ouro__guard_check_thread(ouro__pools_of(object), object, operation);
}

NOINLINE void ouro__guard_check_thread(const struct ouro__pools *pools, const void *object,
                                       const char *operation)
{
    if (pools->front.thread == ouro__guard_thread()) return;
    if (pools->front.thread == NULL)
        ouro__misuse(object, "%s of %p inside a traverse hook, which must change nothing",
                     operation, object);
    ouro__misuse(object, "%s of %p in a thread that does not own its heap: see ouro_heap_adopt",
                 operation, object);
}

static _Noreturn void refuse_raw(const void *memory, const char *operation)
{
    switch (region_of(memory)) {
    case OURO__REGION_FOREIGN:
        ouro__misuse(memory, "%s of %p, which lies in no heap: it is foreign, wild or freed",
                     operation, memory);
    case OURO__REGION_OBJECTS:
        ouro__misuse(memory, "%s of %p, which lies among objects and is no raw memory", operation,
                     memory);
    case OURO__REGION_REST:
        ouro__misuse(memory, "%s of %p, which lies inside a large block", operation, memory);
    case OURO__REGION_RAW: break;
    }
    struct ouro__place place = ouro__guard_find(memory);
    if (place.entry == NULL)
        ouro__misuse(memory, "%s of %p, which lies in a heap but in none of its blocks", operation,
                     memory);
    ouro__misuse(
        memory,
        "%s of %p, which is not the beginning of raw memory in use: it was freed already, or "
        "lies inside the block at %p",
        operation, memory, (const void *)place.entry);
}

void ouro__guard_check_raw(const struct ouro__pools *pools, const void *memory,
                           const char *operation)
{
    if (UNLIKELY(!ouro__guard_has(memory, OURO__REGION_RAW))) refuse_raw(memory, operation);
    if (pools != NULL && UNLIKELY(ouro__pools_of(memory) != pools))
        ouro__misuse(memory, "%s of raw memory %p in a heap that it does not belong to", operation,
                     memory);
    ouro__guard_check_thread(ouro__pools_of(memory), memory, operation);
}
