/* SPDX-License-Identifier: MIT */
/*
 * finalizer.c -- a last word, and coming back
 *
 * An object that is about to go may have a last word: its finalizer.  In it the
 * object is whole, with all it refers to, and may even be given to somebody;
 * then it lives on (resurrection).  The finalizer does not run a second time.
 *
 * Here a pool of connections uses that: a connection that a program drops
 * comes back to its pool, and is reused.  Afterwards, when it goes for good, its
 * release hook closes what the system knows of it.
 *
 *     finalize   the object is whole and may be saved     once
 *     release    it is certain that the object is gone    once, always
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

struct connection;

typedef struct connection_pool {
    struct connection *idle;
} connection_pool;

typedef struct connection {
    connection_pool *pool;
    int descriptor;
} connection;

static void connection_finalize(void *object);
static void connection_release(void *object);

static ouro_type connection_type;
static ouro_type connection_pool_type;

static const ouro_field connection_fields[] = {
    OURO_REF(connection, pool, &connection_pool_type),
    OURO_END,
};
static const ouro_field connection_pool_fields[] = {
    OURO_REF(connection_pool, idle, &connection_type),
    OURO_END,
};
static ouro_type connection_type =
    OURO_TYPE(connection, .fields = connection_fields, .finalize = connection_finalize,
              .release = connection_release);
static ouro_type connection_pool_type =
    OURO_TYPE(connection_pool, .fields = connection_pool_fields);

static int finalized;
static int closed;

/* May do what any code may do.  A new reference to the object saves it. */
static void connection_finalize(void *object)
{
    connection *dropped = object;
    finalized++;
    printf("connection %d: dropped, goes back to its pool\n", dropped->descriptor);
    ouro_set(dropped->pool, idle, dropped);
}

/* Must not touch other objects: they may be gone.  For what is not memory. */
static void connection_release(void *object)
{
    const connection *gone = object;
    closed++;
    printf("connection %d: closed\n", gone->descriptor);
}

int main(void)
{
    ouro_heap *heap = ouro_heap_new(NULL, NULL);
    expect(heap != NULL, "there is memory for a heap");
    connection_pool *pool = ouro_new(heap, connection_pool);
    connection *used = ouro_new(heap, connection);
    expect(pool != NULL && used != NULL, "there is memory for two objects");
    used->descriptor = 7;
    ouro_set(used, pool, pool);

    ouro_decref(used); /* the last reference; but the finalizer gives the object away */
    expect(finalized == 1 && closed == 0, "the finalizer runs, and the object lives");
    expect(pool->idle != NULL && pool->idle->descriptor == 7, "the pool has the connection");

    used = ouro_take(pool, idle); /* used again: the very same object */
    printf("connection %d: used again\n", used->descriptor);
    expect(ouro_is_finalized(used), "the object knows that it had its last word");

    ouro_decref(used);
    expect(finalized == 1 && closed == 1, "the second time it goes, without a word");

    ouro_decref(pool);
    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    expect(report.alive == 0 && report.finalized == 0, "nothing is left");
    return EXIT_SUCCESS;
}
