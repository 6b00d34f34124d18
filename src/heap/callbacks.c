/* SPDX-License-Identifier: MIT */
/*
 * callbacks.c -- who hears of collections (gc.callbacks)               [floor 6]
 *
 * A callback may add and remove callbacks: the table is read afresh for each.
 */
#include "heap/heap.h"

void ouro__heap_tell(ouro_heap *heap, const ouro_collection *info)
{
    struct ouro__hook outer =
        ouro__hook_begin(&heap->life.finalizers, "callback of collections", "callbacks", NULL);
    for (size_t i = 0; i < heap->callback_count; i++) {
        struct ouro__heap_callback callback = heap->callbacks[i];
        callback.call(heap, info, callback.argument);
    }
    ouro__hook_end(&heap->life.finalizers, outer);
}

static void *grow_callbacks(ouro_heap *heap, void *context)
{
    const size_t *capacity = context;
    return ouro__raw_realloc(ouro__heap_pools(heap), heap->callbacks,
                             *capacity * sizeof *heap->callbacks);
}

/* The capacity is read after the room is made: a finalizer that ran meanwhile may have added, too. */
ouro_status ouro_add_callback(ouro_heap *heap, ouro_collector_callback callback, void *argument)
{
    while (heap->callback_count == heap->callback_capacity) {
        size_t capacity = heap->callback_capacity > 0 ? 2 * heap->callback_capacity : 8;
        void *callbacks = ouro__heap_insist(heap, OURO__CALLER_ALONE(), grow_callbacks, &capacity);
        if (callbacks == NULL) {
            ouro__heap_fail_refused(heap, "the table of callbacks",
                                    capacity * sizeof *heap->callbacks);
            return heap->error.status;
        }
        heap->callbacks = callbacks;
        heap->callback_capacity = capacity;
    }
    heap->callbacks[heap->callback_count++] = (struct ouro__heap_callback){callback, argument};
    return OURO_OK;
}

ouro_status ouro_remove_callback(ouro_heap *heap, ouro_collector_callback callback, void *argument)
{
    for (size_t i = 0; i < heap->callback_count; i++) {
        if (heap->callbacks[i].call != callback || heap->callbacks[i].argument != argument)
            continue;
        heap->callback_count--;
        for (; i < heap->callback_count; i++) heap->callbacks[i] = heap->callbacks[i + 1];
        return OURO_OK;
    }
    ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0, "the callback was not added to heap \"%s\"",
                    heap->name);
    return OURO_BAD_ARGUMENT;
}
