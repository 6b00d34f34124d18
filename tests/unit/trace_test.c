/* SPDX-License-Identifier: MIT */
/*
 * trace_test.c -- births and deaths that are heard of: all, or a sample
 *
 * The naive record is the heap itself, walked: blocks, their sizes, and the line that each object was born at, which it
 * holds.
 */
/* Frames are looked for in the functions that allocate: a build for coverage, too, inlines the header here. */
#undef always_inline

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"
#include "support/random.h"
#include "support/refusal.h"
#include "support/setting.h"
#include "support/traced.h"

#include "heap/heap.h"

static ouro_heap *traced_heap(const ouro_trace_options *options)
{
    ouro_heap *heap = test_heap_new(NULL);
    if (!ouro_trace_is_on(heap)) assert_int_equal(ouro_trace_start(heap, options, NULL), OURO_OK);
    return heap;
}

static ouro_trace_totals totals_of(ouro_heap *heap)
{
    ouro_trace_totals totals;
    ouro_trace_get_totals(heap, &totals);
    return totals;
}

static ouro_trace_site site_of(ouro_heap *heap, const void *memory)
{
    ouro_trace_site site;
    assert_true(ouro_trace_get_site(heap, ouro_trace_site_of(memory), &site));
    return site;
}

/* ---- exactness ---- */

enum { PLACES = 7, HELD = 400 };

static ouro_type wide_type = {.name = "wide", .size = 100000};

/* What the test holds: an object or raw memory, and the line it was born at. */
struct held {
    void *object;
    void *raw;
    uint32_t line;
    size_t objects, bytes; /* of raw memory */
};

struct play {
    ouro_heap *heap;
    struct random random;
    struct held held[HELD];
};

static void let_go(struct play *play, struct held *held)
{
    if (held->object != NULL) ouro_decref(held->object);
    if (held->raw != NULL) ouro_mem_free(play->heap, held->raw);
    *held = (struct held){0};
}

static void *some_object(struct play *play)
{
    switch (random_below(&play->random, 8)) {
    case 0: return list_new(play->heap);
    case 1: return ouro_object_new(play->heap, &wide_type);
    case 2: return ouro_object_new(play->heap, &atom_type);
    case 3:
    case 4: return ouro_new(play->heap, atom);
    default: return cell_new(play->heap);
    }
}

static void refer(struct play *play, struct held *from)
{
    const struct held *to = &play->held[random_below(&play->random, HELD)];
    if (from->object == NULL || to->object == NULL) return;
    if (ouro_type_of(from->object) == &cell_type)
        ouro_set((cell *)from->object, left, to->object);
    else if (ouro_type_of(from->object) == &list_type)
        list_append(from->object, to->object);
}

static void act(struct play *play)
{
    struct held *held = &play->held[random_below(&play->random, HELD)];
    ouro_trace_position position = {.file = "play", .function = "act"};
    position.line = 1 + random_below(&play->random, PLACES);
    const ouro_trace_position *before = ouro_trace_frame(play->heap, &position);
    const uint32_t choice = random_below(&play->random, 100);
    if (choice < 45) {
        let_go(play, held);
        held->object = some_object(play);
        held->line = position.line;
    } else if (choice < 60) {
        let_go(play, held);
        held->raw = ouro_mem_alloc(play->heap, 1 + random_below(&play->random, 700));
        held->line = position.line;
    } else if (choice < 65) {
        if (held->raw == NULL) let_go(play, held);
        held->raw = ouro_mem_realloc(play->heap, held->raw,
                                     1 + random_below(&play->random, 200) *
                                             random_below(&play->random, 700));
        held->line = position.line;
    } else if (choice < 85) {
        refer(play, held);
    } else if (choice < 98) {
        let_go(play, held);
    } else {
        (void)ouro_collect(play->heap, (int)random_below(&play->random, 3));
    }
    assert_ptr_equal(ouro_trace_frame(play->heap, before), &position);
}

