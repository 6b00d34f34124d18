/* SPDX-License-Identifier: MIT */
/*
 * faults_test.c -- faults of a program, each in many places, each told every time
 *
 * A row is a fault in a place.  It is committed in a thousand trials, a hundred in an ordinary run, with other
 * sizes, neighbours, bytes and distances, and must be told in all of them, by one of the row's sentences; or, where its sentence is empty, do no
 * harm, which the trial looks at itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "hardened/trial.h"
#include "heap/heap.h"
#include "support/covered.h"
#include "support/setting.h"

enum { TRIALS = 1000, TRIALS_ORDINARY = 100, TRIALS_LEAST = 10, NEIGHBOURS = 40, LARGE = 100000 };

/* ---- types ---- */

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

/* An acyclic object whose end is at any byte. */
typedef struct string {
    size_t length;
    char text[];
} string;

static ouro_type string_type = {
    .name = "string", .size = sizeof(string), .item_size = 1, .length_offset = 0};

typedef struct {
    void *one;
} box;

static void (*at_finalize)(void *object);

static void box_finalize(void *object)
{
    at_finalize(object);
}

static ouro_type box_type = OURO_TYPE(box, .finalize = box_finalize);

/* Reports and does in its traverse hook what `at_traverse` says. */
typedef struct liar {
    node *owned;
} liar;

static int (*at_traverse)(liar *self, ouro_visit visit, void *argument);

static int liar_traverse(void *object, ouro_visit visit, void *argument)
{
    return at_traverse(object, visit, argument);
}

static ouro_type liar_type = OURO_TYPE(liar, .traverse = liar_traverse);

/* ---- the ground ---- */

/* Allocations and deaths around what is looked at. */
static void plant(struct ground *ground)
{
    static node *kept[NEIGHBOURS];
    size_t count = trial_random(ground, NEIGHBOURS);
    for (size_t i = 0; i < count; i++) kept[i] = ouro_new(ground->heap, node);
    for (size_t i = 0; i < count; i++)
        if (trial_random(ground, 3) == 0) ouro_decref(kept[i]);
    for (size_t i = trial_random(ground, NEIGHBOURS); i > 0; i--) {
        void *memory = ouro_mem_alloc(ground->heap, 1 + trial_random(ground, 200));
        if (trial_random(ground, 2) == 0) ouro_mem_free(ground->heap, memory);
    }
}

static node *node_new(struct ground *ground)
{
    plant(ground);
    node *made = ouro_new(ground->heap, node);
    if (trial_random(ground, 2) == 0) plant(ground);
    return made;
}

static string *string_new(struct ground *ground)
{
    plant(ground);
    return ouro_new_var(ground->heap, string, 1 + trial_random(ground, 1000));
}

static string *large_new(struct ground *ground)
{
    plant(ground);
    return ouro_new_var(ground->heap, string, LARGE + trial_random(ground, 1000));
}

static size_t raw_size;

static char *raw_new(struct ground *ground)
{
    plant(ground);
    raw_size = 1 + trial_random(ground, 2000);
    return ouro_mem_alloc(ground->heap, raw_size);
}

static char *large_raw_new(struct ground *ground)
{
    plant(ground);
    raw_size = LARGE + trial_random(ground, 10000);
    return ouro_mem_alloc(ground->heap, raw_size);
}

/* A byte that is not what it stands for. */
static char other_byte(struct ground *ground, char byte)
{
    return (char)(byte ^ (1 + (char)trial_random(ground, 127)));
}

static void write_at(struct ground *ground, void *place, size_t count)
{
    char *bytes = place;
    for (size_t i = 0; i < count; i++) bytes[i] = other_byte(ground, bytes[i]);
}

/* What a program does sooner or later: all that died leaves the quarantine, garbage is looked for. */
static void make_felt(struct ground *ground)
{
    (void)ouro_collect(ground->heap, 2);
    (void)ouro_trim(ground->heap);
}

/* ---- freed twice ---- */

static void decref_twice(struct ground *ground)
{
    node *object = node_new(ground);
    ouro_decref(object);
    ouro_decref(object);
}

