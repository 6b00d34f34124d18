/* SPDX-License-Identifier: MIT */
/*
 * mirror.h -- the graph of a small heap in plain arrays
 *
 * Unlike the model (model.h) the mirror does not foretell what the library will do.  It knows who refers
 * to whom and what is held, and from that who can be reached and what each count must be.  It is told
 * the changes of the program before they are made and learns of deaths afterwards, so that it can be asked
 * after every operation, while a collection is half done.
 */
#ifndef OURO_TEST_MIRROR_H
#define OURO_TEST_MIRROR_H

#include "support/kinds.h"

enum { MIRROR_NODES = 192, MIRROR_SLOTS = 6, MIRROR_VECTOR = 12, MIRROR_ENTRIES = 12 };

/* What a weak map has: the value is reached when map and key are. */
struct mirror_entry {
    model_id key, value;
};

struct mirror_node {
    void *object;
    uint64_t action; /* what its finalizer or callback does, for the world */
    uint32_t serial; /* different for each node ever born; 0: the node is unused */
    uint8_t kind;
    uint8_t slot_count;
    uint8_t vector_length;
    bool finalized;
    bool released;
    bool frozen;
    bool immortal;
    bool doomed;   /* unreachable when the whole cycle began, and ever since */
    bool lost[2];  /* unreachable when a pass, a whole cycle passed sentence at the earliest */
    bool known;    /* was reached at any time since the whole cycle began */
    bool seen;     /* by the last walk over the heap */
    bool reached;  /* by the last search */
    bool cleared;  /* a weak reference: its target is gone */
    bool promised; /* made when its target was not among last words, which clear without a call */
    bool expected; /* a callback that must come */
    bool due;      /* held by the library until it is called */
    bool called;   /* and came */
    int16_t count; /* references from everywhere */
    int16_t held;  /* by the program */
    int16_t lent;  /* by the library, for the time of a call */
    int16_t pins;  /* held references that an operation on its way needs */
    model_id slots[MIRROR_SLOTS];
    model_id vector[MIRROR_VECTOR];
    model_id target;                             /* a weak reference: whom it looks at */
    struct mirror_entry entries[MIRROR_ENTRIES]; /* of a weak map */
    size_t entry_count;
};

struct mirror {
    struct mirror_node nodes[MIRROR_NODES];
    model_id used[MIRROR_NODES];
    size_t used_count;
    model_id unused[MIRROR_NODES];
    size_t unused_count;
    uint32_t serials;
    bool stale; /* changed since the last search */
};

/* Who counts as a beginning of a search. */
enum mirror_roots {
    MIRROR_HELD,     /* what the program or a running call holds, or is immortal */
    MIRROR_WITH_ALL, /* also what nobody collects, and callbacks that may be due */
    MIRROR_KNOWN,    /* what was reached at any time since the whole cycle began */
};

void mirror_reset(struct mirror *mirror);

static inline struct mirror_node *mirror_node(struct mirror *mirror, model_id id)
{
    return mirror->nodes + id;
}

static inline bool mirror_is_weak(const struct mirror_node *node)
{
    return node->kind >= KIND_WEAK;
}

/* A new node without a reference. */
model_id mirror_born(struct mirror *mirror, enum kind kind, void *object, unsigned slot_count);

/* A node's object is gone, and with it its references. */
void mirror_bury(struct mirror *mirror, model_id id);

/* A reference more and one less from a node; MODEL_NONE is nothing. */
void mirror_refer(struct mirror *mirror, model_id id);
void mirror_unrefer(struct mirror *mirror, model_id id);
/* The same of the program's. */
void mirror_hold(struct mirror *mirror, model_id id);
void mirror_unhold(struct mirror *mirror, model_id id);
/* The same of a running call's. */
void mirror_lend(struct mirror *mirror, model_id id);
void mirror_unlend(struct mirror *mirror, model_id id);

/* Replaces a reference of a node's. */
void mirror_set(struct mirror *mirror, model_id *place, model_id value);

/* The entry of a key in a weak map, or NULL. */
struct mirror_entry *mirror_entry_of(struct mirror_node *map, model_id key);
/* Stores a value, or MODEL_NONE, under a key; takes an entry out. */
void mirror_enter(struct mirror *mirror, model_id map, model_id key, model_id value);
void mirror_leave(struct mirror *mirror, model_id map, struct mirror_entry *entry);

/* The n-th reference of a node, vector last; how many there are.  The values of maps are not among them. */
size_t mirror_references(const struct mirror_node *node);
model_id mirror_reference(const struct mirror_node *node, size_t n);

/* Finds what can be reached: the `reached` of each node. */
void mirror_search(struct mirror *mirror, enum mirror_roots roots);
/* Whether a node is reached by what is held.  Searches when something has changed. */
bool mirror_reaches(struct mirror *mirror, model_id id);

/* The node whose object is at an address, or MODEL_NONE. */
model_id mirror_find(const struct mirror *mirror, const void *object);

/* The weak reference without callback of a target, or MODEL_NONE. */
model_id mirror_shared_weak(const struct mirror *mirror, model_id target);
/* How many look at it; or only how many of them were reached by the last search. */
size_t mirror_weak_count(const struct mirror *mirror, model_id target, bool reached);

#endif