static void look_at_lines(struct play *play)
{
    for (size_t i = 0; i < HELD; i++) {
        const struct held *held = &play->held[i];
        const void *memory = held->object != NULL ? held->object : held->raw;
        ouro_trace_place place;
        if (memory == NULL) continue;
        assert_int_equal(ouro_trace_of(memory, &place, 1), 1);
        assert_string_equal(place.file, "play");
        assert_int_equal(place.line, held->line);
    }
}

static void test_every_block_is_counted(void **state)
{
    const size_t steps = test_scaled(20000);
    (void)state;
    struct play play = {.heap = traced_heap(NULL), .random = {test_seed()}};
    for (size_t i = 0; i < steps; i++) {
        act(&play);
        if (i % 500 != 0) continue;
        if (ouro_trace_get_options(play.heap).sample_bytes != 0) {
            traced_audit(play.heap);
            continue;
        }
        traced_is_complete(play.heap);
        look_at_lines(&play);
    }
    for (size_t i = 0; i < HELD; i++) let_go(&play, &play.held[i]);
    (void)ouro_collect(play.heap, 2);
    traced_audit(play.heap);
    assert_int_equal(totals_of(play.heap).current, 0);
    test_heap_close_empty(play.heap);
}

/* The same of a sample that is nearly everything, and of a thin one. */
static void test_samples_are_counted(void **state)
{
    static const size_t intervals[] = {1, 30, 1000, 50000};
    const size_t steps = test_scaled(10000);
    (void)state;
    for (size_t n = 0; n < COUNT_OF(intervals); n++) {
        struct play play = {.random = {test_seed() + n}};
        play.heap = traced_heap(&(ouro_trace_options){.sample_bytes = intervals[n], .seed = n + 1});
        for (size_t i = 0; i < steps; i++) {
            act(&play);
            if (i % 200 == 0) traced_audit(play.heap);
            if (i % 1000 == 0) test_heap_verify(play.heap);
        }
        for (size_t i = 0; i < HELD; i++) let_go(&play, &play.held[i]);
        (void)ouro_collect(play.heap, 2);
        traced_audit(play.heap);
        assert_int_equal(totals_of(play.heap).current, 0);
        test_heap_close_empty(play.heap);
    }
}

/* Trees without hooks, which die without a look at each of their objects: their sums are those of what lives. */
static node *tree_new(ouro_heap *heap, int height)
{
    node *top = node_new(heap);
    if (height == 0) return top;
    ouro_put(top, left, tree_new(heap, height - 1));
    ouro_put(top, right, tree_new(heap, height - 1));
    return top;
}

static void test_deaths_of_many_at_once(void **state)
{
    static const size_t intervals[] = {0, 1, 30, 1000};
    (void)state;
    for (size_t n = 0; n < COUNT_OF(intervals); n++) {
        ouro_heap *heap = test_heap_quiet();
        ouro_trace_stop(heap);
        const ouro_trace_options options = {.sample_bytes = intervals[n], .seed = n + 1};
        assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
        for (int height = 0; height < 10; height++) {
            node *kept = tree_new(heap, 3), *tree = tree_new(heap, height);
            node *newest = ouro_newref(tree);
            while (newest->right != NULL) {
                node *below = ouro_newref(newest->right);
                ouro_decref(newest);
                newest = below;
            }
            ouro_decref(newest);
            ouro_decref(tree);
            traced_audit(heap);
            ouro_decref(kept);
            traced_audit(heap);
        }
        assert_int_equal(totals_of(heap).current, 0);
        test_heap_close_empty(heap);
    }
}

static void make_another(cell *self)
{
    ouro_decref(node_new(ouro_heap_of(self)));
}

