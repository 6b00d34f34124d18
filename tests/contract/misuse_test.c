/* SPDX-License-Identifier: MIT */
/*
 * misuse_test.c -- what a program must not do ends it, with the right words
 *
 * Each misuse happens twice, both times in a process of its own: once the words
 * must reach stderr before an abort, once a hook must hear them.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"

enum { SECONDS = 20, HOOK_CALLED = 77 };

/* ---- types that go wrong ---- */

/* Its release hook does what `at_release` says, to itself. */
typedef struct fragile {
    struct fragile *other;
} fragile;

static void (*at_release)(void *object);

static void fragile_release(void *object)
{
    if (at_release != NULL) at_release(object);
}

static ouro_type fragile_type = OURO_TYPE(fragile, .release = fragile_release);

/* Its finalizer does what `at_finalize` says, to itself. */
typedef struct speaker {
    struct speaker *self;
} speaker;

static void (*at_finalize)(void *object);

static void speaker_finalize(void *object)
{
    if (at_finalize != NULL) at_finalize(object);
}

static ouro_type speaker_type;
static const ouro_field speaker_fields[] = {OURO_REF(speaker, self, &speaker_type), OURO_END};
static ouro_type speaker_type =
    OURO_TYPE(speaker, .fields = speaker_fields, .finalize = speaker_finalize);

/* Its traverse hook reports `owned` as often as `reports` says, and also `borrowed`. */
typedef struct liar {
    void *owned;
    void *borrowed;
    int reports;
} liar;

static int liar_traverse(void *object, ouro_visit visit, void *argument)
{
    const liar *self = object;
    int stop = 0;
    for (int i = 0; stop == 0 && self->owned != NULL && i < self->reports; i++)
        stop = visit(self->owned, argument);
    if (stop == 0 && self->borrowed != NULL) stop = visit(self->borrowed, argument);
    return stop;
}

static ouro_type liar_type = OURO_TYPE(liar, .traverse = liar_traverse);

/* A liar that reports `owned`, which it takes over, so many times. */
static liar *liar_new(ouro_heap *heap, void *owned, int reports)
{
    liar *made = ouro_new(heap, liar);
    made->owned = owned;
    made->reports = reports;
    return made;
}

/* A liar in a cycle of its own, which reports an object that it does not own. */
static liar *liar_lose(ouro_heap *heap, void *borrowed)
{
    liar *made = liar_new(heap, NULL, 1);
    ouro_set(made, owned, made);
    made->borrowed = borrowed;
    return made;
}

/* ---- references to what is dying or dead ---- */

static void release_with(void (*what)(void *object))
{
    at_release = what;
    ouro_decref(ouro_new(test_heap_quiet(), fragile));
}

static void decref_dying(void)
{
    release_with(ouro_decref);
}

static void incref_dying(void)
{
    release_with(ouro_incref);
}

static void immortalize_dying(void)
{
    release_with(ouro_immortalize);
}

/* The address of an object that has died. */
static void *dead_object(ouro_type *type)
{
    void *object = ouro_object_new(test_heap_quiet(), type);
    ouro_decref(object);
    return object;
}

static void decref_dead(void)
{
    ouro_decref(dead_object(&list_type));
}

static ouro_type simple_type = {.name = "simple", .size = 16};

static void decref_dead_simple(void)
{
    ouro_decref(dead_object(&simple_type));
}

static void incref_dead(void)
{
    ouro_incref(dead_object(&simple_type));
}

static void immortalize_dead(void)
{
    ouro_immortalize(dead_object(&simple_type));
}

/* The field still holds what the program gave away: the owner's death drops it again. */
static void decref_too_many_for_a_field(void)
{
    ouro_heap *heap = test_heap_quiet();
    cell *owner = cell_new(heap);
    atom *item = atom_new(heap, 1);
    ouro_set(owner, left, item);
    ouro_decref(item);
    ouro_decref(item);
    ouro_decref(owner);
}

/* ---- finalizers ---- */

static void drop_own_reference(void)
{
    at_finalize = ouro_decref;
    ouro_decref(ouro_new(test_heap_quiet(), speaker));
}

