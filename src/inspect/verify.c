/* SPDX-License-Identifier: MIT */
/*
 * verify.c -- the audit of a whole heap                                [floor 7]
 *
 * Checks the invariants that the rooms below name, in the order of the floors,
 * and keeps the first contradiction as a sentence.  It may run between the steps of a collection, so it
 * counts references in memory of its own.
 */
#include "inspect/audit.h"

#include "memory/hole.h"

#include <stdarg.h>
#include <stdio.h>

void ouro__audit_fail(struct audit *audit, ouro_status status, const char *format, ...)
{
    if (audit->failed) return;
    audit->failed = true;
    audit->error->status = status;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(audit->error->message, sizeof audit->error->message, format, arguments);
    va_end(arguments);
}

#define corrupt(audit, ...) ouro__audit_fail(audit, OURO_CORRUPT, __VA_ARGS__)

/* ---- pools ---- */

static void audit_free_list(struct audit *audit, const struct ouro__pool *pool)
{
    bool has_words = ouro__bin_kind(pool->bin) != OURO__RAW;
    uint32_t length = 0;
    for (void *entry = pool->free; entry != NULL; entry = ouro__link(entry)) {
        if (ouro__pool_of(entry) != pool || ++length > pool->carved) {
            corrupt(audit,
                    "[pool.home] the free list of the pool of %u at %p leads elsewhere or in "
                    "circles: %p",
                    pool->block_size, (void *)pool->first, entry);
            return;
        }
        if (has_words && !ouro__word_is_free(*ouro__word_of(entry)))
            corrupt(audit, "[pool.word] a free block of %u at %p has a word: written after free?",
                    pool->block_size, entry);
    }
    if (pool->used + length + pool->hole_blocks != pool->carved || pool->carved > pool->capacity)
        corrupt(audit,
                "[pool.count] the pool of %u at %p has %u used, %u free and %u given back of %u "
                "carved blocks",
                pool->block_size, (void *)pool->first, pool->used, length, pool->hole_blocks,
                pool->carved);
}

static bool has_marks(const void *entry)
{
    for (int lane = 0; lane < OURO__LANES; lane++)
        if (ouro__is_marked(entry, ouro__set_bits(lane)) ||
            ouro__is_marked(entry, ouro__gray_bits(lane)))
            return true;
    return *ouro__count_of(entry) != 0 || *ouro__tally_of(entry) != 0;
}

/* A suspect is trapped, alive and in the set of its lane; outside of cycles there are no marks. */
static void audit_marks(struct audit *audit, const struct ouro__pool *pool, const void *entry)
{
    const struct ouro__marks *marks = &ouro__heap_pools(audit->heap)->marks;
    if (marks->active == 0) {
        if (has_marks(entry))
            corrupt(audit, "[mark.zero] the block at %p has marks outside a collection", entry);
        return;
    }
    for (int lane = 0; lane < OURO__LANES; lane++) {
        if (!ouro__is_suspect(entry, lane)) continue;
        if (!ouro__is_marked(entry, ouro__set_bits(lane)) || (pool->sets >> lane & 1) == 0)
            corrupt(audit, "[set.listed] the suspect %p is in no set", entry);
        else if (!ouro__word_is_trapped(*ouro__word_of(entry)))
            corrupt(audit, "[scan.trapped] the suspect %p is not trapped", entry);
    }
}

