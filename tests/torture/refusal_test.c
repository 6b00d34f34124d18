/* SPDX-License-Identifier: MIT */
/*
 * refusal_test.c -- memory refused at every point where it is asked for
 *
 * A scenario is a small program.  It runs again and again, each time with one
 * more request granted before the first is refused, until it runs through.  What is
 * refused: a block, the next few requests, all that follow, the bytes beyond a limit, or
 * a region of addresses.  A scenario that is refused lets go of what it has and returns
 * false; then the heap must say why, be whole, be empty, and run the same scenario when
 * memory is back.
 */
#include <stdio.h>
#include <string.h>

#include "memory/arena.h"

#include "support/apart.h"
#include "support/cell.h"
#include "support/covered.h"
#include "support/heap.h"
#include "support/refusal.h"

/* ---- what scenarios are made of ---- */

typedef struct node {
    struct node *left, *right;
    size_t number;
} node;
static ouro_type node_type;
static const ouro_field node_fields[] = {
    OURO_REF(node, left, &node_type),
    OURO_REF(node, right, &node_type),
    OURO_END,
};
static ouro_type node_type = OURO_TYPE(node, .fields = node_fields);

typedef struct row {
    size_t length;
    void *items[];
} row;
static const ouro_field row_fields[] = {OURO_ITEMS(row, items, NULL), OURO_END};
static ouro_type row_type = OURO_TYPE(row, .fields = row_fields, .item_size = sizeof(void *),
                                      .length_offset = offsetof(row, length));

typedef struct observer {
    ouro_weakref *seen;
    struct observer *next;
} observer;
static ouro_type observer_type;
static const ouro_field observer_fields[] = {
    OURO_WEAK(observer, seen, NULL),
    OURO_REF(observer, next, &observer_type),
    OURO_END,
};
static ouro_type observer_type = OURO_TYPE(observer, .fields = observer_fields);

/* ---- scenarios ---- */

static bool list_grows(ouro_heap *heap)
{
    ouro_auto node *first = NULL;
    for (size_t i = 0; i < 24; i++) {
        node *made = ouro_new(heap, node);
        if (made == NULL) return false;
        ouro_put(made, right, ouro_move(first));
        first = made;
    }
    return true;
}

/* A complete tree; NULL when memory is refused. */
static node *tree_new(ouro_heap *heap, unsigned depth)
{
    ouro_auto node *root = ouro_new(heap, node);
    if (root == NULL || depth == 0) return ouro_move(root);
    ouro_put(root, left, tree_new(heap, depth - 1));
    if (root->left == NULL) return NULL;
    ouro_put(root, right, tree_new(heap, depth - 1));
    if (root->right == NULL) return NULL;
    return ouro_move(root);
}

static bool tree_is_built(ouro_heap *heap)
{
    ouro_auto node *root = tree_new(heap, 4);
    return root != NULL;
}

/* A ring of so many nodes that nobody holds in the end. */
static bool ring_is_lost(ouro_heap *heap, size_t length)
{
    ouro_auto node *first = ouro_new(heap, node);
    if (first == NULL) return false;
    ouro_set(first, right, first);
    for (size_t i = 1; i < length; i++) {
        node *made = ouro_new(heap, node);
        if (made == NULL) return false;
        ouro_set(made, right, first->right);
        ouro_put(first, right, made);
    }
    return true;
}

static bool rings_are_collected(ouro_heap *heap)
{
    for (size_t length = 1; length <= 6; length++)
        if (!ring_is_lost(heap, length)) return false;
    size_t living = test_heap_objects(heap);
    assert_int_equal(ouro_collect(heap, 2), living);
    return true;
}

/* One step after the other until a cycle is over, and a birth between two; false when one was refused. */
static bool step_and_build(ouro_heap *heap)
{
    ouro_auto node *first = NULL;
    ouro_progress progress;
    do {
        (void)ouro_step(heap, (ouro_budget){.units = 40});
        node *made = ouro_new(heap, node);
        if (made == NULL) return false;
        ouro_put(made, left, ouro_move(first));
        first = made;
        ouro_get_progress(heap, &progress);
    } while (progress.work_left > 0);
    return true;
}

