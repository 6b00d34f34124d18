/* SPDX-License-Identifier: MIT */
/*
 * inspection_memory_test.c -- the system refuses the memory that inspection asks for, at each point
 *
 * Answers need memory of the system's own.  Here each request is refused in turn: the call fails with a sentence, all that it
 * had got until then is given back, and the heap is as it was.  The linker puts the mappings of the library through
 * our hands (--wrap).
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "support/cell.h"
#include "support/heap.h"

static size_t asked, refuse_at = SIZE_MAX;
static bool refuses_rest;
static size_t mapped; /* bytes */

void *__real_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
int __real_munmap(void *address, size_t length);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *address, size_t length);

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    size_t number = asked++;
    if (number == refuse_at || (refuses_rest && number > refuse_at)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    void *start = __real_mmap(address, length, protection, flags, file, offset);
    if (start != MAP_FAILED) mapped += length;
    return start;
}

int __wrap_munmap(void *address, size_t length)
{
    mapped -= length;
    return __real_munmap(address, length);
}

/* ---- what is asked ---- */

static bool takes_a_census(ouro_heap *heap, void *object)
{
    const ouro_census *census = ouro_census_take(heap);
    (void)object;
    if (census == NULL) return false;
    assert_int_equal(census->type_count, 3);
    ouro_census_free(census);
    return true;
}

static bool asks_why(ouro_heap *heap, void *object)
{
    (void)heap;
    const ouro_path *path = ouro_why_alive(object, 0);
    if (path == NULL) return false;
    assert_int_equal(path->length, 2);
    ouro_path_free(path);
    return true;
}

static bool asks_for_retained(ouro_heap *heap, void *object)
{
    (void)heap;
    ouro_retained retained = {.objects = 77};
    bool answered = ouro_get_retained(object, &retained) == OURO_OK;
    assert_int_equal(retained.objects, answered ? 1 : 77);
    return answered;
}

static bool asks_for_most(ouro_heap *heap, void *object)
{
    (void)object;
    ouro_retained most[3];
    size_t count = 77;
    bool answered = ouro_get_most_retained(heap, most, 3, &count) == OURO_OK;
    assert_int_equal(count, answered ? 3 : 77);
    return answered;
}

static bool keeps_a_log(ouro_heap *heap, void *object)
{
    (void)object;
    bool kept = ouro_set_cycle_log(heap, 4) == OURO_OK;
    assert_int_equal(ouro_set_cycle_log(heap, 0), OURO_OK);
    return kept;
}

static bool audits(ouro_heap *heap, void *object)
{
    (void)object;
    ouro_error error;
    ouro_status status = ouro_verify(heap, &error);
    assert_true(status == OURO_OK || status == OURO_NO_MEMORY);
    return status == OURO_OK;
}

/* ---- at each point ---- */

/* A list of cells, each with an atom; some of large blocks besides, so that there are several arenas. */
static list *fill(ouro_heap *heap)
{
    list *owner = list_new(heap);
    for (int i = 0; i < 50; i++) {
        cell *made = list_append_cell(owner, i);
        ouro_put(made, left, atom_new(heap, i));
    }
    return owner;
}

static void refuse_each(bool (*ask)(ouro_heap *heap, void *object), bool rest)
{
    ouro_heap *heap = test_heap_quiet();
    list *owner = fill(heap);
    void *object = ((cell *)owner->items.items[30])->left;
    size_t before = mapped, points = 0;
    refuses_rest = rest;
    for (bool answered = false; !answered; points++) {
        asked = 0;
        refuse_at = points;
        answered = ask(heap, object);
        bool reached = asked > points;
        refuse_at = SIZE_MAX;
        assert_true(answered == !reached);
        assert_int_equal(mapped, before);
        if (!answered && ask != audits) {
            assert_int_equal(ouro_heap_error(heap)->status, OURO_NO_MEMORY);
            assert_non_null(strstr(ouro_heap_error(heap)->message, "the system gave none"));
        }
    }
    assert_true(points > 1);
    ouro_decref(owner);
    test_heap_close_empty(heap);
}

static void test_each_request_is_refused(void **state)
{
    static bool (*const questions[])(ouro_heap * heap, void *object) = {
        takes_a_census, asks_why, asks_for_retained, asks_for_most, keeps_a_log, audits,
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        refuse_each(questions[i], false);
        refuse_each(questions[i], true);
    }
}

static int count_reference(const ouro_reference *reference, void *argument)
{
    *(size_t *)argument += reference->kind == OURO_REFERENCE_ITEM;
    return 0;
}

static int count_object(void *object, void *argument)
{
    *(size_t *)argument += object != NULL;
    return 0;
}

static void test_referrers_of_many_need_none(void **state)
{
    ouro_auto list *owner = fill(*state);
    size_t references = 0, referrers = 0;
    asked = refuse_at = 0;
    refuses_rest = true;
    ouro_each_reference_to(owner->items.items, 50, count_reference, &references);
    ouro_get_referrers_of(owner->items.items, 50, count_object, &referrers);
    assert_int_equal(asked, 2);
    refuse_at = SIZE_MAX;
    assert_int_equal(references, 50);
    assert_int_equal(referrers, 1);
    ouro_each_reference_to(owner->items.items, 50, count_reference, &references);
    ouro_get_referrers_of(owner->items.items, 50, count_object, &referrers);
    assert_int_equal(references, 100);
    assert_int_equal(referrers, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_request_is_refused),
        HEAP_TEST(test_referrers_of_many_need_none),
    };
    return cmocka_run_group_tests_name("inspection memory", tests, NULL, NULL);
}