static speaker *lost_speaker(ouro_heap *heap)
{
    speaker *made = ouro_new(heap, speaker);
    ouro_set(made, self, made);
    return made;
}

static void drop_own_reference_in_collection(void)
{
    ouro_heap *heap = test_heap_quiet();
    at_finalize = ouro_decref;
    ouro_decref(lost_speaker(heap));
    (void)ouro_collect(heap, 2);
}

static jmp_buf way_out;

static void jump_out(void *object)
{
    (void)object;
    longjmp(way_out, 1);
}

/* A heap whose last finalizer was left by a jump. */
static ouro_heap *abandoned_heap(void)
{
    static ouro_heap *heap;
    heap = test_heap_quiet();
    at_finalize = jump_out;
    if (setjmp(way_out) == 0) ouro_decref(ouro_new(heap, speaker));
    return heap;
}

static void jump_then_collect(void)
{
    (void)ouro_collect(abandoned_heap(), 0);
}

static void jump_then_close(void)
{
    (void)ouro_heap_close(abandoned_heap(), NULL, NULL);
}

static void jump_then_freeze(void)
{
    ouro_freeze(abandoned_heap());
}

static void jump_out_of_collection(void)
{
    static ouro_heap *heap;
    heap = test_heap_quiet();
    at_finalize = jump_out;
    ouro_decref(lost_speaker(heap));
    if (setjmp(way_out) == 0) (void)ouro_collect(heap, 2);
    (void)ouro_heap_close(heap, NULL, NULL);
}

/* ---- traverse hooks ---- */

static void report_twice(int generation)
{
    ouro_heap *heap = test_heap_quiet();
    (void)liar_new(heap, cell_new(heap), 2);
    (void)ouro_collect(heap, generation);
}

static void report_twice_young(void)
{
    report_twice(0);
}

static void report_twice_full(void)
{
    report_twice(2);
}

/* Told as soon as so many are counted that a byte is full. */
static void report_often(void)
{
    ouro_heap *heap = test_heap_quiet();
    (void)liar_new(heap, cell_new(heap), 300);
    (void)ouro_collect(heap, 2);
}

static void report_twice_then_die(void)
{
    ouro_heap *heap = test_heap_quiet();
    ouro_decref(liar_new(heap, list_new(heap), 2));
}

/* Two objects account for the one reference that one of them owns. */
static void report_borrowed(void)
{
    ouro_heap *heap = test_heap_quiet();
    liar *owner = liar_new(heap, cell_new(heap), 1);
    liar *other = liar_new(heap, NULL, 1);
    other->borrowed = owner->owned;
    (void)ouro_collect(heap, 2);
}

/* The program holds the object; the liar's death takes it away. */
static void report_borrowed_then_die(void)
{
    ouro_heap *heap = test_heap_quiet();
    cell *mine = cell_new(heap);
    liar *other = liar_new(heap, NULL, 1);
    other->borrowed = mine;
    ouro_decref(other);
    ouro_decref(mine);
}

static void use(ouro_weakref *self, void *argument)
{
    (void)self;
    ouro_incref(((liar *)argument)->owned);
}

/* A callback uses an object that was condemned because a liar claimed it. */
static void use_condemned(void)
{
    ouro_heap *heap = test_heap_quiet();
    cell *mine = cell_new(heap);
    liar *lost = liar_lose(heap, mine);
    liar *alive = liar_new(heap, NULL, 0);
    alive->owned = mine; /* the callback's way to it, which no hook reports */
    ouro_weakref *weakref = ouro_weakref_new_callback(lost, use, alive);
    ouro_decref(lost);
    (void)ouro_collect(heap, 2);
    ouro_decref(weakref);
}

/* A field gives up what was condemned while it held it unseen. */
static void take(ouro_weakref *self, void *argument)
{
    (void)self;
    cell *taken = ouro_take((liar *)argument, owned);
    (void)taken;
}

static void take_condemned(void)
{
    ouro_heap *heap = test_heap_quiet();
    cell *mine = cell_new(heap);
    liar *lost = liar_lose(heap, mine);
    liar *alive = liar_new(heap, mine, 0);
    ouro_weakref *weakref = ouro_weakref_new_callback(lost, take, alive);
    ouro_decref(lost);
    (void)ouro_collect(heap, 2);
    ouro_decref(weakref);
}

