/* SPDX-License-Identifier: MIT */
/*
 * bead.c -- objects that are nothing but references
 */
#include "support/bead.h"

static const ouro_field bead_fields[] = {
    OURO_REF(bead, next, &bead_type),
    OURO_REF(bead, previous, &bead_type),
    OURO_REF(bead, other, &bead_type),
    OURO_END,
};
ouro_type bead_type = OURO_TYPE(bead, .fields = bead_fields);

bead *bead_new(ouro_heap *heap)
{
    bead *made = ouro_new(heap, bead);
    assert_non_null(made);
    return made;
}

/* Appends to a chain whose last one is given; returns the new one, which its neighbour owns. */
static bead *append(ouro_heap *heap, bead *last)
{
    bead *made = bead_new(heap);
    ouro_set(made, previous, last);
    ouro_put(last, next, made);
    return made;
}

bead *bead_chain(ouro_heap *heap, size_t length)
{
    bead *first = bead_new(heap), *last = first;
    for (size_t i = 1; i < length; i++) last = append(heap, last);
    return first;
}

bead *bead_ring(ouro_heap *heap, size_t length)
{
    bead *first = bead_new(heap), *last = first;
    for (size_t i = 1; i < length; i++) last = append(heap, last);
    ouro_set(last, next, first);
    ouro_set(first, previous, last);
    return first;
}