static void audit_tracked_blocks(struct audit *audit, const struct ouro__pool *pool)
{
    char *entry = pool->first;
    for (uint32_t i = 0; i < pool->carved; i++, entry += pool->block_size) {
        bool young = ouro__is_young(entry);
        bool live = !ouro__word_is_free(*ouro__word_of(entry));
        if (!live && ouro__hole_has(pool, entry)) continue; /* not cut */
        bool returns = !ouro__arena_of(pool)->large; /* a large block is not handed out again */
        if (!live && !young && !pool->unmarked && returns)
            corrupt(audit, "[young.bit] the free block at %p has no young bit", (void *)entry);
        if (live && young && !pool->young)
            corrupt(audit, "[young.listed] the pool of the young object %p is not listed",
                    (void *)entry);
        if (live && !ouro__word_is_dying(*ouro__word_of(entry)) &&
            young == ((*ouro__word_of(entry) & OURO__AGED) != 0))
            corrupt(audit, "[word.aged] the object %p is %s and its block %s its young bit",
                    (void *)entry, young ? "aged" : "not aged", young ? "has" : "lacks");
        audit_marks(audit, pool, entry);
        if (live && ouro__word_is_trapped(*ouro__word_of(entry)) &&
            (*ouro__count_of(entry) & OURO__SUSPECTS) == 0 &&
            (young || (*ouro__word_of(entry) & OURO__MIDDLE) != 0))
            corrupt(audit, "[quiet.old] the object %p is quiet and not old", (void *)entry);
    }
}

/* A lane is active from the beginning of its cycle to the end. */
static void audit_lanes(struct audit *audit)
{
    const struct ouro__collector *lanes[] = {&audit->heap->pass, &audit->heap->whole};
    unsigned active = ouro__heap_pools(audit->heap)->marks.active, busy = 0;
    for (int i = 0; i < OURO__LANES; i++)
        if (lanes[i]->phase != OURO__IDLE) busy |= 1u << lanes[i]->lane;
    if (active != busy)
        corrupt(audit, "[mark.zero] lanes %x are active, cycles run in lanes %x", active, busy);
}

/* Also of pools that are empty, and of pages without a pool. */
static void audit_scratch(struct audit *audit)
{
    const struct ouro__pools *pools = ouro__heap_pools(audit->heap);
    size_t scratch = 0;
    for (struct ouro__arena *arena = pools->realms[OURO__REALM_TRACKED].arenas; arena != NULL;
         arena = arena->next)
        for (size_t page = OURO_ARENA_FIRST_PAGE; page < arena->page_limit; page++) {
            const struct ouro__pool *pool = ouro__arena_pool(arena, page);
            scratch += pool->scratch;
            if (page >= arena->page_end && pool->state != OURO__POOL_UNUSED)
                corrupt(audit, "[arena.end] the pool at %p is beyond the pages that were used",
                        (void *)pool->first);
        }
    if (scratch != pools->marks.scratch_pools)
        corrupt(audit, "[mark.scratch] %zu pools have counts in memory, where %zu are known",
                scratch, pools->marks.scratch_pools);
}

static void audit_pool(struct ouro__pool *pool, void *context)
{
    struct audit *audit = context;
    if (audit->failed) return;
    if ((pool->sets & ~ouro__heap_pools(audit->heap)->marks.active) != 0)
        corrupt(audit, "[set.listed] the pool at %p is in a set outside a collection",
                (void *)pool->first);
    if (!ouro__arena_of(pool)->large) audit_free_list(audit, pool);
    if (ouro__arena_of(pool)->realm == OURO__REALM_TRACKED && !audit->failed)
        audit_tracked_blocks(audit, pool);
}

static void audit_class_list(struct audit *audit, size_t bin)
{
    const struct ouro__pools *pools = ouro__heap_pools(audit->heap);
    void *hot = pools->front.shelf[bin].hot;
    if (hot != NULL &&
        (ouro__pool_of(hot)->bin != bin || !ouro__word_is_free(*ouro__word_of(hot)) ||
         bin >= (size_t)OURO__TRACKED << OURO__BIN_SHIFT))
        corrupt(audit, "[list.hot] the hot block of %zu at %p is no free block of its class",
                ouro__bin_size(bin), hot);
    for (void *entry = pools->front.shelf[bin].list; entry != NULL;
         entry = audit->failed ? NULL : ouro__link(entry)) {
        const struct ouro__pool *pool = ouro__pool_of(entry);
        if (pool->bin != bin || pool->state < OURO__POOL_CURRENT)
            corrupt(audit, "[list.class] the class list of %zu holds %p of another class",
                    ouro__bin_size(bin), entry);
        else if (bin >= (size_t)OURO__ACYCLIC << OURO__BIN_SHIFT &&
                 !ouro__word_is_free(*ouro__word_of(entry)))
            corrupt(audit,
                    "[pool.word] a cached block of %zu at %p has a word: written after free?",
                    ouro__bin_size(bin), entry);
        else if (ouro__kind_realm(ouro__bin_kind(bin)) == OURO__REALM_TRACKED &&
                 !ouro__is_young(entry))
            corrupt(audit, "[young.bit] the cached block %p has no young bit", entry);
        else if (ouro__kind_realm(ouro__bin_kind(bin)) == OURO__REALM_TRACKED && !pool->young)
            corrupt(audit, "[young.listed] the pool of the cached block %p is not listed", entry);
    }
}

