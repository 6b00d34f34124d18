/* SPDX-License-Identifier: MIT */
/*
 * kinds.c -- the objects of the model tests
 */
#include "support/kinds.h"

#include <string.h>

/* What every object begins with. */
struct thing {
    model_id number;
    uint32_t pattern;
};

typedef struct atom {
    struct thing thing;
    uint64_t again; /* the pattern once more */
} atom;

typedef struct chain {
    struct thing thing;
    struct chain *next, *other;
} chain;

typedef struct plain {
    struct thing thing;
    void *first, *second, *third;
} plain;

typedef struct pair {
    struct thing thing;
    void *left, *right;
} pair;

typedef struct link {
    struct thing thing;
    struct link *next, *other;
} link;

typedef struct bag {
    struct thing thing;
    ouro_vector items;
} bag;

typedef struct row {
    struct thing thing;
    size_t length;
    void *items[];
} row;

enum { TAGGED_WORDS = 3, MEMO_WORDS = 2 };

/* A word with its lowest bit set is a number. */
typedef struct tagged {
    struct thing thing;
    uintptr_t words[TAGGED_WORDS];
} tagged;

typedef struct leaf {
    struct thing thing;
    size_t length;
    unsigned char bytes[];
} leaf;

typedef struct box {
    struct thing thing;
    leaf *leaf;
    unsigned char *buffer;
    size_t buffer_size;
} box;

typedef struct ghost {
    struct thing thing;
    void *left, *right;
} ghost;

typedef struct actor {
    struct thing thing;
    size_t length;
    void *reference;
    ouro_weakref *weak;
    ouro_vector bag;
    void *items[];
} actor;

typedef struct memo {
    struct thing thing;
    void *reference;
    uintptr_t words[MEMO_WORDS];
} memo;

typedef struct huge {
    struct thing thing;
    void *first, *second, *third;
    unsigned char bytes[72000];
} huge;

struct kind_hooks kind_hooks;

/* ---- hooks ---- */

static void finalize(void *object)
{
    kind_hooks.finalizing(kind_number_of(object), object);
}

static void release(void *object)
{
    kind_hooks.released(kind_number_of(object), object);
}

static void box_release(void *object)
{
    box *self = object;
    release(object);
    ouro_mem_free(ouro_heap_of(self), self->buffer);
}

static int traverse_words(uintptr_t *words, size_t count, ouro_visit visit, void *argument)
{
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++)
        if (words[i] != 0 && (words[i] & 1) == 0) result = visit((void *)words[i], argument);
    return result;
}

static int tagged_traverse(void *object, ouro_visit visit, void *argument)
{
    return traverse_words(((tagged *)object)->words, TAGGED_WORDS, visit, argument);
}

static int memo_traverse(void *object, ouro_visit visit, void *argument)
{
    return traverse_words(((memo *)object)->words, MEMO_WORDS, visit, argument);
}

/* ---- types ---- */

static ouro_type chain_type, link_type, leaf_type;

static const ouro_field chain_fields[] = {
    OURO_REF(chain, next, &chain_type),
    OURO_REF(chain, other, &chain_type),
    OURO_END,
};
static const ouro_field plain_fields[] = {
    OURO_REF(plain, first, NULL),
    OURO_REF(plain, second, NULL),
    OURO_REF(plain, third, NULL),
    OURO_END,
};
static const ouro_field huge_fields[] = {
    OURO_REF(huge, first, NULL),
    OURO_REF(huge, second, NULL),
    OURO_REF(huge, third, NULL),
    OURO_END,
};
static const ouro_field pair_fields[] = {
    OURO_REF(pair, left, NULL),
    OURO_REF(pair, right, NULL),
    OURO_END,
};
static const ouro_field link_fields[] = {
    OURO_REF(link, next, &link_type),
    OURO_REF(link, other, &link_type),
    OURO_END,
};
static const ouro_field bag_fields[] = {OURO_VECTOR(bag, items, NULL), OURO_END};
static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
static const ouro_field box_fields[] = {OURO_REF(box, leaf, &leaf_type), OURO_END};
static const ouro_field ghost_fields[] = {
    OURO_REF(ghost, left, NULL),
    OURO_REF(ghost, right, NULL),
    OURO_END,
};
static const ouro_field actor_fields[] = {
    OURO_REF(actor, reference, NULL),
    OURO_WEAK(actor, weak, NULL),
    OURO_VECTOR(actor, bag, NULL),
    OURO_ITEMS(actor, items, NULL),
    OURO_END,
};
static const ouro_field memo_fields[] = {OURO_REF(memo, reference, NULL), OURO_END};

