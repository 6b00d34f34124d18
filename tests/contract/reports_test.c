/* SPDX-License-Identifier: MIT */
/*
 * reports_test.c -- types that report less or more than their objects hold
 *
 * What is missed leaks and is never freed too early; ouro_verify names the type and the word.  What
 * is reported too often, and a hook that changes counts, is misuse: ouro_verify names that type as well.
 */
#include <signal.h>

#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"

/* What the audit says; `words` as apart_matches has it. */
static void expect_verdict(ouro_heap *heap, ouro_status status, const char *words)
{
    ouro_error error;
    ouro_status verdict = ouro_verify(heap, &error);
    if (verdict != status || error.status != status || !apart_matches(error.message, words))
        fail_msg("status %d instead of %d: \"%s\"", (int)verdict, (int)status, error.message);
}

/* A heap that is closed with what leaked. */
static void close_leaky(ouro_heap *heap)
{
    assert_int_equal(ouro_heap_close(heap, NULL, NULL), OURO_OK);
}

/* ---- a hook that misses one of three references ---- */

typedef struct forgetful {
    void *first;
    uintptr_t tagged; /* a reference with its two lowest bits set */
    void *third;
} forgetful;

static unsigned remembered; /* a bit for each field */

static int forgetful_traverse(void *object, ouro_visit visit, void *argument)
{
    const forgetful *self = object;
    int stop = 0;
    if ((remembered & 1) != 0 && self->first != NULL) stop = visit(self->first, argument);
    if (stop == 0 && (remembered & 2) != 0 && self->tagged != 0)
        stop = visit((void *)(self->tagged - 3), argument);
    if (stop == 0 && (remembered & 4) != 0 && self->third != NULL)
        stop = visit(self->third, argument);
    return stop;
}
static ouro_type forgetful_type = OURO_TYPE(forgetful, .traverse = forgetful_traverse);

static forgetful *forgetful_new(ouro_heap *heap)
{
    forgetful *made = ouro_new(heap, forgetful);
    made->first = cell_new(heap);
    made->tagged = (uintptr_t)cell_new(heap) + 3;
    made->third = cell_new(heap);
    return made;
}

static void a_missed_reference_is_named(void **state)
{
    static const char *const words[] = {
        "type forgetful: 2 objects seem to own what the word at offset 0 refers to, which neither "
        "a "
        "field nor the traverse hook reports: *",
        "type forgetful: 2 objects seem to own what the word at offset 8 refers to, *",
        "type forgetful: 2 objects seem to own what the word at offset 16 refers to, *",
    };
    (void)state;
    for (unsigned missed = 0; missed < 3; missed++) {
        remembered = 7;
        ouro_heap *heap = test_heap_quiet();
        forgetful *one = forgetful_new(heap), *other = forgetful_new(heap);
        test_heap_verify(heap);
        remembered = 7u & ~(1u << missed);
        expect_verdict(heap, OURO_BAD_TYPE, words[missed]);
        remembered = 7;
        test_heap_verify(heap);
        ouro_decref(one);
        ouro_decref(other);
        test_heap_close_empty(heap);
    }
}

/* Whoever is held by a missed reference alone lives on, whatever is collected. */
static void a_missed_reference_is_a_leak(void **state)
{
    (void)state;
    remembered = 3;
    ouro_heap *heap = test_heap_quiet();
    forgetful *one = forgetful_new(heap), *other = forgetful_new(heap);
    cell *held = one->third;
    ouro_set(held, left, one); /* a cycle through it */
    ouro_decref(ouro_newref(one));
    ouro_decref(one);
    for (int generation = 0; generation < 3; generation++) (void)ouro_collect(heap, generation);
    assert_true(ouro_is_object(heap, held) && ouro_is_object(heap, one));
    assert_int_equal(ouro_refcount(held), 1);
    ouro_clear(held, left); /* `one` dies and leaves it */
    assert_false(ouro_is_object(heap, one));
    assert_true(ouro_is_object(heap, held));
    ouro_decref(other);
    assert_int_equal(test_heap_objects(heap), 2);
    close_leaky(heap);
}

/* One witness may be chance. */
static void one_object_is_no_proof(void **state)
{
    (void)state;
    remembered = 3;
    ouro_heap *heap = test_heap_quiet();
    forgetful *one = forgetful_new(heap);
    test_heap_verify(heap);
    remembered = 7;
    ouro_decref(one);
    test_heap_close_empty(heap);
}

/* ---- a table that misses one ---- */

typedef struct incomplete {
    void *left;
    size_t length;
    void *right; /* owned, and in no table */
} incomplete;
static const ouro_field incomplete_fields[] = {OURO_REF(incomplete, left, NULL), OURO_END};
static ouro_type incomplete_type = OURO_TYPE(incomplete, .fields = incomplete_fields);

