/* SPDX-License-Identifier: MIT */
/*
 * trace.c -- where blocks are born                                     [floor 3]
 *
 * Neighbours: memory/meter.c decides which births are heard of, frames.c who the caller was, sites.c which
 * site that is.
 */
#include "tracing/trace.h"

#include "base/os.h"
#include "base/os_program.h"
#include "memory/walk.h"
#include "object/type.h"

static struct ouro__trace *inside(struct ouro__meter *meter)
{
    return (struct ouro__trace *)(void *)meter;
}

/* ---- the site at hand ---- */

static uint32_t look_up(struct ouro__trace *trace, ouro_trace_kind kind)
{
    struct ouro__frame frames[OURO_TRACE_FRAMES_MAX];
    const uint32_t count =
        ouro__frames_of(&trace->frames, trace->meter.caller, trace->pools->position, frames);
    return ouro__sites_find(&trace->sites, kind, frames, count);
}

ALWAYS_INLINE struct ouro__trace_cached *cached_of(struct ouro__trace *trace, ouro_trace_kind kind,
                                                   const void *pc)
{
    return &trace->cache[kind][((uintptr_t)pc ^ (uintptr_t)pc >> 9) % OURO__TRACE_CACHE];
}

static uint32_t site_at_hand(struct ouro__trace *trace, ouro_trace_kind kind)
{
    const void *pc = trace->meter.caller.pc;
    if (UNLIKELY(trace->frames.limit > 1 || trace->pools->position != NULL))
        return look_up(trace, kind);
    struct ouro__trace_cached *cached = cached_of(trace, kind, pc);
    if (LIKELY(cached->pc == pc && cached->site != 0)) return cached->site;
    const uint32_t site = look_up(trace, kind);
    *cached = (struct ouro__trace_cached){pc, site};
    return site;
}

/* ---- what a block counts for ---- */

struct weight {
    uint64_t parts, bytes;
};

static struct weight weigh(const struct ouro__trace *trace, size_t bytes)
{
    if (LIKELY(trace->meter.exact)) return (struct weight){OURO__SITE_PARTS, bytes};
    const double one = 1 / ouro__chance_of(&trace->chance, (double)bytes);
    return (struct weight){(uint64_t)((double)OURO__SITE_PARTS * one + 0.5),
                           (uint64_t)((double)bytes * one + 0.5)};
}

ALWAYS_INLINE void count_birth(struct ouro__trace *trace, struct ouro__site *site,
                               struct weight weight)
{
    site->live_parts += weight.parts;
    site->live_bytes += weight.bytes;
    site->parts += weight.parts;
    site->bytes += weight.bytes;
    if (site->live_bytes > site->peak_bytes) site->peak_bytes = site->live_bytes;
    trace->live_parts += weight.parts;
    trace->live_bytes += weight.bytes;
    if (trace->live_bytes > trace->peak_bytes) trace->peak_bytes = trace->live_bytes;
}

/* ---- the meter's calls ---- */

static bool has_numbers(struct ouro__trace *trace, struct ouro__pool *pool)
{
    if (LIKELY(pool->numbers != NULL)) return true;
    pool->numbers = ouro__store_take(&trace->store, ouro__meter_numbers_size(&trace->meter, pool));
    return pool->numbers != NULL;
}

/* Of a bin, how many births to come are not heard of. */
static uint64_t gap(struct ouro__trace *trace, size_t bin)
{
    if (LIKELY(trace->meter.exact)) return 0;
    return ouro__chance_gap(&trace->chance, (double)ouro__bin_size(bin));
}

static uint64_t born(struct ouro__meter *meter, void *entry, size_t bin, size_t bytes)
{
    struct ouro__trace *trace = inside(meter);
    struct ouro__pool *pool = ouro__pool_of(entry);
    const bool is_large = pool->block_size == 0;
    if (is_large && !meter->exact && ouro__chance_gap(&trace->chance, (double)bytes) > 0) return 0;
    const ouro_trace_kind kind =
        ouro__bin_kind(bin) == OURO__RAW ? OURO_TRACE_RAW : OURO_TRACE_OBJECTS;
    const uint32_t site = site_at_hand(trace, kind);
    if (UNLIKELY(site == 0 || !has_numbers(trace, pool))) {
        trace->lost++; /* [trace.lost] */
        if (pool->numbers != NULL) *ouro__meter_number_of(pool, entry) = 0;
    } else {
        ouro__meter_number(meter, pool, entry, site);
        count_birth(trace, &trace->sites.site[site], weigh(trace, bytes));
    }
    return is_large ? 0 : gap(trace, bin);
}

static void died(struct ouro__meter *meter, uint32_t number, size_t bytes, uint32_t count)
{
    struct ouro__trace *trace = inside(meter);
    struct ouro__site *site = &trace->sites.site[number];
    const struct weight one = weigh(trace, bytes);
    const struct weight weight = {one.parts * count, one.bytes * count};
    OURO_ASSERT(number <= trace->sites.count &&
                site->live_bytes >= weight.bytes); /* [trace.sums] */
    site->live_parts -= weight.parts;
    site->live_bytes -= weight.bytes;
    trace->live_parts -= weight.parts;
    trace->live_bytes -= weight.bytes;
}

/* [trace.heard] */
static void settle(struct ouro__meter *meter, void *entry)
{
    struct ouro__pool *pool = ouro__pool_of(entry);
    if (OURO_GUARDED || ouro__bin_kind(pool->bin) == OURO__RAW) return;
    const uint64_t word = *ouro__word_of(entry);
    if (ouro__word_is_dying(word)) { /* its end is behind it, or will not be told */
        ouro__meter_died(inside(meter)->pools, pool, entry);
        return;
    }
    const uint8_t flags = ouro__shape_of(entry)->flags;
    if ((flags & (OURO__SHAPE_RELEASE | OURO__SHAPE_GENERAL)) != 0) return;
    *ouro__word_of(entry) = word | OURO__HEARD;
}