/* What was heard of last is dying when the next of its size is born, or dies: its end is told by then. */
static void test_the_newest_is_dying_at_the_next_birth(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    ouro_trace_stop(heap);
    const ouro_trace_options options = {.sample_bytes = 1, .seed = 1};
    assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
    cell *speaker = cell_new(heap);
    speaker->last_word = make_another;
    node *newest = node_new(heap);
    ouro_put(newest, left, speaker);
    ouro_decref(newest);
    traced_audit(heap);
    assert_int_equal(totals_of(heap).current, 0);
    test_heap_close_empty(heap);
}

static void test_on_and_off_in_the_middle(void **state)
{
    const size_t steps = test_scaled(6000);
    (void)state;
    struct play play = {.heap = test_heap_new(NULL), .random = {test_seed()}};
    ouro_trace_stop(play.heap);
    for (size_t i = 0; i < steps; i++) {
        act(&play);
        if (i % 300 == 0) {
            if (ouro_trace_is_on(play.heap)) {
                traced_audit(play.heap);
                ouro_trace_stop(play.heap);
                assert_int_equal(ouro_trace_site_of(play.held[0].object), 0);
            } else {
                const ouro_trace_options options = {.sample_bytes = i % 900, .frames = 3};
                assert_int_equal(ouro_trace_start(play.heap, &options, NULL), OURO_OK);
            }
            test_heap_verify(play.heap);
        } else if (i % 77 == 0 && ouro_trace_is_on(play.heap)) {
            ouro_trace_clear(play.heap);
            assert_int_equal(totals_of(play.heap).current, 0);
        }
    }
    for (size_t i = 0; i < HELD; i++) let_go(&play, &play.held[i]);
    (void)ouro_collect(play.heap, 2);
    test_heap_close_empty(play.heap);
}

/* ---- frames ---- */

static __attribute__((noinline)) void *made_deeply(ouro_heap *heap, int depth)
{
    void *made = depth > 0 ? made_deeply(heap, depth - 1) : ouro_new(heap, atom);
    __asm__ volatile("" : : "r"(made) : "memory"); /* a call, and no jump */
    return made;
}

static void assert_depth(ouro_trace_unwind unwind)
{
    ouro_heap *heap = test_heap_new(NULL);
    ouro_trace_stop(heap);
    const ouro_trace_options options = {.frames = 20, .unwind = unwind};
    assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
    void *made = made_deeply(heap, 100);
    ouro_trace_place places[20];
    assert_int_equal(ouro_trace_of(made, places, COUNT_OF(places)), COUNT_OF(places));
    for (size_t i = 0; i < COUNT_OF(places); i++) { /* all in the one function */
        assert_in_range(places[i].pc, (uintptr_t)made_deeply, (uintptr_t)made_deeply + 4096);
        assert_true(places[i].module[0] == '/');
        if (i > 1) assert_int_equal(places[i].pc, places[1].pc);
    }
    ouro_decref(made);
    test_heap_close_empty(heap);
}

static void test_frames_by_tables(void **state)
{
    (void)state;
    assert_depth(OURO_TRACE_UNWIND_TABLES);
    assert_depth(OURO_TRACE_UNWIND_AUTO);
}

/* Recursion far beyond what a site holds, and one that is 50,000 deep. */
static void test_deep_recursion(void **state)
{
    (void)state;
    ouro_heap *heap = traced_heap(&(ouro_trace_options){.frames = OURO_TRACE_FRAMES_MAX});
    void *made = made_deeply(heap, 20000);
    ouro_decref(made);
    made = made_deeply(heap, 3);
    ouro_decref(made);
    traced_audit(heap);
    test_heap_close_empty(heap);
}

