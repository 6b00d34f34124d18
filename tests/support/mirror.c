/* SPDX-License-Identifier: MIT */
/*
 * mirror.c -- the graph of a small heap in plain arrays
 */
#include "support/mirror.h"

#include <string.h>

void mirror_reset(struct mirror *mirror)
{
    memset(mirror, 0, sizeof *mirror);
    for (model_id id = MIRROR_NODES; id > 0; id--) mirror->unused[mirror->unused_count++] = id - 1;
    mirror->stale = true;
}

model_id mirror_born(struct mirror *mirror, enum kind kind, void *object, unsigned slot_count)
{
    if (mirror->unused_count == 0) model_fail("the mirror is full");
    if (slot_count > MIRROR_SLOTS)
        model_fail("the mirror's nodes have fewer than %u slots", slot_count);
    model_id id = mirror->unused[--mirror->unused_count];
    struct mirror_node *node = mirror_node(mirror, id);
    *node = (struct mirror_node){.object = object,
                                 .serial = ++mirror->serials,
                                 .kind = (uint8_t)kind,
                                 .slot_count = (uint8_t)slot_count,
                                 .target = MODEL_NONE};
    for (size_t i = 0; i < MIRROR_SLOTS; i++) node->slots[i] = MODEL_NONE;
    mirror->used[mirror->used_count++] = id;
    mirror->stale = true;
    return id;
}

/* What refers to a node that is gone is gone too, and learned of later. */
static void forget(struct mirror *mirror, model_id id)
{
    for (size_t i = 0; i < mirror->used_count; i++) {
        struct mirror_node *node = mirror_node(mirror, mirror->used[i]);
        if (node->target == id) node->target = MODEL_NONE;
        for (size_t n = node->entry_count; n > 0; n--) {
            struct mirror_entry *entry = &node->entries[n - 1];
            if (entry->value == id) entry->value = MODEL_NONE;
            if (entry->key == id) mirror_leave(mirror, mirror->used[i], entry);
        }
        for (size_t n = 0; n < node->slot_count; n++)
            if (node->slots[n] == id) node->slots[n] = MODEL_NONE;
        for (size_t n = 0; n < node->vector_length; n++)
            if (node->vector[n] == id) node->vector[n] = MODEL_NONE;
    }
}

void mirror_bury(struct mirror *mirror, model_id id)
{
    struct mirror_node *node = mirror_node(mirror, id);
    for (size_t i = 0; i < node->slot_count; i++) mirror_set(mirror, &node->slots[i], MODEL_NONE);
    while (node->vector_length > 0) mirror_unrefer(mirror, node->vector[--node->vector_length]);
    while (node->entry_count > 0) mirror_leave(mirror, id, &node->entries[node->entry_count - 1]);
    forget(mirror, id);
    node->serial = 0;
    size_t i = 0;
    while (mirror->used[i] != id) i++;
    mirror->used[i] = mirror->used[--mirror->used_count];
    mirror->unused[mirror->unused_count++] = id;
}

/* ---- counts ---- */

static void add(struct mirror *mirror, model_id id, int by)
{
    if (id == MODEL_NONE) return;
    mirror_node(mirror, id)->count = (int16_t)(mirror_node(mirror, id)->count + by);
    mirror->stale = true;
}

void mirror_refer(struct mirror *mirror, model_id id)
{
    add(mirror, id, 1);
}

void mirror_unrefer(struct mirror *mirror, model_id id)
{
    add(mirror, id, -1);
}

void mirror_hold(struct mirror *mirror, model_id id)
{
    mirror_node(mirror, id)->held++;
    add(mirror, id, 1);
}

void mirror_unhold(struct mirror *mirror, model_id id)
{
    mirror_node(mirror, id)->held--;
    add(mirror, id, -1);
}

void mirror_lend(struct mirror *mirror, model_id id)
{
    mirror_node(mirror, id)->lent++;
    add(mirror, id, 1);
}

void mirror_unlend(struct mirror *mirror, model_id id)
{
    mirror_node(mirror, id)->lent--;
    add(mirror, id, -1);
}

void mirror_set(struct mirror *mirror, model_id *place, model_id value)
{
    model_id old = *place;
    mirror_refer(mirror, value);
    *place = value;
    mirror_unrefer(mirror, old);
}

/* ---- weak maps ---- */

struct mirror_entry *mirror_entry_of(struct mirror_node *map, model_id key)
{
    for (size_t i = 0; i < map->entry_count; i++)
        if (map->entries[i].key == key) return &map->entries[i];
    return NULL;
}