/* ---- each misuse and its words ---- */

struct misuse {
    void (*commit)(void);
    const char *message;
};

#define DYING(operation, type)                                                                     \
    operation " of object 0x* of type " type                                                       \
              ", which is dying: one decref too many, or a reference kept that was not owned\n"
#define FREED(operation) operation " of 0x*, which is no living object: it was freed already\n"
#define UNOWNED(type)                                                                              \
    "the finalizer of object 0x* of type " type " dropped a reference that it did not own\n"
#define TOO_LOW_FOR(type, counted)                                                                 \
    "object 0x* of type " type " has a count of 1, but other objects hold " counted                \
    " references to it: one decref too many, or a traverse hook that reports a reference twice\n"
#define TOO_LOW(type) TOO_LOW_FOR(type, "2")
#define CONDEMNED(type)                                                                            \
    "object 0x* of type " type " is used after it was found unreachable: a traverse hook "         \
    "reports a reference that its object does not own, or a count was too low\n"
#define LEFT                                                                                       \
    "a finalizer of type speaker was left by longjmp: the heap is in the middle of a death or a "  \
    "collection; return from finalizers instead\n"

/* name of the function that commits it, words */
#define MISUSES(X)                                                                                 \
    X(decref_dying, DYING("decref", "fragile"))                                                    \
    X(incref_dying, DYING("incref", "fragile"))                                                    \
    X(immortalize_dying, DYING("immortalize", "fragile"))                                          \
    X(decref_dead, FREED("decref"))                                                                \
    X(decref_dead_simple, FREED("decref"))                                                         \
    X(incref_dead, FREED("incref"))                                                                \
    X(immortalize_dead, FREED("immortalize"))                                                      \
    X(decref_too_many_for_a_field, FREED("decref"))                                                \
    X(drop_own_reference, UNOWNED("speaker"))                                                      \
    X(drop_own_reference_in_collection, DYING("decref", "speaker"))                                \
    X(jump_then_collect, LEFT)                                                                     \
    X(jump_then_close, LEFT)                                                                       \
    X(jump_then_freeze, LEFT)                                                                      \
    X(jump_out_of_collection, LEFT)                                                                \
    X(report_twice_young, TOO_LOW("cell"))                                                         \
    X(report_twice_full, TOO_LOW("cell"))                                                          \
    X(report_often, TOO_LOW_FOR("cell", "256"))                                                    \
    X(report_twice_then_die, FREED("decref"))                                                      \
    X(report_borrowed, TOO_LOW("cell"))                                                            \
    X(report_borrowed_then_die, FREED("decref"))                                                   \
    X(use_condemned, CONDEMNED("cell"))                                                            \
    X(take_condemned, CONDEMNED("cell"))

/* ---- how it is heard ---- */

static void commit_misuse(void *argument)
{
    ((const struct misuse *)argument)->commit();
}

static void aborts_with_words(void **state)
{
    const struct misuse *misuse = *state;
    struct apart apart;
    apart_run(commit_misuse, *state, SECONDS, &apart);
    if (apart.timed_out || apart.signal != SIGABRT)
        fail_msg("signal %d, status %d, timed out %d instead of an abort; stderr: %s", apart.signal,
                 apart.exit_status, apart.timed_out, apart.text);
    if (strncmp(apart.text, "ouro: ", 6) != 0 || !apart_matches(apart.text, misuse->message))
        fail_msg("expected \"%s\", stderr was: %s", misuse->message, apart.text);
}

/* Says what it hears, and the object's address as the message has it. */
static void hear(const char *message, const void *object)
{
    char address[32];
    snprintf(address, sizeof address, "%p", object);
    bool named = object == NULL || strstr(message, address) != NULL;
    fprintf(stderr, "%s: %s\n", named ? "heard" : "heard of another object", message);
    fflush(stderr);
    apart_end(HOOK_CALLED);
}

static void commit_heard(void *argument)
{
    ouro_set_misuse_hook(hear);
    commit_misuse(argument);
}

