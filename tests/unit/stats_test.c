/* SPDX-License-Identifier: MIT */
/*
 * stats_test.c -- the numbers of a heap agree with each other and with what was done
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cell.h"
#include "support/heap.h"

enum { CLASSES = 300, ATOMS = 10000 };

/* A heap in use: two of three atoms have died, all cells and some raw blocks live. */
struct used {
    list *cells;
    atom *atoms[ATOMS];
    void *raw[64];
    void *large;
};

static struct used *use(ouro_heap *heap)
{
    struct used *used = calloc(1, sizeof *used);
    used->cells = list_new(heap);
    for (long i = 0; i < ATOMS; i++) {
        ouro_auto cell *made = cell_new(heap);
        list_append(used->cells, made);
        used->atoms[i] = atom_new(heap, i);
    }
    for (size_t i = 0; i < COUNT_OF(used->raw); i++)
        used->raw[i] = ouro_mem_alloc(heap, 1 + 300 * i);
    used->large = ouro_mem_alloc(heap, 200000);
    for (size_t i = 0; i < ATOMS; i++)
        if (i % 3 != 0) ouro_decref(used->atoms[i]);
    return used;
}

static void leave(ouro_heap *heap, struct used *used)
{
    ouro_decref(used->cells);
    for (size_t i = 0; i < ATOMS; i += 3) ouro_decref(used->atoms[i]);
    for (size_t i = 0; i < COUNT_OF(used->raw); i++) ouro_mem_free(heap, used->raw[i]);
    ouro_mem_free(heap, used->large);
    free(used);
}

static size_t classes_of(ouro_heap *heap, ouro_class_stats out_classes[CLASSES])
{
    size_t count = ouro_get_class_stats(heap, out_classes, CLASSES);
    assert_in_range(count, 1, CLASSES);
    return count;
}

static void test_blocks_of_a_class_add_up(void **state)
{
    static ouro_class_stats classes[CLASSES];
    struct used *used = use(*state);
    size_t count = classes_of(*state, classes);
    for (size_t i = 0; i < count; i++) {
        const ouro_class_stats *class = &classes[i];
        assert_int_equal(class->live + class->cached + class->free, class->carved);
        assert_true(class->carved <= class->capacity);
        assert_true(class->pools > 0);
        assert_true(class->block_size > 0);
    }
    leave(*state, used);
}

static void test_classes_add_up_to_the_heap(void **state)
{
    static ouro_class_stats classes[CLASSES];
    ouro_heap_stats stats;
    ouro_class_stats sum = {0};
    size_t objects = 0, object_bytes = 0, uncarved = 0, carved_bytes = 0, cached_bytes = 0,
           free_bytes = 0;
    struct used *used = use(*state);
    size_t count = classes_of(*state, classes);
    for (size_t i = 0; i < count; i++) {
        const ouro_class_stats *class = &classes[i];
        sum.pools += class->pools;
        sum.cached += class->cached;
        sum.free += class->free;
        carved_bytes += class->carved * class->block_size;
        cached_bytes += class->cached * class->block_size;
        free_bytes += class->free * class->block_size;
        uncarved += (class->capacity - class->carved) * class->block_size;
        if (class->kind == OURO_CLASS_RAW) continue;
        objects += class->live;
        object_bytes += class->live * class->block_size;
    }
    ouro_get_heap_stats(*state, &stats);
    assert_int_equal(stats.pools, sum.pools);
    assert_int_equal(stats.objects, objects);
    assert_int_equal(stats.object_bytes, object_bytes);
    assert_int_equal(stats.cached_blocks, sum.cached);
    assert_int_equal(stats.cached_bytes, cached_bytes);
    assert_int_equal(stats.free_blocks, sum.free);
    assert_int_equal(stats.free_bytes, free_bytes);
    assert_int_equal(stats.uncarved_bytes, uncarved);
    assert_int_equal(stats.large_blocks, 2); /* the list's vector too */
    assert_true(stats.committed_bytes >= carved_bytes + 200000);
    leave(*state, used);
}

static void test_numbers_are_what_was_done(void **state)
{
    ouro_heap_stats stats;
    struct used *used = use(*state);
    assert_int_equal(ouro_account(*state, 12345), OURO_OK);
    ouro_get_heap_stats(*state, &stats);
    assert_int_equal(stats.objects, 1 + ATOMS + (ATOMS + 2) / 3);
    assert_int_equal(stats.objects, test_heap_objects(*state));
    assert_int_equal(stats.raw_blocks, COUNT_OF(used->raw) + 2);
    assert_int_equal(stats.accounted_bytes, 12345);
    assert_true(stats.arenas >= 3);
    assert_true(stats.resident_bytes <= stats.reserved_bytes);
    assert_true(stats.resident_bytes >= stats.object_bytes);
    assert_int_equal(ouro_account(*state, -12345), OURO_OK);
    leave(*state, used);
    ouro_get_heap_stats(*state, &stats);
    assert_int_equal(stats.objects, 0);
    assert_int_equal(stats.object_bytes, 0);
    assert_int_equal(stats.raw_blocks, 0);
    assert_int_equal(stats.raw_bytes, 0);
    assert_int_equal(stats.large_blocks, 0);
    assert_int_equal(stats.accounted_bytes, 0);
}

/* Pools and large blocks in use. */
static int add_pool_bytes(const ouro_pool_info *pool, void *argument)
{
    bool is_dead = pool->capacity == 1 && pool->live == 0; /* large, its addresses are kept */
    if (pool->block_size != 0 && !is_dead) *(size_t *)argument += pool->bytes;
    return 0;
}

