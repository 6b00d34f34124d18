/* SPDX-License-Identifier: MIT */
/*
 * debug_test.c -- the bytes that the debug build puts into memory, and what it tells of a damaged object
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "hardened/trial.h"
#include "heap/heap.h"

typedef struct node {
    struct node *left, *right;
} node;

static ouro_type node_type;
static const ouro_field node_fields[] = {
    OURO_REF(node, left, &node_type),
    OURO_REF(node, right, &node_type),
    OURO_END,
};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

static void assert_bytes(const void *place, int byte, size_t count)
{
    const unsigned char *bytes = place;
    for (size_t i = 0; i < count; i++) assert_int_equal(bytes[i], byte);
}

static void look_at_bytes(struct ground *ground)
{
    unsigned char *memory = ouro_mem_alloc(ground->heap, 100);
    assert_bytes(memory, 0xCD, 100);
    assert_bytes(memory - 8, 0xFD, 8);
    assert_bytes(memory + 100, 0xFD, 8);
    ouro_mem_free(ground->heap, memory);
    assert_bytes(memory, 0xDD, 100); /* the links are in front of it */
    node *object = ouro_new(ground->heap, node);
    assert_bytes(object, 0, sizeof *object); /* as the contract says */
    assert_bytes(object + 1, 0xFD, 8);
    ouro_decref(object);
    assert_bytes((char *)object + 16, 0xDD, 8);
}

static void test_bytes_are_those_of_pythons_hooks(void **state)
{
    struct heard heard;
    (void)state;
    assert_false(trial_run(look_at_bytes, 1, &heard));
}

static node *damaged;

static void damage(struct ground *ground)
{
    node *before = ouro_new(ground->heap, node);
    damaged = ouro_new(ground->heap, node);
    node *behind = ouro_new(ground->heap, node);
    ouro_set(damaged, left, before);
    ouro_decref(behind);
    ((char *)(damaged + 1))[3] = 'x';
    (void)ouro_collect(ground->heap, 0);
}

static void test_the_dump_names_the_object_and_its_neighbours(void **state)
{
    struct heard heard;
    (void)state;
    assert_true(trial_run(damage, 1, &heard));
    assert_ptr_equal(heard.object, damaged);
    if (!trial_matches(
            heard.message,
            "object 0x* of type node was written to beyond its end, at byte 3 behind it\n"
            "  object 0x* of type node: 16 bytes, count 1, alive and trapped, generation 0\n"
            "  block 1 of 128 cut ones of 32 bytes\n"
            "  before it: object 0x* of type node: 16 bytes, count 2, alive and trapped, "
            "generation 0\n"
            "  behind it: free block 0x*, in which an object of type node was"))
        fail_msg("%s", heard.message);
}

static void decref_dead(struct ground *ground)
{
    damaged = ouro_new(ground->heap, node);
    ouro_decref(damaged);
    ouro_decref(damaged);
}

static void test_the_dump_of_what_is_dead(void **state)
{
    struct heard heard;
    (void)state;
    assert_true(trial_run(decref_dead, 1, &heard));
    if (!trial_matches(heard.message,
                       "decref of 0x*, which is no living object: it was freed already\n"
                       "  free block 0x*, in which an object of type node was\n"
                       "  block 0 of 128 cut ones of 32 bytes\n"
                       "  behind it: free block 0x*"))
        fail_msg("%s", heard.message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_those_of_pythons_hooks),
        cmocka_unit_test(test_the_dump_names_the_object_and_its_neighbours),
        cmocka_unit_test(test_the_dump_of_what_is_dead),
    };
    return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
