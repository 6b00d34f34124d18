/* SPDX-License-Identifier: MIT */
/*
 * watch.h -- memcheck and AddressSanitizer know whose bytes are whose  [floor 1]
 *
 * In the debug build, where one of the two watches the program, what the program does not own is closed to it:
 *
 *     live object     | word | the program's bytes | closed: fence                        |
 *     live raw block  | closed: size, seal | the program's bytes | closed: fence          |
 *     free block      | word | closed: link, mirror, fill                                 |
 *
 * A read or write of a closed byte is reported by the tool with the place of it; by memcheck also with the places
 * where the block was made and died.  The library itself opens what it must read or write in there, and closes
 * it again.  Words stay open, since walks read them.
 *
 *   [watch.closed]  while a tool watches, a byte that lies behind the word of a free block, or around the
 *                   program's bytes of a live one, is closed whenever the program runs
 *   [watch.back]    an arena goes back with all its bytes open
 *
 * In the other builds, and where no tool watches, nothing here does anything; in other builds nothing is compiled.
 * The valgrind header is macros alone and need not be there; AddressSanitizer is in the program or not, which its
 * functions' addresses tell, so the library need not be compiled with it.
 *
 * Below: tune.h.  Above: guard.h, pool.c, quarantine.c, raw_guarded.c, object/fence.c.
 */
#ifndef OURO_MEMORY_WATCH_H
#define OURO_MEMORY_WATCH_H

#include "base/check.h"
#include "base/tune.h"

#include <stdbool.h>

enum ouro__watcher { OURO__WATCHER_NONE, OURO__WATCHER_MEMCHECK, OURO__WATCHER_ASAN };

/* Who watches; found out when a heap is made. */
extern enum ouro__watcher ouro__watcher;
void ouro__watch_begin(void);

void ouro__watch_open_slowly(const void *start, size_t size);
void ouro__watch_close_slowly(const void *start, size_t size);
void ouro__watch_born_slowly(const void *entry, size_t size, bool is_zero);
void ouro__watch_died_slowly(const void *entry);

ALWAYS_INLINE bool ouro__is_watched(void)
{
    return OURO_IS_DEBUG_BUILD &&
           UNLIKELY(__atomic_load_n(&ouro__watcher, __ATOMIC_RELAXED) != OURO__WATCHER_NONE);
}

/* The library is about to read or write bytes that are closed to the program. */
ALWAYS_INLINE void ouro__watch_open(const void *start, size_t size)
{
    if (OURO_IS_DEBUG_BUILD && ouro__is_watched()) ouro__watch_open_slowly(start, size);
}

/* [watch.closed] */
ALWAYS_INLINE void ouro__watch_close(const void *start, size_t size)
{
    if (OURO_IS_DEBUG_BUILD && ouro__is_watched()) ouro__watch_close_slowly(start, size);
}

/* So many bytes are the program's from now on; `is_zero`: it may read them before it writes. */
ALWAYS_INLINE void ouro__watch_born(const void *entry, size_t size, bool is_zero)
{
    if (OURO_IS_DEBUG_BUILD && ouro__is_watched()) ouro__watch_born_slowly(entry, size, is_zero);
}

/* They are the library's again, and closed. */
ALWAYS_INLINE void ouro__watch_died(const void *entry)
{
    if (OURO_IS_DEBUG_BUILD && ouro__is_watched()) ouro__watch_died_slowly(entry);
}

#endif