static bool rings_are_collected_in_steps(ouro_heap *heap)
{
    for (size_t length = 1; length <= 6; length++)
        if (!ring_is_lost(heap, length)) return false;
    ouro_freeze(heap); /* what comes back is old */
    ouro_unfreeze(heap);
    size_t living = test_heap_objects(heap);
    if (!step_and_build(heap)) return false;
    assert_true(living == 0 || test_heap_objects(heap) < living);
    return true;
}

/* What a growing call returned; a refused one changes nothing. */
static bool grew(const ouro_vector *vector, ouro_status status, size_t before)
{
    assert_int_equal(vector->length, before + (status == OURO_OK));
    assert_true(vector->length <= vector->capacity);
    for (size_t i = 0; i < vector->length; i++) assert_non_null(vector->items[i]);
    return status == OURO_OK;
}

static bool vectors_grow(ouro_heap *heap)
{
    ouro_auto list *owner = ouro_new(heap, list);
    if (owner == NULL) return false;
    ouro_vector *items = &owner->items;
    for (long i = 0; i < 40; i++) {
        ouro_auto atom *item = ouro_new(heap, atom);
        if (item == NULL) return false;
        size_t before = items->length;
        ouro_status status = i % 2 == 0 ? ouro_vector_append(owner, items, item)
                                        : ouro_vector_insert(owner, items, items->length / 2, item);
        if (!grew(items, status, before)) return false;
        assert_int_equal(ouro_refcount(item), 2);
    }
    return ouro_vector_reserve(owner, items, 500) == OURO_OK;
}

static size_t callbacks_heard;

static void hear(ouro_weakref *self, void *argument)
{
    assert_null(ouro_weakref_get(self));
    ouro_clear((cell *)argument, left);
    callbacks_heard++;
}

/* The owner of a callback's argument, a weak reference to `target` with a callback, one without. */
static bool observe(ouro_heap *heap, list *owner, void *target)
{
    ouro_auto cell *argument = ouro_new(heap, cell);
    if (argument == NULL) return false;
    ouro_auto ouro_weakref *loud = ouro_weakref_new_callback(target, hear, argument);
    if (loud == NULL) return false;
    ouro_auto ouro_weakref *quiet = ouro_weakref_new(target);
    if (quiet == NULL) return false;
    ouro_auto void *seen = ouro_weakref_get(quiet);
    assert_ptr_equal(seen, target);
    return ouro_vector_append(owner, &owner->items, loud) == OURO_OK &&
           ouro_vector_append(owner, &owner->items, quiet) == OURO_OK;
}

static bool weak_references_call_back(ouro_heap *heap)
{
    ouro_auto list *references = ouro_new(heap, list);
    ouro_auto list *targets = ouro_new(heap, list);
    if (references == NULL || targets == NULL) return false;
    for (size_t i = 0; i < 12; i++) {
        ouro_auto cell *target = ouro_new(heap, cell);
        if (target == NULL || !observe(heap, references, target)) return false;
        if (ouro_vector_append(targets, &targets->items, target) != OURO_OK) return false;
    }
    callbacks_heard = 0;
    ouro_vector_clear(targets, &targets->items);
    assert_int_equal(callbacks_heard, 12);
    return true;
}

static bool word_refused; /* a finalizer got no memory */

static void write_testament(cell *self)
{
    ouro_heap *heap = ouro_heap_of(self);
    ouro_auto list *testament = ouro_new(heap, list);
    ouro_auto cell *heir = ouro_new(heap, cell);
    if (testament == NULL || heir == NULL ||
        ouro_vector_append(testament, &testament->items, heir) != OURO_OK) {
        word_refused = true;
        return;
    }
    ouro_set(heir, left, testament);
}

static bool finalizers_allocate(ouro_heap *heap)
{
    word_refused = false;
    for (size_t i = 0; i < 6; i++) {
        ouro_auto cell *speaker = ouro_new(heap, cell);
        if (speaker == NULL) return false;
        speaker->last_word = write_testament;
        if (i % 2 == 0) ouro_set(speaker, left, speaker);
    }
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2);
    return !word_refused;
}

