/* SPDX-License-Identifier: MIT */
/*
 * references.c -- references that need memory: vectors, weak references, scopes
 *                                                                     [floor 6]
 * Growing may collect, and finalizers may then change the very vector that
 * grows: so the room is made first, and the vector is read afterwards.
 */
#include "heap/heap.h"

#include <string.h>

/* ---- vectors ---- */

static ouro_status vector_misplaced(ouro_heap *heap, const ouro_vector *vector, size_t position)
{
    ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0, "position %zu is outside a vector of %zu", position,
                    vector->length);
    return OURO_BAD_ARGUMENT;
}

static ouro_status reserve(void *owner, ouro_vector *vector, size_t capacity,
                           struct ouro__caller caller)
{
    ouro_heap *heap = ouro_heap_of(owner);
    while (capacity > vector->capacity) {
        if (capacity > (size_t)PTRDIFF_MAX / 16) {
            ouro__heap_fail(heap, OURO_TOO_LARGE, 0,
                            "a vector of %zu references is larger than the address space",
                            capacity);
            return OURO_TOO_LARGE;
        }
        void **before = vector->items;
        size_t had = vector->capacity;
        void **items = ouro__heap_new_raw(heap, caller, capacity * sizeof(void *));
        if (items == NULL) return heap->error.status;
        if (vector->items != before || vector->capacity != had) { /* a finalizer was here */
            ouro_mem_free(heap, items);
            continue;
        }
        if (vector->length > 0) memcpy(items, vector->items, vector->length * sizeof(void *));
        ouro_mem_free(heap, vector->items);
        vector->items = items;
        vector->capacity = ouro_mem_usable_size(items) / sizeof(void *);
    }
    return OURO_OK;
}

ouro_status ouro_vector_reserve(void *owner, ouro_vector *vector, size_t capacity)
{
    return reserve(owner, vector, capacity, OURO__CALLER());
}

/* Room for one more item: half as much again as there was. */
static ouro_status make_room(void *owner, ouro_vector *vector, struct ouro__caller caller)
{
    while (UNLIKELY(vector->length == vector->capacity)) {
        size_t more = vector->capacity / 2;
        ouro_status status = reserve(owner, vector, vector->length + (more > 4 ? more : 4), caller);
        if (status != OURO_OK) return status;
    }
    return OURO_OK;
}

ouro_status ouro_vector_append(void *owner, ouro_vector *vector, void *value)
{
    ouro_status status = make_room(owner, vector, OURO__CALLER_ALONE());
    if (status != OURO_OK) return status;
    ouro_xincref(value);
    vector->items[vector->length++] = value;
    return OURO_OK;
}

/* All items from a position on move up or down by one.  [mark.half] */
static void shift_items(ouro_heap *heap, ouro_vector *vector, size_t position, int by)
{
    void **from = vector->items + position + (by < 0);
    ouro__half_shift(&ouro__heap_pools(heap)->marks, vector, position, by);
    memmove(from + by, from, (vector->length - position - (by < 0)) * sizeof(void *));
}

ouro_status ouro_vector_insert(void *owner, ouro_vector *vector, size_t position, void *value)
{
    if (position > vector->length) return vector_misplaced(ouro_heap_of(owner), vector, position);
    ouro_status status = make_room(owner, vector, OURO__CALLER_ALONE());
    if (status != OURO_OK) return status;
    if (position > vector->length) return vector_misplaced(ouro_heap_of(owner), vector, position);
    ouro_xincref(value);
    shift_items(ouro_heap_of(owner), vector, position, 1);
    vector->items[position] = value;
    vector->length++;
    return OURO_OK;
}

ouro_status ouro_vector_set(void *owner, ouro_vector *vector, size_t position, void *value)
{
    if (position >= vector->length) return vector_misplaced(ouro_heap_of(owner), vector, position);
    ouro__set(owner, &vector->items[position], value);
    return OURO_OK;
}

void *ouro_vector_pop(void *owner, ouro_vector *vector)
{
    if (vector->length == 0) {
        ouro__heap_fail(ouro_heap_of(owner), OURO_EMPTY, 0, "pop from an empty vector");
        return NULL;
    }
    vector->length--;
    return ouro__take(owner, &vector->items[vector->length]);
}

ouro_status ouro_vector_remove(void *owner, ouro_vector *vector, size_t position)
{
    if (position >= vector->length) return vector_misplaced(ouro_heap_of(owner), vector, position);
    void *item = ouro__take(owner, &vector->items[position]);
    shift_items(ouro_heap_of(owner), vector, position, -1);
    vector->length--;
    ouro_xdecref(item);
    return OURO_OK;
}