/* ---- objects ---- */

static void find_bounds(struct ouro__arena *arena, void *context)
{
    struct audit *audit = context;
    uintptr_t start = (uintptr_t)arena;
    if (start < audit->lowest) audit->lowest = start;
    if (start + arena->size > audit->highest) audit->highest = start + arena->size;
}

static void map_counts(struct audit *audit)
{
    size_t refused = ouro__numbers_map(&audit->numbers, audit->heap);
    if (refused == 0) return;
    audit->failed = true;
    *audit->error = (ouro_error){.status = OURO_NO_MEMORY, .requested = refused};
    snprintf(audit->error->message, sizeof audit->error->message,
             "the audit of heap \"%s\" needs %zu bytes: the system gave none", audit->heap->name,
             refused);
}

static void count_reference(void *referent, void *context)
{
    struct audit *audit = context;
    if (audit->failed) return;
    if (!ouro_is_object(audit->heap, referent)) {
        corrupt(audit, "object %p of type %s refers to %p, which is no living object of the heap",
                audit->holder, ouro__type_of(audit->holder)->name, referent);
        return;
    }
    ++*ouro__number_of(referent);
}

bool ouro__audit_passes_by(const void *object)
{
    if (ouro__word_is_dying(*ouro__word_of(object))) return true;
    return ouro__is_tracked_entry(object) &&
           ouro__is_condemned(&ouro__pools_of(object)->marks, object);
}

/* Whatever the word is: it may have been overwritten. */
static bool names_a_type(uint64_t word)
{
    uint32_t number = ouro__word_type(word);
    return number > 0 && number < OURO_TYPES_MAX && ouro__types[number] != NULL;
}

/* Also of one that is dying or garbage: what is left of it is whole. */
static void audit_map(struct audit *audit, const struct ouro__map *map)
{
    const char *complaint = ouro__map_audit(map);
    if (complaint != NULL) corrupt(audit, "%s: %p", complaint, (const void *)map);
    audit->in_maps += map->length;
}

static void audit_object(void *object, void *context)
{
    struct audit *audit = context;
    uint64_t word = *ouro__word_of(object);
    if (audit->failed) return;
    audit->weakly += (word & OURO__WEAKLY) != 0; /* also of garbage whose weak references wait */
    audit->keyed += (word & OURO__KEYED) != 0;
    if (names_a_type(word) && ouro__is_map(object)) audit_map(audit, object);
    if (audit->failed || ouro__audit_passes_by(object)) return; /* a broken map cannot be visited */
    if (!names_a_type(word)) {
        corrupt(audit, "the word of object %p names no type: overwritten from below?", object);
        return;
    }
    ouro__audit_hook(audit, object);
    if (audit->failed) return;
    audit->holder = object;
    ouro__visit(object, count_reference, audit);
}

/* What no reference explains takes the place of what was counted. */
static void compare_count(void *object, void *context)
{
    struct audit *audit = context;
    uint64_t word = *ouro__word_of(object);
    uint32_t *number = ouro__number_of(object), counted = *number;
    uint32_t count = ouro__word_count(word);
    if (ouro__word_is_dying(word) || audit->failed) return;
    *number = count - counted;
    if (count >= counted) return;
    corrupt(audit,
            "object %p of type %s has a count of %u, but other objects hold %u references to it",
            object, ouro__type_of(object)->name, count, counted);
    ouro__audit_overreport(audit, object);
}

struct walk {
    void (*visit)(void *object, void *context);
    void *context;
};

