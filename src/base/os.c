/* SPDX-License-Identifier: MIT */
/*
 * os.c -- Linux and its kin                                            [floor 0]
 *
 * Nothing here keeps state.  Neighbours: memory/arena.c takes its regions from
 * here unless the embedder supplies them.
 */
#include "base/os.h"

#include "base/check.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static void *map(void *place, size_t size, int more_flags)
{
    void *start = mmap(place, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more_flags, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

static void *map_anywhere(void *hint, size_t size)
{
    return map(hint, size, 0);
}

static bool is_aligned(const void *start, size_t alignment)
{
    return ((uintptr_t)start & (alignment - 1)) == 0;
}

/* Reserves enough to cut an aligned region out of it.  Needs twice the addresses. */
static void *map_and_cut(size_t size, size_t alignment)
{
    char *start = map_anywhere(NULL, size + alignment);
    if (start == NULL) return NULL;
    size_t before = (alignment - ((uintptr_t)start & (alignment - 1))) & (alignment - 1);
    if (before > 0) munmap(start, before);
    munmap(start + before + size, alignment - before);
    return start + before;
}

/* Looks for an aligned place below one that is taken: where addresses are limited, most places are free. */
static void *map_below(char *place, size_t size, size_t alignment)
{
    enum { PLACES = 64 }; /* of 32 MiB are 2 GiB */
    for (int i = 0; i < PLACES && (uintptr_t)place > alignment; i++) {
        place -= alignment;
        char *start = map(place, size, MAP_FIXED_NOREPLACE);
        if (start == place) return start;
        if (start != NULL) munmap(start, size); /* Linux before 4.17 takes the place for a wish */
    }
    return NULL;
}

/*
 * The system answers with the highest free addresses, so the aligned place just
 * below its first answer is usually free: two calls, and never more addresses
 * than asked for, which counts where they are limited.
 */
void *ouro__os_map(size_t size, size_t alignment)
{
    char *start = map_anywhere(NULL, size);
    if (start == NULL || is_aligned(start, alignment)) return start;
    munmap(start, size);
    void *hint = (void *)((uintptr_t)start & ~(alignment - 1));
    start = map_anywhere(hint, size);
    if (start == NULL || is_aligned(start, alignment)) return start;
    munmap(start, size);
    start = map_and_cut(size, alignment);
    return start != NULL ? start : map_below(hint, size, alignment);
}

void ouro__os_unmap(void *start, size_t size)
{
    OURO_CHECK(munmap(start, size) == 0);
}

bool ouro__os_grow(void *start, size_t old_size, size_t new_size)
{
    return mremap(start, old_size, new_size, 0) != MAP_FAILED;
}

void ouro__os_purge(void *start, size_t size)
{
    OURO_CHECK(madvise(start, size, MADV_DONTNEED) == 0);
}

bool ouro__os_deny(void *start, size_t size)
{
    return mprotect(start, size, PROT_NONE) == 0;
}

enum { APART = 4096 };

void *ouro__os_map_apart(size_t size)
{
    char *start = map_anywhere(NULL, size + 2 * APART);
    if (start == NULL) return NULL;
    (void)ouro__os_deny(start, APART);
    (void)ouro__os_deny(start + APART + size, APART);
    return start + APART;
}

void ouro__os_unmap_apart(void *start, size_t size)
{
    ouro__os_unmap((char *)start - APART, size + 2 * APART);
}

void ouro__os_populate(void *start, size_t size)
{
    (void)madvise(start, size, MADV_POPULATE_WRITE);
}

void ouro__os_prefer_huge(void *start, size_t size)
{
    (void)madvise(start, size, MADV_HUGEPAGE);
}

void ouro__os_make_huge(const void *start, size_t size)
{
    enum { huge = 2 << 20 };
    uintptr_t begin = ((uintptr_t)start + huge - 1) & ~(uintptr_t)(huge - 1);
    uintptr_t end = ((uintptr_t)start + size) & ~(uintptr_t)(huge - 1);
    if (begin >= end) return;
    (void)madvise((void *)begin, end - begin, MADV_HUGEPAGE); /* where nothing is yet */
    (void)madvise((void *)begin, end - begin, MADV_COLLAPSE);
}

size_t ouro__os_resident(const void *start, size_t size)
{
    enum { page = 4096, batch = 4096 }; /* as many as Linux answers for at once */
    unsigned char state[batch];
    size_t pages = 0;
    for (size_t done = 0; done < size; done += (size_t)batch * page) {
        size_t part = size - done < (size_t)batch * page ? size - done : (size_t)batch * page;
        void *from = (void *)((uintptr_t)start + done);
        if (mincore(from, part, state) != 0) return 0;
        for (size_t i = 0; i < (part + page - 1) / page; i++) pages += state[i] & 1;
    }
    return pages * page;
}

static uint64_t read_clock(clockid_t clock, uint64_t unit)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) / unit;
}

uint64_t ouro__os_nanoseconds(void)
{
    return read_clock(CLOCK_MONOTONIC, 1);
}

uint64_t ouro__os_milliseconds(void)
{
    return read_clock(CLOCK_MONOTONIC_COARSE, 1000000);
}

uint64_t ouro__os_random(void)
{
    uint64_t number = 0;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number) return number;
    return ouro__os_nanoseconds() * UINT64_C(0x9E3779B97F4A7C15);
}
