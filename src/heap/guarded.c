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

/* What a heap makes next will most likely lie beside the first block of a list. */
static void *new_from_pools(ouro_heap *heap, struct ouro__caller caller, ouro_type *type)
{
    void *object = ouro__heap_new_object(heap, caller, type, 0);
    if (object != NULL) ouro__guard_settle(object);
    return object;
}

/* Any object, or the words about what is wrong. */
static NOINLINE void *new_slowly(ouro_heap *heap, struct ouro__caller caller, ouro_type *type)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    ouro__guard_check_thread(pools, heap, "allocation");
    struct ouro__shelf *shelf = (struct ouro__shelf *)(void *)((char *)heap + type->ready_shelf);
    void *object = shelf->list;
    if (object == NULL) return new_from_pools(heap, caller, type);
    shelf->list = ouro__link(object);
    ouro__guard_hand_out(object, 0);
    *ouro__word_of(object) = type->ready_word | ouro__canary(object);
    ouro__state_set(object); /* [guard.live] */
    ouro__fence_set(object);
    return object;
}

/* Small objects that fill their blocks, as in <ouro/guarded.h>, outside the thread's own arena. */
void *ouro__guarded_new(ouro_heap *heap, ouro_type *type)
{
    struct ouro__shelf *shelf = (struct ouro__shelf *)(void *)((char *)heap + type->quick_shelf);
    ouro__word *object = shelf->list;
    if (object == NULL || ouro__heap_pools(heap)->front.thread != ouro__guard_thread() ||
        !ouro__guarded_is_free(object, type->size / sizeof(ouro__word)))
        return new_slowly(heap, OURO__CALLER(), type);
    shelf->list = *(ouro__slot *)object;
    object[0] = object[1] = 0;
    *ouro__word_of(object) = type->ready_word | ouro__canary(object);
    ouro__state_set(object); /* [guard.live] */
    return object;
}

void *ouro__guarded_mem_alloc(ouro_heap *heap, size_t size)
{
    ouro__guard_check_thread(ouro__heap_pools(heap), heap, "allocation");
    if (ouro__heap_pools(heap)->meter != NULL)
        return ouro__heap_new_raw(heap, OURO__CALLER(), size);
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
