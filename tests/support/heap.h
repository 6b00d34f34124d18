/* SPDX-License-Identifier: MIT */
/*
 * heap.h -- heaps for tests: no environment, nothing left at the end
 */
#ifndef OURO_TEST_HEAP_H
#define OURO_TEST_HEAP_H

#include "support/test.h"

/* What a guarded build may add to a block of an object, at most. */
#if defined(OURO_GUARDED) && OURO_GUARDED
#define TEST_IS_GUARDED 1
#define TEST_FENCE 16
#define TEST_IS_FENCED (OURO_GUARDED > 1)
#else
#define TEST_IS_GUARDED 0
#define TEST_FENCE 0
#define TEST_IS_FENCED 0
#endif

/* A test of what guarded builds do not do: blocks that grow where they lie, class lists. */
#define SKIP_WHERE_GUARDED()                                                                       \
    do {                                                                                           \
        if (TEST_IS_GUARDED) skip();                                                               \
    } while (0)

/* A test of sizes, which the fences of the debug build change. */
#define SKIP_WHERE_FENCED()                                                                        \
    do {                                                                                           \
        if (TEST_IS_FENCED) skip();                                                                \
    } while (0)

/* A heap as the options say (NULL: the defaults), which the environment does
 * not change.  Owned. */
ouro_heap *test_heap_new(const ouro_heap_options *options);

/* The same with automatic collection off, so that a test says when. */
ouro_heap *test_heap_quiet(void);

/* Fails with the audit's sentence when the heap contradicts itself. */
void test_heap_verify(ouro_heap *heap);

/* Ends a heap in which nothing may be left: no object, no raw block. */
void test_heap_close_empty(ouro_heap *heap);

/* What tables of weak references and weak maps are made of from now on, up to 48 KiB, has been used before: nothing that
 * they leave unwritten is zero. */
void test_heap_dirty(ouro_heap *heap);

/* Living objects, tracked or not. */
size_t test_heap_objects(ouro_heap *heap);

/* Objects that the collector knows: of one generation, or of all for -1. */
size_t test_heap_tracked(ouro_heap *heap, int generation);

/* cmocka's setup and teardown: *state is a quiet heap, and must be empty in the
 * end. */
int test_setup_heap(void **state);
int test_teardown_heap(void **state);

#define HEAP_TEST(function)                                                                        \
    cmocka_unit_test_setup_teardown(function, test_setup_heap, test_teardown_heap)

#endif