static bool variable_sizes(ouro_heap *heap)
{
    ouro_auto row *previous = NULL;
    for (size_t length = 0; length < 3000; length = 2 * length + 1) {
        row *made = ouro_new_var(heap, row, length);
        if (made == NULL) return false;
        assert_int_equal(made->length, length);
        if (length > 0)
            ouro_put(made, items[length - 1], ouro_move(previous));
        else
            ouro_xdecref(ouro_move(previous));
        previous = made;
    }
    return true;
}

static bool large_blocks(ouro_heap *heap)
{
    ouro_auto row *outer = ouro_new_var(heap, row, 9000);
    if (outer == NULL) return false;
    for (size_t i = 0; i < 4; i++) {
        row *inner = ouro_new_var(heap, row, 10000 + 1000 * i);
        if (inner == NULL) return false;
        ouro_set(inner, items[i], outer);
        ouro_put(outer, items[8999 - i], inner);
    }
    return true;
}

/* `size` bytes that tell where they lie. */
static void fill(unsigned char *memory, size_t from, size_t size)
{
    for (size_t i = from; i < size; i++) memory[i] = (unsigned char)(i * 7 + i / 256);
}

static void expect_filled(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++) assert_int_equal(memory[i], (unsigned char)(i * 7 + i / 256));
}

static bool raw_memory_is_resized(ouro_heap *heap)
{
    static const size_t sizes[] = {5, 24, 100, 511, 513, 4000, 9000, 70000, 200000, 600, 17, 0};
    unsigned char *memory = NULL;
    size_t size = 0;
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(sizes); i++) {
        unsigned char *moved = ouro_mem_realloc(heap, memory, sizes[i]);
        granted = moved != NULL;
        if (!granted) break; /* the old block stands */
        expect_filled(moved, size < sizes[i] ? size : sizes[i]);
        fill(moved, size, sizes[i]);
        memory = moved;
        size = sizes[i];
    }
    if (memory != NULL) expect_filled(memory, size);
    ouro_mem_free(heap, memory);
    return granted;
}

static bool raw_memory_of_all_kinds(ouro_heap *heap)
{
    void *blocks[12] = {NULL};
    bool granted = true;
    for (size_t i = 0; granted && i < COUNT_OF(blocks); i += 3) {
        granted =
            (blocks[i] = ouro_mem_alloc(heap, 10 + 300 * i)) != NULL &&
            (blocks[i + 1] = ouro_mem_alloc_zeroed(heap, 5, 10 + 30 * i)) != NULL &&
            (blocks[i + 2] = ouro_mem_alloc_aligned(heap, 40, (size_t)16 << i * 8 / 9)) != NULL;
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) ouro_mem_free(heap, blocks[i]);
    return granted;
}

static bool scopes_grow(ouro_heap *heap)
{
    ouro_scope scope;
    ouro_scope_open(&scope, heap);
    bool granted = true;
    for (size_t i = 0; granted && i < 70; i++)
        granted = ouro_scope_add(&scope, ouro_new(heap, node)) != NULL;
    ouro_scope_close(&scope);
    return granted;
}

static bool weak_fields_are_set(ouro_heap *heap)
{
    ouro_auto observer *chain = NULL;
    ouro_auto cell *shared = ouro_new(heap, cell);
    if (shared == NULL) return false;
    for (size_t i = 0; i < 20; i++) {
        observer *made = ouro_new(heap, observer);
        if (made == NULL) return false;
        ouro_put(made, next, ouro_move(chain));
        chain = made;
        if (ouro_weak_set(chain, seen, i % 2 == 0 ? (void *)shared : (void *)chain) != OURO_OK) {
            assert_null(chain->seen);
            return false;
        }
        if (i > 0 && ouro_weak_set(chain, seen, chain->next) != OURO_OK) {
            ouro_auto void *kept = ouro_weak_get(chain, seen);
            assert_true(kept == shared || kept == chain);
            return false;
        }
    }
    return true;
}

/* Types used for the first time, a few in each run. */
static bool types_are_new(ouro_heap *heap)
{
    enum { TYPES = 4096, IN_A_RUN = 6 };
    static ouro_type types[TYPES];
    static size_t used;
    ouro_auto list *owner = ouro_new(heap, list);
    if (owner == NULL) return false;
    for (size_t i = 0; i < IN_A_RUN; i++) {
        assert_true(used < TYPES);
        ouro_type *type = &types[used++];
        *type = (ouro_type){.name = "fresh", .size = 16 + 8 * i};
        ouro_auto void *first = ouro_object_new(heap, type);
        if (first == NULL) return false;
        if (ouro_vector_append(owner, &owner->items, first) != OURO_OK) return false;
    }
    return true;
}

