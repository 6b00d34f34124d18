/* SPDX-License-Identifier: MIT */
/*
 * allocate.c -- objects and raw memory, where the inlined way ends     [floor 6]
 *
 * An allocation that finds its class list empty passes here: the moment at
 * which a collection may be due, and where a refusal is answered.
 */
#include "heap/heap.h"

#include "object/fence.h"

#include <string.h>

static bool may_collect(const ouro_heap *heap)
{
    return heap->collect_at == OURO_COLLECT_AT_ALLOCATION && heap->enabled && !heap->collecting;
}

IN_THE_FRAME_OF_THE_CALLER void collect_if_due(ouro_heap *heap)
{
    ouro__hook_check(&heap->life.finalizers);
    if (UNLIKELY(heap->viewers != NULL)) ouro__viewers_pass(heap);
    if (heap->collect_at == OURO_COLLECT_AT_ALLOCATION)
        (void)ouro__life_resume(&heap->life, OURO_DEATH_PAYMENT);
    if (!may_collect(heap)) return;
    if (UNLIKELY(heap->collect_always > 0))
        (void)ouro__heap_collect(heap, (int)heap->collect_always - 1);
    else
        (void)ouro__pace_pay(heap, OURO__PAY_ONE);
}

typedef void *attempt_function(ouro_heap *heap, void *context);

/* What is allocated inside is the caller's, and what the program allocates between two attempts is not. */
ALWAYS_INLINE void *attempt_for(ouro_heap *heap, struct ouro__caller caller,
                                attempt_function *attempt, void *context)
{
    struct ouro__meter *meter = ouro__heap_pools(heap)->meter;
    if (LIKELY(meter == NULL)) return attempt(heap, context);
    meter->caller = caller;
    void *result = attempt(heap, context);
    meter->caller = (struct ouro__caller){NULL, NULL};
    return result;
}

void *ouro__heap_insist(ouro_heap *heap, struct ouro__caller caller, attempt_function *attempt,
                        void *context)
{
    void *result = attempt_for(heap, caller, attempt, context);
    if (LIKELY(result != NULL)) return result;
    if (ouro__heap_pools(heap)->refusal.status == OURO_TOO_LARGE) return NULL;
    (void)ouro__life_resume(&heap->life, LONG_MAX);
    (void)ouro__pools_trim(ouro__heap_pools(heap));
    result = attempt_for(heap, caller, attempt, context);
    if (result != NULL || !may_collect(heap)) return result;
    (void)ouro__heap_collect(heap, 2);
    (void)ouro__life_resume(&heap->life, LONG_MAX); /* what garbage has dropped */
    (void)ouro__pools_trim(ouro__heap_pools(heap));
    return attempt_for(heap, caller, attempt, context); /* [heap.refused] */
}

/* ---- objects ---- */

struct birth {
    const ouro_type *type;
    size_t block_size;
};

static void *try_birth(ouro_heap *heap, void *context)
{
    const struct birth *birth = context;
    return ouro__birth(&heap->life, birth->type, birth->block_size);
}

static bool make_ready(ouro_heap *heap, ouro_type *type)
{
    if (LIKELY(__atomic_load_n(&type->ready_word, __ATOMIC_ACQUIRE) != 0)) return true;
    ouro_error error;
    if (ouro__type_prepare(type, &error) == OURO_OK) return true;
    ouro__heap_fail(heap, error.status, 0, "%s", error.message);
    return false;
}

void *ouro__heap_new_object(ouro_heap *heap, struct ouro__caller caller, ouro_type *type,
                            size_t length)
{
    if (!make_ready(heap, type)) return NULL;
    struct birth birth = {.type = type};
    if (!ouro__type_block_size(type, length, &birth.block_size)) {
        ouro__heap_fail(heap, OURO_TOO_LARGE, 0,
                        "an object of type %s with %zu items is larger than the address space",
                        type->name, length);
        return NULL;
    }
    collect_if_due(heap);
    void *object = ouro__heap_insist(heap, caller, try_birth, &birth);
    if (object == NULL) {
        ouro__heap_fail_refused(heap, type->name, birth.block_size);
        return NULL;
    }
    if (type->item_size != 0) *(size_t *)(void *)((char *)object + type->length_offset) = length;
    if (OURO_GUARDED) ouro__fence_set(object);
    return object;
}