/* Whatever the chain of frame pointers says, nothing outside the stack is read, and it ends. */
static void test_broken_chains(void **state)
{
    (void)state;
    struct ouro__frames frames;
    const ouro_trace_options options = {.frames = 8, .unwind = OURO_TRACE_UNWIND_FRAME_POINTERS};
    ouro__frames_init(&frames, &options, (struct ouro__caller){NULL, NULL});
    /* On the stack itself: AddressSanitizer moves arrays elsewhere, to see who uses them too late. */
    uintptr_t *chain = __builtin_alloca(8 * sizeof *chain);
    memset(chain, 0, 8 * sizeof *chain);
    struct ouro__frame out[8];
    const void *const starts[] = {NULL,
                                  (void *)8,
                                  (void *)UINTPTR_MAX,
                                  (void *)(UINTPTR_MAX - 7),
                                  (char *)chain + 1,
                                  &out,
                                  &frames,
                                  (void *)0x7fffffffffff8,
                                  out};
    for (size_t i = 0; i < COUNT_OF(starts); i++) {
        const struct ouro__caller caller = {(void *)0x1001, starts[i]};
        const uint32_t count = ouro__frames_of(&frames, caller, NULL, out);
        assert_in_range(count, 1, 8);
        assert_int_equal(out[0].pc, 0x1000);
    }
    chain[0] = (uintptr_t)&chain[2];
    chain[1] = 0x2001;
    chain[2] = (uintptr_t)&chain[0]; /* back inwards */
    chain[3] = 0x3001;
    const struct ouro__caller caller = {(void *)0x1001, chain};
    assert_int_equal(ouro__frames_of(&frames, caller, NULL, out), 3);
    assert_int_equal(out[1].pc, 0x2000);
    assert_int_equal(out[2].pc, 0x3000);
    chain[2] = (uintptr_t)&chain[2]; /* itself */
    assert_int_equal(ouro__frames_of(&frames, caller, NULL, out), 3);
    chain[2] = 0x10; /* off the stack */
    assert_int_equal(ouro__frames_of(&frames, caller, NULL, out), 3);
}

static void test_positions_and_native_frames(void **state)
{
    (void)state;
    const ouro_trace_position outer = {NULL, "outer.py", "main", 10};
    ouro_trace_position inner = {&outer, "inner.py", "work", 20};
    for (int keep = 0; keep < 2; keep++) {
        ouro_heap *heap = test_heap_new(NULL);
        ouro_trace_stop(heap);
        const ouro_trace_options options = {.frames = 3, .keep_native = keep == 1};
        assert_int_equal(ouro_trace_start(heap, &options, NULL), OURO_OK);
        assert_null(ouro_trace_frame(heap, &inner));
        inner.line = 20;
        atom *first = ouro_new(heap, atom);
        inner.line = 21;
        atom *second = ouro_new(heap, atom);
        assert_int_not_equal(ouro_trace_site_of(first), ouro_trace_site_of(second));
        ouro_trace_place places[3];
        assert_int_equal(ouro_trace_of(second, places, 3), 2 + keep);
        assert_string_equal(places[0].file, "inner.py");
        assert_string_equal(places[0].function, "work");
        assert_int_equal(places[0].line, 21);
        assert_int_equal(places[0].pc, 0);
        assert_int_equal(places[1].line, 10);
        if (keep == 1) assert_int_not_equal(places[2].pc, 0);
        (void)ouro_trace_frame(heap, NULL);
        ouro_decref(first);
        ouro_decref(second);
        test_heap_close_empty(heap);
    }
}

/* ---- what else is born ---- */

static void test_raw_memory_that_moves_or_stays(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(NULL);
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
    char *memory = ouro_mem_alloc(heap, 20);
    const uint32_t first = ouro_trace_site_of(memory);
    assert_int_not_equal(first, 0);
    assert_int_equal(site_of(heap, memory).kind, OURO_TRACE_RAW);
    memory = ouro_mem_realloc(heap, memory, 24); /* stays, and is of this line now */
    const uint32_t second = ouro_trace_site_of(memory);
    assert_int_not_equal(second, first);
    memory = ouro_mem_realloc(heap, memory, 5000);
    assert_int_not_equal(ouro_trace_site_of(memory), second);
    traced_is_complete(heap);
    memory = ouro_mem_realloc(heap, memory, 1 << 20);
    traced_is_complete(heap);
    memory = ouro_mem_realloc(heap, memory, 3 << 20); /* in place, mostly */
    traced_is_complete(heap);
    assert_int_equal(ouro_trace_site_of(memory + 100), ouro_trace_site_of(memory));
    ouro_mem_free(heap, memory);
    memory = ouro_mem_alloc_aligned(heap, 100, 256);
    assert_int_not_equal(ouro_trace_site_of(memory), 0);
    ouro_mem_free(heap, memory);
    memory = ouro_mem_alloc_zeroed(heap, 3, 9);
    assert_int_not_equal(ouro_trace_site_of(memory), 0);
    ouro_mem_free_sized(heap, memory, 27);
    traced_is_complete(heap);
    assert_int_equal(totals_of(heap).current, 0);
    test_heap_close_empty(heap);
}