static bool trimmed_memory_is_used_again(ouro_heap *heap)
{
    for (size_t i = 0; i < 4; i++) {
        if (!list_grows(heap)) return false;
        (void)ouro_trim(heap);
        test_heap_verify(heap);
    }
    return true;
}

static bool native_bytes_are_declared(ouro_heap *heap)
{
    ptrdiff_t declared = 0;
    bool granted = true;
    for (ptrdiff_t i = 1; granted && i < 20; i++) {
        granted = ouro_account(heap, 16 * i) == OURO_OK;
        declared += granted ? 16 * i : 0;
    }
    if (declared > 0) assert_int_equal(ouro_account(heap, -declared), OURO_OK);
    return granted;
}

static const struct scenario {
    const char *name;
    bool (*run)(ouro_heap *heap);
} scenarios[] = {
#define SCENARIO(function)                                                                         \
    {                                                                                              \
#function, function                                                                        \
    }
    SCENARIO(list_grows),
    SCENARIO(tree_is_built),
    SCENARIO(rings_are_collected),
    SCENARIO(rings_are_collected_in_steps),
    SCENARIO(vectors_grow),
    SCENARIO(weak_references_call_back),
    SCENARIO(finalizers_allocate),
    SCENARIO(variable_sizes),
    SCENARIO(large_blocks),
    SCENARIO(raw_memory_is_resized),
    SCENARIO(raw_memory_of_all_kinds),
    SCENARIO(scopes_grow),
    SCENARIO(weak_fields_are_set),
    SCENARIO(types_are_new),
    SCENARIO(trimmed_memory_is_used_again),
    SCENARIO(native_bytes_are_declared),
};

/* ---- one run with a refusal in it ---- */

static size_t points, failures; /* for the record */

/* The heap says what was refused, in words and numbers. */
static void expect_refusal(ouro_heap *heap, ouro_status status)
{
    const ouro_error *error = ouro_heap_error(heap);
    const char *words = status == OURO_LIMIT
                            ? "* of * bytes refused: heap \"heap\" uses * of its limit of * bytes; "
                              "drop objects or raise the limit"
                            : "* of * bytes refused: the system gave no more memory; heap \"heap\" "
                              "uses * bytes";
    if (error->status != status || !apart_matches(error->message, words))
        fail_msg("status %d, \"%s\"", (int)error->status, error->message);
    assert_true(error->requested > 0);
    assert_true(status == OURO_LIMIT ? error->limit > 0 : error->limit == 0);
}

/* Nothing of a scenario is left, once cycles are collected: while memory is still refused. */
static void expect_nothing_left(ouro_heap *heap)
{
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2); /* what finalizers left behind */
    test_heap_verify(heap);
    assert_int_equal(test_heap_objects(heap), 0);
}

/* Runs a scenario that may be refused.  Returns whether it ran through. */
static bool run_refused(ouro_heap *heap, const struct scenario *scenario, ouro_status status)
{
    points++;
    bool through = scenario->run(heap);
    failures += !through;
    if (!through) expect_refusal(heap, status);
    expect_nothing_left(heap);
    return through;
}

/* With memory back, the heap serves as if nothing had been. */
static void run_again(ouro_heap *heap, const struct scenario *scenario)
{
    assert_true(scenario->run(heap));
    expect_nothing_left(heap);
    test_heap_close_empty(heap);
}

/* ---- blocks ---- */

static void refuse_blocks(const struct scenario *scenario, struct refusal how, bool collects)
{
    for (size_t at = 0;; at++) {
        struct refusal refusal = {.at = at, .for_ever = how.for_ever, .more = how.more};
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){
            .one_at_a_time = true,
            .refuse = refusal_decides,
            .refuse_context = &refusal,
            .collector_off = !collects,
        });
        bool through = run_refused(heap, scenario, OURO_NO_MEMORY);
        bool reached = refusal.refused > 0;
        assert_true(through || reached);
        refusal_ends(&refusal);
        run_again(heap, scenario);
        if (!reached) break;
    }
}

