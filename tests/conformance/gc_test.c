/* SPDX-License-Identifier: MIT */
/*
 * gc_test.c -- CPython's test_gc, by name
 *
 * Left out are the rows on debug output (collector unit tests), on threads, and
 * on what ouro has not: legacy finalizers, frames, modules.
 */
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

/* Whether a walk over objects met one. */
struct sought {
    const void *object;
    bool found;
};

static int seek(void *object, void *argument)
{
    struct sought *sought = argument;
    if (object == sought->object) sought->found = true;
    return 0;
}

static bool is_in_generation(ouro_heap *heap, int generation, const void *object)
{
    struct sought sought = {object, false};
    assert_int_equal(ouro_get_objects(heap, generation, seek, &sought), OURO_OK);
    return sought.found;
}

/* What finalizers and callbacks of the running test have done. */
static struct {
    ouro_heap *heap;
    unsigned calls;
    cell *saved[2];
    size_t saved_count;
    ouro_weakref *weakrefs[2];
    size_t answers; /* weak references that answered */
    size_t nested;
    ouro_status nested_status;
} seen;

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    int result = test_setup_heap(state);
    seen.heap = *state;
    return result;
}

#define GC_TEST(function) cmocka_unit_test_setup_teardown(function, setup, test_teardown_heap)

static void say_nothing(cell *self)
{
    (void)self;
    seen.calls++;
}

static void save_self(cell *self)
{
    seen.calls++;
    seen.saved[seen.saved_count++] = ouro_newref(self);
}

static void drop_saved(void)
{
    while (seen.saved_count > 0) ouro_decref(seen.saved[--seen.saved_count]);
}

/* ---- what is collected ---- */

