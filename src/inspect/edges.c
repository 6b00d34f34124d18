/* SPDX-License-Identifier: MIT */
/*
 * edges.c -- references by name, and what is known of an object        [floor 7]
 *
 * Each reference that a count has is told once.  The value of an ephemeron belongs to its key here, since
 * whoever asks why it lives wants to hear of the key: a weak map tells its keys as weak references,
 * and a key tells the values that maps hold for it.
 *
 *     weak map --weak--> key --ephemeron, through the map--> value
 */
#include "inspect/inspect.h"

struct showing {
    ouro_reference reference;
    ouro_visit_reference visit;
    void *argument;
    bool stopped;
    bool of_garbage;
};

static void show(struct showing *showing, void *target)
{
    if (target == NULL || showing->stopped) return;
    showing->reference.target = target;
    showing->stopped = showing->visit(&showing->reference, showing->argument) != 0;
}

/* What weak references and maps look at lives, or they would not look at it. */
static void show_weak(struct showing *showing, void *target)
{
    if (target != NULL && !ouro__is_hidden(target)) show(showing, target);
}

/* A borrowed pointer may lead anywhere.  Cost: a walk over the arenas. */
static void show_borrowed(struct showing *showing, void *target)
{
    const ouro_heap *heap = ouro_heap_of(showing->reference.owner);
    if (target != NULL && ouro_is_object(heap, target) && !ouro__is_hidden(target))
        show(showing, target);
}

static void show_items(struct showing *showing, void *const *items, size_t length)
{
    showing->reference.kind = OURO_REFERENCE_ITEM;
    for (size_t i = 0; i < length && !showing->stopped; i++) {
        showing->reference.index = i;
        show(showing, items[i]);
    }
    showing->reference.index = 0;
}

static void show_field(struct showing *showing, const ouro_type *type, const ouro_field *field)
{
    void *place = (char *)showing->reference.owner + field->offset;
    showing->reference.name = field->name;
    showing->reference.kind = OURO_REFERENCE_FIELD;
    if (field->kind == OURO_FIELD_VECTOR) {
        const ouro_vector *vector = place;
        show_items(showing, vector->items, vector->length);
    } else if (field->kind == OURO_FIELD_ITEMS) {
        show_items(showing, place, ouro__type_length(type, showing->reference.owner));
    } else if (field->kind == OURO_FIELD_BORROWED) {
        showing->reference.kind = OURO_REFERENCE_BORROWED;
        show_borrowed(showing, *(void **)place);
    } else {
        show(showing, *(void **)place);
    }
}

static void show_reported(void *referent, void *context)
{
    struct showing *showing = context;
    show(showing, referent);
    showing->reference.index++;
}

static void show_hook(struct showing *showing)
{
    showing->reference.name = "";
    showing->reference.kind = OURO_REFERENCE_HOOK;
    ouro__visit_hook(showing->reference.owner, show_reported, showing);
    showing->reference.index = 0;
}

/* What fields and a traverse hook hold. */
static void show_table(struct showing *showing, const ouro_type *type)
{
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++)
        show_field(showing, type, field);
    if (type->traverse != NULL) show_hook(showing);
}

/* ---- weak references, maps and sets ---- */

static void show_weakref(struct showing *showing, const ouro_weakref *weakref)
{
    if (ouro__weakref_has_callback(weakref)) {
        showing->reference.name = "argument";
        showing->reference.kind = OURO_REFERENCE_FIELD;
        show(showing, ((const struct ouro__weakref_callback *)(const void *)weakref)->argument);
    }
    showing->reference.name = "target";
    showing->reference.kind = OURO_REFERENCE_WEAK;
    show_weak(showing, ouro__weakref_target(weakref));
}

static void show_map(struct showing *showing, const struct ouro__map *map, const ouro_type *type)
{
    bool numbered = type == &ouro_weak_value_map_type;
    showing->reference.kind = OURO_REFERENCE_WEAK;
    showing->reference.name = numbered ? "value" : type == &ouro_weak_map_type ? "key" : "item";
    for (size_t i = 0; i < map->used && !showing->stopped; i++) {
        const struct ouro__ephemeron *ephemeron = map->order[i];
        if (ephemeron == NULL || !ouro__ephemeron_answers(ephemeron)) continue;
        if (numbered)
            showing->reference.index =
                (size_t)((const struct ouro__numbered *)(const void *)ephemeron)->number;
        show_weak(showing, ephemeron->target);
    }
    showing->reference.index = 0;
}

/* A value that can be asked for, of a map that can. */
static bool is_shown(const struct ouro__ephemeron *ephemeron)
{
    return ephemeron->value != NULL && ouro__ephemeron_answers(ephemeron) &&
           !ouro__is_hidden(ephemeron->map);
}

/* What maps hold for it. */
static void show_ephemerons(struct showing *showing)
{
    void *key = showing->reference.owner;
    const struct ouro__weakrefs *weakrefs = &ouro__life_of(key)->weakrefs;
    showing->reference.kind = OURO_REFERENCE_EPHEMERON;
    showing->reference.name = "";
    for (const struct ouro__ephemeron *ephemeron = ouro__ephemerons_of(weakrefs, key);
         ephemeron != NULL && !showing->stopped; ephemeron = ephemeron->next) {
        if (showing->of_garbage ? ephemeron->value == NULL : !is_shown(ephemeron)) continue;
        showing->reference.through = ephemeron->map;
        show(showing, ephemeron->value);
    }
    showing->reference.through = NULL;
}

