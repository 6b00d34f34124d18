/* SPDX-License-Identifier: MIT */
/*
 * map.c -- a weak map: ephemerons by key, in the order of insertion    [floor 3]
 */
#include "weakref/map.h"

#include <string.h>

/* ---- the three types ---- */

/* Serves inspection, audits and closing.  The collector and death have ways of their own, which can stop in
 * the middle; they do not come here. */
int ouro__map_traverse(void *object, ouro_visit visit, void *argument)
{
    const struct ouro__map *map = object;
    for (size_t i = 0; i < map->used; i++) {
        const struct ouro__ephemeron *ephemeron = map->order[i];
        if (ephemeron == NULL || ephemeron->value == NULL) continue;
        if (ouro__is_dark(&ouro__pools_of(map)->marks, ephemeron->target)) continue;
        int stop = visit(ephemeron->value, argument);
        if (stop != 0) return stop;
    }
    return 0;
}

static struct ouro__weakrefs *weakrefs_of(const struct ouro__map *map)
{
    return (struct ouro__weakrefs *)ouro__arena_of(map)->owner;
}

/* A map that dies, or is garbage, is empty by now; in a heap that is closed it may not be. */
static void release_map(void *object)
{
    struct ouro__map *map = object;
    while (map->used > 0) {
        struct ouro__ephemeron *last = map->order[map->used - 1];
        ouro__ephemeron_leave(weakrefs_of(map), last);
        ouro__raw_free(&weakrefs_of(map)->pools, last);
    }
    ouro__map_trim(map);
}

static const ouro_field map_fields[] = {
    {"link", offsetof(struct ouro__map, link), OURO_FIELD_REF, NULL},
    OURO_END,
};

ouro_type ouro_weak_map_type = {
    .name = "weak map",
    .size = sizeof(struct ouro__map),
    .fields = map_fields,
    .release = release_map,
    .traverse = ouro__map_traverse,
};

ouro_type ouro_weak_set_type = {
    .name = "weak set",
    .size = sizeof(struct ouro__map),
    .fields = map_fields,
    .acyclic = true,
    .release = release_map,
    .traverse = ouro__map_traverse,
};

ouro_type ouro_weak_value_map_type = {
    .name = "weak value map",
    .size = sizeof(struct ouro__map),
    .fields = map_fields,
    .acyclic = true,
    .release = release_map,
    .traverse = ouro__map_traverse,
};

/* ---- the table ---- */

static bool is_numbered(const struct ouro__map *map)
{
    return ouro__type_of(map) == &ouro_weak_value_map_type;
}

static size_t hash_of(const struct ouro__ephemeron *ephemeron, bool numbered)
{
    if (numbered) return ouro__hash(((const struct ouro__numbered *)ephemeron)->number);
    return ouro__hash_of(ephemeron->target);
}

struct ouro__ephemeron *ouro__map_find_number(const struct ouro__map *map, uint64_t number)
{
    if (map->capacity == 0) return NULL;
    for (size_t slot = ouro__hash(number);; slot++) {
        struct ouro__ephemeron *ephemeron = map->table[slot & (map->capacity - 1)];
        if (ephemeron == NULL || ((struct ouro__numbered *)ephemeron)->number == number)
            return ephemeron;
    }
}

static void insert(struct ouro__map *map, struct ouro__ephemeron *ephemeron, bool numbered)
{
    size_t slot = hash_of(ephemeron, numbered);
    while (map->table[slot & (map->capacity - 1)] != NULL) slot++;
    map->table[slot & (map->capacity - 1)] = ephemeron;
}

/* Empties a slot and moves back what a search would no longer find behind it. */
static void take_out(struct ouro__map *map, const struct ouro__ephemeron *ephemeron)
{
    bool numbered = is_numbered(map);
    size_t mask = map->capacity - 1, hole = hash_of(ephemeron, numbered) & mask;
    while (map->table[hole] != ephemeron) hole = (hole + 1) & mask;
    map->table[hole] = NULL;
    for (size_t i = (hole + 1) & mask; map->table[i] != NULL; i = (i + 1) & mask) {
        size_t home = hash_of(map->table[i], numbered) & mask;
        if (((i - home) & mask) < ((i - hole) & mask)) continue;
        map->table[hole] = map->table[i];
        map->table[i] = NULL;
        hole = i;
    }
}

/* ---- room ---- */

/* The ephemerons move up to the beginning of `to`.  A cycle that has followed some of them keeps its
 * place.  [mark.half] */
static void close_holes(struct ouro__map *map, struct ouro__ephemeron **to)
{
    struct ouro__half *half = &weakrefs_of(map)->pools.marks.lanes[OURO__WHOLE].half;
    size_t done = half->owner == map ? half->done : 0, kept = 0, kept_done = 0;
    for (size_t i = 0; i < map->used; i++) {
        struct ouro__ephemeron *ephemeron = map->order[i];
        if (i == done) kept_done = kept;
        if (ephemeron == NULL) continue;
        ephemeron->index = (uint32_t)kept;
        to[kept++] = ephemeron;
    }
    if (done >= map->used) kept_done = kept;
    if (half->owner == map) half->done = kept_done;
    map->closings++;
    map->order = to;
    map->used = kept;
}

