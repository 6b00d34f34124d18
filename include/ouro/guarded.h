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

OURO__INLINE void *ouro__newref(void *object)
{
    ouro__guarded_incref(object);
    return object;
}

OURO__INLINE void ouro__drop(void *object)
{
    ouro__guarded_decref(object);
}

OURO__INLINE void ouro__drop_last(void *object, uint64_t word)
{
    (void)word;
    ouro__guarded_decref(object);
}

OURO__INLINE void ouro__drop_seldom_last(void *object)
{
    ouro__guarded_decref(object);
}

/* A reference that leaves a field, or gets into one, without a change of its count. */
OURO__INLINE void ouro__moved(void *object)
{
    if (object != NULL) ouro__guarded_moved(object);
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
