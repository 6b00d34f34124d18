/* SPDX-License-Identifier: MIT */
/*
 * heap.c -- the beginning and the end of a heap                        [floor 6]
 *
 * Closing: collect, see what is still held, let finalizers have their last word, release native
 * resources, give all arenas back.  Objects are not taken apart one by one,
 * so the depth of what is left does not matter.
 */
#include "heap/heap.h"

#include "base/os.h"

#include <stdio.h>
#include <string.h>

/* ---- the beginning ---- */

static size_t struct_size(void)
{
    return (sizeof(ouro_heap) + OURO_CARVE_SIZE - 1) & ~(size_t)(OURO_CARVE_SIZE - 1);
}

/* In guarded builds no overflow gets to a heap's own struct, unless an embedder says where it lies. */
static bool is_apart(const ouro_arena_source *source)
{
    return OURO_GUARDED && source->obtain == ouro__system_source.obtain;
}

static ouro_status bad_option(ouro_error *out_error, const char *what)
{
    if (out_error == NULL) return OURO_BAD_ARGUMENT;
    *out_error = (ouro_error){.status = OURO_BAD_ARGUMENT};
    snprintf(out_error->message, sizeof out_error->message, "%s", what);
    return OURO_BAD_ARGUMENT;
}

/* The options as they shall be: the program's, the environment's, the defaults. */
static ouro_status complete_options(ouro_heap_options *options, ouro_error *out_error)
{
    if (options->collect_at > OURO_COLLECT_AT_SAFEPOINT)
        return bad_option(out_error, "option collect_at is neither OURO_COLLECT_AT_ALLOCATION nor "
                                     "OURO_COLLECT_AT_SAFEPOINT");
    if (options->collect_always > 3)
        return bad_option(out_error, "option collect_always is none of 0, 1, 2, 3");
    if ((options->source.obtain == NULL) != (options->source.give_back == NULL))
        return bad_option(out_error, "option source needs both obtain and give_back, or neither");
    if (!options->ignore_environment) {
        ouro_status status = ouro__options_from_environment(options, out_error);
        if (status != OURO_OK) return status;
    }
    if (options->source.obtain == NULL) options->source = ouro__system_source;
    if (options->purge_delay_ms == 0) options->purge_delay_ms = OURO_PURGE_DELAY_MS;
    if (options->name == NULL) options->name = "heap";
    const size_t *threshold = options->threshold;
    if (threshold[0] == 0 && threshold[1] == 0 && threshold[2] == 0) {
        options->threshold[0] = OURO_THRESHOLD_0;
        options->threshold[1] = OURO_THRESHOLD_1;
        options->threshold[2] = OURO_THRESHOLD_2;
    }
    return OURO_OK;
}

static void set_options(ouro_heap *heap, const ouro_heap_options *options)
{
    struct ouro__pools *pools = ouro__heap_pools(heap);
    ouro__pools_init(pools, &options->source);
    if (OURO_GUARDED) pools->front.thread = ouro__guard_thread();
    if (OURO_IS_DEBUG_BUILD) ouro__misuse_describe(ouro__dump);
    pools->byte_limit = options->byte_limit;
    pools->purge_delay = options->purge_delay_ms;
    pools->one_at_a_time = options->one_at_a_time;
    pools->refuse = options->refuse;
    pools->refuse_context = options->refuse_context;
    heap->life.death_bound = (long)options->death_bound;
    heap->pass = (struct ouro__collector){.life = &heap->life, .lane = OURO__PASS};
    heap->whole = (struct ouro__collector){.life = &heap->life, .lane = OURO__WHOLE};
    heap->pass.debug = heap->whole.debug = options->debug;
    heap->enabled = !options->collector_off;
    heap->collect_at = options->collect_at;
    heap->collect_always = options->collect_always;
    heap->step_microseconds =
        options->step_microseconds > 0 ? options->step_microseconds : OURO_STEP_MICROSECONDS;
    ouro__pace_init(heap);
    snprintf(heap->name, sizeof heap->name, "%s", options->name);
    ouro_set_threshold(heap, options->threshold);
    ouro__events_begin(heap);
}

void ouro__heap_destroy(ouro_heap *heap)
{
    if (heap->cycle_log != NULL) ouro__os_unmap(heap->cycle_log, heap->cycle_log_size);
    ouro_arena_source source = ouro__heap_pools(heap)->source;
    ouro__trace_stop(ouro__heap_pools(heap));
    ouro__pools_destroy(ouro__heap_pools(heap));
    if (is_apart(&source))
        ouro__os_unmap_apart(heap, heap->size);
    else
        source.give_back(source.context, heap, heap->size);
}

