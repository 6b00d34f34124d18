/* SPDX-License-Identifier: MIT */
/*
 * refuse.c -- ways to refuse memory to a scenario, at one point after another
 *
 * What is refused: a block, the next few requests, all that follow, the bytes beyond a
 * limit, or a region of addresses.  A request is refused at every point, once; otherwise the ordinary run takes every fifth
 * point, the long one each; in the nightly one there are smaller gaps between limits and more lengths of refusals.
 */
#include "refusal/refuse.h"

#include "memory/arena.h"

#include "support/apart.h"
#include "support/refusal.h"
#include "support/setting.h"

struct refusal_tally refusal_tally;

static bool is_thorough(void)
{
    return test_amount(100, 100, 200) > 100;
}

/* From one point to the next. */
static size_t stride(void)
{
    size_t percent = test_amount(20, 100, 100);
    return percent < 100 ? 100 / percent : 1;
}

/* ---- one run with a refusal in it ---- */

/* The words and numbers say what was refused. */
static void expect_refusal(const ouro_error *error, ouro_status status)
{
    const char *words = status == OURO_LIMIT
                            ? "* of * bytes refused: heap \"heap\" uses * of its limit of * bytes; "
                              "drop objects or raise the limit"
                            : "* of * bytes refused: the system gave no more memory; heap \"heap\" "
                              "uses * bytes";
    bool whole_heap = apart_matches(error->message, "a heap's own * bytes refused by the source");
    if (error->status != status || !(whole_heap || apart_matches(error->message, words)))
        fail_msg("status %d, \"%s\"", (int)error->status, error->message);
    assert_true(error->requested > 0);
    assert_true(status == OURO_LIMIT ? error->limit > 0 : error->limit == 0);
}

/* Nothing of a scenario is left, once cycles are collected: while memory is still refused. */
static void expect_nothing_left(ouro_heap *heap)
{
    test_heap_verify(heap);
    (void)ouro_collect(heap, 2);
    (void)ouro_collect(heap, 2); /* what finalizers left behind */
    test_heap_verify(heap);
    assert_int_equal(test_heap_objects(heap), 0);
    ouro_heap_stats stats;
    ouro_get_heap_stats(heap, &stats);
    assert_int_equal(stats.accounted_bytes, 0);
    assert_int_equal(stats.large_blocks, 0);
    assert_true(stats.raw_blocks <= 3); /* the heap's own tables, of which closing knows */
}

/* Runs a scenario that may be refused.  Returns whether it ran through. */
static bool run_refused(struct trial *trial, const struct scenario *scenario, ouro_status status)
{
    refusal_tally.points++;
    trial->error.status = OURO_OK;
    bool through = scenario->run(trial);
    refusal_tally.failures += !through;
    const ouro_error *error =
        trial->error.status != OURO_OK ? &trial->error : ouro_heap_error(trial->heap);
    if (!through) expect_refusal(error, status);
    expect_nothing_left(trial->heap);
    return through;
}

/* With memory back, the heap serves as if nothing had been. */
static void run_again(struct trial *trial, const struct scenario *scenario)
{
    assert_true(scenario->run(trial));
    expect_nothing_left(trial->heap);
    test_heap_close_empty(trial->heap);
}

/* ---- blocks ---- */

/* True when the refusal was reached. */
static bool refuse_a_block(const struct scenario *scenario, struct refusal *refusal, bool collects)
{
    struct trial trial = {.options = scenario->options};
    trial.options.one_at_a_time = true;
    trial.options.refuse = refusal_decides;
    trial.options.refuse_context = refusal;
    trial.options.collector_off = !collects;
    trial.options.ignore_environment = true;
    trial.heap = test_heap_new(&trial.options);
    bool through = run_refused(&trial, scenario, OURO_NO_MEMORY);
    bool reached = refusal->refused > 0;
    assert_true(through || reached);
    refusal_ends(refusal);
    run_again(&trial, scenario);
    return reached;
}

static void refuse_blocks(const struct scenario *scenario, struct refusal how, bool collects,
                          size_t step)
{
    bool reached = true;
    for (size_t at = 0; reached; at += step) {
        struct refusal refusal = {.at = at, .for_ever = how.for_ever, .more = how.more};
        reached = refuse_a_block(scenario, &refusal, collects);
    }
}

static void a_request_is_refused_once(const struct scenario *scenario)
{
    refuse_blocks(scenario, (struct refusal){0}, false, 1);
    if (is_thorough()) refuse_blocks(scenario, (struct refusal){0}, true, stride());
}

