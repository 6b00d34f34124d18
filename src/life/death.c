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
 * Where the work of one death is bounded, it stops at an object that is whole or whose vector is half
 * empty: that and the stack are remembered, and the rest is done later.
 *
 *   [death.link]    the slot of the link belongs to a reference that is gone already
 *   [death.hidden]  an object whose count is zero is passed by by every walk over the heap
 */
#include "life/life.h"
#include "memory/meter.h"
#include "memory/quarantine.h"
#include "object/fence.h"

#include <limits.h>

/* Where an object was when a child made it wait: bits of the mask below `cursor`
 * are done; from CURSOR_GENERAL on it counts table fields. */
enum { CURSOR_GENERAL = 64 };

struct waiting {
    void *object;
    unsigned cursor;
};

/* ---- the end of one object: finalizer and weak references ---- */

/* Garbage whose last words are not spoken yet: condemned, or on its way back to its finalizers. */
static bool is_garbage(const ouro_weakref *weakref)
{
    const struct ouro__marks *marks = &ouro__pools_of(weakref)->marks;
    if (LIKELY(marks->condemned == 0)) return false;
    for (int lane = 0; lane < OURO__LANES; lane++)
        if ((marks->last_words >> lane & 1) != 0 && ouro__is_marked(weakref, ouro__set_bits(lane)))
            return true;
    return ouro__is_condemned(marks, weakref);
}

ouro_weakref *ouro__callbacks_hold(ouro_weakref *list, bool postpones)
{
    ouro_weakref *held = NULL;
    ouro_weakref **last_link = &held;
    for (ouro_weakref *next; list != NULL; list = next) {
        next = list->next;
        list->next = NULL;
        if (ouro__word_is_dying(*ouro__word_of(list))) continue;
        if (is_garbage(list)) {
            if (postpones) ouro__weakref_postpone(list); /* [weak.postponed] */
            continue;
        }
        ouro_incref(list);
        *last_link = list;
        last_link = &list->next;
    }
    return held;
}