static void decref_twice_later(struct ground *ground)
{
    node *object = node_new(ground);
    ouro_decref(object);
    for (size_t i = trial_random(ground, 500); i > 0; i--)
        ouro_decref(ouro_new(ground->heap, node));
    ouro_decref(object);
}

static void decref(void *object)
{
    ouro_decref(object);
}

static void decref_twice_in_thread(struct ground *ground)
{
    node *object = node_new(ground);
    ouro_decref(object);
    trial_in_thread(ground, decref, object);
}

static void decref_large_twice(struct ground *ground)
{
    string *object = large_new(ground);
    ouro_decref(object);
    for (size_t i = trial_random(ground, 5); i > 0; i--) (void)large_new(ground);
    ouro_decref(object);
}

static void free_twice(struct ground *ground)
{
    char *memory = raw_new(ground);
    ouro_mem_free(ground->heap, memory);
    if (trial_random(ground, 2) == 0) plant(ground);
    ouro_mem_free(ground->heap, memory);
}

static void free_large_twice(struct ground *ground)
{
    char *memory = large_raw_new(ground);
    ouro_mem_free(ground->heap, memory);
    for (size_t i = trial_random(ground, 5); i > 0; i--) (void)large_raw_new(ground);
    ouro_mem_free(ground->heap, memory);
}

/* ---- written after free ---- */

static void write_to_dead_object(struct ground *ground)
{
    node *object = node_new(ground);
    ouro_decref(object);
    write_at(ground, (char *)object + trial_random(ground, sizeof *object), 1);
    make_felt(ground);
}

static void write_to_dead_string(struct ground *ground)
{
    string *object = string_new(ground);
    size_t size = sizeof *object + object->length;
    ouro_decref(object);
    write_at(ground, (char *)object + trial_random(ground, size), 1);
    make_felt(ground);
}

/* Without a look at the quarantine: the block is written to when it has left it, and then given to somebody. */
static void write_to_dead_object_and_reuse(struct ground *ground)
{
    enum { MANY = 100 };
    node *made[MANY];
    for (int i = 0; i < MANY; i++) made[i] = ouro_new(ground->heap, node);
    for (int i = 0; i < MANY; i++) ouro_decref(made[i]);
    (void)ouro_trim(ground->heap);
    node *first = ouro_new(ground->heap, node);
    node *dead = (node *)(void *)((char *)first + 24 * (1 + trial_random(ground, 100)));
    write_at(ground, (char *)dead + trial_random(ground, sizeof *dead), 1);
    for (int i = 0; i < 10 * MANY; i++) (void)ouro_new(ground->heap, node);
}

/* Likewise, behind the link of a free block, of which each second one lives: so its page stays. */
static void write_to_dead_string_and_reuse(struct ground *ground)
{
    enum { MANY = 100, LENGTH = 100 };
    string *made[MANY];
    for (int i = 0; i < MANY; i++) made[i] = ouro_new_var(ground->heap, string, LENGTH);
    for (int i = 0; i < MANY; i += 2) ouro_decref(made[i]);
    (void)ouro_trim(ground->heap);
    char *dead = (char *)made[2 * trial_random(ground, MANY / 2)];
    write_at(ground, dead + 16 + trial_random(ground, LENGTH - 16), 1);
    for (int i = 0; i < 10 * MANY; i++) made[0] = ouro_new_var(ground->heap, string, LENGTH);
}

/* Likewise, in front of a free block. */
static void write_before_dead_and_reuse(struct ground *ground)
{
    enum { MANY = 100 };
    node *made[MANY];
    for (int i = 0; i < MANY; i++) made[i] = ouro_new(ground->heap, node);
    for (int i = 0; i < MANY; i += 2) ouro_decref(made[i]);
    (void)ouro_trim(ground->heap);
    write_at(ground, (char *)made[2 * trial_random(ground, MANY / 2)] - 8, 1);
    for (int i = 0; i < 10 * MANY; i++) (void)ouro_new(ground->heap, node);
}

