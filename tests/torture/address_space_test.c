/* SPDX-License-Identifier: MIT */
/*
 * address_space_test.c -- few addresses: RLIMIT_AS of 64 MiB to 2 GiB
 *
 * A process of its own limits its addresses, takes all the memory that a heap gives, frees all of it, and
 * takes it again, in orders that leave the addresses in pieces.  The limit is the process's: its own image and
 * libraries count too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/os.h"
#include "support/apart.h"
#include "support/cell.h"
#include "support/heap.h"
#include "support/plain.h"
#include "support/setting.h"

/* ---- taking all there is ---- */

/* In a chain, so that no other memory is needed to hold it; returns the bytes of its blocks. */
typedef size_t (*take_function)(ouro_heap *heap, void **chain);

static size_t take_cells(ouro_heap *heap, void **chain)
{
    size_t bytes = 0;
    for (cell *made; (made = ouro_new(heap, cell)) != NULL; bytes += ouro_sizeof(made)) {
        made->left = *chain;
        *chain = made;
    }
    return bytes;
}

static size_t take_rows(ouro_heap *heap, size_t least, size_t step, size_t steps, void **chain)
{
    size_t bytes = 0;
    row *made;
    for (size_t i = 0; (made = ouro_new_var(heap, row, least + i % steps * step)) != NULL; i++) {
        made->items[0] = *chain;
        *chain = made;
        bytes += ouro_sizeof(made);
    }
    return bytes;
}

static size_t take_small_rows(ouro_heap *heap, void **chain)
{
    return take_rows(heap, 1, 3, 40, chain);
}

static size_t take_wide_rows(ouro_heap *heap, void **chain)
{
    return take_rows(heap, 1200, 700, 9, chain);
}

static size_t take_large_rows(ouro_heap *heap, void **chain)
{
    return take_rows(heap, 10000, 30000, 4, chain);
}

/* Raw memory in a chain through its first word. */
static size_t take_raw(ouro_heap *heap, void **chain)
{
    size_t bytes = 0;
    void **made;
    for (size_t i = 0; (made = ouro_mem_alloc(heap, 16 + i % 50 * 40)) != NULL; i++) {
        *made = *chain;
        *chain = made;
        bytes += ouro_mem_usable_size(made);
    }
    return bytes;
}

static void free_raw(ouro_heap *heap, void *chain)
{
    for (void *next; chain != NULL; chain = next) {
        next = *(void **)chain;
        ouro_mem_free(heap, chain);
    }
}

/* ---- a process with few addresses ---- */

struct shortage {
    size_t megabytes;
    take_function take;
    take_function before; /* all there is was taken in this form first, and freed; NULL: in none */
    const char *what;
};

static void limit_addresses(size_t megabytes)
{
    struct rlimit limit = {megabytes << 20, megabytes << 20};
    if (setrlimit(RLIMIT_AS, &limit) != 0) abort();
}

static size_t take_and_free(ouro_heap *heap, take_function take)
{
    void *chain = NULL;
    size_t bytes = take(heap, &chain);
    const ouro_error *error = ouro_heap_error(heap);
    if (error->status != OURO_NO_MEMORY) {
        fprintf(stderr, "refused with \"%s\"\n", error->message);
        abort();
    }
    if (take == take_raw)
        free_raw(heap, chain);
    else if (chain != NULL)
        ouro_decref(chain);
    return bytes;
}

static void expect(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

static ouro_heap *heap_new(void)
{
    ouro_heap *heap = ouro_heap_new(&(ouro_heap_options){.ignore_environment = true}, NULL);
    expect(heap != NULL, "no heap");
    return heap;
}

static void close_heap(ouro_heap *heap)
{
    ouro_error error;
    ouro_close_report report;
    ouro_status status = ouro_verify(heap, &error); /* which needs some addresses itself */
    expect(status == OURO_OK || status == OURO_NO_MEMORY, error.message);
    expect(ouro_heap_close(heap, NULL, &report) == OURO_OK, "not closed");
    expect(report.alive == 0 && report.raw_blocks == 0, "something is left");
}

static void live_with_few_addresses(void *argument)
{
    const struct shortage *shortage = argument;
    limit_addresses(shortage->megabytes);
    ouro_heap *heap = heap_new();
    size_t first = take_and_free(heap, shortage->take), worst = first;
    if (shortage->before != NULL) { /* as in a heap that has not been full of something else */
        close_heap(heap);
        heap = heap_new();
        (void)take_and_free(heap, shortage->before);
    }
    for (size_t i = 0; i < test_scaled(100) / 50; i++) {
        size_t again = take_and_free(heap, shortage->take);
        if (again < worst) worst = again;
    }
    fprintf(stderr, "of %zu MiB: %.1f MiB of %s, again %.2f%%\n", shortage->megabytes,
            (double)first / (1 << 20), shortage->what, 100.0 * (double)worst / (double)first);
    close_heap(heap);
    expect(first > 0, "nothing was served");
    expect((double)worst >= 0.99 * (double)first, "less than 99% was regained");
}

static void is_regained(void **state)
{
    struct apart apart;
    const unsigned limit =
        test_is_ordinary() ? 110 : 600; /* seconds: gigabytes, beside other long tests */
    apart_run(live_with_few_addresses, *state, limit, &apart);
    printf("%s", apart.text);
    if (apart.exit_status != 0)
        fail_msg("status %d, signal %d: %s", apart.exit_status, apart.signal, apart.text);
}

/* ---- one aligned place ---- */

enum { MIB = 1 << 20, ALIGNMENT = 32 * MIB };

static size_t pages_of_addresses(void)
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%zu", &pages) != 1) pages = 0;
        fclose(file);
    }
    return pages;
}