/* Twice: also after giving back what is free.  Three times: also after collecting. */
static void a_request_is_refused_to_the_end(const struct scenario *scenario)
{
    refuse_blocks(scenario, (struct refusal){.more = 1}, false, stride());
    refuse_blocks(scenario, (struct refusal){.more = 1}, true, stride());
    refuse_blocks(scenario, (struct refusal){.more = 2}, true, stride());
    for (size_t more = 3; is_thorough() && more < 7; more++) {
        refuse_blocks(scenario, (struct refusal){.more = more}, false, stride());
        refuse_blocks(scenario, (struct refusal){.more = more}, true, stride());
    }
}

static void all_requests_are_refused(const struct scenario *scenario)
{
    refuse_blocks(scenario, (struct refusal){.for_ever = true}, false, stride());
    refuse_blocks(scenario, (struct refusal){.for_ever = true}, true, stride());
}

/* ---- bytes ---- */

/* Small steps at first, for the small requests; growing with the limit. */
static size_t next_limit(size_t limit)
{
    size_t gap = is_thorough() ? limit / 256 / 8 * 8 : limit / 64 / 8 * 8;
    return limit + (8 + gap) * stride();
}

static void limit_bytes(const struct scenario *scenario, size_t first, bool one_at_a_time)
{
    bool through = false;
    for (size_t limit = first; !through; limit = next_limit(limit)) {
        struct trial trial = {.options = scenario->options, .byte_limit = limit};
        trial.options.one_at_a_time = trial.options.collector_off = one_at_a_time;
        trial.options.byte_limit = limit;
        trial.options.ignore_environment = true;
        trial.heap = test_heap_new(&trial.options);
        through = run_refused(&trial, scenario, OURO_LIMIT);
        trial.options.byte_limit = trial.byte_limit = 0;
        ouro_set_byte_limit(trial.heap, 0);
        run_again(&trial, scenario);
    }
}

static void bytes_are_limited(const struct scenario *scenario)
{
    limit_bytes(scenario, 8, true);
}

/* Also where blocks are cut by the page, and where a shortage is answered by collecting. */
static void pages_are_limited(const struct scenario *scenario)
{
    limit_bytes(scenario, 1024, false);
}

/* ---- regions ---- */

/* A source of arenas that refuses, and that knows what it has given. */
struct source {
    struct refusal refusal;
    size_t regions, bytes;
};

static void *source_obtain(void *context, size_t size, size_t alignment)
{
    struct source *source = context;
    if (refusal_decides(&source->refusal, size)) return NULL;
    void *region = ouro__system_source.obtain(NULL, size, alignment);
    if (region == NULL) return NULL;
    source->regions++;
    source->bytes += size;
    return region;
}

static void source_give_back(void *context, void *region, size_t size)
{
    struct source *source = context;
    source->regions--;
    source->bytes -= size;
    ouro__system_source.give_back(NULL, region, size);
}

/* The whole life of a heap; false when nothing was refused in it. */
static bool live_with_source(const struct scenario *scenario, struct source *source)
{
    struct trial trial = {.options = scenario->options};
    trial.options.ignore_environment = trial.options.collector_off = true;
    trial.options.source =
        (ouro_arena_source){source, source_obtain, source_give_back, ouro__system_source.purge};
    trial.heap = ouro_heap_new(&trial.options, &trial.error);
    if (trial.heap == NULL) {
        refusal_tally.points++;
        refusal_tally.failures++;
        expect_refusal(&trial.error, OURO_NO_MEMORY);
        return true;
    }
    (void)run_refused(&trial, scenario, OURO_NO_MEMORY);
    bool refused = source->refusal.refused > 0;
    refusal_ends(&source->refusal);
    run_again(&trial, scenario);
    return refused;
}

static void refuse_regions(const struct scenario *scenario, struct refusal how)
{
    bool refused = true;
    for (size_t at = 0; refused; at++) {
        struct source source = {.refusal = how};
        source.refusal.at = at;
        refused = live_with_source(scenario, &source);
        assert_int_equal(source.regions, 0);
        assert_int_equal(source.bytes, 0);
    }
}

/* Once: a smaller region may do.  Four times: not even the smallest. */
static void regions_are_refused(const struct scenario *scenario)
{
    refuse_regions(scenario, (struct refusal){0});
    refuse_regions(scenario, (struct refusal){.more = 3});
    refuse_regions(scenario, (struct refusal){.for_ever = true});
}

const struct refusal_way refusal_ways[] = {
#define WAY(function) {#function, function}
    WAY(a_request_is_refused_once), WAY(a_request_is_refused_to_the_end),
    WAY(all_requests_are_refused),  WAY(bytes_are_limited),
    WAY(pages_are_limited),         WAY(regions_are_refused),
};
const size_t refusal_way_count = COUNT_OF(refusal_ways);