static void write_to_dead_raw(struct ground *ground)
{
    char *memory = raw_new(ground);
    ouro_mem_free(ground->heap, memory);
    write_at(ground, memory + trial_random(ground, raw_size), 1);
    make_felt(ground);
}

static void write_to_dead_large(struct ground *ground)
{
    string *object = large_new(ground);
    ouro_decref(object);
    object->text[trial_random(ground, LARGE)] = 'x';
}

/* A store into a field of a dead object, as a program does it. */
static void set_field_of_dead(struct ground *ground)
{
    node *object = node_new(ground), *other = node_new(ground);
    ouro_decref(object);
    object->right = other;
    make_felt(ground);
}

/* ---- read after free: nothing is left ---- */

static const char secret[] = "the secret of the programme";

static void leave_nothing(struct ground *ground)
{
    string *object = string_new(ground);
    char *memory = raw_new(ground);
    size_t length = object->length < sizeof secret ? object->length : sizeof secret;
    memcpy(object->text, secret, length);
    memset(memory, 's', raw_size);
    ouro_decref(object);
    ouro_mem_free(ground->heap, memory);
    for (size_t i = 8; i < length; i++) assert_int_equal(object->text[i], 0); /* behind the links */
    for (size_t i = 0; i < raw_size; i++) assert_int_equal(memory[i], 0);
    (void)ouro_trim(ground->heap);
    for (int i = 0; i < 50; i++) {
        char *fresh = ouro_mem_alloc(ground->heap, raw_size);
        for (size_t j = 0; j < raw_size; j++) assert_int_equal(fresh[j], 0);
    }
}

/* ---- overflow and underflow ---- */

static size_t distance; /* of the row */

static void overflow_object(struct ground *ground)
{
    node *object = node_new(ground);
    write_at(ground, object + 1, distance);
    ouro_decref(object);
    make_felt(ground);
}

/* The object lives; a collection looks at it and at its neighbour. */
static void overflow_living(struct ground *ground)
{
    node *object = node_new(ground), *next = ouro_new(ground->heap, node);
    (void)next;
    write_at(ground, object + 1, distance);
    make_felt(ground);
    ouro_decref(object);
}

static void overflow_string(struct ground *ground)
{
    string *object = string_new(ground);
    write_at(ground, object->text + object->length, distance);
    ouro_decref(object);
    make_felt(ground);
}

static void overflow_large(struct ground *ground)
{
    string *object = large_new(ground);
    write_at(ground, object->text + object->length, distance);
    ouro_decref(object);
}

static void overflow_raw(struct ground *ground)
{
    char *memory = raw_new(ground);
    write_at(ground, memory + raw_size, distance);
    ouro_mem_free(ground->heap, memory);
}

static void overflow_large_raw(struct ground *ground)
{
    char *memory = large_raw_new(ground);
    write_at(ground, memory + raw_size, distance);
    ouro_mem_free(ground->heap, memory);
}

static void underflow_object(struct ground *ground)
{
    node *object = node_new(ground);
    write_at(ground, (char *)object - 8, 8);
    ouro_decref(object);
}

static void underflow_raw(struct ground *ground)
{
    char *memory = raw_new(ground);
    write_at(ground, memory - 8, 8);
    ouro_mem_free(ground->heap, memory);
}

static void underflow_large_raw(struct ground *ground)
{
    char *memory = large_raw_new(ground);
    write_at(ground, memory - 8, 8);
    ouro_mem_free(ground->heap, memory);
}

/* ---- pointers that are none ---- */

/* Not inlined: the compiler would see what these pointers are. */
static __attribute__((noipa)) void use_as_object(struct ground *ground, void *pointer)
{
    node holder = {.right = NULL};
    switch (trial_random(ground, 3)) {
    case 0: ouro_decref(pointer); break;
    case 1: ouro_incref(pointer); break;
    default: ouro_put(&holder, right, pointer);
    }
}

static void put_what_died(struct ground *ground)
{
    node *object = node_new(ground), holder = {.right = NULL};
    ouro_decref(object);
    ouro_put(&holder, right, object);
}

