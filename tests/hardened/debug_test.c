/* SPDX-License-Identifier: MIT */
/*
 * debug_test.c -- the bytes that the debug build puts into memory, and what it tells of a damaged object
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <ouro/trace.h>

#include "base/process_lock.h"
#include "hardened/trial.h"
#include "heap/heap.h"
#include "memory/quarantine.h"

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

/* ---- what a dump tells of neighbours ---- */

/* Three in a row, of which the one in the middle is written to beyond its end, and that is felt. */
static void damage_between(struct ground *ground, void (*change)(ouro_heap *heap, node *row[3]))
{
    static node *row[3];
    for (int i = 0; i < 3; i++) row[i] = ouro_new(ground->heap, node);
    change(ground->heap, row);
    damaged = row[1];
    ((char *)(damaged + 1))[0] = 'x';
    ouro_decref(damaged);
}

static void grow_old(ouro_heap *heap, node *row[3])
{
    (void)row;
    (void)ouro_collect(heap, 0);
    ouro_immortalize(row[0]);
}

static void damage_a_middle_aged(struct ground *ground)
{
    damage_between(ground, grow_old);
}

static void freeze(ouro_heap *heap, node *row[3])
{
    for (int i = 0; i < 3; i++) (void)ouro_collect(heap, 2);
    ouro_freeze(heap);
    *ouro__word_of(row[2]) ^= 0xff; /* of which nobody knows what it was */
}

static void damage_a_frozen(struct ground *ground)
{
    damage_between(ground, freeze);
}

static void lose_the_type(ouro_heap *heap, node *row[3])
{
    (void)heap;
    *ouro__word_of(row[0]) = UINT64_MAX;
}

static void damage_beside_a_lost_word(struct ground *ground)
{
    damage_between(ground, lose_the_type);
}

static void expect_told(void (*commit)(struct ground *ground), const char *pattern)
{
    struct heard heard;
    assert_true(trial_run(commit, 1, &heard));
    if (!trial_matches(heard.message, pattern)) fail_msg("%s", heard.message);
}

static void test_the_dump_tells_states_and_ages(void **state)
{
    (void)state;
    expect_told(damage_a_middle_aged,
                "object 0x* was written to beyond its end, at byte 0 behind it\n"
                "  object 0x* of type node: 16 bytes, count 1, *, generation 1\n"
                "*before it: object 0x*, immortal, generation 1\n"
                "  behind it: object 0x*, generation 1");
    expect_told(damage_a_frozen, "object 0x* was written to beyond its end*\n"
                                 "  object 0x*, frozen, generation 2\n"
                                 "*before it: object 0x*, frozen, generation 2\n"
                                 "  behind it: object 0x*, generation 2, its word was written to");
    expect_told(damage_beside_a_lost_word,
                "object 0x* was written to beyond its end*"
                "before it: object 0x* with the word ffffffffffffffff, which names no type\n"
                "  behind it: object 0x* of type node*");
}

static void damage_raw(struct ground *ground)
{
    char *row[3];
    for (int i = 0; i < 3; i++) row[i] = ouro_mem_alloc(ground->heap, 90);
    ouro_mem_free(ground->heap, row[2]);
    row[1][90] = 'x';
    ouro_mem_free(ground->heap, row[1]);
}

static void damage_large_raw(struct ground *ground)
{
    char *memory = ouro_mem_alloc(ground->heap, 1 << 20);
    memory[1 << 20] = 'x';
    ouro_mem_free(ground->heap, memory);
}

static void test_the_dump_of_raw_memory(void **state)
{
    (void)state;
    expect_told(damage_raw, "raw memory 0x* of 90 bytes was written to beyond its end*\n"
                            "  raw memory 0x* of 90 bytes\n"
                            "  block 1 of * cut ones of * bytes\n"
                            "  before it: raw memory 0x* of 90 bytes\n"
                            "  behind it: raw block 0x*, free or aligned");
    expect_told(damage_large_raw, "raw memory 0x* of 1048576 bytes was written to beyond its end*\n"
                                  "  raw memory 0x* of 1048576 bytes");
}

typedef struct heir {
    struct heir *next;
} heir;

static heir *neighbour;

/* A decref too many, of what lies behind the dying. */
static void drop_too_much(void *object)
{
    if (neighbour == NULL || object == neighbour) return;
    heir *dead = neighbour;
    neighbour = NULL;
    ouro_decref(dead);
    ouro_decref(dead);
}