static void test_weak_maps_and_references(void **state)
{
    (void)state;
    ouro_heap *heap = traced_heap(NULL);
    const ouro_trace_position here = {NULL, "maps", "here", 1};
    (void)ouro_trace_frame(heap, &here);
    ouro_weak_map *map = ouro_weak_map_new(heap);
    list *keys = list_new(heap);
    for (int i = 0; i < 300; i++) {
        ouro_auto cell *key = cell_new(heap);
        ouro_auto cell *value = cell_new(heap);
        ouro_auto ouro_weakref *weakref = ouro_weakref_new(key);
        assert_int_equal(ouro_weak_map_set(map, key, value), OURO_OK);
        list_append(keys, key);
        list_append(keys, weakref);
    }
    if (ouro_trace_get_options(heap).sample_bytes == 0) {
        traced_is_complete(heap);
        ouro_trace_snapshot *snapshot = ouro_trace_take(heap, NULL);
        assert_non_null(snapshot);
        ouro_trace_site site;
        const ouro_trace_place *frames;
        for (uint32_t i = 0; ouro_trace_snapshot_site(snapshot, i, &site, &frames); i++) {
            if (site.live_objects == 0) continue; /* all inner ones, too, were born there */
            assert_int_equal(site.frame_count, 1);
            assert_string_equal(frames[0].file, "maps");
        }
        ouro_trace_snapshot_free(snapshot);
    }
    (void)ouro_trace_frame(heap, NULL);
    ouro_decref(keys);
    traced_audit(heap);
    ouro_decref(map);
    traced_audit(heap);
    test_heap_close_empty(heap);
}

/* A finalizer and a weak callback that allocate are callers of their own. */
static ouro_heap *finalizing;
static uint32_t born_in_finalizer;

static void make_one(cell *self)
{
    (void)self;
    atom *made = ouro_new(finalizing, atom);
    born_in_finalizer = ouro_trace_site_of(made);
    ouro_decref(made);
}

static void test_callers_inside_a_collection(void **state)
{
    (void)state;
    finalizing = traced_heap(NULL);
    for (int i = 0; i < 10000; i++) cell_lose(finalizing, make_one);
    atom *made = ouro_new(finalizing, atom);
    if (ouro_trace_get_options(finalizing).sample_bytes == 0) {
        assert_int_not_equal(born_in_finalizer, 0);
        assert_int_not_equal(ouro_trace_site_of(made), born_in_finalizer);
    }
    ouro_decref(made);
    (void)ouro_collect(finalizing, 2);
    traced_audit(finalizing);
    test_heap_close_empty(finalizing);
}

/* ---- peaks ---- */

static void test_peaks(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(NULL);
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
    void *blocks[10];
    for (int i = 0; i < 10; i++) blocks[i] = ouro_mem_alloc(heap, 1000);
    const size_t most = totals_of(heap).current;
    assert_int_equal(site_of(heap, blocks[0]).peak_bytes, most);
    assert_int_equal(site_of(heap, blocks[0]).objects, 10);
    for (int i = 1; i < 10; i++) ouro_mem_free(heap, blocks[i]);
    assert_int_equal(totals_of(heap).current, most / 10);
    assert_int_equal(totals_of(heap).peak, most);
    assert_int_equal(site_of(heap, blocks[0]).peak_bytes, most);
    assert_int_equal(site_of(heap, blocks[0]).live_objects, 1);
    ouro_trace_reset_peak(heap);
    assert_int_equal(totals_of(heap).peak, most / 10);
    ouro_mem_free(heap, blocks[0]);
    test_heap_close_empty(heap);
}

