/* SPDX-License-Identifier: MIT */
/*
 * os.h -- pages, clock and environment, as the system gives them       [floor 0]
 */
#ifndef OURO_BASE_OS_H
#define OURO_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses for `size` bytes at a multiple of `alignment`, zero, uncommitted; or
 * NULL.  Both are multiples of the page size. */
void *ouro__os_map(size_t size, size_t alignment);
void ouro__os_unmap(void *start, size_t size);

/* Grows a mapping in place, if the addresses behind it are free. */
bool ouro__os_grow(void *start, size_t old_size, size_t new_size);

/* Lets the pages of a range go; they read as zero from now on. */
void ouro__os_purge(void *start, size_t size);

/* As ouro__os_map of pages, with a page without access on either side. */
void *ouro__os_map_apart(size_t size);
void ouro__os_unmap_apart(void *start, size_t size);

/* Takes all access to a range away; false when the system does not. */
bool ouro__os_deny(void *start, size_t size);

/* Commits a range at once.  A hint: failure changes nothing. */
void ouro__os_populate(void *start, size_t size);

/* Says that a range, aligned to 2 MiB, may get huge pages.  A hint: failure changes nothing. */
void ouro__os_prefer_huge(void *start, size_t size);

/* The same of memory that is somebody else's and in use: moves it into huge pages where that can be done at once;
 * what is in it stays.  A hint: failure changes nothing. */
void ouro__os_make_huge(const void *start, size_t size);

/* Bytes of a range that are in memory. */
size_t ouro__os_resident(const void *start, size_t size);

uint64_t ouro__os_nanoseconds(void);
/* Coarse: some milliseconds late, some nanoseconds cheap. */
uint64_t ouro__os_milliseconds(void);

/* Another number each time. */
uint64_t ouro__os_random(void);

#endif
