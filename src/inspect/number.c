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

static size_t numbers_size(const struct ouro__arena *arena)
{
    size_t size = arena->size < OURO_ARENA_SIZE ? arena->size : OURO_ARENA_SIZE;
    return ((size + OURO_POOL_SIZE) / 4 + 4095) & ~(size_t)4095;
}

static void map_numbers(struct ouro__arena *arena, void *context)
{
    size_t *refused = context;
    OURO_ASSERT(arena->numbers == NULL);
    if (*refused > 0) return;
    arena->numbers = ouro__os_map(numbers_size(arena), 4096);
    if (arena->numbers == NULL) *refused = numbers_size(arena);
}

static void unmap_numbers(struct ouro__arena *arena, void *context)
{
    (void)context;
    if (arena->numbers != NULL) ouro__os_unmap(arena->numbers, numbers_size(arena));
    arena->numbers = NULL;
}

size_t ouro__numbers_map(const ouro_heap *heap)
{
    size_t refused = 0;
    ouro__each_object_arena(heap, map_numbers, &refused);
    if (refused > 0) ouro__numbers_unmap(heap);
    return refused;
}

void ouro__numbers_unmap(const ouro_heap *heap)
{
    ouro__each_object_arena(heap, unmap_numbers, NULL);
}
