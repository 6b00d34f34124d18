/* SPDX-License-Identifier: MIT */
/*
 * finalization_test.c -- CPython's test_finalization, by name
 *
 * A member is the object under test.  Its finalizer writes down that it ran,
 * looks whether the object is whole, and then does what the member's role asks:
 * nothing, cut itself out of its ring, or come back to life.
 */
#include "support/heap.h"

#include <string.h>

enum { MEMBERS_MAX = 6 };

enum role { NORMAL = 'N', SUICIDAL = 'S', RESURRECTING = 'R' };

typedef struct member {
    struct member *left, *right;
    unsigned number;
    enum role role;
    bool chained;  /* left and right lead back to this one */
    bool suicided; /* has cut itself out */
} member;

/* A member that no cycle can pass through. */
typedef struct loner {
    unsigned number;
    enum role role;
} loner;

/* What happened to the members of the running test. */
static struct {
    unsigned finalized[MEMBERS_MAX];
    void *survivors[MEMBERS_MAX];
    size_t survivor_count;
    size_t broken; /* members that were not whole when their finalizer ran */
} seen;

static void survive(void *object)
{
    assert_true(seen.survivor_count < MEMBERS_MAX);
    seen.survivors[seen.survivor_count++] = ouro_newref(object);
}

static bool is_whole(const member *self)
{
    if (self->suicided) return self->left == NULL && self->right == NULL;
    if (!self->chained) return true;
    const member *left = self->left, *right = self->right;
    return left->right == (left->suicided ? NULL : self) &&
           right->left == (right->suicided ? NULL : self);
}

static void member_finalize(void *object)
{
    member *self = object;
    seen.finalized[self->number]++;
    seen.broken += !is_whole(self);
    if (self->role == RESURRECTING) survive(self);
    if (self->role == SUICIDAL) {
        self->suicided = true;
        ouro_clear(self, left);
        ouro_clear(self, right);
    }
}

static void loner_finalize(void *object)
{
    loner *self = object;
    seen.finalized[self->number]++;
    if (self->role == RESURRECTING) survive(self);
}

static ouro_type member_type;
static const ouro_field member_fields[] = {
    OURO_REF(member, left, &member_type),
    OURO_REF(member, right, &member_type),
    OURO_END,
};
static ouro_type member_type =
    OURO_TYPE(member, .fields = member_fields, .finalize = member_finalize);
static ouro_type loner_type = OURO_TYPE(loner, .finalize = loner_finalize);

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    return test_setup_heap(state);
}

#define FINALIZATION_TEST(function)                                                                \
    cmocka_unit_test_setup_teardown(function, setup, test_teardown_heap)

static member *new_member(ouro_heap *heap, unsigned number, enum role role)
{
    member *made = ouro_new(heap, member);
    assert_non_null(made);
    made->number = number;
    made->role = role;
    return made;
}

static loner *new_loner(ouro_heap *heap, enum role role)
{
    loner *made = ouro_new(heap, loner);
    assert_non_null(made);
    made->role = role;
    return made;
}

static void assert_each_finalized_once(size_t count)
{
    for (size_t i = 0; i < MEMBERS_MAX; i++) assert_int_equal(seen.finalized[i], i < count ? 1 : 0);
    assert_int_equal(seen.broken, 0);
}

static void forget_survivors(void)
{
    while (seen.survivor_count > 0) ouro_decref(seen.survivors[--seen.survivor_count]);
}

/* Drops a weak reference that answers, or doesn't, as expected. */
static void drop_weakref(ouro_weakref *weakref, bool expect_alive)
{
    void *target = ouro_weakref_get(weakref);
    assert_int_equal(target != NULL, expect_alive);
    ouro_xdecref(target);
    ouro_decref(weakref);
}

static void assert_answers(ouro_weakref *weakref, bool expect_alive)
{
    drop_weakref(ouro_newref(weakref), expect_alive);
}

/* ---- without cycles ---- */

static void test_simple(void **state)
{
    member *object = new_member(*state, 0, NORMAL);
    ouro_weakref *weakref = ouro_weakref_new(object);
    ouro_decref(object);
    assert_each_finalized_once(1);
    drop_weakref(weakref, false);
    assert_int_equal(ouro_collect(*state, 2), 0);
    assert_each_finalized_once(1);
    assert_int_equal(seen.survivor_count, 0);
}

static void test_simple_resurrect(void **state)
{
    member *object = new_member(*state, 0, RESURRECTING);
    ouro_weakref *weakref = ouro_weakref_new(object);
    ouro_decref(object);
    assert_each_finalized_once(1);
    assert_int_equal(seen.survivor_count, 1);
    assert_ptr_equal(seen.survivors[0], object);
    assert_int_equal(ouro_refcount(object), 1);
    assert_true(ouro_is_finalized(object));
    assert_answers(weakref, true);
    forget_survivors();
    assert_each_finalized_once(1);
    assert_int_equal(seen.survivor_count, 0);
    drop_weakref(weakref, false);
}

static void test_non_gc(void **state)
{
    loner *object = new_loner(*state, NORMAL);
    assert_false(ouro_is_tracked(object));
    ouro_decref(object);
    assert_each_finalized_once(1);
    assert_int_equal(ouro_collect(*state, 2), 0);
    assert_each_finalized_once(1);
}

/* CPython forgets that an untracked object has been finalized; here every
 * object dies for good the second time. */
static void test_non_gc_resurrect(void **state)
{
    loner *object = new_loner(*state, RESURRECTING);
    assert_false(ouro_is_tracked(object));
    ouro_decref(object);
    assert_each_finalized_once(1);
    assert_int_equal(seen.survivor_count, 1);
    forget_survivors();
    assert_each_finalized_once(1);
    assert_int_equal(seen.survivor_count, 0);
    assert_int_equal(test_heap_objects(*state), 0);
}

