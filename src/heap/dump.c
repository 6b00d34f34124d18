/* SPDX-License-Identifier: MIT */
/*
 * dump.c -- a damaged object and its neighbours, for people            [floor 6]
 *
 *     object 0x7f5e60a00048 of type node: 24 bytes, count 1, alive, generation 0
 *       born at /usr/bin/program+0x1234 in make_node
 *       block 3 of 128 cut ones of 32 bytes
 *       before it: object 0x7f5e60a00028 of type node: 24 bytes, count 2, alive, generation 0
 *       behind it: free block 0x7f5e60a00068, in which an object of type node was
 *
 * The object may be damaged in any way: the state bits say whether it lives, and its word is believed only
 * where it names a type.  The second line is there while the heap is traced.
 *
 * Neighbours: base/check.c puts these lines behind the sentence, memory/guard.c knows where an address lies.
 */
#include "heap/heap.h"

#include "memory/quarantine.h"
#include "memory/raw_guarded.h"

#include <stdarg.h>
#include <stdio.h>

struct lines {
    char *text;
    size_t left;
};

__attribute__((format(printf, 2, 3))) static void put(struct lines *lines, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(lines->text, lines->left, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= lines->left) {
        lines->left = 0;
        return;
    }
    lines->text += length;
    lines->left -= (size_t)length;
}

static bool is_live(const void *entry)
{
    return (*ouro__state_word(entry) & ouro__state_bit(entry)) != 0;
}

static const char *state_of(uint64_t word)
{
    if (ouro__word_is_dying(word)) return "dying";
    if (ouro__word_is_immortal(word)) return "immortal";
    if ((word & OURO__FROZEN) != 0) return "frozen";
    return ouro__word_is_trapped(word) ? "alive and trapped" : "alive";
}

static int generation_of(const void *object, uint64_t word)
{
    if (ouro__is_young(object)) return 0;
    return (word & OURO__MIDDLE) != 0 ? 1 : 2;
}

static void put_object(struct lines *lines, const void *object)
{
    uint64_t word = *ouro__word_of(object);
    uint32_t number = ouro__word_type(word);
    const ouro_type *type = number < OURO_TYPES_MAX ? ouro__types[number] : NULL;
    if (type == NULL) {
        put(lines, "object %p with the word %016llx, which names no type", object,
            (unsigned long long)word);
        return;
    }
    size_t size = type->size;
    if (ouro__canary_stands(object)) size += type->item_size * ouro__type_length(type, object);
    put(lines, "object %p of type %s: %zu bytes, count %u, %s", object, type->name, size,
        ouro__word_count(word), state_of(word));
    if (ouro__is_tracked_entry(object)) put(lines, ", generation %d", generation_of(object, word));
    if (!ouro__canary_stands(object)) put(lines, ", its word was written to");
}

static void put_free(struct lines *lines, const char *entry)
{
    const ouro_type *last = ouro__types[ouro__guard_last_birth(ouro__pools_of(entry), entry)];
    put(lines, "free block %p", (const void *)entry);
    if (last != NULL) put(lines, ", in which an object of type %s was", last->name);
}

static void put_block(struct lines *lines, const struct ouro__pool *pool, const char *entry)
{
    if (ouro__bin_kind(pool->bin) == OURO__RAW) {
        const void *memory = entry + OURO__RAW_HEADER;
        if (is_live(memory)) {
            ouro__watch_open(entry, OURO__RAW_HEADER);
            put(lines, "raw memory %p of %zu bytes", memory, ((const size_t *)memory)[-2]);
        } else {
            put(lines, "raw block %p, free or aligned", (const void *)entry);
        }
    } else if (is_live(entry)) {
        put_object(lines, entry);
    } else {
        put_free(lines, entry);
    }
}

/* Behind the first line: where it was born, if the heap is traced. */
static void put_birth(struct lines *lines, const struct ouro__place *place)
{
    const struct ouro__pools *pools = ouro__pools_of(place->entry);
    if (pools->meter == NULL) return;
    const size_t length =
        ouro__birth_put(ouro__trace_of(pools), place->entry, lines->text, lines->left);
    lines->text += length;
    lines->left -= length;
}

static void put_neighbours(struct lines *lines, const struct ouro__pool *pool, const char *entry)
{
    size_t index = (size_t)(entry - pool->first) / pool->block_size;
    put(lines, "\n  block %zu of %u cut ones of %u bytes", index, pool->carved, pool->block_size);
    if (index > 0) {
        put(lines, "\n  before it: ");
        put_block(lines, pool, entry - pool->block_size);
    }
    if (index + 1 < pool->carved) {
        put(lines, "\n  behind it: ");
        put_block(lines, pool, entry + pool->block_size);
    }
}

void ouro__dump(const void *object, char *text, size_t size)
{
    struct lines lines;
    lines.text = text;
    lines.left = size;
    struct ouro__place place = ouro__guard_find(object);
    if (place.pool == NULL || place.entry == NULL) return;
    put(&lines, "\n  ");
    put_block(&lines, place.pool, place.entry);
    put_birth(&lines, &place);
    if (place.pool->block_size > 0) put_neighbours(&lines, place.pool, place.entry);
}