/* ---- memory that is refused ---- */

/* The program gets what it asks for; traces are lost, and it is said how many. */
static void test_refused_tables(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap =
        test_heap_new(&(ouro_heap_options){.refuse = refusal_decides, .refuse_context = &refusal});
    ouro_trace_stop(heap);
    for (size_t at = 0; at < 40; at++) {
        refusal = (struct refusal){.at = REFUSAL_NEVER};
        ouro_trim(heap);
        refusal = (struct refusal){.at = 0};
        assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_NO_MEMORY);
        refusal = (struct refusal){.at = REFUSAL_NEVER};
        assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
        refusal = (struct refusal){.at = at};
        void *blocks[100];
        for (size_t i = 0; i < 100; i++) {
            blocks[i] = ouro_mem_alloc(heap, 16 + 8 * i);
            assert_non_null(blocks[i]);
        }
        traced_audit(heap);
        size_t unknown = 0;
        for (size_t i = 0; i < 100; i++) unknown += ouro_trace_site_of(blocks[i]) == 0;
        assert_int_equal(unknown, totals_of(heap).lost);
        for (size_t i = 0; i < 100; i++) ouro_mem_free(heap, blocks[i]);
        traced_audit(heap);
        ouro_trace_stop(heap);
    }
    test_heap_close_empty(heap);
}

/* ---- processes and jumps ---- */