/* ---- an object that refers to itself ---- */

/* A dropped self-cycle with a weak reference to it. */
static ouro_weakref *lost_self_cycle(ouro_heap *heap, enum role role)
{
    member *object = new_member(heap, 0, role);
    ouro_set(object, left, object);
    ouro_weakref *weakref = ouro_weakref_new(object);
    ouro_decref(object);
    assert_each_finalized_once(0);
    return weakref;
}

static void test_self_cycle_simple(void **state)
{
    ouro_weakref *weakref = lost_self_cycle(*state, NORMAL);
    assert_int_equal(ouro_collect(*state, 2), 1);
    assert_each_finalized_once(1);
    drop_weakref(weakref, false);
    assert_int_equal(ouro_collect(*state, 2), 0);
    assert_each_finalized_once(1);
}

static void test_self_cycle_simple_resurrect(void **state)
{
    ouro_weakref *weakref = lost_self_cycle(*state, RESURRECTING);
    (void)ouro_collect(*state, 2);
    assert_each_finalized_once(1);
    assert_int_equal(seen.survivor_count, 1);
    assert_answers(weakref, true);
    forget_survivors();
    assert_int_equal(ouro_collect(*state, 2), 1);
    assert_each_finalized_once(1);
    assert_int_equal(seen.survivor_count, 0);
    drop_weakref(weakref, false);
}

static void test_self_cycle_simple_suicide(void **state)
{
    ouro_weakref *weakref = lost_self_cycle(*state, SUICIDAL);
    (void)ouro_collect(*state, 2);
    assert_each_finalized_once(1);
    drop_weakref(weakref, false);
    assert_int_equal(ouro_collect(*state, 2), 0);
    assert_each_finalized_once(1);
}

/* ---- rings of members ---- */

/* A ring in which each member holds both neighbours; one role each. */
static void build_chain(ouro_heap *heap, const char *roles, member *out_members[])
{
    unsigned count = (unsigned)strlen(roles);
    for (unsigned i = 0; i < count; i++) {
        out_members[i] = new_member(heap, i, (enum role)roles[i]);
        out_members[i]->chained = true;
    }
    for (unsigned i = 0; i < count; i++) {
        member *left = out_members[(i + count - 1) % count];
        ouro_set(out_members[i], left, left);
        ouro_set(left, right, out_members[i]);
    }
}

/* Loses a ring, collects, and compares who came back with the R among `roles`.
 * The second collection ends them all. */
static void check_chain(ouro_heap *heap, const char *roles)
{
    size_t count = strlen(roles), resurrected = 0;
    member *members[MEMBERS_MAX];
    ouro_weakref *weakrefs[MEMBERS_MAX];
    build_chain(heap, roles, members);
    for (size_t i = 0; i < count; i++) {
        weakrefs[i] = ouro_weakref_new(members[i]);
        resurrected += roles[i] == RESURRECTING;
    }
    for (size_t i = 0; i < count; i++) ouro_decref(members[i]);
    assert_each_finalized_once(0);

    (void)ouro_collect(heap, 2);
    assert_each_finalized_once(count);
    assert_int_equal(seen.survivor_count, resurrected);
    for (size_t i = 0; i < resurrected; i++)
        assert_int_equal(((member *)seen.survivors[i])->role, RESURRECTING);
    for (size_t i = 0; i < count; i++)
        if (resurrected == 0 || roles[i] == RESURRECTING)
            assert_answers(weakrefs[i], roles[i] == RESURRECTING);
    test_heap_verify(heap);

    forget_survivors();
    (void)ouro_collect(heap, 2);
    assert_each_finalized_once(count);
    assert_int_equal(seen.survivor_count, 0);
    for (size_t i = 0; i < count; i++) drop_weakref(weakrefs[i], false);
    assert_int_equal(test_heap_objects(heap), 0);
}

static void test_homogenous(void **state)
{
    check_chain(*state, "NNN");
}

static void test_homogenous_resurrect(void **state)
{
    check_chain(*state, "RRR");
}

static void test_homogenous_suicidal(void **state)
{
    check_chain(*state, "SSS");
}

static void test_heterogenous_suicidal_one(void **state)
{
    check_chain(*state, "SNSN");
}

static void test_heterogenous_suicidal_two(void **state)
{
    check_chain(*state, "SSNN");
}

static void test_heterogenous_resurrect_one(void **state)
{
    check_chain(*state, "RNRN");
}

static void test_heterogenous_resurrect_two(void **state)
{
    check_chain(*state, "RNSRNS");
}

static void test_heterogenous_resurrect_three(void **state)
{
    check_chain(*state, "RRNNSS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FINALIZATION_TEST(test_simple),
        FINALIZATION_TEST(test_simple_resurrect),
        FINALIZATION_TEST(test_non_gc),
        FINALIZATION_TEST(test_non_gc_resurrect),
        FINALIZATION_TEST(test_self_cycle_simple),
        FINALIZATION_TEST(test_self_cycle_simple_resurrect),
        FINALIZATION_TEST(test_self_cycle_simple_suicide),
        FINALIZATION_TEST(test_homogenous),
        FINALIZATION_TEST(test_homogenous_resurrect),
        FINALIZATION_TEST(test_homogenous_suicidal),
        FINALIZATION_TEST(test_heterogenous_suicidal_one),
        FINALIZATION_TEST(test_heterogenous_suicidal_two),
        FINALIZATION_TEST(test_heterogenous_resurrect_one),
        FINALIZATION_TEST(test_heterogenous_resurrect_two),
        FINALIZATION_TEST(test_heterogenous_resurrect_three),
    };
    return cmocka_run_group_tests_name("test_finalization", tests, NULL, NULL);
}
