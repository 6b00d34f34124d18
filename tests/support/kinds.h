/* SPDX-License-Identifier: MIT */
/*
 * kinds.h -- the objects of the model tests: every shape that a type can have
 *
 *   atom    no reference and no hook: its death only gives a block back
 *   chain   two references to chains, no hook
 *   plain   three references to anything, no hook
 *   pair    two references to anything
 *   link    two references to links (a type that names itself)
 *   bag     a vector
 *   row     items behind the struct
 *   tagged  words that are numbers or references: only traverse knows which
 *   leaf    bytes, no reference; acyclic, of any length
 *   box     a reference to a leaf and raw memory of its own; acyclic by inference
 *   ghost   a pair with a finalizer
 *   actor   all of it: reference, weak field, vector, items, finalizer, aligned to 16
 *   memo    a reference in the table beside tagged words, and a finalizer
 *   huge    three references to anything, in a mapping of its own
 *
 * Each object begins with its number in the model and a pattern that must
 * survive until its end; all but the first three and the huge one have a hook that reports it.
 * Weak references are nodes too, without number or hook.
 */
#ifndef OURO_TEST_KINDS_H
#define OURO_TEST_KINDS_H

#include <ouro/ouro.h>

#include "support/model.h"

enum kind {
    KIND_ATOM,
    KIND_CHAIN,
    KIND_PLAIN,
    KIND_PAIR,
    KIND_LINK,
    KIND_BAG,
    KIND_ROW,
    KIND_TAGGED,
    KIND_LEAF,
    KIND_BOX,
    KIND_GHOST,
    KIND_ACTOR,
    KIND_MEMO,
    KINDS, /* what a program makes by ouro_new; then what is made more rarely */
    KIND_HUGE = KINDS,
    KIND_MAP, /* the library's own weak map: without number or hook */
    KIND_WEAK,
    KIND_WEAK_CALLBACK,
    KINDS_ALL,
};

enum { KIND_LEAF_MAX = 700, KIND_ACTOR_WEAK = 1 };

/* What the library calls, for the world. */
struct kind_hooks {
    void (*finalizing)(model_id id, void *object);
    void (*released)(model_id id, void *object);
};
extern struct kind_hooks kind_hooks;

extern const struct model_traits kind_traits[KINDS_ALL];

static inline enum kind kind_of(const struct model_node *node)
{
    return (enum kind)(node->traits - kind_traits);
}

/* The type of a kind. */
ouro_type *kind_type(enum kind kind);

/* A new object with its pattern, not numbered yet; `length` items or bytes
 * where the kind has some.  Owned; NULL when memory is refused. */
void *kind_make(ouro_heap *heap, enum kind kind, unsigned length);

/* How many slots an object of a kind has, and those that hold any reference:
 * the weak field of an actor is not one of them. */
unsigned kind_slots(enum kind kind, unsigned length);

/* Tells an object its number in the model. */
void kind_number(void *object, model_id id);

/* The number of an object that is no weak reference. */
model_id kind_number_of(const void *object);

/* Whether an object's own bytes are as they were written. */
bool kind_is_intact(enum kind kind, const void *object);

/* Where an object has a slot; NULL for the tagged words. */
void **kind_slot(enum kind kind, void *object, unsigned slot);

/* What a slot refers to. */
void *kind_get(enum kind kind, void *object, unsigned slot);

/* Whether a slot may refer to an object of that kind. */
bool kind_accepts(enum kind owner, enum kind value);

/* Stores a borrowed value in a tagged word, by hand as a program would. */
void kind_set_tagged(enum kind kind, void *object, unsigned slot, void *value);

/* The vector of a bag or an actor. */
ouro_vector *kind_vector(enum kind kind, void *object);

/* The weak field of an actor. */
ouro_weakref *kind_weak_field(const void *actor);
ouro_status kind_set_weak_field(void *actor, void *target);
void *kind_get_weak_field(void *actor);

#endif