static void walk_pool(struct ouro__pool *pool, void *context)
{
    const struct walk *walk = context;
    ouro__walk_live(pool, walk->visit, walk->context);
}

void ouro__audit_each(struct audit *audit, void (*visit)(void *object, void *context),
                      void *context)
{
    struct walk walk = {visit, context};
    const struct ouro__pools *pools = ouro__heap_pools(audit->heap);
    for (int realm = OURO__REALM_ACYCLIC; realm < OURO__REALMS; realm++)
        ouro__walk_pools(pools, (enum ouro__realm)realm, walk_pool, &walk);
}

/* ---- weak references ---- */

static void audit_weak_list(struct audit *audit, const ouro_weakref *list)
{
    const void *target = list->target;
    if (!ouro_is_object(audit->heap, target) || (*ouro__word_of(target) & OURO__WEAKLY) == 0) {
        corrupt(audit, "[weak.flag] a weak reference looks at %p, which does not know of it",
                target);
        return;
    }
    const ouro_weakref *previous = NULL;
    for (; list != NULL; previous = list, list = list->next) {
        if (list->target != target || list->previous != previous)
            corrupt(audit, "the list of weak references to %p is broken", target);
        if (previous != NULL && !ouro__weakref_has_callback(list))
            corrupt(audit, "[weak.shared] object %p has two weak references without callback",
                    target);
    }
}

static void audit_weakrefs(struct audit *audit)
{
    const struct ouro__weakrefs *weakrefs = &audit->heap->life.weakrefs;
    size_t targets = 0;
    for (size_t i = 0; i < weakrefs->capacity && !audit->failed; i++) {
        if (weakrefs->table[i] == NULL) continue;
        targets++;
        audit_weak_list(audit, weakrefs->table[i]);
    }
    if (audit->failed) return;
    if (targets != weakrefs->targets || targets != audit->weakly ||
        2 * targets > weakrefs->capacity)
        corrupt(audit, "[weak.table] %zu targets in the table, %zu counted, %zu objects say so",
                targets, weakrefs->targets, audit->weakly);
}

static void audit_ephemerons(struct audit *audit)
{
    const char *complaint =
        ouro__ephemerons_audit(&audit->heap->life.weakrefs, audit->keyed, audit->in_maps);
    if (complaint != NULL) corrupt(audit, "%s", complaint);
}

/* ---- all of it ---- */

static void audit_blocks(struct audit *audit)
{
    const struct ouro__pools *pools = ouro__heap_pools(audit->heap);
    audit_lanes(audit);
    audit_scratch(audit);
    for (int realm = 0; realm < OURO__REALMS; realm++)
        ouro__walk_pools(pools, (enum ouro__realm)realm, audit_pool, audit);
    for (size_t bin = 1; bin < OURO__BINS && !audit->failed; bin++) audit_class_list(audit, bin);
}

static void audit_references(struct audit *audit)
{
    audit->lowest = UINTPTR_MAX;
    ouro__each_object_arena(audit->heap, find_bounds, audit);
    map_counts(audit);
    if (audit->failed) return;
    ouro__audit_each(audit, audit_object, audit);
    if (!audit->failed) ouro__audit_each(audit, compare_count, audit);
    if (!audit->failed) audit_weakrefs(audit);
    if (!audit->failed) audit_ephemerons(audit);
    if (!audit->failed) ouro__audit_reports(audit);
    ouro__numbers_unmap(&audit->numbers, audit->heap);
}

ouro_status ouro_verify(ouro_heap *heap, ouro_error *out_error)
{
    ouro_error unwanted;
    struct audit audit = {.heap = heap, .error = out_error != NULL ? out_error : &unwanted};
    *audit.error = (ouro_error){.status = OURO_OK};
    ouro__hook_check(&heap->life.finalizers);
    if (heap->collecting) {
        *audit.error = (ouro_error){.status = OURO_BUSY};
        snprintf(audit.error->message, sizeof audit.error->message,
                 "a collection of heap \"%s\" is running", heap->name);
        return OURO_BUSY;
    }
    audit_blocks(&audit);
    if (!audit.failed) audit_references(&audit);
    return audit.error->status;
}