static void show_all(struct showing *showing)
{
    void *object = showing->reference.owner;
    const ouro_type *type = ouro__type_of(object);
    if (ouro__is_map(object))
        show_map(showing, object, type);
    else if (type == &ouro_weakref_type || type == &ouro_weakref_callback_type)
        show_weakref(showing, object);
    else
        show_table(showing, type);
    if ((*ouro__word_of(object) & OURO__KEYED) != 0) show_ephemerons(showing);
}

void ouro_each_reference(void *object, ouro_visit_reference visit, void *argument)
{
    struct showing showing = {.reference.owner = object, .visit = visit, .argument = argument};
    show_all(&showing);
}

void ouro__each_reference_of_garbage(void *object, ouro_visit_reference visit, void *argument)
{
    struct showing showing = {.reference.owner = object, .visit = visit, .argument = argument};
    showing.of_garbage = true;
    show_all(&showing);
}

/* ---- without names ---- */

void ouro__each_held(void *object, void (*visit)(void *target, void *context), void *context)
{
    uint64_t word = *ouro__word_of(object);
    if (!ouro__is_map(object)) ouro__visit(object, visit, context);
    if (LIKELY((word & OURO__KEYED) == 0)) return;
    for (const struct ouro__ephemeron *ephemeron =
             ouro__ephemerons_of(&ouro__life_of(object)->weakrefs, object);
         ephemeron != NULL; ephemeron = ephemeron->next)
        if (is_shown(ephemeron)) visit(ephemeron->value, context);
}

/* ---- to some objects ---- */

struct seeking {
    struct ouro__targets targets;
    ouro_visit_reference visit;
    void *argument;
    bool stopped;
};

static int show_if_sought(const ouro_reference *reference, void *argument)
{
    struct seeking *seeking = argument;
    if (!ouro__targets_have(&seeking->targets, reference->target)) return 0;
    seeking->stopped = seeking->visit(reference, seeking->argument) != 0;
    return seeking->stopped;
}

static void seek_in(void *object, void *context)
{
    struct seeking *seeking = context;
    if (!seeking->stopped) ouro_each_reference(object, show_if_sought, seeking);
}

void ouro_each_reference_to(void *const targets[], size_t count, ouro_visit_reference visit,
                            void *argument)
{
    if (count == 0) return;
    struct seeking seeking = {.visit = visit, .argument = argument};
    ouro__targets_open(&seeking.targets, targets, count);
    ouro__each_shown(ouro_heap_of(targets[0]), seek_in, &seeking);
    ouro__targets_close(&seeking.targets);
}

/* ---- one object ---- */

static size_t map_bytes(const struct ouro__map *map)
{
    size_t bytes = ouro_mem_usable_size(map->table);
    for (size_t i = 0; i < map->used; i++)
        if (map->order[i] != NULL) return bytes + map->length * ouro_mem_usable_size(map->order[i]);
    return bytes;
}

static size_t buffer_bytes(const void *object, const ouro_type *type)
{
    size_t bytes = 0;
    if (ouro__is_map(object)) return map_bytes(object);
    for (const ouro_field *field = type->fields; field != NULL && field->kind != OURO_FIELD_END;
         field++) {
        if (field->kind != OURO_FIELD_VECTOR) continue;
        const ouro_vector *vector =
            (const ouro_vector *)(const void *)((const char *)object + field->offset);
        bytes += ouro_mem_usable_size(vector->items);
    }
    return bytes;
}

void ouro_get_object_info(const void *object, ouro_object_info *out_info)
{
    uint64_t word = *ouro__word_of(object);
    ouro_type *type = ouro__type_of(object);
    bool tracked = ouro__is_tracked_entry(object), frozen = (word & OURO__FROZEN) != 0;
    *out_info = (ouro_object_info){
        .type = type,
        .block_bytes = ouro__entry_block_size(object),
        .buffer_bytes = buffer_bytes(object, type),
        .length = ouro__type_length(type, object),
        .count = ouro_refcount(object),
        .generation = tracked && !frozen ? ouro__generation_of(object) : -1,
        .tracked = tracked,
        .immortal = ouro__word_is_immortal(word),
        .finalized = (word & OURO__FINALIZED) != 0,
        .frozen = frozen,
        .has_weak_references = (word & (OURO__WEAKLY | OURO__KEYED)) != 0,
        .saved = (word & OURO__SAVED) != 0,
    };
}

/* ---- roots ---- */

/* As the program wrote it, without the address-of operator. */
static const char *plain_name(const char *name)
{
    if (name == NULL) return "";
    while (*name == '&' || *name == ' ') name++;
    return name;
}

/* A variable may hold what has just died, or an object of another heap. */
void ouro_each_root(ouro_heap *heap, ouro_visit_root visit, void *argument)
{
    for (size_t i = 0; i < heap->root_count; i++) {
        void *object = *(void **)heap->roots[i];
        if (object == NULL || !ouro_is_object(heap, object) || ouro__is_hidden(object)) continue;
        if (visit(object, plain_name(heap->root_names[i]), argument) != 0) return;
    }
}