void mirror_enter(struct mirror *mirror, model_id map, model_id key, model_id value)
{
    struct mirror_node *node = mirror_node(mirror, map);
    struct mirror_entry *entry = mirror_entry_of(node, key);
    if (entry == NULL) {
        if (node->entry_count == MIRROR_ENTRIES) model_fail("the mirror's maps have fewer entries");
        entry = &node->entries[node->entry_count++];
        *entry = (struct mirror_entry){key, MODEL_NONE};
    }
    mirror_set(mirror, &entry->value, value);
    mirror->stale = true;
}

void mirror_leave(struct mirror *mirror, model_id map, struct mirror_entry *entry)
{
    struct mirror_node *node = mirror_node(mirror, map);
    mirror_unrefer(mirror, entry->value);
    *entry = node->entries[--node->entry_count];
    mirror->stale = true;
}

/* ---- searches ---- */

size_t mirror_references(const struct mirror_node *node)
{
    return (size_t)node->slot_count + node->vector_length;
}

model_id mirror_reference(const struct mirror_node *node, size_t n)
{
    return n < node->slot_count ? node->slots[n] : node->vector[n - node->slot_count];
}

static bool is_root(const struct mirror_node *node, enum mirror_roots roots)
{
    if (roots == MIRROR_KNOWN) return node->known;
    if (node->held > 0 || node->lent > 0 || node->immortal) return true;
    return roots == MIRROR_WITH_ALL && (node->frozen || (node->cleared && !node->called));
}

/* A value that is reached by its map and its key, and was not before; or MODEL_NONE. */
static model_id next_value(struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->used_count; i++) {
        const struct mirror_node *map = mirror_node(mirror, mirror->used[i]);
        for (size_t n = 0; map->reached && n < map->entry_count; n++) {
            const struct mirror_entry *entry = &map->entries[n];
            if (entry->value != MODEL_NONE && mirror_node(mirror, entry->key)->reached &&
                !mirror_node(mirror, entry->value)->reached)
                return entry->value;
        }
    }
    return MODEL_NONE;
}

static void flood(struct mirror *mirror, model_id *stack, size_t height)
{
    while (height > 0) {
        const struct mirror_node *node = mirror_node(mirror, stack[--height]);
        for (size_t i = 0, count = mirror_references(node); i < count; i++) {
            model_id id = mirror_reference(node, i);
            if (id == MODEL_NONE || mirror_node(mirror, id)->reached) continue;
            mirror_node(mirror, id)->reached = true;
            stack[height++] = id;
        }
    }
}

void mirror_search(struct mirror *mirror, enum mirror_roots roots)
{
    model_id stack[MIRROR_NODES], value;
    size_t height = 0;
    for (size_t i = 0; i < mirror->used_count; i++) {
        struct mirror_node *node = mirror_node(mirror, mirror->used[i]);
        node->reached = is_root(node, roots);
        if (node->reached) stack[height++] = mirror->used[i];
    }
    flood(mirror, stack, height);
    while ((value = next_value(mirror)) != MODEL_NONE) {
        mirror_node(mirror, value)->reached = true;
        stack[0] = value;
        flood(mirror, stack, 1);
    }
    mirror->stale = roots != MIRROR_HELD;
}

bool mirror_reaches(struct mirror *mirror, model_id id)
{
    if (mirror->stale) mirror_search(mirror, MIRROR_HELD);
    return mirror_node(mirror, id)->reached;
}

/* ---- finding ---- */

model_id mirror_find(const struct mirror *mirror, const void *object)
{
    for (size_t i = 0; i < mirror->used_count; i++)
        if (mirror->nodes[mirror->used[i]].object == object) return mirror->used[i];
    return MODEL_NONE;
}

model_id mirror_shared_weak(const struct mirror *mirror, model_id target)
{
    for (size_t i = 0; i < mirror->used_count; i++) {
        const struct mirror_node *node = &mirror->nodes[mirror->used[i]];
        if (node->kind == KIND_WEAK && node->target == target) return mirror->used[i];
    }
    return MODEL_NONE;
}

size_t mirror_weak_count(const struct mirror *mirror, model_id target, bool reached)
{
    size_t count = 0;
    for (size_t i = 0; i < mirror->used_count; i++) {
        const struct mirror_node *node = &mirror->nodes[mirror->used[i]];
        count += mirror_is_weak(node) && node->target == target && (node->reached || !reached);
    }
    return count;
}
