/* SPDX-License-Identifier: MIT */
/*
 * detail.h -- what inlining needs; nothing here is for programs to name
 *
 * The object word stands in front of each object:
 *
 *     63        44 43        32 31                    0
 *     |   type    |   flags    |   reference count     |
 *
 * A count above zero is plain; everything else (dying, trapped, immortal) is
 * negative or zero and is handled on the far side of one sign test.
 *
 * The front of a heap is a shelf for each bin (a kind and a size).  On it lies the class list: the
 * free blocks that the next allocation takes, last in first out.  A list entry
 * is the address that the program would get, and its first word is the link.
 * An acyclic object that dies alone waits in the hot place before its list: what is made and
 * dropped in turn passes from hand to hand without a link to write and read again.
 */
#ifndef OURO_DETAIL_H
#define OURO_DETAIL_H

#ifndef OURO_OURO_H
#error "include <ouro/ouro.h>"
#endif
#if !defined(__GNUC__)
#error "ouro needs GCC or Clang"
#endif
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || __SIZEOF_POINTER__ != 8
#error "ouro needs a 64-bit little-endian machine"
#endif

#define OURO__LIKELY(x) __builtin_expect(!!(x), 1)
#define OURO__UNLIKELY(x) __builtin_expect(!!(x), 0)
#define OURO__INLINE static inline __attribute__((always_inline))

#ifdef __cplusplus
#define OURO__SAME_TYPE(like, value) static_cast<decltype(+(like))>(static_cast<void *>(value))
#define OURO__CHECK_ASSIGN(field, value) ((void)sizeof((field) = (value)))
#else
#define OURO__SAME_TYPE(like, value) ((__typeof__(like))(value))
#define OURO__CHECK_ASSIGN(field, value) ((void)sizeof((field) = (value)))
#endif

typedef uint64_t __attribute__((may_alias)) ouro__word;
typedef void *__attribute__((may_alias)) ouro__slot; /* a reference, or the link of a free block */
typedef uint64_t ouro__two_words __attribute__((vector_size(16), aligned(8), may_alias));

#define OURO__BIN_SHIFT 7                      /* size classes of one kind of block */
#define OURO__BINS (5 << OURO__BIN_SHIFT)      /* raw, acyclic, acyclic 16, tracked, tracked 16 */
#define OURO__SMALL_MAX 512                    /* exact classes of 8-byte steps up to here */

#define OURO__ARENA_SHIFT 25                   /* arenas are aligned to their size, 32 MiB */

/* What is in front of the pools of one bin; half a cache line. */
struct ouro__shelf {
    void *hot; /* the block that died last, unless it was simply linked */
    void *list;
    int32_t room;       /* frees until the list's length is looked at */
    int32_t batches;    /* that a full list gives back before its length is looked at again */
    void *list_at_tick; /* a list that did not move between two ticks is idle */
};

/* The beginning of every heap. */
struct ouro__front {
    struct ouro__shelf shelf[OURO__BINS];
    uint64_t guess_word;             /* that the next simple object to die has, most likely */
    struct ouro__shelf *guess_shelf; /* its block's */
    const void *thread;              /* that owns the heap, where builds are guarded */
};

OURO__INLINE ouro__word *ouro__word_of(const void *object)
{
    return (ouro__word *)(uintptr_t)object - 1;
}

#if defined(OURO_GUARDED) && OURO_GUARDED
#define OURO__IS_GUARDED 1
#include <ouro/guarded.h>
#else
#define OURO__IS_GUARDED 0
#endif

/* The heap that was guessed last, of any thread: a hint that is believed only where the object's
 * arena says the same. */
OURO_API extern struct ouro__front *ouro__guess;

OURO_API void ouro__incref_rare(void *object);
OURO_API void ouro__decref_rare(void *object);
OURO_API void ouro__give_full(struct ouro__front *front, void *block, struct ouro__shelf *shelf);
OURO_API void ouro__touch(void *object);
OURO_API void *ouro__new_rare(ouro_heap *heap, ouro_type *type);
OURO_API void *ouro__mem_alloc_rare(ouro_heap *heap, size_t size);
OURO_API void ouro__mem_free_sized_rare(ouro_heap *heap, void *memory, size_t size);

