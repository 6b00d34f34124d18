/* SPDX-License-Identifier: MIT */
/*
 * birth.c -- objects, where the inlined way has no block               [floor 4]
 */
#include "life/life.h"

#include "memory/quarantine.h"

#include <string.h>

static void *take_block(struct ouro__pools *pools, const struct ouro__shape *shape,
                        size_t block_size)
{
    enum ouro__kind kind = (enum ouro__kind)shape->kind;
    if (block_size < OURO__FREE_MIN) block_size = OURO__FREE_MIN; /* the word and a link */
    if (UNLIKELY(block_size > OURO_BLOCK_MAX))
        return ouro__pools_take_large(pools, kind, block_size);
    size_t bin = ouro__bin_for(kind, block_size);
    struct ouro__shelf *shelf = &pools->front.shelf[bin];
    void *entry = shelf->hot;
    if (entry != NULL) {
        shelf->hot = NULL;
        return entry;
    }
    entry = shelf->list;
    if (entry == NULL) return ouro__pools_refill(pools, bin);
    shelf->list = ouro__link(entry);
    return entry;
}

void *ouro__birth(struct ouro__life *life, const ouro_type *type, size_t block_size)
{
    const struct ouro__shape *shape = &ouro__shapes[ouro__word_type(type->ready_word)];
    void *object = take_block(ouro__life_pools(life), shape, block_size);
    if (object == NULL) return NULL;
    if (OURO_GUARDED)
        ouro__guard_hand_out(object, 0);
    else
        memset(object, 0, block_size - sizeof(ouro__word));
    *ouro__word_of(object) = type->ready_word | (OURO_GUARDED ? ouro__canary(object) : 0);
    if (OURO_GUARDED) ouro__state_set(object); /* [guard.live] */
    return object;
}
