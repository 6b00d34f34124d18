/* SPDX-License-Identifier: MIT */
/*
 * walk.c -- every pool, every block                                    [floor 1]
 */
#include "memory/walk.h"

/* The first page from `page` on that is not clean, or one behind the last.  Clean ones are most of a small heap's, and
 * to look at the header of each would take longer than the walk. */
static size_t used_page(const struct ouro__arena *arena, size_t page)
{
    while (page < arena->page_limit) {
        uint64_t used = ~arena->free_pages[page / 64] >> page % 64;
        if (used != 0) return page + (size_t)__builtin_ctzl(used);
        page = (page | 63) + 1;
    }
    return page;
}

/* The visitor may give pages back and take others, so each is looked for afresh. */
static void walk_arena(struct ouro__arena *arena,
                       void (*visit)(struct ouro__pool *pool, void *context), void *context)
{
    size_t page = OURO_ARENA_FIRST_PAGE;
    for (; (page = used_page(arena, page)) < arena->page_limit; page++) {
        struct ouro__pool *pool = ouro__arena_pool(arena, page);
        if (pool->state >= OURO__POOL_CURRENT && pool->back == 0 && pool->pages > 0)
            visit(pool, context);
    }
}

void ouro__walk_pools(const struct ouro__pools *pools, enum ouro__realm realm,
                      void (*visit)(struct ouro__pool *pool, void *context), void *context)
{
    struct ouro__arena *const lists[] = {pools->realms[realm].arenas, pools->realms[realm].large};
    for (int i = 0; i < 2; i++) {
        for (struct ouro__arena *arena = lists[i], *next; arena != NULL; arena = next) {
            next = arena->next;
            walk_arena(arena, visit, context);
        }
    }
}

static bool has_arena(const struct ouro__arena *list, const struct ouro__arena *arena)
{
    while (list != NULL && list != arena) list = list->next;
    return list != NULL;
}

/* Pages in front of the first pool have the arena's own structs: no header of a pool is theirs. */
static struct ouro__pool *find_in(struct ouro__arena *arena, const void *address)
{
    size_t page = ouro__arena_offset(address) >> OURO_POOL_SHIFT;
    if (page < OURO_ARENA_FIRST_PAGE || page >= arena->page_limit) return NULL;
    struct ouro__pool *pool = ouro__arena_pool(arena, page);
    pool -= pool->back;
    return pool->state >= OURO__POOL_CURRENT && (const char *)address >= pool->first ? pool : NULL;
}

struct ouro__pool *ouro__walk_find(const struct ouro__pools *pools, enum ouro__realm first,
                                   const void *address)
{
    struct ouro__arena *arena = ouro__arena_of(address);
    for (int realm = (int)first; realm < OURO__REALMS; realm++)
        if (has_arena(pools->realms[realm].arenas, arena) ||
            has_arena(pools->realms[realm].large, arena))
            return find_in(arena, address);
    return NULL;
}

void ouro__walk_live(struct ouro__pool *pool, void (*visit)(void *entry, void *context),
                     void *context)
{
    char *entry = pool->first;
    if (pool->capacity == 1) { /* giving a large block back takes the pool's header along */
        if (!ouro__word_is_free(*ouro__word_of(entry))) visit(entry, context);
        return;
    }
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size)
        if (!ouro__word_is_free(*ouro__word_of(entry))) visit(entry, context); /* [pool.word] */
}