static void use_interior(struct ground *ground)
{
    string *object = trial_random(ground, 8) == 0 ? large_new(ground) : string_new(ground);
    use_as_object(ground, (char *)object + 1 + trial_random(ground, object->length));
}

static void free_interior(struct ground *ground)
{
    char *memory = trial_random(ground, 8) == 0 ? large_raw_new(ground) : raw_new(ground);
    ouro_mem_free(ground->heap, memory + 1 + trial_random(ground, raw_size));
}

static void use_stack(struct ground *ground)
{
    uint64_t words[64] = {0};
    memset(words, (int)trial_random(ground, 256), sizeof words);
    if (trial_random(ground, 2) == 0)
        use_as_object(ground, &words[1 + trial_random(ground, 62)]);
    else
        ouro_mem_free(ground->heap, &words[trial_random(ground, 64)]);
}

static void use_mapped(struct ground *ground)
{
    static char *mapping;
    if (mapping == NULL)
        mapping = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *pointer = mapping + trial_random(ground, 1 << 17) * 8;
    if (trial_random(ground, 2) == 0)
        use_as_object(ground, pointer);
    else
        ouro_mem_free(ground->heap, pointer);
}

static void use_malloced(struct ground *ground)
{
    void *pointer = malloc(64);
    static void *last;
    free(last);
    last = pointer;
    if (trial_random(ground, 2) == 0)
        use_as_object(ground, pointer);
    else
        ouro_mem_free(ground->heap, pointer);
}

static void use_wild(struct ground *ground)
{
    uint64_t high = trial_random(ground, (uint64_t)1 << 31),
             low = trial_random(ground, (uint64_t)1 << 31);
    void *pointer = (void *)(uintptr_t)(((high << 33 | low << 2) | 1) >> trial_random(ground, 40));
    if (trial_random(ground, 2) == 0)
        use_as_object(ground, pointer);
    else
        ouro_mem_free(ground->heap, pointer);
}

static void use_raw_as_object(struct ground *ground)
{
    use_as_object(ground, raw_new(ground));
}

static void free_object_as_raw(struct ground *ground)
{
    ouro_mem_free(ground->heap, node_new(ground));
}

static void free_with_wrong_size(struct ground *ground)
{
    char *memory = raw_new(ground);
    ouro_mem_free_sized(ground->heap, memory, raw_size + 1 + trial_random(ground, 100));
}

static void use_metadata(struct ground *ground)
{
    node *object = node_new(ground);
    char *arena = (char *)ouro__arena_of(object);
    use_as_object(ground, arena + 64 + trial_random(ground, OURO__POOLS_START / 8 - 64) * 8);
}

/* A string that says it is longer than its block. */
static void write_to_length(struct ground *ground)
{
    string *object = string_new(ground);
    const size_t lengths[] = {SIZE_MAX, (size_t)PTRDIFF_MAX, object->length + 100000};
    object->length = lengths[trial_random(ground, 3)];
    ouro_decref(object);
}

/* Whoever ends damages its own word. */
static void damage_own_word(void *object)
{
    ((char *)object)[-8] ^= 1;
}

static ouro_type suicide_type = OURO_TYPE(box, .release = damage_own_word);

static void release_writes_to_the_word(struct ground *ground)
{
    plant(ground);
    ouro_decref(ouro_object_new(ground->heap, &suicide_type));
}

/* Behind the first 32 MiB of it. */
enum { FAR = 33 << 20, HUGE = 40 << 20 };

static void use_far_inside(struct ground *ground)
{
    string *object = ouro_new_var(ground->heap, string, HUGE);
    use_as_object(ground, (char *)object + FAR + 8 * trial_random(ground, 1000));
}

static void free_far_inside(struct ground *ground)
{
    char *memory = ouro_mem_alloc(ground->heap, HUGE);
    ouro_mem_free(ground->heap, memory + FAR + trial_random(ground, 1000));
}

/* An arena of one large block ends where that does; the rest of its 32 MiB is nobody's. */
static void use_behind_an_arena(struct ground *ground)
{
    struct ouro__arena *arena = ouro__arena_of(large_new(ground));
    use_as_object(ground, (char *)arena + arena->size + 8 * trial_random(ground, 100000));
}

