/* SPDX-License-Identifier: MIT */
/*
 * ouro_payload.h -- objects with many bytes, in ouro
 *
 * An island's bytes are foreign: malloc's, given back by the type's release
 * hook, and declared to the heap.  A cell's bytes are its own.
 */
#ifndef BENCH_OURO_PAYLOAD_H
#define BENCH_OURO_PAYLOAD_H

#include "ouro_heap.h"

typedef struct island_object {
    struct island_object *self;
    void *payload;
    size_t bytes;
} island_object;
typedef island_object *island;

static void island_release(void *object)
{
    island_object *i = object;
    free(i->payload);
    ouro_account(heap, -(ptrdiff_t)i->bytes);
}

static ouro_type island_object_type;
static const ouro_field island_fields[] = {
    OURO_REF(island_object, self, &island_object_type),
    OURO_END,
};
static ouro_type island_object_type =
    OURO_TYPE(island_object, .fields = island_fields, .release = island_release);

static island_object *island_new(size_t bytes)
{
    island_object *i = ouro_new(heap, island_object);
    BENCH_VERIFY(i != NULL && ouro_account(heap, (ptrdiff_t)bytes) == OURO_OK);
    i->bytes = bytes;
    i->payload = malloc(bytes);
    ouro_set(i, self, i);
    return i;
}

static void *island_payload(island_object *i)
{
    return i->payload;
}

static void island_drop(island_object **i, size_t bytes)
{
    (void)bytes;
    ouro_decref(*i);
    *i = NULL;
}

enum { QUEUE_BYTES = 10000 };

typedef struct cell_object {
    struct cell_object *self;
    char payload[QUEUE_BYTES];
} cell_object;
typedef cell_object *cell;

static ouro_type cell_object_type;
static const ouro_field cell_fields[] = {
    OURO_REF(cell_object, self, &cell_object_type),
    OURO_END,
};
static ouro_type cell_object_type = OURO_TYPE(cell_object, .fields = cell_fields);

static cell_object *cell_new(void)
{
    cell_object *c = ouro_new(heap, cell_object);
    ouro_set(c, self, c);
    return c;
}

static void *cell_payload(cell_object *c)
{
    return c->payload;
}

static void cell_drop(cell_object **c)
{
    ouro_decref(*c);
    *c = NULL;
}

#endif
