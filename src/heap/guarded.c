/* SPDX-License-Identifier: MIT */
/*
 * guarded.c -- allocation of a guarded build                           [floor 6]
 *
 * No class list stands in front of the pools' own: each block that is taken is looked at.
 */
#include "heap/heap.h"

#include "memory/quarantine.h"
#include "memory/raw_guarded.h"
#include "object/fence.h"

/* Whether a block of so many words has zeros alone behind its link; false for none. */
static bool is_empty(const ouro__word *object, uint32_t words)
{
    uint64_t any = words == 0;
    for (uint32_t i = 2; i < words; i++) any |= object[i];
    return any == 0;
}

/* Any object, or the words about what is wrong. */
static __attribute__((noinline)) void *new_slowly(ouro_heap *heap, ouro_type *type)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    ouro__guard_check_thread(pools, heap, "allocation");
    struct ouro__shelf *shelf = (struct ouro__shelf *)(void *)((char *)heap + type->ready_shelf);
    void *object = shelf->list;
    if (object == NULL) return ouro__new_rare(heap, type);
    shelf->list = ouro__link(object);
    ouro__guard_hand_out(object, 0);
    *ouro__word_of(object) = type->ready_word | ouro__canary(object);
    ouro__state_set(object); /* [guard.live] */
    ouro__fence_set(object);
    return object;
}

/* Most objects: small ones that fill their blocks.  What is wrong is told by the slow way. */
void *ouro__guarded_new(ouro_heap *heap, ouro_type *type)
{
    struct ouro__shelf *shelf = (struct ouro__shelf *)(void *)((char *)heap + type->ready_shelf);
    ouro__word *object = shelf->list;
    if (UNLIKELY(OURO_IS_DEBUG_BUILD || object == NULL ||
                 ouro__heap_pools(heap)->front.thread != ouro__guard_thread()))
        return new_slowly(heap, type);
    const uint64_t next = object[0], canary = ouro__canary(object);
    if (UNLIKELY(object[1] != ~next || *ouro__word_of(object) != canary))
        return new_slowly(heap, type);
    if (UNLIKELY(type->ready_words != 2) && !is_empty(object, type->ready_words))
        return new_slowly(heap, type);
    shelf->list = (void *)next;
    __builtin_prefetch((const void *)(next + OURO_BIRTH_AHEAD), 1);
    object[0] = object[1] = 0;
    *ouro__word_of(object) = type->ready_word | canary;
    ouro__state_set(object); /* [guard.live] */
    return object;
}

void *ouro__guarded_mem_alloc(ouro_heap *heap, size_t size)
{
    ouro__guard_check_thread(ouro__heap_pools(heap), heap, "allocation");
    return ouro__mem_alloc_rare(heap, size);
}

void ouro__guarded_mem_free_sized(ouro_heap *heap, void *memory, size_t size)
{
    if (memory == NULL) return;
    size_t asked = ouro__raw_guarded_size(memory);
    if (asked != (size > 0 ? size : 1))
        ouro__misuse(memory, "raw memory %p of %zu bytes is freed as if it had %zu", memory, asked,
                     size);
    ouro__raw_free(ouro__heap_pools(heap), memory);
}
