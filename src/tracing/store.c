/* SPDX-License-Identifier: MIT */
/*
 * store.c -- the memory of tracing's own tables                        [floor 3]
 */
#include "tracing/store.h"

#include "base/os.h"

enum { CHUNK = 256 << 10, PAGE = 4096, HEADER = 64 };
_Static_assert(sizeof(struct ouro__chunk) <= HEADER,
               "pieces begin behind the header of their chunk");

static struct ouro__chunk *map(struct ouro__store *store, size_t size)
{
    const struct ouro__pools *pools = store->pools;
    size = (size + HEADER + PAGE - 1) & ~(size_t)(PAGE - 1);
    if (pools->refuse != NULL && pools->refuse(pools->refuse_context, size)) return NULL;
    struct ouro__chunk *chunk = ouro__os_map(size, PAGE);
    if (chunk == NULL) return NULL;
    chunk->size = size;
    chunk->next = store->chunks;
    store->chunks = chunk;
    store->bytes += size;
    return chunk;
}

static void unmap(struct ouro__store *store, struct ouro__chunk *chunk)
{
    struct ouro__chunk **link = &store->chunks;
    while (*link != chunk) link = &(*link)->next;
    *link = chunk->next;
    store->bytes -= chunk->size;
    ouro__os_unmap(chunk, chunk->size);
}

static bool is_small(size_t size)
{
    return size <= OURO_BLOCK_MAX;
}

void *ouro__store_take(struct ouro__store *store, size_t size)
{
    if (!is_small(size)) {
        struct ouro__chunk *chunk = map(store, size);
        return chunk != NULL ? (char *)chunk + HEADER : NULL;
    }
    const size_t class = ouro__class_of(size);
    const size_t whole = ouro__class_size(class);
    void *piece = store->zeroed[class];
    if (piece != NULL) {
        store->zeroed[class] = *(ouro__slot *)piece;
        *(ouro__slot *)piece = NULL;
        return piece;
    }
    piece = store->free[class];
    if (piece != NULL) {
        store->free[class] = *(ouro__slot *)piece;
        memset(piece, 0, whole);
        return piece;
    }
    if ((size_t)(store->end - store->at) < whole) {
        struct ouro__chunk *chunk = map(store, CHUNK - HEADER);
        if (chunk == NULL) return NULL;
        store->at = (char *)chunk + HEADER;
        store->end = (char *)chunk + chunk->size;
    }
    piece = store->at;
    store->at += whole;
    return piece;
}

static void give(struct ouro__store *store, void *lists[], void *piece, size_t size)
{
    if (piece == NULL) return;
    if (!is_small(size)) {
        unmap(store, (struct ouro__chunk *)(void *)((char *)piece - HEADER));
        return;
    }
    const size_t class = ouro__class_of(size);
    *(ouro__slot *)piece = lists[class];
    lists[class] = piece;
}

void ouro__store_give(struct ouro__store *store, void *piece, size_t size)
{
    give(store, store->free, piece, size);
}

void ouro__store_give_zeroed(struct ouro__store *store, void *piece, size_t size)
{
    give(store, store->zeroed, piece, size);
}

void ouro__store_end(struct ouro__store *store)
{
    while (store->chunks != NULL) unmap(store, store->chunks);
    memset(store->free, 0, sizeof store->free);
    memset(store->zeroed, 0, sizeof store->zeroed);
    store->at = store->end = NULL;
}
