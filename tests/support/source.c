/* SPDX-License-Identifier: MIT */
/*
 * source.c -- arenas from a source that counts what it gives
 */
#include "support/source.h"

#include <sys/mman.h>

static void *source_obtain(void *context, size_t size, size_t alignment)
{
    struct source *source = context;
    char *start = mmap(NULL, size + alignment, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return NULL;
    size_t before = -(uintptr_t)start & (alignment - 1);
    if (before > 0) munmap(start, before);
    munmap(start + before + size, alignment - before);
    source->regions++;
    source->bytes += size;
    return start + before;
}

static void source_give_back(void *context, void *region, size_t size)
{
    struct source *source = context;
    source->regions--;
    source->bytes -= size;
    munmap(region, size);
}

static void source_purge(void *context, void *start, size_t size)
{
    struct source *source = context;
    source->purges++;
    source->purged_bytes += size;
    madvise(start, size, MADV_DONTNEED);
}

ouro_arena_source source_counting(struct source *source)
{
    return (ouro_arena_source){source, source_obtain, source_give_back, source_purge};
}

static void *source_obtain_small(void *context, size_t size, size_t alignment)
{
    return size <= SOURCE_SMALL_BYTES ? source_obtain(context, size, alignment) : NULL;
}

ouro_arena_source source_of_small_arenas(struct source *source)
{
    return (ouro_arena_source){source, source_obtain_small, source_give_back, source_purge};
}

ouro_arena_source source_keeping(struct source *source)
{
    return (ouro_arena_source){source, source_obtain, source_give_back, NULL};
}