void ouro__callbacks_run(struct ouro__life *life, ouro_weakref *list)
{
    unsigned inside = life->inside_traverse;
    life->inside_traverse = 0; /* user code sees prompt deaths */
    while (list != NULL) {
        ouro_weakref *next = list->next;
        struct ouro__weakref_callback *due = (struct ouro__weakref_callback *)list;
        list->next = NULL;
        void *argument =
            ouro__take(due, &due->argument); /* called once: nothing holds it for later */
        struct ouro__hook outer =
            ouro__hook_begin(&life->finalizers, "weak callback", "weak callbacks", NULL);
        if (!life->finalizers.silent) due->callback(list, argument);
        ouro__hook_end(&life->finalizers, outer);
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
    const char *name = ouro__type_of(object)->name;
    life->inside_traverse = 0;
    ouro__word_set_count(object, OURO__ONE);
    ouro__finalizer_run(&life->finalizers, object);
    life->inside_traverse = inside;
    if (ouro__untrap_last(object)) return false; /* a collection inside has looked at it */
    uint64_t word = *ouro__word_of(object);
    if (ouro__word_signed(word) == 1) return false;
    if (ouro__word_signed(word) <= 0 && !ouro__word_is_trapped(word) &&
        !ouro__word_is_immortal(word))
        ouro__misuse(
            object, "the finalizer of object %p of type %s dropped a reference that it did not own",
            object, name);
    ouro_decref(object);
    return true;
}

/* The end of one that weak references or ephemerons look at, or whose death is to be heard of. */
static NOINLINE void end_watched(struct ouro__life *life, void *object)
{
    ouro__meter_ended(ouro__life_pools(life), object); /* [trace.heard] */
    ouro_weakref *callbacks = ouro__weakrefs_clear(&life->weakrefs, object);
    struct ouro__ephemeron *held = ouro__ephemerons_detach(&life->weakrefs, object);
    uint64_t word = *ouro__word_of(object);
    *ouro__word_of(object) = (word & ~OURO__COUNT_BITS) | OURO__ENDED; /* [death.hidden] */
    if (callbacks != NULL) ouro__callbacks_run(life, ouro__callbacks_hold(callbacks, true));
    if (held != NULL) ouro__ephemerons_drop(life, held);
}

/* [life.order] up to the references; false when the object lives on. */
static bool end(struct ouro__life *life, void *object, const struct ouro__shape *shape)
{
    if (OURO_GUARDED) ouro__fence_check(object);
    if (UNLIKELY((shape->flags & OURO__SHAPE_FINALIZE) != 0) && ouro__finalizer_is_due(object) &&
        resurrected(life, object))
        return false;
    uint64_t word = *ouro__word_of(object);
    if (UNLIKELY((word & (OURO__WEAKLY | OURO__KEYED | OURO__HEARD)) != 0))
        end_watched(life, object);
    else
        *ouro__word_of(object) = (word & ~OURO__COUNT_BITS) | OURO__ENDED; /* [death.hidden] */
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
    if ((shape->flags & (OURO__SHAPE_RELEASE | OURO__SHAPE_GENERAL)) != 0)
        ouro__meter_ended(ouro__life_pools(life), object); /* [trace.heard] */
    if ((shape->flags & OURO__SHAPE_RELEASE) != 0) ouro__type_of(object)->release(object);
    if ((shape->flags & OURO__SHAPE_GENERAL) != 0) free_buffers(life, object);
}

void ouro__life_free(struct ouro__life *life, void *object, const struct ouro__shape *shape)
{
    struct ouro__pools *pools = ouro__life_pools(life);
    struct ouro__pool *pool = ouro__pool_of(object);
    if (UNLIKELY(pool->sets != 0)) ouro__mark_dead(&pools->marks, pool, object);
    if (OURO_GUARDED)
        ouro__guard_retire(pools, object);
    else
        ouro__word_clear(object); /* [pool.word] */
    if (UNLIKELY((shape->flags & OURO__SHAPE_LARGE) != 0) && ouro__arena_of(object)->large)
        ouro__pools_give_large(pools, object);
    else if (!OURO_GUARDED)
        ouro__pools_give_any(pools, object, pool->bin);
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

/* A trapped child is touched by losing a reference, unless it dies; an immortal one loses none. */
static __attribute__((noinline)) uint64_t untrapped_word(void *object)
{
    if (!ouro__untrap_last(object)) ouro__touch(object);
    return *ouro__word_of(object);
}

/*
 * Drops one reference; true when that was the last and the object has references of
 * its own to drop: the caller goes on with it.
 */
ALWAYS_INLINE bool drop(struct ouro__life *life, void *object)
{
    if (OURO_GUARDED && !ouro__guarded_is_sound(object)) ouro__guard_check(object, "decref");
    uint64_t word = *ouro__word_of(object);
    if (UNLIKELY(ouro__word_signed(word) < 0)) word = untrapped_word(object);
    if (ouro__word_signed(word) > 1) {
        *ouro__word_of(object) = word - OURO__ONE;
        return false;
    }
    if (!OURO_GUARDED && ouro__word_is_simple(word)) {
        ouro__drop_last(object, word);
        return false;
    }
    if (UNLIKELY(ouro__word_signed(word) != 1)) {
        ouro__decref_rare(object);
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

/* In place of a child: the death at hand has done what it may. */
static char spent;

/* The next child of a vector that died, or NULL when the vector is empty. */
static void *drop_vector(struct ouro__life *life, void **items, size_t *length)
{
    while (*length > 0) {
        if (UNLIKELY(life->death_left-- <= 0)) return &spent;
        void *item = items[--*length];
        if (item != NULL && drop(life, item)) return item;
    }
    return NULL;
}

static void *drop_field(struct ouro__life *life, const ouro_type *type, const ouro_field *field,
                        void *object)
{
    void *place = (char *)object + field->offset;
    if (field->kind == OURO_FIELD_VECTOR) {
        ouro_vector *vector = place;
        return drop_vector(life, vector->items, &vector->length);
    }
    if (field->kind == OURO_FIELD_ITEMS)
        return drop_vector(life, place, (size_t *)(void *)((char *)object + type->length_offset));
    if (field->offset < 64 * sizeof(void *) || field->kind == OURO_FIELD_BORROWED) return NULL;
    void *child = *(void **)place;
    *(void **)place = NULL;
    return child != NULL && drop(life, child) ? child : NULL;
}

/* The next value of a weak map that died, or NULL when the map is empty. */
static NOINLINE void *drop_map(struct ouro__life *life, struct ouro__map *map)
{
    while (map->used > 0) {
        if (UNLIKELY(life->death_left-- <= 0)) return &spent;
        struct ouro__ephemeron *last = map->order[map->used - 1]; /* no hole: ouro__map_remove */
        void *value = last->value;
        ouro__ephemeron_leave(&life->weakrefs, last);
        if (value == NULL || ouro__ephemeron_is_dark(life, last)) {
            ouro__ephemeron_drop(life, last);
            continue;
        }
        ouro__raw_free(ouro__life_pools(life), last);
        if (drop(life, value)) return value;
    }
    return NULL;
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
            if (child == NULL) continue;
            /* a single reference is done with: a link may stand in its place  [death.link] */
            at->cursor += field->kind != OURO_FIELD_VECTOR && field->kind != OURO_FIELD_ITEMS;
            return child;
        }
    }
    if (type->traverse != NULL) {
        if (type->traverse == ouro__map_traverse) return drop_map(life, at->object);
        life->inside_traverse++;
        (void)type->traverse(at->object, drop_visited, life);
        life->inside_traverse--;
    }
    return NULL;
}

/* Drops references from `cursor` on; returns a child that died, or NULL when all are gone. */
static inline void *drop_references(struct ouro__life *life, struct waiting *at,
                                    const struct ouro__shape *shape)
{
    if (at->cursor < CURSOR_GENERAL) {
        ouro__slot *words = (ouro__slot *)at->object;
        for (uint64_t mask = shape->mask >> at->cursor << at->cursor; mask != 0; mask &= mask - 1) {
            unsigned position = (unsigned)ouro__lowest_bit(mask);
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
    const ouro_field *field = type->fields;
    while (field->kind == OURO_FIELD_BORROWED) field++; /* a release hook may look at it */
    char *place = (char *)object + field->offset;
    if (field->kind == OURO_FIELD_VECTOR)
        return (ouro__slot *)(void *)(place + offsetof(ouro_vector, capacity));
    if (field->kind == OURO_FIELD_ITEMS)
        return (ouro__slot *)(void *)place + ouro__type_length(type, object);
    return (ouro__slot *)(void *)place;
}

enum { WAITS_GENERAL = 1 }; /* a tag: the entry is an object, its link in link_slot */
#define LINK_MASK (((uintptr_t)1 << 48) - 1)

static void push(uintptr_t *stack, const struct waiting *at, const struct ouro__shape *shape)
{
    uintptr_t link = *stack | (uintptr_t)at->cursor << 48; /* [arena.below47] */
    *link_slot(at->object, shape) = (void *)link;
    *stack = (uintptr_t)at->object | WAITS_GENERAL;
}

/* Whoever waits longest is last; nobody when the stack is empty. */
static struct waiting next_waiting(uintptr_t *stack)
{
    if (*stack == 0) return (struct waiting){NULL, 0};
    uintptr_t entry = *stack & ~(uintptr_t)WAITS_GENERAL;
    bool general = (*stack & WAITS_GENERAL) != 0;
    void *object = (void *)entry;
    uintptr_t link =
        (uintptr_t)(general ? *link_slot(object, ouro__shape_of(object)) : *(ouro__slot *)entry);
    unsigned cursor = (unsigned)(link >> 48);
    *stack = link & LINK_MASK;
    if (general) return (struct waiting){object, cursor};
    return (struct waiting){(ouro__slot *)object - cursor, cursor + 1};
}

/* True when nothing is left to drop after a child taken at `cursor`. */
static bool is_done(const struct waiting *at, const struct ouro__shape *shape)
{
    return (shape->flags & OURO__SHAPE_GENERAL) == 0 &&
           (at->cursor == 64 || shape->mask >> at->cursor == 0);
}

/* Drops references up to the first child that died, which it returns, or ends the object. */
static struct waiting die_general(struct ouro__life *life, struct waiting at,
                                  const struct ouro__shape *shape, uintptr_t *stack)
{
    *ouro__word_of(at.object) &= ~OURO__COUNT_BITS; /* [death.hidden], also for a plain one */
    void *child = drop_references(life, &at, shape);
    life->death_left--;
    if (UNLIKELY(child == &spent)) return at;
    if (child != NULL && !is_done(&at, shape))
        push(stack, &at, shape);
    else
        finish(life, at.object, shape);
    return (struct waiting){child, 0};
}

/* ---- the common shape ---- */

/* Blocks on their way back together: deaths come in runs from the same pool, and its header is written
 * once for all of them. */
struct batch {
    uintptr_t page; /* where the next is most likely to lie */
    void *free;     /* the newest of them */
    uint32_t count;
    uint32_t cached; /* blocks that went to the class list before */
    bool old;        /* some had grown old: their blocks have no young bits */
    void *oldest;
    struct ouro__pool *pool;
    long left; /* objects that may still end, up to one batch too many */
};

/* A few deaths feed the class list, from where the next births come; many go to their pools. */
static bool batch_is_few(const struct ouro__pools *pools, const struct batch *batch)
{
    return batch->cached + batch->count <= OURO_DEATH_FEW &&
           pools->front.shelf[batch->pool->bin].room > (int32_t)batch->count;
}

static NOINLINE void batch_close(struct ouro__pools *pools, struct batch *batch)
{
    struct ouro__pool *pool = batch->pool;
    if (pool == NULL) return;
    batch->left -= (long)batch->count;
    pool->unmarked |= batch->old; /* [young.bit] */
    if (UNLIKELY(pool->sets != 0))
        ouro__mark_dead_list(&pools->marks, pool, batch->free, batch->count);
    if (batch_is_few(pools, batch)) {
        batch->cached += batch->count;
        ouro__pools_give_list(pools, pool, batch->free, batch->oldest, batch->count);
    } else {
        ouro__pool_push_list(pools, pool, batch->free, batch->oldest, batch->count);
    }
    batch->pool = NULL;
    batch->page = 0;
    batch->count = 0;
}

ALWAYS_INLINE void batch_add(struct batch *batch, void *object)
{
    ptrdiff_t ahead = (char *)object > (char *)batch->free ? OURO_DEATH_AHEAD : -OURO_DEATH_AHEAD;
    __builtin_prefetch((char *)object + ahead, 1);
    ouro__link_set(object, batch->free);
    batch->free = object;
    batch->count++;
}

/* From a page that the batch does not know.  True when the death at hand has done
 * what it may: that is looked at for a whole batch, since a look at each object would be felt. */
static NOINLINE bool free_elsewhere(struct ouro__pools *pools, struct batch *batch, void *object)
{
    struct ouro__pool *pool = ouro__pool_of(object);
    if (pool != batch->pool) {
        batch_close(pools, batch);
        batch->pool = pool;
        batch->free = NULL;
        batch->oldest = object;
    }
    batch->page = (uintptr_t)object >> OURO_POOL_SHIFT;
    batch_add(batch, object);
    return batch->left - (long)batch->count <= 0;
}

ALWAYS_INLINE bool free_plain(struct ouro__pools *pools, struct batch *batch, void *object)
{
    ouro__word_clear(object); /* [pool.word] */
    if (UNLIKELY((uintptr_t)object >> OURO_POOL_SHIFT != batch->page))
        return free_elsewhere(pools, batch, object);
    batch_add(batch, object);
    return false;
}

static const uint64_t age_flags = OURO__MIDDLE | OURO__AGED;

/* Dead for good, without a last word: the type says so, and no flag but age is set.  A quiet object
 * dies as any other, as long as it cannot be a suspect. */
ALWAYS_INLINE bool is_plain_death(const struct ouro__pools *pools, uint64_t word)
{
    if (OURO_GUARDED) return false; /* what dies is looked at, one by one */
    const uint64_t last = OURO__SPECIAL | OURO__PLAIN | OURO__ONE;
    const uint64_t below_type = ((uint64_t)1 << OURO__TYPE_SHIFT) - 1;
    uint64_t state = word & below_type & ~age_flags;
    return state == last || (state == (last | OURO__TRAPPED) && pools->marks.judged == 0);
}

/* The type at hand.  Most children are of their parent's type: one comparison with the
 * word that such a child has then stands for loading its shape, on which the next load would wait. */
struct kin {
    uint64_t mask;
    uint64_t last_word;  /* of an object of this type with one reference, age aside */
    uint64_t quiet_word; /* the same of a quiet one, while no object is a suspect */
    ptrdiff_t
        first; /* of its references, if there are one or two: else both are the word's place */
    ptrdiff_t last;
};

ALWAYS_INLINE struct kin kin_of(const struct ouro__pools *pools, uint64_t word)
{
    const struct ouro__shape *shape = &ouro__shapes[ouro__word_type(word)];
    uint64_t type = word >> OURO__TYPE_SHIFT << OURO__TYPE_SHIFT;
    uint64_t last = type | OURO__SPECIAL | OURO__PLAIN | OURO__ONE;
    uint64_t quiet = LIKELY(pools->marks.judged == 0) ? last | OURO__TRAPPED | OURO__AGED : last;
    struct kin kin = {shape->mask, last, quiet, -1, -1};
    uint64_t behind_first = shape->mask & (shape->mask - 1);
    if (shape->mask != 0 && (behind_first & (behind_first - 1)) == 0) {
        kin.first = __builtin_ctzl(shape->mask);
        kin.last = 63 - __builtin_clzl(shape->mask);
    }
    return kin;
}

/* An object of the type at hand that refers to nothing; one with many references is not looked at. */
ALWAYS_INLINE bool is_leaf(const struct kin *kin, const void *object)
{
    const ouro__word *words = (const ouro__word *)object;
    return (words[kin->first] | words[kin->last]) == 0;
}

/* In this loop the stack is threaded through the very field that led to the child, and its
 * entries are addresses of fields: that and the position give the object. */
ALWAYS_INLINE void wait_for_child(uintptr_t *stack, void *object, size_t position,
                                  const struct kin *kin)
{
    ouro__slot *field = (ouro__slot *)object + position;
    *ouro__word_of(object) =
        kin->last_word - OURO__ONE; /* [death.hidden]; the whole word, as it will be read soon */
    *field = (void *)(*stack | (uintptr_t)position << 48);
    *stack = (uintptr_t)field;
}

/* Whether the fields that are left refer to anything. */
ALWAYS_INLINE bool has_no_more(const void *object, uint64_t mask)
{
    const ouro__slot *fields = (const ouro__slot *)object;
    for (; mask != 0; mask &= mask - 1)
        if (fields[ouro__lowest_bit(mask)] != NULL) return false;
    return true;
}

/* A child of the object dies next: the object waits, unless nothing is left to do for it.  So a list whose last
 * field leads on is gone through once, not there and back.  True when the death at hand has done what it may. */
ALWAYS_INLINE bool let_go(struct ouro__pools *pools, struct batch *batch, uintptr_t *stack,
                          void *object, size_t position, uint64_t mask, const struct kin *kin)
{
    if (has_no_more(object, mask)) return free_plain(pools, batch, object);
    wait_for_child(stack, object, position, kin);
    return --batch->left <= 0;
}

/* The youngest who waits; what is left of its mask is all behind the child. */
ALWAYS_INLINE void *next_plain(uintptr_t *stack, size_t *out_position)
{
    ouro__slot *field = (ouro__slot *)*stack;
    uintptr_t link = (uintptr_t)*field;
    *stack = link & LINK_MASK;
    *out_position = link >> 48;
    return field - *out_position;
}

/* Whether the object, or one that waits for it, may be AGED: those who wait have forgotten it. */
static bool has_aged(const struct waiting *at, uintptr_t stack)
{
    return at->cursor != 0 || stack != 0 || (*ouro__word_of(at->object) & OURO__AGED) != 0;
}

/*
 * Objects of single references, without hooks and weak references, go through
 * this loop alone.  It ends when all is done, or with a child, ended, that needs more; `*stack`
 * then holds those who wait.
 */
static struct waiting die_plain(struct ouro__life *life, struct waiting at, uintptr_t *out_stack)
{
    struct ouro__pools *pools = ouro__life_pools(life);
    struct batch batch = {.left = life->death_left, .old = has_aged(&at, *out_stack)};
    batch.cached = life->death_cached;
    uintptr_t stack = *out_stack;
    void *object = at.object, *special = NULL;
    struct kin kin = kin_of(pools, *ouro__word_of(object));
    uint64_t mask = at.cursor < CURSOR_GENERAL ? kin.mask >> at.cursor << at.cursor : 0;
    for (;;) {
        while (mask != 0) {
            size_t position = ouro__lowest_bit(mask);
            void *child = ((ouro__slot *)object)[position];
            mask &= mask - 1;
            if (child == NULL) continue;
            uint64_t word = *ouro__word_of(child);
            if (ouro__word_signed(word) > 1) {
                *ouro__word_of(child) = word - OURO__ONE;
                continue;
            }
            if (UNLIKELY(word != kin.last_word)) {
                if (LIKELY(word == kin.quiet_word) || (word & ~age_flags) == kin.last_word) {
                    batch.old = true;
                } else {
                    batch.old |= (word & OURO__AGED) != 0;
                    if (!is_plain_death(pools, word)) {
                        batch_close(pools, &batch);
                        *ouro__word_of(object) = kin.last_word - OURO__ONE; /* [death.hidden] */
                        bool died = drop(life, child);
                        batch.old = true;
                        kin = kin_of(pools, kin.last_word); /* the program ran, and the collector */
                        if (!died) continue;
                        special = child;
                    }
                    bool stops = let_go(pools, &batch, &stack, object, position, mask, &kin);
                    if (stops) special = child;
                    if (special != NULL) goto out;
                    object = child; /* as below, of another type */
                    kin = kin_of(pools, word);
                    mask = kin.mask;
                    continue;
                }
            }
            if (is_leaf(&kin, child)) {
                (void)free_plain(pools, &batch, child);
                continue;
            }
            if (UNLIKELY(let_go(pools, &batch, &stack, object, position, mask, &kin))) {
                special = child;
                goto out;
            }
            object = child;
            mask = kin.mask;
        }
        (void)free_plain(pools, &batch, object);
        if (stack == 0 || (stack & WAITS_GENERAL) != 0) break;
        size_t position;
        object = next_plain(&stack, &position);
        uint64_t word = *ouro__word_of(object);
        if (UNLIKELY(word != kin.last_word - OURO__ONE)) kin = kin_of(pools, word);
        mask = kin.mask & ((uint64_t)-2 << position);
    }
out:
    batch_close(pools, &batch);
    life->death_left = batch.left;
    life->death_cached = batch.cached;
    *out_stack = stack;
    return (struct waiting){special, 0};
}

/* True when the object lives on, or will be dealt with by whoever deferred it. */
static bool is_spared(struct ouro__life *life, void *object, const struct ouro__shape *shape)
{
    uint64_t word = *ouro__word_of(object);
    if (is_plain_death(ouro__life_pools(life), word) || (word & OURO__ENDED) != 0) return false;
    if (life->inside_traverse == 0 || (shape->flags & OURO__SHAPE_TRAVERSE) == 0)
        return !end(life, object, shape);
    defer(life, object);
    return true;
}

/* ---- deaths in pieces ---- */

static bool paused_grow(struct ouro__life *life)
{
    size_t capacity = life->paused_capacity > 0 ? 2 * life->paused_capacity : 16;
    void *grown =
        ouro__raw_realloc(ouro__life_pools(life), life->paused, capacity * sizeof *life->paused);
    if (grown == NULL) return false;
    life->paused = grown;
    life->paused_capacity = capacity;
    return true;
}

/* Remembers where a death stops; false when there is no room: then it goes on. */
static NOINLINE bool pause(struct ouro__life *life, struct waiting at, uintptr_t stack)
{
    if (life->paused_count == life->paused_capacity && !paused_grow(life)) {
        life->death_left = LONG_MAX; /* [life.nomemory] */
        return false;
    }
    uint64_t word = *ouro__word_of(at.object);
    *ouro__word_of(at.object) = (word & ~OURO__COUNT_BITS) | OURO__ENDED; /* [life.paused] */
    life->paused[life->paused_count++] = (struct ouro__paused){at.object, at.cursor, stack};
    return true;
}

/* An object that has ended, and all who wait for it. */
static __attribute__((hot)) void run(struct ouro__life *life, struct waiting at, uintptr_t stack)
{
    while (at.object != NULL) {
        if (UNLIKELY(life->death_left <= 0) && pause(life, at, stack)) return;
        const struct ouro__shape *shape = ouro__shape_of(at.object);
        if (LIKELY((shape->flags & OURO__SHAPE_PLAIN) != 0))
            at = die_plain(life, at, &stack);
        else
            at = die_general(life, at, shape, &stack);
        if (at.object == NULL) at = next_waiting(&stack);
        if (at.object == NULL) at = (struct waiting){take_deferred(life), 0};
    }
}

/* A death inside another: in a finalizer, a callback, a traverse hook; or after one was left. */
static NOINLINE void check_nesting(const struct ouro__life *life)
{
    ouro__hook_check(&life->finalizers);
}

/* In guarded builds a simple object, too, comes here to die.  It ends alone, as elsewhere: what waits for a traverse
 * hook to return is not taken up by its death.  Inline: other builds leave it out, even unoptimised. */
static inline bool died_alone(struct ouro__life *life, void *object)
{
    const struct ouro__shape *shape = ouro__shape_of(object);
    bool is_watched = (*ouro__word_of(object) & (OURO__WEAKLY | OURO__KEYED)) != 0;
    bool has_more = (shape->flags & ~(unsigned)OURO__SHAPE_FENCED) != 0 || shape->mask != 0;
    if (has_more || is_watched) return false;
    ouro__fence_check(object);
    ouro__life_free(life, object, shape);
    return true;
}

void ouro__die(struct ouro__life *life, void *object)
{
    if (OURO_GUARDED && died_alone(life, object)) return;
    if (life->dying++ == 0) {
        life->death_left = life->death_bound > 0 ? life->death_bound : LONG_MAX;
        life->death_cached = 0;
    } else {
        check_nesting(life);
    }
    if (!is_spared(life, object, ouro__shape_of(object))) run(life, (struct waiting){object, 0}, 0);
    life->dying--;
}

bool ouro__life_resume(struct ouro__life *life, long units)
{
    if (LIKELY(life->paused_count == 0) || life->dying > 0) return false;
    life->dying++;
    life->death_left = units;
    while (life->paused_count > 0 && life->death_left > 0) {
        struct ouro__paused paused = life->paused[--life->paused_count];
        run(life, (struct waiting){paused.object, paused.cursor}, paused.stack);
    }
    life->dying--;
    return life->paused_count > 0;
}