/* Pages of an arena that no pool has, and its last one, which is out of reach. */
static void use_a_page_of_no_pool(struct ground *ground)
{
    struct ouro__arena *arena = ouro__arena_of(node_new(ground));
    size_t page = trial_random(ground, 2) == 0 ? arena->page_limit - 1 : arena->page_limit;
    use_as_object(ground, (char *)arena + (page << OURO_POOL_SHIFT) +
                              8 * trial_random(ground, OURO_POOL_SIZE / 8));
}

/* In front of the first block of a pool, and behind the last one that was cut. */
static void use_what_is_no_block(struct ground *ground)
{
    const struct ouro__pool *pool = ouro__pool_of(node_new(ground));
    size_t cut = (size_t)pool->carved * pool->block_size;
    use_as_object(ground, trial_random(ground, 2) == 0 ? pool->first - 16 : pool->first + cut);
}

static void use_interior_of_dead(struct ground *ground)
{
    string *object = string_new(ground);
    size_t length = object->length;
    ouro_decref(object);
    use_as_object(ground, (char *)object + 1 + trial_random(ground, length));
}

/* Memory of raw pools that was not cut yet. */
static void free_what_was_never_cut(struct ground *ground)
{
    char *memory = ouro_mem_alloc(ground->heap, 1500);
    char *page = (char *)((uintptr_t)memory & ~((uintptr_t)OURO_POOL_SIZE - 1));
    ouro_mem_free(ground->heap, page + OURO_POOL_SIZE - 16 * (1 + trial_random(ground, 64)));
}

static void free_in_another_heap(struct ground *ground)
{
    static ouro_heap *other;
    if (other == NULL) other = ouro_heap_new(&(ouro_heap_options){.collector_off = true}, NULL);
    ouro_mem_free(other, raw_new(ground));
}

static void hold_a_wild_reference(struct ground *ground)
{
    node *object = node_new(ground);
    ouro_set(object, left, object);
    object->right = (node *)(uintptr_t)(trial_random(ground, (uint64_t)1 << 31) * 16);
    if ((uintptr_t)object->right == 0) object->right = (node *)(uintptr_t)16;
    if (trial_random(ground, 2) == 0) ouro_decref(object);
    make_felt(ground);
}

/* ---- counts ---- */

static void decref_what_a_field_holds(struct ground *ground)
{
    node *owner = node_new(ground), *item = node_new(ground);
    ouro_set(owner, left, item);
    ouro_decref(item);
    ouro_decref(item);
    ouro_decref(owner);
}

static void overflow_count(struct ground *ground)
{
    node *object = node_new(ground);
    uint32_t more = (uint32_t)trial_random(ground, 3);
    *ouro__word_of(object) += (uint64_t)(INT32_MAX - 1 - more) * OURO__ONE;
    for (uint32_t i = 0; i < more + 1 + trial_random(ground, 100); i++) ouro_incref(object);
    assert_true(ouro_is_immortal(object));
    for (int i = 0; i < 1000; i++) ouro_decref(object);
    assert_true(ouro_is_immortal(object));
    assert_true(ouro_is_object(ground->heap, object));
}

/* ---- traverse hooks ---- */

static void with_liar(struct ground *ground,
                      int (*lie)(liar *self, ouro_visit visit, void *argument))
{
    node *owned = node_new(ground);
    liar *made = ouro_new(ground->heap, liar);
    made->owned = owned;
    at_traverse = lie;
    (void)ouro_collect(ground->heap, (int)trial_random(ground, 3));
}

static int report_twice(liar *self, ouro_visit visit, void *argument)
{
    int stop = visit(self->owned, argument);
    return stop != 0 ? stop : visit(self->owned, argument);
}

static void traverse_reports_twice(struct ground *ground)
{
    with_liar(ground, report_twice);
}

static int report_stranger(liar *self, ouro_visit visit, void *argument)
{
    int stop = visit(self->owned, argument);
    return stop != 0 ? stop : visit(&at_traverse, argument);
}

static void traverse_reports_a_stranger(struct ground *ground)
{
    with_liar(ground, report_stranger);
}

