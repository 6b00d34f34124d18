/* SPDX-License-Identifier: MIT */
/*
 * show.c -- a heap in lines for people
 */
#include "top/top.h"

#include "terminal.h"

#include <time.h>

static const char *const kinds[] = {"raw", "acyclic", "tracked"};

static double share_of(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

/* A file that lies may say more than there can be. */
static uint64_t whole_of(double value)
{
    return value < (double)UINT64_MAX ? (uint64_t)value : UINT64_MAX;
}

/* Seconds since a moment of the clock that all processes share. */
static double seconds_since(uint64_t moment)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)moment / 1e9;
    return seconds > 0 ? seconds : 0;
}

static void show_head(const top_view *view, FILE *file)
{
    const ouro_published *now = &view->now;
    fprintf(file, "%s [%u], heap \"%s\", for %.1f s; as it was %.2f s ago\n\n", now->program,
            now->process, now->heap, seconds_since(now->born), seconds_since(now->written));
}

static void show_memory(const top_view *view, FILE *file)
{
    const ouro_published *now = &view->now;
    fprintf(file, "memory      %s in objects, %s raw, %s accounted\n",
            show_bytes(now->object_bytes).text, show_bytes(now->raw_bytes).text,
            show_bytes(now->accounted_bytes).text);
    fprintf(file, "            %s committed, %s free in pools, %s of addresses",
            show_bytes(now->committed_bytes).text,
            show_bytes(now->free_bytes + now->cached_bytes).text,
            show_bytes(now->reserved_bytes).text);
    if (now->byte_limit > 0) fprintf(file, "; limit %s", show_bytes(now->byte_limit).text);
    fprintf(file, "\nobjects     %s, and %s; %s in use, %s empty; %s\n",
            show_count(now->objects).text, show_counted(now->raw_blocks, "raw block").text,
            show_counted(now->pools, "pool").text, show_count(now->empty_pools).text,
            show_counted(now->large_blocks, "large block").text);
    double rate = top_rate(view, now->handed_bytes, view->before.handed_bytes);
    fprintf(file, "allocation  %s/s%s, %s since the beginning\n", show_bytes(whole_of(rate)).text,
            view->has_before ? "" : " on average", show_bytes(now->handed_bytes).text);
}

static void show_collector(const top_view *view, FILE *file)
{
    static const char *const names[] = {"young", "middle", "whole"};
    const ouro_published *now = &view->now;
    fprintf(file, "\ncollector   %s; whole cycle: %s", now->is_enabled ? "on" : "off", now->phase);
    if (now->work_left > 0)
        fprintf(file, ", %.0f%% done",
                100 * share_of((double)now->work_done,
                               (double)now->work_done + (double)now->work_left));
    fprintf(file, "; begins at %s, over before %s\n", show_bytes(now->start_bytes).text,
            show_bytes(now->goal_bytes).text);
    fprintf(file, "            %12s %14s %14s %12s %10s\n", "collections", "judged", "garbage",
            "kept", "time");
    for (int i = 0; i < 3; i++) {
        const ouro_published_generation *one = &now->generations[i];
        fprintf(file, "  %-9s %12s %14s %14s %12s %10s\n", names[i],
                show_count(one->collections).text, show_count(one->candidates).text,
                show_count(one->collected).text, show_count(one->uncollectable).text,
                show_seconds((double)one->nanoseconds / 1e9).text);
    }
    uint64_t pauses = 0;
    for (size_t i = 0; i <= OURO_PAUSE_BOUNDS; i++) pauses += now->pauses.counts[i];
    double busy = top_rate(view, now->pauses.nanoseconds, view->before.pauses.nanoseconds) / 1e9;
    fprintf(file,
            "pauses      %s: half at most %s, 99%% at most %s\n"
            "            the longest %s; all together %.1f%% of the time\n",
            show_count(pauses).text,
            show_seconds((double)ouro_pause_quantile(&now->pauses, 0.5) / 1e9).text,
            show_seconds((double)ouro_pause_quantile(&now->pauses, 0.99) / 1e9).text,
            show_seconds((double)now->pauses.longest / 1e9).text, 100 * (busy < 1 ? busy : 1));
}

static void show_classes(const top_view *view, FILE *file)
{
    enum { most = 10 };
    const ouro_published *now = &view->now;
    fprintf(file, "\nsize classes, %u in use\n  %-8s %6s %14s %12s %8s %8s\n", now->class_count,
            "kind", "size", "live", "bytes", "pools", "full");
    for (size_t i = 0; i < most; i++) {
        const ouro_published_class *class = &now->classes[i];
        if (class->block_size == 0 || class->pools == 0) break;
        fprintf(file, "  %-8s %6u %14s %12s %8s %7.0f%%\n", kinds[class->kind], class->block_size,
                show_count(class->live).text, show_bytes(class->live * class->block_size).text,
                show_count(class->pools).text,
                100 * share_of((double)class->live, (double)class->capacity));
    }
}

static void show_census(const top_view *view, FILE *file)
{
    enum { most = 12 };
    const ouro_published *now = &view->now;
    if (now->census_answers == 0) {
        if (view->asked != 0 || now->census_running)
            fputs("\ncensus      is being counted, as the program passes by\n", file);
        return;
    }
    fprintf(file, "\ncensus      of %.1f s ago: %s of %s, %s\n  %-48s %14s %12s\n",
            seconds_since(now->census_written), show_counted(now->census_objects, "object").text,
            show_counted(now->census_types, "type").text, show_bytes(now->census_bytes).text,
            "type", "objects", "bytes");
    for (size_t i = 0; i < most; i++) {
        const ouro_published_type *type = &now->types[i];
        if (type->objects == 0) break;
        fprintf(file, "  %-48s %14s %12s\n", type->name, show_count(type->objects).text,
                show_bytes(type->bytes).text);
    }
}

void top_show(const top_view *view, FILE *file)
{
    show_head(view, file);
    show_memory(view, file);
    show_collector(view, file);
    show_census(view, file);
    show_classes(view, file);
}