/* Gives a block back to its class list while that has room. */
OURO__INLINE void ouro__give(struct ouro__front *front, void *block, struct ouro__shelf *shelf)
{
    if (OURO__UNLIKELY(--shelf->room < 0)) {
        ouro__give_full(front, block, shelf);
        return;
    }
    *(ouro__slot *)block = shelf->list;
    shelf->list = block;
}

#if !OURO__IS_GUARDED

/* Store by store, since GCC makes a string instruction of a memset of more than 64 bytes, which takes
 * longer to start than such stores take to end.  An odd word comes first: most such objects begin 8
 * behind a multiple of 16, and then no store crosses the end of a cache line.  `words` is a constant. */
OURO__INLINE void ouro__zero(void *object, size_t words)
{
    const ouro__two_words zero = {0, 0};
    ouro__two_words *pair = (ouro__two_words *)((ouro__word *)object + words % 2);
    if (words >= 16) {
        __builtin_memset(object, 0, words * 8);
        return;
    }
    if (words >= 2) pair[0] = zero;
    if (words >= 4) pair[1] = zero;
    if (words >= 6) pair[2] = zero;
    if (words >= 8) pair[3] = zero;
    if (words >= 10) pair[4] = zero;
    if (words >= 12) pair[5] = zero;
    if (words >= 14) pair[6] = zero;
    if (words % 2 != 0) *(ouro__word *)object = 0;
}

OURO__INLINE void *ouro__new(ouro_heap *heap, ouro_type *type, size_t size)
{
    struct ouro__front *front = (struct ouro__front *)(void *)heap;
    struct ouro__shelf *shelf = (struct ouro__shelf *)(void *)((char *)front + type->ready_shelf);
    void *object = shelf->hot; /* the first shelf is always empty: type not ready */
    if (OURO__UNLIKELY(size > OURO__SMALL_MAX)) return ouro__new_rare(heap, type);
    if (object != NULL) {
        shelf->hot = NULL;
    } else {
        object = shelf->list;
        if (OURO__UNLIKELY(object == NULL)) {
            object = ouro__new_rare(heap, type);
            if (object == NULL) return NULL;
        } else {
            shelf->list = *(ouro__slot *)object;
        }
    }
    /* Also what the rare way has set: the compiler then knows of each new object what is in it. */
    *ouro__word_of(object) = type->ready_word;
    ouro__zero(object, (size + 7) / 8);
    return object;
}

/* The word is read once, whole, and what is written is computed from what was read: a second read
 * would wait for its own load.  Nothing writes a part of a word, as a read of the whole would then
 * wait until that store is in the cache. */
OURO__INLINE void *ouro__newref(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (OURO__LIKELY((int32_t)word > 0))
        *ouro__word_of(object) = word + 1; /* the largest count steps into the negative half */
    else
        ouro__incref_rare(object);
    return object;
}

OURO__INLINE void ouro__xincref(void *object)
{
    if (object != NULL) (void)ouro__newref(object);
}

/*
 * The last reference: a simple object of the type and heap that were guessed dies here, without a
 * call, which would cost the stores that a processor has too few of.
 *
 * Why guesses: such an object is met again in the hot place of its bin.  If that place's address
 * waited for the object's arena and for the type in its word, each round would wait for all three;
 * guesses are compared beside it and wait for nothing.
 */
OURO__INLINE void ouro__drop_last(void *object, uint64_t word)
{
    const uintptr_t arena = (uintptr_t)object >> OURO__ARENA_SHIFT << OURO__ARENA_SHIFT;
    struct ouro__front *front = __atomic_load_n(&ouro__guess, __ATOMIC_RELAXED);
    if (OURO__UNLIKELY(*(ouro__slot *)arena != front || word != front->guess_word)) {
        ouro__decref_rare(object);
        return;
    }
    struct ouro__shelf *shelf = front->guess_shelf;
    *ouro__word_of(object) = 0;
    if (shelf->hot == NULL)
        shelf->hot = object;
    else
        ouro__give(front, object, shelf);
}