static ouro_type atom_type = OURO_TYPE(atom, .fields = NULL);
static ouro_type chain_type = OURO_TYPE(chain, .fields = chain_fields);
static ouro_type plain_type = OURO_TYPE(plain, .fields = plain_fields);
static ouro_type huge_type = OURO_TYPE(huge, .fields = huge_fields);
static ouro_type pair_type = OURO_TYPE(pair, .fields = pair_fields, .release = release);
static ouro_type link_type = OURO_TYPE(link, .fields = link_fields, .release = release);
static ouro_type bag_type = OURO_TYPE(bag, .fields = bag_fields, .release = release);
static ouro_type row_type = OURO_TYPE(row, .fields = row_fields, .item_size = sizeof(void *),
                                      .length_offset = offsetof(row, length), .release = release);
static ouro_type tagged_type = OURO_TYPE(tagged, .traverse = tagged_traverse, .release = release);
static ouro_type leaf_type =
    OURO_TYPE(leaf, .item_size = 1, .length_offset = offsetof(leaf, length), .release = release);
static ouro_type box_type = OURO_TYPE(box, .fields = box_fields, .release = box_release);
static ouro_type ghost_type =
    OURO_TYPE(ghost, .fields = ghost_fields, .finalize = finalize, .release = release);
static ouro_type actor_type =
    OURO_TYPE(actor, .fields = actor_fields, .alignment = 16, .item_size = sizeof(void *),
              .length_offset = offsetof(actor, length), .finalize = finalize, .release = release);
static ouro_type memo_type = OURO_TYPE(memo, .fields = memo_fields, .traverse = memo_traverse,
                                       .finalize = finalize, .release = release);

const struct model_traits kind_traits[KINDS_ALL] = {
    [KIND_ATOM] = {"atom", .fixed = 0},
    [KIND_CHAIN] = {"chain", .fixed = 2, .tracked = true},
    [KIND_PLAIN] = {"plain", .fixed = 3, .tracked = true},
    [KIND_PAIR] = {"pair", .fixed = 2, .tracked = true, .releases = true},
    [KIND_LINK] = {"link", .fixed = 2, .tracked = true, .releases = true},
    [KIND_BAG] = {"bag", .fixed = 0, .tracked = true, .has_vector = true, .releases = true},
    [KIND_ROW] = {"row", .fixed = 0, .tracked = true, .releases = true},
    [KIND_TAGGED] = {"tagged", .hooked = TAGGED_WORDS, .tracked = true, .releases = true},
    [KIND_LEAF] = {"leaf", .releases = true},
    [KIND_BOX] = {"box", .fixed = 1, .releases = true},
    [KIND_GHOST] = {"ghost", .fixed = 2, .tracked = true, .finalizes = true, .releases = true},
    [KIND_ACTOR] = {"actor", .fixed = 2, .tracked = true, .has_vector = true, .finalizes = true,
                    .releases = true},
    [KIND_MEMO] = {"memo", .fixed = 1, .hooked = MEMO_WORDS, .tracked = true, .finalizes = true,
                   .releases = true},
    [KIND_HUGE] = {"huge", .fixed = 3, .tracked = true},
    [KIND_MAP] = {"weak map", .tracked = true},
    [KIND_WEAK] = {"weakref", .looks = true},
    [KIND_WEAK_CALLBACK] = {"weakref with callback", .fixed = 1, .tracked = true, .looks = true},
};