static ouro_type heir_type = OURO_TYPE(heir, .release = drop_too_much);

static ouro_type large_type = {.name = "large", .size = 1 << 20};

static void decref_a_dead_large_one(struct ground *ground)
{
    void *large = ouro_object_new(ground->heap, &large_type);
    ouro_decref(large);
    ouro_decref(large);
}

static void free_large_raw_twice(struct ground *ground)
{
    void *memory = ouro_mem_alloc(ground->heap, 1 << 20);
    ouro_mem_free(ground->heap, memory);
    ouro_mem_free(ground->heap, memory);
}

static void damage_while_dying(struct ground *ground)
{
    heir *first = ouro_new(ground->heap, heir);
    neighbour = ouro_new(ground->heap, heir);
    ouro_decref(first);
}

static void damage_the_last_block(struct ground *ground)
{
    node *made = NULL;
    do made = ouro_new(ground->heap, node);
    while ((uint32_t)((char *)made - (char *)ouro__pool_of(made)->first) / 32 + 1 <
           ouro__pool_of(made)->carved);
    damaged = made;
    ((char *)(made + 1))[0] = 'x';
    ouro_decref(made);
}

static void damage_a_traced(struct ground *ground)
{
    (void)ouro_trace_start(ground->heap, NULL, NULL);
    const ouro_trace_position here = {NULL, "guilty.py", "birth", 77};
    (void)ouro_trace_frame(ground->heap, &here);
    damaged = ouro_new(ground->heap, node);
    (void)ouro_trace_frame(ground->heap, NULL);
    ((char *)(damaged + 1))[0] = 'x';
    ouro_decref(damaged);
}

static char long_name[900];
static ouro_type long_type = {.name = long_name, .size = 8};

static void damage_with_a_long_name(struct ground *ground)
{
    void *row[3];
    memset(long_name, 'n', sizeof long_name - 1);
    for (int i = 0; i < 3; i++) row[i] = ouro_object_new(ground->heap, &long_type);
    ((char *)row[1])[8] = 'x';
    ouro_decref(row[1]);
}

static void test_the_dump_of_rare_places(void **state)
{
    (void)state;
    expect_told(damage_while_dying, "decref of 0x*it was freed already\n  free block 0x*\n*"
                                    "before it: object 0x* of type heir: 8 bytes, count *, dying*");
    expect_told(decref_a_dead_large_one, /* its memory is out of reach, and is not looked at */
                "decref of 0x*, which is no living object: it was freed already\n"
                "  free block 0x*, in which an object of type large was");
    expect_told(free_large_raw_twice,
                "free of 0x*, which is not the beginning of raw memory in use*\n"
                "  raw block 0x*, free or aligned");
    expect_told(damage_the_last_block, "object 0x*\n  block 127 of 128 cut ones of 32 bytes\n"
                                       "  before it: object 0x*");
    expect_told(damage_a_traced, "object 0x*, generation 0\n  born at guilty.py:77 in birth\n"
                                 "  block 0 of 128*");
    struct heard heard; /* what does not fit is left out */
    assert_true(trial_run(damage_with_a_long_name, 1, &heard));
    assert_true(trial_matches(heard.message, "object 0x* of type nnn*"));
}

/* ---- the quarantine ---- */

/* Whether the block of an object that dies waits before its pool has it again. */
static bool waits(ouro_heap *heap)
{
    node *first = ouro_new(heap, node);
    const struct ouro__pool *pool = ouro__pool_of(first);
    uint32_t used = pool->used;
    ouro_decref(first);
    return pool->used == used;
}

