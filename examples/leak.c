/* SPDX-License-Identifier: MIT */
/*
 * leak.c -- finding out who keeps an object alive
 *
 * Even with counts and a collector, memory grows when something is still held
 * that nobody needs.  There are two kinds of holders, and a question for each:
 *
 *   - another object:      ouro_get_referrers names it;
 *   - the program itself:  an ouro_decref was forgotten.  The count is then higher
 *                          than the referrers can explain, and the report of
 *                          ouro_heap_close says so.
 */
#include <ouro/ouro.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(bool happened, const char *what)
{
    if (happened) return;
    fprintf(stderr, "this did not happen: %s\n", what);
    exit(EXIT_FAILURE);
}

typedef struct session {
    int user;
} session;
static ouro_type session_type = OURO_TYPE(session, .fields = NULL);

typedef struct cache {
    ouro_vector sessions;
} cache;
static const ouro_field cache_fields[] = {
    OURO_VECTOR(cache, sessions, &session_type),
    OURO_END,
};
static ouro_type cache_type = OURO_TYPE(cache, .fields = cache_fields);

static OURO_OWNED session *session_open(ouro_heap *heap, cache *remember, int user)
{
    session *opened = ouro_new(heap, session);
    expect(opened != NULL, "there is memory for a session");
    opened->user = user;
    expect(ouro_vector_append(remember, &remember->sessions, opened) == OURO_OK,
           "there is memory for the vector");
    return opened;
}

/* ---- what is alive, and why --------------------------------------------------------- */

/* Finds an object of a type: the walk stops at the first. */
typedef struct search {
    const ouro_type *type;
    void *found;
} search;

static int is_wanted(void *object, void *argument)
{
    search *state = argument;
    if (ouro_type_of(object) != state->type) return 0;
    state->found = object;
    return 1;
}

static void *find_any(ouro_heap *heap, const ouro_type *type)
{
    search state = {.type = type};
    ouro_each_object(heap, is_wanted, &state);
    return state.found; /* borrowed */
}

static int count_referrer(void *holder, void *argument)
{
    size_t *count = argument;
    printf("    held by an object of type %s\n", ouro_type_of(holder)->name);
    ++*count;
    return 0;
}

/* How many references the objects of the heap do not explain. */
static size_t explain(void *object)
{
    size_t holders = 0;
    printf("  a %s is alive, its count is %d\n", ouro_type_of(object)->name,
           (int)ouro_refcount(object));
    ouro_get_referrers(object, count_referrer, &holders);
    size_t unexplained = (size_t)ouro_refcount(object) - holders;
    printf("    held by the program: %zu\n", unexplained);
    return unexplained;
}

int main(void)
{
    ouro_heap_options options = {.name = "server"};
    ouro_heap *heap = ouro_heap_new(&options, NULL);
    expect(heap != NULL, "there is memory for a heap");
    cache *remember = ouro_new(heap, cache);
    expect(remember != NULL, "there is memory for a cache");

    printf("A session was closed, but it is still there:\n");
    session *first = session_open(heap, remember, 1);
    ouro_decref(first);
    session *left = find_any(heap, &session_type);
    expect(left != NULL, "the session is still alive");
    expect(explain(left) == 0, "an object holds it: the cache");
    ouro_vector_clear(remember, &remember->sessions);
    expect(find_any(heap, &session_type) == NULL, "without the cache it goes");

    printf("The cache is empty, but a session is still there:\n");
    session *second = session_open(heap, remember, 2);
    (void)second; /* here an ouro_decref is missing */
    ouro_vector_clear(remember, &remember->sessions);
    left = find_any(heap, &session_type);
    expect(left != NULL, "the session is still alive");
    expect(explain(left) == 1, "the program holds it");

    /* How much there is of what, for people to read. */
    ouro_heap_print_stats(heap, stdout);

    ouro_decref(remember);
    ouro_close_report report;
    ouro_heap_close(heap, NULL, &report);
    printf("At the end %zu object was held from outside: a %s\n", report.held_from_outside,
           report.held_type_name);
    expect(report.held_from_outside == 1 && strcmp(report.held_type_name, "session") == 0,
           "the report names what was forgotten");
    return EXIT_SUCCESS;
}