ouro_type *kind_type(enum kind kind)
{
    static ouro_type *const types[KINDS_ALL] = {
        [KIND_ATOM] = &atom_type,
        [KIND_CHAIN] = &chain_type,
        [KIND_PLAIN] = &plain_type,
        [KIND_PAIR] = &pair_type,
        [KIND_LINK] = &link_type,
        [KIND_BAG] = &bag_type,
        [KIND_ROW] = &row_type,
        [KIND_TAGGED] = &tagged_type,
        [KIND_LEAF] = &leaf_type,
        [KIND_BOX] = &box_type,
        [KIND_GHOST] = &ghost_type,
        [KIND_ACTOR] = &actor_type,
        [KIND_MEMO] = &memo_type,
        [KIND_HUGE] = &huge_type,
        [KIND_MAP] = &ouro_weak_map_type,
        [KIND_WEAK] = &ouro_weakref_type,
        [KIND_WEAK_CALLBACK] = &ouro_weakref_callback_type,
    };
    return types[kind];
}

/* ---- birth and bytes ---- */

static unsigned char byte_of(uint32_t pattern, size_t position)
{
    return (unsigned char)(pattern + position * 7);
}

static void fill(unsigned char *bytes, size_t count, uint32_t pattern)
{
    for (size_t i = 0; i < count; i++) bytes[i] = byte_of(pattern, i);
}

static bool is_filled(const unsigned char *bytes, size_t count, uint32_t pattern)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != byte_of(pattern, i)) return false;
    return true;
}

static void *allocate(ouro_heap *heap, enum kind kind, unsigned length)
{
    switch (kind) {
    case KIND_ATOM: return ouro_new(heap, atom);
    case KIND_CHAIN: return ouro_new(heap, chain);
    case KIND_PLAIN: return ouro_new(heap, plain);
    case KIND_HUGE: return ouro_new(heap, huge);
    case KIND_PAIR: return ouro_new(heap, pair);
    case KIND_LINK: return ouro_new(heap, link);
    case KIND_BAG: return ouro_new(heap, bag);
    case KIND_ROW: return ouro_new_var(heap, row, length);
    case KIND_TAGGED: return ouro_new(heap, tagged);
    case KIND_LEAF: return ouro_new_var(heap, leaf, length);
    case KIND_BOX: return ouro_object_new(heap, &box_type);
    case KIND_GHOST: return ouro_new(heap, ghost);
    case KIND_ACTOR: return ouro_new_var(heap, actor, length);
    default: return ouro_new(heap, memo);
    }
}

/* The bytes of an object that hold no reference. */
static unsigned char *payload(enum kind kind, void *object, size_t *out_count)
{
    *out_count = 0;
    if (kind == KIND_LEAF) {
        *out_count = ((leaf *)object)->length;
        return ((leaf *)object)->bytes;
    }
    if (kind == KIND_BOX) {
        *out_count = ((box *)object)->buffer_size;
        return ((box *)object)->buffer;
    }
    return NULL;
}

/* A box has raw memory of its own; without any it is a smaller box. */
static void furnish(ouro_heap *heap, box *made, unsigned length)
{
    made->buffer = ouro_mem_alloc(heap, length);
    made->buffer_size = made->buffer != NULL ? length : 0;
}

void *kind_make(ouro_heap *heap, enum kind kind, unsigned length)
{
    static uint32_t patterns;
    struct thing *made = allocate(heap, kind, length);
    if (made == NULL) return NULL;
    if (kind == KIND_TAGGED) ((tagged *)(void *)made)->words[0] = 2 * (uintptr_t)length + 1;
    made->number = MODEL_NONE;
    made->pattern = ++patterns * 2654435761u;
    if (kind == KIND_ATOM) ((atom *)(void *)made)->again = made->pattern;
    if (kind == KIND_BOX) furnish(heap, (box *)(void *)made, length);
    size_t count;
    unsigned char *bytes = payload(kind, made, &count);
    if (bytes != NULL) fill(bytes, count, made->pattern);
    return made;
}

