/* SPDX-License-Identifier: MIT */
/*
 * weakref.c -- the table from targets to their weak references         [floor 3]
 *
 * Open addressing with linear probing; a removal moves later entries back, so
 * there are no tombstones and nothing grows but with the number of targets.
 */
#include "weakref/weakref.h"

#include <string.h>

/* ---- the two types ---- */

static void release_weakref(void *object)
{
    ouro__weakrefs_unlink(object);
}

static const ouro_field weakref_fields[] = {
    OURO_BORROWED(ouro_weakref, target, NULL),
    OURO_BORROWED(ouro_weakref, next, NULL),
    OURO_BORROWED(ouro_weakref, previous, NULL),
    OURO_END,
};

static const ouro_field callback_fields[] = {
    {"argument", offsetof(struct ouro__weakref_callback, argument), OURO_FIELD_REF, NULL},
    OURO_BORROWED(struct ouro__weakref_callback, base.target, NULL),
    OURO_BORROWED(struct ouro__weakref_callback, base.next, NULL),
    OURO_BORROWED(struct ouro__weakref_callback, base.previous, NULL),
    OURO_END,
};

ouro_type ouro_weakref_type = {
    .name = "weakref",
    .size = sizeof(ouro_weakref),
    .fields = weakref_fields,
    .release = release_weakref,
};

ouro_type ouro_weakref_callback_type = {
    .name = "weakref with callback",
    .size = sizeof(struct ouro__weakref_callback),
    .fields = callback_fields,
    .release = release_weakref,
};

/* ---- the table ---- */

static size_t home_of(const struct ouro__weakrefs *weakrefs, const void *target)
{
    return ouro__hash_of(target) & (weakrefs->capacity - 1);
}

/* The slot of a target, or the empty one where it would go. */
static ouro_weakref **find(const struct ouro__weakrefs *weakrefs, const void *target)
{
    size_t slot = home_of(weakrefs, target);
    while (weakrefs->table[slot] != NULL && weakrefs->table[slot]->target != target)
        slot = (slot + 1) & (weakrefs->capacity - 1);
    return &weakrefs->table[slot];
}

bool ouro__weakrefs_reserve(struct ouro__weakrefs *weakrefs)
{
    if (2 * (weakrefs->targets + 1) <= weakrefs->capacity) return true; /* [weak.table] */
    struct ouro__weakrefs grown = {.capacity = 16};
    if (weakrefs->capacity > 0) grown.capacity = 2 * weakrefs->capacity;
    size_t size = grown.capacity * sizeof(ouro_weakref *);
    grown.table = ouro__raw_alloc(&weakrefs->pools, size);
    if (grown.table == NULL) return false;
    memset(grown.table, 0, size);
    for (size_t i = 0; i < weakrefs->capacity; i++)
        if (weakrefs->table[i] != NULL)
            *find(&grown, weakrefs->table[i]->target) = weakrefs->table[i];
    ouro__raw_free(&weakrefs->pools, weakrefs->table);
    weakrefs->table = grown.table;
    weakrefs->capacity = grown.capacity;
    return true;
}

ouro_weakref *ouro__weakrefs_of(const struct ouro__weakrefs *weakrefs, const void *target)
{
    if ((*ouro__word_of(target) & OURO__WEAKLY) == 0) return NULL; /* [weak.flag] */
    return *find(weakrefs, target);
}

void ouro__weakrefs_fetch_place(const struct ouro__weakrefs *weakrefs, const void *target)
{
    if ((*ouro__word_of(target) & OURO__WEAKLY) == 0) return;
    __builtin_prefetch(&weakrefs->table[home_of(weakrefs, target)], 1);
}

void ouro__weakrefs_fetch_list(const struct ouro__weakrefs *weakrefs, const void *target)
{
    if ((*ouro__word_of(target) & OURO__WEAKLY) == 0) return;
    const ouro_weakref *list = weakrefs->table[home_of(weakrefs, target)];
    if (list != NULL) __builtin_prefetch(list, 1);
}

