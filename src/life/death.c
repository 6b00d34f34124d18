/* SPDX-License-Identifier: MIT */
/*
 * death.c -- the end of an object and of what only it held             [floor 4]
 *
 * Depth first without recursion.  An object that waits for a child to die is on
 * a stack threaded through the dead: its first reference field, empty by then,
 * holds the link and the position where to go on.
 *
 *     +------+----------------------+--------+-----
 *     | word | link:48 | cursor:16  | field1 | ...     word: count 0, ENDED
 *     +------+----------------------+--------+-----
 *
 * References that only a traverse hook knows can't be taken one at a time: the hook drops them all
 * in one call.  What dies inside and has such a hook itself is deferred, linked through a word that
 * only objects with traverse hooks have, so hooks do not nest.
 *
 *   [death.link]    the slot of the link belongs to a reference that is gone already
 *   [death.hidden]  an object whose count is zero is passed by by every walk over the heap
 */
#include "life/life.h"

/* Where an object was when a child made it wait: bits of the mask below `cursor`
 * are done; from CURSOR_GENERAL on it counts table fields. */
enum { CURSOR_GENERAL = 64 };

struct waiting {
    void *object;
    unsigned cursor;
};

/* ---- the end of one object: finalizer and weak references ---- */

void ouro__callbacks_hold(ouro_weakref *list)
{
    for (; list != NULL; list = list->next) ouro_incref(list);
}

void ouro__callbacks_run(struct ouro__life *life, ouro_weakref *list)
{
    unsigned inside = life->inside_traverse;
    life->inside_traverse = 0; /* user code sees prompt deaths */
    while (list != NULL) {
        ouro_weakref *next = list->next;
        struct ouro__weakref_callback *due = (struct ouro__weakref_callback *)list;
        list->next = NULL;
        void *argument = ouro__take(due, &due->argument); /* called once: nothing holds it for later */
        due->callback(list, argument);
        ouro_xdecref(argument);
        ouro_decref(list);
        list = next;
    }
    life->inside_traverse = inside;
}

/* The finalizer of an object without references; true when somebody took one. */
static NOINLINE bool resurrected(struct ouro__life *life, void *object)
{
    unsigned inside = life->inside_traverse;
    life->inside_traverse = 0;
    ouro__word_set_count(object, 1);
    ouro__finalizer_run(&life->finalizers, object);
    life->inside_traverse = inside;
    uint64_t word = *ouro__word_of(object);
    if ((int32_t)word == 1) return false;
    if ((int32_t)word <= 0 && !ouro__word_is_immortal(word))
        ouro__misuse(object, "the finalizer of object %p of type %s dropped a reference that it did not own",
                     object, ouro__type_of(object)->name);
    ouro_decref(object);
    return true;
}

/* [life.order] up to the references; false when the object lives on. */
static bool end(struct ouro__life *life, void *object, const struct ouro__shape *shape)
{
    if (UNLIKELY((shape->flags & OURO__SHAPE_FINALIZE) != 0) && ouro__finalizer_is_due(object) &&
        resurrected(life, object))
        return false;
    uint64_t word = *ouro__word_of(object);
    ouro_weakref *callbacks = NULL;
    if (UNLIKELY((word & OURO__WEAKLY) != 0)) {
        callbacks = ouro__weakrefs_clear(&life->weakrefs, object);
        word = *ouro__word_of(object);
    }
    *ouro__word_of(object) = (word & ~OURO__COUNT_BITS) | OURO__ENDED; /* [death.hidden] */
    if (UNLIKELY(callbacks != NULL)) {
        ouro__callbacks_hold(callbacks);
        ouro__callbacks_run(life, callbacks);
    }
    return true;
}

/* ---- its block ---- */

static void free_buffers(struct ouro__life *life, void *object)
{
    const ouro_field *field = ouro__type_of(object)->fields;
    for (; field != NULL && field->kind != OURO_FIELD_END; field++) {
        if (field->kind != OURO_FIELD_VECTOR) continue;
        ouro_vector *vector = (ouro_vector *)(void *)((char *)object + field->offset);
        ouro__raw_free(ouro__life_pools(life), vector->items);
    }
}

