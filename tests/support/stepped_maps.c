/* SPDX-License-Identifier: MIT */
/*
 * stepped_maps.c -- what the program of a stepped world does with weak maps
 */
#include "support/stepped.h"

#include "heap/heap.h"

static bool is_map(model_id id)
{
    return stepped_node(id)->kind == KIND_MAP;
}

static void *object_of(model_id id)
{
    return id == MODEL_NONE ? NULL : stepped_node(id)->object;
}

/* A map and a key that the program can reach, and what the mirror has for them. */
struct places {
    model_id map, key;
    struct mirror_entry *entry;
};

static bool find(const struct operation *operation, struct places *at)
{
    at->map = stepped_walk_to(operation->a, is_map);
    at->key = stepped_walk(operation->b);
    if (at->map == MODEL_NONE || at->key == MODEL_NONE) return false;
    at->entry = mirror_entry_of(stepped_node(at->map), at->key);
    return true;
}

void stepped_map_set(const struct operation *operation)
{
    struct places at;
    model_id value = operation->flavour % 8 == 0 ? MODEL_NONE : stepped_walk(operation->c);
    if (!find(operation, &at)) return;
    if (at.entry == NULL && stepped_node(at.map)->entry_count == MIRROR_ENTRIES) return;
    stepped_tell("map #%u: #%u -> #%u", stepped_serial(at.map), stepped_serial(at.key),
                 stepped_serial(value));
    bool tracked = ouro_type_is_tracked(ouro_type_of(object_of(at.key)));
    if (tracked) mirror_enter(&stepped.mirror, at.map, at.key, value);
    ouro_status status = ouro_weak_map_set(object_of(at.map), object_of(at.key), object_of(value));
    if (status != (tracked ? OURO_OK : OURO_BAD_TYPE))
        model_fail("setting in a weak map: %s", ouro_heap_error(stepped.heap)->message);
}

void stepped_map_get(const struct operation *operation)
{
    struct places at;
    if (!find(operation, &at)) return;
    void *answer = ouro_weak_map_get(object_of(at.map), object_of(at.key));
    if (ouro_weak_map_contains(object_of(at.map), object_of(at.key)) != (at.entry != NULL) ||
        answer != (at.entry != NULL ? object_of(at.entry->value) : NULL))
        model_fail("map #%u has something else for #%u", stepped_serial(at.map),
                   stepped_serial(at.key));
    if (answer == NULL) return;
    model_id value = at.entry->value;
    stepped_tell("get #%u from map #%u", stepped_serial(value), stepped_serial(at.map));
    mirror_hold(&stepped.mirror, value);
    stepped_keep(value);
}

void stepped_map_pop(const struct operation *operation)
{
    struct places at;
    if (!find(operation, &at) || at.entry == NULL) return;
    model_id value = at.entry->value;
    stepped_tell("pop #%u from map #%u", stepped_serial(value), stepped_serial(at.map));
    if (value != MODEL_NONE) mirror_hold(&stepped.mirror, value);
    mirror_leave(&stepped.mirror, at.map, at.entry);
    if (ouro_weak_map_pop(object_of(at.map), object_of(at.key)) != object_of(value))
        model_fail("popped is something else");
    if (value != MODEL_NONE) stepped_keep(value);
}

void stepped_map_delete(const struct operation *operation)
{
    struct places at;
    if (!find(operation, &at)) return;
    stepped_tell("delete #%u from map #%u", stepped_serial(at.key), stepped_serial(at.map));
    bool has = at.entry != NULL;
    if (has) mirror_leave(&stepped.mirror, at.map, at.entry);
    if (ouro_weak_map_delete(object_of(at.map), object_of(at.key)) != has)
        model_fail("deleting said something else");
}

/* The program holds the map meanwhile: a value may be its last holder. */
void stepped_map_clear(const struct operation *operation)
{
    model_id map = stepped_walk_to(operation->a, is_map);
    if (map == MODEL_NONE) return;
    struct mirror_node *node = stepped_node(map);
    stepped_tell("clear map #%u", node->serial);
    mirror_lend(&stepped.mirror, map);
    ouro_incref(node->object);
    while (node->entry_count > 0) {
        struct mirror_entry *last = &node->entries[node->entry_count - 1];
        stepped_spare(last->value);
        mirror_leave(&stepped.mirror, map, last);
    }
    ouro_weak_map_clear(node->object);
    mirror_unlend(&stepped.mirror, map);
    ouro_decref(node->object);
}

/* All entries are met whose keys can be reached; others may be, and are alive then. */
void stepped_map_walk(const struct operation *operation)
{
    model_id map = stepped_walk_to(operation->a, is_map);
    if (map == MODEL_NONE) return;
    struct mirror_node *node = stepped_node(map);
    bool met[MIRROR_ENTRIES] = {false};
    model_id chosen = MODEL_NONE;
    ouro_weak_cursor cursor = {0};
    void *key, *value;
    stepped_tell("walk through map #%u", node->serial);
    while (ouro_weak_map_next(node->object, &cursor, &key, &value)) {
        size_t i = 0;
        while (i < node->entry_count && object_of(node->entries[i].key) != key) i++;
        if (i == node->entry_count || met[i] || object_of(node->entries[i].value) != value)
            model_fail("a walk through map #%u meets something else", node->serial);
        met[i] = true;
        model_id is = node->entries[i].key, has = node->entries[i].value;
        bool was_reached = mirror_reaches(&stepped.mirror, is);
        mirror_hold(&stepped.mirror, is);
        stepped_pardon();
        if (chosen == MODEL_NONE && (was_reached || operation->c % 4 == 0)) {
            chosen = is;
        } else {
            mirror_unhold(&stepped.mirror, is);
            ouro_decref(key);
        }
        ouro_xdecref(value);
        (void)has;
    }
    for (size_t i = 0; i < node->entry_count; i++)
        if (!met[i] && mirror_reaches(&stepped.mirror, node->entries[i].key))
            model_fail("a walk through map #%u misses #%u", node->serial,
                       stepped_serial(node->entries[i].key));
    if (chosen != MODEL_NONE) stepped_keep(chosen);
}