static void test_bytes_of_pools_have_one_use_each(void **state)
{
    ouro_heap_stats stats;
    size_t pool_bytes = 0;
    struct used *used = use(*state);
    ouro_get_heap_stats(*state, &stats);
    size_t cut = stats.object_bytes + stats.raw_bytes + stats.cached_bytes + stats.free_bytes;
    assert_int_equal(cut, stats.committed_bytes);
    ouro_each_pool(*state, add_pool_bytes, &pool_bytes);
    assert_int_equal(cut + stats.uncarved_bytes + stats.rounding_bytes, pool_bytes);
    leave(*state, used);
}

/* Pools that are empty: resident until they are purged. */
static void test_empty_pools_are_counted_until_trim(void **state)
{
    ouro_heap_stats stats;
    leave(*state, use(*state));
    ouro_get_heap_stats(*state, &stats);
    assert_true(stats.empty_pools > 0);
    assert_true(ouro_trim(*state) > 0);
    ouro_get_heap_stats(*state, &stats);
    assert_int_equal(stats.pools, 0);
    assert_int_equal(stats.empty_pools, 0);
    assert_int_equal(stats.cached_blocks, 0);
    assert_int_equal(stats.committed_bytes, 0);
}

static void test_class_stats_fill_what_there_is_room_for(void **state)
{
    static ouro_class_stats classes[CLASSES];
    struct used *used = use(*state);
    size_t count = classes_of(*state, classes);
    ouro_class_stats first[2] = {{.pools = 0}, {.block_size = 77}};
    assert_int_equal(ouro_get_class_stats(*state, first, 1), count);
    assert_int_equal(first[0].block_size, classes[0].block_size);
    assert_int_equal(first[1].block_size, 77);
    assert_int_equal(ouro_get_class_stats(*state, NULL, 0), count);
    leave(*state, used);
}

/* ---- for people ---- */

static void test_printed_stats_have_their_lines(void **state)
{
    static const char *const lines[] = {
        "Heap \"heap\"",
        "kind",
        "raw",
        "acyclic",
        "tracked",
        "objects alive",
        "13,335", /* one list, 10,000 cells, a third of as many atoms */
        "pools in use",
        "bytes committed",
        "bytes resident",
        "Total ",
        "Tracked objects",
        "Acyclic objects",
        "Raw memory",
    };
    struct used *used = use(*state);
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    ouro_heap_print_stats(*state, file);
    fclose(file);
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        if (strstr(text, lines[i]) == NULL) fail_msg("no \"%s\" in:\n%s", lines[i], text);
    free(text);
    leave(*state, used);
}

static size_t pools_of(ouro_heap *heap, ouro_class_kind kind, size_t block_size)
{
    static ouro_class_stats classes[CLASSES];
    size_t count = classes_of(heap, classes), pools = 0;
    for (size_t i = 0; i < count; i++)
        if (classes[i].kind == kind && (block_size == 0 || classes[i].block_size == block_size))
            pools += classes[i].pools;
    return pools;
}

static void test_drawing_has_a_character_for_each_pool(void **state)
{
    static const ouro_class_kind kinds[] = {OURO_CLASS_RAW, OURO_CLASS_ACYCLIC, OURO_CLASS_TRACKED};
    struct used *used = use(*state);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        char text[1000];
        size_t pools = ouro_draw_pools(*state, kinds[i], 0, text, sizeof text);
        assert_int_equal(pools, pools_of(*state, kinds[i], 0));
        assert_int_equal(strlen(text), pools);
        assert_int_equal(strspn(text, " .:+#@"), pools);
    }
    leave(*state, used);
}

static void test_drawing_shows_how_full_pools_are(void **state)
{
    char text[100];
    struct used *used = use(*state);
    size_t size = ouro_sizeof(used->cells->items.items[0]);
    size_t pools = ouro_draw_pools(*state, OURO_CLASS_TRACKED, size, text, sizeof text);
    assert_int_equal(pools, pools_of(*state, OURO_CLASS_TRACKED, size));
    assert_true(pools > 3);
    assert_int_equal(text[0], '@');
    size = ouro_sizeof(used->atoms[0]); /* two of three are dead */
    (void)ouro_draw_pools(*state, OURO_CLASS_ACYCLIC, size, text, sizeof text);
    assert_int_equal(text[0], ':');
    leave(*state, used);
}

static void test_drawing_is_cut_to_its_size(void **state)
{
    char text[4] = "xxx";
    struct used *used = use(*state);
    size_t pools = pools_of(*state, OURO_CLASS_TRACKED, 0);
    assert_int_equal(ouro_draw_pools(*state, OURO_CLASS_TRACKED, 0, text, 3), pools);
    assert_int_equal(strlen(text), 2);
    assert_int_equal(ouro_draw_pools(*state, OURO_CLASS_TRACKED, 0, NULL, 0), pools);
    leave(*state, used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HEAP_TEST(test_blocks_of_a_class_add_up),
        HEAP_TEST(test_classes_add_up_to_the_heap),
        HEAP_TEST(test_numbers_are_what_was_done),
        HEAP_TEST(test_bytes_of_pools_have_one_use_each),
        HEAP_TEST(test_empty_pools_are_counted_until_trim),
        HEAP_TEST(test_class_stats_fill_what_there_is_room_for),
        HEAP_TEST(test_printed_stats_have_their_lines),
        HEAP_TEST(test_drawing_has_a_character_for_each_pool),
        HEAP_TEST(test_drawing_shows_how_full_pools_are),
        HEAP_TEST(test_drawing_is_cut_to_its_size),
    };
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
