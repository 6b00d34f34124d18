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

void *ouro__guarded_new(ouro_heap *heap, ouro_type *type)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    if (UNLIKELY(pools->guard.thread != ouro__guard_thread()))
        ouro__guard_check_thread(pools, heap, "allocation");
    struct ouro__shelf *shelf = (struct ouro__shelf *)(void *)((char *)heap + type->ready_shelf);
    void *object = shelf->list;
    if (UNLIKELY(object == NULL)) return ouro__new_rare(heap, type);
    shelf->list = ouro__link(object);
    ouro__guard_hand_out(object, 0);
    *ouro__word_of(object) = type->ready_word | ouro__canary(object);
    ouro__state_set(object);
    if (UNLIKELY(!ouro__fence_is_empty(type))) ouro__fence_set(object);
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