/* A small object of a traced heap, or NULL: the ordinary way.  Its bytes and its word are left to the inlined code that
 * called. */
static void *new_traced(ouro_heap *heap, struct ouro__caller caller, const ouro_type *type)
{
    const size_t bin =
        __atomic_load_n(&type->ready_shelf, __ATOMIC_ACQUIRE) / sizeof(struct ouro__shelf);
    if (OURO_GUARDED || bin == 0 || type->size > OURO__SMALL_MAX || heap->collect_always > 0)
        return NULL;
    struct ouro__pools *pools = ouro__heap_pools(heap);
    return pools->meter->exact ? ouro__trace_quick(pools, bin, caller)
                               : ouro__meter_rest(pools, bin, caller);
}

void *ouro__new_rare(ouro_heap *heap, ouro_type *type)
{
    if (UNLIKELY(ouro__heap_pools(heap)->meter != NULL)) {
        void *object = new_traced(heap, OURO__CALLER(), type);
        if (object != NULL) return object;
    }
    return ouro__heap_new_object(heap, OURO__CALLER(), type, 0);
}

void *ouro_object_new(ouro_heap *heap, ouro_type *type)
{
    return ouro__heap_new_object(heap, OURO__CALLER(), type, 0);
}

void *ouro_object_new_var(ouro_heap *heap, ouro_type *type, size_t length)
{
    if (type->item_size == 0 && length > 0) {
        ouro__heap_fail(
            heap, OURO_BAD_ARGUMENT, 0,
            "type %s has no items: give it an item_size and a length_offset, or ask for length 0",
            type->name);
        return NULL;
    }
    return ouro__heap_new_object(heap, OURO__CALLER(), type, length);
}

/* ---- raw memory ---- */

struct raw_request {
    void *memory;
    size_t size;
    size_t alignment;
};

static void *try_raw(ouro_heap *heap, void *context)
{
    const struct raw_request *request = context;
    return ouro__raw_alloc_aligned(ouro__heap_pools(heap), request->size, request->alignment);
}

static void *try_realloc(ouro_heap *heap, void *context)
{
    const struct raw_request *request = context;
    return ouro__raw_realloc(ouro__heap_pools(heap), request->memory, request->size);
}

static void *insist_on_raw(ouro_heap *heap, struct ouro__caller caller, struct raw_request request)
{
    if (request.size == 0) request.size = 1;
    if (request.size > (size_t)PTRDIFF_MAX / 2) {
        ouro__heap_fail(heap, OURO_TOO_LARGE, request.size,
                        "%zu bytes of raw memory are more than there can be", request.size);
        return NULL;
    }
    void *memory =
        ouro__heap_insist(heap, caller, request.memory != NULL ? try_realloc : try_raw, &request);
    if (memory == NULL) ouro__heap_fail_refused(heap, "raw memory", request.size);
    return memory;
}

static void *rare_raw(ouro_heap *heap, struct ouro__caller caller, size_t size)
{
    if (UNLIKELY(size > OURO__SMALL_MAX)) {
        collect_if_due(heap);
    } else {
        ouro__hook_check(&heap->life.finalizers);
        if (UNLIKELY(heap->viewers != NULL)) ouro__viewers_pass(heap);
    }
    return insist_on_raw(heap, caller, (struct raw_request){.size = size});
}

void *ouro__mem_alloc_rare(ouro_heap *heap, size_t size)
{
    return rare_raw(heap, OURO__CALLER(), size);
}

/* What ouro_mem_alloc does, for another caller. */
void *ouro__heap_new_raw(ouro_heap *heap, struct ouro__caller caller, size_t size)
{
    if (LIKELY(ouro__heap_pools(heap)->meter == NULL)) return ouro_mem_alloc(heap, size);
    if (OURO_GUARDED) ouro__guard_check_thread(ouro__heap_pools(heap), heap, "allocation");
    return rare_raw(heap, caller, size);
}