static void a_request_is_refused_once(void **state)
{
    refuse_blocks(*state, (struct refusal){0}, false);
}

/* Twice: also after giving back what is free.  Three times: also after collecting. */
static void a_request_is_refused_to_the_end(void **state)
{
    refuse_blocks(*state, (struct refusal){.more = 1}, false);
    refuse_blocks(*state, (struct refusal){.more = 1}, true);
    refuse_blocks(*state, (struct refusal){.more = 2}, true);
}

static void all_requests_are_refused(void **state)
{
    refuse_blocks(*state, (struct refusal){.for_ever = true}, false);
    refuse_blocks(*state, (struct refusal){.for_ever = true}, true);
}

/* ---- bytes ---- */

/* Small steps at first, for the small requests; growing with the limit. */
static size_t next_limit(size_t limit)
{
    return limit + 8 + limit / 64 / 8 * 8;
}

static void bytes_are_limited(void **state)
{
    const struct scenario *scenario = *state;
    bool through = false;
    for (size_t limit = 8; !through; limit = next_limit(limit)) {
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){
            .one_at_a_time = true, .collector_off = true, .byte_limit = limit});
        through = run_refused(heap, scenario, OURO_LIMIT);
        ouro_set_byte_limit(heap, 0);
        run_again(heap, scenario);
    }
}

/* Also where blocks are cut by the page, and where a shortage is answered by collecting. */
static void pages_are_limited(void **state)
{
    const struct scenario *scenario = *state;
    bool through = false;
    for (size_t limit = 1024; !through; limit = next_limit(limit)) {
        ouro_heap *heap = test_heap_new(&(ouro_heap_options){.byte_limit = limit});
        through = run_refused(heap, scenario, OURO_LIMIT);
        ouro_set_byte_limit(heap, 0);
        run_again(heap, scenario);
    }
}

/* ---- regions ---- */

/* A source of arenas that refuses, and that knows what it has given. */
struct source {
    struct refusal refusal;
    size_t regions, bytes;
};

static void *source_obtain(void *context, size_t size, size_t alignment)
{
    struct source *source = context;
    if (refusal_decides(&source->refusal, size)) return NULL;
    void *region = ouro__system_source.obtain(NULL, size, alignment);
    if (region == NULL) return NULL;
    source->regions++;
    source->bytes += size;
    return region;
}

static void source_give_back(void *context, void *region, size_t size)
{
    struct source *source = context;
    source->regions--;
    source->bytes -= size;
    ouro__system_source.give_back(NULL, region, size);
}

static ouro_heap *heap_of_source(struct source *source, ouro_error *out_error)
{
    return ouro_heap_new(
        &(ouro_heap_options){
            .ignore_environment = true,
            .collector_off = true,
            .source = {source, source_obtain, source_give_back, ouro__system_source.purge},
        },
        out_error);
}

/* The whole life of a heap; false when nothing was refused in it. */
static bool live_with_source(const struct scenario *scenario, struct source *source)
{
    ouro_error error = {0};
    ouro_heap *heap = heap_of_source(source, &error);
    if (heap == NULL) {
        points++;
        failures++;
        assert_int_equal(error.status, OURO_NO_MEMORY);
        assert_true(apart_matches(error.message, "a heap's own * bytes refused by the source"));
        return true;
    }
    (void)run_refused(heap, scenario, OURO_NO_MEMORY);
    bool refused = source->refusal.refused > 0;
    refusal_ends(&source->refusal);
    run_again(heap, scenario);
    return refused;
}

static void refuse_regions(const struct scenario *scenario, struct refusal how)
{
    bool refused = true;
    for (size_t at = 0; refused; at++) {
        struct source source = {.refusal = how};
        source.refusal.at = at;
        refused = live_with_source(scenario, &source);
        assert_int_equal(source.regions, 0);
        assert_int_equal(source.bytes, 0);
    }
}

/* Once: a smaller region may do.  Four times: not even the smallest. */
static void regions_are_refused(void **state)
{
    refuse_regions(*state, (struct refusal){0});
    refuse_regions(*state, (struct refusal){.more = 3});
    refuse_regions(*state, (struct refusal){.for_ever = true});
}

