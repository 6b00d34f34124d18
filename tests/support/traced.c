/* SPDX-License-Identifier: MIT */
/*
 * traced.c -- what a traced heap must agree with
 */
#include "support/traced.h"

#include <stdlib.h>
#include <string.h>

#include "heap/heap.h"

struct sums {
    const struct ouro__trace *trace;
    struct ouro__site *sites;
    uint64_t parts, bytes;
};

static void add(struct sums *sums, uint32_t number, size_t bytes)
{
    uint64_t parts = OURO__SITE_PARTS, weight = bytes;
    assert_in_range(number, 1, sums->trace->sites.count);
    if (!sums->trace->meter.exact) {
        const double one = 1 / ouro__chance_of(&sums->trace->chance, (double)bytes);
        parts = (uint64_t)((double)OURO__SITE_PARTS * one + 0.5);
        weight = (uint64_t)((double)bytes * one + 0.5);
    }
    sums->sites[number].live_parts += parts;
    sums->sites[number].live_bytes += weight;
    sums->parts += parts;
    sums->bytes += weight;
}

/* [meter.number] */
static void add_pool(struct ouro__pool *pool, void *context)
{
    uint32_t live = 0;
    if (pool->numbers == NULL) return;
    for (uint32_t i = 0; i < pool->capacity; i++) {
        const uint32_t number = pool->numbers[1 + i];
        const char *entry = pool->first + (size_t)i * pool->block_size;
        if (!ouro__number_is_live(number)) continue;
        live++;
        assert_true(i < pool->carved);
        if (ouro__bin_kind(pool->bin) != OURO__RAW)
            assert_false(ouro__word_is_free(*ouro__word_of(entry)));
        add(context, number, ouro__meter_bytes(pool));
    }
    assert_int_equal(live, pool->numbers[0]);
}

void traced_audit(ouro_heap *heap)
{
    const struct ouro__pools *pools = ouro__heap_pools(heap);
    struct sums sums = {.trace = ouro__trace_of(pools)};
    assert_non_null(sums.trace);
    const size_t count = (size_t)sums.trace->sites.count + 1;
    sums.sites = calloc(count, sizeof *sums.sites);
    assert_non_null(sums.sites);
    for (int realm = 0; realm < OURO__REALMS; realm++)
        ouro__walk_pools(pools, (enum ouro__realm)realm, add_pool, &sums);
    for (size_t i = 1; i < count; i++) { /* [trace.sums] */
        assert_int_equal(sums.sites[i].live_parts, sums.trace->sites.site[i].live_parts);
        assert_int_equal(sums.sites[i].live_bytes, sums.trace->sites.site[i].live_bytes);
    }
    assert_int_equal(sums.parts, sums.trace->live_parts);
    assert_int_equal(sums.bytes, sums.trace->live_bytes);
    free(sums.sites);
}

void traced_is_complete(ouro_heap *heap)
{
    ouro_heap_stats stats;
    ouro_trace_totals totals;
    traced_audit(heap);
    ouro_get_heap_stats(heap, &stats);
    ouro_trace_get_totals(heap, &totals);
    assert_int_equal(totals.lost, 0);
    assert_int_equal(totals.objects, stats.objects + stats.raw_blocks);
    assert_int_equal(totals.current, stats.object_bytes + stats.raw_bytes);
}