static void a_field_left_out_is_named(void **state)
{
    ouro_heap *heap = test_heap_quiet();
    (void)state;
    for (int i = 0; i < 5; i++) {
        incomplete *made = ouro_new(heap, incomplete);
        made->left = cell_new(heap);
        made->right = atom_new(heap, i);
        if (i % 2 == 0) ouro_decref(made); /* its right one is lost for good */
    }
    expect_verdict(heap, OURO_BAD_TYPE,
                   "type incomplete: 2 objects seem to own what the word at offset 16, behind left "
                   "refers to, which no field reports: name it OURO_REF, or OURO_BORROWED");
    close_leaky(heap);
}

/* ---- pointers that are meant to hold nothing ---- */

typedef struct child {
    void *parent; /* borrowed */
    void *left, *right;
} child;
static const ouro_field child_fields[] = {OURO_REF(child, left, NULL), OURO_REF(child, right, NULL),
                                          OURO_END};
static ouro_type child_type = OURO_TYPE(child, .fields = child_fields);

static child *family(ouro_heap *heap, child *parent, unsigned depth)
{
    child *made = ouro_new(heap, child);
    made->parent = parent;
    if (depth == 0) return made;
    made->left = family(heap, made, depth - 1);
    made->right = family(heap, made, depth - 1);
    return made;
}

/* Inner nodes are held by their parents alone: that refutes the whole field. */
static void counts_that_are_explained_refute(void **state)
{
    child *root = family(*state, NULL, 4);
    test_heap_verify(*state);
    ouro_decref(root);
}

/* All point to a few objects, each of which the program holds once. */
static void more_pointers_than_references_refute(void **state)
{
    cell *shared[3];
    child *all[7];
    for (size_t i = 0; i < COUNT_OF(shared); i++) shared[i] = cell_new(*state);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = ouro_new(*state, child);
        all[i]->parent = shared[i % COUNT_OF(shared)];
    }
    test_heap_verify(*state);
    for (size_t i = 0; i < COUNT_OF(all); i++) ouro_decref(all[i]);
    for (size_t i = 0; i < COUNT_OF(shared); i++) ouro_decref(shared[i]);
}

/* What a hook reports is explained by it, also where the program holds the same objects. */
static void what_is_reported_is_no_claim(void **state)
{
    forgetful *all[3];
    void *held[COUNT_OF(all)];
    remembered = 7;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = forgetful_new(*state);
        held[i] = ouro_newref(all[i]->third);
    }
    test_heap_verify(*state);
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        ouro_decref(all[i]);
        ouro_decref(held[i]);
    }
}

/* Borrowed words that are refuted elsewhere do not use up what an owner's word explains. */
static void a_refuted_word_takes_nothing(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    forgetful *owners[2];
    child *lookers[COUNT_OF(owners)]; /* whose words are looked at first */
    remembered = 3;
    for (size_t i = 0; i < COUNT_OF(owners); i++) lookers[i] = ouro_new(heap, child);
    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        owners[i] = forgetful_new(heap);
        lookers[i]->parent = owners[i]->third;
    }
    child *root = family(heap, NULL, 2);
    expect_verdict(heap, OURO_BAD_TYPE, "type forgetful: 2 objects seem to own *");
    remembered = 7;
    for (size_t i = 0; i < COUNT_OF(owners); i++) {
        ouro_decref(lookers[i]);
        ouro_decref(owners[i]);
    }
    ouro_decref(root);
    test_heap_close_empty(heap);
}

typedef struct borrower {
    void *lender;
    ouro_vector items;
    char padding[600];
    void *far_lender;
    void *far_owned;
} borrower;

static void *seen_lender, *seen_far_lender;

static void borrower_release(void *object)
{
    const borrower *self = object;
    seen_lender = self->lender;
    seen_far_lender = self->far_lender;
}
static const ouro_field borrower_fields[] = {
    OURO_BORROWED(borrower, lender, NULL),
    OURO_VECTOR(borrower, items, NULL),
    OURO_BORROWED(borrower, far_lender, NULL),
    OURO_REF(borrower, far_owned, NULL),
    OURO_END,
};
static ouro_type borrower_type =
    OURO_TYPE(borrower, .fields = borrower_fields, .release = borrower_release);

static int count_visit(void *referent, void *argument)
{
    (void)referent;
    *(size_t *)argument += 1;
    return 0;
}