static int take_one(liar *self, ouro_visit visit, void *argument)
{
    ouro_incref(self->owned);
    return visit(self->owned, argument);
}

static void traverse_takes_a_reference(struct ground *ground)
{
    with_liar(ground, take_one);
}

static int make_one(liar *self, ouro_visit visit, void *argument)
{
    (void)ouro_new(ouro_heap_of(self), node);
    return visit(self->owned, argument);
}

static void traverse_allocates(struct ground *ground)
{
    with_liar(ground, make_one);
}

/* ---- finalizers ---- */

static void finalizer_drops_itself(struct ground *ground)
{
    plant(ground);
    at_finalize = decref;
    ouro_decref(ouro_new(ground->heap, box));
}

static jmp_buf way_out;

static void jump_out(void *object)
{
    (void)object;
    longjmp(way_out, 1);
}

static void finalizer_is_left(struct ground *ground)
{
    plant(ground);
    at_finalize = jump_out;
    if (setjmp(way_out) == 0) ouro_decref(ouro_new(ground->heap, box));
    (void)ouro_collect(ground->heap, 0);
}

/* ---- threads ---- */

static ouro_heap *heap_of_main;

static void use_heap(void *argument)
{
    if (argument != NULL)
        ouro_incref(argument);
    else
        (void)ouro_new(heap_of_main, node);
}

static void use_in_another_thread(struct ground *ground)
{
    node *object = node_new(ground);
    heap_of_main = ground->heap;
    trial_in_thread(ground, use_heap, trial_random(ground, 2) == 0 ? object : NULL);
}

static void adopt(void *heap)
{
    ouro_heap_adopt(heap);
}

/* The thread has just used the object, so that it lies in its own arena, when another one takes the heap over. */
static void use_after_adoption(struct ground *ground)
{
    node *object = node_new(ground);
    ouro_incref(object);
    heap_of_main = ground->heap;
    trial_in_thread(ground, adopt, ground->heap);
    use_heap(trial_random(ground, 2) == 0 ? object : NULL);
}

/* ---- what the library keeps for itself ---- */

static void write_to(volatile char *place)
{
    *place = 1;
}

static void write_before_pools(struct ground *ground)
{
    char *arena = (char *)ouro__arena_of(node_new(ground));
    write_to(arena + OURO__POOLS_START - 1 - trial_random(ground, 4096));
}

static void write_behind_pools(struct ground *ground)
{
    struct ouro__arena *arena = ouro__arena_of(node_new(ground));
    write_to((char *)arena + arena->size - 1 - trial_random(ground, 4096));
}

static void write_beside_heap(struct ground *ground)
{
    char *heap = (char *)ground->heap;
    size_t far = trial_random(ground, 4096);
    write_to(trial_random(ground, 2) == 0 ? heap - 1 - far : heap + ground->heap->size + far);
}

/* ---- the rows ---- */

#define FREED(operation) operation " of 0x*, which is no living object: it was freed already"
#define RAW_FREED                                                                                  \
    "free of 0x*, which is not the beginning of raw memory in use: it was freed already, or lies " \
    "inside the block at 0x*"
#define WRITTEN "the free block of * bytes at 0x* was written to after it was freed"
#define BEHIND                                                                                     \
    "the bytes behind the block of * bytes of 0x* were written to: it overflowed, or the block "   \
    "behind it at 0x* was written to in front of its beginning"
#define WORD                                                                                       \
    "* of object 0x*, whose word was written to: the block before it overflowed, or it was "       \
    "written to in front of its beginning"
#define FREE_WORD                                                                                  \
    "the word in front of the free block of * bytes at 0x* was written to: the block before it "   \
    "overflowed, or this one was written to after it was freed"
