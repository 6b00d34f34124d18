/* SPDX-License-Identifier: MIT */
/*
 * number.c -- a number beside each object, while a look lasts          [floor 7]
 */
#include "inspect/number.h"

#include "base/os.h"

void ouro__each_object_arena(const ouro_heap *heap,
                             void (*visit)(struct ouro__arena *arena, void *context), void *context)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    for (int realm = OURO__REALM_ACYCLIC; realm < OURO__REALMS; realm++) {
        struct ouro__arena *lists[] = {pools->realms[realm].arenas, pools->realms[realm].large};
        for (int i = 0; i < 2; i++)
            for (struct ouro__arena *arena = lists[i]; arena != NULL; arena = arena->next)
                visit(arena, context);
    }
}

/* ---- the memory ---- */

static void add_arena(struct ouro__arena *arena, void *context)
{
    OURO_ASSERT(arena->numbers == NULL);
    *(size_t *)context += arena->page_limit;
}

static void add_pool(struct ouro__pool *pool, void *context)
{
    *(size_t *)context += pool->carved;
}

static void each_object_pool(const ouro_heap *heap,
                             void (*visit)(struct ouro__pool *pool, void *context), void *context)
{
    for (int realm = OURO__REALM_ACYCLIC; realm < OURO__REALMS; realm++)
        ouro__walk_pools(ouro__heap_pools(heap), (enum ouro__realm)realm, visit, context);
}

/* An arena's numbers begin where those of its first pool are wanted. */
static void place_pool(struct ouro__pool *pool, void *context)
{
    uint32_t **next = context;
    struct ouro__arena *arena = ouro__arena_of(pool);
    if (arena->numbers == NULL) {
        arena->numbers = *next;
        *next += arena->page_limit;
    }
    arena->numbers[ouro__pool_page(pool)] = (uint32_t)(*next - arena->numbers);
    *next += pool->carved;
}

size_t ouro__numbers_map(struct ouro__numbers *numbers, const ouro_heap *heap)
{
    size_t words = 0;
    ouro__each_object_arena(heap, add_arena, &words);
    each_object_pool(heap, add_pool, &words);
    *numbers = (struct ouro__numbers){.size = words * sizeof *numbers->start};
    if (words == 0) return 0;
    numbers->start = ouro__os_map(numbers->size, 4096);
    if (numbers->start == NULL) return numbers->size;
    uint32_t *next = numbers->start;
    each_object_pool(heap, place_pool, &next);
    return 0;
}

static void forget_numbers(struct ouro__arena *arena, void *context)
{
    (void)context;
    arena->numbers = NULL;
}

void ouro__numbers_unmap(struct ouro__numbers *numbers, const ouro_heap *heap)
{
    if (numbers->start == NULL) return;
    ouro__each_object_arena(heap, forget_numbers, NULL);
    ouro__os_unmap(numbers->start, numbers->size);
    numbers->start = NULL;
}
