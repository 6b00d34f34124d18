/* SPDX-License-Identifier: MIT */
/*
 * allocators.h -- the allocators that the programs by hand are built with
 *
 * One of them is chosen by a macro; glibc without one.  Each is called in its
 * fastest form that a C program can reach from Debian's package: a direct name,
 * and the size at free where that helps.
 *
 *     ALLOCATOR_GLIBC  ALLOCATOR_MIMALLOC  ALLOCATOR_JEMALLOC
 *     ALLOCATOR_TCMALLOC  ALLOCATOR_PLAIN
 */
#ifndef BENCH_ALLOCATORS_H
#define BENCH_ALLOCATORS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCATOR_INLINE static inline __attribute__((always_inline))

#if defined(ALLOCATOR_MIMALLOC)
#include <mimalloc.h>

ALLOCATOR_INLINE void *allocate(size_t size)
{
    return mi_malloc(size);
}

ALLOCATOR_INLINE void release(void *block, size_t size)
{
    (void)size;
    mi_free(block);
}

/* Gives back to the system what can be. */
static inline void allocator_trim(void)
{
    mi_collect(true);
}

static inline const char *allocator_version(void)
{
    static char text[32];
    int version = mi_version(); /* 209 is 2.0.9 */
    snprintf(text, sizeof text, "%d.%d.%d", version / 100, version / 10 % 10, version % 10);
    return text;
}

#elif defined(ALLOCATOR_JEMALLOC)
#include <jemalloc/jemalloc.h>

ALLOCATOR_INLINE void *allocate(size_t size)
{
    return malloc(size);
}

ALLOCATOR_INLINE void release(void *block, size_t size)
{
    sdallocx(block, size, 0);
}

static inline void allocator_trim(void)
{
    char every_arena[32];
    snprintf(every_arena, sizeof every_arena, "arena.%u.purge", MALLCTL_ARENAS_ALL);
    mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    mallctl(every_arena, NULL, NULL, NULL, 0);
}

static inline const char *allocator_version(void)
{
    static char text[32];
    const char *full = JEMALLOC_VERSION; /* 5.3.0-0-g54eaed1... */
    snprintf(text, sizeof text, "%.*s", (int)strcspn(full, "-"), full);
    return text;
}

#elif defined(ALLOCATOR_TCMALLOC)
#include <gperftools/malloc_extension_c.h>
#include <gperftools/tcmalloc.h>

ALLOCATOR_INLINE void *allocate(size_t size)
{
    return tc_malloc(size);
}

ALLOCATOR_INLINE void release(void *block, size_t size)
{
    tc_free_sized(block, size);
}

static inline void allocator_trim(void)
{
    MallocExtension_ReleaseFreeMemory();
}

static inline const char *allocator_version(void)
{
    static char text[64];
    const char *full = TC_VERSION_STRING; /* gperftools 2.10 */
    snprintf(text, sizeof text, "%s", full + strcspn(full, "0123456789"));
    return text;
}

#elif defined(ALLOCATOR_PLAIN)
#include <sys/mman.h>

/*
 * The floor: a bare list per size, last in first out, that never gives anything
 * back, knows no owner and counts nothing.
 */
enum { PLAIN_LARGEST = 512, PLAIN_CUT = 4096, PLAIN_REGION = 64 << 20 };

static _Thread_local struct plain_lists {
    void *free[PLAIN_LARGEST / 8 + 1];
    char *next, *end; /* of the region that blocks are cut from */
} plain_lists;

/* Cuts 4 KiB into blocks; returns the first and lists the rest. */
static __attribute__((noinline)) void *plain_cut(struct plain_lists *lists, size_t size)
{
    if (lists->next + PLAIN_CUT > lists->end) {
        void *region = mmap(NULL, PLAIN_REGION, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (region == MAP_FAILED) abort();
        lists->next = region;
        lists->end = lists->next + PLAIN_REGION;
    }
    char *first = lists->next, *last = first + (PLAIN_CUT / size - 1) * size;
    for (char *block = first; block < last; block += size) *(void **)(void *)block = block + size;
    *(void **)(void *)last = NULL;
    lists->next = last + size;
    lists->free[size / 8] = *(void **)(void *)first;
    return first;
}

ALLOCATOR_INLINE void *allocate(size_t size)
{
    struct plain_lists *lists = &plain_lists;
    void *block = lists->free[size / 8];
    if (__builtin_expect(block == NULL, 0)) return plain_cut(lists, size);
    lists->free[size / 8] = *(void **)block;
    return block;
}

ALLOCATOR_INLINE void release(void *block, size_t size)
{
    struct plain_lists *lists = &plain_lists;
    *(void **)block = lists->free[size / 8];
    lists->free[size / 8] = block;
}

static inline void allocator_trim(void)
{
}

static inline const char *allocator_version(void)
{
    return "1";
}

#else
#include <gnu/libc-version.h>
#include <malloc.h>

ALLOCATOR_INLINE void *allocate(size_t size)
{
    return malloc(size);
}

ALLOCATOR_INLINE void release(void *block, size_t size)
{
    (void)size;
    free(block);
}

static inline void allocator_trim(void)
{
    malloc_trim(0);
}

static inline const char *allocator_version(void)
{
    return gnu_get_libc_version();
}
#endif

#endif
