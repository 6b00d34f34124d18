/* SPDX-License-Identifier: MIT */
/*
 * vectors.c -- vectors that grow and shrink
 */
#include "refusal/scenario.h"

/* What a growing call returned; a refused one changes nothing. */
static bool grew(const ouro_vector *vector, ouro_status status, size_t before)
{
    assert_int_equal(vector->length, before + (status == OURO_OK));
    assert_true(vector->length <= vector->capacity);
    for (size_t i = 0; i < vector->length; i++) assert_non_null(vector->items[i]);
    return status == OURO_OK;
}

static bool append(list *owner, void *item)
{
    size_t before = owner->items.length;
    return grew(&owner->items, ouro_vector_append(owner, &owner->items, item), before);
}

static bool vectors_grow(struct trial *trial)
{
    ouro_auto list *owner = ouro_new(trial->heap, list);
    if (owner == NULL) return false;
    ouro_vector *items = &owner->items;
    for (long i = 0; i < 40; i++) {
        ouro_auto atom *item = ouro_new(trial->heap, atom);
        if (item == NULL) return false;
        size_t before = items->length;
        ouro_status status = i % 2 == 0 ? ouro_vector_append(owner, items, item)
                                        : ouro_vector_insert(owner, items, items->length / 2, item);
        if (!grew(items, status, before)) {
            assert_int_equal(ouro_refcount(item), 1);
            return false;
        }
        assert_int_equal(ouro_refcount(item), 2);
    }
    return ouro_vector_reserve(owner, items, 500) == OURO_OK;
}

/* At the front, so that all items move: each keeps its place or moves by one. */
static bool items_are_inserted_in_front(struct trial *trial)
{
    ouro_auto list *owner = ouro_new(trial->heap, list);
    if (owner == NULL) return false;
    ouro_vector *items = &owner->items;
    for (long i = 0; i < 30; i++) {
        ouro_auto atom *item = ouro_new(trial->heap, atom);
        if (item == NULL) return false;
        item->number = i;
        ouro_status status = ouro_vector_insert(owner, items, 0, item);
        long newest = status == OURO_OK ? i : i - 1;
        for (size_t k = 0; k < items->length; k++)
            assert_int_equal(((atom *)items->items[k])->number, newest - (long)k);
        if (status != OURO_OK) return false;
    }
    return true;
}

/* Shrinking needs no memory; what grows again afterwards does. */
static bool vectors_shrink_and_grow(struct trial *trial)
{
    ouro_auto list *owner = ouro_new(trial->heap, list);
    if (owner == NULL) return false;
    for (size_t round = 0; round < 4; round++) {
        for (size_t i = 0; i < 12 + 10 * round; i++) {
            ouro_auto node *item = ouro_new(trial->heap, node);
            if (item == NULL || !append(owner, item)) return false;
        }
        while (owner->items.length > 8) {
            ouro_auto void *last = ouro_vector_pop(owner, &owner->items);
            assert_int_equal(ouro_refcount(last), 1);
            assert_int_equal(ouro_vector_remove(owner, &owner->items, 1), OURO_OK);
        }
        if (round % 2 == 1) {
            ouro_vector_clear(owner, &owner->items);
            assert_int_equal(owner->items.capacity, 0);
        }
    }
    return true;
}

static bool capacity_is_reserved(struct trial *trial)
{
    static const size_t capacities[] = {1, 5, 5, 64, 65, 200, 1000, 1024, 5000, 20000, 3};
    ouro_auto list *owner = ouro_new(trial->heap, list);
    ouro_auto node *item = ouro_new(trial->heap, node);
    if (owner == NULL || item == NULL || !append(owner, item)) return false;
    for (size_t i = 0; i < COUNT_OF(capacities); i++) {
        ouro_vector before = owner->items;
        if (ouro_vector_reserve(owner, &owner->items, capacities[i]) != OURO_OK) {
            assert_memory_equal(&before, &owner->items, sizeof before);
            return false;
        }
        assert_true(owner->items.capacity >= capacities[i]);
        assert_ptr_equal(owner->items.items[0], item);
    }
    return true;
}

/* Lists of lists that refer to the first. */
static bool vectors_hold_vectors(struct trial *trial)
{
    ouro_auto list *first = ouro_new(trial->heap, list);
    if (first == NULL) return false;
    for (size_t i = 0; i < 9; i++) {
        ouro_auto list *inner = ouro_new(trial->heap, list);
        if (inner == NULL || !append(first, inner)) return false;
        for (size_t k = 0; k < i; k++)
            if (!append(inner, k % 2 == 0 ? first : inner)) return false;
    }
    return true;
}

/* Until its buffer has a mapping of its own. */
static bool a_vector_becomes_long(struct trial *trial)
{
    ouro_auto list *owner = ouro_new(trial->heap, list);
    ouro_auto node *item = ouro_new(trial->heap, node);
    if (owner == NULL || item == NULL) return false;
    while (owner->items.length < 14000) {
        size_t room = owner->items.capacity - owner->items.length;
        for (size_t i = 0; i < room; i++) list_append(owner, item);
        if (!append(owner, item)) return false;
    }
    return true;
}

static const struct scenario scenarios[] = {
    SCENARIO(vectors_grow),
    SCENARIO(items_are_inserted_in_front),
    SCENARIO(vectors_shrink_and_grow),
    SCENARIO(capacity_is_reserved),
    SCENARIO(vectors_hold_vectors),
    SCENARIO(a_vector_becomes_long),
};
SCENARIO_TABLE(vector, scenarios);
