/* SPDX-License-Identifier: MIT */
/*
 * guarded.h -- what stands in for the inlined paths in the debug and the hardened build
 *
 * A program that is compiled with OURO_GUARDED calls functions that only a guarded library
 * has, and one that is compiled without it calls others that a guarded library lacks: what does not
 * agree does not link, or does not start.
 */
#ifndef OURO_GUARDED_H
#define OURO_GUARDED_H

#ifndef OURO_DETAIL_H
#error "include <ouro/ouro.h>"
#endif

/* What the inlined paths call in the ordinary build has other names here. */
#define ouro__guess ouro__guarded_guess
#define ouro__incref_rare ouro__guarded_incref_rare
#define ouro__decref_rare ouro__guarded_decref_rare
#define ouro__give_full ouro__guarded_give_full
#define ouro__touch ouro__guarded_touch
#define ouro__new_rare ouro__guarded_new_rare
#define ouro__mem_alloc_rare ouro__guarded_mem_alloc_rare
#define ouro__mem_free_sized_rare ouro__guarded_mem_free_sized_rare

/* For each 32 MiB of addresses, what is there; where the state bits of an arena begin. */
#define OURO__REGION_OF_OBJECTS 2
#define OURO__STATE_OFFSET ((uintptr_t)8 << 20)
OURO_API extern uint8_t ouro__registry[(size_t)1 << (47 - OURO__ARENA_SHIFT)];

OURO_API void *ouro__guarded_new(ouro_heap *heap, ouro_type *type);
OURO_API void ouro__guarded_incref(void *object);
OURO_API void ouro__guarded_decref(void *object);
OURO_API void ouro__guarded_moved(void *object);
OURO_API void *ouro__guarded_mem_alloc(ouro_heap *heap, size_t size);
OURO_API void ouro__guarded_mem_free_sized(ouro_heap *heap, void *memory, size_t size);

OURO__INLINE void *ouro__new(ouro_heap *heap, ouro_type *type, size_t size)
{
    (void)size;
    return ouro__guarded_new(heap, type);
}

/* What the first byte of the word in front of `object` is, as long as nobody wrote to it.  Never zero and no letter, as
 * these are what overflows write most; one multiplication, as it is computed at each change of a count. */
OURO__INLINE uint8_t ouro__guarded_canary(const void *object)
{
    return (uint8_t)((uint32_t)(uintptr_t)object * UINT32_C(0x9E3779B1) >> 25) | 0x80;
}

/* Whether a pointer is of a living object of a heap of this thread, whose word is whole.  Nothing behind it is read before
 * the registry and the state bits say so. */
OURO__INLINE int ouro__guarded_is_sound(const void *object)
{
    const uintptr_t address = (uintptr_t)object;
    const uintptr_t arena = address >> OURO__ARENA_SHIFT << OURO__ARENA_SHIFT;
    const uintptr_t offset = address & (((uintptr_t)1 << OURO__ARENA_SHIFT) - 1);
    if (OURO__UNLIKELY(((address << 17 | address >> 47) & 0xFFFFF) != 0))
        return 0; /* below 2^47, of 8 */
    if (OURO__UNLIKELY(ouro__registry[address >> OURO__ARENA_SHIFT] != OURO__REGION_OF_OBJECTS))
        return 0;
    const ouro__word *states = (const ouro__word *)(arena + OURO__STATE_OFFSET);
    if (OURO__UNLIKELY((states[offset >> 9] >> (offset >> 3 & 63) & 1) == 0)) return 0;
    const struct ouro__front *front = *(struct ouro__front *const *)arena;
    return OURO__LIKELY((uint8_t)*ouro__word_of(object) == ouro__guarded_canary(object) &&
                        front->thread == __builtin_thread_pointer()) != 0;
}

/* The count, behind the canary. */
OURO__INLINE int32_t ouro__guarded_count(const void *object)
{
    return (int32_t)(*ouro__word_of(object) >> 8);
}

OURO__INLINE void *ouro__newref(void *object)
{
    if (OURO__LIKELY(ouro__guarded_is_sound(object) && ouro__guarded_count(object) > 0))
        *ouro__word_of(object) += 1 << 8;
    else
        ouro__guarded_incref(object);
    return object;
}

OURO__INLINE void ouro__drop(void *object)
{
    if (OURO__LIKELY(ouro__guarded_is_sound(object) && ouro__guarded_count(object) > 1))
        *ouro__word_of(object) -= 1 << 8;
    else
        ouro__guarded_decref(object);
}

OURO__INLINE void ouro__drop_last(void *object, uint64_t word)
{
    (void)word;
    ouro__guarded_decref(object);
}

OURO__INLINE void ouro__drop_seldom_last(void *object)
{
    ouro__drop(object);
}

/* A reference that leaves a field, or gets into one, without a change of its count. */
OURO__INLINE void ouro__moved(void *object)
{
    if (object == NULL) return;
    if (OURO__LIKELY(ouro__guarded_is_sound(object) && ouro__guarded_count(object) >= 0)) return;
    ouro__guarded_moved(object);
}

OURO__INLINE void *ouro__mem_alloc(ouro_heap *heap, size_t size)
{
    return ouro__guarded_mem_alloc(heap, size);
}

OURO__INLINE void ouro__mem_free_sized(ouro_heap *heap, void *memory, size_t size)
{
    ouro__guarded_mem_free_sized(heap, memory, size);
}

#endif
