/* SPDX-License-Identifier: MIT */
/*
 * weak.c -- weak references, with and without callbacks
 */
#include "refusal/scenario.h"

typedef struct observer {
    ouro_weakref *seen;
    struct observer *next;
} observer;
static ouro_type observer_type;
static const ouro_field observer_fields[] = {
    OURO_WEAK(observer, seen, NULL),
    OURO_REF(observer, next, &observer_type),
    OURO_END,
};
static ouro_type observer_type = OURO_TYPE(observer, .fields = observer_fields);

static size_t callbacks_heard;

static void hear(ouro_weakref *self, void *argument)
{
    assert_null(ouro_weakref_get(self));
    ouro_clear((cell *)argument, left);
    callbacks_heard++;
}

/* `owner` gets a weak reference to `target` with a callback, and one without. */
static bool observe(ouro_heap *heap, list *owner, void *target)
{
    ouro_auto cell *argument = ouro_new(heap, cell);
    if (argument == NULL) return false;
    size_t before = ouro_weakref_count(target);
    ouro_auto ouro_weakref *loud = ouro_weakref_new_callback(target, hear, argument);
    if (loud == NULL) {
        assert_int_equal(ouro_weakref_count(target), before);
        assert_int_equal(ouro_refcount(argument), 1);
        return false;
    }
    ouro_auto ouro_weakref *quiet = ouro_weakref_new(target);
    if (quiet == NULL) return false;
    ouro_auto void *seen = ouro_weakref_get(quiet);
    assert_ptr_equal(seen, target);
    return ouro_vector_append(owner, &owner->items, loud) == OURO_OK &&
           ouro_vector_append(owner, &owner->items, quiet) == OURO_OK;
}

static bool weak_references_call_back(struct trial *trial)
{
    ouro_auto list *references = ouro_new(trial->heap, list);
    ouro_auto list *targets = ouro_new(trial->heap, list);
    if (references == NULL || targets == NULL) return false;
    for (size_t i = 0; i < 12; i++) {
        ouro_auto cell *target = ouro_new(trial->heap, cell);
        if (target == NULL || !observe(trial->heap, references, target)) return false;
        if (ouro_vector_append(targets, &targets->items, target) != OURO_OK) return false;
    }
    callbacks_heard = 0;
    ouro_vector_clear(targets, &targets->items);
    assert_int_equal(callbacks_heard, 12);
    return true;
}

/* Their targets are garbage in rings. */
static bool weak_references_to_rings_call_back(struct trial *trial)
{
    ouro_auto list *references = ouro_new(trial->heap, list);
    if (references == NULL) return false;
    callbacks_heard = 0;
    size_t rings = 0;
    for (; rings < 8; rings++) {
        ouro_auto cell *target = ouro_new(trial->heap, cell);
        if (target == NULL) return false;
        ouro_set(target, left, target);
        if (!observe(trial->heap, references, target)) return false;
    }
    (void)ouro_collect(trial->heap, 2);
    assert_int_equal(callbacks_heard, rings);
    return true;
}

static bool weak_fields_are_set(struct trial *trial)
{
    ouro_auto observer *chain = NULL;
    ouro_auto cell *shared = ouro_new(trial->heap, cell);
    if (shared == NULL) return false;
    for (size_t i = 0; i < 20; i++) {
        observer *made = ouro_new(trial->heap, observer);
        if (made == NULL) return false;
        ouro_put(made, next, ouro_move(chain));
        chain = made;
        if (ouro_weak_set(chain, seen, i % 2 == 0 ? (void *)shared : (void *)chain) != OURO_OK) {
            assert_null(chain->seen);
            return false;
        }
        if (i > 0 && ouro_weak_set(chain, seen, chain->next) != OURO_OK) {
            ouro_auto void *kept = ouro_weak_get(chain, seen);
            assert_true(kept == shared || kept == chain);
            return false;
        }
    }
    return true;
}

/* So many that the table of targets grows several times; each is the only one. */
static bool many_targets_are_watched(struct trial *trial)
{
    ouro_auto list *targets = ouro_new(trial->heap, list);
    ouro_auto list *references = ouro_new(trial->heap, list);
    if (targets == NULL || references == NULL) return false;
    for (size_t i = 0; i < 40; i++) {
        ouro_auto atom *target = ouro_new(trial->heap, atom);
        if (target == NULL) return false;
        ouro_auto ouro_weakref *first = ouro_weakref_new(target);
        ouro_auto ouro_weakref *second = first != NULL ? ouro_weakref_new(target) : NULL;
        if (first == NULL) {
            assert_int_equal(ouro_weakref_count(target), 0);
            return false;
        }
        assert_ptr_equal(first, second);
        if (ouro_vector_append(references, &references->items, first) != OURO_OK ||
            ouro_vector_append(targets, &targets->items, target) != OURO_OK)
            return false;
    }
    ouro_vector_clear(targets, &targets->items);
    for (size_t i = 0; i < references->items.length; i++)
        assert_null(ouro_weakref_get(references->items.items[i]));
    return true;
}

/* ---- callbacks that need memory themselves ---- */

static bool callback_refused;

static void write_down(ouro_weakref *self, void *argument)
{
    ouro_auto atom *note = ouro_new(ouro_heap_of(self), atom);
    list *notes = argument;
    if (note == NULL || ouro_vector_append(notes, &notes->items, note) != OURO_OK)
        callback_refused = true;
}

static bool callbacks_allocate(struct trial *trial)
{
    ouro_auto list *notes = ouro_new(trial->heap, list);
    ouro_auto list *references = ouro_new(trial->heap, list);
    if (notes == NULL || references == NULL) return false;
    callback_refused = false;
    for (size_t i = 0; i < 10; i++) {
        ouro_auto cell *target = ouro_new(trial->heap, cell);
        if (target == NULL) return false;
        if (i % 2 == 0) ouro_set(target, left, target);
        ouro_auto ouro_weakref *loud = ouro_weakref_new_callback(target, write_down, notes);
        if (loud == NULL || ouro_vector_append(references, &references->items, loud) != OURO_OK)
            return false;
    }
    (void)ouro_collect(trial->heap, 2);
    return !callback_refused;
}

static const struct scenario scenarios[] = {
    SCENARIO(weak_references_call_back), SCENARIO(weak_references_to_rings_call_back),
    SCENARIO(weak_fields_are_set),       SCENARIO(many_targets_are_watched),
    SCENARIO(callbacks_allocate),
};
SCENARIO_TABLE(weak, scenarios);