static void test_fork(void **state)
{
    (void)state;
    ouro_heap *heap = traced_heap(NULL);
    atom *kept = ouro_new(heap, atom);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        apart_begin();
        atom *more = ouro_new(heap, atom);
        traced_audit(heap);
        ouro_decref(more);
        ouro_decref(kept);
        traced_audit(heap);
        ouro_trace_stop(heap);
        apart_end(ouro_heap_close(heap, NULL, NULL) == OURO_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ouro_decref(kept);
    traced_audit(heap);
    test_heap_close_empty(heap);
}

static jmp_buf away;

static bool jump(void *context, size_t bytes)
{
    bool *jumps = context;
    (void)bytes;
    if (*jumps) longjmp(away, 1);
    return false;
}

/* Out of a `refuse` that is asked in the middle of an allocation: the next caller is another one. */
static void test_longjmp(void **state)
{
    (void)state;
    bool jumps = false;
    ouro_heap *heap = test_heap_new(&(ouro_heap_options){.refuse = jump, .refuse_context = &jumps});
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
    atom *volatile first = ouro_new(heap, atom);
    if (setjmp(away) == 0) {
        jumps = true;
        void *never = ouro_mem_alloc(heap, 333);
        ouro_mem_free(heap, never);
        fail();
    }
    jumps = false;
    atom *second = ouro_new(heap, atom);
    assert_int_not_equal(ouro_trace_site_of(second), ouro_trace_site_of(first));
    traced_is_complete(heap);
    ouro_decref(first);
    ouro_decref(second);
    test_heap_close_empty(heap);
}

/* ---- misuse ---- */

static void decref_twice(void *argument)
{
    (void)argument;
    ouro_heap *heap = test_heap_new(NULL);
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
    const ouro_trace_position outer = {NULL, "main.py", "main", 3};
    const ouro_trace_position here = {&outer, "guilty.py", "birth", 77};
    (void)ouro_trace_frame(heap, &here);
    atom *object = ouro_new(heap, atom);
    (void)ouro_trace_frame(heap, NULL);
    ouro_decref(object);
    ouro_decref(object);
}

/* Also what has died, as long as nobody else was born there. */
static void test_misuse_says_where_it_was_born(void **state)
{
    (void)state;
    apart_aborts(decref_twice,
                 "decref of *, which is no living object*\n*born at guilty.py:77 in birth");
}

/* Of native code the module and the offset are known at least; what does not fit is left out whole. */
static void test_a_native_birth_is_described(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(NULL);
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
    atom *object = ouro_new(heap, atom);
    char text[4096] = "";
    ouro__birth_describe(object, text, sizeof text);
    assert_true(apart_matches(text, "\n  born at /*+0x"));
    const size_t whole = strlen(text);
    assert_true(whole < sizeof text);
    for (size_t size = 1; size <= whole + 1; size++) {
        memset(text, 'x', sizeof text);
        ouro__birth_describe(object, text, size);
        assert_int_equal(strlen(text), size > whole ? whole : 0);
    }
    ouro_decref(object);
    test_heap_close_empty(heap);
}

/* Born in a library, whose functions have names. */
static void test_a_birth_in_a_library_has_a_name(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(NULL);
    ouro_trace_stop(heap);
    assert_int_equal(ouro_trace_start(heap, NULL, NULL), OURO_OK);
    struct ouro__trace *trace =
        (struct ouro__trace *)(void *)ouro__trace_of(ouro__heap_pools(heap));
    const struct ouro__frame frame = {.pc = (uintptr_t)strtoull + 4};
    const uint32_t site = ouro__sites_find(&trace->sites, OURO_TRACE_OBJECTS, &frame, 1);
    assert_int_not_equal(site, 0);
    atom *object = ouro_new(heap, atom);
    uint32_t *number = ouro__meter_number_of(ouro__pool_of(object), object);
    const uint32_t own = *number;
    *number = site;
    char text[1000] = "";
    ouro__birth_describe(object, text, sizeof text);
    assert_true(apart_matches(text, "\n  born at /*+0x* in "));
    *number = own;
    ouro_decref(object);
    test_heap_close_empty(heap);
}

/* Any pointer may be asked about. */
static void test_what_never_was_born(void **state)
{
    (void)state;
    char text[100] = "as it was";
    ouro_heap *heap = traced_heap(NULL);
    const void *const pointers[] = {NULL, (void *)8, (void *)UINTPTR_MAX, &heap, heap, text};
    atom *object = ouro_new(heap, atom);
    const char *arena = (const char *)ouro__arena_of(object);
    for (size_t i = 0; i < COUNT_OF(pointers); i++) {
        ouro__birth_describe(pointers[i], text, sizeof text);
        assert_string_equal(text, "as it was");
    }
    for (size_t page = 0; page < OURO_ARENA_FIRST_PAGE; page++) { /* the arena's own structs */
        ouro__birth_describe(arena + page * OURO_POOL_SIZE + 8, text, sizeof text);
        assert_string_equal(text, "as it was");
    }
    ouro_decref(object);
    test_heap_close_empty(heap);
}

/* ---- options ---- */

static void test_options(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_new(NULL);
    ouro_error error;
    ouro_trace_stop(heap);
    assert_false(ouro_trace_is_on(heap));
    assert_int_equal(ouro_trace_get_options(heap).frames, 0);
    assert_int_equal(totals_of(heap).table_bytes, 0);
    assert_null(ouro_trace_take(heap, &error));
    assert_int_equal(error.status, OURO_EMPTY);
    const ouro_trace_options much = {.frames = OURO_TRACE_FRAMES_MAX + 1};
    assert_int_equal(ouro_trace_start(heap, &much, &error), OURO_BAD_ARGUMENT);
    const ouro_trace_options odd = {.unwind = (ouro_trace_unwind)9};
    assert_int_equal(ouro_trace_start(heap, &odd, &error), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_trace_start(heap, NULL, &error), OURO_OK);
    assert_int_equal(ouro_trace_start(heap, NULL, &error), OURO_BUSY);
    assert_int_equal(ouro_trace_get_options(heap).frames, 1);
    ouro_trace_stop(heap);
    test_heap_close_empty(heap);
}

static bool refuse_all(void *context, size_t bytes)
{
    (void)context;
    (void)bytes;
    return true;
}

/* A heap is traced as the environment says, or there is none. */
static void test_a_refused_trace_is_a_refused_heap(void **state)
{
    (void)state;
    const char *given = getenv("OURO_TRACE");
    char *before = given != NULL ? strdup(given) : NULL;
    const ouro_heap_options options = {.refuse = refuse_all};
    ouro_error error = {.status = OURO_OK};
    setenv("OURO_TRACE", "1", 1);
    assert_null(ouro_heap_new(&options, &error));
    assert_int_equal(error.status, OURO_NO_MEMORY);
    assert_null(ouro_heap_new(&options, NULL));
    unsetenv("OURO_TRACE");
    ouro_heap *heap = ouro_heap_new(&options, &error);
    assert_non_null(heap);
    ouro_heap_close(heap, NULL, NULL);
    if (before != NULL) setenv("OURO_TRACE", before, 1);
    free(before);
}

static ouro_heap *heap_with(const char *value, ouro_error *error)
{
    setenv("OURO_TRACE", value, 1);
    ouro_heap *heap = ouro_heap_new(NULL, error);
    unsetenv("OURO_TRACE");
    return heap;
}

static void test_environment(void **state)
{
    static const struct {
        const char *value;
        unsigned frames;
        size_t bytes;
    } good[] = {{"1", 1, 0},          {"25", 25, 0},
                {"25 frames", 25, 0}, {"512k", 1, 512 << 10},
                {"1m,8", 8, 1 << 20}, {"8 frames,1m", 8, 1 << 20}};
    static const char *const bad[] = {"", "x", "129", "0k", "1,", "5 fram", "1x"};
    (void)state;
    const char *given = getenv("OURO_TRACE");
    char *before = given != NULL ? strdup(given) : NULL;
    ouro_error error;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (good[i].frames > 1 && test_is_under_valgrind())
            continue; /* cmocka has no frame pointers */
        ouro_heap *heap = heap_with(good[i].value, &error);
        assert_non_null(heap);
        assert_int_equal(ouro_trace_get_options(heap).frames, good[i].frames);
        assert_int_equal(ouro_trace_get_options(heap).sample_bytes, good[i].bytes);
        ouro_heap_close(heap, NULL, NULL);
    }
    ouro_heap *heap = heap_with("0", &error);
    assert_false(ouro_trace_is_on(heap));
    ouro_heap_close(heap, NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_null(heap_with(bad[i], &error));
        assert_int_equal(error.status, OURO_BAD_SETTING);
        assert_non_null(strstr(error.message, "OURO_TRACE"));
    }
    if (before != NULL) setenv("OURO_TRACE", before, 1);
    free(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_block_is_counted),
        cmocka_unit_test(test_samples_are_counted),
        cmocka_unit_test(test_deaths_of_many_at_once),
        cmocka_unit_test(test_the_newest_is_dying_at_the_next_birth),
        cmocka_unit_test(test_on_and_off_in_the_middle),
        cmocka_unit_test(test_frames_by_tables),
        cmocka_unit_test(test_deep_recursion),
        cmocka_unit_test(test_broken_chains),
        cmocka_unit_test(test_positions_and_native_frames),
        cmocka_unit_test(test_raw_memory_that_moves_or_stays),
        cmocka_unit_test(test_weak_maps_and_references),
        cmocka_unit_test(test_callers_inside_a_collection),
        cmocka_unit_test(test_peaks),
        cmocka_unit_test(test_refused_tables),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_longjmp),
        cmocka_unit_test(test_misuse_says_where_it_was_born),
        cmocka_unit_test(test_a_native_birth_is_described),
        cmocka_unit_test(test_a_birth_in_a_library_has_a_name),
        cmocka_unit_test(test_what_never_was_born),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_a_refused_trace_is_a_refused_heap),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
