/* SPDX-License-Identifier: MIT */
/*
 * finalizers.c -- last words that need memory
 */
#include "refusal/scenario.h"

static bool word_refused; /* a finalizer got no memory */

static void write_testament(cell *self)
{
    ouro_heap *heap = ouro_heap_of(self);
    ouro_auto list *testament = ouro_new(heap, list);
    ouro_auto cell *heir = ouro_new(heap, cell);
    if (testament == NULL || heir == NULL ||
        ouro_vector_append(testament, &testament->items, heir) != OURO_OK) {
        word_refused = true;
        return;
    }
    ouro_set(heir, left, testament);
}

/* Every second one is in a cycle of its own. */
static bool lose_speakers(ouro_heap *heap, size_t count, void (*last_word)(cell *self))
{
    word_refused = false;
    for (size_t i = 0; i < count; i++) {
        ouro_auto cell *speaker = ouro_new(heap, cell);
        if (speaker == NULL) return false;
        speaker->last_word = last_word;
        speaker->number = (long)i;
        if (i % 2 == 0) ouro_set(speaker, left, speaker);
    }
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2);
    return true;
}

static bool finalizers_allocate(struct trial *trial)
{
    return lose_speakers(trial->heap, 6, write_testament) && !word_refused;
}

/* ---- saved by somebody who may not get the room for it ---- */

static list *refuge;

static void flee(cell *self)
{
    if (refuge == NULL) return;
    size_t before = refuge->items.length;
    if (ouro_vector_append(refuge, &refuge->items, self) == OURO_OK) return;
    word_refused = true;
    assert_int_equal(refuge->items.length, before);
}

static bool finalizers_resurrect(struct trial *trial)
{
    ouro_auto list *saved = ouro_new(trial->heap, list);
    if (saved == NULL) return false;
    refuge = saved;
    bool granted = lose_speakers(trial->heap, 12, flee);
    (void)ouro_collect(trial->heap, 2); /* all that can flee is here */
    refuge = NULL;
    for (size_t i = 0; i < saved->items.length; i++)
        assert_true(ouro_is_finalized(saved->items.items[i]));
    if (granted && !word_refused) assert_int_equal(saved->items.length, 12);
    return granted && !word_refused;
}

/* ---- the finalizer changes what the program is just growing ---- */

static list *shared_list;

static void append_to_shared(cell *self)
{
    if (shared_list == NULL) return;
    if (self->number % 3 == 0) ouro_vector_clear(shared_list, &shared_list->items);
    ouro_auto atom *item = ouro_new(ouro_heap_of(self), atom);
    if (item == NULL || ouro_vector_append(shared_list, &shared_list->items, item) != OURO_OK)
        word_refused = true;
}

static bool finalizers_change_a_vector_that_grows(struct trial *trial)
{
    ouro_auto list *owner = ouro_new(trial->heap, list);
    if (owner == NULL) return false;
    word_refused = false;
    shared_list = owner;
    bool granted = true;
    for (size_t i = 0; granted && i < 24; i++) {
        ouro_auto cell *speaker = ouro_new(trial->heap, cell);
        ouro_auto atom *item = ouro_new(trial->heap, atom);
        granted = speaker != NULL && item != NULL;
        if (!granted) break;
        speaker->last_word = append_to_shared;
        speaker->number = (long)i;
        ouro_set(speaker, left, speaker);
        ouro_decref(ouro_move(speaker)); /* garbage: a collection in the next call finds it */
        granted = ouro_vector_append(owner, &owner->items, item) == OURO_OK;
    }
    (void)ouro_collect(trial->heap, 2);
    shared_list = NULL;
    return granted && !word_refused;
}

/* ---- a finalizer makes weak references to what is alive and to what is not ---- */

static void look_around(cell *self)
{
    ouro_auto ouro_weakref *own = ouro_weakref_new(self);
    ouro_auto ouro_weakref *seen = self->right != NULL ? ouro_weakref_new(self->right) : NULL;
    if (own == NULL || (self->right != NULL && seen == NULL)) word_refused = true;
}

static bool finalizers_look_at_objects(struct trial *trial)
{
    word_refused = false;
    for (size_t i = 0; i < 14; i++) {
        ouro_auto cell *speaker = ouro_new(trial->heap, cell);
        ouro_auto cell *partner = ouro_new(trial->heap, cell);
        if (speaker == NULL || partner == NULL) return false;
        speaker->last_word = look_around;
        ouro_set(speaker, right, partner);
        if (i % 2 == 0) ouro_set(partner, left, speaker);
    }
    (void)ouro_collect(trial->heap, 2);
    return !word_refused;
}

static const struct scenario scenarios[] = {
    SCENARIO(finalizers_allocate),
    SCENARIO(finalizers_resurrect),
    SCENARIO(finalizers_change_a_vector_that_grows),
    SCENARIO(finalizers_look_at_objects),
};
SCENARIO_TABLE(finalizer, scenarios);