/* ---- ending needs no memory ---- */

static void keep(list *owner, void *object)
{
    assert_non_null(object);
    list_append(owner, object);
    ouro_decref(object);
}

/* Trees, rings, rows, weak references and lists that lead to each other. */
static list *mixed_graph(ouro_heap *heap, size_t size)
{
    list *all = list_new(heap);
    list *references = list_new(heap);
    keep(all, references);
    for (size_t i = 0; i < size; i++) {
        cell *knot = cell_new(heap);
        row *bundle = ouro_new_var(heap, row, i % 40 + 3);
        ouro_set(knot, left, bundle);
        ouro_set(bundle, items[0], knot);
        ouro_put(bundle, items[1], tree_new(heap, 3));
        ouro_set(bundle, items[2], all->items.items[i % all->items.length]);
        ouro_set(knot, right, all);
        keep(references, ouro_weakref_new(knot));
        keep(references, ouro_weakref_new_callback(bundle, hear, knot));
        keep(all, bundle);
        keep(all, knot);
    }
    return all;
}

static void ending_needs_no_memory(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    list *collected = mixed_graph(heap, 3000);
    list *dropped = mixed_graph(heap, 3000);
    cell *ring = cell_new(heap);
    size_t kept = test_heap_objects(heap);
    refusal_of_everything(&refusal);
    ouro_decref(collected);
    size_t found = ouro_collect(heap, 2);
    assert_in_range(found, kept / 3, kept);
    test_heap_verify(heap);
    while (dropped->items.length > 0) ouro_xdecref(ouro_vector_pop(dropped, &dropped->items));
    ouro_decref(dropped);
    (void)ouro_collect(heap, 0);
    (void)ouro_collect(heap, 1);
    (void)ouro_collect(heap, 2);
    (void)ouro_trim(heap);
    assert_int_equal(test_heap_objects(heap), 1);
    ouro_decref(ring);
    assert_int_equal(refusal.refused, 0); /* nothing was even asked for */
    test_heap_close_empty(heap);
}

static void closing_needs_no_memory(void **state)
{
    (void)state;
    struct refusal refusal = {.at = REFUSAL_NEVER};
    ouro_heap *heap = refusal_heap(&refusal);
    enum { SIZE = 1000 };
    list *held = mixed_graph(heap, SIZE);
    ouro_decref(mixed_graph(heap, SIZE));
    size_t alive = test_heap_objects(heap);
    refusal_of_everything(&refusal);
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(report.alive, alive);
    assert_int_equal(report.collected,
                     alive / 2 - SIZE); /* untracked weak references die by count */
    assert_int_equal(report.held_from_outside, 1);
    assert_string_equal(report.held_type_name, "list");
    assert_int_equal(report.raw_blocks, 0);
    assert_int_equal(refusal.refused, 0);
    (void)held;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void **state);
    } ways[] = {
#define WAY(function) {#function, function}
        WAY(a_request_is_refused_once), WAY(a_request_is_refused_to_the_end),
        WAY(all_requests_are_refused),  WAY(bytes_are_limited),
        WAY(pages_are_limited),         WAY(regions_are_refused),
    };
    static char names[COUNT_OF(ways) * COUNT_OF(scenarios)][80];
    struct CMUnitTest tests[COUNT_OF(names) + 2] = {
        cmocka_unit_test(ending_needs_no_memory),
        cmocka_unit_test(closing_needs_no_memory),
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct scenario *scenario = &scenarios[i / COUNT_OF(ways)];
        snprintf(names[i], sizeof names[i], "%s: %s", scenario->name,
                 ways[i % COUNT_OF(ways)].name);
        tests[i + 2] = (struct CMUnitTest){
            .name = names[i],
            .test_func = ways[i % COUNT_OF(ways)].run,
            .initial_state = (void *)(uintptr_t)scenario,
        };
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    printf("%zu scenarios, %zu points of refusal, %zu of them failed calls\n", COUNT_OF(scenarios),
           points, failures);
    test_covered(points, "points where memory was refused");
    test_covered(COUNT_OF(scenarios), "scenarios in which memory was refused");
    return failed;
}
