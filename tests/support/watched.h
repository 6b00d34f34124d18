/* SPDX-License-Identifier: MIT */
/*
 * watched.h -- what tests of weak references note
 */
#ifndef OURO_TEST_WATCHED_H
#define OURO_TEST_WATCHED_H

#include "support/heap.h"

/* What callbacks and finalizers of the running test have done. */
extern struct watched {
    ouro_heap *heap;
    unsigned calls;
    ouro_weakref *called[4];
    ouro_weakref *weakref;
    size_t answers;
    void *saved;
} seen;

/* cmocka's setup: a quiet heap, and nothing was seen. */
int watched_setup(void **state);

#define WEAKREF_TEST(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, watched_setup, test_teardown_heap)

/* A callback that notes who is called. */
void note_call(ouro_weakref *self, void *argument);

void assert_answers(ouro_weakref *weakref, const void *expected);

#endif