unsigned kind_slots(enum kind kind, unsigned length)
{
    bool has_items = kind == KIND_ROW || kind == KIND_ACTOR;
    return kind_traits[kind].fixed + kind_traits[kind].hooked + (has_items ? length : 0);
}

void kind_number(void *object, model_id id)
{
    ((struct thing *)object)->number = id;
}

model_id kind_number_of(const void *object)
{
    return ((const struct thing *)object)->number;
}

bool kind_is_intact(enum kind kind, const void *object)
{
    size_t count;
    const struct thing *thing = object;
    if (kind == KIND_ATOM && ((const atom *)object)->again != thing->pattern) return false;
    const unsigned char *bytes = payload(kind, (void *)(uintptr_t)object, &count);
    return thing->pattern != 0 && (bytes == NULL || is_filled(bytes, count, thing->pattern));
}

/* ---- slots ---- */

/* The words of a tagged or memo, and where among the slots they begin. */
static uintptr_t *words_of(enum kind kind, void *object, unsigned *out_first)
{
    *out_first = kind == KIND_MEMO ? 1 : 0;
    if (kind == KIND_TAGGED) return ((tagged *)object)->words;
    return kind == KIND_MEMO ? ((memo *)object)->words : NULL;
}

void **kind_slot(enum kind kind, void *object, unsigned slot)
{
    switch (kind) {
    case KIND_CHAIN:
        return (void **)(slot == 0 ? &((chain *)object)->next : &((chain *)object)->other);
    case KIND_PLAIN: return &((plain *)object)->first + slot;
    case KIND_HUGE: return &((huge *)object)->first + slot;
    case KIND_PAIR: return slot == 0 ? &((pair *)object)->left : &((pair *)object)->right;
    case KIND_GHOST: return slot == 0 ? &((ghost *)object)->left : &((ghost *)object)->right;
    case KIND_LINK:
        return (void **)(slot == 0 ? &((link *)object)->next : &((link *)object)->other);
    case KIND_ROW: return &((row *)object)->items[slot];
    case KIND_BOX: return (void **)&((box *)object)->leaf;
    case KIND_ACTOR:
        return slot == 0 ? &((actor *)object)->reference : &((actor *)object)->items[slot - 2];
    case KIND_MEMO: return slot == 0 ? &((memo *)object)->reference : NULL;
    default: return NULL;
    }
}

void *kind_get(enum kind kind, void *object, unsigned slot)
{
    if (kind == KIND_ACTOR && slot == KIND_ACTOR_WEAK) return ((actor *)object)->weak;
    void **place = kind_slot(kind, object, slot);
    if (place != NULL) return *place;
    unsigned first;
    uintptr_t word = words_of(kind, object, &first)[slot - first];
    return (word & 1) != 0 ? NULL : (void *)word;
}

bool kind_accepts(enum kind owner, enum kind value)
{
    if (owner == KIND_CHAIN) return value == KIND_CHAIN;
    if (owner == KIND_LINK) return value == KIND_LINK;
    if (owner == KIND_BOX) return value == KIND_LEAF;
    return true;
}

void kind_set_tagged(enum kind kind, void *object, unsigned slot, void *value)
{
    unsigned first;
    uintptr_t *word = &words_of(kind, object, &first)[slot - first];
    void *old = kind_get(kind, object, slot);
    ouro_xincref(value);
    *word = value != NULL ? (uintptr_t)value : 2 * (uintptr_t)slot + 1;
    ouro_xdecref(old);
}

ouro_vector *kind_vector(enum kind kind, void *object)
{
    return kind == KIND_BAG ? &((bag *)object)->items : &((actor *)object)->bag;
}

ouro_weakref *kind_weak_field(const void *object)
{
    return ((const actor *)object)->weak;
}

ouro_status kind_set_weak_field(void *object, void *target)
{
    return ouro_weak_set((actor *)object, weak, target);
}

void *kind_get_weak_field(void *object)
{
    return ouro_weak_get((actor *)object, weak);
}
