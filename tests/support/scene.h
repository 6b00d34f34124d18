/* SPDX-License-Identifier: MIT */
/*
 * scene.h -- what the operations of a world work on
 *
 * The one scene of the process: the heap, its model, and what the program
 * holds.  Neighbours: operations.c, what the program does; reactions.c, what
 * finalizers and callbacks do; world.c, how it all begins and ends.
 */
#ifndef OURO_TEST_SCENE_H
#define OURO_TEST_SCENE_H

#include "support/world.h"

struct raw {
    unsigned char *memory; /* NULL: none */
    size_t size;
    unsigned char first;
};

struct scene {
    const struct world_setup *setup;
    ouro_heap *heap;
    FILE *trace;
    model_id held[WORLD_HELD]; /* one reference each */
    size_t held_count;
    struct raw raw[WORLD_RAW];
    size_t accounted;
    size_t immortals;
    size_t finalized_in_close;
    unsigned nesting; /* hooks we are in */
    struct model model;
};
extern struct scene scene;

/* A line for the reader of a failure. */
void scene_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A node, its object, its kind; and its number for people, 0 for none. */
struct model_node *scene_node(model_id id);
void *scene_object(model_id id);
enum kind scene_kind(model_id id);
uint32_t scene_serial(model_id id);

/* The program keeps a reference that it has got.  When its hands are full it
 * drops the first thing it holds. */
void scene_keep(model_id id);
/* Takes one away from what is held, without dropping it. */
model_id scene_forget(size_t index);
void scene_drop(size_t index);

/* A second reference while an operation works on something. */
void scene_protect(model_id id);
void scene_unprotect(model_id id);

/* Something that the program reaches from what it holds; the bits of `number`
 * say where it starts and which way it goes.  MODEL_NONE when there is nothing. */
model_id scene_walk(uint16_t number);
/* The same, of those that `accepts`; a few tries. */
model_id scene_walk_to(uint16_t number, bool (*accepts)(model_id id));
bool scene_is_weak(model_id id);
bool scene_is_object(model_id id);
bool scene_is_actor(model_id id);
bool scene_has_slots(model_id id);
bool scene_has_vector(model_id id);

/* One of an object's slots, but not a weak field. */
unsigned scene_choose_slot(model_id owner, uint16_t number);

/* The node of an object that the library has just made. */
model_id scene_register(void *object, enum kind kind, unsigned length);
/* A new object, held by the caller and not yet kept.  MODEL_NONE when there
 * are enough already. */
model_id scene_make(enum kind kind, uint16_t length_number);

/* Stores a borrowed value or MODEL_NONE in a slot; only in the model, where the
 * value's reference is counted already. */
void scene_set(model_id owner, unsigned slot, model_id value);
void scene_store_in_model(model_id owner, unsigned slot, model_id value);

ouro_vector *scene_vector(model_id owner);

/* Full collections until one finds nothing, which finalizers and callbacks may put off. */
void scene_collect_all(void);

/* The byte at a position of raw memory, and whether the first `size` are right. */
unsigned char scene_raw_byte(const struct raw *raw, size_t position);
void scene_check_raw(const struct raw *raw, size_t size);
void scene_free_raw(struct raw *raw, bool sized);

/* Ends the process unless a call went well. */
void scene_expect(ouro_status status, const char *what);

/* operations.c */
void operation_do(const struct operation *operation);

/* reactions.c */
void reaction_finalizing(model_id id, void *object);
void reaction_released(model_id id, void *object);
void reaction_callback(ouro_weakref *self, void *argument);
void reaction_collection(ouro_heap *heap, const ouro_collection *info, void *argument);

#endif
