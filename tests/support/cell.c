/* SPDX-License-Identifier: MIT */
/*
 * cell.c -- the objects that most tests are made of
 */
#include "support/cell.h"

size_t cell_released;

static void cell_finalize(void *object)
{
    cell *self = object;
    if (self->last_word != NULL) self->last_word(self);
}

static void count_release(void *object)
{
    (void)object;
    cell_released++;
}

static const ouro_field cell_fields[] = {
    OURO_REF(cell, left, NULL),
    OURO_REF(cell, right, NULL),
    OURO_END,
};
static const ouro_field list_fields[] = {OURO_VECTOR(list, items, NULL), OURO_END};

ouro_type cell_type =
    OURO_TYPE(cell, .fields = cell_fields, .finalize = cell_finalize, .release = count_release);
ouro_type list_type = OURO_TYPE(list, .fields = list_fields, .release = count_release);
ouro_type atom_type = OURO_TYPE(atom, .release = count_release);

cell *cell_new(ouro_heap *heap)
{
    cell *made = ouro_new(heap, cell);
    assert_non_null(made);
    return made;
}

list *list_new(ouro_heap *heap)
{
    list *made = ouro_new(heap, list);
    assert_non_null(made);
    return made;
}

atom *atom_new(ouro_heap *heap, long number)
{
    atom *made = ouro_new(heap, atom);
    assert_non_null(made);
    made->number = number;
    return made;
}

void cell_lose(ouro_heap *heap, void (*last_word)(cell *self))
{
    cell *made = cell_new(heap);
    made->last_word = last_word;
    ouro_set(made, left, made);
    ouro_decref(made);
}

void list_append(list *self, void *item)
{
    assert_int_equal(ouro_vector_append(self, &self->items, item), OURO_OK);
}

cell *list_append_cell(list *owner, long number)
{
    cell *made = cell_new(ouro_heap_of(owner));
    made->number = number;
    list_append(owner, made);
    ouro_decref(made);
    return made;
}

cell *cell_ring(ouro_heap *heap, size_t length)
{
    cell *first = cell_new(heap), *last = first;
    for (size_t i = 1; i < length; i++) {
        cell *made = cell_new(heap);
        ouro_put(last, left, made);
        last = made;
    }
    ouro_set(last, left, first);
    return first;
}