void ouro__life_release(struct ouro__life *life, void *object, const struct ouro__shape *shape)
{
    if ((shape->flags & OURO__SHAPE_RELEASE) != 0) ouro__type_of(object)->release(object);
    if ((shape->flags & OURO__SHAPE_GENERAL) != 0) free_buffers(life, object);
}

void ouro__life_free(struct ouro__life *life, void *object, const struct ouro__shape *shape)
{
    struct ouro__pools *pools = ouro__life_pools(life);
    if ((shape->flags & OURO__SHAPE_TRACKED) != 0) {
        ouro__young_mark(&pools->marks, object); /* [young.bit] */
        if (UNLIKELY(pools->marks.active)) ouro__mark_dead(&pools->marks, object);
    }
    *ouro__word_of(object) = 0; /* [pool.word] */
    if (LIKELY(shape->bin != 0))
        ouro__pools_give(pools, object, shape->bin);
    else if (ouro__arena_of(object)->large)
        ouro__pools_give_large(pools, object);
    else
        ouro__pools_give(pools, object, ouro__pool_of(object)->bin);
}

static void finish(struct ouro__life *life, void *object, const struct ouro__shape *shape)
{
    if (UNLIKELY((shape->flags & (OURO__SHAPE_RELEASE | OURO__SHAPE_GENERAL)) != 0))
        ouro__life_release(life, object, shape);
    ouro__life_free(life, object, shape);
}

/* ---- dropping references ---- */

static void defer(struct ouro__life *life, void *object)
{
    ouro__word_set_count(object, 0); /* [death.hidden] */
    *ouro__type_extra_of(ouro__type_of(object), object) = NULL;
    if (life->deferred_last != NULL)
        *ouro__type_extra_of(ouro__type_of(life->deferred_last), life->deferred_last) = object;
    else
        life->deferred_first = object;
    life->deferred_last = object;
}

/* A deferred object that is dead indeed, or NULL when none is left. */
static void *take_deferred(struct ouro__life *life)
{
    while (life->deferred_first != NULL && life->inside_traverse == 0) {
        void *object = life->deferred_first;
        life->deferred_first = *ouro__type_extra_of(ouro__type_of(object), object);
        if (life->deferred_first == NULL) life->deferred_last = NULL;
        if (end(life, object, ouro__shape_of(object))) return object;
    }
    return NULL;
}

/* A trapped child is touched by losing a reference; an immortal one loses none. */
static NOINLINE uint64_t untrapped_word(void *object)
{
    ouro__touch(object);
    return *ouro__word_of(object);
}

/*
 * Drops one reference; true when that was the last and the object has references of
 * its own to drop: the caller goes on with it.
 */
ALWAYS_INLINE bool drop(struct ouro__life *life, void *object)
{
    uint64_t word = *ouro__word_of(object);
    if (UNLIKELY((int32_t)word < 0)) word = untrapped_word(object);
    if ((int32_t)word > 1) {
        *ouro__word_of(object) = word - 1;
        return false;
    }
    if (UNLIKELY((int32_t)word != 1 || (word & OURO__SPECIAL) == 0)) {
        ouro__decref_rare(object, word);
        return false;
    }
    const struct ouro__shape *shape = ouro__shape_of(object);
    if (UNLIKELY(life->inside_traverse > 0 && (shape->flags & OURO__SHAPE_TRAVERSE) != 0)) {
        defer(life, object);
        return false;
    }
    return end(life, object, shape);
}

static int drop_visited(void *referent, void *context)
{
    struct ouro__life *life = context;
    if (referent != NULL && drop(life, referent)) ouro__die(life, referent);
    return 0;
}

/* The next child of a vector that died, or NULL when the vector is empty. */
static void *drop_vector(struct ouro__life *life, void **items, size_t *length)
{
    while (*length > 0) {
        void *item = items[--*length];
        if (item != NULL && drop(life, item)) return item;
    }
    return NULL;
}

static void *drop_field(struct ouro__life *life, const ouro_type *type, const ouro_field *field, void *object)
{
    void *place = (char *)object + field->offset;
    if (field->kind == OURO_FIELD_VECTOR) {
        ouro_vector *vector = place;
        return drop_vector(life, vector->items, &vector->length);
    }
    if (field->kind == OURO_FIELD_ITEMS)
        return drop_vector(life, place, (size_t *)(void *)((char *)object + type->length_offset));
    if (field->offset < 64 * sizeof(void *)) return NULL;
    void *child = *(void **)place;
    *(void **)place = NULL;
    return child != NULL && drop(life, child) ? child : NULL;
}

