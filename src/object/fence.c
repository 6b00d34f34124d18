/* SPDX-License-Identifier: MIT */
/*
 * fence.c -- exact ends of objects, in guarded builds                  [floor 2]
 */
#include "object/fence.h"

#include "memory/quarantine.h"

#include <string.h>

struct fence {
    unsigned char *start;
    size_t size;
};

/* Without it an object has no type to tell its size. */
static void check_word(const void *object)
{
    uint32_t number = ouro__word_type(*ouro__word_of(object));
    if (UNLIKELY(!ouro__guard_is_sound(object) || number >= OURO_TYPES_MAX ||
                 ouro__types[number] == NULL))
        ouro__guard_refuse(object, "check");
}

static const unsigned char *block_end(const void *object)
{
    const struct ouro__pool *pool = ouro__pool_of(object);
    if (pool->block_size > 0) return (const unsigned char *)object - 8 + pool->block_size;
    const struct ouro__arena *arena = ouro__arena_of(object);
    return (const unsigned char *)arena + arena->size - OURO__GUARD_PAGE;
}

/* False when the object says that it is longer than its block. */
static bool find(const void *object, struct fence *out_fence)
{
    const ouro_type *type = ouro__type_of(object);
    size_t length = ouro__type_length(type, object);
    size_t size;
    const unsigned char *end = block_end(object);
    if (__builtin_mul_overflow(length, type->item_size, &size) ||
        __builtin_add_overflow(size, type->size, &size) || size > (size_t)PTRDIFF_MAX)
        return false;
    if (type->traverse != NULL) size = ((size + 7) & ~(size_t)7) + ouro__type_extra(type);
    if (size > (size_t)(end - (const unsigned char *)object)) return false;
    out_fence->start = (unsigned char *)(uintptr_t)object + size;
    out_fence->size = (size_t)(end - out_fence->start);
    return true;
}

void ouro__fence_set(void *object)
{
    struct fence fence;
    if (OURO_IS_DEBUG_BUILD)
        ouro__guard_note_birth(ouro__pools_of(object), object,
                               ouro__word_type(*ouro__word_of(object)));
    if (!find(object, &fence)) return;
    memset(fence.start, ouro__fence_byte(object), fence.size);
    ouro__watch_born(object, (size_t)(fence.start - (const unsigned char *)object), true);
    ouro__watch_close(fence.start, fence.size);
}

static _Noreturn void overflowed(const void *object, size_t distance)
{
    ouro__misuse(object,
                 "object %p of type %s was written to beyond its end, at byte %zu behind it",
                 object, ouro__type_of(object)->name, distance);
}

void ouro__fence_check_all(const void *object)
{
    struct fence fence;
    check_word(object);
    if (!find(object, &fence))
        ouro__misuse(object,
                     "object %p of type %s says that it has more items than fit in its block",
                     object, ouro__type_of(object)->name);
    const unsigned char byte = ouro__fence_byte(object);
    ouro__watch_open(fence.start, fence.size);
    for (size_t i = 0; i < fence.size; i++)
        if (UNLIKELY(fence.start[i] != byte)) overflowed(object, i);
    ouro__watch_close(fence.start, fence.size);
    ouro__guard_check_next(ouro__pool_of(object), object);
}