static void test_without_memory_there_is_no_quarantine(void **state)
{
    (void)state;
    ouro_heap *heap = ouro_heap_new(
        &(ouro_heap_options){.collector_off = true, .ignore_environment = true}, NULL);
    ouro_decref(ouro_new(heap, node)); /* the type, and a pool */
    ouro_heap *poor = ouro_heap_new(
        &(ouro_heap_options){.collector_off = true, .ignore_environment = true}, NULL);
    node *held = ouro_new(poor, node);
    struct rlimit as_it_was, none;
    assert_int_equal(getrlimit(RLIMIT_AS, &as_it_was), 0);
    none = as_it_was;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
    bool waited = waits(poor);
    assert_int_equal(setrlimit(RLIMIT_AS, &as_it_was), 0);
    assert_false(waited);
    assert_true(waits(heap));
    ouro_decref(held);
    assert_int_equal(ouro_verify(poor, NULL), OURO_OK);
    assert_int_equal(ouro_heap_close(poor, NULL, NULL), OURO_OK);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

static ouro_type speck_type = {.name = "speck", .size = 8};
static ouro_type slab_type = {.name = "slab", .size = 600};

enum { DEATHS = 400000 };
static const void *died[DEATHS]; /* in turn */
static size_t deaths;

/* Of two pools, so that each is a run of its own. */
static void die_in_turn(ouro_heap *heap, ouro_type *first, ouro_type *second)
{
    void *one = ouro_object_new(heap, first), *two = ouro_object_new(heap, second);
    assert_true(deaths + 2 <= DEATHS);
    died[deaths++] = one;
    died[deaths++] = two;
    ouro_decref(one);
    ouro_decref(two);
}

/* The ring holds who died last, in order: no longer than its bytes allow. */
static void look_at_ring(const struct ouro__guard *guard)
{
    size_t first = deaths - guard->run_count;
    for (unsigned i = 0; i < guard->run_count; i++)
        assert_ptr_equal(ouro__quarantine_run(guard, i)->first, died[first + i]);
}

/* [quarantine.order], while the ring grows around its oldest run, and where it cannot grow any more. */
static void test_what_died_first_leaves_first(void **state)
{
    (void)state;
    ouro_heap *heap = ouro_heap_new(
        &(ouro_heap_options){.collector_off = true, .ignore_environment = true}, NULL);
    const struct ouro__guard *guard = &ouro__heap_pools(heap)->guard;
    deaths = 0;
    do die_in_turn(heap, &slab_type, &node_type);
    while (guard->oldest == 0);
    look_at_ring(guard);
    unsigned room = guard->run_room;
    while (deaths < DEATHS / 2) {
        die_in_turn(heap, &speck_type, &node_type);
        if (guard->run_room == room) continue;
        assert_int_equal(guard->run_room, 2 * room);
        look_at_ring(guard);
        room = guard->run_room;
    }
    look_at_ring(guard);
    assert_int_equal(room, OURO_QUARANTINE_RUNS);
    assert_int_equal(guard->run_count, room); /* full before its bytes are */
    assert_int_equal(ouro_verify(heap, NULL), OURO_OK);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

static size_t given_back; /* bytes */

static void *obtain(void *context, size_t size, size_t alignment)
{
    (void)context;
    return ouro__system_source.obtain(NULL, size, alignment);
}

static void give_back(void *context, void *region, size_t size)
{
    (void)context;
    given_back += size;
    ouro__system_source.give_back(NULL, region, size);
}

/* Of a source of the program's own a large block goes back at once: nobody else can deny access to it. */
static void test_a_large_block_of_another_source_does_not_wait(void **state)
{
    (void)state;
    ouro_heap_options options = {.collector_off = true, .ignore_environment = true};
    options.source = ouro__system_source;
    options.source.obtain = obtain;
    options.source.give_back = give_back;
    ouro_heap *heap = ouro_heap_new(&options, NULL);
    void *large = ouro_mem_alloc(heap, 3 << 20);
    given_back = 0;
    ouro_mem_free(heap, large);
    assert_true(given_back >= 3 << 20);
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

/* ---- threads ---- */

/* Makes an object in a heap of its own, and ends when it is told to. */
struct guest {
    pthread_t thread;
    sem_t made, go;
    ouro_heap *heap;
    node *object;
};

static pthread_key_t last_act; /* of which the destructor comes after the library's */

/* The library has let go of the thread: it takes it for one whose objects lie nowhere. */
static void act_once_more(void *argument)
{
    struct guest *guest = argument;
    for (int i = 0; i < 2; i++) {
        ouro_set(guest->object, left, guest->object);
        ouro_clear(guest->object, left);
        assert_int_equal(ouro__own_arena, OURO__NO_ARENA);
    }
}

static void *stay(void *argument)
{
    struct guest *guest = argument;
    guest->heap = ouro_heap_new(
        &(ouro_heap_options){.collector_off = true, .ignore_environment = true}, NULL);
    guest->object = ouro_new(guest->heap, node);
    ouro_decref(ouro_newref(guest->object));
    assert_int_equal(pthread_setspecific(last_act, guest), 0);
    sem_post(&guest->made);
    while (sem_wait(&guest->go) != 0) {
    }
    return NULL;
}

/* Their variables are gone, and those of the next ones lie where they were.  The next to adopt a heap, or to end one,
 * goes through the list of all that are there. */
static void test_threads_come_and_go(void **state)
{
    enum { GUESTS = 3, ROUNDS = 3 };
    static struct guest guests[GUESTS];
    static const int turns[ROUNDS][GUESTS] = {{1, 2, 0}, {0, 1, 2}, {2, 0, 1}};
    (void)state;
    ouro_heap *own = ouro_heap_new(
        &(ouro_heap_options){.collector_off = true, .ignore_environment = true}, NULL);
    node *mine = ouro_new(own, node);
    assert_int_equal(pthread_key_create(&last_act, act_once_more), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < GUESTS; i++) {
            sem_init(&guests[i].made, 0, 0);
            sem_init(&guests[i].go, 0, 0);
            assert_int_equal(pthread_create(&guests[i].thread, NULL, stay, &guests[i]), 0);
            while (sem_wait(&guests[i].made) != 0) {
            }
        }
        for (int i = 0; i < GUESTS; i++) {
            struct guest *guest = &guests[turns[round][i]];
            sem_post(&guest->go);
            assert_int_equal(pthread_join(guest->thread, NULL), 0);
            ouro_heap_adopt(guest->heap);
            ouro_decref(guest->object);
            assert_int_equal(ouro_heap_close(guest->heap, NULL, NULL), OURO_OK);
        }
    }
    assert_int_equal(pthread_key_delete(last_act), 0);
    ouro_decref(mine);
    assert_int_equal(ouro_heap_close(own, NULL, NULL), OURO_OK);
}

/* A thread on its way into the list, and who takes its heap over meanwhile. */
struct entrant {
    node *object;
    ouro_heap *heap;
    sem_t adopted, go;
    _Atomic long number; /* of the thread, when nothing but the lock is in its way */
    uintptr_t own_arena; /* in the end */
};

static void *enter_late(void *argument)
{
    struct entrant *entrant = argument;
    ouro_heap_adopt(entrant->heap);
    sem_post(&entrant->adopted);
    while (sem_wait(&entrant->go) != 0) {
    }
    atomic_store(&entrant->number, syscall(SYS_gettid));
    ouro__guard_settle(entrant->object);
    entrant->own_arena = ouro__own_arena;
    return NULL;
}

static bool is_asleep(long number)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/self/task/%ld/stat", number);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    const char *state = strrchr(text, ')');
    return state != NULL && state[2] == 'S';
}

/* Whoever loses a heap between the look at its owner and the note where its objects lie takes that back.  ThreadSanitizer
 * would report what this program does wrong. */
static void test_a_heap_is_taken_over_meanwhile(void **state)
{
    static struct entrant entrant;
    pthread_t thread;
    (void)state;
#ifdef __SANITIZE_THREAD__
    skip();
#endif
    entrant.heap = ouro_heap_new(
        &(ouro_heap_options){.collector_off = true, .ignore_environment = true}, NULL);
    entrant.object = ouro_new(entrant.heap, node);
    entrant.own_arena = 1;
    sem_init(&entrant.adopted, 0, 0);
    sem_init(&entrant.go, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, enter_late, &entrant), 0);
    while (sem_wait(&entrant.adopted) != 0) {
    }
    ouro__process_lock();
    sem_post(&entrant.go);
    while (atomic_load(&entrant.number) == 0 || !is_asleep(entrant.number)) sched_yield();
    /* of ouro_heap_adopt what comes before the lock */
    ouro__heap_pools(entrant.heap)->front.thread = ouro__guard_thread();
    ouro__process_unlock();
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(entrant.own_arena, OURO__NO_ARENA);
    ouro_heap_adopt(entrant.heap);
    ouro_decref(entrant.object);
    assert_int_equal(ouro_heap_close(entrant.heap, NULL, NULL), OURO_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_those_of_pythons_hooks),
        cmocka_unit_test(test_the_dump_names_the_object_and_its_neighbours),
        cmocka_unit_test(test_the_dump_of_what_is_dead),
        cmocka_unit_test(test_the_dump_tells_states_and_ages),
        cmocka_unit_test(test_the_dump_of_raw_memory),
        cmocka_unit_test(test_the_dump_of_rare_places),
        cmocka_unit_test(test_without_memory_there_is_no_quarantine),
        cmocka_unit_test(test_what_died_first_leaves_first),
        cmocka_unit_test(test_a_large_block_of_another_source_does_not_wait),
        cmocka_unit_test(test_threads_come_and_go),
        cmocka_unit_test(test_a_heap_is_taken_over_meanwhile),
    };
    return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