/* The buffer leaves the vector first: what dies below may look at the vector. */
void ouro_vector_clear(void *owner, ouro_vector *vector)
{
    ouro_vector dropped = *vector;
    *vector = (ouro_vector){NULL, 0, 0};
    bool judged = ouro__heap_pools(ouro_heap_of(owner))->marks.judged != 0;
    for (size_t i = 0; judged && i < dropped.length; i++) ouro__moved(dropped.items[i]);
    while (dropped.length > 0) ouro_xdecref(dropped.items[--dropped.length]);
    ouro_mem_free(ouro_heap_of(owner), dropped.items);
}

/* ---- weak references ---- */

static void *try_reserve(ouro_heap *heap, void *context)
{
    (void)context;
    return ouro__weakrefs_reserve(&heap->life.weakrefs) ? heap : NULL;
}

/* Room for one more target; user code may run in a collection.  False: the heap's error says why. */
static bool reserve_target(ouro_heap *heap, struct ouro__caller caller)
{
    if (ouro__heap_insist(heap, caller, try_reserve, NULL) != NULL) return true;
    ouro__heap_fail_refused(heap, "the table of weak references",
                            ouro__heap_pools(heap)->refusal.requested);
    return false;
}

/* What needs memory comes first: it may collect, and a finalizer may make the same weak reference. */
static ouro_weakref *new_weakref(void *target, struct ouro__caller caller)
{
    ouro_heap *heap = ouro_heap_of(target);
    ouro_weakref *shared = ouro__weakrefs_shared(&heap->life.weakrefs, target);
    if (shared != NULL) return (ouro_weakref *)ouro__newref(shared);
    ouro_auto ouro_weakref *made = ouro__heap_new_object(heap, caller, &ouro_weakref_type, 0);
    if (made == NULL || !reserve_target(heap, caller)) return NULL;
    shared = ouro__weakrefs_shared(&heap->life.weakrefs, target);
    if (shared != NULL) return (ouro_weakref *)ouro__newref(shared); /* [weak.shared] */
    ouro__weakrefs_link(&heap->life.weakrefs, made, target);
    return ouro_move(made);
}

ouro_weakref *ouro_weakref_new(void *target)
{
    return new_weakref(target, OURO__CALLER());
}

ouro_weakref *ouro_weakref_new_callback(void *target, ouro_weak_callback callback, void *argument)
{
    ouro_heap *heap = ouro_heap_of(target);
    const struct ouro__caller caller = OURO__CALLER();
    if (callback == NULL) {
        ouro__heap_fail(
            heap, OURO_BAD_ARGUMENT, 0,
            "a weak reference with a callback needs one: ouro_weakref_new makes one without");
        return NULL;
    }
    ouro_auto struct ouro__weakref_callback *made =
        ouro__heap_new_object(heap, caller, &ouro_weakref_callback_type, 0);
    if (made == NULL || !reserve_target(heap, caller)) return NULL;
    made->callback = callback;
    ouro__set(made, &made->argument, argument);
    ouro__weakrefs_link(&heap->life.weakrefs, &made->base, target);
    return &ouro_move(made)->base;
}

ouro_status ouro__weak_set(void *owner, ouro_weakref **slot, void *target)
{
    ouro_weakref *weakref = NULL;
    if (target != NULL) {
        weakref = new_weakref(target, OURO__CALLER_ALONE());
        if (weakref == NULL) return ouro_heap_of(owner)->error.status;
    }
    ouro__put(owner, slot, weakref);
    return OURO_OK;
}

/* ---- scopes ---- */

void ouro_scope_open(ouro_scope *scope, ouro_heap *heap)
{
    scope->heap = heap;
    scope->length = 0;
    scope->capacity = sizeof scope->first / sizeof scope->first[0];
    scope->items = scope->first;
}

/* Room for one more; a finalizer may use the same scope meanwhile. */
static bool scope_grow(ouro_scope *scope, struct ouro__caller caller)
{
    while (scope->length == scope->capacity) {
        size_t had = scope->capacity;
        void **before = scope->items;
        void **items = ouro__heap_new_raw(scope->heap, caller, 2 * had * sizeof(void *));
        if (items == NULL) return scope->length < scope->capacity;
        if (scope->items != before || scope->capacity != had) {
            ouro_mem_free(scope->heap, items);
            continue;
        }
        memcpy(items, scope->items, scope->length * sizeof(void *));
        if (scope->items != scope->first) ouro_mem_free(scope->heap, scope->items);
        scope->items = items;
        scope->capacity = 2 * had;
    }
    return true;
}

void *ouro_scope_add(ouro_scope *scope, void *object)
{
    if (object == NULL) return NULL;
    if (scope->length == scope->capacity && !scope_grow(scope, OURO__CALLER_ALONE())) {
        ouro_decref(object);
        return NULL;
    }
    scope->items[scope->length++] = object;
    return object;
}

void ouro_scope_close(ouro_scope *scope)
{
    while (scope->length > 0) ouro_decref(scope->items[--scope->length]);
    if (scope->items != scope->first) ouro_mem_free(scope->heap, scope->items);
    ouro_scope_open(scope, scope->heap);
}
