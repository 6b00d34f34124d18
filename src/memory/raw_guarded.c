/* SPDX-License-Identifier: MIT */
/*
 * raw_guarded.c -- exact ends of raw memory, in guarded builds         [floor 1]
 */
#include "memory/raw_guarded.h"

#include "memory/quarantine.h"
#include "memory/raw.h"

struct header {
    size_t size;
    uint64_t seal;
};
_Static_assert(sizeof(struct header) == OURO__RAW_HEADER, "what comes before raw memory");

static struct header *header_of(const void *memory)
{
    return (struct header *)(uintptr_t)memory - 1;
}

static uint64_t seal_of(const struct header *header)
{
    if (OURO_IS_DEBUG_BUILD) return UINT64_C(0x0101010101010101) * OURO__FENCE_DEBUG;
    return (header->size ^ (uintptr_t)header) * UINT64_C(0x9E3779B97F4A7C15) | 0x80;
}

static unsigned char *end_of(void *block)
{
    struct ouro__arena *arena = ouro__arena_of(block);
    if (arena->large) return (unsigned char *)arena + arena->size - OURO__GUARD_PAGE;
    return (unsigned char *)block + ouro__pool_of(block)->block_size;
}

/* The size that was asked for. */
static size_t size_of(const void *memory)
{
    const struct header *header = header_of(memory);
    ouro__watch_open(header, sizeof *header);
    const size_t size = header->size;
    ouro__watch_close(header, sizeof *header);
    return size;
}

/* What is not the program's of a block: [watch.closed]. */
static void watch_close_around(char *block, char *memory, size_t size)
{
    char *fence = memory + size;
    ouro__watch_close(block, (size_t)(memory - block));
    ouro__watch_close(fence, (size_t)((char *)end_of(block) - fence));
}

void *ouro__raw_guarded_alloc(struct ouro__pools *pools, size_t size, size_t alignment)
{
    size_t whole;
    if (__builtin_add_overflow(size, OURO__RAW_HEADER + OURO__FENCE_RAW + alignment - 1, &whole)) {
        pools->refusal = (struct ouro__refusal){OURO_TOO_LARGE, size};
        return NULL;
    }
    whole &= ~(size_t)15;
    char *block = ouro__raw_take(pools, whole);
    if (block == NULL) return NULL;
    ouro__guard_hand_out(block, OURO_IS_DEBUG_BUILD ? OURO__FILL_FRESH : 0);
    char *memory = block + OURO__RAW_HEADER;
    memory += -(uintptr_t)memory & (alignment - 1);
    struct header *header = header_of(memory);
    header->size = size;
    header->seal = seal_of(header);
    unsigned char *fence = (unsigned char *)memory + size;
    memset(fence, ouro__fence_byte(memory), (size_t)(end_of(block) - fence));
    ouro__state_set(memory); /* [guard.live] */
    ouro__watch_born(memory, size, false);
    watch_close_around(block, memory, size);
    return memory;
}

size_t ouro__raw_guarded_size(const void *memory)
{
    ouro__guard_check_raw(NULL, memory, "size");
    return size_of(memory);
}

/* Whether the bytes around are as they were. */
void ouro__raw_guarded_check(const struct ouro__pools *pools, void *memory, const char *operation)
{
    ouro__guard_check_raw(pools, memory, operation);
    ouro__raw_check(memory);
}

void ouro__raw_check(void *memory)
{
    char *block = ouro__raw_block_of(memory);
    const struct header *header = header_of(memory);
    ouro__watch_open(header, sizeof *header);
    const unsigned char *fence = (unsigned char *)memory + header->size;
    const unsigned char *end = end_of(block);
    if (header->seal != seal_of(header) || fence >= end)
        ouro__misuse(memory, "raw memory %p was written to in front of its beginning", memory);
    const unsigned char byte = ouro__fence_byte(memory);
    ouro__watch_open(fence, (size_t)(end - fence));
    for (const unsigned char *at = fence; at < end; at++)
        if (*at != byte)
            ouro__misuse(
                memory,
                "raw memory %p of %zu bytes was written to beyond its end, at byte %td behind it",
                memory, header->size, at - fence);
    watch_close_around(block, memory, header->size);
}
