/* SPDX-License-Identifier: MIT */
/*
 * viewers_census.c -- objects of each type, counted piece by piece       [floor 6]
 *
 * For viewers that ask while the program runs: it goes on between the pieces, so the sum is of no single moment.
 */
#include "heap/viewers.h"

#include "object/type.h"

#include <string.h>

void ouro__census_begin(struct ouro__census *census, uint32_t request)
{
    memset(census, 0, sizeof *census);
    census->request = request;
    census->realm = OURO__REALM_ACYCLIC;
}

/* The row of a type, or NULL when all are others'. */
static struct ouro__census_row *find_row(struct ouro__census *census, const ouro_type *type)
{
    size_t at = ((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15u >> 54;
    _Static_assert(OURO__CENSUS_ROWS == 1 << 10, "the hash has ten bits");
    while (census->rows[at].type != NULL && census->rows[at].type != type)
        at = (at + 1) % OURO__CENSUS_ROWS;
    if (census->rows[at].type == type) return &census->rows[at];
    if (census->type_count == OURO__CENSUS_ROWS - 1)
        return NULL; /* one stays free: a search ends */
    census->type_count++;
    census->rows[at].type = type;
    return &census->rows[at];
}

static void count_object(void *entry, void *context)
{
    struct ouro__census *census = context;
    if (ouro__word_is_dying(*ouro__word_of(entry))) return;
    size_t bytes = ouro__entry_block_size(entry);
    census->objects++;
    census->bytes += bytes;
    struct ouro__census_row *row = find_row(census, ouro__type_of(entry));
    if (row == NULL) return;
    row->objects++;
    row->bytes += bytes;
}

/* The arena of the realm with the lowest address that is not below `from`, or NULL. */
static struct ouro__arena *next_arena(const struct ouro__pools *pools, int realm, uintptr_t from)
{
    struct ouro__arena *next = NULL;
    for (struct ouro__arena *arena = pools->realms[realm].arenas; arena != NULL;
         arena = arena->next)
        if ((uintptr_t)arena >= from && (next == NULL || arena < next)) next = arena;
    return next;
}

static void count_large(struct ouro__census *census, const struct ouro__pools *pools)
{
    for (struct ouro__arena *arena = pools->realms[census->realm].large; arena != NULL;
         arena = arena->next) {
        struct ouro__pool *pool = ouro__arena_pool(arena, OURO_ARENA_FIRST_PAGE);
        if (pool->used > 0) ouro__walk_live(pool, count_object, census);
    }
}

/* Pools of an arena from where the census stands; the pools that are left of this piece. */
static size_t count_arena(struct ouro__census *census, struct ouro__arena *arena, size_t left)
{
    for (; census->page < arena->page_limit && left > 0; census->page++) {
        struct ouro__pool *pool = ouro__arena_pool(arena, census->page);
        if (pool->state < OURO__POOL_CURRENT || pool->back != 0 || pool->pages == 0) continue;
        ouro__walk_live(pool, count_object, census);
        left--;
    }
    return left;
}

bool ouro__census_go_on(struct ouro__census *census, const struct ouro__pools *pools)
{
    size_t left = OURO_CENSUS_POOLS; /* [viewers.bounded] */
    while (left > 0) {
        struct ouro__arena *arena =
            next_arena(pools, census->realm, census->arena); /* [viewers.once] */
        if (arena == NULL) {
            count_large(census, pools);
            census->arena = 0;
            if (++census->realm == OURO__REALMS) return true;
            return false;
        }
        if ((uintptr_t)arena != census->arena || census->page == 0)
            census->page = OURO_ARENA_FIRST_PAGE;
        census->arena = (uintptr_t)arena;
        left = count_arena(census, arena, left);
        if (census->page < arena->page_limit) break;
        census->arena++;
        census->page = 0;
    }
    return false;
}

/* ---- the result ---- */

static struct ouro__census_row *largest(struct ouro__census *census)
{
    struct ouro__census_row *most = NULL;
    for (size_t i = 0; i < OURO__CENSUS_ROWS; i++) {
        struct ouro__census_row *row = &census->rows[i];
        if (row->objects > 0 && (most == NULL || row->bytes > most->bytes)) most = row;
    }
    return most;
}

/* A name, without the part of a character at its end; zeros behind it. */
static void copy_name(const char *name, char *out_name, size_t size)
{
    size_t length = strlen(name);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) length--;
    }
    memset(out_name, 0, size);
    for (size_t i = 0; i < length; i++) out_name[i] = name[i];
}

void ouro__census_end(struct ouro__census *census, ouro_published *out_state)
{
    out_state->census_answers = census->request;
    out_state->census_objects = census->objects;
    out_state->census_bytes = census->bytes;
    out_state->census_types = (uint32_t)census->type_count;
    memset(out_state->types, 0, sizeof out_state->types);
    for (size_t i = 0; i < OURO_PUBLISHED_TYPES; i++) {
        struct ouro__census_row *row = largest(census);
        if (row == NULL) break;
        ouro_published_type *type = &out_state->types[i];
        copy_name(row->type->name, type->name, sizeof type->name);
        type->objects = row->objects;
        type->bytes = row->bytes;
        row->objects = 0; /* it has had its turn */
    }
    census->request = 0;
}