OURO__INLINE void ouro__drop(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (OURO__LIKELY((int32_t)word > 1))
        *ouro__word_of(object) = word - 1;
    else
        ouro__drop_last(object, word);
}

/* The same in less code, where the last reference is no likely one to go. */
OURO__INLINE void ouro__drop_seldom_last(void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (OURO__LIKELY((int32_t)word > 1))
        *ouro__word_of(object) = word - 1;
    else
        ouro__decref_rare(object);
}

/* A reference that leaves a field, or gets into one, without a change of its count is told to
 * the collector. */
OURO__INLINE void ouro__moved(void *object)
{
    if (object != NULL && OURO__UNLIKELY((int32_t)*ouro__word_of(object) < 0)) ouro__touch(object);
}

OURO__INLINE void *ouro__mem_alloc(ouro_heap *heap, size_t size)
{
    struct ouro__front *front = (struct ouro__front *)(void *)heap;
    if (OURO__UNLIKELY(size - 1 >= OURO__SMALL_MAX)) return ouro__mem_alloc_rare(heap, size);
    void **list = &front->shelf[(size + 7) / 8].list;
    void *memory = *list;
    if (OURO__UNLIKELY(memory == NULL)) return ouro__mem_alloc_rare(heap, size);
    *list = *(ouro__slot *)memory;
    return memory;
}

OURO__INLINE void ouro__mem_free_sized(ouro_heap *heap, void *memory, size_t size)
{
    struct ouro__front *front = (struct ouro__front *)(void *)heap;
    if (OURO__UNLIKELY(memory == NULL || size - 1 >= OURO__SMALL_MAX)) {
        ouro__mem_free_sized_rare(heap, memory, size);
        return;
    }
    size_t bin = (size + 7) / 8;
    ouro__give(front, memory, &front->shelf[bin]);
}

#endif

/* The owner is named so that a store into a shared object can take its lock. */
OURO__INLINE void ouro__put(void *owner, void *slot, void *value)
{
    void *old = *(ouro__slot *)slot;
    (void)owner;
    *(ouro__slot *)slot = value;
    if (old != NULL) ouro__drop_seldom_last(old);
}

OURO__INLINE void ouro__set(void *owner, void *slot, void *value)
{
    ouro__xincref(value);
    ouro__put(owner, slot, value);
}

/* What was in the field is read before the value is touched: of a new object the compiler knows then that it
 * is NULL. */
OURO__INLINE void ouro__put_owned(void *owner, void *slot, void *value)
{
    void *old = *(ouro__slot *)slot;
    (void)owner;
    *(ouro__slot *)slot = value;
    ouro__moved(value);
    if (old != NULL) ouro__drop_seldom_last(old);
}

OURO__INLINE void *ouro__take(void *owner, void *slot)
{
    void *object = *(ouro__slot *)slot;
    (void)owner;
    ouro__moved(object);
    *(ouro__slot *)slot = NULL;
    return object;
}

OURO__INLINE void ouro__swap(void *owner_a, void *slot_a, void *owner_b, void *slot_b)
{
    void *a = *(ouro__slot *)slot_a;
    void *b = *(ouro__slot *)slot_b;
    (void)owner_a;
    (void)owner_b;
    ouro__moved(a);
    ouro__moved(b);
    *(ouro__slot *)slot_a = b;
    *(ouro__slot *)slot_b = a;
}

static inline void ouro__auto_release(void *variable)
{
    void *object = *(ouro__slot *)variable;
    if (object != NULL) ouro__drop(object);
}

OURO__INLINE void *ouro__move(void *variable)
{
    void *object = *(ouro__slot *)variable;
    *(ouro__slot *)variable = NULL;
    return object;
}

#endif