ouro_weakref *ouro__weakrefs_shared(const struct ouro__weakrefs *weakrefs, const void *target)
{
    ouro_weakref *head = ouro__weakrefs_of(weakrefs, target);
    return head != NULL && !ouro__weakref_has_callback(head) ? head : NULL; /* [weak.shared] */
}

/* Empties a slot and moves back what a search would no longer find behind it. */
static void remove_slot(struct ouro__weakrefs *weakrefs, ouro_weakref **place)
{
    size_t mask = weakrefs->capacity - 1;
    size_t hole = (size_t)(place - weakrefs->table);
    weakrefs->table[hole] = NULL;
    weakrefs->targets--;
    for (size_t i = (hole + 1) & mask; weakrefs->table[i] != NULL; i = (i + 1) & mask) {
        size_t home = home_of(weakrefs, weakrefs->table[i]->target);
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        weakrefs->table[hole] = weakrefs->table[i];
        weakrefs->table[i] = NULL;
        hole = i;
    }
}

static void forget_target(struct ouro__weakrefs *weakrefs, void *target, ouro_weakref **place)
{
    remove_slot(weakrefs, place);
    *ouro__word_of(target) &= ~OURO__WEAKLY; /* [weak.flag] */
}

/* ---- the lists ---- */

void ouro__weakrefs_link(struct ouro__weakrefs *weakrefs, ouro_weakref *weakref, void *target)
{
    ouro_weakref **place = find(weakrefs, target);
    ouro_weakref *head = *place;
    weakref->target = target;
    weakref->next = head;
    if (head == NULL) {
        weakrefs->targets++;
        *ouro__word_of(target) |= OURO__WEAKLY;
    } else if (!ouro__weakref_has_callback(head)) {
        weakref->previous = head; /* behind the shared one */
        weakref->next = head->next;
        head->next = weakref;
    }
    if (weakref->next != NULL) weakref->next->previous = weakref;
    if (weakref->previous == NULL) *place = weakref;
}

void ouro__weakrefs_unlink(ouro_weakref *weakref)
{
    void *target = weakref->target;
    if (target == NULL) return;
    struct ouro__weakrefs *weakrefs = (struct ouro__weakrefs *)ouro__arena_of(weakref)->owner;
    if (weakref->previous == NULL) {
        ouro_weakref **place = find(weakrefs, target);
        if (weakref->next != NULL)
            *place = weakref->next;
        else
            forget_target(weakrefs, target, place);
    } else {
        weakref->previous->next = weakref->next;
    }
    if (weakref->next != NULL) weakref->next->previous = weakref->previous;
    weakref->target = NULL;
}

static void forget_list(ouro_weakref *list)
{
    for (; list != NULL; list = list->next) {
        list->target = NULL;
        list->previous = NULL;
    }
}

ouro_weakref *ouro__weakrefs_clear_callbacks(struct ouro__weakrefs *weakrefs, void *target)
{
    if ((*ouro__word_of(target) & OURO__WEAKLY) == 0) return NULL;
    ouro_weakref **place = find(weakrefs, target);
    ouro_weakref *head = *place;
    ouro_weakref *callbacks = head;
    if (ouro__weakref_has_callback(head)) {
        forget_target(weakrefs, target, place);
    } else {
        callbacks = head->next;
        head->next = NULL;
    }
    forget_list(callbacks);
    return callbacks;
}

ouro_weakref *ouro__weakrefs_clear(struct ouro__weakrefs *weakrefs, void *target)
{
    ouro_weakref *callbacks = ouro__weakrefs_clear_callbacks(weakrefs, target);
    if ((*ouro__word_of(target) & OURO__WEAKLY) != 0) {
        ouro_weakref **place = find(weakrefs, target);
        ouro_weakref *shared = *place;
        forget_target(weakrefs, target, place);
        forget_list(shared);
    }
    return callbacks;
}
