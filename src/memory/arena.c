/* SPDX-License-Identifier: MIT */
/*
 * arena.c -- regions of addresses, cut into pages of 64 KiB            [floor 1]
 *
 * A page is clean (bit set in `free_pages`: never touched, or purged) or belongs
 * to a pool.  Which pool is whose is not known here.
 */
#include "memory/arena.h"

#include "base/os.h"
#include "memory/guard.h"

static void *system_obtain(void *context, size_t size, size_t alignment)
{
    (void)context;
    return ouro__os_map(size, alignment);
}

static void system_give_back(void *context, void *region, size_t size)
{
    (void)context;
    ouro__os_unmap(region, size);
}

static void system_purge(void *context, void *start, size_t size)
{
    (void)context;
    ouro__os_purge(start, size);
}

const ouro_arena_source ouro__system_source = {NULL, system_obtain, system_give_back, system_purge};

/* [guard.registry]  Inline, as what only guarded builds call: others leave it out then, even unoptimised. */
static inline void enter_in_registry(const struct ouro__arena *arena, enum ouro__region region)
{
    uintptr_t first = (uintptr_t)arena >> OURO_ARENA_SHIFT;
    uintptr_t last = ((uintptr_t)arena + arena->size - 1) >> OURO_ARENA_SHIFT;
    for (uintptr_t i = first; i <= last; i++) {
        enum ouro__region value =
            i > first && region != OURO__REGION_FOREIGN ? OURO__REGION_REST : region;
        __atomic_store_n(&ouro__registry[i], (uint8_t)value, __ATOMIC_RELAXED);
    }
}

/* No access in front of the pools and behind them, so that no overflow gets from blocks to what the library keeps
 * for itself.  Not in memory of an embedder's source, which may not be ours to protect. */
static inline void protect(const ouro_arena_source *source, struct ouro__arena *arena)
{
    enter_in_registry(arena,
                      arena->realm == OURO__REALM_RAW ? OURO__REGION_RAW : OURO__REGION_OBJECTS);
    if (source->obtain != system_obtain) return;
    (void)ouro__os_deny((char *)arena + OURO__POOLS_START - OURO__GUARD_PAGE, OURO__GUARD_PAGE);
    (void)ouro__os_deny((char *)arena + arena->size - OURO__GUARD_PAGE, OURO__GUARD_PAGE);
}

static struct ouro__arena *obtain(const ouro_arena_source *source, size_t size)
{
    void *region = source->obtain(source->context, size, OURO_ARENA_SIZE);
    if (region == NULL) return NULL;
    bool usable = ((uintptr_t)region & (OURO_ARENA_SIZE - 1)) == 0 &&
                  (uintptr_t)region + size < (uintptr_t)1 << 47; /* [arena.mask] [arena.below47] */
    if (usable) return region;
    source->give_back(source->context, region, size);
    return NULL;
}

/*
 * Where addresses are limited (RLIMIT_AS), a region with fewer pages serves as
 * well: its header says where it ends.
 */
struct ouro__arena *ouro__arena_new(const ouro_arena_source *source, void *owner,
                                    enum ouro__realm realm)
{
    static const uint16_t limits[] = {OURO_ARENA_PAGES, 256, 192, 176};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        size_t size = (size_t)limits[i] << OURO_POOL_SHIFT;
        struct ouro__arena *arena = obtain(source, size);
        if (arena == NULL) continue;
        arena->owner = owner;
        arena->realm = realm;
        arena->size = size;
        arena->page_limit = limits[i] - (OURO_GUARDED ? 1 : 0); /* the last page is out of reach */
        arena->page_end = OURO_ARENA_FIRST_PAGE;
        for (unsigned page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++)
            arena->free_pages[page / 64] |= (uint64_t)1 << page % 64;
        if (OURO_GUARDED) protect(source, arena);
        return arena;
    }
    return NULL;
}

struct ouro__arena *ouro__arena_new_large(const ouro_arena_source *source, void *owner,
                                          enum ouro__kind kind, size_t block_size)
{
    size_t offset = ouro__kind_offset(kind) - ouro__kind_prefix(kind);
    size_t size;
    if (__builtin_add_overflow(block_size, OURO__POOLS_START + offset + 4095, &size)) return NULL;
    size = (size & ~(size_t)4095) + OURO__GUARD_PAGE;
    struct ouro__arena *arena = obtain(source, size);
    if (arena == NULL) return NULL;
    arena->owner = owner;
    arena->realm = ouro__kind_realm(kind);
    arena->large = true;
    arena->size = size;
    arena->page_limit = arena->page_end = OURO_ARENA_FIRST_PAGE + 1;
    arena->pages_used = 1;
    if (OURO_GUARDED) protect(source, arena);
    return arena;
}

void ouro__arena_free(const ouro_arena_source *source, struct ouro__arena *arena)
{
    if (OURO_GUARDED) {
        enter_in_registry(arena, OURO__REGION_FOREIGN);
        ouro__guard_unsettle_arena(arena);
    }
    ouro__watch_open(arena, arena->size); /* [watch.back] */
    source->give_back(source->context, arena, arena->size);
}

/* First fit: low pages are used first, so that the high ones can become clean. */
size_t ouro__arena_take_pages(struct ouro__arena *arena, unsigned pages)
{
    uint64_t mask = ((uint64_t)1 << pages) - 1;
    for (unsigned word = OURO_ARENA_FIRST_PAGE / 64; word < 8; word++) {
        uint64_t starts = arena->free_pages[word];
        for (unsigned i = 1; i < pages; i++) starts &= arena->free_pages[word] >> i;
        if (starts == 0) continue;
        unsigned bit = (unsigned)__builtin_ctzl(starts);
        arena->free_pages[word] &= ~(mask << bit);
        arena->pages_used += pages;
        uint32_t page = word * 64 + bit;
        if (arena->page_end < page + pages) arena->page_end = page + pages;
        return page;
    }
    return 0;
}

void ouro__arena_return_pages(struct ouro__arena *arena, size_t page, unsigned pages)
{
    for (size_t i = page; i < page + pages; i++) arena->free_pages[i / 64] |= (uint64_t)1 << i % 64;
    arena->pages_used -= pages;
    OURO_ASSERT(arena->pages_used <= OURO_ARENA_PAGES);
}
