/* SPDX-License-Identifier: MIT */
/*
 * watch.c -- the requests that memcheck and AddressSanitizer understand [floor 1]
 *
 * What memcheck is asked for: include/valgrind/memcheck.h and valgrind.h of Valgrind 3.19 (MALLOCLIKE_BLOCK,
 * FREELIKE_BLOCK, MAKE_MEM_...).  What AddressSanitizer offers: sanitizer/asan_interface.h of LLVM 14 and GCC 12.
 */
#include "memory/watch.h"

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAS_MEMCHECK 1
#endif
#endif
#if !defined(HAS_MEMCHECK)
#define HAS_MEMCHECK 0
#define RUNNING_ON_VALGRIND 0
#define VALGRIND_MAKE_MEM_DEFINED(start, size) ((void)(start), (void)(size))
#define VALGRIND_MAKE_MEM_NOACCESS(start, size) ((void)(start), (void)(size))
#define VALGRIND_MALLOCLIKE_BLOCK(start, size, fence, is_zero) ((void)(start), (void)(size))
#define VALGRIND_FREELIKE_BLOCK(start, fence) ((void)(start))
#endif

/* There where the program has AddressSanitizer in it. */
__attribute__((weak)) void __asan_poison_memory_region(const volatile void *start, size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *start, size_t size);

enum ouro__watcher ouro__watcher;

void ouro__watch_begin(void)
{
    enum ouro__watcher watcher = OURO__WATCHER_NONE;
    if (__asan_poison_memory_region != NULL && __asan_unpoison_memory_region != NULL)
        watcher = OURO__WATCHER_ASAN;
    else if (HAS_MEMCHECK && RUNNING_ON_VALGRIND)
        watcher = OURO__WATCHER_MEMCHECK;
    /* the same whenever it is asked for, by whatever thread */
    __atomic_store_n(&ouro__watcher, watcher, __ATOMIC_RELAXED);
}

void ouro__watch_open_slowly(const void *start, size_t size)
{
    if (ouro__watcher == OURO__WATCHER_ASAN)
        __asan_unpoison_memory_region(start, size);
    else
        (void)VALGRIND_MAKE_MEM_DEFINED(start, size);
}

void ouro__watch_close_slowly(const void *start, size_t size)
{
    if (ouro__watcher == OURO__WATCHER_ASAN)
        __asan_poison_memory_region(start, size);
    else
        (void)VALGRIND_MAKE_MEM_NOACCESS(start, size);
}

void ouro__watch_born_slowly(const void *entry, size_t size, bool is_zero)
{
    if (ouro__watcher == OURO__WATCHER_ASAN)
        __asan_unpoison_memory_region(entry, size);
    else
        VALGRIND_MALLOCLIKE_BLOCK(entry, size, 0, is_zero);
}

/* AddressSanitizer has no name for it: who owns the block closes it. */
void ouro__watch_died_slowly(const void *entry)
{
    if (ouro__watcher == OURO__WATCHER_MEMCHECK) VALGRIND_FREELIKE_BLOCK(entry, 0);
}