ouro_heap *ouro_heap_new(const ouro_heap_options *given, ouro_error *out_error)
{
    ouro_heap_options options = given != NULL ? *given : (ouro_heap_options){0};
    ouro_trace_options trace;
    bool traces = false;
    if (complete_options(&options, out_error) != OURO_OK) return NULL;
    if (!options.ignore_environment && ouro__options_trace(&trace, &traces, out_error) != OURO_OK)
        return NULL;
    size_t size = struct_size();
    ouro_heap *heap = is_apart(&options.source)
                          ? ouro__os_map_apart(size)
                          : options.source.obtain(options.source.context, size, OURO_CARVE_SIZE);
    if (heap == NULL) {
        if (out_error != NULL) {
            *out_error = (ouro_error){.status = OURO_NO_MEMORY, .requested = size};
            snprintf(out_error->message, sizeof out_error->message,
                     "a heap's own %zu bytes refused by the source of arenas", size);
        }
        return NULL;
    }
    heap->size = size;
    set_options(heap, &options);
    if (traces && ouro_trace_start(heap, &trace, out_error) != OURO_OK) goto refused;
    if (options.ignore_environment || ouro__viewers_begin(heap) == OURO_OK) return heap;
    if (out_error != NULL) *out_error = heap->error;
refused:
    ouro__events_end(heap);
    ouro__heap_destroy(heap);
    return NULL;
}

ouro_heap *ouro_heap_of(const void *object)
{
    return ouro__arena_of(object)->owner;
}

void ouro_heap_adopt(ouro_heap *heap)
{
    if (!OURO_GUARDED) return;
    ouro__heap_pools(heap)->front.thread = ouro__guard_thread();
    ouro__guard_unsettle_all();
}

const char *ouro_heap_name(const ouro_heap *heap)
{
    return heap->name;
}

/* ---- the end ---- */

/* What a walk over all objects of a closing heap does with each. */
struct closing {
    ouro_heap *heap;
    ouro_close_report *report;
    void (*visit)(void *object, void *context);
    size_t vector_blocks;
    bool again;
    bool keeps; /* addresses that memcheck is to report */
};

static void visit_pool(struct ouro__pool *pool, void *context)
{
    struct closing *closing = context;
    ouro__walk_live(pool, closing->visit, closing);
}

static void each_object(struct closing *closing, void (*visit)(void *object, void *context))
{
    struct ouro__pools *pools = ouro__heap_pools(closing->heap);
    closing->visit = visit;
    ouro__walk_pools(pools, OURO__REALM_ACYCLIC, visit_pool, closing);
    ouro__walk_pools(pools, OURO__REALM_TRACKED, visit_pool, closing);
}

static void count_alive(void *object, void *context)
{
    struct closing *closing = context;
    if (!ouro__word_is_immortal(*ouro__word_of(object))) closing->report->alive++;
}

static void count_reference(void *referent, void *context)
{
    (void)context;
    *ouro__count_of(referent) += 1;
}

static void count_references(void *object, void *context)
{
    (void)context;
    ouro__visit(object, count_reference, NULL);
}

static void report_held(void *object, void *context)
{
    struct closing *closing = context;
    uint64_t word = *ouro__word_of(object);
    uint32_t counted = *ouro__count_of(object);
    *ouro__count_of(object) = 0; /* [mark.zero] */
    uint32_t count = ouro__word_count(word);
    counted += (word & OURO__SAVED) != 0; /* held by the heap itself */
    if (ouro__word_is_immortal(word) || count <= counted) return;
    closing->report->held_from_outside++;
    closing->report->outside_references += count - counted;
    closing->report->held_type_name = ouro__type_of(object)->name;
}

static void finalize(void *object, void *context)
{
    struct closing *closing = context;
    uint64_t word = *ouro__word_of(object);
    if (ouro__word_is_immortal(word) || ouro__word_is_dying(word) ||
        !ouro__finalizer_is_due(object))
        return;
    closing->again = true;
    ouro_incref(object);
    ouro__finalizer_run(&closing->heap->life.finalizers, object);
    ouro_decref(object);
}

static void release(void *object, void *context)
{
    struct closing *closing = context;
    const struct ouro__shape *shape = ouro__shape_of(object);
    if ((shape->flags & OURO__SHAPE_RELEASE) != 0) ouro__type_of(object)->release(object);
    const ouro_field *field =
        (shape->flags & OURO__SHAPE_GENERAL) != 0 ? ouro__type_of(object)->fields : NULL;
    for (; field != NULL && field->kind != OURO_FIELD_END; field++) {
        if (field->kind != OURO_FIELD_VECTOR) continue;
        const ouro_vector *vector =
            (const ouro_vector *)(const void *)((char *)object + field->offset);
        closing->vector_blocks += vector->items != NULL;
    }
}