static void test_list(void **state)
{
    list *l = list_new(*state);
    list_append(l, l);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(l);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

static void test_dict(void **state)
{
    cell *d = cell_new(*state);
    ouro_set(d, right, d);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(d);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

typedef struct tuple {
    size_t length;
    void *items[];
} tuple;
static const ouro_field tuple_fields[] = {OURO_ITEMS(tuple, items, NULL), OURO_END};
static ouro_type tuple_type = OURO_TYPE(tuple, .fields = tuple_fields, .item_size = sizeof(void *),
                                        .length_offset = offsetof(tuple, length));

static void test_tuple(void **state)
{
    list *l = list_new(*state);
    tuple *t = ouro_new_var(*state, tuple, 1);
    assert_non_null(t);
    ouro_set(t, items[0], l);
    list_append(l, t);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_decref(t);
    ouro_decref(l);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* A class is an object, and so is its instance; each holds the other. */
static void test_class(void **state)
{
    cell *class = cell_new(*state), *instance = cell_new(*state);
    ouro_set(instance, left, class);
    ouro_put(class, right, instance);
    ouro_set(class, left, class);
    ouro_decref(class);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

static void test_instance(void **state)
{
    cell *a = cell_new(*state);
    ouro_set(a, left, a);
    ouro_decref(a);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

/* An instance holds a bound method, and that holds the instance. */
static void test_method(void **state)
{
    cell *a = cell_new(*state), *method = cell_new(*state);
    ouro_set(method, left, a);
    ouro_put(a, left, method);
    ouro_decref(a);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* A function holds its namespace, and that holds the function. */
static void test_function(void **state)
{
    list *namespace = list_new(*state);
    cell *function = cell_new(*state);
    ouro_set(function, left, namespace);
    list_append(namespace, function);
    ouro_decref(function);
    ouro_decref(namespace);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* ---- finalizers in the middle ---- */

/* The weak reference that a finalizer of trash makes must not show a function that is
 * being taken apart to a finalizer that runs later. */
static void look_late(cell *self)
{
    (void)self;
    seen.calls++;
    void *function = ouro_weakref_get(seen.weakrefs[0]);
    seen.answers += function != NULL;
    ouro_xdecref(function);
}

static void make_weakref_and_let_go(cell *self)
{
    seen.weakrefs[0] = ouro_weakref_new(self->left);
    ouro_decref(seen.saved[0]); /* the late one is held by `self` alone */
}

static void test_function_tp_clear_leaves_consistent_state(void **state)
{
    cell *late = cell_new(*state), *cyclic = cell_new(*state), *function = cell_new(*state);
    late->last_word = look_late;
    cyclic->last_word = make_weakref_and_let_go;
    ouro_set(cyclic, left, function);
    ouro_set(cyclic, right, late);
    seen.saved[0] = late;
    ouro_put(function, left, cyclic);
    ouro_decref(function);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
    ouro_decref(seen.weakrefs[0]);
}

/* SAVEALL keeps trash in `garbage`. */
static void test_saveall(void **state)
{
    list *l = list_new(*state);
    list_append(l, l);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    ouro_decref(l);
    (void)ouro_collect(*state, 2);
    ouro_set_debug(*state, 0);
    assert_int_equal(ouro_garbage_count(*state), 1);
    struct sought sought = {l, false};
    ouro_garbage_each(*state, seek, &sought);
    assert_true(sought.found);
    assert_true(ouro_is_object(*state, l));
    ouro_garbage_clear(*state);
    assert_int_equal(ouro_garbage_count(*state), 0);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

static void allocate_in_last_word(cell *self)
{
    (void)self;
    seen.calls++;
    for (int i = 0; i < 20; i++) ouro_decref(cell_new(seen.heap));
}

static void set_threshold_one(ouro_heap *heap)
{
    ouro_set_threshold(heap, (const size_t[]){1, 1, 1});
    ouro_collector_enable(heap);
}

/* A finalizer's allocations collect while its object is dying. */
static void test_del(void **state)
{
    set_threshold_one(*state);
    cell *a = cell_new(*state);
    a->last_word = allocate_in_last_word;
    ouro_decref(a);
    assert_int_equal(seen.calls, 1);
    cell_lose(*state, allocate_in_last_word);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 2);
}

static void collect_in_last_word(cell *self)
{
    (void)self;
    seen.calls++;
    seen.nested += ouro_collect(seen.heap, 2);
    seen.nested_status = ouro_heap_error(seen.heap)->status;
}

/* A collection entered again from a finalizer does nothing and says so. */
static void test_del_newclass(void **state)
{
    cell_lose(*state, collect_in_last_word);
    cell_lose(*state, NULL);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.nested, 0);
    assert_int_equal(seen.nested_status, OURO_BUSY);
}

/* ---- counts and generations ---- */

static void test_get_count(void **state)
{
    size_t before[3], after[3];
    (void)ouro_collect(*state, 2);
    ouro_get_count(*state, before);
    list *x = list_new(*state);
    ouro_get_count(*state, after);
    assert_int_equal(before[0], 0);
    assert_int_equal(after[0], 1);
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(before[i], 0);
        assert_int_equal(after[i], 0);
    }
    ouro_decref(x);
}

static void assert_collect_counts(ouro_heap *heap, int generation, size_t middle, size_t old)
{
    size_t count[3];
    (void)ouro_collect(heap, generation);
    ouro_get_count(heap, count);
    assert_int_equal(count[1], middle);
    assert_int_equal(count[2], old);
}

static void test_collect_generations(void **state)
{
    (void)ouro_collect(*state, 2);
    list *x = list_new(*state);
    assert_collect_counts(*state, 0, 1, 0);
    assert_collect_counts(*state, 1, 0, 1);
    assert_collect_counts(*state, 2, 0, 0);
    ouro_decref(x);
}

static unsigned ouch_count;

static void ouch(cell *self)
{
    (void)self;
    if (++ouch_count % 17 == 0) (void)ouro_collect(seen.heap, 2);
}

/* Deep structures die while finalizers collect. */
static void test_trashcan(void **state)
{
    enum { DEPTH = 150, ROUNDS = 2 };
    ouch_count = 0;
    ouro_collector_enable(*state);
    for (int round = 0; round < ROUNDS; round++) {
        cell *top = NULL;
        for (int i = 0; i < DEPTH; i++) {
            cell *next = cell_new(*state), *sore = cell_new(*state);
            sore->last_word = ouch;
            ouro_put(next, left, top);
            ouro_put(next, right, sore);
            top = next;
        }
        ouro_decref(top);
    }
    assert_int_equal(ouch_count, DEPTH * ROUNDS);
}

static void break_own_cycle(cell *self)
{
    seen.calls++;
    ouro_clear(self, left);
}

/* Two objects in a cycle; each finalizer that runs breaks it. */
static void boom(ouro_heap *heap, bool both)
{
    cell *a = cell_new(heap), *b = cell_new(heap);
    a->last_word = break_own_cycle;
    b->last_word = both ? break_own_cycle : NULL;
    ouro_set(b, left, a);
    ouro_put(a, left, b);
    ouro_decref(a);
    (void)ouro_collect(heap, 2);
    assert_int_equal(seen.calls, both ? 2 : 1);
    assert_int_equal(ouro_garbage_count(heap), 0);
    assert_int_equal(test_heap_objects(heap), 0);
}

static void test_boom(void **state)
{
    boom(*state, true);
}

static void test_boom2(void **state)
{
    boom(*state, false);
}

/* ---- introspection ---- */

struct met {
    void *objects[8];
    size_t count;
};

static int meet(void *object, void *argument)
{
    struct met *met = argument;
    if (met->count < COUNT_OF(met->objects)) met->objects[met->count] = object;
    met->count++;
    return 0;
}

static void test_get_referents(void **state)
{
    list *l = list_new(*state);
    atom *atoms[3];
    for (long i = 0; i < 3; i++) {
        atoms[i] = atom_new(*state, i);
        list_append(l, atoms[i]);
    }
    struct met met = {.count = 0};
    ouro_get_referents(l, meet, &met);
    assert_int_equal(met.count, 3);
    for (size_t i = 0; i < 3; i++) assert_ptr_equal(met.objects[i], atoms[i]);

    met.count = 0;
    ouro_get_referents(atoms[0], meet, &met);
    assert_int_equal(met.count, 0);
    for (size_t i = 0; i < 3; i++) ouro_decref(atoms[i]);
    ouro_decref(l);
}

static void test_is_tracked(void **state)
{
    atom *plain = atom_new(*state, 0);
    list *l = list_new(*state);
    cell *c = cell_new(*state);
    tuple *t = ouro_new_var(*state, tuple, 0);
    assert_false(ouro_is_tracked(plain));
    assert_true(ouro_is_tracked(l));
    assert_true(ouro_is_tracked(c));
    assert_true(ouro_is_tracked(t));
    ouro_decref(plain);
    ouro_decref(l);
    ouro_decref(c);
    ouro_decref(t);
}

static void test_is_finalized(void **state)
{
    atom *plain = atom_new(*state, 3);
    assert_false(ouro_is_finalized(plain));
    ouro_decref(plain);
    cell *lazarus = cell_new(*state);
    lazarus->last_word = save_self;
    assert_false(ouro_is_finalized(lazarus));
    ouro_decref(lazarus);
    assert_int_equal(seen.saved_count, 1);
    assert_true(ouro_is_finalized(seen.saved[0]));
    drop_saved();
    assert_int_equal(seen.calls, 1);
}

/* ---- weak references to trash ---- */

static void ask_all(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    seen.calls++;
    for (size_t i = 0; i < COUNT_OF(seen.weakrefs); i++) {
        void *object = ouro_weakref_get(seen.weakrefs[i]);
        seen.answers += object != NULL;
        ouro_xdecref(object);
    }
}

/* A callback sees all references to trash dead. */
static void test_bug1055820b(void **state)
{
    cell *cells[2];
    for (size_t i = 0; i < 2; i++) {
        cells[i] = cell_new(*state);
        ouro_set(cells[i], left, cells[i]);
        seen.weakrefs[i] = ouro_weakref_new_callback(cells[i], ask_all, NULL);
    }
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 0);
    for (size_t i = 0; i < 2; i++) ouro_decref(cells[i]);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.answers, 0);
    for (size_t i = 0; i < 2; i++) ouro_decref(seen.weakrefs[i]);
}

/* The scene of the next two: an old object that only young trash keeps alive,
 * and other young trash with a weak reference without callback. */
static cell *old_one_held_by_young_trash(ouro_heap *heap)
{
    cell *old = cell_new(heap);
    ouro_set(old, right, old);
    (void)ouro_collect(heap, 1);
    cell *holder = cell_new(heap), *other = cell_new(heap);
    ouro_set(holder, left, old);
    ouro_clear(old, right);
    ouro_set(holder, right, holder);
    ouro_set(other, right, other);
    seen.weakrefs[0] = ouro_weakref_new(other);
    ouro_decref(holder);
    ouro_decref(other);
    return old;
}

static void ask_first(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    look_late(NULL);
}

/* The callback of an old object can't bring young trash back. */
static void test_bug1055820c(void **state)
{
    cell *old = old_one_held_by_young_trash(*state);
    ouro_weakref *watch = ouro_weakref_new_callback(old, ask_first, NULL);
    ouro_decref(old);
    (void)ouro_collect(*state, 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
    ouro_decref(watch);
    ouro_decref(seen.weakrefs[0]);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* Nor can its finalizer. */
static void test_bug1055820d(void **state)
{
    cell *old = old_one_held_by_young_trash(*state);
    old->last_word = look_late;
    ouro_decref(old);
    (void)ouro_collect(*state, 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
    ouro_decref(seen.weakrefs[0]);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* A finalizer changes the cycle while it is being collected. */
static void test_bug21435(void **state)
{
    cell *a = cell_new(*state), *b = cell_new(*state), *x = cell_new(*state);
    b->last_word = break_own_cycle;
    ouro_put(b, right, x);
    ouro_set(b, left, a);
    ouro_put(a, left, b);
    ouro_decref(a);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* ---- closing ---- */

/* test_global_del_SystemExit and the module_at_shutdown tests: closing a heap
 * finalizes the cycles in it. */
static void test_cycle_at_shutdown(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    cell_released = 0;
    cell_lose(heap, say_nothing);
    cell *held = cell_new(heap);
    held->last_word = say_nothing;
    ouro_close_report report;
    assert_int_equal(ouro_heap_close(heap, NULL, &report), OURO_OK);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(cell_released, 2);
    assert_int_equal(report.alive, 2);
    assert_int_equal(report.collected, 1);
    assert_int_equal(report.finalized, 2);
    assert_int_equal(report.held_from_outside, 1);
    assert_int_equal(report.outside_references, 1);
    assert_string_equal(report.held_type_name, "cell");
}

/* ---- statistics, freezing, listing ---- */

static void test_get_stats(void **state)
{
    ouro_generation_stats before[3], after[3];
    ouro_get_stats(*state, before);
    (void)ouro_collect(*state, 0);
    ouro_get_stats(*state, after);
    assert_int_equal(after[0].collections, before[0].collections + 1);
    assert_int_equal(after[1].collections, before[1].collections);
    assert_int_equal(after[2].collections, before[2].collections);
    (void)ouro_collect(*state, 2);
    ouro_get_stats(*state, after);
    assert_int_equal(after[0].collections, before[0].collections + 1);
    assert_int_equal(after[1].collections, before[1].collections);
    assert_int_equal(after[2].collections, before[2].collections + 1);
}

static void test_freeze(void **state)
{
    list *l = list_new(*state);
    ouro_freeze(*state);
    assert_int_equal(ouro_freeze_count(*state), 1);
    ouro_unfreeze(*state);
    assert_int_equal(ouro_freeze_count(*state), 0);
    ouro_decref(l);
}

static void assert_only_in(ouro_heap *heap, int generation, const void *object)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(is_in_generation(heap, i, object), i == generation);
    assert_true(is_in_generation(heap, -1, object));
}

static void test_get_objects(void **state)
{
    list *l = list_new(*state);
    list_append(l, l);
    assert_only_in(*state, 0, l);
    (void)ouro_collect(*state, 0);
    assert_only_in(*state, 1, l);
    (void)ouro_collect(*state, 1);
    assert_only_in(*state, 2, l);
    (void)ouro_collect(*state, 2);
    assert_only_in(*state, 2, l);
    ouro_decref(l);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

static void test_get_objects_arguments(void **state)
{
    struct met met = {.count = 0};
    assert_int_equal(ouro_get_objects(*state, 1000, meet, &met), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_get_objects(*state, 3, meet, &met), OURO_BAD_ARGUMENT);
    assert_int_equal(ouro_get_objects(*state, -1000, meet, &met), OURO_BAD_ARGUMENT);
    assert_int_equal(met.count, 0);
}

/* ---- resurrection ---- */

static void test_resurrection_only_happens_once_per_object(void **state)
{
    cell_lose(*state, save_self);
    assert_int_equal(seen.calls, 0);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.saved_count, 1);
    drop_saved();
    assert_int_equal(ouro_collect(*state, 2), 1);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(test_heap_objects(*state), 0);
}

static void test_resurrection_is_transitive(void **state)
{
    cell *laz = cell_new(*state), *cargo = cell_new(*state);
    laz->last_word = save_self;
    ouro_set(cargo, left, cargo);
    ouro_set(cargo, right, laz);
    ouro_set(laz, left, cargo);
    ouro_decref(laz);
    ouro_decref(cargo);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.saved_count, 1);
    assert_ptr_equal(seen.saved[0]->left, cargo);
    assert_ptr_equal(cargo->right, laz);
    assert_int_equal(ouro_refcount(cargo), 2);
    drop_saved();
    assert_int_equal(ouro_collect(*state, 2), 2);
}

static void assert_collects(ouro_heap *heap, size_t expected)
{
    ouro_generation_stats before[3], after[3];
    ouro_get_stats(heap, before);
    assert_int_equal(ouro_collect(heap, 2), expected);
    ouro_get_stats(heap, after);
    assert_int_equal(after[2].collected - before[2].collected, expected);
    assert_int_equal(after[2].uncollectable, before[2].uncollectable);
}

static void test_resurrection_does_not_block_cleanup_of_other_objects(void **state)
{
    enum { OTHERS = 100 };
    for (int i = 0; i < OTHERS; i++) cell_lose(*state, NULL);
    assert_collects(*state, OTHERS);
    cell_lose(*state, save_self);
    assert_collects(*state, 0);
    for (int i = 0; i < OTHERS; i++) cell_lose(*state, NULL);
    cell_lose(*state, save_self);
    assert_collects(*state, OTHERS);
    assert_int_equal(test_heap_objects(*state), 2);
    drop_saved();
    assert_collects(*state, 2);
}

/* ---- odd neighbours ---- */

/* A reference that the collector can't see: the type promises to be acyclic. */
typedef struct opaque {
    void *hidden;
} opaque;
static const ouro_field opaque_fields[] = {OURO_REF(opaque, hidden, NULL), OURO_END};
static ouro_type opaque_type = OURO_TYPE(opaque, .fields = opaque_fields, .acyclic = true);

static void count_call(ouro_weakref *self, void *argument)
{
    (void)self;
    (void)argument;
    seen.calls++;
}

/*
 *   z <--opaque y <-- a --> weak reference to z with callback
 *
 * All is trash, but z hides behind y.  The weak reference is trash, so it never calls back.
 */
static void test_trash_weakref_clear(void **state)
{
    cell *a = cell_new(*state), *z = cell_new(*state);
    list *ring = list_new(*state);
    opaque *y = ouro_new(*state, opaque);
    ouro_weakref *weakref = ouro_weakref_new_callback(z, count_call, NULL);
    ouro_put(y, hidden, z);
    ouro_put(a, left, y);
    ouro_set(a, right, ring);
    list_append(ring, weakref);
    list_append(ring, ring);
    list_append(ring, a);
    ouro_decref(weakref);
    ouro_decref(ring);
    ouro_decref(a);
    (void)ouro_collect(*state, 2);
    assert_int_equal(seen.calls, 0);
    assert_int_equal(test_heap_objects(*state), 0);
}

static const void *dying_parent;

static void look_for_parent(cell *self)
{
    struct sought sought = {dying_parent, false};
    (void)self;
    seen.calls++;
    ouro_get_objects(seen.heap, -1, seek, &sought);
    ouro_each_object(seen.heap, seek, &sought);
    seen.answers += sought.found;
}

/* An object whose last reference is gone is hidden while its children die. */
static void test_get_objects_during_gc(void **state)
{
    cell *parent = cell_new(*state), *child = cell_new(*state);
    child->last_word = look_for_parent;
    dying_parent = parent;
    ouro_put(parent, left, child);
    ouro_decref(parent);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.answers, 0);
}

/* References into frozen objects don't spoil the counts of those that hold
 * them. */
static void test_traverse_frozen_objects(void **state)
{
    cell *frozen = cell_new(*state);
    ouro_freeze(*state);
    cell *a = cell_new(*state), *b = cell_new(*state);
    ouro_set(a, left, frozen);
    ouro_set(b, left, frozen);
    ouro_set(frozen, left, frozen);
    ouro_set(a, right, b);
    ouro_put(b, right, ouro_newref(a));
    ouro_decref(b);
    ouro_decref(a);
    assert_int_equal(ouro_collect(*state, 2), 2);
    assert_int_equal(ouro_refcount(frozen), 2);
    ouro_decref(frozen);
    assert_int_equal(ouro_collect(*state, 2), 0);
    ouro_unfreeze(*state);
    assert_int_equal(ouro_collect(*state, 2), 1);
}

static void test_heap_size(void **state)
{
    size_t before = test_heap_tracked(*state, -1);
    list *l = list_new(*state);
    assert_int_equal(test_heap_tracked(*state, -1), before + 1);
    ouro_decref(l);
    assert_int_equal(test_heap_tracked(*state, -1), before);
}

/* ---- callbacks of the collector ---- */

static struct {
    const void *arguments[8];
    ouro_collection infos[8];
    size_t count;
} visits;

static void note_visit(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    assert_ptr_equal(heap, seen.heap);
    assert_true(visits.count < COUNT_OF(visits.infos));
    visits.arguments[visits.count] = argument;
    visits.infos[visits.count++] = *info;
}

static void test_collect(void **state)
{
    int first, second;
    visits.count = 0;
    assert_int_equal(ouro_add_callback(*state, note_visit, &first), OURO_OK);
    assert_int_equal(ouro_add_callback(*state, note_visit, &second), OURO_OK);
    cell_lose(*state, NULL);
    (void)ouro_collect(*state, 2);
    assert_int_equal(visits.count, 4);
    for (size_t i = 0; i < visits.count; i++) {
        assert_ptr_equal(visits.arguments[i], i % 2 == 0 ? &first : &second);
        assert_int_equal(visits.infos[i].stop, i >= 2);
        assert_int_equal(visits.infos[i].generation, 2);
        if (!visits.infos[i].stop) continue;
        assert_int_equal(visits.infos[i].collected, 1);
        assert_int_equal(visits.infos[i].uncollectable, 0);
        assert_int_equal(visits.infos[i].candidates, 1);
        assert_true(visits.infos[i].nanoseconds > 0);
    }
    assert_int_equal(ouro_remove_callback(*state, note_visit, &first), OURO_OK);
    assert_int_equal(ouro_remove_callback(*state, note_visit, &first), OURO_BAD_ARGUMENT);
    (void)ouro_collect(*state, 2);
    assert_int_equal(visits.count, 6);
}

static void test_collect_generation(void **state)
{
    for (int generation = 0; generation < 3; generation++) {
        visits.count = 0;
        assert_int_equal(ouro_add_callback(*state, note_visit, NULL), OURO_OK);
        (void)ouro_collect(*state, generation);
        assert_int_equal(ouro_remove_callback(*state, note_visit, NULL), OURO_OK);
        assert_int_equal(visits.count, 2);
        for (size_t i = 0; i < 2; i++) assert_int_equal(visits.infos[i].generation, generation);
    }
}

static void clear_garbage(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)argument;
    if (info->stop) ouro_garbage_clear(heap);
}

/* What a collection saves is counted as uncollectable; a callback may clean up. */
static void test_collect_garbage(void **state)
{
    visits.count = 0;
    assert_int_equal(ouro_add_callback(*state, note_visit, NULL), OURO_OK);
    ouro_set_debug(*state, OURO_DEBUG_SAVEALL);
    cell_lose(*state, NULL);
    cell_lose(*state, NULL);
    (void)ouro_collect(*state, 2);
    assert_int_equal(visits.infos[1].uncollectable, 2);
    assert_int_equal(visits.infos[1].collected, 0);
    assert_int_equal(ouro_garbage_count(*state), 2);
    assert_int_equal(ouro_add_callback(*state, clear_garbage, NULL), OURO_OK);
    (void)ouro_collect(*state, 2);
    assert_int_equal(ouro_garbage_count(*state), 0);
    ouro_set_debug(*state, 0);
    assert_int_equal(ouro_collect(*state, 2), 2);
}

/* ---- automatic collections ---- */

static void count_collection(ouro_heap *heap, const ouro_collection *info, void *argument)
{
    (void)heap;
    if (info->stop) ++*(size_t *)argument;
}

static size_t collections_of_many_cycles(ouro_heap *heap)
{
    size_t collections = 0;
    assert_int_equal(ouro_add_callback(heap, count_collection, &collections), OURO_OK);
    for (int i = 0; i < 10000; i++) cell_lose(heap, NULL);
    assert_int_equal(ouro_remove_callback(heap, count_collection, &collections), OURO_OK);
    return collections;
}

static void test_indirect_calls_with_gc_disabled(void **state)
{
    ouro_set_threshold(*state, (const size_t[]){1, 1, 1});
    assert_false(ouro_collector_is_enabled(*state));
    assert_int_equal(collections_of_many_cycles(*state), 0);
    assert_int_equal(ouro_collect(*state, 2), 10000);
    ouro_collector_enable(*state);
    assert_true(ouro_collector_is_enabled(*state));
    assert_true(collections_of_many_cycles(*state) > 0);
    (void)ouro_collect(*state, 2);
}

static void test_threshold_zero(void **state)
{
    ouro_set_threshold(*state, (const size_t[]){0, 10, 10});
    ouro_collector_enable(*state);
    assert_int_equal(collections_of_many_cycles(*state), 0);
    assert_int_equal(ouro_collect(*state, 2), 10000);
}

/* The heap stays bounded while cycles are made fast. */
static void test_fast_cycle_creation(void **state)
{
    ouro_collector_enable(*state);
    size_t most = 0;
    for (int i = 0; i < 300000; i++) {
        cell *a = cell_new(*state), *b = cell_new(*state);
        ouro_set(a, left, b);
        ouro_put(b, left, a);
        ouro_decref(b);
        if (i % 10000 != 0) continue;
        size_t objects = test_heap_objects(*state);
        most = objects > most ? objects : most;
    }
    assert_true(most < 50000);
    (void)ouro_collect(*state, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GC_TEST(test_list),
        GC_TEST(test_dict),
        GC_TEST(test_tuple),
        GC_TEST(test_class),
        GC_TEST(test_instance),
        GC_TEST(test_method),
        GC_TEST(test_function),
        GC_TEST(test_function_tp_clear_leaves_consistent_state),
        GC_TEST(test_saveall),
        GC_TEST(test_del),
        GC_TEST(test_del_newclass),
        GC_TEST(test_get_count),
        GC_TEST(test_collect_generations),
        GC_TEST(test_trashcan),
        GC_TEST(test_boom),
        GC_TEST(test_boom2),
        GC_TEST(test_get_referents),
        GC_TEST(test_is_tracked),
        GC_TEST(test_is_finalized),
        GC_TEST(test_bug1055820b),
        GC_TEST(test_bug1055820c),
        GC_TEST(test_bug1055820d),
        GC_TEST(test_bug21435),
        GC_TEST(test_cycle_at_shutdown),
        GC_TEST(test_get_stats),
        GC_TEST(test_freeze),
        GC_TEST(test_get_objects),
        GC_TEST(test_get_objects_arguments),
        GC_TEST(test_resurrection_only_happens_once_per_object),
        GC_TEST(test_resurrection_is_transitive),
        GC_TEST(test_resurrection_does_not_block_cleanup_of_other_objects),
        GC_TEST(test_trash_weakref_clear),
        GC_TEST(test_get_objects_during_gc),
        GC_TEST(test_traverse_frozen_objects),
        GC_TEST(test_heap_size),
        GC_TEST(test_collect),
        GC_TEST(test_collect_generation),
        GC_TEST(test_collect_garbage),
        GC_TEST(test_indirect_calls_with_gc_disabled),
        GC_TEST(test_threshold_zero),
        GC_TEST(test_fast_cycle_creation),
    };
    return cmocka_run_group_tests_name("test_gc", tests, NULL, NULL);
}
