/* SPDX-License-Identifier: MIT */
/*
 * events.c -- what is written down of collections                      [floor 6]
 *
 * The collector tells the log which phase begins; here pauses and whole cycles are added, and how much
 * memory there is then.  Times are by the system's clock until the log has them.
 */
#include "heap/heap.h"

#include "base/os.h"
#include "base/probe.h"
#include "memory/usage.h"

void ouro__events_begin(ouro_heap *heap)
{
    heap->log.born = ouro__os_nanoseconds();
    OURO_PROBE2(heap__new, heap, heap->name);
}

void ouro__events_end(ouro_heap *heap)
{
    OURO_PROBE2(heap__close, heap, heap->name);
    ouro__viewers_end(heap);
    ouro__log_close(&heap->log);
}

/* ---- samples ---- */

/* What counting cost decides when it is done again.  Not inlined, so that its callers have small frames where
 * nothing is sampled.  Cost: a walk over all pools. */
static NOINLINE void take_sample(ouro_heap *heap, uint64_t now)
{
    struct ouro__usage usage;
    ouro__usage_count(ouro__heap_pools(heap), &usage);
    ouro_memory_sample sample = {
        .time = now,
        .objects = usage.total.objects,
        .live_bytes = usage.total.object_bytes + usage.total.raw_bytes,
        .committed_bytes = usage.total.committed_bytes,
    };
    ouro__log_sample(&heap->log, sample, ouro__os_nanoseconds() - now);
}

static void sample_if_due(ouro_heap *heap)
{
    if (!ouro__log_is_on(&heap->log)) return;
    uint64_t now = ouro__os_nanoseconds();
    if (now >= heap->log.sample_due) take_sample(heap, now);
}

ouro_status ouro_add_sample(ouro_heap *heap)
{
    if (!ouro__log_is_on(&heap->log)) {
        ouro__heap_fail(heap, OURO_EMPTY, 0,
                        "heap \"%s\" keeps no log: ask for one by ouro_set_event_log", heap->name);
        return OURO_EMPTY;
    }
    take_sample(heap, ouro__os_nanoseconds());
    return OURO_OK;
}

/* ---- pauses ---- */

void ouro__events_passed(ouro_heap *heap, const ouro_collection *info, uint64_t start)
{
    ouro__pauses_add(&heap->pauses, info->nanoseconds);
    ouro__log_pause(&heap->log, (ouro_event){
                                    .kind = OURO_EVENT_PASS,
                                    .generation = info->generation,
                                    .name = info->nearby ? "nearby" : "young",
                                    .start = start,
                                    .nanoseconds = info->nanoseconds,
                                    .candidates = info->candidates,
                                    .collected = info->collected,
                                    .uncollectable = info->uncollectable,
                                });
    sample_if_due(heap);
    if (UNLIKELY(heap->viewers != NULL)) ouro__viewers_pause(heap);
}

struct ouro__step ouro__events_step(const ouro_heap *heap)
{
    OURO_PROBE2(step__start, ouro__phase_name(heap->whole.phase), heap);
    return (struct ouro__step){.start = ouro__os_nanoseconds(), .effort = heap->whole.effort};
}

void ouro__events_stepped(ouro_heap *heap, struct ouro__step step, uint64_t now)
{
    const struct ouro__collector *whole = &heap->whole;
    OURO_PROBE2(step__done, ouro__phase_name(whole->phase), whole->effort - step.effort);
    ouro__pauses_add(&heap->pauses, now - step.start);
    ouro__log_pause(&heap->log, (ouro_event){
                                    .kind = OURO_EVENT_STEP,
                                    .generation = 2,
                                    .name = "step",
                                    .start = step.start,
                                    .nanoseconds = now - step.start,
                                });
    if (whole->phase == OURO__IDLE)
        ouro__log_cycle(&heap->log, (ouro_event){
                                        .kind = OURO_EVENT_CYCLE,
                                        .generation = 2,
                                        .name = "whole",
                                        .start = heap->whole_began,
                                        .nanoseconds = now - heap->whole_began,
                                        .candidates = whole->candidates,
                                        .collected = whole->collected,
                                        .uncollectable = whole->saved,
                                    });
    sample_if_due(heap);
    if (UNLIKELY(heap->viewers != NULL)) ouro__viewers_pause(heap);
}

void ouro_get_pauses(const ouro_heap *heap, ouro_pauses *out_pauses)
{
    *out_pauses = heap->pauses;
}

/* ---- the log ---- */

ouro_status ouro_set_event_log(ouro_heap *heap, size_t capacity)
{
    bool opened = false;
    ouro__viewers_log_ends(heap);
    if (capacity > 0)
        opened = ouro__log_open(&heap->log, capacity);
    else
        ouro__log_close(&heap->log);
    heap->pass.log = heap->whole.log = opened ? &heap->log : NULL;
    if (opened || capacity == 0) return OURO_OK;
    ouro__heap_fail(heap, OURO_NO_MEMORY, 0,
                    "the system gave no memory for a log of %zu events of heap \"%s\"", capacity,
                    heap->name);
    return OURO_NO_MEMORY;
}

size_t ouro_each_event(const ouro_heap *heap, int (*visit)(const ouro_event *event, void *argument),
                       void *argument)
{
    const struct ouro__log *log = &heap->log;
    uint64_t first = ouro__log_first_event(log);
    for (uint64_t i = first; i < log->event_count; i++)
        if (visit(ouro__log_event(log, i), argument) != 0) break;
    return (size_t)first;
}

size_t ouro_each_sample(const ouro_heap *heap,
                        int (*visit)(const ouro_memory_sample *sample, void *argument),
                        void *argument)
{
    const struct ouro__log *log = &heap->log;
    uint64_t first = ouro__log_first_sample(log);
    for (uint64_t i = first; i < log->sample_count; i++)
        if (visit(ouro__log_sample_of(log, i), argument) != 0) break;
    return (size_t)first;
}