static void forget(struct ouro__meter *meter, struct ouro__pool *pool)
{
    struct ouro__store *store = &inside(meter)->store;
    const size_t size = ouro__meter_numbers_size(meter, pool);
    if (meter->exact) {
        ouro__store_give(store, pool->numbers, size);
    } else {
        ouro__meter_wipe(pool);
        ouro__store_give_zeroed(store, pool->numbers, size);
    }
    pool->numbers = NULL;
}

/* One frame, whose site is known: what most births are where each is heard of. */
void *ouro__trace_quick(struct ouro__pools *pools, size_t bin, struct ouro__caller caller)
{
    struct ouro__trace *trace = ouro__trace_of(pools);
    void *entry = ouro__meter_quick(pools, bin);
    if (UNLIKELY(entry == NULL)) return NULL;
    struct ouro__pool *pool = ouro__pool_of(entry);
    const struct ouro__trace_cached *cached = cached_of(trace, OURO_TRACE_OBJECTS, caller.pc);
    if (LIKELY(cached->pc == caller.pc && cached->site != 0 && pool->numbers != NULL &&
               trace->frames.limit == 1 && pools->position == NULL)) {
        ouro__meter_number(&trace->meter, pool, entry, cached->site);
        count_birth(trace, &trace->sites.site[cached->site],
                    (struct weight){OURO__SITE_PARTS, pool->block_size});
        return entry;
    }
    trace->meter.caller = caller;
    (void)born(&trace->meter, entry, bin, pool->block_size);
    trace->meter.caller = (struct ouro__caller){NULL, NULL};
    return entry;
}

/* ---- beginning and end ---- */

static size_t trace_size(void)
{
    return (sizeof(struct ouro__trace) + OURO_CARVE_SIZE - 1) & ~(size_t)(OURO_CARVE_SIZE - 1);
}

static void init_bins(struct ouro__trace *trace)
{
    for (size_t bin = 1; bin < OURO__BINS; bin++) {
        const bool exists = ouro__bin_size(bin) > 0;
        trace->meter.bins[bin] = (struct ouro__metered){.left = exists ? gap(trace, bin) : 0};
    }
}

struct ouro__trace *ouro__trace_start(struct ouro__pools *pools, const ouro_trace_options *options,
                                      struct ouro__caller caller)
{
    if (pools->refuse != NULL && pools->refuse(pools->refuse_context, trace_size())) return NULL;
    struct ouro__trace *trace = ouro__os_map(trace_size(), OURO_CARVE_SIZE);
    if (trace == NULL) return NULL;
    trace->pools = pools;
    trace->options = *options;
    trace->store.pools = pools;
    trace->sites.store = &trace->store;
    trace->chance.state = options->seed != 0 ? options->seed : ouro__os_random();
    trace->chance.interval = (double)options->sample_bytes;
    trace->meter.exact = options->sample_bytes == 0;
    trace->meter.born = born;
    trace->meter.died = died;
    trace->meter.settle = settle;
    trace->meter.forget = forget;
    ouro__frames_init(&trace->frames, options, caller);
    ouro__os_program_path(trace->program, sizeof trace->program);
    init_bins(trace);
    ouro__meter_start(pools, &trace->meter);
    ouro__births_add(trace);
    if (!OURO_IS_DEBUG_BUILD) ouro__misuse_describe(ouro__birth_describe);
    return trace;
}

static void drop_numbers(struct ouro__pool *pool, void *context)
{
    (void)context;
    pool->numbers = NULL;
}

static void forget_all(struct ouro__trace *trace)
{
    for (int realm = 0; realm < OURO__REALMS; realm++)
        ouro__walk_pools(trace->pools, (enum ouro__realm)realm, drop_numbers, NULL);
    ouro__store_end(&trace->store);
}

void ouro__trace_stop(struct ouro__pools *pools)
{
    struct ouro__trace *trace = ouro__trace_of(pools);
    if (trace == NULL) return;
    ouro__births_remove(trace);
    forget_all(trace);
    ouro__meter_stop(pools);
    ouro__os_unmap(trace, trace_size());
}

void ouro__trace_clear(struct ouro__pools *pools)
{
    struct ouro__trace *trace = ouro__trace_of(pools);
    if (trace == NULL) return;
    forget_all(trace);
    ouro__sites_end(&trace->sites);
    memset(trace->cache, 0, sizeof trace->cache);
    trace->live_parts = trace->live_bytes = trace->peak_bytes = 0;
    trace->lost = 0;
    for (size_t bin = 0; bin < OURO__BINS; bin++) {
        trace->meter.bins[bin].kept = 0;
        trace->meter.bins[bin].fresh = NULL;
    }
}

/* ---- questions ---- */

uint32_t ouro__trace_number(const void *address)
{
    struct ouro__pool *pool = ouro__pool_of(address);
    return pool->numbers != NULL ? *ouro__meter_number_of(pool, address) : 0;
}

ouro_trace_place ouro__trace_place(const struct ouro__trace *trace, const struct ouro__frame *frame)
{
    ouro_trace_place place = {.pc = frame->pc, .module = "", .function = "", .file = ""};
    if (frame->pc == 0) {
        if (frame->file != NULL) place.file = frame->file;
        if (frame->function != NULL) place.function = frame->function;
        place.line = frame->line;
        return place;
    }
    const struct ouro__os_module module = ouro__os_module_of(frame->pc);
    if (module.path == NULL) return place;
    place.module = module.path[0] != '\0' ? module.path : trace->program;
    place.offset = module.offset;
    if (module.function != NULL) place.function = module.function;
    return place;
}