#define STRING_END "object 0x* of type string was written to beyond its end, at byte 0 behind it"
#define RAW_END "raw memory 0x* of * bytes was written to beyond its end, at byte 0 behind it"
#define RAW_FRONT "raw memory 0x* was written to in front of its beginning"
#define NOWHERE "* of 0x*, which lies in no heap: it is foreign, wild or freed"
#define INSIDE "* of 0x*, which lies * bytes from the beginning of the object at 0x*"
#define INSIDE_DEAD "* of 0x*, which lies * bytes from the beginning of the free block at 0x*"
#define NO_BLOCK "* of 0x*, which lies in a heap but in none of its blocks"
#define LOW                                                                                        \
    "object 0x* of type node has a count of 1, but other objects hold 2 references to it: one "    \
    "decref too many, or a traverse hook that reports a reference twice"
#define HOOK "* of 0x* inside a traverse hook, which must change nothing"
#define THREAD "* of 0x* in a thread that does not own its heap: see ouro_heap_adopt"

struct row {
    const char *name;
    void (*commit)(struct ground *ground);
    size_t distance;
    const char *told[4]; /* none: no harm is done */
};

static const struct row rows[] = {
    {"double free: object, at once", decref_twice, 0, {FREED("decref")}},
    {"double free: object, later", decref_twice_later, 0, {FREED("decref")}},
    {"double free: object, in another thread", decref_twice_in_thread, 0, {FREED("decref")}},
    {"use after free: object put into a field", put_what_died, 0, {FREED("move")}},
    {"double free: large object", decref_large_twice, 0, {FREED("decref")}},
    {"double free: raw memory", free_twice, 0, {RAW_FREED}},
    {"double free: large raw memory", free_large_twice, 0, {RAW_FREED}},
    {"write after free: object", write_to_dead_object, 0, {WRITTEN}},
    {"write after free: object, reused", write_to_dead_object_and_reuse, 0, {WRITTEN}},
    {"write after free: string, reused", write_to_dead_string_and_reuse, 0, {WRITTEN}},
    {"write before free: object, reused", write_before_dead_and_reuse, 0, {FREE_WORD}},
    {"write after free: string", write_to_dead_string, 0, {WRITTEN}},
    {"write after free: raw memory", write_to_dead_raw, 0, {WRITTEN}},
    {"write after free: large object", write_to_dead_large, 0, {"fault"}},
    {"write after free: a field", set_field_of_dead, 0, {WRITTEN}},
    {"read after free: no secret, no stale data", leave_nothing, 0, {NULL}},
#define OVERFLOWS(distance)                                                                        \
    {"overflow by " #distance ": object that dies", overflow_object, distance, {BEHIND}},          \
        {"overflow by " #distance ": object that lives",                                           \
         overflow_living,                                                                          \
         distance,                                                                                 \
         {WORD, FREE_WORD, BEHIND}},                                                               \
        {"overflow by " #distance ": string", overflow_string, distance, {STRING_END, BEHIND}},    \
        {"overflow by " #distance ": large object",                                                \
         overflow_large,                                                                           \
         distance,                                                                                 \
         {STRING_END, "fault"}},                                                                   \
        {"overflow by " #distance ": raw memory", overflow_raw, distance, {RAW_END}},              \
    {                                                                                              \
        "overflow by " #distance ": large raw memory", overflow_large_raw, distance,               \
        {                                                                                          \
            RAW_END, "fault"                                                                       \
        }                                                                                          \
    }
    OVERFLOWS(1),
    OVERFLOWS(8),
    OVERFLOWS(256),
    {"underflow by 8: object", underflow_object, 0, {WORD}},
    {"underflow by 8: raw memory", underflow_raw, 0, {RAW_FRONT}},
    {"underflow by 8: large raw memory", underflow_large_raw, 0, {RAW_FRONT}},
    {"interior pointer to an object", use_interior, 0, {INSIDE}},
    {"interior pointer to a dead object", use_interior_of_dead, 0, {INSIDE_DEAD}},
    {"interior pointer to raw memory", free_interior, 0, {RAW_FREED}},
    {"pointer to the stack", use_stack, 0, {NOWHERE}},
    {"pointer to mapped memory", use_mapped, 0, {NOWHERE}},
    {"pointer from malloc", use_malloced, 0, {NOWHERE}},
    {"wild pointer", use_wild, 0, {NOWHERE}},
    {"raw memory used as an object",
     use_raw_as_object,
     0,
     {"* of 0x*, which lies in raw memory and is no object"}},
    {"object freed as raw memory",
     free_object_as_raw,
     0,
     {"free of 0x*, which lies among objects and is no raw memory"}},
    {"sized free of another size",
     free_with_wrong_size,
     0,
     {"raw memory 0x* of * bytes is freed as if it had *"}},
    {"pointer beside the pools",
     use_metadata,
     0,
     {"* of 0x*, which lies in a heap but in none of its blocks"}},
    {"a length that is written to",
     write_to_length,
     0,
     {"object 0x* of type string says that it has more items than fit in its block"}},
    {"a release hook that writes to the word", release_writes_to_the_word, 0, {WORD}},
    {"pointer far inside a large object",
     use_far_inside,
     0,
     {"* of 0x*, which lies inside a large block"}},
    {"pointer far inside large raw memory",
     free_far_inside,
     0,
     {"free of 0x*, which lies inside a large block"}},
    {"pointer behind an arena", use_behind_an_arena, 0, {NOWHERE}},
    {"pointer to a page of no pool", use_a_page_of_no_pool, 0, {NO_BLOCK}},
    {"pointer to what is no block", use_what_is_no_block, 0, {NO_BLOCK}},
    {"free of what was never cut",
     free_what_was_never_cut,
     0,
     {"free of 0x*, which lies in a heap but in none of its blocks"}},
    {"free in another heap",
     free_in_another_heap,
     0,
     {"free of raw memory 0x* in a heap that it does not belong to"}},
    {"reference to nowhere", hold_a_wild_reference, 0, {NOWHERE}},
    {"one decref too many", decref_what_a_field_holds, 0, {FREED("decref")}},
    {"count that overflows", overflow_count, 0, {NULL}},
    {"traverse: twice the same", traverse_reports_twice, 0, {LOW}},
    {"traverse: a stranger", traverse_reports_a_stranger, 0, {NOWHERE}},
    {"traverse: a count changes", traverse_takes_a_reference, 0, {HOOK}},
    {"traverse: an allocation", traverse_allocates, 0, {HOOK}},
    {"finalizer: drops what it does not own",
     finalizer_drops_itself,
     0,
     {"the finalizer of object 0x* of type box dropped a reference that it did not own"}},
    {"finalizer: left by a jump",
     finalizer_is_left,
     0,
     {"a finalizer of type box was left by longjmp: the heap is in the middle of a death or a "
      "collection; return "
      "from finalizers instead"}},
    {"another thread", use_in_another_thread, 0, {THREAD}},
    {"a heap that another thread adopted", use_after_adoption, 0, {THREAD}},
    {"write before the pools", write_before_pools, 0, {"fault"}},
    {"write behind the pools", write_behind_pools, 0, {"fault"}},
    {"write beside the heap's struct", write_beside_heap, 0, {"fault"}},
};

static bool is_told(const struct row *row, const struct heard *heard)
{
    for (size_t i = 0; i < sizeof row->told / sizeof row->told[0] && row->told[i] != NULL; i++)
        if (trial_matches(heard->message, row->told[i])) return true;
    return row->told[0] == NULL && heard->message[0] == '\0';
}

static void test_row(void **state)
{
    const struct row *row = *state;
    struct heard heard;
    uint64_t trials = test_amount(TRIALS_ORDINARY, TRIALS, TRIALS);
    if (trials < TRIALS_LEAST) trials = TRIALS_LEAST;
    distance = row->distance;
    for (uint64_t seed = 1; seed <= trials; seed++) {
        (void)trial_run(row->commit, seed, &heard);
        if (!is_told(row, &heard))
            fail_msg("%s, trial %d: \"%s\"", row->name, (int)seed, heard.message);
    }
    test_covered(trials, "faults of a program, each told");
}

int main(void)
{
    enum { ROWS = sizeof rows / sizeof rows[0] };
    struct CMUnitTest tests[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        tests[i] =
            (struct CMUnitTest){rows[i].name, test_row, NULL, NULL, (void *)(uintptr_t)&rows[i]};
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