/* A page in the way at so many aligned places below one. */
static void take_places(char *below, size_t count)
{
    for (size_t i = 1; i <= count; i++)
        (void)mmap(below - i * ALIGNMENT, 4096, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

static void leave_places(char *below, size_t count)
{
    for (size_t i = 1; i <= count; i++) ouro__os_unmap(below - i * ALIGNMENT, 4096);
}

/* The first lies at an aligned place with a gap behind it, in which the second would fit, but not aligned, for some
 * size of the first; and there are not the addresses to reserve more and cut.  The next places down are taken, too: two of
 * them, or more than are tried. */
static void map_twice(void *argument)
{
    (void)argument;
    enum { LARGEST = 20 * MIB, SECOND = 11 * MIB, FEW = 2, ALL = 66 };
    size_t nowhere = 0;
    limit_addresses((pages_of_addresses() * 4096 + LARGEST + SECOND) / MIB + 4);
    for (size_t size = MIB; size <= LARGEST; size += MIB) {
        char *first = ouro__os_map(size, ALIGNMENT);
        take_places(first, FEW);
        char *second = ouro__os_map(SECOND, ALIGNMENT);
        expect(first != NULL && second != NULL, "no place was found");
        expect((uintptr_t)first % ALIGNMENT == 0 && (uintptr_t)second % ALIGNMENT == 0,
               "not aligned");
        memset(first, 1, size);
        expect(second[0] == 0, "one is in the other");
        ouro__os_unmap(second, SECOND);
        take_places(first, ALL);
        second = ouro__os_map(SECOND, ALIGNMENT);
        if (second != NULL) ouro__os_unmap(second, SECOND);
        nowhere += second == NULL;
        leave_places(first, ALL);
        ouro__os_unmap(first, size);
    }
    expect(nowhere > 0, "there is always another place");
    expect(ouro__os_map(2 * (size_t)LARGEST, ALIGNMENT) == NULL, "the limit does not hold");
}

static void test_an_aligned_place_is_found_further_down(void **state)
{
    (void)state;
    struct apart apart;
    apart_run(map_twice, NULL, 20, &apart);
    if (apart.exit_status != 0) fail_msg("signal %d: %s", apart.signal, apart.text);
}

int main(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    printf("sanitizers need more addresses than there are here\n");
    return 0;
#endif
    static const struct {
        take_function take, before;
        const char *what;
        size_t limit; /* megabytes, of the ordinary run; above that it would take long */
    } kinds[] = {
        {take_cells, NULL, "cells", 128},
        {take_small_rows, NULL, "small rows", 64},
        {take_wide_rows, NULL, "wide rows", 64},
        {take_large_rows, NULL, "large rows", 512},
        {take_raw, NULL, "raw memory", 64},
        {take_raw, take_cells, "raw memory after cells", 64},
        {take_cells, take_raw, "cells after raw memory", 64},
        {take_cells, take_large_rows, "cells after large rows", 64},
        {take_large_rows, take_small_rows, "large rows after small ones", 64},
        {take_wide_rows, take_small_rows, "wide rows after small ones", 64},
    };
    static const size_t limits[] = {64, 128, 512, 2048};
    static struct shortage shortages[COUNT_OF(kinds) * COUNT_OF(limits)];
    static char names[COUNT_OF(shortages)][80];
    struct CMUnitTest tests[COUNT_OF(shortages) + 1] = {
        cmocka_unit_test(test_an_aligned_place_is_found_further_down)};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        for (size_t kind = 0; kind < COUNT_OF(kinds); kind++) {
            if (limits[i] > kinds[kind].limit && test_is_ordinary()) continue;
            shortages[count] = (struct shortage){limits[i], kinds[kind].take, kinds[kind].before,
                                                 kinds[kind].what};
            snprintf(names[count], sizeof names[count], "%s in %zu MiB", kinds[kind].what,
                     limits[i]);
            tests[count + 1] = (struct CMUnitTest){
                .name = names[count], .test_func = is_regained, .initial_state = &shortages[count]};
            count++;
        }
    }
    return _cmocka_run_group_tests("address space", tests, count + 1, NULL, NULL);
}