/* A table of another size; false when memory is refused, or there can be no such map. */
static bool resize(struct ouro__map *map, size_t capacity)
{
    struct ouro__pools *pools = &weakrefs_of(map)->pools;
    size_t size = (capacity + capacity / 2) * sizeof(struct ouro__ephemeron *);
    if (capacity / 2 > UINT32_MAX) {
        pools->refusal = (struct ouro__refusal){OURO_TOO_LARGE, size};
        return false;
    }
    struct ouro__ephemeron **table = ouro__raw_alloc(pools, size), **old = map->table;
    if (table == NULL) return false;
    memset(table, 0, capacity * sizeof *table);
    close_holes(map, table + capacity);
    map->table = table;
    map->capacity = capacity;
    bool numbered = is_numbered(map);
    for (size_t i = 0; i < map->used; i++) insert(map, map->order[i], numbered);
    ouro__raw_free(pools, old);
    return true;
}

bool ouro__map_reserve(struct ouro__map *map)
{
    size_t room = map->capacity / 2;
    if (LIKELY(map->used < room)) return true; /* [map.room] */
    if (map->length > room - room / 4 || room == 0)
        return resize(map, room > 0 ? 2 * map->capacity : 16);
    bool shrinks = map->length < room / 8 && room > 16;
    if (!shrinks || !resize(map, map->capacity / 4)) close_holes(map, map->order);
    return true;
}

void ouro__map_trim(struct ouro__map *map)
{
    OURO_ASSERT(map->length == 0);
    ouro__raw_free(&weakrefs_of(map)->pools, map->table);
    map->table = map->order = NULL;
    map->capacity = map->used = 0;
}

/* ---- ephemerons come and go ---- */

void ouro__map_add(struct ouro__map *map, struct ouro__ephemeron *ephemeron)
{
    ephemeron->map = map;
    ephemeron->serial = map->serials++;
    ephemeron->index = (uint32_t)map->used;
    ephemeron->stamp = 0;
    map->order[map->used++] = ephemeron; /* [map.order] */
    map->length++;
    insert(map, ephemeron, is_numbered(map));
}

void ouro__map_remove(struct ouro__map *map, struct ouro__ephemeron *ephemeron)
{
    take_out(map, ephemeron);
    map->order[ephemeron->index] = NULL;
    map->length--;
    while (map->used > 0 && map->order[map->used - 1] == NULL) map->used--;
}

/* ---- going through ---- */

bool ouro__ephemeron_answers(const struct ouro__ephemeron *ephemeron)
{
    uint64_t word = *ouro__word_of(ephemeron->target);
    if (ouro__word_is_dying(word) || (word & OURO__LOST) != 0) return false;
    return !ouro__is_dark(&ouro__pools_of(ephemeron->target)->marks, ephemeron->target);
}

/* The first place with a serial of at least so much.  Holes have none: the next that has one tells. */
static size_t find_serial(const struct ouro__map *map, uint64_t serial)
{
    size_t low = 0, high = map->used;
    while (low < high) {
        size_t middle = low + (high - low) / 2, at = middle;
        while (at < high && map->order[at] == NULL) at++;
        if (at == high || map->order[at]->serial >= serial)
            high = middle;
        else
            low = at + 1;
    }
    return low;
}

struct ouro__ephemeron *ouro__map_next(const struct ouro__map *map, ouro_weak_cursor *cursor)
{
    if (cursor->closings !=
        map->closings) { /* they have moved, and the serial tells where to go on */
        cursor->place = find_serial(map, cursor->serial);
        cursor->closings = map->closings;
    }
    while (cursor->place < map->used) {
        struct ouro__ephemeron *ephemeron = map->order[cursor->place++];
        if (ephemeron == NULL) continue;
        cursor->serial = ephemeron->serial + 1;
        if (ouro__ephemeron_answers(ephemeron)) return ephemeron;
    }
    return NULL;
}

/* ---- audit ---- */

static bool has_place(const struct ouro__map *map, const struct ouro__ephemeron *ephemeron)
{
    size_t slot = hash_of(ephemeron, is_numbered(map));
    for (size_t probes = 0; probes < map->capacity; probes++, slot++) {
        const struct ouro__ephemeron *other = map->table[slot & (map->capacity - 1)];
        if (other == NULL) return false;
        if (other == ephemeron) return true;
    }
    return false;
}

const char *ouro__map_audit(const struct ouro__map *map)
{
    size_t length = 0, in_table = 0;
    uint64_t least = 0;
    if (map->used > map->capacity / 2) return "[map.room] a weak map has more places than room";
    for (size_t i = 0; i < map->used; i++) {
        const struct ouro__ephemeron *ephemeron = map->order[i];
        if (ephemeron == NULL) continue;
        length++;
        if (ephemeron->map != map || ephemeron->index != i || ephemeron->serial < least ||
            ephemeron->serial >= map->serials)
            return "[map.order] an ephemeron is not where its map has it";
        least = ephemeron->serial + 1;
        if (!has_place(map, ephemeron)) return "[map.length] a weak map's table misses a key";
    }
    for (size_t i = 0; i < map->capacity; i++) in_table += map->table[i] != NULL;
    if (length != map->length || in_table != length)
        return "[map.length] a weak map has another length than it says";
    return NULL;
}
