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

/* Where the state bits of an arena begin; an arena that no address lies in, since the processor takes none of them. */
#define OURO__STATE_OFFSET ((uintptr_t)8 << 20)
#define OURO__NO_ARENA ((uintptr_t)0xA5C6 << 48)

/* Of the running thread: an arena of objects in a heap that it owns, or OURO__NO_ARENA.  [guard.own] */
OURO_API extern __thread uintptr_t ouro__own_arena __attribute__((tls_model("initial-exec")));

OURO_API void *ouro__guarded_new(ouro_heap *heap, ouro_type *type);
OURO_API void ouro__guarded_incref(void *object);
OURO_API void ouro__guarded_decref(void *object);
OURO_API void ouro__guarded_moved(void *object);
OURO_API void *ouro__guarded_mem_alloc(ouro_heap *heap, size_t size);
OURO_API void ouro__guarded_mem_free_sized(ouro_heap *heap, void *memory, size_t size);

/* What the first byte of the word in front of `object` is, as long as nobody wrote to it.  Never zero and no letter, as
 * these are what overflows write most; one multiplication, as it is computed at each change of a count. */
OURO__INLINE uint64_t ouro__guarded_canary(const void *object)
{
    return (uint64_t)((uint32_t)(uintptr_t)object * UINT32_C(0x9E3779B1) >> 25) + 0x80;
}

/*
 * In words of 8 bytes, how far an address lies behind the beginning of the own arena: less than those of an arena iff it
 * lies in it and is a multiple of 8.  One subtraction and one comparison stand for the registry, the alignment and the
 * thread.
 */
OURO__INLINE uintptr_t ouro__guarded_place(const void *address, uintptr_t own)
{
    const uintptr_t distance = (uintptr_t)address - own;
    return distance >> 3 | distance << 61;
}
#define OURO__ARENA_WORDS ((uintptr_t)1 << (OURO__ARENA_SHIFT - 3))

/* The state bits of the own arena that a place belongs to. */
OURO__INLINE ouro__word *ouro__guarded_states(uintptr_t own, uintptr_t place)
{
    return (ouro__word *)(own + OURO__STATE_OFFSET) + (place >> 6);
}

/* Whether a pointer is of a living object in the own arena; nothing behind it is read.  Of another arena's, and of those
 * that are none, the library decides. */
OURO__INLINE int ouro__guarded_lives(const void *object)
{
    const uintptr_t own = __atomic_load_n(&ouro__own_arena, __ATOMIC_RELAXED);
    const uintptr_t place = ouro__guarded_place(object, own);
    if (OURO__UNLIKELY(place >= OURO__ARENA_WORDS)) return 0;
    if (OURO__UNLIKELY((*ouro__guarded_states(own, place) >> (place & 63) & 1) == 0)) return 0;
    return 1;
}

/* The same of one whose word is whole. */
OURO__INLINE int ouro__guarded_is_sound(const void *object)
{
    if (OURO__UNLIKELY(!ouro__guarded_lives(object))) return 0;
    return (uint8_t)*ouro__word_of(object) == (uint8_t)ouro__guarded_canary(object);
}

/* The count, behind the canary.  A part of what was written whole is read without waiting. */
typedef int32_t ouro__guarded_half __attribute__((aligned(1), may_alias));
OURO__INLINE int32_t ouro__guarded_count(const void *object)
{
    return *(const ouro__guarded_half *)((const char *)object - 7);
}

/* Most words of an object that is made without a call. */
#define OURO__QUICK_WORDS 8

/* A block that is handed out has left the near caches while it was in the quarantine, and what lies so many bytes behind
 * the next one is fetched ahead: 4% of rings. */
#define OURO__BIRTH_AHEAD 512

/* Whether a free block is as the library left it: its word, its link's mirror, and zeros behind.  [guard.free] */
OURO__INLINE int ouro__guarded_is_free(const ouro__word *object, size_t words)
{
    uint64_t any = (object[0] + object[1] + 1) | (*(object - 1) ^ ouro__guarded_canary(object));
    for (size_t i = 2; i < words; i++) any |= object[i];
    return any == 0;
}

/* A small object that fills its block, from a list whose next block lies in the own arena.  Any other, and the words
 * about what is wrong, are left to the library: types that are not quick have the first shelf, which is empty. */
OURO__INLINE void *ouro__new(ouro_heap *heap, ouro_type *type, size_t size)
{
    const ouro__two_words zero = {0, 0};
    struct ouro__front *front = (struct ouro__front *)(void *)heap;
    struct ouro__shelf *shelf = (struct ouro__shelf *)(void *)((char *)front + type->quick_shelf);
    ouro__word *object = (ouro__word *)shelf->list;
    const size_t words = (size + 7) / 8;
    const uintptr_t own = __atomic_load_n(&ouro__own_arena, __ATOMIC_RELAXED);
    const uintptr_t place = ouro__guarded_place(object, own);
    if (OURO__UNLIKELY(words > OURO__QUICK_WORDS || place >= OURO__ARENA_WORDS ||
                       !ouro__guarded_is_free(object, words)))
        return ouro__guarded_new(heap, type);
    char *next = (char *)*(ouro__slot *)object;
    shelf->list = next;
    __builtin_prefetch(next + OURO__BIRTH_AHEAD, 1);
    *(ouro__two_words *)object = zero; /* the link and its mirror */
    *ouro__word_of(object) = type->ready_word | ouro__guarded_canary(object);
    *ouro__guarded_states(own, place) |= (uint64_t)1 << (place & 63); /* [guard.live] */
    return object;
}

/* One reference more, where that needs no call. */
OURO__INLINE int ouro__guarded_count_up(void *object)
{
    if (OURO__UNLIKELY(!ouro__guarded_is_sound(object))) return 0;
    if (OURO__UNLIKELY(ouro__guarded_count(object) <= 0)) return 0;
    *ouro__word_of(object) += 1 << 8;
    return 1;
}

OURO__INLINE void *ouro__newref(void *object)
{
    if (OURO__UNLIKELY(!ouro__guarded_count_up(object))) ouro__guarded_incref(object);
    return object;
}

/* NULL lies in no arena, so that only one which the compiler sees is asked for. */
OURO__INLINE void ouro__xincref(void *object)
{
    if (__builtin_constant_p(object == NULL) && object == NULL) return;
    if (OURO__UNLIKELY(!ouro__guarded_count_up(object)) && object != NULL)
        ouro__guarded_incref(object);
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

/* A call is less code, and what a field held before is seldom anything. */
OURO__INLINE void ouro__drop_seldom_last(void *object)
{
    ouro__guarded_decref(object);
}

/* A reference that leaves a field, or gets into one, without a change of its count. */
OURO__INLINE void ouro__moved(void *object)
{
    if (object == NULL) return;
    if (OURO__LIKELY(ouro__guarded_lives(object) && ouro__guarded_count(object) >= 0)) return;
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