/* References that the mask does not show, from `cursor` on. */
static NOINLINE void *drop_general(struct ouro__life *life, struct waiting *at)
{
    ouro_type *type = ouro__type_of(at->object);
    if (type->fields != NULL) {
        for (;; at->cursor++) {
            const ouro_field *field = &type->fields[at->cursor - CURSOR_GENERAL];
            if (field->kind == OURO_FIELD_END) break;
            void *child = drop_field(life, type, field, at->object);
            if (child != NULL) return child;
        }
    }
    if (type->traverse != NULL) {
        life->inside_traverse++;
        (void)type->traverse(at->object, drop_visited, life);
        life->inside_traverse--;
    }
    return NULL;
}

/* Drops references from `cursor` on; returns a child that died, or NULL when all are gone. */
static inline void *drop_references(struct ouro__life *life, struct waiting *at, const struct ouro__shape *shape)
{
    if (at->cursor < CURSOR_GENERAL) {
        ouro__slot *words = (ouro__slot *)at->object;
        for (uint64_t mask = shape->mask >> at->cursor << at->cursor; mask != 0; mask &= mask - 1) {
            unsigned position = (unsigned)__builtin_ctzl(mask);
            void *child = words[position];
            if (child == NULL || !drop(life, child)) continue;
            at->cursor = position + 1;
            return child;
        }
        at->cursor = CURSOR_GENERAL;
    }
    return UNLIKELY((shape->flags & OURO__SHAPE_GENERAL) != 0) ? drop_general(life, at) : NULL;
}

/* ---- the stack of those who wait ---- */

/* [death.link] */
static ouro__slot *link_slot(void *object, const struct ouro__shape *shape)
{
    if (LIKELY(shape->mask != 0)) return (ouro__slot *)object + __builtin_ctzl(shape->mask);
    ouro_type *type = ouro__type_of(object);
    char *place = (char *)object + type->fields->offset;
    if (type->fields->kind == OURO_FIELD_VECTOR)
        return (ouro__slot *)(void *)(place + offsetof(ouro_vector, capacity));
    if (type->fields->kind == OURO_FIELD_ITEMS)
        return (ouro__slot *)(void *)place + ouro__type_length(type, object);
    return (ouro__slot *)(void *)place;
}

static void push(void **stack, const struct waiting *at, const struct ouro__shape *shape)
{
    uintptr_t link = (uintptr_t)*stack | (uintptr_t)at->cursor << 48; /* [arena.below47] */
    *link_slot(at->object, shape) = (void *)link;
    *stack = at->object;
}

static struct waiting pop(void **stack)
{
    void *object = *stack;
    uintptr_t link = (uintptr_t)*link_slot(object, ouro__shape_of(object));
    *stack = (void *)(link & (((uintptr_t)1 << 48) - 1));
    return (struct waiting){object, (unsigned)(link >> 48)};
}

/* True when nothing is left to drop after a child taken at `cursor`. */
static bool is_done(const struct waiting *at, const struct ouro__shape *shape)
{
    return (shape->flags & OURO__SHAPE_GENERAL) == 0 && (at->cursor == 64 || shape->mask >> at->cursor == 0);
}

void ouro__die(struct ouro__life *life, void *object)
{
    const struct ouro__shape *shape = ouro__shape_of(object);
    if (UNLIKELY(life->inside_traverse > 0 && (shape->flags & OURO__SHAPE_TRAVERSE) != 0)) {
        defer(life, object);
        return;
    }
    if ((*ouro__word_of(object) & OURO__ENDED) == 0 && !end(life, object, shape)) return;
    void *stack = NULL;
    struct waiting at = {object, 0};
    for (;;) {
        void *child = drop_references(life, &at, shape);
        if (child != NULL && !is_done(&at, shape))
            push(&stack, &at, shape);
        else
            finish(life, at.object, shape);
        if (child != NULL) {
            at = (struct waiting){child, 0};
        } else if (stack != NULL) {
            at = pop(&stack);
        } else {
            void *deferred = take_deferred(life);
            if (deferred == NULL) return;
            at = (struct waiting){deferred, 0};
        }
        shape = ouro__shape_of(at.object);
    }
}