void *ouro_mem_alloc_zeroed(ouro_heap *heap, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        ouro__heap_fail(heap, OURO_TOO_LARGE, 0,
                        "%zu times %zu bytes of raw memory are more than there can be", count,
                        size);
        return NULL;
    }
    void *memory = ouro__heap_new_raw(heap, OURO__CALLER(), bytes);
    if (memory != NULL) memset(memory, 0, bytes);
    return memory;
}

void *ouro_mem_alloc_aligned(ouro_heap *heap, size_t size, size_t alignment)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > 4096) {
        ouro__heap_fail(heap, OURO_BAD_ARGUMENT, size,
                        "alignment %zu is no power of two up to 4096", alignment);
        return NULL;
    }
    return insist_on_raw(heap, OURO__CALLER(),
                         (struct raw_request){.size = size, .alignment = alignment});
}

void *ouro_mem_realloc(ouro_heap *heap, void *memory, size_t size)
{
    return insist_on_raw(heap, OURO__CALLER(),
                         (struct raw_request){.memory = memory, .size = size});
}

void ouro_mem_free(ouro_heap *heap, void *memory)
{
    ouro__raw_free(ouro__heap_pools(heap), memory);
}

void ouro__mem_free_sized_rare(ouro_heap *heap, void *memory, size_t size)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    if (memory == NULL) return;
    if (!OURO_GUARDED && size <= OURO_BLOCK_MAX && !ouro__arena_of(memory)->large)
        ouro__give(&pools->front, memory,
                   &pools->front.shelf[ouro__bin_for(OURO__RAW, size > 0 ? size : 1)]);
    else
        ouro__raw_free(pools, memory);
}

size_t ouro_mem_usable_size(const void *memory)
{
    return memory != NULL ? ouro__raw_usable_size(memory) : 0;
}

/* ---- native bytes ---- */

static void *try_account(ouro_heap *heap, void *context)
{
    const size_t *more = context;
    return ouro__pools_refuses(ouro__heap_pools(heap), *more) ? NULL : heap;
}

/* All bytes of a heap together stay far from wrapping, whatever a program declares. */
static bool is_too_much(const struct ouro__pools *pools, size_t more)
{
    const size_t most = (size_t)PTRDIFF_MAX / 2;
    size_t in_use = pools->committed_bytes + pools->accounted_bytes;
    return in_use >= most || more > most - in_use;
}

ouro_status ouro_account(ouro_heap *heap, ptrdiff_t bytes)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    if (bytes < 0) {
        size_t less = (size_t)0 - (size_t)bytes;
        if (less > pools->accounted_bytes) {
            ouro__heap_fail(heap, OURO_BAD_ARGUMENT, 0,
                            "%zu bytes are taken off the account, which has %zu", less,
                            pools->accounted_bytes);
            return OURO_BAD_ARGUMENT;
        }
        pools->accounted_bytes -= less;
        return OURO_OK;
    }
    size_t more = (size_t)bytes;
    if (more == 0) return OURO_OK;
    if (is_too_much(pools, more)) {
        ouro__heap_fail(heap, OURO_TOO_LARGE, more,
                        "%zu native bytes beside %zu are more than there can be", more,
                        pools->accounted_bytes);
        return OURO_TOO_LARGE;
    }
    collect_if_due(heap);
    if (ouro__heap_insist(heap, OURO__CALLER_ALONE(), try_account, &more) == NULL) {
        ouro__heap_fail_refused(heap, "native bytes", more);
        return heap->error.status;
    }
    pools->accounted_bytes += more;
    pools->handed_bytes += more;
    return OURO_OK;
}

void ouro_set_byte_limit(ouro_heap *heap, size_t byte_limit)
{
    ouro__heap_pools(heap)->byte_limit = byte_limit;
}

/* The set of a whole cycle keeps the blocks of what has died in it [set.listed]. */
size_t ouro_trim(ouro_heap *heap)
{
    if (!heap->collecting && ouro__pace_has_shrunk(heap)) ouro__heap_whole_give_up(heap);
    return ouro__pools_trim(ouro__heap_pools(heap));
}