static void a_borrowed_field_holds_nothing(void **state)
{
    cell *lenders[4];
    borrower *all[COUNT_OF(lenders)];
    for (size_t i = 0; i < COUNT_OF(lenders); i++) {
        lenders[i] = cell_new(*state);
        all[i] = ouro_new(*state, borrower);
        all[i]->lender = all[i]->far_lender = lenders[i];
        all[i]->far_owned = cell_new(*state);
        for (int k = 0; k < 3; k++) { /* what dies with it makes it wait */
            ouro_auto list *item = list_new(*state);
            list_append(item, all[0]->far_owned);
            assert_int_equal(ouro_vector_append(all[i], &all[i]->items, item), OURO_OK);
        }
        size_t referents = 0;
        ouro_get_referents(all[i], count_visit, &referents);
        assert_int_equal(referents, 4);
        assert_int_equal(ouro_refcount(lenders[i]), 1);
    }
    test_heap_verify(*state);
    assert_int_equal(ouro_collect(*state, 2), 0);
    for (size_t i = 0; i < COUNT_OF(lenders); i++) {
        ouro_decref(all[i]);
        assert_ptr_equal(seen_lender, lenders[i]); /* untouched by death */
        assert_ptr_equal(seen_far_lender, lenders[i]);
        assert_int_equal(ouro_refcount(lenders[i]), 1);
        ouro_decref(lenders[i]);
    }
    assert_int_equal(ouro_type_check(&borrower_type, 2, NULL), OURO_OK);
}

/* A type whose only pointers are borrowed leads to no cycle. */
static void borrowing_does_not_track(void **state)
{
    static const ouro_field fields[] = {{"lender", 0, OURO_FIELD_BORROWED, NULL}, OURO_END};
    static ouro_type type = {.name = "only borrows", .size = 16, .fields = fields};
    (void)state;
    assert_false(ouro_type_is_tracked(&type));
}

/* ---- too much ---- */

typedef struct boaster {
    void *owned, *borrowed;
} boaster;

static unsigned owned_reports, borrowed_reports;

static int boaster_traverse(void *object, ouro_visit visit, void *argument)
{
    const boaster *self = object;
    int stop = 0;
    for (unsigned i = 0; stop == 0 && i < owned_reports; i++) stop = visit(self->owned, argument);
    for (unsigned i = 0; stop == 0 && i < borrowed_reports; i++)
        stop = visit(self->borrowed, argument);
    return stop;
}
static ouro_type boaster_type = OURO_TYPE(boaster, .traverse = boaster_traverse);

static void expect_overreport(unsigned owned, unsigned borrowed, const char *words)
{
    ouro_heap *heap = test_heap_quiet();
    cell *holder = cell_new(heap);
    owned_reports = 1, borrowed_reports = 0;
    boaster *made = ouro_new(heap, boaster);
    made->owned = cell_new(heap);
    made->borrowed = holder->left = cell_new(heap); /* held by `holder` alone */
    test_heap_verify(heap);
    owned_reports = owned, borrowed_reports = borrowed;
    expect_verdict(heap, OURO_CORRUPT, words);
    owned_reports = 1, borrowed_reports = 0;
    test_heap_verify(heap); /* nothing was freed */
    ouro_decref(made);
    ouro_decref(holder);
    test_heap_close_empty(heap);
}

static void what_is_reported_too_often_is_named(void **state)
{
    (void)state;
    expect_overreport(
        2, 0,
        "of type cell has a count of 1, but other objects hold 2 references to it; type "
        "boaster reports it 2 times and has it 1 times");
    expect_overreport(
        1, 2,
        "of type cell has a count of 1, but other objects hold 3 references to it; type "
        "boaster reports it 2 times and has it 1 times");
    expect_overreport(
        1, 1,
        "of type cell has a count of 1, but other objects hold 2 references to it; one "
        "by the traverse hook of type boaster");
}

/* Of a vector each place counts, and so does each report. */
typedef struct hoarder {
    void *first;
    ouro_vector items;
} hoarder;

static unsigned item_reports;

static int hoarder_traverse(void *object, ouro_visit visit, void *argument)
{
    const hoarder *self = object;
    int stop = 0;
    for (unsigned i = 0; stop == 0 && self->items.length > 0 && i < item_reports; i++)
        stop = visit(self->items.items[0], argument);
    return stop;
}

static const ouro_field hoarder_fields[] = {OURO_REF(hoarder, first, NULL),
                                            OURO_VECTOR(hoarder, items, NULL), OURO_END};
static ouro_type hoarder_type =
    OURO_TYPE(hoarder, .fields = hoarder_fields, .traverse = hoarder_traverse);