/* Finalizers may make objects with finalizers: until a walk finds none. */
static void run_finalizers(struct closing *closing)
{
    ouro__pools_pin(ouro__heap_pools(closing->heap));
    do {
        closing->again = false;
        each_object(closing, finalize);
    } while (closing->again);
    ouro__pools_unpin(ouro__heap_pools(closing->heap));
}

static void count_used(struct ouro__pool *pool, void *context)
{
    *(size_t *)context += pool->used;
}

static size_t raw_blocks_left(const struct closing *closing)
{
    size_t used = 0;
    ouro__pools_flush(ouro__heap_pools(closing->heap));
    ouro__walk_pools(ouro__heap_pools(closing->heap), OURO__REALM_RAW, count_used, &used);
    return used - closing->vector_blocks - (closing->heap->life.weakrefs.table != NULL) -
           (closing->heap->life.weakrefs.ephemerons.table != NULL) -
           (closing->heap->roots != NULL) - (closing->heap->callbacks != NULL) -
           (closing->heap->life.paused != NULL);
}

/* Memcheck forgets an object and its buffers, unless the program holds it: that it reports as lost. */
static void forget_unless_held(void *object, void *context)
{
    struct closing *closing = context;
    uint64_t word = *ouro__word_of(object);
    uint32_t counted = *ouro__count_of(object) + ((word & OURO__SAVED) != 0);
    *ouro__count_of(object) = 0; /* [mark.zero] */
    const ouro_field *field = ouro__type_of(object)->fields;
    for (; field != NULL && field->kind != OURO_FIELD_END; field++) {
        if (field->kind != OURO_FIELD_VECTOR) continue;
        ouro__watch_died(((ouro_vector *)(void *)((char *)object + field->offset))->items);
    }
    if (closing->keeps && !ouro__word_is_immortal(word) && ouro__word_count(word) > counted)
        closing->again = true;
    else
        ouro__watch_died(object);
}

/* Stands in for the source's own: no other block shall have addresses of which memcheck speaks. */
static void deny(void *context, void *region, size_t size)
{
    (void)context;
    ouro__os_purge(region, size);
    (void)ouro__os_deny(region, size);
}

/*
 * What is left of the program's blocks is what memcheck reports as lost: objects that are held by references which
 * no object accounts for, and raw memory that nobody freed.  References were counted before objects were released.
 */
static void tell_memcheck(struct closing *closing)
{
    struct ouro__life *life = &closing->heap->life;
    ouro_arena_source *source = &ouro__life_pools(life)->source;
    const void *const own[] = {life->weakrefs.table, life->weakrefs.ephemerons.table,
                               closing->heap->roots, closing->heap->callbacks, life->paused};
    closing->keeps = is_apart(source);
    closing->again = false;
    each_object(closing, forget_unless_held);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) ouro__watch_died(own[i]);
    bool lost = closing->again || closing->report->raw_blocks > 0;
    if (closing->keeps && lost) source->give_back = deny;
}

ouro_status ouro_heap_close(ouro_heap *heap, const ouro_close_options *options,
                            ouro_close_report *out_report)
{
    ouro_close_report report = {0};
    struct closing closing = {.heap = heap, .report = &report};
    bool skips = options != NULL && options->skip_finalizers;
    ouro__hook_check(&heap->life.finalizers);
    if (heap->collecting || heap->life.finalizers.hook.frame != NULL || heap->life.dying > 0) {
        ouro__heap_fail(heap, OURO_BUSY, 0,
                        "heap \"%s\" is closed inside a collection or a finalizer: close it later",
                        heap->name);
        return OURO_BUSY;
    }
    size_t finalized = heap->life.finalizers.run;
    heap->life.finalizers.silent = skips;
    heap->life.death_bound = 0; /* nothing comes later */
    (void)ouro__life_resume(&heap->life, LONG_MAX);
    if (skips) ouro__heap_whole_stop(heap);
    each_object(&closing, count_alive);
    if (!skips) report.collected = ouro__heap_collect(heap, 2);
    each_object(&closing, count_references);
    each_object(&closing, report_held);
    heap->enabled = false;
    if (!skips) run_finalizers(&closing);
    if (ouro__is_watched()) each_object(&closing, count_references);
    each_object(&closing, release);
    report.finalized = heap->life.finalizers.run - finalized;
    report.raw_blocks = raw_blocks_left(&closing);
    report.uncollectable = heap->garbage;
    if (ouro__is_watched()) tell_memcheck(&closing);
    ouro__debug_closed(heap, &report);
    if (out_report != NULL) *out_report = report;
    ouro__events_end(heap);
    ouro__heap_destroy(heap);
    return OURO_OK;
}