static void hook_hears_words(void **state)
{
    const struct misuse *misuse = *state;
    struct apart apart;
    apart_run(commit_heard, *state, SECONDS, &apart);
    if (apart.exit_status != HOOK_CALLED || strncmp(apart.text, "heard: ", 7) != 0 ||
        !apart_matches(apart.text, misuse->message))
        fail_msg("signal %d, status %d; the hook heard: %s", apart.signal, apart.exit_status,
                 apart.text);
}

/* ---- the hook itself ---- */

static void return_quietly(const char *message, const void *object)
{
    (void)message;
    (void)object;
}

static void commit_ignored(void *argument)
{
    (void)argument;
    ouro_set_misuse_hook(return_quietly);
    decref_dead();
}

static void a_hook_that_returns_does_not_save_the_program(void **state)
{
    (void)state;
    struct apart apart;
    apart_run(commit_ignored, NULL, SECONDS, &apart);
    assert_int_equal(apart.signal, SIGABRT);
    assert_string_equal(apart.text, "");
}

static void jump_from_hook(const char *message, const void *object)
{
    (void)message;
    (void)object;
    longjmp(way_out, 1);
}

static void commit_and_jump(void *argument)
{
    (void)argument;
    ouro_set_misuse_hook(jump_from_hook);
    if (setjmp(way_out) == 0) decref_dead();
    ouro_heap *heap = test_heap_quiet();
    ouro_decref(cell_new(heap));
    test_heap_close_empty(heap);
}

static void a_hook_may_jump_out(void **state)
{
    (void)state;
    struct apart apart;
    apart_run(commit_and_jump, NULL, SECONDS, &apart);
    if (apart.exit_status != 0) fail_msg("signal %d; stderr: %s", apart.signal, apart.text);
}

static void the_previous_hook_is_returned(void **state)
{
    (void)state;
    ouro_misuse_hook standard = ouro_set_misuse_hook(hear);
    assert_non_null(standard);
    assert_ptr_equal(ouro_set_misuse_hook(return_quietly), hear);
    assert_ptr_equal(ouro_set_misuse_hook(NULL), return_quietly);
    assert_ptr_equal(ouro_set_misuse_hook(NULL), standard);
}

static void commit_with_standard_hook(void *argument)
{
    (void)argument;
    ouro_set_misuse_hook(return_quietly);
    ouro_set_misuse_hook(NULL);
    incref_dead();
}

static void no_hook_restores_the_standard_one(void **state)
{
    (void)state;
    apart_aborts(commit_with_standard_hook, "ouro: " FREED("incref"));
}

/* ---- what looks like misuse and is none ---- */

static void immortal_objects_are_not_counted(void **state)
{
    atom *immortal = atom_new(*state, 1);
    ouro_immortalize(immortal);
    for (int i = 0; i < 1000; i++) ouro_decref(immortal);
    assert_int_equal(ouro_refcount(immortal), INT32_MAX);
    for (int i = 0; i < 1000; i++) ouro_incref(immortal);
    assert_true(ouro_is_immortal(immortal));
    assert_int_equal(immortal->number, 1);
    test_heap_verify(*state);
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(*state, NULL, &report), OURO_OK);
    assert_int_equal(report.alive, 0);
    *state = test_heap_quiet();
}

int main(void)
{
#define ENTRIES(function, text) {.commit = function, .message = text},
    static struct misuse misuses[] = {MISUSES(ENTRIES)};
    enum {
#define NUMBERS(function, text) NUMBER_##function,
        MISUSES(NUMBERS)
    };
#define TESTS(function, text)                                                                      \
    {#function " aborts", aborts_with_words, NULL, NULL, &misuses[NUMBER_##function]},             \
        {#function " is heard", hook_hears_words, NULL, NULL, &misuses[NUMBER_##function]},
    const struct CMUnitTest tests[] = {
        MISUSES(TESTS) cmocka_unit_test(a_hook_that_returns_does_not_save_the_program),
        cmocka_unit_test(a_hook_may_jump_out),
        cmocka_unit_test(the_previous_hook_is_returned),
        cmocka_unit_test(no_hook_restores_the_standard_one),
        HEAP_TEST(immortal_objects_are_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