static void what_lies_in_a_vector_is_held(void **state)
{
    (void)state;
    ouro_heap *heap = test_heap_quiet();
    hoarder *made = ouro_new(heap, hoarder);
    cell *item = cell_new(heap);
    item_reports = 0;
    assert_int_equal(ouro_vector_append(made, &made->items, item), OURO_OK);
    assert_int_equal(ouro_vector_append(made, &made->items, item), OURO_OK);
    ouro_decref(item);
    test_heap_verify(heap);
    item_reports = 2; /* beside what the table reports */
    expect_verdict(heap, OURO_CORRUPT,
                   "of type cell has a count of 2, but other objects hold 4 references to it; type "
                   "hoarder reports it 4 times and has it 2 times");
    item_reports = 0;
    test_heap_verify(heap);
    ouro_decref(made);
    test_heap_close_empty(heap);
}

/* ---- hooks that do more than report ---- */

typedef struct meddler {
    void *owned;
} meddler;

static void (*meddle)(void *referent);
static bool is_steady;
static unsigned asked;

static int meddler_traverse(void *object, ouro_visit visit, void *argument)
{
    const meddler *self = object;
    if (meddle != NULL) meddle(self->owned);
    return visit(self->owned, argument);
}
static ouro_type meddler_type = OURO_TYPE(meddler, .traverse = meddler_traverse);

static int fickle_traverse(void *object, ouro_visit visit, void *argument)
{
    const meddler *self = object;
    return is_steady || asked++ % 2 == 0 ? visit(self->owned, argument) : 0;
}
static ouro_type fickle_type = {
    .name = "fickle", .size = sizeof(meddler), .traverse = fickle_traverse};

static void a_hook_that_changes_counts_is_named(void **state)
{
    static void (*const changes[])(void *referent) = {ouro_incref, ouro_decref};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        ouro_heap *heap = test_heap_quiet();
        meddler *made = ouro_new(heap, meddler);
        made->owned = cell_new(heap);
        for (int k = 0; k < 20; k++) ouro_incref(made->owned);
        meddle = changes[i];
        expect_verdict(
            heap, OURO_CORRUPT,
            "the traverse hook of type meddler changes the counts of what it reports, of "
            "object 0x*");
        meddle = NULL;
        close_leaky(heap);
    }
}

static void collect_over_a_meddler(void *argument)
{
    ouro_heap *heap = test_heap_quiet();
    meddler *made = ouro_new(heap, meddler);
    made->owned = cell_new(heap);
    meddle = argument != NULL ? ouro_incref : ouro_decref;
    if (argument == NULL) ouro_incref(made->owned);
    (void)ouro_collect(heap, 2);
}

/* Before the collector can free what is in use: in builds with assertions. */
static void a_hook_that_changes_counts_is_caught_in_a_collection(void **state)
{
    (void)state;
#ifndef OURO_DEBUG
    skip();
#endif
    for (int i = 0; i < 2; i++) {
        struct apart apart;
        apart_run(collect_over_a_meddler, i == 0 ? NULL : &apart, 20, &apart);
        assert_int_equal(apart.signal, SIGABRT);
        assert_true(apart_matches(
            apart.text,
            TEST_IS_GUARDED
                ? "ouro: *cref of 0x* inside a traverse hook, which must change nothing*"
                : "ouro: the traverse hook of type meddler changes the counts of "
                  "what it reports, of object 0x*\n"));
    }
}

static void a_hook_that_changes_its_mind_is_named(void **state)
{
    ouro_heap *heap = test_heap_quiet();
    (void)state;
    asked = 0;
    is_steady = false;
    meddler *made = ouro_object_new(heap, &fickle_type);
    made->owned = cell_new(heap);
    expect_verdict(
        heap, OURO_BAD_TYPE,
        "the traverse hook of type fickle reports 1 references of object 0x*, and 0 when it "
        "is asked again");
    is_steady = true;
    ouro_decref(made);
    test_heap_close_empty(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missed_reference_is_named),
        cmocka_unit_test(a_missed_reference_is_a_leak),
        cmocka_unit_test(one_object_is_no_proof),
        cmocka_unit_test(a_field_left_out_is_named),
        HEAP_TEST(counts_that_are_explained_refute),
        HEAP_TEST(more_pointers_than_references_refute),
        HEAP_TEST(what_is_reported_is_no_claim),
        cmocka_unit_test(a_refuted_word_takes_nothing),
        HEAP_TEST(a_borrowed_field_holds_nothing),
        cmocka_unit_test(borrowing_does_not_track),
        cmocka_unit_test(what_is_reported_too_often_is_named),
        cmocka_unit_test(what_lies_in_a_vector_is_held),
        cmocka_unit_test(a_hook_that_changes_counts_is_named),
        cmocka_unit_test(a_hook_that_changes_counts_is_caught_in_a_collection),
        cmocka_unit_test(a_hook_that_changes_its_mind_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
