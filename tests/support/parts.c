/* SPDX-License-Identifier: MIT */
/*
 * parts.c -- large structures whose parts tell when they end
 */
#include "support/parts.h"

#include <stdlib.h>

struct part_record part_record;

void part_note(long number)
{
    if (part_record.numbers != NULL) part_record.numbers[part_record.length] = number;
    part_record.length++;
}

static void part_finalize(void *object)
{
    part_note(((part *)object)->number);
}

static void part_release(void *object)
{
    part_note(-((part *)object)->number);
}

static const ouro_field part_fields[] = {
    OURO_REF(part, left, NULL),
    OURO_REF(part, right, NULL),
    OURO_VECTOR(part, others, NULL),
    OURO_END,
};
ouro_type part_type =
    OURO_TYPE(part, .fields = part_fields, .finalize = part_finalize, .release = part_release);

/* A link that no cycle passes through.  It waits while the rest of its chain dies. */

size_t straight_released;
static void straight_release(void *object)
{
    (void)object;
    straight_released++;
}
static const ouro_field straight_fields[] = {
    OURO_REF(straight, next, NULL),
    OURO_REF(straight, last, NULL),
    OURO_END,
};
ouro_type straight_type =
    OURO_TYPE(straight, .fields = straight_fields, .acyclic = true, .release = straight_release);

/* A link without hooks. */

part *part_new(ouro_heap *heap, long number)
{
    part *made = ouro_new(heap, part);
    assert_non_null(made);
    made->number = number;
    return made;
}

void *straight_chain(ouro_heap *heap, size_t length)
{
    straight *first = NULL;
    for (size_t i = 0; i < length; i++) {
        straight *made = ouro_new(heap, straight);
        assert_non_null(made);
        ouro_put(made, next, first);
        first = made;
    }
    return first;
}

void *node_chain(ouro_heap *heap, size_t length)
{
    node *first = NULL;
    for (size_t i = 0; i < length; i++) {
        node *made = node_new(heap);
        ouro_put(made, left, first);
        first = made;
    }
    return first;
}

void *part_chain(ouro_heap *heap, size_t length)
{
    part *first = NULL;
    for (size_t i = length; i > 0; i--) {
        part *made = part_new(heap, (long)i);
        ouro_put(made, right, first);
        first = made;
    }
    return first;
}

/* The n-th part holds parts 2n and 2n + 1. */
void *part_tree(ouro_heap *heap, size_t size)
{
    part **parts = calloc(size + 1, sizeof *parts);
    for (size_t i = size; i > 0; i--) {
        parts[i] = part_new(heap, (long)i);
        if (2 * i <= size) ouro_put(parts[i], left, parts[2 * i]);
        if (2 * i + 1 <= size) ouro_put(parts[i], right, parts[2 * i + 1]);
    }
    part *root = parts[1];
    free(parts);
    return root;
}

void *part_vector(ouro_heap *heap, size_t size)
{
    part *owner = part_new(heap, 1);
    for (size_t i = 2; i <= size; i++) {
        ouro_auto part *item = part_new(heap, (long)i);
        assert_int_equal(ouro_vector_append(owner, &owner->others, item), OURO_OK);
    }
    return owner;
}

/* Chains, vectors and trees in each other. */
void *part_mixture(ouro_heap *heap, size_t size)
{
    size_t third = size / 3;
    part *root = part_vector(heap, third);
    part *last = root->others.items[third / 2];
    ouro_put(last, left, part_chain(heap, third));
    last = root->others.items[third / 3];
    ouro_put(last, right, part_tree(heap, size - 2 * third));
    return root;
}
